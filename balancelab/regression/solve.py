"""
Least squares by column-scaled QR, refined in double-double, with the digits that remain stated.

Conditioning is never silent: columns that depend on each other up to rounding are refused by name, and whatever is
solved carries the condition number of the unit-length columns and how many digits of the coefficients it leaves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from balancelab.definitions import Text
from balancelab.regression.compensated import dot_columns, residual
from balancelab.regression.errors import InvalidModel, listed

DEPENDENT = 1e-11
"""A unit-length column nearer than this to the span of the others depends on them: five digits would not remain."""

REFINED_SIZE = 3_000_000
"""Designs of up to so many cells are refined; beyond, the statement of digits allows for ten times the error."""

_UNIT = np.finfo(float).eps / 2


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """
    A solved least-squares problem, in rows scaled by the square root of their weight.

    Attributes
    ----------
    coefficients : ndarray, shape (n_columns,)
        Minimiser of the sum of squares.
    residuals : ndarray, shape (n_rows,)
        Scaled rows' residuals.
    Q : ndarray, shape (n_rows, n_columns)
        Orthonormal basis of the scaled columns, in their order.
    R_inverse : ndarray, shape (n_columns, n_columns)
        Upper triangular; ``coefficients = R_inverse @ Q.T @ y`` and ``inv(X.T @ X) = R_inverse @ R_inverse.T``.
    condition : float
        Condition number of the reported columns at unit length, what leads them partialled out. [unitless]
    digits : int
        Significant digits that every coefficient keeps (or its standard error, where that is larger) if each number of
        the data was rounded to float64 as unluckily as can be. Data that float64 holds exactly lose less.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    Q: np.ndarray
    R_inverse: np.ndarray
    condition: float
    digits: int


def solve(X: np.ndarray, y: np.ndarray, *, terms: Sequence[str], sizes: np.ndarray | None = None) -> LeastSquares:
    """
    Minimise ``sum((y - X @ b) ** 2)``.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_lead + n_terms)
        Columns; the last ones are the terms, those before are nuisance (dummies of an effect).
    y : ndarray, shape (n_rows,)
        Outcome.
    terms : sequence of str
        Names of the last columns.
    sizes : ndarray, shape (n_terms,), optional
        Length of each term's column before effects were taken out of it; what is left carries its rounding errors.

    Returns
    -------
    LeastSquares

    Raises
    ------
    InvalidModel
        If a column does not vary within the effects, or columns depend on each other: which.

    Examples
    --------
    >>> X = np.column_stack([np.ones(3), [0.0, 1.0, 2.0]])
    >>> solve(X, np.array([1.0, 3.0, 5.0]), terms=["Intercept", "x"]).coefficients
    array([1., 2.])
    """
    lead = X.shape[1] - len(terms)
    lengths = np.linalg.norm(X, axis=0)
    # powers of two, so that the scaling itself does not round
    scale = np.exp2(np.round(np.log2(np.where(lengths > 0, lengths, 1.0))))
    scaled = X / scale
    Q, R = np.linalg.qr(scaled)
    condition = _check(R[lead:, lead:] * scale[lead:], lengths[lead:] if sizes is None else sizes, terms)
    coefficients = linalg.solve_triangular(R, Q.T @ y)
    residuals = y - scaled @ coefficients
    refined = scaled.size <= REFINED_SIZE
    if refined:
        coefficients, residuals = _refine(scaled, y, Q, R, coefficients, residuals)
    R_inverse = linalg.solve_triangular(R, np.eye(len(R)))
    solution = LeastSquares(coefficients / scale, residuals, Q, R_inverse / scale[:, None], condition, 0)
    stretch = np.ones(len(lengths))
    stretch[lead:] = 1.0 if sizes is None else sizes / lengths[lead:]
    error = _UNIT * _rounding(scaled * stretch, y, R_inverse, coefficients, residuals) * (1 if refined else 10)
    spread = np.linalg.norm(R_inverse, axis=1) * np.linalg.norm(residuals) / math.sqrt(max(1, len(y) - len(R)))
    worst = float(np.max((error / np.maximum(np.abs(coefficients), spread))[lead:], initial=0.0))
    return replace(solution, digits=max(0, min(15, math.floor(-math.log10(worst)) if worst > 0 else 15)))


