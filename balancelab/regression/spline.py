"""Is the line straight? A natural cubic spline of one resource, and the test against the straight line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from balancelab.definitions import nearest
from balancelab.regression.design import Column
from balancelab.regression.errors import refuse
from balancelab.regression.inference import WaldTest
from balancelab.regression.linear import fit
from balancelab.regression.result import Fit
from balancelab.regression.showing import html, text

_POINTS = 101


@dataclass(frozen=True, eq=False, repr=False)
class SplineFit:
    """
    A fit with a natural cubic spline of one column.

    Attributes
    ----------
    fit : Fit
        The model; the spline's columns beside the straight one are called ``<column>_spline_1`` and so on.
    test : WaldTest
        That the line is straight: all those are zero. F, with the fit's own covariance.
    curve : pandas.DataFrame
        Columns `x`, `estimate`, `std_error`, `ci_low`, `ci_high`: the fitted outcome at each value of the column, less
        that at its mean, everything else held fixed.
    column : str
        The column.
    knots : tuple of float
        Boundary and interior knots, ascending.
    """

    fit: Fit
    test: WaldTest
    curve: pd.DataFrame
    column: str
    knots: tuple[float, ...]

    def __repr__(self) -> str:
        return text(self.fit.coefficients, line=self._line(), facts=self.fit.summary(), notes=self.fit.notes)

    def _repr_html_(self) -> str:
        return html(self.fit.coefficients, line=self._line(), facts=self.fit.summary(), notes=self.fit.notes)

    def _line(self) -> str:
        test = self.test
        return f"{self.column}: F({test.df1:g}, {test.df2:.4g}) = {test.statistic:.4g}, p = {test.p_value:.4g}"


def spline_fit(
    formula: str,
    schools: pd.DataFrame,
    *,
    column: str,
    knots: Sequence[float] | None = None,
    weights: Column | None = None,
    effects: str | Sequence[str] | None = None,
    cluster: Column | None = None,
    vcov: str | None = None,
) -> SplineFit:
    """
    Let the outcome follow a natural cubic spline of one column and test it against the straight line.

    Parameters
    ----------
    formula : str
        With `column` as a plain regressor: ``"score ~ class_size + lunch"``.
    schools : pandas.DataFrame
        One row per school.
    column : str
        Column to bend.
    knots : sequence of float, optional
        Interior knots; default the quartiles of the rows used. The boundary knots are their least and greatest value.
    weights, effects, cluster, vcov
        As in `balancelab.regression.fit`.

    Returns
    -------
    SplineFit

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also where the formula does not use the column as it is, the knots are not
        inside its range, or the column has too few different values.

    Notes
    -----
    Truncated powers that are linear beyond the boundary knots (Hastie, Tibshirani & Friedman 2009, eq. 5.4), scaled to
    the range. The fitted curve is that of R's ``splines::ns`` with the same knots.

    Examples
    --------
    >>> schools = pd.DataFrame({"size": range(20, 60), "score": [(x - 40) ** 2 / 10 + x % 3 for x in range(20, 60)]})
    >>> spline_fit("score ~ size", schools, column="size").test.p_value < 1e-10
    True
    """
    straight = fit(formula, schools, weights=weights, effects=effects, cluster=cluster, vcov=vcov)
    if column not in straight.model.design.terms:
        zh, en = nearest(column, straight.model.design.terms)
        raise refuse(f"公式“{formula}”未直接使用“{column}”{zh}", f"'{formula}' does not use '{column}' as it is{en}")
    values = straight.model.design.schools[column].to_numpy(dtype=float)
    points = _knots(values, knots, column)
    added = [f"{column}_spline_{i + 1}" for i in range(len(points) - 2)]
    bent = basis(schools[column].to_numpy(dtype=float), points)
    wider = schools.assign(**dict(zip(added, bent.T, strict=True)))
    model = fit(f"{formula} + {' + '.join(f'`{name}`' for name in added)}", wider, weights=weights,
                effects=effects, cluster=cluster, vcov=vcov)  # fmt: skip
    return SplineFit(model, model.wald(added), _curve(model, column, added, points, values), column, tuple(points))


def basis(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """
    Columns that bend a straight line at the knots and leave it straight outside them.

    Parameters
    ----------
    x : ndarray, shape (n,)
    knots : ndarray, shape (n_knots,)
        Boundary and interior knots, ascending.

    Returns
    -------
    ndarray, shape (n, n_knots - 2)

    Examples
    --------
    >>> basis(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0])).round(3).tolist()
    [[0.0], [0.125], [0.75]]
    """
    low, high = knots[0], knots[-1]
    u, t = (x - low) / (high - low), (knots - low) / (high - low)
    cubes = np.maximum(u[:, None] - t, 0.0) ** 3
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (t[-1] - t[:-1])
    return np.asarray(slopes[:, :-1] - slopes[:, -1:])


def _knots(values: np.ndarray, knots: Sequence[float] | None, column: str) -> np.ndarray:
    inner = np.quantile(values, [0.25, 0.5, 0.75]) if knots is None else np.sort(np.asarray(knots, dtype=float))
    points = np.concatenate([[values.min()], inner, [values.max()]])
    if not len(inner) or np.any(np.diff(points) <= 0) or len(np.unique(values)) <= len(points):
        shown = ", ".join(f"{knot:g}" for knot in points)
        raise refuse(
            f"“{column}”的节点须互不相同且在其取值范围之内，取值也须多于节点：{shown}。",
            f"The knots of '{column}' must differ, lie inside its range, and be fewer than its values: {shown}.",
        )
    return points


def _curve(model: Fit, column: str, added: list[str], points: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    weights = model.model.design.weights
    x = np.linspace(points[0], points[-1], _POINTS)
    mean = np.array([np.average(values, weights=weights)])
    here = np.column_stack([x, basis(x, points)]) - np.column_stack([mean, basis(mean, points)])
    terms = [column, *added]
    labels = {str(i): dict(zip(terms, row, strict=True)) for i, row in enumerate(here)}
    table = model.combine(labels)[["estimate", "std_error", "ci_low", "ci_high"]]
    table.insert(0, "x", x)
    return table
