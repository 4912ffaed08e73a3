"""What the figures and tables of the equity report share: lines by stage and indicator, panels, names of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from balancelab.equity.area import WHOLE_TABLE
from balancelab.page import theme
from balancelab.page.columns import Column
from balancelab.page.display import number_text
from balancelab.page.naming import LOCATIONS, in_stage_order, indicator_words, words_or_nothing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

STAGE = Column("stage_name", zh="学段", en="Stage")
NAME = Column("name", zh="指标", en="Indicator")
UNIT = Column("unit", zh="单位", en="Unit")
ROW = 0.235  # inches for one line of a chart
PANELS_ACROSS = 4
NOT_GIVEN: Text = {"zh": "未注明", "en": "Not given"}

_TERMS: Mapping[str, Text] = {
    "location": {"zh": "城乡", "en": "location"},
    "ownership": {"zh": "举办者", "en": "ownership"},
    "township": {"zh": "乡镇（街道）", "en": "township"},
    "townships": {"zh": "乡镇（街道）", "en": "townships"},
    "school": {"zh": "学校", "en": "school"},
}
_BETWEEN: Mapping[str, Text] = {
    "location": {"zh": "城乡之间", "en": "Between urban, town and rural"},
    "ownership": {"zh": "不同举办者之间", "en": "Between kinds of ownership"},
    "school": {"zh": "学校之间", "en": "Between schools"},
}


@dataclass(frozen=True)
class StageLook:
    """How a stage's line looks where several stages stand in one panel."""

    color: str
    marker: str
    line: Literal["-", "--"]


def stage_looks(stages: Sequence[str]) -> dict[str, StageLook]:
    """Return colour, marker and line of each stage; beyond five the colours come again with dashes."""
    colors, markers = theme.CATEGORY_COLORS, theme.CATEGORY_MARKERS
    return {
        stage: StageLook(colors[rank % 5], markers[rank % 5], "-" if rank < 5 else "--")
        for rank, stage in enumerate(stages)
    }


def pairs_of(table: pd.DataFrame, standard: Standard) -> list[tuple[str, str]]:
    """Return the pairs of stage and indicator that a table holds, in the standard's order."""
    pairs = in_stage_order(table[["stage", "indicator"]].drop_duplicates(), standard)
    return list(zip(pairs["stage"], pairs["indicator"], strict=True))


def staged_axes(
    page: Page, pairs: Sequence[tuple[str, str]], standard: Standard, *, top: float = 0.42, right: float = 0.15
) -> tuple[Figure, Axes, dict[tuple[str, str], float]]:
    """
    Make a figure with one line for each stage and indicator under the stage's name; call it inside the theme's style.

    Returns
    -------
    figure, axes
    lines : dict
        Height of each pair.
    """
    n_lines = len(pairs) + len({stage for stage, _ in pairs})
    figure = theme.new_figure(theme.FULL_WIDTH, top + 0.55 + ROW * n_lines, left=1.75, right=right, bottom=0.5, top=top)
    axes = figure.subplots()
    lines: dict[tuple[str, str], float] = {}
    line, current = -1.0, ""
    for stage, name in pairs:
        if stage != current:
            current, line = stage, line + 1
            _stage_name(axes, page.word(standard.stages[stage]), line)
        line += 1
        lines[stage, name] = line
    axes.set_yticks(list(lines.values()), [page.word(indicator_words(standard, name)) for _, name in lines])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(line + 0.6, -0.6)
    axes.spines["left"].set_visible(False)
    return figure, axes, lines


def _stage_name(axes: Axes, name: str, line: float) -> None:
    axes.text(-0.01, line, name, transform=axes.get_yaxis_transform(), ha="right", va="center", fontweight="bold")


