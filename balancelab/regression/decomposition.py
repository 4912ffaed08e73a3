"""Which factor accounts for how much: Shapley (LMG) shares of R², and Fields' shares of the outcome's variance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd

from balancelab.regression.design import Column, Design, build_design
from balancelab.regression.errors import refuse
from balancelab.regression.model import Model, solve_design

MOST_FACTORS = 14
"""Shapley shares need a regression for every subset of the factors; beyond so many there are too many."""


def shapley_r2(formula: str, schools: pd.DataFrame, *, weights: Column | None = None) -> pd.DataFrame:
    """
    Share out R² among the pieces of a formula, averaging over all orders of entry (Lindeman, Merenda & Gold; Shapley).

    Parameters
    ----------
    formula : str
        As in `balancelab.regression.fit`; a category counts as one factor.
    schools : pandas.DataFrame
        One row per school.
    weights : str or array_like, optional
        Weight of each row.

    Returns
    -------
    pandas.DataFrame
        Columns `factor`, `r2` (its part; the parts sum to the model's R²), `share` (of R²), `first` (R² alone), `last`
        (gain when it enters last).

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for more than `MOST_FACTORS` factors or a model without a constant.

    References
    ----------
    Lindeman, Merenda & Gold 1980; Grömping 2006 (relaimpo); Shorrocks 2013.

    Examples
    --------
    Uncorrelated regressors: each part is its own R².

    >>> schools = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "y": [0.0, 1.0, 2.0, 4.0]})
    >>> shapley_r2("y ~ a + b", schools).round(4)["r2"].tolist()
    [0.7143, 0.2571]
    """
    model = solve_design(build_design(formula, schools, weights=weights))
    factors = _factors(model.design)
    if len(factors) > MOST_FACTORS:
        raise refuse(
            f"共有 {len(factors)} 个因素，超过 {MOST_FACTORS} 个，Shapley 分解需要的回归太多；请合并或减少。",
            f"{len(factors)} factors are more than {MOST_FACTORS}; their Shapley shares need too many regressions.",
        )
    names = list(factors)
    X, y = _centred(model)
    worth = {}
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(range(len(names)), size):
            columns = [column for i in chosen for column in factors[names[i]]]
            worth[frozenset(chosen)] = _r2(X[:, columns], y)
    rows = [_shapley(i, names[i], len(names), worth) for i in range(len(names))]
    table = pd.DataFrame(rows, columns=["factor", "r2", "first", "last"])
    table.insert(2, "share", table["r2"] / worth[frozenset(range(len(names)))])
    return table


def fields_shares(formula: str, schools: pd.DataFrame, *, weights: Column | None = None) -> pd.DataFrame:
    r"""
    Fields' (Shorrocks') share of each factor in the outcome's inequality.

    Parameters
    ----------
    formula, schools, weights
        As in `shapley_r2`.

    Returns
    -------
    pandas.DataFrame
        Columns `factor`, `share`; the last row is ``residual``. The shares sum to 1; one may be negative.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for a model without a constant.

    Notes
    -----
    .. math:: s_k = b_k \, cov(x_k, y) / var(y)

    References
    ----------
    Fields 2003, Accounting for income inequality and its change; Shorrocks 1982.

    Examples
    --------
    >>> schools = pd.DataFrame({"a": [0, 0, 1, 1], "y": [0.0, 1.0, 2.0, 4.0]})
    >>> fields_shares("y ~ a", schools).round(4)["share"].tolist()
    [0.7143, 0.2857]
    """
    model = solve_design(build_design(formula, schools, weights=weights))
    factors = _factors(model.design)
    X, y = _centred(model)
    parts = model.solution.coefficients * (X.T @ y) / float(y @ y)
    shares = [float(np.sum(parts[list(columns)])) for columns in factors.values()]
    residual = float(model.solution.residuals @ model.solution.residuals) / float(y @ y)
    return pd.DataFrame({"factor": [*factors, "residual"], "share": [*shares, residual]})


def _factors(design: Design) -> dict[str, tuple[int, ...]]:
    if not design.has_intercept:
        raise refuse("分解需要含常数项的模型。", "A decomposition needs a model with an intercept.")
    if not design.factors:
        raise refuse("公式右边没有任何变量。", "The formula has nothing on its right-hand side.")
    return design.factors


def _centred(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Regressors and outcome about their weighted means, rows scaled by the root of their weight."""
    design, root = model.design, model.root
    weights = root**2
    X = design.X - np.average(design.X, axis=0, weights=weights)
    y = design.y - np.average(design.y, weights=weights)
    return X * root[:, None], y * root


def _r2(X: np.ndarray, y: np.ndarray) -> float:
    if X.shape[1] == 0:
        return 0.0
    Q = np.linalg.qr(X / np.linalg.norm(X, axis=0))[0]
    return float(np.sum((Q.T @ y) ** 2) / (y @ y))


def _shapley(i: int, name: str, n: int, worth: dict[frozenset[int], float]) -> tuple[str, float, float, float]:
    others = [j for j in range(n) if j != i]
    total = 0.0
    for size in range(n):
        weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
        for before in itertools.combinations(others, size):
            total += weight * (worth[frozenset((*before, i))] - worth[frozenset(before)])
    everyone = frozenset(range(n))
    return name, total, worth[frozenset((i,))], worth[everyone] - worth[everyone - {i}]
