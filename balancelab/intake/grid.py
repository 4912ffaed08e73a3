"""A sheet or text file as columns of raw cells, with the place of each: what every reader hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa


@dataclass
class Grid:
    """
    Raw cells, column by column.

    Attributes
    ----------
    columns : list of pyarrow.Array
        Text as found (``""`` for an empty cell), or numbers with nulls where the format has typed columns.
    rows : ndarray of int64, shape (n_rows,)
        Row of the spreadsheet, 1-based.
    lines : ndarray of int64 or None
        Physical line of a text file where the row begins.
    widths : ndarray of int64 or None
        Fields found in each row of a text file.
    first_column : int
        Position of the first column in the sheet, 0-based.
    kinds : dict
        ``(position of the row, column)`` → what is special about the cell: ``"error"``, ``"date"``, ``"no_value"``.
    numbers : list of ndarray of bool, or None
        Which cells of each column are numbers rather than text; None for text files.
    merged : list of (int, int, int, int)
        Merged ranges: first row, first column, last row, last column; positions in this grid.
    header : list of str or None
        Column names, where the format keeps them apart from the rows.
    unreadable : set of int
        Positions of rows whose quotes do not match.
    """

    columns: list[Any]
    rows: np.ndarray
    lines: np.ndarray | None = None
    widths: np.ndarray | None = None
    first_column: int = 0
    kinds: dict[tuple[int, int], str] = field(default_factory=dict)
    numbers: list[np.ndarray] | None = None
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    header: list[str] | None = None
    unreadable: set[int] = field(default_factory=set)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Rows, whatever they hold."""
        return len(self.rows)

    @property
    def n_columns(self) -> int:
        """Columns."""
        return len(self.columns)

    def add_column(self, cells: Any) -> int:
        """Put a column of text behind the others and return its position."""
        self.columns.append(cells)
        if self.numbers is not None:
            self.numbers.append(np.zeros(self.n_rows, dtype=bool))
        return self.n_columns - 1

    def row(self, position: int) -> list[str]:
        """Return the cells of one row as text."""
        return [as_text(column[position].as_py()) for column in self.columns]

    def head(self, most: int) -> list[list[str]]:
        """Return the first rows as text."""
        parts = [[as_text(value) for value in column.slice(0, most).to_pylist()] for column in self.columns]
        return [list(row) for row in zip(*parts, strict=True)] if parts else []


def as_text(value: object) -> str:
    """
    Return a cell as the text a person would have typed.

    >>> as_text(1520.0), as_text(7220.5), as_text(None), as_text("示例县")
    ('1520', '7220.5', '', '示例县')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e17 else repr(float(value))
    return value if isinstance(value, str) else str(value)


def text_array(values: list[str]) -> Any:
    """Return values as an Arrow array of text."""
    return pa.array(values, type=pa.string())
