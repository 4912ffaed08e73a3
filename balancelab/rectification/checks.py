"""Everything that was judged about a county, in one table; and the problems among it, the gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard

CHECK_COLUMNS = (
    "year", "county_code", "key", "kind", "subject", "block", "stage", "school_code", "school", "value", "limit",
    "comparison", "met", "gap", "priority", "severity",
)  # fmt: skip
KINDS = ("veto", "item", "difference", "school_item", "indicator")
"""What can be wrong: a veto, another item of the county, a coefficient, an item judged by school, an indicator."""

REQUIRED, ADVISABLE = "required", "advisable"
_WHOLE_SCHOOL = "all"


def list_checks(
    verdicts: pd.DataFrame,
    qualified: pd.DataFrame,
    differences: pd.DataFrame,
    item_verdicts: pd.DataFrame,
    school_items: pd.DataFrame,
    schools: pd.DataFrame,
    standard: Standard,
) -> pd.DataFrame:
    """
    Put everything that was judged into one table.

    Parameters
    ----------
    verdicts, qualified : DataFrame
        From ``judge_schools`` and ``qualify_schools``.
    differences : DataFrame
        From ``judge_counties``.
    item_verdicts, school_items : DataFrame
        From ``items.judge_items`` and ``items.judge_school_items``; may be empty.
    schools : DataFrame
        The school table, for names.
    standard : Standard
        For the block of every item.

    Returns
    -------
    DataFrame
        One row per school × stage × indicator, county × stage × coefficient, item, and school × item: ``year,
        county_code, key, kind, subject, block, stage, school_code, school, value, limit, comparison, met, gap,
        priority, severity``. `key` names a row across years; `subject` is the indicator's or item's id; `gap` is what
        is missing or too much [for schools: teachers, m², yuan, students, rooms; else the unit of the value], 0 where
        met, NaN where it cannot be said; `priority` is ``required`` or, for what a school may still miss and qualify,
        ``advisable``; `severity` is the gap as a share of the limit, 1 for a yes or no. Items for information and
        those that do not apply are left out.
    """
    import pandas as pd

    parts = [
        _of_indicators(verdicts, qualified, standard),
        _of_differences(differences, standard),
        _of_items(item_verdicts),
        _of_school_items(school_items, standard),
    ]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else parts[0]
    names = schools.drop_duplicates("school_code").set_index("school_code")["school"]
    key = ["county_code", "subject", "stage", "school_code"]
    table = table.assign(
        school=table["school_code"].map(names).fillna(""),
        key=["/".join(map(str, row)) for row in table[key].itertuples(index=False)],
        severity=_severity(table),
    )
    return table[list(CHECK_COLUMNS)].astype({"met": "boolean"})


def find_problems(checks: pd.DataFrame) -> pd.DataFrame:
    """
    Pick what is not met, the gravest first.

    Parameters
    ----------
    checks : DataFrame
        From :func:`list_checks`.

    Returns
    -------
    DataFrame
        The rows of `checks` that are not met: vetoes, then what concerns the whole county, then schools; within each
        what is required before what is advisable, the widest gap first. An item of the county is left out where the
        schools that it counts are listed themselves.
    """
    failing = checks[checks["met"].eq(False).fillna(False)]
    by_school = failing[failing["kind"] == "school_item"]
    listed = set(zip(by_school["county_code"], by_school["subject"], strict=True))
    repeated = [
        kind == "item" and (county, subject) in listed
        for kind, county, subject in zip(failing["kind"], failing["county_code"], failing["subject"], strict=True)
    ]
    kept = failing[~np.array(repeated, dtype=bool)]
    rank = kept["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    order = kept.assign(_rank=rank, _advisable=kept["priority"] == ADVISABLE, _grave=-kept["severity"])
    order = order.sort_values(["county_code", "_rank", "_advisable", "_grave", "school_code", "key"], kind="stable")
    return checks.loc[order.index].reset_index(drop=True)


def rank_problems(problems: pd.DataFrame) -> pd.DataFrame:
    """
    Gather problems by what they are about, the gravest first.

    Parameters
    ----------
    problems : DataFrame
        From :func:`find_problems`, of one county or of several.

    Returns
    -------
    DataFrame
        One row per kind × subject × stage: ``kind, subject, block, stage, n, n_schools, n_counties, n_required, gap,
        worst``. `n` counts rows, `n_required` those that are required; `gap` adds up what schools lack (NaN for what
        cannot be added up: coefficients and items); `worst` is the largest severity. Vetoes first, then what concerns
        the county, then schools by how many are concerned.
    """
    rows = problems.assign(
        summed=problems["gap"].where(problems["kind"].isin(["indicator", "school_item"])),
        required=(problems["priority"] == REQUIRED).astype(int),
        one=problems["school_code"].where(problems["school_code"] != ""),
    )
    keys = ["kind", "subject", "block", "stage"]
    table = rows.groupby(keys, sort=False).agg(
        n=("key", "size"),
        n_schools=("one", "nunique"),
        n_counties=("county_code", "nunique"),
        n_required=("required", "sum"),
        gap=("summed", lambda amounts: amounts.sum(min_count=1)),
        worst=("severity", "max"),
    )
    table = table.reset_index()
    rank = table["kind"].map({"veto": 0, "item": 1, "difference": 1, "school_item": 2, "indicator": 2})
    order = table.assign(_rank=rank, _n=-table["n_required"], _all=-table["n"], _worst=-table["worst"])
    order = order.sort_values(["_rank", "_n", "_all", "_worst", "subject", "stage"], kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def _of_indicators(verdicts: pd.DataFrame, qualified: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    if verdicts.empty:
        return _empty()
    keys = ["year", "county_code", "school_code", "stage"]
    rows = verdicts.merge(qualified[[*keys, "qualified"]], on=keys, how="left")
    block = next((name for name in ("resources", "school_standard") if name in standard.blocks()), "resources")
    return rows.assign(
        kind="indicator",
        subject=rows["indicator"],
        block=block,
        gap=rows["shortfall"],
        priority=np.where(rows["qualified"].eq(True).fillna(False), ADVISABLE, REQUIRED),
    )[_BEFORE_NAMES]


def _of_differences(differences: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    rows = differences[differences["limit"].notna()]
    if rows.empty:
        return _empty()
    block = "differences" if "differences" in standard.blocks() else "resources"
    gap = (rows["value"] - rows["limit"]).clip(lower=0.0)
    return rows.assign(
        kind="difference",
        subject=["cv:" + str(name) for name in rows["indicator"]],
        block=block,
        school_code="",
        comparison="at_most",
        gap=gap.where(~rows["met"].eq(True).fillna(False), 0.0),
        priority=REQUIRED,
    )[_BEFORE_NAMES]


def _of_items(item_verdicts: pd.DataFrame) -> pd.DataFrame:
    if item_verdicts.empty:
        return _empty()
    rows = item_verdicts[~item_verdicts["informative"] & (item_verdicts["reason"] != "not_applicable")]
    numeric = rows["limit"].notna()
    return rows.assign(
        kind=np.where(rows["block"] == "veto", "veto", "item"),
        subject=rows["item"],
        stage=_WHOLE_SCHOOL,
        school_code="",
        gap=(rows["value"] - rows["limit"]).abs().where(numeric & ~rows["met"].eq(True).fillna(False)),
        priority=REQUIRED,
    )[_BEFORE_NAMES]


def _of_school_items(school_items: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    if school_items.empty:
        return _empty()
    informative = [name for name, item in standard.items.items() if item.informative]
    rows = school_items[~school_items["item"].isin(informative)]
    blocks = {name: item.block for name, item in standard.items.items()}
    by_stage = [name for name, item in standard.items.items() if item.rule == "classes_over_size"]
    stage = rows["stage"].where(rows["item"].isin(by_stage), _WHOLE_SCHOOL)
    return rows.assign(
        kind="school_item",
        subject=rows["item"],
        block=rows["item"].map(blocks),
        stage=stage,
        gap=rows["shortfall"],
        priority=REQUIRED,
    )[_BEFORE_NAMES]


_BEFORE_NAMES = [name for name in CHECK_COLUMNS if name not in ("key", "school", "severity")]


def _empty() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=_BEFORE_NAMES)


def _severity(table: pd.DataFrame) -> np.ndarray:
    """Distance from the limit as a share of it; 1 for a yes or no and where the limit is 0; 0 where met."""
    value, limit = table["value"].to_numpy(float), table["limit"].to_numpy(float)
    with_limit = np.isfinite(value) & np.isfinite(limit) & (limit != 0)
    distance = np.ones(len(table))
    np.divide(np.abs(value - limit), np.abs(limit), out=distance, where=with_limit)
    failed = table["met"].eq(False).fillna(False).to_numpy(bool)
    return np.where(failed, distance, 0.0)


def indicator_of(subject: str) -> str:
    """
    Return the indicator that a coefficient is of, and any other subject as it is.

    >>> indicator_of("cv:books_per_student"), indicator_of("teacher_pay")
    ('books_per_student', 'teacher_pay')
    """
    return subject.removeprefix("cv:") or COMPOSITE
