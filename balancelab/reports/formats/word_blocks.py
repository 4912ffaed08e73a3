"""The report's blocks as paragraphs, tables and pictures of a Word document."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.markup import legend
from balancelab.page.theme import MUTED, RULE
from balancelab.page.words import Pair, choose
from balancelab.reports.formats import look
from balancelab.reports.formats.reading import Report, heading_text, numbered
from balancelab.reports.formats.sheets import Item, figure_width
from balancelab.reports.formats.word_parts import (
    TWIPS_PER_POINT,
    border,
    element,
    field,
    line_break,
    paragraph,
    run,
    shading,
)
from balancelab.reports.formats.word_table import table

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

EMU_PER_POINT = 12700
_FIRST_PICTURE = 100_000  # beyond the ids of pictures that a template has
_CONTENTS: Pair = {"zh": "目录", "en": "Contents"}
_NUMBER = re.compile(r"(.*?)(\d+)")


class Writer:
    """
    Turns blocks into elements of one document.

    Parameters
    ----------
    document : Document
        Where pictures are put; its body is not touched.
    styles : mapping
        Ids of styles by name.
    language : str
        Language of the report.
    new : bool
        Whether the document is all ours: then Word counts tables and figures, and headings can be linked to. A
        template may show blocks in any order, or twice.
    """

    def __init__(self, document: Document, styles: Mapping[str, str], language: str, *, new: bool = True) -> None:
        self.document, self.styles, self.language, self._new = document, styles, language, new
        self._bookmarks = self._pictures = 0
        self._makers: dict[str, Callable[[Item], list[Element]]] = {
            "heading": self._heading,
            "paragraph": self._paragraph,
            "note": self._note,
            "verdict": self._verdict,
            "table": self._table,
            "figure": self._figure,
            "provenance": self._provenance,
        }

    def elements(self, item: Item) -> list[Element]:
        """Elements of one block, in order."""
        return self._makers[item.block["kind"]](item)

    def contents(self, report: Report) -> list[Element]:
        """
        List of contents: a real one, with an entry for each heading of the first two levels.

        Page numbers are Word's to compute: the reader updates the field (F9). The entries are links from the start.
        """
        entries = [
            (block.get("level", 1), heading_text(block) if block["kind"] == "heading" else block["heading"])
            for block in report.blocks
            if (block["kind"] == "heading" and block["level"] <= 2) or block["kind"] == "provenance"
        ]
        begin, code, separate, _, end = field(r'TOC \o "1-2" \h \z', "")
        lines = []
        for at, (level, text) in enumerate(entries):
            link = element("w:hyperlink", run(text), anchor=f"_Toc{at + 1:06d}", history=1)
            before = [begin, code, separate] if at == 0 else []
            after = [end] if at == len(entries) - 1 else []
            lines.append(paragraph(self.styles[f"toc {level}"], *before, link, *after))
        heading = paragraph(self.styles["TOC Heading"], run(choose(_CONTENTS, self.language)))
        return [heading, *lines] if lines else []

    def _heading(self, item: Item) -> list[Element]:
        block = item.block
        return [self._marked(f"heading {block['level']}", heading_text(block), listed=block["level"] <= 2)]

    def _marked(self, style: str, text: str, *, listed: bool) -> Element:
        """A heading; the list of contents points to its bookmark."""
        runs = [run(text)]
        if listed and self._new:
            self._bookmarks += 1
            name = f"_Toc{self._bookmarks:06d}"
            begin = element("w:bookmarkStart", id=self._bookmarks, name=name)
            runs = [begin, *runs, element("w:bookmarkEnd", id=self._bookmarks)]
        return paragraph(self.styles[style], *runs)

    def _paragraph(self, item: Item) -> list[Element]:
        return [paragraph(self.styles["Body Text"], run(item.block["text"]))]

    def _note(self, item: Item) -> list[Element]:
        style = "Balancelab Warning" if item.block["style"] == "warning" else "Balancelab Note"
        return [paragraph(self.styles[style], run(item.block["text"]))]

    def _verdict(self, item: Item) -> list[Element]:
        block = item.block
        color, fill = look.ink(block["state"]) or MUTED, look.tint(block["state"]) or look.PALE
        made = paragraph(
            self.styles["Balancelab Verdict"],
            run(f"{block['glyph']} {block['word']}", bold=True, color=color, size=14, east_asian=True),
            line_break(),
            run(block["text"]),
        )
        thick = {"left": 36}
        sides = [
            border(side, eighths=thick.get(side, 6), color=color, space=8)
            for side in ("top", "left", "bottom", "right")
        ]
        made.pPr.extend([element("w:pBdr", *sides), shading(fill), element("w:ind", left=220, right=180)])
        return [made]

    def _table(self, item: Item) -> list[Element]:
        block = item.block
        number, caption = numbered(block, self.language, panel=item.panel)
        runs = []
        for sign, word in legend(block):
            runs += [run(sign, bold=True, east_asian=True), run(f" {word}   ")]
        if block["note"]:
            runs.append(run(block["note"]))
        below = paragraph(self.styles["Balancelab Table Note"], *runs)
        if not runs:
            below.pPr.append(element("w:spacing", before=0, after=0))
        return [
            self._caption("table", number, caption, counted=item.panel == 0, keep_next=True),
            table(item, self.styles, summary=f"{number} {caption}"),
            # also keeps two tables apart, which Word would otherwise join into one
            below,
        ]

    def _figure(self, item: Item) -> list[Element]:
        block = item.block
        if not block["alt"].strip():
            raise ValueError(f"{block['number']} has no alternative text (缺少替代文字)")
        width = round(figure_width(item) * EMU_PER_POINT)
        inline = self.document.part.new_pic_inline(io.BytesIO(_png(block)), width=width)
        self._pictures += 1
        inline.docPr.set("id", str(_FIRST_PICTURE + self._pictures))
        inline.docPr.set("name", block["number"])
        inline.docPr.set("descr", block["alt"])
        picture = element("w:r", element("w:drawing", inline))
        number, caption = numbered(block, self.language)
        return [
            paragraph(self.styles["Balancelab Figure"], picture, keep_next=True),
            self._caption("figure", number, caption, counted=True, keep_next=False),
        ]

    def _caption(self, kind: str, number: str, text: str, *, counted: bool, keep_next: bool) -> Element:
        """A caption whose number Word can count on and refer to."""
        found = _NUMBER.fullmatch(number)
        if found and counted and self._new:
            series = {"table": "Table", "figure": "Figure"}[kind]
            runs = [run(found[1]), *field(rf"SEQ {series} \* ARABIC", found[2]), run(f"  {text}")]
        else:
            runs = [run(f"{number}  {text}")]
        return paragraph(self.styles["caption"], *runs, keep_next=keep_next)

    def _provenance(self, item: Item) -> list[Element]:
        block = item.block
        style = self.styles["Balancelab Cell"]
        label = round(item.room * TWIPS_PER_POINT * 0.27)
        widths = (label, round(item.room * TWIPS_PER_POINT) - label)
        rows = []
        for entry in block["entries"]:
            parts = (run(entry["label"], color=MUTED), run(entry["value"]))
            cells = [
                element("w:tc", element("w:tcPr", element("w:tcW", w=width, type="dxa")), paragraph(style, part))
                for width, part in zip(widths, parts, strict=True)
            ]
            rows.append(element("w:tr", element("w:trPr", element("w:cantSplit")), *cells))
        heading = self._marked("heading 1", block["heading"], listed=True)
        # nothing may end with a table: not the document, not a cell of a template
        return [heading, _plain_table(rows, widths, block["heading"]), paragraph(style)]


def _plain_table(rows: list[Element], widths: tuple[int, ...], summary: str) -> Element:
    """Two columns of labels and values, with hair lines between."""
    lines = [border(side, eighths=4, color=RULE) for side in ("top", "bottom", "insideH")]
    margins = [element(f"w:{side}", w=50, type="dxa") for side in ("top", "bottom")]
    properties = element(
        "w:tblPr",
        element("w:tblW", w=sum(widths), type="dxa"),
        element("w:tblBorders", *lines),
        element("w:tblLayout", type="fixed"),
        element("w:tblCellMar", *margins),
        element("w:tblLook", val="0480", firstRow=0, lastRow=0, firstColumn=1, lastColumn=0, noHBand=0, noVBand=1),
        element("w:tblCaption", val=summary),
    )
    grid = element("w:tblGrid", *(element("w:gridCol", w=width) for width in widths))
    return element("w:tbl", properties, grid, *rows)


def _png(block: Mapping[str, Any]) -> bytes:
    """The figure as PNG, drawn from its SVG if the block has none."""
    if block.get("png"):
        return base64.b64decode(block["png"])
    from balancelab.reports.formats.pdf import svg_to_png

    return svg_to_png(block["svg"])
