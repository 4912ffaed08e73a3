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
        findings = inspect(DATA / name).findings
        assert findings[0].code == "HEADER_FOREIGN"
        assert header in findings[0].en
        assert "column map" in findings[0].remedy_en
        assert {finding.code for finding in findings[1:]} == {"COL_MISSING"}

    def test_tanzania_by_a_map(self, tmp_path: Path) -> None:
        """17,900 schools (README of the data); names that look odd are warned of, none is lost."""
        path = tmp_path / "tanzania.toml"
        path.write_text(
            """
label = { zh = "坦桑尼亚小学毕业考试", en = "Primary school leaving examination" }
columns = { county_code = "council_name", county = "council_name_2", school_code = "school_id", school = "school_name", students = "num_sitters", mean_score = "average_300" }
constants = { year = 2022, stage = "primary", school_type = "primary" }
patterns = { county_code = "^.+$" }
rows = { ignore_other_columns = true }
""",  # noqa: E501
            encoding="utf-8",
        )
        # One header cannot serve two columns: the council is its own code here.
        refused = inspect(DATA / "tanzania_primary_2022/necta_psle_2022.csv.gz", column_map=path)
        assert [finding.column for finding in refused.findings if finding.severity == "error"] == ["county"]
        path.write_text(path.read_text(encoding="utf-8").replace("council_name_2", "region_name"), encoding="utf-8")
        intake = inspect(DATA / "tanzania_primary_2022/necta_psle_2022.csv.gz", column_map=path)
        assert intake.source.rows_in == 17_900
        assert len(intake.schools) + len(intake.excluded) == 17_900
        assert not [finding for finding in intake.findings if finding.severity == "error"]

    def test_england_by_a_map_lacks_the_pupils_and_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "england.toml"
        path.write_text(
            """
label = { zh = "英格兰学校", en = "Schools of England" }
columns = { county_code = "la_number", county = "town", school_code = "urn", school = "estab", stage = "phase" }
constants = { year = 2019, school_type = "primary" }
values.stage = { Primary = "primary", Secondary = "secondary" }
patterns = { county_code = "^[0-9]{3}$" }
rows = { ignore_other_columns = true }
""",
            encoding="utf-8",
        )
        intake = inspect(DATA / "england_partial/england_swf_ks2.csv.gz", column_map=path)
        missing = [finding for finding in intake.findings if finding.code == "COL_MISSING"]
        assert [finding.column for finding in missing] == ["students"]

    def test_north_carolina_by_the_projects_own_map(self) -> None:
        path = Path(__file__).parents[2] / "data" / "north_carolina" / "columns.toml"
        intake = read_schools(DATA / "north_carolina/schools_2014_2015.csv.gz", column_map=path, year=2015)
        assert intake.source.rows_in == 5_146  # README of the data: 5,146 school-years
        assert len(intake.schools) + len(intake.excluded) == 5_146
