"""
Fixed effects taken out instead of estimated one by one, weighted, exact.

One effect: deviations from the group's weighted mean. Two effects: the one with more groups is taken out so; the other
stays as dummies, demeaned, where it is small enough, which keeps leverages and CR2 exact; where both are large, the
second is solved for by conjugate gradients on its normal equations (Guimarães & Portugal 2010, A simple feasible
procedure to fit models with high-dimensional fixed effects).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from balancelab.definitions import Text
from balancelab.regression.design import Design, Grouping
from balancelab.regression.errors import InvalidModel, listed, refuse

DENSE_LEVELS = 600
DENSE_CELLS = 60_000_000
"""An effect of up to so many groups, in a table of up to so many cells, is kept as dummies."""

_STEPS = 2000


@dataclass(frozen=True, eq=False)
class Absorbed:
    """
    Columns without the effects.

    Attributes
    ----------
    X : ndarray, shape (n_rows, n_dummies + n_terms)
        Dummies of the effects that were kept as such, then the terms; rows scaled by the root of their weight, the
        demeaned effect taken out.
    y : ndarray, shape (n_rows,)
        Outcome, likewise.
    sizes : ndarray, shape (n_terms,)
        Lengths of the terms' columns before.
    demeaned : Grouping or None
        The effect whose group means were taken out.
    leverage : ndarray, shape (n_rows,)
        Share of each row in its own fitted value that the demeaned effect accounts for.
    rank : int
        Intercepts that the effects amount to.
    exact_leverage : bool
        False where two large effects were taken out together: then no leverage is known.
    local : bool
        Whether each group of the demeaned effect lies inside one cluster.
    """

    X: np.ndarray
    y: np.ndarray
    sizes: np.ndarray
    demeaned: Grouping | None
    leverage: np.ndarray
    rank: int
    exact_leverage: bool
    local: bool


def absorb(design: Design) -> Absorbed:
    """
    Take the effects of a design out of its columns and scale its rows by the root of their weights.

    Parameters
    ----------
    design : Design

    Returns
    -------
    Absorbed

    Raises
    ------
    InvalidModel
        If two large effects cannot be separated.
    """
    root = np.ones(design.n) if design.weights is None else np.sqrt(design.weights)
    both = np.column_stack([design.y, design.X])
    sizes = np.linalg.norm(both[:, 1:] * root[:, None], axis=0)
    if not design.effects:
        scaled = both * root[:, None]
        return Absorbed(scaled[:, 1:], scaled[:, 0], sizes, None, np.zeros(design.n), 0, True, True)
    weights = root**2
    centred = both - np.average(both, axis=0, weights=weights)
    demeaned, dummies = _roles(design)
    rank = effects_rank(design.effects)
    if demeaned is not None and not dummies and len(design.effects) == 2:
        scaled = _both_out(centred, weights, *design.effects) * root[:, None]
        return Absorbed(scaled[:, 1:], scaled[:, 0], sizes, demeaned, np.zeros(design.n), rank, False, False)
    lead = _dummies(dummies, design.effects)
    centred = np.column_stack([centred[:, :1], lead, centred[:, 1:]])
    leverage = np.zeros(design.n)
    if demeaned is not None:
        centred -= group_means(centred, demeaned, weights)[demeaned.codes]
        leverage = weights / np.bincount(demeaned.codes, weights)[demeaned.codes]
    scaled = centred * root[:, None]
    local = demeaned is None or design.cluster is None or is_nested(demeaned, design.cluster)
    return Absorbed(scaled[:, 1:], scaled[:, 0], sizes, demeaned, leverage, rank, True, local)


def absorb_columns(columns: np.ndarray, design: Design, absorbed: Absorbed) -> np.ndarray:
    """Take the demeaned effect out of further columns; dummies are left to a projection on the solution's basis."""
    if absorbed.demeaned is None:
        return columns
    weights = np.ones(design.n) if design.weights is None else design.weights
    return columns - group_means(columns, absorbed.demeaned, weights)[absorbed.demeaned.codes]


def group_means(columns: np.ndarray, group: Grouping, weights: np.ndarray) -> np.ndarray:
    """
    Weighted mean of each column in each group.

    >>> from balancelab.regression.design import grouping
    >>> group_means(np.array([[1.0], [3.0], [5.0]]), grouping("g", ["a", "a", "b"]), np.array([1.0, 3.0, 1.0]))
    array([[2.5],
           [5. ]])
    """
    total = np.bincount(group.codes, weights, group.n)
    sums = [np.bincount(group.codes, weights * column, group.n) for column in columns.T]
    return np.column_stack(sums) / total[:, None]


def effects_rank(effects: Sequence[Grouping]) -> int:
    """Intercepts that one or two effects amount to: two share one in each part that rows connect."""
    if len(effects) > 2:
        raise refuse(
            "最多吸收两个固定效应；其余请用 C(列名) 写入公式。",
            "At most two effects are absorbed; write the others into the formula as C(column).",
        )
    if len(effects) < 2:
        return sum(effect.n for effect in effects)
    return effects[0].n + effects[1].n - len(np.unique(_components(effects)))


def is_nested(inner: Grouping, outer: Grouping) -> bool:
    """
    Whether every group of `inner` lies in one group of `outer`.

    >>> from balancelab.regression.design import grouping
    >>> is_nested(grouping("school", ["a", "a", "b"]), grouping("county", ["x", "x", "x"]))
    True
    """
    return len(_spread(inner, outer)) == 0


