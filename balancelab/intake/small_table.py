"""Small tables that a bureau fills by hand (county figures, points, thresholds): cells with their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from balancelab.intake.files import Unreadable, open_file
from balancelab.intake.findings import Faults, Finding, column_letters
from balancelab.intake.grid import Grid
from balancelab.intake.headers import Dictionary
from balancelab.intake.reading import read_cells
from balancelab.intake.schema import header_key, load_schema

_HEADER_AREA = 12


@dataclass(frozen=True)
class Cells:
    """One row of a small table: its cells by column id, and the row's number in the spreadsheet."""

    row: int
    texts: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.texts.get(column, "")


@dataclass(frozen=True)
class SmallTable:
    """
    A small table as found.

    Attributes
    ----------
    rows : tuple of Cells
        Rows below the header that hold anything.
    missing : tuple of str
        Columns that the header lacks.
    letters : mapping
        Column id → the spreadsheet's name of the column.
    findings : tuple of Finding
        What the reading of the file itself had to say.
    readable : bool
        False where the file could not be read as a table at all.
    """

    rows: tuple[Cells, ...]
    missing: tuple[str, ...]
    letters: Mapping[str, str]
    findings: tuple[Finding, ...]
    readable: bool


def read_small_table(
    path: str | Path, columns: Mapping[str, Sequence[str]], *, required: Sequence[str], sheet: str | None = None
) -> SmallTable:
    """
    Read a small table; the header may stand below a title.

    Parameters
    ----------
    path : str or Path
        CSV (UTF-8, UTF-16, GB18030) or a workbook.
    columns : mapping
        Column id → headers under which it is known, besides the id itself.
    required : sequence of str
        Columns that must be there; the header is the first row that has most of them.
    sheet : str, optional
        Worksheet, where there are several.
    """
    path = Path(path)
    faults = Faults(path.name)
    try:
        grid, _ = read_cells(open_file(path, faults), sheet, Dictionary(load_schema(), None), faults)
    except Unreadable:
        return SmallTable((), tuple(required), {}, faults.findings(), readable=False)
    known = {header_key(text): name for name, texts in columns.items() for text in (name, *texts)}
    head, positions = _header(grid, known, required)
    missing = tuple(name for name in required if name not in positions)
    letters = {name: column_letters(grid.first_column + position) for name, position in positions.items()}
    rows = []
    for position in range(head + 1, grid.n_rows):
        cells = grid.row(position)
        texts = {name: cells[at].strip() for name, at in positions.items()}
        if any(texts.values()) and not cells[0].strip().startswith("#"):
            rows.append(Cells(int(grid.rows[position]), texts))
    return SmallTable(tuple(rows), missing, letters, faults.findings(), readable=True)


def _header(grid: Grid, known: Mapping[str, str], required: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Return the position of the header's row (-1 where column names are kept apart) and of its columns."""
    candidates = [(-1, grid.header)] if grid.header else []
    candidates += [(row, grid.row(row)) for row in range(min(_HEADER_AREA, grid.n_rows))]
    best: tuple[int, dict[str, int]] = (0, {})
    for row, cells in candidates:
        found: dict[str, int] = {}
        for at, cell in enumerate(cells or []):
            name = known.get(header_key(cell))
            if name is not None:
                found.setdefault(name, at)
        if sum(name in found for name in required) > sum(name in best[1] for name in required):
            best = (row, found)
    return best
