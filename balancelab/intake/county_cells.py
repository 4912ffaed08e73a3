"""One cell of the county table to one value: yes or no, a share, a count, an amount; or the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from balancelab.intake.findings import Word
from balancelab.intake.numbers import Reading, read_number
from balancelab.intake.schema import folded, load_schema

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.standards import Figure, Item

_YES = frozenset(("是", "有", "yes", "y", "true", "1", "√", "✓", "符合", "达到", "已达到"))
_NO = frozenset(("否", "无", "没有", "no", "n", "false", "0", "×", "✗", "不符合", "未达到"))
_NOT_APPLICABLE = frozenset(("不适用", "未监测", "不涉及", "notapplicable", "notmonitored"))
_LEVELS = {"ⅰ": 1, "ⅱ": 2, "ⅲ": 3, "ⅳ": 4, "i": 1, "ii": 2, "iii": 3, "iv": 4}
_HIGHEST_LEVEL = 4
_MOST_ABOVE_ONE = Fraction(3, 2)
"""A rate up to 150 % may come from movers; above, a bare percentage or a slip is likelier."""

_KINDS: dict[str, tuple[str, str]] = {
    "share": ("0 与 1 之间的比例或百分数", "a share between 0 and 1 or a percentage"),
    "rate": ("0 与 1 之间的数", "a number between 0 and 1"),
    "ratio": ("不小于 0 的数", "a number, 0 or more"),
    "count": ("不小于 0 的整数", "a whole number, 0 or more"),
    "amount": ("不小于 0 的数", "a number, 0 or more"),
    "level": ("1 至 4 级", "a level from 1 to 4"),
    "years": ("不小于 0 的整数", "a whole number, 0 or more"),
    "year": ("四位年份", "a year of four digits"),
}


@dataclass(frozen=True)
class Known:
    """What a row of the county table is about: an item of the standard, a county figure, or points of the rubric."""

    id: str
    label: Text
    unit: Text
    kind: str
    documentary: bool = False
    may_not_apply: bool = False
    may_exceed_one: bool = False
    may_be_negative: bool = False
    most: Fraction | None = None


@dataclass(frozen=True)
class Value:
    """
    What a cell says.

    Attributes
    ----------
    value : Fraction or None
        Exact; None where it does not apply or cannot be read.
    applies : bool
    code : str
        Finding to report, ``""`` for none; with an error there is no value.
    words : mapping
        For the finding's text.
    """

    value: Fraction | None = None
    applies: bool = True
    code: str = ""
    words: dict[str, Word] | None = None


def of_item(item: Item) -> Known:
    """Return what the table must know of an item."""
    return Known(
        id=item.id,
        label=item.label,
        unit=item.unit,
        kind=item.kind,
        documentary=item.evidence == "documentary",
        may_not_apply=item.may_not_apply,
        may_exceed_one=item.may_exceed_one,
        may_be_negative=item.rule.startswith("least_growth"),
    )


def of_figure(figure: Figure) -> Known:
    """Return what the table must know of a county figure."""
    return Known(id=figure.id, label=figure.label, unit=figure.unit, kind=figure.kind)


def read_value(text: str, known: Known) -> Value:
    """
    Read one cell.

    Parameters
    ----------
    text : str
        The cell as found, not blank.
    known : Known
        What it is about.

    Examples
    --------
    >>> share = Known("exchange_rate", {"zh": "交流", "en": "Exchange"}, {"zh": "", "en": ""}, "share")
    >>> read_value("85%", share).value, read_value("0.85", share).value
    (Fraction(17, 20), Fraction(17, 20))
    >>> read_value("85", share).code
    'ITEM_SHARE_AS_PERCENT'
    """
    word = folded(text)
    if word in _NOT_APPLICABLE:
        return Value(applies=False) if known.may_not_apply else Value(code="ITEM_MUST_APPLY")
    if known.kind == "yes_no":
        return _answer(word)
    if known.kind == "level":
        return _level(word, known)
    negative = known.may_be_negative and re.match(r"^[-\u2212－]", text.strip())
    plain = text.strip()[1:] if negative else text
    units = load_schema().units["yuan"] if known.unit.get("en") == "yuan" else None
    reading = read_number(plain, missing=frozenset(), units=units)
    value = _checked(reading, known)
    if negative and value.value is not None:
        return Value(-value.value)
    return value


def percent_text(value: Fraction) -> str:
    """
    Write a share as a percentage, exactly where two decimals do, else rounded.

    >>> percent_text(Fraction(17, 20)), percent_text(Fraction(290, 302))
    ('85%', '96.03%')
    """
    return f"{float(value * 100):.2f}".rstrip("0").rstrip(".") + "%"


def _answer(word: str) -> Value:
    if word in _YES or word in _NO:
        return Value(Fraction(word in _YES))
    return Value(code="ITEM_NOT_ANSWER")


def _level(word: str, known: Known) -> Value:
    plain = word.removesuffix("级").removeprefix("level")
    level = _LEVELS.get(plain) or (int(plain) if plain.isdigit() and len(plain) == 1 else 0)
    return Value(Fraction(level)) if 1 <= level <= _HIGHEST_LEVEL else _not_number(known)


def _checked(reading: Reading, known: Known) -> Value:
    if reading.status not in ("value", "percent") or reading.value is None:
        return _not_number(known)
    value = reading.value
    if known.kind in ("share", "rate"):
        return _share(value, known, percent=reading.status == "percent")
    if reading.status == "percent" and known.kind != "ratio":
        return _not_number(known)
    if known.kind in ("count", "years", "year") and value.denominator != 1:
        return _not_number(known)
    if known.kind == "year" and not 1949 <= value <= 2100:
        return _not_number(known)
    if known.most is not None and value > known.most:
        return Value(code="POINTS_EXCEED", words={"other": f"{float(known.most):g}"})
    return Value(value)


def _share(value: Fraction, known: Known, *, percent: bool) -> Value:
    if value <= 1:
        return Value(value)
    if known.may_be_negative:  # a growth may be any size, but a bare 20 is hardly 2,000 %
        return Value(value) if percent else _as_percent(value)
    if value <= _MOST_ABOVE_ONE and known.may_exceed_one:
        return Value(value, code="ITEM_ABOVE_ONE", words={"percent": percent_text(value)})
    if percent or value <= _MOST_ABOVE_ONE:
        return Value(code="ITEM_OVER_ONE", words={"percent": percent_text(value)})
    return _as_percent(value)


def _as_percent(value: Fraction) -> Value:
    share = f"{float(value / 100):.6f}".rstrip("0").rstrip(".")
    return Value(code="ITEM_SHARE_AS_PERCENT", words={"percent": percent_text(value / 100), "share": share})


def _not_number(known: Known) -> Value:
    unit = (known.unit.get("zh") or "（无）", known.unit.get("en") or "no unit")
    return Value(code="ITEM_NOT_NUMBER", words={"kind": _KINDS[known.kind], "unit": unit})
