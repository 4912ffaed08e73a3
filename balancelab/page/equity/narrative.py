"""
Sentences of the equity report whose wording depends on the numbers, and what is said where a part cannot be computed.

Every number comes from a table; nothing here is a conclusion written beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import WHOLE_TABLE
from balancelab.page.equity.layout import (
    amount_words,
    area_words,
    between_shares,
    cell_of,
    group_words,
    groups_in_order,
    in_words,
    largest_cell,
    largest_row,
    listed,
    reference_group,
    term_words,
)
from balancelab.page.equity.spread_narrative import (
    change,
    equality,
    leaning,
    nothing_to_publish,
    single_schools,
    standing,
)

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard

__all__ = [
    "between_counties",
    "between_groups",
    "change",
    "equality",
    "illustration",
    "inside_townships",
    "leaning",
    "minimum",
    "scope",
    "single_schools",
    "standing",
    "title",
]


def title(page: Page, names: Mapping[str, str], county_code: str, year: int, standard: Standard) -> None:
    """Head the report with the area and the year."""
    page.heading(
        zh="{area}学校资源公平报告（{year}学年）",
        en="{area}: equity of school resources, school year {year}",
        area=area_words(names, county_code, standard),
        year=str(year),
    )


def illustration(page: Page, standard: Standard) -> None:
    """Say that the standard is no law, where it is none."""
    if standard.illustrative:
        page.note(
            zh="本报告所用标准为演示而设，并非法规；“要求”“缺口”仅作演示，不评估任何地方。",
            en="The standard used here is an illustration, not law; its requirements and shortfalls evaluate nobody.",
            kind="warning",
        )


def scope(page: Page, area: pd.DataFrame, schools: pd.DataFrame, year: int, standard: Standard) -> None:
    """
    Say how many schools the figures rest on, and which years the table holds.

    Parameters
    ----------
    page : Page
        Where it is said.
    area : DataFrame
        From :func:`balancelab.equity.select_area`, all years.
    schools : DataFrame
        The area's school table of the year, in scope.
    year : int
        The report's year.
    standard : Standard
        Gives document and scope.
    """
    if schools.empty and page.public:
        nothing_to_publish(page)
        return
    years = [str(one) for one in sorted({int(one) for one in area["year"]})]
    page.say(
        zh="本报告计入 {schools:,} 所学校（按学段计 {rows:,} 个），在校生 {students:,.0f} 人。标准：{document}。"
        "哪些学校计入，依据：{clause}。以下说“项”，指一个学段的一项指标。",
        en="This report counts {schools:,} schools ({rows:,} by stage) with {students:,.0f} students. Standard: "
        "{document}. Which schools count: {clause}. A “case” below is one indicator at one stage.",
        schools=len(schools[["county_code", "school_code"]].drop_duplicates()),
        rows=len(schools),
        students=float(schools["students"].sum()),
        document=page.word(standard.document),
        clause=page.word(standard.scope.clause),
    )
    if len(years) > 1:
        page.say(
            zh="数据有 {n} 个年度（{listed}）；除“历年变化”一节外，均为 {year} 学年。",
            en="The table holds {n} years ({listed}); all figures but those over the years are of {year}.",
            n=len(years),
            listed=listed(page, years),
            year=str(year),
        )


def minimum(page: Page, shortfall: pd.DataFrame, standard: Standard) -> None:
    """Say for how many requirements all students have enough, and where most is missing."""
    if shortfall.empty and page.public and standard.requirements:
        nothing_to_publish(page)
        return
    if shortfall.empty:
        page.say(
            zh="本标准对学校没有可以核对的数值要求，本节从略。",
            en="This standard makes no requirement of schools that can be checked here.",
        )
        return
    share = shortfall["students_meeting"] / shortfall["students"]
    full = int((share == 1).sum())
    if full == len(shortfall):
        page.say(
            zh="{n} 项要求，全部学生都在达到要求的学校就读。",
            en="In all {n} cases every student goes to a school that meets the requirement.",
            n=full,
        )
        return
    page.say(
        zh="{n} 项要求中，全部学生都在达到要求的学校就读的有 {full} 项。覆盖最低的是{name}："
        "{share:.1%}的学生所在学校达到要求。",
        en="In {full} of {n} cases every student goes to a school that meets the requirement. Coverage is lowest "
        "for {name}: {share:.1%} of students.",
        n=len(shortfall),
        full=full,
        name=in_words(page, *cell_of(largest_row(shortfall, -share)), standard),
        share=float(share.min()),
    )
    _missing(page, shortfall, standard)


def _missing(page: Page, shortfall: pd.DataFrame, standard: Standard) -> None:
    table = shortfall[shortfall["amount_missing"] > 0].sort_values("average_shortfall", ascending=False)
    if table.empty:
        return
    parts = [
        in_words(page, row["stage"], row["indicator"], standard)
        + page.word({"zh": "缺 ", "en": ", "})
        + amount_words(page, row["amount_missing"], row["indicator"], standard)
        for row in table.head(3).to_dict("records")
    ]
    page.say(
        zh="{n} 项有缺口。按占要求的比例，缺得最多的是：{listed}。",
        en="In {n} cases something is missing. The largest gaps, as a share of what is required: {listed}.",
        n=len(table),
        listed=page.word({"zh": "；", "en": "; "}).join(parts),
    )


def between_groups(page: Page, pairs: pd.DataFrame, split: pd.DataFrame, standard: Standard) -> None:
    """Say where groups differ most, and how much of the inequality lies between them."""
    if pairs.empty and page.public:
        page.say(
            zh="不比较各类学校：数据没有城乡类型或举办者一列、只有一类，或有一类学校过少。",
            en="Groups are not compared: the table has no location or ownership of schools, only one kind, or too few "
            "schools of one kind.",
        )
        return
    if pairs.empty:
        page.say(
            zh="数据没有城乡类型或举办者一列（或只有一类），不能比较各类学校。",
            en="The table has no location or ownership of schools, or only one kind; groups cannot be compared.",
        )
        return
    by, reference = str(pairs["by"].iloc[0]), reference_group(pairs)
    usable = pairs[np.isfinite(pairs["ratio"].to_numpy(float)) & (pairs["reference"] == reference)]
    furthest = largest_row(usable, (usable["adjusted"] - 1).abs())
    page.say(
        zh="与{reference}学校相比，{groups}学校的 {n} 个均值中有 {below} 个较低、{above} 个较高。相差最大的是{name}："
        "{group}学校为{reference}学校的 {ratio:.2f} 倍。",
        en="Against {reference} schools, {groups} schools have less in {below} of {n} comparisons and more in "
        "{above}. The "
        "widest difference is in {name}: {group} schools have {ratio:.2f} times as much as {reference} schools.",
        groups=_groups_in_sentence(page, by, list(usable["group"])),
        reference=_in_sentence(page, by, reference),
        n=len(usable),
        below=int((usable["ratio"] < 1).sum()),
        above=int((usable["ratio"] > 1).sum()),
        name=in_words(page, furthest["stage"], furthest["indicator"], standard),
        group=_in_sentence(page, by, str(furthest["group"])),
        ratio=float(furthest["ratio"]),
    )
    if split.empty:
        page.say(
            zh="各类学校数太少，不作差异分解。", en="There are too few schools in each group to split the inequality."
        )
        return
    between = between_shares(split)
    page.say(
        zh="{term}之间的差异占总差异的 {low:.1%} 至 {high:.1%}，最高的是{name}。{n} 项中，"
        "以{term}之间的差异为主的有 {more} 项，其余以同类学校内部的差异为主。",
        en="The part of the inequality that lies between groups runs from {low:.1%} to {high:.1%}, the highest in "
        "{name}. In {more} of {n} cases it is the larger part; in the others schools of one kind differ more among "
        "themselves.",
        term=page.word(term_words(standard, by)),
        low=float(between.min()),
        high=float(between.max()),
        name=in_words(page, *largest_cell(between), standard),
        n=len(between),
        more=int((between > 0.5).sum()),
    )


def inside_townships(page: Page, split: pd.DataFrame, standard: Standard) -> None:
    """Say how much lies between townships, or why this is not computed."""
    term = page.word(term_words(standard, "township"))
    if split.empty:
        page.say(
            zh="数据没有{term}一列，或{term}学校过少，不按{term}分解。",
            en="There is no split by {term}: the table does not give it, or has too few schools in each.",
            term=term,
        )
        return
    between = between_shares(split)
    page.say(
        zh="按{term}分解：{term}之间的差异占总差异的 {low:.1%} 至 {high:.1%}，最高的是{name}。",
        en="Split by {term}, the part between them runs from {low:.1%} to {high:.1%} of the inequality, the highest "
        "in {name}.",
        term=term,
        low=float(between.min()),
        high=float(between.max()),
        name=in_words(page, *largest_cell(between), standard),
    )


def between_counties(page: Page, nested: pd.DataFrame, standard: Standard, *, county_code: str) -> None:
    """Say how much lies between counties; nothing in the report of one county."""
    if county_code != WHOLE_TABLE:
        return
    county, counties = page.word(standard.term("county")), page.word(standard.term("counties"))
    if nested.empty:
        page.say(
            zh="数据只有一个{county}，不分解{county}之间与之内。",
            en="The table holds one {county} only; there is nothing to split between and within.",
            county=county,
        )
        return
    first = nested[nested["level"] == "member_code"].set_index(["stage", "indicator"])["share"]
    page.say(
        zh="{county}之间的差异占总差异的 {low:.1%} 至 {high:.1%}，最高的是{name}，其余在{county}之内。{n} 项中，"
        "以{county}之间的差异为主的有 {more} 项。",
        en="Between {counties} lies {low:.1%} to {high:.1%} of the inequality, most in {name}; the rest lies within "
        "them. In {more} of {n} cases the larger part lies between.",
        county=county,
        counties=counties,
        low=float(first.min()),
        high=float(first.max()),
        name=in_words(page, *largest_cell(first), standard),
        n=len(first),
        more=int((first > 0.5).sum()),
    )


def _in_sentence(page: Page, by: str, group: str) -> str:
    word = group_words(by, group, {})
    return page.word({"zh": word["zh"], "en": word["en"].lower()})


def _groups_in_sentence(page: Page, by: str, groups: list[str]) -> str:
    """Name the groups where they are few."""
    names = [_in_sentence(page, by, group) for group in groups_in_order(by, groups)]
    few = page.word({"zh": "、", "en": " and "}).join(names)
    return few if len(names) <= 3 else page.word({"zh": "其他各类", "en": "all other"})
