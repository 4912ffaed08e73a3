"""
The report on paper: PDF by typst, tagged for screen readers (PDF/UA-1), the same bytes for the same blocks.

The typst template lies in ``templates/report.typ``; this module hands it plain data. No text from a block is ever
markup, no font or file of the machine is used, and a character that the bundled font lacks becomes 〓 and is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.page import fonts
from balancelab.page.markup import legend, spanners
from balancelab.page.theme import ACCENT, INK, MUTED, RULE
from balancelab.page.words import Pair, choose
from balancelab.reports.formats import look
from balancelab.reports.formats.clock import moment
from balancelab.reports.formats.reading import NO_ROWS, Report, heading_text, numbered, read_report
from balancelab.reports.formats.sheets import SHORT_TABLE, Item, figure_width, lay_out
from balancelab.reports.formats.widths import GAP, PADDING, SIGN_GAP, balanced, cell_columns, gaps, sign_room

if TYPE_CHECKING:
    from typst import Fonts

TEMPLATE = Path(__file__).parents[1] / "templates" / "report.typ"

_RUNNING_COLUMNS = 90  # half-width letters of the title that fit the running header
_PIECE = 1000  # characters of a paragraph: typst gives up at 512 stretches of one that need a face of their own
_ENDS = (("。", "！", "？", "；", ". ", "; "), ("、", "，", ", "), (" ",))  # where a text is parted, the best first

_CONTENTS: Pair = {"zh": "目录", "en": "Contents"}
_PAGE: Pair = {"zh": "第 {page} 页 共 {pages} 页", "en": "Page {page} of {pages}"}
_MISSING: Pair = {
    "zh": "“〓”代表字库未收的字：{letters}。",
    "en": "“〓” stands for characters that the font lacks: {letters}.",
}


def render_pdf(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> bytes:
    """
    Write blocks as a PDF for print.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON.
    title : str, optional
        By default the title that the page gives itself.
    language : str
        Language of the report.

    Returns
    -------
    bytes
        A tagged A4 document that conforms to PDF/UA-1; the same for the same blocks and ``SOURCE_DATE_EPOCH``.

    Raises
    ------
    ValueError
        If there is no title, the language or a kind of block is unknown, or a figure has no alternative text.
    """
    return _compile(_payload(read_report(blocks, title=title, language=language)))


def svg_to_png(svg: str, *, dots_per_inch: float = 200.0) -> bytes:
    """
    Draw an SVG as PNG, for formats that take no SVG.

    Parameters
    ----------
    svg : str
        The picture.
    dots_per_inch : float
        Resolution.

    Returns
    -------
    bytes
        PNG.
    """
    source = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.at("svg")), format: "svg")'
    return _typst(source.encode(), {"svg": svg}, format="png", ppi=dots_per_inch)


def _compile(payload: Mapping[str, Any]) -> bytes:
    """Run typst over the template."""
    inputs = {"report": json.dumps(payload, ensure_ascii=False)}
    return _typst(TEMPLATE.read_bytes(), inputs, format="pdf", pdf_standards=["ua-1"], timestamp=moment())


def _typst(source: bytes, inputs: dict[str, str], **options: Any) -> bytes:
    """Compile one document in which no file and no font of the machine can be seen."""
    import typst

    compiler = typst.Compiler(source, root=TEMPLATE.parent, font_paths=_fonts(), sys_inputs=inputs)
    made = compiler.compile(**options)
    return made if isinstance(made, bytes) else b"".join(made or [])


@cache
def _fonts() -> Fonts:
    """
    The bundled font, and DejaVu Sans, which comes with matplotlib.

    In Noto Sans SC quotation marks are as wide as a Chinese character; in other languages DejaVu Sans writes them.
    """
    import matplotlib as mpl
    import typst

    folders = [fonts.REGULAR.parent, Path(mpl.get_data_path()) / "fonts" / "ttf"]
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder) for folder in folders]
    )


def _payload(report: Report) -> dict[str, Any]:
    """Everything the template shows, every character of it in the font."""
    before, _, rest = choose(_PAGE, report.language).partition("{page}")
    between, _, after = rest.partition("{pages}")
    payload = {
        "title": report.title,
        "subtitle": report.subtitle,
        "running": _cut(report.title),
        "lang": report.language.split("-")[0],
        "region": "cn" if report.language == "zh" else None,
        "indent": report.language == "zh",
        "latin_quotes": report.language != "zh",
        "sign_gap": SIGN_GAP,
        "contents": any(block["kind"] == "heading" for block in report.blocks),
        "words": {
            "contents": choose(_CONTENTS, report.language),
            "page": [before, between, after],
            "no_rows": choose(NO_ROWS, report.language),
        },
        "look": {
            "ink": INK,
            "muted": MUTED,
            "rule": RULE,
            "accent": ACCENT,
            "pale": look.PALE,
            "warning_fill": look.WARNING_FILL,
            "warning_rule": look.WARNING_RULE,
        },
        "sheets": [
            {"landscape": sheet.landscape, "blocks": [_placed(item, report.language) for item in sheet.items]}
            for sheet in lay_out(report)
        ],
    }
    payload = _writable(payload, report.language)
    payload["thin"] = _thin(payload)
    return payload


def _placed(item: Item, language: str) -> dict[str, Any]:
    """What the template is given for one block."""
    block = item.block
    match block["kind"]:
        case "table":
            return _table(item, language)
        case "heading":
            return {**block, "text": heading_text(block)}
        case "verdict":
            return {**_parted(block), "ink": look.ink(block["state"]), "tint": look.tint(block["state"])}
        case "paragraph" | "note":
            return _parted(block)
        case "figure":
            return _figure(item, language)
        case _:
            return block


def _parted(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with its text in parts of a thousand characters at most, each to the end of a sentence or a word."""
    text, parts = block["text"], []
    while len(text) > _PIECE:
        ends = (max(text.rfind(mark, 0, _PIECE) + len(mark.strip()) for mark in marks) for marks in _ENDS)
        at = next((end for end in ends if end > _PIECE // 2), _PIECE)
        parts.append(text[:at])
        text = text[at:].lstrip()
    return {key: value for key, value in block.items() if key != "text"} | {"parts": [*parts, text]}


def _figure(item: Item, language: str) -> dict[str, Any]:
    """A figure in a size that fits the sheet."""
    block = item.block
    if not block["alt"].strip():
        raise ValueError(f"{block['number']} has no alternative text (缺少替代文字)")
    number, caption = numbered(block, language)
    kept = {key: block[key] for key in ("kind", "alt", "svg")}
    return {**kept, "number": number, "caption": caption, "width": figure_width(item)}


def _table(item: Item, language: str) -> dict[str, Any]:
    """One table with its columns' widths and its cells' looks."""
    block = item.block
    number, caption = numbered(block, language, panel=item.panel)
    return {
        "kind": "table",
        "number": number,
        "caption": caption,
        "note": block["note"] or None,
        "signs": [list(pair) for pair in legend(block)],
        "size": item.size,
        "breakable": len(block["rows"]) >= SHORT_TABLE,
        "groups": [{"text": text, "width": width} for text, width in spanners(block)],
        "columns": _columns(item),
        "rows": _rows(block),
    }


def _columns(item: Item) -> list[dict[str, Any]]:
    """Headings, widths and room for signs."""
    made = []
    for column, width, signs, gap in zip(
        item.block["columns"], item.widths, sign_room(item.block), gaps(item.block), strict=True
    ):
        before = GAP if gap else 0.0
        made.append(
            {
                "label": balanced(column["label"], width - PADDING - signs - before),
                "unit": column["unit"] or None,
                "align": column["align"],
                "width": width,
                "signs": signs,
                "gap": before,
            }
        )
    return made


def _rows(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows with their looks."""
    made = []
    marks = block["row_marks"]
    for at, row in enumerate(block["cells"]):
        mark = marks[at]
        made.append(
            {
                "tint": look.tint(mark),
                "strong": mark == "total",
                "ruled": "total" in (mark, marks[at - 1] if at else None),
                "cells": [
                    {
                        "text": cell.text,
                        "sign": cell.sign,
                        "ink": look.ink(cell.state) or look.ink(mark if mark == "excluded" else None),
                        "strong": look.base_state(cell.state) == "failed",
                    }
                    for cell in row
                ],
            }
        )
    return made


def _writable(payload: dict[str, Any], language: str) -> dict[str, Any]:
    """The payload without characters that the font lacks; a note at the end says which they were."""
    texts: list[str] = []
    _gather(payload, texts)
    lacking = fonts.missing_glyphs("".join(texts))
    if not lacking:
        return payload
    replaced: dict[str, Any] = _replaced(payload)
    blocks = replaced["sheets"][-1]["blocks"] if replaced["sheets"] else []
    at = next((at for at, block in enumerate(blocks) if block["kind"] == "provenance"), len(blocks))
    letters = " ".join(f"U+{ord(letter):04X}" for letter in lacking)
    told = choose(_MISSING, language).replace("{letters}", letters)
    blocks.insert(at, _parted({"kind": "note", "style": "note", "text": told}))
    return replaced


def _replaced(part: Any, key: str = "") -> Any:
    """A copy with 〓 for every character that the font lacks."""
    if isinstance(part, str):
        return part if key == "svg" else fonts.replace_missing(part)
    if isinstance(part, Mapping):
        return {name: _replaced(value, name) for name, value in part.items()}
    if isinstance(part, list):
        return [_replaced(value) for value in part]
    return part


def _thin(payload: Mapping[str, Any]) -> str:
    """Pattern for characters that only Regular has; one that matches nothing if there are none."""
    texts: list[str] = []
    _gather(payload, texts)
    rare = fonts.missing_glyphs("".join(texts), path=fonts.BOLD)
    return "[" + "".join(f"\\u{{{ord(letter):X}}}" for letter in rare) + "]+" if rare else "[^\\s\\S]"


def _gather(part: Any, texts: list[str], key: str = "") -> None:
    """Collect every text but pictures."""
    if isinstance(part, str):
        if key != "svg":
            texts.append(part)
    elif isinstance(part, Mapping):
        for name, value in part.items():
            _gather(value, texts, name)
    elif isinstance(part, list):
        for value in part:
            _gather(value, texts)


def _cut(title: str) -> str:
    """Title in one line of the running header."""
    if cell_columns(title) <= _RUNNING_COLUMNS:
        return title
    short = title[:_RUNNING_COLUMNS]
    while cell_columns(short) > _RUNNING_COLUMNS - 2:
        short = short[:-1]
    return short + "…"
