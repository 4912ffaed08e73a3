"""Measures from the order of schools: student quantiles, their ratios, and what the ends of the order hold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures import ordered
from balancelab.measures.checks import checked, total
from balancelab.measures.registry import measure


def weighted_quantile(values: ArrayLike, weights: ArrayLike, *, probability: float) -> float:
    """
    Value below which a given share of students lies.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    probability : float
        Share of students, from 0 to 1.

    Returns
    -------
    float
        The value of a school, or the middle between two where the share falls between them. [indicator unit]

    Raises
    ------
    ValueError
        As `weighted_mean`; also if `probability` lies outside 0..1.

    Notes
    -----
    Inverted distribution function, averaged at its steps: the median rule, for every share, on the list of students.
    Differs from Hmisc and Hyndman–Fan type 7 because those interpolate towards schools that do not exist; from
    `numpy.quantile` with weights because that takes the lower school at a step; from
    ``survey::svyquantile(qrule="school")`` because that averages wrongly below the first school's share.

    References
    ----------
    Hyndman, R. and Fan, Y. (1996), Sample quantiles in statistical packages, definition 2.

    Examples
    --------
    >>> weighted_quantile([4, 6, 9], [50, 30, 20], probability=0.5)
    5.0
    >>> weighted_quantile([4, 6, 9], [50, 30, 20], probability=0.51)
    6.0
    """
    x, w = checked(values, weights)
    return quantile_of(x, np.cumsum(w), _share("probability", probability))


@measure(zh="中位数", en="Median", equal=None, has_unit=True, smooth=False, grouped=ordered.weighted_median)
def weighted_median(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Student-weighted median (中位数): half the students are in schools at or below it.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        [indicator unit]

    Raises
    ------
    ValueError
        As `weighted_mean`.

    Examples
    --------
    >>> weighted_median([4, 6, 9], [10, 30, 20])
    6.0
    """
    return weighted_quantile(values, weights, probability=0.5)


@measure(
    zh="分位数比（P90/P10）", en="Quantile ratio (P90/P10)", equal=1.0, smooth=False, grouped=ordered.quantile_ratio
)
def quantile_ratio(values: ArrayLike, weights: ArrayLike, *, upper: float = 0.9, lower: float = 0.1) -> float:
    """
    Ratio of two quantiles of students, by default P90/P10.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    upper, lower : float, optional
        Shares of students, from 0 to 1.

    Returns
    -------
    float
        1 where all schools are equal; infinite where only the lower quantile is zero. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative, the upper quantile is zero, or ``lower > upper``.

    Examples
    --------
    >>> quantile_ratio([4, 6, 9], [300, 100, 50])
    2.25
    """
    if _share("lower", lower) > _share("upper", upper):
        raise ValueError(f"`lower` must not exceed `upper`, got {lower} and {upper}")
    high, low = two_quantiles(values, weights, upper, lower)
    return high / low if low > 0 else math.inf


@measure(zh="份额比（S80/S20）", en="Share ratio (S80/S20)", equal=1.0, smooth=False, grouped=ordered.share_ratio)
def share_ratio(values: ArrayLike, weights: ArrayLike, *, top: float = 0.2, bottom: float = 0.2) -> float:
    """
    Resource share of the best supplied students over that of the worst supplied, by default S80/S20.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    top, bottom : float, optional
        Shares of students at either end, above 0, at most 1.

    Returns
    -------
    float
        ``top / bottom`` where all schools are equal; infinite where the bottom has nothing. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    A school at the cut counts with the part of its students that completes the share.

    Examples
    --------
    Top 20 of 100 students: 20 · 9 = 180; bottom 20: 20 · 4 = 80.

    >>> share_ratio([4, 6, 9], [40, 40, 20])
    2.25
    """
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    for name, share in (("top", top), ("bottom", bottom)):
        if _share(name, share) == 0:
            raise ValueError(f"`{name}` must be above 0")
    cumulative, students = np.cumsum(w), total(w)
    at_top = np.clip(cumulative - (1 - top) * students, 0.0, w)
    at_bottom = np.clip(bottom * students - (cumulative - w), 0.0, w)
    amount_at_bottom = total(at_bottom * x)
    return total(at_top * x) / amount_at_bottom if amount_at_bottom > 0 else math.inf


@measure(zh="帕尔马比值", en="Palma ratio", equal=0.25, smooth=False, grouped=ordered.palma_ratio)
def palma_ratio(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Palma ratio (帕尔马比值): resource share of the top 10 % of students over that of the bottom 40 %.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0.25 where all schools are equal; infinite where the bottom 40 % have nothing. [unitless]

    Raises
    ------
    ValueError
        As `share_ratio`.

    Notes
    -----
    Made for incomes; no threshold for schools exists. Reported for comparison only.

    References
    ----------
    Cobham, A. and Sumner, A. (2013), Is it all about the tails? The Palma measure of income inequality.

    Examples
    --------
    Top 10 of 100 students: 10 · 9 = 90; bottom 40: 40 · 4 = 160.

    >>> palma_ratio([4, 6, 9], [40, 40, 20])
    0.5625
    """
    return share_ratio(values, weights, top=0.1, bottom=0.4)


def two_quantiles(values: ArrayLike, weights: ArrayLike, upper: float, lower: float) -> tuple[float, float]:
    """
    Two quantiles of schools whose ratio is asked for; the upper one must not be zero.

    Examples
    --------
    >>> two_quantiles([4, 6, 9], [300, 100, 50], 0.9, 0.1)
    (9.0, 4.0)
    """
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    cumulative = np.cumsum(w)
    high, low = quantile_of(x, cumulative, upper), quantile_of(x, cumulative, lower)
    if high == 0:
        raise ValueError(f"the upper quantile ({upper}) of `values` is zero, so that the ratio has no meaning")
    return high, low


def quantile_of(values: np.ndarray, cumulative: np.ndarray, probability: float) -> float:
    """
    Quantile of values in ascending order with their running total of students, as `weighted_quantile`.

    Examples
    --------
    >>> quantile_of(np.array([4.0, 6.0]), np.array([30.0, 40.0]), 0.75)
    5.0
    """
    target, slack = probability * cumulative[-1], ordered.TIE * cumulative[-1]
    last = len(values) - 1
    reached = min(int(np.searchsorted(cumulative, target - slack, side="left")), last)
    passed = min(int(np.searchsorted(cumulative, target + slack, side="right")), last)
    return float(values[reached] + values[passed]) / 2


def _share(name: str, share: float) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"`{name}` must lie between 0 and 1, got {share}")
    return share
