"""
What a cell reader does not tell about an .xlsx sheet: errors, formulas, hidden rows, colours, and how far it reaches.

The XML is streamed through expat with document types refused, so that no entity is ever expanded; nothing is evaluated
and nothing outside the archive is opened.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from balancelab.intake.files import MEGABYTE, ZIP_FAULTS, Unreadable
from balancelab.intake.findings import Faults, column_letters, printable

_BLOCK = MEGABYTE
_ALWAYS_PARSED = 64 * MEGABYTE
"""Larger sheets are parsed only where a search of their bytes finds something to look at."""
_MARKERS = re.compile(rb"""t=["']e["']|<(?:\w+:)?f[ >/]|hidden=""")
_WIDE_CELL = re.compile(rb' r="([A-Z]{2,3})[0-9]+"')
_DENSEST = 40_000_000
"""The cell reader takes some 40 bytes for each cell of the rectangle, filled or not."""
_SPARSE = 2_000_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_OUTSIDE = re.compile(r"WEBSERVICE|FILTERXML|\bDDE|cmd\||RTD\(|IMAGE\(|\[[0-9]+\]", re.IGNORECASE)
MOST_LISTED = 100_000


@dataclass
class SheetFacts:
    """Facts about one sheet; rows and columns 0-based."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    no_value: list[tuple[int, int]] = field(default_factory=list)
    formulas: int = 0
    first_formula: str = ""
    outside: str = ""
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    styles: dict[tuple[int, int], int] = field(default_factory=dict)
    last_row: int = -1
    last_column: int = -1
    cells: int = 0
    deepest: int = -1
    widest: int = -1


def check_parts(archive: zipfile.ZipFile, faults: Faults) -> None:
    """
    Refuse document types and entities in any XML part, and parts that expand further than they say.

    Raises
    ------
    Unreadable
        After noting why.
    """
    for member in archive.infolist():
        if not member.filename.lower().endswith((".xml", ".rels")):
            continue
        try:
            with archive.open(member) as part:
                head = part.read(_BLOCK)
        except ZIP_FAULTS as error:
            faults.add("FILE_CORRUPT", kind="xlsx", detail=printable(f"{member.filename}: {error}"))
            raise Unreadable from error
        plain = head.replace(b"\x00", b"")
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            faults.add("FILE_UNSAFE", detail=("XML 实体定义", "an XML document type or entity"))
            raise Unreadable


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return sheet name → its part in the archive; empty where the workbook does not say."""
    try:
        book, links = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
    except (KeyError, *ZIP_FAULTS):
        return {}
    targets: dict[str, str] = {}
    names: list[tuple[str, str]] = []

    def link(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            id_ = next((value for key, value in attributes.items() if key.endswith(":id") or key == "id"), "")
            names.append((attributes.get("name", ""), id_))

    stream_xml([links], link)
    stream_xml([book], sheet)
    return {name: targets[id_] for name, id_ in names if targets.get(id_) in set(archive.namelist())}


def scan_sheet(archive: zipfile.ZipFile, part: str, faults: Faults) -> SheetFacts:
    """
    Return the facts about the sheet in `part`.

    Raises
    ------
    Unreadable
        After noting why, if the part is damaged or its cells would fill more memory than any real table.
    """
    facts = SheetFacts()
    size = archive.getinfo(part).file_size
    try:
        if size <= _ALWAYS_PARSED or _worth_parsing(archive, part, facts):
            _parse(archive, part, facts)
    except (expat.ExpatError, *ZIP_FAULTS) as error:
        faults.add("FILE_CORRUPT", kind="xlsx", detail=printable(f"{part}: {error}"))
        raise Unreadable from error
    check_reach(facts, faults)
    return facts


def check_reach(facts: SheetFacts, faults: Faults) -> None:
    """
    Refuse a sheet whose few cells lie so far apart that the reader would fill the memory with blanks.

    Raises
    ------
    Unreadable
        After noting why.
    """
    area = (facts.last_row + 1) * (facts.last_column + 1)
    if area > _DENSEST or (area > _SPARSE and facts.cells and facts.cells * 100 < area):
        faults.add("FILE_BOMB", detail=f"{facts.last_row + 1} x {facts.last_column + 1}")
        raise Unreadable


def fills_of_styles(archive: zipfile.ZipFile) -> list[str]:
    """Return the fill colour of each cell style, ``""`` for none; empty where the workbook has no styles."""
    try:
        styles = archive.read("xl/styles.xml")
    except (KeyError, *ZIP_FAULTS):
        return []
    fills: list[str] = []
    formats: list[int] = []
    inside = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag in ("fills", "cellXfs", "cellStyleXfs", "dxfs"):
            inside = tag
        elif tag == "fill" and inside == "fills":
            fills.append("")
        elif tag == "fgColor" and inside == "fills" and fills:
            fills[-1] = attributes.get("rgb") or f"theme{attributes.get('theme', '')}{attributes.get('tint', '')}"
        elif tag == "xf" and inside == "cellXfs":
            formats.append(int(attributes.get("fillId", "0")))

    try:
        stream_xml([styles], start)
    except (expat.ExpatError, ValueError):
        return []
    return [fills[number] if 1 < number < len(fills) else "" for number in formats]


def external_links(archive: zipfile.ZipFile) -> list[str]:
    """Return the parts of the archive that point to other files."""
    return [name for name in archive.namelist() if name.startswith("xl/externalLinks/") and name.endswith(".xml")]


def has_macros(archive: zipfile.ZipFile) -> bool:
    """Whether the workbook carries macros."""
    return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())


def _worth_parsing(archive: zipfile.ZipFile, part: str, facts: SheetFacts) -> bool:
    """Look through a large sheet's bytes; note how wide it is."""
    widest, tail = 26, b""
    with archive.open(part) as stream:
        while block := stream.read(4 * _BLOCK):
            searched = tail + block
            if _MARKERS.search(searched):
                return True
            for letters in set(_WIDE_CELL.findall(searched)):
                widest = max(widest, column_number(letters.decode()) + 1)
            facts.cells += block.count(b"<v>") + block.count(b"<is>")
            tail = block[-200:]
    facts.last_column, facts.last_row = widest - 1, facts.cells // max(1, widest)
    return False


class _Collector:
    """Walks through the elements of a sheet."""

    def __init__(self, facts: SheetFacts) -> None:
        self.facts = facts
        self.row, self.column = -1, -1
        self.type = ""
        self.style = 0
        self.has_formula = self.has_value = False
        self.text: list[str] | None = None
        self.formula: list[str] | None = None
        self.value = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._cell(attributes)
        elif tag == "row":
            self.row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true") and len(self.facts.hidden_rows) < MOST_LISTED:
                self.facts.hidden_rows.append(self.row)
        elif tag == "v" or tag == "t":
            self.text = []
        elif tag == "f":
            self.has_formula, self.formula = True, []
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = int(attributes.get("min", 1)) - 1, int(attributes.get("max", 1)) - 1
            self.facts.hidden_columns.extend(range(first, min(last, first + 1000) + 1))

    def end(self, tag: str) -> None:
        if tag in ("v", "t") and self.text is not None:
            self.value = "".join(self.text)
            self.has_value = self.has_value or bool(self.value.strip())
            self.text = None
        elif tag == "f" and self.formula is not None:
            self._note_formula("".join(self.formula))
            self.formula = None
        elif tag == "c":
            self._close()

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)
        elif self.formula is not None:
            self.formula.append(text)

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self.column, self.row = column_number(reference.group(1)), int(reference.group(2)) - 1
        else:
            self.column += 1
        self.type = attributes.get("t", "")
        style = attributes.get("s", "0")
        self.style = int(style) if style.isdigit() else 0
        self.has_formula = self.has_value = False
        self.value = ""

    def _note_formula(self, text: str) -> None:
        facts = self.facts
        facts.formulas += 1
        if not facts.first_formula:
            facts.first_formula = f"{column_letters(self.column)}{self.row + 1}"
        if not facts.outside and _OUTSIDE.search(text):
            facts.outside = printable(text, 40)

    def _close(self) -> None:
        facts, at = self.facts, (self.row, self.column)
        if self.type == "e" and len(facts.errors) < MOST_LISTED:
            facts.errors[at] = self.value or "#?"
        elif self.has_formula and not self.has_value and self.type != "str" and len(facts.no_value) < MOST_LISTED:
            facts.no_value.append(at)
        facts.deepest = max(facts.deepest, self.row)
        facts.widest = max(facts.widest, self.column)
        if self.style and len(facts.styles) < MOST_LISTED:
            facts.styles[at] = self.style
        if self.has_value or self.has_formula:
            facts.cells += 1
            facts.last_row, facts.last_column = max(facts.last_row, self.row), max(facts.last_column, self.column)


def _parse(archive: zipfile.ZipFile, part: str, facts: SheetFacts) -> None:
    facts.cells, facts.last_row, facts.last_column = 0, -1, -1
    collector = _Collector(facts)
    with archive.open(part) as stream:
        blocks = iter(lambda: stream.read(_BLOCK), b"")
        stream_xml(blocks, collector.start, collector.end, collector.data)


def stream_xml(
    blocks: object,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> None:
    """Feed `blocks` of XML to expat, names without their prefix; a document type is an error."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise expat.ExpatError("a document type is not allowed")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    if data is not None:
        parser.CharacterDataHandler = data
    for block in blocks:  # type: ignore[attr-defined]
        parser.Parse(block, False)
    parser.Parse(b"", True)


def column_number(letters: str) -> int:
    """
    Return the 0-based position of a spreadsheet's column.

    >>> column_number("A"), column_number("AA")
    (0, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
