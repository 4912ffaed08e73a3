"""
A whole state through the package by files alone, against the figures that the state published.

Published: North Carolina report-card files 2013-14 and 2014-15, district figures: the teacher-weighted mean of public
schools' shares, by district and school category, printed with three decimals.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.intake import read_schools
from balancelab.intake.scope import mark_scope
from balancelab.standards import load_standard

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = ROOT / "data" / "north_carolina"
DATA = ROOT.parent / "shared" / "data" / "north_carolina"
STAGES = {
    "E": "elementary",
    "M": "middle",
    "H": "high",
    "I": "elementary_middle",
    "T": "middle_high",
    "A": "all_grades",
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the state's files are not part of this repository")


def counted(year: int) -> pd.DataFrame:
    rules = load_standard(CONFIGURATION / "standard.toml", indicator_file=CONFIGURATION / "indicators.toml")
    intake = read_schools(
        DATA / "schools_2014_2015.csv.gz",
        year=year,
        column_map=CONFIGURATION / "columns.toml",
        columns_needed=rules.columns_needed(),
    )
    assert intake.source.rows_in == len(intake.schools) + len(intake.excluded)
    schools = mark_scope(intake.schools, rules)
    return schools[schools["in_scope"]]


def district_means(year: int) -> pd.DataFrame:
    rules = load_standard(CONFIGURATION / "standard.toml", indicator_file=CONFIGURATION / "indicators.toml")
    measures = measure_counties(compute_indicators(counted(year), rules.indicators), measures=["weighted_mean"])
    return measures[["county_code", "stage", "indicator", "value"]]


@pytest.mark.parametrize("year", [2014, 2015])
@pytest.mark.parametrize(
    ("indicator", "column"),
    [("licensed_teacher_share", "lea_flicensed_teach_pct"), ("advanced_degree_teacher_share", "lea_advance_dgr_pct")],
)
def test_district_shares_as_the_state_printed_them(year: int, indicator: str, column: str):
    published = pd.read_csv(DATA / "districts_published_2014_2015.csv.gz", dtype={"unit_code": str})
    published = published[published["year"] == year].assign(
        county_code=lambda table: table["unit_code"].str[:3], stage=lambda table: table["category_cd"].map(STAGES)
    )[["county_code", "stage", column]]
    means = district_means(year)
    both = means[means["indicator"] == indicator].merge(published.dropna(), on=["county_code", "stage"])
    assert len(both) >= 434
    # rounded as printed: at most one unit of the third decimal apart (whole-number rounding of the schools' own shares)
    apart = (both["value"].round(3) - both[column]).abs()
    assert (apart < 0.0015).mean() >= 0.949


def test_all_115_public_districts_and_no_charter():
    schools = counted(2015)
    assert schools["county_code"].nunique() == 115
    assert set(schools["ownership"]) == {"public"}
