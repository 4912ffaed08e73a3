"""Reading a ledger back: everything wrong with it is said at once, in two languages, with the cell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.definitions import nearest
from balancelab.intake.findings import Finding, printable
from balancelab.intake.small_table import Cells, SmallTable, read_small_table
from balancelab.rectification.forms import COLUMNS, REQUIRED, SHEET, STATUS_WORDS, headers, number_of, seal_of
from balancelab.rectification.ledger import ledger_table
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.rectification.units import Units
    from balancelab.standards import Standard

_KEY = re.compile(r"(?P<county>[^/]+)/(?P<subject>[^/]+)/(?P<stage>[^/]*)/(?P<school>.*)")
_DATE = re.compile(r"((?:19|20)[0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 00:00:00)?")
_NEEDS_EVIDENCE = ("submitted", "closed")
_OWN_LOOK = ("XLSX_HIDDEN_ROWS",)  # the ledger hides columns itself, and people filter its rows
_RANK = {"error": 0, "warning": 1}
_YEARS = 10_000  # what is larger is a slip of the hand, not a year


def read_ledger(
    path: str | Path, standard: Standard, units: Units, *, checks: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Read a ledger that people filled in.

    Parameters
    ----------
    path : str or Path
        Workbook from :func:`balancelab.rectification.write_ledger`, saved by any spreadsheet program.
    standard : Standard
        What its subjects must be known to.
    units : Units
        Names are turned into ids where they are known; others stay as typed.
    checks : DataFrame, optional
        From :func:`balancelab.rectification.list_checks`: rows of another county, or of schools that are not in it, are
        named.

    Returns
    -------
    ledger : DataFrame
        As from :func:`balancelab.rectification.open_ledger`; `change` is ``""``. Rows with an error are left out.
    findings : tuple of Finding
        Errors first; a caller refuses the ledger where one is an error.
    """
    table = read_small_table(path, headers(), required=REQUIRED, sheet=SHEET if _is_book(path) else None)
    faults = _Faults(Path(path).name, table.letters)
    if not table.readable:
        return ledger_table([]), table.findings
    if table.missing:
        named = [COLUMNS[name] for name in table.missing]
        columns = ("、".join(each.zh for each in named), ", ".join(each.en for each in named))
        faults.add("LEDGER_HEADER", columns=columns)
        return ledger_table([]), faults.findings()
    reader = _Reader(standard, units, checks, faults)
    rows = [row for row in (reader.read(cells) for cells in _rows(table)) if row is not None]
    said = (finding for finding in table.findings if finding.code not in _OWN_LOOK)
    return ledger_table(rows), (*faults.findings(), *said)


