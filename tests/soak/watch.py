"""Somebody who opens every report as soon as it is there, and again when it changes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from tests.reports.disk import partial

EVERY = 0.005  # seconds between two looks, as the reliability sheet asks (R13)


class Watcher:
    """
    A thread that looks at the final files of a folder, as a context manager.

    Attributes
    ----------
    seen : list of str
        What was wrong with a file.
    looks, opened : int
        How often it looked, and how many files it read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self.looks = self.opened = 0
        self._known: dict[str, tuple[int, int, int]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.looks += 1
            for folder, below, names in os.walk(self.folder):
                below[:] = [name for name in below if not name.startswith(".")]
                for name in names:
                    if not name.startswith(".") and name != "journal.jsonl":
                        self._look(os.path.join(folder, name))

    def _look(self, path: str) -> None:
        try:
            state = os.stat(path)
            now = (state.st_ino, state.st_size, state.st_mtime_ns)
            if self._known.get(path) == now:
                return
            content = Path(path).read_bytes()
        except FileNotFoundError:
            return
        self._known[path] = now
        self.opened += 1
        wrong = partial(path, content)
        if wrong:
            self.seen.append(f"{time.time():.3f} {wrong}")
