"""Each school's values beside the requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.disclosure.schools import group_levels
from balancelab.page.display import number_text
from balancelab.page.labels import add_key, mark_across, name_rows
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
            floor = float(standard.school_rule.floor_share)
            axes.axvline(floor, color=theme.LIMIT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        heads: list[float] = []
        lines: list[float] = []
        line, current = -1.0, ""
        for stage, _ in pairs:
            if stage != current:
                current, line = stage, line + 1
                heads.append(line)
            line += 1
            lines.append(line)
        axes.set_ylim(line + 0.6, -0.6)
        axes.set_xlim(0, _RATIO_CAP * 1.03)
        axes.spines["left"].set_visible(False)
        stages = [page.word(standard.stages[stage]) for stage in dict.fromkeys(stage for stage, _ in pairs)]
        name_rows(axes, heads, stages, size=8.5, bold=True)
        name_rows(axes, lines, [page.word(indicator.short) for _, indicator in pairs])
        title = page.word({"zh": "达到要求的百分比", "en": "Value as a share of the requirement"})
        mark_across(axes, [0, 0.5, 1, 1.5, 2, 2.5, 3], ["0", "50%", "100%", "150%", "200%", "250%", "≥300%"], title)
        _rules(axes, lines)
        rows = {(stage, each.id): line for (stage, each), line in zip(pairs, lines, strict=True)}
        (_levels if page.public else _schools)(page, axes, places, rows)
    below = verdicts[verdicts["met"].eq(False).fillna(False)]
    page.figure(
        figure,
        caption_zh="各校指标值占要求的百分比（实线：要求{floor}；{marks}）",
        caption_en="Each school's value as a share of the requirement (solid line: the requirement{floor}; {marks})",
        alt_zh="点带图：{schools} 个学校学段在各项指标上占要求的百分比；共 {below} 处低于要求。",
        alt_en="Strip chart of {schools} school stages as a share of each requirement; {below} values "
        "lie below the requirement.",
        floor=_floor_words(page, standard),
        marks=page.word(_MARKS[page.public]),
        schools=len(verdicts[["school_code", "stage"]].drop_duplicates()),
        below=len(below),
    )


def _floor_words(page: Page, standard: Standard) -> str:
    if standard.school_rule is None:
        return ""
    floor = number_text(standard.school_rule.floor_share, 0, percent=True)
    return page.word({"zh": f"；虚线：要求的 {floor}", "en": f"; dashed: {floor} of it"})


def _with_location(verdicts: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    if "location" not in schools:
        return verdicts.assign(location="")
    keys = ["school_code", "stage"]
    return verdicts.merge(schools[[*keys, "location"]], on=keys, how="left").fillna({"location": ""})


def _rules(axes: Axes, lines: list[float]) -> None:
    """Draw a faint line under each row."""
    from matplotlib.collections import LineCollection

    rules = LineCollection([((0.0, line), (1.0, line)) for line in lines], colors=theme.FAINT, linewidths=0.8, zorder=0)
    rules.set_transform(axes.get_yaxis_transform())
    axes.add_collection(rules, autolim=False)


def _schools(page: Page, axes: Axes, places: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """Draw a mark for each school, and explain the marks."""
    ratios = np.minimum((places["value"] / places["limit"]).to_numpy(float), _RATIO_CAP)
    keys = zip(places["stage"], places["indicator"], strict=True)
    heights = np.array([lines.get(key, np.nan) for key in keys])
    for line in lines.values():
        here = np.flatnonzero(heights == line)
        order = np.argsort(np.argsort(ratios[here], kind="stable"), kind="stable")
        heights[here] += (order % 5 - 2) * 0.09  # neighbours stand on five heights, so that equal values stay visible
    key: list[tuple[str, str, str]] = []
    for rank, name in enumerate(LOCATIONS):
        here = np.flatnonzero((places["location"] == name).to_numpy())
        if not len(here):
            continue
        marker, color = theme.CATEGORY_MARKERS[rank], theme.CATEGORY_COLORS[rank]
        axes.plot(
            ratios[here],
            heights[here],
            linestyle="",
            marker=marker,
            markersize=3.8,
            markerfacecolor=color,
            markeredgecolor="white",
            markeredgewidth=0.4,
            zorder=3,
        )
        if name:
            key.append((marker, color, page.word(LOCATIONS[name])))
    add_key(axes, key)


def _levels(page: Page, axes: Axes, places: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """Draw means of groups of schools instead of the schools."""
    for (stage, indicator), line in lines.items():
        part = places[(places["stage"] == stage) & (places["indicator"] == indicator)]
        levels = np.minimum(group_levels((part["value"] / part["limit"]).to_numpy(float)), _RATIO_CAP)
        height = np.full(len(levels), line)
        axes.plot(levels, height, color=theme.ACCENT, marker="o", markersize=5, linewidth=1.3, zorder=3)
