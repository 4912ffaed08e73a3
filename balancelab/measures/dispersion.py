"""Mean, coefficient of variation and the other plain measures of spread; the official verdicts rest on the CV."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures import grouped
from balancelab.measures.checks import check_positive_mean, checked, mean_of, total
from balancelab.measures.entropy import relative_logs
from balancelab.measures.registry import measure


@measure(zh="平均值", en="Mean", equal=None, has_unit=True, grouped=grouped.weighted_mean)
def weighted_mean(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Student-weighted mean (平均值): the county's total amount divided by its students.

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
        If the arrays differ in length, are empty, hold a missing value or a negative weight, or no weight is positive.

    Notes
    -----
    .. math:: \bar X = \frac{\sum_i P_i X_i}{\sum_i P_i} = \frac{\sum_i x_i}{P}

    Not the mean of the schools' values: that is another number whenever schools differ in size.

    References
    ----------
    Calculation method circulated with 教督〔2012〕3号, worked example 生均图书册数.

    Examples
    --------
    300 students at 4 m² and 100 at 6 m²: (1200 + 600) / 400.

    >>> weighted_mean([4, 6], [300, 100])
    4.5
    """
    x, w = checked(values, weights)
    return mean_of(x, w)


@measure(zh="标准差", en="Standard deviation", has_unit=True, grouped=grouped.weighted_sd)
def weighted_sd(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Student-weighted standard deviation (标准差) about the weighted mean.

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
        If the arrays differ in length, are empty, hold a missing value or a negative weight, or no weight is positive.

    Notes
    -----
    .. math:: S = \sqrt{\sum_i \frac{P_i}{P} (X_i - \bar X)^2}

    The divisor is the student total (ddof = 0): a census of schools, not a sample.

    Examples
    --------
    300 students at 4 m² and 100 at 6 m²: variance 0.75 · 0.5² + 0.25 · 1.5² = 0.75.

    >>> round(weighted_sd([4, 6], [300, 100]), 4)
    0.866
    """
    x, w = checked(values, weights)
    return _sd(x, w, mean_of(x, w))


@measure(zh="差异系数", en="Coefficient of variation", grouped=grouped.weighted_cv)
def weighted_cv(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Student-weighted coefficient of variation (差异系数).

    How far schools lie from the county mean, as a share of that mean, each school counting by its students.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. A school of weight zero counts as absent. [students]

    Returns
    -------
    float
        0 where all schools are equal; at most ``sqrt((1 - p) / p)``, p the smallest share of students. [unitless]

    Raises
    ------
    ValueError
        If the arrays differ in length, are empty, hold a missing value or a negative weight, or if the weighted mean
        is not positive.

    Notes
    -----
    .. math:: CV = \frac{1}{\bar X} \sqrt{\sum_i \frac{P_i}{P} (X_i - \bar X)^2}

    The divisor is the student total (ddof = 0): a census of schools, not a sample. On the official five-school
    example it is 0.5153. Differs from the unweighted ``std / mean`` (0.4888; 0.5465 with n − 1) because schools
    count by students; from R ``cov.wt`` (0.5836) because that divides the variance by 1 − Σp²; from
    ``Hmisc::wtd.var`` (0.5161) because that divides by P − 1; from ``REAT::williamson`` (0.5186) because that takes
    the variance about the unweighted mean.

    References
    ----------
    Calculation method circulated with 教督〔2012〕3号, worked example 生均图书册数; 教督〔2017〕6号.

    Examples
    --------
    300 students at 4 m² and 100 at 6 m²: mean 4.5, variance 0.75.

    >>> round(weighted_cv([4, 6], [300, 100]), 4)
    0.1925
    """
    x, w = checked(values, weights)
    mean = mean_of(x, w)
    check_positive_mean("values", mean)
    return _sd(x, w, mean) / mean


@measure(zh="极差", en="Range", has_unit=True, smooth=False, grouped=grouped.value_range)
def value_range(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Range (极差): the best supplied school's value less the worst supplied one's.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school; they only tell which schools are present. [students]

    Returns
    -------
    float
        0 where all schools are equal. [indicator unit]

    Raises
    ------
    ValueError
        If the arrays differ in length, are empty, hold a missing value or a negative weight, or no weight is positive.

    Examples
    --------
    >>> value_range([4, 6, 9], [300, 100, 50])
    5.0
    """
    x, _ = checked(values, weights)
    return float(x[-1] - x[0])


@measure(zh="极差率", en="Range ratio", equal=1.0, smooth=False, grouped=grouped.range_ratio)
def range_ratio(values: ArrayLike, weights: ArrayLike) -> float:
    """
    Range ratio (极差率): the best supplied school's value over the worst supplied one's.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school; they only tell which schools are present. [students]

    Returns
    -------
    float
        1 where all schools are equal; infinite where a school has nothing. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    References
    ----------
    Li, X. and Li, Q. 李晓秋、李琼 (2019), 我国义务教育均衡的实证检验.

    Examples
    --------
    >>> range_ratio([4, 6, 9], [300, 100, 50]), range_ratio([0, 9], [10, 10])
    (2.25, inf)
    """
    x, _ = checked(values, weights, non_negative=True, positive_mean=True)
    return float(x[-1] / x[0]) if x[0] > 0 else math.inf


@measure(zh="对数标准差", en="Standard deviation of logarithms", grouped=grouped.sd_of_logs)
def sd_of_logs(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Student-weighted standard deviation of the natural logarithms (对数标准差).

    Made for convergence over years. Inside one year prefer another measure: a transfer from a rich school to a less
    rich one can raise this one.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; infinite where a school has nothing. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    .. math:: \sqrt{\sum_i p_i (\ln x_i - \sum_j p_j \ln x_j)^2}

    Differs from programs that take the logarithms of the positive schools only: these describe other schools.

    Examples
    --------
    Half the students at 1, half at e²: logarithms 0 and 2.

    >>> round(sd_of_logs([1, math.e**2], [10, 10]), 12)
    1.0
    """
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    if x[0] == 0:
        return math.inf
    mean = mean_of(x, w)
    logs = relative_logs(x / mean, (x - mean) / mean)
    return _sd(logs, w, mean_of(logs, w))


def _sd(values: np.ndarray, weights: np.ndarray, mean: float) -> float:
    return math.sqrt(total(weights * (values - mean) ** 2) / total(weights))
