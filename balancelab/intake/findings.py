"""
Findings: what the door says about a table, in two languages, each with its place and its remedy.

The closed list of codes with severity and texts is ``codes.toml``; this module fills the texts in.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from balancelab.intake.schema import Schema, load_schema

Severity = Literal["error", "warning", "normalised"]
Word = str | int | float | tuple[str, str]
"""A word for a text: the same in both languages, or a pair (Chinese, English)."""

LISTED_PER_CODE = {"error": 100, "warning": 30_000, "normalised": 3_000}
"""Findings of one code that are listed one by one; the rest are counted. Warnings are kept for each county's report: a
whole country has ten or so a county, and the county after the last that is listed would be told nothing of its own."""

_RANK = {"error": 0, "warning": 1, "normalised": 2}
_LONGEST_RAW = 60
_COUNTED = re.compile(r"\{(\w+)\} ([a-z -]+)\(s\)(?: (were|are|have|end)\b)?")
_OF_ONE = {"were": "was", "are": "is", "have": "has", "end": "ends"}
# How a sentence names its place (see _filled), how a column is named without a row, and rows named further on.
_PLACES = {
    "zh": (
        re.compile(r"第 \d+ 行(“[^”]*”)?(?:（[A-Z]+\d+）)?："),
        "{}列：",
        re.compile(r"（第 [\d、]+(?:等 \d+)? 行）"),
    ),
    "en": (
        re.compile(r"(?:Cell [A-Z]+\d+ \(row \d+(?:, column (.*?))?\)|In row \d+(?:, column (.*?))?): "),
        "Column {}: ",
        re.compile(r" \((?:row \d+(?:, | and )?)+(?:\d+ more)?\)"),
    ),
}


@dataclass(frozen=True)
class Finding:
    """
    One fault, or one change made while reading.

    Attributes
    ----------
    code : str
        One of ``codes.toml``.
    severity : str
        ``error`` (refused), ``warning`` (computed, said beside the figure) or ``normalised`` (read and changed).
    zh, en : str
        Complete sentence: where, what is wrong, what is allowed.
    remedy_zh, remedy_en : str
        What to do.
    file : str
        Base name.
    sheet : str or None
    row : int or None
        Row of the spreadsheet, 1-based.
    column : str or None
        Id of the column, or the header as found where it has none.
    address : str or None
        Cell as a spreadsheet names it, such as ``I4``.
    raw : str or None
        The cell as found; printable, cut at 60 characters, never a personal value.
    county_code : str or None
        County concerned, where known.
    count : int
        How many cells or rows the finding stands for.
    """

    code: str
    severity: Severity
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    address: str | None = None
    raw: str | None = None
    county_code: str | None = None
    count: int = 1

    def text(self, language: str) -> str:
        """Return the sentence in `language` (``zh``; anything else gets English)."""
        return self.zh if language == "zh" else self.en

    def remedy(self, language: str) -> str:
        """Return the remedy in `language`."""
        return self.remedy_zh if language == "zh" else self.remedy_en

    def statement(self, language: str) -> str:
        """
        Return the sentence without the cell or the rows that it names, for a list that names the school instead.

        >>> zh, en = "第 4 行“图书”（I4）：为空。", "Cell I4 (row 4, column books): empty."
        >>> found = Finding("X", "warning", zh, en, "", "", "a.csv", row=4)
        >>> found.statement("zh"), found.statement("en")
        ('“图书”列：为空。', 'Column books: empty.')
        """
        said = self.text(language)
        if self.row is None:
            return said
        place, column, rows = _PLACES["zh" if language == "zh" else "en"]
        found = place.match(said)
        if found is not None:
            label, said = next(filter(None, found.groups()), ""), said[found.end() :]
            said = column.format(label) + said if label else said[:1].upper() + said[1:]
        return rows.sub("", said)


class DataRefused(Exception):  # noqa: N818 - it says what happened to the user's data
    """
    The table has faults that make every result doubtful; nothing is computed.

    Attributes
    ----------
    findings : tuple of Finding
        All of them, warnings and changes too, most important first.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [each for each in self.findings if each.severity == "error"]
        first = errors[0].en if errors else ""
        super().__init__(f"{number_of(sum(each.count for each in errors), 'error')}; first: {first}")


@dataclass(frozen=True)
class Code:
    """One entry of ``codes.toml``; `rank` is its place in the file, which is its importance."""

    id: str
    severity: Severity
    zh: str
    en: str
    says: Mapping[str, str]
    fix: Mapping[str, str]
    rank: int


@cache
def finding_codes() -> Mapping[str, Code]:
    """Return the closed list of codes, most important first."""
    loaded = tomllib.loads((Path(__file__).parent / "codes.toml").read_text(encoding="utf-8"))
    return {name: Code(id=name, rank=rank, **entry) for rank, (name, entry) in enumerate(loaded.items())}


