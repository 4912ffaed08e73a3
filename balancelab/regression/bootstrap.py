"""The restricted wild cluster bootstrap: an honest p-value where clusters are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balancelab.regression.covariance import score_sums
from balancelab.regression.errors import refuse
from balancelab.regression.inference import positions
from balancelab.regression.result import Fit

ENUMERATED = 4096
"""Up to so many sign vectors are all tried; beyond, signs are drawn."""

MOST_REPS = 999_999
_BLOCK = 512


@dataclass(frozen=True)
class WildClusterTest:
    """
    Outcome of a wild cluster bootstrap test that one coefficient is zero.

    Attributes
    ----------
    term : str
        Coefficient.
    statistic : float
        Its cluster-robust t (factor G/(G-1) · (n-1)/(n-K)).
    p_value : float
        Share of sign vectors whose absolute t is at least as large, the data's own included.
    p_value_strict : float
        Share whose absolute t is larger; below `p_value` by the data's own vector and its mirror image (and ties).
    draws : int
        Sign vectors tried.
    enumerated : bool
        Whether these are all there are: then no seed matters.
    clusters : int
        Clusters.
    """

    term: str
    statistic: float
    p_value: float
    p_value_strict: float
    draws: int
    enumerated: bool
    clusters: int


def wild_cluster_test(fit: Fit, term: str, *, reps: int = 9999, seed: int = 0) -> WildClusterTest:
    """
    Test that a coefficient is zero by the restricted wild cluster bootstrap-t with Rademacher signs.

    Parameters
    ----------
    fit : Fit
        With clusters; weights and absorbed effects are carried along.
    term : str
        Coefficient.
    reps : int, optional
        Draws where there are more than `ENUMERATED` sign vectors, the data's own vector added to them.
    seed : int, optional
        Seed of the draws.

    Returns
    -------
    WildClusterTest

    Raises
    ------
    InvalidModel
        For `reps` or `seed` out of range, without clusters, for an unknown term, or where two large absorbed effects
        were not kept exactly.

    Notes
    -----
    The null is imposed: residuals of the model without the term are multiplied by one sign per cluster and added to its
    fitted values. All sign vectors are tried where :math:`2^G \\le 4096`. Every cluster-robust covariance of the CR0,
    CR1 family gives the same p-value.

    References
    ----------
    Cameron, Gelbach & Miller 2008; MacKinnon, Nielsen & Webb 2023.

    Examples
    --------
    >>> import pandas as pd
    >>> from balancelab.regression import fit
    >>> schools = pd.DataFrame({"y": [1, 2, 4, 3, 7, 6.0], "x": [0, 1, 2, 3, 4, 5], "c": list("aabbcc")})
    >>> test = wild_cluster_test(fit("y ~ x", schools, cluster="c"), "x")
    >>> test.draws, test.enumerated, test.p_value
    (8, True, 0.5)
    """
    if not 1 <= reps <= MOST_REPS or seed < 0:
        raise refuse(
            f"reps 应在 1 与 {MOST_REPS} 之间，seed 应为非负整数；现为 {reps}、{seed}。",
            f"reps must lie between 1 and {MOST_REPS} and seed must not be negative; they are {reps} and {seed}.",
        )
    model = fit.model
    cluster = model.design.cluster
    if cluster is None:
        raise refuse(
            "野聚类自助法需要聚类：请在 fit 中给出 cluster。",
            "The wild cluster bootstrap needs clusters: give cluster= to fit.",
        )
    if not model.absorbed.exact_leverage or not model.absorbed.local:
        raise refuse(
            "两个固定效应都很大（或固定效应跨越聚类），无法做野聚类自助法。",
            "Two large absorbed effects, or one that runs across the clusters, leave no wild cluster bootstrap.",
        )
    where = positions([term], model.design.terms)[0]
    solution = model.solution
    along = model.contrasts[:, where]  # the coefficient is along' Q' y
    estimate = float(solution.coefficients[model.lead + where])
    direction = along / np.linalg.norm(along)
    # residual of the model without the term: what the term explained goes back
    restricted = solution.residuals + solution.Q @ direction * (estimate / float(np.linalg.norm(along)))
    sums = score_sums(solution.Q * restricted[:, None], cluster)
    pull = score_sums((solution.Q @ along)[:, None] * solution.Q, cluster)
    n, k = model.design.n, model.clustered_parameters(cluster)
    factor = cluster.n / (cluster.n - 1) * (n - 1) / (n - k)
    own = sums @ along
    scores = np.diag(own) - pull @ sums.T  # row g: score of cluster g as a function of the signs
    actual = _statistics(np.ones((1, cluster.n)), own, scores, factor)[0]
    enumerated = 2**cluster.n <= ENUMERATED
    signs = _all_signs(cluster.n) if enumerated else _drawn_signs(cluster.n, reps, seed)
    tried = np.concatenate(
        [_statistics(signs[i : i + _BLOCK], own, scores, factor) for i in range(0, len(signs), _BLOCK)]
    )
    slack = 1e-10 * (1 + abs(actual))
    return WildClusterTest(
        term=term,
        statistic=float(actual),
        p_value=float(np.mean(np.abs(tried) >= abs(actual) - slack)),
        p_value_strict=float(np.mean(np.abs(tried) > abs(actual) + slack)),
        draws=len(signs),
        enumerated=enumerated,
        clusters=cluster.n,
    )


def _statistics(signs: np.ndarray, own: np.ndarray, scores: np.ndarray, factor: float) -> np.ndarray:
    """T statistic of each sign vector; a numerator of zero over zero is zero."""
    numerator = signs @ own
    variance = factor * np.sum((signs @ scores.T) ** 2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = numerator / np.sqrt(variance)
    return np.where(np.isnan(t), 0.0, t)


def _all_signs(groups: int) -> np.ndarray:
    numbers = np.arange(2**groups)
    return np.where((numbers[:, None] >> np.arange(groups)) & 1, -1.0, 1.0)


def _drawn_signs(groups: int, reps: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).integers(0, 2, (reps, groups)) * 2.0 - 1.0
    return np.vstack([np.ones((1, groups)), drawn])
