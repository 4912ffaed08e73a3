"""From headers to columns: which is used, which is dropped, which is missing, and in what unit each is given."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.files import Unreadable
from balancelab.intake.findings import Faults, column_letters, printable
from balancelab.intake.grid import Grid, as_text
from balancelab.intake.headers import Dictionary, Header, Meaning, field_of, units_of_line
from balancelab.intake.rows import width_of
from balancelab.intake.schema import Field, Schema, folded, header_key

ColumnsNeeded = Mapping[str, Sequence[frozenset[str]]]
"""Indicator id → alternative sets of columns, one of which the table must have."""

_IDENTITY_SHAPE = r"(?:^|[^0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?:[^0-9]|$)"
_IDENTITY = re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9])")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LISTED_HEADERS = 40
_LISTED_UNKNOWN = 5
_ASCII_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Column:
    """A column that is read: the field it fills, where it stands, and how many of the field's unit one of it is."""

    field: Field
    position: int
    header: str
    unit: str | None = None
    factor: Fraction = Fraction(1)
    unit_row: int | None = None

    @property
    def name(self) -> str:
        """Id of the field."""
        return self.field.name


def choose_columns(
    grid: Grid, header: Header, body: np.ndarray, dictionary: Dictionary, needed: ColumnsNeeded, faults: Faults
) -> list[Column]:
    """
    Return the columns to read, in the order of the schema, after noting everything that is odd about the header.

    Parameters
    ----------
    grid : Grid
    header : Header
    body : ndarray of int64
        Positions of the schools' rows, to tell whether two columns agree.
    dictionary : Dictionary
    needed : mapping
        See :data:`ColumnsNeeded`.
    faults : Faults
        Its addresses are set here.
    """
    chosen: dict[str, Column] = {}
    repeated: dict[str, list[int]] = {}
    unknown: list[int] = []
    width = width_of(grid, header)
    for position, meaning in enumerate(header.meanings[:width]):
        if meaning is None:
            unknown.append(position)
            continue
        if meaning.name in chosen:
            repeated.setdefault(meaning.name, [chosen[meaning.name].position]).append(position)
            continue
        known = field_of(dictionary.schema, meaning.name)
        chosen[meaning.name] = _with_unit(known, position, meaning, header, dictionary.schema, faults)
        faults.positions[meaning.name] = grid.first_column + position
    identified = _check_identity_numbers(chosen, grid, header, body, faults)
    _check_missing(chosen, header, dictionary, needed, faults)
    _check_foreign(chosen, header, dictionary, faults)
    _check_repeated(repeated, grid, header, body, dictionary.schema, faults)
    _check_unknown([at for at in unknown if at not in identified], grid, header, body, dictionary, faults)
    _check_unit_lines(chosen, grid, header, dictionary.schema, faults)
    _note_matches(chosen, header, dictionary, faults)
    order = {name: rank for rank, name in enumerate(dictionary.schema.names)}
    return sorted(chosen.values(), key=lambda column: order.get(column.name, len(order) + column.position))


def looks_personal(header: str, schema: Schema) -> bool:
    """Whether a header names data about persons: names, telephones, identity numbers."""
    return _mentions(header, schema.personal)


def _with_unit(known: Field, position: int, meaning: Meaning, header: Header, schema: Schema, faults: Faults) -> Column:
    name, text = known.name, header.names[position]
    unit, factor = meaning.unit, meaning.factor
    if unit is None and known.numeric and position in header.units:
        unit = header.units[position]
        factor = schema.unit_factor(known.unit, unit)
    if factor is None:
        allowed = ", ".join(schema.units.get(known.unit or "", {})) or "-"
        faults.add("UNIT_UNKNOWN", column=name, raw=text, unit=printable(unit or ""), allowed=allowed)
        factor = Fraction(1)
    return Column(known, position, text, unit, factor)


def _check_unit_lines(chosen: dict[str, Column], grid: Grid, header: Header, schema: Schema, faults: Faults) -> None:
    """Use the unit that a line above the table names for a kind of amount; refuse where it names two."""
    for position in range(max(header.first, 0)):
        text = "".join(cell.strip() for cell in grid.row(position))
        row = int(grid.rows[position])
        for kind, units in units_of_line(text, schema).items():
            for name, column in chosen.items():
                if column.field.unit != kind or column.unit is not None or not column.field.numeric:
                    continue
                if name.endswith(("_m2", "_yuan")) and header_key(column.header) == header_key(name):
                    continue
                if len(set(units.values())) > 1:
                    faults.add("UNIT_UNCLEAR", column=name, units="、".join(units), line=row)
                else:
                    unit, factor = next(iter(units.items()))
                    chosen[name] = Column(column.field, column.position, column.header, unit, factor, row)


