"""Locks on files that die with the process that holds them: one holder, or several that share against a single one."""

from __future__ import annotations

import errno
import os
import platform
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from balancelab.reports.errors import OutputLocked, text


def take_lock(path: Path, *, folder: Path, share: int | None = None, said: str = "") -> BinaryIO:
    """
    Take a lock, or refuse and name who has it.

    Parameters
    ----------
    path : Path
        The file that is locked; made if missing. A link in its place is not followed.
    folder : Path
        What it guards, for the message.
    share : int, optional
        Number of this holder among those that share the lock, from 0; by default it is held alone.
    said : str
        What else the message tells others about this holder.

    Returns
    -------
    file
        The lock; closing it gives it back.

    Raises
    ------
    OutputLocked
        If another run holds it.
    OSError
        If the file cannot be made, or the file system has no locks.
    """
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.fdopen(os.open(path, flags, 0o644), "r+b")
        if not _locked(file, share):
            file.seek(0)
            holder = file.read(200).decode("utf-8", "replace")
            file.close()
            raise OutputLocked(
                text(
                    f"另一个任务正在使用 {folder}（进程 {holder}）；请等它结束，或用 --output 另选文件夹",
                    f"another run is using {folder} (process {holder}); wait for it, or choose another --output",
                )
            )
        # A single holder removes the file at its end: a lock on a file that is no longer there guards nothing.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        file.close()
    file.truncate(0)
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    file.write(f"{os.getpid()} {platform.node()} {since} {said}".strip().encode("utf-8"))
    file.flush()
    return file


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a lock now; never makes the file."""
    try:
        file = open(path, "r+b")  # noqa: SIM115 - closed in the with below
    except FileNotFoundError:
        return False
    with file:
        return not _locked(file, None)


if sys.platform == "win32":
    import msvcrt

    _PLACE, _PLACES = 1 << 30, 1 << 16  # bytes far behind the text, so that the holder's number can be read

    def _locked(file: BinaryIO, share: int | None) -> bool:
        """Lock one byte of the holder's own, or all of them: Windows has no shared locks."""
        file.seek(_PLACE + (share or 0))
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, _PLACES if share is None else 1)
        except OSError:
            return False
        file.seek(0)
        return True

else:
    import fcntl

    def _locked(file: BinaryIO, share: int | None) -> bool:
        try:
            fcntl.flock(file.fileno(), (fcntl.LOCK_EX if share is None else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        return True
