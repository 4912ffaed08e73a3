"""Workbooks (.xlsx .xlsm .xls .xlsb .ods .et) through calamine: values as stored, nothing evaluated, nothing run."""

from __future__ import annotations

import datetime
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from balancelab.intake.files import Opened, Unreadable, check_zip
from balancelab.intake.findings import Faults, column_letters, printable, row_list
from balancelab.intake.grid import Grid, as_text
from balancelab.intake.headers import Dictionary, find_header
from balancelab.intake.otherscan import scan_ods, scan_xls
from balancelab.intake.schema import header_key
from balancelab.intake.sheetscan import (
    SheetFacts,
    check_parts,
    external_links,
    fills_of_styles,
    has_macros,
    scan_sheet,
    sheet_parts,
)

_ROW_LIMITS = {"xls": 65_536, "xlsx": 1_048_576, "xlsb": 1_048_576, "ods": 1_048_576}
_MOST_COLUMNS = 1_000
_HEADER_AREA = 12
_FAR_ROWS, _FAR_COLUMNS = 20_000, 100
"""Formatting further below or beside the data than a prepared form would have it."""
_FEW_COLOURED = 0.2
OUR_COLOURS = ("FFC7CE", "FFEB9C", "DDEBF7")
"""What the marked copy uses; a corrected copy comes back with them."""
_READER_FAULTS = (calamine.CalamineError, OSError, ValueError, OverflowError)
_DATES = (datetime.date, datetime.time, datetime.timedelta)


def read_workbook(opened: Opened, sheet: str | None, dictionary: Dictionary, faults: Faults) -> Grid:
    """
    Return the cells of one sheet of a workbook; merged ranges are filled within themselves.

    Raises
    ------
    Unreadable
        After noting why, if the file is encrypted, damaged or a bomb, or if it is not clear which sheet to read.
    """
    archive = None
    if opened.kind != "xls":
        archive = check_zip(opened.content, faults)
        check_parts(archive, faults)
    known = _other_facts(opened, archive, faults)
    look = partial(_facts, archive=archive, known=known, faults=faults)
    book = _open(opened, faults)
    name = _chosen_sheet(book, sheet, look, dictionary, faults)
    faults.sheet = name
    facts = look(name)
    if opened.kind == "xlsb" or (opened.kind == "xls" and name not in known):
        faults.add("XLSX_UNCHECKED", kind=opened.kind)
    grid = _grid(book, name, faults)
    if grid.n_rows >= _ROW_LIMITS[opened.kind]:
        faults.add("FILE_ROW_LIMIT", n=grid.n_rows)
    _mark(grid, facts)
    _fill_merged(grid)
    _note_facts(grid, facts, archive, faults)
    return grid


def _other_facts(opened: Opened, archive: zipfile.ZipFile | None, faults: Faults) -> dict[str, SheetFacts]:
    """Look through formats whose reader fills the memory as soon as it opens them."""
    if opened.kind == "ods" and archive is not None:
        return scan_ods(archive, faults)
    return scan_xls(opened.content, faults) if opened.kind == "xls" else {}


class _Broken(Exception):  # noqa: N818 - the reader's own faults under one name
    """The cell reader could not go on."""


