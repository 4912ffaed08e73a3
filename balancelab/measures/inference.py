"""What one school does to a county's figure, and what range similar schools might give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import aligned, check_values, present_schools, total
from balancelab.measures.groups import checked_labels
from balancelab.measures.registry import MEASURES

if TYPE_CHECKING:
    import pandas as pd

MIN_SCHOOLS = 5
"""Below it a delete-one interval has no meaning."""

CountyMeasure = Callable[[ArrayLike, ArrayLike], float]


@dataclass(frozen=True)
class JackknifeInterval:
    """
    A county's figure and the interval for "if these schools were a draw from similar schools".

    Attributes
    ----------
    estimate : float
        The figure itself: a census number without error.
    std_error : float
        Delete-one-school jackknife standard error.
    low, high : float
        Limits, on the scale of logarithms, hence never below 0.
    bias_corrected : float
        Jackknife estimate for the population of similar schools; inequality among few schools is biased downward.
    n_schools : int
    level : float
        Nominal coverage.
    """

    estimate: float
    std_error: float
    low: float
    high: float
    bias_corrected: float
    n_schools: int
    level: float


def jackknife_interval(
    function: CountyMeasure, values: ArrayLike, weights: ArrayLike, *, level: float = 0.95
) -> JackknifeInterval:
    r"""
    Jackknife interval of a smooth measure, by leaving out one school at a time.

    Parameters
    ----------
    function : callable
        A measure ``function(values, weights) -> float``, such as `weighted_cv` or `gini`; not one that jumps, as
        quantiles, ranges and the McLoone index do.
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    level : float, optional
        Nominal coverage, between 0 and 1.

    Returns
    -------
    JackknifeInterval
        ``low == high == 0`` where all schools are equal.

    Raises
    ------
    ValueError
        If there are fewer than five schools, the measure jumps, is infinite or negative, or cannot be computed
        without one of the schools; otherwise as the measure.

    Notes
    -----
    .. math:: \hat\theta \exp\left( \pm t_{n-1} \, \widehat{se} / \hat\theta \right), \quad
        \widehat{se}^2 = \frac{n-1}{n} \sum_i (\hat\theta_{(-i)} - \bar\theta_{(\cdot)})^2

    The official figure is a census number and is printed without an interval. In a simulation with lognormal values
    and enrolments (8 to 80 schools, CV and Gini), this one covered 87 to 93 % of the time, the percentile bootstrap
    50 to 91 %; nothing is random in it.

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 11.

    Examples
    --------
    Of a plain mean, the jackknife error is the textbook one: variance 2.5 over 5 schools.

    >>> from balancelab.measures import weighted_mean
    >>> interval = jackknife_interval(weighted_mean, [1, 2, 3, 4, 5], [1, 1, 1, 1, 1])
    >>> interval.estimate, round(interval.std_error**2, 12), interval.low < 3 < interval.high
    (3.0, 0.5, True)
    """
    _check_smooth(function)
    x, w, _ = _present(values, weights)
    if len(x) < MIN_SCHOOLS:  # said before the measure is asked about fewer schools than it may take
        raise _too_few(len(x))
    without = [function(np.delete(x, i), np.delete(w, i)) for i in range(len(x))]
    return interval_without(function(x, w), np.array(without), level=level)


def interval_without(estimate: float, without: np.ndarray, *, level: float = 0.95) -> JackknifeInterval:
    """
    Jackknife interval of a figure that is known without each of its schools, as an influence table has it.

    Parameters
    ----------
    estimate : float
        The figure of all schools.
    without : ndarray, shape (n_schools,)
        The figure without each school, in any order.
    level : float, optional
        Nominal coverage, between 0 and 1.

    Returns
    -------
    JackknifeInterval
        The same as `jackknife_interval` gives.

    Raises
    ------
    ValueError
        If there are fewer than five schools, or a figure is negative, infinite or missing.

    Examples
    --------
    Means of 1, 2, 3, 4, 5 without each: the textbook error again.

    >>> round(interval_without(3.0, np.array([3.5, 3.25, 3.0, 2.75, 2.5])).std_error ** 2, 12)
    0.5
    """
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie between 0 and 1, got {level}")
    n_schools = len(without)
    if n_schools < MIN_SCHOOLS:
        raise _too_few(n_schools)
    if not 0 <= estimate < math.inf:
        raise ValueError(
            f"`function` gives {estimate:g}; an interval on the scale of logarithms needs a positive number"
        )
    if not np.isfinite(without).all():
        raise ValueError("the measure is not finite without one of the schools, so that it has no interval")
    mean = total(without) / n_schools
    std_error = math.sqrt((n_schools - 1) / n_schools * total((without - mean) ** 2))
    factor = math.exp(_t_quantile(n_schools - 1, level) * std_error / estimate) if estimate > 0 else 1.0
    return JackknifeInterval(
        estimate=estimate,
        std_error=std_error,
        low=estimate / factor,
        high=estimate * factor,
        bias_corrected=n_schools * estimate - (n_schools - 1) * mean,
        n_schools=n_schools,
        level=level,
    )


def influence_table(
    function: CountyMeasure, values: ArrayLike, weights: ArrayLike, *, schools: Iterable[object] | None = None
) -> pd.DataFrame:
    """
    Influence of single schools: what a county's figure would be without each of them.

    Parameters
    ----------
    function : callable
        Any measure ``function(values, weights) -> float``.
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    schools : iterable, length n_schools, optional
        Names or codes; the row numbers without.

    Returns
    -------
    DataFrame
        One row per school with students, the strongest influence first: ``school``; ``value``; ``students``;
        ``without``, the figure without the school; ``influence``, that less the figure of all: negative where the
        school raises the figure. Missing where nothing can be computed without the school (it alone has any of the
        resource).

    Raises
    ------
    ValueError
        If there are fewer than two schools; otherwise as the measure for all schools.

    Examples
    --------
    >>> from balancelab.measures import weighted_cv
    >>> influence_table(weighted_cv, [4, 4, 8], [100, 100, 50], schools=["a", "b", "c"]).round(3)
      school  value  students  without  influence
    0      c    8.0      50.0    0.000     -0.333
    1      a    4.0     100.0    0.354      0.020
    2      b    4.0     100.0    0.354      0.020
    """
    import pandas as pd

    x, w, present = _present(values, weights)
    if len(x) < 2:
        raise ValueError("`values` must hold two schools or more to leave one out")
    names = range(len(present)) if schools is None else checked_labels("schools", schools, len(present))
    whole = function(x, w)
    without = np.array([_or_missing(function, np.delete(x, i), np.delete(w, i)) for i in range(len(x))])
    table = pd.DataFrame(
        {
            "school": [name for name, counts in zip(names, present, strict=True) if counts],
            "value": x,
            "students": w,
            "without": without,
            "influence": without - whole,
        }
    )
    order = table["influence"].abs().sort_values(ascending=False, kind="stable", na_position="first").index
    return table.loc[order].reset_index(drop=True)


def _present(values: ArrayLike, weights: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, w = aligned(values=values, weights=weights)
    present = present_schools(w)
    check_values("values", x[present])
    return x[present], w[present], present


def _check_smooth(function: CountyMeasure) -> None:
    name = getattr(function, "__name__", "")
    registered = MEASURES.get(name)
    if registered is not None and registered.function is function and not registered.smooth:
        raise ValueError(f"`function`: {name} jumps from school to school, so that it has no jackknife interval")


def _too_few(n_schools: int) -> ValueError:
    return ValueError(f"`values` must hold {MIN_SCHOOLS} schools or more for an interval, got {n_schools}")


def _or_missing(function: CountyMeasure, values: np.ndarray, weights: np.ndarray) -> float:
    try:
        return function(values, weights)
    except ValueError:
        return math.nan


def _t_quantile(df: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))
