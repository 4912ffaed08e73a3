"""The exact oracle: ties with a limit are decided, not rounded."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from balancelab.measures import weighted_cv
from balancelab.measures.exact import (
    cv_at_most,
    exact_cv_squared,
    exact_weighted_mean,
    mean_cv_at_most,
    rounded_cv,
    rounded_root,
)

HALF = Fraction(1, 2)
STEP = Fraction(1, 10**40)


def test_tie_is_met_and_one_step_below_is_not() -> None:
    # Hand: half the students at 1, half at 3: CV = 1/2.
    assert cv_at_most([1, 3], [5, 5], HALF)
    assert not cv_at_most([1, 3], [5, 5], HALF - STEP)
    assert not cv_at_most([1, 3], [5, 5], -HALF)


def test_a_school_of_weight_zero_is_absent() -> None:
    assert exact_weighted_mean([4, 6, 10**9], [300, 100, 0]) == Fraction(9, 2)


def test_mean_of_irrational_cvs_near_the_limit() -> None:
    # Values 3 and 5, 4 and 7: CVs 1/4 and 3/11 by hand; the third, sqrt(1/27), is irrational.
    samples = [([3, 5], [1, 1]), ([4, 7], [2, 2]), ([4, 6], [300, 100])]
    with localcontext(prec=80):
        mean = (Decimal(1) / 4 + Decimal(3) / 11 + (Decimal(1) / 27).sqrt()) / 3
    above, below = Fraction(mean) + STEP, Fraction(mean) - STEP
    assert mean_cv_at_most(samples, above)
    assert not mean_cv_at_most(samples, below)


def test_mean_of_cvs_tie_counts_as_met() -> None:
    # Hand: 1/2 and 1/4, mean 3/8, a tie at every precision.
    samples = [([1, 3], [1, 1]), ([3, 5], [1, 1])]
    assert mean_cv_at_most(samples, Fraction(3, 8))
    assert not mean_cv_at_most(samples, Fraction(3, 8) - STEP)


def test_rounded_cv_is_the_nearest_float() -> None:
    # Other program: decimal of the standard library at 60 digits.
    rng = np.random.default_rng(4)
    for _ in range(200):
        n_schools = int(rng.integers(1, 30))
        students = [int(p) for p in rng.integers(1, 3000, n_schools)]
        values = [Fraction(int(a), p) for a, p in zip(rng.integers(1, 10**7, n_schools), students, strict=True)]
        square = exact_cv_squared(values, students)
        with localcontext(prec=60):
            expected = float((Decimal(square.numerator) / Decimal(square.denominator)).sqrt())
        assert rounded_cv(values, students) == expected
        assert weighted_cv([float(x) for x in values], students) == pytest.approx(expected, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("square", [Fraction(0), Fraction(9, 4), Fraction(10**80), Fraction(1, 10**80)])
def test_rounded_root_of_squares(square: Fraction) -> None:
    assert rounded_root(square) ** 2 == pytest.approx(float(square), rel=1e-15)


def test_rounded_root_just_above_the_middle_of_two_floats() -> None:
    # Hand: 2^52 + 1/2 lies between two floats; the least more than it belongs to the upper one, the least less below.
    middle, least = Fraction(2**53 + 1, 2), Fraction(1, 2**200)
    assert rounded_root((middle + least) ** 2) == 2**52 + 1
    assert rounded_root((middle - least) ** 2) == 2**52
    assert rounded_root(middle**2) == 2**52  # half to even


def test_numpy_integers_do_not_overflow() -> None:
    # Hand: equal values, hence 0.
    assert exact_cv_squared(np.array([2**62, 2**62]), np.array([2**40, 1])) == 0


@pytest.mark.parametrize(
    ("values", "weights", "error", "named"),
    [
        ([0.1], [1], TypeError, "`values`"),
        ([1], [True], TypeError, "`weights`"),
        ([Decimal("nan")], [1], ValueError, "`values`"),
        ([1, 2], [1], ValueError, "`weights`"),
        ([], [], ValueError, "`values`"),
        ([1], [-1], ValueError, "`weights`"),
        ([1], [0], ValueError, "`weights`"),
        ([0], [1], ValueError, "`values`"),
    ],
)
def test_bad_input(values: list[object], weights: list[object], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        exact_cv_squared(values, weights)  # type: ignore[arg-type]


def test_empty_samples() -> None:
    with pytest.raises(ValueError, match="`samples`"):
        mean_cv_at_most([], HALF)
