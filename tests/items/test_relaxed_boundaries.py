"""Every relaxed number exactly at its limit and one step beyond, and a province's own numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from balancelab import compute_indicators, judge_schools, load_standard, relax_amounts
from balancelab.items.provincial import read_school_standard
from tests.items.helpers import met, school, verdicts

QUALITY, TRANSITIONAL, BASIC = (
    load_standard(name) for name in ("quality_2017", "quality_2017_transitional", "basic_2012")
)


@pytest.mark.parametrize(
    ("columns", "relaxed"),
    [
        ({"art_room_areas_m2": "67", "built_year": 2016}, True),
        ({"art_room_areas_m2": "66.9", "built_year": 2016}, False),
        ({"art_room_areas_m2": "54", "rural_small": "yes", "largest_class": 29}, True),
        ({"art_room_areas_m2": "53.9", "rural_small": "yes", "largest_class": 29}, False),
        ({"art_room_areas_m2": "61", "rural_small": "yes", "largest_class": 29, "stage": "junior"}, True),
        ({"art_room_areas_m2": "60.9", "rural_small": "yes", "largest_class": 29, "stage": "junior"}, False),
    ],
)
def test_art_rooms_relaxed(columns: dict, relaxed: bool):
    row = [school(classes=6, **columns)]
    assert met(verdicts(QUALITY, row).loc["art_rooms"]) is False
    assert met(verdicts(TRANSITIONAL, row).loc["art_rooms"]) is relaxed


@pytest.mark.parametrize(("students", "relaxed"), [(2400, True), (2401, False)])
def test_junior_schools_relaxed(students: int, relaxed: bool):
    row = [school(stage="junior", students=students, built_year=2010)]
    assert met(verdicts(QUALITY, row).loc["school_size_junior"]) is False
    assert met(verdicts(TRANSITIONAL, row).loc["school_size_junior"]) is relaxed


@pytest.mark.parametrize(
    ("primary", "columns", "relaxed"),
    [
        (2000, {"built_year": 2010}, True),  # 2,000 + 1,000 = 3,000 students of one nine-year school
        (2001, {"built_year": 2010}, False),
        (2000, {"built_year": 2011}, False),
        (2000, {"migrant_students": 751}, True),  # 2 × 751 = 1,502 of 3,000: more than half
        (2000, {"migrant_students": 750}, False),  # exactly half
    ],
)
def test_combined_schools_relaxed(primary: int, columns: dict, relaxed: bool):
    rows = [
        school(students=primary, school_type="nine_year", **columns),
        school(stage="junior", students=1000, school_type="nine_year", **columns),
    ]
    assert met(verdicts(QUALITY, rows).loc["school_size_combined"]) is False
    assert met(verdicts(TRANSITIONAL, rows).loc["school_size_combined"]) is relaxed


def test_twelve_year_schools_keep_the_full_rule():
    """Facts sheet 3.4: the Procedure relaxes the size of nine-year schools; the rule is on twelve-year schools too."""
    rows = [
        school(students=1500, school_type="twelve_year", built_year=2000),
        school(stage="junior", students=1001, school_type="twelve_year", built_year=2000),
    ]
    assert met(verdicts(TRANSITIONAL, rows).loc["school_size_combined"]) is False
    rows[1]["students"] = 1000  # 2,500 in all: exactly the limit
    assert met(verdicts(TRANSITIONAL, rows).loc["school_size_combined"]) is True


@pytest.mark.parametrize(
    ("students", "columns", "counted"),
    [
        (50, {"rural_small": "yes"}, True),
        (49, {"rural_small": "yes"}, False),
        (99, {"rural_small": "yes"}, True),
        (100, {"rural_small": "yes"}, False),
        (99, {"school_type": "teaching_site"}, True),
        (100, {"school_type": "teaching_site"}, False),
        (99, {"rural_small": "no"}, False),
    ],
)
def test_visiting_teachers_count_from_50_and_below_100(students: int, columns: dict, counted: bool):
    row = school(students=float(students), teachers_arts_pe=0.0, teachers_arts_pe_visiting=1.0, **columns)
    assert relax_amounts(pd.DataFrame([row]), TRANSITIONAL)["teachers_arts_pe"].to_list() == [1.0 if counted else 0.0]
    assert relax_amounts(pd.DataFrame([row]), QUALITY)["teachers_arts_pe"].to_list() == [0.0]


def test_a_provinces_number_at_its_limit_and_one_step_below(tmp_path: Path):
    path = tmp_path / "某省标准.csv"
    rows = ["生均图书册数,小学,不低于,20,某省标准第3条", "生均图书册数,初中,不低于,30,某省标准第3条"]
    path.write_text("指标,学段,比较,限值,依据\n" + "\n".join(rows) + "\n", encoding="utf-8")
    standard, findings = read_school_standard(path, BASIC)
    assert findings == ()
    requirement = standard.requirements["books_per_student"]
    assert (requirement.authority, requirement.source) == ("province", "某省标准")
    books = next(indicator for indicator in standard.indicators if indicator.id == "books_per_student")
    # 2,000 / 100 = 20, 1,999 / 100 = 19.99; 3,000 / 100 = 30, 2,999 / 100 = 29.99
    for stage, amount, expected in (
        ("primary", 2000, True), ("primary", 1999, False), ("junior", 3000, True), ("junior", 2999, False),
    ):  # fmt: skip
        table = pd.DataFrame([school(stage=stage, students=100, books=float(amount))])
        judged = judge_schools(compute_indicators(table, [books]), standard)
        assert judged["met"].to_list() == [expected], (stage, amount)