def panels(
    page: Page, names: Sequence[str], standard: Standard, *, height: float = 1.35, share_y: bool = True
) -> tuple[Figure, dict[str, Axes]]:
    """Make one small panel for each indicator, with shared years or shares; call it inside the theme's style."""
    across = min(PANELS_ACROSS, len(names))
    down = -(-len(names) // across)
    left, right = 0.55, 0.24
    width = left + right + across * (theme.FULL_WIDTH - left - right) / PANELS_ACROSS
    figure = theme.new_figure(width, 0.75 + down * (height + 0.3), left=left, bottom=0.5, top=0.55, right=right)
    grid = figure.subplots(
        down, across, sharex=True, sharey=share_y, squeeze=False, gridspec_kw={"wspace": 0.2, "hspace": 0.32}
    )
    found = {}
    for place, axes in enumerate(grid.flat):
        if place >= len(names):
            axes.set_visible(False)
            continue
        axes.set_title(page.word(indicator_words(standard, names[place])), fontsize=8.5, pad=4)
        axes.tick_params(labelbottom=place + across >= len(names), labelleft=place % across == 0 or not share_y)
        found[names[place]] = axes
    return figure, found


def stage_legend(page: Page, figure: Figure, stages: Sequence[str], standard: Standard, *, markers: bool) -> None:
    """Name the stages once, above the panels."""
    from matplotlib.lines import Line2D

    looks = stage_looks(stages)
    handles = [
        Line2D(
            [],
            [],
            color=looks[stage].color,
            linestyle=looks[stage].line,
            marker=looks[stage].marker if markers else "",
            label=page.word(standard.stages[stage]),
        )
        for stage in stages
    ]
    figure.legend(handles=handles, loc="upper right", ncols=min(len(handles), 6), borderaxespad=0.2)


def labelled(page: Page, table: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Return a table in the standard's order with the words of its stages and indicators and their units."""
    ordered = in_stage_order(table, standard)
    units = {indicator.id: indicator.unit for indicator in standard.indicators}
    return ordered.assign(
        stage_name=[page.word(standard.stages[stage]) for stage in ordered["stage"]],
        name=[page.word(indicator_words(standard, name)) for name in ordered["indicator"]],
        unit=[words_or_nothing(page, units[name]) for name in ordered["indicator"]],
    )


def in_words(page: Page, stage: str, name: str, standard: Standard) -> str:
    """Return a stage and an indicator as one phrase."""
    of_stage, what = page.word(standard.stages[stage]), page.word(indicator_words(standard, name))
    return page.word({"zh": f"{of_stage}{what}", "en": f"{_uncapitalised(what)} ({of_stage.lower()})"})


def largest_row(table: pd.DataFrame, figure: pd.Series) -> pd.Series:
    """Return the row of a table at which a figure (in the table's order) is largest; missing ones do not count."""
    return table.iloc[int(np.nanargmax(figure.to_numpy(float)))]


def largest_cell(figure: pd.Series) -> tuple[str, str]:
    """Return stage and indicator at which a figure, indexed by them, is largest."""
    stage, name = figure.index[int(np.nanargmax(figure.to_numpy(float)))]
    return str(stage), str(name)


def cell_of(row: pd.Series) -> tuple[str, str]:
    """Return stage and indicator of a row."""
    return str(row["stage"]), str(row["indicator"])


def between_shares(split: pd.DataFrame) -> pd.Series:
    """Return the share that lies between groups, by stage and indicator, from a decomposition."""
    return split[split["part"] == "between"].groupby(["stage", "indicator"])["share"].sum()


def reference_group(pairs: pd.DataFrame) -> str:
    """Return the group that others are compared with: urban where there is one, else the most frequent reference."""
    if (pairs["reference"] == "urban").any():
        return "urban"
    return str(pairs["reference"].mode().iloc[0])


def amount_words(page: Page, amount: float, name: str, standard: Standard) -> str:
    """Return an amount of an indicator's resource with its unit: 24 teachers, 23.4 m²."""
    indicator = next(each for each in standard.indicators if each.id == name)
    decimals = 0 if indicator.counted_in or amount >= 100 else 1
    return f"{number_text(amount, decimals)} {words_or_nothing(page, indicator.amount_unit)}".strip()


def listed(page: Page, parts: Sequence[str]) -> str:
    """Return phrases as one list."""
    return page.word({"zh": "、", "en": ", "}).join(parts)


def term_words(standard: Standard, column: str) -> Text:
    """Return what the groups of a column are called; a standard may say *ward* for a township."""
    if column in ("county_code", "member_code"):
        return standard.term("county")
    return standard.terms.get(column) or _TERMS[column]


def between_words(standard: Standard, column: str) -> Text:
    """Return the name of the part that lies between the groups of a column."""
    if column in _BETWEEN:
        return _BETWEEN[column]
    if column == "township":
        words = standard.terms.get("townships") or standard.terms.get("township") or _TERMS["townships"]
    else:
        words = standard.term("counties")
    return {"zh": f"{words['zh']}之间", "en": f"Between {words['en']}"}


def group_words(column: str, group: str, names: Mapping[str, str]) -> Text:
    """Return the name of a group: a location, an ownership, a county (by `names`), or its own text."""
    if group == "":
        return NOT_GIVEN
    if column == "location":
        return LOCATIONS.get(group, {"zh": group, "en": group})
    if column == "ownership":
        return _ownerships().get(group, {"zh": group, "en": group})
    name = names.get(group, group)
    return {"zh": name, "en": name}


def groups_in_order(column: str, groups: Sequence[str]) -> list[str]:
    """Return groups in the order in which they are shown; those without a name come last."""
    known = [name for name in LOCATIONS if name] if column == "location" else list(_ownerships())
    rank = {name: place for place, name in enumerate(known)}
    return sorted(set(groups), key=lambda group: (group == "", rank.get(group, len(rank)), group))


def area_words(names: Mapping[str, str], county_code: str, standard: Standard) -> Text:
    """Return the name of the area that a report is about."""
    if county_code == WHOLE_TABLE:
        region = standard.term("region")
        return {"zh": region["zh"], "en": f"The whole {region['en']}"}
    name = names.get(county_code, county_code)
    return {"zh": name, "en": name}


def _uncapitalised(words: str) -> str:
    """Return words as they stand inside a sentence; an abbreviation keeps its capitals."""
    return words if words[1:2].isupper() or not words[1:2].isalpha() else words[:1].lower() + words[1:]


def _ownerships() -> dict[str, Text]:
    from balancelab.intake.schema import load_schema

    return {
        name: {"zh": words["zh"], "en": words["en"]} for name, words in load_schema().field("ownership").values.items()
    }
