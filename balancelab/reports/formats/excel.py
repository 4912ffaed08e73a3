"""
The numbers of a report as an Excel workbook: one sheet per table, unrounded, each cell looking as in the report.

Every text is written as text: a school called ``=1+1`` is a school, not a formula, and no address becomes a link. The
same blocks give the same bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.markup import legend, spanners
from balancelab.page.theme import ACCENT, INK, MUTED, RULE
from balancelab.page.words import Pair, choose
from balancelab.reports.formats import archive, look
from balancelab.reports.formats.clock import moment
from balancelab.reports.formats.excel_text import number_format, sheet_name, shorten
from balancelab.reports.formats.reading import NO_ROWS, Cell, Report, read_report
from balancelab.reports.formats.widths import cell_columns, gaps

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32767  # characters that a cell holds
A4 = 9
_LINE = 15.0  # height of a line [pt]
_PAGE_WIDTH = 260  # beyond this a sheet of A4 could no longer be read [half-width characters]
_NARROWEST, _WIDEST = 7, 52  # columns [half-width characters]
_LABEL_WHOLE = 12  # a heading up to here stands in one line [half-width characters]
_FORMULA_STARTS = ("=", "+", "-", "@", "'")
_LATIN_WORD = re.compile(r"[!-~]+")
_FACES = {"zh": "宋体"}

_CONTENTS: Pair = {"zh": "目录", "en": "Contents"}
_BACK: Pair = {"zh": "← 目录", "en": "← Contents"}
_HEADS: tuple[Pair, ...] = (
    {"zh": "编号", "en": "No."},
    {"zh": "表名", "en": "Table"},
    {"zh": "行数", "en": "Rows"},
)
_ABOUT: Pair = {
    "zh": "单元格中是未修约的数值，显示的位数与报告相同。图见报告的其他格式。",
    "en": "Cells hold unrounded numbers and show as many digits as the report. Figures are in its other formats.",
}
_FOOTER: Pair = {"zh": "&C第 &P 页 共 &N 页", "en": "&CPage &P of &N"}


def render_xlsx(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> bytes:
    """
    Write the tables of a report as an Excel workbook.

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
        A .xlsx: a sheet of contents with verdict and provenance, then one sheet per table; the same for the same
        blocks and ``SOURCE_DATE_EPOCH``.

    Raises
    ------
    ValueError
        If there is no title, or the language or a kind of block is unknown.
    """
    from xlsxwriter import Workbook

    report = read_report(blocks, title=title, language=language)
    out = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    font = {"font_name": _FACES.get(language, "Calibri"), "font_size": 10, "font_color": INK}
    with Workbook(out, {**plain, "default_format_properties": font}) as workbook:
        workbook.set_properties(
            {"title": report.title[:255], "author": "balancelab", "created": moment().replace(tzinfo=None)}
        )
        book = _Book(workbook, report)
        book.write()
    return archive.pack(archive.unpack(out.getvalue()))


_BOLD = 1.15  # a bold letter's width, as a multiple of a plain one's
_CAPTION_SIZE = 12
_CAPTION = {"bold": True, "font_size": _CAPTION_SIZE, "font_color": ACCENT}


class _Book:
    """One workbook while it is written."""

    def __init__(self, workbook: Workbook, report: Report) -> None:
        self.workbook, self.report = workbook, report
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.tables = report.of_kind("table")
        self.names = [sheet_name(choose(_CONTENTS, report.language), [])]
        for block in self.tables:
            self.names.append(sheet_name(f"{block['number']} {block['caption']}", self.names))

    def look(self, **properties: Any) -> Format:
        """A format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def write(self) -> None:
        """Write every sheet."""
        sheets = [self.workbook.add_worksheet(name) for name in self.names]
        self._contents(sheets[0])
        for sheet, block, name in zip(sheets[1:], self.tables, self.names[1:], strict=True):
            _TableSheet(self, sheet, block, name).write()
        sheets[0].activate()

    def set_up(self, sheet: Worksheet, *, wide: int = 1) -> None:
        """A4 across, so many pages wide, with title and page numbers."""
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(wide, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.6)
        sheet.center_horizontally()
        # an ampersand begins a code there; doubled, it still upsets the library ("&&[Picture]")
        sheet.set_header("&L&8" + shorten(self.report.title, 100).replace("&", "＆"))
        sheet.set_footer(choose(_FOOTER, self.report.language))
        sheet.hide_gridlines(2)

    def link(self, sheet: Worksheet, row: int, column: int, name: str, text: str) -> None:
        """A link to another sheet of this workbook; never to anything else."""
        target = "internal:'" + name.replace("'", "''") + "'!A1"
        looks = self.look(font_color=ACCENT, underline=1, quote_prefix=text.startswith(_FORMULA_STARTS))
        sheet.write_url(row, column, target, looks, text)

    def text(self, sheet: Worksheet, row: int, column: int, text: str, **properties: Any) -> None:
        """A text, whatever it begins with; it stays one when the reader edits the cell."""
        looks = self.look(**properties, quote_prefix=text.startswith(_FORMULA_STARTS))
        sheet.write_string(row, column, text[:LONGEST_TEXT], looks)

    def wrapped(self, sheet: Worksheet, row: int, last: int, room: int, text: str, **properties: Any) -> None:
        """A text over several columns, in a row high enough for it."""
        size = properties.get("font_size", 10)
        lines = max(1, math.ceil(cell_columns(text) * 1.08 * size / 10 / room))
        sheet.set_row(row, _LINE * lines * size / 10 + 4)
        if last:
            sheet.merge_range(row, 0, row, last, "", self.look(text_wrap=True, valign="top", **properties))
        self.text(sheet, row, 0, text, text_wrap=True, valign="top", **properties)

    def _contents(self, sheet: Worksheet) -> None:
        """Title, verdict, list of tables, provenance."""
        report = self.report
        self.set_up(sheet)
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 76)
        sheet.set_column(2, 2, 10)
        self.wrapped(sheet, 0, 2, 96, report.title, bold=True, font_size=16, font_color=ACCENT)
        row = 1
        for block in report.blocks:
            if block["kind"] == "note" and block["style"] == "warning":
                self.wrapped(sheet, row, 2, 96, block["text"], bg_color=look.WARNING_FILL, border=1)
                row += 1
            elif block["kind"] == "verdict":
                words = f"{block['glyph']} {block['word']}　{block['text']}"
                color = look.ink(block["state"]) or INK
                self.wrapped(sheet, row, 2, 96, words, bold=True, font_size=12, font_color=color)
                row += 1
        row += 1
        for at, head in enumerate(_HEADS):
            side = "right" if at == 2 else "left"
            self.text(sheet, row, at, choose(head, report.language), bold=True, top=2, bottom=1, align=side)
        for block, name in zip(self.tables, self.names[1:], strict=True):
            row += 1
            self.text(sheet, row, 0, block["number"])
            self.link(sheet, row, 1, name, block["caption"][:255])
            sheet.write_number(row, 2, len(block["rows"]))
        self.wrapped(sheet, row + 1, 2, 96, choose(_ABOUT, report.language), font_color=MUTED, top=2)
        row += 3
        for block in report.of_kind("provenance"):
            self.text(sheet, row, 0, block["heading"], bold=True, font_color=ACCENT, font_size=12)
            for entry in block["entries"]:
                row += 1
                lines = math.ceil(max(cell_columns(entry["value"]) / 80, cell_columns(entry["label"]) / 13))
                sheet.set_row(row, _LINE * max(1, lines) + 3)
                plain: dict[str, Any] = {"text_wrap": True, "valign": "top", "bottom": 1, "bottom_color": RULE}
                self.text(sheet, row, 0, entry["label"], font_color=MUTED, **plain)
                sheet.merge_range(row, 1, row, 2, "", self.look(**plain))
                self.text(sheet, row, 1, entry["value"], **plain)
            row += 2


