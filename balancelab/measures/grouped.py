"""
The measures for all counties at once: one pass over rows that are sorted by group.

Every function takes ``(values, weights, starts)``: rows sorted by group, `starts` the first row of every group
(strictly increasing from 0, no group empty: the convention of `numpy.add.reduceat`). The caller has taken missing rows
out. The answer has one entry per group and equals the single-county function of the same name; where that one would
raise (no students, a mean that is not positive, values that the measure does not admit), it is NaN and the caller
says why. A row of weight zero counts as absent.

Magnitudes are taken as given (the single-county functions refuse numbers like 1e300).

All sums are taken about the group's own mean (two passes): a county whose schools lie close together keeps its digits.
"""

from __future__ import annotations

import numpy as np

from balancelab.measures.entropy import atkinson_from_entropy, entropy_terms, relative_logs
from balancelab.measures.shortfall import shortfall_terms


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


def value_range(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Range of every group, NaN where a group has no students.

    Examples
    --------
    >>> value_range(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2]))
    array([2., 0.])
    """
    lowest, highest = extremes(values, weights, starts)
    return highest - lowest


def range_ratio(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Range ratio of every group, infinite where a school has nothing, NaN where the measure is undefined.

    Examples
    --------
    >>> range_ratio(np.array([4.0, 6.0, 0.0, 5.0]), np.array([300.0, 100.0, 7.0, 7.0]), np.array([0, 2]))
    array([1.5, inf])
    """
    lowest, highest = extremes(values, weights, starts)
    ratio = ratio_or_infinite(highest, lowest)
    return np.where(admitted(values, weights, starts), ratio, np.nan)


