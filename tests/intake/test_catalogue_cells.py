"""Groups C to F of the catalogue of bad inputs (headers, numbers as text, missing values, units): the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from balancelab.intake import Intake

E, W, N = "error", "warning", "normalised"

# id, what becomes of the control, severity, code, words the message has to hold
HEADERS: list[tuple[str, Callable[[Any], Any], str, str, tuple[str, ...]]] = [
    ("C01", lambda t: t.rename("students", "在校学生数").rename("teachers", "专任教师").rename("county", "县区"),
     N, "COL_MAPPED", ("在校学生数 = students",)),
    ("C02", lambda t: t.rename("equipment_value_yuan", "教学仪器设备值(万元)").fill(
        "教学仪器设备值(万元)", lambda v: f"{int(v) / 10000:.2f}"), N, "UNIT_CONVERTED", ("万元", "10000")),
    ("C03", lambda t: t.rename("sports_area_m2", "体育运动场馆面积(亩)").fill(
        "体育运动场馆面积(亩)", lambda v: f"{int(v) * 3 / 2000:.4f}"), N, "UNIT_CONVERTED", ("亩", "2000/3")),
    ("C04", lambda t: t.drop("students"), E, "COL_MISSING", ("students",)),
    ("C05", lambda t: t.column("students", [str(100 + i) for i in range(8)]), E, "COL_DUPLICATE",
     ("students", "row 2")),
    ("C06", lambda t: t.column("校长姓名", "张某").column("联系电话", "13800000000"), W, "COL_PERSONAL_DROPPED",
     ("校长姓名", "联系电话")),
    ("C07", lambda t: t.rename("students", " Stu\u00a0dents\u200b").rename("books", "BOOKS")
     .rename("county", "\u3000county"),
     N, "COL_MAPPED", ("students", "books")),
    ("C08-same", lambda t: t.column("学生数", [row[8] for row in t.rows]), N, "COL_DUPLICATE_SAME", ("学生数",)),
    ("C08-differs", lambda t: t.column("学生数", "7"), E, "COL_DUPLICATE", ("学生数",)),
    ("C10-empty", lambda t: t.column("", "").column("Unnamed: 22", ""), N, "COL_EMPTY_DROPPED", ("V", "W")),
    ("C10-held", lambda t: t.column("", "5"), E, "COL_UNNAMED", ("V", "8")),
    ("C11", lambda t: t.rename("students", "studnets"), E, "COL_MISSING", ("students", "studnets")),
    ("C11-optional", lambda t: t.rename("computers", "computters"), W, "COL_UNKNOWN", ("did you mean computers",)),
    ("C12", lambda t: t.rename("equipment_value_yuan", "设备值").fill("设备值", lambda v: f"{int(v) / 10000:.2f}"),
     E, "UNIT_IMPLAUSIBLE", ("equipment_value_yuan", "万元")),
    ("C14-known", lambda t: t.rename("sports_area_m2", "体育运动场馆面积（公顷）").fill(
        "体育运动场馆面积（公顷）", lambda v: f"{int(v) / 10000:.4f}"), N, "UNIT_CONVERTED", ("公顷",)),
    ("C14-wrong", lambda t: t.rename("sports_area_m2", "体育运动场馆面积（元）"), E, "UNIT_UNKNOWN",
     ("元", "sports_area_m2")),
    ("C14-unknown", lambda t: t.rename("students", "在校生数（不含学前）"), E, "UNIT_UNKNOWN", ("不含学前",)),
    ("C15", lambda t: t.rename("school", "學校名稱").rename("equipment_value_yuan", "教學儀器設備值"), N, "COL_MAPPED",
     ("學校名稱 = school",)),
    ("C16-count", lambda t: t.column("残疾学生数", "3"), W, "COL_SENSITIVE_DROPPED", ("残疾学生数",)),
    # 11010519491231002X: the specimen number of GB 11643-1999, its check digit holds.
    ("C16-id", lambda t: t.column("校长身份证号", "11010519491231002X"), E, "PERSONAL_ID", ("校长身份证号", "8")),
    ("L10", lambda t: t.column("=HYPERLINK(1)", "1"), W, "COL_UNKNOWN", ("HYPERLINK",)),
    ("M02", lambda t: _wide(t), E, "TABLE_TOO_WIDE", ("1000",)),
]  # fmt: skip


def _wide(table: Any) -> Any:
    for number in range(1100):
        table.column(f"x{number}", "1")
    return table


# id, cell of row 2, column, severity, code, the value if it is read
NUMBERS: list[tuple[str, str, str, str, str, float | None]] = [
    ("D01", "１５２０", "students", N, "NUM_NORMALISED", 1520),
    ("D01-point", "７２２０．５", "teaching_area_m2", N, "NUM_NORMALISED", 7220.5),
    ("D02", "3,268,000", "equipment_value_yuan", N, "NUM_NORMALISED", 3268000),
    ("D02-wide", "3，268，000", "equipment_value_yuan", N, "NUM_NORMALISED", 3268000),
    ("D03", "1520人", "students", N, "NUM_NORMALISED", 1520),
    ("D03-yuan", "3268000元", "equipment_value_yuan", N, "NUM_NORMALISED", 3268000),
    ("D03-wan", "326.8万元", "equipment_value_yuan", N, "NUM_NORMALISED", 3268000),
    ("D03-area", "7220.5㎡", "teaching_area_m2", N, "NUM_NORMALISED", 7220.5),
    ("D03-wrong", "1520元", "students", E, "NUM_UNPARSABLE", None),
    ("D03-wan-alone", "120 万", "equipment_value_yuan", E, "NUM_UNPARSABLE", None),
    ("D04", "约1520", "students", E, "NUM_UNPARSABLE", None),
    ("D04-range", "1100-1200", "students", E, "NUM_UNPARSABLE", None),
    ("D04-above", ">600", "students", E, "NUM_UNPARSABLE", None),
    ("D04-words", "二百一十五", "students", E, "NUM_UNPARSABLE", None),
    ("D05", "7.220,5", "teaching_area_m2", E, "NUM_AMBIGUOUS", None),
    ("D05-comma", "5605,00", "teaching_area_m2", E, "NUM_AMBIGUOUS", None),
    ("D06-inf", "inf", "books", E, "NUM_UNPARSABLE", None),
    ("D06-nan", "nan", "books", E, "NUM_UNPARSABLE", None),
    ("D06-1e400", "1e400", "books", E, "NUM_UNPARSABLE", None),
    ("D06-hex", "0x1784", "books", E, "NUM_UNPARSABLE", None),
    ("D06-underscore", "2_752", "books", E, "NUM_UNPARSABLE", None),
    ("D06-bool", "True", "books", E, "NUM_UNPARSABLE", None),
    ("D07", "-1520", "students", E, "NUM_NEGATIVE", None),
    ("D07-bracket", "(65)", "teachers", E, "NUM_NEGATIVE", None),
    ("D07-minus", "\u221216640", "books", E, "NUM_NEGATIVE", None),
    ("D08", "1520.5", "students", E, "NUM_NOT_INTEGER", None),
    ("D09", "85%", "students", E, "NUM_UNPARSABLE", None),
    ("D10", "12,34", "books", E, "NUM_AMBIGUOUS", None),
    ("D11", "'1520", "students", N, "NUM_NORMALISED", 1520),
    ("D12", "1 520", "students", N, "NUM_NORMALISED", 1520),
    ("D12-nbsp", "1\u00a0520", "students", N, "NUM_NORMALISED", 1520),
    ("D13-circled", "②", "students", E, "NUM_UNPARSABLE", None),
    ("D13-roman", "Ⅻ", "students", E, "NUM_UNPARSABLE", None),
    ("D13-raised", "²", "students", E, "NUM_UNPARSABLE", None),
    ("D14-O", "1O20", "students", E, "NUM_UNPARSABLE", None),
    ("D14-l", "l520", "students", E, "NUM_UNPARSABLE", None),
    ("D15", "760+760", "students", E, "NUM_UNPARSABLE", None),
    ("D15-star", "1520*", "students", E, "NUM_UNPARSABLE", None),
    ("D16-circled", "1520①", "students", E, "NUM_UNPARSABLE", None),
    ("D16-bracket", "1520[1]", "students", E, "NUM_UNPARSABLE", None),
    ("D17", "7220.50000000000018", "teaching_area_m2", N, "NUM_PRECISION", 7220.5),
    ("D18", "3.268E+06", "equipment_value_yuan", W, "NUM_SCIENTIFIC", 3268000),
    ("D19", "٣٤", "classes", E, "NUM_UNPARSABLE", None),
    ("D20", "-0", "teachers_backbone", N, "NUM_NORMALISED", 0),
    ("I10", "#DIV/0!", "students", E, "XLSX_ERROR_CELL", None),
    ("K07-small", "1e-300", "teaching_area_m2", E, "NUM_RANGE", None),
    ("K07-large", "1e300", "teaching_area_m2", E, "NUM_RANGE", None),
]


def _found(intake: Intake, code: str) -> list[Any]:
    found = [finding for finding in intake.findings if finding.code == code]
    assert found, [(finding.code, finding.en) for finding in intake.findings]
    return found


@pytest.mark.parametrize(("id_", "spoil", "severity", "code", "words"), HEADERS, ids=[case[0] for case in HEADERS])
def test_headers(
    id_: str, spoil: Callable[[Any], Any], severity: str, code: str, words: tuple[str, ...], table: Any,
    read: Callable[..., Intake],
) -> None:  # fmt: skip
    intake = read(spoil(table))
    found = _found(intake, code)
    assert found[0].severity == severity
    assert ("error" in {finding.severity for finding in intake.findings}) == (severity == E)
    text = " ".join(finding.en for finding in found)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("id_", "cell", "column", "severity", "code", "value"), NUMBERS, ids=[case[0] for case in NUMBERS]
)
def test_numbers(
    id_: str, cell: str, column: str, severity: str, code: str, value: float | None, table: Any,
    read: Callable[..., Intake],
) -> None:  # fmt: skip
    text = table.set(2, column, f'"{cell}"').text()
    intake = read(text)
    found = _found(intake, code)
    assert (found[0].severity, found[0].column) == (severity, column)
    read_value = intake.schools[column].iloc[0]
    if value is None:
        assert found[0].row == 2
        assert np.isnan(read_value)
    else:
        assert read_value == value
        if severity == N:
            assert list(intake.ledger[intake.ledger["column"] == column]["raw"]) == [cell]


def test_no_personal_value_gets_out(table: Any, read: Callable[..., Intake]) -> None:
    """T20: the values of dropped columns are in no table, finding or ledger."""
    spoilt = table.column("校长姓名", "张某某").column("联系电话", "13800001234").column("身份证", "11010519491231002X")
    intake = read(spoilt)
    everything = " ".join(
        [intake.schools.to_csv(), intake.ledger.to_csv(), intake.excluded.to_csv(), repr(intake.findings)]
    )
    assert not any(canary in everything for canary in ("张某某", "13800001234", "11010519491231002X"))


def test_columns_in_another_order_are_found_by_name(table: Any, read: Callable[..., Intake], control: Intake) -> None:
    table.header.reverse()
    for row in table.rows:
        row.reverse()
    intake = read(table)
    assert intake.findings == ()
    pd.testing.assert_frame_equal(intake.schools, control.schools)


def test_c09_no_header(table: Any, read: Callable[..., Intake]) -> None:
    text = "\n".join(table.text().split("\n")[1:])
    finding = _found(read(text), "HEADER_NOT_FOUND")[0]
    assert finding.severity == E
    assert "first" in finding.en


def test_c13_a_line_break_in_a_header(table: Any, read: Callable[..., Intake]) -> None:
    text = table.text().replace("students", '"在校\n生数"', 1)
    intake = read(text)
    assert not any(finding.severity == E for finding in intake.findings)
    assert intake.schools["students"].sum() == 6571  # 3,641 + 2,930, the control's oracle


def test_columns_needed_are_demanded_with_the_indicator(table: Any, read: Callable[..., Intake]) -> None:
    needed = {
        "special_rooms_per_100": [frozenset({"special_rooms", "students"})],
        "books_per_student": [frozenset({"books"})],
        "arts": [frozenset({"teachers_arts_pe"}), frozenset({"teachers_pe", "teachers_music"})],
    }
    found = _found(read(table, columns_needed=needed), "COL_MISSING")
    assert [finding.column for finding in found] == ["special_rooms"]
    assert "special_rooms_per_100" in found[0].en


def test_a_column_that_only_an_indicator_knows_is_read(table: Any, read: Callable[..., Intake]) -> None:
    needed = {"special_rooms_per_100": [frozenset({"special_rooms", "students"})]}
    intake = read(table.column("special_rooms", [str(n) for n in range(8)]), columns_needed=needed)
    assert intake.findings == ()
    assert list(intake.schools["special_rooms"]) == list(range(8))


def test_d09_percentages_in_a_share(table: Any, read: Callable[..., Intake]) -> None:
    """All with a sign: shares. Some without: nobody can know the scale."""
    every = read(table.copy().column("proficiency_rate", "85%"))
    assert [finding.code for finding in every.findings] == ["NUM_PERCENT"]
    assert set(every.schools["proficiency_rate"]) == {0.85}
    some = read(table.copy().column("proficiency_rate", ["85%"] * 4 + ["0.85"] * 4))
    assert _found(some, "NUM_PERCENT_MIXED")[0].severity == E


def test_a_unit_in_the_header_and_another_in_the_cell(table: Any, read: Callable[..., Intake]) -> None:
    spoilt = table.rename("equipment_value_yuan", "教学仪器设备值（万元）").set(
        2, "教学仪器设备值（万元）", "3268000元"
    )
    assert any(finding.row == 2 for finding in _found(read(spoilt), "NUM_UNPARSABLE"))


def test_unit_row_and_unit_line(table: Any, read: Callable[..., Intake], control: Intake) -> None:
    """A row of units below the header, and a line of units above it, both say 万元."""
    in_wan = (
        table.copy()
        .fill("equipment_value_yuan", lambda v: f"{int(v) / 10000:.2f}")
        .rename("equipment_value_yuan", "教学仪器设备值")
    )
    lines = in_wan.text().split("\n")
    units = ",".join("万元" if name == "教学仪器设备值" else "" for name in in_wan.header)
    row = read("\n".join([lines[0], units, *lines[1:]]))
    line = read("\n".join(["单位：人、平方米、万元" + "," * 20, *lines]))
    for intake in (row, line):
        assert _found(intake, "UNIT_CONVERTED")
        assert list(intake.schools["equipment_value_yuan"]) == list(control.schools["equipment_value_yuan"])
    both = read("\n".join(["单位：人、平方米、元、万元" + "," * 20, *lines]))
    assert _found(both, "UNIT_UNCLEAR")[0].severity == E


MISSING = [
    ("E01", ["—", "/", "无", "未统计", "……", "", "N/A", "暂缺"], "MISSING_TOKEN", ("8 of 8", "无")),
    ("E02", ["18", "", "7", "2", "1", "22", "11", "4"], "MISSING_VALUE", ("1 of 8", "18.0%")),  # 1,180 of 6,571
    ("E06", [""] * 8, "MISSING_VALUE", ("8 of 8", "100.0%")),
    ("E09", ["", "13", "7", "2", "1", "22", "11", "4"], "MISSING_VALUE", ("above 5%",)),
]


@pytest.mark.parametrize(("id_", "cells", "code", "words"), MISSING, ids=[case[0] for case in MISSING])
def test_missing(
    id_: str, cells: list[str], code: str, words: tuple[str, ...], table: Any, read: Callable[..., Intake]
) -> None:
    for row, cell in enumerate(cells, 2):
        table.set(row, "teachers_backbone", cell)
    intake = read(table)
    found = _found(intake, code)
    assert [finding.severity for finding in intake.findings] == [W]
    assert all(word in found[0].en for word in words), found[0].en
    held = intake.schools["teachers_backbone"]
    assert held.isna().sum() == sum(not cell.isdigit() for cell in cells)
    assert not (held == 0).any()


def test_e03_schools_called_nothing(table: Any, read: Callable[..., Intake]) -> None:
    intake = read(table.set(5, "school", "NA").set(6, "school", "None").set(7, "school", "null"))
    assert [finding.code for finding in intake.findings] == ["NAME_SUSPECT"] * 3
    assert {"NA", "None", "null"} <= set(intake.schools["school"])


def test_e04_all_zero_in_one_county(table: Any, read: Callable[..., Intake]) -> None:
    for n, row in enumerate([list(row) for row in table.rows]):
        row[1], row[2], row[3], row[12] = "371598", "示范县", f"{row[3][:-3]}9{n:02}", "0"
        table.rows.append(row)
    intake = read(table)
    found = _found(intake, "COL_ALL_ZERO")
    assert [(finding.column, finding.county_code) for finding in found] == [("teachers_backbone", "371598")]


@pytest.mark.parametrize("code", ["999", "9999", "99999"])
def test_e05_nines_for_missing(code: str, table: Any, read: Callable[..., Intake]) -> None:
    intake = read(table.set(5, "teachers_backbone", code).set(6, "teachers_backbone", code))
    assert [finding.row for finding in _found(intake, "MISSING_CODE")] == [5, 6]


def test_e05_minus_one(table: Any, read: Callable[..., Intake]) -> None:
    assert _found(read(table.set(5, "books", "-1")), "NUM_NEGATIVE")[0].row == 5


def test_e07_missing_students(table: Any, read: Callable[..., Intake]) -> None:
    found = _found(read(table.set(5, "students", "")), "VALUE_REQUIRED")[0]
    assert (found.severity, found.row, found.column) == (E, 5, "students")


def _scaled(table: Any, column: str, divisor: int) -> Any:
    return table.fill(column, lambda value: f"{float(value) / divisor:.6f}".rstrip("0").rstrip("."))


UNITS: list[tuple[str, Callable[[Any], Any], str, str, tuple[str, ...]]] = [
    ("F01", lambda t: t.set(2, "equipment_value_yuan", "326.8"), W, "UNIT_SUSPECT", ("row 2", "万元")),
    ("J07", lambda t: t.set(9, "equipment_value_yuan", "80.6"), W, "UNIT_SUSPECT", ("row 9", "万元")),
    ("F02", lambda t: _scaled(t, "equipment_value_yuan", 10000), E, "UNIT_IMPLAUSIBLE", ("371599", "万元")),
    ("F03", lambda t: t.fill("sports_area_m2", lambda v: f"{int(v) * 3 / 2000:.3f}"), E, "UNIT_IMPLAUSIBLE", ("亩",)),
    ("F04", lambda t: t.set(2, "students", "15").set(2, "teachers", "13").set(2, "teachers_above_qualification", "9")
     .set(2, "teachers_backbone", "1").set(2, "teachers_arts_pe", "1").set(2, "teachers_senior_title", "3"),
     W, "STUDENTS_SUSPECT", ("row 2", "students")),
    ("F06", lambda t: t.set(3, "books", "2478000").set(3, "equipment_value_yuan", "29500"), W, "SWAPPED_SUSPECT",
     ("row 3", "equipment_value_yuan", "books")),
    ("F08", lambda t: t.fill("teaching_area_m2", "4.75"), E, "PER_STUDENT_VALUE", ("teaching_area_m2", "4.75")),
]  # fmt: skip


@pytest.mark.parametrize(("id_", "spoil", "severity", "code", "words"), UNITS, ids=[case[0] for case in UNITS])
def test_units(
    id_: str, spoil: Callable[[Any], Any], severity: str, code: str, words: tuple[str, ...], table: Any,
    read: Callable[..., Intake],
) -> None:  # fmt: skip
    intake = read(spoil(table))
    found = _found(intake, code)
    assert found[0].severity == severity
    assert ("error" in {finding.severity for finding in intake.findings}) == (severity == E)
    assert all(word in found[0].en for word in words), found[0].en


def test_f05_the_county_in_the_wrong_unit_is_named(table: Any, read: Callable[..., Intake]) -> None:
    at = table.header.index("equipment_value_yuan")
    for n, row in enumerate([list(row) for row in table.rows]):
        row[1], row[2], row[3], row[at] = "371598", "示范县", f"{row[3][:-3]}9{n:02}", f"{int(row[at]) / 10000:.2f}"
        table.rows.append(row)
    found = [finding for finding in read(table).findings if finding.severity == E]
    assert [(finding.code, finding.county_code) for finding in found] == [("UNIT_IMPLAUSIBLE", "371598")]


def test_f07_a_jump_between_years(table: Any, read: Callable[..., Intake]) -> None:
    for row in [list(row) for row in table.rows]:
        row[0] = "2023"
        table.rows.append(row)
    table.set(2, "books", "2900")
    found = _found(read(table, all_years=True), "JUMP_SUSPECT")
    assert [(finding.row, finding.column) for finding in found] == [(2, "books")]


def test_f09_rounded_to_thousands(table: Any, read: Callable[..., Intake]) -> None:
    """Twelve schools, all with whole thousands of yuan; the table's own eight are rounded too."""
    table.fill("equipment_value_yuan", lambda value: str(round(int(value) / 1000) * 1000))
    for n in range(4):
        table.add(
            school_code=f"21370009{n:02}",
            school=f"示例县第{n + 10}小学",
            equipment_value_yuan=f"{3_100_000 + n * 17000}",
        )
    assert _found(read(table), "VALUES_ROUNDED")[0].severity == W


def test_the_unit_is_converted_exactly(table: Any, read: Callable[..., Intake]) -> None:
    """326.8 x 10000 in floats is 3268000.0000000005 for some values; here every one is the control's whole number."""
    spoilt = table.rename("equipment_value_yuan", "教学仪器设备值（万元）").fill(
        "教学仪器设备值（万元）", lambda value: f"{int(value) // 10000}.{int(value) % 10000:04}"
    )
    values = read(spoilt).schools["equipment_value_yuan"]
    assert list(values) == [3268000, 2478000, 1312000, 451500, 172000, 4428000, 2499000, 806000]


def test_2000_thirds_is_the_nearest_float(table: Any, read: Callable[..., Intake]) -> None:
    """17.784 mu is 11856 m2 exactly: 17.784 x 2000 / 3 (hand)."""
    spoilt = table.rename("sports_area_m2", "体育运动场馆面积/亩").fill(
        "体育运动场馆面积/亩", lambda value: f"{int(value) * 3 / 2000:.4f}"
    )
    assert read(spoilt).schools["sports_area_m2"].iloc[0] == 11856
