"""The schools' rows of a grid, column by column, and the ledger of what is changed in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.columns import Column
from balancelab.intake.findings import Faults
from balancelab.intake.grid import Grid, as_text
from balancelab.intake.model import LEDGER_COLUMNS
from balancelab.intake.schema import Schema


@dataclass
class Ledger:
    """Collects every value that differs from its raw cell."""

    file: str
    sheet: str | None
    _parts: list[tuple[np.ndarray, str, Any, Any, str]] = field(default_factory=list)

    def add(self, rows: np.ndarray, column: str, raw: Any, values: Any, rule: str) -> None:
        """Note that the cells of `column` in `rows` said `raw` and are now `values`, by `rule`."""
        if len(rows):
            self._parts.append((rows, column, _texts(raw), _texts(values), rule))

    def frame(self) -> pd.DataFrame:
        """Return the ledger, column by column as they were read."""
        parts = self._parts or [(np.array([], np.int64), "", pa.array([], pa.string()), pa.array([], pa.string()), "")]
        counts = [len(part[0]) for part in parts]
        rows = np.concatenate([part[0] for part in parts]).astype(np.int64)
        return pd.DataFrame(
            {
                "file": _repeated([self.file], [len(rows)]),
                "sheet": _repeated([self.sheet], [len(rows)]),
                "row": rows,
                "column": _repeated([part[1] for part in parts], counts),
                "raw": _joined([part[2] for part in parts]),
                "value": _joined([part[3] for part in parts]),
                "rule": _repeated([part[4] for part in parts], counts),
            },
            columns=list(LEDGER_COLUMNS),
        )  # fmt: skip


@dataclass
class Body:
    """
    The schools' rows.

    Attributes
    ----------
    grid : Grid
    positions : ndarray of int64, shape (n,)
        Their positions in the grid.
    schema : Schema
    faults : Faults
    ledger : Ledger
    missing : dict
        Column id → which rows are missing, and how often each sign for it occurs; filled while columns are read.
    """

    grid: Grid
    positions: np.ndarray
    schema: Schema
    faults: Faults
    ledger: Ledger
    missing: dict[str, tuple[np.ndarray, dict[str, int]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def rows(self) -> np.ndarray:
        """Rows of the spreadsheet."""
        rows: np.ndarray = self.grid.rows[self.positions]
        return rows

    def raw(self, column: Column) -> Any:
        """Return the raw cells of `column`."""
        cells = self.grid.columns[column.position]
        if len(self.positions) and len(self.positions) == self.positions[-1] - self.positions[0] + 1:
            return cells.slice(int(self.positions[0]), len(self.positions))
        return cells.take(pa.array(self.positions))

    def texts(self, column: Column) -> Any:
        """Return the raw cells of `column` as text, whole numbers without a decimal point."""
        cells = self.raw(column)
        if pa.types.is_string(cells.type):
            return cells
        if pa.types.is_integer(cells.type):
            return pc.fill_null(pc.cast(cells, pa.string()), "")
        return pa.array([as_text(value) for value in cells.to_pylist()], pa.string())

    def numbers(self, column: Column) -> np.ndarray | None:
        """Return which raw cells are numbers, or None for a format without types."""
        if self.grid.numbers is not None:
            held: np.ndarray = self.grid.numbers[column.position][self.positions]
            return held
        typed = self.grid.columns[column.position].type
        return None if pa.types.is_string(typed) else np.ones(len(self), dtype=bool)

    def special(self, column: Column) -> dict[int, str]:
        """Return which cells are an error, a date or a formula without value: index in the body → which."""
        if not self.grid.kinds:
            return {}
        index = {int(position): at for at, position in enumerate(self.positions)}
        return {
            index[row]: kind
            for (row, position), kind in sorted(self.grid.kinds.items())
            if position == column.position and row in index
        }

    def each(self, code: str, at: Sequence[int] | np.ndarray, column: str, add: Callable[[int], None]) -> None:
        """Call `add` for the first cells of `at` that may be listed one by one, and count the rest."""
        room = self.faults.room(code)
        for index in at[:room]:
            add(int(index))
        self.faults.more(code, column, [int(row) for row in self.rows[np.asarray(at[room:], dtype=np.int64)]])

    def keep(self, mask: np.ndarray) -> None:
        """Keep only the rows where `mask` holds; columns read before keep their old length."""
        self.positions = self.positions[mask]


def _texts(values: Any) -> Any:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    return pa.array(
        [value if isinstance(value, str) or value is None else as_text(value) for value in values], pa.string()
    )


def _joined(parts: list[Any]) -> pd.Series:
    chunks = [chunk for part in parts for chunk in (part.chunks if isinstance(part, pa.ChunkedArray) else [part])]
    return pd.Series(pa.chunked_array(chunks, type=pa.string()).to_pandas(), dtype="str")


def _repeated(names: Sequence[str | None], counts: list[int]) -> pd.Series:
    categories = [name for name in dict.fromkeys(names) if name is not None]
    codes = [None if name is None else categories.index(name) for name in names]
    indices = pa.concat_arrays(
        [pa.repeat(pa.scalar(code, pa.int32()), n) for code, n in zip(codes, counts, strict=True)]
    )
    texts = pa.array(categories, pa.string()).take(indices)
    return pd.Series(texts.to_pandas(), dtype="str")
