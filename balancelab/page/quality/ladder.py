"""The ladder of models: each rung answers one question, on the same schools; a rung that cannot stand says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.page.quality.study import UNIT, Study
from balancelab.page.quality.variables import Block
from balancelab.regression import (
    InvalidModel,
    fit,
    fractional_fit,
    mundlak,
    quantile_fit,
    random_intercept,
    specification_curve,
    spline_fit,
    wild_cluster_test,
)

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.regression import Fit

FEWEST_CLUSTERS = 5
"""Below this many clusters the errors are not clustered: no correction is trusted with two or three groups."""

FEW_CLUSTERS = 30
"""Below this many, the cluster bootstrap is shown beside (methods of the field: fewer than 30 to 50 are few)."""

ROWS_PER_COEFFICIENT = 10
"""A model of its own needs at least so many schools for each coefficient (the usual rule of ten)."""

FEWEST_ROWS = 30
FEWEST_OF_A_KIND = 3

TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
REPS = 199  # bootstrap draws of the quantile regressions: an error good to about 5 per cent
MOST_RESAMPLED = 10_000  # rows up to which the quantile bootstrap stays within a minute or two
MOST_CHOICES = 6  # each further control doubles the number of specifications


@dataclass(frozen=True, eq=False)
class Rung:
    """
    One model of the ladder.

    Attributes
    ----------
    id : str
        ``association``, ``controls``, ``weighted``, ``county``, ``panel``, ``random``.
    fit : Fit, MixedFit or None
        None where it cannot be computed.
    why : tuple of dict
        Why not, in both languages.
    """

    id: str
    fit: Any
    why: tuple[Text, ...] = ()


@dataclass(frozen=True, eq=False)
class Ladder:
    """
    The models of a report.

    Attributes
    ----------
    study : Study
    rungs : dict of str to Rung
        In order.
    clustered : bool
        Whether the errors allow for schools of one cluster being alike.
    """

    study: Study
    rungs: dict[str, Rung]
    clustered: bool

    @property
    def main(self) -> Fit | None:
        """The model with controls, or, where there are none, the association."""
        for name in ("controls", "association"):
            found: Fit | None = self.rungs[name].fit
            if found is not None:
                return found
        return None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What the main model holds, the stage left out."""
        study = self.study
        return (*study.resources, *study.controls) if self.rungs["controls"].fit is not None else study.resources

    def done(self) -> dict[str, Any]:
        """Fits that could be computed, by the name of their rung."""
        return {name: rung.fit for name, rung in self.rungs.items() if rung.fit is not None}


def attempt(name: str, model: Callable[[], Any]) -> Rung:
    """Compute a rung, or keep the reasons why the data do not allow it."""
    try:
        return Rung(name, model())
    except InvalidModel as refused:
        return Rung(name, None, refused.faults)


def climb(study: Study) -> Ladder:
    """
    Fit the linear models of the ladder, all on the study's rows.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Ladder
        Errors are CR2 with the study's clusters where there are at least `FEWEST_CLUSTERS`, else HC3.
    """
    every = (*study.resources, *study.controls)
    clustered = n_clusters(study) >= FEWEST_CLUSTERS
    weights, cluster = study.weights or None, study.cluster if clustered else None
    other = None if study.weights else "students"
    rows, counties = study.schools, study.schools["county_code"].nunique()
    reason = _too_few(study, every)
    if reason is not None:
        names = ("association", "controls", "weighted", "county", "panel", "random")
        return Ladder(study, {name: Rung(name, None, (reason,)) for name in names}, clustered)

    def linear(blocks: Sequence[Block], **options: Any) -> Fit:
        return fit(study.formula(blocks), rows, **{"weights": weights, "cluster": cluster, **options})

    rungs = [
        attempt("association", lambda: linear(study.resources)),
        attempt("controls", lambda: linear(every)) if study.controls else Rung("controls", None, (_NO_CONTROLS,)),
        attempt("weighted", lambda: linear(every, weights=other)),
        Rung("county", None, (_one_county(study),))
        if counties < 2
        else attempt("county", lambda: within(study, rows, ["county_code"], weights, cluster)),
        _panel(study, weights, cluster),
        Rung("random", None, (_one_county(study),))
        if counties < 2
        else attempt("random", lambda: random_intercept(study.formula(every), rows, group="county_code")),
    ]
    return Ladder(study, {rung.id: rung for rung in rungs}, clustered)


