"""What could be wrong with a linear fit: collinearity, heteroskedasticity, form, and the schools that weigh most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from balancelab.regression.covariance import leverages
from balancelab.regression.effects import absorb_columns
from balancelab.regression.errors import refuse
from balancelab.regression.model import Model
from balancelab.regression.showing import html, text
from balancelab.regression.solve import rank_basis


@dataclass(frozen=True, eq=False, repr=False)
class Diagnostics:
    """
    Diagnostics of a linear fit.

    Attributes
    ----------
    condition_number : float
        Of the columns at unit length, absorbed effects taken out. [unitless]
    vif : pandas.DataFrame
        Columns `term`, `vif`: how many times the other regressors inflate each coefficient's variance.
    tests : pandas.DataFrame
        Columns `test` (``breusch_pagan_koenker``, ``white``, ``reset``), `statistic`, `df1`, `df2` (infinite for a
        chi-square), `p_value`. The first two ask for equal error variance, the third for the right functional form.
    extremes : pandas.DataFrame
        Columns `measure` (``cooks_distance``, ``leverage``, ``studentised_residual``), `row`, `school`, `value`: the
        school with the largest (absolute) value of each.
    influence : pandas.DataFrame
        Columns `row`, `school`, `residual`, `leverage`, `studentised_residual` (external), `cooks_distance`, in the
        order of the school table.
    """

    condition_number: float
    vif: pd.DataFrame
    tests: pd.DataFrame
    extremes: pd.DataFrame
    influence: pd.DataFrame

    def __repr__(self) -> str:
        return text(self.vif, self.tests, self.extremes, line=f"condition_number {self.condition_number:.6g}")

    def _repr_html_(self) -> str:
        return html(self.vif, self.tests, self.extremes, line=f"condition_number {self.condition_number:.6g}")


def diagnose(model: Model) -> Diagnostics:
    """
    Diagnose a solved linear model; see `Diagnostics`.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Diagnostics

    Raises
    ------
    InvalidModel
        Where two large absorbed effects leave the leverages unknown.

    Notes
    -----
    Weighted residuals and columns are scaled by the root of the weight. With absorbed effects the auxiliary regressions
    of the heteroskedasticity tests are on the regressors themselves, those of RESET absorb the effects too.

    References
    ----------
    Koenker 1981 (studentised Breusch-Pagan); White 1980; Ramsey 1969 (RESET, powers 2 and 3 of the fitted values, F).
    """
    if not model.absorbed.exact_leverage:
        raise refuse(
            "两个固定效应都很大，杠杆值未知，无法诊断；请去掉其一再诊断。",
            "Two large absorbed effects leave the leverages unknown; drop one of them to diagnose.",
        )
    influence = _influence(model)
    return Diagnostics(
        condition_number=model.solution.condition,
        vif=_vif(model),
        tests=pd.DataFrame([_breusch_pagan(model), _white(model), _reset(model)], columns=_TEST_COLUMNS),
        extremes=_extremes(influence),
        influence=influence,
    )


_TEST_COLUMNS = ["test", "statistic", "df1", "df2", "p_value"]
_Row = tuple[str, float, float, float, float]


def _influence(model: Model) -> pd.DataFrame:
    design, solution = model.design, model.solution
    n, parameters = design.n, model.n_parameters
    hat = leverages(solution, model.absorbed)
    e = solution.residuals
    rss = float(e @ e)
    room = np.where(1 - hat > 1e-10, 1 - hat, np.nan)  # a row of leverage 1 has no residual of its own
    with np.errstate(divide="ignore", invalid="ignore"):
        internal = e / np.sqrt(rss / (n - parameters) * room)
        external = e / np.sqrt((rss - e**2 / room) / (n - parameters - 1) * room)
        cook = internal**2 * hat / room / parameters
    return pd.DataFrame(
        {
            "row": design.rows,
            "school": design.names,
            "residual": model.residuals,
            "leverage": hat,
            "studentised_residual": external,
            "cooks_distance": cook,
        }
    )


def _extremes(influence: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for measure in ("cooks_distance", "leverage", "studentised_residual"):
        sizes = influence[measure].abs()
        if sizes.notna().any():
            top = influence.iloc[int(np.nanargmax(sizes.to_numpy()))]
            rows.append((measure, top["row"], top["school"], top[measure]))
    return pd.DataFrame(rows, columns=["measure", "row", "school", "value"])


def _vif(model: Model) -> pd.DataFrame:
    """Diagonal of the inverse correlation matrix of the coefficients' columns."""
    design, lead = model.design, model.lead
    names = [term for term in design.terms if term != "Intercept"]
    where = [design.terms.index(term) for term in names]
    X = model.absorbed.X[:, lead:][:, where]
    Q = model.solution.Q[:, :lead]
    X = X - Q @ (Q.T @ X)
    if design.has_intercept:
        X = X - model.root[:, None] * (model.root @ X / (model.root @ model.root))
    variances = np.sum(model.solution.R_inverse[lead:][where] ** 2, axis=1)
    return pd.DataFrame({"term": names, "vif": variances * np.sum(X**2, axis=0)})


def _breusch_pagan(model: Model) -> _Row:
    regressors = np.column_stack([np.ones(model.design.n), model.design.X])
    return _auxiliary("breusch_pagan_koenker", model, regressors)


def _white(model: Model) -> _Row:
    X = model.design.X
    X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    X = X[:, X.any(axis=0)]
    first, second = np.triu_indices(X.shape[1])
    return _auxiliary("white", model, np.column_stack([np.ones(len(X)), X, X[:, first] * X[:, second]]))


def _auxiliary(test: str, model: Model, regressors: np.ndarray) -> _Row:
    """Score test n R² of squared residuals on regressors that span the constant."""
    square = model.solution.residuals**2
    Q = rank_basis(regressors / np.linalg.norm(regressors, axis=0))
    centred = square - square.mean()
    df = Q.shape[1] - 1
    if df < 1 or len(square) <= Q.shape[1] or not centred.any():
        return (test, np.nan, df, np.inf, np.nan)
    statistic = len(square) * float(np.sum((Q.T @ centred) ** 2) / np.sum(centred**2))
    return (test, statistic, df, np.inf, float(special.chdtrc(df, statistic)))


def _reset(model: Model) -> _Row:
    """F test of the squares and cubes of the fitted values."""
    solution, design = model.solution, model.design
    fitted = design.y - model.residuals
    spread = fitted.std()
    if spread <= 1e-12 * design.y.std():
        return ("reset", np.nan, 2, np.nan, np.nan)
    fitted = (fitted - fitted.mean()) / spread
    extra = np.column_stack([fitted**2, fitted**3])
    extra = absorb_columns(extra, design, model.absorbed) * model.root[:, None]
    lengths = np.linalg.norm(extra, axis=0)
    extra = extra - solution.Q @ (solution.Q.T @ extra)
    Q = rank_basis(extra / lengths)
    gain = float(np.sum((Q.T @ solution.residuals) ** 2))
    df1 = Q.shape[1]
    df2 = design.n - model.n_parameters - df1
    if df1 == 0 or df2 <= 0:
        return ("reset", np.nan, df1, df2, np.nan)
    rss = float(solution.residuals @ solution.residuals) - gain
    statistic = gain / df1 / (rss / df2)
    return ("reset", statistic, df1, df2, float(special.fdtrc(df1, df2, statistic)))