@dataclass
class Faults:
    """
    Collects findings while a table is read and gives each its place, words and order.

    Attributes
    ----------
    file, sheet : str
        Named in every finding.
    positions : dict
        Column id or header → 0-based position in the sheet, for addresses.
    header_row : int or None
        Row of the header, which is marked for findings about a whole column.
    county_of : callable
        Row → county code, set once the codes are read.
    """

    file: str
    sheet: str | None = None
    schema: Schema = field(default_factory=load_schema)
    positions: dict[str, int] = field(default_factory=dict)
    header_row: int | None = None
    county_of: Callable[[int], str | None] = lambda row: None
    _found: list[Finding] = field(default_factory=list)
    _shown: dict[str, int] = field(default_factory=dict)
    _more: dict[tuple[str, str | None], tuple[int, int | None]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        /,
        *,
        row: int | None = None,
        column: str | None = None,
        raw: str | None = None,
        county_code: str | None = None,
        severity: Severity | None = None,
        count: int = 1,
        **words: Word,
    ) -> None:
        """Note one finding; `words` fill the placeholders of its texts."""
        if self._full(code):
            self._overflow(code, column, row, count)
            return
        self._shown[code] = self._shown.get(code, 0) + 1
        entry = finding_codes()[code]
        address = self.address(row, column)
        told = self._words(row, column, raw, address, words)
        zh, en = _filled(entry.says, told, row, column, address, self._label(column))
        remedy = {language: entry.fix[language].format_map(told[language]) for language in ("zh", "en")}
        finding = Finding(
            code, severity or entry.severity, zh, en, remedy["zh"], remedy["en"], self.file, self.sheet, row, column,
            address, None if raw is None else printable(raw), county_code, count,
        )  # fmt: skip
        self._found.append(finding)

    def room(self, code: str) -> int:
        """Return how many more findings of `code` will be listed one by one."""
        return max(0, LISTED_PER_CODE[finding_codes()[code].severity] - self._shown.get(code, 0))

    def more(self, code: str, column: str | None, rows: Sequence[int]) -> None:
        """Count further cells of `code` without a finding of their own."""
        if len(rows):
            self._overflow(code, column, int(rows[0]), len(rows))

    def address(self, row: int | None, column: str | None) -> str | None:
        """Return the cell's name in a spreadsheet, where it has one."""
        position = self.positions.get(column or "")
        at = self.header_row if row is None else row
        return None if at is None or position is None else f"{column_letters(position)}{at}"

    def has_errors(self) -> bool:
        """Whether anything found so far makes the table unusable."""
        return any(each.severity == "error" for each in self._found)

    def findings(self) -> tuple[Finding, ...]:
        """Return everything found, most important first, in an order that depends on the table alone."""
        listed = [(self._order(each, 0), self._placed(each)) for each in self._found]
        rest = [self._rest(*entry) for entry in self._more.items()]
        listed += [(self._order(each, 1), each) for each in rest]
        return tuple(each for _, each in sorted(listed, key=lambda pair: pair[0]))

    def _full(self, code: str) -> bool:
        return self.room(code) == 0

    def _overflow(self, code: str, column: str | None, row: int | None, count: int) -> None:
        before, first = self._more.get((code, column), (0, row))
        self._more[(code, column)] = (before + count, first)

    def _placed(self, finding: Finding) -> Finding:
        if finding.county_code is None and finding.row is not None:
            return replace(finding, county_code=self.county_of(finding.row))
        return finding

    def _rest(self, key: tuple[str, str | None], more: tuple[int, int | None]) -> Finding:
        (code, column), (count, row) = key, more
        entry = finding_codes()[code]
        place_zh = f"“{self._label(column)[0]}”列" if column else ""
        place_en = f" in column {column}" if column else ""
        start_zh, start_en = (f"，自第 {row} 行起", f", from row {row} on") if row else ("", "")
        return Finding(
            code, entry.severity, f"{place_zh}另有 {count} 处同类问题（{entry.zh}）{start_zh}。",
            f"{number_of(count, 'further finding')} of the same kind ({entry.en}){place_en}{start_en}.",
            "处理方法同上。", "As above.", self.file, self.sheet, None, column, None, None, None, count,
        )  # fmt: skip

    def _order(self, each: Finding, rest: int) -> tuple[int, int, int, int, int, str]:
        rank, position = finding_codes()[each.code].rank, self.positions.get(each.column or "", -1)
        return _RANK[each.severity], rank, rest, each.row or 0, position, each.en

    def _label(self, column: str | None) -> tuple[str, str]:
        known = self.schema.find(column)
        if known is not None:
            return known.label.get("zh") or known.name, known.label.get("en") or known.name
        shown = printable(column or "")
        return shown, shown

    def _words(
        self, row: int | None, column: str | None, raw: str | None, address: str | None, words: Mapping[str, Word]
    ) -> dict[str, dict[str, str]]:
        given: dict[str, Word] = {
            "file": self.file, "row": row or "", "name": printable(column or ""), "label": self._label(column),
            "raw": printable(raw or ""), "address": address or "",
        }  # fmt: skip
        given.update(words)
        told: dict[str, dict[str, str]] = {"zh": _Words(), "en": _Words()}
        for key, word in given.items():
            zh, en = word if isinstance(word, tuple) else (str(word), str(word))
            told["zh"].update({key: zh, f"{key}_zh": zh, f"{key}_en": en})
            told["en"].update({key: en, f"{key}_zh": zh, f"{key}_en": en})
        return told