def within(study: Study, rows: pd.DataFrame, effects: Sequence[str], weights: str | None, cluster: str | None) -> Fit:
    """Fit with absorbed effects; columns that do not vary inside the groups of the first are left out."""
    terms = [column for block in study.blocks for column in block.columns if _varies_inside(rows, column, effects[0])]
    resources = [column for block in study.resources for column in block.columns]
    if not set(terms) & set(resources):
        raise InvalidModel(
            [
                {
                    "zh": "所列资源在组内没有差异，无法作组内比较。",
                    "en": "No resource varies inside the groups, so there is nothing to compare.",
                }
            ]
        )
    return fit(f"{study.outcome} ~ {' + '.join(terms)}", rows, weights=weights, effects=list(effects), cluster=cluster)


def few_clusters(ladder: Ladder) -> pd.DataFrame:
    """
    Put three answers to "are there enough clusters" side by side, for the main model's resources.

    Returns
    -------
    DataFrame
        Columns `term`, `estimate`, `cr1_p`, `cr1_df`, `cr2_p`, `cr2_df`, `wild_p`, `draws`, `enumerated`; no rows
        without clusters. The bootstrap is NaN where there are `FEW_CLUSTERS` or more.
    """
    import pandas as pd

    columns = ["term", "estimate", "cr1_p", "cr1_df", "cr2_p", "cr2_df", "wild_p", "draws", "enumerated"]
    main, rows = ladder.main, []
    if main is None or not ladder.clustered:
        return pd.DataFrame(columns=columns)
    plain = main.with_vcov("CR1")
    for block in ladder.study.resources:
        for term in block.columns:
            one, two = plain.term(term), main.term(term)
            row = {"term": term, "estimate": two["estimate"], "cr1_p": one["p_value"], "cr1_df": one["df"]}
            row.update(cr2_p=two["p_value"], cr2_df=two["df"], wild_p=np.nan, draws=np.nan, enumerated=False)
            if (main.clusters or 0) < FEW_CLUSTERS:
                test = wild_cluster_test(main, term)
                row.update(wild_p=test.p_value, draws=test.draws, enumerated=test.enumerated)
            rows.append(row)
    return pd.DataFrame(rows, columns=columns)


def county_share(ladder: Ladder) -> tuple[Rung, Rung]:
    """Return the random-intercept model of the stages alone (share between counties) and Mundlak's check."""
    study = ladder.study
    if ladder.rungs["random"].fit is None:
        why = ladder.rungs["random"].why
        return Rung("empty", None, why), Rung("mundlak", None, why)
    rows, every = study.schools, (*study.resources, *study.controls)
    return (
        attempt("empty", lambda: random_intercept(study.formula(()), rows, group="county_code")),
        attempt("mundlak", lambda: mundlak(study.formula(every), rows, group="county_code")),
    )


def pass_rates(ladder: Ladder, *, outcome: str = "proficiency_rate") -> Rung:
    """Fit the fractional logit of the share of students who pass, with the main model's right-hand side."""
    study = ladder.study
    rows = study.schools
    if outcome not in rows or rows[outcome].isna().all():
        return Rung(
            "pass", None, ({"zh": "数据没有学业达标率一列，本步从略。", "en": "The table has no proficiency rate."},)
        )
    if ladder.main is None:
        return Rung("pass", None, ladder.rungs["association"].why)
    formula = study.formula(ladder.blocks, outcome=outcome)
    cluster = study.cluster if ladder.clustered else None
    return attempt("pass", lambda: fractional_fit(formula, rows, weights=study.weights or None, cluster=cluster))


