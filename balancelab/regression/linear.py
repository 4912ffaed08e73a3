"""Least squares of an outcome on resources, with errors one can defend."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from balancelab.regression.design import Column, build_design
from balancelab.regression.model import solve_design
from balancelab.regression.result import Fit, report


def fit(
    formula: str,
    schools: pd.DataFrame,
    *,
    weights: Column | None = None,
    effects: str | Sequence[str] | None = None,
    cluster: Column | None = None,
    vcov: str | None = None,
) -> Fit:
    """
    Ordinary or weighted least squares, with absorbed fixed effects and robust errors.

    Parameters
    ----------
    formula : str
        ``"score ~ students_per_teacher + log(income) + C(location)"``. Functions: `formulas.FUNCTIONS`.
    schools : pandas.DataFrame
        One row per school (and year). Not changed. Where it has a column `school`, rows are named by it.
    weights : str or array_like, optional
        Weight of each row, e.g. its students: then the estimand is the average student's association instead of the
        average school's. The scale is immaterial; rows of weight zero are left out and listed.
    effects : str or sequence of str, optional
        One or two columns (county, year) whose groups get intercepts of their own, absorbed.
    cluster : str or array_like, optional
        Column of groups within which errors may be correlated.
    vcov : str, optional
        Without clusters ``"HC3"`` (default), ``"HC0"``, ``"HC1"``, ``"HC2"``, ``"classical"``. With clusters ``"CR2"``
        (default), ``"CR0"``, ``"CR1"``, ``"CR1S"`` (Stata's factor), ``"CR3"``.

    Returns
    -------
    Fit
        `Fit.coefficients` has the columns `term`, `estimate`, `std_error`, `df`, `statistic`, `p_value`, `ci_low`,
        `ci_high`. Tests use Student's t: with ``n - K`` degrees of freedom, ``G - 1`` for CR0, CR1, CR1S and CR3,
        Satterthwaite's for CR2.

    Raises
    ------
    InvalidModel
        A `ValueError` that says, in Chinese and English, which column, row or argument is at fault: unknown columns
        (nearest named), no complete row, constant or collinear regressors, fewer rows than parameters, one cluster,
        clusters that fit the effects the wrong way.

    Notes
    -----
    Columns are scaled, solved by QR and refined in double-double; `Fit.digits` states how many digits are safe. CR1S
    counts absorbed effects that lie inside the clusters as one intercept, as fixest and xtreg do.

    References
    ----------
    Bell & McCaffrey 2002; Pustejovsky & Tipton 2018; MacKinnon & White 1985; Solon, Haider & Wooldridge 2015.

    Examples
    --------
    Hand arithmetic: through (0, 1), (1, 3), (2, 5), (3, 8) the slope is 2.3 and the intercept 0.8.

    >>> schools = pd.DataFrame({"teachers": [0, 1, 2, 3], "score": [1, 3, 5, 8]})
    >>> fit("score ~ teachers", schools).coefficients["estimate"].round(12).tolist()
    [0.8, 2.3]
    """
    design = build_design(formula, schools, weights=weights, effects=effects, cluster=cluster)
    return report(solve_design(design), vcov)