class _Words(dict[str, str]):
    """Words for a text; one that nobody gave is left blank rather than losing the finding."""

    def __missing__(self, key: str) -> str:
        return ""


def number_of(count: int, noun: str) -> str:
    """
    Return a number with its English noun.

    >>> number_of(1, "error"), number_of(2, "error")
    ('1 error', '2 errors')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings most important first; equals keep their order."""
    codes = finding_codes()
    return tuple(sorted(findings, key=lambda each: (_RANK[each.severity], codes[each.code].rank)))


def printable(text: str, longest: int = _LONGEST_RAW) -> str:
    r"""
    Return `text` fit for one line of a log: no control, direction or invisible characters, cut at `longest`.

    >>> printable("柳林乡\n小学\u202e")
    '柳林乡\\n小学\\u202e'
    """
    cut = text[:longest]
    shown = "".join(_shown(char) for char in cut)
    return shown + ("…" if len(text) > longest else "")


def column_letters(position: int) -> str:
    """
    Return a spreadsheet's name of the column at the 0-based `position`.

    >>> column_letters(0), column_letters(25), column_letters(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def row_list(rows: Sequence[int], *, most: int = 10, line: bool = False) -> tuple[str, str]:
    """
    Return rows as words, Chinese and English.

    >>> row_list([4, 5])
    ('第 4、5 行', 'row 4, row 5')
    """
    listed = [str(int(row)) for row in rows[:most]]
    more_zh, more_en = (f"等 {len(rows)} 行", f" and {len(rows) - most} more") if len(rows) > most else (" 行", "")
    noun = "line" if line else "row"
    return f"第 {'、'.join(listed)}{more_zh}", f"{', '.join(f'{noun} {row}' for row in listed)}{more_en}"


def _shown(char: str) -> str:
    if char in "\n\r\t" or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return char.encode("unicode_escape").decode("ascii")
    return char


def _agreeing(says: str, told: Mapping[str, str]) -> str:
    """Put noun and verb of an English text into the number that is counted: 1 row was, 2 rows were."""

    def agreeing(found: re.Match[str]) -> str:
        placeholder, noun, verb = found.groups()
        one = told[placeholder] == "1"
        spoken = f" {_OF_ONE[verb] if one else verb}" if verb else ""
        return f"{{{placeholder}}} {noun}{'' if one else 's'}{spoken}"

    return _COUNTED.sub(agreeing, says)


def _filled(
    says: Mapping[str, str],
    told: Mapping[str, Mapping[str, str]],
    row: int | None,
    column: str | None,
    address: str | None,
    label: tuple[str, str],
) -> tuple[str, str]:
    """Return both sentences with the place before them, unless the text names its place itself."""
    zh, en = says["zh"].format_map(told["zh"]), _agreeing(says["en"], told["en"]).format_map(told["en"])
    # A hint may end in a question of its own.
    zh, en = zh.replace("？。", "？"), en.replace("?.", "?")
    if says["en"][:1].isupper():
        return zh, en
    named_zh, named_en = "{label}" in says["zh"], "{name}" in says["en"]
    if row is not None:
        column_zh = f"“{label[0]}”" if column and not named_zh else ""
        at_zh = f"第 {row} 行{column_zh}{f'（{address}）' if address else ''}："
        column_en = f", column {printable(column)}" if column else ""
        at_en = f"Cell {address} (row {row}{column_en}): " if address else f"In row {row}{column_en}: "
        return at_zh + zh, at_en + en
    at_zh = f"“{label[0]}”列：" if column and not named_zh else ""
    at_en = f"Column {printable(column)}: " if column and not named_en else ""
    return at_zh + zh, (at_en + en) if at_en else en[:1].upper() + en[1:] if not en.startswith(column or "\0") else en
