"""What the door hands over: a clean table, what was kept out, what was found, and every value that was changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.findings import Finding

EXCLUDED_COLUMNS = ("source_row", "county_code", "school_code", "school", "students", "reason")
LEDGER_COLUMNS = ("file", "sheet", "row", "column", "raw", "value", "rule")

EXCLUSION_REASONS: dict[str, tuple[str, str]] = {
    "total_row": ("合计、小计行", "total row"),
    "average_row": ("平均数行", "row of averages"),
    "note": ("标题或附注行", "title or note"),
    "repeated_header": ("重复的表头", "repeated header"),
    "example_row": ("模板中的示例行", "example row of the form"),
    "of_which_row": ("“其中”行", "'of which' line"),
    "group_row": ("上级单位的汇总行", "row of a larger unit"),
    "unreadable_row": ("列数不符、未读取的行", "row with the wrong number of fields"),
    "comment_row": ("注释行", "comment line"),
    "second_table": ("第二张表的行", "row of a second table"),
    "other_year": ("其他年度", "another year"),
}
"""Reasons why a row is kept out at the door; ``missing_<column>`` is added by a column map."""


@dataclass(frozen=True)
class Source:
    """
    Where a table came from.

    Attributes
    ----------
    file : str
        Base name only.
    sheet : str or None
    sha256 : str
        Of the file's bytes.
    size_bytes : int
    rows_in : int
        Rows below the header that hold anything; always ``len(schools) + len(excluded)``.
    encoding : str or None
        Of a text file.
    """

    file: str
    sheet: str | None
    sha256: str
    size_bytes: int
    rows_in: int
    encoding: str | None


@dataclass(frozen=True)
class Intake:
    """
    A table that came through the door.

    Attributes
    ----------
    schools : DataFrame
        Clean rows, sorted by year, county, school and stage: the schema's columns that the file has, further
        declared columns, and ``source_row`` (row of the spreadsheet). ``year`` is int64, codes, names and labels
        are text, counts and amounts are float64 with NaN for missing.
    excluded : DataFrame
        Rows kept out, one each: ``source_row, county_code, school_code, school, students, reason``. Rows that are
        no school (totals, notes, headers) have no students, so that students are not counted twice; the text of
        notes is not kept.
    findings : tuple of Finding
        Most important first.
    ledger : DataFrame
        Every value that differs from its raw cell: ``file, sheet, row, column, raw, value, rule``.
    source : Source
        The file; of several files, what they come to together.
    parts : tuple of Source
        The files, where the table was made of several: ``schools`` and ``excluded`` then have ``source_file`` too.
    """

    schools: pd.DataFrame
    excluded: pd.DataFrame
    findings: tuple[Finding, ...]
    ledger: pd.DataFrame
    source: Source
    parts: tuple[Source, ...] = ()

    def for_county(self, county_code: str) -> Intake:
        """
        Return the part of one county.

        Findings about the file as a whole stay, those about another county or its file go, missing values are counted
        anew. Of several files only the county's own is named.
        ``source.rows_in`` counts the county's rows, so that rows in = schools + excluded still holds.
        """
        from balancelab.intake.silences import recounted

        schools = self.schools[self.schools["county_code"] == county_code].reset_index(drop=True)
        excluded = self.excluded[self.excluded["county_code"] == county_code].reset_index(drop=True)
        other = self._files_but(schools)
        ledger = self.ledger[self._changed_in(schools, excluded, but=other)].reset_index(drop=True)
        mine = tuple(
            each
            for each in self.findings
            if each.county_code in (None, county_code) and (each.file not in other or each.county_code is not None)
        )
        parts = tuple(part for part in self.parts if part.file not in other)
        source = parts[0] if len(parts) == 1 else self.source
        findings = recounted(mine, schools, ledger, source.file, source.sheet)
        source = replace(source, rows_in=len(schools) + len(excluded))
        return Intake(schools, excluded, findings, ledger, source, parts if len(parts) > 1 else ())

    def _files_but(self, schools: pd.DataFrame) -> set[str]:
        """Name the files that hold none of these rows."""
        if not self.parts:
            return set()
        return {part.file for part in self.parts} - set(schools["source_file"])

    def _changed_in(self, *tables: pd.DataFrame, but: set[str]) -> np.ndarray:
        """Tell which changed values stood in these rows; a row of another file is another row of that number."""
        rows, files = self.ledger["row"].to_numpy(), self.ledger["file"].to_numpy(dtype=object)
        own = np.zeros(len(rows), dtype=bool)
        for file in {part.file for part in self.parts} - but or {self.source.file}:
            mine = [table[table["source_file"] == file] if self.parts else table for table in tables]
            here = np.isin(rows, np.concatenate([table["source_row"].to_numpy() for table in mine]))
            own |= here & (files == file)
        return own

    def save(self, path: str | Path) -> None:
        """
        Write everything to one Parquet file; ``read_schools(path)`` gives the identical Intake back.

        The same Intake gives the same bytes.
        """
        from balancelab.intake.store import save_intake

        save_intake(self, Path(path))

    def _repr_html_(self) -> str:
        return self.schools._repr_html_()  # type: ignore[operator]
