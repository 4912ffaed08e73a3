"""The room on a Dask worker: its files, and the processes in it that make one report after another."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from balancelab.reports.cluster.parcel import WORK, name_of
from balancelab.reports.cluster.program import describe
from balancelab.reports.crew import Crewman, Events, end_all
from balancelab.reports.engine import Limits
from balancelab.reports.errors import PlanRefused
from balancelab.reports.kinds import find_notebook
from balancelab.reports.resume import file_digest, program_parts
from balancelab.reports.surroundings import prepare_fonts
from balancelab.reports.warm.choice import Asked, choose_engine
from balancelab.reports.warm.guarding import available
from balancelab.reports.warm.rehearsal import source_state

_GRACE = 5  # seconds that a report gets to end by itself when its time is over


@dataclass(frozen=True)
class _Below:
    """Folders of the room, for those who work in it."""

    path: Path
    work: Path


@dataclass
class _Post:
    """A process that makes reports, and what it says."""

    man: Crewman
    events: Events
    rehearsed: list[Any] = field(default_factory=list)


class Room:
    """
    What a worker has for one run.

    Parameters
    ----------
    folder : Path
        An empty place for it; the folder is made.
    engine : {"auto", "warm", "kernel"}
        What was asked for.
    environment : dict
        Environment variables that reports depend on, as the submitter has them.
    """

    def __init__(self, folder: Path, engine: Asked, environment: dict[str, str]) -> None:
        self._folder, self._engine, self._environment = folder, engine, environment
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._idle: list[_Post] = []
        self._busy: list[_Post] = []
        self._laid: set[str] = set()
        self._closed = False
        self._program: tuple[object, dict[str, str]] = ((), {})
        for below in ("store", "scratch", "out", WORK):
            (folder / below).mkdir(parents=True, mode=0o700)

    def offer(self, listing: dict[str, str]) -> list[str]:
        """
        Lay out the files of a listing, or say which are still to be sent.

        Parameters
        ----------
        listing : dict of str to str
            Hash by place.

        Returns
        -------
        list of str
            Hashes of the files that are not here; if there are none, all lie in their places.
        """
        missing = [
            digest for digest in dict.fromkeys(listing.values()) if not (self._folder / "store" / digest).exists()
        ]
        if missing:
            return missing
        for place, digest in listing.items():
            target = self._folder / place
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(self._folder / "store" / digest, target)
        self._laid.add(name_of(listing))
        return []

    def receive(self, digest: str, piece: bytes, *, last: bool) -> None:
        """
        Take a piece of a file.

        Parameters
        ----------
        digest : str
            Hash of the whole file.
        piece : bytes
            What comes next.
        last : bool
            Whether it is complete with this.

        Raises
        ------
        OSError
            If it cannot be written, or did not arrive as it was sent.
        """
        coming = self._folder / "store" / f"{digest}.part"
        with open(coming, "ab") as file:
            file.write(piece)
        if last:
            with open(coming, "rb") as file:
                arrived = hashlib.file_digest(file, "sha256").hexdigest()
            if arrived != digest:
                coming.unlink()
                raise OSError(f"{digest} arrived as {arrived}")
            coming.replace(coming.with_suffix(""))

    def open_up(self) -> None:
        """Start the first process, so that its libraries are there when the first report comes."""
        with self._lock:
            if self._closed or self._idle or self._busy:
                return
        post = self._hire()
        if post is not None:
            self._put_back(post)

    def make(self, order: dict[str, Any]) -> dict[str, Any]:
        """
        Make a report.

        Parameters
        ----------
        order : dict
            As `balancelab.reports.worker.make_report` takes it, paths below the room; further ``parcel``, the name of
            the listing that it needs, ``parts`` of the program, and ``rehearsal`` or None.

        Returns
        -------
        dict
            The answer of whoever made it with ``contents``, bytes by path; or only ``state``: ``missing`` (files are
            to be sent first), ``mismatch`` (another program, which ``theirs`` describes), ``died`` with its
            ``message`` and whether it was ``overdue``, ``gone`` (the room is closed).
        """
        if self._parts() != order["parts"]:
            return {"state": "mismatch", "theirs": describe()}
        if order["parcel"] not in self._laid:
            return {"state": "missing"}
        post = self._take()
        if post is None:
            return {"state": "gone"}
        answer = self._ask(post, self._below(order))
        if self._closed:
            return {"state": "gone"}
        if answer["state"] == "died":
            self._dismiss(post)
            return answer
        contents = self._collect(answer)
        self._put_back(post)
        return {**answer, "contents": contents}

    def close(self) -> None:
        """End every process and remove every file; nothing of the run is left."""
        with self._lock:
            self._closed = True
            posts = [*self._idle, *self._busy]
        end_all([post.man for post in posts])
        shutil.rmtree(self._folder, ignore_errors=True)

    def _parts(self) -> dict[str, str]:
        """Digests of the program as it now lies on the disk: what a process that is started or forked next runs."""
        state = source_state()
        if self._program[0] != state:
            self._program = (state, program_parts())
        return self._program[1]

    def _below(self, order: dict[str, Any]) -> dict[str, Any]:
        notebook = self._shipped(self._folder / order["notebook"])
        word = dict(order["word"])
        if word:
            word["template"] = str(self._folder / word["template"])
        engine = choose_engine(notebook, self._engine)
        asked = order["rehearsal"] if engine == "warm" else None
        rehearsal = asked and {**asked, "notebook": str(notebook)}
        return {**order, "notebook": str(notebook), "word": word, "engine": engine, "rehearsal": rehearsal}

    def _shipped(self, given: Path) -> Path:
        """Return the worker's own copy of a notebook, which may be rehearsed; one of the user's own may not."""
        try:
            own = find_notebook(given.stem)
        except PlanRefused:
            return given
        return own if file_digest(own) == file_digest(given) else given

    def _take(self) -> _Post | None:
        with self._lock:
            if self._closed:
                return None
            post = self._idle.pop() if self._idle else None
            if post is not None:
                self._busy.append(post)
                return post
        return self._hire()

    def _hire(self) -> _Post | None:
        events: Events = queue.Queue()
        warm = self._engine != "kernel" and available()
        folders = _Below(self._folder / "out", self._folder / WORK)
        with self._starting:
            prepare_fonts(self._folder / "scratch")
            with self._lock:
                if self._closed:
                    return None
                man = Crewman(folders, self._folder / "scratch", events, warm=warm, environment=self._environment)
                post = _Post(man, events)
                self._busy.append(post)
        return post

    def _put_back(self, post: _Post) -> None:
        with self._lock:
            if post in self._busy:
                self._busy.remove(post)
                self._idle.append(post)

    def _dismiss(self, post: _Post) -> None:
        with self._lock:
            if self._closed:
                return
            self._busy.remove(post)
        end_all([post.man])

    def _ask(self, post: _Post, order: dict[str, Any]) -> dict[str, Any]:
        rehearsal = order.pop("rehearsal")
        if rehearsal and rehearsal not in post.rehearsed:
            post.rehearsed.append(rehearsal)
            post.man.tell({"rehearse": rehearsal})
        limits = Limits(**order["limits"])
        since, late = time.monotonic(), False
        post.man.tell(order)
        while True:
            try:
                _, answer = post.events.get(timeout=1.0)
            except queue.Empty:
                if not late and time.monotonic() - since > limits.report + _GRACE:
                    late = True
                    post.man.kill()
                continue
            if answer is None:
                break
            if "state" in answer:
                return self._named(answer)
        message = "" if self._closed else post.man.last_words()
        return {"state": "died", "message": message, "overdue": late}

    def _named(self, answer: dict[str, Any]) -> dict[str, Any]:
        if answer["state"] != "environment":
            return answer
        return {**answer, "filename": f"{socket.gethostname()}:{answer['filename']}"}

    def _collect(self, answer: dict[str, Any]) -> dict[str, bytes]:
        """Return what a report came to, and remove it here."""
        names = [*answer.get("files", {}), *([answer["kept"]] if "kept" in answer else [])]
        contents = {}
        for name in names:
            contents[name] = (self._folder / "out" / name).read_bytes()
            (self._folder / "out" / name).unlink()
        return contents


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        coming = target.with_name(f"{target.name}.part")  # what lies at the place itself is taken for whole
        shutil.copyfile(source, coming)
        coming.replace(target)
