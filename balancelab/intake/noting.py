"""Noting the same finding for many rows of the table: the first ones listed, the rest counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from balancelab.intake.grid import as_text

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.findings import Faults, Word


def note_cells(
    schools: pd.DataFrame,
    faults: Faults,
    code: str,
    cells: np.ndarray,
    column: str,
    words: Callable[[int], Mapping[str, Word]] | None = None,
) -> None:
    """
    Note `code` for `column` in the rows at `cells`.

    Parameters
    ----------
    schools : DataFrame
        Rows in the order of the file, with ``source_row``.
    faults : Faults
    code : str
    cells : ndarray of int64
        Positions in `schools`.
    column : str
        Its value is given as the raw one.
    words : callable, optional
        Position → words of the text.
    """
    if not len(cells):
        return
    rows = schools["source_row"].to_numpy()
    values = schools[column].to_numpy() if column in schools else np.full(len(schools), "", dtype=object)
    room = faults.room(code)
    for at in cells[:room].tolist():
        told = dict(words(at)) if words else {}
        raw = str(told.pop("raw", None) or as_text(values[at]))
        faults.add(code, row=int(rows[at]), column=column, raw=raw, **told)  # type: ignore[arg-type]
    faults.more(code, column, [int(row) for row in rows[cells[room:]]])
