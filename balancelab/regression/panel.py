"""Several years of the same schools: first differences, and random effects with Hausman's test against fixed ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from balancelab.regression.design import Column, Design, Grouping, build_design, grouping
from balancelab.regression.effects import group_means
from balancelab.regression.errors import listed, refuse
from balancelab.regression.inference import estimates
from balancelab.regression.model import solve_design
from balancelab.regression.result import Fit, report
from balancelab.regression.showing import html, text


def first_differences(
    formula: str,
    schools: pd.DataFrame,
    *,
    unit: str,
    time: str,
    weights: Column | None = None,
    cluster: str | None = None,
    vcov: str | None = None,
) -> Fit:
    """
    Regress changes of the outcome on changes of the regressors, each year with an intercept of its own.

    What is constant in a school drops out, as with fixed effects, but errors may be persistent.

    Parameters
    ----------
    formula : str
        In levels, as in `balancelab.regression.fit`; every column it yields is differenced.
    schools : pandas.DataFrame
        One row per unit and period.
    unit, time : str
        Columns of the unit (school) and of the period (year, a number). Only changes over one period count, one period
        being the smallest distance that occurs; rows without a predecessor only serve the next one.
    weights : str or array_like, optional
        Weight of each row; a change carries that of its later row.
    cluster : str, optional
        Column of clusters; default: `unit`.
    vcov : str, optional
        As in `balancelab.regression.fit`; default CR2.

    Returns
    -------
    Fit
        Terms keep the names of the levels. `Fit.effects` is ``(time,)``.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also where a unit has two rows in a period, or no unit has two periods.

    Examples
    --------
    Hand: changes of 2, 5 and 5 on changes of 1, 2 and 2, so a common intercept leaves a slope of 3.

    >>> schools = pd.DataFrame({"school": list("aabbcc"), "year": [1, 2] * 3,
    ...                         "score": [1, 3, 4, 9, 0, 5], "spend": [1, 2, 1, 3, 2, 4]})
    >>> changes = first_differences("score ~ spend", schools, unit="school", time="year", vcov="CR1")
    >>> round(float(changes.term("spend").estimate), 10)
    3.0
    """
    design = build_design(
        formula, schools, weights=weights, effects=[unit, time], cluster=unit if cluster is None else cluster
    )
    period = _periods(design, time)
    later, earlier = _pairs(design, period)
    if design.cluster is None:  # cluster is never None here; this keeps the type checker informed
        raise refuse("缺少聚类。", "Clusters are missing.")
    return report(solve_design(_differenced(design, later, earlier, time)), vcov)


@dataclass(frozen=True, eq=False, repr=False)
class RandomEffects:
    """
    Swamy-Arora random effects of a balanced panel, and Hausman's test.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        As those of `Fit.coefficients`, classical errors.
    theta : float
        Share of the unit's mean that is taken off each row: 0 is pooled least squares, 1 fixed effects. [share]
    sigma2_within, sigma2_unit : float
        Variances of the error and of the units' effects. [outcome squared]
    hausman, hausman_df, hausman_p : float
        Chi-square against fixed effects over all coefficients that both have; a small p-value speaks for fixed ones.
    """

    coefficients: pd.DataFrame
    theta: float
    sigma2_within: float
    sigma2_unit: float
    hausman: float
    hausman_df: int
    hausman_p: float

    def summary(self) -> dict[str, Any]:
        """What the fit is: theta, variances, Hausman's test."""
        names = ("theta", "sigma2_within", "sigma2_unit", "hausman", "hausman_df", "hausman_p")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return text(self.coefficients, facts=self.summary())

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts=self.summary())


