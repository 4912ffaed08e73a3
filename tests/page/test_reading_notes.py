"""What the reading found, in a report: by school and code, the same in whatever order the rows of the file stand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from balancelab import Page, load_standard, read_schools
from balancelab.page import tables
from tests.public.canaries import run_notebook

SAMPLE = Path(__file__).resolve().parents[2] / "data/sample/schools.csv"
COUNTY = "371599"


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    """The sample's county in one year, with a cell that is empty, two that are odd and two schools of one name."""
    read = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    table = read[(read["county_code"] == COUNTY) & (read["year"] == "2024")].reset_index(drop=True)
    primary = table.index[(table["school_type"] == "primary") & (table["stage"] == "primary")]
    table.loc[primary[0], "teaching_area_m2"] = ""
    for at in primary[1:3]:
        table.loc[at, "equipment_value_yuan"] = str(1000 * float(table.loc[at, "equipment_value_yuan"]))
    table.loc[primary[4], "school"] = table.loc[primary[3], "school"]
    return table


def notes(table: pd.DataFrame, folder: Path, language: str, *, by_school: bool = True) -> list[dict]:
    folder.mkdir()
    table.to_csv(folder / "schools.csv", index=False)
    rules = load_standard("quality_2017")
    intake = read_schools(folder / "schools.csv", year=2024)
    page = Page(language)
    tables.reading_notes(page, intake.findings, rules, schools=intake.schools if by_school else None)
    return [block.to_json() for block in page.blocks]


def lines(blocks: list[dict]) -> list[dict[str, str]]:
    (table,) = (block for block in blocks if block["kind"] == "table")
    names = [column["id"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rows_in_another_order_give_the_same_page(few: pd.DataFrame, tmp_path: Path, language: str):
    first = notes(few, tmp_path / "as it is", language)
    assert {line["code"] for line in lines(first)} >= {"MISSING_VALUE", "NAME_REPEATED", "UNIT_SUSPECT"}
    for seed in (1, 2, 3):
        shuffled = few.sample(frac=1, random_state=seed)
        assert notes(shuffled, tmp_path / f"shuffled {seed}", language) == first
    # the comparison can fail: with cells instead of schools the pages differ
    cells = [
        notes(table, tmp_path / name, language, by_school=False)
        for name, table in (("cells", few), ("cells shuffled", few.sample(frac=1, random_state=1)))
    ]
    assert cells[0] != cells[1]


def test_a_line_names_school_and_code_and_no_cell(few: pd.DataFrame, tmp_path: Path):
    primary = few[(few["school_type"] == "primary") & (few["stage"] == "primary")]
    school, code = primary[["school", "school_code"]].iloc[0]
    said = {line["code"]: line for line in lines(notes(few, tmp_path / "zh", "zh"))}["MISSING_VALUE"]
    assert said["place"] == f"{school}（{code}）"
    assert said["text"].startswith("“教学及辅助用房面积”列：1 行")
    told = {line["code"]: line for line in lines(notes(few, tmp_path / "en", "en"))}
    assert told["MISSING_VALUE"]["place"] == f"{school} ({code})"
    assert told["MISSING_VALUE"]["text"].startswith("Column teaching_area_m2: ")
    both = ", ".join(sorted(primary["school_code"].iloc[3:5]))
    assert told["NAME_REPEATED"]["text"].endswith(f"has 2 school codes in one county: {both}.")
    cells = lines(notes(few, tmp_path / "cells", "en", by_school=False))
    assert any(line["place"][:1].isalpha() and line["place"][-1].isdigit() for line in cells)  # such as W2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["overview", "city"])
def test_a_report_of_all_counties_is_the_same_for_rows_in_another_order(tmp_path: Path, kind: str):
    read = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    pages = []
    for name, table in (("as it is", read), ("shuffled", read.sample(frac=1, random_state=5))):
        (tmp_path / name).mkdir()
        table.to_csv(tmp_path / name / "schools.csv", index=False)
        pages.append(run_notebook(kind, data_file=str(tmp_path / name / "schools.csv"), year=2024, language="zh"))
    assert any("读表时发现" in block.get("caption", "") for block in pages[0])
    assert pages[0] == pages[1]
