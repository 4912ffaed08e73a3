"""From ids to words: the names that tables and figures of a page share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.columns import Column
from balancelab.page.display import clean_text, is_missing
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.indicators import Indicator
    from balancelab.page import Page
    from balancelab.standards import Standard

MOST_ROWS = 40  # a figure of more lines cannot be read; the caption says how many are shown

LOCATIONS: Mapping[str, Text] = {
    "urban": {"zh": "城区", "en": "Urban"},
    "town": {"zh": "镇区", "en": "Town"},
    "rural": {"zh": "乡村", "en": "Rural"},
    "": {"zh": "未注明", "en": "Not given"},
}

TYPE_WORDS: Mapping[str, Text] = {
    "primary": {"zh": "小学", "en": "Primary schools"},
    "teaching_site": {"zh": "教学点", "en": "Teaching sites"},
    "junior": {"zh": "初级中学", "en": "Junior secondary schools"},
    "nine_year": {"zh": "九年一贯制学校", "en": "Nine-year schools"},
    "complete_secondary": {"zh": "完全中学", "en": "Complete secondary schools"},
    "twelve_year": {"zh": "十二年一贯制学校", "en": "Twelve-year schools"},
    "special": {"zh": "特殊教育学校", "en": "Special-education schools"},
    "vocational": {"zh": "职业学校", "en": "Vocational schools"},
}

_COMPOSITE: Text = {"zh": "综合", "en": "Composite"}
_WHOLE_PIECES: Text = {
    "zh": "教师、教室、计算机、图书等按整数计，逐校（按学段）向上取整，合计为取整后之和。",
    "en": " What comes in whole pieces (teachers, rooms, computers, books) is rounded up for each school and stage; "
    "totals are sums of these whole numbers.",
}
_AUTHORITIES: Mapping[str, Text] = {
    "national": {"zh": "国家", "en": "National"},
    "province": {"zh": "省级", "en": "Provincial"},
    "provincial": {"zh": "省级", "en": "Provincial"},
    "city": {"zh": "市级", "en": "City"},
    "prefecture": {"zh": "市级", "en": "City"},
    "county": {"zh": "县级", "en": "County"},
    "illustrative": {"zh": "演示", "en": "Illustration"},
}


def state_of(met: object) -> str:
    """
    Return the state of a verdict: true is met, false is failed, missing is undetermined.

    >>> state_of(True), state_of(False), state_of(None)
    ('met', 'failed', 'undetermined')
    """
    if is_missing(met):
        return "undetermined"
    return "met" if met else "failed"


def cell_mark(met: object, borderline: object = False) -> str | None:
    """
    Return the mark of a cell that shows a judged value: nothing where it is met beyond doubt.

    >>> cell_mark(True), cell_mark(True, True), cell_mark(False, True)
    (None, 'borderline', 'failed_borderline')
    """
    state = state_of(met)
    if borderline and state != "undetermined":
        return "borderline" if state == "met" else "failed_borderline"
    return None if state == "met" else state


def indicator_words(standard: Standard, name: str, *, full: bool = False) -> Text:
    """Return an indicator's short name, or its full one; the composite has a name of its own."""
    if name == COMPOSITE:
        return _COMPOSITE
    found = next(indicator for indicator in standard.indicators if indicator.id == name)
    return found.label if full else found.short


def rounding_words(page: Page, standard: Standard) -> str:
    """Return the sentence on amounts that are rounded up; nothing where no requirement is for such an amount."""
    whole = any(each.counted_in for each in standard.indicators if each.id in standard.requirements)
    return page.word(_WHOLE_PIECES) if whole else ""


def value_column(indicator: Indicator, *, marked: bool = False) -> Column:
    """Return the column of an indicator's values; with `marked`, marks stand in the table's column ``<id>:mark``."""
    return Column(
        indicator.id,
        zh=indicator.short["zh"],
        en=indicator.short["en"],
        unit=indicator.unit if indicator.unit["en"] else None,
        kind="number",
        decimals=indicator.decimals,
        marks=f"{indicator.id}:mark" if marked else None,
    )


def words_or_nothing(page: Page, pair: Text | None) -> str:
    """Return a text in the page's language, and nothing where there is none (a pure number has no unit)."""
    return page.word(pair) if pair and pair["en"] else ""


def authority_words(authority: str) -> Text:
    """
    Return the words for whose requirement something is; an unknown one stands for itself.

    >>> authority_words("national")["en"]
    'National'
    """
    return _AUTHORITIES.get(authority, {"zh": authority or "—", "en": authority or "—"})


def with_authority(page: Page, clause: Text, authority: str) -> str:
    """Return a clause and whose it is: ``教督〔2017〕6号 资源配置第1项（国家）``."""
    whose = page.word(authority_words(authority))
    return page.word({"zh": f"{page.word(clause)}（{whose}）", "en": f"{page.word(clause)} ({whose.lower()})"})


def clauses_of(page: Page, rules: Iterable[Any]) -> str:
    """
    Return the clauses of several rules, each once, with whose they are.

    Parameters
    ----------
    page : Page
        Gives the language.
    rules : iterable
        Whatever has a `clause` and an `authority`; what is None, or has no words, is left out.
    """
    told = (
        with_authority(page, rule.clause, rule.authority) for rule in rules if rule is not None and rule.clause["en"]
    )
    return page.word({"zh": "；", "en": "; "}).join(dict.fromkeys(told))


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
