"""Group P of the catalogue of bad inputs; several files at once are in test_several_files.py."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balancelab.equity import select_area, spread_over_years
from balancelab.indicators import compute_indicators
from balancelab.intake import Intake, inspect, read_schools
from balancelab.standards import load_standard


def panel(table: Any, *years: str) -> Any:
    """Repeat the control's eight rows for further years, ``years`` in this order below it."""
    rows = [list(row) for row in table.rows]
    for year in years:
        table.rows += [[year, *row[1:]] for row in rows]
    return table


def of_code(intake: Intake, code: str) -> list[Any]:
    return [finding for finding in intake.findings if finding.code == code]


def test_p03_no_trend_across_a_break_of_definition(table: Any, read: Callable[..., Intake]) -> None:
    """Rooms with network were not counted in 2023: said, and no series of that indicator is made of one year."""
    table = panel(table, "2023")
    for row in range(10, 18):
        table.set(row, "multimedia_rooms", "")
    intake = read(table, all_years=True)
    (missing,) = of_code(intake, "MISSING_VALUE")
    assert (missing.severity, missing.column, missing.count) == ("warning", "multimedia_rooms", 8)
    indicators = compute_indicators(intake.schools, load_standard("quality_2017").indicators)
    series = spread_over_years(select_area(indicators, county_code="371599"))
    assert set(series.loc[series["indicator"] == "equipment_value_per_student", "year"]) == {2023, 2024}
    assert series[series["indicator"] == "multimedia_rooms_per_100"].empty


def test_p04_a_school_that_disappears_and_comes_back(table: Any, read: Callable[..., Intake]) -> None:
    table = panel(table, "2023", "2022", "2021")
    gone = [row for row in table.rows if not (row[0] in ("2022", "2023") and row[3] == "2137000104")]
    table.rows = gone
    (finding,) = of_code(read(table, all_years=True), "SCHOOL_RETURNS")
    assert (finding.severity, finding.raw, finding.row) == ("warning", "2137000104", 5)
    assert "in 2021, not in 2022, 2023, and again in 2024" in finding.en
    assert "2021 年有，2022、2023 年没有，2024 年又有" in finding.zh


def test_p04_new_and_closed_schools_and_a_year_without_the_county_are_no_returns(
    table: Any, read: Callable[..., Intake]
) -> None:
    table = panel(table, "2022", "2020")  # nobody reported 2021 and 2023
    table.rows = [row for row in table.rows if not (row[0] == "2020" and row[3] == "2137000104")]
    table.rows = [row for row in table.rows if not (row[0] == "2024" and row[3] == "2137000105")]
    assert not of_code(read(table, all_years=True), "SCHOOL_RETURNS")


def test_p05_a_school_that_moves_to_another_county(table: Any, read: Callable[..., Intake]) -> None:
    table = panel(table, "2023")
    other = [list(row) for row in table.rows]
    for row in other:
        row[1], row[2], row[3] = "371598", "示范县", row[3][:-3] + "9" + row[3][-2:]
        row[4] = row[4].replace("示例县", "示范县")
    table.rows += other
    table.set(14, "county_code", "371598").set(14, "county", "示范县")  # row 14: school …105 in 2023
    assert (table.get(14, "year"), table.get(14, "school_code")) == ("2023", "2137000105")
    intake = read(table, all_years=True)
    (finding,) = of_code(intake, "SCHOOL_MOVED")
    assert (finding.severity, finding.raw, finding.row) == ("warning", "2137000105", 6)
    assert "under 371598 in 2023 and under 371599 in 2024" in finding.en
    assert "today's boundaries" in finding.remedy_en and "现区划" in finding.remedy_zh
    where = intake.schools[intake.schools["school_code"] == "2137000105"].set_index("year")["county_code"]
    assert where.to_dict() == {2023: "371598", 2024: "371599"}  # each year as it was listed
    assert not of_code(intake, "SCHOOL_RETURNS")


def test_p05_a_county_that_changes_its_code_is_one_finding(table: Any, read: Callable[..., Intake]) -> None:
    table = panel(table, "2023")
    for row in range(10, 18):
        table.set(row, "county_code", "371522")
    intake = read(table, all_years=True)
    assert len(of_code(intake, "COUNTY_CHANGED")) == 1
    assert not of_code(intake, "SCHOOL_MOVED")


def test_p08_tables_are_joined_by_code_never_by_name() -> None:
    """No merge of the package names a column of names: two counties of one name, or none, can never meet."""
    for path in sorted((Path(__file__).parents[2] / "balancelab").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "merge":
                keys = [ast.unparse(each.value) for each in node.keywords if each.arg in ("on", "left_on", "right_on")]
                assert keys, path  # never on whatever columns happen to be shared
                assert not any("'county'" in key or "'school'" in key for key in keys), path


def test_p10_a_stored_table_is_never_used_for_a_changed_file(
    table: Any, read: Callable[..., Intake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored carries the hash of the file's bytes; one that another version wrote is refused."""
    intake = read(table)
    intake.save(tmp_path / "kept.parquet")
    assert read_schools(tmp_path / "kept.parquet").source.sha256 == intake.source.sha256
    changed = read(table.set(2, "books", "38001"))
    assert changed.source.sha256 != intake.source.sha256
    monkeypatch.setattr("balancelab.intake.store._VERSION", 0)
    assert [finding.code for finding in inspect(tmp_path / "kept.parquet").findings] == ["FILE_OTHER_VERSION"]