def quantiles(ladder: Ladder, *, reps: int = REPS) -> Rung:
    """Fit the main model's quantile regressions."""
    study = ladder.study
    if ladder.main is None:
        return Rung("quantiles", None, ladder.rungs["association"].why)
    if len(study.schools) > MOST_RESAMPLED:
        why: Text = {
            "zh": f"学校超过 {MOST_RESAMPLED:,} 个，分位数回归的自助法耗时过长，从略；可按地区分别运行。",
            "en": f"With more than {MOST_RESAMPLED:,} schools the quantile bootstrap takes too long and is left out; "
            "run it by region.",
        }
        return Rung("quantiles", None, (why,))
    formula, cluster = study.formula(ladder.blocks), study.cluster if ladder.clustered else None
    return attempt(
        "quantiles",
        lambda: quantile_fit(
            formula, study.schools, taus=TAUS, weights=study.weights or None, cluster=cluster, reps=reps
        ),
    )


def curves(ladder: Ladder) -> list[Rung]:
    """Bend each resource in turn: the natural spline and its test against the straight line."""
    study = ladder.study
    if ladder.main is None:
        return []
    formula, cluster = study.formula(ladder.blocks), study.cluster if ladder.clustered else None

    def bent(block: Block) -> Any:
        (column,) = block.columns
        values = study.schools[column]
        # where many schools share the least or greatest value, quartiles coincide with it: the others are the knots
        inner = [knot for knot in np.unique(values.quantile([0.25, 0.5, 0.75])) if values.min() < knot < values.max()]
        return spline_fit(
            formula, study.schools, column=column, knots=inner or None, weights=study.weights or None, cluster=cluster
        )

    return [attempt(block.name, lambda block=block: bent(block)) for block in study.resources]  # type: ignore[misc]


def specifications(ladder: Ladder) -> Rung:
    """Follow the first resource under every choice: controls, other resources, weights, county effects, one stage."""
    study = ladder.study
    if ladder.main is None:
        return Rung("specifications", None, ladder.rungs["association"].why)
    rows, (resource,) = study.schools, study.main.columns
    pieces = choices(study)
    terms = [" + ".join(column for block in blocks for column in block.columns) for _, blocks in pieces]
    inside = len(set(rows["county_code"])) > 1 and _all_vary(study, (*study.resources[1:], *study.controls))
    cluster = study.cluster if ladder.clustered else None
    errors: tuple[str, str | None] = ("CR2", cluster) if cluster else ("HC3", None)
    return attempt(
        "specifications",
        lambda: specification_curve(
            study.outcome,
            resource,
            rows,
            controls=terms,
            always=list(study.stages.columns),
            weights=(None, "students"),
            effects=(None, "county_code") if inside else (None,),
            covariances=[errors],
        ),
    )


def choices(study: Study) -> list[tuple[str, tuple[Block, ...]]]:
    """Return what a specification may hold or leave out: the other resources together, and each control."""
    others = study.resources[1:]
    found: list[tuple[str, tuple[Block, ...]]] = [("other_resources", others)] if others else []
    return [*found, *((block.name, (block,)) for block in study.controls[:MOST_CHOICES])]


