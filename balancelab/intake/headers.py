"""Which row is the header, what its words mean, and in which unit each column is given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from balancelab.intake.column_map import ColumnMap
from balancelab.intake.schema import Field, Schema, header_key

SEARCHED_ROWS = 10
_TALLEST = 3
_BRACKETED = re.compile(r"^(.*?)\s*[(（\[【〔]([^()（）\[\]【】〔〕]*)[)）\]】〕]\s*$", re.DOTALL)
_PARTED = re.compile(r"^(.*?)\s*[/／,，_:：|]\s*([^/／,，_:：|]+?)\s*$", re.DOTALL)
_SPACED = re.compile(r"^(.*\S)\s+(\S+)\s*$", re.DOTALL)
_OF_WHICH = re.compile(r"^(其中|其中:|其中：)\s*")
_TOTALS = frozenset({"合计", "小计", "总计", "总数", "计", "总量", "total"})
_UNIT_LINE = re.compile(r"(?:计量)?单位\s*[:：]\s*(.+)")
_UNIT_MARKS = re.compile(r"[、,，;；/／和及\s()（）]+")


@dataclass(frozen=True)
class Meaning:
    """
    What a header says.

    Attributes
    ----------
    name : str
        Id of the column; for one part of a sum, the sum's.
    plain : bool
        Whether the match needs no remark.
    unit, factor
        The unit that it names; `factor` is None where the unit does not fit.
    key : str
        The header key that was known, without the unit.
    """

    name: str
    plain: bool
    unit: str | None = None
    factor: Fraction | None = Fraction(1)
    key: str = ""


@dataclass(frozen=True)
class Header:
    """
    The header that was found.

    Attributes
    ----------
    names : list of str
        Text of each column, several rows joined.
    meanings : list of Meaning or None
    first, last : int
        Positions of its rows in the grid, the unit row included.
    units : dict
        Column position → unit from a row of units.
    score : int
        How many columns were recognised.
    """

    names: list[str]
    meanings: list[Meaning | None]
    first: int
    last: int
    units: dict[int, str]
    score: int


class Dictionary:
    """Every header that the schema, or a column map, knows."""

    def __init__(self, schema: Schema, column_map: ColumnMap | None, further: Iterable[str] = ()) -> None:
        self.schema = schema
        self.column_map = column_map
        self._further = {header_key(name): name for name in further if schema.find(name) is None}

    @cached_property
    def keys(self) -> dict[str, str]:
        """Header key → column id."""
        mapped = self.column_map.columns if self.column_map else {}
        found: dict[str, str] = {}
        if self.column_map is None or not self.column_map.ignore_other_columns:
            constants = self.column_map.constants if self.column_map else {}
            taken = {*mapped, *constants, *self.sums}
            for each in self.schema.fields:
                if each.name not in taken:
                    found.update(dict.fromkeys(each.headers(), each.name))
            found.update(self._further)
        parts = [(theirs, ours) for ours, headers in self.sums.items() for theirs in headers]
        for theirs, ours in reversed([*((theirs, ours) for ours, theirs in mapped.items()), *parts]):
            found[header_key(theirs)] = ours  # the first that names a header comes first; see `mapped_twice`
        return found

    @property
    def sums(self) -> Mapping[str, tuple[str, ...]]:
        """Column id → the headers that a column map adds up to it."""
        return self.column_map.sums if self.column_map else {}

    def mapped_twice(self) -> dict[str, str]:
        """Return the columns whose header a column map gives to another column first: id → header key."""
        mapped = self.column_map.columns if self.column_map else {}
        return {ours: key for ours, key in ((o, header_key(t)) for o, t in mapped.items()) if self.keys[key] != ours}

    @cached_property
    def plain(self) -> frozenset[str]:
        """Header keys that need no remark."""
        mapped = {header_key(theirs) for theirs in self.column_map.columns.values()} if self.column_map else set()
        mapped |= {header_key(theirs) for parts in self.sums.values() for theirs in parts}
        return frozenset(mapped | set(self._further)).union(*(each.plain_headers() for each in self.schema.fields))

    def meaning(self, header: str) -> Meaning | None:
        """Return what `header` says, or None where it is not known; it is never matched approximately."""
        header = _OF_WHICH.sub("", header.strip())
        key = header_key(header)
        if key in self.keys:
            return Meaning(self.keys[key], key in self.plain, key=key)
        return self._bracketed(header) or self._parted(header)

    def _bracketed(self, header: str) -> Meaning | None:
        parted = _BRACKETED.match(header)
        base = header_key(parted.group(1)) if parted else ""
        if not parted or base not in self.keys:
            return None
        name, unit = self.keys[base], parted.group(2).strip()
        known = self.schema.find(name)
        if known is None or not known.numeric:
            return Meaning(name, base in self.plain, key=base)
        factor = self.schema.unit_factor(known.unit, unit)
        if not unit or (factor is None and known.unit is None):
            return Meaning(name, base in self.plain, key=base)
        return Meaning(name, base in self.plain, unit, factor, base)

    def _parted(self, header: str) -> Meaning | None:
        for pattern in (_PARTED, _SPACED):
            parted = pattern.match(header)
            base = header_key(parted.group(1)) if parted else ""
            if not parted or base not in self.keys:
                continue
            known = self.schema.find(self.keys[base])
            factor = self.schema.unit_factor(known.unit, parted.group(2)) if known and known.numeric else None
            if factor is not None:
                return Meaning(self.keys[base], base in self.plain, parted.group(2), factor, base)
        return None


def find_header(head: Sequence[Sequence[str]], dictionary: Dictionary) -> Header | None:
    """
    Return the block of one to three rows, among the first that hold anything, whose words are known best.

    Parameters
    ----------
    head : sequence of rows of text
        The first rows of the grid.
    dictionary : Dictionary

    Returns
    -------
    Header or None
        None where no row has two known headers and none looks like a header at all.
    """
    filled = [position for position, row in enumerate(head) if any(cell.strip() for cell in row)][:SEARCHED_ROWS]
    best: Header | None = None
    for position in filled:
        for height in range(1, _TALLEST + 1):
            if position + height > len(head):
                break
            found = _block(head, position, height, dictionary)
            if best is None or (found.score, best.last - best.first) > (best.score, found.last - found.first):
                best = found
        if best is not None and best.first == best.last and best.score == sum(map(bool, best.names)):
            break  # every header is known: nothing below can be better
    if best is not None and best.score >= 2:
        return _with_units(best, head, dictionary)
    return next(
        (_strange(head, position, dictionary) for position in filled if _looks_like_header(head, position)), None
    )


def units_of_line(text: str, schema: Schema) -> dict[str, dict[str, Fraction]]:
    """
    Return the units that a line such as ``单位：人、平方米、万元`` names, by kind of unit.

    A line that names who reports (``填报单位：示例县教育局``) names none.
    """
    found: dict[str, dict[str, Fraction]] = {}
    match = _UNIT_LINE.search(text)
    words = [word for word in _UNIT_MARKS.split(match.group(1)) if word] if match else []
    for word in (part.rsplit("：", 1)[-1].rsplit(":", 1)[-1] for part in words):
        for kind in schema.units:
            factor = schema.unit_factor(kind, word)
            if factor is not None:
                found.setdefault(kind, {})[word] = factor
    return found


def _block(head: Sequence[Sequence[str]], first: int, height: int, dictionary: Dictionary) -> Header:
    width = max(len(row) for row in head)
    rows = [_filled_right(head[first + step], head, first + step, step == height - 1) for step in range(height)]
    names: list[str] = []
    meanings: list[Meaning | None] = []
    for column in range(width):
        parts: list[str] = []
        for row in rows:
            text = row[column].strip() if column < len(row) else ""
            if text and text not in parts:
                parts.append(text)
        last = rows[-1][column].strip() if column < len(rows[-1]) else ""
        meaning, name = _first_known(parts, last, dictionary)
        names.append(name)
        meanings.append(meaning)
    score = len({meaning.name for meaning in meanings if meaning})
    return Header(names, meanings, first, first + height - 1, {}, score)


def _filled_right(row: Sequence[str], head: Sequence[Sequence[str]], position: int, last: bool) -> list[str]:
    """Carry a group's title over the columns below it: that is how a merged title comes out of a CSV export."""
    if last or position + 1 >= len(head):
        return list(row)
    below = head[position + 1]
    filled, title = [], ""
    for column, cell in enumerate(row):
        title = cell if cell.strip() else title
        has_below = column < len(below) and bool(below[column].strip())
        filled.append(cell if cell.strip() or not has_below else title)
    return filled


