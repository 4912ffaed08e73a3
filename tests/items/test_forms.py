"""The official tables as blocks: the worked county's numbers, the forms' decimals, clause and authority."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.intake import read_schools
from balancelab.intake.county_table import read_county_items
from balancelab.intake.scope import mark_scope
from balancelab.intake.split import split_shares
from balancelab.items import (
    compute_items,
    conclude_county,
    judge_items,
    judge_school_items,
    relax_amounts,
    rubric_points,
)
from balancelab.items.class_sizes import summarise_class_sizes
from balancelab.items.provincial import read_rubric, read_school_standard
from balancelab.items.staffing import posts_by_area, posts_by_norm, staffing_norms
from balancelab.items.survey import summarise_survey
from balancelab.page import Page, assessment
from balancelab.page.display import cell_text
from balancelab.standards import Standard, load_standard
from balancelab.verdicts import conclude_counties, judge_counties, judge_schools, qualify_schools
from tests.items.test_worked_county import FOLDER, FORMS, YEAR


class Worked:
    """The worked county under one standard: every table, and the page of all official forms."""

    def __init__(self, standard: Standard, county_table: str) -> None:
        self.standard = standard
        self.pages: dict[str, Page] = {}
        self.schools = read_schools(FOLDER / "schools.csv").schools
        self.reported, _ = read_county_items(FOLDER / county_table, standard)
        self.items = self.reported[self.reported["year"] == YEAR]
        marked = mark_scope(relax_amounts(self.schools, standard), standard)
        self.counted = split_shares(marked[marked["in_scope"]], standard)
        indicators = compute_indicators(self.counted, standard.indicators, splits=standard.splits())
        self.judged = judge_schools(indicators, standard)
        self.qualified = qualify_schools(self.judged, standard)
        self.measures = measure_counties(indicators)
        self.counties = judge_counties(self.measures, indicators, standard)
        self.verdicts = judge_items(compute_items(self.schools, self.reported, standard, year=YEAR), standard)
        result = conclude_counties(self.qualified, self.counties)
        self.conclusion = conclude_county(result, self.verdicts, standard)

    def page(self, language: str) -> Page:
        """Every table and sentence of the room, in one language; made once."""
        if language not in self.pages:
            self.pages[language] = self._page(language)
        return self.pages[language]

    def _page(self, language: str) -> Page:
        page, standard = Page(language), self.standard
        assessment.assessment_verdict(page, self.conclusion, "算例县", standard)
        assessment.block_table(page, self.conclusion, standard)
        assessment.overview_table(page, self.schools, self.items, standard)
        assessment.attainment_table(page, self.judged, self.qualified, standard)
        assessment.school_sheet(page, self.judged, self.qualified, self.counted, standard)
        assessment.balance_table(page, self.measures, self.counties, standard)
        assessment.published_table(page, self.measures, self.counties, {"371599": ("示例市", "算例县")}, standard)
        assessment.eligibility_table(page, self.verdicts, standard)
        assessment.government_table(page, self.verdicts, standard, self.schools)
        assessment.rubric_table(page, rubric_points(self.items, standard, year=YEAR), self.verdicts, standard)
        assessment.quality_table(page, self.verdicts, standard, self.schools)
        assessment.counts_table(page, self.items, self.schools)
        assessment.recognition_table(page, self.items, self.verdicts, standard)
        assessment.veto_table(page, self.verdicts, standard)
        assessment.veto_statement(page, self.verdicts, standard)
        assessment.failing_items(page, self.verdicts, standard, self.schools)
        assessment.missing_items(page, self.verdicts, standard, self.schools)
        assessment.open_points(page, standard)
        judged = judge_school_items(self.schools, standard, year=YEAR, county_items=self.reported)
        assessment.relaxations_used(page, relax_amounts(self.schools, standard), judged, standard)
        assessment.class_size_table(page, summarise_class_sizes(self.schools), standard)
        assessment.posts_table(page, posts_by_area(self.reported, year=YEAR))
        norm = staffing_norms()["2014"]
        assessment.norm_table(page, posts_by_norm(self.schools, norm), norm, standard)
        assessment.survey_table(page, summarise_survey(pd.read_csv(FOLDER / "survey.csv")))
        return page


def basic_of_the_example_province() -> Standard:
    standard, _ = read_rubric(FORMS / "example_rubric.csv", load_standard("basic_2012"))
    return read_school_standard(FORMS / "example_school_standard.csv", standard)[0]


@pytest.fixture(scope="module")
def quality() -> Worked:
    return Worked(load_standard("quality_2017"), "county_quality.csv")


@pytest.fixture(scope="module")
def basic() -> Worked:
    return Worked(basic_of_the_example_province(), "county_basic.csv")


def table(page: Page, words: str) -> dict[str, Any]:
    """The one table whose caption begins so."""
    (found,) = [b.payload for b in page.blocks if b.kind == "table" and b.payload["caption"].startswith(words)]
    return dict(found)


def printed(payload: dict[str, Any], language: str = "zh") -> list[list[str]]:
    """A table as a reader sees it."""
    return [
        [cell_text(value, column, language) for value, column in zip(row, payload["columns"], strict=True)]
        for row in payload["rows"]
    ]


@pytest.mark.parametrize("regime", ["quality", "basic"])
def test_both_languages_show_the_same(regime: str, request: pytest.FixtureRequest):
    worked = request.getfixturevalue(regime)
    chinese, english = worked.page("zh").blocks, worked.page("en").blocks
    assert [block.kind for block in chinese] == [block.kind for block in english]
    for one, other in zip(chinese, english, strict=True):
        if one.kind == "table":
            assert one.payload["marks"] == other.payload["marks"]
            numbers = [
                [[v for v in row if isinstance(v, int | float)] for row in b.payload["rows"]] for b in (one, other)
            ]
            assert numbers[0] == numbers[1]
            assert not any("nan" in str(cell).lower() for row in printed(dict(one.payload)) for cell in row)


def test_table_one_of_both_forms(quality: Worked, basic: Worked):
    page = quality.page("zh")
    # population totals with two decimals, money per head whole
    assert printed(table(page, "表一 基本情况（人口"))[0] == [
        "38.00",
        "21.50",
        "6",
        "84",
        "61,250",
        "4,310",
        "21,400",
        "39,800",
    ]
    schools = table(page, "表一 基本情况（学校数）")
    assert [column["label"] for column in schools["columns"]][1:3] == ["九年一贯制学校", "十二年一贯制学校"]
    assert printed(schools)[0] == ["3", "1", "0", "2", "0", "1", "1", "0"]
    # 900 + 400 + 50 + 30 + 200 and 200 + 800 + 400 students; 21 + 10 + 6 + 2 + 5 and 5 + 16 + 8 classes
    people = printed(table(page, "表一 基本情况（班级"))
    assert [row[1:3] for row in people] == [["44", "1,580"], ["29", "1,400"]]
    assert (
        len(table(basic.page("zh"), "表一 基本情况（学校数）")["columns"]) == 6
    )  # combined schools together, no larger sites


def test_table_two(quality: Worked):
    page = quality.page("zh")
    rows = printed(table(page, "表二-1"))
    assert rows[13] == [
        "L6", "初中", "生均教学仪器设备值", "≥ 2,500", "3", "2", "66.7%", "1", "0",
        "教督〔2017〕6号 资源配置第6项（国家）",
    ]  # fmt: skip
    assert rows[15][2:7] == ["综合达标", "", "3", "3", "100.0%"]
    sheet = table(page, "表二-2 初中")
    (town,) = [row for row in printed(sheet) if row[0] == "柳湾镇初级中学"]
    assert town[1:5] == ["县级", "400", "3", "8"]
    assert town[5:12] == ["7.50", "1.00", "1.00", "7.50", "10.20", "2,125.00", "2.50"]  # two decimals
    assert town[12:] == ["✓ 达标", "未达标但达下限：仪器设备"]
    assert "失败" not in str(sheet["marks"])
    assert [mark for row in sheet["marks"] for mark in row if mark] == ["failed"]


def test_table_three_and_the_published_layout(quality: Worked, basic: Worked):
    rows = printed(table(quality.page("zh"), "表三"))
    assert rows[0][2:] == ["5.16", "1.03", "1.03", "6.19", "10.32", "2,477.42", "5.16", "—"]  # means: two decimals
    assert rows[3][2:] == ["0.105", "0.166", "0.000", "0.059", "0.034", "0.093", "0.292", "0.107"]  # CVs: three
    published = printed(table(basic.page("zh"), "表2"))
    assert [row[:5] for row in published[:2]] == [
        ["1", "示例市", "算例县", "小学", "全县平均值"], ["1", "示例市", "算例县", "小学", "差异系数"],
    ]  # fmt: skip
    assert [row[-1] for row in published] == ["—", "0.171", "—", "0.077"]
    assert len(published[0]) == 5 + 8 + 1


def test_every_printed_verdict_names_its_clause_and_authority(quality: Worked):
    page = quality.page("en")
    for words in ("Form table IV", "Form table V: education", "Vetoes", "Eligibility"):
        payload = table(page, words)
        ids = [column["id"] for column in payload["columns"]]
        for row in payload["rows"]:
            cells = dict(zip(ids, row, strict=True))
            assert cells["clause"].startswith("Jiaodu [2017] No. 6"), cells
            assert cells["authority"] == "National"


def test_an_overlay_is_printed_as_the_citys():
    worked = Worked(load_standard("shenyang"), "county_quality.csv")
    payload = table(worked.page("zh"), "表四")
    ids = [column["id"] for column in payload["columns"]]
    rows = {row[ids.index("name")]: dict(zip(ids, row, strict=True)) for row in payload["rows"]}
    funds = rows["特殊教育学校生均公用经费"]
    assert (funds["authority"], funds["limit"], funds["state"]) == ("市级", "≥ 8,000", "failed")
    assert "沈阳市" in funds["clause"]
    assert rows["专任教师持教师资格证上岗率"]["authority"] == "国家"


def test_table_four_of_both_forms(quality: Worked, basic: Worked):
    rows = printed(table(quality.page("zh"), "表四 政府保障"))
    by_name = {row[1]: row for row in rows}
    assert by_name["初中超过50人的班级数"][:5] == ["5", "初中超过50人的班级数", "1 个", "0", "× 未达标"]
    assert by_name["音乐专用教室未配足的学校数"][7] == "柳湾镇初级中学"
    assert by_name["交流轮岗教师中骨干教师的比例"][2:4] == ["19.0%", "≥ 20%"]  # 4 / 21, one decimal
    assert by_name["优质高中招生名额分配比例"][2] == "60.0%"
    assert {row[0] for row in rows} == {str(n) for n in range(1, 16)}
    points = printed(table(basic.page("zh"), "表四附"))
    assert points[-1] == ["", "合计", "100", "91"]
    assert points[5] == ["6", "义务教育经费在财政预算中单列", "10", "8"]


def test_tables_five_and_six(quality: Worked):
    page = quality.page("zh")
    monitoring = printed(table(page, "表五-9"))
    assert monitoring[1] == ["数学", "Ⅲ", "0.120", "✓ 达标"]
    assert monitoring[0] == ["语文", "不适用", "不适用", "— 不适用"]
    assert "校际差异率 < 0.15" in table(page, "表五-9")["note"]
    survey = printed(table(page, "表六"))
    assert survey[0] == ["合计", "1,100", "1,020", "918", "90.0%", "50", "46", "92.0%"]
    assert survey[1][4] == "89.0%"  # 534 / 600
    missing = printed(table(page, "未填报或数据不全的项目（1 项）"))
    assert missing[0][:4] == ["教育质量 8", "无过重课业负担", "是", "该项目本身"]
    failing = printed(table(page, "未达标的项目（3 项）"))
    assert [row[0] for row in failing] == ["政府保障程度 3", "政府保障程度 5", "政府保障程度 11"]


def test_the_sentences_of_the_verdict(quality: Worked, basic: Worked):
    for worked, state, text in (
        (quality, "failed", "算例县未达到“优质均衡”要求：政府保障程度未达标；教育质量有项目未填报或数据不全"),
        (basic, "met", "算例县达到“基本均衡”各项要求"),
    ):
        first = worked.page("zh").blocks[0]
        assert (first.kind, first.payload["state"], first.payload["text"]) == ("verdict", state, text)
    open_page = Worked(load_standard("basic_2012"), "county_basic.csv").page("zh")
    assert open_page.blocks[0].payload["state"] == "undetermined"
    assert (
        "义务教育学校办学基本标准、县级人民政府推进义务教育均衡发展工作有项目未填报"
        in open_page.blocks[0].payload["text"]
    )
    assert "未给出本省评分表" in table(open_page, "表四附")["note"]


def test_open_points_are_printed_with_their_default(quality: Worked, basic: Worked):
    for worked in (quality, basic):
        rows = printed(table(worked.page("zh"), "文件未明确之处"))
        texts = {setting.open_point["zh"] for setting in worked.standard.settings.values()}
        assert texts <= {row[0] for row in rows}
    assert ["分别计" in row[1] for row in printed(table(quality.page("zh"), "文件未明确之处"))].count(True) == 1


def test_relaxed_schools_are_named():
    worked = Worked(load_standard("quality_2017_transitional"), "county_quality.csv")
    rows = printed(table(worked.page("zh"), "适用过渡规定的学校"))
    assert [row[:3] for row in rows] == [["2016年及以前建成学校的音乐专用教室不小于73平方米", "1", "柳湾镇初级中学"]]


def test_a_county_with_hardly_anything_still_makes_a_page():
    worked = Worked(load_standard("quality_2017"), "county_quality.csv")
    kept = [
        "year",
        "county_code",
        "school_code",
        "school",
        "stage",
        "school_type",
        "students",
        "location",
        "source_row",
    ]
    worked.schools = worked.schools[kept]
    worked.reported = worked.items = worked.items.iloc[:0]
    worked.verdicts = judge_items(
        compute_items(worked.schools, worked.items, worked.standard, year=YEAR), worked.standard
    )
    for language in ("zh", "en"):
        page = worked.page(language)
        rows = printed(table(page, "表四" if language == "zh" else "Form table IV"), language)
        assert {row[2] for row in rows if row[0] in ("1", "11", "15")} == {
            "未填报" if language == "zh" else "Not reported"
        }
