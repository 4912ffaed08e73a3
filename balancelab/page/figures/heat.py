"""Heat tables: school × indicator, county × indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.labels import add_labels, name_rows
from balancelab.page.naming import MOST_ROWS, indicator_words, name_cut, stages_present, state_of
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    from balancelab.page import Page
    from balancelab.standards import Standard


_SHADES = 60  # steps of colour from 40 to 160 %: two percent each, more than an eye tells apart


def school_heat(page: Page, verdicts: pd.DataFrame, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show school × indicator as a share of the requirement, the weakest schools first; one figure for each stage.

    Parameters are those of :func:`school_strip`; nothing in a public edition.
    """
    if page.public:
        return
    for stage in stages_present(verdicts, standard):
        here = verdicts[verdicts["stage"] == stage]
        ids = [indicator.id for indicator in standard.indicators if (here["indicator"] == indicator.id).any()]
        ratios = (here["value"] / here["limit"]).to_numpy(float)
        table = here.assign(ratio=ratios).pivot(index="school_code", columns="indicator", values="ratio")[ids]
        unmet = here.assign(unmet=here["met"].eq(False).fillna(False)).groupby("school_code")["unmet"].sum()
        order = table.assign(unmet=unmet, worst=table.min(axis=1)).sort_values(
            ["unmet", "worst"], ascending=[False, True]
        )
        shown = order.index[:MOST_ROWS]
        names = schools[schools["stage"] == stage].set_index("school_code")["school"]
        marks = _signs(here, "school_code")
        figure = _heat(
            page,
            table.loc[shown].to_numpy(float),
            marks.loc[shown, ids].to_numpy(str),
            [name_cut(names[code]) for code in shown],
            [page.word(indicator_words(standard, name)) for name in ids],
            percent=True,
        )
        page.figure(
            figure,
            caption_zh="{stage}各校各项指标占要求的百分比"
            "（按未达标项数排列，显示 {shown} 所，共 {all} 所；× 为未达标）",
            caption_en="{stage}: each school's values as a share of the requirement (by number of "
            "unmet items; {shown} of "
            "{all} schools shown; × = not met)",
            alt_zh="热力表：{stage} {shown} 所学校，{below} 处低于要求，最低为要求的 {lowest:.0%}。",
            alt_en="Heat table of {shown} schools, {stage}: {below} values below the requirement, "
            "the lowest at {lowest:.0%} "
            "of it.",
            stage=page.word(standard.stages[stage]),
            shown=len(shown),
            all=len(table),
            below=int(unmet.sum()),
            lowest=float(table.min().min()),
        )


def county_heat(page: Page, counties: pd.DataFrame, names: pd.Series, standard: Standard) -> None:
    """
    Show county × indicator coefficients of variation as a share of the limit, one figure for each stage.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    counties : DataFrame
        From :func:`balancelab.verdicts.judge_counties`.
    names : Series
        County name by county code.
    standard : Standard
        Gives stages, names and decimals.
    """
    for stage in stages_present(counties, standard):
        here = counties[(counties["stage"] == stage) & counties["limit"].notna()]
        ids = [name for name in [*(i.id for i in standard.indicators), COMPOSITE] if (here["indicator"] == name).any()]
        if not ids:
            continue
        ratio = here.assign(ratio=here["value"] / here["limit"]).pivot(
            index="county_code", columns="indicator", values="ratio"
        )
        marks = _signs(here, "county_code")
        values = here.pivot(index="county_code", columns="indicator", values="value")
        shown = ratio[ids].max(axis=1).sort_values(ascending=False).index[:MOST_ROWS]
        figure = _heat(
            page,
            2 - ratio.loc[shown, ids].to_numpy(float),  # above the limit is bad here, below the requirement there
            marks.loc[shown, ids].to_numpy(str),
            [name_cut(names[code]) for code in shown],
            [page.word(indicator_words(standard, name)) for name in ids],
            labels=values.loc[shown, ids].to_numpy(float),
            decimals=standard.display.cv_decimals,
        )
        page.figure(
            figure,
            caption_zh="{stage}差异系数（显示 {shown} 个，共 {all} 个；限值 {limit}；× 高于限值，◐ 不能判定）",
            caption_en="{stage}: coefficients of variation ({shown} of {all} shown; limit {limit}; "
            "× = above it, ◐ = not decided)",
            alt_zh="热力表：{all} 个地区的差异系数，{above} 处高于限值。",
            alt_en="Heat table of coefficients of variation in {all} places; {above} lie above the limit.",
            stage=page.word(standard.stages[stage]),
            shown=len(shown),
            all=len(ratio),
            limit=number_text(float(here["limit"].iloc[0]), 2),
            above=int((here["value"] > here["limit"]).sum()),
        )


