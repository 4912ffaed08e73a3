"""Other countries' tables through a column map, and what a wrong map is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balancelab.definitions import InvalidDefinition
from balancelab.intake import Intake, inspect, read_schools

DATA = Path(__file__).parents[3] / "shared" / "data"
MAP = """
label = { zh = "北卡罗来纳州学校", en = "Schools of North Carolina" }

[columns]
year = "year"
county_code = "lea_code"
county = "lea_name"
school_code = "unit_code"
school = "school_name"
stage = "category_cd"
students = "student_num"
teachers = "class_teach_num"
licensed_share = "flicensed_teach_pct"
computers_each = "stud_internet_comp_num"

[values.stage]
E = "elementary"
M = "middle"

[fields.licensed_share]
type = "number"
minimum = 0
maximum = 1
label = { zh = "持证教师比例", en = "Share of teachers fully licensed" }

[fields.computers_each]
type = "number"
minimum = 0
label = { zh = "每台计算机的学生数", en = "Students per computer" }

[constants]
school_type = "primary"

[patterns]
county_code = "^[0-9A-Z]{3}$"
school_code = "^[0-9A-Z]{6}$"

[rows]
exclude_when_missing = ["stage", "students"]
ignore_other_columns = true
"""
ROWS = """\
year,unit_code,lea_code,lea_name,school_name,category_cd,student_num,class_teach_num,flicensed_teach_pct,stud_internet_comp_num,zip
2015,010303,010,Alamance,Graham Elementary,E,500.0,30,0.95,2.5,27253
2015,010304,010,Alamance,Graham Middle,M,640.0,41,1,,27253
2015,010305,010,Alamance,Hospital School,,3,1,1,1,27253
2015,010306,010,Alamance,No Students,E,,1,1,1,27253
2014,01B000,01B,River Mill,River Mill Academy,E,420,28,0.9,3,27258
"""  # noqa: E501, RUF100


@pytest.fixture
def mapped(tmp_path: Path, read: Callable[..., Intake]) -> Callable[..., Intake]:
    def reader(rows: str = ROWS, text: str = MAP, **options: Any) -> Intake:
        (tmp_path / "columns.toml").write_text(text, encoding="utf-8")
        return read(rows, column_map=tmp_path / "columns.toml", **options)

    return reader


def test_a_foreign_table_becomes_the_school_table(mapped: Callable[..., Intake]) -> None:
    intake = mapped(year=2015)
    schools = intake.schools
    assert list(schools.columns) == [
        "year", "county_code", "county", "school_code", "school", "stage", "school_type", "students", "teachers",
        "licensed_share", "computers_each", "source_row",
    ]  # fmt: skip
    assert schools["county_code"].tolist() == ["010", "010"]
    assert schools["stage"].tolist() == ["elementary", "middle"]
    assert schools["school_type"].tolist() == ["primary", "primary"]
    assert schools["licensed_share"].tolist() == [0.95, 1]
    assert [finding.code for finding in intake.findings] == ["MISSING_VALUE", "ROW_SET_ASIDE", "ROW_SET_ASIDE"]
    assert intake.excluded["reason"].tolist() == ["missing_stage", "missing_students", "other_year"]
    assert intake.excluded["students"].fillna(0).tolist() == [3, 0, 420]
    assert intake.source.rows_in == 5


def test_what_a_map_declares_is_held(mapped: Callable[..., Intake]) -> None:
    """The share's maximum and the codes' pattern are the map's; the national code rules are off."""
    intake = mapped(ROWS.replace("0.95", "1.95").replace("010303", "10303"), year=2015)
    assert {finding.code for finding in intake.findings if finding.severity == "error"} == {"NUM_RANGE", "CODE_INVALID"}


def test_a_field_may_have_room_below_zero(mapped: Callable[..., Intake]) -> None:
    """A minus sign is read where the map's minimum allows it; brackets and what lies below it are refused."""
    text = MAP.replace('minimum = 0\nlabel = { zh = "每台', 'minimum = -3\nlabel = { zh = "每台')
    assert text != MAP
    assert mapped(ROWS.replace(",2.5,", ",-2.5,"), text=text, year=2015).schools["computers_each"].tolist()[0] == -2.5
    for wrong, code in (("(2.5)", "NUM_NEGATIVE"), ("-3.5", "NUM_RANGE")):
        findings = mapped(ROWS.replace(",2.5,", f",{wrong},"), text=text, year=2015).findings
        assert [finding.code for finding in findings if finding.severity == "error"] == [code]


