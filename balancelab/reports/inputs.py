"""
What reports were made from, kept beside them: every file once, under its own hash, as long as a report names it.

A list of the files, itself kept under its hash, stands for all that a report read; the journal names that list. So two
runs over the same table keep one table, and a report can be made again years later from exactly what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.page.disclosure import PUBLIC
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.output import write_files

if TYPE_CHECKING:
    from balancelab.reports.units import Unit

INPUTS = ".inputs"
"""Name of the folder."""

_HASH = re.compile(r"[0-9a-f]{64}")
_OWN = ".own"  # in the work folder; not among what is staged, because it is made later
_NOTEBOOK, _WORD = ".notebook", ".word"  # no staged folder begins with a point
NOT_STAGED = (_NOTEBOOK, _WORD)
"""Folders of kept files that were read from elsewhere."""


class InputsDamaged(Exception):  # noqa: N818 - it names what is so
    """
    Inputs that are gone or not as they were kept.

    Attributes
    ----------
    names : tuple of str
        Files of the store.
    """

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Inputs:
    """
    The inputs of a run, put into the store.

    Nothing is kept for the public: the folder may be published as it is, and the table names every school.

    Parameters
    ----------
    folder : Path
        Output folder, held by this run.
    work : Path
        Work folder with everything that the notebooks will read.
    units : iterable of Unit
        The reports of the run.

    Raises
    ------
    OSError
        If something cannot be written.
    """

    def __init__(self, folder: Path, work: Path, units: Iterable[Unit]) -> None:
        self._folder = folder
        internal = [unit for unit in units if unit.audience != PUBLIC]
        staged = sorted(path for path in work.rglob("*") if path.is_file()) if internal else []
        self._staged = {path.relative_to(work).as_posix(): self._keep(path) for path in staged}
        self._lists: dict[tuple[Path, str], str] = {}
        for unit in internal:  # now, so that a finished report's line does not wait for the disk
            self.of(unit)

    def of(self, unit: Unit) -> str:
        """
        Return the hash of the list of everything that a report is made from, ``""`` for a public one.

        Raises
        ------
        OSError
            If something cannot be written.
        """
        if unit.audience == PUBLIC:
            return ""
        own = (unit.notebook, unit.word_template)
        if own not in self._lists:
            files = dict(self._staged)
            files[f"{_NOTEBOOK}/{unit.notebook.name}"] = self._keep(unit.notebook)
            if unit.word_template:
                template = Path(unit.word_template)
                files[f"{_WORD}/{template.name}"] = self._keep(template)
            listed = json.dumps(files, ensure_ascii=False, sort_keys=True).encode("utf-8")
            self._lists[own] = self._put(listed)
        return self._lists[own]

    def _keep(self, path: Path) -> str:
        return self._put(path.read_bytes())

    def _put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        kept = self._folder / INPUTS / digest
        if not (kept.is_file() and not kept.is_symlink() and kept.read_bytes() == content):
            write_files(self._folder, {f"{INPUTS}/{digest}": content})
        return digest


def own_copies(due: Iterable[tuple[Unit, dict[str, str]]], work: Path) -> list[tuple[Unit, dict[str, str]]]:
    """
    Copy notebooks and Word templates, so that one that is edited while a run goes on is not half of its reports.

    Parameters
    ----------
    due : iterable of (Unit, dict)
        Reports, each with the digests of what it is made from.
    work : Path
        Work folder of the run.

    Returns
    -------
    list of (Unit, dict)
        The same, by the copies.

    Raises
    ------
    PlanRefused
        If a notebook was edited since its digest was taken.
    OSError
        If something cannot be read or written.
    """
    copies: dict[Path, Path] = {}

    def copy_of(path: Path) -> Path:
        if path not in copies:
            copies[path] = work / _OWN / str(len(copies)) / path.name
            copies[path].parent.mkdir(parents=True)
            copies[path].write_bytes(path.read_bytes())
        return copies[path]

    own = []
    for unit, parts in due:
        notebook = copy_of(unit.notebook)
        word = str(copy_of(Path(unit.word_template))) if unit.word_template else ""
        own.append((replace(unit, notebook=notebook, word_template=word), parts))
    digests = {copy: hashlib.sha256(copy.read_bytes()).hexdigest() for copy in copies.values()}
    edited = {one.notebook.name for one, parts in own if digests[one.notebook] != parts["notebook"]}
    if edited:
        named = ", ".join(sorted(edited))
        raise PlanRefused(text(f"{named} 刚刚被修改，请重新运行", f"{named} was edited just now: run again"))
    return own


def listed(folder: Path, name: str) -> dict[str, str]:
    """
    Return what a list names.

    Parameters
    ----------
    folder : Path
        Output folder.
    name : str
        Hash of the list.

    Returns
    -------
    dict of str to str
        Hash by the path that the file had in the work folder; ``.notebook/…`` and ``.word/…`` are the notebook and the
        bureau's Word template.

    Raises
    ------
    InputsDamaged
        If the list is gone or damaged.
    """
    files: dict[str, str] = json.loads(_taken(folder, name))
    return files


def damaged(folder: Path) -> list[str]:
    """Return the files of the store that are not what their names say, as paths below the output folder."""
    return [f"{INPUTS}/{path.name}" for path in _store(folder) if not _is_whole(path)]


def restore(folder: Path, name: str, target: Path) -> tuple[Path, Path | None]:
    """
    Lay out a report's inputs as they lay in the work folder when it was made.

    Parameters
    ----------
    folder : Path
        Output folder.
    name : str
        Hash of the list.
    target : Path
        An empty folder.

    Returns
    -------
    notebook : Path
        The notebook.
    word : Path or None
        The Word template, if there was one.

    Raises
    ------
    InputsDamaged
        If anything is gone or damaged.
    """
    files = listed(folder, name)
    wrong = [f"{INPUTS}/{digest}" for digest in files.values() if not _is_whole(folder / INPUTS / digest)]
    if wrong:
        raise InputsDamaged(*wrong)
    own: dict[str, Path] = {}
    for place, digest in files.items():
        path = target / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_taken(folder, digest))
        own[place.partition("/")[0]] = path
    return own[_NOTEBOOK], own.get(_WORD)


def clean(folder: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """
    Remove what no finished report names any more.

    Parameters
    ----------
    folder : Path
        Output folder, held by this run.
    records : iterable of mappings
        Lines of the journal, oldest first.

    Raises
    ------
    OSError
        If a file cannot be removed.

    Notes
    -----
    The last finished version of a report counts, also if a later try failed; a report whose files were all deleted
    needs no inputs. If a list cannot be read, nothing is removed: it may name anything.
    """
    last = {record["stem"]: record for record in records if record["state"] == "done"}
    lists = {
        record["inputs"]
        for record in last.values()
        if record.get("inputs") and any((folder / name).exists() for name in record["files"])
    }
    try:
        named = lists | {digest for name in lists for digest in listed(folder, name).values()}
    except InputsDamaged:
        return
    for path in _store(folder):
        if path.name not in named:
            path.unlink()
    if lists == set() and (folder / INPUTS).is_dir() and not any((folder / INPUTS).iterdir()):
        (folder / INPUTS).rmdir()


def _store(folder: Path) -> list[Path]:
    return sorted((folder / INPUTS).iterdir()) if (folder / INPUTS).is_dir() else []


def _is_whole(path: Path) -> bool:
    try:
        return bool(_HASH.fullmatch(path.name)) and hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    except OSError:
        return False


def _taken(folder: Path, name: str) -> bytes:
    path = folder / INPUTS / name
    if not _is_whole(path):
        raise InputsDamaged(f"{INPUTS}/{name}")
    return path.read_bytes()
