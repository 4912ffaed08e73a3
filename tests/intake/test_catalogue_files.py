"""Groups I and M of the catalogue (Excel and binary files; size), and what no file may do to the machine."""

from __future__ import annotations

import datetime
import os
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from balancelab.intake import DataRefused, Intake, inspect, read_schools

E, W, N = "error", "warning", "normalised"
FILES = Path(__file__).parent / "files"
"""control and odd (errors in P2 and Q3, a date in J6, row 5 and column T hidden), saved by LibreOffice 7.4."""


def codes(intake: Intake) -> list[str]:
    return [finding.code for finding in intake.findings]


def found(intake: Intake, code: str) -> list[Any]:
    each = [finding for finding in intake.findings if finding.code == code]
    assert each, [(finding.code, finding.en) for finding in intake.findings]
    return each


def edited(path: Path, change: Callable[[Any, Any], object]) -> Path:
    book = openpyxl.load_workbook(path)
    change(book, book.active)
    book.save(path)
    return path


def same(intake: Intake, control: Intake) -> None:
    pd.testing.assert_frame_equal(intake.schools.drop(columns="source_row"), control.schools.drop(columns="source_row"))


def test_a_workbook_equals_the_text_file(table: Any, read: Callable[..., Intake], control: Intake) -> None:
    intake = read(table, "schools.xlsx")
    assert intake.findings == ()
    same(intake, control)


def test_i01_title_units_two_level_header_merged_county(table: Any, tmp_path: Path, control: Intake) -> None:
    """Merged ranges are filled within themselves; 万元 in the second header row is converted."""
    book = openpyxl.Workbook()
    sheet = book.active
    top = [""] * 21
    low = ["年度", "区划代码", "县（区）", "学校代码", "学校名称", "学段", "学校类型", "城乡类型", "在校生数", "班级数"]
    low += [
        "合计",
        "高于规定学历",
        "骨干教师",
        "体艺教师数",
        "中级及以上职称",
        "教学及辅助用房",
        "体育运动场馆",
        "教学仪器设备值（万元）",
    ]
    low += ["计算机台数", "图书册数", "网络多媒体教室数"]
    top[10], top[15] = "专任教师数", "面积（平方米）"
    low[11] = "高于规定学历教师"
    low[13], low[14] = "体艺教师数", "中级及以上职称教师数"
    for row in (["示例县2024年义务教育学校办学条件统计表"], ["填报单位：示例县教育局"], top, low):
        sheet.append(row)
    for values in table.typed():
        sheet.append([*values[:17], values[17] / 10000, *values[18:]])
    sheet.merge_cells("A1:U1")
    sheet.merge_cells("K3:O3")
    sheet.merge_cells("P3:Q3")
    for column in "ABCDEFGHIJRSTU":
        letter = sheet[f"{column}4"].value
        sheet[f"{column}4"].value, sheet[f"{column}3"].value = None, letter
        sheet.merge_cells(f"{column}3:{column}4")
    for row in range(6, 13):
        sheet[f"C{row}"].value = None
    sheet.merge_cells("C5:C12")
    path = tmp_path / "form.xlsx"
    book.save(path)
    intake = inspect(path)
    assert not [finding for finding in intake.findings if finding.severity != N], codes(intake)
    assert {"HEADER_MULTI_ROW", "ROW_NOTE", "UNIT_CONVERTED", "XLSX_MERGED_FILLED"} <= set(codes(intake))
    same(intake, control)


def test_i02_formula_without_value(table: Any, tmp_path: Path) -> None:
    path = edited(table.xlsx(tmp_path / "a.xlsx"), lambda book, sheet: sheet.__setitem__("I2", "=760+760"))
    each = found(inspect(path), "XLSX_FORMULA_NO_VALUE")
    assert [(finding.severity, finding.address) for finding in each] == [(E, "I2")]


