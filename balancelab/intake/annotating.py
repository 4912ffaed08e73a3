"""A copy of the workbook with the bad cells marked and commented, and a list of all findings that leads to them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from balancelab.intake.files import Unreadable, open_file
from balancelab.intake.findings import Faults, Finding, Severity, column_letters
from balancelab.intake.grid import Grid
from balancelab.intake.headers import Dictionary, find_header
from balancelab.intake.names import printable_only
from balancelab.intake.personal import mentions
from balancelab.intake.replacing import replacing
from balancelab.intake.schema import load_schema
from balancelab.intake.workbook import OUR_COLOURS

_FILLS: dict[Severity, str] = dict(zip(("error", "warning", "normalised"), OUR_COLOURS, strict=True))
_INK: dict[Severity, str] = {"error": "9C0006", "warning": "7F6000", "normalised": "1F4E78"}
_WORDS: dict[Severity, tuple[str, str]] = {
    "error": ("错误", "Error"),
    "warning": ("警告", "Warning"),
    "normalised": ("已规范", "Normalised"),
}
_LIST_SHEET = "检查结果 Findings"
_LIST_HEADER = ("级别 Severity", "位置 Cell", "问题 Finding", "处理 Remedy", "编号 Code")
_LIST_WIDTHS = (14, 12, 70, 50, 26)
_LIST_START = 4
_FONT = "Microsoft YaHei"
_LEFT_OUT = "（已略去 left out）"
_ADDRESS = re.compile(r"[A-Z]{1,3}[0-9]+")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?")
_MOST_ROWS = 100_000


def annotate(
    path: str | Path,
    findings: Sequence[Finding],
    out: str | Path,
    *,
    sheet: str | None = None,
    column_map: str | Path | None = None,
) -> Path:
    """
    Write a copy of a table with its findings marked in it.

    Parameters
    ----------
    path : str or Path
        The table that was read. A workbook is copied with its look; any other file becomes a new workbook.
    findings : sequence of Finding
        As `inspect` gives them. Errors are red, warnings yellow, changes blue; each marked cell has a comment, in
        both languages, and a sheet at the front lists everything and leads to the cells.
    out : str or Path
        ``.xlsx`` to write; never `path` itself.
    sheet, column_map : optional
        As given when the table was read.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ValueError
        If `out` is the table itself.
    OSError
        If it cannot be written.

    Notes
    -----
    Columns of personal data are emptied in the copy. What looks like a formula in a text file is written as text.
    """
    path, out = Path(path), Path(out)
    if out.exists() and path.exists() and out.samefile(path):
        raise ValueError("the copy would replace the table itself")
    book, cells = _copy(path, findings, sheet, column_map)
    marked = {finding.address for finding in findings if finding.address}
    if cells is not None:
        _blank_personal(cells)
        _mark(cells, findings)
    _list(book, findings, cells.title if cells is not None else None, marked)
    with replacing(out) as partial:
        book.save(partial)
    return out


def _copy(path: Path, findings: Sequence[Finding], sheet: str | None, column_map: str | Path | None) -> tuple[Any, Any]:
    """Return a workbook and its data sheet (None where the file cannot be shown)."""
    faults = Faults(path.name)
    try:
        opened = open_file(path, faults)
    except Unreadable:
        return _empty_book(), None
    named = sheet or next((finding.sheet for finding in findings if finding.sheet), None)
    if opened.kind == "xlsx" and named is not None:
        book = _loaded(opened.content)
        if book is not None and named in book.sheetnames:
            return book, book[named]
    from balancelab.intake.reading import read_grid

    try:
        grid, dictionary = read_grid(path, sheet=named, column_map=column_map)
    except Unreadable:
        return _empty_book(), None
    book = _empty_book()
    cells = book.create_sheet(_sheet_name(named or path.stem))
    _write_grid(cells, grid, dictionary)
    return book, cells


def _loaded(content: bytes) -> Any:
    """Return the workbook as openpyxl sees it, or None where it cannot read it; the door has read it already."""
    import zipfile
    from xml.etree.ElementTree import ParseError

    import openpyxl

    try:
        return openpyxl.load_workbook(io.BytesIO(content))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, zipfile.BadZipFile, ParseError):
        return None


def _empty_book() -> Any:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    return book


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", "_", printable_only(name))[:31] or "data"


def _write_grid(cells: Any, grid: Grid, dictionary: Dictionary) -> None:
    header = find_header(grid.head(40), dictionary)
    numeric = {
        position
        for position, meaning in enumerate(header.meanings if header else [])
        if meaning and (known := dictionary.schema.find(meaning.name)) and (known.numeric or known.kind == "year")
    }
    if grid.header is not None:
        for position, name in enumerate(grid.header):
            _write(cells, 1, grid.first_column + position + 1, name, number=False)
    for position in range(grid.n_columns):
        longest = max((len(row[position].encode("gbk", "replace")) for row in grid.head(30)), default=8)
        cells.column_dimensions[column_letters(grid.first_column + position)].width = min(max(longest + 2, 8), 36)
    _fit_page(cells)
    for at in range(min(grid.n_rows, _MOST_ROWS)):
        row = int(grid.rows[at])
        for position, text in enumerate(grid.row(at)):
            if text:
                _write(cells, row, grid.first_column + position + 1, text, number=position in numeric)


def _write(cells: Any, row: int, column: int, text: str, *, number: bool) -> None:
    if number and _PLAIN_NUMBER.fullmatch(text):
        cells.cell(row, column).value = float(text) if "." in text else int(text)
        return
    cell = cells.cell(row, column)
    cell.value = printable_only(text)[:32_000]
    # What begins with "=" would be taken for a formula.
    cell.data_type = "s"
    cell.number_format = "@"


def _blank_personal(cells: Any) -> None:
    personal, last = load_schema().personal, min(cells.max_row or 0, _MOST_ROWS)
    for row in cells.iter_rows(min_row=1, max_row=min(15, last)):
        for head in row:
            if isinstance(head.value, str) and mentions(head.value, personal) and len(head.value) <= 20:
                for below in range(head.row + 1, last + 1):
                    cell = cells.cell(below, head.column)
                    if cell.value is not None and not _is_merged(cell):
                        cell.value = _LEFT_OUT


def _is_merged(cell: Any) -> bool:
    return type(cell).__name__ == "MergedCell"


@dataclass
class _Mark:
    severity: Severity
    texts: list[str]


def _mark(cells: Any, findings: Sequence[Finding]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    marks: dict[str, _Mark] = {}
    for finding in findings:
        address = finding.address or (f"A{finding.row}" if finding.row is not None else None)
        if address is None or not _ADDRESS.fullmatch(address):
            continue
        mark = marks.setdefault(address, _Mark(finding.severity, []))
        mark.texts.append(_comment(finding))
    for address, mark in marks.items():
        cell = cells[address]
        cell.fill = PatternFill("solid", start_color=_FILLS[mark.severity], end_color=_FILLS[mark.severity])
        font = copy(cell.font)
        cell.font = Font(
            name=font.name, size=font.size, color=_INK[mark.severity], bold=mark.severity == "error", italic=font.italic
        )
        if not _is_merged(cell):
            text = "\n\n".join(mark.texts)[:8_000]
            cell.comment = Comment(text, "balancelab", width=420, height=min(60 + 18 * (len(text) // 32 + 4), 400))


def _comment(finding: Finding) -> str:
    zh, en = _WORDS[finding.severity]
    told_zh = f"【{zh}】{finding.zh}\n处理：{finding.remedy_zh}"
    told_en = f"[{en}] {finding.en}\nRemedy: {finding.remedy_en}\n({finding.code})"
    return _printable_lines(f"{told_zh}\n{told_en}")


def _printable_lines(text: str) -> str:
    """Return `text` with its line breaks and no other control character, which no workbook can hold."""
    return "\n".join(map(printable_only, text.split("\n")))


def _list(book: Any, findings: Sequence[Finding], sheet: str | None, marked: set[str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    name = _LIST_SHEET
    while name in book.sheetnames:
        name += "_"
    listed = book.create_sheet(name, 0)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
    _say_what_to_do(listed, findings)
    for column, (title, width) in enumerate(zip(_LIST_HEADER, _LIST_WIDTHS, strict=True), 1):
        head = listed.cell(_LIST_START, column, title)
        head.font = Font(name=_FONT, bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", start_color="44546A", end_color="44546A")
        listed.column_dimensions[head.column_letter].width = width
    for row, finding in enumerate(findings, _LIST_START + 1):
        zh, en = _WORDS[finding.severity]
        place = finding.address or (f"{finding.row}" if finding.row else "")
        remedy = f"{finding.remedy_zh}\n{finding.remedy_en}"
        texts = (f"{zh} {en}", place, f"{finding.zh}\n{finding.en}", remedy, finding.code)
        for column, text in enumerate(texts, 1):
            cell = listed.cell(row, column)
            cell.value = _printable_lines(text)
            cell.data_type = "s"
            cell.font = Font(name=_FONT)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        listed.row_dimensions[row].height = 15 * max(_lines(texts[2], _LIST_WIDTHS[2]), _lines(remedy, _LIST_WIDTHS[3]))
        severity = listed.cell(row, 1)
        severity.fill = PatternFill("solid", start_color=_FILLS[finding.severity], end_color=_FILLS[finding.severity])
        if sheet is not None and finding.address and finding.address in marked:
            link = listed.cell(row, 2)
            quoted = sheet.replace("'", "''")
            link.hyperlink = f"#'{quoted}'!{finding.address}"
            link.font = Font(name=_FONT, underline="single", color="0563C1")
    listed.freeze_panes = f"A{_LIST_START + 1}"
    _fit_page(listed)


def _say_what_to_do(listed: Any, findings: Sequence[Finding]) -> None:
    from openpyxl.styles import Font

    errors, warnings = (sum(each.severity == severity for each in findings) for severity in ("error", "warning"))
    zh = f"错误 {errors} 处，警告 {warnings} 处。" + (
        "请改正红色的单元格，保存后重新检查；黄色的请核对。" if errors else "请核对黄色的单元格。" if warnings else ""
    )
    en = f"{errors} errors, {warnings} warnings. " + (
        "Correct the red cells, save and check again; look at the yellow ones." if errors else
        "Look at the yellow cells." if warnings else ""
    )  # fmt: skip
    listed.cell(1, 1, zh).font = Font(name=_FONT, bold=True, size=12)
    listed.cell(2, 1, en).font = Font(name=_FONT, size=10)


def _lines(text: str, width: int) -> int:
    """Lines that `text` takes up in a column; a Chinese character is two wide."""
    return sum(1 + sum(1 if char.isascii() else 2 for char in line) // (width - 2) for line in text.split("\n"))


def _fit_page(cells: Any) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    cells.page_setup.orientation = "landscape"
    cells.page_setup.fitToHeight = 0
    cells.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
