"""Low and high achievers: quantile regression, solved exactly, with a pairs or cluster bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from balancelab.regression.design import Column, Design, build_design
from balancelab.regression.errors import refuse
from balancelab.regression.inference import estimates
from balancelab.regression.quantile_errors import SPARSITY_ERRORS
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve

Errors = Literal["bootstrap", "iid", "nid", "kernel"]

_PIVOTS = 5000


@dataclass(frozen=True, eq=False, repr=False)
class QuantileFit:
    """
    Quantile regressions of one formula at several quantiles.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Columns `tau`, then those of `Fit.coefficients`; one row per quantile and term.
    objective : pandas.DataFrame
        Columns `tau`, `objective`: the minimised sum of check losses.
    errors : str
        Kind of the standard errors.
    n : int
        Rows used.
    clusters : int or None
        Clusters that were resampled.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    """

    coefficients: pd.DataFrame
    objective: pd.DataFrame
    errors: str
    n: int
    clusters: int | None
    dropped: pd.DataFrame

    def __repr__(self) -> str:
        return text(self.coefficients, facts={"n": self.n, "clusters": self.clusters, "errors": self.errors})

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts={"n": self.n, "clusters": self.clusters, "errors": self.errors})


def quantile_fit(
    formula: str,
    schools: pd.DataFrame,
    *,
    taus: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 0.9),
    weights: Column | None = None,
    cluster: Column | None = None,
    errors: Errors = "bootstrap",
    reps: int = 999,
    seed: int = 0,
) -> QuantileFit:
    """
    Regress quantiles of the outcome: what resources go with among low and among high achievers.

    Parameters
    ----------
    formula : str
        As in `balancelab.regression.fit`.
    schools : pandas.DataFrame
        One row per school.
    taus : sequence of float, optional
        Quantiles, each above 0 and below 1.
    weights : str or array_like, optional
        Weight of each row.
    cluster : str or array_like, optional
        Clusters to resample whole; without, rows are resampled.
    errors : {"bootstrap", "iid", "nid", "kernel"}, optional
        Standard errors: bootstrap, or quantreg's formulas for equal densities, for densities by differencing
        neighbouring quantiles (Hendricks & Koenker) and by a kernel (Powell). The formulas know no clusters or weights.
    reps : int, optional
        Bootstrap draws, the same for every quantile.
    seed : int, optional
        Seed of the draws.

    Returns
    -------
    QuantileFit
        Student's t with ``G - 1`` or ``n - K`` degrees of freedom.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for a quantile outside (0, 1), fewer than two draws, or formula errors
        asked for together with clusters or weights.

    Notes
    -----
    Each quantile is a vertex of a linear program (dual simplex, HiGHS), whose equations are then solved exactly.
    Draws start from that vertex and descend along edges.

    References
    ----------
    Koenker & Bassett 1978; Koenker 2005, Quantile Regression.

    Examples
    --------
    >>> schools = pd.DataFrame({"score": [1.0, 2.0, 3.0, 4.0, 100.0]})
    >>> fit = quantile_fit("score ~ 1", schools, taus=[0.5], reps=99)
    >>> float(fit.coefficients.loc[0, "estimate"])
    3.0
    """
    _check(taus, reps, errors, with_groups=weights is not None or cluster is not None)
    design = build_design(formula, schools, weights=weights, cluster=cluster)
    if design.n <= len(design.terms):
        raise refuse(
            f"数据齐全的只有 {design.n} 行，而系数有 {len(design.terms)} 个。",
            f"Only {design.n} complete rows for {len(design.terms)} parameters.",
        )
    if design.cluster is not None and design.cluster.n < 2:
        raise refuse("聚类只有一类，无法重抽样。", "There is one single cluster, which cannot be resampled.")
    solve(design.X, design.y, terms=design.terms)  # refuses dependent columns by name
    loads = np.ones(design.n) if design.weights is None else design.weights
    points = np.array([exact_quantile(design.X, design.y, loads, tau) for tau in taus])
    spread = _bootstrap(design, loads / loads.mean(), taus, reps, seed) if errors == "bootstrap" else None
    df = float(design.n - len(design.terms) if design.cluster is None else design.cluster.n - 1)
    tables, losses = [], []
    for i, tau in enumerate(taus):
        std_errors = SPARSITY_ERRORS[errors](design.X, design.y, points[i], tau) if spread is None else spread[i]
        table = estimates(design.terms, points[i], std_errors, df)
        table.insert(0, "tau", float(tau))
        tables.append(table)
        residual = design.y - design.X @ points[i]
        losses.append((float(tau), float(np.sum(loads * residual * (tau - (residual < 0))))))
    return QuantileFit(
        coefficients=pd.concat(tables, ignore_index=True),
        objective=pd.DataFrame(losses, columns=["tau", "objective"]),
        errors=errors,
        n=design.n,
        clusters=None if design.cluster is None else design.cluster.n,
        dropped=design.dropped,
    )


def exact_quantile(X: np.ndarray, y: np.ndarray, weights: np.ndarray, tau: float) -> np.ndarray:
    """
    Coefficients of one quantile regression: the vertex of the linear program, its equations solved.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_terms)
    y, weights : ndarray, shape (n_rows,)
    tau : float

    Returns
    -------
    ndarray, shape (n_terms,)
    """
    scale = np.linalg.norm(X, axis=0) / np.sqrt(len(X))
    unit = X / scale * weights[:, None]
    solved = optimize.linprog(
        -y * weights, A_eq=unit.T, b_eq=(1 - tau) * unit.sum(axis=0), bounds=(0, 1), method="highs-ds"
    )
    if solved.status != 0:
        raise refuse(
            f"分位数回归未能求解：{solved.message}", f"The quantile regression was not solved: {solved.message}"
        )
    rough = -solved.eqlin.marginals / scale
    basis = _vertex(X, y, rough)
    exact = np.linalg.solve(X[basis], y[basis])
    return exact if _loss(X, y, weights, tau, exact) <= _loss(X, y, weights, tau, rough) * (1 + 1e-9) else rough


def _check(taus: Sequence[float], reps: int, errors: str, *, with_groups: bool) -> None:
    outside = [tau for tau in taus if not 0 < tau < 1]
    if outside or not len(taus):
        raise refuse(f"分位数须在 0 与 1 之间：{outside}。", f"Quantiles must lie between 0 and 1: {outside}.")
    if errors != "bootstrap" and errors not in SPARSITY_ERRORS:
        known = ", ".join(["bootstrap", *SPARSITY_ERRORS])
        raise refuse(f"errors 只能为 {known}，而不是“{errors}”。", f"errors must be one of {known}, not '{errors}'.")
    if errors != "bootstrap" and with_groups:
        raise refuse(
            f'标准误公式 {errors} 不适用于聚类或加权；请用 errors="bootstrap"。',
            f"The formula errors '{errors}' know no clusters or weights; use errors=\"bootstrap\".",
        )
    if errors == "bootstrap" and reps < 2:
        raise refuse("自助抽样次数 reps 至少为 2。", "The bootstrap needs at least two draws (reps).")


def _loss(X: np.ndarray, y: np.ndarray, weights: np.ndarray, tau: float, coefficients: np.ndarray) -> float:
    residual = y - X @ coefficients
    return float(np.sum(weights * residual * (tau - (residual < 0))))


def _vertex(X: np.ndarray, y: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Rows that the fit passes through: those of least residual that determine it."""
    residual = np.abs(y - X @ coefficients)
    order = np.argsort(residual, kind="stable")
    scale = np.linalg.norm(X, axis=0)
    chosen: list[int] = []
    for row in order:
        trial = X[[*chosen, int(row)]] / scale
        if np.linalg.matrix_rank(trial / np.linalg.norm(trial, axis=1)[:, None], tol=1e-9) == len(trial):
            chosen.append(int(row))
            if len(chosen) == X.shape[1]:
                break
    return np.array(chosen)


