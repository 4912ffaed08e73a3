"""
One cell of text to one number, in exact arithmetic, or the reason why not.

Nothing is guessed: digits with a decimal point are a number; groups of three, full-width digits, a unit that fits and a
percent sign are understood and logged; everything else is refused with a hint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from balancelab.intake.schema import folded, header_key

Status = Literal["value", "missing", "percent", "error"]

LARGEST = 10**15
"""Above this neighbouring whole numbers are no longer apart in a float, and no school has so much of anything."""
SMALLEST = Fraction(1, 10**9)

_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS = "\u00a0\u2000-\u200a\u202f\u205f"
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060\u2066-\u2069\u202a-\u202e\ufeff]")
_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([, ])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"([0-9]+(?:\.[0-9]+)?)[eE]([+-]?[0-9]{1,4})")
_WITH_UNIT = re.compile(r"([0-9][0-9, ]*(?:\.[0-9]+)?)\s*([^0-9\s.,%][^\s]{0,7})")
_NEGATIVE = re.compile(r"(?:[-\u2212\u2013\u2014\ufe63](.+)|\((.+)\))")
_MIXED_MARKS = re.compile(r"[0-9][0-9., ]*")
_CHINESE_NUMERAL = re.compile(r"[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+")

_HINTS: tuple[tuple[re.Pattern[str], tuple[str, str]], ...] = (
    (re.compile(r"^(约|大约|近|超过|不足|[<>≤≥~～≈])|(左右|余|多|以上|以下)$"), ("，是约数", " (an approximation)")),
    (re.compile(r"^[0-9.]+\s*[-~～—–至到]\s*[0-9.]+$"), ("，是范围", " (a range)")),
    (re.compile(r"^[〇零一二两三四五六七八九十百千万亿]+$"), ("，是中文数字", " (Chinese numerals)")),
    (re.compile(r"^0[xX][0-9a-fA-F]+$|_|^(true|false)$|^(inf|infinity|nan)$", re.I), ("", " (a computer notation)")),
    (re.compile(r"[eE][+-]?[0-9]+$"), ("，超出可用范围", " (out of any range)")),
    (re.compile(r"^[0-9IloO]+$"), ("，夹有字母 O、l 或 I", " (letters O, l or I among the digits)")),
    (re.compile(r"[+*=×÷]|^=|[0-9]\s*-\s*[0-9]"), ("，是算式或带有符号", " (arithmetic or a mark left in the cell)")),
    (re.compile(r"[0-9](\*+|\[[0-9]+\]|[①-⑳†‡])$"), ("，带有脚注符号", " (a footnote mark)")),
    (re.compile(r"^[0-9]{1,4}[-/.年][0-9]{1,2}([-/.月][0-9]{1,2}日?)?$|月"), ("，像是日期", " (looks like a date)")),
    (re.compile(r"%$"), ("，本列不应有百分数", " (this column holds no percentages)")),
)


@dataclass(frozen=True)
class Reading:
    """
    What a cell's text says.

    Attributes
    ----------
    status : str
        ``value``, ``missing``, ``percent`` (a value from 0 to 1 written with %), or ``error``.
    value : Fraction or None
        Exact.
    rule : tuple of str
        What had to be done to read it, Chinese and English; empty where nothing had.
    code : str
        For an error: the finding's code. For a value: a remark's code (``NUM_SCIENTIFIC``, ``NUM_PRECISION``) or "".
    hint : tuple of str
        For an error: what it looks like.
    """

    status: Status
    value: Fraction | None = None
    rule: tuple[str, str] | tuple[()] = ()
    code: str = ""
    hint: tuple[str, str] = ("", "")


def read_number(
    text: str,
    *,
    missing: frozenset[str],
    units: Mapping[str, Fraction] | None = None,
    header_unit: str | None = None,
) -> Reading:
    """
    Read one cell.

    Parameters
    ----------
    text : str
        The cell as found.
    missing : frozenset of str
        Signs for a missing value, as :func:`balancelab.intake.schema.folded` gives them.
    units : mapping, optional
        Units that fit the column, and how many of its base unit one is.
    header_unit : str, optional
        Unit named in the header; a cell may repeat it but not name another.

    Examples
    --------
    >>> read_number("７２２０．５", missing=frozenset()).value
    Fraction(14441, 2)
    >>> read_number("5605,00", missing=frozenset()).code
    'NUM_AMBIGUOUS'
    """
    if folded(text) in missing:
        return Reading("missing")
    plain, rules = _plain_text(text)
    if not plain:
        return Reading("missing")
    reading = _understood(plain, units or {}, header_unit)
    if reading is None:
        return Reading("error", code="NUM_UNPARSABLE")
    if reading.status == "error" or reading.value is None:
        return reading
    if reading.rule:
        rules.append((reading.rule[0], reading.rule[1]))
    joined = ("、".join(rule[0] for rule in rules), ", ".join(rule[1] for rule in rules)) if rules else ()
    if reading.value > LARGEST or 0 < reading.value < SMALLEST:
        return Reading("error", value=reading.value, code="NUM_RANGE")
    return Reading(reading.status, reading.value, joined, reading.code)


def _plain_text(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text in ASCII where that is its plain form, and what was done for it."""
    rules: list[tuple[str, str]] = []
    plain = _ZERO_WIDTH.sub("", text)
    if plain != text:
        rules.append(("不可见字符", "invisible characters"))
    narrow = plain.translate(_FULLWIDTH)
    if narrow != plain and narrow.strip() != plain.strip():
        rules.append(("全角字符", "full-width characters"))
    narrow = re.sub(f"[{_BLANKS}]", " ", narrow).strip()
    if narrow[:1] in "'’‘" and len(narrow) > 1 and narrow[1:2].isdigit():
        narrow = narrow[1:]
        rules.append(("前置撇号", "a leading apostrophe"))
    return narrow, rules


