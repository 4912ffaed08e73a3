"""Sentences on the spread among schools: how far apart they are, which school and which county, and the years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from balancelab.equity.area import WHOLE_TABLE
from balancelab.page.equity.layout import cell_of, in_words, largest_cell, largest_row
from balancelab.page.equity.spread_tables import RANKED_BY

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard


def nothing_to_publish(page: Page) -> None:
    """Say that a part of a public edition is empty; the internal one tells why."""
    page.say(
        zh="没有可以公布的数值：学校过少，或数据没有所需的列、年度。",
        en="No figure can be published: there are too few schools, or the data lack the columns or years.",
    )


def equality(page: Page, profile: pd.DataFrame, standard: Standard) -> None:
    """Say which indicator is spread most and least evenly, and what share would have to move."""
    several = profile[(profile["by"] == "") & (profile["n_schools"] > 1)]  # one school differs from nobody
    plain = several.pivot(index=["stage", "indicator"], columns="measure", values="value")
    if plain.empty and page.public:
        nothing_to_publish(page)
        return
    if plain.empty or plain["gini"].isna().all():
        page.say(zh="没有可以计算的差异。", en="No inequality can be computed.")
        return
    gini = plain["gini"].dropna()
    most, least = largest_cell(gini), largest_cell(-gini)
    page.say(
        zh="分布最不均的是{most}（基尼系数 {high:.3f}），最均的是{least}（{low:.3f}）。要使{most}在各校完全相等，"
        "须调动其总量的 {move:.1%}（胡佛指数）。",
        en="The most unequal is {most}, with a Gini coefficient of {high:.3f}; the most equal is {least}, "
        "{low:.3f}. To make {most} equal in all schools, {move:.1%} of it would have to move (Hoover index).",
        most=in_words(page, *most, standard),
        high=float(gini.max()),
        least=in_words(page, *least, standard),
        low=float(gini.min()),
        move=float(plain["hoover_index"].loc[most]),
    )


def single_schools(page: Page, influence: pd.DataFrame, standard: Standard, *, county_code: str) -> None:
    """Say which school drives a figure most, or why this is not computed; in public only that it is not shown."""
    if page.public:
        page.say(zh="单所学校的影响见内部版。", en="What single schools do is shown in the internal edition.")
        return
    if county_code == WHOLE_TABLE:
        page.say(
            zh="全表学校很多，单所学校影响甚微；单校影响见各{county}的报告。",
            en="Among so many schools no single one matters; see the report of each {county}.",
            county=page.word(standard.term("county")),
        )
        return
    table = influence[(influence["rank"] == 1) & influence["influence"].notna()]
    if table.empty:
        page.say(zh="学校太少，不计算单校影响。", en="There are too few schools to leave one out.")
        return
    row = largest_row(table, table["influence"].abs())
    page.say(
        zh="影响最大的是{school}：去掉该校，{name}的差异系数由 {all:.3f} 变为 {without:.3f}。{n} 项中有 {widen} 项，"
        "影响最大的学校拉大了差异。",
        en="The strongest influence is that of {school}: without it the coefficient of {name} goes from {all:.3f} "
        "to {without:.3f}. In {widen} of {n} cases the most influential school widens the gap.",
        school=str(row["school"]),
        name=in_words(page, row["stage"], row["indicator"], standard),
        all=float(row["figure"]),
        without=float(row["without"]),
        n=len(table),
        widen=int((table["influence"] < 0).sum()),
    )


def standing(
    page: Page, ranks: pd.DataFrame, standard: Standard, names: Mapping[str, str], *, county_code: str
) -> None:
    """Say in which indicators the county stands well or badly among the others."""
    table = ranks[ranks["n_ranked"] > 1]
    county, counties = page.word(standard.term("county")), page.word(standard.term("counties"))
    if table.empty:
        page.say(
            zh="数据只有一个{county}，不作比较。",
            en="The table holds one {county}; there is none to compare with.",
            county=county,
        )
        return
    if county_code == WHOLE_TABLE:
        worst = largest_row(table, table["value"])
        page.say(
            zh="{n} 个{county}参加比较；校际差异系数最大的是{who}的{name}，为 {value:.3f}。",
            en="Compared: {n} {counties}. The largest coefficient of variation is that of {name} in {who}, "
            "{value:.3f}.",
            n=table["county_code"].nunique(),
            county=county,
            counties=counties,
            who=names.get(worst["county_code"], worst["county_code"]),
            name=in_words(page, worst["stage"], worst["indicator"], standard),
            value=float(worst["value"]),
        )
        return
    own = table[table["county_code"] == county_code].assign(place=lambda rows: rows["rank"] / rows["n_ranked"])
    if own.empty:
        page.say(zh="本{county}没有可以排位的指标。", en="Nothing of this {county} can be ranked.", county=county)
        return
    _standing_of_one(page, own, county, counties, standard)


def _standing_of_one(page: Page, own: pd.DataFrame, county: str, counties: str, standard: Standard) -> None:
    best, last = largest_row(own, -own["place"]), largest_row(own, own["place"])
    page.say(
        zh="在各{county}中（第 1 位差异最小），位次最靠前的是{best}：第 {best_rank} 位，共 {best_of} 个；"
        "最靠后的是{last}：第 {last_rank} 位，共 {last_of} 个。",
        en="Among the {counties} (rank 1 is the most equal) it stands best in {best}, {best_rank} of {best_of}, and "
        "worst in {last}, {last_rank} of {last_of}.",
        county=county,
        counties=counties,
        best=in_words(page, best["stage"], best["indicator"], standard),
        best_rank=int(best["rank"]),
        best_of=int(best["n_ranked"]),
        last=in_words(page, last["stage"], last["indicator"], standard),
        last_rank=int(last["rank"]),
        last_of=int(last["n_ranked"]),
    )


def leaning(page: Page, concentration: pd.DataFrame, standard: Standard) -> None:
    """Say whether resources lean towards schools with more disadvantaged students, or why this is not known."""
    if concentration.empty and page.public:
        nothing_to_publish(page)
        return
    if concentration.empty:
        page.say(
            zh="数据没有随迁子女数、留守儿童数，不能判断资源是否向弱势学生较多的学校倾斜。",
            en="The table does not count disadvantaged students, so whether resources lean towards them is not known.",
        )
        return
    for ranking in (name for name in RANKED_BY if (concentration["ranked_by"] == name).any()):
        here = concentration[concentration["ranked_by"] == ranking]
        index = here["concentration"]
        page.say(
            zh="按{ranking}看：{n} 项中，占比高的学校生均资源较多的有 {more} 项，较少的有 {less} 项；"
            "最不利的是{name}（集中指数 {low:.3f}）。",
            en="By the {ranking}: schools with a larger share have more per student in {more} of {n} cases and less "
            "in {less}; they are worst off in {name}, concentration index {low:.3f}.",
            ranking=page.word(RANKED_BY[ranking]),
            n=len(here),
            more=int((index > 0).sum()),
            less=int((index < 0).sum()),
            name=in_words(page, *cell_of(largest_row(here, -index)), standard),
            low=float(index.min()),
        )


def change(page: Page, convergence: pd.DataFrame, standard: Standard) -> None:
    """Say whether gaps narrowed, or that there is one year only."""
    if convergence.empty and page.public:
        nothing_to_publish(page)
        return
    if convergence.empty:
        page.say(
            zh="数据只有一个年度，不能看变化。",
            en="The table holds one year only, so no change over time can be shown.",
        )
        return
    change_of = convergence["last_cv"] - convergence["first_cv"]
    best = largest_row(convergence, -change_of)
    both = (convergence["sigma_slope"] < 0) & (convergence["beta"] < 0)
    page.say(
        zh="从 {first} 到 {last} 学年，{n} 项中 {down} 项校际差异缩小、{up} 项扩大；变化最好的是{name}，差异系数由 "
        "{from_cv:.3f} 到 {to_cv:.3f}。差异缩小（σ 收敛）且起点低的学校增长较快（β 收敛）的有 {both} 项。",
        en="From {first} to {last} the gap among schools narrowed in {down} of {n} cases and widened in {up}; the "
        "best is {name}, whose coefficient of variation went from {from_cv:.3f} to {to_cv:.3f}. In {both} cases the "
        "spread shrinks (sigma convergence) and those behind grow faster (beta convergence).",
        first=str(int(convergence["first_year"].min())),
        last=str(int(convergence["last_year"].max())),
        n=len(convergence),
        down=int((change_of < 0).sum()),
        up=int((change_of > 0).sum()),
        name=in_words(page, best["stage"], best["indicator"], standard),
        from_cv=float(best["first_cv"]),
        to_cv=float(best["last_cv"]),
        both=int(both.sum()),
    )
