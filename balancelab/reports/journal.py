"""The journal of an output folder: one line for each finished report, only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

JOURNAL = "journal.jsonl"
"""Name of the file."""

_TEXTS = ("stem", "state", "kind", "language", "county_code", "county", "standard", "verdict")


def append(folder: Path, record: dict[str, Any]) -> None:
    """
    Add one line, durably.

    Parameters
    ----------
    folder : Path
        Output folder, held by this run.
    record : dict
        Plain JSON values.

    Raises
    ------
    OSError
        If it cannot be written.

    Notes
    -----
    A line that a killed run left unfinished gets its line end first, so that it can spoil nothing but itself.
    """
    line = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n"
    with open(folder / JOURNAL, "a+b") as file:
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def has_journal(folder: Path) -> bool:
    """Tell whether there was a run in this folder, so that there may be nothing to do."""
    return (folder / JOURNAL).exists()


def read(folder: Path) -> list[dict[str, Any]]:
    """
    Return every readable line; a torn or spoilt one is passed over.

    Parameters
    ----------
    folder : Path
        Output folder.

    Returns
    -------
    list of dict
        In the order of writing; empty if there is no journal.
    """
    try:
        lines = (folder / JOURNAL).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and all(isinstance(record.get(key), str) for key in _TEXTS):
            records.append(record)
    return records


def latest(records: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """
    Return the last record of each report by its stem.

    Examples
    --------
    >>> latest([{"stem": "a", "state": "failed"}, {"stem": "a", "state": "done"}])["a"]["state"]
    'done'
    """
    return {record["stem"]: record for record in records}
