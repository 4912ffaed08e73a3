"""Tables of single steps: few clusters, pass rates, the test against a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.columns import Column
from balancelab.page.quality.ladder import FEW_CLUSTERS, Ladder, Rung
from balancelab.page.quality.wording import ends, p_text

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page

RESOURCE = Column("name", zh="资源（系数的一个单位）", en="Resource (one unit of the coefficient)")


def few_clusters_table(page: Page, ladder: Ladder, table: pd.DataFrame) -> None:
    """Show what p-value each way of allowing for few clusters gives (`table` from ``few_clusters``)."""
    main = ladder.main
    if main is None or table.empty or (main.clusters or 0) >= FEW_CLUSTERS:
        return
    shown = table.assign(
        name=[page.word(ladder.study.labels[term]) for term in table["term"]],
        **{name: [p_text(value) for value in table[name]] for name in ("cr1_p", "cr2_p", "wild_p")},
    )
    page.table(
        shown,
        columns=[
            RESOURCE,
            Column("cr1_p", zh="CR1，自由度 G−1", en="CR1, G − 1 df", align="right"),
            Column("cr2_p", zh="CR2，萨特思韦特自由度", en="CR2, Satterthwaite df", align="right"),
            Column("cr2_df", zh="其自由度", en="its df", kind="number", decimals=1),
            Column("wild_p", zh="野聚类自助法", en="Wild cluster bootstrap", align="right"),
        ],
        caption_zh="聚类数少（G＝{clusters}）时的 p 值：三种算法并列",
        caption_en="p-values with few clusters (G = {clusters}), three ways",
        clusters=int(main.clusters or 0),
    )


def pass_table(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Show average differences in the share of students who pass (`rung` from ``pass_rates``)."""
    if rung.fit is None:
        return
    study = ladder.study
    columns = [column for block in study.resources for column in block.columns]
    table = rung.fit.marginal_effects
    table = table[table["term"].isin(columns)]
    points = table[["estimate", "ci_low", "ci_high"]] * 100
    shown = table.assign(
        name=[page.word(study.labels[term]) for term in table["term"]],
        points=points["estimate"],
        interval=[ends(row, 1) for _, row in points.iterrows()],
        p=[p_text(value) for value in table["p_value"]],
    )
    page.table(
        shown,
        columns=[
            RESOURCE,
            Column(
                "points",
                zh="达标率相差",
                en="Difference",
                unit={"zh": "百分点", "en": "points"},
                kind="number",
                decimals=1,
            ),
            Column("interval", zh="95% 置信区间", en="95% interval", align="right"),
            Column("p", zh="p 值", en="p", align="right"),
        ],
        caption_zh="学业达标率：分数 logit 模型的平均边际差异（n＝{n:,}，标准误 {vcov}）",
        caption_en="Proficiency rate: average marginal differences of the fractional logit (n = {n:,}, {vcov} errors)",
        n=rung.fit.n,
        vcov=rung.fit.vcov,
    )


def shape_table(page: Page, ladder: Ladder, bent: list[Rung]) -> None:
    """Show the test of each resource's straight line against a spline (`bent` from ``curves``)."""
    import pandas as pd

    done = [(block, rung.fit.test) for block, rung in zip(ladder.study.resources, bent, strict=False) if rung.fit]
    if not done:
        return
    table = pd.DataFrame(
        {
            "name": [page.word(block.label) for block, _ in done],
            "statistic": [test.statistic for _, test in done],
            "df1": [test.df1 for _, test in done],
            "df2": [test.df2 for _, test in done],
            "p": [p_text(test.p_value) for _, test in done],
        }
    )
    page.table(
        table,
        columns=[
            Column("name", zh="资源", en="Resource"),
            Column("statistic", zh="F", en="F", kind="number", decimals=2),
            Column("df1", zh="自由度 1", en="df 1", kind="number", decimals=0),
            Column("df2", zh="自由度 2", en="df 2", kind="number", decimals=1),
            Column("p", zh="p 值", en="p", align="right"),
        ],
        caption_zh="直线是否够用：自然样条对直线的检验",
        caption_en="Is a straight line enough? Natural spline against the line",
    )
