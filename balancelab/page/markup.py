"""
One block as HTML: the fragments that JupyterLab shows and the HTML report is put together from.

Everything from a block is escaped by the template engine; no text is ever a template.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.page.display import MISSING, cell_text
from balancelab.page.marks import MARKS, mark_word
from balancelab.page.words import Pair, choose

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
_NO_ROWS: Pair = {"zh": "无", "en": "None"}


@cache
def environment(*folders: Path) -> Environment:
    """
    Template engine that escapes everything and refuses unknown names.

    Parameters
    ----------
    *folders : Path
        Folders of templates, besides this package's own.

    Returns
    -------
    Environment
        Knows ``cell``, ``legend``, ``spanners``, ``data_uri`` and ``word``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    engine = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.globals.update(
        cell=_cell, legend=legend, spanners=spanners, data_uri=_data_uri, word=choose, no_rows=_NO_ROWS
    )
    return engine


def fragment(block: Mapping[str, Any], *, anchor: str) -> str:
    """
    HTML of one block, without style.

    Parameters
    ----------
    block : mapping
        Block JSON.
    anchor : str
        Beginning of every ``id`` in the fragment; unique on the page.

    Returns
    -------
    str
        HTML; every text escaped.

    Raises
    ------
    ValueError
        If the kind of block is unknown.
    """
    macros = environment().get_template("blocks.html.j2").module
    macro = getattr(macros, f"{block['kind']}_block", None)
    if macro is None:
        raise ValueError(f"unknown kind of block: {block['kind']!r}")
    return str(macro(block, anchor))


def preview(block: Mapping[str, Any]) -> str:
    """
    HTML of one block with its style, as a notebook shows it.

    Parameters
    ----------
    block : mapping
        Block JSON.

    Returns
    -------
    str
        Self-contained HTML.
    """
    html = fragment(block, anchor="preview")
    style = (TEMPLATES / "blocks.css").read_text(encoding="utf-8")
    return f'<div class="bl" lang="{html_language(block["language"])}"><style>{style}</style>{html}</div>'


def html_language(language: str) -> str:
    """
    Language code as HTML wants it.

    Examples
    --------
    >>> html_language("zh"), html_language("en")
    ('zh-CN', 'en')
    """
    return "zh-CN" if language == "zh" else language


def legend(block: Mapping[str, Any]) -> list[tuple[str, str]]:
    """
    Shapes that stand in a table's cells without a word, with their words.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    list of (glyph, word)
        In the order of `balancelab.page.marks.MARKS`; marks that print nothing in the cell are left out.
    """
    used = {mark for row in block["marks"] for mark in row if mark} | {mark for mark in block["row_marks"] if mark}
    kinds = [column["kind"] for column in block["columns"]]
    spelled = {row[at] for row in block["rows"] for at, kind in enumerate(kinds) if kind == "verdict"}
    return [
        (MARKS[mark].glyph, mark_word(mark, block["language"]))
        for mark in MARKS
        if mark in used - spelled and mark not in ("met", "total")
    ]


def spanners(block: Mapping[str, Any]) -> list[tuple[str | None, int]]:
    """
    Headings over several columns, from left to right.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    list of (text or None, number of columns)
        Empty if no column has a group.
    """
    groups = [column["group"] for column in block["columns"]]
    if not any(groups):
        return []
    return [(group, len(list(columns))) for group, columns in groupby(groups)]


def _cell(block: Mapping[str, Any], row: int, at: int) -> dict[str, str]:
    """Text, glyph, glyph's word and class of one cell."""
    column = block["columns"][at]
    value = block["rows"][row][at]
    mark = block["marks"][row][at]
    text = cell_text(value, column, block["language"])
    state = mark or (value if column["kind"] == "verdict" else None)
    shows = bool(mark) and mark not in ("met", "total") and text != MISSING
    return {
        "text": text,
        "glyph": MARKS[mark].glyph if shows else "",
        "word": mark_word(mark, block["language"]) if shows else "",
        "state": f"bl-{state.replace('_', '-')}" if state else "",
    }


def _data_uri(svg: str) -> str:
    """An SVG as the address of an image, from which nothing can be run or fetched."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
