"""Verdicts at, above and below every kind of limit; expected values by hand arithmetic unless said otherwise."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.intake.scope import mark_scope
from balancelab.intake.split import split_shares
from balancelab.standards import load_standard
from balancelab.verdicts import (
    COMPOSITE,
    all_of,
    conclude_counties,
    judge_counties,
    judge_schools,
    meets,
    qualify_schools,
)

QUALITY = load_standard("quality_2017")
BASIC = load_standard("basic_2012")


def school(code: str = "2100000001", *, stage: str = "primary", students: float = 1000, **amounts: float) -> dict:
    """One row of the school table that meets every primary requirement of 2017 exactly, changed by `amounts`."""
    exactly = {
        "teachers_above_qualification": students * Decimal("0.042"),
        "teachers_backbone": students * Decimal("0.01"),
        "teachers_arts_pe": students * Decimal("0.009"),
        "teaching_area_m2": students * Decimal("4.5"),
        "sports_area_m2": students * Decimal("7.5"),
        "equipment_value_yuan": students * 2000,
        "multimedia_rooms": students * Decimal("0.023"),
    }
    identity = {"year": 2024, "county_code": "371599", "school_code": code, "stage": stage, "school_type": stage}
    return identity | {"students": students} | {name: float(value) for name, value in exactly.items()} | amounts


def judged(rows: list[dict]) -> pd.DataFrame:
    indicators = compute_indicators(pd.DataFrame(rows), QUALITY.indicators)
    return judge_schools(indicators, QUALITY)


def qualified(rows: list[dict]) -> list[bool | None]:
    verdicts = qualify_schools(judged(rows), QUALITY)["qualified"]
    return [None if pd.isna(verdict) else bool(verdict) for verdict in verdicts]


def test_a_school_exactly_on_every_limit_meets_them_all():
    """Catalogue K04."""
    verdicts = judged([school(students=students) for students in (1000,)])
    assert verdicts["met"].all()
    assert not verdicts["borderline"].any()


def test_nine_arts_teachers_for_a_thousand_students_meet_nine_tenths():
    """Catalogue K04."""
    assert 9 / 1000 * 100 < 0.9  # what floats say
    verdicts = judged([school(teachers_arts_pe=9)]).set_index("indicator")
    assert verdicts.loc["arts_pe_teachers_per_100", "met"]
    below = judged([school(students=1001, teachers_arts_pe=9)]).set_index("indicator")
    assert not below.loc["arts_pe_teachers_per_100", "met"]


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [(19.55, True), (19.54, False)],  # 85 % of 2.3 is 1.955 per 100: 19.55 rooms for 1,000 students
)
def test_six_met_and_the_seventh_at_85_percent(rooms: float, expected: bool):
    assert qualified([school(multimedia_rooms=rooms)]) == [expected]


def test_five_met_and_two_at_90_percent_do_not_qualify():
    assert qualified([school(multimedia_rooms=20.7, equipment_value_yuan=1_800_000)]) == [False]


def test_a_missing_value_leaves_the_school_undetermined_unless_it_fails_anyway():
    """Catalogue E02."""
    assert qualified([school(multimedia_rooms=np.nan)]) == [None]
    assert qualified([school(multimedia_rooms=np.nan, teachers_backbone=1)]) == [False]


def test_an_indicator_whose_columns_the_table_lacks_is_not_reported():
    """Six items met would be enough, were the seventh at 85 %: nobody knows. Two that fail decide all the same."""
    rows = [school(), school("2100000002", teachers_backbone=1)]
    table = pd.DataFrame(rows).drop(columns="multimedia_rooms")
    verdicts = judge_schools(compute_indicators(table, QUALITY.indicators), QUALITY)
    schools = qualify_schools(verdicts, QUALITY)
    assert schools[["n_required", "n_met", "n_missing"]].to_numpy().tolist() == [[7, 6, 1], [7, 5, 1]]
    assert [None if pd.isna(verdict) else bool(verdict) for verdict in schools["qualified"]] == [None, False]


def test_gym_is_taken_out_of_teaching_area_and_counted_as_sports():
    # Regulations sheet, test vector 8: 5,000 m² with an 800 m² gym, grounds 6,000 m², 1,000 students.
    row = school(teaching_area_m2=5000, indoor_sports_area_m2=800, sports_ground_area_m2=6000)
    verdicts = judged([row]).set_index("indicator")
    assert verdicts.loc["teaching_area_per_student", "value"] == 4.2
    assert verdicts.loc["sports_area_per_student", "value"] == 6.8
    assert not verdicts.loc[["teaching_area_per_student", "sports_area_per_student"], "met"].any()
    assert verdicts["above_floor"].all()
    assert verdicts.loc["teaching_area_per_student", "shortfall"] == pytest.approx(300)  # (4.5 − 4.2) × 1,000 m²


@pytest.mark.parametrize(
    ("students", "teachers", "lacking"),
    [
        (1000, 9, 0),  # exactly at 0.9 per 100
        (1000, 8.75, 1),  # a quarter of a teacher is a teacher
        (1000, 7, 2),  # 9 − 7, though floats say 2.0000000000000004
        (1001, 9, 1),  # 9.009 are needed
        (430, 3, 1),  # 3.87 are needed
        (2460, 3, 20),  # 22.14 − 3 = 19.14
    ],
)
def test_what_a_school_lacks_in_people_is_whole(students: float, teachers: float, lacking: float):
    assert (0.9 - 0.7) * 1000 / 100 > 2  # what floats say
    verdicts = judged([school(students=students, teachers_arts_pe=teachers)]).set_index("indicator")
    assert verdicts.loc["arts_pe_teachers_per_100", "shortfall"] == lacking


def test_the_rest_of_what_schools_lack_is_not_rounded_and_a_split_school_counts_by_stage():
    # 0.2 m² for 1,003 students; half of 5 teachers are the stage's: 9.027 − 2.5 = 6.527 are seven
    verdicts = judged([school(students=1003, teaching_area_m2=1003 * 4.3, equipment_value_yuan=2005999.5)])
    lacking = verdicts.set_index("indicator")["shortfall"]
    assert lacking["teaching_area_per_student"] == pytest.approx(200.6)
    assert lacking["equipment_value_per_student"] == pytest.approx(0.5)
    row = school(students=1003, teachers_arts_pe=5) | {"share_numerator": 1.0, "share_denominator": 2.0}
    indicators = compute_indicators(pd.DataFrame([row]), QUALITY.indicators, splits=("teachers_arts_pe",))
    split = judge_schools(indicators, QUALITY).set_index("indicator")
    assert split.loc["arts_pe_teachers_per_100", "shortfall"] == 7


def test_rounding_that_would_overturn_a_verdict_is_marked():
    # 4.496 m² prints as 4.50, the limit, and is below it.
    verdicts = judged([school(teaching_area_m2=4496)]).set_index("indicator")
    assert not verdicts.loc["teaching_area_per_student", "met"]
    assert verdicts.loc["teaching_area_per_student", "borderline"]


def test_a_million_pairs_agree_with_exact_arithmetic():
    rng = np.random.default_rng(20170419)
    pairs = 0
    for indicator in QUALITY.indicators:
        for stage, limit in QUALITY.requirements[indicator.id].limits.items():
            students = rng.integers(1, 3001, 72_000)
            # amounts at the limit or a step or two beside it: the pairs on which floats can go wrong
            tied = np.floor(students * float(limit) / indicator.per)
            amounts = np.maximum(tied + rng.integers(-2, 3, students.size), 0)
            column = next(f.added(stage)[0] for f in indicator.formulas if len(f.columns) == 1)
            table = pd.DataFrame({"students": students.astype(float), column: amounts})
            table = table.assign(year=2024, county_code="371599", school_code="1", stage=stage)
            verdicts = judge_schools(compute_indicators(table, [indicator]), QUALITY)
            over, under = limit.as_integer_ratio()
            exact = amounts.astype(int) * indicator.per * under >= over * students  # whole numbers below 2**63
            assert (verdicts["met"].to_numpy(bool) == exact).all()
            pairs += len(table)
    assert pairs >= 1_000_000


def test_comparison_agrees_with_fractions_whatever_the_quotient():
    rng = np.random.default_rng(1)
    over, under = rng.integers(0, 10**6, 2000), rng.integers(1, 10**4, 2000)
    for limit in (Decimal("0.9"), Decimal("3.57"), Decimal("2125"), Decimal("0.85") * Decimal("5.3")):
        expected = [Fraction(int(a), int(b)) >= Fraction(limit) for a, b in zip(over, under, strict=True)]
        assert list(meets(over / under, over.astype(float), under.astype(float), limit, at_least=True)) == expected


def county(values: list[tuple[float, float]], stage: str = "primary", standard=QUALITY) -> pd.DataFrame:
    """County verdicts of schools given as (students, backbone teachers)."""
    rows = [
        school(f"21{number:08d}", stage=stage, students=students, teachers_backbone=backbone)
        for number, (students, backbone) in enumerate(values)
    ]
    indicators = compute_indicators(pd.DataFrame(rows), standard.indicators)
    table = judge_counties(measure_counties(indicators), indicators, standard)
    return table.set_index("indicator")


def test_a_county_at_exactly_one_half_passes_and_one_step_above_fails():
    """Catalogue K04."""
    # Two schools of 100 students with 1 and 3 teachers: mean 2, deviation 1, CV exactly 1/2.
    at = county([(100, 1), (100, 3)]).loc["backbone_teachers_per_100"]
    assert at["value"] == 0.5
    assert at["met"]
    above = county([(1000, 9.999999), (1000, 30)]).loc["backbone_teachers_per_100"]
    assert not above["met"]
    assert above["borderline"]  # prints as 0.500


def test_a_coefficient_exactly_at_its_limit_is_not_borderline_for_the_dust_of_floats():
    # 5 and 15 of 52 students each: mean 2a, deviation a, CV exactly 1/2, of which floats make 0.5000000000000001.
    row = county([(52, 5), (52, 15)]).loc["backbone_teachers_per_100"]
    assert row["value"] > 0.5
    assert row["met"]
    assert not row["borderline"]


def test_the_junior_limit_is_nine_twentieths():
    # Students equal; values 11 and 29 of mean 20: deviation 9, CV exactly 0.45.
    assert county([(1000, 11), (1000, 29)], "junior").loc["backbone_teachers_per_100", "met"]
    assert not county([(1000, 11), (1000, 30)], "junior").loc["backbone_teachers_per_100", "met"]


def test_one_school_is_not_judged_balanced():
    """Catalogue K01."""
    row = county([(1000, 10)]).loc["backbone_teachers_per_100"]
    assert row["value"] == 0
    assert pd.isna(row["met"])
    assert row["reason"] == "one_school"


def test_a_mean_of_zero_is_not_met_and_says_so():
    """Catalogue K03."""
    row = county([(1000, 0), (900, 0)]).loc["backbone_teachers_per_100"]
    assert np.isnan(row["value"])
    assert not row["met"]
    assert row["reason"] == "zero_mean"


def test_a_school_without_a_value_leaves_the_county_undetermined():
    row = county([(1000, 10), (900, 9), (800, np.nan)]).loc["backbone_teachers_per_100"]
    assert row["n_missing"] == 1
    assert pd.isna(row["met"])
    assert row["reason"] == "missing"


def test_one_value_among_schools_that_did_not_report_is_not_one_school():
    row = county([(1000, 10), (900, np.nan)]).loc["backbone_teachers_per_100"]
    assert (row["n_schools"], row["n_missing"], row["reason"]) == (1, 1, "missing")
    assert pd.isna(row["met"])


def test_all_equal_schools_have_exactly_zero():
    """Catalogue K02."""
    assert county([(1000, 10), (700, 7), (300, 3)]).loc["backbone_teachers_per_100", "value"] == 0.0


def test_the_composite_is_judged_in_the_basic_regime_and_is_information_in_the_other():
    rows = [
        school(f"21{n}", students=500 + n, teachers=30, computers=50, books=9000 * n, teachers_senior_title=9)
        for n in (1, 2)
    ]
    indicators = compute_indicators(pd.DataFrame(rows), BASIC.indicators)
    basic = judge_counties(measure_counties(indicators), indicators, BASIC).set_index("indicator")
    assert basic["limit"].notna().to_list() == [False] * 8 + [True]
    assert basic.loc[COMPOSITE, "value"] == pytest.approx(basic["value"].iloc[:8].mean())
    quality = county([(100, 1), (100, 3)])
    assert np.isnan(quality.loc[COMPOSITE, "limit"])


def test_the_conclusion_needs_both_blocks():
    rows = [school("2100000001"), school("2100000002"), school("2100000003", teachers_backbone=1)]
    indicators = compute_indicators(pd.DataFrame(rows), QUALITY.indicators)
    schools = qualify_schools(judge_schools(indicators, QUALITY), QUALITY)
    counties = judge_counties(measure_counties(indicators), indicators, QUALITY)
    result = conclude_counties(schools, counties).iloc[0]
    assert (result["n_schools"], result["n_qualified"]) == (3, 2)
    assert not result["schools_met"]
    assert not result["met"]


def test_three_valued_conclusion():
    assert all_of([True, pd.NA, False]) is False
    assert all_of([True, pd.NA]) is None
    assert all_of([]) is True


def test_split_example_of_the_application_form():
    """Catalogue J12."""
    # Published: 166 primary + 210 junior students, 23,226 books, 1 : 1.1; exact 9,711.63 and 13,514.37.
    rows = [
        school("211", stage=stage, students=students, books=23226)
        | {"shared_resources": "school", "school_type": "nine_year"}
        for stage, students in (("primary", 166), ("junior", 210))
    ]
    shared = split_shares(pd.DataFrame(rows), BASIC)
    books = next(indicator for indicator in BASIC.indicators if indicator.id == "books_per_student")
    values = compute_indicators(shared, [books], splits=BASIC.splits())
    assert values["value"].round(4).to_list() == [58.5038, 64.3542]
    amounts = (values["value"] * values["weight"]).round(2).to_list()
    assert amounts == [9711.63, 13514.37]
    assert (
        sum(
            Fraction(int(a), int(b))
            for a, b in zip(shared["share_numerator"], shared["share_denominator"], strict=True)
        )
        == 1
    )


def test_split_of_a_complete_secondary_school_is_1_to_1_2():
    row = school("211", stage="junior", students=600, teaching_area_m2=9000)
    row |= {"shared_resources": "school", "senior_students": 500, "school_type": "complete_secondary"}
    shared = split_shares(pd.DataFrame([row]), QUALITY)
    assert shared["share_numerator"][0] / shared["share_denominator"][0] == 600 / (600 + 1.2 * 500)


def test_scope_of_the_two_documents():
    rows = [
        school("1") | {"school_type": "special", "ownership": "county"},
        school("2", students=49) | {"school_type": "teaching_site", "ownership": "county"},
        school("3", students=50) | {"school_type": "teaching_site", "ownership": "county"},
        school("4") | {"ownership": "private"},
        school("5", students=0) | {"ownership": "county"},
        school("6") | {"ownership": "county", "students": np.nan},
        school("7") | {"ownership": "prefecture"},
    ]
    table = pd.DataFrame(rows)
    quality = ["special_school", "small_teaching_site", "", "", "no_students", "students_missing", ""]
    assert mark_scope(table, QUALITY)["exclusion"].to_list() == quality
    basic = [
        "special_school",
        "teaching_site",
        "teaching_site",
        "private_school",
        "no_students",
        "students_missing",
        "not_county_run",
    ]
    assert mark_scope(table, BASIC)["exclusion"].to_list() == basic
