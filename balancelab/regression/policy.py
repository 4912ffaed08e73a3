"""Coefficients in units that a bureau decides about: one more teacher per 100 students, one standard deviation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from balancelab.definitions import nearest
from balancelab.regression.design import Design
from balancelab.regression.errors import refuse
from balancelab.regression.formulas import functions

if TYPE_CHECKING:
    from balancelab.regression.result import Change, Fit


def more_teachers_per_100_students(column: str, *, teachers: float = 1.0) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """
    Make the change "`teachers` more teachers per 100 students" for a column of students per teacher.

    Parameters
    ----------
    column : str
        Column of students per teacher (class-size like): it falls, and by less where it is already low. For a column
        of teachers per 100 students write ``{column: 1}`` instead.
    teachers : float, optional
        Teachers added. [teachers per 100 students]

    Returns
    -------
    callable
        For `Fit.policy_effects`.

    Examples
    --------
    20 students per teacher are 5 teachers per 100 students; with 6 there are 16.67 students per teacher.

    >>> change = more_teachers_per_100_students("ratio")
    >>> change(pd.DataFrame({"ratio": [20.0]})).round(2)
       ratio
    0  16.67
    """

    def changed(schools: pd.DataFrame) -> pd.DataFrame:
        return schools.assign(**{column: 100 / (100 / schools[column] + teachers)})

    return changed


def average_changes(design: Design, changes: Mapping[str, Change]) -> np.ndarray:
    """
    Average change of each regressor under each policy.

    Parameters
    ----------
    design : Design
    changes : mapping
        See `Fit.policy_effects`.

    Returns
    -------
    ndarray, shape (n_terms, n_changes)

    Raises
    ------
    InvalidModel
        If a change names a column that the formula does not use, or leaves the formula undefined somewhere.
    """
    weights = np.ones(design.n) if design.weights is None else design.weights
    columns = []
    for label, change in changes.items():
        changed = _regressors(design, _apply(design.schools, change))
        if not np.isfinite(changed).all():
            raise refuse(f"改变“{label}”之后公式无定义。", f"Under the change '{label}' the formula is undefined.")
        columns.append(np.average(changed - design.X, axis=0, weights=weights))
    return np.column_stack(columns)


def standardise(fit: Fit) -> pd.DataFrame:
    """See `Fit.standardised`."""
    design = fit.model.design
    table = fit.coefficients[["term", "estimate", "ci_low", "ci_high"]]
    sd_x = np.array([_sd(column, design.weights) for column in design.X.T])
    sd_y = _sd(design.y, design.weights)
    table = table.assign(sd_x=sd_x, sd_y=sd_y, standardised=table["estimate"] * sd_x / sd_y)
    for end in ("ci_low", "ci_high"):
        table[end] = table[end] * sd_x / sd_y
    table = table[["term", "estimate", "sd_x", "sd_y", "standardised", "ci_low", "ci_high"]]
    return table[table["term"] != "Intercept"].reset_index(drop=True)


def _apply(schools: pd.DataFrame, change: Change) -> pd.DataFrame:
    if callable(change):
        return change(schools.copy())
    for column in change:
        if column not in schools.columns:
            zh, en = nearest(column, map(str, schools.columns))
            raise refuse(f"公式不含“{column}”一列{zh}", f"The formula does not use the column '{column}'{en}")
    return schools.assign(**{column: schools[column] + amount for column, amount in change.items()})


def _regressors(design: Design, schools: pd.DataFrame) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        matrix = design.spec.get_model_matrix(schools, context=functions(), na_action="ignore")
    return np.asarray(matrix[list(design.terms)].to_numpy(dtype=float))


def _sd(values: np.ndarray, weights: np.ndarray | None) -> float:
    """Standard deviation; the divisor (n - 1 or the weights' sum) cancels in every ratio of two."""
    if weights is None:
        return float(np.std(values, ddof=1))
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
