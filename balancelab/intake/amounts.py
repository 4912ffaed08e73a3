"""Columns of counts and amounts: proved clean in one pass where they are, read cell by cell where they are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.grid import as_text
from balancelab.intake.numbers import LARGEST, Reading, hint_of, read_number
from balancelab.intake.schema import Field

_PLAIN = {
    "count": r"^[0-9]{1,15}(\.0{1,6})?$",
    # 17 digits at most, so that the nearest float is the number written
    "amount": r"^([0-9]{1,15}|[0-9]{1,9}\.[0-9]{1,8})$",
}
_ERROR_VALUE = re.compile(r"#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA)|Err:[0-9]{3}", re.I)
SPECIAL_CODES = {"error": "XLSX_ERROR_CELL", "date": "XLSX_DATE_CELL", "no_value": "XLSX_FORMULA_NO_VALUE"}


@dataclass
class _Tally:
    """What the odd cells of one column came to."""

    errors: dict[str, list[int]] = field(default_factory=dict)
    rules: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    remarks: dict[str, list[int]] = field(default_factory=dict)
    percent: list[int] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)


def read_amounts(body: Body, column: Column) -> np.ndarray:
    """
    Return a column's numbers, NaN where missing or refused.

    Parameters
    ----------
    body : Body
        Findings, ledger and missing cells are noted in it.
    column : Column
        Its ``factor`` turns the numbers into the field's unit, exactly.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the field's unit.
    """
    if column.parts:
        return _read_sum(body, column)
    raw = body.raw(column)
    texts, values, plain = _plain(raw, column)
    special = body.special(column)
    for at in special:
        plain[at] = False
    odd = np.flatnonzero(~plain)
    tally = _Tally()
    readings, which = _read_odd(texts, odd, body, column)
    _settle(odd, readings, which, values, special, tally, texts)

    def hint(at: int) -> tuple[str, str]:
        if at in special:
            return "", ""
        said = readings[which[np.searchsorted(odd, at)]].hint
        return said if any(said) else hint_of(texts[at].as_py())

    _note_errors(body, column, texts, hint, tally)
    _note_percent(body, column, texts, values, tally)
    _note_changes(body, column, texts, values, tally, plain)
    missing = np.isnan(values)
    missing[[at for found in tally.errors.values() for at in found]] = False
    body.missing[column.name] = (missing, tally.tokens)
    _check_limits(body, column, texts, values)
    return values


def _read_sum(body: Body, column: Column) -> np.ndarray:
    """Read each part under its own header and add them up, exactly; the sum is missing where a part is."""
    parts = [read_amounts(body, part) for part in column.parts]
    values = _added(parts)
    gone = np.array([body.missing[part.name][0] for part in column.parts])
    refused = np.isnan(parts) & ~gone
    body.missing[column.name] = (gone.any(axis=0) & ~refused.any(axis=0), {})
    texts = body.texts(column)
    held = np.flatnonzero(np.isfinite(values))
    if len(held):
        headers = [part.name for part in column.parts]
        listed = "、".join(headers), ", ".join(headers)
        raw, value = texts[int(held[0])].as_py(), as_text(float(values[held[0]]))
        body.faults.add(
            "COL_SUMMED", column=column.name, count=len(held), n=len(held), headers=listed, raw=raw, value=value,
        )  # fmt: skip
        rule = f"sum of {listed[1]}"
        body.ledger.add(body.rows[held], column.name, texts.take(pa.array(held)), values[held], rule)
    _check_limits(body, column, texts, values)
    return values


def _added(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Add decimals as decimals: 0.1 and 0.2 are 0.3."""
    table = np.array(parts)
    values: np.ndarray = table.sum(axis=0)
    with np.errstate(invalid="ignore"):
        broken = np.isfinite(values) & (table != np.floor(table)).any(axis=0)
    for at in np.flatnonzero(broken).tolist():
        values[at] = float(sum(Fraction(repr(float(value))) for value in table[:, at]))
    return values


