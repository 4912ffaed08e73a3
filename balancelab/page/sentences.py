"""
Sentences with numbers in them, filled safely.

A sentence is written by an author, the values come from data. Only a plain name and a few number formats are read
between braces: no attribute, no index, no call, no nesting. A value that is text is put in as it is and never read as
a sentence again, so a school called ``{0.__class__}`` is just an oddly named school.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

from balancelab.page.display import MISSING, clean_text, is_missing, is_truth, number_text
from balancelab.page.words import BUILT_IN, Pair, choose

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FIELD = re.compile(r"([A-Za-z_]\w*)(?::(\+?)(,?)(?:\.(\d{1,2}))?([df%]?))?", re.ASCII)
_YES_NO = {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}


def placeholders(sentence: str) -> set[str]:
    """
    Names between braces.

    Parameters
    ----------
    sentence : str
        Sentence as its author wrote it; ``{{`` and ``}}`` stand for braces.

    Returns
    -------
    set of str
        The names.

    Raises
    ------
    ValueError
        If a brace stands alone or something else than a name and a number format stands between braces.

    Examples
    --------
    >>> sorted(placeholders("{n} of {total:,}"))
    ['n', 'total']
    """
    return {_field(found, sentence)[0] for found in _PART.finditer(sentence) if found.group() not in ("{{", "}}")}


def fill(sentence: str, values: Mapping[str, Any], language: str) -> str:
    """
    Put values into one sentence.

    Parameters
    ----------
    sentence : str
        Sentence with ``{name}``, ``{name:.3f}``, ``{name:,}``, ``{name:.1%}`` or ``{name:+.2f}``.
    values : mapping
        A value for each name: a number, text, a date, a truth value, or a pair ``{"zh": …, "en": …}``.
    language : str
        Language of the sentence, for pairs.

    Returns
    -------
    str
        The sentence; ``—`` where a value is missing.

    Raises
    ------
    ValueError
        If a placeholder has no value, or text has a number format.

    Examples
    --------
    >>> fill("{county}：{cv:.3f}，{n:,} 所", {"county": "甲{县}", "cv": 0.4625, "n": 1200}, "zh")
    '甲{县}：0.462，1,200 所'
    """

    def replace(found: re.Match[str]) -> str:
        if found.group() in ("{{", "}}"):
            return found.group()[0]
        name, *form = _field(found, sentence)
        if name not in values:
            raise ValueError(f"no value for the placeholder {{{name}}} in {sentence!r}; values: {sorted(values)}")
        return _written(name, values[name], form, language)

    return _PART.sub(replace, sentence)


def fill_pairs(pairs: Sequence[Pair], values: Mapping[str, Any], language: str) -> list[str]:
    """
    Put the same values into several sentences of one block.

    Both built-in languages are checked whatever the page's language is, so that an author who runs the Chinese report
    learns of a slip in the English one.

    Parameters
    ----------
    pairs : sequence of pairs
        Sentences in both languages.
    values : mapping
        Values by name.
    language : str
        Language of the page.

    Returns
    -------
    list of str
        The sentences in that language.

    Raises
    ------
    ValueError
        If a placeholder has no value, a value has no placeholder, or a number stands in one language only.

    Examples
    --------
    >>> fill_pairs([{"zh": "共 {n} 所", "en": "{n} schools"}], {"n": 3}, "en")
    ['3 schools']
    """
    used: set[str] = set()
    for pair in pairs:
        for code in BUILT_IN:
            fill(choose(pair, code), values, code)
        chinese, english = (placeholders(choose(pair, code)) for code in BUILT_IN)
        # words may differ between languages (a plural, an article), numbers may not
        lonely = sorted(
            name for name in chinese ^ english if isinstance(values[name], Number) and not is_truth(values[name])
        )
        if lonely:
            raise ValueError(f"numbers in one language only: {', '.join(lonely)} in {dict(pair)!r}")
        used |= chinese | english
    unused = sorted(set(values) - used)
    if unused:
        raise ValueError(f"values without a placeholder: {', '.join(unused)} in {[dict(pair) for pair in pairs]!r}")
    return [fill(choose(pair, language), values, language) for pair in pairs]


def _field(found: re.Match[str], sentence: str) -> tuple[str, str, str, str, str]:
    """Name, sign, grouping, decimals and type of one placeholder."""
    field = _FIELD.fullmatch(found.group(1) or "")
    if field is None:
        raise ValueError(
            f"cannot read {found.group()!r} in {sentence!r}: write {{name}} or {{name:.2f}}, {{{{ for a brace"
        )
    name, sign, group, decimals, kind = field.groups(default="")
    return name, sign, group, decimals, kind


def _written(name: str, value: Any, form: list[str], language: str) -> str:
    """One value as text."""
    sign, group, decimals, kind = form
    if is_missing(value):
        return MISSING
    if is_truth(value):
        value = _YES_NO[bool(value)]
    if isinstance(value, Number):
        digits = int(decimals) if decimals else (0 if kind == "d" else None)
        text = number_text(value, digits, percent=kind == "%", group=bool(group))
        positive = sign and text[0].isdigit() and any(digit in "123456789" for digit in text)
        return "+" + text if positive else text
    if any(form):
        raise ValueError(f"the placeholder {{{name}}} asks for a number, the value is {value!r}")
    if isinstance(value, Mapping):
        return clean_text(choose(value, language))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        return clean_text(value)
    raise ValueError(f"the placeholder {{{name}}} has a value that is neither number nor text: {value!r}")
