"""Identity across rows: keys are unique, one code is one school, one county code is one county."""

from __future__ import annotations

import re

import pandas as pd

from balancelab.intake.findings import Faults, printable, row_list
from balancelab.intake.schema import Schema, folded

_STAGE_PART = re.compile(r"[（(]?(小学|初中|高中|中学)部?[）)]?$")


def check_keys(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """Check that keys are unique and that codes and names agree."""
    if {"school_code", "stage"} <= set(schools.columns):
        _check_duplicates(schools, faults, schema)
    if {"school_code", "school"} <= set(schools.columns):
        _check_school_names(schools, faults)
        _check_repeated_names(schools, faults)
    if {"school_code", "county_code"} <= set(schools.columns):
        _check_one_county(schools, faults)
    if {"county_code", "county"} <= set(schools.columns):
        _check_counties(schools, faults)


def _check_duplicates(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    key = [name for name in schema.primary_key if name in schools]
    whole = schools[key].notna().all(axis=1)
    repeated = schools[whole & schools.duplicated(key, keep=False)]
    if not len(repeated):
        return
    stages = schema.find("stage")
    compared = [name for name in schools.columns if name != "source_row"]
    for values, group in repeated.groupby(key, sort=True):
        told = dict(zip(key, tuple(values), strict=True))
        rows = [int(row) for row in group["source_row"]]
        same = len(group[compared].drop_duplicates()) == 1
        differs = [name for name in compared if len(group[name].drop_duplicates()) > 1]
        words = ("各项完全相同", "the rows are identical") if same else (
            f"数值不同（{'、'.join(differs[:4])}）", f"they differ in {', '.join(differs[:4])}"
        )  # fmt: skip
        stage = str(told.get("stage", ""))
        entry = stages.values.get(stage, {}) if stages else {}
        year = told.get("year")
        faults.add(
            "KEY_DUPLICATE", row=rows[1], column="school_code", raw=str(told["school_code"]), count=1,
            school=printable(str(group["school"].iloc[0])) if "school" in group else "",
            stage=(str(entry.get("zh", stage)), stage), year="" if year is None else f"{year:.0f}",
            rows=_each_row(rows), same=words,
        )  # fmt: skip


def _each_row(rows: list[int]) -> tuple[str, str]:
    zh, _ = row_list(rows)
    return zh, " and ".join(f"row {row}" for row in rows[:6]) + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")


def _check_school_names(schools: pd.DataFrame, faults: Faults) -> None:
    """One code, two names in one year; the part of a combined school may be named after the name."""
    by = [name for name in ("year", "school_code") if name in schools]
    several = schools[schools["school_code"].notna() & schools.duplicated(by, keep=False)]
    if "stage" in schools:
        several = several[~several.duplicated([*by, "stage"], keep=False)]
    if not len(several):
        return
    plain = several["school"].fillna("").map(lambda name: _STAGE_PART.sub("", folded(name)))
    differing = plain.groupby([several[name] for name in by]).transform("nunique") > 1
    for _, group in several[differing].groupby(by, sort=True):
        names = [printable(name) for name in group["school"].fillna("").unique()]
        rows = [int(row) for row in group["source_row"]]
        faults.add(
            "NAME_CONFLICT", row=rows[1], column="school", raw=str(group["school_code"].iloc[0]),
            names=("、".join(f"“{name}”" for name in names), ", ".join(f"“{name}”" for name in names)),
            rows=_each_row(rows),
        )  # fmt: skip


def _check_repeated_names(schools: pd.DataFrame, faults: Faults) -> None:
    by = [name for name in ("year", "county_code", "school") if name in schools]
    pairs = schools.dropna(subset=["school", "school_code"]).drop_duplicates([*by, "school_code"])
    repeated = pairs[pairs.duplicated(by, keep=False)].sort_values("school_code", kind="stable")
    for _, group in repeated.groupby(by, sort=True):
        codes = [str(code) for code in group["school_code"]]
        rows = [int(row) for row in group["source_row"]]
        faults.add(
            "NAME_REPEATED", row=rows[1], column="school", raw=str(group["school"].iloc[0]), n=len(codes),
            codes=("、".join(codes[:6]), ", ".join(codes[:6])), rows=_each_row(rows),
        )  # fmt: skip


def _check_one_county(schools: pd.DataFrame, faults: Faults) -> None:
    by = [name for name in ("year", "school_code") if name in schools]
    pairs = schools.dropna(subset=["school_code", "county_code"]).drop_duplicates([*by, "county_code"])
    for _, group in pairs[pairs.duplicated(by, keep=False)].groupby(by, sort=True):
        counties = [str(code) for code in group["county_code"]]
        if any(code.endswith("00") for code in counties):
            continue
        rows = [int(row) for row in group["source_row"]]
        faults.add(
            "SCHOOL_TWO_COUNTIES", row=rows[1], column="county_code", raw=str(group["school_code"].iloc[0]),
            counties=("、".join(counties), ", ".join(counties)), rows=_each_row(rows),
        )  # fmt: skip


def _check_counties(schools: pd.DataFrame, faults: Faults) -> None:
    """One county code has one name in a year; the rows in the minority are named."""
    by = [name for name in ("year", "county_code") if name in schools]
    known = schools.dropna(subset=["county_code", "county"])
    pairs = known.groupby([*by, "county"], sort=True).size().reset_index(name="n")
    for _, group in pairs[pairs.duplicated(by, keep=False)].groupby(by, sort=True):
        code = str(group["county_code"].iloc[0])
        if len({folded(name) for name in group["county"]}) == 1:
            continue
        main = str(group.sort_values(["n", "county"], ascending=[False, True])["county"].iloc[0])
        for name in group["county"]:
            if name == main:
                continue
            mine = known[(known["county_code"] == code) & (known["county"] == name)]
            rows = [int(row) for row in mine["source_row"]]
            zh, en = row_list(rows)
            faults.add(
                "COUNTY_CONFLICT", row=rows[0], column="county", raw=str(name), count=len(rows), county_code=code,
                detail=(
                    f"代码 {code} 有两个名称：“{printable(main)}”与“{printable(name)}”（{zh}）。",
                    f"code {code} has two names, “{printable(main)}” and “{printable(str(name))}” ({en}).",
                ),
            )  # fmt: skip
