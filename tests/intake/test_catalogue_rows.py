"""Groups G, H, J, K and L of the catalogue (identity, layout, domain, statistics, hostile strings): the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from balancelab.intake import Intake
from balancelab.standards import load_standard

E, W, N = "error", "warning", "normalised"


def rows(**changes: list[str]) -> Callable[[Any], Any]:
    """Set the cells of whole columns, from row 2 on."""

    def spoil(table: Any) -> Any:
        for column, cells in changes.items():
            for row, cell in enumerate(cells, 2):
                table.set(row, column, cell)
        return table

    return spoil


def appended(*lines: str) -> Callable[[Any], str]:
    return lambda table: table.text() + "".join(line + "\n" for line in lines)


def combined(**second: str) -> Callable[[Any], Any]:
    """A nine-year school in two rows: row 10 primary, row 11 junior; `second` changes the junior row."""

    def spoil(table: Any) -> Any:
        common = {"school_code": "3137000299", "school": "示例县九年一贯制学校", "school_type": "九年一贯制学校"}
        table.add(
            **common,
            stage="primary",
            students="166",
            classes="6",
            teachers="12",
            teachers_above_qualification="9",
            teachers_backbone="2",
            teachers_arts_pe="2",
            teachers_senior_title="5",
            teaching_area_m2="800",
            sports_area_m2="1400",
            equipment_value_yuan="350100",
            computers="25",
            books="4100",
            multimedia_rooms="6",
        )
        junior = {
            **common,
            "stage": "junior",
            "students": "210",
            "classes": "6",
            "teachers": "18",
            "teachers_above_qualification": "14",
            "teachers_backbone": "3",
            "teachers_arts_pe": "3",
            "teachers_senior_title": "8",
            "teaching_area_m2": "1300",
            "sports_area_m2": "2200",
            "equipment_value_yuan": "550300",
            "computers": "36",
            "books": "6700",
            "multimedia_rooms": "7",
            **second,
        }
        return table.add(**junior)  # fmt: skip

    return spoil


SAME = {"teaching_area_m2": "800", "sports_area_m2": "1400", "equipment_value_yuan": "350100", "computers": "25",
        "books": "4100", "multimedia_rooms": "6"}  # fmt: skip

# id, what becomes of the control (a Table, or text), severity, code, words the message has to hold
CASES: list[tuple[str, Callable[[Any], Any], str, str, tuple[str, ...]]] = [
    ("G01", lambda t: t.fill("school_code", lambda v: v + ".0"), N, "CODE_NORMALISED", ("'.0' removed",)),
    ("G02", rows(school_code=["2.137E+09"]), E, "CODE_DAMAGED", ("row 2", "2.137E+09")),
    ("G03", lambda t: t.fill("county_code", "371599102201"), N, "CODE_TRUNCATED", ("371599", "12-digit")),
    ("G04", lambda t: t.add(school_code="2137000101", students="1521"), E, "KEY_DUPLICATE", ("row 2", "row 10", "students")),  # noqa: E501
    ("G05", lambda t: t.add(), E, "KEY_DUPLICATE", ("2137000101", "identical")),
    ("G06", lambda t: t.set(6, "school", "柳林乡小学"), W, "NAME_REPEATED", ("柳林乡小学", "2137000104", "2137000105")),
    ("G07", rows(county=["示例县", "示例县 ", "\u3000示例县", "示\u200b例县", "示 例 县", "\u2f70例县", "示例\ufeff县", "示例县\u00a0"]),  # noqa: E501
     N, "TEXT_CLEANED", ()),
    ("G08", lambda t: t.set(5, "county", "示范县"), E, "COUNTY_CONFLICT", ("371599", "示范县", "row 5")),
    ("G09", lambda t: t.set(5, "county", ""), E, "COUNTY_MISSING", ("row 5", "county")),
    ("G09-code", lambda t: t.set(5, "county_code", ""), E, "COUNTY_MISSING", ("row 5", "county_code")),
    ("G10-category", lambda t: t.set(2, "school_code", "3137000101"), W, "CODE_RULE", ("row 2", "category")),
    ("J22", lambda t: t.set(2, "stage", "初中").set(2, "school_type", "初级中学"), W, "CODE_RULE", ("row 2",)),
    ("G10-province", lambda t: t.set(7, "school_code", "3141000201"), W, "CODE_RULE", ("row 7", "41")),
    ("G10-length", lambda t: t.set(8, "school_code", "313700020"), W, "CODE_RULE", ("row 8", "9 characters")),
    ("G11", lambda t: t.set(5, "county_code", "371500"), E, "COUNTY_CONFLICT", ("371500", "prefecture")),
    ("G12-wide", lambda t: t.set(5, "school_code", "２１３７０００１０４"), N, "CODE_NORMALISED", ("full-width",)),
    ("G12-blanks", lambda t: t.set(5, "school_code", "2137 0001 04"), N, "CODE_NORMALISED", ("blanks",)),
    ("G12-letters", lambda t: t.fill("county_code", "37159A"), E, "CODE_INVALID", ("row 2", "six digits")),
    ("G14", combined(school="示范县第一中学"), E, "NAME_CONFLICT", ("3137000299", "row 10", "row 11")),
    ("G15", lambda t: t.set(5, "school", "\uf90a沙小学").set(6, "school", "É\u0301cole 石桥"), N, "TEXT_CLEANED", ("unified",)),  # noqa: E501
    ("G16", lambda t: t.set(5, "school", "\u0430bc实验小学"), W, "NAME_SUSPECT", ("look-alike",)),
    ("G18", lambda t: t.fill("county", "示例高新区"), W, "COUNTY_ZONE", ("高新区",)),
    ("G19", lambda t: t.fill("county_code", "37159"), E, "CODE_INVALID", ("five",)),
    ("G20", lambda t: t.add(county_code="371598", county="示范县", stage="junior", school_type="初中"), E,
     "SCHOOL_TWO_COUNTIES", ("371598", "371599")),
    ("G21", lambda t: t.set(5, "school", "示范县实验小学").add(county_code="371598", county="示范县", school_code="2137000901",  # noqa: E501
     school="示范县第九小学"), W, "NAME_OTHER_COUNTY", ("row 5", "示范县")),
    ("H01", appended(",,,,小学小计,,,,3641,96,215,161,41,35,98,17981.5,29749,7681500,549,92912,95",
                     ",,,,初中小计,,,,2930,64,246,173,37,30,121,18419,30787,7733000,489,93400,76",
                     ",,,,合 计,,,,6571,160,461,334,78,65,219,36400.5,60536,15414500,1038,186312,171"),
     N, "ROW_TOTAL", ("row 10", "row 11", "row 12", "agree")),
    ("H02", appended(",,,,合计,,,,6571,160,461,334,78,65,219,36400.5,60536,15414500,1038,186300,171"),
     W, "ROW_TOTAL_MISMATCH", ("186300", "186312", "-12", "books")),
    ("H03", lambda t: "示例县统计表" + "," * 20 + "\n填报单位:示例县教育局" + "," * 20 + "\n" + t.text()
     + "注:数据截至9月1日" + "," * 20 + "\n填表人:李某 审核人:王某" + "," * 20 + "\n", N, "ROW_NOTE", ("row 1", "row 13")),  # noqa: E501
    ("H05", lambda t: t.text().replace("\n", "\n,,,,全县合计,,,,6571,160,461,334,78,65,219,36400.5,60536,15414500,1038,186312,171\n",  # noqa: E501
     1), N, "ROW_TOTAL", ("row 2", "agree")),
    ("H06", appended(",,,,其中：寄宿生,,,,300,,,,,,,,,,,,"), E, "ROW_OF_WHICH", ("row 10",)),
    ("H07", appended(",,,,平均,,,,821.4,20,57.6,41.8,9.8,8.1,27.4,4550,7567,1926812,130,23289,21"), N, "ROW_AVERAGE",
     ("row 10",)),
    ("H08", appended("2024,000000,合计,0000000000,合计,,,,6571,160,461,334,78,65,219,36400.5,60536,15414500,1038,186312,171"),  # noqa: E501
     N, "ROW_TOTAL", ("row 10", "agree")),
    ("H09", lambda t: t.text().replace("\n2024,371599,示例县,2137000104",
     "\n2024,371599,示例县,,柳林乡,,,,301,,,,,,,,,,,,\n2024,371599,示例县,2137000104", 1), E, "ROW_HIERARCHY", ("row 5", "柳林乡")),  # noqa: E501
    ("H10", lambda t: "\n".join(",".join(cells) for cells in zip(t.header, *t.rows, strict=True)), E, "TABLE_TRANSPOSED",  # noqa: E501
     ("year", "county_code")),
    ("J01", lambda t: t.set(5, "students", "0"), W, "STUDENTS_ZERO", ("row 5", "柳林乡小学")),
    ("J02", lambda t: t.set(6, "teachers", "95"), W, "TEACHERS_EXCEED_STUDENTS", ("95", "86")),
    ("J03-degree", lambda t: t.set(2, "teachers_above_qualification", "85"), E, "SUBSET_EXCEEDS", ("85", "84")),
    ("J03-backbone", lambda t: t.set(2, "teachers_backbone", "85"), E, "SUBSET_EXCEEDS", ("teachers_backbone",)),
    ("J03-arts", lambda t: t.set(2, "teachers_arts_pe", "85"), E, "SUBSET_EXCEEDS", ("teachers_arts_pe",)),
    ("J03-title", lambda t: t.set(2, "teachers_senior_title", "85"), E, "SUBSET_EXCEEDS", ("teachers_senior_title",)),
    ("J03-parts", lambda t: t.column("teachers_pe", [r[10] for r in t.rows]).column("teachers_music", "1"), E,
     "PARTS_EXCEED", ("85", "84")),
    ("J04", lambda t: t.set(7, "school_type", "九年一贯制学校").set(7, "stage", ""), E, "STAGE_SPLIT_NEEDED",
     ("九年一贯制", "1 : junior 1.1")),
    ("J04-one-row", lambda t: t.set(7, "school_type", "九年一贯制"), E, "STAGE_SPLIT_NEEDED", ("row 7",)),
    ("J08", rows(stage=["小学", "Primary", "PRIMARY ", "小 学", "普通小学", "初中", "初级中学", "Junior"]), N, "LABEL_MAPPED",  # noqa: E501
     ("普通小学", "primary")),
    ("J08-unknown", lambda t: t.set(5, "stage", "幼儿园"), E, "LABEL_UNKNOWN", ("row 5", "幼儿园")),
    ("J09", lambda t: t.set(5, "year", "2023"), E, "YEAR_AMBIGUOUS", ("2023", "2024")),
    ("J10", lambda t: t.set(5, "year", "204").set(6, "year", "2042"), E, "YEAR_RANGE", ("row 5", "row 6")),
    ("J10-serial", lambda t: t.fill("year", "45536"), E, "YEAR_RANGE", ("day number",)),
    ("J11-differs", lambda t: combined()(t.column("shared_resources", ["本学段"] * 8 if len(t.rows) == 8 else []).set(
        2, "shared_resources", "全校")) and _shared(t, "全校"), E, "SPLIT_AMOUNTS_DIFFER", ("books", "4100", "6700")),
    ("J11-repeated", combined(**SAME), E, "SPLIT_AMOUNTS_REPEATED", ("示例县九年一贯制学校", "6 amounts")),
    # 166 and 155 students: what the law's weights would split about evenly; 166 and 120 are not
    ("J11-alike", lambda t: _shared(combined(**SAME, students="155")(t), "本学段"), W, "SPLIT_AMOUNTS_ALIKE", ("6 amounts",)),  # noqa: E501
    ("J11-unlike", lambda t: _shared(combined(**SAME, students="120")(t), "本学段"), E, "SPLIT_AMOUNTS_REPEATED", ("6 amounts",)),  # noqa: E501
    ("J11-unsaid", combined(**SAME, students="155"), E, "SPLIT_AMOUNTS_REPEATED", ("6 amounts",)),
    ("J13", lambda t: _shared(t.add(school_code="3437000299", school="示例县完全中学", stage="junior", school_type="完全中学"), "全校",  # noqa: E501
     from_row=10), E, "SPLIT_STUDENTS_MISSING", ("senior_students",)),
    ("J13-unsaid", lambda t: t.add(school_code="3437000299", school="示例县完全中学", stage="junior", school_type="完全中学"), W,  # noqa: E501
     "STAGE_SPLIT_ASSUMED", ("示例县完全中学",)),
    ("J15-none", lambda t: t.set(5, "classes", "0"), E, "CLASSES_ZERO", ("row 5", "215")),
    ("J15-large", lambda t: t.set(2, "classes", "12"), W, "RATIO_IMPLAUSIBLE", ("126.7",)),  # 1,520 / 12
    ("J15-small", lambda t: t.set(6, "classes", "86"), W, "RATIO_IMPLAUSIBLE", ("1.0",)),
    ("J18", lambda t: t.set(2, "location", "城乡结合区"), N, "LABEL_MAPPED", ("城乡结合区", "urban")),
    ("J18-unknown", lambda t: t.set(2, "location", "海岛"), E, "LABEL_UNKNOWN", ("海岛",)),
    ("J18-empty", lambda t: t.set(2, "location", ""), W, "MISSING_VALUE", ("location",)),
    ("J19", lambda t: t.set(2, "stage", "初中"), E, "STAGE_TYPE_CONFLICT", ("row 2",)),
    ("J20", lambda t: t.set(2, "equipment_value_yuan", "0"), W, "VALUE_ZERO", ("equipment_value_yuan", "1520")),
    ("J21", lambda t: t.set(2, "teaching_area_m2", "0"), W, "VALUE_ZERO", ("teaching_area_m2",)),
    ("J23", lambda t: t.set(2, "multimedia_rooms", "90"), W, "RATIO_IMPLAUSIBLE", ("90", "36")),
    ("J24", lambda t: t.fill("teachers_senior_title", lambda v: v) and _copy(t, "teachers", "teachers_senior_title"), W,
     "COL_COPIED", ("teachers_senior_title",)),
    ("J25", lambda t: _scaled(t, "books", "equipment_value_yuan", 80), W, "COL_PROPORTIONAL", ("80",)),
    ("L01", lambda t: t.set(5, "school", "<script>alert(1)</script>小学").set(6, "school", "<img src=x onerror=alert(1)>"), W,  # noqa: E501
     "TEXT_ACTIVE_CONTENT", ("row 5", "row 6")),
    ("L02", rows(school=["=1+1", "+cmd小学", "-x", "@SUM(A1)", "=HYPERLINK(1)", "＝1+1", "小学=1", "正常小学"]), W,
     "TEXT_ACTIVE_CONTENT", ("row 2", "row 7")),
    ("L03", lambda t: t.fill("county", "../../../escape"), W, "NAME_UNSAFE_PATH", ("escape",)),
    ("L04-long", lambda t: t.set(5, "school", "长" * 1500), W, "TEXT_CLEANED", ("cut",)),
    ("L04-bidi", lambda t: t.set(5, "school", "\u202e学小"), W, "TEXT_CLEANED", ("direction",)),
    ("L04-marks", lambda t: t.set(5, "school", "e" + "\u0301" * 30 + "小学"), W, "TEXT_CLEANED", ("stacked",)),
    ("L05", rows(school=["{{ 7*7 }}", r"$\input{x}$", "![x](http://example.invalid)", "'); import os; os.abort() #"]), W,  # noqa: E501
     "TEXT_ACTIVE_CONTENT", ("row 2", "row 5")),
    ("L06", lambda t: t.set(5, "school", "柳林\x1b[31m小学"), N, "TEXT_CLEANED", ()),
    ("L07", lambda t: t.set(5, "school", "</script>"), W, "TEXT_ACTIVE_CONTENT", ()),
    ("L08", lambda t: t.set(5, "school", "</style>@import x"), W, "TEXT_ACTIVE_CONTENT", ()),
    ("L09", lambda t: t.set(5, "school", "{county}{0.__class__}%(x)s"), W, "TEXT_ACTIVE_CONTENT", ()),
    ("L12", lambda t: t.fill("county_code", "__proto__"), E, "CODE_INVALID", ("__proto__",)),
]  # fmt: skip

EQUAL = {"G01", "G03", "G07", "H01", "H03", "H05", "H07", "H08", "J08"}


def _shared(table: Any, word: str, from_row: int = 10) -> Any:
    if "shared_resources" not in table.header:
        table.column("shared_resources", "本学段")
    for row in range(from_row, len(table.rows) + 2):
        table.set(row, "shared_resources", word)
    return table.set(2, "shared_resources", "本学段")


def _copy(table: Any, source: str, target: str) -> Any:
    for row in range(2, len(table.rows) + 2):
        table.set(row, target, table.get(row, source))
    return table


def _scaled(table: Any, source: str, target: str, times: int) -> Any:
    for row in range(2, len(table.rows) + 2):
        table.set(row, target, str(int(table.get(row, source)) * times))
    return table


def _found(intake: Intake, code: str) -> list[Any]:
    found = [finding for finding in intake.findings if finding.code == code]
    assert found, [(finding.code, finding.en) for finding in intake.findings]
    return found


@pytest.mark.parametrize(("id_", "spoil", "severity", "code", "words"), CASES, ids=[case[0] for case in CASES])
def test_catalogue(
    id_: str, spoil: Callable[[Any], Any], severity: str, code: str, words: tuple[str, ...], table: Any,
    read: Callable[..., Intake], control: Intake,
) -> None:  # fmt: skip
    intake = read(spoil(table))
    found = _found(intake, code)
    assert found[0].severity == severity
    others = [(finding.code, finding.en) for finding in intake.findings if finding.severity == E]
    assert bool(others) == (severity == E), others
    text = " ".join(finding.en for finding in found)
    assert all(word in text for word in words), text
    assert intake.source.rows_in == len(intake.schools) + len(intake.excluded)
    if id_ in EQUAL:
        pd.testing.assert_frame_equal(
            intake.schools.drop(columns="source_row"), control.schools.drop(columns="source_row")
        )


def test_a_combined_school_in_two_rows_is_fine(table: Any, read: Callable[..., Intake]) -> None:
    assert read(combined()(table)).findings == ()


def test_whole_amounts_repeated_and_said_so(table: Any, read: Callable[..., Intake]) -> None:
    intake = read(_shared(combined(**SAME)(table), "全校"))
    assert not [finding for finding in intake.findings if finding.severity == E]
    assert list(intake.schools["shared_resources"]).count("school") == 2


def test_h04_a_school_called_total(table: Any, read: Callable[..., Intake]) -> None:
    intake = read(table.set(5, "school", "合计希望小学").set(6, "school", "示例总计小学"))
    assert intake.findings == ()
    assert len(intake.schools) == 8


def test_j05_j06_out_of_scope(table: Any, read: Callable[..., Intake]) -> None:
    table.add(school_code="2137000106", school="山坳教学点", school_type="小学教学点", students="23", classes="3", teachers="3",  # noqa: E501
              teachers_above_qualification="1", teachers_backbone="0", teachers_arts_pe="0", teachers_senior_title="1",
              teaching_area_m2="210", sports_area_m2="300", equipment_value_yuan="21000", computers="3", books="460",
              multimedia_rooms="1")  # fmt: skip
    found = _found(read(table, standard=load_standard("quality_2017")), "SCHOOL_OUT_OF_SCOPE")
    assert [(finding.severity, finding.row, finding.raw) for finding in found] == [(N, 10, "2137000106")]


def test_j14_a_teaching_site_of_exactly_50_counts(table: Any, read: Callable[..., Intake]) -> None:
    table.set(6, "school_type", "教学点").set(6, "students", "50")
    codes = {finding.code for finding in read(table, standard=load_standard("quality_2017")).findings}
    assert "SCHOOL_OUT_OF_SCOPE" not in codes


def test_j27_cities_without_districts(table: Any, read: Callable[..., Intake]) -> None:
    """东莞 (441900) has no counties; its code ends in 00 and is right."""
    table.fill("county_code", "441900").fill("county", "东莞市")
    table.fill("school_code", lambda code: code[:2] + "44" + code[4:])
    assert read(table).findings == ()


def test_j16_teachers_counted_twice_show_in_the_total(table: Any, read: Callable[..., Intake]) -> None:
    """The register has 459 teachers; the schools add up to 461 (the control's sum)."""
    text = table.text() + ",,,,全县合计,,,,6571,160,459,334,78,65,219,36400.5,60536,15414500,1038,186312,171\n"
    found = _found(read(text), "ROW_TOTAL_MISMATCH")
    assert [(finding.column, finding.severity) for finding in found] == [("teachers", W)]
    assert "461" in found[0].en


def test_j17_the_standard_decides_on_private_schools(table: Any, read: Callable[..., Intake]) -> None:
    table.column("ownership", ["民办"] + ["县级"] * 7)
    old = {finding.code for finding in read(table, standard=load_standard("basic_2012")).findings}
    new = {finding.code for finding in read(table, standard=load_standard("quality_2017")).findings}
    assert "SCHOOL_OUT_OF_SCOPE" in old
    assert "SCHOOL_OUT_OF_SCOPE" not in new


def test_k02_all_equal_is_no_fault(table: Any, read: Callable[..., Intake]) -> None:
    """Every column of school i is i times the first school's: nothing is copied, nothing is undefined."""
    numbers = [120, 3, 12, 6, 2, 2, 5, 613.3, 930.9, 250000, 18, 3000, 3]
    pattern, table.rows = table.rows[0], []
    for i in range(1, 8):
        cells = [f"{number * i:.1f}".removesuffix(".0") for number in numbers]
        table.rows.append([*pattern[:3], f"21370001{i:02}", f"第{i}小学", *pattern[5:8], *cells])
    assert read(table, standard=load_standard("quality_2017")).findings == ()


def test_k01_k03_degenerate(table: Any, read: Callable[..., Intake]) -> None:
    standard = load_standard("quality_2017")
    single = table.copy()
    del single.rows[6:], single.rows[1:5]
    found = _found(read(single, standard=standard), "STAT_DEGENERATE")
    assert [finding.severity for finding in found] == [W, W]
    zero = _found(read(table.fill("sports_area_m2", "0"), standard=standard), "STAT_UNDEFINED")
    assert {finding.column for finding in zero} == {"sports_area_m2"}


def test_k06_one_pupil(table: Any, read: Callable[..., Intake]) -> None:
    table.add(school_code="2137000107", school="孤峰小学", students="1", classes="1", teachers="1",
              teachers_above_qualification="0", teachers_backbone="0", teachers_arts_pe="0", teachers_senior_title="0",
              teaching_area_m2="1000", sports_area_m2="12", equipment_value_yuan="2100", computers="1", books="25",
              multimedia_rooms="0")  # fmt: skip
    found = _found(read(table, standard=load_standard("quality_2017")), "STAT_LEVERAGE")
    assert (found[0].row, found[0].column) == (10, "teaching_area_m2")


def _panel(table: Any) -> Any:
    for row in [list(row) for row in table.rows]:
        row[0] = "2023"
        table.rows.append(row)
    return table


def test_g13_a_code_that_changes(table: Any, read: Callable[..., Intake]) -> None:
    intake = read(_panel(table).set(5, "school_code", "2137000194"), all_years=True)
    found = _found(intake, "CODE_CHANGED")
    assert (found[0].severity, found[0].row) == (W, 5)


def test_g17_a_county_that_changes(table: Any, read: Callable[..., Intake]) -> None:
    table = _panel(table)
    for row in range(10, 18):
        table.set(row, "county_code", "371522")
    codes = [finding.code for finding in read(table, all_years=True).findings]
    assert "COUNTY_CHANGED" in codes
    for row in range(10, 18):
        table.set(row, "county_code", "371599").set(row, "county", "示例区")
    codes = [finding.code for finding in read(table, all_years=True).findings]
    assert "COUNTY_CHANGED" in codes


def test_j26_last_digits_are_a_remark(table: Any, read: Callable[..., Intake]) -> None:
    for n in range(30):
        table.add(school_code=f"21370009{n:02}", school=f"示例县第{n + 10}小学")
    intake = read(table.fill("students", lambda value: str(round(int(value) / 10) * 10)))
    assert _found(intake, "DIGITS_PATTERN")[0].severity == N


def test_one_year_of_several(table: Any, read: Callable[..., Intake], control: Intake) -> None:
    """The other year's rows are set aside, counted with their students, and not checked."""
    panel = _panel(table).set(10, "books", "约100")
    intake = read(panel, year=2024)
    assert intake.findings == ()
    assert intake.excluded["reason"].tolist() == ["other_year"] * 8
    assert intake.excluded["students"].sum() == control.schools["students"].sum()
    assert intake.source.rows_in == 16
    missing = read(panel, year=2020)
    assert _found(missing, "YEAR_NOT_FOUND")[0].raw == "2020"


def test_l11_a_long_hostile_name_is_quick(table: Any, read: Callable[..., Intake]) -> None:
    import time

    start = time.process_time()
    read(table.set(5, "school", "a" * 30_000 + "!").set(6, "school", "{" * 30_000).set(7, "county", "/" * 20_000))
    assert time.process_time() - start < 1


def test_emoji_and_rare_characters_stay(table: Any, read: Callable[..., Intake]) -> None:
    """An emoji with its joiner, and a character of plane 2, are names like others (L04)."""
    names = ["示例🏫👩\u200d🏫小学", "\U00020bb7村小学"]
    intake = read(table.set(4, "school", names[0]).set(6, "school", names[1]))
    assert set(names) <= set(intake.schools["school"])


def test_names_never_hold_control_or_direction_characters(table: Any, read: Callable[..., Intake]) -> None:
    hostile = "学\u202a\u2066校\u061c\x07\x1b[0m\u0600小学"
    intake = read(table.set(5, "school", hostile))
    name = intake.schools.loc[intake.schools["school_code"] == "2137000104", "school"].iloc[0]
    assert name == "学校[0m小学"


def test_the_order_of_rows_changes_nothing(table: Any, read: Callable[..., Intake], control: Intake) -> None:
    table.rows.reverse()
    pd.testing.assert_frame_equal(
        read(table).schools.drop(columns="source_row"), control.schools.drop(columns="source_row")
    )
