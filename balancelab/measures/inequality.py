"""Inequality indices: Gini, Hoover, the generalized entropy family with Theil's two, and Atkinson."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures import grouped, ordered
from balancelab.measures.checks import checked, mean_of, total
from balancelab.measures.entropy import ALPHA_RANGE, atkinson_from_entropy, entropy_terms
from balancelab.measures.registry import measure


@measure(zh="基尼系数", en="Gini coefficient", grouped=ordered.gini)
def gini(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Student-weighted Gini coefficient (基尼系数).

    Half the mean difference between two students picked at random, as a share of the county mean.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; at most 1 less the smallest school's share of students. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    .. math:: G = \frac{\sum_i \sum_j p_i p_j |x_i - x_j|}{2 \mu} = \frac{2}{\mu} \sum_i p_i (x_i - \mu) F_i

    with F the mid-rank of a school among the students. No small-sample factor: schools are a census. On the official
    five-school example 0.2884. Differs from ``convey::svygini`` (0.5189) because that ranks schools as if each were
    one person; from ``ineq::Gini`` (0.2737) because that takes no weights, and with n/(n − 1) 0.3421; from ``laeken``
    (28.84) because that is in percent; from ``DescTools::Gini`` because that divides by 1 − Σp²; from IneqPy and
    ``REAT::gini`` because their ranks miss the weights.

    References
    ----------
    Cowell, F. (2011), Measuring Inequality.

    Examples
    --------
    Two groups: share times share times difference over the mean, 0.75 · 0.25 · 2 / 4.5.

    >>> round(gini([4, 6], [300, 100]), 6)
    0.083333
    """
    x, w, mean = _admitted(values, weights)
    students = total(w)
    rank = (np.cumsum(w) - w / 2) / students - 0.5
    return 2 * total(w * (x - mean) * rank) / (students * mean)


