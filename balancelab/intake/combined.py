"""Combined schools: one row for each stage, and no doubt whether the amounts are the stage's or the whole school's."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from balancelab.intake.findings import Faults, Word, printable
from balancelab.intake.grid import as_text
from balancelab.intake.noting import note_cells
from balancelab.intake.schema import Schema

STAGES_OF = {
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior"),
    "complete_secondary": ("junior",),
}
_SENIOR = ("twelve_year", "complete_secondary")
_CONFLICTS = {"junior": ("primary", "teaching_site"), "primary": ("junior", "complete_secondary")}
SHARED_UNITS = ("m2", "yuan", "rooms", "computers", "volumes")
_FEWEST_ALIKE = 3
_ALIKE = 1.15
"""Stages whose students differ by less get about the same out of a split: the law's weights lie between 1 and 1.1."""


def check_combined(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """Check stages against school types and, for combined schools, that every row says what it stands for."""
    if not {"stage", "school_type"} <= set(schools.columns):
        return
    _check_conflicts(schools, faults, schema)
    combined = schools[schools["school_type"].isin(list(STAGES_OF))]
    if not len(combined) or "school_code" not in schools:
        return
    shared = (
        combined["shared_resources"] if "shared_resources" in combined else pd.Series(index=combined.index, dtype="str")
    )
    combined = combined.assign(_shared=shared)
    by = [name for name in ("year", "county_code", "school_code") if name in combined]
    number = combined.groupby(by, sort=False, dropna=False).ngroup()
    combined = combined.assign(_group=number)
    _check_split(combined, faults, schema)
    _check_shared(combined, faults, schema)


def contradictions(schools: pd.DataFrame) -> np.ndarray:
    """Return which rows have a stage that their school type does not have."""
    found = np.zeros(len(schools), dtype=bool)
    if {"stage", "school_type"} <= set(schools.columns):
        for stage, types in _CONFLICTS.items():
            found |= ((schools["stage"] == stage) & schools["school_type"].isin(list(types))).to_numpy(dtype=bool)
    return found


def own_amounts(schools: pd.DataFrame) -> np.ndarray:
    """Return which rows give amounts of their own: the others repeat a whole school's beside one stage's students."""
    if "shared_resources" not in schools:
        return np.ones(len(schools), dtype=bool)
    return (schools["shared_resources"] != "school").to_numpy(dtype=bool)


def _check_conflicts(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    found = schools["school_type"].to_numpy(dtype=object)
    for stage, types in _CONFLICTS.items():
        bad = np.flatnonzero((schools["stage"] == stage) & schools["school_type"].isin(list(types)))
        stage_words = _words(schema, "stage", stage)
        note_cells(
            schools, faults, "STAGE_TYPE_CONFLICT", bad, "school_type", partial(_type_words, schema, found, stage_words)
        )


def _type_words(schema: Schema, found: np.ndarray, stage: tuple[str, str], at: int) -> dict[str, Word]:
    return {"stage": stage, "type": _words(schema, "school_type", str(found[at]))}


def _check_split(combined: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    group = combined["_group"].to_numpy()
    stages = sum(
        np.bincount(group, weights=(combined["stage"] == stage).to_numpy(dtype=float)) > 0
        for stage in STAGES_OF["nine_year"]
    )
    both = combined["school_type"] != "complete_secondary"
    alone = both & (np.asarray(stages)[group] < 2) & (combined["_shared"] != "stage")
    needed = combined[combined["stage"].isna() | alone].drop_duplicates("_group")
    row: Any
    for row in needed.itertuples():
        faults.add("STAGE_SPLIT_NEEDED", row=int(row.source_row), column="stage", **_who(row, schema))
    assumed = combined[~both & (combined["stage"] == "junior") & combined["_shared"].isna()]
    for row in assumed.itertuples():
        faults.add("STAGE_SPLIT_ASSUMED", row=int(row.source_row), column="shared_resources", **_who(row, schema))


def _check_shared(combined: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    amounts = [each.name for each in schema.fields if each.unit in SHARED_UNITS and each.name in combined]
    _check_senior(combined[combined["_shared"] == "school"], faults, schema)
    several = combined[combined.duplicated("_group", keep=False) & combined["stage"].notna()]
    if not len(several) or not amounts:
        return
    grouped = several.groupby("_group", sort=True)
    lowest, highest = grouped[amounts].min(), grouped[amounts].max()
    first = grouped.first()
    whole = (first["_shared"] == "school").to_numpy()
    differing = ((lowest != highest) & lowest.notna()).to_numpy()
    for at in np.flatnonzero(whole & differing.any(axis=1)).tolist():
        group = several[several["_group"] == first.index[at]]
        _note_differing(group, [name for name, bad in zip(amounts, differing[at], strict=True) if bad], faults, schema)
    complete = (grouped[amounts].count().to_numpy() == grouped.size().to_numpy()[:, None]) & (lowest > 0).to_numpy()
    same = complete & ~differing
    given = (first[amounts] > 0).to_numpy()
    repeated = ~whole & (same.sum(axis=1) >= _FEWEST_ALIKE) & (same.sum(axis=1) == given.sum(axis=1))
    even = _split_evenly(several)
    for at in np.flatnonzero(repeated).tolist():
        code = "SPLIT_AMOUNTS_ALIKE" if even[at] else "SPLIT_AMOUNTS_REPEATED"
        held = [name for name, alike in zip(amounts, same[at], strict=True) if alike]
        _note_repeated(code, first.iloc[at], held, faults)


def _split_evenly(several: pd.DataFrame) -> np.ndarray:
    """Tell for each group whether it says that it is split, and has about as many students in each stage."""
    said = (several["_shared"] == "stage").groupby(several["_group"], sort=True).all().to_numpy()
    if "students" not in several:
        return np.zeros(len(said), dtype=bool)
    students = several.groupby("_group", sort=True)["students"]
    return said & (students.max() <= _ALIKE * students.min()).to_numpy()


def _check_senior(whole: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    if not len(whole):
        return
    students = whole["senior_students"] if "senior_students" in whole else pd.Series(np.nan, index=whole.index)
    known = students.groupby(whole["_group"]).transform("max")
    lacking = whole[whole["school_type"].isin(list(_SENIOR)) & known.isna()].drop_duplicates("_group")
    row: Any
    for row in lacking.itertuples():
        faults.add(
            "SPLIT_STUDENTS_MISSING", row=int(row.source_row), column="senior_students",
            needed=("高中段在校生数", "senior_students is"), **_who(row, schema),
        )  # fmt: skip


def _note_differing(group: pd.DataFrame, names: list[str], faults: Faults, schema: Schema) -> None:
    for name in names:
        values = group[name].dropna()
        if len(values) < 2 or values.min() == values.max():
            continue
        row = group.iloc[-1]
        listed = "、".join(map(as_text, values)), ", ".join(map(as_text, values))
        faults.add(
            "SPLIT_AMOUNTS_DIFFER", row=int(row["source_row"]), column=name, raw=as_text(float(row[name])),
            values=listed, school=printable(str(row.get("school", ""))),
        )  # fmt: skip


def _note_repeated(code: str, row: pd.Series, same: list[str], faults: Faults) -> None:
    faults.add(
        code, row=int(row["source_row"]), column=same[0], raw=as_text(float(row[same[0]])),
        n=len(same), school=printable(str(row.get("school", ""))),
    )  # fmt: skip


def _who(row: Any, schema: Schema) -> dict[str, Any]:
    type_ = str(row.school_type)
    zh, en = _words(schema, "school_type", type_)
    return {"school": printable(str(getattr(row, "school", ""))), "raw": type_, "type": (zh, en)}


def _words(schema: Schema, column: str, id_: str) -> tuple[str, str]:
    known = schema.find(column)
    entry = known.values.get(id_, {}) if known else {}
    return str(entry.get("zh", id_)), str(entry.get("en", id_)).lower()
