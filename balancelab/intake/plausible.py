"""
What is possible but hardly true: slips of unit, swapped columns, zeros that may be blanks. Warned, never corrected.

A value is judged per student, against the county's other schools of the stage and against the wide bounds that the
schema gives for the column; a county whose every school is impossible is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from balancelab.intake.columns import Column
from balancelab.intake.combined import SHARED_UNITS, own_amounts
from balancelab.intake.findings import Faults, Word
from balancelab.intake.grid import as_text
from balancelab.intake.groups import Groups, group_rows
from balancelab.intake.noting import note_cells
from balancelab.intake.schema import Field, Schema

SUSPECT_TIMES = 50
"""A school this many times above or below the county's median is asked about; real spread stays within about 20."""
IMPOSSIBLE_TIMES = 10
"""A county is refused if nine tenths of its schools lie this far outside the schema's bounds."""
_MOST_OF = 0.9
_LEAST_PER_STUDENT = 0.5
"""Amounts of which a student has at least this much (areas, books, yuan): their totals are far above the students."""
_FEW_ZEROS = 0.2
_FEWEST_COMPARED = 3
_FEWEST_STUDENTS = 10
_SENTINELS = (999.0, 9999.0, 99999.0, 999999.0, 9999999.0)


def check_plausible(schools: pd.DataFrame, columns: Sequence[Column], faults: Faults, schema: Schema) -> None:
    """Note what is implausible; `columns` tell which amounts were converted already."""
    if "students" not in schools or not len(schools):
        return
    known = [each for each in schema.fields if each.plausible and each.name in schools and each.in_schema]
    students = schools["students"].to_numpy(float)
    ratios = {each.name: _per_student_ratio(schools, each, students) for each in known}
    stages, counties = group_rows(schools, by_stage=True), group_rows(schools, by_stage=False)
    said: set[tuple[str, int]] = set()
    for each in known:
        said |= {(each.name, at) for at in _check_county(schools, each, ratios[each.name], counties, faults, schema)}
    said |= _check_swapped(schools, known, ratios, counties, faults)
    _check_slips(schools, known, ratios, stages, faults, schema, said)
    _check_zeros(schools, schema, students, stages, counties, faults)


