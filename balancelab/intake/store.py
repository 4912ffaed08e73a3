"""
Keeping an Intake as one Parquet file in which every county lies together.

One record for each school, row kept out, changed value and finding; ``_part`` says which, ``_county`` whose, ``_place``
where it stood. Records are sorted by county and a row group ends with a county, so that whoever wants one county reads
one row group of a national table. What belongs to no county comes first, under ``""``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from balancelab.intake.findings import Faults, Finding
from balancelab.intake.model import Intake, Source
from balancelab.intake.replacing import replacing

if TYPE_CHECKING:
    from balancelab.intake.assembling import Choice

_KEY = b"balancelab.intake"
_VERSION = 2
_ROWS = 8_192
"""A row group ends with the county that fills it: ten counties of ten years, a hundred of one."""
_PARTS = ("schools", "excluded", "ledger", "finding")
_LONGEST_FILE = 1 << 40
"""More rows than a file can have."""
_COUNTY, _PART, _PLACE = "_county", "_part", "_place"


class OtherVersion(ValueError):  # noqa: N818 - it names what the file is
    """A stored table of another version: it is made again from the file it came from."""


@dataclass(frozen=True)
class Stored:
    """
    What a file holds.

    Attributes
    ----------
    intake : Intake
        Of one county, if one was asked for: its rows, and the findings about the file and about it.
    years : tuple of int
        Years of the whole table.
    """

    intake: Intake
    years: tuple[int, ...]


def save_intake(intake: Intake, path: Path) -> None:
    """Write `intake` to `path` (a temporary name first, then renamed); the same Intake gives the same bytes."""
    plain = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in _frames(intake).items()}
    described = {
        "version": _VERSION,
        "source": dataclasses.asdict(intake.source),
        "sources": [dataclasses.asdict(part) for part in intake.parts],
        "years": _years(intake.schools),
        "pandas": {name: json.loads(table.schema.metadata[b"pandas"]) for name, table in plain.items()},
    }
    parts = [  # of one piece: Arrow would join the pieces anew for each row group
        table.rename_columns([_prefix(name) + column for column in table.column_names]).combine_chunks()
        for name, table in plain.items()
    ]
    keys = pa.schema([(_COUNTY, pa.string()), (_PART, pa.string()), (_PLACE, pa.int64())])
    fields = [*keys, *(field for part in parts for field in part.schema)]
    schema = pa.schema(fields, {_KEY: json.dumps(described, ensure_ascii=False, sort_keys=True).encode()})
    options = {"compression": "zstd", "write_statistics": [_COUNTY]}
    with replacing(path) as partial, pq.ParquetWriter(partial, schema, **options) as writer:
        for group in _row_groups(parts, _counties(intake), schema):
            writer.write_table(group)


def open_stored(path: Path) -> pq.ParquetFile | None:
    """Open a file that :func:`save_intake` wrote; None for any other."""
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError):  # whoever reads it as a table will say what is wrong with it
        return None
    if _KEY in (file.metadata.metadata or {}):
        return file
    file.close()
    return None


def load_intake(file: pq.ParquetFile, *, county_code: str | None = None) -> Stored:
    """
    Return the Intake that :func:`save_intake` wrote.

    Parameters
    ----------
    file : ParquetFile
        From :func:`open_stored`; it is closed.
    county_code : str, optional
        The county to read; the rest of the file is not looked at. :meth:`Intake.for_county` makes the county's Intake
        of what is returned.

    Raises
    ------
    OtherVersion
        If another version of balancelab wrote the file.
    """
    with file:
        described = json.loads(file.metadata.metadata[_KEY])
        if described["version"] != _VERSION:
            raise OtherVersion(f"stored intake of version {described['version']}, expected {_VERSION}")
        wanted = None if county_code is None else ("", county_code)
        table = file.read_row_groups(_groups_of(file.metadata, wanted), use_threads=wanted is None)
    if wanted is not None:
        table = table.filter(pc.is_in(table[_COUNTY], pa.array(wanted)))
    table.validate(full=True)
    frames = {name: _unpacked(table, name, described["pandas"][name]) for name in _PARTS}
    intake = Intake(
        schools=frames["schools"],
        excluded=frames["excluded"],
        findings=tuple(Finding(**json.loads(entry)) for entry in frames["finding"]["finding"]),
        ledger=frames["ledger"],
        source=Source(**described["source"]),
        parts=tuple(Source(**part) for part in described["sources"]),
    )
    return Stored(intake, tuple(described["years"]))


def select_year(intake: Intake, choice: Choice, faults: Faults, *, years: Sequence[int]) -> Intake:
    """
    Return the part of `intake` that `choice` wants; several `years` without a choice are noted as an error.

    `years` are those of the whole table, of which `intake` may be one county.
    """
    listed = "、".join(map(str, years)), ", ".join(map(str, years))
    if choice.year is None:
        if len(years) <= 1 or choice.all_years:
            return intake
        faults.add("YEAR_AMBIGUOUS", column="year", n=len(years), years=listed)
    elif choice.year not in years:
        faults.add("YEAR_NOT_FOUND", column="year", raw=str(choice.year), years=listed)
    found = faults.findings()
    if choice.year is None:
        return replace(intake, findings=found + intake.findings)
    mine = (intake.schools["year"] == choice.year).to_numpy()
    columns = [name for name in intake.excluded if name in intake.schools]
    others = intake.schools.loc[~mine, columns].assign(reason="other_year")
    excluded = (
        pd.concat([intake.excluded, others[list(intake.excluded)]], ignore_index=True)
        if len(others)
        else intake.excluded
    )
    schools = intake.schools[mine].reset_index(drop=True)
    return replace(intake, schools=schools, excluded=excluded, findings=found + intake.findings)


def _frames(intake: Intake) -> dict[str, pd.DataFrame]:
    told = [json.dumps(dataclasses.asdict(each), ensure_ascii=False, sort_keys=True) for each in intake.findings]
    findings = pd.DataFrame({"finding": pd.Series(told, dtype="str")})
    return dict(zip(_PARTS, (intake.schools, intake.excluded, intake.ledger, findings), strict=True))


def _counties(intake: Intake) -> list[np.ndarray]:
    """Return the county of every record of each part; an error is everybody's business."""
    schools, excluded = _codes(intake.schools), _codes(intake.excluded)
    files = {part.file: number for number, part in enumerate(intake.parts)} if len(intake.parts) > 1 else {}
    known = [_places(table, "source_row", "source_file", files) for table in (intake.schools, intake.excluded)]
    places = _places(intake.ledger, "row", "file", files)
    changed = _owners(places, np.concatenate(known), np.concatenate([schools, excluded]))
    told = [each.county_code if each.county_code and each.severity != "error" else "" for each in intake.findings]
    return [schools, excluded, changed, np.array(told, dtype=object)]