def _plain(raw: Any, column: Column) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return the texts, the numbers of the cells that are plain, and which are."""
    kind = column.field.kind
    if not pa.types.is_string(raw.type):
        values = np.asarray(pc.cast(raw, pa.float64()).to_numpy(zero_copy_only=False), dtype=float).copy()
        with np.errstate(invalid="ignore"):
            plain = np.isfinite(values) & (values >= 0) & (values <= LARGEST) & ~np.signbit(values)
            plain &= (values == np.floor(values)) if kind == "count" else True
        if column.factor != 1:
            plain[:] = False
        texts = (
            pa.array([as_text(value) for value in raw.to_pylist()]) if not plain.all() else pc.cast(raw, pa.string())
        )
        return texts, np.where(plain, values, np.nan), plain
    if column.factor != 1:
        return raw, np.full(len(raw), np.nan), np.zeros(len(raw), dtype=bool)
    matched = pc.match_substring_regex(raw, _PLAIN[kind])
    plain = matched.to_numpy(zero_copy_only=False).copy()
    values = np.full(len(raw), np.nan)
    if plain.any():
        values[plain] = pc.cast(raw if plain.all() else raw.filter(matched), pa.float64()).to_numpy(
            zero_copy_only=False
        )
    return raw, values, plain


def _read_odd(texts: Any, odd: np.ndarray, body: Body, column: Column) -> tuple[list[Reading], np.ndarray]:
    """Read each different odd text once."""
    if not len(odd):
        return [], np.array([], dtype=np.int64)
    encoded = texts.take(pa.array(odd)).dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    units = body.schema.units.get(column.field.unit or "")
    header_unit = column.unit if column.unit_row is None else None
    readings = [
        _checked(_read_one(text, body.schema.missing, units, header_unit), column.field, column.factor)
        for text in encoded.dictionary.to_pylist()
    ]
    return readings, encoded.indices.to_numpy(zero_copy_only=False)


def _read_one(text: str, missing: frozenset[str], units: Any, header_unit: str | None) -> Reading:
    if _ERROR_VALUE.fullmatch(text.strip()):
        return Reading("error", code="XLSX_ERROR_CELL")
    return read_number(text, missing=missing, units=units, header_unit=header_unit)


def _checked(reading: Reading, known: Field, factor: Fraction) -> Reading:
    """Apply the unit, and refuse parts of a count and percentages where none belong."""
    if reading.status == "percent" and known.unit != "share":
        return Reading(
            "error", code="NUM_UNPARSABLE", hint=("，本列不应有百分数", " (this column holds no percentages)")
        )
    if reading.code == "NUM_NEGATIVE" and reading.value is not None and (known.minimum or 0) < 0:
        reading = Reading("value", reading.value)
    if reading.status == "percent" or reading.status != "value" or reading.value is None:
        return reading
    value = reading.value * factor
    if known.kind == "count" and value.denominator != 1:
        return Reading("error", value=value, code="NUM_NOT_INTEGER")
    return Reading("value", value, reading.rule, reading.code)


def _settle(
    odd: np.ndarray,
    readings: list[Reading],
    which: np.ndarray,
    values: np.ndarray,
    special: dict[int, str],
    tally: _Tally,
    texts: Any,
) -> None:
    """Write the odd cells' numbers and sort the cells by what happened to them."""
    for at, kind in special.items():
        tally.errors.setdefault(SPECIAL_CODES[kind], []).append(at)
    if not len(odd):
        return
    values[odd] = np.array([_as_float(reading) for reading in readings])[which]
    values[list(special)] = np.nan
    ordinary = ~np.isin(odd, list(special)) if special else np.ones(len(odd), dtype=bool)
    buckets: dict[tuple[str, str, tuple[str, ...]], int] = {}
    numbers = [buckets.setdefault((r.status, r.code, r.rule), len(buckets)) for r in readings]
    bucket_of = np.array(numbers)[which]
    for (status, code, rule), number in buckets.items():
        cells = odd[ordinary & (bucket_of == number)].tolist()
        if status == "error":
            tally.errors.setdefault(code, []).extend(cells)
        elif status == "percent":
            tally.percent.extend(cells)
        elif status == "missing":
            signs = pc.value_counts(pc.utf8_trim_whitespace(texts.take(pa.array(cells, pa.int64())))).to_pylist()
            tally.tokens = {sign["values"]: int(sign["counts"]) for sign in signs}
        else:
            if rule:
                tally.rules.setdefault((rule[0], rule[1]), []).extend(cells)
            if code:
                tally.remarks.setdefault(code, []).extend(cells)


def _as_float(reading: Reading) -> float:
    return float(reading.value) if reading.status in ("value", "percent") and reading.value is not None else np.nan


def _note_errors(
    body: Body, column: Column, texts: Any, hints: Callable[[int], tuple[str, str]], tally: _Tally
) -> None:
    known, name = column.field, column.name
    least = f"{known.minimum or 0:g}"
    allowed = (f"{least} 以上，10^15 以下", f"{least} to 10^15")
    for code, found in sorted(tally.errors.items()):

        def add(at: int, code: str = code) -> None:
            raw = texts[at].as_py()
            body.faults.add(code, row=int(body.rows[at]), column=name, raw=raw, hint=hints(at), allowed=allowed)

        body.each(code, sorted(found), name, add)