def test_a_header_that_the_map_names_is_missing(mapped: Callable[..., Intake]) -> None:
    finding = next(
        each for each in mapped(ROWS.replace("student_num", "studnt_num")).findings if each.severity == "error"
    )
    assert (finding.code, finding.column) == ("COL_MISSING", "students")
    assert "student_num" in finding.en


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("[columns]", "[colums]", "did you mean 'columns'"),
        ('students = "student_num"', 'studnets = "student_num"', "did you mean 'students'"),
        ("[values.stage]", "[values.stages]", "did you mean 'stage'"),
        ("[values.stage]", "[values.county]", "no column of labels"),
        ('type = "number"\nminimum = 0\nmaximum = 1', 'type = "text"', "number or integer"),
        ("minimum = 0\nmaximum = 1", "minimun = 0", "did you mean 'minimum'"),
        ('["stage", "students"]', '["stge"]', "did you mean 'stage'"),
        ('"^[0-9A-Z]{3}$"', '"^[0-9"', "regular expression"),
        ("county_code = \"^", "county = \"^", "no column of codes"),
        ("ignore_other_columns = true", "ignore_other_columns = 1", "true or false"),
        ('school_type = "primary"', 'students = 5', "choose one"),
        ("[fields.computers_each]", "[fields.Computers]", "lower-case"),
        ('[constants]', '[constants]\nclasses = "many"', "must be a number"),
        ('[constants]', '[constants]\ncounty_code = "../x"', "must be a code ^[0-9A-Z]{3}$, is '../x'"),
        ('[constants]', '[constants]\ntownship = "a\\u202eb"', "invisible characters"),
    ],
)  # fmt: skip
def test_a_wrong_map_names_the_mistake(old: str, new: str, word: str, mapped: Callable[..., Intake]) -> None:
    assert old in MAP
    with pytest.raises(InvalidDefinition) as refused:
        mapped(text=MAP.replace(old, new, 1))
    assert word in str(refused.value)


def test_every_mistake_of_a_map_at_once(mapped: Callable[..., Intake]) -> None:
    wrong = MAP.replace("[constants]", "[constant]").replace('teachers = "', 'teacher = "')
    with pytest.raises(InvalidDefinition) as refused:
        mapped(text=wrong)
    assert len(refused.value.faults) == 2


SUMMED = """
label = { zh = "相加", en = "Sums" }
[columns]
county_code = { code_of = "council" }
county = "council"
school_code = "no"
school = "name"
students = { sum = ["boys", "girls"] }
teachers = { sum = ["men", "women"] }
teachers_men = "men"
teaching_area_m2 = { sum = ["hall", "rooms"] }
[constants]
year = 2022
stage = "primary"
school_type = "primary"
[fields.teachers_men]
type = "integer"
label = { zh = "男教师", en = "Men" }
"""
PARTS = """\
council,no,name,boys,girls,men,women,hall,rooms
Dar es Salaam CC,A1,One,248,"1,193",3,10,0.1,0.2
Dar es Salaam CC,A2,Two,100,90,4,—,10,20
Kigoma/Ujiji,A3,Three,80,70,1,2,30.5,40.25
"""


def test_a_column_may_be_the_sum_of_several(mapped: Callable[..., Intake]) -> None:
    """Hand: 248 + 1,193 = 1,441; 0.1 + 0.2 = 0.3 as decimals; a missing part makes the sum missing, never smaller."""
    intake = mapped(PARTS, text=SUMMED)
    assert not [finding for finding in intake.findings if finding.severity == "error"]
    schools = intake.schools.set_index("school_code")
    assert schools["students"].to_dict() == {"A1": 1441, "A2": 190, "A3": 150}
    assert schools.loc[["A1", "A3"], "teachers"].tolist() == [13, 3]
    assert schools["teachers"].isna().tolist() == [False, True, False]
    assert schools["teachers_men"].tolist() == [3, 4, 1]  # the header serves this column and the sum
    assert schools["teaching_area_m2"].tolist() == [0.3, 30, 70.75]
    ledger = intake.ledger[intake.ledger["column"] == "students"]
    assert ledger["rule"].tolist() == ["sum of boys, girls"] * 3
    assert ledger[["raw", "value"]].iloc[0].tolist() == ["248 + 1,193", "1441"]
    assert "girls" in set(intake.ledger["column"])  # 1,193 was put into plain digits
    (missing,) = [finding for finding in intake.findings if finding.code == "MISSING_TOKEN"]
    assert (missing.column, missing.row, missing.raw) == ("teachers", 3, "—")


def test_a_wrong_part_is_named_in_its_own_cell(mapped: Callable[..., Intake]) -> None:
    intake = mapped(PARTS.replace("90,4", "约90,4"), text=SUMMED)
    (error,) = [finding for finding in intake.findings if finding.severity == "error"]
    assert (error.code, error.column, error.address, error.raw) == ("NUM_UNPARSABLE", "girls", "E3", "约90")
    empty = [each for each in mapped(PARTS.replace("90,4", ",4"), text=SUMMED).findings if each.severity == "error"]
    assert [(each.code, each.column, each.address) for each in empty] == [("VALUE_REQUIRED", "girls", "E3")]


