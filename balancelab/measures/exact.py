"""
Exact arithmetic for verdicts: is a coefficient of variation at most its limit, when floats cannot tell?

Amounts and students are counts and decimals, so the square of a CV is a rational number and ``CV <= limit`` is decided
by integers alone. Values here are `fractions.Fraction` (or int, Decimal); a float is refused, since 0.1 as a float is
not 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral

Exact = Fraction | int | Decimal

TIE_DIGITS = 60
"""Sums of roots that agree with a limit to this many decimals are taken as equal to it."""


def exact_weighted_mean(values: Sequence[Exact], weights: Sequence[Exact]) -> Fraction:
    """
    Weighted mean, exact.

    Parameters
    ----------
    values : sequence of Fraction, int or Decimal
        Indicator value of each school. [indicator unit]
    weights : sequence of Fraction, int or Decimal
        Students of each school; a school of weight zero counts as absent. [students]

    Returns
    -------
    Fraction
        [indicator unit]

    Raises
    ------
    TypeError
        If a number is a float or not a number.
    ValueError
        If the sequences differ in length, are empty, or hold a negative or only zero weights.

    Examples
    --------
    >>> exact_weighted_mean([4, 6], [300, 100])
    Fraction(9, 2)
    """
    x, w = _checked(values, weights)
    return _exact_sum(weight * value for value, weight in zip(x, w, strict=True)) / _exact_sum(w)


def exact_variance(values: Sequence[Exact], weights: Sequence[Exact]) -> Fraction:
    """
    Weighted variance about the weighted mean (divisor: the students), exact. Arguments as `exact_weighted_mean`.

    Examples
    --------
    >>> exact_variance([4, 6], [300, 100])
    Fraction(3, 4)
    """
    x, w = _checked(values, weights)
    mean = exact_weighted_mean(x, w)
    squares = _exact_sum(weight * value * value for value, weight in zip(x, w, strict=True))
    return squares / _exact_sum(w) - mean * mean


def exact_cv_squared(values: Sequence[Exact], weights: Sequence[Exact]) -> Fraction:
    """
    Square of the coefficient of variation, exact.

    Parameters
    ----------
    values, weights : sequence of Fraction, int or Decimal
        As in `exact_weighted_mean`.

    Returns
    -------
    Fraction
        [unitless]

    Raises
    ------
    ValueError
        Also if the mean is not positive.

    Examples
    --------
    Variance 3/4 over the square of the mean, 81/4.

    >>> exact_cv_squared([4, 6], [300, 100])
    Fraction(1, 27)
    """
    mean = exact_weighted_mean(values, weights)
    if mean <= 0:
        raise ValueError(f"the weighted mean of `values` must be positive, got {mean}")
    return exact_variance(values, weights) / (mean * mean)


def cv_at_most(values: Sequence[Exact], weights: Sequence[Exact], limit: Exact) -> bool:
    """
    Decide ``CV <= limit`` exactly; a CV exactly at the limit meets it.

    Examples
    --------
    Half the students at 1 and half at 3: mean 2, deviation 1, CV exactly one half.

    >>> cv_at_most([1, 3], [10, 10], Fraction(1, 2)), cv_at_most([1, 3], [10, 10], Fraction(499, 1000))
    (True, False)
    """
    bound = _exact("limit", limit)
    return bound >= 0 and exact_cv_squared(values, weights) <= bound * bound


def mean_cv_at_most(samples: Sequence[tuple[Sequence[Exact], Sequence[Exact]]], limit: Exact) -> bool:
    """
    Decide whether the plain mean of several CVs (综合差异系数) is at most a limit.

    Parameters
    ----------
    samples : sequence of (values, weights)
        One pair for each indicator, each as in `exact_weighted_mean`.
    limit : Fraction, int or Decimal
        [unitless]

    Returns
    -------
    bool
        True where the mean is at most the limit. The sum of the roots is enclosed between integers at growing
        precision; if it still agrees with the limit at `TIE_DIGITS` decimals, it is taken as equal, hence met.

    Raises
    ------
    ValueError
        If `samples` is empty, or as `exact_cv_squared`.

    Examples
    --------
    >>> half, quarter = ([1, 3], [1, 1]), ([3, 5], [1, 1])
    >>> mean_cv_at_most([half, quarter], Fraction(3, 8)), mean_cv_at_most([half, quarter], Fraction(3749, 10000))
    (True, False)
    """
    if not samples:
        raise ValueError("`samples` is empty")
    squares = [exact_cv_squared(values, weights) for values, weights in samples]
    bound = _exact("limit", limit) * len(squares)
    digits = TIE_DIGITS // 4
    while digits <= TIE_DIGITS:
        scale = 10**digits
        low = sum(_floor_root(square, scale) for square in squares)
        if low > bound * scale:
            return False
        if low + len(squares) <= bound * scale:
            return True
        digits *= 2
    return True


def rounded_cv(values: Sequence[Exact], weights: Sequence[Exact]) -> float:
    """
    Coefficient of variation as the float nearest to the exact number.

    Examples
    --------
    The root of 1/27 is 0.19245008972987525...

    >>> rounded_cv([4, 6], [300, 100])
    0.19245008972987526
    """
    return rounded_root(exact_cv_squared(values, weights))


def rounded_root(square: Fraction) -> float:
    """
    Square root of a rational number, correctly rounded.

    Examples
    --------
    >>> rounded_root(Fraction(1, 4)), rounded_root(Fraction(2))
    (0.5, 1.4142135623730951)
    """
    if square < 0:
        raise ValueError(f"`square` must not be negative, got {square}")
    # Enough binary places for 64 significant bits; the appended odd bit says that something follows them.
    places = max(0, 64 + (square.denominator.bit_length() - square.numerator.bit_length()) // 2 + 1)
    scaled, rest = divmod(square.numerator << 2 * places, square.denominator)
    root = math.isqrt(scaled)
    inexact = rest != 0 or root * root != scaled
    return (2 * root + inexact) / (1 << places + 1)


def _floor_root(square: Fraction, scale: int) -> int:
    return math.isqrt(square.numerator * scale * scale // square.denominator)


def _checked(values: Sequence[Exact], weights: Sequence[Exact]) -> tuple[list[Fraction], list[Fraction]]:
    if len(values) != len(weights):
        raise ValueError(f"`weights` and `values` must be equally long, got {len(weights)} and {len(values)}")
    if len(values) == 0:
        raise ValueError("`values` is empty")
    w = [_exact("weights", weight) for weight in weights]
    if min(w) < 0:
        raise ValueError(f"`weights` must not be negative, got {min(w)}")
    if max(w) == 0:
        raise ValueError("`weights` must not all be zero")
    pairs = [(_exact("values", value), weight) for value, weight in zip(values, w, strict=True) if weight]
    return [value for value, _ in pairs], [weight for _, weight in pairs]


def _exact(name: str, number: Exact) -> Fraction:
    if isinstance(number, Fraction):
        return number
    if isinstance(number, Integral) and not isinstance(number, bool):
        return Fraction(int(number))  # numpy integers would overflow inside a Fraction
    if not isinstance(number, Decimal):
        raise TypeError(f"`{name}` must hold Fraction, int or Decimal, got {number!r}")
    if not number.is_finite():
        raise ValueError(f"`{name}` holds {number}")
    return Fraction(number)


def _exact_sum(terms: Iterable[Fraction]) -> Fraction:
    # Halves are added pairwise: denominators stay short for most of the work, which for 1,000 schools is most of the
    # time.
    level = list(terms)
    while len(level) > 1:
        paired = [level[i] + level[i + 1] for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) - len(level) % 2 :]
    return level[0]