def _first_known(parts: list[str], last: str, dictionary: Dictionary) -> tuple[Meaning | None, str]:
    if not parts:
        return None, ""
    choices = ["".join(parts), "".join(parts[-2:])]
    if header_key(last) in _TOTALS or not last:
        choices.append("".join(parts[:-1]) if last else parts[0])
    choices.append(parts[-1])
    for choice in choices:
        meaning = dictionary.meaning(choice)
        if meaning is not None:
            return meaning, choice
    return None, "".join(parts)


def _with_units(header: Header, head: Sequence[Sequence[str]], dictionary: Dictionary) -> Header:
    position = header.last + 1
    if position >= len(head):
        return header
    cells = {column: cell.strip() for column, cell in enumerate(head[position]) if cell.strip()}
    known = {header_key(unit) for kind in dictionary.schema.units.values() for unit in kind}
    if not cells or not all(header_key(cell.strip("()（） ")) in known | {"单位"} for cell in cells.values()):
        return header
    units = {column: cell.strip("()（） ") for column, cell in cells.items() if header_key(cell) != "单位"}
    return Header(header.names, header.meanings, header.first, position, units, header.score)


def _strange(head: Sequence[Sequence[str]], position: int, dictionary: Dictionary) -> Header:
    names = [cell.strip() for cell in head[position]]
    return Header(names, [dictionary.meaning(name) for name in names], position, position, {}, 0)


def _looks_like_header(head: Sequence[Sequence[str]], position: int) -> bool:
    """Whether a row holds only different words, and the rows below it hold numbers: a header in words not known."""
    cells = [cell.strip() for cell in head[position] if cell.strip()]
    if len(cells) < 3 or len(set(cells)) < len(cells) or any(_is_number(cell) for cell in cells):
        return False
    below = [cell for row in head[position + 1 : position + 4] for cell in row if cell.strip()]
    return bool(below) and any(_is_number(cell) for cell in below)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9][0-9.,]*%?", text.strip()) is not None


def field_of(schema: Schema, name: str) -> Field:
    """Return the schema's field, or the plain number column that an indicator file names and the schema does not."""
    return schema.find(name) or Field(
        name=name, kind="amount", label={"zh": name, "en": name}, minimum=0, in_schema=False
    )
