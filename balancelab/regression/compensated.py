"""
Sums and products in twice the working precision, vectorised.

A double-double number is an unevaluated sum ``high + low`` of two floats. The error of one product (Dekker's splitting)
and of one sum (Knuth) is itself a float and is carried along. Used to refine least squares, where the residual of a
nearly solved system cancels to its last digits. Portable: 80-bit `longdouble` exists on some machines only.

References
----------
Dekker 1971, A floating-point technique for extending the available precision. Ogita, Rump & Oishi 2005, Accurate sum
and dot product.
"""

from __future__ import annotations

import numpy as np

_SPLITTER = 134217729.0  # 2**27 + 1 halves the 53 bits of a float64


def two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the rounded sum and its exact error.

    >>> two_sum(np.array(1.0), np.array(1e-20))
    (np.float64(1.0), np.float64(1e-20))
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rounded product and its exact error (magnitudes below about 1e300)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def residual(y: np.ndarray, r: np.ndarray, X: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """
    Return ``y - r - X @ coefficients``, each row summed in double-double.

    >>> residual(np.array([1.0 + 2**-52]), np.array([0.0]), np.array([[1.0]]), np.array([1.0])) == 2**-52
    array([ True])
    """
    total, error = two_sum(y, -r)
    for column, coefficient in zip(X.T, coefficients, strict=True):
        product, product_error = two_product(column, np.asarray(-coefficient))
        total, sum_error = two_sum(total, product)
        error = error + (sum_error + product_error)
    return np.asarray(total + error)


def dot_columns(X: np.ndarray, r: np.ndarray) -> np.ndarray:
    """
    Return ``X.T @ r``, summed in double-double.

    >>> dot_columns(np.array([[1.0], [1e20], [1.0], [-1e20]]), np.ones(4))
    array([2.])
    """
    totals, errors = two_product(X, r[:, None])
    while len(totals) > 1:
        if len(totals) % 2:
            totals, errors = (np.vstack([part, np.zeros((1, X.shape[1]))]) for part in (totals, errors))
        totals, carried = two_sum(totals[::2], totals[1::2])
        errors = errors[::2] + errors[1::2] + carried
    return np.asarray(totals[0] + errors[0])


def _split(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high
