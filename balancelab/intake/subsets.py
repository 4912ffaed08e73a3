"""Within one row: parts are not above their whole, and counts fit each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from balancelab.intake.combined import own_amounts
from balancelab.intake.findings import Faults, Word, printable
from balancelab.intake.grid import as_text
from balancelab.intake.noting import note_cells
from balancelab.intake.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

CLASS_SIZE = (1.5, 90.0)
"""Students per class outside of which a figure is asked about: far beyond the limits of 45 and 50, and of the
smallest combined-grade classes."""
ROOMS_PER_CLASS = 2
_FEWEST_ROOMS = 10


def check_rows(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """Check what must hold, and what usually holds, between the numbers of one row."""
    exceeding = _check_subsets(schools, faults, schema)
    _check_parts(schools, faults, schema, exceeding)
    if "students" in schools:
        _check_students(schools, faults)
    _check_ratios(schools, faults)


def _check_subsets(schools: pd.DataFrame, faults: Faults, schema: Schema) -> np.ndarray:
    exceeding = np.zeros(len(schools), dtype=bool)
    for part in schema.fields:
        whole = part.subset_of
        if whole is None or part.name not in schools or whole not in schools:
            continue
        values, totals = schools[part.name].to_numpy(float), schools[whole].to_numpy(float)
        with np.errstate(invalid="ignore"):
            bad = values > totals
        exceeding |= bad
        words = partial(_whole_words, schema, whole, totals, None)
        note_cells(schools, faults, "SUBSET_EXCEEDS", np.flatnonzero(bad), part.name, words)
    return exceeding


def _check_parts(schools: pd.DataFrame, faults: Faults, schema: Schema, exceeding: np.ndarray) -> None:
    for whole, names in schema.parts:
        present = [name for name in names if name in schools]
        if whole not in schools or len(present) < 2:
            continue
        parts = np.nansum(schools[present].to_numpy(float), axis=1)
        totals = schools[whole].to_numpy(float)
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero((parts > totals) & ~exceeding)
        labels = [schema.field(name).label for name in present]
        listed = ("、".join(label["zh"] for label in labels), ", ".join(label["en"] for label in labels))
        words = partial(_whole_words, schema, whole, totals, (parts, listed, ", ".join(present)))
        note_cells(schools, faults, "PARTS_EXCEED", bad, whole, words)


def _whole_words(
    schema: Schema, whole: str, totals: np.ndarray, parts: tuple[np.ndarray, tuple[str, str], str] | None, at: int
) -> dict[str, Word]:
    label = schema.field(whole).label
    words: dict[str, Word] = {
        "whole": whole,
        "whole_label": (label["zh"], label["en"]),
        "whole_value": as_text(float(totals[at])),
    }
    if parts is not None:
        words.update(raw=as_text(float(parts[0][at])), labels=parts[1], names=parts[2])
    return words


def _check_students(schools: pd.DataFrame, faults: Faults) -> None:
    students = schools["students"].to_numpy(float)
    names = schools["school"].fillna("").to_numpy() if "school" in schools else np.full(len(schools), "")
    none = np.flatnonzero(students == 0)
    note_cells(schools, faults, "STUDENTS_ZERO", none, "students", lambda at: {"school": printable(str(names[at]))})

    def number(at: int) -> dict[str, Word]:
        return {"students": as_text(float(students[at]))}

    with np.errstate(invalid="ignore"):
        if "teachers" in schools:
            many = np.flatnonzero((schools["teachers"].to_numpy(float) > students) & (students > 0))
            note_cells(schools, faults, "TEACHERS_EXCEED_STUDENTS", many, "teachers", number)
        if "classes" in schools:
            without = np.flatnonzero((schools["classes"].to_numpy(float) == 0) & (students > 0))
            note_cells(schools, faults, "CLASSES_ZERO", without, "classes", number)


def _check_ratios(schools: pd.DataFrame, faults: Faults) -> None:
    if not {"classes", "students"} <= set(schools.columns):
        return
    classes, students = schools["classes"].to_numpy(float), schools["students"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where((classes > 0) & (students > 0), students / classes, np.nan)
        odd = np.flatnonzero((size < CLASS_SIZE[0]) | (size > CLASS_SIZE[1]))
        note_cells(schools, faults, "RATIO_IMPLAUSIBLE", odd, "classes", lambda at: _said(
            f"平均班额 {size[at]:.1f} 人（学生 {students[at]:g} 人，{classes[at]:g} 个班）。",
            f"the mean class size is {size[at]:.1f} ({students[at]:g} students in {classes[at]:g} classes).",
        ))  # fmt: skip
        if "largest_class" in schools:
            largest = schools["largest_class"].to_numpy(float)
            below = np.flatnonzero((size > largest) & (largest > 0))
            note_cells(schools, faults, "RATIO_IMPLAUSIBLE", below, "largest_class", lambda at: _said(
                f"最大班额 {largest[at]:g} 人，小于平均班额 {size[at]:.1f} 人。",
                f"the largest class has {largest[at]:g} students, fewer than the mean of {size[at]:.1f}.",
            ))  # fmt: skip
        if "multimedia_rooms" in schools:
            rooms = schools["multimedia_rooms"].to_numpy(float)
            above = (rooms > ROOMS_PER_CLASS * classes) & (rooms >= _FEWEST_ROOMS) & (classes > 0)
            many = np.flatnonzero(above & own_amounts(schools))
            note_cells(schools, faults, "RATIO_IMPLAUSIBLE", many, "multimedia_rooms", lambda at: _said(
                f"网络多媒体教室 {rooms[at]:g} 间，班级只有 {classes[at]:g} 个。",
                f"there are {rooms[at]:g} multimedia rooms for {classes[at]:g} classes.",
            ))  # fmt: skip


def _said(zh: str, en: str) -> dict[str, Word]:
    return {"detail": (zh, en)}
