"""Tables of estimates and joint tests, always with Student's t and Fisher's F, never the normal by accident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from balancelab.definitions import Text, nearest
from balancelab.regression.covariance import Adjustment
from balancelab.regression.errors import InvalidModel, refuse

COLUMNS = ("term", "estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high")
"""Columns of every table of estimates."""

LEVEL = 0.95
"""Coverage of the intervals."""


@dataclass(frozen=True)
class WaldTest:
    """
    A joint test that several coefficients are zero.

    Attributes
    ----------
    terms : tuple of str
        Coefficients tested.
    statistic : float
        F.
    df1, df2 : float
        Its degrees of freedom.
    p_value : float
        Probability of a larger F if all are zero.
    """

    terms: tuple[str, ...]
    statistic: float
    df1: float
    df2: float
    p_value: float


def two_sided_p(statistic: np.ndarray | float, df: np.ndarray | float) -> np.ndarray:
    """
    Two-sided p-value of a t statistic, accurate far into the tail.

    >>> float(two_sided_p(0.0, 5.0))
    1.0
    >>> round(float(two_sided_p(2.776445105198, 4.0)), 10)
    0.05
    """
    square = np.square(statistic)
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(square), 0.0, df / (df + square))
    return np.asarray(special.betainc(np.asarray(df) / 2, 0.5, share))


def estimates(
    terms: Sequence[str], values: np.ndarray, std_errors: np.ndarray, df: np.ndarray | float, *, level: float = LEVEL
) -> pd.DataFrame:
    """
    Tidy table of estimates.

    Parameters
    ----------
    terms : sequence of str
    values, std_errors : ndarray, shape (n_terms,)
        A standard error may be NaN where none is defined; then test and interval are NaN too.
    df : ndarray, shape (n_terms,), or float
        Degrees of freedom of each Student's t.
    level : float, optional
        Coverage of the interval.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`.

    Examples
    --------
    >>> estimates(["x"], np.array([2.0]), np.array([1.0]), 4.0).round(3).loc[0, "ci_high"]
    np.float64(4.776)
    """
    df = np.broadcast_to(np.asarray(df, dtype=float), values.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = values / std_errors
    reach = special.stdtrit(df, (1 + level) / 2) * std_errors
    columns = (
        list(terms), values, std_errors, df, statistic, two_sided_p(statistic, df), values - reach, values + reach
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def positions(names: Sequence[str], terms: Sequence[str]) -> list[int]:
    """Return where each name stands among the terms, or refuse with the nearest."""
    faults: list[Text] = []
    for name in names:
        if name not in terms:
            zh, en = nearest(name, terms)
            faults.append({"zh": f"模型中没有系数“{name}”{zh}", "en": f"The model has no coefficient '{name}'{en}"})
    if faults:
        raise InvalidModel(faults)
    return [list(terms).index(name) for name in names]


def satterthwaite(adjustment: Adjustment, contrast: np.ndarray) -> float:
    """
    Degrees of freedom of a contrast's CR2 variance: twice its squared mean over its variance, in the working model.

    Parameters
    ----------
    adjustment : Adjustment
    contrast : ndarray, shape (n_columns,)
        In the basis `Q`: ``R_inverse.T @ c``.

    Returns
    -------
    float
        NaN where the variance is zero by construction.
    """
    cross = adjustment.cross(contrast, contrast)
    spread = float(np.sum(cross**2))
    return float(np.trace(cross)) ** 2 / spread if spread > 0 else float("nan")


def wald(terms: Sequence[str], values: np.ndarray, covariance: np.ndarray, df2: float) -> WaldTest:
    """F test that `values` are zero, given their covariance and the denominator's degrees of freedom."""
    statistic = _quadratic(values, covariance, terms) / len(values)
    return WaldTest(tuple(terms), statistic, len(values), df2, float(special.fdtrc(len(values), df2, statistic)))


def hotelling(
    terms: Sequence[str], values: np.ndarray, covariance: np.ndarray, adjustment: Adjustment, contrasts: np.ndarray
) -> WaldTest:
    r"""
    Approximate Hotelling test for a CR2 covariance (AHZ; Tipton & Pustejovsky 2015; one contrast: Satterthwaite's t).

    Parameters
    ----------
    terms : sequence of str
    values : ndarray, shape (q,)
    covariance : ndarray, shape (q, q)
        CR2 covariance of `values`.
    adjustment : Adjustment
    contrasts : ndarray, shape (n_columns, q)
        The tested coefficients in the basis `Q`.

    Returns
    -------
    WaldTest

    Notes
    -----
    With D the CR2 covariance standardised by its mean under the working model,
    :math:`\eta = q (q + 1) / \sum_{st} Var(D_{st})` and :math:`(\eta - q + 1) / (\eta q)` times the Wald statistic
    follows F with q and :math:`\eta - q + 1` degrees of freedom.
    """
    q = len(values)
    mean = np.array([[np.trace(adjustment.cross(s, t)) for t in contrasts.T] for s in contrasts.T])
    roots, turn = np.linalg.eigh((mean + mean.T) / 2)
    if roots[0] <= 1e-12 * roots[-1]:
        raise _undetermined(terms)
    whitened = contrasts @ (turn / np.sqrt(roots)) @ turn.T
    cross = {(s, t): adjustment.cross(whitened[:, s], whitened[:, t]) for s in range(q) for t in range(q)}
    total = sum(
        float(np.sum(cross[s, s] * cross[t, t]) + np.sum(cross[s, t] * cross[t, s])) for s in range(q) for t in range(q)
    )
    eta = q * (q + 1) / total
    df2 = eta - q + 1
    if df2 <= 0:
        raise refuse(
            f"聚类太少，无法联合检验这 {q} 个系数。", f"Too few clusters to test these {q} coefficients together."
        )
    statistic = df2 / (eta * q) * _quadratic(values, covariance, terms)
    return WaldTest(tuple(terms), statistic, q, df2, float(special.fdtrc(q, df2, statistic)))


def _quadratic(values: np.ndarray, covariance: np.ndarray, terms: Sequence[str]) -> float:
    size = np.sqrt(np.diag(covariance))
    if not np.all(size > 0):
        raise _undetermined(terms)
    roots, turn = np.linalg.eigh(covariance / np.outer(size, size))
    if roots[0] <= 1e-12 * roots[-1]:
        raise _undetermined(terms)
    return float(np.sum((turn.T @ (values / size)) ** 2 / roots))


def _undetermined(terms: Sequence[str]) -> InvalidModel:
    return refuse(
        f"无法联合检验 {'、'.join(terms)}：其协方差矩阵奇异（聚类少于所检验的系数？）。",
        f"{', '.join(terms)} cannot be tested together: their covariance is singular (fewer clusters than tested?).",
    )
