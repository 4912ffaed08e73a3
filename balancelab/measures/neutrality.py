"""Is the resource tied to something it should not be tied to: local wealth, or the kind of place (impartiality)?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import aligned, check_positive_mean, check_values, mean_of, present_schools, total
from balancelab.measures.groups import checked_groups


@dataclass(frozen=True)
class FiscalNeutrality:
    """
    How a resource goes with wealth, students as weights.

    Attributes
    ----------
    correlation : float
        From −1 to 1; 0 where no school differs in the resource.
    slope : float
        Resource per unit of wealth. [indicator unit / wealth unit]
    elasticity : float
        Slope times mean wealth over mean resource: percent more resource for one percent more wealth.
    log_elasticity : float or None
        Slope between logarithms; None where a value or a wealth is not positive.
    """

    correlation: float
    slope: float
    elasticity: float
    log_elasticity: float | None


@dataclass(frozen=True)
class Parity:
    """
    Two groups side by side.

    Attributes
    ----------
    disadvantaged_mean, advantaged_mean : float
        Student-weighted means of the groups. [indicator unit]
    gap : float
        Advantaged less disadvantaged. [indicator unit]
    index : float
        Disadvantaged over advantaged; 1 is parity, infinite where only the disadvantaged have something.
    adjusted : float
        The index where it is at most 1, else 2 less its inverse: symmetric about 1, from 0 to 2.
    """

    disadvantaged_mean: float
    advantaged_mean: float
    gap: float
    index: float
    adjusted: float


def fiscal_neutrality(values: ArrayLike, weights: ArrayLike, wealth: ArrayLike) -> FiscalNeutrality:
    r"""
    Fiscal neutrality (财政中立性): correlation, slope and elasticity of a resource on local wealth.

    Read correlation and elasticity together: a high correlation with a tiny elasticity is harmless.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    wealth : array_like, shape (n_schools,)
        Wealth of the school's place, such as township income per head. [any unit]

    Returns
    -------
    FiscalNeutrality

    Raises
    ------
    ValueError
        As `weighted_cv`, for `wealth` as for `values`; also if wealth does not differ between schools.

    References
    ----------
    Odden, A. and Picus, L. (2020), School Finance: A Policy Perspective.

    Examples
    --------
    Two units of resource for each of wealth, from nothing.

    >>> tied = fiscal_neutrality([2, 4, 8], [100, 100, 50], [1, 2, 4])
    >>> tied.slope, tied.elasticity, round(tied.correlation, 12)
    (2.0, 1.0, 1.0)
    """
    x, w, z = aligned(values=values, weights=weights, wealth=wealth)
    present = present_schools(w)
    x, w, z = x[present], w[present], z[present]
    for name, vector in (("values", x), ("wealth", z)):
        check_values(name, vector)
        check_positive_mean(name, mean_of(vector, w))
    slope, correlation = _line(x, w, z)
    positive = x.min() > 0 and z.min() > 0
    return FiscalNeutrality(
        correlation=correlation,
        slope=slope,
        elasticity=slope * mean_of(z, w) / mean_of(x, w),
        log_elasticity=_line(np.log(x), w, np.log(z))[0] if positive else None,
    )


def parity_index(
    values: ArrayLike, weights: ArrayLike, groups: Iterable[object], *, disadvantaged: object, advantaged: object
) -> Parity:
    """
    Parity index (均等指数) of two groups: rural over urban, one township over another.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group; further groups may occur and play no part.
    disadvantaged, advantaged : object
        Labels of the two groups that are compared.

    Returns
    -------
    Parity

    Raises
    ------
    ValueError
        As `checked_groups`; also if a group has no school or neither has anything.

    References
    ----------
    UNESCO Institute for Statistics (2018), Handbook on Measuring Equity in Education.

    Examples
    --------
    >>> parity_index([4, 6], [300, 100], ["rural", "urban"], disadvantaged="rural", advantaged="urban").gap
    2.0
    """
    schools = checked_groups(values, weights, groups)
    means = {}
    for name, label in (("disadvantaged", disadvantaged), ("advantaged", advantaged)):
        if label not in schools.labels:
            raise ValueError(f"`{name}`: no school in group {label!r}; there are {schools.labels}")
        member = schools.codes == schools.labels.index(label)
        means[name] = mean_of(schools.values[member], schools.weights[member])
    low, high = means["disadvantaged"], means["advantaged"]
    if low == 0 == high:
        raise ValueError(f"`values` are zero in both groups, {disadvantaged!r} and {advantaged!r}")
    index = low / high if high > 0 else math.inf
    adjusted = index if index <= 1 else 2 - high / low
    return Parity(low, high, high - low, index, adjusted)


def _line(values: np.ndarray, weights: np.ndarray, wealth: np.ndarray) -> tuple[float, float]:
    """Weighted slope of values on wealth, and their correlation."""
    x, z = values - mean_of(values, weights), wealth - mean_of(wealth, weights)
    variance, covariance = total(weights * z * z), total(weights * x * z)
    if variance == 0:
        raise ValueError("`wealth` must differ between schools")
    own = total(weights * x * x)
    correlation = covariance / math.sqrt(variance) / math.sqrt(own) if own > 0 else 0.0
    return covariance / variance, min(1.0, max(-1.0, correlation))
