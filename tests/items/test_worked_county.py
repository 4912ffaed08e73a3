"""One county under both regimes, every item against hand arithmetic (tests/reference/worked_county)."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.intake import read_schools
from balancelab.intake.county_table import read_county_items
from balancelab.intake.scope import mark_scope
from balancelab.intake.split import split_shares
from balancelab.items import compute_items, conclude_county, judge_items, judge_official_items, relax_amounts
from balancelab.items.provincial import read_rubric, read_school_standard
from balancelab.items.survey import check_sample, summarise_survey, survey_figures, wilson_interval
from balancelab.standards import Standard, load_standard
from balancelab.verdicts import conclude_counties, judge_counties, judge_schools, qualify_schools
from tests.items.helpers import met

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "worked_county"
FORMS = Path(__file__).resolve().parents[2] / "data" / "forms"
QUALITY = load_standard("quality_2017")
YEAR = 2024


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    intake = read_schools(FOLDER / "schools.csv")
    # 45 multimedia rooms in 21 classes; every teacher certified and trained, so that the columns are equal
    assert {each.code for each in intake.findings} <= {"RATIO_IMPLAUSIBLE", "COL_COPIED"}
    return intake.schools


@pytest.fixture(scope="module")
def basic() -> Standard:
    standard, findings = read_rubric(FORMS / "example_rubric.csv", load_standard("basic_2012"))
    assert not findings
    standard, findings = read_school_standard(FORMS / "example_school_standard.csv", standard)
    assert not findings
    return standard


_READ: dict[tuple[str, str, bool], pd.DataFrame] = {}


def reported(name: str, standard: Standard) -> pd.DataFrame:
    key = (name, standard.id, standard.rubric is not None and bool(standard.rubric.points))
    if key not in _READ:
        items, findings = read_county_items(FOLDER / name, standard)
        assert not [each.en for each in findings if each.severity == "error"]
        _READ[key] = items
    return _READ[key].copy()


def resources(schools: pd.DataFrame, standard: Standard) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """School results, county coefficients, the resource conclusion."""
    marked = mark_scope(relax_amounts(schools, standard), standard)
    counted = split_shares(marked[marked["in_scope"]], standard)
    indicators = compute_indicators(counted, standard.indicators, splits=standard.splits())
    qualified = qualify_schools(judge_schools(indicators, standard), standard)
    counties = judge_counties(measure_counties(indicators), indicators, standard)
    return qualified, counties, conclude_counties(qualified, counties)


def judged(schools: pd.DataFrame, items: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    return judge_items(compute_items(schools, items, standard, year=YEAR), standard)


def expected(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_items(verdicts: pd.DataFrame, name: str) -> None:
    rows = verdicts.set_index("item")
    lines = expected(name)
    assert [line["item"] for line in lines] == list(rows.index)
    for line in lines:
        row = rows.loc[line["item"]]
        says = {"not_applicable": "not_applicable", "not_reported": "missing"}.get(row["reason"]) or (
            "yes" if row["met"] else "no"
        )
        assert says == line["met"], line
        if line["value"]:
            assert row["low"] == row["high"] == Fraction(line["value"]), line
        else:
            assert row["low"] is None, line


def conclusion(
    schools: pd.DataFrame, items: pd.DataFrame, standard: Standard
) -> tuple[dict[str, bool | None], pd.DataFrame]:
    verdicts = judged(schools, items, standard)
    table = conclude_county(resources(schools, standard)[2], verdicts, standard).set_index("block")
    return {name: None if pd.isna(met) else bool(met) for name, met in table["met"].items()}, table


def test_every_quality_item_by_hand(schools: pd.DataFrame):
    check_items(judged(schools, reported("county_quality.csv", QUALITY), QUALITY), "expected_quality.csv")


def test_every_basic_item_by_hand(schools: pd.DataFrame, basic: Standard):
    check_items(judged(schools, reported("county_basic.csv", basic), basic), "expected_basic.csv")


def test_coefficients_and_schools_by_hand(schools: pd.DataFrame, basic: Standard):
    standards = {"quality_2017": QUALITY, "basic_2012": basic}
    found = {name: resources(schools, standard) for name, standard in standards.items()}
    for line in expected("expected_cv.csv"):
        counties = found[line["regime"]][1].set_index(["stage", "indicator"])["value"]
        assert counties[line["stage"], line["indicator"]] == pytest.approx(float(line["cv"]), abs=2e-6), line
    for qualified, _, _ in found.values():
        assert len(qualified) == 7  # the special school and the site of 30 students do not count
        assert qualified["qualified"].all()
    # the town junior school meets six of seven, equipment being exactly 85 % of 2,500: 850,000 / 400 = 2,125
    town = found["quality_2017"][0].set_index("school_code").loc["3137150007"]
    assert (town["n_met"], town["n_below_floor"]) == (6, 0)


def test_the_conclusion_under_quality_balance(schools: pd.DataFrame):
    items = reported("county_quality.csv", QUALITY)
    blocks, table = conclusion(schools, items, QUALITY)
    assert blocks == {
        "eligibility": True, "resources": True, "government": False, "quality": None, "recognition": True, "veto": True,
        "county": False,
    }  # fmt: skip
    assert table.loc["government", "failed"] == "music_rooms;class_size_junior;exchange_backbone"
    assert table.loc["government", ["n_items", "n_met", "n_failed"]].to_list() == [15, 12, 3]
    assert table.loc["quality", "missing"] == "workload"
    assert table.loc["quality", ["n_items", "n_met", "n_missing"]].to_list() == [9, 8, 1]
    assert (table.loc["county", "failed"], table.loc["county", "missing"]) == ("government", "quality")


def test_the_conclusion_under_basic_balance(schools: pd.DataFrame, basic: Standard):
    items = reported("county_basic.csv", basic)
    blocks, table = conclusion(schools, items, basic)
    assert blocks == {
        "school_standard": True, "differences": True, "government": True, "recognition": True, "county": True,
    }  # fmt: skip
    # Items inform the points: 17 official items, the three growths (gov_06) not met, the tax transfer not reported.
    assert table.loc["government", ["n_items", "n_met", "n_failed", "n_missing"]].to_list() == [17, 15, 1, 1]


def test_without_the_provinces_tables_basic_balance_stays_open(schools: pd.DataFrame):
    national = load_standard("basic_2012")
    blocks, table = conclusion(schools, reported("county_basic.csv", national), national)
    assert blocks == {
        "school_standard": None, "differences": True, "government": None, "recognition": True, "county": None,
    }  # fmt: skip
    assert table.loc["county", "missing"] == "school_standard;government"


def repaired(schools: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The county once the three failures are put right and the missing item is reported."""
    junior = schools["school_code"] == "3137150007"
    better = schools.assign(
        music_room_areas_m2=schools["music_room_areas_m2"].where(~junior, "96"),
        classes_46_50=schools["classes_46_50"].where(~junior, 8.0),
        classes_51_55=0.0,
        largest_class=schools["largest_class"].where(~junior, 50.0),
    )
    items = reported("county_quality.csv", QUALITY)
    items.loc[items["item"] == "teachers_exchanged_backbone", "value"] = 5.0  # 5 / 21 = 23.8 %
    workload = {"year": YEAR, "county_code": "371599", "item": "workload", "value": 1.0, "evidence": "督导记录"}
    return better, pd.concat([items, pd.DataFrame([workload | {"applies": True}])], ignore_index=True)


