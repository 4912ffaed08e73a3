"""Every school's values, where a standard asks nothing of single schools."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from balancelab import Page, compute_indicators, load_standard, mark_scope, measure_counties, read_schools, split_shares
from balancelab.page import tables
from balancelab.page.blocks import SCHOOL_VALUES

SAMPLE = Path(__file__).resolve().parents[2] / "data/sample/schools.csv"


@pytest.mark.parametrize(
    ("standard", "audience", "shown"), [("basic_2012", "internal", 2), ("quality_2017", "internal", 0)]
)
def test_values_give_the_coefficients(standard, audience, shown):
    rules = load_standard(standard)
    intake = read_schools(SAMPLE, year=2024).for_county("371599")
    schools = split_shares(mark_scope(intake.schools, rules), rules)
    counted = schools[schools["in_scope"]]
    indicators = compute_indicators(counted, rules.indicators, splits=rules.splits())
    page = Page("en", audience=audience)
    tables.value_table(page, indicators, counted, rules)
    blocks = [block.to_json() for block in page.blocks]
    assert len(blocks) == shown  # one for each stage; "quality" shows them with its verdicts
    measures = measure_counties(indicators, measures=["weighted_cv"]).set_index(["stage", "indicator"])["value"]
    for block in blocks:
        assert block["about"] == SCHOOL_VALUES
        stage = block["keys"][0][0]
        names = [column["id"] for column in block["columns"]]
        students = np.array([row[names.index("students")] for row in block["rows"]], dtype=float)
        assert len(names) == 2 + 8  # the eight indicators of Jiaodu [2012] No. 3
        for name in names[2:]:
            values = np.array([row[names.index(name)] for row in block["rows"]], dtype=float)
            mean = np.average(values, weights=students)
            spread = np.sqrt(np.average((values - mean) ** 2, weights=students)) / mean  # the formula of the regulation
            assert spread == pytest.approx(measures[stage, name], rel=1e-12)


def test_the_public_sees_no_school():
    rules = load_standard("basic_2012")
    page = Page("zh", audience="public")
    tables.value_table(page, None, None, rules)  # nothing is even looked at
    assert page.blocks == ()
