"""Tables of measures: what a reader needs most, and all the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from balancelab.measures import MEASURES
from balancelab.page.columns import Column
from balancelab.page.equity.layout import NAME, STAGE, UNIT, labelled

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard

_MAIN = (
    "weighted_cv",
    "gini",
    "theil_t",
    "atkinson",
    "range_ratio",
    "quantile_ratio",
    "mcloone_index",
    "verstegen_index",
)


def dispersion_table(page: Page, profile: pd.DataFrame, standard: Standard) -> None:
    """
    Show the measures that a reader needs most, one line for each stage and indicator.

    Parameters
    ----------
    page : Page
        Where the table goes.
    profile : DataFrame
        From :func:`balancelab.equity.equity_profile`, one area and year.
    standard : Standard
        Gives names, units and decimals.
    """
    wide = _wide(profile, ("weighted_mean", *_MAIN))
    shown = [name for name in _MAIN if name in wide]
    cv_decimals = standard.display.cv_decimals
    page.table(
        labelled(page, wide, standard),
        columns=[
            STAGE,
            NAME,
            Column("n_schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("weighted_mean", zh="均值", en="Mean", kind="number", decimals=_mean_decimals(standard)),
            UNIT,
            *(
                Column(
                    name,
                    zh=MEASURES[name].zh,
                    en=MEASURES[name].en,
                    kind="number",
                    decimals=_decimals(name, cv_decimals),
                )
                for name in shown
            ),
        ],
        caption_zh="各项指标的校际差异",
        caption_en="How much schools differ, by indicator",
        note_zh="每所学校按在校生数加权。完全相等时，差异系数、基尼系数、泰尔指数、阿特金森指数为 0，其余各项为 1；"
        "麦克伦指数越接近 1，条件较差的一半学生离中位数越近。“—”表示有学校为零或无法计算。",
        note_en="Every school counts by its students. Where all are equal, the first four are 0 and the others 1. "
        "McLoone: the closer to 1, the closer the worse-supplied half of the students lies to the median; "
        "Verstegen: the same above the median. A dash: a school has nothing, or the measure is not defined.",
        row_header="name",
    )


def all_measures(page: Page, profile: pd.DataFrame, standard: Standard) -> None:
    """Show every registered measure that the main table leaves out; parameters as :func:`dispersion_table`."""
    others = [name for name in MEASURES if name not in (*_MAIN, "weighted_mean")]
    wide = _wide(profile, others)
    others = [name for name in others if name in wide]
    page.table(
        labelled(page, wide, standard),
        columns=[
            STAGE,
            NAME,
            *(
                Column(name, zh=MEASURES[name].zh, en=MEASURES[name].en, kind="number", decimals=_decimals(name, 3))
                for name in others
            ),
        ],
        caption_zh="其余测度（供研究使用）",
        caption_en="The remaining measures (for research)",
        note_zh="标准差、极差、限制极差、中位数的单位同指标；其余没有单位。公式见各函数的说明。",
        note_en="Standard deviation, range, restricted range and median are in the indicator's unit; the others "
        "have none. Formulas stand in the functions' documentation.",
        row_header="name",
    )


def _wide(profile: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    plain = profile[(profile["by"] == "") & profile["measure"].isin(measures)]
    values = plain.assign(value=plain["value"].replace([np.inf, -np.inf], np.nan))
    keys = ["stage", "indicator", "n_schools"]
    return values.pivot(index=keys, columns="measure", values="value").reset_index()


def _decimals(measure: str, cv_decimals: int) -> int:
    return 2 if MEASURES[measure].equal == 1.0 and not measure.endswith("index") else max(cv_decimals, 3)


def _mean_decimals(standard: Standard) -> int:
    return max(standard.display.mean_decimals, *(indicator.decimals for indicator in standard.indicators))
