"""Coefficients of variation before and after, beside their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.changes.wording import Names, editions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.changes import Comparison
    from balancelab.page import Page

_ROW = 0.235  # inches for one line of the chart


def coefficient_moves(page: Page, comparison: Comparison) -> None:
    """
    Show each coefficient's way from before to after, and its limit.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    comparison : Comparison
        What changed.
    """
    table = comparison.coefficients
    table = table[table["change"].notna()]
    if table.empty:
        return
    names = Names(page, comparison)
    stages = list(dict.fromkeys(table["stage"]))
    with theme.style():
        n_lines = len(table) + len(stages)
        figure = theme.new_figure(theme.FULL_WIDTH, 0.75 + _ROW * n_lines, left=1.75, bottom=0.5, top=0.1)
        axes = figure.subplots()
        widest = float(np.nanmax(table[["value_before", "value_after", "limit_after"]].to_numpy(float))) * 1.08 or 1.0
        line, ticks = 0.0, []
        for stage in stages:
            part = table[table["stage"] == stage]
            axes.text(
                -0.01,
                line,
                names.stage(stage),
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontweight="bold",
            )
            ticks += _rows(axes, part, names, line + 1)
            line += len(part) + 1
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(line - 0.4, -0.6)
        axes.set_xlim(0, widest)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(page.word({"zh": "差异系数", "en": "Coefficient of variation"}))
    before, after = editions(page, comparison)
    page.figure(
        figure,
        caption_zh="差异系数的变化：空心点为{before}，实心点为{after}（圆：达标；叉：未达标），竖线为限值",
        caption_en="Coefficients of variation: hollow for {before}, filled for {after} (dot: within the limit; cross: "
        "above it); the line is the limit",
        alt_zh="横向哑铃图：{n} 项差异系数由{before}到{after}的变化，{up} 项扩大，{down} 项缩小。",
        alt_en="Dumbbell chart of {n} coefficients from {before} to {after}: {up} grew, {down} shrank.",
        before=before,
        after=after,
        n=len(table),
        up=int((table["change"] > 0).sum()),
        down=int((table["change"] < 0).sum()),
    )


def _rows(axes: Axes, part: pd.DataFrame, names: Names, line: float) -> list[tuple[float, str]]:
    ticks: list[tuple[float, str]] = []
    for place, row in enumerate(part.to_dict("records"), start=int(line)):
        ticks.append((place, names.indicator(row["indicator"])))
        ends = [row["value_before"], row["value_after"]]
        axes.plot(ends, [place, place], color=theme.MUTED, linewidth=1.2, zorder=1)
        for side, value in zip(("before", "after"), ends, strict=True):
            state = theme.STATUS.get(row[f"state_{side}"], theme.STATUS["not_applicable"])
            marker = "o" if row[f"state_{side}"] not in ("failed",) else state.marker
            face = "white" if side == "before" else state.color
            axes.plot([value], [place], marker=marker, color=state.color, markerfacecolor=face, markersize=6, zorder=3)
        if not np.isnan(row["limit_after"]):
            axes.plot(
                [row["limit_after"]] * 2, [place - 0.42, place + 0.42], color=theme.LIMIT, linewidth=1.4, zorder=2
            )
    return ticks