@measure(zh="胡佛指数", en="Hoover index", grouped=grouped.hoover_index)
def hoover_index(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Hoover index (胡佛指数; Robin Hood, Schutz, Pietra): the share of the resource to be moved for equality.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; at most 1 less the smallest school's share of students. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    :math:`\tfrac12 \sum_i p_i |x_i / \mu - 1|`, the largest gap between the diagonal and the Lorenz curve. Differs from
    IneqPy (1.5 for the values 1, 2, 3, 4, truth 0.2) because that compares amounts, not values, with the mean.

    Examples
    --------
    >>> round(hoover_index([1, 2, 3, 4], [1, 1, 1, 1]), 12)
    0.2
    """
    x, w, mean = _admitted(values, weights)
    deviations, students = x - mean, total(w)
    # What rounding the mean has left would count here, unlike in measures that square it.
    deviations -= total(w * deviations) / students
    return total(w * np.abs(deviations)) / (2 * students * mean)


def generalized_entropy(values: ArrayLike, weights: ArrayLike, *, alpha: float) -> float:
    r"""
    Generalized entropy index GE(α) (广义熵指数).

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    alpha : float
        Sensitivity, −5 to 5; the lower, the more the poorest schools count. 1 is Theil T, 0 Theil L, 2 is CV²/2.

    Returns
    -------
    float
        0 where all schools are equal; infinite where a school has nothing and ``alpha <= 0``. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative or `alpha` out of range.

    Notes
    -----
    .. math:: GE(\alpha) = \frac{1}{\alpha (\alpha - 1)} \left[ \sum_i p_i (x_i / \mu)^\alpha - 1 \right]

    References
    ----------
    Shorrocks, A. (1980), The class of additively decomposable inequality measures.

    Examples
    --------
    >>> round(generalized_entropy([4, 6], [300, 100], alpha=2), 6) == round((1 / 27) / 2, 6)
    True
    """
    x, w, mean = _admitted(values, weights)
    return _entropy(x, w, mean, _sensitivity("alpha", alpha))


@measure(zh="泰尔指数（T）", en="Theil T", grouped=grouped.theil_t)
def theil_t(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Theil's T (泰尔指数), GE(1), in natural logarithms.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; at most the logarithm of 1 over the smallest share of students. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    :math:`T = \sum_i p_i (x_i/\mu) \ln (x_i/\mu)` with 0 · ln 0 = 0: a school with nothing stays in the county.
    Differs from ``ineq``, ``dineq`` and IneqPy on data with zeros (backbone teachers of an invented county of twelve
    schools: 0.0333 there, 0.0580 here) because those drop the zeros before taking the mean; from figures in logarithms
    to base 2 or 10 by the factor ln 2 or ln 10; from ``REAT::theil`` because that is L, about the unweighted mean.

    References
    ----------
    Theil, H. (1967), Economics and Information Theory.

    Examples
    --------
    One student of two has everything: ln 2.

    >>> round(theil_t([0, 8], [1, 1]), 6)
    0.693147
    """
    x, w, mean = _admitted(values, weights)
    return _entropy(x, w, mean, 1.0)


@measure(zh="泰尔指数（L）", en="Theil L", grouped=grouped.theil_l)
def theil_l(values: ArrayLike, weights: ArrayLike) -> float:
    r"""
    Theil's L (泰尔指数 L，平均对数离差), GE(0), the mean log deviation.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    float
        0 where all schools are equal; infinite where a school has nothing. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative.

    Notes
    -----
    :math:`L = \sum_i p_i \ln (\mu / x_i)`. Differs from ``dineq::mld.wtd`` on data with zeros because that drops them
    in silence; the index is infinite there.

    Examples
    --------
    Half at 1, half at 3: ln 2 − (ln 3) / 2.

    >>> round(theil_l([1, 3], [10, 10]), 6)
    0.143841
    """
    x, w, mean = _admitted(values, weights)
    return _entropy(x, w, mean, 0.0)


@measure(zh="阿特金森指数", en="Atkinson index", grouped=grouped.atkinson)
def atkinson(values: ArrayLike, weights: ArrayLike, *, epsilon: float = 0.5) -> float:
    r"""
    Atkinson index (阿特金森指数): the share of the resource that equality would save at equal welfare.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    epsilon : float, optional
        Aversion to inequality, 0 to 6.

    Returns
    -------
    float
        From 0, where all schools are equal, to 1, taken where a school has nothing and ``epsilon >= 1``. [unitless]

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative or `epsilon` out of range.

    Notes
    -----
    .. math:: A(\epsilon) = 1 - \frac{1}{\mu} \left( \sum_i p_i x_i^{1-\epsilon} \right)^{1/(1-\epsilon)},
        \quad A(1) = 1 - e^{-L}

    References
    ----------
    Atkinson, A. (1970), On the measurement of inequality.

    Examples
    --------
    Half at 1, half at 9, ε = 0.5: the mean root is 2, its square 4, the mean 5.

    >>> round(atkinson([1, 9], [10, 10], epsilon=0.5), 12)
    0.2
    """
    x, w, mean = _admitted(values, weights)
    if not 0 <= epsilon <= 1 - ALPHA_RANGE[0]:
        raise ValueError(f"`epsilon` must lie between 0 and {1 - ALPHA_RANGE[0]:g}, got {epsilon}")
    entropy = _entropy(x, w, mean, 1 - epsilon)
    return float(atkinson_from_entropy(np.array([entropy]), epsilon)[0])


def _admitted(values: ArrayLike, weights: ArrayLike) -> tuple[np.ndarray, np.ndarray, float]:
    x, w = checked(values, weights, non_negative=True, positive_mean=True)
    return x, w, mean_of(x, w)


def _entropy(values: np.ndarray, weights: np.ndarray, mean: float, alpha: float) -> float:
    terms = entropy_terms(values / mean, (values - mean) / mean, alpha)
    return math.inf if np.isinf(terms).any() else total(weights * terms) / total(weights)


def _sensitivity(name: str, alpha: float) -> float:
    if not ALPHA_RANGE[0] <= alpha <= ALPHA_RANGE[1]:
        raise ValueError(f"`{name}` must lie between {ALPHA_RANGE[0]:g} and {ALPHA_RANGE[1]:g}, got {alpha}")
    return alpha