class _Reader:
    """Reads row by row and remembers what came before."""

    def __init__(self, standard: Standard, units: Units, checks: pd.DataFrame | None, faults: _Faults) -> None:
        self.standard, self.faults = standard, faults
        self.subjects = {indicator.id for indicator in standard.indicators} | set(standard.items)
        self.subjects |= {f"cv:{name}" for name in (*(one.id for one in standard.indicators), COMPOSITE)}
        self.subjects |= {"rubric_score"} if standard.rubric else set()
        self.units = {word: name for name, words in units.names.items() for word in words.values()}
        self.statuses = {word: name for name, words in STATUS_WORDS.items() for word in (name, *words.values())}
        self.counties = set() if checks is None else set(checks["county_code"])
        self.schools = set() if checks is None else set(checks["school_code"])
        self.keys: dict[str, int] = {}
        self.numbers: dict[str, int] = {}

    def read(self, cells: Cells) -> dict[str, Any] | None:
        """Return one row, or None where it has an error."""
        before = self.faults.errors
        parts = self._key(cells)
        self._number(cells)
        self._sealed(cells)
        if cells["subject"] not in self.subjects:
            short = (self.standard.short["zh"], self.standard.short["en"])
            near = nearest(cells["subject"], self.subjects)
            self.faults.add("LEDGER_SUBJECT", cells.row, "subject", cells["subject"], standard=short, near=near)
        status = self._status(cells)
        if cells["deadline"] and not _is_date(cells["deadline"]):
            self.faults.add("LEDGER_DEADLINE", cells.row, "deadline", cells["deadline"])
        if self.faults.errors > before or parts is None:
            return None
        return self._row(cells, parts, status)

    def _key(self, cells: Cells) -> Mapping[str, str] | None:
        found = _KEY.fullmatch(cells["key"])
        if found is None:
            self.faults.add("LEDGER_KEY", cells.row, "key", cells["key"])
            return None
        first = self.keys.setdefault(cells["key"], cells.row)
        if first != cells.row:
            self.faults.add("LEDGER_TWICE", cells.row, "key", cells["key"], first=first)
        county, school = found["county"], found["school"]
        if self.counties and county not in self.counties:
            self.faults.add("LEDGER_COUNTY", cells.row, "key", county=county, expected=", ".join(sorted(self.counties)))
        elif self.schools and school and school not in self.schools:
            self.faults.add("LEDGER_SCHOOL", cells.row, "key", school)
        return found.groupdict()

    def _number(self, cells: Cells) -> None:
        number = f"{number_of(cells['number']):g}"
        first = self.numbers.setdefault(number, cells.row)
        if first != cells.row or not number.isdigit():
            self.faults.add("LEDGER_NUMBER", cells.row, "number", cells["number"], first=first)

    def _sealed(self, cells: Cells) -> None:
        if seal_of(cells.texts) != cells["seal"]:
            self.faults.add("LEDGER_EDITED", cells.row, "subject", cells["subject"])

    def _status(self, cells: Cells) -> str:
        written = cells["status"] or "open"
        status = self.statuses.get(written, "")
        if not status:
            near = nearest(written, self.statuses)
            self.faults.add("LEDGER_STATUS", cells.row, "status", written, near=near)
        elif status in _NEEDS_EVIDENCE and not cells["evidence"] and not cells["closed_year"]:
            self.faults.add("LEDGER_EVIDENCE", cells.row, "evidence", written)
        return status

    def _row(self, cells: Cells, parts: Mapping[str, str], status: str) -> dict[str, Any]:
        texts = ("kind", "subject", "block", "school", "comparison", "priority", "measure", "evidence")
        supporting = re.split(r"[、,，;；]\s*", cells["supporting_units"])
        return {
            **{name: cells[name] for name in texts},
            **{name: number_of(cells[name]) for name in ("value", "limit", "gap")},
            "number": int(number_of(cells["number"])),
            "key": cells["key"],
            "county_code": parts["county"],
            "stage": parts["stage"],
            "school_code": parts["school"],
            "lead_unit": self.units.get(cells["lead_unit"], cells["lead_unit"]),
            "supporting_units": ";".join(self.units.get(name, name) for name in supporting if name),
            "deadline": cells["deadline"].removesuffix(" 00:00:00"),
            "status": status,
            "opened_year": _year(cells["opened_year"]),
            "closed_year": _year(cells["closed_year"]),
            "change": "",
        }


@dataclass
class _Faults:
    """Collects findings with their cell."""

    file: str
    letters: Mapping[str, str] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    errors: int = 0

    def add(self, code: str, row: int | None = None, column: str | None = None, raw: str = "", **words: object) -> None:
        """Note one finding; `words` fill the placeholders, a pair giving Chinese and English."""
        entry = _codes()[code]
        told = [{name: _at(word, at) for name, word in (words | {"raw": printable(raw)}).items()} for at in (0, 1)]
        address = f"{self.letters[column]}{row}" if row and column and column in self.letters else None
        zh = f"第 {row} 行{f'（{address}）' if address else ''}：" if row is not None else ""
        en = (f"Cell {address} (row {row}): " if address else f"In row {row}: ") if row is not None else ""
        zh, en = zh + entry["says"]["zh"].format_map(told[0]), en + entry["says"]["en"].format_map(told[1])
        self.errors += entry["severity"] == "error"
        self.found.append(
            Finding(
                code, entry["severity"], zh, en, entry["fix"]["zh"], entry["fix"]["en"], self.file, SHEET, row, column,
                address, printable(raw) or None,
            )
        )  # fmt: skip

    def findings(self) -> tuple[Finding, ...]:
        """Return everything found, errors first, then by row."""
        return tuple(sorted(self.found, key=lambda each: (_RANK[each.severity], each.row or 0)))


@cache
def _codes() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("codes.toml").read_text(encoding="utf-8"))


def _rows(table: SmallTable) -> list[Cells]:
    return [cells for cells in table.rows if cells["key"] or cells["number"] or cells["subject"]]


def _at(word: object, at: int) -> str:
    return str(word[at] if isinstance(word, tuple) else word)


def _year(text: str) -> int:
    number = number_of(text)
    return int(number) if 0 < number < _YEARS else 0


def _is_book(path: str | Path) -> bool:
    return Path(path).suffix.lower() not in (".csv", ".txt", ".tsv")


def _is_date(written: str) -> bool:
    matched = _DATE.fullmatch(written)
    try:
        return matched is not None and bool(date(*map(int, matched.groups())))
    except ValueError:  # a day that its month does not have
        return False
