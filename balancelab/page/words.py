"""
Words in the reader's language: a pair is chosen, a third language overlays the English.

A *pair* is ``{"zh": …, "en": …}``, written where the thing it names is defined. A further language is one file
``locales/<code>.toml`` whose keys are the English texts; what the file lacks falls back to English. This module knows
nothing of the rest of the package.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

Pair = Mapping[str, str]

BUILT_IN = ("zh", "en")
LOCALES = Path(__file__).with_name("locales")


def languages() -> tuple[str, ...]:
    """
    Codes of every language a page can be written in.

    Returns
    -------
    tuple of str
        ``zh``, ``en``, then the overlay files in alphabetical order.

    Examples
    --------
    >>> languages()[:2]
    ('zh', 'en')
    """
    return (*BUILT_IN, *sorted(path.stem for path in LOCALES.glob("*.toml")))


def check_language(language: str) -> str:
    """
    Return the language code unchanged, or refuse an unknown one.

    Parameters
    ----------
    language : str
        ``zh``, ``en`` or the stem of a file in ``page/locales``.

    Returns
    -------
    str
        The same code.

    Raises
    ------
    ValueError
        If no such language is known; the message names those that are.

    Examples
    --------
    >>> check_language("zh")
    'zh'
    """
    known = languages()
    if language not in known:
        raise ValueError(f"unknown language {language!r}: known are {', '.join(known)} (未知语言)")
    return language


def choose(pair: Pair, language: str) -> str:
    """
    Pick the text of a pair in one language.

    Parameters
    ----------
    pair : mapping
        ``{"zh": …, "en": …}``; a further key may hold a further language.
    language : str
        Language code.

    Returns
    -------
    str
        The text; for a third language the overlay's entry, else the English.

    Raises
    ------
    ValueError
        If the pair lacks Chinese or English, or one of them is empty.

    Examples
    --------
    >>> choose({"zh": "学校", "en": "School"}, "zh")
    '学校'
    """
    for code in BUILT_IN:
        text = pair.get(code)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"a text needs both languages, {code!r} is missing or empty: {dict(pair)!r}")
    if language in pair:
        return pair[language]
    return overlay(language).get(pair["en"], pair["en"])


@cache
def overlay(language: str) -> dict[str, str]:
    """
    Read one overlay file.

    Parameters
    ----------
    language : str
        Code of a third language.

    Returns
    -------
    dict
        English text to text in that language. The caller does not change it: it is shared.

    Raises
    ------
    ValueError
        If the language is unknown or an entry is not text.
    """
    check_language(language)
    entries = tomllib.loads((LOCALES / f"{language}.toml").read_text(encoding="utf-8"))
    wrong = [key for key, text in entries.items() if not isinstance(text, str)]
    if wrong:
        raise ValueError(f"locales/{language}.toml: not text: {', '.join(wrong)}")
    return entries


def missing_words(code: str, texts: Iterable[str]) -> list[str]:
    """
    English texts that a language has no words for.

    Parameters
    ----------
    code : str
        Language code.
    texts : iterable of str
        English texts that pages use.

    Returns
    -------
    list of str
        Those without an entry, each once, in the order given; empty for ``zh`` and ``en``.

    Examples
    --------
    >>> missing_words("en", ["School"])
    []
    """
    if check_language(code) in BUILT_IN:
        return []
    entries = overlay(code)
    return [text for text in dict.fromkeys(texts) if text not in entries]
