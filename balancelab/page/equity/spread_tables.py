"""Tables of single schools, of a county among counties, of disadvantage and of the years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import WHOLE_TABLE
from balancelab.page.columns import Column
from balancelab.page.equity.layout import NAME, STAGE, labelled

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

RANKED_BY: Mapping[str, Text] = {
    "migrant_students": {"zh": "随迁子女占比", "en": "share of migrant students"},
    "left_behind_students": {"zh": "留守儿童占比", "en": "share of left-behind students"},
}


def influence_table(page: Page, influence: pd.DataFrame, standard: Standard) -> None:
    """
    Show the school that moves each coefficient of variation most.

    Parameters
    ----------
    page : Page
        Where the table goes.
    influence : DataFrame
        From :func:`balancelab.equity.school_influence`, one county and year; nothing is shown where it is empty, or in
        public.
    standard : Standard
        Gives names and decimals.
    """
    table = influence[influence["rank"] == 1]
    if table.empty or page.public:
        return
    digits = standard.display.cv_decimals
    without = {"zh": "影响最大的学校", "en": "School with most influence"}
    interval = {"zh": "95% 区间", "en": "95 % interval"}
    page.table(
        labelled(page, table, standard),
        columns=[
            STAGE,
            NAME,
            Column("figure", zh="差异系数", en="CV", kind="number", decimals=digits),
            Column("school", zh="学校", en="School", group=without),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0, group=without),
            Column("value", zh="指标值", en="Value", kind="number", decimals=2, group=without),
            Column("without", zh="去掉后", en="CV without", kind="number", decimals=digits, group=without),
            Column("influence", zh="变化", en="Change", kind="number", decimals=digits, group=without),
            Column("low", zh="下限", en="Low", kind="number", decimals=digits, group=interval),
            Column("high", zh="上限", en="High", kind="number", decimals=digits, group=interval),
        ],
        caption_zh="单所学校对差异系数的影响",
        caption_en="What single schools do to the coefficients of variation",
        note_zh="变化为负：该校拉大了差异。差异系数来自全部学校，本身没有抽样误差；"
        "区间只回答“换一批类似的学校会怎样”（逐校剔除的刀切法，对数尺度，t 分布），少于十所学校不给出。",
        note_en="A negative change: the school widens the gap. The coefficient comes from all schools and has no "
        "sampling error; the interval only answers what a draw of similar schools might give (delete-one-school "
        "jackknife on logarithms, t distribution) and is not given below ten schools.",
        row_header="name",
    )


def standing_table(
    page: Page, ranks: pd.DataFrame, standard: Standard, names: Mapping[str, str], *, county_code: str
) -> None:
    """
    Show where the county stands, with the median and the ends of all counties.

    Parameters
    ----------
    page : Page
        Where the table goes.
    ranks : DataFrame
        From :func:`balancelab.equity.rank_counties`, one year; nothing is shown where fewer than two are ranked.
    standard : Standard
        Gives names, terms and decimals.
    names : mapping
        County code → name.
    county_code : str
        The county, ``""`` for the whole table: then there is no column of its own.
    """
    table = ranks[ranks["n_ranked"] > 1]
    if table.empty:
        return
    by = table.groupby(["stage", "indicator"])
    ends = by["value"].agg(median="median", low="min", high="max").reset_index()
    for name, place in (("best", by["value"].idxmin()), ("worst", by["value"].idxmax())):
        ends[name] = [names.get(code, code) for code in table.loc[place, "county_code"]]
    own = table[table["county_code"] == county_code][["stage", "indicator", "value", "rank", "n_ranked"]]
    digits = standard.display.cv_decimals
    county = standard.term("county")
    mine = [
        Column("value", zh="差异系数", en="CV", kind="number", decimals=digits),
        Column("rank", zh="位次", en="Rank", kind="number", decimals=0),
        Column("n_ranked", zh="参加排位数", en="Ranked", kind="number", decimals=0),
    ]
    page.table(
        labelled(page, ends.merge(own, on=["stage", "indicator"], how="left"), standard),
        columns=[
            STAGE,
            NAME,
            *([] if county_code == WHOLE_TABLE else mine),
            Column("median", zh="中位数", en="Median", kind="number", decimals=digits),
            Column("low", zh="最小", en="Lowest", kind="number", decimals=digits),
            Column("best", zh=f"最均的{county['zh']}", en=f"Most equal {county['en']}"),
            Column("high", zh="最大", en="Highest", kind="number", decimals=digits),
            Column("worst", zh=f"最不均的{county['zh']}", en=f"Most unequal {county['en']}"),
        ],
        caption_zh="各{county}校际差异系数的分布",
        caption_en="Coefficients of variation, {county} by {county}",
        note_zh="位次 1 为差异最小。只有一所学校的{county}不参加排位。",
        note_en="Rank 1 is the most equal. A {county} with a single school is not ranked.",
        row_header="name",
        county=page.word(county),
    )


def concentration_table(page: Page, concentration: pd.DataFrame, standard: Standard) -> None:
    """
    Show whether schools with more disadvantaged students have more or less.

    Parameters
    ----------
    page : Page
        Where the table goes.
    concentration : DataFrame
        From :func:`balancelab.equity.concentrate_on`, one area and year; nothing is shown where it is empty.
    standard : Standard
        Gives names.
    """
    if concentration.empty:
        return
    there = [name for name in RANKED_BY if (concentration["ranked_by"] == name).any()]
    wide = concentration.pivot(index=["stage", "indicator"], columns="ranked_by", values="concentration").reset_index()
    page.table(
        labelled(page, wide, standard),
        columns=[
            STAGE,
            NAME,
            *(
                Column(
                    name,
                    zh=f"按{RANKED_BY[name]['zh']}",
                    en=f"By {RANKED_BY[name]['en']}",
                    kind="number",
                    decimals=3,
                )
                for name in there
            ),
        ],
        caption_zh="资源向弱势学生较多的学校倾斜了吗（集中指数）",
        caption_en="Does the resource lean towards schools with more disadvantaged students? (concentration index)",
        note_zh="学校按该类学生占比由低到高排列。正值：占比高的学校生均资源较多（向其倾斜）；负值：较少；0：没有关系。",
        note_en="Schools ordered by that share, lowest first. Positive: schools with a larger share have more per "
        "student; negative: less; 0: it makes no difference.",
        row_header="name",
    )


def trend_table(page: Page, spread: pd.DataFrame, convergence: pd.DataFrame, standard: Standard) -> None:
    """
    Show the coefficient of variation of every year, and sigma and beta convergence.

    Parameters
    ----------
    page : Page
        Where the table goes.
    spread, convergence : DataFrame
        From :func:`balancelab.equity.spread_over_years` and :func:`balancelab.equity.converge_over_years`, one area;
        nothing is shown where they are empty.
    standard : Standard
        Gives names and decimals.
    """
    if convergence.empty:
        return
    keys = ["stage", "indicator"]
    years = sorted({int(year) for year in spread["year"]})
    wide = spread.assign(year=spread["year"].astype(int).astype(str)).pivot(
        index=keys, columns="year", values="weighted_cv"
    )
    table = wide.reset_index().merge(convergence, on=keys, how="left")
    table["half_life"] = table["half_life"].replace([np.inf], np.nan)
    digits = standard.display.cv_decimals
    sigma, beta = {"zh": "σ 收敛（差异系数）", "en": "Sigma (CV)"}, {"zh": "β 收敛", "en": "Beta"}
    page.table(
        labelled(page, table, standard),
        columns=[
            STAGE,
            NAME,
            *(
                Column(str(year), zh=str(year), en=str(year), kind="number", decimals=digits, group=sigma)
                for year in years
            ),
            Column("sigma_slope", zh="年均变化", en="Per year", kind="number", decimals=4, group=sigma),
            Column("n_matched", zh="学校", en="Schools", kind="number", decimals=0, group=beta),
            Column("beta", zh="系数", en="Slope", kind="number", decimals=3, group=beta),
            Column("std_error", zh="标准误", en="Std. error", kind="number", decimals=3, group=beta),
            Column("half_life", zh="半衰期（年）", en="Half-life (years)", kind="number", decimals=1, group=beta),
        ],
        caption_zh="差距的变化：σ 收敛与 β 收敛",
        caption_en="How the gap changes: sigma and beta convergence",
        note_zh="年均变化为负：差异缩小。β 系数为负：起点低的学校增长较快；半衰期为差距减半所需年数，"
        "“—”表示没有缩小或无法计算。首年的数据误差也会使 β 为负，须与 σ 一起看，只有两者都下降才可称收敛。",
        note_en="A negative change per year: the spread shrinks. A negative beta: schools that started lower grew "
        "faster; "
        "half-life: years until half of the gap is closed, a dash where it does not close. An error in the first "
        "year alone makes beta negative: read it with sigma; only a falling spread is convergence.",
        row_header="name",
    )