def test_a_part_that_is_not_in_the_table_is_missed(mapped: Callable[..., Intake]) -> None:
    finding = next(each for each in mapped(PARTS.replace("girls", "grils"), text=SUMMED).findings)
    assert (finding.code, finding.column) == ("COL_MISSING", "students")
    assert "girls" in finding.en and "grils" in finding.en
    twice = PARTS.replace("rooms\n", "rooms,boys\n").replace("0.2\n", "0.2,7\n").replace("20\n", "20,7\n")
    codes = {each.code for each in mapped(twice.replace("40.25\n", "40.25,7\n"), text=SUMMED).findings}
    assert "COL_DUPLICATE" in codes


def test_an_optional_sum_whose_part_is_missing_is_an_error_too(mapped: Callable[..., Intake]) -> None:
    """Half a sum must not go unsaid: the map names `women`, and the table has only `men`."""
    errors = [each for each in mapped(PARTS.replace("women", "wmen"), text=SUMMED).findings if each.severity == "error"]
    assert [(each.code, each.column) for each in errors] == [("COL_MISSING", "teachers")]


def test_a_total_row_is_checked_against_a_sum(mapped: Callable[..., Intake]) -> None:
    right = mapped(PARTS + "Total,,,428,1353,8,12,40.6,60.45\n", text=SUMMED)
    assert right.excluded["reason"].tolist() == ["total_row"]
    assert "ROW_TOTAL_MISMATCH" not in {finding.code for finding in right.findings}
    wrong = mapped(PARTS + "Total,,,428,1354,8,12,40.6,60.45\n", text=SUMMED)
    (finding,) = [each for each in wrong.findings if each.code == "ROW_TOTAL_MISMATCH"]
    assert finding.column == "students"


def test_a_code_may_be_made_of_a_name(mapped: Callable[..., Intake]) -> None:
    intake = mapped(PARTS, text=SUMMED)
    assert intake.schools["county_code"].tolist() == ["Dar-es-Salaam-CC", "Dar-es-Salaam-CC", "Kigoma-Ujiji"]
    assert intake.schools["county"].tolist() == ["Dar es Salaam CC", "Dar es Salaam CC", "Kigoma/Ujiji"]
    same = mapped(PARTS.replace("Kigoma/Ujiji", "DAR es Salaam-CC"), text=SUMMED)
    (shared,) = [finding for finding in same.findings if finding.code == "CODE_SHARED"]
    assert (shared.row, shared.severity) == (4, "error")
    unfit = mapped(PARTS.replace("Kigoma/Ujiji", "示例县"), text=SUMMED)
    assert [(each.code, each.row) for each in unfit.findings if each.severity == "error"] == [("CODE_INVALID", 4)]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('{ sum = ["boys", "girls"] }', '{ sum = ["boys"] }', "two or more different"),
        ('{ sum = ["boys", "girls"] }', '{ sum = ["boys", "boys"] }', "two or more different"),
        ('{ sum = ["boys", "girls"] }', '{ sums = ["boys", "girls"] }', "did you mean 'sum'"),
        ('{ sum = ["boys", "girls"] }', '{ sum = ["boys", "girls"], code_of = "x" }', "either sum or code_of"),
        ('school = "name"', 'school = { sum = ["a", "b"] }', "no column of numbers"),
        ('school = "name"', 'school = { code_of = "name" }', "no column of codes"),
        ("year = 2022", "year = 2022\nstudents = 5", "choose one"),
    ],
)
def test_a_wrong_sum_or_code_names_the_mistake(old: str, new: str, word: str, mapped: Callable[..., Intake]) -> None:
    assert old in SUMMED
    with pytest.raises(InvalidDefinition) as refused:
        mapped(PARTS, text=SUMMED.replace(old, new, 1))
    assert word in str(refused.value)


