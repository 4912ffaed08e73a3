"""The schools of one county: their types, places and students in the last year, and what the county does for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from balancelab.sample import places
from balancelab.sample.border import Border, place_students
from balancelab.sample.settings import (
    COMBINED,
    COMPLETE,
    JUNIOR,
    LOCATIONS,
    NINE,
    PRIMARY,
    SCHOOL_TYPES,
    SITE,
    SPECIAL,
    TWELVE,
    settings,
)

Plan = dict[str, Any]
_RURAL = LOCATIONS.index("rural")
_ALWAYS = 9999


@dataclass(frozen=True)
class Schools:
    """
    The schools of one county, one entry each in every array.

    Attributes
    ----------
    code, name, township, ownership : ndarray of str, shape (n_schools,)
    kind, location : ndarray of int, shape (n_schools,)
        Positions in `SCHOOL_TYPES` and `LOCATIONS`.
    whole : ndarray of bool, shape (n_schools,)
        Whether a combined school reports whole-school amounts.
    first_year, final_year : ndarray of int, shape (n_schools,)
    students : ndarray of int, shape (n_schools, 2)
        Primary and junior students in the last year (had the school not closed). [students]
    senior : ndarray of int, shape (n_schools,)
        Senior-secondary students in the last year. [students]
    border : Border or None
        In the county exactly on the border, who plays which part.
    """

    code: np.ndarray
    name: np.ndarray
    township: np.ndarray
    ownership: np.ndarray
    kind: np.ndarray
    location: np.ndarray
    whole: np.ndarray
    first_year: np.ndarray
    final_year: np.ndarray
    students: np.ndarray
    senior: np.ndarray
    border: Border | None

    @property
    def combined(self) -> np.ndarray:
        """Whether the school has more than one stage, shape (n_schools,)."""
        return np.isin(self.kind, COMBINED)


def make_plan(number: int, rng: np.random.Generator) -> Plan:
    """
    Say how county `number` is made: by its role in ``province.toml``, or by chance.

    Examples
    --------
    >>> plan = make_plan(2, np.random.default_rng(1))
    >>> plan["guard"], plan["spread"], plan["rich"]
    (1.09, 0.5, 0.0)
    """
    default, roles = settings()["county_defaults"], settings()["county"]
    if number <= len(roles):
        return default | roles[number - 1]
    kind, spread, level, crowded, rate, guard = rng.random(6)
    return default | {
        "guard": 1.02 if kind < 0.25 else (0.8 + 0.2 * guard if kind < 0.6 else 0.0),
        "spread": 0.45 + 0.35 * spread if kind < 0.25 else 0.5 + 0.8 * spread,
        "level": float(np.exp(0.6 * (level - 0.5))),
        "class_cap": bool(kind < 0.25),
        "crowded": 0.15 * crowded,
        "rate": 0.01 + 0.04 * rate,
    }


def draw_schools(county: places.Place, plan: Plan, schools_per_county: int, rng: np.random.Generator) -> Schools:
    """
    Draw the schools of a county: those open in the last year, and after them those that closed before.

    Parameters
    ----------
    county : Place
        Where they are.
    plan : dict
        From `make_plan`.
    schools_per_county : int
        The county has 0.85 to 1.15 times as many open ones.
    rng : Generator
        The county's own.
    """
    n_open = max(6, round(schools_per_county * (0.85 + 0.3 * rng.random())))
    kind = np.repeat(np.arange(len(SCHOOL_TYPES)), type_counts(county.form, plan, n_open))
    n_closed = int(n_open * (0.05 + 0.10 * rng.random()))
    closed = np.arange(len(kind) + n_closed) >= len(kind)
    kind = np.concatenate([kind, np.where(rng.random(n_closed) < 0.5, PRIMARY, SITE)])
    location = _locations(county.form, kind, closed, rng)
    location = location[np.lexsort((location, kind, closed))]
    students, senior = _students(kind, location, plan, rng)
    edge = None
    if plan["border"]:
        students, edge = place_students(kind, location, closed, students)
    name, township = places.names(county, kind, location, rng)
    first_year, final_year = _years(location, closed, plan, rng)
    return Schools(
        code=places.school_codes(county, kind),
        name=name,
        township=township,
        ownership=_ownership(kind, location, rng),
        kind=kind,
        location=location,
        whole=_every_other(np.isin(kind, COMBINED), rng),
        first_year=first_year,
        final_year=final_year,
        students=students,
        senior=senior,
        border=edge,
    )


def type_counts(form: str, plan: Plan, n_open: int) -> np.ndarray:
    """
    Share `n_open` schools out among the types, by the plan's fixed numbers and the mix of such counties.

    Examples
    --------
    >>> type_counts("county", {"schools": {"junior": 1}}, 20).tolist()
    [13, 1, 2, 0, 0, 3, 1]
    """
    counts = np.zeros(len(SCHOOL_TYPES), dtype=int)
    counts[SPECIAL] = 1
    fixed = {SCHOOL_TYPES.index(name): number for name, number in plan["schools"].items()}
    if sum(fixed.values()) > n_open - 4:
        fixed = {}  # too few schools for the role
    for kind, number in fixed.items():
        counts[kind] = number
    free = n_open - counts.sum()
    shares = {SCHOOL_TYPES.index(name): share for name, share in settings()["mix"][form].items()}
    shares = {kind: share for kind, share in shares.items() if kind not in fixed}
    for kind, share in shares.items():
        counts[kind] = int(free * share / sum(shares.values()))
    counts[PRIMARY] += n_open - counts.sum()
    if counts[[JUNIOR, NINE, COMPLETE, TWELVE]].sum() == 0:
        counts[PRIMARY], counts[JUNIOR] = counts[PRIMARY] - 1, 1
    return counts


def _locations(form: str, kind: np.ndarray, closed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    location = np.searchsorted(np.cumsum(settings()["location"][form])[:2], rng.random(len(kind)), side="right")
    second_draw = np.where(rng.random(len(kind)) < 0.6, 1, 0)
    location = np.where((kind == JUNIOR) & (location == _RURAL) & (rng.random(len(kind)) < 0.5), 1, location)
    location = np.where(np.isin(kind, (COMPLETE, TWELVE)) & (location == _RURAL), second_draw, location)
    location = np.where(kind == SPECIAL, 0, location)
    return np.where((kind == SITE) | closed, _RURAL, location)


def _students(
    kind: np.ndarray, location: np.ndarray, plan: Plan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    sizes = settings()["students"]
    drawn = np.empty((len(kind), 2))
    for stage, name in enumerate(("primary", "junior")):
        size = sizes[name]
        median, sigma = (np.array(size[word], dtype=float)[location] for word in ("median", "sigma"))
        drawn[:, stage] = np.clip(median * np.exp(sigma * rng.standard_normal(len(kind))), *size["range"])
    site, special = sizes["teaching_site"], sizes["special"]
    small = rng.standard_normal(len(kind))
    is_site, is_special = kind == SITE, kind == SPECIAL
    drawn[is_site, 0] = np.clip(site["median"] * np.exp(site["sigma"] * small[is_site]), *site["range"])
    for stage, name in enumerate(("primary", "junior")):
        drawn[is_special, stage] = special[name] * np.exp(special["sigma"] * small[is_special])
    for name, factor in sizes["combined"].items():
        drawn[kind == SCHOOL_TYPES.index(name)] *= factor
    drawn[np.isin(kind, (PRIMARY, SITE)), 1] = 0
    drawn[np.isin(kind, (JUNIOR, COMPLETE)), 0] = 0
    if plan["class_cap"]:
        total = drawn.sum(axis=1, keepdims=True)
        drawn *= np.minimum(1.0, settings()["classes"]["school_cap"] / total)
    senior = np.zeros(len(kind))
    for name, factor in sizes["senior"].items():
        rows = kind == SCHOOL_TYPES.index(name)
        senior[rows] = drawn[rows, 1] * factor * np.exp(0.2 * small[rows])
    return np.rint(drawn).astype(int), np.rint(senior).astype(int)


def _years(
    location: np.ndarray, closed: np.ndarray, plan: Plan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    last, horizon = settings()["last_year"], settings()["horizon"]
    opened, when = rng.random(len(closed)) < 0.06, rng.random(len(closed))
    new = opened & (location != _RURAL) & ~closed & (not plan["border"])
    first_year = np.where(new, last - (when * horizon).astype(int), 0)
    final_year = np.where(closed, last - 1 - (when * (horizon - 1)).astype(int), _ALWAYS)
    return first_year, final_year


def _every_other(combined: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return combined & ((np.cumsum(combined) + int(2 * rng.random())) % 2 == 0)


def _ownership(kind: np.ndarray, location: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chance = rng.random(len(kind))
    private = (kind == TWELVE) & (chance < 0.65) | (kind == NINE) & (location == 0) & (chance < 0.25)
    private |= (kind == PRIMARY) & (location == 0) & (chance < 0.05)
    owner = np.full(len(kind), "county", dtype=object)
    owner[private] = "private"
    owner[(kind == COMPLETE) & (chance < 0.2)] = "prefecture"
    return owner
