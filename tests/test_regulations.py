"""Test vectors 1 to 12 of the facts sheet on the regulations; those on verdicts are in test_verdicts.py."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from balancelab.items.formulas import (
    grows_faster,
    growth,
    retention_rate,
    retention_rate_adjusted,
    rooms_needed,
    share,
)
from balancelab.measures import weighted_cv, weighted_mean
from balancelab.standards import load_standard
from balancelab.verdicts import COMPOSITE, judge_counties

PUPILS = np.array([45, 37, 89, 76, 55])
BOOKS = np.array([279, 137, 935, 160, 402])
# Published: Hefei, Luyang district, primary (Anhui CV table): the eight coefficients and their composite 0.592.
LUYANG = [0.881, 1.299, 0.977, 0.379, 0.170, 0.334, 0.286, 0.408]


def test_vector_1_the_five_school_example():
    ratios = BOOKS / PUPILS
    assert ratios.round(2).tolist() == [6.20, 3.70, 10.51, 2.11, 7.31]
    assert weighted_mean(ratios, PUPILS) == pytest.approx(6.3344, abs=5e-5)
    assert round(weighted_cv(ratios, PUPILS), 4) == 0.5153
    assert round(weighted_cv(ratios, np.ones(5)), 4) == 0.4888  # unweighted: the mistake to avoid
    assert round(float(np.std(ratios, ddof=1) / ratios.mean()), 4) == 0.5465  # and the other one


def published(values: list[float], standard_id: str) -> pd.DataFrame:
    """County verdicts from published coefficients alone."""
    standard = load_standard(standard_id)
    rows = {"year": 2013, "county_code": "340103", "stage": "primary", "n_schools": 40, "n_missing": 0}
    names = [indicator.id for indicator in standard.indicators]
    table = pd.DataFrame(
        [rows | {"indicator": n, "measure": "weighted_cv", "value": v} for n, v in zip(names, values, strict=True)]
    )
    indicators = pd.DataFrame(columns=["year", "county_code", "stage", "indicator", "value", "weight"])
    return judge_counties(table, indicators, standard)


def test_vectors_2_and_3_the_regimes_differ():
    basic = published(LUYANG, "basic_2012").set_index("indicator").loc[COMPOSITE]
    assert round(basic["value"], 3) == 0.592
    assert basic["met"]
    quality = published(LUYANG[:7], "quality_2017")
    assert int((quality["value"][quality["limit"].notna()] > 0.50).sum()) == 3
    assert (~quality["met"].dropna()).sum() == 3


def test_vector_9_the_three_growths():
    appropriation, revenue = (19432.9, 16021.6), (12706, 10567)
    assert round(100 * float(growth(*appropriation)), 2) == 21.29
    assert round(100 * float(growth(*revenue)), 2) == 20.24
    assert round(100 * float(growth(*appropriation) - growth(*revenue)), 2) == 1.05
    assert grows_faster(appropriation, revenue)
    assert not grows_faster((110, 100), (11, 10))  # equal growth is not faster


def test_vector_10_rooms():
    assert [rooms_needed(n, per_classes=12) for n in (0, 1, 12, 13, 24, 25)] == [0, 1, 1, 2, 2, 3]


def test_vector_11_retention():
    moves = {"transfers_in": 12, "transfers_out": 9, "deaths": 1}
    assert retention_rate(290, 300, **moves) == Fraction(290, 302)
    assert round(100 * float(retention_rate(290, 300, **moves)), 2) == 96.03
    assert retention_rate_adjusted(290, 300, **moves) == Fraction(287, 299)
    assert round(100 * float(retention_rate_adjusted(290, 300, **moves)), 2) == 95.99


def test_vector_12_scale():
    ratios = BOOKS / PUPILS
    for factor in (100, 1e-4, 10_000):
        assert weighted_cv(ratios * factor, PUPILS) == pytest.approx(weighted_cv(ratios, PUPILS), rel=1e-14)


@pytest.mark.parametrize(("part", "whole"), [(-1, 10), (1, 0), (1, -5)])
def test_shares_of_nothing_are_refused(part: int, whole: int):
    with pytest.raises(ValueError, match=r"`(part|whole)`"):
        share(part, whole)
