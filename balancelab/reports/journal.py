"""
The journal of an output folder: one line for each finished report, only ever appended to.

Each line is JSON and ends with the SHA-256 of all that stands before it in the line; it also holds the SHA-256 of the
line before. A flipped bit shows in the line itself, a line taken out in the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from balancelab.definitions import Text
from balancelab.reports.durable import sync_folder, write_all
from balancelab.reports.errors import text

JOURNAL = "journal.jsonl"
"""Name of the file."""
SHARDS = ".shards"
"""Folder in an output folder in which each part of a divided run (`balancelab.reports.shards`) has one of its own."""

_TEXTS = ("stem", "state", "kind", "language", "county_code", "county", "standard", "verdict")
_PAGES = "pages"
_AFTER = "after"
_SEAL, _END = b', "sha256": "', b'"}'
_TAIL = len(_SEAL) + 64 + len(_END)
_CHUNK = 65536  # more than any line measured; the search for the last line goes back by as much until it has one


def append(folder: Path, *records: dict[str, Any]) -> None:
    """
    Add one line for each record, durably.

    Parameters
    ----------
    folder : Path
        Output folder, or that of a part of it, held by this run.
    *records : dict
        Plain JSON values.

    Raises
    ------
    OSError
        If it cannot be written.

    Notes
    -----
    A line that a killed run left unfinished was never acknowledged to anybody: it is taken off first.
    """
    new = not (folder / JOURNAL).exists()
    with open(folder / JOURNAL, "a+b", buffering=0) as file:
        before, end = _last_line(file)
        if end is not None:
            file.truncate(end)
        lines: list[bytes] = []
        for record in records:
            lines.append(sealed(record, lines[-1] if lines else before))
        write_all(file.fileno(), b"".join(line + b"\n" for line in lines))
        os.fsync(file.fileno())
    if new:
        sync_folder(folder)


def append_pages(folder: Path, files: dict[str, str]) -> None:
    """Note the SHA-256 of pages that are about all reports, by path."""
    append(folder, {_PAGES: files})


def sealed(record: dict[str, Any], before: bytes = b"") -> bytes:
    """
    Return a line of the journal without its line end.

    Parameters
    ----------
    record : dict
        Plain JSON values.
    before : bytes
        The line before, without its line end; empty for the first line.

    Examples
    --------
    >>> is_intact(sealed({"stem": "a"})), is_intact(sealed({"stem": "a"}).replace(b"a", b"b", 1))
    (True, False)
    """
    said = {key: value for key, value in record.items() if key != "sha256"}  # of the line that it was read from
    linked = {**said, _AFTER: hashlib.sha256(before).hexdigest() if before else ""}
    body = json.dumps(linked, ensure_ascii=False, sort_keys=True).encode("utf-8")[:-1]
    return body + _SEAL + hashlib.sha256(body).hexdigest().encode("ascii") + _END


def is_intact(line: bytes) -> bool:
    """Tell whether a line is as it was written."""
    body = line[:-_TAIL]
    return line[-_TAIL:] == _SEAL + hashlib.sha256(body).hexdigest().encode("ascii") + _END


def has_journal(folder: Path) -> bool:
    """Tell whether there was a run in this folder, so that there may be nothing to do."""
    return any((place / JOURNAL).exists() for place in places(folder))


def places(folder: Path) -> list[Path]:
    """
    Return the folders that may hold a journal: the output folder, then those of the parts of a divided run.

    The part that wrote last comes last. Two parts name the same report only if the run was divided in two ways, one
    after the other; if their order is then mistaken, a report is made once more, because its files tell.
    """
    parts = {}
    for written in (folder / SHARDS).glob(f"*/{JOURNAL}"):
        with suppress(FileNotFoundError):  # taken over meanwhile
            parts[written.parent] = (written.stat().st_mtime_ns, written.parent.name)
    return [folder, *sorted(parts, key=parts.__getitem__)]


def read(folder: Path) -> list[dict[str, Any]]:
    """
    Return what every intact line says of a report; a torn or spoilt one is passed over.

    Parameters
    ----------
    folder : Path
        Output folder.

    Returns
    -------
    list of dict
        In the order of writing, see `places`; empty if there is no journal.
    """
    records = (record for place in places(folder) for record in _intact(place))
    return [record for record in records if all(isinstance(record.get(key), str) for key in _TEXTS)]


def read_pages(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the pages about all reports as they were last written, by path."""
    pages: dict[str, str] = {}
    for record in _intact(folder):
        if isinstance(record.get(_PAGES), dict):
            pages.update(record[_PAGES])
    return pages


