"""Pass rates: a logit for shares, with robust errors that are what they say, and average marginal effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from balancelab.definitions import nearest
from balancelab.regression.covariance import score_sums
from balancelab.regression.design import Column, Design, build_design
from balancelab.regression.errors import listed, refuse
from balancelab.regression.inference import estimates
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve

_STEPS = 100
_COVARIANCES = ("HC1", "HC0", "classical", "CR1", "CR0")


@dataclass(frozen=True, eq=False, repr=False)
class FractionalFit:
    """
    A fitted logit for shares.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        On the scale of log-odds; columns as those of `Fit.coefficients`.
    marginal_effects : pandas.DataFrame
        Average marginal effects on the share, same columns: the derivative, averaged over rows (weighted as the fit
        is), or the difference between 1 and 0 for a regressor that is only ever 0 or 1. [share per unit]
    covariance : pandas.DataFrame
        Covariance of the coefficients.
    vcov : str
        Its name.
    deviance, null_deviance : float
        Against the saturated model, of this model and of the mean alone.
    pearson_chi2 : float
        Sum of squared Pearson residuals.
    dispersion : float
        Pearson chi-square over ``n - K``; far above 1 with trials, classical errors are far too small.
    log_likelihood : float
        Binomial, with its coefficients, where trials are given; NaN otherwise.
    n : int
        Rows used.
    clusters : int or None
        Clusters.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    formula : str
        As written.
    """

    coefficients: pd.DataFrame
    marginal_effects: pd.DataFrame
    covariance: pd.DataFrame
    vcov: str
    deviance: float
    null_deviance: float
    pearson_chi2: float
    dispersion: float
    log_likelihood: float
    n: int
    clusters: int | None
    dropped: pd.DataFrame
    formula: str

    def summary(self) -> dict[str, Any]:
        """What the fit is: formula, n, rows dropped, clusters, covariance, deviance, dispersion."""
        names = ("formula", "n", "clusters", "vcov", "deviance", "null_deviance", "dispersion")
        facts = {name: getattr(self, name) for name in names} | {"dropped": len(self.dropped)}
        return {name: value for name, value in facts.items() if value is not None}

    def __repr__(self) -> str:
        return text(self.coefficients, self.marginal_effects, facts=self.summary())

    def _repr_html_(self) -> str:
        return html(self.coefficients, self.marginal_effects, facts=self.summary())


def fractional_fit(
    formula: str,
    schools: pd.DataFrame,
    *,
    weights: Column | None = None,
    trials: Column | None = None,
    cluster: Column | None = None,
    vcov: str | None = None,
) -> FractionalFit:
    """
    Fractional logit (Papke & Wooldridge): the share of students who pass, on resources.

    Parameters
    ----------
    formula : str
        Its outcome must lie between 0 and 1, ends included: ``"I(pass_rate / 100) ~ log(spending) + lunch"``.
    schools : pandas.DataFrame
        One row per school.
    weights : str or array_like, optional
        Weight of each row.
    trials : str or array_like, optional
        Students behind each share. They weight the rows and give the binomial likelihood; not together with `weights`.
    cluster : str or array_like, optional
        Clusters.
    vcov : {"HC1", "HC0", "classical", "CR1", "CR0"}, optional
        Default HC1 (HC0 times n/(n-K)), with clusters CR1 (CR0 times G/(G-1)).

    Returns
    -------
    FractionalFit
        Student's t with ``n - K`` or ``G - 1`` degrees of freedom.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for an outcome outside [0, 1] (which rows), an outcome that is always 0 or
        always 1, and regressors that separate zeros from ones.

    Notes
    -----
    The conditional mean is modelled, nothing else is assumed with robust errors. Differs from statsmodels 0.15, whose
    HC1 of a binomial model silently equals HC0.

    References
    ----------
    Papke & Wooldridge 1996, Econometric methods for fractional response variables.

    Examples
    --------
    Closed form: with one binary regressor the log-odds of the two means.

    >>> schools = pd.DataFrame({"share": [0.2, 0.3, 0.6, 0.4], "urban": [0, 0, 1, 1]})
    >>> fit = fractional_fit("share ~ urban", schools)
    >>> round(float(fit.coefficients["estimate"][0]), 6), round(float(fit.marginal_effects["estimate"][0]), 6)
    (-1.098612, 0.25)
    """
    name = vcov or ("HC1" if cluster is None else "CR1")
    _check_covariance(name, clustered=cluster is not None)
    if weights is not None and trials is not None:
        raise refuse("weights 与 trials 只能给出其一。", "Give either weights or trials, not both.")
    design = build_design(formula, schools, weights=weights if trials is None else trials, cluster=cluster)
    _check(design)
    w = np.ones(design.n) if design.weights is None else design.weights
    coefficients = _newton(design, w)
    share = special.expit(design.X @ coefficients)
    covariance = _covariance(design, w, share, name)
    df = float(design.n - len(design.terms) if design.cluster is None else design.cluster.n - 1)
    mean = np.average(design.y, weights=w)
    pearson = float(np.sum(w * (design.y - share) ** 2 / (share * (1 - share))))
    return FractionalFit(
        coefficients=estimates(design.terms, coefficients, np.sqrt(np.diag(covariance)), df),
        marginal_effects=_marginal(design, w, coefficients, covariance, df),
        covariance=pd.DataFrame(covariance, index=design.terms, columns=design.terms),
        vcov=name,
        deviance=_deviance(design.y, share, w),
        null_deviance=_deviance(design.y, np.full(design.n, mean), w),
        pearson_chi2=pearson,
        dispersion=pearson / (design.n - len(design.terms)),
        log_likelihood=_log_likelihood(design.y, share, w) if trials is not None else float("nan"),
        n=design.n,
        clusters=None if design.cluster is None else design.cluster.n,
        dropped=design.dropped,
        formula=formula,
    )


def _check_covariance(name: str, *, clustered: bool) -> None:
    if name not in _COVARIANCES:
        zh, en = nearest(str(name), _COVARIANCES)
        raise refuse(f"分数 logit 没有名为“{name}”的协方差{zh}", f"A fractional logit has no covariance '{name}'{en}")
    if name.startswith("CR") != clustered:
        raise refuse(
            f"协方差 {name} 与是否给出 cluster 不符：有聚类时用 CR1 或 CR0，无聚类时用 HC1、HC0 或 classical。",
            f"The covariance {name} does not go with cluster=: CR1, CR0 with clusters; HC1, HC0, classical without.",
        )


def _check(design: Design) -> None:
    outside = (design.y < 0) | (design.y > 1)
    if outside.any():
        shown = [f"{who} ({value:g})" for who, value in zip(design.names[outside], design.y[outside], strict=True)]
        zh, en = listed(shown)
        raise refuse(
            f"结果变量“{design.outcome}”须在 0 与 1 之间，{int(outside.sum())} 行不在其内：{zh}；百分数请除以 100。",
            f"The outcome '{design.outcome}' must lie between 0 and 1; it does not in {int(outside.sum())} rows: {en}. "
            "Divide percentages by 100.",
        )
    if np.ptp(design.y) == 0:
        raise refuse(
            f"结果变量“{design.outcome}”在所有行中都为 {design.y[0]:g}，没有可解释的差异。",
            f"The outcome '{design.outcome}' is {design.y[0]:g} in every row; nothing can be explained.",
        )
    if design.n <= len(design.terms):
        raise refuse(
            f"数据齐全的只有 {design.n} 行，而系数有 {len(design.terms)} 个。",
            f"Only {design.n} complete rows for {len(design.terms)} parameters.",
        )
    if design.cluster is not None and design.cluster.n < 2:
        raise refuse("聚类只有一类，无法估计类间差异。", "There is one single cluster.")
    solve(design.X, design.y, terms=design.terms)  # refuses dependent columns by name


def _newton(design: Design, w: np.ndarray) -> np.ndarray:
    """Maximise the quasi-likelihood by Newton's steps, halved where they overshoot."""
    X, y = design.X, design.y
    coefficients = np.zeros(X.shape[1])
    loss = _loss(X @ coefficients, y, w)
    for _ in range(_STEPS):
        eta = X @ coefficients
        share = special.expit(eta)
        curve = w * share * (1 - share)
        root = np.sqrt(curve)
        if not np.all(curve > 1e-300):
            break
        step = linalg.lstsq(X * root[:, None], w * (y - share) / root, lapack_driver="gelsy", check_finite=False)[0]
        trial = _loss(X @ (coefficients + step), y, w)
        while trial > loss * (1 + 1e-12) + 1e-300 and np.max(np.abs(step)) > 1e-300:
            step = step / 2
            trial = _loss(X @ (coefficients + step), y, w)
        coefficients, loss = coefficients + step, trial
        if np.max(np.abs(X @ step)) < 1e-13 * (1 + np.max(np.abs(eta))):
            return coefficients
        if np.max(np.abs(X @ coefficients)) > 40:  # odds beyond 1e17: the maximum lies at infinity
            break
    raise refuse(
        f"“{design.formula}”的似然没有有限的最大值：某些变量把结果为 0 与为 1 的学校完全分开；请去掉它们。",
        f"The likelihood of '{design.formula}' has no finite maximum: some regressors separate outcomes of 0 from 1; "
        "leave them out.",
    )


