"""From a grid of raw cells to the clean table, step by step; every step notes what it finds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.amounts import read_amounts
from balancelab.intake.body import Body, Ledger
from balancelab.intake.columns import Column, ColumnsNeeded, choose_columns
from balancelab.intake.excluding import Excluded
from balancelab.intake.files import Unreadable
from balancelab.intake.findings import Faults, column_letters, printable, row_list
from balancelab.intake.grid import Grid
from balancelab.intake.headers import Dictionary, Header, find_header
from balancelab.intake.identity import encoded_once, read_codes, read_labels
from balancelab.intake.names import read_names
from balancelab.intake.rows import Rows, sort_rows
from balancelab.intake.rules import check_table
from balancelab.intake.schema import Field, folded
from balancelab.intake.silences import note_missing
from balancelab.intake.years import read_years

_HEAD_ROWS = 40
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")
_DOCUMENTS = frozenset({2012, 2017})
"""Years of the two evaluations' documents: a file may well be named after one of them."""


@dataclass(frozen=True)
class Choice:
    """Which years are wanted: one, all, or (neither) the only one that there is."""

    year: int | None = None
    all_years: bool = False


@dataclass(frozen=True)
class Assembled:
    """The clean rows, the rows kept out, and the ledger."""

    schools: pd.DataFrame
    excluded: pd.DataFrame
    ledger: pd.DataFrame


def assemble(grid: Grid, dictionary: Dictionary, needed: ColumnsNeeded, choice: Choice, faults: Faults) -> Assembled:
    """
    Return the clean table of `grid`.

    Raises
    ------
    Unreadable
        After noting why, if there is no header or no row below it.
    """
    header = header_of(grid, dictionary, faults)
    positions = {meaning.name: at for at, meaning in reversed(list(enumerate(header.meanings))) if meaning}
    rows = sort_rows(grid, header, positions, dictionary, faults)
    columns = choose_columns(grid, header, rows.body, dictionary, needed, faults)
    if not len(rows.body):
        faults.add("TABLE_EMPTY")
        raise Unreadable
    _note_merged(grid, header, faults)
    excluded = Excluded(grid, {column.name: column for column in columns})
    _exclude_by_kind(rows, excluded)
    body = Body(grid, rows.body, dictionary.schema, faults, Ledger(faults.file, faults.sheet))
    values = _read(body, columns, dictionary, choice, excluded)
    schools = _frame(body, columns, values, dictionary)
    _check_required(body, columns, schools)
    note_missing(body, columns, schools)
    check_table(body, rows, columns, schools)
    return Assembled(_sorted(schools, dictionary), excluded.frame(), body.ledger.frame())


def header_of(grid: Grid, dictionary: Dictionary, faults: Faults) -> Header:
    """
    Return the grid's header.

    Raises
    ------
    Unreadable
        After noting why, if there is none.
    """
    if grid.header is not None:
        meanings = [dictionary.meaning(name) for name in grid.header]
        return Header(list(grid.header), meanings, -1, -1, {}, sum(meaning is not None for meaning in meanings))
    head = grid.head(_HEAD_ROWS)
    found = find_header(head, dictionary)
    if found is not None:
        faults.header_row = int(grid.rows[found.first])
        if found.last > found.first:
            rows = row_list([int(grid.rows[at]) for at in range(found.first, found.last + 1)])
            faults.add("HEADER_MULTI_ROW", rows=rows, merged=("", ""))
        return found
    first_column = [row[0] for row in head if row and row[0].strip()]
    known = [printable(text, 20) for text in first_column if dictionary.meaning(text)]
    if len(known) >= 3:
        faults.add("TABLE_TRANSPOSED", raw=", ".join(known[:4]))
    else:
        shown = next((row for row in head if any(cell.strip() for cell in row)), [])
        faults.add("HEADER_NOT_FOUND", n=min(10, max(1, len(head))), raw=" | ".join(cell for cell in shown if cell))
    raise Unreadable


def _note_merged(grid: Grid, header: Header, faults: Faults) -> None:
    below = [each for each in grid.merged if each[0] > header.last and each[2] > each[0]]
    if below:
        first = f"{column_letters(grid.first_column + below[0][1])}{int(grid.rows[below[0][0]])}"
        faults.add("XLSX_MERGED_FILLED", count=len(below), n=len(below), first=first)


def _exclude_by_kind(rows: Rows, excluded: Excluded) -> None:
    kinds: dict[str, list[int]] = {}
    for position, kind in rows.excluded:
        kinds.setdefault(kind, []).append(position)
    for kind, positions in kinds.items():
        excluded.add(np.array(positions), kind)


def _exclude_missing(body: Body, columns: list[Column], dictionary: Dictionary, excluded: Excluded) -> np.ndarray:
    """Set aside the rows that a column map says to set aside, before anything else in them is judged."""
    column_map = dictionary.column_map
    kept = np.ones(len(body), dtype=bool)
    positions = body.positions
    for name in column_map.exclude_when_missing if column_map else ():
        column = next((each for each in columns if each.name == name), None)
        if column is None or not len(body):
            continue
        unique, which = encoded_once(body.texts(column))
        blank = np.array([folded(text) in body.schema.missing for text in unique], dtype=bool)
        mask = blank[which] & kept
        if mask.any():
            rows = body.rows[mask]
            listed = row_list([int(row) for row in rows])
            body.faults.add("ROW_SET_ASIDE", column=name, count=len(rows), n=len(rows), rows=listed)
            excluded.add(positions[mask], f"missing_{name}")
            kept &= ~mask
    body.keep(kept)
    return kept


def _read(
    body: Body, columns: list[Column], dictionary: Dictionary, choice: Choice, excluded: Excluded
) -> dict[str, Any]:
    """Read the year first, keep the rows that are wanted, then read every other column."""
    values: dict[str, Any] = {}
    year_column = next((column for column in columns if column.name == "year"), None)
    if year_column is not None:
        values["year"] = _choose_years(body, year_column, choice, excluded)
    kept = _exclude_missing(body, columns, dictionary, excluded)
    if "year" in values:
        values["year"] = values["year"][kept]
        body.missing["year"] = (body.missing["year"][0][kept], {})
    if not len(body):
        if not body.faults.has_errors():
            body.faults.add("TABLE_EMPTY")
        raise Unreadable
    mapped = dictionary.column_map.values if dictionary.column_map else {}
    for column in columns:
        kind = column.field.kind
        if kind == "code":
            values[column.name] = read_codes(body, column)
        elif kind == "label":
            values[column.name] = read_labels(body, column, mapped.get(column.name, {}))
        elif kind == "text":
            values[column.name] = read_names(body, column)
        elif kind != "year":
            values[column.name] = read_amounts(body, column)
        if column.name == "county_code":
            _tell_counties(body, values[column.name])
    return values


def _choose_years(body: Body, column: Column, choice: Choice, excluded: Excluded) -> np.ndarray:
    years = read_years(body, column)
    found = sorted({int(year) for year in np.unique(years[np.isfinite(years)])})
    listed = "、".join(map(str, found)), ", ".join(map(str, found))
    _note_year_of_name(found, body.faults)
    if choice.year is None:
        if len(found) > 1 and not choice.all_years:
            body.faults.add("YEAR_AMBIGUOUS", column="year", n=len(found), years=listed)
        return years
    if choice.year not in found:
        body.faults.add("YEAR_NOT_FOUND", column="year", raw=str(choice.year), years=listed)
    other = np.isfinite(years) & (years != choice.year)
    if other.any():
        excluded.add(body.positions[other], "other_year")
        body.keep(~other)
        missing, signs = body.missing["year"]
        body.missing["year"] = (missing[~other], signs)
    return years[~other]


def _note_year_of_name(years: list[int], faults: Faults) -> None:
    """
    Note a year in a file's name that none of its rows is of.

    The school year of the table may be named by its beginning or its end, and a name may hold the year of one of the
    evaluations' documents (2012, 2017).
    """
    found, held = {int(year) for year in _YEAR.findall(faults.file)} - _DOCUMENTS, set(years)
    if found and held and not found & (held | {year + 1 for year in held}):
        listed = "、".join(map(str, years)), ", ".join(map(str, years))
        faults.add("YEAR_OF_FILE", raw=str(min(found)), years=listed)


def _tell_counties(body: Body, codes: Any) -> None:
    rows, texts = body.rows, codes

    def county_of(row: int) -> str | None:
        at = int(np.searchsorted(rows, row))
        return texts[at].as_py() if at < len(rows) and rows[at] == row else None

    body.faults.county_of = county_of


def _frame(body: Body, columns: list[Column], values: dict[str, Any], dictionary: Dictionary) -> pd.DataFrame:
    """Put the columns together, in the order of the schema; the year stays a float until it is known to be whole."""
    series: dict[str, Any] = {}
    order = [*dictionary.schema.names, *(column.name for column in columns if not column.field.in_schema)]
    constants = dictionary.column_map.constants if dictionary.column_map else {}
    for name in dict.fromkeys(order):
        known = dictionary.schema.find(name)
        if name in values:
            series[name] = _series(values[name])
        elif name in constants and known is not None:
            series[name] = _constant(known, constants[name], len(body))
    series["source_row"] = pd.Series(body.rows, dtype="int64")
    return pd.DataFrame(series)


def _series(values: Any) -> pd.Series:
    if isinstance(values, np.ndarray):
        return pd.Series(values)
    return pd.Series(values.to_pandas(), dtype="str")


def _constant(known: Field, value: str, count: int) -> pd.Series:
    if known.kind == "year" or known.numeric:
        return pd.Series(np.full(count, float(value)))
    return pd.Series([value] * count, dtype="str")


def _check_required(body: Body, columns: list[Column], schools: pd.DataFrame) -> None:
    """Refuse empty cells in required columns; a combined school without a stage is told what it needs instead."""
    combined = _combined_without_stage(schools)
    for column in columns:
        if not column.field.required:
            continue
        gone, _ = body.missing[column.name]
        if column.name == "stage":
            gone = gone & ~combined
        code = "COUNTY_MISSING" if column.name in ("county", "county_code") else "VALUE_REQUIRED"
        # of a sum, the part that is missing is named
        places = [(each, body.missing[each.name][0], body.texts(each)) for each in column.parts or (column,)]

        def add(at: int, code: str = code, places: Any = places) -> None:
            place, texts = next((each, texts) for each, missing, texts in places if missing[at])
            raw = texts[at].as_py().strip()
            shown = (f"“{printable(raw)}”", f"“{printable(raw)}”") if raw else ("空", "empty")
            body.faults.add(code, row=int(body.rows[at]), column=place.name, raw=raw or None, cell=shown)

        body.each(code, np.flatnonzero(gone), column.name, add)


def _combined_without_stage(schools: pd.DataFrame) -> np.ndarray:
    if "school_type" not in schools or "stage" not in schools:
        return np.zeros(len(schools), dtype=bool)
    combined = schools["school_type"].isin(["nine_year", "twelve_year", "complete_secondary"])
    return (combined & schools["stage"].isna()).to_numpy()


def _sorted(schools: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """Sort by the key, so that the order of the file changes nothing, and make the year whole."""
    if "year" in schools:
        schools = schools.assign(year=schools["year"].fillna(0).astype("int64"))
    stages = dictionary.schema.find("stage")
    order = list(stages.values) if stages else []
    table = pa.table({name: pa.array(schools[name], from_pandas=True) for name in _sort_keys(schools)})
    if "stage" in table.column_names:
        known = pa.array(order, pa.string())
        rank = pc.fill_null(pc.index_in(table["stage"], value_set=known), len(order))
        table = table.set_column(table.column_names.index("stage"), "stage", rank)
    if not table.num_columns or not len(schools):
        return schools.reset_index(drop=True)
    indices = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])
    taken = indices.to_numpy()
    if (taken == np.arange(len(taken))).all():
        return schools.reset_index(drop=True)
    return schools.take(taken).reset_index(drop=True)


def _sort_keys(schools: pd.DataFrame) -> list[str]:
    keys = ["year", "county_code", "school_code", "stage", "source_row"]
    return [name for name in keys if name in schools]
