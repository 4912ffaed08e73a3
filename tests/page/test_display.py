"""Rounding for display, missing values, invisible characters."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.page.display import LONGEST_CELL, cell_text, clean_text, is_missing, number_text, round_half_even


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        # hand, by the rule of GB/T 8170-2008: below half down, above half up, exactly half to the even digit
        (12.1498, 1, "12.1"),
        (10.5002, 0, "11"),
        (1.050, 1, "1.0"),
        (0.350, 1, "0.4"),
        # hand: rounded once to 15 and 8.53, not step by step to 16 and 8.54
        (15.4546, 0, "15"),
        (8.53459, 2, "8.53"),
        # hand: the shortest decimal is a tie, whatever lies below it in binary
        (2.675, 2, "2.68"),
        (0.285, 2, "0.28"),
        (0.5, 0, "0"),
        (1.5, 0, "2"),
        # hand: the sign of a number that rounds to zero is not shown
        (-0.0004, 3, "0.000"),
        (-1.3895, 3, "−1.390"),
        (1234567.891, 1, "1,234,567.9"),
        (Fraction(1, 3), 4, "0.3333"),
        # hand: 1/8 = 0.125, a tie; 3/8 = 0.375, a tie
        (Fraction(1, 8), 2, "0.12"),
        (Fraction(3, 8), 2, "0.38"),
        (Decimal("0.125"), 2, "0.12"),
        (np.float32(0.1), 3, "0.100"),
        (np.int64(12), None, "12"),
        (0.1 + 0.2, None, "0.3"),
        (4.0, None, "4"),
        (1e-7, None, "0.0000001"),
        (1e300, 0, f"{10**300:,}"),
    ],
)
def test_numbers(value: object, decimals: int | None, text: str) -> None:
    assert number_text(value, decimals) == text


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NA, pd.NaT, Decimal("NaN"), float("inf"), -np.inf])
def test_what_is_not_there_is_a_dash(value: object) -> None:
    assert number_text(value, 2) == "—"
    assert number_text(value) == "—"
    assert number_text(value, 1, percent=True) == "—"


def test_zero_is_not_missing() -> None:
    assert not is_missing(0)
    assert not is_missing("")
    assert number_text(0.0, 2) == "0.00"


@pytest.mark.parametrize("value", [True, np.bool_(True), "1.5", [1]])
def test_only_numbers_are_numbers(value: object) -> None:
    with pytest.raises(TypeError, match="not a number"):
        number_text(value, 1)


def test_percentages_are_shifted_exactly() -> None:
    # hand: 0.285 is 28.5 %, and 28.5 rounds to the even 28; in floats 0.285 * 100 = 28.499999999999996
    assert number_text(0.285, 0, percent=True) == "28%"
    # hand: 0.295 is 29.5 %, even neighbour 30; in floats 0.295 * 100 = 29.5
    assert number_text(0.295, 0, percent=True) == "30%"
    assert number_text(Fraction(17, 20), 1, percent=True) == "85.0%"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=4000), st.integers(0, 4))
def test_rounding_is_the_nearest_even_decimal(value: Fraction, decimals: int) -> None:
    rounded = Fraction(round_half_even(value, decimals) or 0)
    step = Fraction(1, 10**decimals)
    # closed form: no multiple of the step is nearer, and of two equally near ones the even multiple is taken
    assert abs(rounded - value) <= step / 2
    if abs(rounded - value) == step / 2:
        assert (rounded / step) % 2 == 0


def test_control_and_direction_characters_go() -> None:
    hostile = "甲\x00\x1b[31m\u202e乙\u2066\ufeff\u200b丙\x85\ud800丁\r\n戊\t己"
    assert clean_text(hostile) == "甲[31m乙丙丁 戊 己"
    assert clean_text("𠮷祥里 ² − ≥") == "𠮷祥里 ² − ≥"


def test_a_very_long_text_is_cut_for_display_only() -> None:
    column = {"kind": "text", "decimals": None}
    shown = cell_text("甲" * 1500, column, "zh")
    assert len(shown) == LONGEST_CELL
    assert shown.endswith("甲…")
    assert cell_text("甲" * LONGEST_CELL, column, "zh") == "甲" * LONGEST_CELL
