"""
Rules that judge school by school: size, classes, special rooms, funds.

Each is a pure function of the schools that an item is about; numbers of law come as parameters. What a school lacks
data for is counted as what it could be at best and at worst, so that nothing unreported passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from balancelab.items.class_sizes import classes_over
from balancelab.items.formulas import rooms_needed, to_fraction
from balancelab.items.selecting import KEYS, columns_read, parameters_of, whole_schools

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Item, Standard

Figures = Callable[[int, str, str], Fraction | None]
"""(year, county, figure id) → the figure, or None where the county did not report it."""

SCHOOL_COLUMNS = (
    "year", "county_code", "school_code", "stage", "item", "value", "limit", "comparison", "met", "shortfall",
    "against_low", "against_high", "units", "relaxation",
)  # fmt: skip

_SEPARATORS = re.compile(r"[;；、,，/|\s+]+")


@dataclass(frozen=True)
class Case:
    """What a rule is given: the rows, the item, the numbers that hold for each row, and the county's figures."""

    schools: pd.DataFrame
    item: Item
    standard: Standard
    parameters: Mapping[str, list[Decimal]]
    relaxed: list[str]
    figures: Figures

    def column(self, name: str) -> np.ndarray:
        """Return an input of the rule as numbers; NaN throughout where the table lacks the column."""
        columns = self.item.columns.get(name, ())
        if not columns or columns[0] not in self.schools:
            return np.full(len(self.schools), np.nan)
        return self.schools[columns[0]].to_numpy(float)

    def texts(self, name: str) -> list[str]:
        """Return an input of the rule as text, ``""`` where the table lacks it."""
        columns = self.item.columns.get(name, ())
        if not columns or columns[0] not in self.schools:
            return [""] * len(self.schools)
        return ["" if text != text or text is None else str(text) for text in self.schools[columns[0]]]


def apply_rule(schools: pd.DataFrame, item: Item, standard: Standard, figures: Figures) -> pd.DataFrame:
    """
    Judge every school that an item is about.

    Parameters
    ----------
    schools : DataFrame
        Rows of the school table that the item is about (see :func:`balancelab.items.selecting.select_schools`).
    item : Item
        With a rule that judges school by school.
    standard : Standard
        Its settings and relaxations.
    figures : callable
        See :data:`Figures`.

    Returns
    -------
    DataFrame
        One row per school (per stage for class sizes): ``year, county_code, school_code, stage, item, value, limit,
        comparison, met, shortfall, against_low, against_high, units, relaxation``. `against_low` and `against_high`
        are how many units (schools, or classes) count against the item at least and at most; they differ where
        something was not reported. `units` is how many there are. `relaxation` names the milder rule by which a school
        was judged; one that meets the full rule is judged by that.
    """
    by_stage = item.rule == "classes_over_size"
    read = [column for column in columns_read(item, standard) if column in schools]
    rows = schools.reset_index(drop=True) if by_stage else whole_schools(schools[read])
    none = [""] * len(rows)
    plain = Case(rows, item, standard, {name: [n] * len(rows) for name, n in item.parameters.items()}, none, figures)
    judged = _RULES[item.rule](plain)
    numbers, relaxed = parameters_of(rows, item, standard)
    if not any(relaxed):
        return judged
    milder = _RULES[item.rule](Case(rows, item, standard, numbers, relaxed, figures))
    needed = (milder["relaxation"] != "") & ~judged["met"].eq(True).fillna(False)
    return judged.where(~needed, milder).astype(judged.dtypes.to_dict())


def _size(case: Case) -> pd.DataFrame:
    students, limits = case.column("students"), _floats(case.parameters["most_students"])
    return _table(case, students, limits, "at_most", students <= limits, np.maximum(students - limits, 0.0))


def _classes(case: Case) -> pd.DataFrame:
    limits = _floats(case.parameters["most_students"])
    low, high = classes_over(case.schools, limits.astype(int))
    largest = case.column("largest_class")
    over = np.where(np.isnan(largest), low, np.maximum(largest - limits, 0.0))
    table = _table(case, largest, limits, "at_most", high == 0, over, known=(low == high) | (low > 0))
    classes = case.schools["classes"].to_numpy(float) if "classes" in case.schools else np.full(len(low), np.nan)
    return table.assign(against_low=low, against_high=high, units=np.nan_to_num(classes).astype(int))


def _rooms(case: Case) -> pd.DataFrame:
    classes = case.column("classes")
    together = case.standard.setting("special_rooms_counting") == "together"
    rooms = _counted_rooms(case, "rooms", "room_areas", case.parameters["least_area_m2"])
    if together:
        rooms = rooms + _counted_rooms(case, "other_rooms", "other_room_areas", case.parameters["other_least_area_m2"])
    per = [int(number) for number in case.parameters["classes_per_room"]]
    needed = np.array(
        [
            np.nan if np.isnan(n) else float(rooms_needed(int(n), per_classes=k))
            for n, k in zip(classes, per, strict=True)
        ]
    )
    return _table(case, rooms, needed, "at_least", rooms >= needed, np.maximum(needed - rooms, 0.0))


