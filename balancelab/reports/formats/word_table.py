"""Tables of the Word report: three lines, repeated headings, fixed widths, signs beside numbers, all digits aligned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.markup import spanners
from balancelab.page.theme import ACCENT, MUTED
from balancelab.page.words import choose
from balancelab.reports.formats import look
from balancelab.reports.formats.reading import NO_ROWS, Cell
from balancelab.reports.formats.sheets import SHORT_TABLE, Item
from balancelab.reports.formats.widths import GAP, PADDING, SIGN_GAP, balanced, gaps, sign_room
from balancelab.reports.formats.word_parts import (
    TWIPS_PER_POINT,
    border,
    element,
    line_break,
    paragraph,
    run,
    shading,
)
from balancelab.reports.formats.word_styles import TABLE_STYLE

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

_CELL_STYLE = "Balancelab Cell"


def table(item: Item, styles: Mapping[str, str], *, summary: str) -> Element:
    """
    Make a table.

    Parameters
    ----------
    item : Item
        A table block of a report with size and widths.
    styles : mapping
        Ids of styles by name.
    summary : str
        What the table is, for those who cannot see it.

    Returns
    -------
    element
        ``w:tbl``.
    """
    maker = _Table(item, styles)
    padding = round(item.size * PADDING / 2 * TWIPS_PER_POINT)
    properties = element(
        "w:tblPr",
        element("w:tblStyle", val=styles[TABLE_STYLE]),
        element("w:tblW", w=sum(maker.widths), type="dxa"),
        element("w:jc", val="center"),
        element("w:tblLayout", type="fixed"),
        element(
            "w:tblCellMar",
            *(
                element(f"w:{side}", w=w, type="dxa")
                for side, w in (("top", 40), ("left", padding), ("bottom", 40), ("right", padding))
            ),
        ),
        element("w:tblLook", val="0420", firstRow=1, lastRow=0, firstColumn=0, lastColumn=0, noHBand=0, noVBand=1),
        element("w:tblCaption", val=summary),
    )
    grid = element("w:tblGrid", *(element("w:gridCol", w=width) for width in maker.widths))
    return element("w:tbl", properties, grid, *maker.rows())


class _Table:
    """What the rows of one table share."""

    def __init__(self, item: Item, styles: Mapping[str, str]) -> None:
        self.block: dict[str, Any] = item.block
        self.size = item.size
        self.style = styles[_CELL_STYLE]
        self.ems = item.widths
        self.widths = [round(width * item.size * TWIPS_PER_POINT) for width in item.widths]
        self.room = sign_room(item.block)
        self.gaps = gaps(item.block)

    def rows(self) -> list[Element]:
        """Every row of the table."""
        made = [self._head()]
        if any(column["group"] for column in self.block["columns"]):
            made.insert(0, self._groups())
        marks = self.block["row_marks"]
        together = len(marks) - 1 if len(marks) < SHORT_TABLE else 1  # rows that stay with the next one
        for at, cells in enumerate(self.block["cells"]):
            ruled = at > 0 and "total" in marks[at - 1 : at + 1]
            made.append(
                _row(
                    [
                        self._cell(cell, place, marks[at], ruled=ruled, keep_next=at < together)
                        for place, cell in enumerate(cells)
                    ]
                )
            )
        return made if self.block["cells"] else [*made, self._nothing()]

    def _groups(self) -> Element:
        """Headings over several columns."""
        parts = []
        first = 0
        for text, count in spanners(self.block):
            runs = [run(text, bold=True, size=self.size)] if text else []
            lines = [border("bottom", eighths=4 if text else 0, color=MUTED)]
            width = sum(self.widths[first : first + count])
            parts.append(
                self._box(paragraph(self.style, *runs, align="center", keep_next=True), width, span=count, lines=lines)
            )
            first += count
        return _row(parts, head=True)

    def _head(self) -> Element:
        """Labels of the columns, each with its unit."""
        parts = []
        for at, column in enumerate(self.block["columns"]):
            room = self.ems[at] - PADDING - self.room[at] - (GAP if self.gaps[at] else 0)
            runs: list[Element] = []
            for line in balanced(column["label"], room):
                runs += [line_break()] if runs else []
                runs.append(run(line, bold=True, size=self.size))
            if column["unit"]:
                runs += [line_break(), run(column["unit"], color=MUTED, size=self.size - 0.5)]
            words = self._paragraph(runs, at)
            lines = [border("bottom", eighths=6, color=ACCENT)]
            parts.append(self._box(words, self.widths[at], at=at, lines=lines, low=True))
        return _row(parts, head=True)

    def _cell(self, cell: Cell, at: int, row_mark: str | None, *, ruled: bool, keep_next: bool) -> Element:
        """One cell of the body."""
        color = look.ink(cell.state) or look.ink(row_mark if row_mark == "excluded" else None)
        bold = look.base_state(cell.state) == "failed" or row_mark == "total"
        runs = [run(cell.text, bold=bold, color=color, size=self.size)]
        if cell.sign:
            runs.append(run("\u00a0" + cell.sign, bold=True, color=color, size=self.size, east_asian=True))
        lines = [border("top", eighths=6, color=ACCENT)] if ruled else []
        signs = len(cell.sign) + SIGN_GAP if cell.sign else 0.0
        words = self._paragraph(runs, at, signs=signs, keep_next=keep_next)
        return self._box(words, self.widths[at], at=at, lines=lines, fill=look.tint(row_mark))

    def _nothing(self) -> Element:
        """The row of a table without rows."""
        words = paragraph(
            self.style, run(choose(NO_ROWS, self.block["language"]), color=MUTED, size=self.size), align="center"
        )
        return _row([self._box(words, sum(self.widths), span=len(self.widths))])

    def _paragraph(self, runs: list[Element], at: int, *, signs: float = 0.0, keep_next: bool = True) -> Element:
        """Text of a cell; a number without a sign keeps the sign's room free."""
        align = self.block["columns"][at]["align"]
        free = (self.room[at] - signs) * self.size if align == "right" else 0.0
        return paragraph(self.style, *runs, align=align, keep_next=keep_next, right_indent=free)

    def _box(
        self,
        words: Element,
        width: int,
        *,
        at: int | None = None,
        span: int = 1,
        lines: list[Element] | None = None,
        fill: str | None = None,
        low: bool = False,
    ) -> Element:
        """One cell with its width and lines."""
        properties = element("w:tcPr", element("w:tcW", w=width, type="dxa"))
        if span > 1:
            properties.append(element("w:gridSpan", val=span))
        if lines:
            properties.append(element("w:tcBorders", *lines))
        if fill:
            properties.append(shading(fill))
        if at is not None and self.gaps[at]:
            left = round((PADDING / 2 + GAP) * self.size * TWIPS_PER_POINT)
            properties.append(element("w:tcMar", element("w:left", w=left, type="dxa")))
        properties.append(element("w:vAlign", val="bottom" if low else "center"))
        return element("w:tc", properties, words)


def _row(parts: list[Element], *, head: bool = False) -> Element:
    """One row, never broken over two pages; a heading is repeated on each."""
    properties = element("w:trPr", element("w:cantSplit"))
    if head:
        properties.append(element("w:tblHeader"))
    return element("w:tr", properties, *parts)
