"""What the door hands over: findings, JSON, the stored file, the marked copy, the blank form."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from balancelab.intake import (
    Finding,
    Intake,
    annotate,
    finding_codes,
    findings_to_json,
    format_findings,
    inspect,
    read_schools,
    write_template,
)
from balancelab.intake.findings import Faults
from balancelab.intake.replacing import replacing
from balancelab.intake.schema import load_schema, schema_path
from balancelab.intake.template import form_fields, header_text
from balancelab.standards import load_standard

ROOM = Path(inspect.__code__.co_filename).parent


def test_the_list_of_codes_is_closed_and_complete() -> None:
    """Every code that the door's own modules name is in the list, and every code of the list is named somewhere."""
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in ROOM.glob("*.py") if not path.name.startswith(("county", "small"))
    )
    named = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z0-9]+)+)"', text))
    assert named - {"EXCLUSION_REASONS"} - set(finding_codes()) == set()
    assert set(finding_codes()) - named == set()


@pytest.mark.parametrize("code", list(finding_codes()))
def test_every_code_speaks_both_languages(code: str) -> None:
    entry = finding_codes()[code]
    assert entry.severity in ("error", "warning", "normalised")
    for part in (entry.says, entry.fix):
        assert set(part) == {"zh", "en"}
        assert part["zh"].endswith(("。", "{detail_zh}", "？"))
        assert part["en"].endswith((".", "{detail}", "?"))
        assert re.search("[\u4e00-\u9fff]", part["zh"]) or part["zh"] == "{detail_zh}"
    zh, en = ({name.removesuffix("_zh").removesuffix("_en") for _, name, _, _ in string.Formatter().parse(entry.says[each]) if name}  # noqa: E501
              for each in ("zh", "en"))  # fmt: skip
    assert zh - {"label", "whole_label", "other_label", "labels"} <= en | {"unit", "base"} or en <= zh | {
        "name",
        "whole",
        "other",
    }


def test_every_text_of_a_finding_is_filled(
    table: Any, read: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: dict[str, str], key: str) -> str:
        raise AssertionError(f"nobody gave {key}")

    monkeypatch.setattr("balancelab.intake.findings._Words.__missing__", missing)
    table.set(2, "students", "约1520").set(3, "teachers_backbone", "—").set(4, "county_code", "371500")
    table.set(5, "stage", "幼儿园").set(6, "school", "<b>").set(7, "year", "204").add(students="1")
    findings = read(table).findings
    assert len(findings) >= 7
    for finding in findings:
        assert "{" not in finding.zh + finding.en + finding.remedy_zh + finding.remedy_en
        assert finding.file == "schools.csv"


