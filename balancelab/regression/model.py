"""From a design to its solution, or to a refusal that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from balancelab.definitions import Text
from balancelab.regression.design import Design, Grouping
from balancelab.regression.effects import Absorbed, absorb, check_nesting, effects_rank, is_nested
from balancelab.regression.errors import InvalidModel, listed, refuse
from balancelab.regression.solve import LeastSquares, solve


@dataclass(frozen=True, eq=False)
class Model:
    """A design, its columns without effects, and the solution: what a `Fit` is made of."""

    design: Design
    absorbed: Absorbed
    solution: LeastSquares

    @property
    def lead(self) -> int:
        """Number of dummies that stand before the reported terms."""
        return self.absorbed.X.shape[1] - len(self.design.terms)

    @property
    def n_parameters(self) -> int:
        """Coefficients and absorbed intercepts."""
        return len(self.design.terms) + self.absorbed.rank

    @cached_property
    def root(self) -> np.ndarray:
        """Root of each row's weight."""
        weights = self.design.weights
        return np.ones(self.design.n) if weights is None else np.sqrt(weights)

    @cached_property
    def residuals(self) -> np.ndarray:
        """Outcome minus fitted value, in the outcome's unit."""
        return np.asarray(self.solution.residuals / self.root)

    @cached_property
    def contrasts(self) -> np.ndarray:
        """Each reported coefficient in the basis `Q`, shape (n_columns, n_terms)."""
        return np.asarray(self.solution.R_inverse.T[:, self.lead :])

    def clustered_parameters(self, cluster: Grouping) -> int:
        """What K counts in CR1S: effects inside the clusters are one intercept, others all theirs."""
        design = self.design
        count = len(design.terms) + (1 if design.effects else 0)
        return count + sum(effect.n - 1 for effect in design.effects if not is_nested(effect, cluster))


def solve_design(design: Design) -> Model:
    """
    Take out the effects and solve.

    Raises
    ------
    InvalidModel
        Fewer rows than parameters; an outcome or regressor that does not vary; one cluster; clusters that fit the
        effects the wrong way; columns that depend on each other.
    """
    _check(design)
    absorbed = absorb(design)
    return Model(design, absorbed, solve(absorbed.X, absorbed.y, terms=design.terms, sizes=absorbed.sizes))


def _check(design: Design) -> None:
    """Refuse what no estimator could answer, everything at once."""
    parameters = len(design.terms) + effects_rank(design.effects)
    if not design.terms:
        raise refuse("公式右边没有任何变量。", "The formula has nothing on its right-hand side.")
    if design.n <= parameters:
        lost = len(design.dropped)
        raise refuse(
            f"数据齐全的只有 {design.n} 行（另有 {lost} 行被舍去），而待估系数有 {parameters} 个；行数须多于系数。",
            f"Only {design.n} complete rows ({lost} were dropped) for {parameters} parameters; "
            "there must be more rows than parameters.",
        )
    faults: list[Text] = []
    if np.ptp(design.y) == 0:
        faults.append(
            {
                "zh": f"结果变量“{design.outcome}”在所有 {design.n} 行中都相同，没有可解释的差异。",
                "en": f"The outcome '{design.outcome}' is the same in all {design.n} rows; nothing can be explained.",
            }
        )
    flat = [term for term, column in zip(design.terms, design.X.T, strict=True) if np.ptp(column) == 0]
    if design.has_intercept or design.effects:
        constant = [term for term in flat if term != "Intercept"]
        if constant:
            zh, en = listed(constant)
            faults.append(
                {
                    "zh": f"以下变量在所有 {design.n} 行中都是常数，请去掉：{zh}。",
                    "en": f"Constant in all {design.n} rows; leave them out: {en}.",
                }
            )
    if design.cluster is not None and design.cluster.n < 2:
        faults.append(
            {
                "zh": f"聚类“{design.cluster.name}”只有一类，无法估计类间差异；请去掉 cluster 或取更多的类。",
                "en": f"The clusters '{design.cluster.name}' are one single cluster, which says nothing about how "
                "clusters differ; leave cluster out or take more clusters.",
            }
        )
    if faults:
        raise InvalidModel(faults)
    if design.cluster is not None:
        check_nesting(design.effects, design.cluster)
