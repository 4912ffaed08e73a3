"""When a school counts as below a requirement, and by how much: shared by single counties and all counties at once."""

from __future__ import annotations

import numpy as np

# 9 arts teachers for 1,000 students meet 0.9 per 100 although floats make 0.8999999999999999 of them.
NOISE = 1e-12


def below(values: np.ndarray, requirement: float | np.ndarray) -> np.ndarray:
    """
    Tell which schools miss a requirement; exactly at it, or away from it by float noise only, meets it.

    Examples
    --------
    >>> below(np.array([9 / 1000 * 100, 0.89]), 0.9)
    array([False,  True])
    """
    return values < requirement * (1 - NOISE)


def shortfall_terms(values: np.ndarray, requirement: float | np.ndarray, alpha: float) -> np.ndarray:
    """
    Shortfall of each school as a share of the requirement, to the power `alpha`; 0 where the requirement is met.

    Examples
    --------
    >>> shortfall_terms(np.array([3.0, 4.0, 5.0]), 4.0, 1.0), shortfall_terms(np.array([3.0, 4.0, 5.0]), 4.0, 0.0)
    (array([0.25, 0.  , 0.  ]), array([1., 0., 0.]))
    """
    short = below(values, requirement)
    gap = np.where(short, (requirement - values) / requirement, 0.0)
    return np.where(short, gap**alpha, 0.0)