def county_model(ladder: Ladder) -> Rung:
    """Fit the main model on the county's own schools, or say that they are too few."""
    study = ladder.study
    if not study.county_code:
        return Rung("own", None)
    rows = study.schools[study.schools["county_code"] == study.county_code]
    # a stage of one or two schools would be fitted by them alone, which leaves HC3 undefined
    rows = rows[rows.groupby("stage")["stage"].transform("size") >= FEWEST_OF_A_KIND]
    blocks = [block for block in ladder.blocks if _usable_here(rows, block)]
    needed = rows_needed(study, blocks)
    if len(rows) < needed:
        return Rung(
            "own",
            None,
            (
                {
                    "zh": f"本地数据齐全的学校（按学段计）只有 {len(rows)} 个，单独建模至少要 {needed} 个，"
                    "因此以下用全表的模型。",
                    "en": f"Only {len(rows)} of the schools here (by stage) are complete, and a model of their own "
                    f"needs {needed}; what follows uses the model of the whole table.",
                },
            ),
        )
    # categories anew: the county may lack the one that the whole table's are compared with
    terms = [f"C({block.source})" if block.levels else " + ".join(block.columns) for block in blocks]
    stage = ["C(stage)"] if len(set(rows["stage"])) > 1 else []
    formula = f"{study.outcome} ~ {' + '.join([*terms, *stage])}"
    return attempt("own", lambda: fit(formula, rows, weights=study.weights or None))


def rows_needed(study: Study, blocks: Sequence[Block]) -> int:
    """Return how many schools a model with these variables needs."""
    n_terms = 1 + sum(len(block.columns) for block in (*blocks, study.stages))
    return max(FEWEST_ROWS, ROWS_PER_COEFFICIENT * n_terms)


def n_clusters(study: Study) -> int:
    """Return the number of clusters in the sample; 0 without."""
    return int(study.schools[study.cluster].nunique()) if study.cluster else 0


def _usable_here(rows: pd.DataFrame, block: Block) -> bool:
    """Whether a variable varies in these rows, and no category of it has too few of them."""
    if block.levels:
        counts = rows[block.source].value_counts()
        return len(counts) > 1 and int(counts.min()) >= FEWEST_OF_A_KIND
    (column,) = block.columns
    return len(rows) > 0 and bool(np.ptp(rows[column]) > 0)


def _panel(study: Study, weights: str | None, cluster: str | None) -> Rung:
    """Compare each school with itself over the years."""
    if study.panel["year"].nunique() < 2:
        why: Text = {"zh": "数据只有一个年度，不能比较同一学校的前后变化。", "en": "The table holds one year only."}
        return Rung("panel", None, (why,))
    # a school seen once says nothing about change
    rows = study.panel[study.panel.groupby(UNIT)["year"].transform("nunique") > 1]
    if rows.empty:
        return Rung("panel", None, ({"zh": "没有学校出现在两个年度。", "en": "No school appears in two years."},))
    return attempt("panel", lambda: within(study, rows, [UNIT, "year"], weights, cluster))


def _all_vary(study: Study, others: Sequence[Block]) -> bool:
    columns = [column for block in (study.main, *others, study.stages) for column in block.columns]
    return all(_varies_inside(study.schools, column, "county_code") for column in columns)


def _varies_inside(rows: pd.DataFrame, column: str, group: str) -> bool:
    values = rows[column]
    inside = values - values.groupby(rows[group]).transform("mean")
    return bool(inside.abs().max() > 1e-9 * max(1.0, float(values.abs().max())))


_NO_CONTROLS: Text = {
    "zh": "没有可用的控制变量，本步与上一步相同，从略。",
    "en": "There is no usable control, so that this step would equal the one before.",
}


def _one_county(study: Study) -> Text:
    words = study.standard.term("county")
    return {
        "zh": f"数据只有一个{words['zh']}，不能比较{words['zh']}之内与之间。",
        "en": f"The table holds one {words['en']} only; there is nothing to compare within and between.",
    }


def _too_few(study: Study, blocks: Sequence[Block]) -> Text | None:
    n_terms = 1 + sum(len(block.columns) for block in (*blocks, study.stages))
    if not study.resources:
        return {"zh": "没有可用的资源指标。", "en": "No resource can be used."}
    if len(study.schools) >= 2 * n_terms + 1:
        return None
    return {
        "zh": f"数据齐全的学校（按学段计）只有 {len(study.schools)} 个，而待估系数有 {n_terms} 个，不作回归。",
        "en": f"Only {len(study.schools)} schools (by stage) are complete for {n_terms} coefficients; nothing is "
        "regressed.",
    }
