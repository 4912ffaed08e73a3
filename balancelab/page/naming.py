"""From ids to words: the names that tables and figures of a page share."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from balancelab.page.display import clean_text, is_missing
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

MOST_ROWS = 40  # a figure of more lines cannot be read; the caption says how many are shown

LOCATIONS: Mapping[str, Text] = {
    "urban": {"zh": "城区", "en": "Urban"},
    "town": {"zh": "镇区", "en": "Town"},
    "rural": {"zh": "乡村", "en": "Rural"},
    "": {"zh": "未注明", "en": "Not given"},
}

_COMPOSITE: Text = {"zh": "综合", "en": "Composite"}


def state_of(met: object) -> str:
    """
    Return the state of a verdict: true is met, false is failed, missing is undetermined.

    >>> state_of(True), state_of(False), state_of(None)
    ('met', 'failed', 'undetermined')
    """
    if is_missing(met):
        return "undetermined"
    return "met" if met else "failed"


def indicator_words(standard: Standard, name: str, *, full: bool = False) -> Text:
    """Return an indicator's short name, or its full one; the composite has a name of its own."""
    if name == COMPOSITE:
        return _COMPOSITE
    found = next(indicator for indicator in standard.indicators if indicator.id == name)
    return found.label if full else found.short


def words_or_nothing(page: Page, pair: Text | None) -> str:
    """Return a text in the page's language, and nothing where there is none (a pure number has no unit)."""
    return page.word(pair) if pair and pair["en"] else ""


def stages_present(table: pd.DataFrame, standard: Standard) -> list[str]:
    """Return the standard's stages that a table holds, in the standard's order."""
    there = set(table["stage"])
    return [stage for stage in standard.stages if stage in there]


def in_stage_order(table: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Return the rows by the standard's order of stages and, within a stage, of indicators, the composite last."""
    stages = {stage: rank for rank, stage in enumerate(standard.stages)}
    names = {indicator.id: rank for rank, indicator in enumerate(standard.indicators)} | {
        COMPOSITE: len(standard.indicators)
    }
    ranks = table.assign(_stage=table["stage"].map(stages), _name=table["indicator"].map(names))
    return table.loc[ranks.sort_values(["_stage", "_name"], kind="stable").index]


def name_cut(name: str, width: int = 26) -> str:
    """
    Cut a name to a width in half-width letters, with a mark where it was cut.

    >>> name_cut("示例县第一小学"), name_cut("a" * 40, 10)
    ('示例县第一小学', 'aaaaaaaaa…')
    """
    name = clean_text(str(name))
    used = 0
    for place, letter in enumerate(name):
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > width:
            return name[: max(place - 1, 1)] + "…"
    return name
