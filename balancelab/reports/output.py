"""The output folder: one run at a time, and nothing half-written under a final name, ever."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from balancelab.reports import journal
from balancelab.reports.durable import FULL, DiskFull, make_folder, named, sync_folder, write_new
from balancelab.reports.errors import EnvironmentRefused, OutputLocked, PlanRefused, text
from balancelab.reports.locks import is_held, take_lock
from balancelab.reports.shards import Shard, shard_folders

CODE = re.compile(r"[0-9A-Za-z_-]{1,40}")
"""What a county code must look like to become a folder's name; a name from the data never does."""

PUBLISHED = re.compile(r"[0-9]{4}")
"""Folders of an output folder in which reports lie."""

_LOCK, _WORK, _SCRATCH = ".lock", ".work", ".scratch"
SCRATCH = re.compile(r"bl-[0-9a-z_]{8}")
"""Name of a run's folder for private files."""
_TEMPORARY = re.compile(r"\..+\.balancelab-[0-9a-f]{12}\.tmp")
_OURS = re.compile(r"[0-9]{4}|\.failed|\.inputs")


class Output:
    """
    An output folder held by this run, as a context manager.

    Entering makes the folder, takes its lock, proves that it can be written and removes what a killed run left behind;
    leaving removes the work folder and gives the lock back. The lock dies with the process: it is never stale.

    Parameters
    ----------
    path : Path
        The folder; made if missing.
    shard : Shard, optional
        The part of a divided run that this is: others of the same division may work beside it, nothing else may.

    Attributes
    ----------
    own : Path
        Where this run keeps its journal and its work folder: the folder itself, or that of the part.

    Raises
    ------
    OutputLocked
        If another run holds it, or this part of it, or parts of another division are at work (exit code 6).
    EnvironmentRefused
        If it cannot be made or written (exit code 5).
    PlanRefused
        If the path is a file.
    """

    def __init__(self, path: Path, *, shard: Shard | None = None) -> None:
        self.path = path.absolute()
        self.shard = shard
        self.own = self.path / journal.SHARDS / shard.name if shard else self.path
        self.work = self.own / _WORK
        self._locks: list[tuple[BinaryIO, Path | None]] = []
        self._made = False

    def __enter__(self) -> Output:
        if self.path.exists() and not self.path.is_dir():
            raise PlanRefused(text(f"{self.path} 是文件，不是文件夹", f"{self.path} is a file, not a folder"))
        try:
            self._made = not self.path.exists()
            for folder in (*reversed(self.path.parents), self.path):
                make_folder(folder)
            self._take_locks(self.shard)
            self._remove_leftovers()
            self.write(".probe", b"balancelab")
            (self.path / ".probe").unlink(missing_ok=True)  # another part's probe has the same name
        except OSError as error:
            self._release()
            raise environment_refused(error, self.path) from error
        except OutputLocked:
            self._release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        with suppress(OSError):
            remove_scratch(self.own / _SCRATCH)
        self._release()

    def make_work(self) -> Path:
        """Make the private work folder of this run and return it."""
        try:
            self.work.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise environment_refused(error, self.work) from error
        return self.work

    def make_scratch(self) -> Path:
        """
        Make a folder for files of this run outside the output folder and return it; it goes when the run leaves.

        It is noted before it is made: should the run be killed, the next one removes it.
        """
        try:
            folder = Path(tempfile.gettempdir()) / f"bl-{secrets.token_hex(4)}"
            (self.own / _SCRATCH).write_bytes(os.fsencode(folder))
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise environment_refused(error, self.own) from error
        return folder

    def require_space(self, needed: int) -> None:
        """
        Refuse the run if the disk has less free than it will need.

        Parameters
        ----------
        needed : int
            An estimate. [bytes]

        Raises
        ------
        EnvironmentRefused
            Naming the folder, what is free and what is needed.
        """
        free = shutil.disk_usage(self.path).free
        if free < needed:
            has, wants = free // 1_000_000, needed // 1_000_000
            raise EnvironmentRefused(
                text(
                    f"{self.path} 剩余空间不足：需要约 {wants} MB，可用 {has} MB",
                    f"{self.path}: not enough space, about {wants} MB needed, {has} MB free",
                )
            )

    def write(self, name: str, content: bytes) -> str:
        """Write one file below the folder, see `write_files`; return its sha256."""
        return write_files(self.path, {name: content})[name]

    def _take_locks(self, shard: Shard | None) -> None:
        lock = self.path / _LOCK
        if shard is None:
            self._locks.append((take_lock(lock, folder=self.path), lock))
            return
        said = f"--shard {shard.number}/{shard.of}"
        # The shared file stays: its last holder cannot be known without keeping a newcomer out for a moment.
        self._locks.append((take_lock(lock, folder=self.path, share=shard.number - 1, said=said), None))
        for folder in (self.own.parent, self.own):
            make_folder(folder)
        self._locks.append((take_lock(self.own / _LOCK, folder=self.own, said=said), self.own / _LOCK))
        others = [path for path in shard_folders(self.path) if not path.name.endswith(f"-of-{shard.of}")]
        busy = [path.name for path in others if is_held(path / _LOCK)]
        if busy:
            raise OutputLocked(
                text(
                    f"{self.path} 正按另一种分法运行（{busy[0]}）；请等它结束，或用同样的份数",
                    f"{self.path} is being worked on in another division ({busy[0]}): wait for it, or divide alike",
                )
            )

    def _remove_leftovers(self) -> None:
        for place in (self.own, *([] if self.shard else shard_folders(self.path))):
            remove_scratch(place / _SCRATCH)
            work = place / _WORK
            if work.is_symlink():
                work.unlink()
            shutil.rmtree(work, ignore_errors=True)
        if self.shard is not None:  # what looks like a leftover may be another part's file in the making
            return
        for folder, below, names in os.walk(self.path):
            if folder == str(self.path):  # the user may have pointed at a folder with much else in it
                below[:] = [name for name in below if _OURS.fullmatch(name)]
            for name in names:
                if _TEMPORARY.fullmatch(name):
                    os.unlink(os.path.join(folder, name))

    def _release(self) -> None:
        while self._locks:
            lock, path = self._locks.pop()
            if sys.platform != "win32" and path is not None:  # removed while still held: nobody holds one beside it
                with suppress(OSError):  # the folder was moved away, or became read-only
                    path.unlink(missing_ok=True)
            lock.close()
        for place in (self.own, self.own.parent) if self.shard else (self.path,) if self._made else ():
            with suppress(OSError):  # not empty
                place.rmdir()


