"""Where one school stands among those of its county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.naming import indicator_words, stages_present, state_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_CAP = 3.0  # what lies further out is drawn at the edge
_ROW = 0.29  # inches for one line of the chart


def place_figure(
    page: Page, verdicts: pd.DataFrame, ranked: pd.DataFrame, school_code: str, standard: Standard
) -> None:
    """
    Show where the school stands among the county's schools, as a share of each requirement.

    Parameters
    ----------
    page : Page
    verdicts : DataFrame
        From ``judge_schools``, one county and year; nothing is drawn without requirements.
    ranked : DataFrame
        From :func:`balancelab.page.levels.school.rank_values`.
    school_code : str
        The school to mark.
    standard : Standard
    """
    rows = ranked[ranked["limit"].notna()]
    if rows.empty:
        return
    stages = stages_present(rows, standard)
    with theme.style():
        height = 1.15 + _ROW * (len(rows) + len(stages))
        figure = theme.new_figure(theme.FULL_WIDTH, height, left=1.75, bottom=0.55, top=0.42)
        axes = figure.subplots()
        axes.axvline(1.0, color=theme.LIMIT, linewidth=1.1, zorder=1)
        if standard.school_rule:
            floor = float(standard.school_rule.floor_share)
            axes.axvline(floor, color=theme.LIMIT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        ticks, line = [], -1.0
        for stage in stages:
            line += 1
            words = page.word(standard.stages[stage])
            axes.text(
                -0.01, line, words, transform=axes.get_yaxis_transform(), ha="right", va="center", fontweight="bold"
            )
            for name in rows.loc[rows["stage"] == stage, "indicator"]:
                line += 1
                part = verdicts[(verdicts["stage"] == stage) & (verdicts["indicator"] == name)]
                _draw_row(axes, part, school_code, line)
                ticks.append((line, page.word(indicator_words(standard, name))))
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(line + 0.6, -0.6)
        axes.set_xlim(0, _CAP * 1.03)
        axes.set_xticks([0, 0.5, 1, 1.5, 2, 2.5, 3], ["0", "50%", "100%", "150%", "200%", "250%", "≥300%"])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(page.word({"zh": "达到要求的百分比", "en": "Value as a share of the requirement"}))
    page.figure(
        figure,
        caption_zh="本校在全县学校中的位置（实线：要求{floor}；圆点：本校达标，叉：本校未达标；浅色点：县内其他学校）",
        caption_en="The school among those of its county (solid line: the requirement{floor}; dot: the school, met; "
        "cross: the school, not met; pale dots: the others)",
        floor=page.word({"zh": "；虚线：下限", "en": "; dashed: the floor"}) if standard.school_rule else "",
        alt_zh="散点带图：本校 {n} 项指标在全县学校中的位置，其中 {below} 项低于要求。",
        alt_en="Strip chart: the school's place in {n} indicators among those of its county; {below} lie below the "
        "requirement.",
        n=len(rows),
        below=int(rows["met"].eq(False).fillna(False).sum()),
    )


def _draw_row(axes: Axes, part: pd.DataFrame, school_code: str, line: float) -> None:
    ratios = np.minimum((part["value"] / part["limit"]).to_numpy(float), _CAP)
    mine = (part["school_code"] == school_code).to_numpy()
    order = np.argsort(np.argsort(ratios, kind="stable"), kind="stable")
    heights = line + (order % 5 - 2) * 0.07
    axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)
    axes.plot(ratios[~mine], heights[~mine], linestyle="", marker="o", markersize=3.2, color=theme.RULE, zorder=2)
    for row in np.flatnonzero(mine & np.isfinite(ratios)):
        look = theme.STATUS[state_of(part["met"].iloc[row])]
        axes.plot([ratios[row]], [line], marker=look.marker, markersize=8, color=look.color, zorder=4)