def sd_of_logs(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Standard deviation of logarithms of every group, infinite where a school has nothing, NaN where undefined.

    Examples
    --------
    >>> sd_of_logs(np.array([1.0, np.e**2, 5.0]), np.array([1.0, 1.0, 7.0]), np.array([0, 2])).round(12)
    array([1., 0.])
    """
    valid = admitted(values, weights, starts)
    ratio, relative = relative_to_mean(values, weights, starts, valid)
    spread = weighted_sd(relative_logs(ratio, relative), weights, starts)
    has_zero = group_sums((ratio == 0).astype(float), starts) > 0
    return np.where(valid, np.where(has_zero, np.inf, spread), np.nan)


def hoover_index(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Hoover index of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> hoover_index(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), np.array([0])).round(12)
    array([0.2])
    """
    mean, deviations, sums = moments(values, weights, starts)
    rest = divide(group_sums(weights * deviations, starts), sums)
    deviations = deviations - np.repeat(rest, group_sizes(len(values), starts))
    index = divide(group_sums(weights * np.abs(deviations), starts), 2 * sums * mean)
    return np.where(admitted(values, weights, starts), index, np.nan)


def generalized_entropy(values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, alpha: float) -> np.ndarray:
    """
    Generalized entropy of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> generalized_entropy(np.array([4.0, 6.0]), np.array([300.0, 100.0]), np.array([0]), alpha=2).round(6)
    array([0.018519])
    """
    valid = admitted(values, weights, starts)
    ratio, relative = relative_to_mean(values, weights, starts, valid)
    terms = weights * entropy_terms(ratio, relative, alpha)
    return np.where(valid, divide(group_sums(terms, starts), group_sums(weights, starts)), np.nan)


def theil_t(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Theil T of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> theil_t(np.array([0.0, 8.0, 5.0]), np.ones(3), np.array([0, 2])).round(6)
    array([0.693147, 0.      ])
    """
    return generalized_entropy(values, weights, starts, alpha=1.0)


def theil_l(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Theil L of every group, infinite where a school has nothing, NaN where the measure is undefined.

    Examples
    --------
    >>> theil_l(np.array([0.0, 8.0, 1.0, 3.0]), np.ones(4), np.array([0, 2])).round(6)
    array([     inf, 0.143841])
    """
    return generalized_entropy(values, weights, starts, alpha=0.0)


def atkinson(values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, epsilon: float = 0.5) -> np.ndarray:
    """
    Atkinson index of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> atkinson(np.array([1.0, 9.0, 5.0]), np.ones(3), np.array([0, 2])).round(12)
    array([0.2, 0. ])
    """
    return atkinson_from_entropy(generalized_entropy(values, weights, starts, alpha=1 - epsilon), epsilon)


def fgt(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, requirement: float | np.ndarray, alpha: float = 1.0
) -> np.ndarray:
    """
    Foster–Greer–Thorbecke shortfall of every group, NaN where a group has no students or a negative value.

    The requirement is one number, or one for each row where groups have their own.

    Examples
    --------
    >>> fgt(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2]), requirement=5)
    array([0.15, 0.  ])
    """
    terms = weights * shortfall_terms(values, requirement, alpha)
    lowest, _ = extremes(values, weights, starts)
    return np.where(lowest >= 0, divide(group_sums(terms, starts), group_sums(weights, starts)), np.nan)


def adequacy_index(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, requirement: float | np.ndarray
) -> np.ndarray:
    """
    Odden–Picus adequacy index of every group, NaN where a group has no students or a negative value.

    The requirement is one number, or one for each row where groups have their own.

    Examples
    --------
    >>> adequacy_index(np.array([4.0, 6.0, 5.0]), np.array([300.0, 100.0, 7.0]), np.array([0, 2]), requirement=5)
    array([0.85, 1.  ])
    """
    return 1 - fgt(values, weights, starts, requirement=requirement)


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


def relative_to_mean(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Values over their group's mean, and the same less 1; as if at the mean in groups not valid and without students.

    Examples
    --------
    >>> relative_to_mean(np.array([1.0, 3.0]), np.ones(2), np.array([0]), np.array([True]))
    (array([0.5, 1.5]), array([-0.5,  0.5]))
    """
    mean, deviations, _ = moments(values, weights, starts)
    sizes = group_sizes(len(values), starts)
    usable = np.repeat(valid, sizes) & (weights > 0)
    means = np.repeat(np.where(valid, mean, 1.0), sizes)
    return np.where(usable, values / means, 1.0), np.where(usable, deviations / means, 0.0)


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """
    Divide where the denominator is positive; NaN elsewhere, without a warning.

    Examples
    --------
    >>> divide(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    return np.divide(numerator, denominator, out=np.full(denominator.shape, np.nan), where=denominator > 0)


def extremes(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Lowest and highest value among the rows with students of every group, NaN where there are none.

    Examples
    --------
    >>> extremes(np.array([4.0, 6.0, 99.0]), np.array([1.0, 1.0, 0.0]), np.array([0]))
    (array([4.]), array([6.]))
    """
    if not len(starts):
        return np.zeros(0), np.zeros(0)
    present = weights > 0
    lowest = np.minimum.reduceat(np.where(present, values, np.inf), starts)
    highest = np.maximum.reduceat(np.where(present, values, -np.inf), starts)
    empty = lowest > highest
    return np.where(empty, np.nan, lowest), np.where(empty, np.nan, highest)


def admitted(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Tell which groups have students, no negative value, and a positive mean.

    Examples
    --------
    >>> admitted(np.array([4.0, -6.0, 0.0, 5.0]), np.ones(4), np.array([0, 2, 3]))
    array([False, False,  True])
    """
    lowest, highest = extremes(values, weights, starts)
    return (lowest >= 0) & (highest > 0)


def ratio_or_infinite(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """
    Divide what is not negative: infinite over zero, NaN for 0 / 0, without a warning.

    Examples
    --------
    >>> ratio_or_infinite(np.array([3.0, 3.0, 0.0]), np.array([2.0, 0.0, 0.0]))
    array([1.5, inf, nan])
    """
    return np.where((denominator == 0) & (numerator > 0), np.inf, divide(numerator, denominator))