def test_i03_several_sheets(table: Any, tmp_path: Path, control: Intake) -> None:
    path = table.xlsx(tmp_path / "a.xlsx", "2024")

    def change(book: Any, sheet: Any) -> None:
        book.copy_worksheet(sheet).title = "2023"
        book.copy_worksheet(sheet).title = "旧数据"
        book["旧数据"].sheet_state = "hidden"
        book.move_sheet("旧数据", -2)

    edited(path, change)
    finding = found(inspect(path), "XLSX_SHEET_AMBIGUOUS")[0]
    assert all(name in finding.en for name in ("2024", "2023", "旧数据"))
    same(inspect(path, sheet="2023"), control)
    assert codes(inspect(path, sheet="2022")) == ["XLSX_SHEET_UNKNOWN"]


def test_a_sheet_of_notes_beside_the_table_needs_no_question(table: Any, tmp_path: Path, control: Intake) -> None:
    path = table.xlsx(tmp_path / "a.xlsx")
    edited(path, lambda book, sheet: book.create_sheet("说明", 0).append(["请按要求填写"]))
    intake = inspect(path)
    assert intake.findings == ()
    same(intake, control)


def test_i04_encrypted(read: Callable[..., Intake]) -> None:
    """A compound file whose directory names the stream that encryption leaves (MS-OFFCRYPTO 2.3.4.4)."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)
    start = time.process_time()
    finding = found(read(content, "a.xlsx"), "FILE_ENCRYPTED")[0]
    assert "encrypted" in finding.en
    assert time.process_time() - start < 1


def test_i05_truncated(table: Any, tmp_path: Path) -> None:
    path = table.xlsx(tmp_path / "a.xlsx")
    content = path.read_bytes()
    for length in (100, 900, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:length])
        assert codes(inspect(path)) == ["FILE_CORRUPT"], length


@pytest.mark.parametrize(
    ("name", "content", "code", "word"),
    [
        ("a.xlsx", "control", "FILE_TYPE_MISMATCH", "csv"),
        ("a.xls", "<html><table><tr><td>year</td></tr></table></html>", "FILE_TYPE_MISMATCH", "html"),
        ("a.xls", "<?xml version='1.0'?><Workbook/>", "FILE_TYPE_MISMATCH", "XML"),
        ("a.csv", "%PDF-1.7 ...", "FILE_TYPE_MISMATCH", "PDF"),
        ("a.parquet", "control", "FILE_CORRUPT", "Parquet"),
        ("~$a.xlsx", "x", "FILE_LOCK", "lock file"),
        ("a.pkl", b"\x80\x04\x95abcdefg", "FILE_UNSUPPORTED", "pickle"),
    ],
)  # fmt: skip
def test_i06_i07_content_that_is_not_what_the_name_says(
    name: str, content: Any, code: str, word: str, table: Any, read: Callable[..., Intake]
) -> None:
    finding = found(read(table.text() if content == "control" else content, name), code)[0]
    assert finding.severity == E
    assert word in finding.en


def test_i08_numbers_as_text_and_codes_as_numbers(table: Any, tmp_path: Path, control: Intake) -> None:
    def change(book: Any, sheet: Any) -> None:
        for row in range(2, 10):
            sheet[f"I{row}"].value, sheet[f"I{row}"].data_type = str(sheet[f"I{row}"].value), "s"
            sheet[f"D{row}"].value = float(sheet[f"D{row}"].value)

    intake = inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change))
    assert {"CODE_NORMALISED", "NUM_NORMALISED"} == set(codes(intake))
    same(intake, control)


def test_i09_dates(table: Any, tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet["K2"].value = datetime.date(2024, 3, 6)
        sheet["A3"].value = datetime.date(2024, 9, 1)

    each = found(inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change)), "XLSX_DATE_CELL")
    assert {finding.address for finding in each} == {"K2", "A3"}


@pytest.mark.parametrize("name", ["odd.xls", "odd.ods"])
def test_i10_i13_in_other_formats(name: str) -> None:
    intake = inspect(FILES / name)
    assert {finding.address for finding in found(intake, "XLSX_ERROR_CELL")} == {"P2", "Q3"}
    assert found(intake, "XLSX_DATE_CELL")[0].address == "J6"
    assert all(word in found(intake, "XLSX_HIDDEN_ROWS")[0].en for word in ("row 5", "T"))
    assert "XLSX_FORMULAS" in codes(intake)


@pytest.mark.parametrize(
    ("name", "as_name"), [("control.xls", "a.xls"), ("control.xls", "a.et"), ("control.ods", "a.ods")]
)
def test_i15_other_formats_are_read(name: str, as_name: str, tmp_path: Path, control: Intake) -> None:
    path = tmp_path / as_name
    path.write_bytes((FILES / name).read_bytes())
    intake = inspect(path)
    assert intake.findings == ()
    same(intake, control)


def test_i11_stacked_tables(table: Any, tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        header = [cell.value for cell in sheet[1]]
        header[9], header[10] = header[10], header[9]
        sheet.append([])
        sheet.append(["初中"])
        sheet.append(header)
        sheet.append([cell.value for cell in sheet[2]])

    intake = inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change))
    assert "row 12" in found(intake, "ROW_REPEATED_HEADER_DIFFERS")[0].en
    assert len(intake.schools) == 8


def test_i12_formatting_far_below_the_data(table: Any, tmp_path: Path, control: Intake) -> None:
    from openpyxl.styles import Font

    def change(book: Any, sheet: Any) -> None:
        sheet.cell(1_048_576, 1).font = Font(bold=True)
        sheet.cell(200, 300).font = Font(bold=True)

    path = edited(table.xlsx(tmp_path / "a.xlsx"), change)
    start = time.process_time()
    intake = inspect(path)
    assert time.process_time() - start < 2
    assert codes(intake) == ["XLSX_RANGE_TRIMMED"]
    same(intake, control)


def test_i13_hidden_rows_are_read(table: Any, tmp_path: Path, control: Intake) -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["Q"].hidden = True

    intake = inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change))
    assert codes(intake) == ["XLSX_HIDDEN_ROWS"]
    assert all(word in intake.findings[0].en for word in ("row 4", "Q"))
    same(intake, control)


def test_i17_dates_of_the_other_epoch(table: Any, tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    def change(book: Any, sheet: Any) -> None:
        book.epoch = CALENDAR_MAC_1904
        sheet["K2"].value = datetime.date(2024, 3, 6)

    assert found(inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change)), "XLSX_DATE_CELL")[0].address == "K2"


def test_i18_a_percent_format_scales_nothing(table: Any, tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet["V1"].value = "proficiency_rate"
        for row in range(2, 10):
            sheet[f"V{row}"].value, sheet[f"V{row}"].number_format = 0.85, "0%"

    intake = inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change))
    assert intake.findings == ()
    assert set(intake.schools["proficiency_rate"]) == {0.85}


def test_i14_i25_i26_parquet(table: Any, tmp_path: Path, control: Intake) -> None:
    path = tmp_path / "a.parquet"
    frame = control.schools.drop(columns="source_row")
    frame.to_parquet(path)
    same(inspect(path), control)
    assert codes(inspect(path)) == []
    numbered = frame.assign(
        county_code=frame["county_code"].astype(int), books=frame["books"].where(frame["books"] > 3000)
    )
    numbered.to_parquet(path)
    assert set(codes(inspect(path))) == {"CODE_NORMALISED", "MISSING_VALUE"}
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert codes(inspect(path)) == ["FILE_CORRUPT"]
    control.save(path)
    kept = path.read_bytes()
    path.write_bytes(kept[:200] + bytes(400) + kept[600:])  # a stored table, damaged in the middle
    assert codes(inspect(path)) == ["FILE_CORRUPT"]
    pq.write_table(pa.table({"year": [2024], "odd": [{"a": 1}], "raw": [b"x"]}), path)
    assert codes(inspect(path)) == ["PARQUET_TYPE", "PARQUET_TYPE"]


def test_i16_macros(table: Any, tmp_path: Path, control: Intake) -> None:
    path = table.xlsx(tmp_path / "a.xlsm")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    intake = inspect(path)
    assert codes(intake) == ["XLSX_MACROS"]
    same(intake, control)


def _with_formula(path: Path, formula: str, value: str) -> Path:
    """Give I2 a formula with a stored value, as a spreadsheet program would have saved it."""
    content: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content[name] = archive.read(name)
    part = "xl/worksheets/sheet1.xml"
    content[part] = re.sub(
        rb'<c r="I2"[^>]*><v>1520</v></c>', f'<c r="I2"><f>{formula}</f><v>{value}</v></c>'.encode(), content[part]
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_i19_stored_values_are_read_and_said(table: Any, tmp_path: Path, control: Intake) -> None:
    intake = inspect(_with_formula(table.xlsx(tmp_path / "a.xlsx"), "760+860", "1520"))
    assert [(finding.code, finding.severity) for finding in intake.findings] == [("XLSX_FORMULAS", W)]
    assert "I2" in intake.findings[0].en
    same(intake, control)


def test_i20_links_are_never_opened(table: Any, tmp_path: Path) -> None:
    for formula in ("WEBSERVICE(&quot;http://example.invalid&quot;)", "[1]Sheet1!A1", "cmd|'/c calc'!A1"):
        intake = inspect(_with_formula(table.xlsx(tmp_path / "a.xlsx"), formula, "1520"))
        assert "XLSX_EXTERNAL_LINKS" in codes(intake), formula
        assert not [finding for finding in intake.findings if finding.severity == E]


def _measured(path: Path) -> tuple[list[str], float, float]:
    """Read `path` in another process; return the codes, the seconds and the peak memory in MB."""
    code = f"""
