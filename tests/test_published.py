"""Published figures (data/published) come out of the package's own functions as they were printed."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from balancelab.indicators import compute_indicators, load_indicators
from balancelab.intake.split import split_shares
from balancelab.measures import weighted_cv, weighted_mean, weighted_sd
from balancelab.measures.exact import rounded_cv
from balancelab.standards import load_standard

FOLDER = Path(__file__).parents[1] / "data" / "published"
BASIC = load_standard("basic_2012")
INDICATORS = [indicator.id for indicator in BASIC.indicators]


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


FACTS = rows_of("facts.csv")
COUNTIES = rows_of("county_balance_2012.csv")
COMPLETE = [row for row in COUNTIES if row["measure"] == "weighted_cv" and all(row[name] for name in INDICATORS)]


def fact(entity: str, name: str) -> Fraction:
    (row,) = [row for row in FACTS if (row["entity"], row["fact"]) == (entity, name)]
    return Fraction(row["value"])


def printed(entity: str, name: str) -> Decimal:
    (row,) = [row for row in FACTS if (row["entity"], row["fact"]) == (entity, name)]
    return Decimal(row["printed"])


# ---- the five-school example --------------------


@pytest.fixture
def five() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "five_schools_books.csv")


def test_five_school_example(five):
    """Published: mean 6.33, variance 10.65, S 3.26, CV 0.52; hand: 1913/302 = 6.3344, 10.6528, 3.2639, 0.51526."""
    values, students = five["books"] / five["students"], five["students"]
    assert weighted_mean(values, students) == pytest.approx(1913 / 302, abs=1e-12)
    assert weighted_sd(values, students) == pytest.approx(3.2639, abs=5e-5)
    assert weighted_cv(values, students) == pytest.approx(0.51526, abs=5e-6)
    assert round(weighted_cv(values, students), 4) == 0.5153
    assert weighted_mean(values, students) == pytest.approx(
        float(fact("five_schools", "books_per_student_mean")), abs=0.005
    )
    assert weighted_sd(values, students) ** 2 == pytest.approx(
        float(fact("five_schools", "sum_of_weighted_squares")), abs=0.005
    )
    assert weighted_sd(values, students) == pytest.approx(float(fact("five_schools", "weighted_sd")), abs=0.005)
    assert weighted_cv(values, students) == pytest.approx(float(fact("five_schools", "weighted_cv")), abs=0.005)


def test_five_school_example_is_not_the_unweighted_one(five):
    """Hand: the wrong methods give 0.4888 (population) and 0.5465 (sample)."""
    values = (five["books"] / five["students"]).to_numpy()
    assert values.std() / values.mean() == pytest.approx(0.4888, abs=5e-5)
    assert values.std(ddof=1) / values.mean() == pytest.approx(0.5465, abs=5e-5)
    cv = weighted_cv(values, five["students"])
    assert abs(cv - 0.4888) > 0.02
    assert abs(cv - 0.5465) > 0.02


def test_five_school_values_as_printed(five):
    """Published: volumes per student and weighted squared deviations of every school, as rounded there."""
    values, students = five["books"] / five["students"], five["students"]
    assert np.abs(values - five["printed_books_per_student"]).max() <= 0.005 + 1e-9
    squares = students / students.sum() * (values - weighted_mean(values, students)) ** 2
    assert np.abs(squares - five["printed_weighted_squared_deviation"]).max() <= 0.005 + 1e-9


def test_five_school_example_through_the_indicator(five):
    table = five.assign(year=2024, county_code="371599", school_code=five.index.astype(str))
    indicators = compute_indicators(table, [load_indicators()["books_per_student"]])
    assert weighted_cv(indicators["value"], indicators["weight"]) == pytest.approx(0.51526, abs=5e-6)


def test_five_school_example_in_exact_arithmetic(five):
    books, students = five["books"].tolist(), five["students"].tolist()
    values = [Fraction(x, p) for x, p in zip(books, students, strict=True)]
    assert rounded_cv(values, students) == pytest.approx(weighted_cv(five["books"] / students, students), rel=1e-15)


def test_change_of_unit_changes_nothing(five):
    """Closed form: CV(kx) = CV(x)."""
    values, students = five["books"] / five["students"], five["students"]
    assert weighted_cv(100 * values, students) == pytest.approx(weighted_cv(values, students), rel=1e-14)
    assert weighted_cv(values / 10_000, students) == pytest.approx(weighted_cv(values, students), rel=1e-14)


# ---- county tables --------------------


def test_county_table_has_the_indicators_of_the_standard():
    assert [name for name in COUNTIES[0] if name in INDICATORS] == INDICATORS
    cities = Counter(row["city"] for row in COMPLETE)
    assert cities == {"合肥市": 4, "重庆市": 9, "长春市": 3}
    (cut,) = [row for row in COUNTIES if row["measure"] == "weighted_cv" and row not in COMPLETE]
    assert (cut["county"], cut["stage"], cut["composite"]) == ("綦江区", "junior", "")


@pytest.mark.parametrize("row", COMPLETE, ids=lambda row: f"{row['county']}-{row['stage']}")
def test_composite_is_the_plain_mean_of_the_eight(row):
    """
    Published: 15 of 16 complete rows agree to the rounding of the composite, 0.0005; Yongchuan primary within 0.00075.

    The composite is taken from unrounded coefficients, so that the mean of the printed ones may be off by 0.0005 more.
    """
    mean = sum((Decimal(row[name]) for name in INDICATORS), Decimal(0)) / len(INDICATORS)
    exception = (row["county"], row["stage"]) == ("永川区", "primary")
    assert abs(mean - Decimal(row["composite"])) <= Decimal("0.00075" if exception else "0.0005")


def test_yongchuan_is_the_one_exception():
    """Hand: 0.696 + 0.916 + 0.819 + 0.580 + 0.450 + 0.286 + 0.285 + 0.470 = 4.502; / 8 = 0.56275, printed 0.562."""
    (row,) = [row for row in COMPLETE if (row["county"], row["stage"]) == ("永川区", "primary")]
    assert sum(Decimal(row[name]) for name in INDICATORS) / 8 == Decimal("0.56275")
    assert row["composite"] == "0.562"


def test_published_composites_are_within_the_limits_of_2012():
    """Published: the largest composites are 0.592 and 0.493; the limits of 2012 are 0.65 and 0.55."""
    assert BASIC.county_rule is not None
    for stage, largest in (("primary", "0.592"), ("junior", "0.493")):
        composites = [Decimal(row["composite"]) for row in COMPLETE if row["stage"] == stage]
        assert max(composites) == Decimal(largest)
        assert max(composites) <= BASIC.county_rule.at_most[stage]


def test_regimes_differ_on_luyang():
    """Hand: primary 0.881, 1.299 and 0.977 exceed 0.50, while the composite 0.592 is within 0.65."""
    (row,) = [row for row in COMPLETE if (row["county"], row["stage"]) == ("庐阳区", "primary")]
    each = load_standard("quality_2017").county_rule
    assert each is not None
    assert sum(Decimal(row[name]) > each.at_most["primary"] for name in INDICATORS) == 3


def test_tables_were_copied_without_a_slip():
    """Other copy: the collection of real data that lies beside the repository, where it does."""
    original = Path(__file__).parents[2] / "shared" / "data" / "china_published" / "county_cv_2012rules_long.csv"
    if not original.exists():
        pytest.skip("the collection of real data is not here")
    with original.open(encoding="utf-8", newline="") as stream:
        long = [row for row in csv.DictReader(stream) if row["indicator"] != "composite"]
    columns = dict(zip(dict.fromkeys(row["indicator"] for row in long), INDICATORS, strict=True))
    copied = {(row["county"], row["stage"], row["measure"]): row for row in COUNTIES}
    for row in long:
        for measure, column in (("weighted_mean", "mean"), ("weighted_cv", "cv")):
            assert copied[row["county"], row["stage"], measure][columns[row["indicator"]]] == row[column]


def test_published_means_are_plausible():
    """Teachers above the qualification, and with a title, are some of the teachers."""
    for row in COUNTIES:
        if row["measure"] == "weighted_mean":
            ratio = Decimal(row["teacher_student_ratio"])
            assert Decimal(row["above_qualification_teachers_per_student"]) <= ratio
            assert Decimal(row["senior_title_teachers_per_student"]) <= ratio


# ---- the nine-year split --------------------


def test_nine_year_split():
    """
    Published: 58.5, 9,711, 13,515 (rounded first); hand: 23226/397 = 58.5038; x 166 = 9711.63; x 231 = 13514.37.

    Catalogue J12.
    """
    (row,) = rows_of("nine_year_split.csv")
    books = float(row["books"])
    table = pd.DataFrame(
        {
            "year": 2024,
            "county_code": "371599",
            "school_code": "3100000001",
            "stage": ["primary", "junior"],
            "shared_resources": "school",
            "students": [float(row["primary_students"]), float(row["junior_students"])],
            "books": books,
        }
    )
    shares = split_shares(table, BASIC)
    parts = (books * shares["share_numerator"] / shares["share_denominator"]).tolist()
    assert parts == pytest.approx([9711.63, 13514.37], abs=0.005)
    assert sum(parts) == pytest.approx(books, abs=1e-9)
    values = compute_indicators(shares, [load_indicators()["books_per_student"]], splits=["books"])["value"].tolist()
    assert values == pytest.approx([58.5038, 64.3542], abs=5e-5)
    assert values[0] == pytest.approx(float(row["printed_books_per_weighted_student"]), abs=0.05)
    assert parts[0] == pytest.approx(float(row["printed_primary_books"]), abs=1)
    assert parts[1] == pytest.approx(float(row["printed_junior_books"]), abs=1)


# ---- facts of schools and counties --------------------


def test_facts_are_figures_each_with_its_source():
    keys = [(row["entity"], row["fact"]) for row in FACTS]
    assert len(keys) == len(set(keys))
    for row in FACTS:
        assert row["source"], row
        assert row["fact_zh"], row
        if row["unit"] not in ("date", "month"):
            assert Fraction(row["value"]) >= 0, row


@pytest.mark.parametrize(
    ("name", "exact"), [("site_area", 56.00), ("building_area", 8.717), ("sports_area", 8.032), ("green_area", 2.511)]
)
def test_town_school_prints_areas_per_student(name, exact):
    """Published to two decimals or none; hand to three: 52,700, 8,203, 7,558 and 2,363 m2 over 941 students."""
    per_student = fact("town_central_primary", name) / fact("town_central_primary", "students")
    assert float(per_student) == pytest.approx(exact, abs=0.005 if name == "site_area" else 0.0005)
    shown = printed("town_central_primary", name)
    digits = -int(shown.as_tuple().exponent)
    assert round(float(per_student), digits) == float(shown)


def test_town_school_against_the_standard_of_2017():
    """Hand: q2 = 16/941 x 100 = 1.70, q5 = 8.03 meet 1 and 7.5; one multimedia room is 0.106 per 100, far below 2.3."""
    school = {name: fact("town_central_primary", name) for name in ("students", "sports_area", "multimedia_rooms")}
    limits = {name: rule.limits["primary"] for name, rule in load_standard("quality_2017").requirements.items()}
    backbone = sum(fact("town_central_primary", f"backbone_{level}") for level in ("province", "city", "county"))
    assert backbone == 16
    restated = ("backbone_city_restated", "backbone_city_and_county_restated")
    assert backbone == sum(fact("town_central_primary", name) for name in restated)
    assert float(backbone / fact("town_central_primary", "teachers_full_time")) == pytest.approx(0.2667, abs=5e-5)
    assert float(100 * backbone / school["students"]) == pytest.approx(1.70, abs=0.005)
    assert 100 * backbone / school["students"] >= limits["backbone_teachers_per_100"]
    assert school["sports_area"] / school["students"] >= limits["sports_area_per_student"]
    rooms = 100 * school["multimedia_rooms"] / school["students"]
    assert float(rooms) == pytest.approx(0.106, abs=5e-4)
    assert rooms < limits["multimedia_rooms_per_100"]


def test_jiuchang_school():
    """Hand: 172 + 41 = 213; 15/172 x 100 = 8.72; 1,550/172 = 9.01; 6,000/172 = 34.9; 11/172 = 0.0640."""
    get = {row["fact"]: Fraction(row["value"]) for row in FACTS if row["entity"] == "jiuchang_primary"}
    assert get["students"] + get["preschool_students"] == get["students_with_preschool"]
    assert get["teachers_full_time"] + get["teachers_admin"] == get["teachers"]
    assert get["title_primary_senior"] + get["title_primary_first"] == get["teachers"]
    assert float(100 * get["teachers_full_time"] / get["students"]) == pytest.approx(8.72, abs=0.005)
    assert float(get["sports_area"] / get["students"]) == pytest.approx(9.01, abs=0.005)
    assert float(get["books"] / get["students"]) == pytest.approx(34.9, abs=0.05)
    assert float(get["title_primary_senior"] / get["students"]) == pytest.approx(0.0640, abs=5e-5)


def test_tiedong_growth():
    """Published: 21.29 %, 20.24 %, 1.05 points; hand: 21.2919, 20.2423, 1.0496."""
    growth = [
        100 * (fact("tiedong_district", name) / fact("tiedong_district", f"{name}_year_before") - 1)
        for name in ("appropriation", "regular_revenue")
    ]
    assert [float(rate) for rate in growth] == pytest.approx([21.2919, 20.2423], abs=5e-5)
    assert float(growth[0] - growth[1]) == pytest.approx(1.0496, abs=5e-5)
    assert round(float(growth[0]), 2) == float(printed("tiedong_district", "appropriation"))
    assert round(float(growth[1]), 2) == float(printed("tiedong_district", "regular_revenue"))
    assert round(float(growth[0] - growth[1]), 2) == float(printed("tiedong_district", "growth_gap"))


def test_tiedong_staff_and_places():
    """Hand: 1,901 - 1,697 = 204; 926 - 1,224 = -298; both sides 194 short; 9 + 19 = 2 + 4 + 22; 60 places a class."""
    get = {row["fact"]: Fraction(row["value"]) for row in FACTS if row["entity"] == "tiedong_district"}
    for where, shown in (("urban", 204), ("rural", -298)):
        assert get[f"staff_actual_{where}"] - get[f"staff_quota_{where}"] == shown
        assert printed("tiedong_district", f"staff_actual_{where}") == shown
    for side in ("quota", "actual"):
        assert get[f"staff_{side}"] - get[f"staff_{side}_urban"] - get[f"staff_{side}_rural"] == 194
    by_type = get["safety_new_projects"] + get["safety_reinforced_projects"]
    assert by_type == sum(get[f"safety_projects_{state}"] for state in ("done", "under_way", "to_start")) == 28
    assert get["new_town_junior_places"] / get["new_town_junior_classes"] == 60 > get["limit_class_size_junior"]
    assert get["new_town_primary_places"] / get["new_town_primary_classes"] == 45 == get["limit_class_size_primary"]
    assert get["new_town_junior_places"] + get["new_town_primary_places"] == 2790


def test_guangling_parts_and_total():
    """Hand: 4,877 + 9,426 + 16,910 = 31,213, printed 31,200 (rounded to hundreds); the schools sum exactly to 118."""
    get = {row["fact"]: Fraction(row["value"]) for row in FACTS if row["entity"] == "guangling_county"}
    parts = sum(get[f"students_{stage}"] for stage in ("senior", "junior", "primary"))
    assert (parts, get["students"]) == (31213, 31200)
    assert round(int(parts), -2) == get["students"]
    kinds = ("senior", "vocational", "complete_secondary", "junior", "nine_year", "primary")
    assert sum(get[f"schools_{kind}"] for kind in kinds) == get["schools"] == 118
    local = get["public_funds_local"] / 10
    shares = [local * get[f"public_funds_{level}"] / 10 for level in ("province", "city", "county")]
    assert shares == [Fraction(1, 10), Fraction(1, 25), Fraction(3, 50)]
    assert float(get["students"] / get["staff"]) == pytest.approx(12.9, abs=0.05)


def test_readme_explains_every_file_and_column():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for file in sorted(FOLDER.glob("*.csv")):
        assert f"## {file.name}" in readme
        section = readme.split(f"## {file.name}")[1].split("\n## ")[0]
        for column in rows_of(file.name)[0]:
            assert column in section or column in INDICATORS, (file.name, column)
