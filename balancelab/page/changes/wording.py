"""What sentences, tables and figures of the changes share: names in the page's language, editions, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from balancelab.page.display import number_text
from balancelab.page.naming import indicator_words

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.changes import Comparison
    from balancelab.definitions import Text
    from balancelab.page import Page

CROSSED: Mapping[str, Text] = {
    "to_failed": {"zh": "由达标变为未达标", "en": "met before, not met now"},
    "to_met": {"zh": "由未达标变为达标", "en": "not met before, met now"},
    "undecided": {"zh": "变为待定", "en": "can no longer be decided"},
    "decided": {"zh": "由待定变为可判定", "en": "can now be decided"},
}
"""How a verdict crossed its limit."""

SHOWN = 8
"""Names in a sentence; tables have them all."""


class Names:
    """
    Names of stages and indicators in the page's language.

    From the standard where it is one that comes with the program, because a bundle has the words of one language only.

    Parameters
    ----------
    page : Page
        Gives the language.
    comparison : Comparison
        Gives standard and words.
    """

    def __init__(self, page: Page, comparison: Comparison) -> None:
        from balancelab.definitions import shipped
        from balancelab.standards import load_standard

        words = comparison.after.coefficients
        self._stages = dict(zip(words["stage"], words["stage_name"], strict=True))
        self._indicators = dict(zip(words["indicator"], words["name"], strict=True))
        self.standard = comparison.after.standard
        self.cv_decimals = 3
        if self.standard in shipped("standards"):
            rules = load_standard(self.standard)
            self.standard = page.word(rules.short)
            self.cv_decimals = rules.display.cv_decimals
            self._stages |= {stage: page.word(rules.stages[stage]) for stage in self._stages if stage in rules.stages}
            known = {indicator.id for indicator in rules.indicators}
            for name in self._indicators:
                if name in known or name == "composite":
                    self._indicators[name] = page.word(indicator_words(rules, name))
        self._page = page

    def stage(self, stage: str) -> str:
        """Return the name of a stage."""
        return str(self._stages.get(stage, stage))

    def indicator(self, name: str) -> str:
        """Return the name of an indicator."""
        return str(self._indicators.get(name, name))

    def both(self, stage: str, name: str) -> str:
        """Return the names of indicator and stage as they stand in a sentence."""
        words, where = self.indicator(name), self.stage(stage)
        return self._page.word({"zh": f"{where}{words}", "en": f"{words} ({where.lower()})"})

    def cv(self, value: object) -> str:
        """Write a coefficient of variation."""
        return number_text(value, self.cv_decimals)


def editions(page: Page, comparison: Comparison, *, heading: bool = False) -> tuple[str, str]:
    """Return what the two are called, in a sentence or over a column: their years, or two versions of one year."""
    before, after = comparison.before, comparison.after
    if before.year != after.year:
        words: Text = {"zh": "{year}学年", "en": "{year}"}
        return page.word(words).replace("{year}", str(before.year)), page.word(words).replace("{year}", str(after.year))
    if heading:
        return page.word({"zh": "前一版", "en": "Earlier"}), page.word({"zh": "后一版", "en": "Later"})
    return (
        page.word({"zh": "前一版数据", "en": "the earlier data"}),
        page.word({"zh": "后一版数据", "en": "the later data"}),
    )


def listed(page: Page, parts: Sequence[str]) -> str:
    """Return a list of names for a sentence; of many the first, and how many there are."""
    shown = page.word({"zh": "、", "en": "; "}).join(parts[:SHOWN])
    if len(parts) <= SHOWN:
        return shown
    more = page.word({"zh": "等 {n} 个", "en": " and {rest} more"})
    return shown + more.replace("{n}", str(len(parts))).replace("{rest}", str(len(parts) - SHOWN))


def largest(table: pd.DataFrame, column: str, number: int) -> pd.DataFrame:
    """Return the rows with the largest amounts of either sign; equal ones, but for rounding, stay in their order."""
    return table.loc[table[column].abs().round(9).sort_values(ascending=False, kind="stable").index[:number]]


def signed(value: float, decimals: int) -> str:
    """
    Write a change with its sign.

    >>> signed(0.0312, 3), signed(-0.0004, 3), signed(0.0001, 3)
    ('+0.031', '−0.000', '+0.000')
    """
    return ("+" if value >= 0 else "−") + number_text(abs(value), decimals)