import resource, time
from balancelab.intake import inspect
import pyarrow.csv, python_calamine, balancelab.intake.workbook, balancelab.intake.typed
from pathlib import Path
inspect(Path({str(FILES / "control.ods")!r}))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
codes = [finding.code for finding in inspect({str(path)!r}).findings]
print(",".join(codes), time.process_time() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    listed, seconds, memory = done.stdout.rsplit(" ", 2)
    return listed.split(","), float(seconds), float(memory)


def _zip_with(path: Path, table: Any, **parts: bytes) -> Path:
    table.xlsx(path)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update({name.replace("__", "/").replace("_dot_", "."): data for name, data in parts.items()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.mark.slow
def test_i21_bombs_are_refused_at_once(table: Any, tmp_path: Path) -> None:
    """A part that expands 1000 to 1, entities, and two cells at opposite corners of the sheet. Catalogue T10."""
    big = _zip_with(tmp_path / "big.xlsx", table, xl__sharedStrings_dot_xml=b"<sst>" + b" " * 120_000_000)
    entity = _zip_with(
        tmp_path / "entity.xlsx", table,
        xl__sharedStrings_dot_xml=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst>&b;</sst>',  # noqa: E501
    )  # fmt: skip
    corner = edited(table.xlsx(tmp_path / "corner.xlsx"), lambda book, sheet: sheet.__setitem__("XFD1048576", 1))
    for path, code in ((big, "FILE_BOMB"), (entity, "FILE_UNSAFE"), (corner, "FILE_BOMB")):
        refused, seconds, memory = _measured(path)
        assert refused == [code], path
        assert seconds < 1
        assert memory < 200


@pytest.mark.slow
def test_i21_an_ods_of_repeated_cells(tmp_path: Path) -> None:
    with zipfile.ZipFile(FILES / "control.ods") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    xml = content["content.xml"].decode()
    repeated = (
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16000" '
    )
    repeated += 'office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table>'  # noqa: E501
    content["content.xml"] = xml.replace("</table:table>", repeated, 1).encode()
    path = tmp_path / "bomb.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    refused, seconds, memory = _measured(path)
    assert (refused, seconds < 1, memory < 200) == (["FILE_BOMB"], True, True)


@pytest.mark.slow
def test_a_gzip_bomb(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 120_000_000, 9))
    refused, seconds, memory = _measured(path)
    assert (refused, seconds < 2, memory < 300) == (["FILE_BOMB"], True, True)


def test_i22_a_sheet_at_the_limit_of_its_format(monkeypatch: pytest.MonkeyPatch, table: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("balancelab.intake.workbook._ROW_LIMITS", {"xlsx": 9})
    assert codes(inspect(table.xlsx(tmp_path / "a.xlsx"))) == ["FILE_ROW_LIMIT"]


def test_i23_a_table_that_starts_at_d7(table: Any, tmp_path: Path, control: Intake) -> None:
    book = openpyxl.Workbook()
    for row, values in enumerate([table.header, *table.typed()], 7):
        for column, value in enumerate(values, 4):
            book.active.cell(row, column).value = value
    book.active["L8"].value = "约1520"
    path = tmp_path / "a.xlsx"
    book.save(path)
    finding = found(inspect(path), "NUM_UNPARSABLE")[0]
    assert (finding.address, finding.row) == ("L8", 8)
    edited(path, lambda book, sheet: sheet.__setitem__("L8", 1520))
    same(inspect(path), control)


def test_i24_comments_are_not_kept(table: Any, tmp_path: Path) -> None:
    from openpyxl.comments import Comment

    path = table.xlsx(tmp_path / "a.xlsx")
    edited(path, lambda book, sheet: setattr(sheet["E2"], "comment", Comment("张三说", "李四")))
    intake = inspect(path)
    intake.save(tmp_path / "kept.parquet")
    everything = repr(intake.findings) + intake.schools.to_csv() + intake.ledger.to_csv()
    assert "张三" not in everything
    assert "张三".encode() not in (tmp_path / "kept.parquet").read_bytes()


def test_i27_a_lock_file_beside_the_workbook(table: Any, tmp_path: Path) -> None:
    path = table.xlsx(tmp_path / "a.xlsx")
    (tmp_path / "~$a.xlsx").write_bytes(b"x")
    assert codes(inspect(path)) == ["FILE_OPEN_ELSEWHERE"]


def test_e08_single_coloured_cells(table: Any, tmp_path: Path) -> None:
    from openpyxl.styles import PatternFill

    def change(book: Any, sheet: Any) -> None:
        sheet["I3"].fill = PatternFill("solid", start_color="FFFF00", end_color="FFFF00")

    each = found(inspect(edited(table.xlsx(tmp_path / "a.xlsx"), change)), "XLSX_FILL")
    assert "I3" in each[0].en


def test_prefixed_xml_is_understood(table: Any, tmp_path: Path) -> None:
    """Some writers put a prefix before every element; errors are seen all the same."""
    path = table.xlsx(tmp_path / "a.xlsx")
    edited(path, lambda book, sheet: sheet.__setitem__("P2", "#DIV/0!"))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    part = "xl/worksheets/sheet1.xml"
    xml = content[part].decode()
    xml = re.sub(r"<(/?)([A-Za-z])", r"<\1x:\2", xml).replace("<x:worksheet xmlns=", "<x:worksheet xmlns:x=")
    content[part] = xml.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert found(inspect(path), "XLSX_ERROR_CELL")[0].address == "P2"


def test_m03_a_cell_without_end(table: Any, read: Callable[..., Intake]) -> None:
    start = time.process_time()
    finding = found(read(table.set(5, "school", "长" * 3_000_000)), "CELL_TOO_LONG")[0]
    assert (finding.severity, finding.row) == (E, 5)
    assert time.process_time() - start < 2


def test_m06_every_cell_bad(table: Any, read: Callable[..., Intake]) -> None:
    """The first hundred of a code, then how many more: 13 columns of 3,000 rows are 39,000 cells (hand)."""
    numeric = table.header[8:]
    for n in range(2_992):
        table.add(school_code=f"2137{n + 1000:06}", school=f"示例县第{n + 10}小学")
    for name in numeric:
        table.fill(name, lambda value: "约" + value)
    bad = [finding for finding in read(table).findings if finding.code == "NUM_UNPARSABLE"]
    assert sum(finding.count for finding in bad) == 39_000
    assert len(bad) <= 100 + len(numeric)


def test_m07_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    sparse = tmp_path / "sparse.csv"
    with sparse.open("wb") as stream:
        stream.truncate(1 << 30)
    assert codes(inspect(tmp_path)) == ["FILE_NOT_REGULAR"]
    assert codes(inspect(tmp_path / "pipe.csv")) == ["FILE_NOT_REGULAR"]
    os.mkfifo(tmp_path / "pipe.parquet")
    assert codes(inspect(tmp_path / "pipe.parquet")) == ["FILE_NOT_REGULAR"]
    assert codes(inspect("/dev/zero")) == ["FILE_NOT_REGULAR"]
    assert codes(inspect(sparse)) == ["FILE_NOT_REGULAR"]
    assert codes(inspect(tmp_path / "none.csv")) == ["FILE_NOT_FOUND"]


def test_m08_a_file_that_changes_while_it_is_read(monkeypatch: pytest.MonkeyPatch, table: Any, tmp_path: Path) -> None:
    path = table.csv(tmp_path / "a.csv")
    whole = Path.read_bytes

    def growing(self: Path) -> bytes:
        content = whole(self)
        self.write_bytes(content + b"\n")
        return content

    monkeypatch.setattr(Path, "read_bytes", growing)
    assert codes(inspect(path)) == ["FILE_CHANGED"]


def test_m05_a_county_of_5000_schools(table: Any, read: Callable[..., Intake]) -> None:
    rng = np.random.default_rng(5)
    for n in range(4_992):
        students = int(rng.integers(100, 2000))
        table.add(
            school_code=f"2137{n + 1000:06}", school=f"示例县第{n + 10}小学", students=str(students),
            classes=str(students // 40 + 1), teachers=str(students // 15 + 1), teachers_above_qualification=str(students // 20),  # noqa: E501
            teachers_backbone=str(students // 90), teachers_arts_pe=str(students // 95), teachers_senior_title=str(students // 38),  # noqa: E501
            teaching_area_m2=str(students * 5 + n % 7), sports_area_m2=str(students * 8 + n % 11),
            equipment_value_yuan=str(students * 2100 + n), computers=str(students // 7 + n % 3), books=str(students * 25 + n % 5),  # noqa: E501
            multimedia_rooms=str(students // 42 + 1),
        )  # fmt: skip
    intake = read(table)
    assert len(intake.schools) == 5_000
    assert not [finding for finding in intake.findings if finding.severity == E]


def test_reading_never_writes_beside_the_file(table: Any, tmp_path: Path) -> None:
    path = table.csv(tmp_path / "a.csv")
    inspect(path)
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_refusal_carries_every_finding(table: Any, tmp_path: Path) -> None:
    path = table.set(2, "students", "约1520").set(3, "books", "-1").csv(tmp_path / "a.csv")
    with pytest.raises(DataRefused) as refused:
        read_schools(path)
    assert [finding.code for finding in refused.value.findings] == ["NUM_UNPARSABLE", "NUM_NEGATIVE"]


def test_no_evaluation_anywhere_in_the_room() -> None:
    """T07: no pickle, eval or exec in the door's own code."""
    room = Path(inspect.__code__.co_filename).parent
    pattern = re.compile(r"\b(pickle|joblib|dill|marshal|shelve)\b\.|(?<![\w.])(eval|exec)\(|read_pickle|yaml\.load")
    bad = [path.name for path in sorted(room.glob("*.py")) if pattern.search(path.read_text(encoding="utf-8"))]
    assert bad == []


def test_the_sample_is_read_in_half_a_second() -> None:
    sample = Path(__file__).parents[2] / "data" / "sample" / "schools.csv"
    inspect(sample, year=2024)
    # Processor time, so that other work on the machine does not count.
    start = time.process_time()
    intake = inspect(sample, year=2024)
    assert time.process_time() - start < 0.5
    assert not [finding for finding in intake.findings if finding.severity == E]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_000_000
