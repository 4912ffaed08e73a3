"""Each school's values beside the requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.disclosure.schools import group_levels
from balancelab.page.naming import LOCATIONS, stages_present

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.standards import Standard

_RATIO_CAP = 3.0
_MARKS = {
    False: {"zh": "每个点是一所学校的一个学段", "en": "each mark is one stage of one school"},
    True: {"zh": "每个点是一组学校的平均，由低到高", "en": "each mark is the mean of a group of schools, low to high"},
}


def school_strip(page: Page, verdicts: pd.DataFrame, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show each school's values as a share of the requirement, by location; in public, means of groups of schools.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    verdicts : DataFrame
        From :func:`balancelab.verdicts.judge_schools`, one county.
    schools : DataFrame
        The county's schools in scope, for their location.
    standard : Standard
        Gives stages, requirements and names.
    """
    if verdicts.empty:
        return
    places = _with_location(verdicts, schools)
    pairs = [
        (stage, indicator)
        for stage in stages_present(verdicts, standard)
        for indicator in standard.indicators
        if ((verdicts["stage"] == stage) & (verdicts["indicator"] == indicator.id)).any()
    ]
    with theme.style():
        headings = len({stage for stage, _ in pairs})
        figure = theme.new_figure(
            theme.FULL_WIDTH, 1.15 + 0.29 * (len(pairs) + headings), left=1.75, bottom=0.55, top=0.42
        )
        axes = figure.subplots()
        axes.axvline(1.0, color=theme.LIMIT, linewidth=1.1, zorder=1)
        if standard.school_rule:
            axes.axvline(
                float(standard.school_rule.floor_share),
                color=theme.LIMIT,
                linewidth=0.8,
                linestyle=(0, (3, 2)),
                zorder=1,
            )
        ticks, line, current = [], -1.0, ""
        for stage, indicator in pairs:
            if stage != current:
                current, line = stage, line + 1
                axes.text(
                    -0.01,
                    line,
                    page.word(standard.stages[stage]),
                    transform=axes.get_yaxis_transform(),
                    ha="right",
                    va="center",
                    fontweight="bold",
                )
            line += 1
            ticks.append((line, page.word(indicator.short)))
            part = places[(places["stage"] == stage) & (places["indicator"] == indicator.id)]
            (_levels_row if page.public else _strip_row)(axes, part, line)
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(line + 0.6, -0.6)
        axes.set_xlim(0, _RATIO_CAP * 1.03)
        axes.set_xticks([0, 0.5, 1, 1.5, 2, 2.5, 3], ["0", "50%", "100%", "150%", "200%", "250%", "≥300%"])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(page.word({"zh": "达到要求的百分比", "en": "Value as a share of the requirement"}))
        if not page.public:
            _location_legend(page, axes, places)
    below = verdicts[verdicts["met"].eq(False).fillna(False)]
    page.figure(
        figure,
        caption_zh="各校指标值占要求的百分比（实线：要求；虚线：要求的 85%；{marks_zh}）",
        caption_en="Each school's value as a share of the requirement (solid line: the requirement; "
        "dashed: 85 % of it; {marks_en})",
        alt_zh="点带图：{schools} 个学校学段在各项指标上占要求的百分比；共 {below} 处低于要求。",
        alt_en="Strip chart of {schools} school stages as a share of each requirement; {below} values "
        "lie below the requirement.",
        marks_zh=_MARKS[page.public]["zh"],
        marks_en=_MARKS[page.public]["en"],
        schools=len(verdicts[["school_code", "stage"]].drop_duplicates()),
        below=len(below),
    )


def _with_location(verdicts: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    if "location" not in schools:
        return verdicts.assign(location="")
    keys = ["school_code", "stage"]
    return verdicts.merge(schools[[*keys, "location"]], on=keys, how="left").fillna({"location": ""})


def _strip_row(axes: Axes, part: pd.DataFrame, line: float) -> None:
    ratios = np.minimum((part["value"] / part["limit"]).to_numpy(float), _RATIO_CAP)
    order = np.argsort(np.argsort(ratios, kind="stable"), kind="stable")
    heights = line + (order % 5 - 2) * 0.09  # neighbours stand on five heights, so that equal values stay visible
    for rank, name in enumerate(LOCATIONS):
        here = (part["location"] == name).to_numpy()
        axes.plot(
            ratios[here],
            heights[here],
            linestyle="",
            marker=theme.CATEGORY_MARKERS[rank],
            markersize=3.8,
            markerfacecolor=theme.CATEGORY_COLORS[rank],
            markeredgecolor="white",
            markeredgewidth=0.4,
            zorder=3,
        )
    axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)


def _levels_row(axes: Axes, part: pd.DataFrame, line: float) -> None:
    """Draw means of groups of schools instead of the schools."""
    levels = np.minimum(group_levels((part["value"] / part["limit"]).to_numpy(float)), _RATIO_CAP)
    axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)
    axes.plot(levels, np.full(len(levels), line), color=theme.ACCENT, marker="o", markersize=5, linewidth=1.3, zorder=3)


def _location_legend(page: Page, axes: Axes, places: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    there = [(rank, name) for rank, name in enumerate(LOCATIONS) if name and (places["location"] == name).any()]
    if not there:
        return
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=theme.CATEGORY_MARKERS[rank],
            color=theme.CATEGORY_COLORS[rank],
            markersize=5,
            label=page.word(LOCATIONS[name]),
        )
        for rank, name in there
    ]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(handles), borderaxespad=0.2)
