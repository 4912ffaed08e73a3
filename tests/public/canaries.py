"""A school table in which every school has a name, a code and values that nothing else has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from balancelab.page.display import cell_text
from tests.public.searching import numbers_of

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
COUNTIES = ("371599", "840124")
"""One county with schools enough, one with a single junior school."""
SHAPES = ("school", "school_code")


def write_table(folder: Path, *, years: tuple[int, ...] = (2023, 2024)) -> Path:
    """Write the table: every name and code is a canary, every school's equipment is nudged to be its own."""
    table = pd.read_csv(SAMPLE / "schools.csv", dtype={"county_code": str, "school_code": str})
    table = table[table["county_code"].isin(COUNTIES) & table["year"].isin(years)].reset_index(drop=True)
    order = {code: place for place, code in enumerate(sorted(table["school_code"].unique()))}
    place = table["school_code"].map(order)
    table["school"] = [f"秘鹮{number:03d}号学校" for number in place]
    table["school_code"] = [f"{77_310_000_00 + 137 * number}" for number in place]
    table["equipment_value_yuan"] = (table["equipment_value_yuan"] + 0.13 * (1 + place)).round(2)
    table.to_csv(folder / "schools.csv", index=False)
    return folder / "schools.csv"


def write_items(folder: Path) -> Path:
    """Write the county table with small groups: 3 disabled children out of school, 7 deaths, 11 transfers."""
    items = pd.read_csv(SAMPLE / "county_items.csv", dtype={"county_code": str})
    items = items[items["county_code"].isin(COUNTIES)].astype({"value": object})
    small = {"disabled_children": 57, "disabled_children_enrolled": 54, "disabled_children_special_schools": 23}
    small |= {"graduates": 1700, "grade7_intake": 1740, "transfers_in": 11, "transfers_out": 35, "student_deaths": 7}
    for name, value in small.items():
        here = (items["item"] == name) & (items["county_code"] == COUNTIES[0]) & (items["year"] == 2024)
        if here.any():
            items.loc[here, "value"] = value
        else:
            row = {"year": 2024, "county_code": COUNTIES[0], "item": name, "value": value, "evidence": ""}
            items = pd.concat([items, pd.DataFrame([row])], ignore_index=True)
    items["evidence"] = items["evidence"].fillna("")
    yes = items.index[(items["county_code"] == COUNTIES[0]) & (items["year"] == 2024)][0]
    items.loc[yes, "evidence"] = "见秘鹮001号学校档案"
    items.to_csv(folder / "county_items.csv", index=False)
    return folder / "county_items.csv"


def names_in(table: Path) -> set[str]:
    """Names and codes of the schools, as they may stand anywhere."""
    schools = pd.read_csv(table, dtype=str)
    return {*schools["school"], *schools["school_code"], "秘鹮"}


def values_in(blocks: list[dict[str, Any]]) -> set[str]:
    """Numbers of the tables that list schools one by one."""
    found: set[str] = set()
    for block in blocks:
        columns = block.get("columns", [])
        if not any(column["id"] in SHAPES for column in columns):
            continue
        for row in block["rows"]:
            for value, column in zip(row, columns, strict=True):
                # limits and requirements stand in the same rows and belong to nobody
                if isinstance(value, int | float) and column["id"] not in ("limit", "ratio", "figure", "low", "high"):
                    found |= numbers_of(value, cell_text(value, column, block["language"]))
    return found


def run_notebook(name: str, **parameters: object) -> list[dict[str, Any]]:
    """Run a notebook's cells in this process and return its blocks as JSON."""
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    first, *others = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    made: dict[str, Any] = {}
    exec(first, made)  # noqa: S102 (our own notebook)
    made.update(parameters)
    for source in others:
        exec(source, made)  # noqa: S102
    return [block.to_json() for block in made["page"].blocks]
