"""
CSV and its kin, read strictly: fields are counted on every physical line before anything is believed.

A regular file (no quotes, the same number of fields on every line) goes to Arrow's parser whole; any other is read
line by line here, so that a broken line is named and costs only itself.
"""

from __future__ import annotations

import csv
import io
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from balancelab.intake.files import MEGABYTE, Unreadable
from balancelab.intake.findings import Faults, printable
from balancelab.intake.grid import Grid

LONGEST_CELL = 32_767
"""As in Excel; a longer one is a quote that was never closed."""
MOST_COLUMNS = 1_000

_DELIMITERS = {",": ("逗号", "commas"), "\t": ("制表符", "tabs"), ";": ("分号", "semicolons"), "|": ("竖线", "bars")}
_FULLWIDTH = "，、；\ufe50"
_CHUNK = 20_000
_LONGEST_QUOTED = 30


def read_delimited(content: bytes, suffix: str, faults: Faults) -> Grid:
    """
    Return the cells of a text file (UTF-8 bytes without a byte order mark).

    Raises
    ------
    Unreadable
        After noting why, if no delimiter gives two columns.
    """
    content = _one_line_end(content, faults)
    delimiter, content = _delimiter(content, suffix, faults)
    if b'"' not in content:
        width = _uniform_width(content, delimiter.encode())
        if width:
            return _read_regular(content, delimiter, width, faults)
    return _read_by_line(content.decode("utf-8"), delimiter, faults)


def _one_line_end(content: bytes, faults: Faults) -> bytes:
    returns = content.count(b"\r")
    if not returns:
        return content
    pairs, feeds = content.count(b"\r\n"), content.count(b"\n")
    if pairs == returns == feeds:
        return content.replace(b"\r\n", b"\n")
    detail = ("CR", "CR alone") if not feeds else ("CRLF、LF 或 CR 混用", "a mixture of CRLF, LF and CR")
    faults.add("LINE_ENDINGS", detail=detail)
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _delimiter(content: bytes, suffix: str, faults: Faults) -> tuple[str, bytes]:
    head = content[: 256 * 1024].decode("utf-8", "ignore")
    first, _, _ = head.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        hinted = first.strip()[4]
        faults.add("DELIM_DETECTED", name=_DELIMITERS.get(hinted, (f"“{hinted}”", f"“{hinted}”")))
        # The hint stays as a blank line, so that every row keeps its number.
        return hinted, b"\n" + content.partition(b"\n")[2]
    lines = [line for line in head.split("\n")[:60] if line.strip()]
    best = max(_DELIMITERS, key=lambda mark: _regularity(lines, mark))
    if _regularity(lines, best) == (0.0, 0):
        _refuse_undelimited(lines, faults)
    if best == "\t" and _padded(lines):
        faults.add("DELIM_FIXED_WIDTH")
        raise Unreadable
    if best != "," and not (best == "\t" and suffix in (".tsv", ".tab")):
        faults.add("DELIM_DETECTED", name=_DELIMITERS[best])
    return best, content


def _regularity(lines: list[str], mark: str) -> tuple[float, int]:
    """Share of the lines that have the most usual number of `mark`, and that number; (0, 0) where it is nought."""
    counts = [_outside_quotes(line).count(mark) for line in lines]
    held = [count for count in counts if count]
    if not held:
        return 0.0, 0
    usual = max(set(held), key=lambda count: (held.count(count), count))
    return round(held.count(usual) / len(counts), 1), usual


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2]) if '"' in line else line


def _padded(lines: list[str]) -> bool:
    cells = [cell for line in lines for cell in line.split("\t")]
    return sum(cell != cell.strip(" ") for cell in cells) > len(cells) // 2


def _refuse_undelimited(lines: list[str], faults: Faults) -> None:
    first = lines[0] if lines else ""
    for mark in _FULLWIDTH:
        if sum(line.count(mark) >= 2 for line in lines) * 2 > len(lines):
            faults.add("DELIM_FULLWIDTH", raw=mark)
            raise Unreadable
    aligned = sum(line.strip().count("  ") >= 2 for line in lines)
    if aligned * 2 > len(lines):
        faults.add("DELIM_FIXED_WIDTH")
    else:
        faults.add("DELIM_NOT_FOUND", raw=first)
    raise Unreadable


