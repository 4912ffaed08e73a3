"""Words for what was judged: indicators, coefficients, items; values with their units; problems as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.display import is_missing, number_text
from balancelab.page.naming import indicator_words
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.indicators import Indicator
    from balancelab.standards import Item, Standard

CV = "cv:"
SCORE = "rubric_score"

_COMPARISONS: Mapping[str, Text] = {
    "at_least": {"zh": "不低于", "en": "at least"},
    "at_most": {"zh": "不高于", "en": "at most"},
    "above": {"zh": "高于", "en": "above"},
    "below": {"zh": "低于", "en": "below"},
    "yes": {"zh": "是", "en": "yes"},
    "no": {"zh": "否", "en": "no"},
}
_SCORE_WORDS: Text = {"zh": "政府工作得分", "en": "Government work, score"}
_SMALL_GAP = 0.1
_YES_NO: Mapping[bool, Text] = {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}
_UNITS_OF_GAP: Mapping[str, Text] = {
    "classes_over_size": {"zh": "人", "en": "students"},
    "schools_over_size": {"zh": "人", "en": "students"},
    "schools_short_of_rooms": {"zh": "间", "en": "rooms"},
    "schools_below_share": {"zh": "元", "en": "yuan"},
    "small_schools_underfunded": {"zh": "元", "en": "yuan"},
}


def subject_words(standard: Standard, subject: str, *, full: bool = False) -> Text:
    """
    Return the words of an indicator, of a coefficient (``cv:…``) or of an item; the id itself where it is none.

    A ledger may hold a subject that another standard knew.
    """
    name = subject.removeprefix(CV)
    if name == SCORE:
        return _SCORE_WORDS
    if name in standard.items:
        item = standard.items[name]
        return item.label if full or not item.short["zh"] else item.short
    if name != COMPOSITE and all(indicator.id != name for indicator in standard.indicators):
        return {"zh": subject, "en": subject}
    words = indicator_words(standard, name, full=full)
    if not subject.startswith(CV):
        return words
    return {"zh": f"{words['zh']}差异系数", "en": f"CV, {words['en'][:1].lower() + words['en'][1:]}"}


def value_text(page_language: str, standard: Standard, subject: str, value: object, *, kind: str = "") -> str:
    """
    Write a value of an indicator, coefficient or item with the decimals of the forms and its unit.

    Parameters
    ----------
    page_language : str
        ``zh`` or another; only words depend on it.
    standard : Standard
    subject : str
    value : number
        A share as 0 to 1, a yes as 1.
    kind : str, optional
        ``school_item`` where the value is a school's own, not the county's count of schools.
    """
    if is_missing(value):
        return "—"
    number, language = float(value), _language(page_language)  # type: ignore[arg-type]
    if subject.startswith(CV):
        return number_text(number, standard.display.cv_decimals)
    item = standard.items.get(subject)
    if item is not None and kind == "school_item":
        return _school_number(item, number, language)
    if item is not None:
        return _item_number(item, number, language, item.decimals)
    found = _indicator(standard, subject)
    return number_text(number, None if found is None else found.decimals)


def limit_text(
    page_language: str, standard: Standard, subject: str, comparison: str, limit: object, *, kind: str = ""
) -> str:
    """Write what is required: ``不低于 95%``, ``at least 95%``; ``yes`` and ``no`` for documentary items."""
    language = _language(page_language)
    word = _COMPARISONS[comparison][language]
    if comparison in ("yes", "no"):
        return word
    item = standard.items.get(subject)
    if is_missing(limit):
        return f"{word} —"
    number = float(limit)  # type: ignore[arg-type]
    if item is None:
        return f"{word} {number_text(number, None)}"
    if comparison == "at_most" and number == 0:
        return _item_number(item, number, language, 0)
    written = _school_number if kind == "school_item" else _limit_number
    return f"{word} {written(item, number, language)}"


def gap_unit(standard: Standard, kind: str, subject: str) -> Text:
    """Return the unit of a gap: of what a school lacks, or of an item's value; empty where there is none."""
    nothing = {"zh": "", "en": ""}
    if kind == "difference":
        return nothing
    if kind == "indicator":
        found = _indicator(standard, subject)
        return nothing if found is None else found.amount_unit
    item = standard.items.get(subject)
    if item is None:
        return nothing
    if kind == "school_item":
        return _UNITS_OF_GAP.get(item.rule, item.unit)
    return {"zh": "百分点", "en": "points"} if item.kind == "share" else item.unit


