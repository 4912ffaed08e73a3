"""Counties ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.labels import add_labels, mark_across, name_rows
from balancelab.page.naming import MOST_ROWS, name_cut, state_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_MOST_RATIO = 2.5  # what lies further out is drawn at the edge, with its number
_ROW = 0.235  # inches for one line of the chart


def county_ranking(page: Page, conclusions: pd.DataFrame, counties: pd.DataFrame, standard: Standard) -> None:
    """
    Rank counties: share of schools that qualify, and the largest coefficient of variation as a share of its limit.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    conclusions : DataFrame
        From :func:`balancelab.verdicts.conclude_counties`, with a column ``county``.
    counties : DataFrame
        From :func:`balancelab.verdicts.judge_counties`.
    standard : Standard
        Gives the words for a county.
    """
    judged = counties[counties["limit"].notna()]
    worst = (judged["value"] / judged["limit"]).groupby(judged["county_code"]).max()
    table = conclusions.assign(
        share=np.where(
            conclusions["n_schools"] > 0, conclusions["n_qualified"] / conclusions["n_schools"].clip(lower=1), np.nan
        ),
        worst=conclusions["county_code"].map(worst),
    ).sort_values(["share", "worst"], ascending=[True, False])
    shown = table.head(MOST_ROWS)
    with theme.style():
        figure = theme.new_figure(theme.FULL_WIDTH, 0.95 + _ROW * len(shown), left=1.35, bottom=0.5, top=0.35)
        left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.09})
        lines = np.arange(len(shown))
        top = min(_MOST_RATIO, max(1.3, float(np.nanmax(shown["worst"].to_numpy(float), initial=1.0)) * 1.2))
        left.set_xlim(0, 1.19)
        left.set_ylim(len(shown) - 0.4, -0.6)
        right.set_xlim(0, top * 1.12)
        right.axvline(1.0, color=theme.LIMIT, linewidth=1.1, zorder=1)
        left.set_title(page.word({"zh": "达标学校比例", "en": "Schools that qualify"}))
        right.set_title(page.word({"zh": "最大差异系数占限值", "en": "Largest CV as a share of its limit"}))
        ticks = [tick for tick in (0.0, 0.5, 1.0, 1.5, 2.0) if tick < top]
        mark_across(left, [0, 0.5, 1], ["0", "50%", "100%"])
        mark_across(right, ticks, [number_text(tick, 0, percent=True) for tick in ticks])
        for axes in (left, right):
            axes.spines["left"].set_visible(False)
        right.yaxis.set_ticks([])
        name_rows(left, lines.tolist(), [name_cut(name, 18) for name in shown["county"]])
        _rank_panel(left, shown["share"].to_numpy(float), lines, shown)
        _rank_panel(right, shown["worst"].to_numpy(float), lines, shown)
    page.figure(
        figure,
        caption_zh="各{county}达标学校比例与最大差异系数"
        "（由差到好；显示 {shown} 个，共 {all} 个；圆点：达标，叉：未达标，菱形：待定）",
        caption_en="Share of qualified schools and largest coefficient of variation (worst first; "
        "{shown} of {all} shown, "
        "one row per {county}; dot: met, cross: not met, diamond: undetermined)",
        alt_zh="双栏点图：{all} 个{county}中 {met} 个两项都达标。",
        alt_en="Two-panel dot chart: of {all} (one row per {county}), {met} meet both parts.",
        county=page.word(standard.term("county")),
        shown=len(shown),
        all=len(table),
        met=int(conclusions["met"].fillna(False).sum()),
    )


def _rank_panel(axes: Axes, values: np.ndarray, lines: np.ndarray, rows: pd.DataFrame) -> None:
    from matplotlib.collections import LineCollection

    there = ~np.isnan(values)
    values, lines = values[there], lines[there].astype(float)
    states = np.array([state_of(met) for met in rows["met"]])[there]
    ends = np.minimum(values, _MOST_RATIO)
    stems = [((0.0, line), (end, line)) for end, line in zip(ends, lines, strict=True)]
    axes.add_collection(LineCollection(stems, colors=theme.RULE, linewidths=1.0, zorder=1), autolim=False)
    for state in dict.fromkeys(states.tolist()):
        look, alike = theme.STATUS[state], states == state
        axes.plot(
            ends[alike], lines[alike], marker=look.marker, color=look.color, markersize=5.5, linestyle="", zorder=3
        )
    add_labels(
        axes, np.column_stack([ends, lines]), [number_text(value, 0, percent=True) for value in values],
        size=7.5, color=[theme.STATUS[state].color for state in states], align="left", shift=(6.0, 0.0), halo=0.8,
    )  # fmt: skip