def rank_basis(X: np.ndarray, *, tolerance: float = 1e-10) -> np.ndarray:
    """
    Orthonormal basis of the span of columns of about unit length, whatever its rank.

    >>> rank_basis(np.array([[0.6, 0.6], [0.8, 0.8]])).shape
    (2, 1)
    """
    if X.shape[1] == 0:
        return np.empty((len(X), 0))
    Q, R, _ = linalg.qr(X, mode="economic", pivoting=True)
    return np.asarray(Q[:, : int(np.sum(np.abs(np.diag(R)) > tolerance))])


def _rounding(
    X: np.ndarray, y: np.ndarray, R_inverse: np.ndarray, coefficients: np.ndarray, residuals: np.ndarray
) -> np.ndarray:
    """First-order bound of each coefficient's change, in units of the relative change of each number of X and y."""
    data = np.linalg.norm(np.abs(y) + np.abs(X) @ np.abs(coefficients))
    tilt = np.abs(R_inverse @ R_inverse.T) @ (np.abs(X).T @ np.abs(residuals))
    return np.asarray(np.linalg.norm(R_inverse, axis=1) * data + tilt)


def _check(R: np.ndarray, sizes: np.ndarray, terms: Sequence[str]) -> float:
    """Refuse columns without variation of their own; return the condition number of the unit-length columns."""
    lengths = np.linalg.norm(R, axis=0)
    flat = lengths <= DEPENDENT * sizes
    if flat.any():
        zh, en = listed([term for term, is_flat in zip(terms, flat, strict=True) if is_flat])
        fault = {
            "zh": f"以下变量在固定效应的组内没有变化（或全为零），系数无法估计，请去掉：{zh}。",
            "en": f"Without variation of their own (zero, or constant within the effects); leave them out: {en}.",
        }
        raise InvalidModel([fault])
    if not len(terms):
        return 1.0
    unit = R / lengths
    triangle, order = linalg.qr(unit, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    singular = np.linalg.svd(unit, compute_uv=False)
    if diagonal[-1] < DEPENDENT or singular[-1] < DEPENDENT * singular[0]:
        rank = max(1, int(np.sum(diagonal >= DEPENDENT)))
        rank = rank - 1 if rank == len(diagonal) else rank
        raise InvalidModel(_dependencies(triangle, order, rank, terms))
    return float(singular[0] / singular[-1])


def _dependencies(triangle: np.ndarray, order: np.ndarray, rank: int, terms: Sequence[str]) -> list[Text]:
    share = linalg.solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    faults: list[Text] = []
    for column, weights in zip(order[rank:], share.T, strict=True):
        others = [terms[order[i]] for i in np.flatnonzero(np.abs(weights) > 1e-6)]
        zh, en = listed(others)
        faults.append(
            {
                "zh": f"“{terms[column]}”是以下变量的线性组合（或近乎如此），请去掉其一：{zh}。",
                "en": f"'{terms[column]}' is, or all but is, a linear combination of: {en}. Leave one of them out.",
            }
        )
    return faults


def _refine(
    X: np.ndarray, y: np.ndarray, Q: np.ndarray, R: np.ndarray, coefficients: np.ndarray, residuals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Björck's refinement of the augmented system, until the correction stops shrinking."""
    last = math.inf
    for _ in range(8):
        gap = residual(y, residuals, X, coefficients)
        tilt = linalg.solve_triangular(R, -dot_columns(X, residuals), trans="T")
        along = Q.T @ gap - tilt
        step = linalg.solve_triangular(R, along)
        size = float(np.linalg.norm(step))
        if not size < last / 2:
            break
        coefficients, residuals, last = coefficients + step, residuals + (gap - Q @ along), size
    return coefficients, residuals
