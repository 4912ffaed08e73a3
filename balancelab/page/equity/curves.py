"""Curves, one small panel for each indicator: Lorenz curves, and the spread over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import usable
from balancelab.measures import gini, lorenz_curve
from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.equity.layout import in_words, panels, stage_legend, stage_looks
from balancelab.page.naming import stages_present

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_LINE = 0.115  # of a panel's height, from one Gini coefficient to the next


def lorenz_curves(page: Page, indicators: pd.DataFrame, standard: Standard) -> None:
    """
    Show Lorenz curves, one panel for each indicator, one line for each stage; nothing in public, for every corner is
    a school.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`, one year.
    standard : Standard
        Gives stages, names and decimals.
    """
    if page.public:
        return
    there = usable(indicators)
    stages = stages_present(there, standard)
    names = [each.id for each in standard.indicators if (there["indicator"] == each.id).any()]
    if not names:
        return
    found: list[tuple[float, str, str]] = []
    with theme.style():
        figure, axes_of = panels(page, names, standard)
        for name, axes in axes_of.items():
            for stage, index in _lorenz_panel(axes, there[there["indicator"] == name], stages, standard).items():
                found.append((index, stage, name))
        stage_legend(page, figure, stages, standard, markers=False)
        figure.supxlabel(
            page.word(
                {"zh": "在校生累计占比（由资源最少的学校起）", "en": "Students, from the worst supplied school on"}
            ),
            fontsize=8.5,
            y=0.012,
        )
        figure.supylabel(page.word({"zh": "资源累计占比", "en": "Share of the resource"}), fontsize=8.5, x=0.005)
    if not found:
        return
    worst = max(found)
    page.figure(
        figure,
        caption_zh="洛伦兹曲线：离虚线（完全相等）越远越不均；数字为基尼系数",
        caption_en="Lorenz curves: the further from the dashed line of equality, the more unequal; numbers: Gini "
        "coefficients",
        alt_zh="{n} 条洛伦兹曲线；离完全相等最远的是{name}，基尼系数 {gini:.3f}。",
        alt_en="{n} Lorenz curves; the furthest from equality is {name}, Gini coefficient {gini:.3f}.",
        n=len(found),
        name=in_words(page, worst[1], worst[2], standard),
        gini=worst[0],
    )


def spread_trend(page: Page, spread: pd.DataFrame, standard: Standard) -> None:
    """
    Show the coefficient of variation of every year, one panel for each indicator, one line for each stage.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    spread : DataFrame
        From :func:`balancelab.equity.spread_over_years`, one area; nothing is shown where it is empty.
    standard : Standard
        Gives stages and names.
    """
    if spread.empty:
        return
    stages = stages_present(spread, standard)
    names = [each.id for each in standard.indicators if (spread["indicator"] == each.id).any()]
    from matplotlib.ticker import MaxNLocator

    looks, years = stage_looks(stages), sorted({int(year) for year in spread["year"]})
    with theme.style():
        figure, axes_of = panels(page, names, standard, height=1.15, share_y=False)
        for name, axes in axes_of.items():
            for stage in stages:
                rows = spread[(spread["indicator"] == name) & (spread["stage"] == stage)].sort_values("year")
                look = looks[stage]
                axes.plot(
                    rows["year"],
                    rows["weighted_cv"],
                    color=look.color,
                    linestyle=look.line,
                    marker=look.marker,
                    markersize=3.5,
                )
            here = spread.loc[spread["indicator"] == name, "weighted_cv"]
            axes.set_ylim(0, max(0.05, float(np.nanmax(here)) * 1.15))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_formatter(lambda value, _: number_text(round(float(value), 6)))
            axes.set_xlim(years[0] - 0.4, years[-1] + 0.4)
            ticks = [years[0], years[-1]] if len(years) < 4 else [years[0], years[len(years) // 2], years[-1]]
            axes.set_xticks(ticks, [str(year) for year in ticks])
            axes.grid(axis="y", color=theme.FAINT)
        stage_legend(page, figure, stages, standard, markers=True)
        figure.supylabel(page.word({"zh": "差异系数", "en": "Coefficient of variation"}), fontsize=8.5, x=0.005)
    ends = spread.sort_values("year").groupby(["stage", "indicator"])["weighted_cv"].agg(["first", "last"])
    page.figure(
        figure,
        caption_zh="校际差异系数的变化（{first}—{last} 学年；向下为差距缩小；各图自 0 起，刻度不同）",
        caption_en="Coefficient of variation over the years, {first} to {last} (downward: the gap narrows; every "
        "panel begins at 0, scales differ)",
        alt_zh="折线图：{n} 条，{down} 条末年低于首年。",
        alt_en="Line chart: of {n} lines {down} end lower than they began.",
        first=str(years[0]),
        last=str(years[-1]),
        n=len(ends),
        down=int((ends["last"] < ends["first"]).sum()),
    )


def _lorenz_panel(axes: Axes, rows: pd.DataFrame, stages: Sequence[str], standard: Standard) -> dict[str, float]:
    """Draw one indicator's curves; return the Gini coefficient of each stage that has two schools or more."""
    looks, found = stage_looks(stages), {}
    axes.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=0.7, linestyle=(0, (3, 2)))
    axes.set_aspect("equal")
    for rank, stage in enumerate(stages):
        here = rows[rows["stage"] == stage]
        if len(here) < 2 or not (here["value"] > 0).any() or (here["value"] < 0).any():
            continue
        curve = lorenz_curve(here["value"], here["weight"])
        found[stage] = gini(here["value"], here["weight"])
        look = looks[stage]
        axes.plot(curve["student_share"], curve["resource_share"], color=look.color, linestyle=look.line)
        text = number_text(found[stage], standard.display.cv_decimals)
        height = 0.96 - _LINE * rank
        axes.text(0.04, height, text, transform=axes.transAxes, va="top", fontsize=7.5, color=look.color)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"])
    axes.set_yticks([0, 0.5, 1], ["0", "50%", "100%"])
    return found
