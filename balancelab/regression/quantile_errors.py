"""
Standard errors of quantile regressions by formula, as quantreg defines them.

References
----------
Koenker 2005, Quantile Regression, sections 3.4 and 4.10. Hall & Sheather 1988 (bandwidth). Hendricks & Koenker 1992.
Powell 1991.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import special

_EXACT = np.finfo(float).eps ** 0.5


def bandwidth(tau: float, n: int, *, level: float = 0.05) -> float:
    """
    Hall and Sheather's bandwidth for the sparsity at a quantile, on the scale of probabilities.

    >>> round(bandwidth(0.5, 100), 4)
    0.2093
    """
    x = float(special.ndtri(tau))
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    z = float(special.ndtri(1 - level / 2))
    return float(n ** (-1 / 3) * z ** (2 / 3) * (1.5 * density**2 / (2 * x**2 + 1)) ** (1 / 3))


def iid(X: np.ndarray, y: np.ndarray, coefficients: np.ndarray, tau: float) -> np.ndarray:
    """Errors if the residuals' density at the quantile is the same everywhere."""
    from balancelab.regression.quantile import exact_quantile

    n, k = X.shape
    residual = y - X @ coefficients
    on = int(np.sum(np.abs(residual) < _EXACT))
    reach = max(k + 1, int(np.ceil(n * bandwidth(tau, n))))
    ranks = np.arange(on + 1, reach + on + 2)
    ranks = ranks[ranks <= n]
    nearest = np.sort(residual[np.argsort(np.abs(residual), kind="stable")][ranks - 1])
    line = np.column_stack([np.ones(len(ranks)), ranks / (n - k)])
    sparsity = exact_quantile(line, nearest, np.ones(len(ranks)), 0.5)[1]
    R = np.linalg.qr(X, mode="r")
    inverse = np.linalg.inv(R)
    return np.asarray(np.sqrt(tau * (1 - tau)) * sparsity * np.linalg.norm(inverse, axis=1))


def nid(X: np.ndarray, y: np.ndarray, coefficients: np.ndarray, tau: float) -> np.ndarray:
    """Errors with densities from the distance between neighbouring quantiles' fits."""
    del coefficients
    from balancelab.regression.quantile import exact_quantile

    h = _inside(tau, bandwidth(tau, len(y)))
    ones = np.ones(len(y))
    gap = X @ (exact_quantile(X, y, ones, tau + h) - exact_quantile(X, y, ones, tau - h))
    return _sandwich(X, np.maximum(0.0, 2 * h / (gap - _EXACT)), tau)


def kernel(X: np.ndarray, y: np.ndarray, coefficients: np.ndarray, tau: float) -> np.ndarray:
    """Errors with densities from a normal kernel around the fit."""
    h = _inside(tau, bandwidth(tau, len(y)))
    residual = y - X @ coefficients
    low, high = np.quantile(residual, [0.25, 0.75])
    size = min(float(np.std(residual, ddof=1)), float(high - low) / 1.34)
    width = (special.ndtri(tau + h) - special.ndtri(tau - h)) * size
    return _sandwich(X, np.exp(-((residual / width) ** 2) / 2) / np.sqrt(2 * np.pi) / width, tau)


SPARSITY_ERRORS: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]] = {
    "iid": iid,
    "nid": nid,
    "kernel": kernel,
}


def _inside(tau: float, h: float) -> float:
    while tau - h < 0 or tau + h > 1:
        h /= 2
    return h


def _sandwich(X: np.ndarray, density: np.ndarray, tau: float) -> np.ndarray:
    R = np.linalg.qr(np.sqrt(density)[:, None] * X, mode="r")
    inverse = np.linalg.inv(R)
    middle = X @ (inverse @ inverse.T)
    return np.asarray(np.sqrt(tau * (1 - tau) * np.einsum("ij,ij->j", middle, middle)))
