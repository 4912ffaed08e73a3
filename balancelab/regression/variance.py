"""How much of an outcome's variance lies between groups, by the analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from balancelab.regression.design import build_design
from balancelab.regression.errors import refuse
from balancelab.regression.multilevel import two_level_groups


@dataclass(frozen=True)
class VarianceShares:
    """
    One-way analysis of variance with unequal groups.

    Attributes
    ----------
    between, within : float
        Mean squares between and within groups. [outcome squared]
    size : float
        Effective group size ``(n - sum(n_j**2) / n) / (J - 1)``. [rows]
    icc : float
        ``(between - within) / (between + (size - 1) within)``: the share of variance between groups; below zero where
        groups differ less than chance would have it. [share]
    eta2 : float
        Sum of squares between over total; biased upward by about ``(J - 1) / (n - 1)``. [share]
    """

    between: float
    within: float
    size: float
    icc: float
    eta2: float


def variance_shares(outcome: str, schools: pd.DataFrame, *, group: str) -> VarianceShares:
    """
    Share of an outcome's variance between groups, by the analysis of variance.

    Parameters
    ----------
    outcome : str
        Column or expression, as the left-hand side of a formula.
    schools : pandas.DataFrame
        One row per unit of the lower level.
    group : str
        Column of the upper level.

    Returns
    -------
    VarianceShares
        `random_intercept` with ``"outcome ~ 1"`` gives the likelihood's answer, which may differ: say which.

    Raises
    ------
    InvalidModel
        As `random_intercept`.

    Examples
    --------
    Hand: means 1.5 and 8.5, so 49 between and 0.5 within on two rows per group.

    >>> schools = pd.DataFrame({"score": [1.0, 2.0, 8.0, 9.0], "county": ["a", "a", "b", "b"]})
    >>> variance_shares("score", schools, group="county")
    VarianceShares(between=49.0, within=0.5, size=2.0, icc=0.9797979797979798, eta2=0.98)
    """
    design = build_design(f"{outcome} ~ 1", schools, keep=(group,))
    groups, sizes = two_level_groups(design, group)
    means = np.bincount(groups.codes, design.y) / sizes
    squares_between = float(np.sum(sizes * (means - design.y.mean()) ** 2))
    squares_within = float(np.sum((design.y - means[groups.codes]) ** 2))
    between = squares_between / (groups.n - 1)
    within = squares_within / (design.n - groups.n)
    size = (design.n - float(np.sum(sizes**2)) / design.n) / (groups.n - 1)
    if squares_between + squares_within == 0:
        raise refuse(
            f"“{outcome}”处处相同，没有方差可分。", f"'{outcome}' is the same everywhere; no variance to share."
        )
    icc = (between - within) / (between + (size - 1) * within)
    return VarianceShares(between, within, size, icc, squares_between / (squares_between + squares_within))
