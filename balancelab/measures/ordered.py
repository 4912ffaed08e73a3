"""
The measures that need schools in order, for all counties at once.

Same arguments and answers as `balancelab.measures.grouped`. Groups of one size are stacked into a rectangle and sorted
row by row, so that sums run inside one county only: a running total over the whole country would lose the digits of the
last counties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from balancelab.measures.grouped import admitted, extremes, group_sizes, ratio_or_infinite

# Numbers of students that agree to this part of the county are equal: 0.9 of ten tenths is nine, not 8.999999999999998.
TIE = 1e-12
_CELLS = 1 << 19  # of one rectangle: a few megabytes, which stay in the processor's cache


@dataclass(frozen=True)
class Stack:
    """
    Counties of one size, schools in ascending order of value; those without students come last and weigh nothing.

    Attributes
    ----------
    values, weights, cumulative : ndarray, shape (n_counties, n_schools)
        Values, students, and running total of students.
    students : ndarray, shape (n_counties, 1)
        Students of each county.
    """

    values: np.ndarray
    weights: np.ndarray
    cumulative: np.ndarray
    students: np.ndarray

    def quantile(self, probability: float) -> np.ndarray:
        """Value below which a share of students lies, as `weighted_quantile`; shape (n_counties, 1)."""
        target, slack = probability * self.students, TIE * self.students
        last = self.values.shape[1] - 1
        reached = np.minimum((self.cumulative < target - slack).sum(axis=1, keepdims=True), last)
        passed = np.minimum((self.cumulative <= target + slack).sum(axis=1, keepdims=True), last)
        lower = np.take_along_axis(self.values, reached, axis=1)
        return (lower + np.take_along_axis(self.values, passed, axis=1)) / 2

    def bottom(self, students: np.ndarray) -> np.ndarray:
        """Students of each school who belong to the given number of worst supplied; the school at the cut in part."""
        return np.clip(students - (self.cumulative - self.weights), 0.0, self.weights)

    def top(self, students: np.ndarray) -> np.ndarray:
        """Students of each school who belong to the given number of best supplied; the school at the cut in part."""
        return np.clip(self.cumulative - (self.students - students), 0.0, self.weights)


def gini(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Gini coefficient of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> gini(np.array([6.0, 4.0, 5.0]), np.array([100.0, 300.0, 7.0]), np.array([0, 2])).round(6)
    array([0.083333, 0.      ])
    """
    return _where_admitted(_gini, values, weights, starts)


