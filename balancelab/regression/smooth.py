"""A curve that finds its own bends: a penalised cubic regression spline, its smoothness chosen by REML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from balancelab.definitions import nearest
from balancelab.regression.design import Design, build_design
from balancelab.regression.errors import refuse
from balancelab.regression.inference import estimates
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve
from balancelab.regression.spline import basis

_POINTS = 101


@dataclass(frozen=True, eq=False, repr=False)
class SmoothFit:
    """
    A model with a smooth curve of one column (a generalised additive model with one smooth).

    Attributes
    ----------
    coefficients : pandas.DataFrame
        Terms other than the curve; columns as those of `Fit.coefficients`, errors of the Bayesian covariance, degrees
        of freedom n less the effective parameters.
    curve : pandas.DataFrame
        Columns `x`, `estimate`, `std_error`, `ci_low`, `ci_high`: the curve about its mean over the rows.
    edf : float
        Effective degrees of freedom of the curve; 1 is a straight line.
    sigma2 : float
        Residual variance. [outcome squared]
    column : str
        The column.
    n : int
        Rows used.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    """

    coefficients: pd.DataFrame
    curve: pd.DataFrame
    edf: float
    sigma2: float
    column: str
    n: int
    dropped: pd.DataFrame

    def __repr__(self) -> str:
        return text(self.coefficients, facts={"n": self.n, f"edf of s({self.column})": self.edf})

    def _repr_html_(self) -> str:
        return html(self.coefficients, facts={"n": self.n, f"edf of s({self.column})": self.edf})


def smooth_fit(formula: str, schools: pd.DataFrame, *, column: str, knots: int = 10) -> SmoothFit:
    """
    Let the outcome follow a smooth curve of one column; a check on `spline_fit` and on the straight line.

    Parameters
    ----------
    formula : str
        With `column` as a plain regressor.
    schools : pandas.DataFrame
        One row per school.
    column : str
        Column whose curve is sought.
    knots : int, optional
        Knots, at quantiles of the different values; more do not make the curve rougher, only freer.

    Returns
    -------
    SmoothFit

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also where the formula does not use the column as it is, or the column has fewer
        different values than knots.

    Notes
    -----
    Natural cubic splines with the penalty :math:`\\int f''^2`, as in mgcv's ``s(x, bs="cr")``; the penalised part is a
    random effect whose variance REML estimates.

    References
    ----------
    Wood 2017, Generalized Additive Models, sections 5.3 and 6.2.

    Examples
    --------
    >>> schools = pd.DataFrame({"size": range(20, 60), "score": [(x - 40) ** 2 / 10 + x % 3 for x in range(20, 60)]})
    >>> smooth_fit("score ~ size", schools, column="size").edf > 4
    True
    """
    design = build_design(formula, schools)
    if column not in design.terms:
        zh, en = nearest(column, design.terms)
        raise refuse(f"公式“{formula}”未直接使用“{column}”{zh}", f"'{formula}' does not use '{column}' as it is{en}")
    x = design.X[:, design.terms.index(column)]
    values = np.unique(x)
    if knots < 4 or len(values) < knots:
        raise refuse(
            f"“{column}”有 {len(values)} 个不同的值；节点须不少于 4 个且不多于此（现为 {knots}）。",
            f"'{column}' has {len(values)} different values; there must be 4 to that many knots, not {knots}.",
        )
    solve(design.X, design.y, terms=design.terms)  # refuses dependent columns by name
    points = np.quantile(values, np.linspace(0, 1, knots))
    turn = _whitening(points)
    return _report(design, column, points, turn, basis(x, points) @ turn)


def _whitening(points: np.ndarray) -> np.ndarray:
    """Combinations of the bent columns whose squared length is the penalty."""
    h = np.diff(points)
    middle = len(points) - 2
    second = np.zeros((middle, len(points)))
    for i in range(middle):
        second[i, i : i + 3] = [1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]]
    band = np.diag((h[:-1] + h[1:]) / 3) + np.diag(h[1:-1] / 6, 1) + np.diag(h[1:-1] / 6, -1)
    penalty = second.T @ np.linalg.solve(band, second)
    bent = basis(points, points)
    roots, vectors = np.linalg.eigh(bent.T @ penalty @ bent)
    return np.asarray(vectors / np.sqrt(roots))


def _report(design: Design, column: str, points: np.ndarray, turn: np.ndarray, Z: np.ndarray) -> SmoothFit:
    X, y = design.X, design.y
    n, p = X.shape
    Q = np.linalg.qr(X)[0]
    U, d, _ = linalg.svd(Z - Q @ (Q.T @ Z), full_matrices=False)
    residual = y - Q @ (Q.T @ y)
    along = U.T @ residual
    rest = float(residual @ residual - along @ along)

    def deviance(log_ratio: float) -> float:
        room = 1 + np.exp(log_ratio) * d**2
        rss = rest + float(np.sum(along**2 / room))
        return float((n - p) * np.log(rss) + np.sum(np.log(room)))

    middle = -2 * float(np.log(d.mean()))
    grid = np.linspace(middle - 25, middle + 25, 201)
    best = grid[int(np.argmin([deviance(value) for value in grid]))]
    found = optimize.minimize_scalar(deviance, bounds=(best - 0.5, best + 0.5), method="bounded",
                                     options={"xatol": 1e-10})  # fmt: skip
    ratio = float(np.exp(found.x))
    sigma2 = (rest + float(np.sum(along**2 / (1 + ratio * d**2)))) / (n - p)
    curved = [design.terms.index(column), *range(p, p + Z.shape[1])]
    whole = np.column_stack([X, Z])
    means = whole[:, curved].mean(axis=0)
    if design.has_intercept:  # the curve about its mean, so that the constant is what it is without a curve
        whole[:, curved] -= means
    ridge = np.concatenate([np.zeros(p), np.full(Z.shape[1], 1 / ratio)])
    gram = whole.T @ whole
    inverse = np.linalg.inv(gram + np.diag(ridge))
    coefficients = inverse @ (whole.T @ y)
    shares = np.diag(inverse @ gram)
    plain = [i for i in range(p) if i != curved[0]]
    df = float(n - shares.sum())
    spread = sigma2 * inverse
    x = np.linspace(points[0], points[-1], _POINTS)
    here = np.column_stack([x, basis(x, points) @ turn]) - means
    errors = np.sqrt(np.einsum("ij,jk,ik->i", here, spread[np.ix_(curved, curved)], here))
    curve = estimates([""] * _POINTS, here @ coefficients[curved], errors, df)
    curve = curve[["estimate", "std_error", "ci_low", "ci_high"]]
    curve.insert(0, "x", x)
    errors = np.sqrt(np.diag(spread)[plain])
    table = estimates([design.terms[i] for i in plain], coefficients[plain], errors, df)
    return SmoothFit(table, curve, float(shares[curved].sum()), sigma2, column, n, design.dropped)
