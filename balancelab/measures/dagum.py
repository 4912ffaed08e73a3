"""The Gini coefficient by groups: within, between and overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import total
from balancelab.measures.groups import Decomposition, Grouped, checked_groups
from balancelab.measures.inequality import gini

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GiniDecomposition(Decomposition):
    """
    Dagum's decomposition of the Gini coefficient.

    Attributes
    ----------
    by_pair : DataFrame
        One row per pair of groups: ``group``, ``other``; ``gini``, Dagum's coefficient between the two; ``distance``,
        their relative economic affluence D, from 0 (same mean) to 1 (no overlap); ``between_contribution`` and
        ``overlap_contribution``, which sum to `between` and `overlap`.
    """

    by_pair: pd.DataFrame


def decompose_gini(values: ArrayLike, weights: ArrayLike, groups: Iterable[object]) -> GiniDecomposition:
    r"""
    Split the Gini coefficient by groups (Dagum 基尼系数分解): within, net between, overlap.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group.

    Returns
    -------
    GiniDecomposition
        Each part computed by itself; together they are the Gini coefficient. `overlap` is Dagum's transvariation.
        ``by_group`` has ``within_contribution``; between and overlap belong to pairs and are in ``by_pair``.

    Raises
    ------
    ValueError
        As `gini` and `checked_groups`.

    Notes
    -----
    With P and S the student and resource shares of groups, and the mean difference of a pair
    :math:`\Delta_{jh} = E|y_j - y_h|`:

    .. math:: G_{jh} = \frac{\Delta_{jh}}{\mu_j + \mu_h}, \quad D_{jh} = \frac{|\mu_j - \mu_h|}{\Delta_{jh}}

    .. math:: G_w = \sum_j G_{jj} P_j S_j, \quad
        G_b = \sum_{h<j} G_{jh} D_{jh} (P_j S_h + P_h S_j), \quad
        G_t = \sum_{h<j} G_{jh} (1 - D_{jh}) (P_j S_h + P_h S_j)

    :math:`G_b` is the Gini coefficient of the group means, so that the three parts equal those of Bhattacharya and
    Mahalanobis (1967). Differs from PySAL's ``Gini_Spatial.wcg_share`` because that is no share: it divides by
    2 n² times the mean.

    References
    ----------
    Dagum, C. (1997), A new approach to the decomposition of the Gini income inequality ratio.

    Examples
    --------
    >>> parts = decompose_gini([4, 4, 6], [100, 200, 100], ["rural", "rural", "urban"])
    >>> round(parts.between, 6), parts.within, parts.overlap
    (0.083333, 0.0, 0.0)
    """
    schools = checked_groups(values, weights, groups)
    index = gini(schools.values, schools.weights)
    table = schools.table()
    inside = np.array([gini(x, w) if x.any() else 0.0 for x, w in schools.parts()])
    table["inequality"] = inside
    table["within_contribution"] = inside * table["student_share"] * table["resource_share"]
    pairs = _pairs(schools, table)
    parts = [table["within_contribution"], pairs["between_contribution"], pairs["overlap_contribution"]]
    within, between, overlap = (total(part.to_numpy()) for part in parts)
    return GiniDecomposition(index, within, between, overlap, table, pairs)


def stratify_gini(values: ArrayLike, weights: ArrayLike, groups: Iterable[object]) -> Decomposition:
    r"""
    Split the Gini coefficient by ranks (Yitzhaki and Lerman): do the groups form strata?

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group.

    Returns
    -------
    Decomposition
        `within` is the mean Gini of groups by resource share; `between` compares group means with the groups' mean
        ranks; `overlap` is minus the effect of stratification, the more negative the more the groups form strata.

    Raises
    ------
    ValueError
        As `decompose_gini`.

    Notes
    -----
    .. math:: G = \sum_g S_g G_g + \frac{2}{\mu} \operatorname{cov}(\mu_g, \bar F_g) + \text{stratification}

    with :math:`\bar F_g` the mean rank of the group's students among all. Differs from ``IC2::decompSGini`` where
    schools tie across groups, because that ranks ties by their row.

    References
    ----------
    Yitzhaki, S. and Lerman, R. (1991), Income stratification and income inequality.

    Examples
    --------
    >>> parts = stratify_gini([4, 4, 6], [100, 200, 100], ["rural", "rural", "urban"])
    >>> round(parts.between, 6), parts.within
    (0.083333, 0.0)
    """
    schools = checked_groups(values, weights, groups)
    index = gini(schools.values, schools.weights)
    table = schools.table()
    inside = np.array([gini(x, w) if x.any() else 0.0 for x, w in schools.parts()])
    table["inequality"] = inside
    table["within_contribution"] = inside * table["resource_share"]
    within = total(table["within_contribution"].to_numpy())
    ranks = _mean_ranks(schools)
    shares = table["student_share"].to_numpy()
    table["between_contribution"] = 2 * shares * (table["mean"] - schools.mean) * ranks / schools.mean
    between = total(table["between_contribution"].to_numpy())
    return Decomposition(index, within, between, index - within - between, table)


def _pairs(schools: Grouped, table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    later, earlier = np.tril_indices(len(schools.labels), k=-1)
    differences = _mean_differences(schools)[later, earlier]
    means, shares = table["mean"].to_numpy(), table["student_share"].to_numpy()
    gaps = np.abs(means[later] - means[earlier])
    sums = means[later] + means[earlier]
    weight = shares[later] * shares[earlier] / schools.mean
    differences = np.maximum(differences, gaps)  # they are equal where nothing overlaps, but for rounding
    return pd.DataFrame(
        {
            "group": [schools.labels[code] for code in later],
            "other": [schools.labels[code] for code in earlier],
            "gini": _divided(differences, sums),
            "distance": _divided(gaps, differences),
            "between_contribution": weight * gaps,
            "overlap_contribution": weight * (differences - gaps),
        }
    )


def _mean_differences(schools: Grouped) -> np.ndarray:
    """Mean absolute difference between the students of every two groups; shape (n_groups, n_groups)."""
    centred = schools.values - schools.mean
    n_groups = len(schools.labels)
    table = np.zeros((n_groups, n_groups))
    weights = np.array([total(w) for _, w in schools.parts()])
    for code in range(n_groups):
        member = schools.codes == code
        x, w = centred[member], schools.weights[member] / weights[code]
        share_below = np.concatenate(([0.0], np.cumsum(w)))
        sum_below = np.concatenate(([0.0], np.cumsum(w * x)))
        place = np.searchsorted(x, centred, side="right")
        to_group = centred * (2 * share_below[place] - 1) - 2 * sum_below[place] + sum_below[-1]
        table[:, code] = np.bincount(schools.codes, schools.weights * to_group, n_groups) / weights
    return table


def _mean_ranks(schools: Grouped) -> np.ndarray:
    """Mean rank of each group's students among all, ties averaged, from −1/2 to 1/2; shape (n_groups,)."""
    _, tie = np.unique(schools.values, return_inverse=True)
    of_ties = np.bincount(tie, schools.weights)
    middle = (np.cumsum(of_ties) - of_ties / 2) / total(schools.weights) - 0.5
    weights = np.bincount(schools.codes, schools.weights)
    return np.bincount(schools.codes, schools.weights * middle[tie]) / weights


def _divided(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)
