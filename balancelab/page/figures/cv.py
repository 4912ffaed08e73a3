"""Coefficients of variation beside their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.labels import add_labels, mark_across, name_rows
from balancelab.page.naming import indicator_words, stages_present, state_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_ROW = 0.235  # inches for one line of the chart
_SMALL = 7.5
_MOST_TICKS = 9
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
        From :func:`balancelab.verdicts.judge_counties`, one county; nothing is shown where it is empty.
    standard : Standard
        Gives stages, limits, names and decimals.
    """
    import pandas as pd

    if counties.empty:
        return
    with theme.style():
        stages = stages_present(counties, standard)
        parts = [(stage, counties[counties["stage"] == stage]) for stage in stages]
        n_lines = sum(len(part) + 1 for _, part in parts)
        figure = theme.new_figure(theme.FULL_WIDTH, 0.75 + _ROW * n_lines, left=1.75, bottom=0.5, top=0.1)
        axes = figure.subplots()
        widest = float(np.nanmax(counties[["value", "limit"]].to_numpy(float), initial=0.0)) * 1.16 or 1.0
        axes.set_ylim(n_lines - 0.4, -0.6)
        axes.set_xlim(0, widest)
        axes.spines["left"].set_visible(False)
        heads = np.cumsum([0, *(len(part) + 1 for _, part in parts)])
        for (_, part), head in zip(parts, heads[:-1], strict=True):
            _limit(axes, part, int(head) + 1)
        rows = pd.concat(
            [
                part.assign(line=head + 1 + np.arange(len(part)))
                for (_, part), head in zip(parts, heads[:-1], strict=True)
            ]
        )
        _values(page, axes, rows, standard, widest)
        name_rows(axes, heads[:-1], [page.word(standard.stages[stage]) for stage in stages], size=8.5, bold=True)
        name_rows(
            axes, rows["line"].tolist(), [page.word(indicator_words(standard, name)) for name in rows["indicator"]]
        )
        title = {"zh": "差异系数（按学生数加权）", "en": "Coefficient of variation (weighted by students)"}
        places, written = _scale(widest)
        mark_across(axes, places, written, page.word(title))
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


def _limit(axes: Axes, part: pd.DataFrame, line: int) -> None:
    """Draw the limit of a stage beside the rows that it is for."""
    limit = part["limit"].dropna()
    if limit.empty:
        return
    judged = line + np.flatnonzero(part["limit"].notna().to_numpy())
    place = float(limit.iloc[0])
    axes.plot([place] * 2, [judged[0] - 0.5, judged[-1] + 0.5], color=theme.LIMIT, linewidth=1.1)
    add_labels(axes, [(place, judged[0] - 0.95)], [number_text(place, 2)], color=theme.LIMIT, size=_SMALL)


def _values(page: Page, axes: Axes, rows: pd.DataFrame, standard: Standard, widest: float) -> None:
    """Draw each coefficient with its number, or say why there is none."""
    from matplotlib.collections import LineCollection

    unsaid = (rows["value"].isna() | (rows["n_schools"] == 1)).to_numpy()
    without, there = rows[unsaid], rows[~unsaid]
    words = [page.word(_ONE_SCHOOL if number == 1 else _UNDEFINED) for number in without["n_schools"]]
    places = [(widest * 0.01, line) for line in without["line"]]
    add_labels(axes, places, words, size=_SMALL, color=theme.MUTED, align="left")
    looks = [_look(met, limit) for met, limit in zip(there["met"], there["limit"], strict=True)]
    values, lines = there["value"].to_numpy(float), there["line"].to_numpy(float)
    stems = [((0.0, line), (value, line)) for value, line in zip(values, lines, strict=True)]
    axes.add_collection(LineCollection(stems, colors=theme.RULE, linewidths=1.0, zorder=1), autolim=False)
    for marker, color, face in dict.fromkeys(looks):
        alike = np.array([look == (marker, color, face) for look in looks])
        axes.plot(values[alike], lines[alike], linestyle="", marker=marker, color=color, markerfacecolor=face,
                  markersize=6, zorder=3)  # fmt: skip
    add_labels(
        axes, np.column_stack([values + widest * 0.02, lines]),
        [number_text(value, standard.display.cv_decimals) for value in values],
        size=_SMALL, color=[color for _, color, _ in looks], align="left", halo=0.8, zorder=2.5,
    )  # fmt: skip


def _look(met: object, limit: float) -> tuple[str, str, str]:
    """Return marker, colour and filling: hollow where there is no limit to keep."""
    if np.isnan(limit):
        return "o", theme.STATUS["not_applicable"].color, "white"
    state = theme.STATUS[state_of(met)]
    return state.marker, state.color, state.color


def _scale(widest: float) -> tuple[list[float], list[str]]:
    """Return round values from 0 on, nine steps at most, and how they are written."""
    magnitude = 10.0 ** np.floor(np.log10(widest))
    step = next(part * magnitude for part in (0.1, 0.2, 0.5, 1.0, 2.0) if widest / (part * magnitude) <= _MOST_TICKS)
    places = [number * step for number in range(int(widest / step) + 1)]
    return places, [number_text(place, max(1, -int(np.floor(np.log10(step))))) for place in places]
