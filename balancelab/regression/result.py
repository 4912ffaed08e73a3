"""What a linear fit answers: a tidy table, and everything a reader needs to believe or doubt it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from balancelab.definitions import Text
from balancelab.regression import covariance as covariances
from balancelab.regression.design import Grouping
from balancelab.regression.inference import (
    WaldTest,
    estimates,
    hotelling,
    positions,
    satterthwaite,
    wald,
)
from balancelab.regression.model import Model
from balancelab.regression.showing import html, text

if TYPE_CHECKING:
    from balancelab.regression.diagnostics import Diagnostics

HANGING = 0.75
"""A term of which one cluster holds more than this share of the variation gets a note."""

FEW_CLUSTERS = 30
"""Below so many clusters a fit recommends the wild cluster bootstrap beside its own errors."""

Change = Mapping[str, float] | Callable[[pd.DataFrame], pd.DataFrame]
"""A policy: amounts to add to columns of every school, or a function from the school table to the changed one."""


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """
    A fitted linear model.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Columns `term`, `estimate`, `std_error`, `df`, `statistic`, `p_value`, `ci_low`, `ci_high` (95 %).
    covariance : pandas.DataFrame
        Covariance of the coefficients.
    vcov : str
        Its name, e.g. ``"CR2"``.
    r2, adjusted_r2 : float
        Share of the outcome's (weighted) variance, absorbed effects counted as explaining; about zero where the model
        has no constant.
    r2_within : float or None
        The same after the effects are taken out of the outcome; None without effects.
    ser : float
        Standard error of the regression: root of the (weighted) residual sum of squares over n - K. [outcome]
    notes : tuple of dict
        What a reader must know, ``{"zh": …, "en": …}`` each.
    model : Model
        Design and solution.
    """

    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    vcov: str
    r2: float
    adjusted_r2: float
    r2_within: float | None
    ser: float
    notes: tuple[Text, ...]
    model: Model
    adjustment: covariances.Adjustment | None = field(default=None)

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.model.design.formula

    @property
    def outcome(self) -> str:
        """Left-hand side of the formula."""
        return self.model.design.outcome

    @property
    def n(self) -> int:
        """Rows used."""
        return self.model.design.n

    @property
    def clusters(self) -> int | None:
        """Number of clusters; None without."""
        cluster = self.model.design.cluster
        return None if cluster is None else cluster.n

    @property
    def cluster(self) -> str | None:
        """Column of the clusters."""
        cluster = self.model.design.cluster
        return None if cluster is None else cluster.name

    @property
    def effects(self) -> tuple[str, ...]:
        """Columns of the absorbed effects."""
        return tuple(effect.name for effect in self.model.design.effects)

    @property
    def weights(self) -> str | None:
        """Column of the weights."""
        return self.model.design.weights_name

    @property
    def dropped(self) -> pd.DataFrame:
        """Rows left out: `row`, `school`, `reason` (``missing``, ``zero_weight``), `columns` without a value."""
        return self.model.design.dropped

    @property
    def df_residual(self) -> int:
        """Rows minus coefficients and absorbed intercepts."""
        return self.n - self.model.n_parameters

    @property
    def condition(self) -> float:
        """Condition number of the columns at unit length."""
        return self.model.solution.condition

    @property
    def digits(self) -> int:
        """Digits of the coefficients that are safe from rounding; see `LeastSquares`."""
        return self.model.solution.digits

    def term(self, name: str) -> pd.Series:
        """One row of `coefficients`, by its term; an unknown term is refused with the nearest."""
        return self.coefficients.iloc[positions([name], self.model.design.terms)[0]]

    def with_vcov(self, vcov: str) -> Fit:
        """Report the same fit with another covariance; see `balancelab.regression.fit`."""
        return report(self.model, vcov)

    def wald(self, terms: Sequence[str] | None = None) -> WaldTest:
        """
        Test that several coefficients are zero together (all but the intercept, unless named).

        F with ``n - K`` or ``G - 1`` denominator degrees of freedom; for CR2 the approximate Hotelling test.
        """
        design = self.model.design
        names = [term for term in design.terms if term != "Intercept"] if terms is None else list(terms)
        where = positions(names, design.terms)
        values = self.coefficients["estimate"].to_numpy()[where]
        covariance = self.covariance.to_numpy()[np.ix_(where, where)]
        if self.adjustment is not None:
            return hotelling(names, values, covariance, self.adjustment, self.model.contrasts[:, where])
        return wald(names, values, covariance, float(self.coefficients["df"].iloc[0]))

    def combine(self, combinations: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
        """
        Estimate linear combinations of coefficients.

        Parameters
        ----------
        combinations : mapping of str to mapping of str to float
            Label of each combination, and the factor of each term in it.

        Returns
        -------
        pandas.DataFrame
            As `coefficients`; `term` holds the labels.
        """
        terms = self.model.design.terms
        contrasts = np.zeros((len(terms), len(combinations)))
        for j, factors in enumerate(combinations.values()):
            contrasts[positions(list(factors), terms), j] = list(factors.values())
        return self._contrasts(list(combinations), contrasts)

    def policy_effects(self, changes: Mapping[str, Change]) -> pd.DataFrame:
        """
        Difference in the fitted outcome if every school had more of something, averaged over schools.

        The formula is evaluated on the changed table, so logarithms, splines and interactions are followed. Averages
        are weighted as the fit is. A difference between schools that have and schools that lack it, not a promise.

        Parameters
        ----------
        changes : mapping of str to (mapping of str to float, or callable)
            Label of each change, and the amounts to add to columns, or a function of the school table; see
            `more_teachers_per_100_students`.

        Returns
        -------
        pandas.DataFrame
            As `coefficients`; `term` holds the labels.
        """
        from balancelab.regression.policy import average_changes

        return self._contrasts(list(changes), average_changes(self.model.design, changes))

    def standardised(self) -> pd.DataFrame:
        """
        Coefficients in standard deviations.

        Returns
        -------
        pandas.DataFrame
            Columns `term`, `estimate`, `sd_x`, `sd_y` (weighted as the fit is), `standardised` (``estimate * sd_x /
            sd_y``), `ci_low`, `ci_high`.
        """
        from balancelab.regression.policy import standardise

        return standardise(self)

    def diagnostics(self) -> Diagnostics:
        """VIF, condition number, heteroskedasticity and specification tests, and the schools that weigh most."""
        from balancelab.regression.diagnostics import diagnose

        return diagnose(self.model)

    def schools(self) -> pd.DataFrame:
        """
        Every school against the fitted line.

        Returns
        -------
        pandas.DataFrame
            Columns `row`, `school`, `observed`, `fitted`, `residual` in the order of the school table.
        """
        design = self.model.design
        residual = self.model.residuals
        return pd.DataFrame(
            {
                "row": design.rows,
                "school": design.names,
                "observed": design.y,
                "fitted": design.y - residual,
                "residual": residual,
            }
        )

    def summary(self) -> dict[str, Any]:
        """What the fit is: formula, n, rows dropped, weights, effects, clusters, covariance, R², digits."""
        facts = {
            "formula": self.formula,
            "n": self.n,
            "dropped": len(self.dropped),
            "weights": self.weights,
            "effects": ", ".join(self.effects) or None,
            "cluster": self.cluster,
            "clusters": self.clusters,
            "vcov": self.vcov,
            "r2": self.r2,
            "adjusted_r2": self.adjusted_r2,
            "r2_within": self.r2_within,
            "ser": self.ser,
            "digits": self.digits,
        }
        return {key: value for key, value in facts.items() if value is not None}

    def __repr__(self) -> str:
        return text(self.coefficients, facts=self.summary(), notes=self.notes)

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts=self.summary(), notes=self.notes)

    def _contrasts(self, labels: Sequence[str], contrasts: np.ndarray) -> pd.DataFrame:
        values = contrasts.T @ self.coefficients["estimate"].to_numpy()
        variances = np.einsum("ij,ik,kj->j", contrasts, self.covariance.to_numpy(), contrasts)
        if self.adjustment is None:
            df: np.ndarray | float = float(self.coefficients["df"].iloc[0])
        else:
            inner = self.model.contrasts @ contrasts
            df = np.array([satterthwaite(self.adjustment, contrast) for contrast in inner.T])
        return estimates(labels, values, np.sqrt(np.maximum(variances, 0)), df)


def report(model: Model, vcov: str | None = None) -> Fit:
    """Put a solved model and one covariance into a `Fit`."""
    design, solution, lead = model.design, model.solution, model.lead
    name = vcov or ("HC3" if design.cluster is None else "CR2")
    covariances.check_name(name, clustered=design.cluster is not None)
    adjustment = None
    if design.cluster is None:
        full = covariances.robust(
            name, solution, model.absorbed, n_parameters=model.n_parameters, design=design
        )  # fmt: skip
        df: np.ndarray | float = float(design.n - model.n_parameters)
    elif name in ("CR2", "CR3"):
        adjustment = covariances.adjust(name, solution, model.absorbed, design.cluster, design.weights)
        full = covariances.spread(adjustment.scores, solution)
        df = float(design.cluster.n - 1)
        if name == "CR2":
            df = np.array([satterthwaite(adjustment, contrast) for contrast in model.contrasts.T])
    else:
        full = covariances.clustered(
            name, solution, design.cluster, n_parameters=model.clustered_parameters(design.cluster)
        )
        df = float(design.cluster.n - 1)
    covariance = full[lead:, lead:]
    errors = np.sqrt(np.diag(covariance))
    table = estimates(design.terms, solution.coefficients[lead:], errors, df)
    return Fit(
        coefficients=table,
        covariance=pd.DataFrame(covariance, index=design.terms, columns=design.terms),
        vcov=name,
        notes=_notes(model),
        model=model,
        adjustment=adjustment if name == "CR2" else None,
        **_summary(model),
    )


def _summary(model: Model) -> dict[str, Any]:
    """R², adjusted R², within R² and the standard error of the regression."""
    design, solution = model.design, model.solution
    rss = float(solution.residuals @ solution.residuals)
    weights = model.root**2
    constant = bool(design.effects) or _spans_constant(model)
    centre = np.average(design.y, weights=weights) if constant else 0.0
    tss = float(np.sum(weights * (design.y - centre) ** 2))
    df = design.n - model.n_parameters
    r2 = 1 - rss / tss
    within = None
    if design.effects:
        y = model.absorbed.y
        if model.lead:
            Q = solution.Q[:, : model.lead]
            y = y - Q @ (Q.T @ y)
        within = 1 - rss / float(y @ y) if float(y @ y) > 1e-22 * tss else float("nan")
    return {
        "r2": r2,
        "adjusted_r2": 1 - (1 - r2) * (design.n - constant) / df,
        "r2_within": within,
        "ser": float(np.sqrt(rss / df)),
    }


def _spans_constant(model: Model) -> bool:
    if model.design.has_intercept:
        return True
    Q, root = model.solution.Q, model.root
    return bool(np.linalg.norm(root - Q @ (Q.T @ root)) < 1e-10 * np.linalg.norm(root))


def _notes(model: Model) -> tuple[Text, ...]:
    design, solution = model.design, model.solution
    notes: list[Text] = []
    if solution.digits < 10:
        notes.append(
            {
                "zh": f"设计矩阵条件数为 {solution.condition:.1e}（各列化为单位长度后），系数约有"
                f" {solution.digits} 位可靠。",
                "en": f"The unit-length columns have condition number {solution.condition:.1e}; "
                f"about {solution.digits} digits of the coefficients are reliable.",
            }
        )
    if np.linalg.norm(solution.residuals) < 1e-12 * np.linalg.norm(design.y * model.root):
        notes.append(
            {
                "zh": "结果变量被完全拟合，标准误除舍入误差外为零。",
                "en": "The outcome is fitted perfectly; the standard errors are zero but for rounding.",
            }
        )
    if design.cluster is not None and design.cluster.n < FEW_CLUSTERS:
        notes.append(
            {
                "zh": f"只有 {design.cluster.n} 个聚类；请同时报告野聚类自助法（wild_cluster_test）的 p 值。",
                "en": f"Only {design.cluster.n} clusters; report the wild cluster bootstrap (wild_cluster_test) too.",
            }
        )
    if design.cluster is not None:
        notes += _hanging(model, design.cluster)
    return tuple(notes)


def _hanging(model: Model, cluster: Grouping) -> list[Text]:
    """Name the terms whose own variation lies mostly in one cluster: no cluster-robust error is right for them."""
    notes: list[Text] = []
    for term, along in zip(model.design.terms, model.contrasts.T, strict=True):
        if term != "Intercept":
            own = (model.solution.Q @ (along / np.linalg.norm(along))) ** 2
            shares = np.bincount(cluster.codes, own, cluster.n)
            most = int(np.argmax(shares))
            if shares[most] > HANGING:
                name, share = cluster.labels[most], f"{shares[most]:.0%}"
                notes.append(
                    {
                        "zh": f"“{term}”的系数主要取决于一个聚类“{name}”（占其变异的 {share}），其标准误不可靠。",
                        "en": f"'{term}' hangs on one cluster, '{name}', which holds {share} of its variation; "
                        "its standard error is not reliable.",
                    }
                )
    return notes
