"""Parquet: columns with types. Only text and numbers are read; anything that could hold code is refused by its type."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from balancelab.intake.files import Unreadable
from balancelab.intake.findings import Faults, printable
from balancelab.intake.grid import Grid


def read_parquet(content: bytes, faults: Faults) -> Grid:
    """
    Return the cells of a Parquet file; its column names are the header, its first row is row 1.

    Raises
    ------
    Unreadable
        After noting why, if the file is incomplete or a column is neither text nor a number.
    """
    try:
        source = pq.ParquetFile(io.BytesIO(content))
        schema = source.schema_arrow
        bad = [(item.name, str(item.type)) for item in schema if not _readable(item.type)]
        for name, type_ in bad:
            faults.add("PARQUET_TYPE", column=printable(name), detail=printable(type_))
        if bad:
            raise Unreadable
        table = source.read()
        # Damaged pages can hold text that is no UTF-8, or offsets that lead outside.
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError) as error:
        faults.add("FILE_CORRUPT", kind="Parquet", detail=printable(str(error).splitlines()[0] if str(error) else "-"))
        raise Unreadable from error
    columns = [_plain_column(column) for column in table.columns]
    rows = np.arange(1, table.num_rows + 1, dtype=np.int64)
    return Grid(columns, rows, header=list(table.column_names))


def _readable(type_: Any) -> bool:
    if pa.types.is_dictionary(type_):
        return bool(pa.types.is_string(type_.value_type) or pa.types.is_large_string(type_.value_type))
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
        or pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
        or pa.types.is_boolean(type_) or pa.types.is_null(type_)
    )  # fmt: skip


def _plain_column(column: Any) -> Any:
    type_ = column.type
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        return _whole(pc.cast(column, pa.int64() if pa.types.is_integer(type_) else pa.float64()))
    return _whole(pc.fill_null(pc.cast(column, pa.string()), ""))


def _whole(column: Any) -> Any:
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined
