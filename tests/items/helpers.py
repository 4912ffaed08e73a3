"""Small tables for the tests of checklist items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from balancelab.items import compute_items, judge_items
from balancelab.standards import Standard

YEAR, COUNTY = 2024, "371599"


def school(code: str = "1", **columns: Any) -> dict[str, Any]:
    """One row of the school table."""
    stage = columns.get("stage", "primary")
    identity = {"year": YEAR, "county_code": COUNTY, "school_code": code, "school": f"学校{code}", "stage": stage}
    return identity | {"school_type": stage, "location": "town", "ownership": "county", "students": 500.0} | columns


def county(figures: Mapping[str, float | Mapping[int, float]], *, not_applicable: tuple[str, ...] = ()) -> pd.DataFrame:
    """The county table: one number for the year, or several by year."""
    rows = [
        {"year": year, "county_code": COUNTY, "item": name, "value": value, "evidence": "卷1", "applies": True}
        for name, given in figures.items()
        for year, value in (given.items() if isinstance(given, Mapping) else [(YEAR, given)])
    ]
    rows += [
        {"year": YEAR, "county_code": COUNTY, "item": name, "value": float("nan"), "evidence": "卷1", "applies": False}
        for name in not_applicable
    ]
    return pd.DataFrame(rows, columns=["year", "county_code", "item", "value", "evidence", "applies"])


def verdicts(
    standard: Standard, schools: list[dict[str, Any]] | None = None, items: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Judge one county; rows by item."""
    table = pd.DataFrame(schools) if schools else pd.DataFrame({"year": [], "county_code": []})
    reported = county({}) if items is None else items
    return judge_items(compute_items(table, reported, standard, year=YEAR), standard).set_index("item")


def met(row: pd.Series) -> bool | None:
    """A verdict as Python's own true, false or nothing."""
    return None if pd.isna(row["met"]) else bool(row["met"])
