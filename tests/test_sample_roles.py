"""The synthetic province: what every county was made to show, judged by the package's own pipeline."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.intake.scope import mark_scope
from balancelab.intake.split import split_shares
from balancelab.measures.exact import exact_cv_squared
from balancelab.sample import make_sample
from balancelab.sample.places import place
from balancelab.sample.settings import settings
from balancelab.standards import load_standard
from balancelab.verdicts import COMPOSITE, conclude_counties, judge_counties, judge_schools, qualify_schools

QUALITY, BASIC = load_standard("quality_2017"), load_standard("basic_2012")
NAMES = [entry["name"] for entry in settings()["county"]]


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return make_sample()


@pytest.fixture(scope="module")
def last(schools: pd.DataFrame) -> pd.DataFrame:
    return schools[schools["year"] == 2024].reset_index(drop=True)


def of(county: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["county_code"] == place(NAMES.index(county) + 1).code]


def judged(table: pd.DataFrame, standard=QUALITY) -> tuple[pd.DataFrame, pd.DataFrame]:
    scoped = mark_scope(table, standard)
    counted = split_shares(scoped[scoped["in_scope"]].reset_index(drop=True), standard)
    values = compute_indicators(counted, standard.indicators, splits=standard.splits())
    verdicts = judge_counties(measure_counties(values), values, standard)
    if standard.school_rule is None:
        return pd.DataFrame(), verdicts
    return qualify_schools(judge_schools(values, standard), standard), verdicts


def conclusion(table: pd.DataFrame, county: str) -> dict:
    parts = judged(of(county, table))
    return conclude_counties(*parts).iloc[0].to_dict()


# ---- roles: expected outcomes are what province.toml and data/README.md say of each county --------------------


@pytest.mark.parametrize("county", ["青禾", "霁川", "苇洲", "鹭汀"])
def test_counties_that_pass_everything(last, county):
    result = conclusion(last, county)
    assert bool(result["schools_met"])
    assert bool(result["cv_met"])
    assert bool(result["met"])
    assert result["n_judged"] == 14  # seven indicators in two stages


def test_example_county_shows_both_kinds_of_failure(last):
    result = conclusion(last, "示例")
    assert place(1).code == "371599"
    assert not result["schools_met"]
    assert not result["cv_met"]
    assert 10 < result["n_qualified"] < result["n_schools"]
    types = set(of("示例", last)["school_type"])
    assert {"nine_year", "complete_secondary", "twelve_year", "teaching_site", "special"} <= types


def test_county_that_fails_by_school_level_only(last):
    result = conclusion(last, "临沅")
    assert bool(result["cv_met"])
    assert result["n_qualified"] < result["n_schools"]
    assert not result["met"]


def test_county_that_fails_by_coefficients_only(last):
    result = conclusion(last, "砚溪")
    assert result["n_qualified"] == result["n_schools"]
    assert result["n_cv_met"] < result["n_judged"]
    assert not result["met"]


def test_county_that_fails_one_item_yet_qualifies(last):
    qualified, _ = judged(of("霁川", last))
    assert (qualified["n_met"] == 6).any()
    assert qualified["qualified"].all()


def test_counties_that_change_over_the_years(schools):
    first, now = (schools[schools["year"] == year] for year in (2020, 2024))
    assert [bool(conclusion(table, "望澜")["met"]) for table in (first, now)] == [True, False]
    assert [bool(conclusion(table, "鹭汀")["met"]) for table in (first, now)] == [False, True]
    assert (of("望澜", now)["largest_class"] >= 56).any()


def test_county_with_one_junior_school(last):
    _, counties = judged(of("蓼原", last))
    junior = counties[(counties["stage"] == "junior") & counties["limit"].notna()]
    assert set(junior["reason"]) == {"one_school"}
    assert junior["met"].isna().all()
    primary = counties[(counties["stage"] == "primary") & counties["limit"].notna()]
    assert primary["met"].all()


def test_county_with_missing_values(last):
    qualified, counties = judged(of("槿阳", last))
    assert of("槿阳", last)["equipment_value_yuan"].isna().sum() >= 3
    assert last["equipment_value_yuan"].isna().sum() == of("槿阳", last)["equipment_value_yuan"].isna().sum()
    assert qualified["qualified"].isna().sum() == 3
    assert qualified["qualified"].dropna().all()
    undecided = counties[counties["reason"] == "missing"]
    assert set(undecided["indicator"]) == {"equipment_value_per_student", COMPOSITE}


def test_poor_county_fails_both_regimes(last):
    result = conclusion(last, "芷岭")
    assert result["n_qualified"] < result["n_schools"] / 2
    assert result["n_judged"] - result["n_cv_met"] >= 4
    _, basic = judged(of("芷岭", last), BASIC)
    composite = basic[(basic["indicator"] == COMPOSITE) & (basic["stage"] == "primary")].iloc[0]
    assert composite["value"] > 0.65  # the limit of 2012
    assert not composite["met"]


def test_city_with_many_combined_schools(last):
    city = of("棠浦", last)
    assert city["county"].iloc[0] == "棠浦市"
    assert city[city["school_type"].isin(["nine_year", "twelve_year", "complete_secondary"])]["school"].nunique() == 11
    assert (city["shared_resources"] == "school").any()


def test_county_exactly_on_the_border(last):
    """Hand: CV² = 1/4 and 81/400 in rational arithmetic on the table's own decimals; 9 of 1,000; 85 % of 2,000 yuan."""
    rows = of("苇洲", last)
    rows = rows[
        (rows["school_type"] != "special") & ~((rows["school_type"] == "teaching_site") & (rows["students"] < 50))
    ]
    for stage, squared in (("primary", Fraction(1, 4)), ("junior", Fraction(81, 400))):
        part = rows[rows["stage"] == stage]
        area = [Fraction(str(a)) + Fraction(str(b)) for a, b in zip(*map(part.get, AREAS), strict=True)]
        students = [int(number) for number in part["students"]]
        per_student = [a / n for a, n in zip(area, students, strict=True)]
        assert exact_cv_squared(per_student, students) == squared
    thousand = rows[(rows["students"] == 1000) & (rows["stage"] == "primary")]
    assert 9 in set(thousand["teachers_arts_pe"])
    assert 1_700_000.0 in set(thousand["equipment_value_yuan"])
    sites = of("苇洲", last)
    assert {49, 50} <= set(sites[sites["school_type"] == "teaching_site"]["students"])
    _, counties = judged(of("苇洲", last))
    edge = counties[counties["indicator"] == "sports_area_per_student"]
    assert sorted(edge["value"].round(12)) == [0.45, 0.5]
    assert edge["met"].all()
    assert not edge["borderline"].any()  # 0.5 rounds to 0.500, whatever floats make of it


AREAS = ("sports_ground_area_m2", "indoor_sports_area_m2")
