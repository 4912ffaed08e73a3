"""One report in a process of its own: a fork of the zygote, watched from outside and ended with all that it started."""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from balancelab.reports.durable import answer_of, write_all
from balancelab.reports.engine import Limits, end_group
from balancelab.reports.errors import Failure, NotebookFailed
from balancelab.reports.half_run import ask_for_stack, keep_half_run, tell_stack_when_asked
from balancelab.reports.warm.guarding import die_with_parent, limit_resources, orphans

Say = Callable[[dict[str, Any]], None]
Task = Callable[[dict[str, Any], Path, Say], dict[str, Any]]

_EXIT = 0
_GARBAGE = (20_000, 20, 20)  # objects before a collection: a report is short, and each look costs it processor time
_FOR_STACK = 0.2  # seconds in which a hung process may still say where it hangs
_CRASH = 70  # the task itself failed, not the notebook: a bug of ours


@dataclass
class Fork:
    """
    A forked process that carries out one order.

    Attributes
    ----------
    pid : int
        Its process id, and that of its group.
    pipe : int
        Where it writes lines of JSON.
    private : Path
        Its private folder.
    limits : Limits
        Times that it may take.
    order : dict
        What it was asked to do.
    groups : set of int
        Process groups that it started beside its own.
    """

    pid: int
    pipe: int
    private: Path
    limits: Limits
    order: dict[str, Any]
    since: float = field(default_factory=time.monotonic)
    groups: set[int] = field(default_factory=set)
    _cell: tuple[int, str] | None = None
    _cell_since: float = 0.0
    _answer: dict[str, Any] | None = None
    _heard: bytes = b""
    _late: str = ""
    _gone: bool = False

    def listen(self) -> None:
        """Read what it has said."""
        with suppress(BlockingIOError):
            while piece := os.read(self.pipe, 1 << 16):
                self._heard += piece
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "cell" in said:
                self._cell, self._cell_since = (said["cell"], said["source"]), time.monotonic()
            elif "kernel" in said:
                self.groups.add(said["kernel"])
            else:
                self._answer, self._cell = said, None

    def seconds_left(self) -> float:
        """Return how long it may still go on. [s]"""
        now = time.monotonic()
        left = self.since + self.limits.report - now
        return left if self._cell is None else min(left, self._cell_since + self.limits.cell - now)

    def stop(self) -> None:
        """End it because its time is over."""
        whole = time.monotonic() - self.since >= self.limits.report
        self._late = f"> {self.limits.report if whole else self.limits.cell} s"
        ask_for_stack(self.pid)
        time.sleep(_FOR_STACK)
        end_group(self.pid)

    def collect(self) -> dict[str, Any] | None:
        """
        Return what came of it, or None while it runs.

        Returns
        -------
        dict or None
            Its own answer or the failure that ended it, with ``cpu`` [s] and ``memory`` [bytes] that it took. Nothing
            of it is left then: no process, no file.
        """
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self._gone = True
        self.listen()
        self._end_processes()
        code = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        costs = {"cpu": round(used.ru_utime + used.ru_stime, 3), "memory": used.ru_maxrss * unit}
        # An answer that was given stands, though its time was over a moment later: the files are in their places.
        if self._answer is None or "state" not in self._answer:
            self._answer = self._failed(self._why(code))
        self._clean()
        return {**self._answer, **costs}

    def end(self) -> None:
        """End it and what it started; nothing of it is left when this returns."""
        if not self._gone:
            end_group(self.pid)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)  # in its first moment it is no group yet
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)  # only then are its children ours, and nobody writes into its folder
        self._end_processes()
        self._clean()

    def _end_processes(self) -> None:
        for group in (self.pid, *self.groups):
            end_group(group)
        while left := orphans():  # what an orphan started is one when that has ended
            for orphan in left:
                with suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(orphan, 0)

    def _clean(self) -> None:
        with suppress(OSError):
            os.close(self.pipe)
        shutil.rmtree(self.private, ignore_errors=True)

    def _failed(self, failure: Failure) -> dict[str, Any]:
        answer = {"state": "failed", "failure": failure.as_json()}
        if "folders" not in self.order or "stem" not in self.order:
            return answer
        try:
            return {**answer, "kept": keep_half_run(self.order, failure, Path(self.order["folders"][0]), self.private)}
        except OSError as error:
            return answer_of(error)

    def _why(self, code: int) -> Failure:
        number, source = self._cell or (None, "")
        if self._late:
            return Failure("timeout", self._late, number, source)
        if code == _CRASH and self._answer is not None:
            return Failure("worker_died", str(self._answer.get("crash", "")))
        ended = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit status {code}"
        return Failure("kernel_died", ended, number, source)


def start(order: dict[str, Any], task: Task, *, scratch: Path, limits: Limits, close: tuple[int, ...]) -> Fork:
    """
    Fork this process and carry out an order in the child.

    Parameters
    ----------
    order : dict
        What to do.
    task : callable
        Does it, given the order, a private folder and a way to say things; returns the answer.
    scratch : Path
        Folder in which the child gets its private one.
    limits : Limits
        Of time, memory and output.
    close : tuple of int
        Descriptors that the child must not keep.

    Returns
    -------
    Fork
        The parent's side. The child never returns.
    """
    private = Path(tempfile.mkdtemp(prefix="r-", dir=scratch))
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _child(order, task, private, limits, parent, writing, close)
    os.close(writing)
    os.set_blocking(reading, False)
    return Fork(pid, reading, private, limits, order)


def _child(
    order: dict[str, Any],
    task: Task,
    private: Path,
    limits: Limits,
    parent: int,
    writing: int,
    close: tuple[int, ...],
) -> NoReturn:
    code = _CRASH
    try:
        _settle(private, parent, close)
        limit_resources(limits)
        stack = tell_stack_when_asked(private)  # noqa: F841 - open as long as the process lives
        say = _speaker(writing)
        try:
            answer = task(order, private, say)
        except NotebookFailed as failed:
            answer = {"state": "failed", "failure": failed.failure.as_json()}
        except OSError as error:
            answer = answer_of(error)
        say(answer)
        code = _EXIT
    except BaseException as error:  # noqa: BLE001 - a fork must end here whatever happens, and say why
        traceback.print_exc(file=sys.__stderr__)
        with suppress(OSError):
            _speaker(writing)({"crash": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(code)


def _settle(private: Path, parent: int, close: tuple[int, ...]) -> None:
    """Make a process of its own out of a copy of the zygote."""
    os.setsid()
    die_with_parent(parent)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in close:
        os.close(descriptor)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP", "IPYTHONDIR"), str(private)))
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:  # numpy's global generator is not seeded anew by a fork
        sys.modules["numpy"].random.seed()
    gc.enable()
    gc.set_threshold(*_GARBAGE)


def _speaker(writing: int) -> Say:
    def say(message: dict[str, Any]) -> None:
        write_all(writing, json.dumps(message, ensure_ascii=False).encode("utf-8") + b"\n")

    return say
