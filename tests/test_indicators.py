"""Indicators are exact quotients; expected values by hand arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from balancelab.indicators import compute_indicators, load_indicators, scaled

ALL = load_indicators()
IDENTITY = {"year": 2024, "county_code": "371599", "school_code": "1", "stage": "primary"}


def value(indicator: str, **columns: object) -> pd.Series:
    return compute_indicators(pd.DataFrame([IDENTITY | columns]), [ALL[indicator]]).iloc[0]


def test_per_student_and_per_hundred():
    assert value("books_per_student", students=45.0, books=279.0)["value"] == 6.2  # 279 / 45
    assert value("computers_per_100", students=941.0, computers=86.0)["value"] == pytest.approx(9.1392136, abs=1e-7)


def test_value_is_the_correctly_rounded_quotient():
    row = value("arts_pe_teachers_per_100", students=1000.0, teachers_arts_pe=9.0)
    assert row["value"] == 0.9
    assert Fraction(int(row["numerator"]), int(row["denominator"])) == Fraction(9, 10)


@pytest.mark.parametrize(("stage", "expected"), [("primary", 20.0), ("junior", 12.0)])
def test_degrees_count_by_stage(stage: str, expected: float):
    # 8 + 10 + 1 + 1 of 100 students in primary; college does not count in junior secondary.
    columns = {"teachers_college": 8.0, "teachers_bachelor": 10.0, "teachers_master": 1.0, "teachers_doctor": 1.0}
    row = value("above_qualification_teachers_per_100", **{"stage": stage, "students": 100.0} | columns)
    assert row["value"] == expected


def test_a_stage_that_the_formula_does_not_name_has_no_amount():
    columns = {f"teachers_{degree}": 8.0 for degree in ("college", "bachelor", "master", "doctor")}
    row = value("above_qualification_teachers_per_100", **{"stage": "senior", "students": 100.0} | columns)
    assert np.isnan(row["value"])


def test_missing_and_zero_are_different():
    assert np.isnan(value("books_per_student", students=100.0, books=np.nan)["value"])
    assert value("books_per_student", students=100.0, books=0.0)["value"] == 0
    assert np.isnan(value("books_per_student", students=0.0, books=5.0)["value"])
    assert np.isnan(value("books_per_student", students=np.nan, books=5.0)["value"])


def test_an_indicator_without_its_columns_is_left_out():
    table = pd.DataFrame([IDENTITY | {"students": 10.0, "books": 100.0}])
    assert compute_indicators(table, list(ALL.values()))["indicator"].unique().tolist() == ["books_per_student"]


def test_decimal_sums_carry_no_binary_dust():
    # 0.1 + 0.2 m² for one student is 0.3, not 0.30000000000000004.
    row = value("sports_area_per_student", students=1.0, sports_ground_area_m2=0.1, indoor_sports_area_m2=0.2)
    assert row["value"] == 0.3


def test_scaled_finds_whole_numbers():
    whole, scale = scaled(np.array([7220.5, 0.125, np.nan]))
    assert scale == 1000
    assert whole[:2].tolist() == [7220500, 125]
    assert np.isnan(whole[2])


def test_scaled_keeps_numbers_that_floats_cannot_hold():
    whole, scale = scaled(np.array([7220.123456789012, 1e15 + 0.5]))
    assert Fraction(whole[0], scale) == Fraction("7220.123456789012")
    assert Fraction(whole[1], scale) == Fraction("1000000000000000.5")


def test_shared_amounts_that_floats_cannot_hold_stay_exact():
    # hand: 98,765,432.123457 m² are 98,765,432,123,457 of 10⁶; times the 997 of the share it is above 2⁵³
    columns = {"students": 300.0, "teaching_area_m2": 98765432.123457}
    table = pd.DataFrame([IDENTITY | columns]).assign(share_numerator=997.0, share_denominator=1999.0)
    row = compute_indicators(table, [ALL["teaching_area_per_student"]], splits=["teaching_area_m2"]).iloc[0]
    assert (row["numerator"], row["denominator"]) == (98_765_432_123_457 * 997, 300 * 10**6 * 1999)


def test_rates_and_inverted_rates(tmp_path):
    path = tmp_path / "own.toml"
    text = """
[licensed_share]
label = { zh = "a", en = "a" }
unit = { zh = "", en = "" }
per = 1
base = "teachers"
[[licensed_share.formula]]
rate = "share"
[computers_per_100]
label = { zh = "b", en = "b" }
unit = { zh = "", en = "" }
per = 100
invert = true
[[computers_per_100.formula]]
rate = "students_per_computer"
"""
    path.write_text(text, encoding="utf-8")
    own = load_indicators(path)
    table = pd.DataFrame(
        [IDENTITY | {"students": 500.0, "teachers": 30.0, "share": 0.933, "students_per_computer": 1.6}]
    )
    rows = compute_indicators(table, [own["licensed_share"], own["computers_per_100"]])
    assert rows["value"].to_list() == [0.933, 62.5]  # 100 / 1.6
    assert rows["weight"].to_list() == [30, 500]
    zero = table.assign(students_per_computer=0.0)
    assert np.isnan(compute_indicators(zero, [own["computers_per_100"]])["value"].iloc[0])
