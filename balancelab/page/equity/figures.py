"""Figures of the equity report; each shows one thing and says it in its alternative text too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.equity.curves import lorenz_curves, spread_trend
from balancelab.page.equity.layout import (
    amount_words,
    between_shares,
    between_words,
    group_words,
    groups_in_order,
    in_words,
    largest_cell,
    largest_row,
    pairs_of,
    reference_group,
    staged_axes,
    term_words,
)
from balancelab.page.equity.strips import county_strip, school_arrows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

__all__ = [
    "adequacy_bars",
    "county_strip",
    "group_ratios",
    "inequality_shares",
    "lorenz_curves",
    "missing_dots",
    "nested_bars",
    "school_arrows",
    "spread_trend",
]

_NEAR = "#EBC3A8"  # between the fills of met and failed, in lightness too
_SEGMENTS: dict[str, tuple[str, str, Text]] = {
    "students_meeting": (theme.STATUS["met"].fill, "", {"zh": "达到要求", "en": "Meets the requirement"}),
    "students_at_floor": (_NEAR, "", {"zh": "不低于要求的 {floor}", "en": "At least {floor} of it"}),
    "students_below_floor": (
        theme.STATUS["failed"].fill,
        theme.STATUS["failed"].hatch,
        {"zh": "低于要求的 {floor}", "en": "Below {floor} of it"},
    ),
    "students_short": (
        theme.STATUS["failed"].fill,
        theme.STATUS["failed"].hatch,
        {"zh": "未达到要求", "en": "Falls short of it"},
    ),
    "students_not_reported": (
        theme.STATUS["undetermined"].fill,
        "",
        {"zh": "未填报", "en": "Not reported"},
    ),
}
_RATIO_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5, 10)
_LEVEL_COLORS = {"member_code": "#12476B", "location": "#4C8DBB", "township": "#4C9A8F", "school": "#DCE6EE"}


def adequacy_bars(page: Page, shortfall: pd.DataFrame, standard: Standard) -> None:
    """
    Show which share of students goes to a school that meets each requirement.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    shortfall : DataFrame
        From :func:`balancelab.equity.adequacy_shortfall`, one area and year; nothing is shown where it is empty.
    standard : Standard
        Gives stages, names and the share that still counts as near.
    """
    if shortfall.empty:
        return
    share = float(standard.school_rule.floor_share) if standard.school_rule else 1.0
    floor = number_text(share, 0, percent=True)
    if page.public:  # how many schools are near and how many far is not known here; together they are enough
        short = shortfall["students_at_floor"] + shortfall["students_below_floor"]
        shortfall = shortfall.assign(students_at_floor=0.0, students_below_floor=0.0, students_short=short)
    names = [name for name in _SEGMENTS if name in shortfall]
    there = [name for name in names if shortfall[name].sum() > 0 or name == "students_meeting"]
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(shortfall, standard), standard, right=0.6)
        for row in shortfall.to_dict("records"):
            line, left = lines[row["stage"], row["indicator"]], 0.0
            for name in there:
                fill, hatch, _ = _SEGMENTS[name]
                width = row[name] / row["students"] if row["students"] else 0.0
                axes.barh(line, width, 0.66, left, color=fill, hatch=hatch, edgecolor="white", linewidth=0.6)
                left += width
            met = row["students_meeting"] / row["students"] if row["students"] else np.nan
            axes.text(1.015, line, number_text(met, 1, percent=True), va="center", fontsize=7.5)
        _percent_axis(
            page, axes, {"zh": "在校生占比（右侧：达到要求）", "en": "Share of students (right: meets the requirement)"}
        )
        _legend(
            axes, [(_SEGMENTS[n][0], _SEGMENTS[n][1], page.word(_SEGMENTS[n][2]).format(floor=floor)) for n in there]
        )
    worst = largest_row(shortfall, -shortfall["students_meeting"] / shortfall["students"])
    page.figure(
        figure,
        caption_zh="多少学生就读于达到要求的学校",
        caption_en="How many students go to a school that meets the requirement",
        alt_zh="堆叠条形图：{n} 项要求中，{full} 项全部学生在达到要求的学校就读；最低的是{worst}，为 {least:.1%}。",
        alt_en="Stacked bars: for {full} of {n} requirements all students go to a school that meets it; the lowest "
        "is {worst} at {least:.1%}.",
        n=len(shortfall),
        full=int((shortfall["students_meeting"] == shortfall["students"]).sum()),
        worst=in_words(page, worst["stage"], worst["indicator"], standard),
        least=worst["students_meeting"] / worst["students"],
    )


def missing_dots(page: Page, shortfall: pd.DataFrame, standard: Standard) -> None:
    """
    Show what is missing, in real units, and as a share of what the requirement asks for.

    Parameters are those of :func:`adequacy_bars`; nothing is shown where nothing is missing.
    """
    table = shortfall[shortfall["average_shortfall"] > 0]
    if table.empty:
        return
    widest = float(table["average_shortfall"].max())
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(table, standard), standard, top=0.12)
        for row in table.to_dict("records"):
            line, value = lines[row["stage"], row["indicator"]], row["average_shortfall"]
            axes.plot([0, value], [line, line], color=theme.STATUS["failed"].fill, linewidth=3.2, solid_capstyle="butt")
            text = number_text(value, 1, percent=True)
            if not np.isnan(row["amount_missing"]):
                amount = amount_words(page, row["amount_missing"], row["indicator"], standard)
                text = page.word({"zh": f"{amount}（{text}）", "en": f"{amount} ({text})"})
            axes.text(value + widest * 0.015, line, text, va="center", fontsize=7.5)
        axes.set_xlim(0, widest * 1.42)
        axes.set_xlabel(
            page.word({"zh": "缺口占要求总量的比例", "en": "Missing, as a share of what is required in all"})
        )
        axes.xaxis.set_major_formatter(lambda value, _: number_text(round(float(value), 6), percent=True))
    largest = largest_row(table, table["average_shortfall"])
    page.figure(
        figure,
        caption_zh="达到要求还缺多少",
        caption_en="What is missing to meet the requirement",
        alt_zh="条形图：{n} 项有缺口，最大的是{name}，缺要求总量的 {share:.1%}。",
        alt_en="Bars: {n} requirements with something missing; the largest gap is {name}, {share:.1%} of what is "
        "required.",
        n=len(table),
        name=in_words(page, largest["stage"], largest["indicator"], standard),
        share=largest["average_shortfall"],
    )


def group_ratios(page: Page, pairs: pd.DataFrame, standard: Standard) -> None:
    """
    Show every group's mean as a multiple of the reference group's.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    pairs : DataFrame
        From :func:`balancelab.equity.compare_groups`, one area and year. Each stage's reference is the group that is
        most often one (urban, where there is one); nothing is shown where there is none.
    standard : Standard
        Gives stages and names.
    """
    usable = pairs[np.isfinite(pairs["ratio"].to_numpy(float)) & (pairs["ratio"] > 0)]
    if usable.empty:
        return
    by, reference = str(usable["by"].iloc[0]), reference_group(usable)
    table = usable[usable["reference"] == reference]
    groups = groups_in_order(by, list(table["group"]))
    order = groups_in_order(by, [*groups, reference])
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(table, standard), standard)
        axes.axvline(1.0, color=theme.INK, linewidth=1.0, zorder=1)
        axes.set_xscale("log")
        for group in groups:
            place = order.index(group) % 5
            rows = table[table["group"] == group]
            heights = [lines[pair] for pair in zip(rows["stage"], rows["indicator"], strict=True)]
            axes.plot(
                rows["ratio"],
                heights,
                linestyle="",
                marker=theme.CATEGORY_MARKERS[place],
                color=theme.CATEGORY_COLORS[place],
                markeredgecolor="white",
                markeredgewidth=0.5,
                markersize=6.5,
                label=page.word(group_words(by, group, {})),
                zorder=3,
            )
        for line in lines.values():
            axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)
        _ratio_axis(axes, table["ratio"].to_numpy(float))
        base = page.word(group_words(by, reference, {}))
        axes.set_xlabel(page.word({"zh": f"与{base}之比（{base}＝1）", "en": f"Mean relative to {base.lower()} (= 1)"}))
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(groups), borderaxespad=0.2)
    lowest = largest_row(table, -table["ratio"])
    page.figure(
        figure,
        caption_zh="各类学校的均值是{base}的多少倍（竖线为{base}）",
        caption_en="Mean of each group as a multiple of the mean of {base_en} schools (the line)",
        alt_zh="点图：{n} 个比值中 {below} 个低于 1；最低的是{group}的{name}，为{base}的 {ratio:.2f} 倍。",
        alt_en="Dot chart: {below} of {n} ratios lie below 1; the lowest is {name}, {group}, at {ratio:.2f} of "
        "{base_en}.",
        base=base,
        base_en=base.lower(),
        n=len(table),
        below=int((table["ratio"] < 1).sum()),
        group=page.word(group_words(by, lowest["group"], {})),
        name=in_words(page, lowest["stage"], lowest["indicator"], standard),
        ratio=lowest["ratio"],
    )


def inequality_shares(page: Page, split: pd.DataFrame, standard: Standard, names: Mapping[str, str]) -> None:
    """
    Show which part of the inequality lies between groups and which inside each.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    split : DataFrame
        From :func:`balancelab.equity.decompose_groups` with Theil T, one area and year; nothing is shown where it is
        empty. With more than four groups the inside of all of them is one piece.
    standard : Standard
        Gives stages, names and terms.
    names : mapping
        County code → name.
    """
    if split.empty:
        return
    by = split["by"].iloc[0]
    groups = groups_in_order(by, list(split["group"]))
    segments = groups if len(groups) <= 4 else []
    between = between_shares(split)
    shares = dict(zip(between.index, between, strict=True))
    within = split[split["part"] == "within"].set_index(["stage", "indicator", "group"])["share"]
    term = page.word(term_words(standard, by))
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(split, standard), standard, right=0.6)
        for (stage, name), line in lines.items():
            left = shares[stage, name]
            axes.barh(line, left, 0.66, 0.0, color=theme.ACCENT, edgecolor="white", linewidth=0.6)
            axes.text(1.015, line, number_text(left, 1, percent=True), va="center", fontsize=7.5)
            for rank, group in enumerate(segments):
                width = float(within.get((stage, name, group), 0.0))
                axes.barh(line, width, 0.66, left, color=_INSIDE[rank], edgecolor="white", linewidth=0.6)
                left += width
            if not segments and left < 1:
                axes.barh(line, 1 - left, 0.66, left, color=_INSIDE[0], edgecolor="white", linewidth=0.6)
        _percent_axis(
            page,
            axes,
            {
                "zh": "占总差异（泰尔指数 T）的比重（右侧数字：深色部分）",
                "en": "Share of inequality, Theil T (number: dark part)",
            },
        )
        entries = [(theme.ACCENT, "", page.word(between_words(standard, by)))]
        for rank, group in enumerate(segments):
            word = page.word(group_words(by, group, names))
            entries.append((_INSIDE[rank], "", page.word({"zh": f"{word}内部", "en": f"Within {word.lower()}"})))
        if not segments:
            entries.append((_INSIDE[0], "", page.word({"zh": f"同一{term}内部", "en": f"Within one {term}"})))
        _legend(axes, entries)
    page.figure(
        figure,
        caption_zh="校际差异有多少来自{term}之间",
        caption_en="How much of the inequality among schools lies between groups, by {term}",
        alt_zh="堆叠条形图：{n} 项中，{term}之间的差异占比最大的是{name}，为 {share:.1%}。",
        alt_en="Stacked bars, {n} lines, by {term}: the between share is largest for {name}, {share:.1%}.",
        n=len(lines),
        term=term,
        name=in_words(page, *largest_cell(between), standard),
        share=float(between.max()),
    )


def nested_bars(page: Page, nested: pd.DataFrame, standard: Standard) -> None:
    """
    Show how inequality in the whole table splits into between counties, between groups in a county, between schools.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    nested : DataFrame
        From :func:`balancelab.equity.nested_shares`, one year; nothing is shown where it is empty.
    standard : Standard
        Gives stages, names and terms.
    """
    if nested.empty:
        return
    levels = [name for name in _LEVEL_COLORS if (nested["level"] == name).any()]
    shares = nested.set_index(["stage", "indicator", "level"])["share"]
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(nested, standard), standard, right=0.6)
        for (stage, name), line in lines.items():
            left = 0.0
            for level in levels:
                width = float(shares.get((stage, name, level), 0.0))
                axes.barh(line, width, 0.66, left, color=_LEVEL_COLORS[level], edgecolor="white", linewidth=0.6)
                left += width
            first = float(shares.get((stage, name, levels[0]), 0.0))
            axes.text(1.015, line, number_text(first, 1, percent=True), va="center", fontsize=7.5)
        _percent_axis(
            page,
            axes,
            {
                "zh": "占总差异（泰尔指数 T）的比重（右侧数字：深色部分）",
                "en": "Share of inequality, Theil T (number: dark part)",
            },
        )
        _legend(axes, [(_LEVEL_COLORS[level], "", page.word(between_words(standard, level))) for level in levels])
    top = nested[nested["level"] == levels[0]]
    largest = largest_row(top, top["share"])
    page.figure(
        figure,
        caption_zh="差异在哪一层：{county}之间，还是{county}之内",
        caption_en="At which level schools differ: between or within each {county}",
        alt_zh="堆叠条形图：{county}之间的占比最大的是{name}，为 {share:.1%}。",
        alt_en="Stacked bars: the share between the units ({county}) is largest for {name}, {share:.1%}.",
        county=page.word(standard.term("county")),
        name=in_words(page, largest["stage"], largest["indicator"], standard),
        share=largest["share"],
    )


_INSIDE = ("#A9CBE3", "#F0D6AC", "#BFDDD8", "#DCC3D6")


def _percent_axis(page: Page, axes: Axes, label: Text) -> None:
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.set_xlabel(page.word(label))


def _ratio_axis(axes: Axes, ratios: np.ndarray) -> None:
    low, high = min(0.9, float(ratios.min()) * 0.95), max(1.11, float(ratios.max()) * 1.05)
    axes.set_xlim(low, high)
    ticks = [tick for tick in _RATIO_TICKS if low <= tick <= high]
    while len(ticks) > 8:
        ticks = [tick for tick in ticks if tick == 1 or ticks.index(tick) % 2 == ticks.index(1) % 2]
    axes.set_xticks(ticks, [number_text(tick) for tick in ticks])
    axes.minorticks_off()


def _legend(axes: Axes, entries: list[tuple[str, str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=fill, hatch=hatch, edgecolor="white", label=label) for fill, hatch, label in entries]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        borderaxespad=0.2,
        handlelength=1.3,
        columnspacing=1.2,
    )
