"""Writing a province of any size: county by county, in bounded memory, with a note beside it: this is synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.intake.replacing import replacing
from balancelab.intake.sidecar import sidecar_path
from balancelab.sample.making import COLUMNS, DEFAULT_SEED, county_frames
from balancelab.sample.settings import settings

if TYPE_CHECKING:
    import pandas as pd

ROW_GROUP = 16_000  # rows; whole counties, so that one county is read without reading the nation
SHEET_ROWS = 1_048_576  # of an xlsx sheet, by its format
FORMATS = (".csv", ".xlsx", ".parquet")
TITLE = {"zh": "合成示例数据（并非真实学校）", "en": "Synthetic example data (no real schools)"}


def write_sample(
    path: str | Path,
    *,
    counties: int = 12,
    schools_per_county: int = 29,
    years: int = 5,
    seed: int = DEFAULT_SEED,
    progress: Callable[[int], None] | None = None,
) -> int:
    """
    Write a synthetic school table, and ``<stem>.meta.toml`` beside it, which says so to programs and people.

    Parameters
    ----------
    path : str or Path
        ``.csv`` (UTF-8, no byte-order mark), ``.xlsx`` (one sheet) or ``.parquet`` (sorted by county, row groups of
        whole counties of about 16,000 rows).
    counties, schools_per_county, years, seed : int, optional
        As in :func:`balancelab.sample.make_sample`. The same arguments give the same bytes of CSV.
    progress : callable, optional
        Called with the number of counties written, after each.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    ValueError
        If the ending is another, a number is outside its range, or the table does not fit on a sheet.
    OSError
        If the file cannot be written; nothing is left under its name.
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise ValueError(f"`path` must end in {', '.join(FORMATS)}, got {target.name!r}")
    arguments = {"counties": counties, "schools_per_county": schools_per_county, "years": years, "seed": seed}
    frames = _reported(county_frames(**arguments), progress)
    writer = {".csv": _write_csv, ".xlsx": _write_xlsx, ".parquet": _write_parquet}[target.suffix.lower()]
    with replacing(target) as partial:
        rows = writer(partial, frames)
        sidecar_path(target).write_bytes(sidecar(target.name, rows, arguments).encode("utf-8"))
    return rows


def sidecar(name: str, rows: int, arguments: dict[str, int]) -> str:
    """
    Return the note that stands beside a synthetic table.

    Examples
    --------
    >>> text = sidecar("a.csv", 3, {"counties": 1, "schools_per_county": 20, "years": 1, "seed": 7})
    >>> import tomllib
    >>> note = tomllib.loads(text)
    >>> note["synthetic"], note["command"]
    (True, 'balancelab sample --counties 1 --schools-per-county 20 --years 1 --seed 7 a.csv')
    """
    options = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in arguments.items())
    last = settings()["last_year"]
    return "\n".join(
        [
            "# 同名数据文件由程序合成，并无真实学校。/ The table of this name is synthetic: no school in it exists.",
            "synthetic = true",
            f"title = {{ zh = {_quoted(TITLE['zh'])}, en = {_quoted(TITLE['en'])} }}",
            f"data = {_quoted(name)}",
            f"rows = {rows}",
            f"first_year = {last - arguments['years'] + 1}",
            f"last_year = {last}",
            *(f"{key} = {value}" for key, value in arguments.items()),
            f"command = {_quoted(f'balancelab sample {options} {name}')}",
            "",
        ]
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string


def _reported(frames: Iterator[pd.DataFrame], progress: Callable[[int], None] | None) -> Iterator[pd.DataFrame]:
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(done)


def _write_csv(path: Path, frames: Iterator[pd.DataFrame]) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        for frame in frames:
            frame.to_csv(stream, index=False, header=rows == 0, lineterminator="\n")
            rows += len(frame)
    return rows


def _write_parquet(path: Path, frames: Iterator[pd.DataFrame]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, waiting, schema = 0, [], None
    writer: Any = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if writer is None:
                schema = _plain_schema(table.schema)
                writer = pq.ParquetWriter(path, schema, compression="zstd")
                table = table.cast(schema)
            waiting.append(table)
            rows += len(frame)
            if sum(len(part) for part in waiting) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=SHEET_ROWS)
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=SHEET_ROWS)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _plain_schema(schema: Any) -> Any:
    """Short strings rather than long ones, and no notes of pandas."""
    import pyarrow as pa

    fields = [
        pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type) for field in schema
    ]
    return pa.schema(fields)


def _write_xlsx(path: Path, frames: Iterator[pd.DataFrame]) -> int:
    import xlsxwriter

    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
    book.set_properties({"created": datetime(settings()["last_year"], 9, 1, tzinfo=UTC), "comments": TITLE["en"]})
    sheet = book.add_worksheet("schools")
    sheet.write_row(0, 0, COLUMNS)
    rows = 0
    try:
        for frame in frames:
            if rows + len(frame) >= SHEET_ROWS:
                raise ValueError(f"more than {SHEET_ROWS - 1:,} rows do not fit on a sheet: write .csv or .parquet")
            cells = frame.astype(object).where(frame.notna(), None)
            for record in cells.itertuples(index=False, name=None):
                rows += 1
                sheet.write_row(rows, 0, record)
    finally:
        book.close()
    return rows
