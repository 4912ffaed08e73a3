"""Counties that differ in level and in slope: random intercept and one random slope, by profiled REML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize

from balancelab.definitions import Text
from balancelab.regression.design import Design, build_design
from balancelab.regression.errors import refuse
from balancelab.regression.inference import estimates
from balancelab.regression.multilevel import two_level_groups
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve


@dataclass(frozen=True, eq=False, repr=False)
class SlopeFit:
    """
    A model with a random intercept and a random slope.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Fixed effects; columns as those of `Fit.coefficients`, with the number of groups less two as degrees of freedom
        throughout (on the safe side for what varies within groups).
    covariance : pandas.DataFrame
        Covariance of the fixed effects.
    intercept_variance, slope_variance, intercept_slope_covariance : float
        Between groups; the intercept's is that at zero of the slope's column, so centre it.
    sigma2 : float
        Variance within groups. [outcome squared]
    log_likelihood : float
        Restricted.
    n, groups : int
        Rows and groups.
    group, slope : str
        Column of the groups; the column whose slope varies.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    notes : tuple of dict
        What a reader must know.
    """

    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    intercept_variance: float
    slope_variance: float
    intercept_slope_covariance: float
    sigma2: float
    log_likelihood: float
    n: int
    groups: int
    group: str
    slope: str
    dropped: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def summary(self) -> dict[str, Any]:
        """What the fit is: n, groups, variances, log-likelihood."""
        variances = ("intercept_variance", "slope_variance", "intercept_slope_covariance", "sigma2")
        return {name: getattr(self, name) for name in ("n", "group", "groups", "slope", *variances, "log_likelihood")}

    def __repr__(self) -> str:
        return text(self.coefficients, facts=self.summary(), notes=self.notes)

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts=self.summary(), notes=self.notes)


def random_slope(formula: str, schools: pd.DataFrame, *, group: str, slope: str) -> SlopeFit:
    """
    Random intercept and one random slope, correlated, by restricted maximum likelihood.

    Parameters
    ----------
    formula : str
        Fixed part; it must contain `slope` as a plain regressor.
    schools : pandas.DataFrame
        One row per unit of the lower level.
    group : str
        Column of the upper level.
    slope : str
        Regressor whose coefficient varies between groups; centre it first.

    Returns
    -------
    SlopeFit

    Raises
    ------
    InvalidModel
        As `random_intercept`; also where the formula does not use the column as it is, or the search did not settle.

    Notes
    -----
    The deviance is profiled down to the three numbers of the relative Cholesky factor (Bates et al. 2015) and searched
    from several starts. statsmodels' default optimiser stops at a log-likelihood 27 lower on the nlschools data.

    References
    ----------
    Bates, Mächler, Bolker & Walker 2015, Fitting linear mixed-effects models using lme4.
    """
    design = build_design(formula, schools, keep=(group,))
    if slope not in design.terms:
        raise refuse(f"公式“{formula}”未直接使用“{slope}”。", f"'{formula}' does not use '{slope}' as it is.")
    groups, sizes = two_level_groups(design, group)
    if groups.n < 3 or design.n <= len(design.terms) + 4:
        raise refuse("组或行太少，无法估计随机斜率。", "Too few groups or rows for a random slope.")
    solve(design.X, design.y, terms=design.terms)  # refuses dependent columns by name
    profile = _Profile(design, groups.codes, len(sizes), design.X[:, design.terms.index(slope)])
    return profile.report(profile.minimise(), group, slope)


class _Profile:
    """Restricted deviance as a function of the lower triangle of the relative factor, from sums over groups."""

    def __init__(self, design: Design, codes: np.ndarray, groups: int, slope: np.ndarray) -> None:
        self.design, self.groups = design, groups
        self.n, self.p = design.X.shape
        self.unit = float(np.std(slope))
        Z = np.column_stack([np.ones(self.n), slope / self.unit])
        both = np.column_stack([design.X, design.y])
        self.total = both.T @ both
        self.ZZ = _group_products(Z, Z, codes, groups)
        self.ZB = _group_products(Z, both, codes, groups)

    def state(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, float]:
        """Deviance, coefficients, inverse of X'V⁻¹X and RSS, the last two over sigma2."""
        factor = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
        inner = np.eye(2) + factor.T @ self.ZZ @ factor
        pulled = factor.T @ self.ZB
        cross = self.total - np.einsum("gki,gkj->ij", pulled, np.linalg.solve(inner, pulled))
        inverse = np.linalg.inv(cross[:-1, :-1])
        coefficients = inverse @ cross[:-1, -1]
        rss = float(cross[-1, -1] - cross[:-1, -1] @ coefficients)
        df = self.n - self.p
        logs = float(np.sum(np.linalg.slogdet(inner)[1]) - np.linalg.slogdet(inverse)[1])
        return df * (np.log(2 * np.pi * rss / df) + 1) + logs, coefficients, inverse, rss

    def minimise(self) -> np.ndarray:
        """Search from several starts, then polish."""
        starts = ([1.0, 0.0, 1.0], [0.3, 0.0, 0.1], [1.0, -0.5, 0.1])
        found = [
            optimize.minimize(
                lambda theta: self.state(theta)[0],
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000, "maxfev": 8000},
            )
            for start in starts
        ]
        best = min(found, key=lambda result: float(result.fun))
        if not best.success:
            raise refuse("随机斜率模型的似然未能收敛。", "The search for the random slope's variances did not settle.")
        return np.asarray(best.x)

    def report(self, theta: np.ndarray, group: str, slope: str) -> SlopeFit:
        """Everything at the optimum."""
        deviance, coefficients, inverse, rss = self.state(theta)
        sigma2 = rss / (self.n - self.p)
        factor = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
        between = sigma2 * factor @ factor.T
        covariance = sigma2 * inverse
        terms = self.design.terms
        notes: tuple[Text, ...] = ()
        if abs(np.linalg.det(between)) < 1e-8 * between[0, 0] * between[1, 1] or between[1, 1] < 1e-10 * sigma2:
            zh = "组间协方差矩阵的估计位于边界（奇异）；斜率在组间可能没有差异。"
            en = "The covariance between groups is estimated on its boundary; slopes may not differ between groups."
            notes = ({"zh": zh, "en": en},)
        return SlopeFit(
            coefficients=estimates(terms, coefficients, np.sqrt(np.diag(covariance)), float(self.groups - 2)),
            covariance=pd.DataFrame(covariance, index=terms, columns=terms),
            intercept_variance=float(between[0, 0]),
            slope_variance=float(between[1, 1]) / self.unit**2,
            intercept_slope_covariance=float(between[0, 1]) / self.unit,
            sigma2=sigma2,
            log_likelihood=-deviance / 2,
            n=self.n,
            groups=self.groups,
            group=group,
            slope=slope,
            dropped=self.design.dropped,
            notes=notes,
        )


def _group_products(left: np.ndarray, right: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Cross-products by group, shape (n_groups, n_left, n_right)."""
    result = np.empty((groups, left.shape[1], right.shape[1]))
    for i, column in enumerate(left.T):
        for j, other in enumerate(right.T):
            result[:, i, j] = np.bincount(codes, column * other, groups)
    return result
