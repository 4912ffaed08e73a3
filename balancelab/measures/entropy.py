"""The one kernel behind Theil, generalized entropy and Atkinson: exact to the last digits even between near equals."""

from __future__ import annotations

import math

import numpy as np

ALPHA_RANGE = (-5.0, 5.0)
"""Sensitivities outside it could overflow, and nobody reports them."""

# Below this relative deviation the closed form would cancel; 12 terms of the series leave less than one rounding error.
_SMALL = 0.02
_TERMS = 12


def entropy_terms(relative: np.ndarray, alpha: float) -> np.ndarray:
    r"""
    Contribution of each school to generalized entropy, from its relative deviation from the mean.

    Parameters
    ----------
    relative : ndarray
        :math:`r_i = (x_i - \mu) / \mu`, not below −1. [unitless]
    alpha : float
        Sensitivity: 1 Theil T, 0 Theil L, 2 half the squared CV.

    Returns
    -------
    ndarray, same shape
        Never negative; their weighted mean is GE(alpha). Infinite at r = −1 (a school with nothing) if alpha ≤ 0.

    Notes
    -----
    .. math:: \frac{(1 + r)^\alpha - 1 - \alpha r}{\alpha (\alpha - 1)}

    and its limits at 0 and 1. The term :math:`\alpha r` sums to nothing over a county, but without it the sum would
    be a small difference of large numbers: at deviations of 1e-8, the textbook form has no correct digit.

    Examples
    --------
    >>> entropy_terms(np.array([-0.5, 0.0, 0.5]), 2.0)
    array([0.125, 0.   , 0.125])
    """
    positive = relative > -1
    safe = np.where(positive, relative, 0.0)
    logs = np.log1p(safe)
    # Two forms of one expression, each stable near its own limit.
    if alpha == 1:
        terms = (1 + safe) * logs - safe
    elif alpha == 0:
        terms = safe - logs
    elif alpha > 0.5:
        terms = ((1 + safe) * np.expm1((alpha - 1) * logs) - (alpha - 1) * safe) / (alpha * (alpha - 1))
    else:
        terms = (np.expm1(alpha * logs) - alpha * safe) / (alpha * (alpha - 1))
    terms = np.where(np.abs(safe) < _SMALL, _series(safe, alpha), terms)
    return np.where(positive, terms, 1 / alpha if alpha > 0 else math.inf)


def atkinson_from_entropy(entropy: np.ndarray, epsilon: float) -> np.ndarray:
    r"""
    Atkinson index from the generalized entropy of sensitivity ``1 − epsilon``.

    Parameters
    ----------
    entropy : ndarray
        GE(1 − epsilon). [unitless]
    epsilon : float
        Aversion to inequality, not negative.

    Returns
    -------
    ndarray, same shape
        1 where the entropy is infinite, NaN where it is NaN. [unitless]

    Notes
    -----
    :math:`A = 1 - [\alpha(\alpha-1) GE(\alpha) + 1]^{1/\alpha}`, α = 1 − ε; and :math:`1 - e^{-GE(0)}` at ε = 1.

    Examples
    --------
    >>> atkinson_from_entropy(np.array([0.0, np.inf]), 1.0)
    array([0., 1.])
    """
    alpha = 1 - epsilon
    finite = np.isfinite(entropy)
    safe = np.where(finite, entropy, 0.0)
    if alpha == 0:
        index = -np.expm1(-safe)
    else:
        # A sum of powers that vanishes means that nothing is left of the equally distributed equivalent.
        growth = np.maximum(alpha * (alpha - 1) * safe, -1.0)
        logs = np.log1p(growth, out=np.full(growth.shape, -np.inf), where=growth > -1)
        index = -np.expm1(logs / alpha)
    return np.where(finite, index, np.where(np.isnan(entropy), np.nan, 1.0))


def _series(relative: np.ndarray, alpha: float) -> np.ndarray:
    coefficients = [0.5]
    for power in range(2, _TERMS + 1):
        coefficients.append(coefficients[-1] * (alpha - power) / (power + 1))
    small = np.where(np.abs(relative) < _SMALL, relative, 0.0)
    polynomial = np.zeros_like(small)
    for coefficient in reversed(coefficients):
        polynomial = polynomial * small + coefficient
    return polynomial * small**2