def _heat(
    page: Page,
    ratios: np.ndarray,
    marks: np.ndarray,
    rows: list[str],
    columns: list[str],
    *,
    labels: np.ndarray | None = None,
    decimals: int = 0,
    percent: bool = False,
) -> Figure:
    shown = ratios if labels is None else labels
    with theme.style():
        height = 0.75 + 0.215 * len(rows)
        figure = theme.new_figure(theme.FULL_WIDTH, height, left=1.95, bottom=0.1, top=0.6)
        axes = figure.subplots()
        _cells(axes, ratios)
        cells = list(np.ndenumerate(shown))
        add_labels(
            axes,
            [(column + 0.5, line + 0.5) for (line, column), _ in cells],
            [
                ("" if np.isnan(value) else str(marks[place])) + _cell_text(value, decimals, percent=percent)
                for place, value in cells
            ],
            size=7,
            color=["white" if dark else theme.INK for dark in (np.nan_to_num(ratios, nan=1.0) < 0.58).ravel()],
        )
        axes.set_ylim(len(rows), 0)
        axes.xaxis.set_ticks([])
        heads = [(column + 0.5, 1.0) for column in range(len(columns))]
        names = [_on_two_lines(name) for name in columns]
        above = axes.get_xaxis_transform()
        add_labels(axes, heads, names, transform=above, size=7.5, rise="bottom", shift=(0.0, 2.0))
        name_rows(axes, np.arange(len(rows)) + 0.5, rows, size=7.5)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def _cells(axes: Axes, ratios: np.ndarray) -> None:
    """Colour each cell by its share, alike ones drawn as one; a cell without a share stays white."""
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    steps = np.round((np.clip(ratios, 0.4, 1.6) - 0.4) / 1.2 * _SHADES)
    there = ~np.isnan(steps)
    found = np.unique(steps[there])
    paths = [
        Path.make_compound_path(
            *(
                Path([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)], closed=True)
                for y, x in np.argwhere(steps == step)
            )
        )
        for step in found
    ]
    colors = _below_stands_out()(found / _SHADES)
    axes.set_xlim(0, ratios.shape[1])
    axes.add_collection(PathCollection(paths, facecolors=colors, edgecolors="white", linewidths=0.8), autolim=False)


def _signs(verdicts: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the sign before each number: nothing where met, a cross where not, a half disc where it is not decided."""
    signs = {"met": "", "failed": "×", "undetermined": "◐"}
    table = verdicts.assign(sign=[signs[state_of(met)] for met in verdicts["met"]])
    return table.pivot(index=key, columns="indicator", values="sign")


def _cell_text(value: float, decimals: int, *, percent: bool) -> str:
    """Write a share with a decimal more where rounding would make 100 % of what falls just short."""
    near = percent and value < 1 and round(value, 2 + decimals) >= 1
    return number_text(value, decimals + (2 if near else 0), percent=percent)


def _below_stands_out() -> LinearSegmentedColormap:
    from matplotlib.colors import LinearSegmentedColormap

    stops = [(0.0, "#A8321A"), (0.3, "#DE8A6F"), (0.4999, "#FBE7DF"), (0.5, "#F4F8FB"), (1.0, "#A9CBE3")]
    return LinearSegmentedColormap.from_list("balancelab_below", stops)


def _on_two_lines(name: str) -> str:
    """Break a heading at the space nearest to its middle; Chinese names have none and stay whole."""
    places = [place for place, letter in enumerate(name) if letter == " "]
    if len(name) < 10 or not places:
        return name
    middle = min(places, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}\n{name[middle + 1 :]}"