def mcloone_index(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    McLoone index of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> mcloone_index(np.array([9.0, 6.0, 4.0]), np.array([20.0, 40.0, 40.0]), np.array([0])).round(6)
    array([0.733333])
    """
    return _where_admitted(_mcloone, values, weights, starts)


def verstegen_index(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Verstegen index of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> verstegen_index(np.array([9.0, 6.0, 4.0]), np.array([20.0, 40.0, 40.0]), np.array([0])).round(6)
    array([1.2])
    """
    return _where_admitted(_verstegen, values, weights, starts)


def weighted_median(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Median of every group, NaN where a group has no students.

    Examples
    --------
    >>> weighted_median(np.array([4.0, 6.0, 9.0]), np.array([10.0, 30.0, 20.0]), np.array([0]))
    array([6.])
    """
    return _stacked(lambda stack: stack.quantile(0.5), values, weights, starts)


def restricted_range(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Restricted range P95 − P5 of every group, NaN where a group has no students.

    Examples
    --------
    >>> restricted_range(np.array([4.0, 6.0, 9.0]), np.array([300.0, 100.0, 50.0]), np.array([0]))
    array([5.])
    """
    return _stacked(lambda stack: stack.quantile(0.95) - stack.quantile(0.05), values, weights, starts)


def federal_range_ratio(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Federal range ratio of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> federal_range_ratio(np.array([4.0, 6.0, 9.0]), np.array([300.0, 100.0, 50.0]), np.array([0]))
    array([1.25])
    """

    def ratio(stack: Stack) -> np.ndarray:
        low = stack.quantile(0.05)
        return ratio_or_infinite(stack.quantile(0.95) - low, low)

    return _where_admitted(ratio, values, weights, starts)


def quantile_ratio(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, upper: float = 0.9, lower: float = 0.1
) -> np.ndarray:
    """
    Ratio of two quantiles of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> quantile_ratio(np.array([4.0, 6.0, 9.0]), np.array([300.0, 100.0, 50.0]), np.array([0]))
    array([2.25])
    """
    return _where_admitted(
        lambda stack: ratio_or_infinite(stack.quantile(upper), stack.quantile(lower)), values, weights, starts
    )


def share_ratio(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, *, top: float = 0.2, bottom: float = 0.2
) -> np.ndarray:
    """
    Share of the best supplied over share of the worst supplied in every group, NaN where undefined.

    Examples
    --------
    >>> share_ratio(np.array([4.0, 6.0, 9.0]), np.array([40.0, 40.0, 20.0]), np.array([0]))
    array([2.25])
    """

    def ratio(stack: Stack) -> np.ndarray:
        at_top = (stack.top(top * stack.students) * stack.values).sum(axis=1)
        return ratio_or_infinite(at_top, (stack.bottom(bottom * stack.students) * stack.values).sum(axis=1))

    return _where_admitted(ratio, values, weights, starts)


def palma_ratio(values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """
    Palma ratio of every group, NaN where the measure is undefined.

    Examples
    --------
    >>> palma_ratio(np.array([4.0, 6.0, 9.0]), np.array([40.0, 40.0, 20.0]), np.array([0]))
    array([0.5625])
    """
    return share_ratio(values, weights, starts, top=0.1, bottom=0.4)


def _gini(stack: Stack) -> np.ndarray:
    shares = stack.weights / stack.students
    mean = (shares * stack.values).sum(axis=1, keepdims=True)
    mean = mean + (shares * (stack.values - mean)).sum(axis=1, keepdims=True)
    rank = (stack.cumulative - stack.weights / 2) / stack.students - 0.5
    return 2 * (shares * (stack.values - mean) * rank).sum(axis=1, keepdims=True) / mean


def _mcloone(stack: Stack) -> np.ndarray:
    median = stack.quantile(0.5)
    missing = (stack.bottom(stack.students / 2) * (median - stack.values)).sum(axis=1, keepdims=True)
    return 1 - np.where(median > 0, missing, np.nan) / np.where(median > 0, median * stack.students / 2, 1.0)


def _verstegen(stack: Stack) -> np.ndarray:
    median = stack.quantile(0.5)
    beyond = (stack.top(stack.students / 2) * (stack.values - median)).sum(axis=1, keepdims=True)
    return 1 + np.where(median > 0, beyond, np.nan) / np.where(median > 0, median * stack.students / 2, 1.0)


def _where_admitted(
    of_stack: Callable[[Stack], np.ndarray], values: np.ndarray, weights: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    return _over_stacks(of_stack, values, weights, starts, admitted(values, weights, starts))


def _stacked(
    of_stack: Callable[[Stack], np.ndarray], values: np.ndarray, weights: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    lowest, _ = extremes(values, weights, starts)
    return _over_stacks(of_stack, values, weights, starts, ~np.isnan(lowest))


def _over_stacks(
    of_stack: Callable[[Stack], np.ndarray],
    values: np.ndarray,
    weights: np.ndarray,
    starts: np.ndarray,
    valid: np.ndarray,
) -> np.ndarray:
    """Apply a function of stacked counties to the valid groups, NaN elsewhere; shape (n_groups,)."""
    answer = np.full(len(starts), np.nan)
    sizes = group_sizes(len(values), starts)
    by_size = np.flatnonzero(valid)[np.argsort(sizes[valid], kind="stable")]
    for groups in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
        if not len(groups):
            continue
        size = int(sizes[groups[0]])
        for chunk in np.array_split(groups, -(-len(groups) * size // _CELLS)):
            answer[chunk] = of_stack(_stack(values, weights, starts[chunk], size)).reshape(-1)
    return answer


def _stack(values: np.ndarray, weights: np.ndarray, starts: np.ndarray, size: int) -> Stack:
    rows = starts[:, None] + np.arange(size)
    students = weights[rows]
    order = np.argsort(np.where(students > 0, values[rows], np.inf), axis=1)
    rows = np.take_along_axis(rows, order, axis=1)
    students = np.take_along_axis(students, order, axis=1)
    cumulative = np.cumsum(students, axis=1)
    return Stack(values[rows], students, cumulative, cumulative[:, -1:])
