"""
The zygote: it imports, rehearses, and is forked for every report.

It has one thread and keeps it so, because a fork takes only the forking thread with it, and a lock that another one
held stays locked for ever. Orders come as lines of JSON on standard input, answers go as such to standard output.
It ends when its owner closes standard input, and ends with it what it is running.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from balancelab.reports.durable import answer_of, write_all
from balancelab.reports.engine import Limits
from balancelab.reports.warm import fork
from balancelab.reports.warm.guarding import adopt_orphans
from balancelab.reports.warm.rehearsal import import_libraries, rehearse, source_state
from balancelab.reports.warm.tasks import carry_out


class Zygote:
    """
    The loop of a zygote.

    Parameters
    ----------
    answers : int
        Descriptor that answers go to.
    scratch : Path
        Folder for private files; removed at the end.
    folders : sequence of str
        Output and work folder, if it is to make reports.
    """

    def __init__(self, answers: int, scratch: Path, folders: Sequence[str]) -> None:
        self._answers, self._scratch, self._folders = answers, scratch, tuple(folders)
        self._current: fork.Fork | None = None
        self._heard = b""
        self._waker, wakened = os.pipe()
        for end in (self._waker, wakened):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakened)
        signal.signal(signal.SIGCHLD, _note)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides
        adopt_orphans()
        self._state = source_state()

    def serve(self, pending: str = "") -> None:
        """
        Carry out orders until the owner closes standard input.

        Parameters
        ----------
        pending : str
            What an earlier image of this process was told and has not done.
        """
        self._heard = pending.encode("utf-8")
        while True:
            line = self._next_line()
            if line is None:
                break
            self._take(line)
        self._stop()

    def _next_line(self) -> bytes | None:
        while b"\n" not in self._heard:
            piece = os.read(0, 1 << 16)
            if not piece:
                return None
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _take(self, line: bytes) -> None:
        order = json.loads(line)
        if source_state() != self._state:
            self._begin_anew(line)
        if "rehearse" in order:
            with suppress(OSError):  # the report itself will say so
                rehearse(order["rehearse"], self._scratch)
            return
        order["folders"] = self._folders
        self._say(self._carry_out(order))

    def _begin_anew(self, line: bytes) -> NoReturn:
        """Become a new zygote: the package was edited, and nobody may be served old code."""
        os.dup2(self._answers, 1)
        pending = (line + b"\n" + self._heard).decode("utf-8")
        command = [sys.executable, "-m", "balancelab.reports.warm.zygote", *sys.argv[1:], "--pending", pending]
        os.execv(sys.executable, command)  # noqa: S606 - this very program

    def _carry_out(self, order: dict[str, Any]) -> dict[str, Any]:
        started = time.monotonic()
        if threading.active_count() != 1:
            names = ", ".join(thread.name for thread in threading.enumerate())
            raise RuntimeError(f"a zygote must have one thread and has {names}")
        gc.collect()
        gc.freeze()
        close = (self._answers, self._waker)
        try:
            self._current = fork.start(order, carry_out, scratch=self._scratch, limits=limits_of(order), close=close)
        except OSError as error:  # no process, no descriptor or no room is left
            return answer_of(error)
        self._say({"kernel": self._current.pid})
        while (answer := self._current.collect()) is None:
            self._wait(self._current)
        self._current = None
        return {**answer, "seconds": round(time.monotonic() - started, 2)}

    def _wait(self, current: fork.Fork) -> None:
        left = current.seconds_left()
        if left <= 0:
            current.stop()
        watched = [0, self._waker, current.pipe]
        ready, _, _ = select.select(watched, [], [], max(0.0, min(left, 60.0)) if left > 0 else 1.0)
        if self._waker in ready:
            with suppress(BlockingIOError):
                os.read(self._waker, 4096)
        if current.pipe in ready:
            known = set(current.groups)
            current.listen()
            for group in current.groups - known:
                self._say({"kernel": group})
        if 0 in ready:
            piece = os.read(0, 1 << 16)
            if not piece:
                self._stop()
            self._heard += piece

    def _say(self, answer: dict[str, Any]) -> None:
        try:
            write_all(self._answers, json.dumps(answer, ensure_ascii=False).encode("utf-8") + b"\n")
        except BrokenPipeError:
            self._stop()

    def _stop(self, *_: object) -> None:
        """End at once, with whatever is running: the owner is gone or has had enough."""
        if self._current is not None:
            self._current.end()
        shutil.rmtree(self._scratch, ignore_errors=True)
        with suppress(OSError):  # the run's folder, when the last worker has left it
            if self._folders:
                self._scratch.parent.rmdir()
        os._exit(0)


def limits_of(order: dict[str, Any]) -> Limits:
    """Return the limits that an order names, the usual ones otherwise."""
    for_ever = {"cell": 10**9, "report": 10**9} if "cells" in order else {}  # Papermill's own default
    given = for_ever | dict(order.get("limits") or {})
    if order.get("cell_limit"):
        given["cell"] = order["cell_limit"]
    return Limits(**{one.name: given[one.name] for one in fields(Limits) if one.name in given})


def main() -> None:
    """Take the folders from the command line and serve: ``SCRATCH [OUTPUT WORK]``."""
    arguments = sys.argv[1:]
    pending = ""
    if "--pending" in arguments:
        at = arguments.index("--pending")
        pending, arguments = arguments[at + 1], arguments[:at]
        sys.argv[at + 1 :] = []
    answers = os.dup(1)
    os.set_inheritable(answers, False)
    os.dup2(2, 1)  # nothing that is printed may look like an answer
    scratch = Path(arguments[0])
    tempfile.tempdir = str(scratch)
    warnings.filterwarnings("error", message=".*multi-threaded.*fork")
    zygote = Zygote(answers, scratch, arguments[1:])
    import_libraries()
    zygote.serve(pending)


def _note(*_: object) -> None:
    """Have the signal written to the wake-up descriptor."""


if __name__ == "__main__":
    main()