def check_nesting(effects: Sequence[Grouping], cluster: Grouping) -> None:
    """
    Refuse clusters that fit the effects the wrong way.

    An effect may lie inside the clusters (schools in counties) or run across them (years). It may not hold whole
    clusters inside its groups, and it may not lie inside the clusters but for a few groups that sit in two of them.

    Raises
    ------
    InvalidModel
        Naming the effect, the clusters and the groups in question.
    """
    faults: list[Text] = []
    for effect in effects:
        spread = _spread(effect, cluster)
        if len(spread) == 0 or effect.n == 1:
            continue
        if is_nested(cluster, effect):
            faults.append(
                {
                    "zh": f"聚类“{cluster.name}”比固定效应“{effect.name}”更细（每一类都在其一组之内），"
                    f"两者颠倒；请按“{effect.name}”或更大的单位聚类，或把它以 C({effect.name}) 写入公式。",
                    "en": f"The clusters '{cluster.name}' lie inside the groups of the effect '{effect.name}', the "
                    f"wrong way round; cluster by '{effect.name}' or coarser, or make C({effect.name}) a regressor.",
                }
            )
        elif len(spread) <= 0.1 * effect.n:
            zh, en = listed([str(effect.labels[code]) for code in spread])
            faults.append(
                {
                    "zh": f"固定效应“{effect.name}”中有 {len(spread)} 组跨越了两个以上的“{cluster.name}”"
                    f"（其余都在一个之内）：{zh}；请核对代码。",
                    "en": f"{len(spread)} groups of the effect '{effect.name}' sit in more than one "
                    f"'{cluster.name}' while the others sit in one: {en}. Check their codes.",
                }
            )
    if faults:
        raise InvalidModel(faults)


def _spread(inner: Grouping, outer: Grouping) -> np.ndarray:
    """Groups of `inner` that occur in more than one group of `outer`."""
    pairs = np.unique(inner.codes.astype(np.int64) * outer.n + outer.codes)
    return np.flatnonzero(np.bincount(pairs // outer.n, minlength=inner.n) > 1)


def _roles(design: Design) -> tuple[Grouping | None, list[Grouping]]:
    """Which effect is demeaned, and which are kept as dummies."""
    largest = max(design.effects, key=lambda effect: effect.n)
    nested = [effect for effect in design.effects if design.cluster is None or is_nested(effect, design.cluster)]
    demeaned = max(nested, key=lambda effect: effect.n) if nested else None
    others = [effect for effect in design.effects if effect is not demeaned]
    levels = sum(effect.n for effect in others)
    if levels <= DENSE_LEVELS and levels * design.n <= DENSE_CELLS:
        return demeaned, others
    others = [effect for effect in design.effects if effect is not largest]
    if sum(effect.n for effect in others) <= DENSE_LEVELS and design.n * sum(e.n for e in others) <= DENSE_CELLS:
        return largest, others
    return largest, []


def _components(effects: Sequence[Grouping]) -> np.ndarray:
    """Label the connected parts of the graph in which each row joins its two groups."""
    first, second = effects
    edges = sparse.coo_array(
        (np.ones(len(first.codes)), (first.codes, first.n + second.codes)),
        shape=(first.n + second.n, first.n + second.n),
    )
    return np.asarray(sparse.csgraph.connected_components(edges.tocsr(), directed=False)[1])


def _dummies(kept: Sequence[Grouping], effects: Sequence[Grouping]) -> np.ndarray:
    """
    One column per group, without those that the other effect already implies.

    Of a second effect, all groups but one in each connected part say something new.
    """
    columns = [(effect.codes[:, None] == np.arange(effect.n)).astype(float) for effect in kept]
    if kept and len(effects) == 2:
        last = kept[-1]
        labels = _components(effects)
        labels = labels[: last.n] if last is effects[0] else labels[effects[0].n :]
        columns[-1] = np.delete(columns[-1], np.unique(labels, return_index=True)[1], axis=1)
    return np.column_stack([np.empty((len(effects[0].codes), 0)), *columns])


def _both_out(columns: np.ndarray, weights: np.ndarray, first: Grouping, second: Grouping) -> np.ndarray:
    """Residuals on two sets of dummies, by conjugate gradients on the smaller set's normal equations."""
    large, small = (first, second) if first.n >= second.n else (second, first)

    def out(column: np.ndarray) -> np.ndarray:
        return column - group_means(column[:, None], large, weights)[large.codes, 0]

    def gather(column: np.ndarray) -> np.ndarray:
        return np.bincount(small.codes, weights * column, small.n)

    diagonal = np.bincount(small.codes, weights, small.n)
    result = np.empty_like(columns)
    for j, column in enumerate(columns.T):
        residual = out(column)
        goal = 1e-30 * float(np.sum(weights * column**2))
        for _ in range(3):  # the second and third pass mop up what rounding left
            right = gather(residual)
            solution = _conjugate(lambda v: gather(out(v[small.codes])), right, diagonal, goal)
            residual = out(residual - solution[small.codes])
        result[:, j] = residual
    return result


def _conjugate(
    apply: Callable[[np.ndarray], np.ndarray], right: np.ndarray, diagonal: np.ndarray, goal: float
) -> np.ndarray:
    """Solve a consistent positive semi-definite system by preconditioned conjugate gradients."""
    solution = np.zeros_like(right)
    residual = right.copy()
    step = residual / diagonal
    direction, rho = step, float(residual @ step)
    for _ in range(_STEPS):
        if rho <= goal:
            return solution
        image = apply(direction)
        length = rho / float(direction @ image)
        solution, residual = solution + length * direction, residual - length * image
        step = residual / diagonal
        rho, last = float(residual @ step), rho
        direction = step + rho / last * direction
    raise refuse(
        f"两个固定效应在 {_STEPS} 步内未能分离：它们之间联系太弱；请去掉其一。",
        f"The two effects could not be separated in {_STEPS} steps: they are too weakly connected; drop one.",
    )
