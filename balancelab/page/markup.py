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

from balancelab.page.display import cell_text
from balancelab.page.marks import MARKS, mark_word
from balancelab.page.words import Pair, choose

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

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
        Also knows the functions that turn a table block into cells.
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
        cell=_cell,
        column_classes=column_classes,
        legend=legend,
        spanners=spanners,
        data_uri=_data_uri,
        word=choose,
        no_rows=_NO_ROWS,
    )
    return engine


def fragment(block: Mapping[str, Any], *, anchor: str) -> Markup:
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
    Markup
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
    return macro(block, anchor).strip()


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
    language = html_language(block["language"])
    return f'<div class="bl" lang="{language}" style="max-width:56rem"><style>{style}</style>{html}</div>'


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
    Signs that stand beside a table's numbers, with their words.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    list of (sign, word)
        In the order of `balancelab.page.marks.MARKS`; marks that print no sign are left out.
    """
    used = {mark for row in block["marks"] for mark in row} | set(block["row_marks"])
    return [
        (sign.sign, mark_word(mark, block["language"])) for mark, sign in MARKS.items() if mark in used and sign.sign
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


def column_classes(block: Mapping[str, Any]) -> list[str]:
    """
    Classes of each column's cells: alignment, kind, room for marks, whether it names the row.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    list of str
        One per column.
    """
    widest = [max((len(_sign(mark)) for mark in marks), default=0) for marks in zip(*block["marks"], strict=True)]
    widest = widest or [0] * len(block["columns"])
    return [
        f"bl-{column['align']} bl-kind-{column['kind']}"
        + (f" bl-signs-{widest[at]}" if widest[at] else "")
        + (" bl-name" if at == block["row_header"] else "")
        for at, column in enumerate(block["columns"])
    ]


def _sign(mark: str | None) -> str:
    """Shape that a marked cell shows beside its value."""
    return MARKS[mark].sign if mark else ""


def _cell(block: Mapping[str, Any], row: int, at: int) -> dict[str, str]:
    """Text, sign, the sign's word and class of one cell."""
    column = block["columns"][at]
    value = block["rows"][row][at]
    mark = block["marks"][row][at]
    sign = _sign(mark)
    state = mark or (value if column["kind"] == "verdict" else None)
    return {
        "text": cell_text(value, column, block["language"]),
        "sign": sign,
        "word": mark_word(mark, block["language"]) if sign else "",
        "state": f" bl-state-{state.replace('_', '-')}" if state else "",
    }


def _data_uri(svg: str) -> str:
    """An SVG as the address of an image, from which nothing can be run or fetched."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