def test_put_right_the_county_meets_the_whole_standard(schools: pd.DataFrame):
    blocks, _ = conclusion(*repaired(schools), QUALITY)
    assert set(blocks.values()) == {True}


@pytest.mark.parametrize("veto", [item.id for item in QUALITY.items.values() if item.block == "veto"])
def test_any_veto_decides_alone(schools: pd.DataFrame, veto: str):
    better, items = repaired(schools)
    items.loc[items["item"] == veto, "value"] = 1.0
    blocks, table = conclusion(better, items, QUALITY)
    assert blocks["county"] is False
    assert [name for name, met in blocks.items() if met is not True] == ["veto", "county"]
    assert (table.loc["county", "reason"], table.loc["veto", "failed"]) == ("vetoed", veto)


@pytest.mark.parametrize("item", ["veto_fraud", "left_behind_care", "satisfaction", "monitoring_level_kept"])
def test_one_item_not_reported_leaves_the_county_open(schools: pd.DataFrame, item: str):
    better, items = repaired(schools)
    figures = {"questionnaires_valid"} if item == "satisfaction" else set()
    blocks, table = conclusion(better, items[~items["item"].isin({item, *figures})], QUALITY)
    block = QUALITY.items[item].block
    assert [name for name, met in blocks.items() if met is None] == [block, "county"]
    assert table.loc[block, "missing"] == item
    assert table.loc["county", "reason"] == "missing"


