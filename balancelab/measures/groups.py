"""Schools by group: what every decomposition starts from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from balancelab.measures.checks import (
    aligned,
    check_positive_mean,
    check_values,
    mean_of,
    present_schools,
    total,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Decomposition:
    """
    Inequality among all schools, split into parts that add up to it.

    Attributes
    ----------
    total : float
        The index over all schools: ``within + between + overlap``. [unitless]
    within : float
        Part that lies inside the groups.
    between : float
        Part that would remain if every school had its group's mean.
    overlap : float
        What is neither: 0 for generalized entropy; for the Gini coefficient it is there because the groups' ranges
        overlap; for Atkinson it is minus the product of the two other parts.
    by_group : DataFrame
        One row per group: ``group``, ``n_schools``, ``students``, ``student_share``, ``resource_share``, ``mean``,
        ``inequality`` (the index inside the group) and, where the index has them, ``within_contribution`` (sums to
        `within`) and ``between_contribution`` (sums to `between`; positive for groups above the mean, negative below).
    """

    total: float
    within: float
    between: float
    overlap: float
    by_group: pd.DataFrame

    @property
    def within_share(self) -> float:
        """Part of the total that lies inside the groups; 0 where there is no inequality at all."""
        return self.within / self.total if self.total else 0.0

    @property
    def between_share(self) -> float:
        """Part of the total that lies between the groups; 0 where there is no inequality at all."""
        return self.between / self.total if self.total else 0.0


@dataclass(frozen=True)
class Grouped:
    """
    Checked schools with the number of their group.

    Attributes
    ----------
    values, weights, codes : ndarray, shape (n_present,)
        Values, students and position of the group in `labels`; schools in ascending order of value.
    labels : list
        Groups in the order of their text.
    """

    values: np.ndarray
    weights: np.ndarray
    codes: np.ndarray
    labels: list[object]

    @property
    def mean(self) -> float:
        """Mean over all schools."""
        return mean_of(self.values, self.weights)

    def parts(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Values and students of each group, in the order of `labels`."""
        members = [self.codes == code for code in range(len(self.labels))]
        return [(self.values[member], self.weights[member]) for member in members]

    def table(self) -> pd.DataFrame:
        """One row per group with its size, shares and mean, as in `Decomposition.by_group`."""
        import pandas as pd

        parts = self.parts()
        students = np.array([total(w) for _, w in parts])
        means = np.array([mean_of(x, w) for x, w in parts])
        student_share = students / total(students)
        return pd.DataFrame(
            {
                "group": self.labels,
                "n_schools": [len(x) for x, _ in parts],
                "students": students,
                "student_share": student_share,
                "resource_share": student_share * means / self.mean,
                "mean": means,
            }
        )


def checked_groups(values: ArrayLike, weights: ArrayLike, groups: Iterable[object]) -> Grouped:
    """
    Check values, weights and group labels; leave out the schools of weight zero.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school, not negative, their mean positive. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    groups : iterable, length n_schools
        Label of each school's group: any text or number.

    Returns
    -------
    Grouped

    Raises
    ------
    ValueError
        As `weighted_cv`; also if a value is negative, or `groups` has another length or lacks a label.

    Examples
    --------
    >>> checked_groups([4, 6, 5], [300, 100, 0], ["town", "rural", "urban"]).labels
    ['rural', 'town']
    """
    x, w = aligned(values=values, weights=weights)
    labels = checked_labels("groups", groups, len(x))
    present = present_schools(w)
    check_values("values", x[present], non_negative=True)
    check_positive_mean("values", mean_of(x[present], w[present]))
    kept = [label for label, counts in zip(labels, present, strict=True) if counts]
    distinct = sorted(set(kept), key=str)
    positions = {label: code for code, label in enumerate(distinct)}
    codes = np.array([positions[label] for label in kept])
    x, w = x[present], w[present]
    order = np.lexsort((codes, w, x))
    return Grouped(x[order], w[order], codes[order], distinct)


def checked_labels(name: str, labels: Iterable[object], n_schools: int) -> list[object]:
    """
    Check that there is one label for each school.

    Examples
    --------
    >>> checked_labels("groups", ["town", None], 2)
    Traceback (most recent call last):
    ValueError: `groups` lacks a label at position 1
    """
    import pandas as pd

    given = list(labels)
    if len(given) != n_schools:
        raise ValueError(f"`{name}` and `values` must be equally long, got {len(given)} and {n_schools}")
    for place, label in enumerate(given):
        broken = isinstance(label, float) and math.isnan(label)
        if broken or label is None or label is pd.NA or label is pd.NaT:
            raise ValueError(f"`{name}` lacks a label at position {place}")
    return given