def _check_identity_numbers(
    chosen: Mapping[str, Column], grid: Grid, header: Header, body: np.ndarray, faults: Faults
) -> set[int]:
    """Refuse identity-card numbers wherever they stand; return the columns that hold some."""
    numeric = {column.position for column in chosen.values() if column.field.numeric or column.field.kind == "year"}
    found: set[int] = set()
    for position, column in enumerate(grid.columns):
        if position in numeric or not pa.types.is_string(column.type):
            continue
        cells = column.take(pa.array(body))
        hits = cells.filter(pc.match_substring_regex(cells, _IDENTITY_SHAPE)).to_pylist()
        count = sum(any(_is_identity(number) for number in _IDENTITY.findall(text)) for text in hits)
        if count:
            name = printable(header.names[position]) if position < len(header.names) else ""
            faults.positions.setdefault(name, grid.first_column + position)
            faults.add("PERSONAL_ID", column=name, count=count, n=count)
            found.add(position)
    return found


def _is_identity(number: str) -> bool:
    """Check digit and date of birth of an 18-digit identity number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _IDENTITY_WEIGHTS, strict=True))
    month, day = int(number[10:12]), int(number[12:14])
    return "10X98765432"[total % 11] == number[17].upper() and 1 <= month <= 12 and 1 <= day <= 31


def _check_repeated(
    repeated: Mapping[str, list[int]], grid: Grid, header: Header, body: np.ndarray, schema: Schema, faults: Faults
) -> None:
    for name, positions in repeated.items():
        headers = ", ".join(printable(header.names[position]) for position in positions)
        columns = ", ".join(column_letters(grid.first_column + position) for position in positions)
        cells = [_body_text(grid, position, body) for position in positions]
        first = next((at for at in range(len(body)) if len({cell[at].strip() for cell in cells}) > 1), None)
        if first is None:
            faults.add("COL_DUPLICATE_SAME", column=name, headers=headers, columns=columns)
        else:
            values = " / ".join(printable(cell[first]) for cell in cells)
            row = int(grid.rows[body[first]])
            faults.add("COL_DUPLICATE", column=name, row=row, values=values, headers=headers, columns=columns)


def _check_unknown(
    unknown: Iterable[int], grid: Grid, header: Header, body: np.ndarray, dictionary: Dictionary, faults: Faults
) -> None:
    schema, column_map = dictionary.schema, dictionary.column_map
    personal: list[str] = []
    sensitive: list[str] = []
    empty: list[str] = []
    strange: list[int] = []
    quiet = column_map is not None and column_map.ignore_other_columns
    for position in unknown:
        name = header.names[position]
        letter = column_letters(grid.first_column + position)
        key = header_key(name)
        if not key or key.startswith("unnamed"):
            held = _held(grid, position, body)
            if held:
                faults.add("COL_UNNAMED", count=held, n=held, columns=letter)
            else:
                empty.append(letter)
        elif key in schema.ignored or quiet:
            continue
        elif _mentions(name, schema.personal):
            personal.append(printable(name))
        elif _mentions(name, schema.sensitive):
            sensitive.append(printable(name))
        else:
            strange.append(position)
    for code, names in (("COL_PERSONAL_DROPPED", personal), ("COL_SENSITIVE_DROPPED", sensitive)):
        if names:
            faults.add(code, count=len(names), headers=("、".join(names), ", ".join(names)), column=names[0])
    _note_unknown(strange, header, grid, dictionary, faults)
    if empty:
        faults.add("COL_EMPTY_DROPPED", count=len(empty), n=len(empty), columns=", ".join(empty[:20]))


def _note_unknown(positions: Sequence[int], header: Header, grid: Grid, dictionary: Dictionary, faults: Faults) -> None:
    """Name unknown columns one by one; many that resemble nothing known, together."""
    close = {position: _nearest(header.names[position], dictionary.keys) for position in positions}
    alone = [position for position in positions if close[position] is None]
    together = alone if len(alone) > _LISTED_UNKNOWN else []
    for position in positions:
        if position in together:
            continue
        name, meant = header.names[position], close[position]
        near = ("", "")
        if meant is not None:
            label = field_of(dictionary.schema, meant).label.get("zh", meant)
            near = (f"；是否应为“{label}”（{meant}）？", f"; did you mean {meant}?")
        faults.positions.setdefault(printable(name), grid.first_column + position)
        faults.add("COL_UNKNOWN", column=printable(name), raw=name, near=near)
    if together:
        listed = [printable(header.names[position], 30) for position in together[:_LISTED_HEADERS]]
        more = f" … ({len(together)})" if len(together) > _LISTED_HEADERS else ""
        faults.add("COLS_UNKNOWN", count=len(together), n=len(together), headers=", ".join(listed) + more)


def _check_missing(
    chosen: Mapping[str, Column], header: Header, dictionary: Dictionary, needed: ColumnsNeeded, faults: Faults
) -> None:
    schema, column_map = dictionary.schema, dictionary.column_map
    have = {*chosen, *(column_map.constants if column_map else ())}
    missing: dict[str, list[str]] = {each.name: [] for each in schema.fields if each.required and each.name not in have}
    for indicator, alternatives in needed.items():
        if any(have >= alternative for alternative in alternatives) or not alternatives:
            continue
        closest = min(alternatives, key=lambda each: (len(each - have), sorted(each)))
        for name in sorted(closest - have):
            missing.setdefault(name, []).append(indicator)
    free = [name for name, meaning in zip(header.names, header.meanings, strict=True) if meaning is None and name]
    for name, indicators in missing.items():
        because = ("", "")
        if indicators:
            listed = ", ".join(indicators)
            because = (f"（指标 {listed} 需要）", f" (needed by {listed})")
        faults.add(
            "COL_MISSING", column=name, label=_labels(schema, name, column_map is not None, dictionary),
            because=because, near=_near_header(name, schema, free),
        )  # fmt: skip


def _check_foreign(chosen: Mapping[str, Column], header: Header, dictionary: Dictionary, faults: Faults) -> None:
    """Stop at the header where most required columns are missing: what stands below it is some other table."""
    have = {*chosen, *(dictionary.column_map.constants if dictionary.column_map else ())}
    required = [each.name for each in dictionary.schema.fields if each.required]
    there = [name for name in required if name in have]
    if len(there) * 2 >= len(required):
        return
    own = [printable(name, 30) for name in header.names if name]
    more = f" … ({len(own)})" if len(own) > _LISTED_HEADERS else ""
    known = ", ".join(there) if there else ("没有", "none")
    faults.add(
        "HEADER_FOREIGN", row=faults.header_row, n=len(there), total=len(required), known=known,
        headers=", ".join(own[:_LISTED_HEADERS]) + more,
    )  # fmt: skip
    raise Unreadable


def _labels(schema: Schema, name: str, mapped: bool, dictionary: Dictionary) -> tuple[str, str]:
    known = field_of(schema, name)
    theirs = dictionary.column_map.columns.get(name) if mapped and dictionary.column_map else None
    if theirs:
        return printable(theirs), printable(theirs)
    return known.label.get("zh", name), known.label.get("en", name)


def _near_header(name: str, schema: Schema, free: Sequence[str]) -> tuple[str, str]:
    known = field_of(schema, name)
    keys = {header_key(text): text for text in free}
    words = sorted({header_key(text) for text in (known.name, *known.label.values(), *known.aliases)})
    close = [match for word in words for match in difflib.get_close_matches(word, list(keys), n=1, cutoff=0.7)]
    if close:
        found = printable(keys[close[0]])
        return f"；表中最接近的列名是“{found}”", f"; the nearest header in the table is “{found}”"
    listed = [printable(text, 20) for text in free[:8]]
    if not listed:
        return "；表中没有相近的列名", "; the table has no header like it"
    return f"；表中未识别的列名有：{'、'.join(listed)}", f"; headers not recognised: {', '.join(listed)}"


def _nearest(name: str, keys: Mapping[str, str]) -> str | None:
    close = difflib.get_close_matches(header_key(name), list(keys), n=1, cutoff=0.75)
    return keys[close[0]] if close else None


def _note_matches(chosen: Mapping[str, Column], header: Header, dictionary: Dictionary, faults: Faults) -> None:
    mapped = dictionary.column_map.columns if dictionary.column_map else {}
    pairs = []
    for name, column in chosen.items():
        meaning = header.meanings[column.position]
        spelt = column.header.strip()
        exact = {name, *column.field.label.values(), mapped.get(name, name)}
        known_form = spelt in exact or (meaning is not None and meaning.unit is not None and meaning.plain)
        if meaning is not None and (not meaning.plain or not (known_form or _same_but_brackets(spelt, exact))):
            pairs.append((printable(spelt), name))
    if pairs:
        listed = "; ".join(f"{theirs} = {ours}" for theirs, ours in pairs[:40])
        faults.add("COL_MAPPED", count=len(pairs), n=len(pairs), pairs=listed)


def _same_but_brackets(spelt: str, exact: set[str]) -> bool:
    """A bracket in the other width is no remark; case, blanks and invisible characters are."""
    return spelt.translate(str.maketrans("（）", "()")) in {
        text.translate(str.maketrans("（）", "()")) for text in exact
    }


def _mentions(header: str, words: Iterable[str]) -> bool:
    key = folded(header)
    tokens = set(_ASCII_WORD.findall(header.casefold()))
    for word in words:
        plain = folded(word)
        if plain.isascii():
            if set(_ASCII_WORD.findall(plain)) <= tokens or (len(plain) > 6 and header_key(word) in header_key(header)):
                return True
        elif plain in key:
            return True
    return False


def _body_text(grid: Grid, position: int, body: np.ndarray) -> list[str]:
    return [as_text(value) for value in grid.columns[position].take(pa.array(body)).to_pylist()]


def _held(grid: Grid, position: int, body: np.ndarray) -> int:
    column = grid.columns[position].take(pa.array(body))
    if not pa.types.is_string(column.type):
        return len(column) - column.null_count
    return int(pc.sum(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py() or 0)
