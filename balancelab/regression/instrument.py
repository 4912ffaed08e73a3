"""The one honest instrument of this field: caps on class size. Two-stage least squares through linearmodels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from balancelab.regression.design import Column, Design, build_design
from balancelab.regression.errors import refuse
from balancelab.regression.inference import WaldTest, estimates
from balancelab.regression.linear import fit
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve


@dataclass(frozen=True, eq=False, repr=False)
class InstrumentFit:
    """
    A model estimated by two-stage least squares.

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Columns as those of `Fit.coefficients`; the endogenous regressor comes last.
    vcov : str
        Name of the covariance.
    first_stage : WaldTest
        That the instruments do not move the endogenous regressor; an F below 10, better below about 100, is weak.
    anderson_rubin : WaldTest
        That the endogenous regressor has no effect; valid however weak the instruments are.
    reduced_form : pandas.DataFrame
        The outcome on the instruments and the controls; columns as `coefficients`.
    wu_hausman, wu_hausman_p : float
        F that least squares would do, and its p-value (classical).
    n : int
        Rows used.
    clusters : int or None
        Clusters.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    """

    coefficients: pd.DataFrame
    vcov: str
    first_stage: WaldTest
    anderson_rubin: WaldTest
    reduced_form: pd.DataFrame
    wu_hausman: float
    wu_hausman_p: float
    n: int
    clusters: int | None
    dropped: pd.DataFrame

    def summary(self) -> dict[str, Any]:
        """What the fit is: n, rows dropped, clusters, covariance, first stage, Anderson-Rubin, Wu-Hausman."""
        facts = {
            "n": self.n,
            "dropped": len(self.dropped),
            "clusters": self.clusters,
            "vcov": self.vcov,
            "first_stage_f": self.first_stage.statistic,
            "anderson_rubin_p": self.anderson_rubin.p_value,
            "wu_hausman_p": self.wu_hausman_p,
        }
        return {name: value for name, value in facts.items() if value is not None}

    def __repr__(self) -> str:
        return text(self.coefficients, facts=self.summary())

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts=self.summary())


def instrument_fit(
    formula: str,
    schools: pd.DataFrame,
    *,
    endogenous: str,
    instruments: Sequence[str],
    weights: Column | None = None,
    cluster: Column | None = None,
    vcov: str | None = None,
) -> InstrumentFit:
    """
    Two-stage least squares with one endogenous regressor. Needs the optional package linearmodels.

    Parameters
    ----------
    formula : str
        Outcome and exogenous controls, without the endogenous regressor: ``"score ~ enrolment + lunch"``.
    schools : pandas.DataFrame
        One row per school.
    endogenous : str
        Column that is instrumented, e.g. the class size.
    instruments : sequence of str
        Columns that move it and touch the outcome in no other way, e.g. `predicted_class_size`.
    weights, cluster : str or array_like, optional
        As in `balancelab.regression.fit`.
    vcov : {"HC1", "HC0", "classical", "CR1", "CR0"}, optional
        Default HC1, with clusters CR1.

    Returns
    -------
    InstrumentFit
        Student's t with ``n - K`` or ``G - 1`` degrees of freedom.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also without instruments.
    ImportError
        Where linearmodels is not installed, saying how to install it.

    References
    ----------
    Angrist & Lavy 1999; Card 1995; Anderson & Rubin 1949.
    """
    name = vcov or ("HC1" if cluster is None else "CR1")
    if name not in (("CR1", "CR0") if cluster is not None else ("HC1", "HC0", "classical")):
        raise refuse(
            f"协方差“{name}”不可用：有聚类时为 CR1、CR0，无聚类时为 HC1、HC0、classical。",
            f"No covariance '{name}' here: CR1, CR0 with clusters; HC1, HC0, classical without.",
        )
    if not len(instruments):
        raise refuse("至少需要一个工具变量。", "There must be at least one instrument.")
    estimator = _estimator()
    outside = [endogenous, *instruments]
    design = build_design(formula, schools, weights=weights, cluster=cluster, keep=outside)
    rest = design.schools[outside].astype(float).to_numpy()
    solve(np.column_stack([design.X, rest]), design.y, terms=[*design.terms, *outside])
    kept = schools[design.kept]
    values, errors = _two_stages(estimator, design, rest, endogenous, name)
    outcome, controls = formula.split("~", 1)
    added = " + ".join(f"`{name}`" for name in instruments)
    given = {"weights": weights, "cluster": cluster}
    options: dict[str, Any] = {
        role: column if column is None or isinstance(column, str) else np.asarray(column)[design.kept]
        for role, column in given.items()
    }
    reduced = fit(f"{outcome} ~ {controls} + {added}", kept, vcov=name, **options)
    first = fit(f"`{endogenous}` ~ {controls} + {added}", kept, vcov=name, **options)
    df = float(design.n - design.X.shape[1] - 1 if design.cluster is None else design.cluster.n - 1)
    statistic, p_value = _wu_hausman(design, rest)
    return InstrumentFit(
        coefficients=estimates([*design.terms, endogenous], values, errors, df),
        vcov=name,
        first_stage=first.wald(list(instruments)),
        anderson_rubin=reduced.wald(list(instruments)),
        reduced_form=reduced.coefficients,
        wu_hausman=statistic,
        wu_hausman_p=p_value,
        n=design.n,
        clusters=None if design.cluster is None else design.cluster.n,
        dropped=design.dropped,
    )


def predicted_class_size(students: ArrayLike, *, cap: float) -> np.ndarray:
    """
    Class size that a cap on class size predicts from enrolment (Maimonides' rule).

    Parameters
    ----------
    students : array_like
        Students of the grade. [students]
    cap : float
        Largest class allowed, e.g. 45. [students]

    Returns
    -------
    ndarray
        ``students / (floor((students - 1) / cap) + 1)``. [students per class]

    References
    ----------
    Angrist & Lavy 1999, Using Maimonides' rule to estimate the effect of class size on scholastic achievement.

    Examples
    --------
    >>> predicted_class_size([40, 45, 46, 91], cap=45).round(2).tolist()
    [40.0, 45.0, 23.0, 30.33]
    """
    enrolled = np.asarray(students, dtype=float)
    return np.asarray(enrolled / (np.floor((enrolled - 1) / cap) + 1))


def _estimator() -> Any:
    try:
        from linearmodels.iv import IV2SLS
    except ImportError as error:
        raise ImportError(
            "工具变量估计需要可选的 linearmodels，请安装：pip install 'balancelab[iv]'\n"
            "Instruments need the optional package linearmodels; install it with: pip install 'balancelab[iv]'"
        ) from error
    return IV2SLS


def _two_stages(
    estimator: Any, design: Design, rest: np.ndarray, endogenous: str, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors, the endogenous regressor last."""
    model = estimator(
        pd.Series(design.y, name=design.outcome),
        pd.DataFrame(design.X, columns=list(design.terms)),
        pd.DataFrame(rest[:, :1], columns=[endogenous]),
        rest[:, 1:],
        weights=design.weights,
    )
    factor = 1.0
    if design.cluster is not None:
        fitted = model.fit(cov_type="clustered", clusters=design.cluster.codes, debiased=False)
        factor = design.cluster.n / (design.cluster.n - 1) if name == "CR1" else 1.0
    elif name == "classical":
        fitted = model.fit(cov_type="unadjusted", debiased=True)
    else:
        fitted = model.fit(cov_type="robust", debiased=name == "HC1")
    return fitted.params.to_numpy(), fitted.std_errors.to_numpy() * np.sqrt(factor)


def _wu_hausman(design: Design, rest: np.ndarray) -> tuple[float, float]:
    """F that the first stage's residual adds nothing to least squares with the endogenous regressor."""
    root = np.ones(design.n) if design.weights is None else np.sqrt(design.weights)
    X, rest, y = design.X * root[:, None], rest * root[:, None], design.y * root
    Q = np.linalg.qr(np.column_stack([X, rest[:, 1:]]))[0]
    residual = rest[:, 0] - Q @ (Q.T @ rest[:, 0])
    wide = np.linalg.qr(np.column_stack([X, rest[:, 0]]))[0]
    e = y - wide @ (wide.T @ y)
    extra = residual - wide @ (wide.T @ residual)
    gain = float(extra @ e) ** 2 / float(extra @ extra)
    df = design.n - X.shape[1] - 2
    statistic = gain / ((float(e @ e) - gain) / df)
    return statistic, float(special.fdtrc(1, df, statistic))