ENGLAND = """
label = { zh = "英格兰学校", en = "Schools of England" }
[columns]
county_code = "la_number"
county = "la_number"
school_code = "urn"
school = "urn"
stage = "phase"
school_type = "phase"
teachers_fte = "teachers_fte"
reading_progress = "readprog"
[constants]
year = 2019
[values.stage]
Primary = "primary"
"Middle deemed primary" = "primary"
Secondary = "junior"
"Middle deemed secondary" = "junior"
"All through" = "all_through"
"16 plus" = "post_16"
[values.school_type]
Primary = "primary"
"Middle deemed primary" = "primary"
Secondary = "junior"
"Middle deemed secondary" = "junior"
"All through" = "all_through"
"16 plus" = "post_16"
[fields.teachers_fte]
type = "number"
label = { zh = "教师（折合全日制）", en = "Teachers, full-time equivalent" }
[fields.reading_progress]
type = "number"
role = "outcome"
minimum = -30
maximum = 30
label = { zh = "阅读进步分", en = "Reading progress" }
[patterns]
county_code = "^[0-9]{3}$"
[rows]
missing = ["SUPP", "LOWCOV"]
ignore_other_columns = true
"""


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not here")
class TestRealFiles:
    """England and Tanzania as a stranger would give them: refused in words, or read by a map."""

    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ("england_partial/england_swf_ks2.csv.gz", "la_number"),
            ("tanzania_primary_2022/tz_primary_2022.csv.gz", "council"),
            ("tanzania_primary_2022/necta_psle_2022.csv.gz", "num_sitters"),
        ],
    )
    def test_without_a_map_the_header_is_the_one_fault(self, name: str, header: str) -> None:
        (finding,) = inspect(DATA / name).findings
        assert finding.code == "HEADER_FOREIGN"
        assert header in finding.en
        assert "school_type, students" in finding.en
        assert "students（" not in finding.zh and "在校生数（students）" in finding.zh
        assert "column map" in finding.remedy_en
        assert "列名对照文件" in finding.remedy_zh

    def test_the_examination_results_of_tanzania_by_a_map(self, tmp_path: Path) -> None:
        """17,900 schools (README of the data); names that look odd are warned of, none is lost."""
        path = tmp_path / "tanzania.toml"
        path.write_text(
            """
label = { zh = "坦桑尼亚小学毕业考试", en = "Primary school leaving examination" }
constants = { year = 2022, stage = "primary", school_type = "primary" }
rows = { ignore_other_columns = true }
[columns]
county_code = { code_of = "council_name" }
county = "council_name"
school_code = "school_id"
school = "school_name"
students = { sum = ["num_sitters_girls", "num_sitters_boys"] }
mean_score = "average_300"
""",
            encoding="utf-8",
        )
        intake = inspect(DATA / "tanzania_primary_2022/necta_psle_2022.csv.gz", column_map=path)
        assert not [finding for finding in intake.findings if finding.severity == "error"]
        assert intake.source.rows_in == 17_900
        assert len(intake.schools) + len(intake.excluded) == 17_900
        assert intake.schools["county_code"].nunique() == 184
        assert intake.schools["students"].sum() == 1_348_071  # README of the data: sitters of 2022

    def test_what_is_wrong_in_the_enrolment_table_of_tanzania(self) -> None:
        """By the project's own map only 13 garbled names of wards are refused, each with what it may have been."""
        path = Path(__file__).parents[2] / "data" / "tanzania" / "columns.toml"
        intake = inspect(DATA / "tanzania_primary_2022/tz_primary_2022.csv.gz", column_map=path)
        errors = [finding for finding in intake.findings if finding.severity == "error"]
        assert {finding.code for finding in errors} == {"ENC_MOJIBAKE"}
        assert sum(finding.count for finding in errors) == 13
        assert "Lang’ata" in " ".join(finding.en for finding in errors)
        assert intake.schools["students"].sum() == 11_420_973  # README of the data

    def test_england_by_a_map(self, tmp_path: Path) -> None:
        """It has no pupils, and says so; told that they may be missing, all 8,178 schools of its README are read."""
        path = tmp_path / "england.toml"
        path.write_text(ENGLAND, encoding="utf-8")
        file = DATA / "england_partial/england_swf_ks2.csv.gz"
        intake = inspect(file, column_map=path)
        errors = [finding for finding in intake.findings if finding.severity == "error"]
        assert {(finding.code, finding.column) for finding in errors} == {("COL_MISSING", "students")}
        path.write_text(ENGLAND.replace("[rows]", '[rows]\nmay_be_missing = ["students"]'), encoding="utf-8")
        intake = read_schools(file, column_map=path)
        assert len(intake.schools) == intake.source.rows_in == 8_178
        assert intake.schools["county_code"].nunique() == 88  # README of the data: 88 local authorities
        # counted in the file by Python's csv: 63 SUPP, 1 LOWCOV, 2,038 empty
        progress = intake.schools["reading_progress"]
        assert (progress.notna().sum(), progress.min()) == (8_178 - 63 - 1 - 2_038, -8.5)
        (suppressed,) = [each for each in intake.findings if each.column == "reading_progress"]
        assert suppressed.code == "MISSING_TOKEN"
        assert "“SUPP” (63)" in suppressed.en

    def test_north_carolina_by_the_projects_own_map(self) -> None:
        path = Path(__file__).parents[2] / "data" / "north_carolina" / "columns.toml"
        intake = read_schools(DATA / "north_carolina/schools_2014_2015.csv.gz", column_map=path, year=2015)
        assert intake.source.rows_in == 5_146  # README of the data: 5,146 school-years
        assert len(intake.schools) + len(intake.excluded) == 5_146
