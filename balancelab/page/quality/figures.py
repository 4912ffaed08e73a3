"""Figures of the regression report: the line and its outliers, the ladder, and what happens when a choice changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.naming import name_cut
from balancelab.page.quality.choices import specification_dots
from balancelab.page.quality.wording import block_name, errors_name, outcome_name, rung_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from balancelab.page import Page
    from balancelab.page.quality.ladder import Ladder, Rung
    from balancelab.page.quality.variables import Block

__all__ = ["coefficient_plot", "partial_residuals", "quantile_process", "scatter", "specification_dots"]

_NAMED = 6  # names of schools that a scatter can bear
_ACROSS = 3
_VECTOR = 500  # more points than this are drawn as a picture: outlines of thousands of dots make a page heavy


def scatter(page: Page, ladder: Ladder) -> None:
    """
    Show every school's outcome against the first resource, the stages' fitted lines, and the largest residuals' names.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    ladder : Ladder
        Its first rung gives the lines (the other resources at their mean); nothing is shown without it, or in public.
    """
    study, fitted = ladder.study, ladder.rungs["association"].fit
    if fitted is None or page.public:
        return
    (column,) = study.main.columns
    rows = study.schools.assign(residual=fitted.schools()["residual"].to_numpy())
    mine = rows["county_code"] == study.county_code
    stages = [stage for stage in study.standard.stages if (rows["stage"] == stage).any()]
    with theme.style():
        figure = theme.new_figure(height=4.2, left=0.7, top=0.45)
        axes = figure.subplots()
        for rank, stage in enumerate(stages):
            here = rows[rows["stage"] == stage]
            color, marker = theme.CATEGORY_COLORS[rank % 5], theme.CATEGORY_MARKERS[rank % 5]
            faded = 0.55 if not study.county_code else 0.18
            axes.scatter(
                here[column],
                here[study.outcome],
                s=14,
                color=color,
                marker=marker,
                alpha=faded,
                linewidths=0,
                rasterized=len(rows) > _VECTOR,
            )
            own = here[mine.loc[here.index]]
            axes.scatter(
                own[column], own[study.outcome], s=26, color=color, marker=marker, edgecolors=theme.INK, linewidths=0.7
            )
            ends = np.array([here[column].min(), here[column].max()])
            axes.plot(
                ends, _line(ladder, here, stage, ends), color=color, label=page.word(study.standard.stages[stage])
            )
        named = _furthest(rows[mine] if study.county_code else rows)
        _write_names(axes, named, column, study.outcome)
        axes.set_xlabel(page.word(study.labels[column]))
        axes.set_ylabel(page.word(study.outcome_label))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, fontsize=7.5, borderaxespad=0.2)
    first = named.iloc[0]
    row = fitted.term(column)
    page.figure(
        figure,
        caption_zh="{outcome}与{resource}：每点一所学校（按学段）；直线为模型（1），其他资源取均值；标出残差最大的学校{mine}",
        caption_en="{outcome} against {resource}: one point per school and stage; lines from model (1), other "
        "resources at their mean; the largest residuals are named{mine}",
        alt_zh="散点图：{n:,} 个学校，斜率 {slope:.2f}；残差最大的是{school}（{residual:+.1f}）。",
        alt_en="Scatter plot of {n:,} schools, slope {slope:.2f}; the largest residual is that of {school} "
        "({residual:+.1f}).",
        outcome=page.word(study.outcome_label),
        resource=block_name(page, study.main),
        mine=page.word({"zh": "；深色边框为本地学校", "en": "; dark edges: schools here"}) if study.county_code else "",
        n=len(rows),
        slope=float(row["estimate"]),
        school=str(first["school"]),
        residual=float(first["residual"]),
    )


def coefficient_plot(page: Page, ladder: Ladder) -> None:
    """
    Show each resource's coefficient with its 95 % interval, model by model.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    ladder : Ladder
        Rungs without a fit are left out; nothing is shown where none has one.
    """
    study, done = ladder.study, ladder.done()
    if not done:
        return
    names, blocks = list(done), study.resources
    across = min(_ACROSS, len(blocks))
    down = -(-len(blocks) // across)
    with theme.style():
        figure = theme.new_figure(
            height=0.9 + down * (0.45 + 0.24 * len(names)), left=1.55, top=0.35, bottom=0.65, right=0.15
        )
        grid = figure.subplots(down, across, sharey=True, squeeze=False, gridspec_kw={"wspace": 0.12, "hspace": 0.6})
        for place, axes in enumerate(grid.flat):
            axes.set_visible(place < len(blocks))
            if place < len(blocks):
                (column,) = blocks[place].columns
                _bars(axes, done, column)
                axes.set_title(name_cut(page.word(blocks[place].short), 30), fontsize=8, pad=4)
                axes.set_xlabel(_per(page, blocks[place]), fontsize=7.5)
        grid[0][0].set_yticks(
            range(len(names)), [f"({1 + list(ladder.rungs).index(n)}) {rung_name(page, study, n)}" for n in names]
        )
        grid[0][0].set_ylim(len(names) - 0.4, -0.6)
        figure.supxlabel(
            page.word(
                {"zh": "与结果之差（每一单位资源）", "en": "Difference in the outcome, per unit of the resource"}
            ),
            fontsize=8.5,
            y=0.01,
        )
    (column,) = study.main.columns
    values = [float(row["estimate"]) for row in (_row(fit, column) for fit in done.values()) if row is not None]
    page.figure(
        figure,
        caption_zh="各模型的系数：点为估计，横线为 95% 置信区间，竖线为 0；n＝{n:,}{panel}，{errors}"
        "（随机截距模型除外）",
        caption_en="Coefficients across the models: point and 95% interval, the line is 0; n = {n:,}{panel}, "
        "{errors} (random intercepts: model-based)",
        alt_zh="点线图：{resource}的系数在 {models} 个模型中介于 {low:.2f} 与 {high:.2f} 之间。",
        alt_en="Dot and bar chart: the coefficient of {resource} lies between {low:.2f} and {high:.2f} in {models} "
        "models.",
        n=len(study.schools),
        panel=page.word({"zh": "（模型 5 用各年数据）", "en": " (model 5: all years)"}) if "panel" in done else "",
        errors=errors_name(page, ladder),
        resource=block_name(page, study.main),
        models=len(values),
        low=min(values),
        high=max(values),
    )


def quantile_process(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Show how each resource's coefficient runs from low- to high-scoring schools (`rung` from ``quantiles``)."""
    study, main = ladder.study, ladder.main
    if rung.fit is None or main is None:
        return
    table, blocks = rung.fit.coefficients, study.resources
    with theme.style():
        figure = theme.new_figure(height=2.5, left=0.6, top=0.35, bottom=0.5)
        panels = figure.subplots(1, len(blocks), squeeze=False, gridspec_kw={"wspace": 0.3})[0]
        for axes, block in zip(panels, blocks, strict=True):
            (column,) = block.columns
            rows, line = table[table["term"] == column], main.term(column)
            axes.axhline(0, color=theme.INK, linewidth=0.7)
            axes.axhspan(line["ci_low"], line["ci_high"], color=theme.FAINT, zorder=0)
            axes.axhline(line["estimate"], color=theme.MUTED, linestyle="--", linewidth=0.9)
            axes.fill_between(rows["tau"], rows["ci_low"], rows["ci_high"], color=theme.ACCENT, alpha=0.18, linewidth=0)
            axes.plot(rows["tau"], rows["estimate"], color=theme.ACCENT, marker="o", markersize=3.5)
            axes.set_xticks([0.1, 0.25, 0.5, 0.75, 0.9], ["10%", "25%", "50%", "75%", "90%"])
            axes.set_title(name_cut(page.word(block.short), 30), fontsize=8, pad=4)
        figure.supxlabel(
            page.word(
                {
                    "zh": "条件分位数（左：同等条件下成绩偏低的学校）",
                    "en": "Conditional quantile (left: schools low for their circumstances)",
                }
            ),
            fontsize=8.5,
            y=0.01,
        )
    (column,) = study.main.columns
    rows = table[table["term"] == column]["estimate"]
    page.figure(
        figure,
        caption_zh="分位数回归的系数与 95% 置信带（自助法）；虚线与灰带为模型（2）的均值回归",
        caption_en="Quantile regression coefficients with 95% bands (bootstrap); dashed line and grey band: mean "
        "regression of model (2)",
        alt_zh="折线图：{resource}的系数从低分位的 {low:.2f} 到高分位的 {high:.2f}。",
        alt_en="Line chart: the coefficient of {resource} runs from {low:.2f} at the lowest to {high:.2f} at the "
        "highest quantile.",
        resource=block_name(page, study.main),
        low=float(rows.iloc[0]),
        high=float(rows.iloc[-1]),
    )