def _bootstrap(design: Design, loads: np.ndarray, taus: Sequence[float], reps: int, seed: int) -> np.ndarray:
    """Standard deviation of each coefficient over draws, shape (n_taus, n_terms)."""
    random = np.random.default_rng(seed)
    codes = np.arange(design.n) if design.cluster is None else design.cluster.codes
    groups = int(codes.max()) + 1
    # scores come in steps, so that several rows may lie on one plane; a shift far below any digit shown parts them
    size = np.std(design.y) or 1.0
    y = design.y + size * 1e-9 * random.uniform(-1, 1, design.n)
    starts = [_vertex(design.X, y, exact_quantile(design.X, y, loads, tau)) for tau in taus]
    draws = np.empty((reps, len(taus), design.X.shape[1]))
    tries, filled = 0, 0
    while filled < reps:
        counts = np.bincount(random.integers(0, groups, groups), minlength=groups)[codes] * loads
        found = [_descend(design.X, y, counts, tau, start) for tau, start in zip(taus, starts, strict=True)]
        tries += 1
        if all(vertex is not None for vertex in found):
            draws[filled] = found
            filled += 1
        elif tries > 2 * reps + 100:
            raise refuse(
                "多数自助样本中某个变量没有变化（类别太少？），无法得到标准误。",
                "In most bootstrap draws some regressor does not vary (a rare category?); there is no standard error.",
            )
    return np.asarray(draws.std(axis=0, ddof=1))


def _descend(X: np.ndarray, y: np.ndarray, weights: np.ndarray, tau: float, start: np.ndarray) -> np.ndarray | None:
    """
    Walk from a vertex along descending edges to the optimum for other weights; None where it is not determined.

    At a vertex the fit passes through as many rows as there are coefficients. Letting one of them go, to either side,
    is an edge; the loss falls along it until enough rows have been crossed.
    """
    drawn = np.flatnonzero(weights > 0)
    X_drawn, y_drawn, w = X[drawn], y[drawn], weights[drawn]
    basis = start.copy()
    for _ in range(_PIVOTS):
        inverse = linalg.inv(X[basis], check_finite=False)
        residual = y_drawn - X_drawn @ (inverse @ y[basis])
        at = np.isin(drawn, basis)
        residual[at] = 0.0
        pull = (w * np.where(at, 0.0, tau - (residual < 0))) @ X_drawn @ inverse
        own = weights[basis]
        slopes = np.concatenate([own * (1 - tau) - pull, own * tau + pull])
        edge = int(np.argmin(slopes))
        if slopes[edge] >= -1e-9 * (1 + own.max()):
            undetermined = (own == 0) & (np.abs(pull) < 1e-9)
            return None if undetermined.any() else np.asarray(inverse @ y[basis])
        leaving, sign = edge % len(basis), 1.0 if edge < len(basis) else -1.0
        along = sign * (X_drawn @ inverse[:, leaving])
        along[at] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = residual / along
        crossed = np.flatnonzero(steps > 0)
        crossed = crossed[np.argsort(steps[crossed], kind="stable")]
        rising = slopes[edge] + np.cumsum(w[crossed] * np.abs(along[crossed]))
        last = np.searchsorted(rising, 0.0)
        if last == len(crossed):
            return None
        basis[leaving] = drawn[crossed[last]]
    return None