def test_order_and_bytes_are_the_same_every_time(table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    """Same bytes in, same findings out, in the same order; errors come first."""
    table.set(9, "students", "约1").set(2, "books", "-1").set(3, "school", "NA").set(4, "stage", "普通小学")
    first, second = read(table), read(table)
    assert first.findings == second.findings
    severities = [finding.severity for finding in first.findings]
    assert severities == sorted(severities, key=["error", "warning", "normalised"].index)
    first.save(tmp_path / "one.parquet")
    second.save(tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_what_is_stored_comes_back(table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    table.set(4, "stage", "普通小学").set(3, "teachers_backbone", "—").set(2, "students", "1,520".replace(",", " "))
    intake = read(table)
    intake.save(tmp_path / "kept.parquet")
    back = read_schools(tmp_path / "kept.parquet")
    for name in ("schools", "excluded", "ledger"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(intake, name))
    assert (back.findings, back.source) == (intake.findings, intake.source)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_stored_panel_gives_one_year(table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    for row in [list(row) for row in table.rows]:
        row[0] = "2023"
        table.rows.append(row)
    read(table, all_years=True).save(tmp_path / "kept.parquet")
    kept = tmp_path / "kept.parquet"
    assert [finding.code for finding in inspect(kept).findings] == ["YEAR_AMBIGUOUS"]
    one = inspect(kept, year=2023)
    assert (one.findings, len(one.schools), len(one.excluded)) == ((), 8, 8)
    assert [finding.code for finding in inspect(kept, year=2020).findings] == ["YEAR_NOT_FOUND"]
    assert len(inspect(kept, all_years=True).schools) == 16


def test_types_of_the_clean_table(control: Intake) -> None:
    schools = control.schools
    assert str(schools["year"].dtype) == "int64"
    assert {str(schools[name].dtype) for name in ("county_code", "school", "stage", "location")} == {"str"}
    assert {str(schools[name].dtype) for name in ("students", "books", "teaching_area_m2")} == {"float64"}
    assert list(control.ledger.columns) == ["file", "sheet", "row", "column", "raw", "value", "rule"]
    assert list(control.excluded.columns) == [
        "source_row",
        "county_code",
        "school_code",
        "school",
        "students",
        "reason",
    ]
    # 小学 and 初中 became primary and junior in eight cells: said in the ledger, worth no finding.
    assert control.ledger["rule"].tolist() == ["label"] * 8
    assert control.findings == ()


def test_one_countys_part(table: Any, read: Callable[..., Intake]) -> None:
    """Findings on missing values are counted anew for the county; those of the other county are gone."""
    for n, row in enumerate([list(row) for row in table.rows]):
        row[1], row[2], row[3], row[4] = "371598", "示范县", f"{row[3][:-3]}9{n:02}", row[4].replace("示例县", "示范县")
        table.rows.append(row)
    table.set(2, "teachers_backbone", "—").set(10, "teachers_backbone", "").set(11, "teachers_backbone", "")
    table.set(12, "school", "NA")
    intake = read(table)
    mine, other = intake.for_county("371599"), intake.for_county("371598")
    assert [(finding.code, finding.count) for finding in mine.findings] == [("MISSING_TOKEN", 1)]
    assert [(finding.code, finding.count) for finding in other.findings] == [("MISSING_VALUE", 2), ("NAME_SUSPECT", 1)]
    assert "2 of 8" in other.findings[0].en
    assert mine.source.rows_in == other.source.rows_in == 8
    assert len(mine.ledger) + len(other.ledger) == len(intake.ledger)


def test_text_for_a_terminal(table: Any, read: Callable[..., Intake]) -> None:
    for row in range(2, 10):
        table.set(row, "students", f"约{row}😀")
    intake = read(table)
    for language in ("zh", "en"):
        text = format_findings(intake.findings, language, limit=3)
        text.encode("gbk")
        assert text.count("NUM_UNPARSABLE") == 3
        assert "8" in text.splitlines()[-1]
        assert "\\U0001f600" in text
    assert format_findings((), "en") == "Nothing was found."


def test_one_finding_is_one_line(table: Any, read: Callable[..., Intake]) -> None:
    """T13: a name with line ends and terminal codes cannot forge a line of the log."""
    intake = read(table.set(5, "stage", '"x\n[Error FORGED] y\x1b[2J"'))
    text = format_findings(intake.findings, "en")
    assert not any(line.startswith("[Error FORGED]") for line in text.splitlines())
    assert "\x1b" not in text


def test_json_holds_everything(table: Any, read: Callable[..., Intake]) -> None:
    intake = read(table.set(2, "students", "约1520").set(3, "teachers_backbone", "—"))
    told = json.loads(json.dumps(findings_to_json(intake)))
    assert told["counts"] == {"error": 1, "warning": 1, "normalised": 0}
    assert told["rows"] == {"in": 8, "schools": 8, "excluded": {}}
    assert told["students"]["schools"] == 6571 - 1520
    assert [each["code"] for each in told["findings"]] == ["NUM_UNPARSABLE", "MISSING_TOKEN"]
    assert told["findings"][0]["address"] == "I2"
    assert told["changes"] == {"label": 8, "missing": 1}


@pytest.mark.parametrize("name", ["schools.csv", "schools.xlsx"])
def test_the_marked_copy(name: str, table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    table.column("联系电话", "13800001234").set(2, "students", "约1520").set(4, "books", "-1")
    table.set(3, "school", "=1+1" if name.endswith("csv") else "@x")
    intake = read(table, name)
    out = annotate(tmp_path / name, intake.findings, tmp_path / "marked.xlsx")
    book = openpyxl.load_workbook(out)
    listed, cells = book.worksheets[0], book.worksheets[1]
    assert listed.title.startswith("检查结果")
    assert listed.cell(1, 1).value.startswith("错误 2 处")
    for address in ("I2", "T4"):
        assert cells[address].fill.start_color.rgb.endswith("FFC7CE")
        assert "【错误】" in cells[address].comment.text
        assert "Remedy" in cells[address].comment.text
    assert cells["E3"].fill.start_color.rgb.endswith("FFEB9C")
    if name.endswith("csv"):
        assert (cells["E3"].value, cells["E3"].data_type) == ("=1+1", "s")
        assert cells["D2"].number_format == "@"
    addresses = {listed.cell(row, 2).value for row in range(5, listed.max_row + 1)}
    assert {"I2", "T4", "E3"} <= addresses
    assert any(listed.cell(row, 2).hyperlink for row in range(5, listed.max_row + 1))
    # The copy holds no personal value, and reading it again finds what the original had.
    assert b"13800001234" not in b"".join(_parts(out))
    again = [(finding.code, finding.address) for finding in inspect(out).findings if finding.severity == "error"]
    assert again == [(finding.code, finding.address) for finding in intake.findings if finding.severity == "error"]


def _parts(path: Path) -> list[bytes]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_a_file_that_cannot_be_shown_gets_the_list_alone(tmp_path: Path) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 broken")
    out = annotate(path, inspect(path).findings, tmp_path / "marked.xlsx")
    assert len(openpyxl.load_workbook(out).sheetnames) == 1


def test_the_copy_never_replaces_the_table(table: Any, tmp_path: Path) -> None:
    path = table.xlsx(tmp_path / "a.xlsx")
    with pytest.raises(ValueError, match="replace"):
        annotate(path, (), path)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("standard_id", ["quality_2017", "basic_2012"])
def test_the_blank_form_reads_back_without_a_finding(
    language: str, standard_id: str, control: Intake, tmp_path: Path
) -> None:
    standard = load_standard(standard_id)
    path = write_template(tmp_path / "form.xlsx", standard, language=language)
    assert [finding.code for finding in inspect(path).findings] == ["TABLE_EMPTY"]
    schema = load_schema()
    fields = form_fields(standard, schema)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == [header_text(each, language) for each in fields]
    for row, school in enumerate(control.schools.to_dict("records"), 3):
        for column, known in enumerate(fields, 1):
            sheet.cell(row, column).value = _filled(known, school, language)
    book.save(path)
    needed = standard.columns_needed()
    intake = read_schools(path, columns_needed=needed)
    assert intake.findings == ()
    assert intake.excluded["reason"].tolist() == ["example_row"]
    names = [
        name
        for name in control.schools.columns
        if name in intake.schools and name not in ("source_row", "teaching_area_m2")
    ]
    pd.testing.assert_frame_equal(intake.schools[names], control.schools[names])


def _filled(known: Any, school: dict[str, Any], language: str) -> Any:
    extra = {
        "ownership": "county",
        "indoor_sports_area_m2": school["students"] // 9,
        "sports_ground_area_m2": school["sports_area_m2"],
    }
    value = school.get(known.name, extra.get(known.name))
    if known.kind == "label" and value is not None:
        return known.values[value][language]
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else value


def test_the_form_helps(tmp_path: Path) -> None:
    """Drop-downs for labels, limits for numbers, locked headers, comments, an example row, notes."""
    path = write_template(tmp_path / "form.xlsx", load_standard("quality_2017"), language="zh")
    book = openpyxl.load_workbook(path)
    sheet, notes = book.worksheets
    kinds = {validation.type for validation in sheet.data_validations.dataValidation}
    assert {"list", "whole", "decimal"} <= kinds
    assert sheet.protection.sheet
    assert sheet["A1"].protection.locked
    assert not sheet["A2"].protection.locked
    assert all(cell.comment for cell in sheet[1])
    assert any(str(cell.value).startswith("【示例】") for cell in sheet[2])
    assert {cell.number_format for cell in sheet[2] if str(cell.value) in ("371599", "2137000101")} == {"@"}
    assert notes.title == "填表说明"
    first = path.read_bytes()
    write_template(path, load_standard("quality_2017"), language="zh")
    assert path.read_bytes() == first


def test_the_schema_stays_a_table_schema() -> None:
    """Every field has what Frictionless asks for, and every reference in balancelab's own properties exists."""
    table = json.loads(schema_path().read_text(encoding="utf-8"))["resources"][0]["schema"]
    names = [entry["name"] for entry in table["fields"]]
    assert len(names) == len(set(names))
    for entry in table["fields"]:
        assert entry["type"] in ("integer", "number", "string", "boolean")
        assert set(entry["label"]) == {"zh", "en"}
        assert entry.get("subsetOf", names[0]) in names
        assert entry.get("unit") is None or entry["unit"] in table["units"]
    assert all({part["of"], *part["columns"]} <= set(names) for part in table["parts"])
    assert set(table["primaryKey"]) <= set(names)


def test_no_header_means_two_columns() -> None:
    """An alias that two fields share would be read as whichever comes last."""
    owners: dict[str, set[str]] = {}
    for each in load_schema().fields:
        for key in each.headers():
            owners.setdefault(key, set()).add(each.name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


def test_counting_beyond_the_list() -> None:
    faults = Faults("a.csv")
    for row in range(2, 252):
        faults.add("NUM_UNPARSABLE", row=row, column="students", raw="x", hint=("", ""))
    findings = faults.findings()
    assert len(findings) == 101
    assert (findings[-1].count, findings[-1].row) == (150, None)
    assert isinstance(findings[0], Finding)


@pytest.mark.parametrize(
    ("rows", "said"), [("", "1 blank row was skipped (row 5)"), ("\n", "2 blank rows were skipped (row 5, row 6)")]
)
def test_english_counts_one_and_many(table: Any, read: Callable[..., Intake], rows: str, said: str) -> None:
    lines = table.text().split("\n")
    intake = read("\n".join([*lines[:4], rows, *lines[4:]]))
    assert said in intake.findings[0].en
    refused = read(table.set(2, "students", "many"))
    assert format_findings(refused.findings, "en").startswith("schools.csv: 1 error, 0 warnings, 0 normalised.")


def test_a_file_that_could_not_be_finished_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("whole")

    def fail() -> None:
        with replacing(path) as partial:
            partial.write_text("half")
            raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.xlsx", "whole")]
    with replacing(path) as partial:
        partial.write_text("new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.xlsx", "new")]