def faults(folder: Path) -> list[Text]:
    """
    Tell which lines are not as they were written.

    Parameters
    ----------
    folder : Path
        Output folder with a journal.

    Returns
    -------
    list of Text
        Empty if every bit is as it was written and no line is missing before the last.
    """
    return [fault for place in places(folder) if (place / JOURNAL).exists() for fault in _faults(place)]


def _faults(place: Path) -> list[Text]:
    *lines, rest = (place / JOURNAL).read_bytes().split(b"\n")
    unfinished = [text("末行没有写完", "the last line is unfinished")] if rest or not lines else []
    return _damage(lines) + unfinished


def mend(folder: Path) -> int:
    """
    Take damaged lines out, so that what they said is made again and noted anew.

    Parameters
    ----------
    folder : Path
        Output folder, or that of a part of it, held by this run.

    Returns
    -------
    int
        How many places were damaged; nothing is written if there was none. An unfinished last line is left to `append`.

    Raises
    ------
    OSError
        If the journal cannot be written; it is then as it was.
    """
    from balancelab.reports.output import write_files

    if not (folder / JOURNAL).exists():
        return 0
    damaged = len(_damage((folder / JOURNAL).read_bytes().split(b"\n")[:-1]))
    if damaged:
        lines: list[bytes] = []
        for record in _intact(folder):
            lines.append(sealed(record, lines[-1] if lines else b""))
        write_files(folder, {JOURNAL: b"".join(line + b"\n" for line in lines)})
    return damaged


def latest(records: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """
    Return the last record of each report by its stem.

    Examples
    --------
    >>> latest([{"stem": "a", "state": "failed"}, {"stem": "a", "state": "done"}])["a"]["state"]
    'done'
    """
    return {record["stem"]: record for record in records}


def _intact(folder: Path) -> Iterator[dict[str, Any]]:
    try:
        *lines, _ = (folder / JOURNAL).read_bytes().split(b"\n")  # without its line end a line will be taken off
    except FileNotFoundError:
        return
    for line in lines:
        if is_intact(line):
            yield json.loads(line)


def _damage(lines: list[bytes]) -> list[Text]:
    """What is wrong with finished lines."""
    found, expected = [], ""
    for number, line in enumerate(lines, start=1):
        if not is_intact(line):
            found.append(text(f"第 {number} 行已损坏", f"line {number} is damaged"))
            expected = "*"  # what the next line names cannot be known
            continue
        if json.loads(line)[_AFTER] != expected != "*":
            found.append(text(f"第 {number} 行之前有缺行", f"before line {number}, a line was taken out or put in"))
        expected = hashlib.sha256(line).hexdigest()
    return found


def _last_line(file: Any) -> tuple[bytes, int | None]:
    """Return the last finished line, and where the file is to be cut if something unfinished follows it."""
    size = file.seek(0, os.SEEK_END)
    start, content = size, b""
    while start > 0 and content[:-1].count(b"\n") < 2:
        start = max(0, start - _CHUNK)
        file.seek(start)
        content = file.read(size - start)
    *lines, rest = content.split(b"\n")
    return lines[-1] if lines else b"", None if not rest else size - len(rest)
