"""Bytes that are on the disk when a call returns: the few system calls by which everything of a run is written."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC, errno.EFBIG)
"""What the system says when there is no room: the disk is full, the quota is used up, a file may grow no larger."""


class DiskFull(OSError):  # noqa: N818 - it names what is so
    """
    There is no room.

    Attributes
    ----------
    needed : int
        What was to be written. [bytes]
    """

    needed = 0


def write_new(path: Path, content: bytes) -> None:
    """
    Write a file that is not there yet, and have it on the disk.

    Parameters
    ----------
    path : Path
        The file; a link in its place is not followed.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; then it is not there, or not whole.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes; the system may take fewer at a time, a nearly full disk for one."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def make_folder(path: Path) -> None:
    """
    Make a folder if it is missing, and have its name on the disk.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if not path.is_dir():
        path.mkdir(exist_ok=True)
        with suppress(PermissionError):  # above is a folder that may be written to, but not listed
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    if sys.platform == "win32":  # folders cannot be opened there; the rename is durable with the journal's own fsync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def named(error: OSError, path: Path, needed: int) -> OSError:
    """Return an error that says which path it is about, and how much room it takes if there was too little."""
    number, said = error.errno or errno.EIO, error.strerror or str(error)
    if number not in FULL:
        return OSError(number, said, str(error.filename or path))
    full = DiskFull(number, said, str(error.filename or path))
    full.needed = needed
    return full


def answer_of(error: OSError) -> dict[str, Any]:
    """Return an error as a worker tells it; see `told`."""
    return {
        "state": "environment",
        "errno": error.errno,
        "strerror": str(error.strerror),
        "filename": str(error.filename or ""),
        "needed": error.needed if isinstance(error, DiskFull) else 0,
    }


def told(answer: dict[str, Any]) -> OSError:
    """
    Return the error that a worker told.

    >>> told(answer_of(OSError(28, "No space left on device", "a.html"))).filename
    'a.html'
    """
    kind = DiskFull if answer["errno"] in FULL else OSError
    error = kind(answer["errno"], answer["strerror"], answer["filename"] or None)
    if isinstance(error, DiskFull):
        error.needed = answer["needed"]
    return error
