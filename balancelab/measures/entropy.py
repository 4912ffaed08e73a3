"""The one kernel behind Theil, generalized entropy and Atkinson: exact to the last digits even between near equals."""

from __future__ import annotations

import math

import numpy as np

ALPHA_RANGE = (-5.0, 5.0)
"""Sensitivities outside it could overflow, and nobody reports them."""

# Below this relative deviation the closed form would cancel; 12 terms of the series leave less than one rounding error.
_SMALL = 0.02
_TERMS = 12


def entropy_terms(ratio: np.ndarray, relative: np.ndarray, alpha: float) -> np.ndarray:
    r"""
    Contribution of each school to generalized entropy.

    Parameters
    ----------
    ratio : ndarray
        :math:`q_i = x_i / \mu`, not negative. [unitless]
    relative : ndarray, same shape
        :math:`r_i = (x_i - \mu) / \mu`: the same less 1, but computed from the difference. [unitless]
    alpha : float
        Sensitivity: 1 Theil T, 0 Theil L, 2 half the squared CV.

    Returns
    -------
    ndarray, same shape
        Never negative; their weighted mean is GE(alpha). Infinite at q = 0 (a school with nothing) if alpha ≤ 0.

    Notes
    -----
    .. math:: \frac{q^\alpha - 1 - \alpha r}{\alpha (\alpha - 1)}

    and its limits at 0 and 1. The term :math:`\alpha r` sums to nothing over a county, but without it the sum would
    be a small difference of large numbers: at deviations of 1e-8, the textbook form has no correct digit. Both
    arguments are needed because q loses the digits of schools near the mean, and r those of schools near nothing.

    Examples
    --------
    >>> entropy_terms(np.array([0.5, 1.0, 1.5]), np.array([-0.5, 0.0, 0.5]), 2.0)
    array([0.125, 0.   , 0.125])
    """
    positive = ratio > 0
    logs = relative_logs(ratio, relative)
    # Forms of one expression, each stable near its own limit.
    if alpha == 1:
        terms = ratio * logs - relative
    elif alpha == 0:
        terms = relative - logs
    elif alpha > 0.5:
        terms = (ratio * np.expm1((alpha - 1) * logs) - (alpha - 1) * relative) / (alpha * (alpha - 1))
    else:
        terms = (np.expm1(alpha * logs) - alpha * relative) / (alpha * (alpha - 1))
    small = np.abs(relative) < _SMALL
    terms[small] = _series(relative[small], alpha)
    return np.where(positive, terms, 1 / alpha if alpha > 0 else math.inf)


def relative_logs(ratio: np.ndarray, relative: np.ndarray) -> np.ndarray:
    """
    Logarithm of values over their mean, with all digits near the mean and near nothing; 0 in place of log 0.

    Examples
    --------
    >>> relative_logs(np.array([1.0, 1e-30, 0.0]), np.array([1e-20, -1.0, -1.0]))
    array([ 1.00000000e-20, -6.90775528e+01,  0.00000000e+00])
    """
    near = np.abs(relative) < 0.5
    far = ~near & (ratio > 0)
    logs = np.log1p(relative, out=np.zeros(ratio.shape), where=near)
    return np.log(ratio, out=logs, where=far)


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


def _series(small: np.ndarray, alpha: float) -> np.ndarray:
    coefficients = [0.5]
    for power in range(2, _TERMS + 1):
        coefficients.append(coefficients[-1] * (alpha - power) / (power + 1))
    polynomial = np.zeros_like(small)
    for coefficient in reversed(coefficients):
        polynomial = polynomial * small + coefficient
    return polynomial * small**2
