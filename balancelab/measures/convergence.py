"""Convergence over years: does the spread shrink (sigma), and do those behind catch up (beta)?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import aligned, check_values, mean_of, present_schools, total
from balancelab.measures.dispersion import sd_of_logs, weighted_cv, weighted_mean

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SigmaConvergence:
    """
    Spread of a value, year by year.

    Attributes
    ----------
    by_year : DataFrame
        One row per year, ascending: ``year``, ``n_schools``, ``students``, ``weighted_mean``, ``weighted_cv``,
        ``unweighted_cv`` (each school once), ``sd_of_logs``, ``unweighted_sd_of_logs``.
    slope : float
        Change of the weighted CV per year, by a straight line through the years. [1 / year]
    """

    by_year: pd.DataFrame
    slope: float


@dataclass(frozen=True)
class BetaConvergence:
    """
    Growth on the initial level, in logarithms.

    Attributes
    ----------
    n_schools : int
    intercept, slope : float
        Of yearly log growth on the logarithm of the initial value; a negative slope means that those behind grow
        faster. [1 / year]
    std_error : float
        Of the slope, robust to unequal variances (HC1). [1 / year]
    r_squared : float
        0 where growth does not differ.
    speed : float or None
        Rate at which the gap closes, −ln(1 + slope · years) / years; negative where it widens; None where the slope
        lies so low that those behind overtake and no rate exists. [1 / year]
    half_life : float or None
        Years until half of the gap is closed; infinite where it does not close; None where the speed is. [years]
    """

    n_schools: int
    intercept: float
    slope: float
    std_error: float
    r_squared: float
    speed: float | None
    half_life: float | None


def sigma_convergence(values: ArrayLike, weights: ArrayLike, years: ArrayLike) -> SigmaConvergence:
    """
    Sigma convergence (σ 收敛): the coefficient of variation and the sd of logarithms in each year.

    Parameters
    ----------
    values : array_like, shape (n_rows,)
        Indicator value of each school in each year, not negative. [indicator unit]
    weights : array_like, shape (n_rows,)
        Students of each school in each year. [students]
    years : array_like, shape (n_rows,)
        Year of each row.

    Returns
    -------
    SigmaConvergence

    Raises
    ------
    ValueError
        As `sd_of_logs`, in any year; also if there are fewer than two years.

    Notes
    -----
    With few years, show the series; the slope carries no p-value on purpose.

    References
    ----------
    Barro, R. and Sala-i-Martin, X. (1992), Convergence.

    Examples
    --------
    >>> sigma = sigma_convergence([4, 6, 4, 5], [10, 10, 10, 10], [2023, 2023, 2024, 2024])
    >>> sigma.by_year[["year", "weighted_cv"]].round(4)
       year  weighted_cv
    0  2023       0.2000
    1  2024       0.1111
    """
    import pandas as pd

    x, w, year = aligned(values=values, weights=weights, years=years)
    check_values("years", year)
    present = present_schools(w)
    rows = []
    for one in np.unique(year[present]):
        here = present & (year == one)
        once = np.ones(int(here.sum()))
        rows.append(
            {
                "year": int(one) if one == int(one) else float(one),
                "n_schools": len(once),
                "students": total(w[here]),
                "weighted_mean": weighted_mean(x[here], w[here]),
                "weighted_cv": weighted_cv(x[here], w[here]),
                "unweighted_cv": weighted_cv(x[here], once),
                "sd_of_logs": sd_of_logs(x[here], w[here]),
                "unweighted_sd_of_logs": sd_of_logs(x[here], once),
            }
        )
    if len(rows) < 2:
        raise ValueError("`years` must hold two years or more")
    by_year = pd.DataFrame(rows)
    slope, _ = _fit(by_year["year"].to_numpy(dtype=float), by_year["weighted_cv"].to_numpy(), np.ones(len(rows)))
    return SigmaConvergence(by_year, slope)


def beta_convergence(
    initial: ArrayLike, final: ArrayLike, *, years: float, weights: ArrayLike | None = None
) -> BetaConvergence:
    r"""
    Beta convergence (β 收敛): do schools that start lower grow faster?

    Parameters
    ----------
    initial, final : array_like, shape (n_schools,)
        Value of each school in the first and in the last year, positive. [indicator unit]
    years : float
        Years in between, positive.
    weights : array_like, shape (n_schools,), optional
        Students of each school; each school counts once without. [students]

    Returns
    -------
    BetaConvergence

    Raises
    ------
    ValueError
        Naming the argument: different lengths, missing or non-positive values, fewer than three schools, no
        difference in the initial values.

    Notes
    -----
    .. math:: \frac{1}{T} \ln \frac{x_T}{x_0} = a + b \ln x_0, \qquad \text{speed} = -\frac{\ln(1 + b T)}{T}

    **Galton's caution.** An error of measurement in the first year alone makes b negative: who was too low by accident
    seems to catch up. Never show beta without sigma beside it; only a falling spread is convergence (Quah 1993).
    Differs from papers that give −b as the speed because that is its first-order approximation (0.0795 for 0.1080 on
    550 districts of Michigan, 1992–1998).

    References
    ----------
    Barro, R. and Sala-i-Martin, X. (1992), Convergence. Quah, D. (1993), Galton's fallacy and tests of the convergence
    hypothesis.

    Examples
    --------
    All gaps close by half in two years.

    >>> beta = beta_convergence([1, 2, 4], [2, 2 * 2**0.5, 4], years=2)
    >>> round(beta.half_life, 9)
    2.0
    """
    start, end, w = aligned(
        initial=initial, final=final, weights=np.ones(np.shape(initial)) if weights is None else weights
    )
    present = present_schools(w)
    start, end, w = start[present], end[present], w[present]
    for name, vector in (("initial", start), ("final", end)):
        check_values(name, vector)
        if (vector <= 0).any():
            raise ValueError(f"`{name}` must be positive")
    if not 0 < years < math.inf:
        raise ValueError(f"`years` must be positive, got {years}")
    if len(start) < 3:
        raise ValueError(f"`initial` must hold three schools or more, got {len(start)}")
    level, growth = np.log(start), np.log(end / start) / years
    if (level == level[0]).all():
        raise ValueError("`initial` must differ between schools")
    slope, intercept = _fit(level, growth, w)
    speed = -math.log1p(slope * years) / years if slope * years > -1 else None
    half_life = None if speed is None else math.log(2) / speed if speed > 0 else math.inf
    residuals = growth - intercept - slope * level
    return BetaConvergence(
        n_schools=len(start),
        intercept=intercept,
        slope=slope,
        std_error=_robust_error(level, residuals, w),
        r_squared=_r_squared(growth, residuals, w),
        speed=speed,
        half_life=half_life,
    )


def _fit(regressor: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    centre, mean = mean_of(regressor, weights), mean_of(outcome, weights)
    deviation = regressor - centre
    slope = total(weights * deviation * (outcome - mean)) / total(weights * deviation**2)
    return slope, mean - slope * centre


def _robust_error(regressor: np.ndarray, residuals: np.ndarray, weights: np.ndarray) -> float:
    deviation = regressor - mean_of(regressor, weights)
    bread = total(weights * deviation**2)
    n_rows = len(residuals)
    meat = total((weights * deviation * residuals) ** 2) * n_rows / (n_rows - 2)
    return math.sqrt(meat) / bread


def _r_squared(outcome: np.ndarray, residuals: np.ndarray, weights: np.ndarray) -> float:
    spread = total(weights * (outcome - mean_of(outcome, weights)) ** 2)
    return max(0.0, 1 - total(weights * residuals**2) / spread) if spread > 0 else 0.0
