"""Measures of the school finance tradition: restricted range, federal range ratio, McLoone and Verstegen indices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures import ordered
from balancelab.measures.checks import checked, total
from balancelab.measures.quantiles import quantile_of, two_quantiles
from balancelab.measures.registry import measure


@measure(
    zh="限制极差（P95－P5）",
    en="Restricted range (P95 − P5)",
    has_unit=True,
    smooth=False,
    grouped=ordered.restricted_range,
)
def restricted_range(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Restricted range: the 95th percentile of students less the 5th, so that single odd schools do not rule it.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal. [indicator unit]

    Raises
    ------
    ValueError
        As `weighted_mean`.

    References
    ----------
    Berne, R. and Stiefel, L. (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    >>> restricted_range([4, 6, 9], [300, 100, 50])
    5.0
    """
    x, w = checked(values, weights)
    cumulative = np.cumsum(w)
    return quantile_of(x, cumulative, 0.95) - quantile_of(x, cumulative, 0.05)


@measure(zh="联邦极差率", en="Federal range ratio", smooth=False, grouped=ordered.federal_range_ratio)
def federal_range_ratio(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Federal range ratio: the restricted range over the 5th percentile of students.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; infinite where the 5th percentile is zero. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative or the 95th percentile is zero.

    Notes
    -----
    The regulation of the United States that made it calls a state equalised up to 0.25.

    References
    ----------
    34 CFR part 222 subpart K, appendix.

    Examples
    --------
    >>> federal_range_ratio([4, 6, 9], [300, 100, 50])
    1.25
    """
    high, low = two_quantiles(values, weights, 0.95, 0.05)
    return (high - low) / low if low > 0 else math.inf


@measure(zh="麦克伦指数", en="McLoone index", equal=1.0, smooth=False, grouped=ordered.mcloone_index)
def mcloone_index(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    McLoone index (麦克伦指数): what the poorer half of students have, over what they would have at the median.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        From 0 to 1; exactly 1 where the poorer half is at the median. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative or the median is zero.

    Notes
    -----
    The school in which the half is reached counts with exactly the students that complete it. Differs from the rules
    "schools at or below the median" (0.7200 on the classical example of 38 salaries) and "strictly below" (0.5333)
    because those count more, or fewer, than half of the students; the exact half gives the printed 0.7053 =
    603 / (45 · 19).

    References
    ----------
    Berne, R. and Stiefel, L. (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    Median 6; the poorer half is 40 students at 4 and 10 at 6: 220 of 300.

    >>> round(mcloone_index([4, 6, 9], [40, 40, 20]), 6)
    0.733333
    """
    x, w, median = _around_median(values, weights)
    before, half = np.cumsum(w) - w, total(w) / 2
    portion = np.clip(half - before, 0.0, w)
    return 1 - total(portion * (median - x)) / (median * half)


@measure(zh="沃斯特根指数", en="Verstegen index", equal=1.0, smooth=False, grouped=ordered.verstegen_index)
def verstegen_index(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Verstegen index (沃斯特根指数): what the richer half of students have, over what they would have at the median.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        1 or more; exactly 1 where the richer half is at the median. [unitless]

    Raises
    ------
    ValueError
        As `mcloone_index`.

    Notes
    -----
    McLoone + Verstegen = 2 · mean / median: the same exact halves. Differs from the rules "at or above" and "strictly
    above the median" as `mcloone_index` does from its own variants.

    References
    ----------
    Verstegen, D. (1996), Concepts and measures of fiscal inequality.

    Examples
    --------
    Median 6; the richer half is 30 students at 6 and 20 at 9: 360 of 300.

    >>> round(verstegen_index([4, 6, 9], [40, 40, 20]), 6)
    1.2
    """
    x, w, median = _around_median(values, weights)
    after, half = np.cumsum(w), total(w) / 2
    portion = np.clip(after - half, 0.0, w)
    return 1 + total(portion * (x - median)) / (median * half)


def _around_median(values: ArrayLike, weights: ArrayLike) -> tuple[np.ndarray, np.ndarray, float]:
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    median = quantile_of(x, np.cumsum(w), 0.5)
    if median == 0:
        raise ValueError("the median of `values` is zero, so that nothing can be compared with it")
    return x, w, median