def _understood(plain: str, units: Mapping[str, Fraction], header_unit: str | None) -> Reading | None:
    if not plain.isascii() and not units and not _NEGATIVE.fullmatch(plain):
        return None
    if _PLAIN.fullmatch(plain):
        return _exact(plain, ())
    if _GROUPED.fullmatch(plain):
        return _exact(plain.replace(",", "").replace(" ", ""), ("千分位", "thousands separators"))
    if plain.endswith("%"):
        return _percent(plain)
    scientific = _SCIENTIFIC.fullmatch(plain)
    if scientific:
        return _scientific(*scientific.groups())
    negative = _NEGATIVE.fullmatch(plain)
    if negative:
        return _negative(negative.group(1) or negative.group(2), bracketed=negative.group(1) is None)
    if _MIXED_MARKS.fullmatch(plain) and any(mark in plain for mark in ",. "):
        return Reading("error", code="NUM_AMBIGUOUS")
    return _with_unit(plain, units, header_unit)


def _exact(digits: str, rule: tuple[str, str] | tuple[()]) -> Reading:
    if len(digits) > 400:
        return Reading("error", code="NUM_UNPARSABLE")
    significant = len(digits.replace(".", "").lstrip("0"))
    whole = digits.split(".")[0]
    value = Fraction(f"0{digits}" if digits.startswith(".") else digits.rstrip("."))
    remark = "NUM_PRECISION" if significant > 17 and len(whole) <= 16 else ""
    if not rule and (digits.startswith(".") or digits.endswith(".")):
        rule = ("小数点", "a bare decimal point")
    return Reading("value", value, rule, remark)


def _percent(plain: str) -> Reading | None:
    number = plain[:-1].strip()
    if not _PLAIN.fullmatch(number) or len(number) > 30:
        return None
    return Reading("percent", Fraction(number.rstrip(".")) / 100)


def _scientific(mantissa: str, exponent: str) -> Reading | None:
    # Beyond a float's own range the digits say nothing; within it the value is merely impossible.
    if abs(int(exponent)) > 305 or len(mantissa) > 40:
        return None
    value = Fraction(mantissa) * Fraction(10) ** int(exponent)
    return Reading("value", value, ("科学计数法", "scientific notation"), "NUM_SCIENTIFIC")


def _negative(inner: str, *, bracketed: bool) -> Reading | None:
    """Return a negative number as an error with its value: a field may have room for it; a bracket is never sure."""
    inner = inner.strip()
    if not (_PLAIN.fullmatch(inner) or _GROUPED.fullmatch(inner)) or len(inner) > 400:
        return None
    amount = Fraction(inner.replace(",", "").replace(" ", "").rstrip("."))
    if amount == 0:
        return Reading("value", Fraction(0), ("负零", "negative zero"))
    return Reading("error", None if bracketed else -amount, code="NUM_NEGATIVE")


def _with_unit(plain: str, units: Mapping[str, Fraction], header_unit: str | None) -> Reading | None:
    parted = _WITH_UNIT.fullmatch(plain)
    if not parted or not units:
        return None
    number, unit = parted.group(1).strip(), header_key(parted.group(2))
    factor = next((value for name, value in units.items() if header_key(name) == unit), None)
    if factor is None or not (_PLAIN.fullmatch(number) or _GROUPED.fullmatch(number)):
        return None
    if header_unit is not None and header_key(header_unit) != unit:
        return Reading("error", code="NUM_UNPARSABLE", hint=("，单位与表头不同", " (its unit is not the header's)"))
    value = Fraction(number.replace(",", "").replace(" ", ""))
    if header_unit is not None:
        factor = Fraction(1)  # the caller multiplies by the header's unit
    return Reading("value", value * factor, (f"单位“{parted.group(2)}”", f"the unit {parted.group(2)}"))


def hint_of(text: str) -> tuple[str, str]:
    """
    Return what a text that is no number looks like, Chinese and English; blank where nothing comes to mind.

    >>> hint_of("约1520")[1]
    ' (an approximation)'
    """
    plain, _ = _plain_text(text)
    for pattern, hint in _HINTS:
        if pattern.search(plain):
            return hint
    if any(unicodedata.category(char) in ("Nd", "Nl", "No") and not char.isascii() for char in plain):
        return "，是其他文字的数字", " (digits of another script)"
    return "", ""
