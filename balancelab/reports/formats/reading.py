"""
What every format reads blocks through: one title, one outline, clean text, cells as a reader sees them.

So that no two formats can disagree, the decisions that are not a matter of looks are made here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from balancelab.page.blocks import KINDS
from balancelab.page.display import MISSING, cell_text, clean_text
from balancelab.page.marks import MARKS
from balancelab.page.outline import has_own_number, section_number
from balancelab.page.words import Pair, check_language, choose

NO_ROWS: Pair = {"zh": "无", "en": "None"}
CONTINUED: Pair = {"zh": "（续）", "en": " (continued)"}

_CHINESE_MARKS = ("、", "）")
_PICTURES = ("svg", "png")


@dataclass(frozen=True)
class Report:
    """
    A report ready to be written.

    Attributes
    ----------
    title, subtitle : str
        Subtitle may be empty.
    language : str
        Language of the report.
    blocks : tuple of dict
        Block JSON without title and completion token; every text is clean; the outline begins at level 1, skips no
        level and says no number twice. Tables have a further entry ``cells``: rows of `Cell`.
    """

    title: str
    subtitle: str
    language: str
    blocks: tuple[dict[str, Any], ...]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Blocks of one kind, in order."""
        return [block for block in self.blocks if block["kind"] == kind]


@dataclass(frozen=True)
class Cell:
    """
    One cell of a table as a reader sees it.

    Attributes
    ----------
    text : str
        The value in words or rounded digits, ``—`` where there is none.
    sign : str
        Shape beside it, often empty.
    state : str or None
        Mark id of the cell: its own mark, or the verdict that it holds.
    """

    text: str
    sign: str
    state: str | None


def read_report(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> Report:
    """
    Bring blocks into the form that every format is written from.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON. Not changed.
    title : str, optional
        By default that of the title block or else of the first heading.
    language : str
        Language of the report.

    Returns
    -------
    Report
        A first heading that repeats the title is left out, what stands below it moves up.

    Raises
    ------
    ValueError
        If the language or a kind of block is unknown, or there is no title.

    Examples
    --------
    >>> parts = [{"kind": "heading", "level": 1, "number": "1", "text": "Linjiang"},
    ...          {"kind": "heading", "level": 2, "number": "1.1", "text": "Scope"}]
    >>> report = read_report(parts, language="en")
    >>> report.title, report.blocks[0]["level"], report.blocks[0]["number"]
    ('Linjiang', 1, '1')
    """
    check_language(language)
    listed = [_clean(block) for block in blocks]
    unknown = sorted({str(block.get("kind")) for block in listed} - set(KINDS))
    if unknown:
        raise ValueError(f"unknown kind of block: {', '.join(unknown)}")
    own = next((block for block in listed if block["kind"] == "title"), None)
    body = [block for block in listed if block["kind"] not in ("title", "complete")]
    first = next((block for block in body if block["kind"] == "heading"), None)
    title = clean_text(title or (own or {}).get("title") or (first or {}).get("text") or "").strip()
    if not title:
        raise ValueError("a report needs a title: give one, or a page with a title block or a heading")
    if body and body[0] is first and first["text"].strip() == title:
        body = body[1:]
    subtitle = (own or {}).get("subtitle") or ""
    shown = (
        {**block, "cells": _cells(block)} if block["kind"] == "table" else block for block in _outlined(body, language)
    )
    return Report(title, subtitle, language, tuple(shown))


def numbered(block: Mapping[str, Any], language: str, *, panel: int = 0) -> tuple[str, str]:
    """
    Number and text of a caption.

    Parameters
    ----------
    block : mapping
        JSON of a table or figure block.
    language : str
        Language of the report.
    panel : int
        Which part of a table that was split for its width; parts after the first say so.

    Returns
    -------
    tuple of (number, text)
        ``("表 1", "各学段结论")``.

    Examples
    --------
    >>> numbered({"number": "Table 1", "caption": "Schools"}, "en", panel=1)
    ('Table 1', 'Schools (continued)')
    """
    return block["number"], block["caption"] + (choose(CONTINUED, language) if panel else "")


def heading_text(block: Mapping[str, Any]) -> str:
    """
    Heading with its number in front, unless it counts itself.

    Examples
    --------
    >>> heading_text({"number": "1.2", "text": "Scope"}), heading_text({"number": "", "text": "一、范围"})
    ('1.2 Scope', '一、范围')

    A Chinese number ends in its own mark and needs no space:

    >>> heading_text({"number": "（二）", "text": "范围"})
    '（二）范围'
    """
    gap = "" if block["number"].endswith(_CHINESE_MARKS) else " "
    return f"{block['number']}{gap}{block['text']}".strip() or MISSING


def split_columns(block: Mapping[str, Any], parts: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """
    Cut a table block into several of fewer columns.

    Parameters
    ----------
    block : mapping
        JSON of a table block.
    parts : sequence of sequences of int
        Columns of each part.

    Returns
    -------
    list of dict
        Table blocks; notes stay with the last one.
    """
    made: list[dict[str, Any]] = []
    for at, part in enumerate(parts):
        made.append(
            {
                **block,
                "columns": [block["columns"][column] for column in part],
                "rows": [[row[column] for column in part] for row in block["rows"]],
                "marks": [[row[column] for column in part] for row in block["marks"]],
                "cells": [[row[column] for column in part] for row in block["cells"]],
                "row_header": part.index(block["row_header"]) if block["row_header"] in part else 0,
                "note": block["note"] if at == len(parts) - 1 else None,
            }
        )
    return made


def _cells(block: Mapping[str, Any]) -> list[list[Cell]]:
    """Cells of a table; the one that names a row bears the row's mark if it has none of its own."""
    return [
        [
            _cell(value, mark or (row_mark if at == block["row_header"] else None), column, block["language"])
            for at, (value, mark, column) in enumerate(zip(row, marks, block["columns"], strict=True))
        ]
        for row, marks, row_mark in zip(block["rows"], block["marks"], block["row_marks"], strict=True)
    ]


def _cell(value: Any, mark: str | None, column: Mapping[str, Any], language: str) -> Cell:
    """One cell."""
    state = mark or (value if column["kind"] == "verdict" else None)
    return Cell(cell_text(value, column, language), MARKS[mark].sign if mark else "", state)


def _clean(part: Any, key: str = "") -> Any:
    """A copy in which every text can be written in every format; pictures are left alone."""
    if isinstance(part, str):
        return part if key in _PICTURES else clean_text(part)
    if isinstance(part, Mapping):
        return {name: _clean(value, name) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_clean(value) for value in part]
    return part


def _outlined(body: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Blocks whose headings begin at level 1, skip none and are counted anew."""
    top = min((block["level"] for block in body if block["kind"] == "heading"), default=1)
    counts: list[int] = []
    made = []
    for block in body:
        if block["kind"] == "heading":
            level = min(block["level"] - top + 1, len(counts) + 1)
            counts = [*counts, 0][:level]
            counts[-1] += 1
            number = "" if has_own_number(block["text"]) else section_number(tuple(counts), language)
            block = {**block, "level": level, "number": number}
        elif block["kind"] == "provenance":
            # a heading of which nothing is left would be none for a screen reader
            block = {**block, "heading": block["heading"].strip() or MISSING}
        made.append(block)
    return made
