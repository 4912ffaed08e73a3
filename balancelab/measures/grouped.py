"""
The measures for all counties at once: one pass over rows that are sorted by group.

Every function takes ``(values, weights, starts)``: rows sorted by group, `starts` the first row of every group
(strictly increasing from 0, no group empty: the convention of `numpy.add.reduceat`). The caller has taken missing rows
out. The answer has one entry per group and equals the single-county function of the same name; where that one would
raise (no students, a mean that is not positive, values that the measure does not admit), it is NaN and the caller
says why. A row of weight zero counts as absent.

All sums are taken about the group's own mean (two passes): a county whose schools lie close together keeps its digits.
"""

from __future__ import annotations

import numpy as np


def group_sums(rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Sum rows group by group.

    Examples
    --------
    >>> group_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 2]))
    array([3., 4.])
    """
    return np.add.reduceat(rows, starts) if len(starts) else np.zeros(0)


def group_sizes(n_rows: int, starts: np.ndarray) -> np.ndarray:
    """
    Count the rows of every group.

    Examples
    --------
    >>> group_sizes(3, np.array([0, 2]))
    array([2, 1])
    """
    return np.diff(starts, append=n_rows)


def weighted_mean(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Weighted mean of every group.

    Parameters
    ----------
    values, weights : ndarray, shape (n_rows,)
        Indicator values and students, sorted by group, nothing missing.
    starts : ndarray of int, shape (n_groups,)
        First row of every group.

    Returns
    -------
    ndarray, shape (n_groups,)
        NaN where a group has no students. [indicator unit]

    Examples
    --------
    >>> weighted_mean(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2]))
    array([4.5, 5. ])
    """
    mean, _, _ = moments(values, weights, starts)
    return mean


def weighted_sd(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Weighted standard deviation of every group (divisor: the students), NaN where a group has no students.

    Examples
    --------
    >>> weighted_sd(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2])).round(4)
    array([0.866, 0.   ])
    """
    _, deviations, sums = moments(values, weights, starts)
    return np.sqrt(divide(group_sums(weights * deviations**2, starts), sums))


def weighted_cv(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Student-weighted coefficient of variation of every group: 0 exactly where all its schools are equal.

    Parameters
    ----------
    values, weights : ndarray, shape (n_rows,)
        Indicator values and students, sorted by group, nothing missing.
    starts : ndarray of int, shape (n_groups,)
        First row of every group.

    Returns
    -------
    ndarray, shape (n_groups,)
        NaN where the weighted mean is not positive or a group has no students. [unitless]

    Examples
    --------
    >>> weighted_cv(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2])).round(4)
    array([0.1925, 0.    ])
    """
    mean, deviations, sums = moments(values, weights, starts)
    variance = divide(group_sums(weights * deviations**2, starts), sums)
    return divide(np.sqrt(variance), mean)


def moments(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Mean of every group, deviation of every row from it, and the weights of every group.

    The mean is corrected by its own residual, so that equal values have deviations of exactly zero.

    Examples
    --------
    >>> mean, deviations, _ = moments(np.array([0.1, 0.1, 0.1]), np.array([1.0, 2.0, 4.0]), np.array([0]))
    >>> mean, deviations
    (array([0.1]), array([0., 0., 0.]))
    """
    sizes = group_sizes(len(values), starts)
    sums = group_sums(weights, starts)
    mean = divide(group_sums(weights * values, starts), sums)
    mean = mean + divide(group_sums(weights * (values - np.repeat(mean, sizes)), starts), sums)
    return mean, values - np.repeat(mean, sizes), sums


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """
    Divide where the denominator is positive; NaN elsewhere, without a warning.

    Examples
    --------
    >>> divide(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    return np.divide(numerator, denominator, out=np.full(len(denominator), np.nan), where=denominator > 0)
