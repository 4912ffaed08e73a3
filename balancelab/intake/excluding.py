"""Rows that are kept out at the door: who, how many students, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.columns import Column
from balancelab.intake.grid import Grid
from balancelab.intake.identity import code_of_name
from balancelab.intake.model import EXCLUDED_COLUMNS

_OF_SCHOOLS = ("other_year", "missing_")
"""Reasons that concern real schools; the others are rows that are no school, of which nothing is kept."""


@dataclass
class Excluded:
    """Collects positions of the grid with the reason."""

    grid: Grid
    columns: Mapping[str, Column]
    _parts: list[tuple[np.ndarray, str]] = field(default_factory=list)

    def add(self, positions: np.ndarray, reason: str) -> None:
        """Keep out the rows at `positions` because of `reason`."""
        if len(positions):
            self._parts.append((np.asarray(positions, dtype=np.int64), reason))

    def frame(self) -> pd.DataFrame:
        """Return one row for each, in the order of the file."""
        parts = [self._part(positions, reason) for positions, reason in self._parts]
        empty = {name: pd.Series([], dtype=_DTYPES[name]) for name in EXCLUDED_COLUMNS}
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(empty)
        return table.sort_values("source_row", kind="stable", ignore_index=True)

    def _part(self, positions: np.ndarray, reason: str) -> pd.DataFrame:
        is_school = reason.startswith(_OF_SCHOOLS)
        cells = {
            name: self._texts(name, positions) if is_school else None
            for name in ("county_code", "school_code", "school")
        }
        blank = pd.Series([None] * len(positions), dtype="str")
        return pd.DataFrame(
            {
                "source_row": self.grid.rows[positions],
                **{
                    name: blank if text is None else pd.Series(text.to_pandas(), dtype="str")
                    for name, text in cells.items()
                },
                "students": self._students(positions) if is_school else np.full(len(positions), np.nan),
                "reason": pd.Series([reason] * len(positions), dtype="str"),
            },
            columns=list(EXCLUDED_COLUMNS),
        )

    def _texts(self, name: str, positions: np.ndarray) -> Any:
        column = self.columns.get(name)
        if column is None:
            return None
        cells = self.grid.columns[column.position].take(pa.array(positions))
        cells = cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string())
        trimmed = pc.utf8_trim_whitespace(pc.fill_null(cells, ""))
        if column.from_name:
            trimmed = pa.array([code_of_name(text) for text in trimmed.to_pylist()], pa.string())
        return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)

    def _students(self, positions: np.ndarray) -> np.ndarray:
        """Students where they are plainly written; NaN else, as nothing else was checked on these rows."""
        column = self.columns.get("students")
        if column is None:
            return np.full(len(positions), np.nan)
        parts = column.parts or (column,)
        return np.sum([self._plain_numbers(part, positions) for part in parts], axis=0, dtype=float)

    def _plain_numbers(self, column: Column, positions: np.ndarray) -> np.ndarray:
        cells = self.grid.columns[column.position].take(pa.array(positions))
        if not pa.types.is_string(cells.type):
            return np.asarray(pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)
        trimmed = pc.utf8_trim_whitespace(cells)
        plain = pc.match_substring_regex(trimmed, r"^[0-9]{1,9}(\.0+)?$")
        students = pc.cast(pc.if_else(plain, trimmed, pa.scalar(None, pa.string())), pa.float64())
        return np.asarray(students.to_numpy(zero_copy_only=False), dtype=float)


_DTYPES = {
    "source_row": "int64",
    "county_code": "str",
    "school_code": "str",
    "school": "str",
    "students": "float64",
    "reason": "str",
}
