"""School codes against the national rule, and names of counties against each other; and what changes over the years."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from balancelab.intake.combined import contradictions
from balancelab.intake.findings import Faults, Word, printable
from balancelab.intake.grid import as_text
from balancelab.intake.movements import check_movements
from balancelab.intake.noting import note_cells
from balancelab.intake.schema import Schema, folded

_CODE_DIGITS = 10
_CATEGORIES: dict[str, tuple[tuple[str, ...], tuple[str, str]]] = {
    "21": (("primary", "teaching_site"), ("小学", "primary")),
    "31": (("junior", "nine_year", "vocational"), ("初中", "junior")),
    "34": (("complete_secondary", "twelve_year"), ("高中、完全中学", "senior or complete")),
    "51": (("special",), ("特殊教育", "special education")),
}
"""First two digits of a school code (national rule for institution codes) → the school types they stand for."""
_ZONE_WORDS = ("开发区", "高新区", "经开区", "管委会", "示范区", "度假区", "保税区", "产业园")
_JUMP_TIMES = 10


def check_codes(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """Compare school codes with the national rule, where most codes of the table follow it."""
    if not schema.national or "school_code" not in schools or not len(schools):
        return
    codes = schools["school_code"].fillna("").astype("str")
    length = codes.str.len().to_numpy()
    given = (codes != "").to_numpy()
    category = codes.str[:2]
    follows = given & (length == _CODE_DIGITS) & category.isin(list(_CATEGORIES)).to_numpy()
    if not given.any() or follows.sum() * 2 < given.sum():
        return
    types = (
        schools["school_type"].fillna("").to_numpy(dtype=object)
        if "school_type" in schools
        else np.full(len(schools), "")
    )
    wrong_type, contradicted = np.zeros(len(schools), dtype=bool), contradictions(schools)
    for digits, (allowed, _) in _CATEGORIES.items():
        mine = follows & (category == digits).to_numpy()
        wrong_type |= mine & (types != "") & ~np.isin(types, list(allowed)) & ~contradicted
    provinces = (
        schools["county_code"].fillna("").astype("str").str[:2].to_numpy()
        if "county_code" in schools
        else np.full(len(schools), "")
    )
    wrong_place = follows & (provinces != "") & (codes.str[2:4].to_numpy() != provinces)
    wrong_length = given & (length != _CODE_DIGITS)
    unknown = given & (length == _CODE_DIGITS) & ~follows
    bad = np.flatnonzero(wrong_type | wrong_place | wrong_length | unknown)
    words = partial(_code_words, codes.to_numpy(dtype=object), wrong_type, wrong_place, provinces)
    note_cells(schools, faults, "CODE_RULE", bad, "school_code", words)


def _code_words(
    codes: np.ndarray, wrong_type: np.ndarray, wrong_place: np.ndarray, provinces: np.ndarray, at: int
) -> dict[str, Word]:
    code = str(codes[at])
    if wrong_type[at]:
        zh, en = _CATEGORIES[code[:2]][1]
        return {"detail": (f"的类别是{zh}，与学校类型不符", f"is of category {en}, which is not the school's type")}
    if wrong_place[at]:
        return {
            "detail": (
                f"属于 {code[2:4]} 省，县（区）属于 {provinces[at]} 省",
                f"is of province {code[2:4]}, the county of {provinces[at]}",
            )
        }
    if len(code) != _CODE_DIGITS:
        return {"detail": (f"有 {len(code)} 位", f"has {len(code)} characters")}
    return {"detail": ("的类别不明", "has an unknown category")}


def check_places(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """Note functional zones, and schools whose name begins with another county's."""
    if not schema.national or not {"county", "county_code"} <= set(schools.columns):
        return
    counties = schools.drop_duplicates(["county_code", "county"]).dropna(subset=["county"])
    for row in counties.to_dict("records"):
        if any(word in str(row["county"]) for word in _ZONE_WORDS):
            code = str(row["county_code"])
            faults.add(
                "COUNTY_ZONE",
                row=int(row["source_row"]),
                column="county",
                raw=str(row["county"]),
                code=code,
                county_code=code,
            )
    if "school" in schools:
        _check_names(schools, sorted({str(name) for name in counties["county"]}), faults)


def _check_names(schools: pd.DataFrame, names: list[str], faults: Faults) -> None:
    """Only names of three characters and more tell: 城区 or 郊区 begin many names."""
    known = [name for name in names if len(name) >= 3]
    if len(known) < 2:
        return
    schools_names = schools["school"].fillna("")
    own = schools["county"].fillna("").to_numpy(dtype=object)
    found = np.full(len(schools), "", dtype=object)
    for length in sorted({len(name) for name in known}):
        heads = schools_names.str[:length].to_numpy(dtype=object)
        hit = np.isin(heads.astype(str), [name for name in known if len(name) == length])
        found = np.where(hit, heads, found)
    full = schools_names.to_numpy(dtype=object)
    codes_of: dict[str, set[str]] = {}
    for name, code in schools[["county", "county_code"]].drop_duplicates().itertuples(index=False):
        codes_of.setdefault(str(name), set()).add(str(code))
    codes = schools["county_code"].to_numpy(dtype=object)
    bad = np.flatnonzero((found != "") & (found != own))
    # The name of the same county in another spelling is that county's affair, and said there.
    others = [at for at in bad if str(codes[at]) not in codes_of.get(str(found[at]), set())]
    bad = np.array([at for at in others if not own[at] or not str(full[at]).startswith(str(own[at]))], dtype=np.int64)
    note_cells(
        schools, faults, "NAME_OTHER_COUNTY", bad, "school",
        lambda at: {"county": printable(str(own[at])), "other": printable(str(found[at]))},
    )  # fmt: skip