def test_the_city_asks_for_more(schools: pd.DataFrame):
    city = load_standard("shenyang")
    better, items = repaired(schools)
    national = judged(better, items, QUALITY).set_index("item")
    overlay = judged(better, items, city).set_index("item")
    shared = [name for name in overlay.index if name in national.index]
    changed = [name for name in shared if met(national.loc[name]) is not met(overlay.loc[name])]
    # 7,000 < 8,000 yuan; 72,000 < 100 × 1,150 yuan; retention by the city is (444 − 7 + 6) / (463 − 1) = 443 / 462
    assert changed == ["small_school_funds", "special_education_funds"]
    assert overlay.loc["junior_retention", "low"] == Fraction(443, 462)
    assert overlay.loc["labour_course", "reason"] == "not_reported"
    assert overlay.loc["special_education_funds", ["authority", "document"]].to_list() == ["city", "shenyang"]
    assert overlay.loc["teacher_pay", ["authority", "document"]].to_list() == ["national", "quality_2017"]


def test_the_transitional_rules_relax_only_what_they_name(schools: pd.DataFrame):
    transitional = load_standard("quality_2017_transitional")
    items = reported("county_quality.csv", QUALITY)
    before = judged(schools, items, QUALITY).set_index("item")["met"]
    after = judged(schools, items, transitional).set_index("item")
    assert after.loc["transition_plan", "reason"] == "not_reported"
    same = after.drop(index="transition_plan")["met"]
    # built in 2010, so a music room of 90 m² is enough (73 m²)
    assert [name for name in before.index if bool(before.fillna(False)[name] != same.fillna(False)[name])] == [
        "music_rooms"
    ]
    # the school of 50 has one arts teacher, 2 per 100, and needs nobody's visit; without its own teacher one who visits
    # makes 1 / 50 = 2 per 100; a site of 30 students is below 50 and gains nothing
    for own, expected_value in ((1.0, 2.0), (0.0, 2.0)):
        table = schools.assign(teachers_arts_pe=schools["teachers_arts_pe"].where(schools["students"] != 50, own))
        indicators = compute_indicators(relax_amounts(table, transitional), transitional.indicators)
        arts = indicators[indicators["indicator"] == "arts_pe_teachers_per_100"].set_index("school_code")["value"]
        assert (arts["2137150003"], arts["2137150004"]) == (expected_value, 0.0)


def test_the_survey_by_hand():
    counts = pd.read_csv(FOLDER / "survey.csv")
    summary = summarise_survey(counts).set_index(["group", "topic"])
    # 534 + 190 + 56 + 38 + 20 + 80 = 918 of 600 + 200 + 60 + 40 + 20 + 100 = 1,020
    assert summary.loc[("all", "all"), ["valid", "satisfied", "share"]].to_list() == [1020, 918, 0.9]
    assert summary.loc[("parents", "all"), "share"] == 534 / 600
    assert summary.loc[("all", "near_enrolment"), "share"] == 766 / 800  # 570 + 196
    assert summary.loc[("all", "all"), ["ci_low", "ci_high"]].to_list() == list(wilson_interval(918, 1020))
    assert check_sample(counts, 380_000, QUALITY) == ()
    short = [each.code for each in check_sample(counts, 700_000, QUALITY)]  # 1.5 ‰ of 700,000 = 1,050
    assert short == ["SURVEY_SAMPLE"]
    figures = survey_figures(counts, year=YEAR, county_code="371599").set_index("item")["value"]
    from_table = reported("county_quality.csv", QUALITY).set_index("item")["value"]
    assert figures.to_dict() == from_table[figures.index].to_dict()


def test_official_items_gather_their_parts(schools: pd.DataFrame):
    verdicts = judged(schools, reported("county_quality.csv", QUALITY), QUALITY)
    officials = judge_official_items(verdicts).set_index("official")
    assert officials.loc["g02", ["n_parts", "n_met"]].to_list() == [4, 4]
    assert officials.loc["g11", ["n_parts", "n_met", "failed"]].to_list() == [2, 1, "exchange_backbone"]
    assert officials.loc["e09", ["n_parts", "n_met"]].to_list() == [4, 4]  # two subjects monitored, level and rate each
    assert len(officials) == 2 + 15 + 9 + 1 + 7