def random_effects(formula: str, schools: pd.DataFrame, *, unit: str) -> RandomEffects:
    """
    Random effects by Swamy and Arora for a balanced panel.

    Parameters
    ----------
    formula : str
        As in `balancelab.regression.fit`; period dummies as ``C(year)``.
    schools : pandas.DataFrame
        One row per unit and period, as many periods for every unit.
    unit : str
        Column of the unit.

    Returns
    -------
    RandomEffects

    Raises
    ------
    InvalidModel
        Where the panel is not balanced (use `random_intercept`), and as `balancelab.regression.fit`.

    References
    ----------
    Swamy & Arora 1972; Hausman 1978; Baltagi 2021, ch. 2.
    """
    within = report(solve_design(build_design(formula, schools, effects=unit)), "classical")
    pooled = build_design(formula, schools, keep=(unit,))
    units = grouping(unit, pooled.schools[unit].to_numpy())
    sizes = np.bincount(units.codes)
    if sizes.min() != sizes.max():
        raise refuse(
            f"面板不平衡：“{unit}”各有 {sizes.min()} 至 {sizes.max()} 行；请改用 random_intercept。",
            f"The panel is not balanced: '{unit}' has {sizes.min()} to {sizes.max()} rows; use random_intercept.",
        )
    between = _between(pooled, units)
    sigma2_within = within.ser**2
    sigma2_means = between * int(sizes[0])
    theta = max(0.0, 1 - float(np.sqrt(sigma2_within / sigma2_means)))
    both = np.column_stack([pooled.y, pooled.X])
    both = both - theta * group_means(both, units, np.ones(pooled.n))[units.codes]
    # the intercept's column is no longer one; called by another name, it may be constant beside no intercept
    quasi = replace(pooled, y=both[:, 0], X=both[:, 1:], terms=tuple(_plain(term) for term in pooled.terms))
    model = solve_design(quasi)
    fit = report(model, "classical")
    values = fit.coefficients["estimate"].to_numpy()
    shared = [term for term in within.model.design.terms if term in quasi.terms]
    statistic = _hausman(within, fit, shared)
    return RandomEffects(
        estimates(pooled.terms, values, np.sqrt(np.diag(fit.covariance.to_numpy())), float(fit.df_residual)),
        theta,
        sigma2_within,
        max(0.0, (sigma2_means - sigma2_within) / int(sizes[0])),
        statistic,
        len(shared),
        float(special.chdtrc(len(shared), statistic)),
    )


def _plain(term: str) -> str:
    return "constant" if term == "Intercept" else term


def _between(design: Design, units: Grouping) -> float:
    """Residual variance of the regression of the units' means; columns that do not vary between them drop out."""
    means = group_means(np.column_stack([design.y, design.X]), units, np.ones(design.n))
    y, X = means[:, 0], means[:, 1:]
    keep = [i for i, term in enumerate(design.terms) if term == "Intercept" or np.ptp(X[:, i]) > 1e-10]
    X = X[:, keep]
    if len(y) <= X.shape[1]:
        raise refuse(
            f"单位太少（{len(y)} 个），无法估计单位间方差。", f"Too few units ({len(y)}) for the variance between them."
        )
    Q = np.linalg.qr(X)[0]
    residual = y - Q @ (Q.T @ y)
    return float(residual @ residual) / (len(y) - X.shape[1])


def _hausman(within: Fit, random: Fit, shared: list[str]) -> float:
    fixed = [within.model.design.terms.index(term) for term in shared]
    loose = [random.model.design.terms.index(term) for term in shared]
    gap = within.coefficients["estimate"].to_numpy()[fixed] - random.coefficients["estimate"].to_numpy()[loose]
    spread = within.covariance.to_numpy()[np.ix_(fixed, fixed)] - random.covariance.to_numpy()[np.ix_(loose, loose)]
    return float(gap @ np.linalg.solve(spread, gap))


def _periods(design: Design, time: str) -> np.ndarray:
    labels = design.effects[1].labels
    try:
        numbers = labels.astype(float)
    except (TypeError, ValueError) as error:
        raise refuse(
            f"时间列“{time}”须为数（如学年的起始年）。", f"The period '{time}' must be a number, e.g. the year."
        ) from error
    return np.asarray(numbers[design.effects[1].codes])


def _pairs(design: Design, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and their predecessors one period before."""
    unit = design.effects[0]
    order = np.lexsort((period, unit.codes))
    same = unit.codes[order][1:] == unit.codes[order][:-1]
    gaps = np.diff(period[order])
    twice = same & (gaps == 0)
    if twice.any():
        zh, en = listed([str(unit.labels[code]) for code in np.unique(unit.codes[order][1:][twice])])
        raise refuse(f"同一时期有两行的单位：{zh}。", f"Units with two rows in one period: {en}.")
    if not same.any():
        raise refuse(
            f"没有任何“{unit.name}”有两个时期，无法取差分。", f"No '{unit.name}' has two periods; there is no change."
        )
    consecutive = same & (gaps == gaps[same].min())
    return order[1:][consecutive], order[:-1][consecutive]


def _differenced(design: Design, later: np.ndarray, earlier: np.ndarray, time: str) -> Design:
    cluster = design.cluster
    return replace(
        design,
        y=design.y[later] - design.y[earlier],
        X=design.X[later] - design.X[earlier],
        weights=None if design.weights is None else design.weights[later],
        effects=(grouping(time, design.effects[1].labels[design.effects[1].codes[later]]),),
        cluster=None if cluster is None else grouping(cluster.name, cluster.labels[cluster.codes[later]]),
        rows=design.rows[later],
        school=None if design.school is None else design.school.iloc[later],
        schools=design.schools.iloc[later],
    )