def check_years(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    """In a table of several years: jumps of amounts, school codes that change, counties that change."""
    if "year" not in schools or not len(schools):
        return
    years = schools["year"].dropna().unique()
    if len(years) < 2:
        return
    if {"school_code", "stage"} <= set(schools.columns):
        _check_jumps(schools, faults, schema)
    if {"school_code", "school", "county_code"} <= set(schools.columns):
        _check_code_changes(schools, faults)
    if {"school_code", "county_code"} <= set(schools.columns):
        check_movements(schools, faults)
    if {"county", "county_code"} <= set(schools.columns):
        _check_county_changes(schools, faults)


def _check_jumps(schools: pd.DataFrame, faults: Faults, schema: Schema) -> None:
    ordered = schools.dropna(subset=["school_code", "stage", "year"]).sort_values(
        ["school_code", "stage", "year"], kind="stable"
    )
    same = (
        ordered["school_code"].eq(ordered["school_code"].shift()) & ordered["stage"].eq(ordered["stage"].shift())
    ).to_numpy()
    years = ordered["year"].to_numpy(float)
    stages = schema.find("stage")
    for each in schema.fields:
        if each.name not in schools or (each.plausible is None and each.name != "students"):
            continue
        values = ordered[each.name].to_numpy(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            times = values[1:] / values[:-1]
            jumped = np.r_[False, (times > _JUMP_TIMES) | (times < 1 / _JUMP_TIMES)] & same
            jumped &= (values > 0) & np.r_[False, values[:-1] > 0]
        codes, stage_ids = ordered["school_code"].to_numpy(dtype=object), ordered["stage"].to_numpy(dtype=object)

        words = partial(_jump_words, values, years, codes, stage_ids, stages.values if stages else {})
        note_cells(ordered, faults, "JUMP_SUSPECT", np.flatnonzero(jumped), each.name, words)


def _jump_words(
    values: np.ndarray, years: np.ndarray, codes: np.ndarray, stages: np.ndarray, labels: object, at: int
) -> dict[str, Word]:
    known = labels if isinstance(labels, dict) else {}
    stage = str(stages[at])
    return {
        "school": str(codes[at]), "stage": (str(known.get(stage, {}).get("zh", stage)), stage),
        "before": as_text(float(values[at - 1])), "before_year": f"{years[at - 1]:.0f}",
    }  # fmt: skip


def _check_code_changes(schools: pd.DataFrame, faults: Faults) -> None:
    keys = ["county_code", "school", "year", "school_code"]
    pairs = schools.dropna(subset=keys).drop_duplicates(keys).sort_values(keys, kind="stable")
    single = pairs[~pairs.duplicated(["county_code", "school", "year"], keep=False)]
    same = single["county_code"].eq(single["county_code"].shift()) & single["school"].eq(single["school"].shift())
    changed = (same & single["school_code"].ne(single["school_code"].shift())).to_numpy()
    codes, years = single["school_code"].to_numpy(dtype=object), single["year"].to_numpy(float)
    names = single["school"].to_numpy(dtype=object)
    note_cells(
        single, faults, "CODE_CHANGED", np.flatnonzero(changed), "school_code",
        lambda at: {
            "school": printable(str(names[at])), "before": str(codes[at - 1]),
            "before_year": f"{years[at - 1]:.0f}", "year": f"{years[at]:.0f}",
        },
    )  # fmt: skip


def _check_county_changes(schools: pd.DataFrame, faults: Faults) -> None:
    pairs = schools.dropna(subset=["county", "county_code"]).drop_duplicates(["county_code", "county"])
    for code, group in pairs[pairs.duplicated("county_code", keep=False)].groupby("county_code", sort=True):
        names = sorted({str(name) for name in group["county"]}, key=folded)
        spans = schools[schools["county_code"] == code].groupby("county")["year"].agg(["min", "max"])
        overlap = spans["min"].max() <= spans["max"].min()
        if overlap or len({folded(name) for name in names}) == 1:
            continue
        listed = (
            "、".join(f"“{printable(name)}”" for name in names),
            ", ".join(f"“{printable(name)}”" for name in names),
        )
        faults.add(
            "COUNTY_CHANGED", column="county", county_code=str(code),
            detail=(f"代码 {code} 在不同年度名称不同：{listed[0]}。", f"code {code} changes its name: {listed[1]}."),
        )  # fmt: skip
    for name, group in pairs[pairs.duplicated("county", keep=False)].groupby("county", sort=True):
        codes = sorted({str(code) for code in group["county_code"]})
        spans = schools[schools["county"] == name].groupby("county_code")["year"].agg(["min", "max"])
        if spans["min"].max() <= spans["max"].min():
            continue
        listed = "、".join(codes), ", ".join(codes)
        shown = printable(str(name))
        faults.add(
            "COUNTY_CHANGED", column="county_code",
            detail=(f"“{shown}”在不同年度代码不同：{listed[0]}。", f"“{shown}” changes its code: {listed[1]}."),
        )  # fmt: skip
