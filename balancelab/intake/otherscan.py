"""
The same facts for .ods and .xls (and WPS .et): errors, hidden rows, formulas, and how far a sheet reaches.

The cell reader gives a blank where a sheet holds an error value; a blank is a missing value and an error is not, so
both formats are looked through here. Only records that matter are decoded; nothing is evaluated.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from balancelab.intake.files import MEGABYTE, ZIP_FAULTS, Unreadable
from balancelab.intake.findings import Faults, column_letters, printable
from balancelab.intake.sheetscan import MOST_LISTED, SheetFacts, check_reach, stream_xml

_BOUNDSHEET, _EOF, _ROW, _COLUMNS, _ERROR, _FORMULA = 0x0085, 0x000A, 0x0208, 0x007D, 0x0205, 0x0006
_CELLS = frozenset({0x0203, 0x027E, 0x00FD, 0x0204, _ERROR, _FORMULA})
_MULTIPLE = 0x00BD
_LONG_DIMENSIONS = 14
"""Of Excel 97 and later; the shorter record of older files cannot say too much."""
_DIMENSIONS, _MOST_ROWS, _MOST_COLUMNS = 0x0200, 65_536, 256
_ERROR_NAMES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_SECTOR_SHIFTS = (9, 12)
_END_OF_CHAIN = 0xFFFFFFFE
_MOST_REPEATED = 10_000


def scan_ods(archive: zipfile.ZipFile, faults: Faults) -> dict[str, SheetFacts]:
    """
    Return the facts about every sheet of an OpenDocument workbook.

    Raises
    ------
    Unreadable
        After noting why, if the content is damaged or its repeated cells would fill more memory than any real table.
    """
    walker = _OdsWalker()
    try:
        with archive.open("content.xml") as part:
            stream_xml(iter(lambda: part.read(MEGABYTE), b""), walker.start, walker.end, walker.data)
    except (KeyError, expat.ExpatError, *ZIP_FAULTS) as error:
        faults.add("FILE_CORRUPT", kind="ods", detail=printable(str(error)))
        raise Unreadable from error
    for facts in walker.sheets.values():
        check_reach(facts, faults)
    return walker.sheets


def scan_xls(content: bytes, faults: Faults) -> dict[str, SheetFacts]:
    """
    Return the facts about every sheet of an Excel 97-2003 workbook.

    Raises
    ------
    Unreadable
        After noting why, if its records cannot be followed or say that a sheet is larger than any can be: the cell
        reader believes them and takes the memory.
    """
    try:
        book = _stream_of(content, ("Workbook", "Book"))
        sheets = {name: _scan_records(book, start) for name, start in _sheets(book)}
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        faults.add("FILE_CORRUPT", kind="xls", detail=printable(str(error)))
        raise Unreadable from error
    for facts in sheets.values():
        check_reach(facts, faults)
    return sheets


class _OdsWalker:
    def __init__(self) -> None:
        self.sheets: dict[str, SheetFacts] = {}
        self.facts = SheetFacts()
        self.row = self.column = 0
        self.rows = self.columns = 1
        self.error = self.valued = False
        self.depth = 0
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        named = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if tag == "annotation":
            self.depth += 1
        elif tag == "table":
            self.facts = SheetFacts()
            self.sheets[named.get("name", "")] = self.facts
            self.row = self.column = 0
        elif tag == "table-column":
            count = int(named.get("number-columns-repeated", 1))
            if named.get("visibility") in ("collapse", "filter"):
                self.facts.hidden_columns.extend(range(self.column, self.column + min(count, _MOST_REPEATED)))
            self.column += count
        elif tag == "table-row":
            self.rows, self.column = int(named.get("number-rows-repeated", 1)), 0
            if named.get("visibility") in ("collapse", "filter"):
                self.facts.hidden_rows.extend(range(self.row, self.row + min(self.rows, _MOST_REPEATED)))
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell(attributes, named)

    def end(self, tag: str) -> None:
        if tag == "annotation":
            self.depth -= 1
        elif tag in ("table-cell", "covered-table-cell"):
            self._close()
        elif tag == "table-row":
            self.row += self.rows

    def data(self, text: str) -> None:
        if not self.depth:
            self.text.append(text)

    def _cell(self, attributes: dict[str, str], named: dict[str, str]) -> None:
        self.columns = int(named.get("number-columns-repeated", 1))
        types = {value for key, value in attributes.items() if key.endswith("value-type")}
        self.error, self.valued, self.text = "error" in types, bool(types), []
        if "formula" in named:
            self.facts.formulas += 1
            self.facts.first_formula = self.facts.first_formula or f"{column_letters(self.column)}{self.row + 1}"

    def _close(self) -> None:
        text = "".join(self.text).strip()
        facts = self.facts
        failed = self.error or text.startswith(("#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "Err:"))
        if failed and len(facts.errors) < MOST_LISTED:
            facts.errors[(self.row, self.column)] = text or "#?"
        if self.valued or text:
            facts.cells += min(self.rows * self.columns, 10**9)
            facts.last_row = max(facts.last_row, self.row + self.rows - 1)
            facts.last_column = max(facts.last_column, self.column + self.columns - 1)
        self.column += self.columns


def _stream_of(content: bytes, names: tuple[str, ...]) -> bytes:
    """Return a stream of a compound file, followed sector by sector; a chain that loops ends at the file's size."""
    shift = struct.unpack_from("<H", content, 30)[0]
    if shift not in _SECTOR_SHIFTS:
        raise ValueError(f"sectors of 2**{shift} bytes")
    size = 1 << shift
    first_directory, _, _, _, _, first_more, more = struct.unpack_from("<7I", content, 48)
    tables = [sector for sector in struct.unpack_from("<109I", content, 76) if sector < _END_OF_CHAIN]
    sector = first_more
    while sector < _END_OF_CHAIN and more > 0:
        entries = struct.unpack_from(f"<{size // 4}I", content, (sector + 1) * size)
        tables += [entry for entry in entries[:-1] if entry < _END_OF_CHAIN]
        sector, more = entries[-1], more - 1
    following: list[int] = []
    for table in tables:
        following.extend(struct.unpack_from(f"<{size // 4}I", content, (table + 1) * size))
    directory = _chain(content, following, first_directory, size)
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le")
        if name in names:
            start, stream_size = struct.unpack_from("<II", directory, at + 116)
            return _chain(content, following, start, size)[:stream_size]
    raise ValueError("no workbook stream")


