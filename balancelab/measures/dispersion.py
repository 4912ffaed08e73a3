"""Mean, standard deviation and coefficient of variation: what the official verdicts rest on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures import grouped
from balancelab.measures.checks import check_positive_mean, checked, mean_of, total
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


def _sd(values: np.ndarray, weights: np.ndarray, mean: float) -> float:
    return math.sqrt(total(weights * (values - mean) ** 2) / total(weights))