def _codes(frame: pd.DataFrame) -> np.ndarray:
    if "county_code" not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame["county_code"].astype(object).where(frame["county_code"].notna(), "").to_numpy()


def _places(frame: pd.DataFrame, row: str, file: str, files: Mapping[str, int]) -> np.ndarray:
    """Return one number for each row of each file."""
    rows = frame[row].to_numpy(np.int64)
    return rows + frame[file].map(files).to_numpy(np.int64) * _LONGEST_FILE if files else rows


def _owners(places: np.ndarray, known: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return whose each changed row is, ``""`` for rows that are in neither table."""
    if not len(known):
        return np.full(len(places), "", dtype=object)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known, places, sorter=order), len(known) - 1)
    return np.where(known[order][at] == places, owners[order][at], "").astype(object)


def _years(schools: pd.DataFrame) -> list[int]:
    return sorted({int(year) for year in schools["year"].dropna().unique()}) if "year" in schools else []


def _prefix(part: str) -> str:
    """Return what stands before the names of a part's columns: nothing for the schools, which others may read too."""
    return "" if part == _PARTS[0] else f"{part}."


def _row_groups(parts: Sequence[pa.Table], counties: Sequence[np.ndarray], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield one table for each row group: whole counties in the order of their codes."""
    which, found = pd.factorize(np.concatenate(counties), sort=True)
    every = found.astype(str)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    codes = np.split(which, ends)
    orders = [np.argsort(each, kind="stable") for each in codes]
    for first, last in _spans(np.bincount(which, minlength=len(every))):
        pieces = []
        for name, part, code, order in zip(_PARTS, parts, codes, orders, strict=True):
            begin, end = np.searchsorted(code, [first, last], sorter=order)
            taken = order[begin:end]
            piece = part.take(pa.array(taken))
            keys = (pa.array(every[code[taken]], pa.string()), pa.array([name] * len(taken), pa.string()), taken)
            for at, (key, values) in enumerate(zip((_COUNTY, _PART, _PLACE), keys, strict=True)):
                piece = piece.add_column(at, key, pa.array(values))
            pieces.append(piece)
        group = pa.concat_tables(pieces, promote_options="default").select(schema.names)
        yield group.take(pc.sort_indices(group, [(_COUNTY, "ascending")])).replace_schema_metadata(schema.metadata)


def _spans(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the ranges of counties that fill a row group each."""
    first, held = 0, 0
    for county, size in enumerate(sizes):
        held += int(size)
        if held >= _ROWS or county == len(sizes) - 1:
            yield first, county + 1
            first, held = county + 1, 0


def _groups_of(metadata: Any, wanted: Sequence[str] | None) -> list[int]:
    groups = range(metadata.num_row_groups)
    return [group for group in groups if wanted is None or _may_hold(metadata.row_group(group).column(0), wanted)]


def _may_hold(column: Any, wanted: Sequence[str]) -> bool:
    known = column.statistics
    return known is None or not known.has_min_max or any(known.min <= code <= known.max for code in wanted)


def _unpacked(table: pa.Table, name: str, described: dict[str, Any]) -> pd.DataFrame:
    """Return one part as it was: its rows in their order, its columns under their names, of their types."""
    prefix = _prefix(name)
    columns = [column["field_name"] for column in described["columns"]]
    mine = table.filter(pc.equal(table[_PART], name)).select([_PLACE, *(prefix + column for column in columns)])
    mine = mine.take(pc.sort_indices(mine[_PLACE])).drop_columns([_PLACE]).rename_columns(columns)
    frame: pd.DataFrame = mine.replace_schema_metadata({b"pandas": json.dumps(described).encode()}).to_pandas()
    return frame
