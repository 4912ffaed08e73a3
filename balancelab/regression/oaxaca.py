"""A gap between two groups of schools: how much goes with what they have, how much with what they get for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from balancelab.definitions import nearest
from balancelab.regression.design import Column, Design, build_design, grouping
from balancelab.regression.errors import listed, refuse
from balancelab.regression.inference import estimates
from balancelab.regression.showing import html, text
from balancelab.regression.solve import solve

REFERENCES = ("pooled", "neumark", "a", "b", "equal", "size")
"""Coefficients that value the difference in endowments; see `oaxaca_blinder`."""


@dataclass(frozen=True, eq=False, repr=False)
class Gap:
    """
    A decomposed difference between the mean outcomes of two groups.

    Attributes
    ----------
    group : str
        Column.
    a, b : str
        The two groups; the gap is that of `a` over `b`.
    mean_a, mean_b, gap : float
        (Weighted) mean outcomes and their difference. [outcome]
    parts : pandas.DataFrame
        Columns `part`, `share` (of the gap), and those of `Fit.coefficients` but `term`. Two-fold: ``explained``
        (differences in the regressors) and ``unexplained``; three-fold: ``endowments``, ``coefficients``,
        ``interaction``. Unexplained is not discrimination: it holds whatever the formula leaves out.
    by_variable : pandas.DataFrame
        Columns `term`, then one per part, which sum to the parts.
    n_a, n_b : int
        Rows of each group.
    reference : str
        Coefficients used; ``"threefold"`` for three parts.
    dropped : pandas.DataFrame
        Rows left out, as in `Fit.dropped`.
    """

    group: str
    a: str
    b: str
    mean_a: float
    mean_b: float
    gap: float
    parts: pd.DataFrame
    by_variable: pd.DataFrame
    n_a: int
    n_b: int
    reference: str
    dropped: pd.DataFrame

    def __repr__(self) -> str:
        return text(self.parts, self.by_variable, line=f"{self.a} - {self.b} = {self.gap:.6g} ({self.reference})")

    def _repr_html_(self) -> str:
        return html(self.parts, self.by_variable, line=f"{self.a} - {self.b} = {self.gap:.6g} ({self.reference})")


def oaxaca_blinder(
    formula: str,
    schools: pd.DataFrame,
    *,
    group: str,
    a: object = None,
    b: object = None,
    reference: str = "pooled",
    weights: Column | None = None,
    cluster: Column | None = None,
    reps: int = 499,
    seed: int = 0,
) -> Gap:
    """
    Two-fold Oaxaca-Blinder decomposition of the gap between two groups, e.g. urban and rural schools.

    Parameters
    ----------
    formula : str
        As in `balancelab.regression.fit`, without the group.
    schools : pandas.DataFrame
        One row per school.
    group : str
        Column of the group.
    a, b : object, optional
        The two values of `group`; default its two values in ascending order. Rows of other groups do not count.
    reference : {"pooled", "neumark", "a", "b", "equal", "size"}, optional
        Coefficients that value the difference in regressors: of both groups together with a dummy for the group (Jann
        2008, the default; without the dummy part of the gap is smuggled into the coefficients), without it (Neumark
        1988), of one group, or their average by halves (Reimers) or by weight (Cotton).
    weights : str or array_like, optional
        Weight of each row.
    cluster : str or array_like, optional
        Clusters to resample whole.
    reps : int, optional
        Bootstrap draws for the standard errors; 0 for none (NaN).
    seed : int, optional
        Seed of the draws.

    Returns
    -------
    Gap

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also where there are not two groups, or one is too small for the regression.

    Notes
    -----
    With means X and coefficients b: ``(Xa - Xb) b*`` is explained, ``Xa (ba - b*) + Xb (b* - bb)`` is not. The totals
    do not depend on which category of a factor is left out; its part in the unexplained does.

    References
    ----------
    Blinder 1973; Oaxaca 1973; Jann 2008, The Blinder-Oaxaca decomposition for linear regression models.

    Examples
    --------
    Hand: outcome 2 x in both groups, means of x 3 and 1: the gap of 4 is explained.

    >>> schools = pd.DataFrame({"x": [1, 3, 5, 0, 1, 2], "area": ["u"] * 3 + ["r"] * 3})
    >>> schools["y"] = 2.0 * schools["x"]
    >>> gap = oaxaca_blinder("y ~ x", schools, group="area", a="u", b="r", reps=0)
    >>> gap.parts["estimate"].round(10).tolist()
    [4.0, 0.0]
    """
    if reference not in REFERENCES:
        zh, en = nearest(str(reference), REFERENCES)
        raise refuse(f"没有参照系数“{reference}”{zh}", f"There is no reference '{reference}'{en}")
    return _decompose(
        formula, schools, group, (a, b), weights, cluster, reps, seed,
        names=("explained", "unexplained"), reference=reference, split=lambda sample: _twofold(sample, reference),
    )  # fmt: skip


def oaxaca_threefold(
    formula: str,
    schools: pd.DataFrame,
    *,
    group: str,
    a: object = None,
    b: object = None,
    weights: Column | None = None,
    cluster: Column | None = None,
    reps: int = 499,
    seed: int = 0,
) -> Gap:
    """
    Three-fold decomposition, from the viewpoint of group `b`: endowments, coefficients, and their interaction.

    ``(Xa - Xb) bb``, ``Xb (ba - bb)`` and ``(Xa - Xb) (ba - bb)``. Parameters, result and errors as in
    `oaxaca_blinder`.

    Examples
    --------
    >>> schools = pd.DataFrame({"x": [1, 3, 5, 0, 1, 2], "area": ["u"] * 3 + ["r"] * 3})
    >>> schools["y"] = 2.0 * schools["x"]
    >>> oaxaca_threefold("y ~ x", schools, group="area", a="u", b="r", reps=0).parts["estimate"].round(9).tolist()
    [4.0, 0.0, 0.0]
    """
    names = ("endowments", "coefficients", "interaction")
    return _decompose(
        formula, schools, group, (a, b), weights, cluster, reps, seed,
        names=names, reference="threefold", split=_threefold,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Sample:
    """Regressors with intercept, outcome, weights and membership in group a."""

    X: np.ndarray
    y: np.ndarray
    w: np.ndarray
    in_a: np.ndarray

    def mean(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(np.average(self.X[rows], axis=0, weights=self.w[rows]))

    def slopes(self, rows: np.ndarray, *, dummy: bool = False) -> np.ndarray:
        root = np.sqrt(self.w[rows])
        X = np.column_stack([self.X, self.in_a]) if dummy else self.X
        found = np.linalg.lstsq(X[rows] * root[:, None], self.y[rows] * root, rcond=None)[0]
        return np.asarray(found[: self.X.shape[1]])


def _twofold(sample: _Sample, reference: str) -> np.ndarray:
    """Parts by variable, shape (n_terms, 2)."""
    a, b = sample.in_a, ~sample.in_a
    mean_a, mean_b = sample.mean(a), sample.mean(b)
    slopes_a, slopes_b = sample.slopes(a), sample.slopes(b)
    if reference in ("pooled", "neumark"):
        both = np.ones_like(a)
        star = sample.slopes(both, dummy=reference == "pooled")
    else:
        half = {"a": 1.0, "b": 0.0, "equal": 0.5, "size": float(sample.w[a].sum() / sample.w.sum())}[reference]
        star = half * slopes_a + (1 - half) * slopes_b
    explained = (mean_a - mean_b) * star
    return np.column_stack([explained, mean_a * (slopes_a - star) + mean_b * (star - slopes_b)])


def _threefold(sample: _Sample) -> np.ndarray:
    a, b = sample.in_a, ~sample.in_a
    mean_a, mean_b = sample.mean(a), sample.mean(b)
    slopes_a, slopes_b = sample.slopes(a), sample.slopes(b)
    gap, change = mean_a - mean_b, slopes_a - slopes_b
    return np.column_stack([gap * slopes_b, mean_b * change, gap * change])


def _decompose(
    formula: str,
    schools: pd.DataFrame,
    group: str,
    pair: tuple[object, object],
    weights: Column | None,
    cluster: Column | None,
    reps: int,
    seed: int,
    *,
    names: tuple[str, ...],
    reference: str,
    split: Callable[[_Sample], np.ndarray],
) -> Gap:
    design = build_design(formula, schools, weights=weights, cluster=cluster, keep=(group,))
    if not design.has_intercept:
        raise refuse("分解需要含常数项的模型。", "A decomposition needs a model with an intercept.")
    labels = design.schools[group].to_numpy()
    a, b = _pair(labels, group, pair)
    keep = (labels == a) | (labels == b)
    w = np.ones(design.n) if design.weights is None else design.weights
    sample = _Sample(design.X[keep], design.y[keep], w[keep], (labels == a)[keep])
    for name, rows in ((a, sample.in_a), (b, ~sample.in_a)):
        _check_group(sample, rows, design, group, name)
    pieces = split(sample)
    totals = pieces.sum(axis=0)
    codes = np.arange(len(sample.y)) if design.cluster is None else grouping("", design.cluster.codes[keep]).codes
    errors = _errors(sample, codes, split, reps, seed, len(names))
    mean_a = float(np.average(sample.y[sample.in_a], weights=sample.w[sample.in_a]))
    mean_b = float(np.average(sample.y[~sample.in_a], weights=sample.w[~sample.in_a]))
    df = float(len(sample.y) - 2 * len(design.terms) if design.cluster is None else codes.max())
    parts = estimates(names, totals, errors, df).rename(columns={"term": "part"})
    parts["share"] = totals / (mean_a - mean_b) if mean_a != mean_b else np.nan
    by_variable = pd.DataFrame(pieces, columns=list(names))
    by_variable.insert(0, "term", list(design.terms))
    return Gap(
        group, str(a), str(b), mean_a, mean_b, mean_a - mean_b, parts, by_variable,
        int(sample.in_a.sum()), int((~sample.in_a).sum()), reference, design.dropped,
    )  # fmt: skip


def _pair(labels: np.ndarray, group: str, pair: tuple[object, object]) -> tuple[object, object]:
    """Which two groups are compared."""
    present = list(pd.unique(pd.Series(labels)))
    if pair == (None, None):
        if len(present) != 2:
            zh, en = listed(present)
            raise refuse(
                f"“{group}”有 {len(present)} 组（{zh}），请用 a 和 b 指明比较哪两组。",
                f"'{group}' has {len(present)} groups ({en}); say with a and b which two to compare.",
            )
        first, second = sorted(present, key=str)
        return first, second
    for value in pair:
        if value not in present:
            zh, en = nearest(str(value), [str(label) for label in present])
            raise refuse(f"“{group}”中没有“{value}”{zh}", f"'{group}' has no group '{value}'{en}")
    if pair[0] == pair[1]:
        raise refuse("a 与 b 须为两个不同的组。", "a and b must be two different groups.")
    return pair


def _check_group(sample: _Sample, rows: np.ndarray, design: Design, group: str, name: object) -> None:
    if rows.sum() <= len(design.terms):
        raise refuse(
            f"“{group}”为“{name}”的只有 {int(rows.sum())} 行，不足以估计 {len(design.terms)} 个系数。",
            f"Only {int(rows.sum())} rows with '{group}' = '{name}' for {len(design.terms)} parameters.",
        )
    solve(sample.X[rows], sample.y[rows], terms=design.terms)  # refuses dependent columns by name


def _errors(
    sample: _Sample, codes: np.ndarray, split: Callable[[_Sample], np.ndarray], reps: int, seed: int, parts: int
) -> np.ndarray:
    """Standard deviation of each part over bootstrap draws; rows within groups, or clusters whole."""
    if reps < 2:
        return np.full(parts, np.nan)
    random = np.random.default_rng(seed)
    clusters = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    whole = len(clusters) < len(codes)
    strata = [np.flatnonzero(sample.in_a), np.flatnonzero(~sample.in_a)]
    draws = []
    for _ in range(20 * reps):
        if whole:
            rows = np.concatenate([clusters[i] for i in random.integers(0, len(clusters), len(clusters))])
        else:
            rows = np.concatenate([random.choice(stratum, len(stratum)) for stratum in strata])
        drawn = _Sample(sample.X[rows], sample.y[rows], sample.w[rows], sample.in_a[rows])
        if min(drawn.in_a.sum(), (~drawn.in_a).sum()) > sample.X.shape[1]:
            draws.append(split(drawn).sum(axis=0))
        if len(draws) == reps:
            return np.asarray(np.std(draws, axis=0, ddof=1))
    raise refuse("聚类太少，自助抽样中常缺一组。", "Too few clusters: bootstrap draws often lack one of the groups.")