def _note_percent(body: Body, column: Column, texts: Any, values: np.ndarray, tally: _Tally) -> None:
    if not tally.percent:
        return
    with_sign = len(tally.percent)
    without = int(np.isfinite(values).sum()) - with_sign
    first = min(tally.percent)
    if without:
        body.faults.add("NUM_PERCENT_MIXED", column=column.name, n=with_sign, m=without, count=min(with_sign, without))
    else:
        raw, value = texts[first].as_py(), as_text(float(values[first]))
        body.faults.add("NUM_PERCENT", column=column.name, count=with_sign, n=with_sign, raw=raw, value=value)
    cells = np.array(sorted(tally.percent))
    body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), values[cells], "percent")


def _note_changes(body: Body, column: Column, texts: Any, values: np.ndarray, tally: _Tally, plain: np.ndarray) -> None:
    name, rows = column.name, body.rows
    numbers = body.numbers(column)
    if body.grid.numbers is not None and numbers is not None:
        as_words = np.flatnonzero(plain & ~numbers).tolist()
        if as_words:
            tally.rules[("文本型数字", "numbers stored as text")] = as_words
    changed = sorted(
        {at for found in tally.rules.values() for at in found} - set(tally.remarks.get("NUM_SCIENTIFIC", []))
    )
    if changed:
        detail = _listed(tally.rules)
        first = changed[0]
        body.faults.add(
            "NUM_NORMALISED", column=name, count=len(changed), n=len(changed), detail=detail,
            raw=texts[first].as_py(), value=as_text(float(values[first])),
            row=int(rows[first]) if len(changed) == 1 else None,
        )  # fmt: skip
    for (_, rule), found in tally.rules.items():
        cells = np.array(sorted(found))
        if column.factor == 1:
            body.ledger.add(rows[cells], name, texts.take(pa.array(cells)), values[cells], rule)
    for code, found in tally.remarks.items():
        _note_remark(body, column, code, sorted(found), texts, values)
    if column.factor != 1:
        _note_unit(body, column, texts, values)


def _note_remark(body: Body, column: Column, code: str, found: list[int], texts: Any, values: np.ndarray) -> None:
    def add(at: int) -> None:
        value = as_text(float(values[at]))
        body.faults.add(code, row=int(body.rows[at]), column=column.name, raw=texts[at].as_py(), value=value, n=1)

    if code == "NUM_SCIENTIFIC":
        body.each(code, found, column.name, add)
        return
    first = found[0]
    value = as_text(float(values[first]))
    body.faults.add(code, column=column.name, count=len(found), n=len(found), raw=texts[first].as_py(), value=value)
    cells = np.array(found)
    body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), values[cells], "nearest value")


def _note_unit(body: Body, column: Column, texts: Any, values: np.ndarray) -> None:
    cells = np.flatnonzero(np.isfinite(values))
    note = ("", "")
    if column.unit_row is not None:
        note = (f"（按第 {column.unit_row} 行的单位说明）", f" (named in the unit line, row {column.unit_row})")
    body.faults.add(
        "UNIT_CONVERTED", column=column.name, raw=column.header, count=len(cells), n=len(cells),
        unit=column.unit or "", factor=str(column.factor), base=body.schema.unit_words(column.field.unit), note=note,
    )  # fmt: skip
    rule = f"unit {column.unit} x {column.factor}"
    body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), values[cells], rule)


def _check_limits(body: Body, column: Column, texts: Any, values: np.ndarray) -> None:
    """Refuse what lies outside the field's own limits; the ordinary lower limit, 0, was seen to while reading."""
    low, high = column.field.minimum, column.field.maximum
    with np.errstate(invalid="ignore"):
        outside = np.flatnonzero(((values < low) if low else False) | ((values > high) if high is not None else False))
    if not len(outside):
        return
    span = f"{low or 0:g} – {high:g}" if high is not None else f">= {low:g}"

    def add(at: int) -> None:
        body.faults.add("NUM_RANGE", row=int(body.rows[at]), column=column.name, raw=texts[at].as_py(), allowed=span)

    body.each("NUM_RANGE", outside, column.name, add)
    values[outside] = np.nan
    body.missing[column.name][0][outside] = False


def _listed(rules: Iterable[tuple[str, str]]) -> tuple[str, str]:
    found = list(rules)
    return "；".join(rule[0] for rule in found), "; ".join(rule[1] for rule in found)