class _TableSheet:
    """One table's sheet while it is written."""

    def __init__(self, book: _Book, sheet: Worksheet, block: Mapping[str, Any], name: str) -> None:
        self.book, self.sheet, self.block, self.name = book, sheet, block, name
        self.columns = block["columns"]
        self.cells: list[list[Cell]] = block["cells"]
        self.indent = [1 if gap else 0 for gap in gaps(block)]
        self.widths = [self._width(at) for at in range(len(self.columns))]
        longest = (max((row[at].sign for row in self.cells), key=len, default="") for at in range(len(self.columns)))
        self.room = list(longest)
        self.head = 3 if any(column["group"] for column in self.columns) else 2

    def write(self) -> None:
        """Write caption, headings, rows, notes and, where it helps, a chart."""
        from balancelab.reports.formats.excel_charts import add_charts

        last = len(self.columns) - 1
        for at, width in enumerate(self.widths):
            self.sheet.set_column(at, at, width)
        caption = f"{self.block['number']}  {self.block['caption']}"
        room = int(sum(self.widths) / _BOLD)
        if last and cell_columns(caption) * _CAPTION_SIZE / 10 > room:  # print ends where the columns end
            self.book.wrapped(self.sheet, 0, last, room, caption, **_CAPTION)
        else:
            self.book.text(self.sheet, 0, 0, caption, **_CAPTION)
        self.book.link(self.sheet, 1, 0, self.book.names[0], choose(_BACK, self.book.report.language))
        self._headings()
        for at, cells in enumerate(self.cells):
            self._row(at, cells)
        end = self.head + max(len(self.cells), 1)
        if not self.cells:
            self.book.text(self.sheet, end, 0, choose(NO_ROWS, self.block["language"]), font_color=MUTED)
        after = self._notes(end + 1, last)
        # on paper the figures are those of the PDF; a chart cut by the end of a page would help nobody
        self.sheet.print_area(0, 0, after - 1, last)
        add_charts(self.book.workbook, self.sheet, self.block, name=self.name, first=self.head + 1, below=after)
        self.book.set_up(self.sheet, wide=math.ceil(sum(self.widths) / _PAGE_WIDTH))
        self.sheet.repeat_columns(0, self.block["row_header"])
        self.sheet.freeze_panes(self.head + 1, self.block["row_header"] + 1)
        self.sheet.repeat_rows(self.head if self.head == 2 else self.head - 1, self.head)

    def _headings(self) -> None:
        """Groups and labels, each with its unit."""
        rule = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1, "bottom_color": ACCENT}
        top = {"top": 2, "top_color": ACCENT}
        first = 0
        for text, count in spanners(self.block):
            under = {"bottom": 1, "bottom_color": RULE} if text else {}
            quoted = (text or "").startswith(_FORMULA_STARTS)
            shape = self.book.look(bold=True, align="center", quote_prefix=quoted, **top, **under)
            if count > 1:
                self.sheet.merge_range(self.head - 1, first, self.head - 1, first + count - 1, "", shape)
            self.sheet.write_string(self.head - 1, first, text or "", shape)
            first += count
        lines = 1
        for at, column in enumerate(self.columns):
            words = column["label"] + (f"\n({column['unit']})" if column["unit"] else "")
            above = {} if self.head == 3 else top
            side = {"align": column["align"], "indent": self.indent[at]}
            self.book.text(self.sheet, self.head, at, words, **side, **rule, **above)
            room = max(self.widths[at] - 1, 1)
            lines = max(lines, sum(math.ceil(cell_columns(part) * 1.1 / room) for part in words.split("\n")))
        self.sheet.set_row(self.head, _LINE * lines + 3)

    def _row(self, at: int, cells: list[Cell]) -> None:
        """One row, high enough for what wraps."""
        mark = self.block["row_marks"][at]
        lines = 1
        for place, cell in enumerate(cells):
            value = self.block["rows"][at][place]
            properties = self._properties(cell, mark, at, place)
            row = self.head + 1 + at
            if self.columns[place]["kind"] in ("number", "percent") and value is not None:
                shape = number_format(value, cell, self.columns[place], room=self.room[place])
                self.sheet.write_number(row, place, value, self.book.look(num_format=shape, **properties))
            else:
                words = f"{cell.text} {cell.sign}".strip()
                self.book.text(self.sheet, row, place, words, **properties)
                lines = max(lines, math.ceil(cell_columns(words) / (self.widths[place] - self.indent[place])))
        if lines > 1:
            self.sheet.set_row(self.head + 1 + at, _LINE * min(lines, 25))

    def _properties(self, cell: Cell, mark: str | None, at: int, place: int) -> dict[str, Any]:
        """How a cell looks."""
        column = self.columns[place]
        made: dict[str, Any] = {"align": column["align"], "valign": "vcenter", "indent": self.indent[place]}
        made.update(bottom=1, bottom_color=RULE)
        if column["kind"] == "text":
            made["text_wrap"] = True
        if at == len(self.cells) - 1:
            made.update(bottom=2, bottom_color=ACCENT)
        color = look.ink(cell.state) or look.ink(mark if mark == "excluded" else None)
        if color:
            made["font_color"] = color
        if mark == "total" or look.base_state(cell.state) == "failed":
            made["bold"] = True
        fill = look.tint(mark) or (look.tint("failed") if look.base_state(cell.state) == "failed" else None)
        if fill:
            made["bg_color"] = fill
        return made

    def _notes(self, row: int, last: int) -> int:
        """Signs with their words, and the remark; return the first free row."""
        room = int(sum(self.widths))
        signs = "   ".join(f"{sign} {word}" for sign, word in legend(self.block))
        for text in (signs, self.block["note"]):
            if text:
                self.book.wrapped(self.sheet, row, last, room, text, font_color=MUTED, font_size=9)
                row += 1
        return row

    def _width(self, at: int) -> int:
        """Width of a column: its longest value, and a heading that may take two lines. [half-width characters]"""
        column = self.columns[at]
        body = max((cell_columns(f"{row[at].text} {row[at].sign}".strip()) for row in self.cells), default=0)
        label = cell_columns(column["label"])
        words = (
            max((cell_columns(word) for word in column["label"].split()), default=0) if " " in column["label"] else 0
        )
        head = max(words, math.ceil(label / 2) if label > 8 else label, cell_columns(column["unit"] or "") + 2)
        return min(_WIDEST, max(_NARROWEST, body + 2, head + 2))
