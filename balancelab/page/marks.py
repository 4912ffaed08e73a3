"""
Marks: what a verdict or a cell can be, as word and shape, so that no reader depends on colour.

A mark's id stands in tables and blocks; its word and glyph appear only when a page is written. Every glyph exists in
the bundled font.
"""

from __future__ import annotations

from dataclasses import dataclass

from balancelab.page.words import choose


@dataclass(frozen=True)
class Mark:
    """
    One mark: its word in two languages and its shape.

    Attributes
    ----------
    zh, en : str
        The word.
    glyph : str
        The shape printed before the word.
    sign : str
        The shape printed beside a number that carries the mark; empty where nothing needs saying.
    """

    zh: str
    en: str
    glyph: str
    sign: str


MARKS: dict[str, Mark] = {
    "met": Mark("达标", "Met", "✓", ""),
    "met_borderline": Mark("达标（临界）", "Met (borderline)", "✓", "≈"),
    "failed": Mark("未达标", "Not met", "×", "×"),
    "failed_borderline": Mark("未达标（临界）", "Not met (borderline)", "×", "×≈"),
    "borderline": Mark("临界", "Borderline", "≈", "≈"),
    "undetermined": Mark("待定", "Undetermined", "◐", "◐"),
    "not_applicable": Mark("不适用", "Not applicable", "—", ""),
    "excluded": Mark("不计入", "Excluded", "○", "○"),
    "total": Mark("合计", "Total", "", ""),
}

STATES = ("met", "failed", "undetermined", "not_applicable")


def mark_id(value: object) -> str | None:
    """
    Name the mark that a table's value stands for.

    Parameters
    ----------
    value : object
        A mark id; or a verdict as the verdict tables give it: true is met, false is not met. A numpy truth value
        counts as one.

    Returns
    -------
    str or None
        The id; ``None`` for no mark (``None`` or an empty text).

    Raises
    ------
    ValueError
        If there is no such mark; the message names those there are.

    Examples
    --------
    >>> mark_id(True), mark_id("borderline"), mark_id("")
    ('met', 'borderline', None)
    """
    if value is None or value == "":
        return None
    if type(value).__name__ in {"bool", "bool_"}:
        return "met" if value else "failed"
    if isinstance(value, str) and value in MARKS:
        return value
    raise ValueError(f"unknown mark {value!r}: known are {', '.join(MARKS)}")


def mark_word(mark: str, language: str) -> str:
    """
    Word of a mark.

    Examples
    --------
    >>> mark_word("failed", "zh")
    '未达标'
    """
    found = MARKS[mark]
    return choose({"zh": found.zh, "en": found.en}, language)


def mark_text(mark: str, language: str) -> str:
    """
    Shape and word of a mark.

    Examples
    --------
    >>> mark_text("met", "zh"), mark_text("not_applicable", "zh")
    ('✓ 达标', '— 不适用')
    """
    return f"{MARKS[mark].glyph} {mark_word(mark, language)}".strip()
