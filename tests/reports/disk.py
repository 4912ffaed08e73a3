"""A disk that refuses, or a machine that loses its power, at any system call by which a run writes."""

from __future__ import annotations

import functools
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import pytest

CALLS = ("open", "write", "fsync", "replace", "mkdir", "unlink")
Act = Callable[["Disk", int, str, str], None]
needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="paths of descriptors, as on Linux")


class Disk:
    """
    Counts the calls that change a folder, and lets something happen before each.

    Used as a context manager in one thread.
    """

    def __init__(self, folder: Path, act: Act) -> None:
        self.folder, self.act = str(folder), act
        self.calls: list[tuple[str, str]] = []
        self.unsynced: set[str] = set()
        self.renamed: list[tuple[str, bytes | None]] = []
        self.made: list[str] = []
        self._real: dict[str, Any] = {}

    def __enter__(self) -> Disk:
        for name in CALLS:
            self._real[name] = getattr(os, name)
            setattr(os, name, functools.partial(self._call, name))
        return self

    def __exit__(self, *_: object) -> None:
        for name, real in self._real.items():
            setattr(os, name, real)

    def _call(self, name: str, *given: Any, **options: Any) -> Any:
        path = self._path(name, *given, **options)
        if not path.startswith(self.folder):
            return self._real[name](*given, **options)
        self.calls.append((name, path))
        self.act(self, len(self.calls), name, path)
        if name == "replace":
            old = Path(given[1])
            self.renamed.append((str(old), old.read_bytes() if old.exists() else None))
            self.unsynced -= {path}
        done = self._real[name](*given, **options)
        if name == "write":
            self.unsynced.add(path)
        elif name == "mkdir" and path != self.folder:  # what it lies in is not looked at
            self.made.append(path)
        elif name == "fsync":
            self.unsynced -= {path}
            self.renamed = [one for one in self.renamed if os.path.dirname(one[0]) != path]
            self.made = [one for one in self.made if os.path.dirname(one) != path]
        return done

    def _path(self, name: str, *given: Any, **options: Any) -> str:
        if name in ("write", "fsync"):
            return os.readlink(f"/proc/self/fd/{given[0]}")
        if options.get("dir_fd") is not None or (name == "open" and not given[1] & os.O_CREAT):
            return ""
        return os.fspath(given[0])


def fail(at: int, error: int, *, ever_after: bool = False) -> Act:
    """The call of this number fails, or all from it on."""

    def act(disk: Disk, number: int, name: str, path: str) -> None:
        if number == at or (ever_after and number > at):
            raise OSError(error, os.strerror(error))

    return act


def cut_power(at: int, lost: bool) -> Act:
    """
    The process is gone before the call of this number.

    With `lost` what was not synced is lost too: content by half, and new names, of folders too, whose folder was not
    synced.
    """

    def act(disk: Disk, number: int, name: str, path: str) -> None:
        if number == at:
            if lost:
                lose(disk)
            gone()

    return act


def lose(disk: Disk) -> None:
    disk.__exit__()
    for final, old in reversed(disk.renamed):
        if old is None:
            Path(final).unlink(missing_ok=True)
        else:
            Path(final).write_bytes(old)
    for path in disk.unsynced:
        if os.path.exists(path):
            os.truncate(path, os.path.getsize(path) // 2)
    for folder in disk.made:
        shutil.rmtree(folder, ignore_errors=True)


def gone() -> NoReturn:
    os._exit(77)


def partial(name: str, content: bytes) -> str:
    """What is wrong with a file under its final name; empty if it is whole."""
    try:
        if name.endswith((".json", ".ipynb")):
            json.loads(content)
        elif name.endswith(".html") and not content.rstrip().endswith(b"</html>"):
            return f"{name}: no end"
        elif name.endswith(".pdf") and not (content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")):
            return f"{name}: no PDF"
        elif name.endswith((".zip", ".docx", ".xlsx")) and zipfile.ZipFile(BytesIO(content)).testzip():
            return f"{name}: damaged"
    except (ValueError, zipfile.BadZipFile) as error:
        return f"{name}: {error}"
    return ""


def partial_files(folder: Path) -> list[str]:
    """What is wrong with the files of a folder, temporary ones left out."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and path.name != "journal.jsonl":
            found.append(partial(str(path), path.read_bytes()))
    return [one for one in found if one]
