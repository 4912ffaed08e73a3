"""Several files in one run: each read by itself, then one table; a county stands in one file only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.intake.columns import ColumnsNeeded
from balancelab.intake.findings import DataRefused, Faults, Finding, in_order, printable, row_list
from balancelab.intake.model import Intake, Source
from balancelab.intake.reading import inspect

if TYPE_CHECKING:
    from balancelab.standards import Standard

FILE_COLUMN = "source_file"
"""Column that a table of several files has besides ``source_row``."""

_LOCK = "~$"
_NAMED = 3
_ORDER = ["year", "county_code", "school_code", "stage"]


def gather_schools(
    paths: Sequence[str | Path],
    *,
    year: int | None = None,
    sheet: str | None = None,
    column_map: str | Path | None = None,
    columns_needed: ColumnsNeeded | None = None,
    all_years: bool = False,
    standard: Standard | None = None,
    partial: bool = False,
) -> Intake:
    """
    Read several school tables as one, or refuse them with everything that is wrong with any of them.

    Parameters
    ----------
    paths : sequence of str or Path
        One or more files; their order does not matter.
    year, sheet, column_map, columns_needed, all_years, standard
        As for :func:`read_schools`, for every file.
    partial : bool
        Leave files out that are refused and read the others; each is named by a ``FILE_LEFT_OUT`` warning.

    Returns
    -------
    Intake
        With ``parts``, one `Source` for each file read, and the column ``source_file`` where there are several.

    Raises
    ------
    DataRefused
        If a file is refused and `partial` is not said, if none is left, or if one county or school stands in two files.
    """
    intake = inspect_several(
        paths,
        year=year,
        sheet=sheet,
        column_map=column_map,
        columns_needed=columns_needed,
        all_years=all_years,
        standard=standard,
        partial=partial,
    )
    if any(each.severity == "error" for each in intake.findings):
        raise DataRefused(intake.findings)
    return intake


def inspect_several(
    paths: Sequence[str | Path], *, standard: Standard | None = None, partial: bool = False, **options: Any
) -> Intake:
    """
    Read several school tables as far as they can be read and say what was found; see :func:`gather_schools`.

    Returns
    -------
    Intake
        Never raises for a fault of the data: errors are among the findings.
    """
    files, skipped = _without_locks(sorted({Path(path) for path in paths}, key=lambda path: (path.name, str(path))))
    repeated = _repeated_names(files)
    intakes = [inspect(path, standard=standard, **options) for path in files]
    if len(intakes) == 1 and not skipped:
        return intakes[0]
    taken = [each for each in intakes if not _refused(each)]
    left = [each for each in intakes if _refused(each)]
    if partial and taken:
        said = [_left_out(each) for each in left]
        used = taken
    else:
        said = [finding for each in left for finding in each.findings]
        used = taken or intakes[:1]
    apart = _columns_apart(used, options.get("columns_needed"))
    across = [*repeated, *skipped, *_county_twice(used), *_school_twice(used), *apart]
    own = [finding for each in used if not _refused(each) for finding in each.findings]
    return replace(_joined(used), findings=in_order([*said, *across, *own]))


def _refused(intake: Intake) -> bool:
    return any(each.severity == "error" for each in intake.findings)


def _without_locks(files: list[Path]) -> tuple[list[Path], tuple[Finding, ...]]:
    """Part off the lock files that a spreadsheet program leaves beside an open workbook."""
    kept = [path for path in files if not path.name.startswith(_LOCK)]
    if not kept:
        return files, ()
    return kept, tuple(_finding(path.name, "FILE_LOCK_SKIPPED") for path in files if path not in kept)


def _repeated_names(files: list[Path]) -> tuple[Finding, ...]:
    """A report names a file by its base name: two files of one name could not be told apart."""
    return tuple(
        _finding(second.name, "FILE_REPEATED", folders=_pair(f"“{first.parent.name}”", f"“{second.parent.name}”"))
        for first, second in pairwise(files)
        if first.name == second.name
    )


def _left_out(intake: Intake) -> Finding:
    errors = [each for each in intake.findings if each.severity == "error"]
    number = sum(each.count for each in errors)
    return _finding(
        intake.source.file,
        "FILE_LEFT_OUT",
        n=(str(number), f"{number} error{'s' if number != 1 else ''}"),
        first=(errors[0].zh.rstrip("。"), errors[0].en.rstrip(".")),
    )


def _county_twice(intakes: Sequence[Intake]) -> tuple[Finding, ...]:
    return _twice(intakes, "county_code", "COUNTY_TWO_FILES")


def _school_twice(intakes: Sequence[Intake]) -> tuple[Finding, ...]:
    """One school in two files; those of a county that stands in both are said once, with the county."""
    return _twice(intakes, "school_code", "SCHOOL_TWO_FILES", other_county=True)


def _twice(intakes: Sequence[Intake], column: str, code: str, *, other_county: bool = False) -> tuple[Finding, ...]:
    rows = [
        each.schools[["year", "county_code", column, "source_row"]].loc[:, lambda part: ~part.columns.duplicated()]
        .assign(**{FILE_COLUMN: each.source.file})
        for each in intakes
        if {"year", "county_code", column} <= set(each.schools.columns)
    ]  # fmt: skip
    if len(rows) < 2:
        return ()
    together = pd.concat(rows, ignore_index=True).dropna(subset=[column])
    by = ["year", column]
    several = together[together.groupby(by)[FILE_COLUMN].transform("nunique") > 1]
    if other_county:
        several = several[several.groupby(by)["county_code"].transform("nunique") > 1]
    return tuple(
        _finding(
            str(group[FILE_COLUMN].max()), code, column=column, raw=str(value), year=str(year), places=_places(group)
        )
        for (year, value), group in several.groupby(by, sort=True)
    )


def _columns_apart(intakes: Sequence[Intake], needed: ColumnsNeeded | None) -> tuple[Finding, ...]:
    """Files without a column that an indicator may use and another file has: joined, they have not reported it."""
    wanted = {name for sets in (needed or {}).values() for names in sets for name in names}
    given = [wanted & set(each.schools.columns) for each in intakes]
    return tuple(
        _finding(each.source.file, "FILE_COLUMNS_DIFFER", column=name)
        for each, there in zip(intakes, given, strict=True)
        for name in sorted(set().union(*given) - there)
    )


def _finding(file: str, code: str, **words: Any) -> Finding:
    faults = Faults(file)
    faults.add(code, **words)
    return faults.findings()[0]


def _places(group: pd.DataFrame) -> tuple[str, str]:
    zh, en = [], []
    for file, rows in group.groupby(FILE_COLUMN, sort=True)["source_row"]:
        listed = row_list(sorted(int(row) for row in rows), most=3)
        zh.append(f"“{printable(str(file))}”{listed[0]}")
        en.append(f"“{printable(str(file))}” ({listed[1]})")
    return "、".join(zh), " and ".join(en)


def _pair(first: str, second: str) -> tuple[str, str]:
    return f"{first}、{second}", f"{first} and {second}"


def _joined(intakes: Sequence[Intake]) -> Intake:
    """Return one Intake of all tables, in the order of the key, whatever the order of the files."""
    named = [
        replace(
            each,
            schools=each.schools.assign(**{FILE_COLUMN: each.source.file}),
            excluded=each.excluded.assign(**{FILE_COLUMN: each.source.file}),
        )
        for each in intakes
    ]
    schools = pd.concat([each.schools for each in named], ignore_index=True)
    order = [name for name in _ORDER if name in schools]
    return Intake(
        schools=schools.sort_values(order, kind="stable", ignore_index=True),
        excluded=pd.concat([each.excluded for each in named], ignore_index=True),
        findings=(),
        ledger=pd.concat([each.ledger for each in named], ignore_index=True),
        source=_source([each.source for each in named]),
        parts=tuple(each.source for each in named),
    )


def _source(parts: Sequence[Source]) -> Source:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.file}\0{part.sha256}\0".encode())
    return Source(
        file=_named([part.file for part in parts]),
        sheet=None,
        sha256=digest.hexdigest(),
        size_bytes=sum(part.size_bytes for part in parts),
        rows_in=sum(part.rows_in for part in parts),
        encoding=None,
    )


def _named(files: list[str]) -> str:
    """Return a name for several files that stays short, whatever the language."""
    return ", ".join(files) if len(files) <= _NAMED else f"{files[0]} … {files[-1]} ({len(files)})"
