"""The county table: read as a bureau writes it, and every fault said at once in both languages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from balancelab.intake.county_cells import Known, read_value
from balancelab.intake.county_faults import county_codes
from balancelab.intake.county_table import blank_county_table, known_names, read_county_items
from balancelab.intake.findings import finding_codes
from balancelab.items.provincial import read_rubric, read_school_standard
from balancelab.standards import load_figures, load_standard

QUALITY, BASIC = load_standard("quality_2017"), load_standard("basic_2012")
FORMS = Path(__file__).resolve().parents[2] / "data" / "forms"
HEADER = "year,county_code,item,value,evidence\n"


def write(path: Path, rows: list[str], header: str = HEADER) -> Path:
    path.write_text(header + "\n".join(f"2024,371599,{row}" for row in rows) + "\n", encoding="utf-8")
    return path


def read(tmp_path: Path, rows: list[str], standard=QUALITY):
    table, findings = read_county_items(write(tmp_path / "county.csv", rows), standard)
    return table.set_index("item"), findings


def test_values_as_people_write_them(tmp_path: Path):
    rows = [
        "layout_plan,是,卷1", "veto_fraud,无,承诺书", "performance_pay,√,文件", "left_behind_care,否,卷2",
        "exchange_rate,10.5%,", "certificate_rate,0.995,", "quota_to_juniors,６０％,",
        "monitoring_level_science,Ⅲ级,", "monitoring_level_arts,3,", "monitoring_rate_arts,14.9%,",
        "monitoring_rate_science,未监测,监测通知", "special_education_funds_yuan,28万元,",
        '"special_education_students","1,040",', "teacher_pay,100.5%,", "初中三年巩固率,95.2%,",
        "workload,,",
    ]  # fmt: skip
    table, findings = read(tmp_path, rows)
    assert not findings
    assert table["value"].dropna().to_dict() == {
        "layout_plan": 1.0, "veto_fraud": 0.0, "performance_pay": 1.0, "left_behind_care": 0.0, "exchange_rate": 0.105,
        "certificate_rate": 0.995, "quota_to_juniors": 0.6, "monitoring_level_science": 3.0,
        "monitoring_level_arts": 3.0, "monitoring_rate_arts": 0.149, "special_education_funds_yuan": 280_000.0,
        "special_education_students": 1040.0, "teacher_pay": 1.005, "junior_retention": 0.952,
    }  # fmt: skip
    assert not table.loc["monitoring_rate_science", "applies"]
    assert "workload" not in table.index  # an empty cell is not reported


def test_every_fault_at_once(tmp_path: Path):
    """Catalogue P09."""
    rows = [
        "exchange_rte,0.1,",  # 2: unknown
        "zoned_enrolment_primary,85,",  # 3: 85 for a share
        "performance_pay,是,",  # 4: no evidence
        "teachers_exchanged,400,",  # 5: more than eligible
        "teachers_exchange_eligible,300,",
        "migrant_children_public,80,",  # 7: 80 + 30 > 100
        "migrant_children_bought_places,30,",
        "migrant_children_eligible,100,",
        "monitoring_rate_chinese,12,",  # 10: 12 for a rate
        "workload,不适用,x",  # 11: must apply
        "disabled_enrolment,104%,",  # 12: above 100 %
        "junior_retention,102%,",  # 13: above 100 %, but possible
        "layout_plan,maybe,x",  # 14: no answer
        "special_education_students,很多,",  # 15: no number
        "certificate_rate,1,",
        "certificate_rate,0.9,",  # 17: twice
        "questionnaires_valid,1000.5,",  # 18: half a questionnaire
    ]
    path = write(tmp_path / "county.csv", rows)
    path.write_text(path.read_text(encoding="utf-8") + "24,3715,workload,是,x\n", encoding="utf-8")  # 19: year, code
    table, findings = read_county_items(path, QUALITY)
    found = {(each.code, each.row) for each in findings}
    assert found == {
        ("ITEM_UNKNOWN", 2), ("ITEM_SHARE_AS_PERCENT", 3), ("ITEM_EVIDENCE", 4), ("ITEM_CONTRADICTION", 5),
        ("ITEM_FIGURES_INCOMPLETE", 5), ("ITEM_PARTS_EXCEED", 7), ("ITEM_SHARE_AS_PERCENT", 10),
        ("ITEM_MUST_APPLY", 11), ("ITEM_OVER_ONE", 12), ("ITEM_ABOVE_ONE", 13),
        ("ITEM_NOT_ANSWER", 14), ("ITEM_NOT_NUMBER", 15),
        ("ITEM_TWICE", 17), ("ITEM_NOT_NUMBER", 18), ("COUNTY_YEAR", 19), ("COUNTY_CODE", 19),
    }  # fmt: skip
    by_code = {each.code: each for each in findings}
    assert "did you mean 'exchange_rate'?" in by_code["ITEM_UNKNOWN"].en
    assert "是否应为“exchange_rate”？" in by_code["ITEM_UNKNOWN"].zh
    percent = next(each for each in findings if (each.code, each.row) == ("ITEM_SHARE_AS_PERCENT", 3))
    assert percent.remedy_en == "If 85 % is meant, write '85%' or '0.85'; nothing is guessed."
    assert percent.address == "D3"
    assert "大于“符合交流条件的教师数”的 300（第 6 行）" in by_code["ITEM_CONTRADICTION"].zh
    assert by_code["ITEM_EVIDENCE"].address == "E4"
    assert [each.severity for each in findings] == ["error"] * 14 + ["warning"] * 2
    for each in findings:
        assert "{" not in each.zh + each.en + each.remedy_zh + each.remedy_en
    # nothing that contradicts is used
    left = set(table["item"])
    assert not {"teachers_exchanged", "teachers_exchange_eligible", "migrant_children_public", "performance_pay"} & left
    assert {"junior_retention", "certificate_rate"} <= left


def test_a_reported_share_is_compared_with_its_figures(tmp_path: Path):
    rows = ["questionnaires_satisfied,880,", "questionnaires_valid,1000,", "satisfaction,{},"]
    # 880 / 1,000 = 88 %: 88.0 % agrees to the form's decimal, 91 % does not
    assert not read(tmp_path, [row.format("88%") for row in rows])[1]
    (finding,) = read(tmp_path, [row.format("91%") for row in rows])[1]
    assert (finding.code, finding.severity, finding.row) == ("ITEM_DISAGREES", "warning", 4)
    assert "91%" in finding.zh
    assert "88%" in finding.zh


def test_figures_that_are_not_complete(tmp_path: Path):
    table, (finding,) = read(tmp_path, ["disabled_children,60,"])
    assert finding.code == "ITEM_FIGURES_INCOMPLETE"
    assert "已入学残疾儿童少年数" in finding.zh
    assert table.loc["disabled_children", "value"] == 60


def test_earlier_years_need_not_be_complete(tmp_path: Path):
    path = write(tmp_path / "county.csv", ["teacher_pay_yuan,98000,", "civil_servant_pay_yuan,97500,"])
    path.write_text(path.read_text(encoding="utf-8") + "2023,371599,teacher_pay_yuan,95000,\n", encoding="utf-8")
    table, findings = read_county_items(path, BASIC)
    assert not findings
    assert len(table) == 3


def test_enrolment_above_one_hundred_percent_is_said(tmp_path: Path):
    rows = ["school_age_children,1000,", "school_age_children_enrolled,1009,"]  # 100.9 %
    table, (finding,) = read(tmp_path, rows)
    assert (finding.code, finding.severity, finding.row) == ("ITEM_ABOVE_ONE", "warning", 3)
    assert "100.9%" in finding.en
    assert len(table) == 2


def test_a_title_above_other_columns_between_and_a_workbook(tmp_path: Path):
    rows = [
        ["2024年县级数据表", "", "", "", "", ""],
        ["年度", "县（区）代码", "项目", "名称", "填报值", "佐证材料"],
        [2024, "371599", "layout_plan", "规划布局", "是", "卷1"],
        [2024, "371599", "certificate_rate", "持证", 0.999, ""],
        ["# 说明", "", "", "", "", ""],
    ]
    path = tmp_path / "county.xlsx"
    pd.DataFrame(rows).to_excel(path, index=False, header=False)
    table, findings = read_county_items(path, QUALITY)
    assert not [each for each in findings if each.severity != "normalised"]
    assert table.set_index("item")["value"].to_dict() == {"layout_plan": 1.0, "certificate_rate": 0.999}
    assert table["source_row"].to_list() == [3, 4]


def test_gb18030_is_read(tmp_path: Path):
    path = tmp_path / "county.csv"
    header = "年度,县（区）代码,项目,数值,佐证材料\n"
    text = header + "2024,371599,没有这一项,是,卷1\n2024,371599,layout_plan,是,县政府文件\n"
    path.write_bytes(text.encode("gb18030"))
    table, findings = read_county_items(path, QUALITY)
    assert table["evidence"].to_list() == ["县政府文件"]
    assert "ITEM_UNKNOWN" in {each.code for each in findings}


def test_a_missing_column_and_a_missing_file(tmp_path: Path):
    path = tmp_path / "county.csv"
    path.write_text("year,county_code,thing\n2024,371599,x\n", encoding="utf-8")
    table, findings = read_county_items(path, QUALITY)
    assert table.empty
    assert findings[0].code == "COUNTY_HEADER"
    assert "item, value" in findings[0].en
    assert read_county_items(tmp_path / "nothing.csv", QUALITY)[1][0].code == "FILE_NOT_FOUND"


def test_points_without_a_rubric_and_beyond_it(tmp_path: Path):
    rows = ["gov_01_points,6,", "gov_05_points,60,"]
    assert [each.code for each in read(tmp_path, rows, BASIC)[1]] == ["RUBRIC_NOT_GIVEN"]
    standard, _ = read_rubric(FORMS / "example_rubric.csv", BASIC)
    (finding,) = read(tmp_path, rows, standard)[1]
    assert (finding.code, finding.row) == ("POINTS_EXCEED", 3)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("1", "share", 1),
        ("100%", "share", 1),
        ("0", "share", 0),
        ("1.02", "share", "ITEM_OVER_ONE"),
        ("2", "share", "ITEM_SHARE_AS_PERCENT"),
        ("-3%", "share", "ITEM_NOT_NUMBER"),
        ("0.12", "rate", 0.12),
        ("Ⅳ", "level", 4),
        ("5", "level", "ITEM_NOT_NUMBER"),
        ("12", "count", 12),
        ("12.5", "count", "ITEM_NOT_NUMBER"),
        ("50%", "amount", "ITEM_NOT_NUMBER"),
        ("2016", "year", 2016),
        ("16", "year", "ITEM_NOT_NUMBER"),
        ("约5", "amount", "ITEM_NOT_NUMBER"),
    ],
)
def test_one_cell(text: str, kind: str, expected: float | str):
    value = read_value(text, Known("x", {"zh": "项", "en": "item"}, {"zh": "", "en": ""}, kind))
    assert value.code == expected if isinstance(expected, str) else float(value.value) == expected


def test_a_growth_may_be_negative():
    growth = Known("g", {"zh": "增幅", "en": "growth"}, {"zh": "%", "en": "%"}, "share", may_be_negative=True)
    assert float(read_value("-0.63%", growth).value) == pytest.approx(-0.0063)
    assert float(read_value("0.02", growth).value) == 0.02
    assert read_value("20", growth).code == "ITEM_SHARE_AS_PERCENT"


def test_codes_are_complete_and_their_own():
    for code in county_codes().values():
        assert code.says["zh"], code.id
        assert code.says["en"], code.id
        assert code.fix["zh"], code.id
        assert code.fix["en"], code.id
    assert not set(county_codes()) & set(finding_codes())


def test_labels_name_one_thing_only():
    names = [label["zh"] for label in (known.label for known in known_names(QUALITY).values())]
    assert len(set(names)) == len(names)
    assert set(load_figures()) & set(QUALITY.items) == set()


@pytest.mark.parametrize("name", ["quality_2017", "basic_2012"])
def test_the_blank_forms_are_what_the_program_makes(name: str):
    path = FORMS / f"county_table_{name}.csv"
    standard = load_standard(name)
    made = blank_county_table(standard, year=2024, county_code="371599").to_csv(index=False, lineterminator="\n")
    assert path.read_text(encoding="utf-8-sig") == made
    table, findings = read_county_items(path, standard)
    assert table.empty
    assert not [each for each in findings if each.severity != "normalised"]
    assert set(standard.items) <= set(pd.read_csv(path)["item"])


# ---- what a province sets ----------------------------------------


def test_the_example_rubric_and_school_standard_are_labelled_and_read():
    standard, findings = read_rubric(FORMS / "example_rubric.csv", BASIC)
    assert not findings
    assert (sum(standard.rubric.points.values()), standard.rubric.source, standard.rubric.authority) == (
        100, "example_rubric", "province",
    )  # fmt: skip
    standard, findings = read_school_standard(FORMS / "example_school_standard.csv", BASIC)
    assert not findings
    assert len(standard.requirements) == 8
    assert all(each.authority == "province" for each in standard.requirements.values())
    assert not BASIC.requirements
    for name in ("example_rubric.csv", "example_school_standard.csv"):
        for line in (FORMS / name).read_text(encoding="utf-8").splitlines()[1:]:
            assert "示例" in line, name


def test_a_rubric_with_every_fault(tmp_path: Path):
    path = tmp_path / "rubric.csv"
    path.write_text("项目,分值\ngov_01,60\ngov_02,20\ngov_2,5\ngov_01,10\ngov_03,五\n", encoding="utf-8")
    standard, findings = read_rubric(path, BASIC)
    codes = {each.code: each for each in findings}
    assert set(codes) == {"ITEM_UNKNOWN", "ITEM_TWICE", "ITEM_NOT_NUMBER", "RUBRIC_ITEMS", "RUBRIC_SUM"}
    assert "80" in codes["RUBRIC_SUM"].en  # 60 + 20
    assert "gov_04" in codes["RUBRIC_ITEMS"].en
    assert standard is BASIC
    assert [each.code for each in read_rubric(path, QUALITY)[1]] == ["RUBRIC_UNUSED"]


def test_a_school_standard_with_every_fault(tmp_path: Path):
    path = tmp_path / "standard.csv"
    path.write_text(
        "指标,学段,比较,限值,依据\n"
        "books_per_studnt,小学,不低于,20,文件\n"
        "books_per_student,小学,不低于,20,文件\n"
        "computers_per_100,primary,不低于,8,\n"
        "computers_per_100,junior,不高于,10,文件\n"
        "teacher_student_ratio,高中,,0.05,文件\n"
        "teaching_area_per_student,小学,大于,四,文件\n",
        encoding="utf-8",
    )
    standard, findings = read_school_standard(path, BASIC)
    assert {(each.code, each.row) for each in findings} == {
        ("INDICATOR_UNKNOWN", 2), ("CLAUSE_MISSING", 4), ("THRESHOLD_COMPARISON", 5), ("THRESHOLD_STAGE_UNKNOWN", 6),
        ("THRESHOLD_COMPARISON", 7), ("ITEM_NOT_NUMBER", 7), ("THRESHOLD_STAGE", None),
    }  # fmt: skip
    assert standard is BASIC
