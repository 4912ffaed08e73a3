"""The way in: one function that refuses what is doubtful, and one that only says what it found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from balancelab.intake.assembling import Choice, assemble
from balancelab.intake.body import Ledger
from balancelab.intake.column_map import ColumnMap, read_column_map
from balancelab.intake.columns import ColumnsNeeded
from balancelab.intake.delimited import read_delimited
from balancelab.intake.encoding import to_utf8
from balancelab.intake.excluding import Excluded
from balancelab.intake.files import PARQUET_SUFFIXES, Opened, Unreadable, open_file
from balancelab.intake.findings import DataRefused, Faults, printable
from balancelab.intake.grid import Grid
from balancelab.intake.headers import Dictionary
from balancelab.intake.model import Intake, Source
from balancelab.intake.schema import Schema, load_schema
from balancelab.intake.store import OtherVersion, Stored, load_intake, open_stored, select_year

if TYPE_CHECKING:
    from balancelab.standards import Standard


def read_schools(
    path: str | Path,
    *,
    year: int | None = None,
    sheet: str | None = None,
    column_map: str | Path | None = None,
    columns_needed: ColumnsNeeded | None = None,
    all_years: bool = False,
    standard: Standard | None = None,
    county_code: str | None = None,
) -> Intake:
    """
    Read a school table, or refuse it with everything that is wrong with it.

    Parameters
    ----------
    path : str or Path
        ``.csv`` (also ``.tsv``, ``.txt``, ``.csv.gz``; UTF-8, UTF-16 or GB18030), ``.xlsx``, ``.xlsm``, ``.xls``,
        ``.xlsb``, ``.ods``, ``.et``, ``.parquet``, or what :meth:`Intake.save` wrote.
    year : int, optional
        The one year to keep; the other years' rows are excluded, not checked.
    sheet : str, optional
        Name of the worksheet; needed where several hold a table.
    column_map : str or Path, optional
        TOML file that says what a foreign table's headers and labels mean.
    columns_needed : mapping, optional
        Indicator id → alternative sets of columns, of which the table must have one. Without it only the schema's
        required columns are demanded.
    all_years : bool
        Keep several years. They are never pooled unless this is said.
    standard : Standard, optional
        For the remarks that depend on one, made where nothing is refused: schools outside its scope, counties where a
        statistic is not defined.
    county_code : str, optional
        The one county to return, as :meth:`Intake.for_county` does, ``""`` for all; of what :meth:`Intake.save` wrote
        nothing else is read.

    Returns
    -------
    Intake

    Raises
    ------
    DataRefused
        If anything is found that is an error.
    balancelab.definitions.InvalidDefinition
        If the column map is wrong.

    Examples
    --------
    >>> from pathlib import Path
    >>> import balancelab
    >>> sample = Path(balancelab.__file__).parents[1] / "data" / "sample" / "schools.csv"
    >>> intake = read_schools(sample, year=2024)  # doctest: +SKIP
    """
    task = _task(Path(path), sheet, column_map, columns_needed, Choice(year, all_years))
    task.county = (county_code or None) if standard is None else None  # remarks by a standard need every county
    intake = task.run()
    if any(each.severity == "error" for each in intake.findings):
        raise DataRefused(intake.findings)
    if standard is not None:
        intake = _with_standard(intake, standard, task.schema)
    return intake.for_county(county_code) if county_code else intake


def inspect(
    path: str | Path,
    *,
    year: int | None = None,
    sheet: str | None = None,
    column_map: str | Path | None = None,
    columns_needed: ColumnsNeeded | None = None,
    all_years: bool = False,
    standard: Standard | None = None,
) -> Intake:
    """
    Read a school table as far as it can be read and say what was found; see :func:`read_schools` for the parameters.

    Never raises for a fault of the data: errors are among the findings, and then the rows are not to be used.

    Returns
    -------
    Intake
    """
    task = _task(Path(path), sheet, column_map, columns_needed, Choice(year, all_years))
    intake = task.run()
    refused = any(each.severity == "error" for each in intake.findings)
    return intake if standard is None or refused else _with_standard(intake, standard, task.schema)


def read_grid(path: Path, *, sheet: str | None = None, column_map: str | Path | None = None) -> tuple[Grid, Dictionary]:
    """
    Return a file's raw cells and the headers known, without judging them.

    Raises
    ------
    Unreadable
        If the file cannot be read that far.
    """
    task = _task(path, sheet, column_map, None, Choice())
    dictionary = Dictionary(task.schema, task.mapping)
    return read_cells(open_file(path, task.faults), sheet, dictionary, task.faults)[0], dictionary


def read_cells(opened: Opened, sheet: str | None, dictionary: Dictionary, faults: Faults) -> tuple[Grid, str | None]:
    """
    Return the raw cells of a file of any kind, and the encoding of a text file.

    Raises
    ------
    Unreadable
        If it cannot be read that far.
    """
    if opened.kind == "text":
        content, encoding = to_utf8(opened.content, faults)
        return read_delimited(content, Path(opened.name).suffix.lower(), faults), encoding
    if opened.kind == "parquet":
        from balancelab.intake.typed import read_parquet

        return read_parquet(opened.content, faults), None
    from balancelab.intake.workbook import read_workbook

    return read_workbook(opened, sheet, dictionary, faults), None


def _task(
    path: Path,
    sheet: str | None,
    column_map: str | Path | None,
    needed: ColumnsNeeded | None,
    choice: Choice,
) -> _Task:
    schema = load_schema()
    mapping = read_column_map(column_map, schema) if column_map is not None else None
    schema = mapping.applied(schema) if mapping else schema
    return _Task(path, sheet, mapping, schema, needed or {}, choice, Faults(path.name, schema=schema))


@dataclass
class _Task:
    path: Path
    sheet: str | None
    mapping: ColumnMap | None
    schema: Schema
    needed: ColumnsNeeded
    choice: Choice
    faults: Faults
    opened: Opened | None = None
    encoding: str | None = None
    county: str | None = None

    def run(self) -> Intake:
        try:
            kept = self._stored()
            if kept is not None:
                return select_year(kept.intake, self.choice, self.faults, years=kept.years)
            self.opened = open_file(self.path, self.faults)
            dictionary = Dictionary(self.schema, self.mapping, self._further())
            grid, self.encoding = read_cells(self.opened, self.sheet, dictionary, self.faults)
            table = assemble(grid, dictionary, self.needed, self.choice, self.faults)
        except Unreadable:
            return self._nothing()
        return Intake(
            table.schools,
            table.excluded,
            self.faults.findings(),
            table.ledger,
            self._source(len(table.schools) + len(table.excluded)),
        )

    def _stored(self) -> Stored | None:
        """Return what `Intake.save` wrote, if it wrote the file; a pipe or device is never opened to see."""
        may_be = self.path.suffix.lower() in PARQUET_SUFFIXES and self.path.is_file()
        stored = open_stored(self.path) if may_be else None
        if stored is None:
            return None
        try:
            return load_intake(stored, county_code=self.county)
        except OtherVersion as error:
            self.faults.add("FILE_OTHER_VERSION")
            raise Unreadable from error
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
            self.faults.add("FILE_CORRUPT", kind="Parquet", detail=printable(str(error).partition("\n")[0] or "-"))
            raise Unreadable from error

    def _further(self) -> list[str]:
        """Columns that an indicator needs and the schema does not have: read where the header is their id."""
        return sorted({name for sets in self.needed.values() for each in sets for name in each})

    def _source(self, rows_in: int) -> Source:
        digest, size = (self.opened.sha256, self.opened.size_bytes) if self.opened else ("", 0)
        return Source(self.path.name, self.faults.sheet, digest, size, rows_in, self.encoding)

    def _nothing(self) -> Intake:
        excluded = Excluded(Grid([], _no_rows()), {}).frame()
        ledger = Ledger(self.faults.file, self.faults.sheet).frame()
        columns = {name: pd.Series([], dtype="str") for name in self.schema.primary_key}
        schools = pd.DataFrame(
            {**columns, "year": _no_rows(), "county_code": pd.Series([], dtype="str"), "source_row": _no_rows()}
        )
        return Intake(schools, excluded, self.faults.findings(), ledger, self._source(0))


def _no_rows() -> np.ndarray:
    return np.array([], dtype=np.int64)


def _with_standard(intake: Intake, standard: Standard, schema: Schema) -> Intake:
    from balancelab.intake.statistics import with_standard

    return with_standard(intake, standard, schema=schema)