def _chain(content: bytes, following: list[int], start: int, size: int) -> bytes:
    parts: list[bytes] = []
    sector = start
    while sector < _END_OF_CHAIN and len(parts) <= len(content) // size:
        parts.append(content[(sector + 1) * size : (sector + 2) * size])
        sector = following[sector]
    return b"".join(parts)


def _records(book: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield id, offset of the data and length of the records from `start` on."""
    at = start
    while at + 4 <= len(book):
        id_, length = struct.unpack_from("<HH", book, at)
        yield id_, at + 4, length
        at += 4 + length


def _sheets(book: bytes) -> list[tuple[str, int]]:
    found = []
    for id_, at, _ in _records(book, 0):
        if id_ == _EOF:
            break
        if id_ == _BOUNDSHEET:
            start = struct.unpack_from("<I", book, at)[0]
            count, flags = book[at + 6], book[at + 7]
            raw = book[at + 8 : at + 8 + count * (2 if flags & 1 else 1)]
            found.append((raw.decode("utf-16-le" if flags & 1 else "latin-1"), start))
    return found


def _scan_records(book: bytes, start: int) -> SheetFacts:
    facts = SheetFacts()
    for id_, at, length in _records(book, start):
        if id_ == _EOF:
            break
        if id_ in _CELLS or id_ == _MULTIPLE:
            row, column = struct.unpack_from("<HH", book, at)
            facts.cells += 1
            facts.last_row, facts.last_column = max(facts.last_row, row), max(facts.last_column, column)
            error = _error_of(book, id_, at)
            if error is not None:
                facts.errors[(row, column)] = error
            if id_ == _FORMULA:
                facts.formulas += 1
                facts.first_formula = facts.first_formula or f"{column_letters(column)}{row + 1}"
        elif id_ == _DIMENSIONS and length >= _LONG_DIMENSIONS:
            first_row, rows, first_column, columns = struct.unpack_from("<IIHH", book, at)
            if first_row > rows or first_column > columns:
                raise ValueError("a sheet that ends before it begins")
            if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
                facts.last_row, facts.last_column = max(rows, _MOST_ROWS) - 1, max(columns, _MOST_COLUMNS) - 1
                facts.cells = 1
                break
        elif id_ == _ROW and struct.unpack_from("<H", book, at + 12)[0] & 0x20:
            facts.hidden_rows.append(struct.unpack_from("<H", book, at)[0])
        elif id_ == _COLUMNS and struct.unpack_from("<H", book, at + 8)[0] & 1:
            first, last = struct.unpack_from("<HH", book, at)
            facts.hidden_columns.extend(range(first, min(last, 255) + 1))
    return facts


def _error_of(book: bytes, id_: int, at: int) -> str | None:
    if id_ == _ERROR and book[at + 7] == 1:
        return _ERROR_NAMES.get(book[at + 6], "#?")
    if id_ == _FORMULA and book[at + 12 : at + 14] == b"\xff\xff" and book[at + 6] == 2:
        return _ERROR_NAMES.get(book[at + 8], "#?")
    return None
