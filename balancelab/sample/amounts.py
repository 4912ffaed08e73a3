"""
What the schools of one county have: resources, teachers and classes, in every year.

Everything is drawn for the last year; the years before follow from it by growth paths that end at exactly 1, so that
what a role promises for the last year holds to the last square metre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balancelab.sample.border import ARTS_TEACHERS
from balancelab.sample.schools import Plan, Schools
from balancelab.sample.settings import AREA_INDICATORS, INDICATORS, TEACHER_INDICATORS, by_stage, law, settings

_SHARED = ("teaching_area", "sports_area", "equipment", "multimedia_rooms", "computers", "books")
_COUNTED = ("multimedia_rooms", "computers", "books")
_SUBSETS = ("above_qualification", "backbone", "arts_pe", "senior_title")


@dataclass(frozen=True)
class Years:
    """
    The county in every year.

    Attributes
    ----------
    students : ndarray of int, shape (n_years, n_schools, 2)
    senior : ndarray of int, shape (n_years, n_schools)
    back : ndarray of int, shape (n_years,)
        Years before the last one: 9, 8, …, 0.
    """

    students: np.ndarray
    senior: np.ndarray
    back: np.ndarray


def draw_years(schools: Schools, plan: Plan, rng: np.random.Generator) -> Years:
    """Let the students of the last year have grown or shrunk towards it, school by school."""
    sizes, horizon = settings()["students"], settings()["horizon"]
    n_schools = len(schools.kind)
    growth = np.array(sizes["growth"])[schools.location] + plan["growth"]
    growth = growth + sizes["growth_sd"] * rng.standard_normal(n_schools)
    back = np.arange(horizon - 1, -1, -1)
    wobble = sizes["year_sd"] * rng.standard_normal((horizon, n_schools))
    wobble[-1] = 0.0
    factor = np.exp(wobble - back[:, None] * growth)
    students = np.maximum(np.rint(schools.students * factor[:, :, None]), schools.students > 0)
    return Years(students.astype(int), np.rint(schools.senior * factor).astype(int), back)


@dataclass(frozen=True)
class Guards:
    """
    What the county guarantees every school of each indicator.

    Attributes
    ----------
    share : ndarray, shape (7, n_schools)
        In multiples of the limit. [unitless]
    exact : ndarray of bool, shape (7, n_schools)
        Where the school has just that share: excused in this one item.
    """

    share: np.ndarray
    exact: np.ndarray

    def applied(self, indicator: int, amounts: np.ndarray, needed: np.ndarray) -> np.ndarray:
        """Lift `amounts` to `needed`, or set them to it where the school is excused; the schools are the first axis."""
        exact = self.exact[indicator].reshape(-1, *(1,) * (amounts.ndim - 1))
        return np.where(exact, needed, np.maximum(amounts, needed))


def draw_guards(plan: Plan, n_schools: int, rng: np.random.Generator) -> Guards:
    """Draw guarantees up to 4 % above the plan's; an excused school has between 86 % and 97 % in one item."""
    share = plan["guard"] * (1 + 0.04 * rng.random((len(INDICATORS), n_schools)))
    item, excused, shortfall = rng.integers(0, len(INDICATORS), n_schools), rng.random(n_schools), rng.random(n_schools)
    rows = np.flatnonzero((excused < plan["excused"]) & (plan["guard"] > 1))
    share[item[rows], rows] = law().floor_share + 0.01 + 0.11 * shortfall[rows]
    exact = np.zeros(share.shape, dtype=bool)
    exact[item[rows], rows] = True
    return Guards(share, exact)


