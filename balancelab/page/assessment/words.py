"""Words and values of the checklist: how an item's value, its limit and its source are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from balancelab.page.disclosure import WITHHELD
from balancelab.page.display import is_missing, number_text
from balancelab.page.naming import words_or_nothing

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Item, Standard

_SOURCES: Mapping[str, Text] = {
    "computed": {"zh": "计算", "en": "Computed"},
    "reported": {"zh": "填报", "en": "Reported"},
    "missing": {"zh": "未填报", "en": "Not reported"},
    "not_applicable": {"zh": "不适用", "en": "Not applicable"},
}
_ANSWERS: Mapping[int, Text] = {1: {"zh": "是", "en": "Yes"}, 0: {"zh": "否", "en": "No"}}
_SIGNS = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
_LEVELS = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}
_MOST_SCHOOLS = 8
_POINTS = "percentage points"  # a difference of two rates is not itself a percentage


def source_words(source: str) -> Text:
    """Return the words for where a value comes from."""
    return _SOURCES[source]


def value_text(page: Page, row: Mapping[Any, Any], item: Item) -> str:
    """
    Write an item's value with the form's decimals; bounds where it is not known exactly.

    Parameters
    ----------
    page : Page
        Gives the language.
    row : mapping
        A row of ``judge_items`` or ``compute_items``.
    item : Item
        Its kind and decimals.
    """
    low, high = (end if isinstance(end, Fraction) else None for end in (row["low"], row["high"]))
    if row.get("withheld"):
        return page.word(WITHHELD)
    if row["source"] == "not_applicable":
        return page.word(_SOURCES["not_applicable"])
    if low is None and high is None:
        return page.word(_SOURCES["missing"])
    if low is not None and low == high:
        return _number(page, low, item)
    if item.kind == "count" and low is not None:  # some schools only say that there is one
        return page.word({"zh": f"不少于 {int(low)}", "en": f"at least {int(low)}"})
    ends = [number_text(None) if end is None else _number(page, end, item) for end in (low, high)]
    return page.word({"zh": f"{ends[0]} 至 {ends[1]}", "en": f"{ends[0]} to {ends[1]}"})


def limit_text(page: Page, item: Item, limit: float | None) -> str:
    """
    Write what an item requires.

    Parameters
    ----------
    page : Page
        Gives the language.
    item : Item
        Its comparison, kind and decimals.
    limit : float or None
        The limit judged with (a dated one may differ from the item's own); None for a yes or no.
    """
    if item.comparison in ("yes", "no"):
        return page.word(_ANSWERS[int(item.comparison == "yes")])
    if is_missing(limit) or limit is None:
        return number_text(None)
    if item.kind == "count" and item.comparison == "at_most" and limit == 0:
        return "0"
    sign = _SIGNS[item.comparison]
    if item.kind == "level":
        return f"{sign} {_LEVELS.get(int(limit), int(limit))}"
    percent = item.kind == "share" and item.unit["en"] != _POINTS
    text = number_text(limit, percent=True) if percent else number_text(limit)
    return f"{sign} {text}"


def short_clause(clause: Text) -> Text:
    """
    Cut a clause before it repeats the requirement's wording, which stands in the same row.

    >>> short_clause({"zh": "教督〔2017〕6号 政府保障程度第1项：学校规划布局合理", "en": "No. 6, item 1: sound"})["zh"]
    '教督〔2017〕6号 政府保障程度第1项'
    """
    return {"zh": clause["zh"].split("：", 1)[0], "en": clause["en"].split(": ", 1)[0]}


def number_in_block(official: str) -> str:
    """
    Return the number of an official item within its block, as the form prints it; empty where it has none.

    >>> number_in_block("g05"), number_in_block("gov_05"), number_in_block("two_no_decreases")
    ('5', '5', '')
    """
    digits = re.search(r"[0-9]+$", official)
    return str(int(digits.group())) if digits else ""


def official_text(page: Page, item: Item, standard: Standard) -> str:
    """Return the block and the number of an official item."""
    block = standard.blocks().get(item.block)
    return f"{page.word(block) if block else ''} {number_in_block(item.official)}".strip()


def value_with_unit(page: Page, row: Mapping[Any, Any], item: Item) -> str:
    """Write an item's value, if it is a number with its unit; in a language without measure words counts have none."""
    value = value_text(page, row, item)
    bare = item.kind in ("share", "yes_no") or (item.kind == "count" and page.language != "zh")
    unit = "" if bare else words_or_nothing(page, item.unit)
    is_number = value[:1].isdigit() or value[-1:].isdigit()  # "12 至 15", "不少于 3", but not "未填报"
    return f"{value} {unit}" if unit and is_number else value


def schools_text(page: Page, codes: str, names: Mapping[str, str]) -> str:
    """
    Write the schools that count against an item, the first few by name.

    Parameters
    ----------
    page : Page
        Gives the language.
    codes : str
        School codes with ``;`` between them.
    names : mapping
        Code → name; a code without a name, or a figure's id, stands for itself.
    """
    listed = [names.get(code, code) for code in codes.split(";") if code]
    if page.public and listed:
        return page.word({"zh": f"涉及 {len(listed)} 所", "en": f"{len(listed)} schools concerned"})
    shown = page.word({"zh": "、", "en": ", "}).join(listed[:_MOST_SCHOOLS])
    if len(listed) <= _MOST_SCHOOLS:
        return shown
    return page.word({"zh": f"{shown}等 {len(listed)} 所", "en": f"{shown} and {len(listed) - _MOST_SCHOOLS} more"})


def school_names(schools: pd.DataFrame) -> dict[str, str]:
    """Return school code → name; of an empty table nothing."""
    if schools.empty:
        return {}
    first = schools.drop_duplicates("school_code")
    return dict(zip(first["school_code"], first["school"], strict=True))


def unreported_words(standard: Standard) -> dict[str, Text]:
    """Return the labels of everything that a county may have left unreported: items, figures, points."""
    from balancelab.intake.county_table import known_names

    return {name: known.label for name, known in known_names(standard).items()}


def _number(page: Page, value: Fraction, item: Item) -> str:
    if item.kind == "yes_no":
        return page.word(_ANSWERS[int(value)])
    if item.kind == "level":
        return _LEVELS.get(int(value), str(int(value)))
    if item.unit["en"] == _POINTS:
        return f"{number_text(value * 100, item.decimals)} {page.word(item.unit)}"
    return number_text(value, item.decimals, percent=item.kind == "share")
