"""Many tests at once: p-values adjusted for their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from balancelab.regression.errors import refuse


def holm(p_values: ArrayLike) -> np.ndarray:
    """
    Holm's step-down adjustment: for a family of tests that must not contain one false alarm (confirmatory).

    Parameters
    ----------
    p_values : array_like, shape (n_tests,)

    Returns
    -------
    ndarray, shape (n_tests,)
        Adjusted p-values, in the order given.

    Raises
    ------
    InvalidModel
        If a p-value is missing or outside [0, 1].

    References
    ----------
    Holm 1979, A simple sequentially rejective multiple test procedure.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    p, order = _ordered(p_values)
    return _back(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), order)


def hochberg(p_values: ArrayLike) -> np.ndarray:
    """
    Hochberg's step-up adjustment: like `holm`, less strict, for tests that do not depend negatively on each other.

    >>> hochberg([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    p, order = _ordered(p_values)
    return _back(_running_minimum(p * np.arange(len(p), 0, -1)), order)


def bonferroni(p_values: ArrayLike) -> np.ndarray:
    """
    Bonferroni's adjustment: times the number of tests. `holm` is never worse.

    >>> bonferroni([0.01, 0.04]).tolist()
    [0.02, 0.08]
    """
    p, order = _ordered(p_values)
    return _back(p * len(p), order)


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """
    Benjamini and Hochberg's adjustment: controls the expected share of false alarms among alarms (screening).

    Parameters
    ----------
    p_values : array_like, shape (n_tests,)

    Returns
    -------
    ndarray, shape (n_tests,)
        Adjusted p-values, in the order given.

    Raises
    ------
    InvalidModel
        If a p-value is missing or outside [0, 1].

    References
    ----------
    Benjamini & Hochberg 1995, Controlling the false discovery rate.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    p, order = _ordered(p_values)
    return _back(_running_minimum(p * len(p) / np.arange(1, len(p) + 1)), order)


def benjamini_yekutieli(p_values: ArrayLike) -> np.ndarray:
    """
    Like `benjamini_hochberg`, valid under any dependence of the tests.

    >>> benjamini_yekutieli([0.01, 0.04]).round(4).tolist()
    [0.03, 0.06]
    """
    p, order = _ordered(p_values)
    ranks = np.arange(1, len(p) + 1)
    return _back(_running_minimum(p * len(p) * np.sum(1 / ranks) / ranks), order)


def _ordered(p_values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise refuse(
            "p 值须为一列 0 与 1 之间的数，不得缺失。", "p-values must be a list of numbers from 0 to 1, none missing."
        )
    order = np.argsort(p, kind="stable")
    return p[order], order


def _running_minimum(p: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum.accumulate(p[::-1])[::-1])


def _back(adjusted: np.ndarray, order: np.ndarray) -> np.ndarray:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result