def _uniform_width(content: bytes, delimiter: bytes) -> int:
    """Return the number of fields if every line has the same, else 0; looked at in blocks to spare memory."""
    content = content.rstrip(b"\n")
    codes = np.frombuffer(content, dtype=np.uint8)
    mark, start, width = delimiter[0], 0, 0
    if len(delimiter) != 1:
        return 0
    while start < len(codes):
        end = min(start + 32 * MEGABYTE, len(codes))
        if end < len(codes):
            end = content.rfind(b"\n", start, end) + 1
            if end <= start:
                return 0
        block = codes[start:end]
        ends = np.append(np.flatnonzero(block == 10), [] if block[-1] == 10 else [len(block)]).astype(np.int64)
        counts = np.diff(np.searchsorted(np.flatnonzero(block == mark), ends), prepend=0) + 1
        longest = int(np.diff(ends, prepend=-1).max())
        width = width or int(counts[0])
        if longest > LONGEST_CELL or width > MOST_COLUMNS or not (counts == width).all():
            return 0
        start = end
    return width


def _read_regular(content: bytes, delimiter: str, width: int, faults: Faults) -> Grid:
    names = [str(position) for position in range(width)]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(content.rstrip(b"\n") + b"\n"),
            read_options=pa.csv.ReadOptions(column_names=names, block_size=16 * MEGABYTE),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        return _read_by_line(content.decode("utf-8"), delimiter, faults)
    numbers = np.arange(1, table.num_rows + 1, dtype=np.int64)
    columns = [table.column(position) for position in range(width)]
    return Grid([_one_array(column) for column in columns], numbers, numbers, np.full(len(numbers), width))


def _one_array(column: Any) -> Any:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.chunked_array(column.chunks)


def _read_by_line(text: str, delimiter: str, faults: Faults) -> Grid:
    """Read with quotes, line ends inside quotes and rows of any length; broken rows are noted and kept apart."""
    lines = text.rstrip("\n").split("\n")
    parts: list[list[Any]] = []
    held: list[list[str]] = []
    starts: list[int] = []
    widths: list[int] = []
    unreadable: set[int] = set()
    at = 0
    while at < len(lines):
        fields, used = _record(lines, at, delimiter)
        if fields is None:
            faults.add("CSV_QUOTE", raw=lines[at], row=len(starts) + 1, line=at + 1)
            unreadable.add(len(starts))
            fields, used = lines[at].split(delimiter), 1
        if len(fields) > MOST_COLUMNS:
            faults.add("TABLE_TOO_WIDE", n=len(fields), limit=MOST_COLUMNS)
            raise Unreadable
        _check_lengths(fields, len(starts) + 1, faults)
        starts.append(at + 1)
        widths.append(len(fields))
        held.append(fields)
        at += used
        if len(held) == _CHUNK:
            parts.append(_transposed(held))
            held = []
    parts.append(_transposed(held))
    rows = np.arange(1, len(starts) + 1, dtype=np.int64)
    grid = Grid(_joined(parts, max(widths, default=0)), rows, np.array(starts), np.array(widths))
    grid.unreadable = unreadable
    return grid


def _record(lines: list[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the fields of the record that begins on line `at` (None where its quotes do not match) and its lines."""
    line = lines[at]
    if '"' not in line:
        return line.split(delimiter), 1
    for used in range(1, _LONGEST_QUOTED + 1):
        if at + used > len(lines):
            break
        joined = "\n".join(lines[at : at + used])
        if joined.count('"') % 2:
            continue
        try:
            records = list(csv.reader([joined], delimiter=delimiter, strict=True))
        except csv.Error:
            return None, 1
        return (records[0], used) if len(records) == 1 else (None, 1)
    return None, 1


def _check_lengths(fields: list[str], row: int, faults: Faults) -> None:
    if max(map(len, fields), default=0) > LONGEST_CELL:
        longest = max(map(len, fields))
        faults.add("CELL_TOO_LONG", row=row, n=longest, limit=LONGEST_CELL, raw=printable(fields[0]))
        for position, cell in enumerate(fields):
            fields[position] = cell[:LONGEST_CELL]


def _transposed(rows: list[list[str]]) -> list[Any]:
    return [pa.array(column, type=pa.string()) for column in zip_longest(*rows, fillvalue="")]


def _joined(parts: list[list[Any]], width: int) -> list[Any]:
    columns = []
    for position in range(width):
        pieces = [
            part[position] if position < len(part) else pa.array([""] * (len(part[0]) if part else 0), pa.string())
            for part in parts
        ]
        columns.append(pa.concat_arrays(pieces) if pieces else pa.array([], pa.string()))
    return columns
