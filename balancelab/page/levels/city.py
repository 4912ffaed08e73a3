"""All counties of a prefecture or province: who passes which block, where schools stand, how that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from balancelab.page import theme
from balancelab.page.assessment import balance_forms
from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import too_few
from balancelab.page.naming import (
    MOST_ROWS,
    TYPE_WORDS,
    in_stage_order,
    indicator_words,
    name_cut,
    state_of,
    with_authority,
)
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_ROW = 0.235  # inches for one line of the chart
_MOST_PUBLISHED = 200  # counties: a province has fewer, and each takes four lines
_OF_BLOCK = {"zh": "{name} {n} 个", "en": "{name} {n}"}
_POINTS = {"zh": "百分点", "en": "points"}


def block_sentence(page: Page, conclusion: pd.DataFrame, standard: Standard) -> None:
    """Say how many counties pass, fail or cannot be decided, and which blocks stop them (`conclusion`: of all)."""
    if conclusion.empty:
        return
    whole = conclusion[conclusion["block"] == "county"]
    states = [state_of(met) for met in whole["met"]]
    page.say(
        zh="共 {n} 个{counties}：{met} 个全部达标，{failed} 个未达标（其中 {veto} 个因一票否决），{open} 个不能判定。",
        en="Of {n} {counties} {met} pass all blocks, {failed} fail (of these {veto} by a veto), {open} "
        "cannot be decided.",
        n=len(whole),
        counties=page.word(standard.term("counties")),
        met=states.count("met"),
        failed=states.count("failed"),
        veto=int((whole["reason"] == "vetoed").sum()),
        open=states.count("undetermined"),
    )
    failed = conclusion[conclusion["met"].eq(False).fillna(False) & (conclusion["block"] != "county")]
    counts = failed["block"].value_counts()
    if len(counts):
        listed = (
            page.word(_OF_BLOCK).format(name=page.word(words), n=counts[name])
            for name, words in standard.blocks().items()
            if name in counts
        )
        page.say(
            zh="各板块未达标的{counties}数：{listed}。",
            en="Blocks not met, with the number of {counties}: {listed}.",
            listed=page.word({"zh": "、", "en": "; "}).join(listed),
            counties=page.word(standard.term("counties")),
        )


def block_table(page: Page, conclusion: pd.DataFrame, names: pd.Series, standard: Standard) -> None:
    """Show county × block: the verdict of each (`names`: county name by code); nothing without a conclusion."""
    if conclusion.empty:
        return
    wide = conclusion.pivot(index="county_code", columns="block", values="met")
    table = pd.DataFrame({block: [state_of(met) for met in wide[block]] for block in wide.columns}, index=wide.index)
    table = table.assign(name=[names[code] for code in table.index], code=table.index)
    order = {"met": 0, "undetermined": 1, "failed": 2}
    table = table.assign(_rank=table["county"].map(order)).sort_values(["_rank", "code"], kind="stable")
    county = standard.term("county")
    page.table(
        table,
        columns=[
            Column("name", zh=county["zh"], en=county["en"].capitalize()),
            *(
                Column(block, zh=words["zh"], en=words["en"], kind="verdict")
                for block, words in standard.blocks().items()
            ),
            Column("county", zh="总结论", en="In all", kind="verdict"),
        ],
        caption_zh="各{county}各板块结论",
        caption_en="Verdict of each {county}, block by block",
        note_zh="未填报的项目按“待定”处理；有板块未达标的，总结论为未达标。依据：{clause}。",
        note_en="What was not reported is undetermined; one block not met decides the whole. Clause: {clause}.",
        county=page.word(county),
        clause=with_authority(page, standard.conclusion.clause, standard.authority) if standard.conclusion else "",
    )


def share_table(page: Page, years: Mapping[int, Any], names: pd.Series, standard: Standard, *, year: int) -> None:
    """
    Show each county's share of schools that qualify, year by year; nothing without requirements for schools.

    Parameters
    ----------
    page : Page
    years : mapping
        From ``rectification.trace_resources``.
    names : Series
        County name by code.
    standard : Standard
    year : int
        The year judged, by which the table is sorted.
    """
    parts = [one.results.assign(at=at) for at, one in years.items() if len(one.results)]
    if not standard.requirements or not parts:
        page.say(
            zh="本标准没有全国统一的学校数值要求，不计算达标学校比例。",
            en="This document sets no national requirement for schools, so no share is computed.",
        )
        return
    table = pd.concat(parts)
    table["share"] = table["n_qualified"] / table["n_schools"].where(table["n_schools"] > 0)
    wide = table.pivot(index="county_code", columns="at", values="share")
    now = years[year].results.set_index("county_code")
    shown = pd.DataFrame({f"y{at}": wide[at] for at in wide.columns}).assign(
        name=[names[code] for code in wide.index],
        n=now["n_schools"].reindex(wide.index),
        qualified=now["n_qualified"].reindex(wide.index),
        change=(wide[year] - wide[year - 1]) * 100 if year - 1 in wide else np.nan,
    )
    totals = {f"y{at}": _pooled(table[table["at"] == at]) for at in wide.columns}
    whole = {"name": page.word(standard.term("region")), "n": now["n_schools"].sum(), **totals}
    whole |= {
        "qualified": now["n_qualified"].sum(),
        "change": (totals[f"y{year}"] - totals.get(f"y{year - 1}", np.nan)) * 100,
    }
    shown = pd.concat([shown.sort_values(f"y{year}", ascending=False, kind="stable"), pd.DataFrame([whole])])
    county = standard.term("county")
    page.table(
        shown,
        columns=[
            Column("name", zh=county["zh"], en=county["en"].capitalize()),
            Column("n", zh="学校（校·学段）", en="Schools (by stage)", kind="number", decimals=0),
            Column("qualified", zh="达标", en="Qualified", kind="number", decimals=0),
            *(Column(f"y{at}", zh=str(at), en=str(at), kind="percent", decimals=1) for at in wide.columns),
            Column("change", zh="比上年增减", en="Change on the year", unit=_POINTS, kind="number", decimals=1),
        ],
        caption_zh="标准化学校（达标学校）比例",
        caption_en="Share of schools that qualify",
        row_marks=[None] * (len(shown) - 1) + ["total"],
    )


def spread_table(page: Page, differences: pd.DataFrame, standard: Standard) -> None:
    """Show, for each coefficient, how it is spread over the counties and how many lie above the limit."""
    rows = []
    for (stage, name), part in in_stage_order(differences, standard).groupby(["stage", "indicator"], sort=False):
        values = part.loc[part["n_schools"] > 1, "value"].dropna()
        if values.empty:
            continue
        rows.append(
            {
                "stage": page.word(standard.stages[str(stage)]),
                "name": page.word(indicator_words(standard, str(name), full=True)),
                "n": len(values),
                "least": values.min(),
                "median": values.median(),
                "most": values.max(),
                "limit": part["limit"].iloc[0],
                "above": int(part["met"].eq(False).fillna(False).sum()) if part["limit"].notna().any() else None,
            }
        )
    decimals = standard.display.cv_decimals
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("n", zh="县数", en="Places", kind="number", decimals=0),
            Column("least", zh="最小", en="Least", kind="number", decimals=decimals),
            Column("median", zh="中位数", en="Median", kind="number", decimals=decimals),
            Column("most", zh="最大", en="Most", kind="number", decimals=decimals),
            Column("limit", zh="限值", en="Limit", kind="number", decimals=2),
            Column("above", zh="超限县数", en="Above the limit", kind="number", decimals=0),
        ],
        caption_zh="各项差异系数在各县（市、区）间的分布",
        caption_en="How each coefficient is spread over the places",
        note_zh="只有一所学校的学段不计入。",
        note_en="A stage with a single school is left out.",
        row_header="name",
    )


def published_table(
    page: Page, measures: pd.DataFrame, differences: pd.DataFrame, names: pd.Series, standard: Standard
) -> None:
    """
    Show the table that provinces publish, means and coefficients of every county; too many are left to the bundle.

    Parameters
    ----------
    page : Page
    measures, differences : DataFrame
        From ``measure_counties`` and ``judge_counties``.
    names : Series
        County name by code.
    standard : Standard
    """
    if len(names) > _MOST_PUBLISHED:
        return
    places = {str(code): ("", str(name)) for code, name in names.sort_index().items()}
    balance_forms.published_table(page, measures, differences, places, standard)


def sample_table(page: Page, schools: pd.DataFrame, standard: Standard) -> None:
    """Show schools by type, with totals: all schools of the table, in public those that count (one year)."""
    if "school_type" not in schools:
        return
    if page.public:  # those that do not count stand in the accounting, by reason
        schools = schools[schools["in_scope"]]
    each = schools.drop_duplicates(["county_code", "school_code"])
    counts = each["school_type"].value_counts()
    students = schools.groupby("school_type")["students"].sum()
    rows = [
        {"name": page.word(words), "n": int(counts[name]), "students": students[name], "mark": None}
        for name, words in TYPE_WORDS.items()
        if name in counts.index
    ]
    if page.public:
        hidden = too_few([row["n"] for row in rows])
        rows = [row | {"students": None if gone else row["students"]} for row, gone in zip(rows, hidden, strict=True)]
    total = {"name": page.word({"zh": "合计", "en": "Total"}), "n": len(each), "students": schools["students"].sum()}
    page.table(
        pd.DataFrame([*rows, total | {"mark": "total"}]),
        columns=[
            Column("name", zh="学校类型", en="Type of school"),
            Column("n", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("students", zh="义务教育阶段在校生", en="Compulsory students", kind="number", decimals=0),
        ],
        caption_zh="学校构成",
        caption_en="Schools by type",
        row_marks="mark",
    )


def trend_table(page: Page, years: Mapping[int, Any], standard: Standard) -> None:
    """Show, year by year, the median coefficient of each indicator and how many counties lie above the limit."""
    if len(years) <= 1:
        page.say(zh="只有一个年度的数据，不作历年比较。", en="There is one year only; nothing to compare.")
        return
    rows = []
    last = years[max(years)].differences
    for (stage, name), _ in in_stage_order(last, standard).groupby(["stage", "indicator"], sort=False):
        line: dict[str, Any] = {
            "stage": page.word(standard.stages[str(stage)]),
            "name": page.word(indicator_words(standard, str(name))),
        }
        for at, one in years.items():
            part = one.differences[(one.differences["stage"] == stage) & (one.differences["indicator"] == name)]
            line[f"y{at}"] = part.loc[part["n_schools"] > 1, "value"].median()
            line[f"a{at}"] = int(part["met"].eq(False).fillna(False).sum()) if part["limit"].notna().any() else np.nan
        rows.append(line)
    cv, above = (
        {"zh": "差异系数（各县中位数）", "en": "Coefficient, median"},
        {"zh": "超限县数", "en": "Above the limit"},
    )
    decimals = standard.display.cv_decimals
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            *(
                Column(f"y{at}", zh=str(at), en=str(at), kind="number", decimals=decimals, group=cv)
                for at in sorted(years)
            ),
            *(Column(f"a{at}", zh=str(at), en=str(at), kind="number", decimals=0, group=above) for at in sorted(years)),
        ],
        caption_zh="历年监测：各项差异系数",
        caption_en="Monitoring: coefficients year by year",
        row_header="name",
    )


def slipped(page: Page, years: Mapping[int, Any], names: pd.Series, *, year: int) -> None:
    """Say which counties met the resource requirements the year before and no longer do, and which newly do."""
    if year - 1 not in years:
        return
    before = years[year - 1].results.set_index("county_code")["met"]
    after = years[year].results.set_index("county_code")["met"].reindex(before.index)
    was, now = before.eq(True).fillna(False), after.eq(True).fillna(False)
    fell = [str(names[code]) for code in before.index[was & after.eq(False).fillna(False)] if code in names]
    rose = [str(names[code]) for code in before.index[~was & now] if code in names]
    between = page.word({"zh": "、", "en": ", "})
    nobody = page.word({"zh": "无", "en": "none"})
    page.say(
        zh="与上一学年相比，资源配置由达标转为未达标的：{fell}；新达到要求的：{rose}。",
        en="Since the year before, resources: met then and not now: {fell}; newly met: {rose}.",
        fell=between.join(fell) or nobody,
        rose=between.join(rose) or nobody,
    )


def spread_figure(page: Page, differences: pd.DataFrame, names: pd.Series, standard: Standard) -> None:
    """Show each county's coefficients as a share of the limit, a line per indicator and stage; the widest is named."""
    judged = in_stage_order(differences[differences["limit"].notna() & (differences["n_schools"] > 1)], standard)
    judged = judged[judged["value"].notna()]
    if judged.empty:
        return
    groups = list(judged.groupby(["stage", "indicator"], sort=False))[:MOST_ROWS]
    with theme.style():
        figure = theme.new_figure(theme.FULL_WIDTH, 0.85 + _ROW * len(groups), left=2.1, bottom=0.5, top=0.1)
        axes = figure.subplots()
        axes.axvline(1.0, color=theme.LIMIT, linewidth=1.1, zorder=1)
        for line, (_, part) in enumerate(groups):
            ratios = (part["value"] / part["limit"]).to_numpy(float)
            axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)
            for ratio, met in zip(ratios, part["met"], strict=True):
                look = theme.STATUS[state_of(met)]
                axes.plot([ratio], [line], marker=look.marker, markersize=4.5, color=look.color, alpha=0.85, zorder=3)
            widest = int(ratios.argmax())
            if ratios[widest] > 1:
                label = name_cut(str(names.get(part["county_code"].iloc[widest], "")), 16)
                axes.text(ratios[widest] + 0.04, line, label, va="center", fontsize=7, color=theme.MUTED)
        axes.set_yticks(range(len(groups)), [_line_label(page, standard, key) for key, _ in groups])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(groups) - 0.4, -0.6)
        axes.set_xlim(0, max(1.2, float((judged["value"] / judged["limit"]).max()) * 1.22))
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(page.word({"zh": "差异系数与限值之比", "en": "Coefficient as a multiple of the limit"}))
    page.figure(
        figure,
        caption_zh="各项差异系数在各地的分布（每个点是一个县（市、区）；竖线：限值；叉：高于限值；注名者为最大）",
        caption_en="Spread of each coefficient (each mark is one place; line: the limit; cross: above it; the largest "
        "is named)",
        alt_zh="散点带图：{n} 项差异系数在各地的分布，共 {above} 处高于限值。",
        alt_en="Strip chart of {n} coefficients over all places; {above} values lie above the limit.",
        n=len(groups),
        above=int(judged["met"].eq(False).fillna(False).sum()),
    )


def _line_label(page: Page, standard: Standard, key: Any) -> str:
    stage, name = page.word(standard.stages[key[0]]), page.word(indicator_words(standard, key[1]))
    if key[1] == COMPOSITE:
        return page.word({"zh": f"{stage}综合", "en": f"{name} ({stage.lower()})"})
    return page.word({"zh": f"{stage}{name}", "en": f"{name} ({stage.split()[0].lower()})"})


def _pooled(results: pd.DataFrame) -> float:
    n = results["n_schools"].sum()
    return float(results["n_qualified"].sum() / n) if n else float("nan")