def _below_share(case: Case) -> pd.DataFrame:
    parts, wholes = case.column("part"), case.column("whole")
    shares = [_quotient(part, whole) for part, whole in zip(parts, wholes, strict=True)]
    least = [Fraction(number) for number in case.parameters["least_share"]]
    met = np.array(
        [share is not None and share >= limit for share, limit in zip(shares, least, strict=True)], dtype=bool
    )
    values = np.array([np.nan if share is None else float(share) for share in shares])
    floors = _floats(case.parameters["least_share"])
    lacking = np.maximum(floors * wholes - parts, 0.0)
    return _table(case, values, floors, "at_least", met, np.where(met, 0.0, lacking))


def _small_funds(case: Case) -> pd.DataFrame:
    funds, students = case.column("funds"), case.column("students")
    below = _floats(case.parameters["students_below"])
    small = (students < below) & (students > 0)
    needed = [_needed_funds(case, row) if small[row] else None for row in range(len(students))]
    limits = np.array([np.nan if amount is None else float(amount) for amount in needed])
    met = np.array(
        [
            amount is not None and not np.isnan(fund) and to_fraction(fund) >= amount
            for fund, amount in zip(funds, needed, strict=True)
        ],
        dtype=bool,
    )
    table = _table(case, funds, limits, "at_least", met, np.where(met, 0.0, np.maximum(limits - funds, 0.0)))
    keep = small | np.isnan(students)
    return table[keep].reset_index(drop=True)


_RULES: dict[str, Callable[[Case], pd.DataFrame]] = {
    "schools_over_size": _size,
    "classes_over_size": _classes,
    "schools_short_of_rooms": _rooms,
    "schools_below_share": _below_share,
    "small_schools_underfunded": _small_funds,
}


def school_rules() -> frozenset[str]:
    """Return the ids of the rules that judge school by school."""
    return frozenset(_RULES)


def _table(
    case: Case,
    values: np.ndarray,
    limits: np.ndarray,
    comparison: str,
    met: np.ndarray,
    shortfall: np.ndarray,
    *,
    known: np.ndarray | None = None,
) -> pd.DataFrame:
    import pandas as pd

    if known is None:
        known = ~np.isnan(values) & ~np.isnan(limits)
    verdict = pd.Series(met, dtype="boolean").mask(~known)
    failed = (known & ~met).astype(int)
    return (
        case.schools[[*KEYS, "stage"]]
        .assign(
            item=case.item.id,
            value=values,
            limit=limits,
            comparison=comparison,
            met=verdict.to_numpy() if len(verdict) else verdict,
            shortfall=np.where(known, shortfall, np.nan),
            against_low=failed,
            against_high=failed + (~known).astype(int),
            units=1,
            relaxation=case.relaxed,
        )
        .astype({"met": "boolean"})[list(SCHOOL_COLUMNS)]
    )


def _counted_rooms(case: Case, count: str, areas: str, least: list[Decimal]) -> np.ndarray:
    counted = case.column(count)
    for row, text in enumerate(case.texts(areas)):
        if text.strip():
            counted[row] = sum(area >= Fraction(least[row]) for area in room_areas(text))
    return counted


def room_areas(text: str) -> list[Fraction]:
    """
    Return the areas of rooms written in one cell.

    >>> [float(area) for area in room_areas("96；102.5 ㎡、73平方米")]
    [96.0, 102.5, 73.0]
    """
    plain = text.replace("平方米", " ").replace("㎡", " ").replace("m²", " ").replace("m2", " ")
    parts = [part for part in _SEPARATORS.split(plain) if part]
    return [Fraction(part) for part in parts if re.fullmatch(r"[0-9]+(\.[0-9]+)?", part)]


def _needed_funds(case: Case, row: int) -> Fraction | None:
    """Funds of a small school funded as a full one: by the norm of its stage, or of its stages by their students."""
    school = case.schools.iloc[row]
    year, county = int(school["year"]), str(school["county_code"])
    norms = {}
    for stage in ("primary", "junior"):
        name = f"norm_{stage}_yuan"
        figure = case.item.figures.get(name, ("",))[0]
        reported = case.figures(year, county, figure) if figure else None
        document = Fraction(case.parameters[name][row])
        norms[stage] = (
            document if reported is None else max(document, reported)
        )  # a local norm may be higher, not lower
    funded = Fraction(case.parameters["funded_as"][row])
    if school["stage"] in norms:
        return funded * norms[school["stage"]]
    return funded * max(norms.values())  # both stages under one roof: no document says how to share, the higher is safe


def _quotient(part: float, whole: float) -> Fraction | None:
    if np.isnan(part) or np.isnan(whole) or whole <= 0:
        return None
    return to_fraction(part) / to_fraction(whole)


def _floats(numbers: list[Decimal]) -> np.ndarray:
    return np.array([float(number) for number in numbers], dtype=float)
