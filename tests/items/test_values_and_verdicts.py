"""What is computed, reported, missing or not applicable, and what a verdict makes of it; by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from balancelab.items import (
    compute_items,
    conclude_county,
    judge_items,
    judge_official_items,
    judge_school_items,
    relax_amounts,
)
from balancelab.items.outcomes import decide
from balancelab.items.rubric import with_points
from balancelab.items.selecting import whole_schools
from balancelab.standards import Setting, Standard, load_standard
from tests.items.helpers import COUNTY, YEAR, county, met, school, verdicts

QUALITY, BASIC = load_standard("quality_2017"), load_standard("basic_2012")
TRANSITIONAL = load_standard("quality_2017_transitional")


def with_setting(standard: Standard, name: str, value: str) -> Standard:
    setting: Setting = replace(standard.settings[name], value=value)
    return replace(standard, settings={**standard.settings, name: setting})


def test_bounds_decide_only_where_both_ends_agree():
    one, two = Fraction(1), Fraction(2)
    limit = QUALITY.items["exchange_rate"].limit  # 0.1
    assert decide(Fraction(5, 100), Fraction(9, 100), "at_least", limit) is False
    assert decide(Fraction(5, 100), Fraction(10, 100), "at_least", limit) is None
    assert decide(Fraction(10, 100), None, "at_least", limit) is True
    assert decide(None, Fraction(9, 100), "at_least", limit) is False
    assert decide(one, two, "at_most", None) is False
    assert decide(Fraction(0), None, "at_most", None) is None
    assert decide(None, None, "yes", None) is None


def test_a_school_without_data_leaves_the_item_open_unless_it_fails_anyway():
    rows = [school("1", largest_class=45, classes=10), school("2", largest_class=np.nan, classes=10)]
    row = verdicts(QUALITY, rows).loc["class_size_primary"]
    # 500 students fill at most 500 // 46 = 10 classes of 46
    assert (met(row), row["reason"], row["low"], row["high"], row["unreported"]) == (None, "incomplete", 0, 10, "2")
    rows[0]["largest_class"] = 46
    row = verdicts(QUALITY, rows).loc["class_size_primary"]
    assert (met(row), row["detail"], row["low"]) == (False, "1", 1)


def test_a_share_with_unreported_schools_is_bounded_by_their_teachers():
    # 95 of 100 certified, a school of 20 not reported: between 95 / 120 and 115 / 120, below 100 % either way
    rows = [school("1", teachers=100, teachers_certified=95), school("2", teachers=20, teachers_certified=np.nan)]
    row = verdicts(QUALITY, rows).loc["certificate_rate"]
    assert (row["low"], row["high"], met(row)) == (Fraction(95, 120), Fraction(115, 120), False)
    rows[0]["teachers_certified"] = 100
    row = verdicts(QUALITY, rows).loc["certificate_rate"]
    assert (row["high"], met(row), row["reason"]) == (1, None, "incomplete")


def test_a_reported_value_fills_what_the_table_leaves_open_but_never_contradicts_it():
    rows = [school("1", teachers=100, teachers_certified=100), school("2", teachers=20, teachers_certified=np.nan)]
    row = verdicts(QUALITY, rows, county({"certificate_rate": 1})).loc["certificate_rate"]
    assert (met(row), row["source"]) == (True, "reported")
    rows[0]["teachers_certified"] = 90  # now at most 110 / 120
    row = verdicts(QUALITY, rows, county({"certificate_rate": 1})).loc["certificate_rate"]
    assert (met(row), row["source"], row["reported"]) == (False, "computed", 1.0)


def test_the_school_table_comes_before_the_county_table():
    rows = [school("1", teachers=50, teachers_certified=49)]
    figures = county({"teachers": 60, "teachers_certified": 60})
    row = verdicts(QUALITY, rows, figures).loc["certificate_rate"]
    assert (row["low"], met(row)) == (Fraction(49, 50), False)


def test_a_school_of_unknown_type_or_place_leaves_the_item_open():
    rows = [school("1", students=800), school("2", students=2300, school_type=None)]
    row = verdicts(QUALITY, rows).loc["school_size_primary"]
    assert (met(row), row["low"], row["high"], row["unreported"]) == (None, 0, None, "2")
    rows = [school("1", zoned_students=500), school("2", zoned_students=100, location=None)]
    assert met(verdicts(QUALITY, rows).loc["zoned_enrolment_primary"]) is None


def test_not_applicable_must_be_allowed_and_said():
    table = county({}, not_applicable=("monitoring_level_science", "monitoring_rate_science", "workload"))
    rows = verdicts(QUALITY, items=table)
    assert rows.loc["monitoring_level_science", "reason"] == "not_applicable"
    assert rows.loc["workload", "reason"] == "not_reported"  # every county has homework
    officials = judge_official_items(rows.reset_index()).set_index("official")
    assert officials.loc["e09", "n_parts"] == 10
    funds = county({}, not_applicable=("special_education_funds",))
    officials = judge_official_items(verdicts(QUALITY, items=funds).reset_index()).set_index("official")
    assert officials.loc["g07", "reason"] == "not_applicable"


def test_boarding_rural_and_private_schools_do_not_count_for_zoning():
    away = {"zoned_students": 0}
    rows = [
        school("1", zoned_students=500),
        school("2", boarding="yes", **away),
        school("3", location="rural", **away),
        school("4", ownership="private", **away),
        school("5", school_type="special", **away),
    ]
    rows[0]["boarding"] = "no"
    row = verdicts(QUALITY, rows).loc["zoned_enrolment_primary"]
    assert (row["low"], row["n"], met(row)) == (1, 1, True)


def test_rooms_each_or_together():
    # 13 classes need 2 music and 2 art rooms; with 3 and 1 the sum of 4 is at least ceil(13 / 12) = 2
    rows = [school(classes=13, music_rooms=3, art_rooms=1)]
    each = verdicts(QUALITY, rows)
    assert (met(each.loc["music_rooms"]), met(each.loc["art_rooms"])) == (True, False)
    together = verdicts(with_setting(QUALITY, "special_rooms_counting", "together"), rows)
    assert (met(together.loc["music_rooms"]), met(together.loc["art_rooms"])) == (True, True)


def test_the_other_retention_formula_is_a_setting():
    # Facts sheet, vector 11: intake 300, in 12, out 9, deaths 1, graduates 290
    figures = {"graduates": 290, "grade7_intake": 300, "transfers_in": 12, "transfers_out": 9, "student_deaths": 1}
    assert verdicts(QUALITY, items=county(figures)).loc["junior_retention", "low"] == Fraction(290, 302)
    adjusted = with_setting(QUALITY, "retention_formula", "adjusted")
    assert verdicts(adjusted, items=county(figures)).loc["junior_retention", "low"] == Fraction(287, 299)


def test_retention_adds_up_schools_first():
    # (90 + 190) / (100 + 200) is not the mean of 90 % and 95 %
    moves = {"transfers_in": 0, "transfers_out": 0, "student_deaths": 0}
    rows = [
        school("1", stage="junior", graduates=90, grade7_intake=100, **moves),
        school("2", stage="junior", graduates=190, grade7_intake=200, **moves),
    ]
    assert verdicts(QUALITY, rows).loc["junior_retention", "low"] == Fraction(280, 300)
    without = [{name: value for name, value in row.items() if name != "student_deaths"} for row in rows]
    assert verdicts(QUALITY, without).loc["junior_retention", "reason"] == "not_reported"


def test_the_years_limit_only_where_it_is_asked_for():
    funds = county({"special_education_funds_yuan": 650_000, "special_education_students": 100})
    text = verdicts(QUALITY, items=funds).loc["special_education_funds"]
    by_year = verdicts(with_setting(QUALITY, "dated_limits", "by_year"), items=funds).loc["special_education_funds"]
    assert (text["limit"], met(text)) == (6000, True)
    assert (by_year["limit"], met(by_year)) == (7000, False)  # from 2022


@pytest.mark.parametrize(
    ("columns", "full", "relaxed"),
    [
        ({"students": 2400}, False, False),  # built when, nobody says
        ({"students": 2400, "built_year": 2010}, False, True),
        ({"students": 2401, "built_year": 2010}, False, False),
        ({"students": 2400, "built_year": 2011}, False, False),
        ({"students": 2400, "migrant_students": 1201}, False, True),  # more than half
        ({"students": 2400, "migrant_students": 1200}, False, False),  # exactly half
        ({"students": 2000, "built_year": 2000}, True, True),
    ],
)
def test_school_size_relaxed_by_age_or_migrants(columns: dict, full: bool, relaxed: bool):
    row = [school(**columns)]
    assert met(verdicts(QUALITY, row).loc["school_size_primary"]) is full
    assert met(verdicts(TRANSITIONAL, row).loc["school_size_primary"]) is relaxed


@pytest.mark.parametrize(
    ("columns", "relaxed"),
    [
        ({"music_room_areas_m2": "73", "built_year": 2016}, True),
        ({"music_room_areas_m2": "72.9", "built_year": 2016}, False),
        ({"music_room_areas_m2": "73", "built_year": 2017}, False),
        ({"music_room_areas_m2": "54", "rural_small": "yes", "largest_class": 29}, True),
        ({"music_room_areas_m2": "53.9", "rural_small": "yes", "largest_class": 29}, False),
        ({"music_room_areas_m2": "54", "rural_small": "yes", "largest_class": 30}, False),
        ({"music_room_areas_m2": "54", "rural_small": "no", "largest_class": 29}, False),
        ({"music_room_areas_m2": "60", "rural_small": "yes", "largest_class": 29, "stage": "junior"}, False),
        ({"music_room_areas_m2": "61", "rural_small": "yes", "largest_class": 29, "stage": "junior"}, True),
        ({"music_room_areas_m2": "54", "rural_small": "yes", "largest_class": 29, "built_year": 2000}, True),
    ],
)
def test_music_rooms_relaxed(columns: dict, relaxed: bool):
    row = [school(classes=6, **columns)]
    assert met(verdicts(QUALITY, row).loc["music_rooms"]) is False
    assert met(verdicts(TRANSITIONAL, row).loc["music_rooms"]) is relaxed


def test_a_relaxation_is_named_only_where_it_is_needed():
    rows = [
        school("1", classes=6, music_room_areas_m2="96", built_year=2000),
        school("2", classes=6, music_room_areas_m2="80", built_year=2000),
    ]
    judged = judge_school_items(pd.DataFrame(rows), TRANSITIONAL, year=YEAR)
    music = judged[judged["item"] == "music_rooms"]
    assert music["relaxation"].to_list() == ["", "music_rooms_built_2016"]
    assert music["met"].all()


def test_sports_area_of_dense_schools():
    row = school(students=1000, sports_area_m2=7000.0, sports_area_converted_m2=300.0, sports_area_leased_m2=250.0)
    for dense, expected in (("yes", 7550.0), ("no", 7000.0)):
        table = pd.DataFrame([row | {"dense_central_city": dense, "shared_resources": "stage"}])
        assert relax_amounts(table, TRANSITIONAL)["sports_area_m2"].to_list() == [expected]
        assert relax_amounts(table, QUALITY)["sports_area_m2"].to_list() == [7000.0]


def test_combined_schools_are_put_together():
    rows = [
        school("1", school_type="nine_year", students=300, classes=7, music_rooms=1, shared_resources="school"),
        school("1", school_type="nine_year", stage="junior", students=200, classes=6, music_rooms=1)
        | {"shared_resources": "school"},
        school("2", school_type="nine_year", students=300, classes=7, music_rooms=1, shared_resources="stage"),
        school("2", school_type="nine_year", stage="junior", students=200, classes=6, music_rooms=1)
        | {"shared_resources": "stage"},
    ]
    whole = whole_schools(pd.DataFrame(rows)).set_index("school_code")
    assert whole["students"].to_list() == [500, 500]
    assert whole["music_rooms"].to_list() == [1, 2]  # one room told twice, and one in each part
    # 13 classes need two rooms
    judged = judge_school_items(pd.DataFrame(rows), QUALITY, year=YEAR)
    music = judged[judged["item"] == "music_rooms"].set_index("school_code")
    assert music["met"].to_list() == [False, True]
    assert music.loc["1", "shortfall"] == 1


def test_school_items_say_how_much_is_missing():
    rows = [
        school("1", students=2100, classes=49, largest_class=48, training_funds_yuan=30_000, public_funds_yuan=900_000),
        school("2", students=80, classes=6, largest_class=15, training_funds_yuan=4_000, public_funds_yuan=60_000),
    ]
    judged = judge_school_items(pd.DataFrame(rows), QUALITY, year=YEAR).set_index(["item", "school_code"])["shortfall"]
    assert judged["school_size_primary", "1"] == 100  # students too many
    assert judged["class_size_primary", "1"] == 3  # 48 − 45
    assert judged["training_funds_share", "1"] == 15_000  # 5 % of 900,000 − 30,000
    assert judged["small_school_funds", "2"] == 5_000  # 65,000 − 60,000
    assert ("small_school_funds", "1") not in judged.index


def test_the_score_decides_government_work():
    points = {f"gov_{n:02d}": 6 for n in range(1, 17)} | {"gov_17": 4}  # 16 × 6 + 4 = 100
    exact = {name: Decimal(number) for name, number in points.items()}
    standard = with_points(BASIC, exact, source="x", authority="province")

    def judged(awarded: dict[str, float]) -> pd.Series:
        values = compute_items(
            pd.DataFrame(), county({f"{k}_points": v for k, v in awarded.items()}), standard, year=YEAR
        )
        return judge_items(values, standard).set_index("item").loc["rubric_score"]

    full = {name: float(n) for name, n in points.items()}
    assert met(judged(full | {"gov_01": 0, "gov_02": 0, "gov_03": 3})) is True  # 100 − 15 = 85
    assert met(judged(full | {"gov_01": 0, "gov_02": 0, "gov_03": 2.9})) is False  # 84.9
    left = {name: n for name, n in full.items() if name not in ("gov_01", "gov_02", "gov_03")}
    row = judged(left)  # 82 so far, 18 open
    assert (row["low"], row["high"], met(row), row["reason"]) == (82, 100, None, "incomplete")
    low = {name: n for name, n in full.items() if name not in ("gov_01", "gov_02")} | {"gov_03": 0, "gov_04": 0}
    assert met(judged(low)) is None  # 76 + 12 = 88 could still be
    assert met(judged(low | {"gov_05": 0})) is False  # 70 + 12 = 82 cannot
    with pytest.raises(ValueError, match="sum to the rubric's total"):
        with_points(BASIC, {"gov_01": Decimal(100)}, source="x", authority="province")


def test_without_the_provinces_points_the_score_is_not_reported():
    row = verdicts(BASIC, items=county({"gov_01_points": 6})).loc["rubric_score"]
    assert (met(row), row["reason"]) == (None, "not_reported")


def test_a_county_of_which_only_one_table_is_there():
    conclusion = conclude_county(
        pd.DataFrame({"year": [], "county_code": []}),
        verdicts(QUALITY, items=county({"veto_fraud": 1})).reset_index(),
        QUALITY,
    ).set_index("block")
    assert conclusion.loc["resources", "reason"] == "missing"
    assert conclusion.loc["county", ["met", "reason"]].to_list() == [False, "vetoed"]
    with pytest.raises(ValueError, match="no blocks"):
        conclude_county(pd.DataFrame(), pd.DataFrame(), replace(QUALITY, conclusion=None))


def test_several_counties_do_not_mix():
    rows = [school("1", students=2100), school("2", students=1000) | {"county_code": "840101"}]
    values = compute_items(pd.DataFrame(rows), county({"layout_plan": 1}), QUALITY, year=YEAR)
    table = judge_items(values, QUALITY).set_index(["county_code", "item"])["met"]
    assert bool(table[COUNTY, "school_size_primary"]) is False
    assert bool(table["840101", "school_size_primary"]) is True
    assert bool(table[COUNTY, "layout_plan"]) is True
    assert pd.isna(table["840101", "layout_plan"])


def test_another_year_does_not_count():
    rows = pd.DataFrame([school("1", students=2100), school("1", students=1900) | {"year": 2023}])
    for year, expected in ((2024, False), (2023, True)):
        values = compute_items(rows, county({}), QUALITY, year=year)
        assert bool(judge_items(values, QUALITY).set_index("item").loc["school_size_primary", "met"]) is expected
