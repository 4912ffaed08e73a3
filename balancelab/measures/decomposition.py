"""Inequality within and between groups: generalized entropy (Theil), nested Theil, Atkinson."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import as_vector, total
from balancelab.measures.groups import Decomposition, Grouped, checked_groups, checked_labels
from balancelab.measures.inequality import atkinson, generalized_entropy

if TYPE_CHECKING:
    import pandas as pd


def decompose_entropy(
    values: ArrayLike, weights: ArrayLike, groups: Iterable[object], *, alpha: float = 1.0
) -> Decomposition:
    r"""
    Split generalized entropy into a part within and a part between groups, without residual.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group: urban–town–rural, township, stage, county in a province.
    alpha : float, optional
        1 Theil T, 0 Theil L, 2 half the squared coefficient of variation.

    Returns
    -------
    Decomposition
        `overlap` is 0.

    Raises
    ------
    ValueError
        As `generalized_entropy` and `checked_groups`; also if the index is infinite (a school with nothing and
        ``alpha <= 0``): infinity has no parts.

    Notes
    -----
    With P the student share and S the resource share of a group:

    .. math:: GE = \sum_g P_g (\mu_g/\mu)^\alpha GE_g + \frac{1}{\alpha(\alpha-1)} \sum_g P_g [(\mu_g/\mu)^\alpha - 1]

    For Theil T: :math:`\sum_g S_g T_g + \sum_g S_g \ln(S_g / P_g)`.

    References
    ----------
    Shorrocks, A. (1980), The class of additively decomposable inequality measures. Bourguignon, F. (1979),
    Decomposable income inequality measures.

    Examples
    --------
    Equal schools inside two groups: all inequality lies between them.

    >>> parts = decompose_entropy([4, 4, 6], [100, 200, 100], ["rural", "rural", "urban"])
    >>> parts.within, parts.between_share
    (0.0, 1.0)
    """
    schools = checked_groups(values, weights, groups)
    index = generalized_entropy(schools.values, schools.weights, alpha=alpha)
    if np.isinf(index):
        raise ValueError(f"`values` must be positive where `alpha` is {alpha}: a zero makes the index infinite")
    table = schools.table()
    relative = table["mean"].to_numpy() / schools.mean
    shares = table["student_share"].to_numpy()
    inside = _inside(schools, alpha)
    within = shares * relative**alpha * inside
    table["inequality"] = inside
    table["within_contribution"] = within
    table["between_contribution"] = shares * _signed_terms(relative, alpha)
    between = generalized_entropy(table["mean"].to_numpy(), table["students"].to_numpy(), alpha=alpha)
    return Decomposition(index, total(within), between, 0.0, table)


def nested_theil(values: ArrayLike, weights: ArrayLike, levels: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    r"""
    Split Theil T over nested levels: between zones, between townships within zones, within townships.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    levels : mapping of str to sequence, each of length n_schools
        Labels of each level, outermost first. A label that occurs in two outer groups counts as two groups.

    Returns
    -------
    DataFrame
        One row per level and a last one ``school``: ``level``; ``n_groups``; ``value``, the inequality between this
        level's groups within those of the level above; ``share`` of the total. The values sum to Theil T.

    Raises
    ------
    ValueError
        As `decompose_entropy`; also if `levels` is empty.

    References
    ----------
    Akita, T. (2003), Decomposing regional income inequality in China and Indonesia using two-stage nested Theil
    decomposition method.

    Examples
    --------
    >>> zone, township = ["u", "u", "r", "r"], ["a", "a", "b", "c"]
    >>> nested_theil([6, 6, 4, 5], [10, 10, 10, 10], {"zone": zone, "township": township}).round(4)
          level  n_groups   value   share
    0      zone         2  0.0102  0.7943
    1  township         3  0.0027  0.2057
    2    school         4  0.0000  0.0000
    """
    import pandas as pd

    if not levels:
        raise ValueError("`levels` is empty")
    n_schools = len(as_vector("values", values))
    columns = [checked_labels(f"levels[{name!r}]", labels, n_schools) for name, labels in levels.items()]
    schools = checked_groups(values, weights, zip(*columns, strict=True))
    steps = [_theil_within(schools.values, schools.weights, schools.codes)]
    n_groups = [len(schools.values)]
    # Upwards: the groups of one level, at their means, are the "schools" of the level above.
    table, paths = schools.table(), _paths(schools)
    for depth in reversed(range(len(columns))):
        means, students = table["mean"].to_numpy(), table["students"].to_numpy()
        upper = checked_groups(means, students, [path[:depth] for path in paths])
        steps.append(_theil_within(upper.values, upper.weights, upper.codes))
        n_groups.append(len(paths))
        table, paths = upper.table(), _paths(upper)
    index = total(np.array(steps))
    return pd.DataFrame(
        {
            "level": [*levels, "school"],
            "n_groups": n_groups[::-1],
            "value": steps[::-1],
            "share": [step / index if index else 0.0 for step in reversed(steps)],
        }
    )


def decompose_atkinson(
    values: ArrayLike, weights: ArrayLike, groups: Iterable[object], *, epsilon: float = 0.5
) -> Decomposition:
    r"""
    Split the Atkinson index: the loss between group means, and the loss within groups from what is then left.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group.
    epsilon : float, optional
        Aversion to inequality, 0 to 6.

    Returns
    -------
    Decomposition
        `overlap` is minus the product of the parts; `by_group` has ``inequality``, but no contributions: the parts
        multiply.

    Raises
    ------
    ValueError
        As `atkinson` and `checked_groups`; also if the index is 1: then nothing is left to be split.

    Notes
    -----
    :math:`1 - A = (1 - A_w)(1 - A_b)`, with :math:`A_b` the index of the group means.

    References
    ----------
    Blackorby, C., Donaldson, D. and Auersperg, M. (1981), A new procedure for the measurement of inequality within and
    among population subgroups.

    Examples
    --------
    >>> parts = decompose_atkinson([4, 4, 6], [100, 200, 100], ["rural", "rural", "urban"])
    >>> parts.within, parts.overlap, parts.between == parts.total
    (0.0, -0.0, True)
    """
    schools = checked_groups(values, weights, groups)
    index = atkinson(schools.values, schools.weights, epsilon=epsilon)
    if index == 1:
        raise ValueError(f"`values` must be positive where `epsilon` is {epsilon}: a zero makes the index 1")
    table = schools.table()
    inside = np.array([atkinson(x, w, epsilon=epsilon) if x.any() else 0.0 for x, w in schools.parts()])
    table["inequality"] = inside
    between = atkinson(table["mean"].to_numpy(), table["students"].to_numpy(), epsilon=epsilon)
    within = (index - between) / (1 - between)
    return Decomposition(index, within, between, -within * between, table)


def _paths(schools: Grouped) -> list[tuple[object, ...]]:
    return [label for label in schools.labels if isinstance(label, tuple)]


def _inside(schools: Grouped, alpha: float) -> np.ndarray:
    # A group in which no school has anything has no inequality inside and no part in the resource.
    return np.array([generalized_entropy(x, w, alpha=alpha) if x.any() else 0.0 for x, w in schools.parts()])


def _theil_within(values: np.ndarray, weights: np.ndarray, codes: np.ndarray) -> float:
    return decompose_entropy(values, weights, codes.tolist()).within


def _signed_terms(relative: np.ndarray, alpha: float) -> np.ndarray:
    if alpha == 1:
        return relative * np.log(relative, out=np.zeros(len(relative)), where=relative > 0)
    if alpha == 0:
        return -np.log(relative)
    return (relative**alpha - 1) / (alpha * (alpha - 1))
