"""One mark among many: a county among the counties, a figure with and without one school."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import WHOLE_TABLE
from balancelab.page import theme
from balancelab.page.display import number_text
from balancelab.page.equity.layout import in_words, largest_cell, largest_row, pairs_of, staged_axes
from balancelab.page.naming import name_cut

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard


_STRIP_AXIS: Text = {"zh": "差异系数（越靠右越不均）", "en": "Coefficient of variation (further right: more unequal)"}
_STRIP_HEAD: dict[str, Text] = {
    "member": {"zh": "位次", "en": "Rank"},
    "whole": {"zh": "差异最大", "en": "Most unequal"},
}


def county_strip(
    page: Page, ranks: pd.DataFrame, standard: Standard, names: Mapping[str, str], *, county_code: str
) -> None:
    """
    Show where a county stands among all counties, or, for the whole table, which counties stand at the ends.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    ranks : DataFrame
        From :func:`balancelab.equity.rank_counties`, one year; nothing is shown where fewer than two are ranked.
    standard : Standard
        Gives stages, names and terms.
    names : mapping
        County code → name.
    county_code : str
        The county, ``""`` for the whole table.
    """
    table = ranks[ranks["n_ranked"] > 1]
    own = table[table["county_code"] == county_code]
    if table.empty or (county_code != WHOLE_TABLE and own.empty):
        return
    shown = table if county_code == WHOLE_TABLE else table.merge(own[["stage", "indicator"]], on=["stage", "indicator"])
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(shown, standard), standard, top=0.42, right=0.85)
        edge = _edge(shown, own)
        for (stage, name), line in lines.items():
            rows = shown[(shown["stage"] == stage) & (shown["indicator"] == name)]
            axes.axhline(line, color=theme.FAINT, linewidth=0.8, zorder=0)
            _ticks(axes, rows["value"].to_numpy(float), line, edge)
            mine = rows[rows["county_code"] == county_code]
            if len(mine):
                axes.plot(mine["value"], [line], "o", color=theme.ACCENT, markersize=6.5, zorder=3)
                text = f"{mine['rank'].iloc[0]} / {mine['n_ranked'].iloc[0]}"
            else:
                text = name_cut(names.get(largest_row(rows, rows["value"])["county_code"], ""), 14)
            axes.text(1.025, line, text, transform=axes.get_yaxis_transform(), va="center", fontsize=7.5)
        axes.set_xlim(0, edge * 1.03)
        axes.set_xlabel(page.word(_STRIP_AXIS))
        head, across = page.word(_STRIP_HEAD["member" if len(own) else "whole"]), axes.get_yaxis_transform()
        axes.text(1.025, -0.75, head, transform=across, va="bottom", fontsize=7.5, color=theme.MUTED)
    if county_code == WHOLE_TABLE:
        _whole_caption(page, figure, table, standard)
        return
    page.figure(
        figure,
        caption_zh="{name}在各{county}中的位置（圆点为{name}，竖线为其他{county}；右侧为位次，1 为最均；三角："
        "超出图幅）",
        caption_en="{name} among the {counties} of the table (dot: {name}; ticks: the others; right: rank, 1 is the "
        "most equal; triangle: beyond the axis)",
        alt_zh="带状图：{n} 项中，{better} 项处于较均的一半。",
        alt_en="Strip chart: in {better} of {n} lines the more equal half.",
        name=names.get(county_code, county_code),
        county=page.word(standard.term("county")),
        counties=page.word(standard.term("counties")),
        n=len(own),
        better=int((own["rank"] <= own["n_ranked"] / 2).sum()),
    )


def _edge(shown: pd.DataFrame, own: pd.DataFrame) -> float:
    """Return where the axis ends: a few counties far out must not squeeze all the others."""
    usual = float(np.quantile(shown["value"].to_numpy(float), 0.95)) * 1.25
    mine = float(own["value"].max()) * 1.1 if len(own) else 0.0
    return min(float(shown["value"].max()), max(usual, mine)) or 1.0


def _ticks(axes: Axes, values: np.ndarray, line: float, edge: float) -> None:
    """Draw one tick for each county, a triangle at the edge for those beyond it."""
    inside = values[values <= edge]
    axes.plot(inside, [line] * len(inside), "|", color="#8FA6B8", markersize=7, markeredgewidth=1.1)
    if len(inside) < len(values):
        axes.plot([edge * 1.015], [line], ">", color="#8FA6B8", markersize=4.5, clip_on=False)


def _whole_caption(page: Page, figure: object, table: pd.DataFrame, standard: Standard) -> None:
    ends = table.groupby(["stage", "indicator"])["value"].agg(["min", "max"])
    stage, name = largest_cell(ends["max"] - ends["min"])
    page.figure(
        figure,  # type: ignore[arg-type]
        caption_zh="各{county}的校际差异系数（每条竖线为一个{county}；右侧为差异最大者；三角：超出图幅）",
        caption_en="Coefficient of variation of each {county} (one tick for each; right: the most unequal; "
        "triangle: beyond the axis)",
        alt_zh="带状图：相差最大的是{name}，从 {low:.3f} 到 {high:.3f}。",
        alt_en="Strip chart, one tick for each {county}: they differ most in {name}, from {low:.3f} to {high:.3f}.",
        county=page.word(standard.term("county")),
        name=in_words(page, stage, name, standard),
        low=ends["min"].loc[(stage, name)],
        high=ends["max"].loc[(stage, name)],
    )


def school_arrows(page: Page, influence: pd.DataFrame, standard: Standard) -> None:
    """
    Show what each coefficient of variation would be without the one school that moves it most.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    influence : DataFrame
        From :func:`balancelab.equity.school_influence`, one county and year; nothing is shown where it is empty,
        where all schools are equal, or in public.
    standard : Standard
        Gives stages and names.
    """
    table = influence[(influence["rank"] == 1) & influence["without"].notna()]
    ends = table[["figure", "without"]].to_numpy(float)
    widest = float(ends.max(initial=0.0))
    if widest == 0 or page.public:  # nothing to leave out, or all schools are equal
        return
    with theme.style():
        figure, axes, lines = staged_axes(page, pairs_of(table, standard), standard, top=0.12)
        for row in table.to_dict("records"):
            line = lines[row["stage"], row["indicator"]]
            color = theme.STATUS["met" if row["without"] < row["figure"] else "failed"].color
            if abs(row["influence"]) > widest * 0.03:  # a shorter arrow would be all head
                axes.annotate(
                    "",
                    xy=(row["without"], line),
                    xytext=(row["figure"], line),
                    arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0},
                )
            axes.plot([row["figure"]], [line], "o", color=theme.INK, markersize=5, zorder=3)
            text = f"{name_cut(str(row['school']), 24)}  {_change(row['influence'])}"
            end = (max(row["figure"], row["without"]), line)
            axes.annotate(text, end, (7, 0), textcoords="offset points", va="center", fontsize=7.5)
        axes.set_xlim(0, widest * 1.75)
        ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= widest * 1.1]
        axes.set_xticks(ticks, [number_text(round(float(tick), 6)) for tick in ticks])
        axes.set_xlabel(page.word({"zh": "差异系数", "en": "Coefficient of variation"}))
    strongest = largest_row(table, table["influence"].abs())
    page.figure(
        figure,
        caption_zh="一所学校的影响：圆点为全部学校的差异系数，箭头指向去掉该校后的数值",
        caption_en="What one school does: dot, the coefficient of all schools; arrow, the figure without the school "
        "named",
        alt_zh="箭头图：影响最大的是{school}，去掉该校后{name}由 {all:.3f} 变为 {without:.3f}。",
        alt_en="Arrow chart: the strongest influence is {school}: {name} goes from {all:.3f} to {without:.3f} "
        "without it.",
        school=str(strongest["school"]),
        name=in_words(page, strongest["stage"], strongest["indicator"], standard),
        all=strongest["figure"],
        without=strongest["without"],
    )


def _change(influence: float) -> str:
    change = np.round(influence, 12)
    return ("+" if change > 0 else "") + number_text(float(change), 3)