def _per_student_ratio(schools: pd.DataFrame, known: Field, students: np.ndarray) -> np.ndarray:
    """Amount per student where both are above 0 and the amount is the row's own; NaN elsewhere."""
    values = schools[known.name].to_numpy(float)
    own = own_amounts(schools) if known.unit in SHARED_UNITS else np.ones(len(schools), dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(own & (students > 0) & (values > 0), values / students, np.nan)


def without_sentinels(schools: pd.DataFrame, faults: Faults, schema: Schema) -> pd.DataFrame:
    """
    Refuse numbers of nines that stand for "missing", and return the table with NaN in their place.

    They are the same in three columns of a row, or twice in a county's column and far above everything else there.
    """
    names = [each.name for each in schema.fields if each.numeric and each.name in schools]
    groups = group_rows(schools, by_stage=False)
    cleaned: dict[str, np.ndarray] = {}
    for sentinel in _SENTINELS:
        hits = {name: schools[name].to_numpy(float) == sentinel for name in names}
        across = np.sum(list(hits.values()), axis=0) if names else np.zeros(len(schools))
        for name, mask in hits.items():
            if not mask.any():
                continue
            often = groups.count(mask)[groups.ids] >= 2
            others = np.where(mask, np.nan, schools[name].to_numpy(float))
            highest = pd.Series(others).groupby(groups.ids).transform("max").to_numpy()
            bad = mask & ((across >= 3) | (often & (sentinel > 3 * np.nan_to_num(highest, nan=np.inf))))
            note_cells(
                schools, faults, "MISSING_CODE", np.flatnonzero(bad), name,
                lambda at: {"detail": ("同列或同行重复出现", "it recurs in the column or row")},
            )  # fmt: skip
            if bad.any():
                cleaned[name] = np.where(bad, np.nan, cleaned.get(name, schools[name].to_numpy(float)))
    return schools.assign(**cleaned) if cleaned else schools


def _check_county(
    schools: pd.DataFrame, known: Field, ratio: np.ndarray, groups: Groups, faults: Faults, schema: Schema
) -> Iterable[int]:
    """Refuse a county where nearly every school's amount is impossible; return its rows."""
    low, high = known.plausible or (0.0, np.inf)
    held = np.isfinite(ratio)
    with np.errstate(invalid="ignore"):
        impossible = (ratio < low / IMPOSSIBLE_TIMES) | (ratio > high * IMPOSSIBLE_TIMES)
        small = (ratio < 1 / IMPOSSIBLE_TIMES) & (low >= _LEAST_PER_STUDENT)
    counts, bad = groups.count(held), np.maximum(groups.count(impossible), groups.count(small))
    certain = groups.count(impossible) >= _MOST_OF * np.maximum(counts, 1)
    rows: list[int] = []
    for group in np.flatnonzero((counts >= 2) & (bad >= _MOST_OF * np.maximum(counts, 1))):
        mine = groups.rows(int(group))
        mine = mine[held[mine]]
        values, students = schools[known.name].to_numpy(float)[mine], schools["students"].to_numpy(float)[mine]
        county, unit = str(groups.counties[group]), schema.unit_words(known.unit)
        hint, example = _unit_hint(known, ratio[mine], schema), _unit_example(known, ratio[mine], schema)
        per_student = _per_student(values, students, low, high)
        if not per_student and not certain[group]:
            continue
        rows.extend(int(at) for at in mine)
        code = "PER_STUDENT_VALUE" if per_student else "UNIT_IMPLAUSIBLE"
        faults.add(
            code, column=known.name, raw=as_text(float(values[0])), county_code=county or None, count=len(mine),
            county=county, n=len(mine), value=f"{np.median(ratio[mine]):.4g}", low=f"{low:g}", high=f"{high:g}",
            unit=unit, hint=hint, example=example,
        )  # fmt: skip
    return rows


def _per_student(values: np.ndarray, students: np.ndarray, low: float, high: float) -> bool:
    """Whether amounts look like figures per student: plausible as such, and not growing with the students."""
    inside = np.mean((values >= low) & (values <= high)) >= _MOST_OF
    below = np.mean(values < students / IMPOSSIBLE_TIMES) >= _MOST_OF
    if not (inside and below):
        return False
    if len(values) < _FEWEST_COMPARED or np.ptp(students) == 0:
        return True
    slope = np.polyfit(np.log(students), np.log(values), 1)[0]
    return bool(slope < 0.5)


def _factors(known: Field, ratios: np.ndarray, schema: Schema) -> list[tuple[str, Fraction]]:
    """Units whose factor would make the county plausible."""
    low, high = known.plausible or (0.0, np.inf)
    median = float(np.median(ratios))
    units = schema.units.get(known.unit or "", {})
    return [(unit, factor) for unit, factor in units.items() if factor != 1 and low <= median * float(factor) <= high]


def _unit_hint(known: Field, ratios: np.ndarray, schema: Schema) -> tuple[str, str]:
    fitting = [unit for unit, _ in _factors(known, ratios, schema)][:3]
    if not fitting:
        return "", ""
    return f"；若单位是{'或'.join(fitting)}则合理", f"; it would be plausible in {' or '.join(fitting)}"


def _unit_example(known: Field, ratios: np.ndarray, schema: Schema) -> str:
    fitting = _factors(known, ratios, schema)
    return fitting[0][0] if fitting else next(iter(schema.units.get(known.unit or "", {"": 1})))


def _check_swapped(
    schools: pd.DataFrame, known: Sequence[Field], ratios: dict[str, np.ndarray], groups: Groups, faults: Faults
) -> set[tuple[str, int]]:
    outside = {each.name: _outside(ratios[each.name], each) for each in known}
    found: set[tuple[str, int]] = set()
    for one, other in combinations(known, 2):
        with np.errstate(invalid="ignore"):
            both = outside[one.name] & outside[other.name]
            crossed = both & ~_outside(ratios[one.name], other) & ~_outside(ratios[other.name], one)
        if not crossed.any():
            continue
        cells = np.flatnonzero(crossed)
        values = schools[other.name].to_numpy(float)
        words = partial(_swapped_words, other, values)
        note_cells(schools, faults, "SWAPPED_SUSPECT", cells, one.name, words)
        found |= {(name, int(at)) for at in cells for name in (one.name, other.name)}
    return found


def _swapped_words(other: Field, values: np.ndarray, at: int) -> dict[str, Word]:
    return {
        "other": other.name,
        "other_label": (other.label["zh"], other.label["en"]),
        "other_raw": as_text(float(values[at])),
    }


def _outside(ratio: np.ndarray, known: Field) -> np.ndarray:
    low, high = known.plausible or (0.0, np.inf)
    with np.errstate(invalid="ignore"):
        found: np.ndarray = (ratio < low) | (ratio > high)
    return found


def _check_slips(
    schools: pd.DataFrame, known: Sequence[Field], ratios: dict[str, np.ndarray], groups: Groups, faults: Faults,
    schema: Schema, said: set[tuple[str, int]],
) -> None:  # fmt: skip
    """Single schools far from the county's median; where most columns of a school are, its students are asked about."""
    students = schools["students"].to_numpy(float)
    times: dict[str, np.ndarray] = {}
    medians: dict[str, np.ndarray] = {}
    for each in known:
        ratio = ratios[each.name]
        enough = groups.count(np.isfinite(ratio)) >= _FEWEST_COMPARED
        medians[each.name] = groups.median(ratio)[groups.ids]
        with np.errstate(invalid="ignore", divide="ignore"):
            times[each.name] = np.where(enough[groups.ids], ratio / medians[each.name], np.nan)
    if not times:
        return
    table = np.array(list(times.values()))
    with np.errstate(invalid="ignore"):
        high, low, held = table > SUSPECT_TIMES, table < 1 / SUSPECT_TIMES, np.isfinite(table)
    most = np.maximum(high.sum(axis=0), low.sum(axis=0)) >= np.maximum(3, 0.6 * held.sum(axis=0))
    of_students = np.flatnonzero(most)
    typical = np.nanmedian(table[:, of_students], axis=0) if len(of_students) else np.array([])
    spread = dict(zip(of_students.tolist(), typical.tolist(), strict=True))
    note_cells(schools, faults, "STUDENTS_SUSPECT", of_students, "students", lambda at: {"times": _times(spread[at])})
    for index, each in enumerate(known):
        flagged = (high[index] & (students >= _FEWEST_STUDENTS)) | low[index]
        cells = np.array(
            [at for at in np.flatnonzero(flagged & ~most) if (each.name, int(at)) not in said], dtype=np.int64
        )
        words = partial(_slip_words, each, ratios[each.name], medians[each.name], schema)
        note_cells(schools, faults, "UNIT_SUSPECT", cells, each.name, words)


def _times(times: float) -> tuple[str, str]:
    """Say how many times: 50 times, 1/9524 of."""
    if times >= 1:
        return f"{times:.3g} 倍", f"{times:.3g} times"
    return f"1/{1 / times:.0f}", f"1/{1 / times:.0f} of"


def _slip_words(known: Field, ratio: np.ndarray, median: np.ndarray, schema: Schema, at: int) -> dict[str, Word]:
    times = ratio[at] / median[at]
    units = schema.units.get(known.unit or "", {})
    scales = {unit: float(factor) for unit, factor in units.items() if factor != 1}
    fits = [unit for unit, factor in scales.items() if 0.2 < times * factor < 5 or 0.2 < times / factor < 5]
    zh, en = schema.unit_words(known.unit)
    hint = (f"；可能是{fits[0]}与{zh}之误", f"; {fits[0]} and {en} confused?") if fits else ("", "")
    return {"value": f"{ratio[at]:.4g}", "median": f"{median[at]:.4g}", "times": _times(times), "hint": hint}


def _check_zeros(
    schools: pd.DataFrame, schema: Schema, students: np.ndarray, stages: Groups, counties: Groups, faults: Faults
) -> None:
    with np.errstate(invalid="ignore"):
        attended = students > 0
    for each in schema.fields:
        if each.role != "amount" or each.name not in schools or not each.in_schema or each.unit == "students":
            continue
        values = schools[each.name].to_numpy(float)
        zero, held = (values == 0) & attended, np.isfinite(values) & attended
        if not zero.any():
            continue
        said = _check_all_zero(each, zero, held, values, counties, faults)
        if not each.zero_suspect or each.name == "classes":
            continue
        compared = stages.count(held)
        share = stages.count(zero) / np.maximum(compared, 1)
        odd = (
            zero
            & (
                (share < _FEW_ZEROS) & (compared >= _FEWEST_COMPARED + 2)
                | (stages.count(zero) == 1) & (compared >= _FEWEST_COMPARED)
            )[stages.ids]
        )
        words = partial(_zero_words, students)
        note_cells(schools, faults, "VALUE_ZERO", np.flatnonzero(odd & ~said), each.name, words)


def _zero_words(students: np.ndarray, at: int) -> dict[str, Word]:
    return {"students": as_text(float(students[at]))}


def _check_all_zero(
    known: Field, zero: np.ndarray, held: np.ndarray, values: np.ndarray, groups: Groups, faults: Faults
) -> np.ndarray:
    """Counties where a column is 0 in every school while other counties of the same year have some."""
    counts, zeros = groups.count(held), groups.count(zero)
    with np.errstate(invalid="ignore"):
        some = groups.count(values > 0) > 0
    all_zero = (counts >= 2) & (zeros == counts)
    if not some.any():
        return np.zeros(len(values), dtype=bool)
    for group in np.flatnonzero(all_zero):
        if some[groups.years == groups.years[group]].any() or np.isnan(groups.years[group]):
            county = str(groups.counties[group])
            faults.add(
                "COL_ALL_ZERO", column=known.name, county_code=county or None, county=county, count=int(counts[group])
            )
    said: np.ndarray = all_zero[groups.ids]
    return said