def gap_text(page_language: str, standard: Standard, row: Mapping[Any, Any] | pd.Series) -> str:
    """Write a gap with its unit; ``—`` where it cannot be said (a yes or no)."""
    gap = row["gap"]
    if is_missing(gap):
        return "—"
    kind, subject = str(row["kind"]), str(row["subject"])
    language = _language(page_language)
    item = standard.items.get(subject)
    if kind == "difference":
        return number_text(float(gap), standard.display.cv_decimals)
    if kind == "item" and item is not None and item.kind == "share":
        return _with_unit(number_text(float(gap) * 100, 1), gap_unit(standard, kind, subject)[language])
    if kind == "indicator":
        decimals = gap_decimals(standard, subject, float(gap))
    elif kind == "school_item":
        decimals = 0
    else:
        decimals = item.decimals if item else 2
    return _with_unit(number_text(float(gap), decimals), gap_unit(standard, kind, subject)[language])


def gap_decimals(standard: Standard, name: str, gap: float) -> int:
    """
    Return with how many decimals a school's gap in an indicator is written: whole pieces with none.

    A small gap in square metres does not look like none.

    >>> from balancelab.standards import load_standard
    >>> rules = load_standard("quality_2017")
    >>> [gap_decimals(rules, "teaching_area_per_student", gap) for gap in (553.25, 0.017)]
    [1, 3]
    >>> gap_decimals(rules, "multimedia_rooms_per_100", 3.0)
    0
    """
    found = _indicator(standard, name)
    if found is not None and found.counted_in:
        return 0
    return 1 if not 0 < gap < _SMALL_GAP else 3


def problem_text(page_language: str, standard: Standard, row: Mapping[Any, Any] | pd.Series) -> str:
    """Say in one sentence what is wrong."""
    language, kind = _language(page_language), str(row["kind"])
    subject, comparison = str(row["subject"]), str(row["comparison"])
    words = subject_words(standard, subject, full=kind != "school_item")[language]
    stage = "" if kind == "school_item" else standard.stages.get(str(row["stage"]), {"zh": "", "en": ""})[language]
    if comparison in ("yes", "no"):
        if language == "zh":
            return f"未落实：{words}" if comparison == "yes" else f"存在：{words}"
        return f"Not in place: {words}" if comparison == "yes" else f"Found: {words}"
    value = value_text(language, standard, subject, row["value"], kind=kind)
    limit = limit_text(language, standard, subject, comparison, row["limit"], kind=kind)
    if language == "zh":
        return f"{stage}{words}为 {value}，要求{limit}"
    where = f" ({stage.lower()})" if stage else ""
    return f"{words}{where}: {value}, required {limit}"


def _indicator(standard: Standard, name: str) -> Indicator | None:
    return next((indicator for indicator in standard.indicators if indicator.id == name), None)


def _language(page_language: str) -> str:
    return "zh" if page_language == "zh" else "en"


def _item_number(item: Item, number: float, language: str, decimals: int | None) -> str:
    if item.kind == "yes_no":
        return _YES_NO[number == 1][language]
    if item.kind == "share":
        return number_text(number, decimals, percent=True)
    return _with_unit(number_text(number, decimals), item.unit[language])


def _limit_number(item: Item, number: float, language: str) -> str:
    whole_percent = item.kind == "share" and round(number * 100, 6) == round(number * 100)
    return _item_number(item, number, language, 0 if whole_percent else (1 if item.kind == "share" else None))


def _school_number(item: Item, number: float, language: str) -> str:
    if item.rule == "schools_below_share":
        return number_text(number, 1, percent=True)
    return _with_unit(number_text(number, 0), _UNITS_OF_GAP.get(item.rule, item.unit)[language])


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}".strip()
