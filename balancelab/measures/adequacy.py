"""Adequacy: how far schools are from a requirement, whatever the differences among them (minimum standards)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import checked, total
from balancelab.measures.shortfall import below, shortfall_terms


def fgt(values: ArrayLike, weights: ArrayLike, *, requirement: float, alpha: float = 1.0) -> float:
    r"""
    Foster–Greer–Thorbecke shortfall against a requirement (达标缺口).

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative; more is better. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    requirement : float
        What a school must reach, positive. [indicator unit]
    alpha : float, optional
        0 share of students below, 1 average shortfall, 2 severity.

    Returns
    -------
    float
        From 0, where every school meets the requirement, to 1. [unitless]

    Raises
    ------
    ValueError
        As `weighted_mean`; also if a value or `alpha` is negative or `requirement` is not positive.

    Notes
    -----
    .. math:: \sum_{x_i < s} p_i \left( \frac{s - x_i}{s} \right)^\alpha

    A school exactly at the requirement meets it. Differs from ``convey::svyfgt`` because that counts such a school as
    below; from ``ineq::Foster`` because its parameter is α + 1.

    References
    ----------
    Foster, J., Greer, J. and Thorbecke, E. (1984), A class of decomposable poverty measures.

    Examples
    --------
    >>> fgt([3, 4, 5], [100, 100, 200], requirement=4, alpha=0), fgt([3, 4, 5], [100, 100, 200], requirement=4)
    (0.25, 0.0625)
    """
    x, w = _checked(values, weights, requirement)
    if not alpha >= 0:
        raise ValueError(f"`alpha` must not be negative, got {alpha}")
    return total(w * shortfall_terms(x, requirement, alpha)) / total(w)


def adequacy_index(values: ArrayLike, weights: ArrayLike, *, requirement: float) -> float:
    r"""
    Odden–Picus adequacy index (充足指数).

    What students have, counting nothing above the requirement, as a share of what all would have at the requirement.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative; more is better. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    requirement : float
        What a school must reach, positive. [indicator unit]

    Returns
    -------
    float
        From 0 to 1; exactly 1 where every school meets the requirement. [unitless]

    Raises
    ------
    ValueError
        As `fgt`.

    Notes
    -----
    :math:`\sum_i p_i \min(x_i / s, 1)` = 1 − FGT(1).

    References
    ----------
    Odden, A. and Picus, L. (2020), School Finance: A Policy Perspective.

    Examples
    --------
    >>> adequacy_index([3, 4, 5], [100, 100, 200], requirement=4)
    0.9375
    """
    return 1 - fgt(values, weights, requirement=requirement)


def share_of_students_meeting(
    values: ArrayLike, weights: ArrayLike, *, requirement: float, floor_share: float = 1.0
) -> float:
    """
    Share of students in schools that reach a requirement, or a part of it such as 85 %.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative; more is better. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    requirement : float
        What a school must reach, positive. [indicator unit]
    floor_share : float, optional
        The part of the requirement that is enough.

    Returns
    -------
    float
        From 0 to 1. [unitless]

    Raises
    ------
    ValueError
        As `fgt`; also if `floor_share` is not positive.

    Examples
    --------
    >>> share_of_students_meeting([3, 3.4, 5], [100, 100, 200], requirement=4, floor_share=0.85)
    0.75
    """
    x, w = _checked(values, weights, requirement, floor_share)
    return total(w * ~below(x, floor_share * requirement)) / total(w)


def share_of_schools_meeting(
    values: ArrayLike, weights: ArrayLike, *, requirement: float, floor_share: float = 1.0
) -> float:
    """
    Share of schools that reach a requirement, or a part of it such as 85 %; each school counts once.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative; more is better. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school; they only tell which schools are present. [students]
    requirement : float
        What a school must reach, positive. [indicator unit]
    floor_share : float, optional
        The part of the requirement that is enough.

    Returns
    -------
    float
        From 0 to 1. [unitless]

    Raises
    ------
    ValueError
        As `share_of_students_meeting`.

    Examples
    --------
    >>> share_of_schools_meeting([3, 4, 5, 5], [100, 100, 200, 50], requirement=4)
    0.75
    """
    x, _ = _checked(values, weights, requirement, floor_share)
    return float(np.mean(~below(x, floor_share * requirement)))


def amount_missing(values: ArrayLike, weights: ArrayLike, *, requirement: float, per: float = 1.0) -> float:
    """
    Amount of the resource that would lift every school to the requirement: teachers, square metres, yuan.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative; more is better. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    requirement : float
        What a school must reach, positive. [indicator unit]
    per : float, optional
        Students in the indicator's base: 100 for a number per 100 students.

    Returns
    -------
    float
        0 where every school meets the requirement. [resource unit]

    Raises
    ------
    ValueError
        As `fgt`; also if `per` is not positive.

    Notes
    -----
    Nothing is taken from schools above the requirement, and nothing is rounded up to whole teachers.

    Examples
    --------
    One backbone teacher per 100 students is required; 500 students have 0.6 per 100: two teachers are missing.

    >>> amount_missing([0.6, 1.2], [500, 800], requirement=1, per=100)
    2.0
    """
    x, w = _checked(values, weights, requirement)
    if not 0 < per < math.inf:
        raise ValueError(f"`per` must be positive, got {per}")
    return total(np.where(below(x, requirement), w * (requirement - x), 0.0)) / per


def _checked(
    values: ArrayLike, weights: ArrayLike, requirement: float, floor_share: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    for name, number in (("requirement", requirement), ("floor_share", floor_share)):
        if not 0 < number < math.inf:
            raise ValueError(f"`{name}` must be positive, got {number}")
    return checked(values, weights, non_negative=True)
