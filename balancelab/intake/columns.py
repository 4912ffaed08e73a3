"""From headers to columns: which is used, which is dropped, which is missing, and in what unit each is given."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.files import Unreadable
from balancelab.intake.findings import Faults, column_letters, printable
from balancelab.intake.grid import Grid, as_text, text_array
from balancelab.intake.headers import Dictionary, Header, Meaning, field_of, units_of_line
from balancelab.intake.personal import check_identity_numbers, mentions
from balancelab.intake.rows import width_of
from balancelab.intake.schema import Field, Schema, header_key

ColumnsNeeded = Mapping[str, Sequence[frozenset[str]]]
"""Indicator id → alternative sets of columns, one of which the table must have."""

_LISTED_HEADERS = 40
_LISTED_UNKNOWN = 5


@dataclass(frozen=True)
class Column:
    """
    A column that is read.

    Attributes
    ----------
    field : Field
        What it fills.
    position : int
        Where it stands in the grid.
    unit, factor, unit_row
        Its unit, how many of the field's unit one of it is, and the row above the table that says so.
    parts : tuple of Column
        The columns that a column map adds up to it; the grid's column then shows them as text (``248 + 193``).
    from_name : bool
        Whether it is a code that a column map makes of a name.
    """

    field: Field
    position: int
    header: str
    unit: str | None = None
    factor: Fraction = Fraction(1)
    unit_row: int | None = None
    parts: tuple[Column, ...] = ()
    from_name: bool = False

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
        if meaning.name in dictionary.sums:
            continue
        if meaning.name in chosen:
            repeated.setdefault(meaning.name, [chosen[meaning.name].position]).append(position)
            continue
        known = field_of(dictionary.schema, meaning.name)
        chosen[meaning.name] = _with_unit(known, position, meaning, header, dictionary.schema, faults)
        faults.positions[meaning.name] = grid.first_column + position
    _add_mapped(chosen, repeated, grid, header, dictionary, faults)
    numeric = {column.position for column in chosen.values() if column.field.numeric or column.field.kind == "year"}
    identified = check_identity_numbers(grid, header.names, numeric, body, faults)
    _check_foreign(chosen, header, dictionary, faults)
    _check_missing(chosen, header, dictionary, needed, faults)
    _check_repeated(repeated, grid, header, body, dictionary.schema, faults)
    _check_unknown([at for at in unknown if at not in identified], grid, header, body, dictionary, faults)
    _check_unit_lines(chosen, grid, header, dictionary.schema, faults)
    _note_matches(chosen, header, dictionary, faults)
    order = {name: rank for rank, name in enumerate(dictionary.schema.names)}
    return sorted(chosen.values(), key=lambda column: order.get(column.name, len(order) + column.position))


def _add_mapped(
    chosen: dict[str, Column], repeated: dict[str, list[int]], grid: Grid, header: Header, dictionary: Dictionary,
    faults: Faults,
) -> None:  # fmt: skip
    """Add what a column map makes of a header that another column has already, of several headers, or of a name."""
    at: dict[str, list[int]] = {}
    for position, meaning in enumerate(header.meanings[: width_of(grid, header)]):
        if meaning is not None:
            at.setdefault(meaning.key, []).append(position)
    for ours, key in dictionary.mapped_twice().items():
        if key in at:
            chosen[ours] = _mapped(field_of(dictionary.schema, ours), at[key][0], header, dictionary.schema, faults)
            faults.positions[ours] = grid.first_column + at[key][0]
    for ours, theirs in dictionary.sums.items():
        keys = [header_key(text) for text in theirs]
        if not all(key in at for key in keys):
            continue
        known = field_of(dictionary.schema, ours)
        parts = []
        for text, key in zip(theirs, keys, strict=True):
            part = replace(known, name=printable(text), label={"zh": text, "en": text}, required=False, in_schema=False)
            parts.append(_mapped(part, at[key][0], header, dictionary.schema, faults))
            faults.positions[part.name] = grid.first_column + at[key][0]
            if len(at[key]) > 1:
                repeated[part.name] = at[key]
        faults.positions[ours] = grid.first_column + parts[0].position
        joined = grid.add_column(_joined([grid.columns[part.position] for part in parts]))
        chosen[ours] = Column(known, joined, " + ".join(theirs), parts=tuple(parts))
    made = dictionary.column_map.codes_of_names if dictionary.column_map else frozenset()
    chosen.update({name: replace(chosen[name], from_name=True) for name in made if name in chosen})


def _mapped(known: Field, position: int, header: Header, schema: Schema, faults: Faults) -> Column:
    """Return the column at `position` as `known`, whatever else it is used for."""
    meaning = header.meanings[position] or Meaning(known.name, True)
    if meaning.unit is not None:
        factor = schema.unit_factor(known.unit, meaning.unit) if known.numeric else Fraction(1)
        meaning = replace(meaning, factor=factor)
    return _with_unit(known, position, meaning, header, schema, faults)


def _joined(parts: Sequence[Any]) -> Any:
    texts = [part if pa.types.is_string(part.type) else _as_texts(part) for part in parts]
    return pc.binary_join_element_wise(*(pc.utf8_trim_whitespace(text) for text in texts), " + ")


def _as_texts(column: Any) -> Any:
    return text_array([as_text(value) for value in column.to_pylist()])


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
                    chosen[name] = _in_unit(column, unit, factor, row)


def _in_unit(column: Column, unit: str, factor: Fraction, row: int) -> Column:
    """Return `column`, or its parts that name no unit of their own, in the unit that a line above the table names."""
    if column.parts:
        return replace(column, parts=tuple(_in_unit(part, unit, factor, row) for part in column.parts))
    return column if column.unit is not None else replace(column, unit=unit, factor=factor, unit_row=row)


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
        elif mentions(name, schema.personal):
            personal.append(printable(name))
        elif mentions(name, schema.sensitive):
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
    there = {meaning.key for meaning in header.meanings if meaning}
    half = [name for name, parts in dictionary.sums.items() if any(header_key(part) in there for part in parts)]
    missing.update({name: [] for name in half if name not in have})
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
            "COL_MISSING", column=name, label=_labels(schema, name, column_map is not None, header, dictionary),
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
    fields = [field_of(dictionary.schema, name) for name in required if name not in have]
    missing = (
        "、".join(f"{each.label['zh']}（{each.name}）" for each in fields),
        ", ".join(each.name for each in fields),
    )
    faults.add(
        "HEADER_FOREIGN", row=faults.header_row, n=len(there), total=len(required), known=known, missing=missing,
        headers=", ".join(own[:_LISTED_HEADERS]) + more,
    )  # fmt: skip
    raise Unreadable


def _labels(schema: Schema, name: str, mapped: bool, header: Header, dictionary: Dictionary) -> tuple[str, str]:
    known = field_of(schema, name)
    theirs = dictionary.column_map.headers_of(name) if mapped and dictionary.column_map else ()
    if theirs:
        there = {header_key(text) for text in header.names}
        gone = [printable(text) for text in theirs if header_key(text) not in there] or list(theirs)
        return "、".join(gone), ", ".join(gone)
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
        if column.parts:
            continue
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


def _body_text(grid: Grid, position: int, body: np.ndarray) -> list[str]:
    return [as_text(value) for value in grid.columns[position].take(pa.array(body)).to_pylist()]


def _held(grid: Grid, position: int, body: np.ndarray) -> int:
    column = grid.columns[position].take(pa.array(body))
    if not pa.types.is_string(column.type):
        return len(column) - column.null_count
    return int(pc.sum(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py() or 0)