def partial_residuals(page: Page, ladder: Ladder, bent: list[Rung]) -> None:
    """
    Show, for each resource, the outcome with everything else taken out: points, straight line and spline; nothing in
    public.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    ladder : Ladder
        Its main model.
    bent : list of Rung
        From :func:`balancelab.page.quality.ladder.curves`.
    """
    study, main = ladder.study, ladder.main
    if main is None or page.public:
        return
    residual = main.schools()["residual"].to_numpy()
    with theme.style():
        figure = theme.new_figure(height=2.9, left=0.6, top=0.35, bottom=0.6)
        panels = figure.subplots(1, len(study.resources), squeeze=False, sharey=True, gridspec_kw={"wspace": 0.1})[0]
        for axes, block, rung in zip(panels, study.resources, bent, strict=True):
            (column,) = block.columns
            slope, given = float(main.term(column)["estimate"]), study.schools[column].to_numpy(float)
            centred = given - given.mean()
            axes.scatter(
                given,
                slope * centred + residual,
                s=6,
                color=theme.CATEGORY_COLORS[4],
                alpha=0.45,
                linewidths=0,
                rasterized=len(given) > _VECTOR,
            )
            ends = np.array([given.min(), given.max()])
            axes.plot(ends, slope * (ends - given.mean()), color=theme.INK, linestyle="--", linewidth=1.0)
            if rung.fit is not None:
                curve = rung.fit.curve
                axes.plot(curve["x"], curve["estimate"], color=theme.LIMIT)
                axes.fill_between(
                    curve["x"], curve["ci_low"], curve["ci_high"], color=theme.LIMIT, alpha=0.15, linewidth=0
                )
            reach = 1.15 * float(np.abs(slope * centred + residual).max())
            axes.set_ylim(-reach, reach)
            axes.set_title(name_cut(page.word(block.short), 30), fontsize=8, pad=4)
            axes.set_xlabel(_per(page, block), fontsize=7.5)
        panels[0].set_ylabel(page.word({"zh": "偏残差", "en": "Partial residual"}))
    page.figure(
        figure,
        caption_zh="偏残差图：扣除其他变量后的{outcome}；虚线为直线，实线为自然样条及 95% 置信带",
        caption_en="Partial residuals: {outcome} with everything else taken out; dashed: straight line, solid: natural "
        "spline with 95% band",
        alt_zh="散点图：{n:,} 个学校，{panels} 项资源各一幅，附直线与样条。",
        alt_en="Scatter plots of {n:,} schools, one for each of {panels} resources, with line and spline.",
        outcome=outcome_name(page, study),
        n=len(study.schools),
        panels=len(study.resources),
    )