def draw_resources(
    schools: Schools, years: Years, plan: Plan, guards: Guards, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """
    Draw what a school shares among its stages.

    Returns
    -------
    dict of str to ndarray, shape (n_years, n_schools, 2)
        The columns ``teaching_area_m2, indoor_sports_area_m2, sports_ground_area_m2, equipment_value_yuan, computers,
        books, multimedia_rooms`` as they stand in the table: the whole school's where it reports so, else the
        stage's.
    """
    weighted = schools.students @ law().weights[:2] + schools.senior * law().weights[2]
    totals = _whole_amounts(schools, weighted, plan, guards, rng)
    share = schools.students * law().weights[:2] / weighted[:, None]
    share = np.where(schools.whole[:, None] & (schools.students > 0), 1.0, share)
    parts = {name: total[:, None] * share for name, total in totals.items()}
    _stand_on_border(parts, schools)
    jitter = 0.5 + rng.random(len(weighted))
    low, high = settings()["shape"]["indoor_share"]
    has_hall = weighted >= settings()["shape"]["indoor_min_students"]
    hall_share = np.where(has_hall, low + (high - low) * rng.random(len(weighted)), 0.0)[:, None]
    path = {name: _path(years, plan["rate"] * settings()["resources"][name]["rate"] * jitter) for name in _SHARED}
    halls = np.round(np.round(hall_share * parts["sports_area"]) * path["sports_area"])
    sports = np.round(_up(parts["sports_area"], 1 if schools.border is None else 2) * path["sports_area"], 2)
    columns = {
        "teaching_area_m2": np.round(np.round(_up(parts["teaching_area"], 1) * path["teaching_area"], 1) + halls, 1),
        "indoor_sports_area_m2": halls,
        "sports_ground_area_m2": np.round(sports - halls, 2),
        "equipment_value_yuan": np.round(_up(parts["equipment"], 2) * path["equipment"], 2),
    }
    counts = {name: np.rint(_up(parts[name], 0) * path[name]).astype(int) for name in _COUNTED}
    return columns | counts


def draw_teachers(
    schools: Schools, years: Years, plan: Plan, guards: Guards, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """
    Draw the teachers of every stage; no subset is larger than the whole.

    Returns
    -------
    dict of str to ndarray of int, shape (n_years, n_schools, 2)
        ``teachers, teachers_above_qualification, teachers_backbone, teachers_arts_pe, teachers_senior_title``.
    """
    numbers, students = settings()["teachers"], schools.students
    present = students > 0
    spread = plan["spread"] * numbers["sigma"] * rng.standard_normal(students.shape)
    relative = np.maximum(students, 1) / _typical(schools)[:, None]
    per_100 = by_stage(numbers["per_100"])[:, schools.location].T * relative ** numbers["size_elasticity"]
    per_100 = per_100 * np.sqrt(plan["level"]) * np.exp(spread)
    teachers = np.maximum(np.rint(students * per_100 / 100), numbers["least"])
    subsets = {name: _subset(name, teachers, schools, plan, rng) for name in _SUBSETS}
    for row, name in enumerate(("above_qualification", "backbone", "arts_pe")):
        needed = _up(guards.share[row][:, None] * law().limits[row] * students, 0)
        subsets[name] = guards.applied(row, subsets[name], needed)
    if schools.border is not None:
        subsets["arts_pe"][schools.border.arts_witness, 0] = ARTS_TEACHERS
    teachers = np.where(present, np.maximum.reduce([teachers, *subsets.values()]), 0)
    change = np.where(present, years.students / np.maximum(students, 1), 0.0) ** numbers["follow_students"]
    now = np.where(present, np.maximum(np.rint(teachers * change), 1), 0).astype(int)
    staffing = now / np.maximum(teachers, 1) * _path(years, plan["rate"] * (0.5 + rng.random(len(students))))
    columns = {
        f"teachers_{name}": np.minimum(np.rint(count * staffing).astype(int), now) for name, count in subsets.items()
    }
    return {"teachers": now} | columns


def draw_classes(schools: Schools, years: Years, plan: Plan, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """
    Draw classes and the largest class of every stage.

    Returns
    -------
    dict of str to ndarray of int, shape (n_years, n_schools, 2)
        ``classes, largest_class``: the largest is at least the mean and at most the school.
    """
    numbers, students = settings()["classes"], years.students
    n_schools = len(schools.kind)
    crowded = rng.random(n_schools) < plan["crowded"]
    size = by_stage(numbers["size"])[:, schools.location].T + numbers["sd"] * rng.standard_normal((n_schools, 2))
    size = size + np.where(crowded, numbers["crowding"], 0.0)[:, None]
    cap = by_stage(numbers["cap"])
    if plan["class_cap"]:
        size = np.minimum(size, cap - 4)
    grades, small = by_stage(numbers["grades"]), by_stage(numbers["small_school"])
    classes = np.maximum(np.ceil(students / size), grades)
    classes = np.where(students < small, np.clip(np.ceil(students / numbers["site_size"]), 1, grades), classes)
    low, high = numbers["largest_over_mean"]
    largest = np.ceil(students / classes * (1 + low + (high - low) * rng.random((n_schools, 2))))
    if plan["class_cap"]:
        largest = np.minimum(largest, cap)
    present = students > 0
    return {
        "classes": np.where(present, classes, 0).astype(int),
        "largest_class": np.minimum(largest, students).astype(int),
    }


def draw_groups(schools: Schools, years: Years, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """
    Draw the migrant and the left-behind students of every stage.

    Returns
    -------
    dict of str to ndarray of int, shape (n_years, n_schools, 2)
        ``migrant_students, left_behind_students``: together never more than the students.
    """
    columns = {}
    for name in ("migrant", "left_behind"):
        numbers = settings()["students"][name]
        share = np.array(numbers["share"])[schools.location]
        share = np.minimum(share * np.exp(numbers["sigma"] * rng.standard_normal(len(share))), 0.45)
        columns[f"{name}_students"] = np.floor(years.students * share[:, None]).astype(int)
    return columns


def _whole_amounts(
    schools: Schools, weighted: np.ndarray, plan: Plan, guards: Guards, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Amounts of the whole school in the last year, shape (n_schools,) each, before rounding."""
    shape = settings()["shape"]
    present = schools.students > 0
    noise = rng.standard_normal((1 + len(_SHARED), len(weighted)))
    rich = _rich(schools, plan, rng)
    relative = (weighted / _typical(schools)) ** shape["size_elasticity"]
    relative = relative * plan["level"] * np.where(present[:, 0], 1.0, shape["junior_factor"])
    totals = {}
    for row, name in enumerate(_SHARED):
        numbers = settings()["resources"][name]
        own = shape["common"] * noise[0] + np.sqrt(1 - shape["common"] ** 2) * noise[row + 1]
        per_student = numbers["median"] * relative * np.array(numbers["location"])[schools.location]
        per_student = per_student * np.exp(plan["spread"] * numbers["sigma"] * own)
        if row < len(AREA_INDICATORS):
            indicator = len(TEACHER_INDICATORS) + row
            needed = np.where(present, law().limits[indicator] / law().weights[:2], 0.0).max(axis=1)
            per_student = guards.applied(indicator, per_student, needed * guards.share[indicator])
        if name in ("sports_area", "equipment"):
            per_student = np.where(rich, plan["rich_factor"] * per_student, per_student)
        totals[name] = per_student * weighted
    return totals


def _rich(schools: Schools, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Choose the rich schools: in every type the same share of the open ones, rounded up."""
    rich, order = np.zeros(len(schools.kind), dtype=bool), rng.random(len(schools.kind))
    open_now = schools.final_year > settings()["last_year"]
    for kind in np.unique(schools.kind):
        rows = np.flatnonzero((schools.kind == kind) & open_now)
        rich[rows[np.argsort(order[rows])][: int(np.ceil(plan["rich"] * len(rows)))]] = True
    return rich


def _stand_on_border(parts: dict[str, np.ndarray], schools: Schools) -> None:
    if schools.border is None:
        return
    area = schools.border.sports_area[:, None] * schools.students
    parts["sports_area"] = np.where(np.isnan(area), parts["sports_area"], area)
    witness, row = schools.border.equipment_witness, INDICATORS.index("equipment_value_per_student")
    parts["equipment"][witness, 0] = law().floor_share * law().limits[row, 0] * schools.students[witness, 0]


def _subset(name: str, teachers: np.ndarray, schools: Schools, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    numbers = settings()["teachers"]
    share = by_stage(numbers[name])[:, schools.location].T
    odds = share / (1 - share) * np.exp(plan["spread"] * numbers["share_sigma"] * rng.standard_normal(share.shape))
    return np.floor(teachers * odds / (1 + odds) + rng.random(share.shape))


def _typical(schools: Schools) -> np.ndarray:
    return np.array(settings()["students"]["primary"]["median"], dtype=float)[schools.location]


def _path(years: Years, rate: np.ndarray) -> np.ndarray:
    """Stock relative to the last year, shape (n_years, n_schools, 1); never falling, 1 in the last year."""
    return np.maximum(1 - years.back[:, None] * rate, 0.3)[:, :, None]


def _up(amounts: np.ndarray, decimals: int) -> np.ndarray:
    """Round up, so that what is guaranteed stays guaranteed; a hair above a round number is that number."""
    scale = 10.0**decimals
    return np.ceil(amounts * scale - 1e-6) / scale
