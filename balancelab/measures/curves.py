"""Lorenz and concentration curves, and the concentration index: who holds which share of the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import (
    aligned,
    check_positive_mean,
    check_values,
    checked,
    mean_of,
    present_schools,
    total,
)

if TYPE_CHECKING:
    import pandas as pd


def lorenz_curve(values: ArrayLike, weights: ArrayLike) -> pd.DataFrame:
    """
    Lorenz curve: resource share of the worst supplied students, for every share of students.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    DataFrame
        ``student_share``, ``resource_share``: corners of the curve from (0, 0) to (1, 1), straight in between. Schools
        of equal value make one piece, so that the curve does not depend on the order of rows. Times the mean,
        ``resource_share`` gives the generalised Lorenz curve.

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Examples
    --------
    >>> lorenz_curve([6, 4], [100, 300])
       student_share  resource_share
    0           0.00        0.000000
    1           0.75        0.666667
    2           1.00        1.000000
    """
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    return _curve(x, w, x)


def concentration_curve(values: ArrayLike, weights: ArrayLike, ranking: ArrayLike) -> pd.DataFrame:
    """
    Concentration curve: as `lorenz_curve`, but with schools ordered by another variable, such as township income.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    ranking : array_like, shape (n_schools,)
        What schools are ordered by, lowest first; schools that tie make one piece of the curve. [any unit]

    Returns
    -------
    DataFrame
        ``student_share``, ``resource_share``. Above the diagonal where the lowest in rank have more than their share.

    Raises
    ------
    ValueError
        As `lorenz_curve`, and for `ranking` as for `values`.

    Examples
    --------
    >>> concentration_curve([6, 4], [100, 300], [1, 2])
       student_share  resource_share
    0           0.00        0.000000
    1           0.25        0.333333
    2           1.00        1.000000
    """
    x, w, z = _ranked(values, weights, ranking)
    return _curve(x, w, z)


def concentration_index(values: ArrayLike, weights: ArrayLike, ranking: ArrayLike) -> float:
    r"""
    Concentration index (集中指数): does the resource go to schools low or high in another ranking?

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    ranking : array_like, shape (n_schools,)
        What schools are ordered by, lowest first. [any unit]

    Returns
    -------
    float
        Negative where schools low in the ranking have more; between −Gini and Gini. [unitless]

    Raises
    ------
    ValueError
        As `concentration_curve`.

    Notes
    -----
    .. math:: C = \frac{2}{\mu} \sum_i p_i (x_i - \mu) R_i

    R is the mid-rank of the students, the same for schools that tie. Differs from ``IC2::calcSConc`` (−0.0920 on an
    invented county of twelve schools in four townships, here −0.1179) because that ranks tied schools by their row.

    References
    ----------
    O'Donnell, O. et al. (2008), Analyzing Health Equity Using Household Survey Data, World Bank.

    Examples
    --------
    Ranked by its own value, the index is the Gini coefficient.

    >>> round(concentration_index([4, 6], [300, 100], [4, 6]), 6)
    0.083333
    """
    x, w, z = _ranked(values, weights, ranking)
    mean, students = mean_of(x, w), total(w)
    return 2 * total(w * (x - mean) * (_mid_ranks(z, w) / students - 0.5)) / (students * mean)


def _ranked(values: ArrayLike, weights: ArrayLike, ranking: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, w, z = aligned(values=values, weights=weights, ranking=ranking)
    present = present_schools(w)
    x, w, z = x[present], w[present], z[present]
    check_values("values", x, non_negative=True)
    check_values("ranking", z)
    check_positive_mean("values", mean_of(x, w))
    order = np.lexsort((w, x, z))
    return x[order], w[order], z[order]


def _tie_starts(ordered: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate(([True], np.diff(ordered) > 0)))


def _mid_ranks(ordered: np.ndarray, weights: np.ndarray) -> np.ndarray:
    starts = _tie_starts(ordered)
    of_ties = np.add.reduceat(weights, starts)
    middle = np.cumsum(of_ties) - of_ties / 2
    return np.repeat(middle, np.diff(starts, append=len(ordered)))


def _curve(values: np.ndarray, weights: np.ndarray, ordered: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    starts = _tie_starts(ordered)
    students = np.cumsum(np.add.reduceat(weights, starts))
    resource = np.cumsum(np.add.reduceat(weights * values, starts))
    return pd.DataFrame(
        {
            "student_share": np.concatenate(([0.0], students / students[-1])),
            "resource_share": np.concatenate(([0.0], resource / resource[-1])),
        }
    )
