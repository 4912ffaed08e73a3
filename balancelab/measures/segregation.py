"""Segregation of a group of students, such as migrant or left-behind children, over the schools of a county."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import aligned, check_values, present_schools, total
from balancelab.measures.curves import concentration_index


@dataclass(frozen=True)
class Segregation:
    """
    How unevenly a group of students is spread over schools. All from 0 (evenly) to 1 unless said otherwise.

    Attributes
    ----------
    dissimilarity : float
        D: share of the group that would have to change school, others staying, for an even spread.
    expected_dissimilarity : float
        D to be expected if the group were spread at random over the places in these schools. Small schools and small
        groups make D large by chance alone.
    adjusted_dissimilarity : float
        (D − expected) / (1 − expected); negative where the spread is more even than chance would make it.
    isolation : float
        Mean share of the group in the schools of its members; at least the group's share in the county.
    exposure : float
        1 less isolation: mean share of others in the schools of its members.
    variance_ratio : float
        Isolation corrected for the group's share in the county.
    gorard : float
        D times the share of the others (Gorard's S).
    gini : float
        Gini coefficient of segregation.
    theil_h : float
        Information theory index H.
    mutual_information : float
        M, in natural logarithms; 0 or more.
    """

    dissimilarity: float
    expected_dissimilarity: float
    adjusted_dissimilarity: float
    isolation: float
    exposure: float
    variance_ratio: float
    gorard: float
    gini: float
    theil_h: float
    mutual_information: float


def segregation(group: ArrayLike, students: ArrayLike) -> Segregation:
    r"""
    Segregation of a group of students (随迁子女、留守儿童) over schools.

    Parameters
    ----------
    group : array_like of whole numbers, shape (n_schools,)
        Students of the group in each school. [students]
    students : array_like of whole numbers, shape (n_schools,)
        All students of each school; a school without students counts as absent. [students]

    Returns
    -------
    Segregation

    Raises
    ------
    ValueError
        Naming the argument: different lengths, empty, missing, negative or broken numbers, more of the group than
        students, or a county in which all or none belong to the group.

    Notes
    -----
    With a of the group and b others in a school of t, A and B in the county of T, P = A / T:

    .. math:: D = \tfrac12 \sum_i |a_i / A - b_i / B|, \quad I = \sum_i \frac{a_i}{A} \frac{a_i}{t_i}, \quad
        V = \frac{I - P}{1 - P}, \quad S = D (1 - P)

    The expected D needs no random draws: a school's part of the group is then hypergeometric, whose mean deviation has
    a closed form (computed to about nine digits).

    References
    ----------
    Massey, D. and Denton, N. (1988), The dimensions of residential segregation. Gorard, S. and Taylor, C. (2002), What
    is segregation? Carrington, W. and Troske, K. (1997), On measuring segregation in samples with small units.

    Examples
    --------
    Half of one school, none of another of the same size: all others would have to fill both evenly.

    >>> apart = segregation([50, 0], [100, 100])
    >>> round(apart.dissimilarity, 6), apart.isolation, round(apart.gorard, 6)
    (0.666667, 0.5, 0.5)
    """
    a, t = _counts(group, students)
    b = t - a
    sum_a, sum_b = total(a), total(b)
    share = sum_a / (sum_a + sum_b)
    dissimilarity = total(np.abs(a / sum_a - b / sum_b)) / 2
    expected = _expected_dissimilarity(t, sum_a, sum_b)
    isolation = total(a / sum_a * (a / t))
    information = _mutual_information(a, t, share)
    return Segregation(
        dissimilarity=dissimilarity,
        expected_dissimilarity=expected,
        adjusted_dissimilarity=(dissimilarity - expected) / (1 - expected) if expected < 1 else 0.0,
        isolation=isolation,
        exposure=1 - isolation,
        variance_ratio=(isolation - share) / (1 - share),
        gorard=dissimilarity * (1 - share),
        # The concentration of the group over students ranked by its share, scaled to reach 1.
        gini=concentration_index(a / t, t, a / t) / (1 - share),
        theil_h=information / _entropy(share),
        mutual_information=information,
    )


def _counts(group: ArrayLike, students: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, t = aligned(group=group, students=students)
    for name, counts in (("group", a), ("students", t)):
        check_values(name, counts, non_negative=True)
        if (counts % 1 != 0).any():
            raise ValueError(f"`{name}` must hold whole numbers")
    if (a > t).any():
        place = int(np.argmax(a > t))
        raise ValueError(f"`group` exceeds `students` at position {place}: {a[place]:g} of {t[place]:g}")
    if not 0 < total(a) < total(t):
        raise ValueError("`group` must hold some, but not all, of the students of the county")
    present = present_schools(t)
    return a[present], t[present]


def _expected_dissimilarity(school_sizes: np.ndarray, sum_a: float, sum_b: float) -> float:
    sizes, counts = np.unique(school_sizes, return_counts=True)
    deviations = [_mean_deviation(int(size), int(sum_a), int(sum_b)) for size in sizes]
    return total(counts * np.array(deviations)) * (sum_a + sum_b) / (2 * sum_a * sum_b)


def _mean_deviation(size: int, sum_a: int, sum_b: int) -> float:
    """
    Mean absolute deviation of the group's number in a school filled at random.

    With k the first whole number above the mean, it is 2 k (B − size + k) / T times the probability of k (the sum of
    the deviations above the mean telescopes).
    """
    population = sum_a + sum_b
    k = size * sum_a // population + 1
    if k > min(size, sum_a) or sum_b - size + k <= 0:
        return 0.0
    log_probability = _log_choose(sum_a, k) + _log_choose(sum_b, size - k) - _log_choose(population, size)
    return 2 * k * (sum_b - size + k) / population * math.exp(log_probability)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _mutual_information(a: np.ndarray, t: np.ndarray, share: float) -> float:
    students = total(t)
    here = a / t
    part = _times_log(here, here / share) + _times_log(1 - here, (1 - here) / (1 - share))
    return total(t * part) / students


def _entropy(share: float) -> float:
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def _times_log(factor: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    return factor * np.log(ratio, out=np.zeros(len(ratio)), where=ratio > 0)