@contextmanager
def _reader() -> Iterator[None]:
    """
    Run the cell reader, which is compiled code: on some damaged files it stops by a panic of its own.

    A panic is no ``Exception`` and prints to the process's standard error; both end here.
    """
    try:
        with _quiet():
            yield
    except BaseException as error:
        known = isinstance(error, _READER_FAULTS) and not isinstance(error, calamine.PasswordError)
        if type(error).__name__ != "PanicException" and not known:
            raise
        raise _Broken(str(error)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def _open(opened: Opened, faults: Faults) -> Any:
    try:
        with _reader():
            return calamine.CalamineWorkbook.from_filelike(io.BytesIO(opened.content))
    except calamine.PasswordError as error:
        faults.add("FILE_ENCRYPTED")
        raise Unreadable from error
    except _Broken as error:
        faults.add("FILE_CORRUPT", kind=opened.kind, detail=printable(str(error)))
        raise Unreadable from error


def _chosen_sheet(
    book: Any, asked: str | None, look: Callable[[str], SheetFacts], dictionary: Dictionary, faults: Faults
) -> str:
    sheets = [each for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
    names = [each.name for each in sheets]
    if asked is not None:
        found = [name for name in names if name == asked] or [n for n in names if header_key(n) == header_key(asked)]
        if not found:
            faults.add("XLSX_SHEET_UNKNOWN", raw=asked, sheets=_listed(names))
            raise Unreadable
        return str(found[0])
    visible = [each.name for each in sheets if each.visible == calamine.SheetVisibleEnum.Visible]
    hidden = [name for name in names if name not in visible]
    if not names:
        faults.add("TABLE_EMPTY")
        raise Unreadable
    if len(visible) <= 1:
        return str((visible or names)[0])
    scored = {name: _score(book, name, look, dictionary) for name in visible}
    tables = [name for name, score in scored.items() if score >= 3]
    if len(tables) == 1:
        return str(tables[0])
    filled = [name for name, score in scored.items() if score >= 0]
    if not tables and len(filled) == 1:
        return str(filled[0])
    unread = ("", "")
    if hidden:
        unread = (
            f"；另有隐藏的工作表 {_listed(hidden)[0]}，不读取",
            f"; hidden sheets are not read: {_listed(hidden)[1]}",
        )
    faults.add("XLSX_SHEET_AMBIGUOUS", sheets=_listed(tables or visible), hidden=unread)
    raise Unreadable


def _score(book: Any, name: str, look: Callable[[str], SheetFacts], dictionary: Dictionary) -> int:
    """Return how many headers of a sheet are known; -1 for an empty sheet."""
    look(name)  # the cell reader takes the memory for whatever the sheet says it holds
    try:
        with _reader():
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True, nrows=30)
    except _Broken:
        return 0
    head = [[as_text(cell) for cell in row[:_MOST_COLUMNS]] for row in rows]
    if not any(cell.strip() for row in head for cell in row):
        return -1
    header = find_header(head, dictionary)
    return header.score if header else 0


def _facts(name: str, *, archive: zipfile.ZipFile | None, known: dict[str, SheetFacts], faults: Faults) -> SheetFacts:
    """Look through a sheet of an .xlsx, once; of other kinds everything is known already, or nothing ever is."""
    part = None if archive is None or name in known else sheet_parts(archive).get(name)
    if archive is not None and part is not None:
        known[name] = scan_sheet(archive, part, faults)
    return known.get(name, SheetFacts())


def _grid(book: Any, name: str, faults: Faults) -> Grid:
    try:
        with _reader():
            sheet = book.get_sheet_by_name(name)
            width, first = sheet.width, sheet.start[1] if sheet.start else 0
            rows = [list(row) for row in sheet.iter_rows()] if width <= _MOST_COLUMNS else []
            merged = sheet.merged_cell_ranges or []
    except _Broken as error:
        faults.add("FILE_CORRUPT", kind="xlsx", detail=printable(str(error)))
        raise Unreadable from error
    if width > _MOST_COLUMNS:
        faults.add("TABLE_TOO_WIDE", n=width, limit=_MOST_COLUMNS)
        raise Unreadable
    if not rows or not width:
        faults.add("FILE_EMPTY", detail=("工作表没有内容", f"the sheet '{printable(name)}' holds nothing"))
        raise Unreadable
    blank = [""] * width
    filled = [at for at, row in enumerate(rows) if row != blank]
    columns, numbers = [], []
    kinds: dict[tuple[int, int], str] = {}
    for position in range(width):
        texts, numeric = [""] * len(rows), np.zeros(len(rows), dtype=bool)
        for at in filled:
            cell = rows[at][position] if position < len(rows[at]) else ""
            if isinstance(cell, _DATES):
                kinds[(at, position)] = "date"
            texts[at] = as_text(cell)
            numeric[at] = isinstance(cell, float | int) and not isinstance(cell, bool)
        columns.append(pa.array(texts, pa.string()))
        numbers.append(numeric)
    grid = Grid(columns, np.arange(1, len(rows) + 1, dtype=np.int64), first_column=first, kinds=kinds, numbers=numbers)
    grid.merged = [(top, left - first, bottom, right - first) for (top, left), (bottom, right) in merged]
    return grid


def _mark(grid: Grid, facts: SheetFacts) -> None:
    """Put error values back into their cells, where the reader leaves a blank."""
    written: dict[int, dict[int, str]] = {}
    for (row, column), error in facts.errors.items():
        position = column - grid.first_column
        if 0 <= position < grid.n_columns and row < grid.n_rows:
            grid.kinds[(row, position)] = "error"
            written.setdefault(position, {})[row] = error
    for row, column in facts.no_value:
        position = column - grid.first_column
        if 0 <= position < grid.n_columns and row < grid.n_rows:
            grid.kinds[(row, position)] = "no_value"
            written.setdefault(position, {})[row] = "="
    _write(grid, written)


def _fill_merged(grid: Grid) -> None:
    """Fill a merged range downwards everywhere, and to the right in the header where it is a title of columns."""
    written: dict[int, dict[int, str]] = {}
    for top, left, bottom, right in grid.merged:
        if not (0 <= left < grid.n_columns and top < grid.n_rows):
            continue
        value = grid.columns[left][top].as_py()
        across = top < _HEADER_AREA and (right - left + 1) * 2 <= grid.n_columns
        for position in range(left, min(right, grid.n_columns - 1) + 1 if across else left + 1):
            for row in range(top, min(bottom, grid.n_rows - 1) + 1):
                if (row, position) != (top, left) and value:
                    written.setdefault(position, {})[row] = value
    _write(grid, written)


def _write(grid: Grid, written: dict[int, dict[int, str]]) -> None:
    for position, cells in written.items():
        texts = grid.columns[position].to_pylist()
        for row, text in cells.items():
            texts[row] = text
        grid.columns[position] = pa.array(texts, pa.string())


def _note_facts(grid: Grid, facts: SheetFacts, archive: zipfile.ZipFile | None, faults: Faults) -> None:
    hidden = [row + 1 for row in facts.hidden_rows if row < grid.n_rows and any(map(str.strip, grid.row(row)))]
    columns = [
        column_letters(column) for column in facts.hidden_columns if 0 <= column - grid.first_column < grid.n_columns
    ]
    if hidden or columns:
        rows = row_list(hidden) if hidden else ("", "")
        listed = ", ".join(columns[:20])
        what = (
            "、".join(filter(None, (rows[0], f"列 {listed}" if columns else ""))),
            " and ".join(filter(None, (rows[1], f"columns {listed}" if columns else ""))),
        )
        faults.add("XLSX_HIDDEN_ROWS", count=len(hidden) + len(columns), what=what)
    if facts.deepest > facts.last_row + _FAR_ROWS or facts.widest > facts.last_column + _FAR_COLUMNS:
        far = f"{column_letters(facts.widest)}{facts.deepest + 1}"
        faults.add("XLSX_RANGE_TRIMMED", used=f"{column_letters(facts.last_column)}{facts.last_row + 1}", far=far)
    if archive is not None and facts.styles:
        _note_fills(grid, facts, fills_of_styles(archive), faults)
    if facts.formulas:
        faults.add("XLSX_FORMULAS", count=facts.formulas, n=facts.formulas, first=facts.first_formula)
    links = external_links(archive) if archive is not None else []
    if links or facts.outside:
        faults.add("XLSX_EXTERNAL_LINKS", detail=facts.outside or f"{len(links)}")
    if archive is not None and has_macros(archive):
        faults.add("XLSX_MACROS")


def _note_fills(grid: Grid, facts: SheetFacts, fills: list[str], faults: Faults) -> None:
    """A colour on a few numbers may mark them as estimates; whole rows and columns in colour are only a look."""
    colours = {at: fills[style] for at, style in facts.styles.items() if style < len(fills)}
    if len({colour for colour in colours.values() if colour}) == 0 or grid.numbers is None:
        return
    shift = grid.first_column
    for position, numbers in enumerate(grid.numbers):
        alone = [row for row in np.flatnonzero(numbers).tolist() if _stands_out(row, position + shift, grid, colours)]
        if alone and len(alone) <= max(1, _FEW_COLOURED * int(numbers.sum())):
            first = f"{column_letters(position + shift)}{alone[0] + 1}"
            faults.add("XLSX_FILL", count=len(alone), n=len(alone), first=first)


def _stands_out(row: int, column: int, grid: Grid, colours: dict[tuple[int, int], str]) -> bool:
    own = colours.get((row, column), "")
    if not own or own[-6:].upper() in OUR_COLOURS:
        return False
    others = [colours.get((row, at + grid.first_column), "") for at in range(grid.n_columns)]
    return others.count(own) * 2 < len(others)


def _listed(names: list[str]) -> tuple[str, str]:
    shown = [printable(name, 40) for name in names[:20]]
    return "、".join(f"“{name}”" for name in shown), ", ".join(f"'{name}'" for name in shown)