def _per(page: Page, block: Block) -> str:
    return page.word({"zh": f"每 {block.unit['zh']}", "en": f"per {block.unit['en']}"})


def _line(ladder: Ladder, here: pd.DataFrame, stage: str, ends: np.ndarray) -> np.ndarray:
    """Fitted outcome of a stage along the first resource; the other resources at their mean in the stage."""
    study, fitted = ladder.study, ladder.rungs["association"].fit
    (column,) = study.main.columns
    level = fitted.schools()["fitted"].to_numpy()[here.index.to_numpy()].mean()
    slope = float(fitted.term(column)["estimate"])
    return level + slope * (ends - float(here[column].mean()))


def _furthest(rows: pd.DataFrame) -> pd.DataFrame:
    order = rows["residual"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order[:_NAMED]]


def _write_names(axes: Axes, named: pd.DataFrame, column: str, outcome: str) -> None:
    """Write names beside their points, to the side that has room, and apart from one another."""
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    taken: list[tuple[float, float]] = []
    for row in named.to_dict("records"):
        across, up = (row[column] - low) / (high - low), (row[outcome] - bottom) / (top - bottom)
        while any(abs(across - x) < 0.35 and abs(up - y) < 0.035 for x, y in taken):
            up -= 0.036
        taken.append((across, up))
        left = across > 0.6
        axes.annotate(
            name_cut(str(row["school"]), 28),
            (row[column], row[outcome]),
            xytext=(low + (across + (-0.012 if left else 0.012)) * (high - low), bottom + up * (top - bottom)),
            ha="right" if left else "left",
            va="center",
            fontsize=7,
            bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.6},
        )


def _row(fit: object, column: str) -> pd.Series | None:
    table: pd.DataFrame = fit.coefficients  # type: ignore[attr-defined]
    found = table[table["term"] == column]
    return None if found.empty else found.iloc[0]


def _bars(axes: Axes, done: dict[str, object], column: str) -> None:
    axes.axvline(0, color=theme.INK, linewidth=0.8, zorder=0)
    for line, fit in enumerate(done.values()):
        row = _row(fit, column)
        if row is None:
            continue
        axes.plot([row["ci_low"], row["ci_high"]], [line, line], color=theme.ACCENT, linewidth=1.3)
        axes.plot(row["estimate"], line, marker="o", color=theme.ACCENT, markersize=5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