def _loss(eta: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    return float(np.sum(w * (np.logaddexp(0, eta) - y * eta)))


def _covariance(design: Design, w: np.ndarray, share: np.ndarray, name: str) -> np.ndarray:
    X = design.X
    root = np.sqrt(w * share * (1 - share))
    Q, R = np.linalg.qr(X * root[:, None])
    inverse = np.linalg.solve(R, np.eye(X.shape[1]))
    if name == "classical":
        return np.asarray(inverse @ inverse.T)
    scores = Q * (w * (design.y - share) / root)[:, None]
    factor = 1.0
    if design.cluster is not None:
        scores = score_sums(scores, design.cluster)
        factor = design.cluster.n / (design.cluster.n - 1) if name == "CR1" else 1.0
    elif name == "HC1":
        factor = design.n / (design.n - X.shape[1])
    moved = scores @ inverse.T
    return np.asarray(factor * (moved.T @ moved))


def _marginal(
    design: Design, w: np.ndarray, coefficients: np.ndarray, covariance: np.ndarray, df: float
) -> pd.DataFrame:
    """Average marginal effects and their errors by the delta method."""
    eta = design.X @ coefficients
    names = [term for term in design.terms if term != "Intercept"]
    values = np.empty(len(names))
    gradients = np.empty((len(names), len(coefficients)))
    for i, term in enumerate(names):
        at = design.terms.index(term)
        if np.isin(design.X[:, at], (0.0, 1.0)).all():
            values[i], gradients[i] = _switch(design.X, w, eta, coefficients, at)
        else:
            values[i], gradients[i] = _slope(design.X, w, eta, coefficients, at)
    errors = np.sqrt(np.einsum("ij,jk,ik->i", gradients, covariance, gradients))
    return estimates(names, values, errors, df)


def _slope(
    X: np.ndarray, w: np.ndarray, eta: np.ndarray, coefficients: np.ndarray, at: int
) -> tuple[float, np.ndarray]:
    share = special.expit(eta)
    density = share * (1 - share)
    gradient = coefficients[at] * np.average((density * (1 - 2 * share))[:, None] * X, axis=0, weights=w)
    mean = float(np.average(density, weights=w))
    gradient[at] += mean
    return mean * float(coefficients[at]), gradient


def _switch(
    X: np.ndarray, w: np.ndarray, eta: np.ndarray, coefficients: np.ndarray, at: int
) -> tuple[float, np.ndarray]:
    on = special.expit(eta + (1 - X[:, at]) * coefficients[at])
    off = special.expit(eta - X[:, at] * coefficients[at])
    slope_on, slope_off = on * (1 - on), off * (1 - off)
    gradient = np.average((slope_on - slope_off)[:, None] * X, axis=0, weights=w)
    gradient[at] = np.average(slope_on, weights=w)
    return float(np.average(on - off, weights=w)), gradient


def _deviance(y: np.ndarray, share: np.ndarray, w: np.ndarray) -> float:
    terms = special.xlogy(y, y) - special.xlogy(y, share) + special.xlogy(1 - y, 1 - y) - special.xlog1py(1 - y, -share)
    return 2 * float(np.sum(w * terms))


def _log_likelihood(y: np.ndarray, share: np.ndarray, trials: np.ndarray) -> float:
    passed = y * trials
    ways = special.gammaln(trials + 1) - special.gammaln(passed + 1) - special.gammaln(trials - passed + 1)
    return float(np.sum(ways + special.xlogy(passed, share) + special.xlog1py(trials - passed, -share)))