def refuse_if_used(folder: Path) -> None:
    """
    Refuse to judge a folder in which a run is at work; nothing is written.

    Raises
    ------
    OutputLocked
        If a run holds it (exit code 6).
    """
    try:
        if not is_held(folder / _LOCK):
            return
    except PermissionError:  # a folder that one may only read
        return
    raise OutputLocked(
        text(f"另一个任务正在使用 {folder}；请等它结束", f"another run is using {folder}; wait for it to end")
    )


def remove_scratch(note: Path) -> None:
    """
    Remove the private folder of a run: one that ends, or one that was killed with all its workers.

    Parameters
    ----------
    note : Path
        The file that names it. What it names is believed only if it is a folder of ours: in the system's folder for
        temporary files, under a name that we give, owned by this user.
    """
    if note.is_symlink() or not note.is_file():
        return
    with suppress(OSError, ValueError):
        folder = Path(os.fsdecode(note.read_bytes()))
        known = folder.parent == Path(tempfile.gettempdir()) and SCRATCH.fullmatch(folder.name)
        if known and folder.is_dir() and not folder.is_symlink() and _is_mine(folder):
            shutil.rmtree(folder, ignore_errors=True)
    note.unlink(missing_ok=True)


def _is_mine(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def write_files(folder: Path, files: dict[str, bytes]) -> dict[str, str]:
    """
    Write files that belong together: all of them under their final names, or none.

    Each is written to a temporary name in its own folder, fsynced and renamed; the renames come last and together.

    Parameters
    ----------
    folder : Path
        An existing folder.
    files : dict of str to bytes
        Content by relative POSIX path; sub-folders are made. A link in the way is replaced, never followed.

    Returns
    -------
    dict of str to str
        sha256 of each, by the same path.

    Raises
    ------
    OSError
        If anything cannot be written, naming the path (`balancelab.reports.durable.DiskFull` if there is no room). No
        final name has changed then, unless the disk fails in the midst of the renames: files that were there before may
        then be of the new kind, each of them whole.
    """
    waiting: list[tuple[Path, Path]] = []
    fresh: list[Path] = []
    try:
        for name, content in files.items():
            final = _inside(folder, name)
            temporary = final.with_name(f".{final.name}.balancelab-{secrets.token_hex(6)}.tmp")
            waiting.append((temporary, final))
            write_new(temporary, content)
        for temporary, final in waiting:
            if not os.path.lexists(final):
                fresh.append(final)
            os.replace(temporary, final)
        for parent in sorted({final.parent for _, final in waiting}):
            sync_folder(parent)
    except BaseException as error:
        for written in (*(temporary for temporary, _ in waiting), *fresh):
            with suppress(OSError):  # a disk that refuses to be written may refuse this too; the next run clears it
                written.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise named(error, waiting[-1][1] if waiting else folder, sum(map(len, files.values()))) from error
        raise
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def environment_refused(error: OSError, path: Path) -> EnvironmentRefused:
    """Return the refusal (exit code 5) that says what the system said about a path."""
    where = error.filename or path
    if error.errno not in FULL:
        return EnvironmentRefused(
            text(f"无法写入 {where}：{error.strerror}", f"cannot write {where}: {error.strerror}")
        )
    zh, en = "", ""
    if isinstance(error, DiskFull) and error.needed:
        needed = f"{error.needed:,}"
        zh, en = f"，需要 {needed} 字节", f", {needed} bytes needed"
    return EnvironmentRefused(
        text(
            f"无法写入 {where}：磁盘已满{zh}；腾出空间后用同一命令续作",
            f"cannot write {where}: the disk is full{en}; make room, and the same command goes on",
        )
    )


def _inside(folder: Path, name: str) -> Path:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"{name!r} is no path inside the output folder")
    place = folder
    for part in relative.parts[:-1]:
        place = place / part
        make_folder(place)
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a link where a folder was expected", str(place))
    return place / relative.name
