"""Which rows below the header are schools, and what the others are: totals, notes, blanks, repeated headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.findings import Faults, printable, row_list
from balancelab.intake.grid import Grid
from balancelab.intake.headers import Dictionary, Header
from balancelab.intake.schema import folded, header_key

EXAMPLE_MARKS = ("【示例】", "[Example]")

_TOTAL_WORDS = "合计|小计|总计|共计|累计|总和|总数|sum|total|subtotal|grandtotal"
_NUMBERING = r"(?:[一二三四五六七八九十\d]+[、.])?"
_TOTAL = re.compile(rf"^{_NUMBERING}(?:(?:{_TOTAL_WORDS}).{{0,12}}|.{{0,24}}(?:{_TOTAL_WORDS}))$")
_AVERAGE_WORDS = "平均数?|平均值|均值|校均|average|mean"
_AVERAGE = re.compile(rf"^(?:(?:{_AVERAGE_WORDS}).{{0,6}}|.{{0,12}}(?:{_AVERAGE_WORDS}))$")
_OF_WHICH = re.compile(r"^其中")
_NOTE = re.compile(
    r"^(注|备注|附注|说明|填表|填报|制表|审核|单位负责人|负责人|复核|联系|报送|数据来源|资料来源|※|\*|note|source)"
)
_NUMBER = re.compile(r"^[-+]?[0-9][0-9,.]*$")
_MANY = 20_000
_KEYS = ("school_code", "county_code", "stage", "school")


@dataclass
class Rows:
    """Positions in the grid: the schools, and the rows kept out with the reason."""

    body: np.ndarray
    excluded: list[tuple[int, str]] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)


def sort_rows(grid: Grid, header: Header, positions: Mapping[str, int], dictionary: Dictionary, faults: Faults) -> Rows:
    """
    Tell schools from everything else below the header.

    Only rows that lack a code, a county, a stage or a name, look like a total or have the wrong number of fields are
    looked at one by one.
    """
    sorter = _Sorter(grid, header, positions, dictionary, faults)
    return sorter.sorted()


def width_of(grid: Grid, header: Header) -> int:
    """Return how many fields the header has; cells beyond it belong to no column."""
    if grid.widths is None or header.last < 0:
        return grid.n_columns
    return int(max(grid.widths[header.first : header.last + 1]))


class _Sorter:
    def __init__(
        self, grid: Grid, header: Header, positions: Mapping[str, int], dictionary: Dictionary, faults: Faults
    ) -> None:
        self.grid, self.header, self.positions = grid, header, positions
        self.dictionary, self.faults = dictionary, faults
        self.start = header.last + 1
        self.width = width_of(grid, header)
        self.header_rows = [_keys(grid.row(row)) for row in range(max(header.first, 0), self.start)]
        self.kinds: dict[int, str] = {}
        self.trailing = 0
        self.wrong: list[int] = []

    def sorted(self) -> Rows:
        candidates = np.flatnonzero(self._candidates()) + self.start
        blank = self._blank(candidates)
        self.kinds.update(dict.fromkeys(candidates[blank].tolist(), "blank"))
        candidates = candidates[~blank]
        second: int | None = None
        for position in candidates.tolist():
            kind = self._kind(position)
            if kind == "second_table":
                second = position
                break
            if kind:
                self.kinds[position] = kind
        self._note_wrong_widths()
        self._mark_groups(candidates)
        end = self.grid.n_rows if second is None else second
        self._report()
        return self._rows(end, second)

    def _rows(self, end: int, second: int | None) -> Rows:
        out = np.zeros(self.grid.n_rows, dtype=bool)
        out[list(self.kinds)] = True
        body = np.flatnonzero(~out[self.start : end]) + self.start
        excluded = [(position, kind) for position, kind in sorted(self.kinds.items()) if kind != "blank"]
        if second is not None:
            later = range(second, self.grid.n_rows)
            excluded += [(position, "second_table") for position in later if any(map(str.strip, self._cells(position)))]
        totals = [position for position, kind in excluded if kind == "total_row"]
        return Rows(body, excluded, totals)

    def _candidates(self) -> np.ndarray:
        count = self.grid.n_rows - self.start
        mask = np.zeros(count, dtype=bool)
        keys = [self.positions[name] for name in _KEYS if name in self.positions]
        for position in keys or range(min(3, self.grid.n_columns)):
            column = self._tail(position)
            mask |= _mask(pc.match_substring_regex(column, r"^[\s0—\-/\\\x{3000}\x{00a0}]*$"))
        if "school" in self.positions or not keys:
            names = self._tail(self.positions.get("school", 0))
            pattern = f"(?i){_TOTAL_WORDS}|合\\s*计|小\\s*计|总\\s*计|平均|average|其中|^#|^【示例】|^\\[Example"
            mask |= _mask(pc.match_substring_regex(names, pattern))
        first = self._tail(0)
        mask |= _mask(pc.match_substring_regex(first, r"^\s*#"))
        for position in keys:
            mask |= _mask(pc.is_in(self._tail(position), value_set=pa.array([self.header_text(position)], pa.string())))
        mask |= self._same_as_header()
        if self.grid.widths is not None:
            mask |= self.grid.widths[self.start :] != self.width
        for position in self.grid.unreadable:
            if position >= self.start:
                mask[position - self.start] = True
        return mask

    def _blank(self, positions: np.ndarray) -> np.ndarray:
        """Which of the rows hold nothing at all."""
        blank = np.ones(len(positions), dtype=bool)
        for column in self.grid.columns:
            if not blank.any():
                break
            cells = column.take(pa.array(positions[blank]))
            if pa.types.is_string(cells.type):
                blank[blank] = _mask(pc.equal(pc.utf8_trim_whitespace(cells), ""))
            else:
                blank[blank] = _mask(pc.is_null(cells))
        return blank

    def _same_as_header(self) -> np.ndarray:
        """Rows whose first column is a known header."""
        mask = np.zeros(self.grid.n_rows - self.start, dtype=bool)
        for position in range(min(4, self.grid.n_columns)):
            unique = pc.unique(self._tail(position))
            if len(unique) > _MANY:
                continue
            known = [text for text in unique.to_pylist() if text and len(text) < 60 and self.dictionary.meaning(text)]
            if known:
                mask |= _mask(pc.is_in(self._tail(position), value_set=pa.array(known, pa.string())))
        return mask

    def header_text(self, position: int) -> str:
        row = self.grid.row(max(self.header.first, 0)) if self.header.first >= 0 else []
        return row[position] if position < len(row) and row[position] else "\x00"

    def _tail(self, position: int) -> Any:
        column = self.grid.columns[position].slice(self.start)
        return column if pa.types.is_string(column.type) else pc.fill_null(pc.cast(column, pa.string()), "")

    def _cells(self, position: int) -> list[str]:
        return self.grid.row(position)

    def _kind(self, position: int) -> str:
        """Return what the row is, "" for a school."""
        cells = self._cells(position)
        filled = [cell.strip() for cell in cells if cell.strip()]
        if position in self.grid.unreadable:
            return "unreadable_row"
        if not filled:
            return "blank"
        header_kind = self._as_header(cells)
        if header_kind:
            return self._second_table(position, cells) if header_kind == "second_table" else header_kind
        if filled[0].startswith("#"):
            self.faults.add("ROW_COMMENT", row=self._row(position), raw=filled[0])
            return "comment_row"
        if not self._has_code(cells) and (len(filled) == 1 or (len(filled) <= 4 and _NOTE.match(folded(filled[0])))):
            return "note"
        if self._wrong_width(position, cells):
            self.wrong.append(position)
            return "unreadable_row"
        return self._as_summary(position, cells, filled)

    def _as_summary(self, position: int, cells: list[str], filled: list[str]) -> str:
        school = cells[self.positions["school"]].strip() if "school" in self.positions else ""
        if school.startswith(EXAMPLE_MARKS):
            return "example_row"
        if self._has_code(cells):
            return ""
        words = [folded(cell) for cell in filled[:6] if not _NUMBER.match(cell)]
        if any(_AVERAGE.match(word) for word in words):
            return "average_row"
        if any(_OF_WHICH.match(word) for word in words):
            self.faults.add("ROW_OF_WHICH", row=self._row(position), column="school", raw=filled[0])
            return "of_which_row"
        if any(_TOTAL.match(word.rstrip(":：")) for word in words):
            return "total_row"
        return ""

    def _has_code(self, cells: list[str]) -> bool:
        position = self.positions.get("school_code")
        code = cells[position].strip() if position is not None else ""
        return (
            bool(code.strip("0-—/\\. "))
            and bool(re.search(r"[0-9A-Za-z]", folded(code)))
            and not _TOTAL.match(folded(code))
        )

    def _mark_groups(self, candidates: np.ndarray) -> None:
        """Refuse rows of larger units: no code, and as many students as the schools that follow."""
        at = self.positions.get("students")
        if at is None or "school_code" not in self.positions:
            return
        heads = [p for p in candidates.tolist() if p not in self.kinds and not self._has_code(self._cells(p))][:_MANY]
        for number, position in enumerate(heads):
            after = heads[number + 1] if number + 1 < len(heads) else self.grid.n_rows
            own = self._students(position, at)
            parts = self._summed(own, range(position + 1, after), at)
            if parts:
                self.kinds[position] = "group_row"
                cells = self._cells(position)
                name = next((cell for cell in cells if cell.strip() and not _NUMBER.match(cell.strip())), "")
                school = cells[self.positions["school"]] if "school" in self.positions else ""
                self.faults.add("ROW_HIERARCHY", row=self._row(position), raw=school.strip() or name, n=parts)

    def _summed(self, own: int, below: range, at: int) -> int:
        """Return how many of the rows below add up to `own`, from the next one on; 0 where no two or more do."""
        total = count = 0
        for row in below:
            if row in self.kinds:
                continue
            total, count = total + self._students(row, at), count + 1
            if total >= own:
                break
        return count if own and total == own and count > 1 else 0

    def _students(self, position: int, at: int) -> int:
        text = self.grid.row(position)[at].strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def _as_header(self, cells: list[str]) -> str:
        if any(map(_NUMBER.match, cells)):
            return ""
        keys = _keys(cells)
        if not any(keys):
            return ""
        if any(keys == row[: len(keys)] + [""] * (len(keys) - len(row)) for row in self.header_rows):
            return "repeated_header"
        known = {meaning.name for meaning in map(self.dictionary.meaning, filter(None, cells)) if meaning}
        if len(known) >= 3 and len(known) * 2 >= sum(map(bool, keys)):
            return "second_table"
        return ""

    def _second_table(self, position: int, cells: list[str]) -> str:
        names = self.header.names
        differs = [
            f"{printable(cell)} / {printable(name)}"
            for cell, name in zip(cells, names, strict=False)
            if header_key(cell) != header_key(name)
        ]
        line = int(self.grid.rows[self.header.first]) if self.header.first >= 0 else 0
        raw = ", ".join(differs[:3])
        self.faults.add("ROW_REPEATED_HEADER_DIFFERS", row=self._row(position), raw=raw, line=line)
        return "second_table"

    def _wrong_width(self, position: int, cells: list[str]) -> bool:
        if self.grid.widths is None or self.grid.widths[position] == self.width:
            return False
        if self.grid.widths[position] > self.width and not any(cell.strip() for cell in cells[self.width :]):
            self.trailing += 1
            return False
        return True

    def _row(self, position: int) -> int:
        return int(self.grid.rows[position])

    def _note_wrong_widths(self) -> None:
        widths, lines = self.grid.widths, self.grid.lines
        if not self.wrong or widths is None or lines is None:
            return
        alike = [position for position in self.wrong if widths[position] == widths[self.wrong[0]]]
        if len(alike) > 3 and len(alike) * 2 > self.grid.n_rows - self.start:
            first, others = alike[0], len(alike) - 1
            more = (f"，另有 {others} 行也是如此", f", and so have {others} other lines")
            self.faults.add(
                "ROW_FIELD_COUNT", line=int(lines[first]), n=int(widths[first]), expected=self.width, more=more,
                row=self._row(first), count=len(alike),
            )  # fmt: skip
            alike_set = set(alike)
            self.wrong = [position for position in self.wrong if position not in alike_set]
        for position in self.wrong:
            self.faults.add(
                "ROW_FIELD_COUNT", line=int(lines[position]), n=int(widths[position]), expected=self.width,
                more=("", ""), row=self._row(position),
            )  # fmt: skip

    def _report(self) -> None:
        by_kind: dict[str, list[int]] = {}
        for position, kind in sorted(self.kinds.items()):
            by_kind.setdefault(kind, []).append(self._row(position))
        last = max((p for p in range(self.grid.n_rows - 1, self.start - 1, -1) if p not in self.kinds), default=0)
        blanks = [self._row(p) for p, kind in sorted(self.kinds.items()) if kind == "blank" and self._counts(p, last)]
        titles = [int(row) for row in self._title_rows()]
        notes = titles + by_kind.get("note", [])
        for code, rows in (
            ("ROW_BLANK", blanks),
            ("ROW_NOTE", notes),
            ("ROW_REPEATED_HEADER", by_kind.get("repeated_header", [])),
            ("ROW_AVERAGE", by_kind.get("average_row", [])),
        ):
            if rows:
                self.faults.add(code, count=len(rows), n=len(rows), rows=row_list(rows))
        if self.trailing:
            self.faults.add("ROW_TRAILING_DELIM", count=self.trailing, n=self.trailing)

    def _counts(self, position: int, last: int) -> bool:
        """Whether a blank row is worth a word: one between schools, or a line of nothing but separators."""
        return position < last or (self.grid.widths is not None and self.grid.widths[position] > 1)

    def _title_rows(self) -> list[int]:
        positions = range(max(self.header.first, 0))
        return [self._row(position) for position in positions if any(map(str.strip, self._cells(position)))]


def _keys(cells: list[str]) -> list[str]:
    return [header_key(cell) for cell in cells]


def _mask(array: Any) -> np.ndarray:
    mask: np.ndarray = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask
