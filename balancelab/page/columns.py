"""From a tidy table to a table block: which columns a reader sees, how they are named, and which cells are marked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from numbers import Integral, Number
from typing import TYPE_CHECKING, Any, Literal, get_args

from balancelab.page.display import clean_text, is_missing, is_truth
from balancelab.page.marks import mark_id
from balancelab.page.words import Pair, choose

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "number", "percent", "verdict"]
Align = Literal["left", "right", "center"]
KINDS: tuple[str, ...] = get_args(Kind)
ALIGNMENTS: tuple[str, ...] = get_args(Align)


@dataclass(frozen=True)
class Column:
    """
    One column of a table as a reader sees it.

    Attributes
    ----------
    id : str
        Column of the table that holds the values; the only attribute that may be given without its name.
    zh, en : str
        Heading.
    unit : pair or str, optional
        Unit, printed small beside the heading.
    decimals : int, optional
        Digits after the point in print; the block keeps the unrounded number. Default: as many as the number has, one
        for a percentage.
    align : {"left", "right", "center"}, optional
        By default numbers stand right, everything else left.
    kind : {"text", "number", "percent", "verdict"}
        ``text`` is also for codes and years. ``percent``: the value is a share, 0.853 prints as 85.3%. ``verdict``:
        the value is a mark id, or true (met), false (not met), missing (undetermined).
    marks : str, optional
        Column of the table that holds a mark id for each cell, or nothing.
    group : pair, optional
        Heading over this column and its neighbours of the same group.

    Examples
    --------
    >>> Column("value", zh="差异系数", en="Coefficient of variation", kind="number", decimals=3, marks="mark").id
    'value'
    """

    id: str
    _: KW_ONLY
    zh: str
    en: str
    unit: Pair | str | None = None
    decimals: int | None = None
    align: Align | None = None
    kind: Kind = "text"
    marks: str | None = None
    group: Pair | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.id!r}: unknown kind {self.kind!r}: {', '.join(KINDS)}")
        if self.align not in (None, *ALIGNMENTS):
            raise ValueError(f"column {self.id!r}: unknown alignment {self.align!r}: {', '.join(ALIGNMENTS)}")

    def describe(self, language: str) -> dict[str, Any]:
        """
        Describe the column in a block.

        Returns
        -------
        dict
            ``id``, ``label``, ``unit``, ``group``, ``kind``, ``decimals``, ``align``.
        """
        unit = choose(self.unit, language) if isinstance(self.unit, Mapping) else self.unit
        numeric = self.kind in ("number", "percent")
        return {
            "id": self.id,
            "label": choose({"zh": self.zh, "en": self.en}, language),
            "unit": unit,
            "group": choose(self.group, language) if self.group else None,
            "kind": self.kind,
            "decimals": 1 if self.kind == "percent" and self.decimals is None else self.decimals,
            "align": self.align or ("right" if numeric else "left"),
        }


def table_payload(
    table: pd.DataFrame,
    columns: Sequence[Column],
    language: str,
    *,
    row_marks: str | Sequence[object] | None = None,
    row_header: str | None = None,
    keys: Sequence[str] = (),
) -> dict[str, Any]:
    """
    Columns, rows and marks of a table block.

    Parameters
    ----------
    table : DataFrame
        Tidy table with every column that ``columns`` names. Not changed.
    columns : sequence of Column
        What the reader sees, in order.
    language : str
        Language of the page.
    row_marks : str or sequence, optional
        Column of the table, or one value per row: a mark id for the whole row (``excluded``, ``failed``, ``total``).
    row_header : str, optional
        Id of the column that names the row; by default the first one.
    keys : sequence of str
        Columns of the table whose ids name each row to a program.

    Returns
    -------
    dict
        ``columns``, ``rows``, ``marks``, ``row_marks``, ``row_header``, ``keys`` as described in
        `balancelab.page.blocks`.

    Raises
    ------
    ValueError
        If there is no column, a column is named twice or not in the table, or a cell does not fit its kind.
    """
    ids = [column.id for column in columns]
    if not ids or len(set(ids)) < len(ids):
        raise ValueError(f"a table needs columns, each once: {ids}")
    raw = [[_raw(value, column, row, language) for row, value in _cells(table, column.id)] for column in columns]
    marks = [
        [mark_id(None if is_missing(value) else value) for _, value in _cells(table, column.marks)]
        if column.marks
        else [None] * len(table)
        for column in columns
    ]
    if row_header is not None and row_header not in ids:
        raise ValueError(f"row_header {row_header!r} is none of the columns shown: {ids}")
    return {
        "columns": [column.describe(language) for column in columns],
        "rows": [list(row) for row in zip(*raw, strict=True)],
        "marks": [list(row) for row in zip(*marks, strict=True)],
        "row_marks": _row_marks(table, row_marks),
        "row_header": ids.index(row_header) if row_header else 0,
        "keys": _keys(table, keys),
    }


def _cells(table: pd.DataFrame, name: str) -> list[tuple[int, Any]]:
    """Cells of one column with the row's position; a frame made of no rows has no columns either."""
    if not len(table):
        return []
    if name not in table.columns:
        near = get_close_matches(name, [str(known) for known in table.columns], n=3) or list(table.columns)
        raise ValueError(f"the table has no column {name!r}; nearest: {', '.join(map(str, near))}")
    return list(enumerate(table[name].tolist()))


def _row_marks(table: pd.DataFrame, row_marks: str | Sequence[object] | None) -> list[str | None]:
    """One mark id or nothing per row."""
    if row_marks is None:
        return [None] * len(table)
    given = [value for _, value in _cells(table, row_marks)] if isinstance(row_marks, str) else list(row_marks)
    if len(given) != len(table):
        raise ValueError(f"row_marks has {len(given)} entries, the table {len(table)} rows")
    return [mark_id(None if is_missing(value) else value) for value in given]


def _keys(table: pd.DataFrame, keys: Sequence[str]) -> list[list[str]] | None:
    """One list of ids per row."""
    if not keys:
        return None
    columns = [[clean_text(str(value)) for _, value in _cells(table, name)] for name in keys]
    return [list(row) for row in zip(*columns, strict=True)]


def _raw(value: Any, column: Column, row: int, language: str) -> str | int | float | None:
    """One cell as a plain JSON value."""
    if column.kind == "verdict":
        return mark_id("undetermined" if is_missing(value) else value)
    if is_missing(value):
        return None
    if column.kind in ("number", "percent"):
        if is_truth(value) or not isinstance(value, Number):
            raise ValueError(f"column {column.id!r}, row {row}: not a number: {value!r}")
        return _plain(value)
    if isinstance(value, Mapping):
        value = choose(value, language)
    return clean_text(value.isoformat() if isinstance(value, datetime.date) else str(value))


def _plain(value: Any) -> int | float | None:
    """A number of any library as int or float; infinite has no JSON and counts as missing."""
    if isinstance(value, Integral) or (isinstance(value, Fraction | Decimal) and value == int(value)):
        return int(value)
    number = float(value)
    return number if abs(number) != float("inf") else None
