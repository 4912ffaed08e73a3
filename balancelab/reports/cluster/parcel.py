"""What the notebooks of a run read, as it travels: every file under its hash, each sent to a worker once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

WORK = "work"
"""Folder, on a worker, in which the notebooks run."""

_PIECE = 8_000_000  # bytes that travel at a time: neither side holds a whole table in memory for it


class Parcel:
    """
    The files of a run.

    Parameters
    ----------
    work : Path
        Work folder with everything staged.

    Raises
    ------
    OSError
        If a file cannot be read.
    """

    def __init__(self, work: Path) -> None:
        self._digests: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        for path in sorted(path for path in work.rglob("*") if path.is_file()):
            self._put(path, f"{WORK}/{path.relative_to(work).as_posix()}")

    def add(self, path: Path) -> str:
        """
        Put in a file that is not staged: a notebook, a Word template.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        str
            Where it will lie below the room of a worker, under its own name.
        """
        place = next((place for place in self._digests if self._paths[self._digests[place]] == path), None)
        return place or self._put(path, f"given/{len(self._digests)}/{path.name}")

    @property
    def listing(self) -> dict[str, str]:
        """Hash by place, of every file."""
        return dict(self._digests)

    @property
    def name(self) -> str:
        """Hash of the listing."""
        return name_of(self._digests)

    def pieces(self, digest: str) -> Iterator[tuple[bytes, bool]]:
        """
        Yield a file in pieces, each with whether it is the last.

        Parameters
        ----------
        digest : str
            The file's hash.
        """
        with open(self._paths[digest], "rb") as file:
            piece = file.read(_PIECE)
            while True:
                following = file.read(_PIECE)
                yield piece, not following
                if not following:
                    return
                piece = following

    def _put(self, path: Path, place: str) -> str:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._digests[place] = digest
        self._paths[digest] = path
        return place


def name_of(listing: dict[str, str]) -> str:
    """
    Return the hash of a listing.

    >>> name_of({"a": "1", "b": "2"}) == name_of({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode("utf-8")).hexdigest()
