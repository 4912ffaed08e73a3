"""Coefficients of variation beside their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.naming import indicator_words, stages_present, state_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_ROW = 0.235  # inches for one line of the chart
_ONE_SCHOOL = {"zh": "只有一所学校", "en": "one school only"}
_UNDEFINED = {"zh": "无法计算", "en": "cannot be computed"}


def cv_against_limits(page: Page, counties: pd.DataFrame, standard: Standard) -> None:
    """
    Show each indicator's coefficient of variation beside the limit.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    counties : DataFrame
        From :func:`balancelab.verdicts.judge_counties`, one county.
    standard : Standard
        Gives stages, limits, names and decimals.
    """
    with theme.style():
        stages = stages_present(counties, standard)
        rows = [(stage, counties[counties["stage"] == stage]) for stage in stages]
        n_lines = sum(len(part) + 1 for _, part in rows)
        figure = theme.new_figure(theme.FULL_WIDTH, 0.75 + _ROW * n_lines, left=1.75, bottom=0.5, top=0.1)
        axes = figure.subplots()
        ends = counties[["value", "limit"]].to_numpy(float)
        widest = float(np.nanmax(ends)) * 1.16 if np.isfinite(ends).any() else 1.0
        line, ticks = 0.0, []
        for stage, part in rows:
            axes.text(
                -0.01,
                line,
                page.word(standard.stages[stage]),
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontweight="bold",
            )
            ticks += _cv_rows(page, axes, part, standard, line + 1, widest)
            line += len(part) + 1
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(line - 0.4, -0.6)
        axes.set_xlim(0, widest)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(
            page.word({"zh": "差异系数（按学生数加权）", "en": "Coefficient of variation (weighted by students)"})
        )
    judged = counties[counties["limit"].notna()]
    page.figure(
        figure,
        caption_zh="各项指标校际差异系数与限值（圆点：不高于限值；叉：高于限值；竖线：限值）",
        caption_en="Coefficient of variation of each indicator and its limit (dot: within the limit; cross: above it; "
        "line: the limit)",
        alt_zh="横向点图：{n} 项差异系数逐项与限值比较，{above} 项高于限值。",
        alt_en="Dot chart comparing {n} coefficients of variation with their limits; {above} lie above.",
        n=len(judged),
        above=int((judged["value"] > judged["limit"]).sum()),
    )


def _cv_rows(
    page: Page, axes: Axes, part: pd.DataFrame, standard: Standard, line: float, widest: float
) -> list[tuple[float, str]]:
    ticks: list[tuple[float, str]] = []
    limit = part["limit"].dropna()
    if len(limit):
        judged = np.flatnonzero(part["limit"].notna().to_numpy())
        axes.plot(
            [limit.iloc[0]] * 2, [line + judged[0] - 0.5, line + judged[-1] + 0.5], color=theme.LIMIT, linewidth=1.1
        )
        axes.text(
            limit.iloc[0],
            line + judged[0] - 0.95,
            number_text(float(limit.iloc[0]), 2),
            color=theme.LIMIT,
            ha="center",
            va="center",
            fontsize=7.5,
        )
    for place, row in enumerate(part.to_dict("records"), start=int(line)):
        ticks.append((place, page.word(indicator_words(standard, row["indicator"]))))
        if np.isnan(row["value"]) or row["n_schools"] == 1:
            words = _ONE_SCHOOL if row["n_schools"] == 1 else _UNDEFINED
            axes.text(widest * 0.01, place, page.word(words), va="center", fontsize=7.5, color=theme.MUTED)
            continue
        state = theme.STATUS[state_of(row["met"]) if not np.isnan(row["limit"]) else "not_applicable"]
        marker = "o" if np.isnan(row["limit"]) else state.marker
        face = "white" if np.isnan(row["limit"]) else state.color
        axes.plot([0, row["value"]], [place, place], color=theme.RULE, linewidth=1.0, zorder=1)
        axes.plot(
            [row["value"]], [place], marker=marker, color=state.color, markerfacecolor=face, markersize=6, zorder=3
        )
        axes.text(
            row["value"] + widest * 0.02,
            place,
            number_text(row["value"], standard.display.cv_decimals),
            va="center",
            fontsize=7.5,
            color=state.color,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=2,
        )
    return ticks
