"""
Schools in counties as draws: the random-intercept model by exact profile likelihood, the share of variance between
groups, and Mundlak's check whether the random intercepts may be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, special

from balancelab.definitions import Text
from balancelab.regression.design import Design, Grouping, build_design, grouping
from balancelab.regression.errors import refuse
from balancelab.regression.inference import WaldTest, estimates, positions
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve


@dataclass(frozen=True, eq=False, repr=False)
class MixedFit:
    """
    A fitted random-intercept model.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Fixed effects; columns as those of `Fit.coefficients`, degrees of freedom by Satterthwaite.
    covariance : pandas.DataFrame
        Covariance of the fixed effects, ``inv(X' inv(V) X)`` at the estimated variances.
    tau2, sigma2 : float
        Variance between and within groups. [outcome squared]
    icc : float
        ``tau2 / (tau2 + sigma2)``, the share of the unexplained variance that lies between groups. [share]
    log_likelihood : float
        Restricted (REML) or full (ML) log-likelihood.
    method : str
        ``"reml"`` or ``"ml"``.
    n, groups : int
        Rows and groups.
    group : str
        Column of the groups.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    notes : tuple of dict
        What a reader must know.
    """

    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    tau2: float
    sigma2: float
    icc: float
    log_likelihood: float
    method: str
    n: int
    groups: int
    group: str
    dropped: pd.DataFrame
    notes: tuple[Text, ...] = field(default=())

    def wald(self, terms: list[str]) -> WaldTest:
        """Test that several coefficients are zero together; the smallest of their degrees of freedom in the F."""
        where = positions(terms, list(self.coefficients["term"]))
        values = self.coefficients["estimate"].to_numpy()[where]
        covariance = self.covariance.to_numpy()[np.ix_(where, where)]
        statistic = float(values @ np.linalg.solve(covariance, values)) / len(values)
        df2 = float(self.coefficients["df"].to_numpy()[where].min())
        return WaldTest(tuple(terms), statistic, len(values), df2, float(special.fdtrc(len(values), df2, statistic)))

    def summary(self) -> dict[str, Any]:
        """What the fit is: method, n, groups, variances, share between groups, log-likelihood."""
        names = ("method", "n", "group", "groups", "tau2", "sigma2", "icc", "log_likelihood")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return text(self.coefficients, facts=self.summary(), notes=self.notes)

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts=self.summary(), notes=self.notes)


@dataclass(frozen=True, eq=False)
class MundlakCheck:
    """
    A random-intercept model with the groups' means of its regressors added (Mundlak 1978).

    Attributes
    ----------
    fit : MixedFit
        Coefficients of the regressors are the within-group ones (of fixed effects); ``mean(x)`` are contextual: how
        much more a difference between groups is associated with than the same difference within one.
    test : WaldTest
        That all contextual coefficients are zero. A small p-value says: do not trust the model without them.
    """

    fit: MixedFit
    test: WaldTest


def random_intercept(
    formula: str, schools: pd.DataFrame, *, group: str, method: Literal["reml", "ml"] = "reml"
) -> MixedFit:
    """
    Random-intercept model, by its exact one-dimensional profile likelihood.

    Parameters
    ----------
    formula : str
        Fixed part, as in `balancelab.regression.fit`; ``"score ~ 1"`` for the shares of variance alone.
    schools : pandas.DataFrame
        One row per unit of the lower level.
    group : str
        Column of the upper level, e.g. the county.
    method : {"reml", "ml"}, optional
        Restricted or full maximum likelihood.

    Returns
    -------
    MixedFit

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for a single group, or groups that all have one row.

    Notes
    -----
    With :math:`\\lambda = \\tau^2 / \\sigma^2` the model is least squares on :math:`y_{ij} - \\theta_j \\bar y_j`,
    :math:`\\theta_j = 1 - (1 + n_j \\lambda)^{-1/2}`; the restricted deviance
    :math:`(n-p) \\ln RSS + \\sum_j \\ln(1 + n_j \\lambda) + \\ln |X' V^{-1} X|` is minimised by the root of its
    derivative, so that the variances carry about twelve digits. Standard errors are those of lme4, Stata and HLM.

    References
    ----------
    Raudenbush & Bryk 2002; Bates et al. 2015; Fai & Cornelius 1996 (degrees of freedom).

    Examples
    --------
    Balanced groups, closed form: mean squares 49 between and 0.5 within give tau2 = (49 - 0.5) / 2.

    >>> schools = pd.DataFrame({"score": [1.0, 2.0, 8.0, 9.0], "county": ["a", "a", "b", "b"]})
    >>> fit = random_intercept("score ~ 1", schools, group="county")
    >>> round(fit.tau2, 8), round(fit.sigma2, 8), round(fit.icc, 8)
    (24.25, 0.5, 0.97979798)
    """
    return _fit(build_design(formula, schools, keep=(group,)), group, method)


def mundlak(formula: str, schools: pd.DataFrame, *, group: str) -> MundlakCheck:
    """
    Add the groups' means of every regressor to a random-intercept model and test them.

    Parameters
    ----------
    formula, schools, group
        As in `random_intercept`. Regressors that do not vary within groups get no mean.

    Returns
    -------
    MundlakCheck

    Raises
    ------
    InvalidModel
        As `random_intercept`; also where no regressor varies both within and between groups.

    References
    ----------
    Mundlak 1978, On the pooling of time series and cross section data.
    """
    design = build_design(formula, schools, keep=(group,))
    groups = grouping(group, design.schools[group].to_numpy())
    counts = np.bincount(groups.codes)
    means = np.column_stack([np.bincount(groups.codes, column) / counts for column in design.X.T])[groups.codes]
    size = np.linalg.norm(design.X - design.X.mean(axis=0), axis=0)
    within = np.linalg.norm(design.X - means, axis=0) > 1e-10 * size
    between = np.linalg.norm(means - means.mean(axis=0), axis=0) > 1e-10 * size
    added = [i for i, term in enumerate(design.terms) if term != "Intercept" and within[i] and between[i]]
    if not added:
        raise refuse(
            f"没有任何变量在“{group}”的组内和组间都有变化，无法做 Mundlak 检验。",
            f"No regressor varies both within and between the groups of '{group}'; Mundlak's device needs one.",
        )
    names = tuple(f"mean({design.terms[i]})" for i in added)
    wider = replace(design, X=np.column_stack([design.X, means[:, added]]), terms=(*design.terms, *names))
    fit = _fit(wider, group, "reml")
    return MundlakCheck(fit, fit.wald(list(names)))


def two_level_groups(design: Design, group: str) -> tuple[Grouping, np.ndarray]:
    """Groups of a design and their sizes; refuses a single group, and groups that all have one row."""
    groups = grouping(group, design.schools[group].to_numpy())
    sizes = np.bincount(groups.codes)
    if groups.n < 2 or sizes.max() < 2:
        raise refuse(
            f"“{group}”须至少有两组，且至少一组有两行（现有 {groups.n} 组，最大 {sizes.max()} 行）。",
            f"'{group}' must form two groups, one of them of two rows "
            f"(there are {groups.n}, the largest of {sizes.max()} rows).",
        )
    return groups, sizes


def _fit(design: Design, group: str, method: Literal["reml", "ml"]) -> MixedFit:
    if method not in ("reml", "ml"):
        raise refuse(f"method 只能为 reml 或 ml，而不是“{method}”。", f"method must be 'reml' or 'ml', not '{method}'.")
    groups, sizes = two_level_groups(design, group)
    if design.n <= len(design.terms) + 1:
        raise refuse(
            f"数据齐全的只有 {design.n} 行，不足以估计 {len(design.terms)} 个系数与两个方差。",
            f"Only {design.n} complete rows for {len(design.terms)} coefficients and two variances.",
        )
    profile = _Profile(design, groups.codes, sizes, method)
    ratio = profile.minimise()
    return profile.report(ratio, group)


class _Profile:
    """The deviance as a function of ``ratio = tau2 / sigma2``, from sums over groups."""

    def __init__(self, design: Design, codes: np.ndarray, sizes: np.ndarray, method: str) -> None:
        self.design, self.codes, self.sizes, self.method = design, codes, sizes.astype(float), method
        solve(design.X, design.y, terms=design.terms)  # refuses dependent columns by name
        self.n, self.p = design.X.shape
        self.df = self.n - self.p if method == "reml" else self.n

    def transformed(self, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns and outcome whose least squares is the generalised one, and the groups' sums of the columns."""
        share = (1 - 1 / np.sqrt(1 + self.sizes * ratio)) / self.sizes
        both = np.column_stack([self.design.X, self.design.y])
        sums = np.column_stack([np.bincount(self.codes, column) for column in both.T])
        both = both - (share[:, None] * sums)[self.codes]
        return both[:, :-1], both[:, -1], sums

    def state(self, ratio: float) -> tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray]:
        """Coefficients, root of their covariance over sigma2, RSS, groups' sums of residuals and of columns."""
        X, y, sums = self.transformed(ratio)
        Q, R = np.linalg.qr(X)
        inverse = np.linalg.solve(R, np.eye(self.p))
        coefficients = inverse @ (Q.T @ y)
        rss = float(np.sum((y - X @ coefficients) ** 2))
        return coefficients, inverse, rss, sums[:, -1] - sums[:, :-1] @ coefficients, sums[:, :-1]

    def slope(self, ratio: float) -> float:
        """Half the derivative of the deviance."""
        _, inverse, rss, residual_sums, column_sums = self.state(ratio)
        room = 1 + self.sizes * ratio
        down = 1 / room**2
        value = np.sum(self.sizes / room) - self.df * float(down @ residual_sums**2) / rss
        if self.method == "reml":
            value -= float(down @ np.sum((column_sums @ inverse) ** 2, axis=1))
        return float(value) / 2

    def minimise(self) -> float:
        """Root of the slope; zero where the deviance rises from the start."""
        if self.slope(0.0) >= 0:
            return 0.0
        low, high = 0.0, 1.0
        while self.slope(high) < 0:
            low, high = high, high * 8
            if high > 1e12:
                raise refuse(
                    "组内几乎没有差异，组间方差的份额趋于 1，无法估计。",
                    "There is all but no variation within groups; the share between them tends to 1.",
                )
        return float(optimize.brentq(self.slope, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps, maxiter=200))

    def report(self, ratio: float, group: str) -> MixedFit:
        """Everything at the optimum."""
        design = self.design
        coefficients, inverse, rss, *_ = self.state(ratio)
        sigma2 = rss / self.df
        unscaled = inverse @ inverse.T
        covariance = sigma2 * unscaled
        deviance = self.df * (np.log(2 * np.pi * sigma2) + 1) + float(np.sum(np.log1p(self.sizes * ratio)))
        if self.method == "reml":
            deviance -= float(np.linalg.slogdet(unscaled)[1])
        notes: tuple[Text, ...] = ()
        if ratio == 0:
            zh = "组间方差的估计为零（边界），结果等同于普通最小二乘。"
            en = "The variance between groups is estimated at zero, its boundary; the fit is ordinary least squares."
            notes = ({"zh": zh, "en": en},)
        df = self.satterthwaite(ratio, sigma2)
        return MixedFit(
            coefficients=estimates(design.terms, coefficients, np.sqrt(np.diag(covariance)), df),
            covariance=pd.DataFrame(covariance, index=design.terms, columns=design.terms),
            tau2=ratio * sigma2,
            sigma2=sigma2,
            icc=ratio / (1 + ratio),
            log_likelihood=-deviance / 2,
            method=self.method,
            n=self.n,
            groups=len(self.sizes),
            group=group,
            dropped=design.dropped,
            notes=notes,
        )

    def satterthwaite(self, ratio: float, sigma2: float) -> np.ndarray:
        """
        Degrees of freedom ``2 f**2 / (g' A g)``: f a coefficient's variance, g its gradient in the variances, A theirs.

        The information is that of the deviance in (ratio, sigma2) at its minimum, in closed form.
        """
        _, inverse, rss, residual_sums, column_sums = self.state(ratio)
        room = 1 + self.sizes * ratio
        down, curve = 1 / room**2, 2 * self.sizes / room**3
        unscaled = inverse @ inverse.T
        if ratio == 0:  # on the boundary only sigma2 is free
            return np.full(self.p, float(self.df))
        # K(ratio) = X'X - sum c_j s_j s_j' with c = ratio / room: K' = -sum down s s', K'' = sum curve s s'
        first = -(column_sums.T * down) @ column_sums
        second = (column_sums.T * curve) @ column_sums
        tilt = (column_sums.T * down) @ residual_sums
        rss_first = -float(down @ residual_sums**2)
        rss_second = float(curve @ residual_sums**2) - 2 * float(tilt @ unscaled @ tilt)
        log_second = -float(np.sum((self.sizes / room) ** 2))
        if self.method == "reml":
            turned = unscaled @ first
            log_second += float(np.trace(unscaled @ second) - np.sum(turned * turned.T))
        hessian = np.array(
            [
                [log_second + rss_second / sigma2, -rss_first / sigma2**2],
                [-rss_first / sigma2**2, -self.df / sigma2**2 + 2 * rss / sigma2**3],
            ]
        )
        spread = 2 * np.linalg.inv(hessian)
        by_ratio = -sigma2 * np.einsum("ij,jk,ki->i", unscaled, first, unscaled)
        gradient = np.column_stack([by_ratio, np.diag(unscaled)])
        variance = sigma2 * np.diag(unscaled)
        return np.asarray(2 * variance**2 / np.einsum("ij,jk,ik->i", gradient, spread, gradient))
