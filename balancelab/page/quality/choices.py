"""The specification curve: one resource's coefficient under every choice, and which choices each point made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page import theme
from balancelab.page.naming import name_cut
from balancelab.page.quality.ladder import Ladder, Rung, choices
from balancelab.page.quality.wording import COMMON_LEVEL, block_name

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page


def specification_dots(page: Page, ladder: Ladder, rung: Rung) -> None:
    """
    Show the specification curve above a panel of the choices made.

    Parameters
    ----------
    page : Page
        Where the figure goes.
    ladder : Ladder
        Gives names.
    rung : Rung
        From :func:`balancelab.page.quality.ladder.specifications`; nothing is shown where it has no curve.
    """
    curve: pd.DataFrame | None = rung.fit
    if curve is None:
        return
    made = choices_made(page, ladder, curve)
    place = np.arange(len(curve))
    sure = (curve["p_value"] < COMMON_LEVEL).to_numpy()
    with theme.style():
        figure = theme.new_figure(height=2.4 + 0.2 * len(made), left=1.75, top=0.15, bottom=0.4)
        upper, lower = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [1.7, 0.2 * len(made)], "hspace": 0.08}
        )
        upper.axhline(0, color=theme.INK, linewidth=0.8)
        upper.vlines(place, curve["ci_low"], curve["ci_high"], color=theme.RULE, linewidth=0.8)
        upper.plot(place[sure], curve["estimate"][sure], ".", color=theme.ACCENT, markersize=4)
        upper.plot(place[~sure], curve["estimate"][~sure], ".", color=theme.CATEGORY_COLORS[1], markersize=4)
        upper.set_ylabel(page.word({"zh": "系数", "en": "Coefficient"}))
        upper.tick_params(axis="x", length=0)
        for line, mask in enumerate(made.values()):
            lower.plot(place[mask], np.full(int(mask.sum()), line), "|", color=theme.ACCENT, markersize=6)
        lower.set_yticks(range(len(made)), [name_cut(name, 26) for name in made], fontsize=7.5)
        lower.set_ylim(len(made) - 0.4, -0.6)
        lower.tick_params(axis="y", length=0)
        lower.set_xlabel(page.word({"zh": "设定（按系数排序）", "en": "Specification, by coefficient"}))
    page.figure(
        figure,
        caption_zh="设定曲线：{resource}的系数与 95% 置信区间（深色：p<0.05）；下方短线为各设定所含的选择",
        caption_en="Specification curve: coefficient of {resource} with 95% interval (dark: p < 0.05); below, what "
        "each specification holds",
        alt_zh="{n} 种设定，系数介于 {low:.2f} 与 {high:.2f} 之间，其中 {sure} 种 p<0.05。",
        alt_en="{n} specifications; the coefficient lies between {low:.2f} and {high:.2f}, p < 0.05 in {sure}.",
        resource=block_name(page, ladder.study.main),
        n=len(curve),
        low=float(curve["estimate"].min()),
        high=float(curve["estimate"].max()),
        sure=int(sure.sum()),
    )


def choices_made(page: Page, ladder: Ladder, curve: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return, for each choice by its name, which specifications made it."""
    study = ladder.study
    made: dict[str, np.ndarray] = {}
    held = curve["controls"].str.split(" + ", regex=False)
    for name, blocks in choices(study):
        first = next(iter(blocks[0].columns))
        label = page.word({"zh": "其他资源", "en": "Other resources"} if name == "other_resources" else blocks[0].label)
        made[label] = np.array([first in columns for columns in held])
    made[page.word({"zh": "按学生加权", "en": "Weighted by students"})] = (curve["weights"] == "students").to_numpy()
    if curve["effects"].notna().any():
        county = study.standard.term("county")
        name = page.word({"zh": f"{county['zh']}固定效应", "en": f"Effects of each {county['en']}"})
        made[name] = curve["effects"].notna().to_numpy()
    return made
