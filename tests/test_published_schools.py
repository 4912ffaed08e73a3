"""The real schools of the source texts: every cell has its source, the report says what the texts say."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from balancelab import compute_indicators, load_indicators, load_standard, read_schools
from balancelab.intake.county_table import read_county_items
from balancelab.items import compute_items, judge_items
from balancelab.items.consistency import check_facts
from balancelab.items.staffing import misplaced_posts, posts_by_area
from tests.test_whole_assessment import blocks_of, run_cells, tables

PUBLISHED = Path(__file__).resolve().parents[1] / "data" / "published"
SCHOOLS = PUBLISHED / "schools.csv"
FACTS = pd.read_csv(PUBLISHED / "facts.csv", dtype=str).set_index(["entity", "fact"])
SOURCES = pd.read_csv(PUBLISHED / "schools_sources.csv", dtype=str, keep_default_na=False)
IDENTITY = {
    "year", "county_code", "county", "township", "school_code", "school", "stage", "school_type", "location",
    "ownership",
}  # fmt: skip


def test_every_figure_has_its_source():
    schools = pd.read_csv(SCHOOLS, dtype=str, keep_default_na=False)
    cells = {
        (row["school_code"], column): row[column]
        for row in schools.to_dict("records")
        for column in schools.columns
        if column not in IDENTITY and row[column] != ""
    }
    told = {(row["school_code"], row["column"]): row["value"] for row in SOURCES.to_dict("records")}
    assert cells == told
    for row in SOURCES.to_dict("records"):
        amounts = [Fraction(FACTS.loc[(row["entity"], fact), "value"]) for fact in row["facts"].split("; ")]
        shares = row["column"] == "teachers_above_qualification" and len(amounts) > 1
        expected = amounts[0] * amounts[1] / 100 if shares else sum(amounts)  # 60 × 95 % = 57; else added up
        assert Fraction(row["value"]) == expected, row
        assert row["source"] == FACTS.loc[(row["entity"], row["facts"].split("; ")[0]), "source"]


# school, year, indicator, value to the decimals that the facts sheet gives (section 8.1, "derived / check")
DERIVED = [
    ("jiuchang", 2013, "above_qualification_teachers_per_100", 8.72),  # 15 / 172 × 100
    ("jiuchang", 2013, "senior_title_teachers_per_student", 0.0640),  # 11 / 172
    ("jiuchang", 2013, "sports_area_per_student", 9.01),  # 1,550 / 172
    ("jiuchang", 2013, "books_per_student", 34.9),  # 6,000 / 172, and not / 213 with the preschool class
    ("central", 2015, "above_qualification_teachers_per_100", 6.06),  # 57 / 941 × 100
    ("central", 2015, "backbone_teachers_per_100", 1.70),  # 16 / 941 × 100
    ("central", 2015, "sports_area_per_student", 8.032),  # printed 8.03
    ("central", 2015, "computers_per_100", 9.14),  # 86 / 941 × 100
    ("central", 2015, "multimedia_rooms_per_100", 0.106),  # 1 / 941 × 100
]


@pytest.mark.parametrize(("school", "year", "indicator", "value"), DERIVED)
def test_values_are_those_of_the_facts_sheet(school: str, year: int, indicator: str, value: float):
    schools = read_schools(SCHOOLS, year=year).schools
    computed = compute_indicators(schools, [load_indicators()[indicator]])
    row = computed[computed["school_code"] == school].iloc[0]
    decimals = len(f"{value}".partition(".")[2])
    assert round(row["value"], decimals) == value


@pytest.mark.parametrize(
    ("county", "year", "school", "state", "met", "failed"),
    [
        # facts sheet: q1 8.72 (≥ 4.2) and sports 9.01 (≥ 7.5) are met, the rest is not in the text
        ("520121", 2013, "jiuchang", "undetermined", 2, set()),
        # q1, q2, sports met; one multimedia room for 941 students fails
        ("230599", 2015, "central", "failed", 3, {"每百名学生拥有网络多媒体教室数"}),
    ],
)
def test_their_school_reports(county: str, year: int, school: str, state: str, met: int, failed: set[str]):
    blocks = blocks_of(run_cells("school", data_file=SCHOOLS, county_code=county, year=year, school_code=school))
    assert next(block["state"] for block in blocks if block["kind"] == "verdict") == state
    (rows,) = tables(blocks, "各项指标：数值")
    assert sum(row["state"] == "met" for row in rows) == met
    assert {row["name"] for row in rows if row["state"] == "failed"} == failed
    (items,) = tables(blocks, "政府保障、教育质量中按校判定的项目")
    rooms = [row for row in items if "专用教室" in row["name"] or "音乐" in row["name"]]
    # 25 classes need ceil(25 / 12) = 3 rooms of each kind, 6 classes one; the texts name none, which is not "none"
    assert {row["limit"] for row in rooms} == {f"不低于 {3 if school == 'central' else 1} 间"}
    assert {row["state"] for row in rooms} == {"undetermined"}
    said = " ".join(block.get("text") or "" for block in blocks)
    assert ("附设幼儿班有幼儿 41 人" in said) == (school == "jiuchang")


def test_a_districts_growth_and_posts():
    basic = load_standard("basic_2012")
    reported, findings = read_county_items(PUBLISHED / "county_items.csv", basic)
    assert not [finding for finding in findings if finding.severity == "error"]
    empty = pd.DataFrame({"year": [], "county_code": []})
    items = judge_items(compute_items(empty, reported, basic, year=2011), basic).set_index("item")
    # published: 21.29 % against 20.24 %, 1.05 percentage points; two of the three years are not in the text
    assert round(100 * float(items.loc["growth_appropriation", "high"]), 2) == 1.05
    assert items.loc["growth_appropriation", "reason"] == "incomplete"
    posts = posts_by_area(reported, year=2011)
    # published: town +204, villages −298; what both leave over is other units: 3,115 − 2,921 = 3,021 − 2,827 = 194
    assert posts.set_index("area")["difference"].to_dict() == {"urban": 204, "rural": -298, "other": 0, "total": -94}
    assert posts.set_index("area").loc["other", "quota"] == 194
    assert bool(misplaced_posts(posts)["misplaced"].iloc[0])


def test_the_published_page_lists_what_contradicts_itself():
    blocks = blocks_of(run_cells("published", data_folder=PUBLISHED))
    (rows,) = tables(blocks, "附加文件和数据核对")
    facts = pd.read_csv(PUBLISHED / "facts.csv", dtype=str)
    assert [row["text"] for row in rows] == [each.zh for each in check_facts(facts, load_standard("quality_2017"))]
    assert any("31200" in row["text"] and "31213" in row["text"] for row in rows)  # 广灵县: parts and total
