"""The owner's side of worker processes: start them, give orders, hear answers, end them with all that they started."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from balancelab.reports.engine import end_group
from balancelab.reports.output import environment_refused
from balancelab.reports.surroundings import prepare_fonts
from balancelab.reports.warm.choice import Asked, choose_engine
from balancelab.reports.warm.client import zygote_environment
from balancelab.reports.warm.guarding import available

if TYPE_CHECKING:
    from balancelab.reports.output import Output
    from balancelab.reports.units import Unit

Events = queue.Queue["tuple[Man, dict[str, Any] | None]"]

_PATIENCE = 5  # seconds for a worker to end its kernel and go before it is killed


class Man(Protocol):
    """Whoever makes one report at a time, wherever that is."""

    unit: Unit | None
    overdue: bool

    def take(self, unit: Unit, order: dict[str, Any]) -> None:
        """Begin a report."""

    def seconds(self) -> float:
        """Return how long the present report has been in the making, as far as somebody here has to see to it. [s]"""

    def kill(self) -> None:
        """End it at once."""

    def last_words(self) -> str:
        """Return how it ended."""


class Company(Protocol):
    """Those who make the reports of a run: processes here, or the workers of a cluster. See `Crew`."""

    engine: Asked
    events: Events

    @property
    def men(self) -> Sequence[Man]:
        """Those at work or idle."""

    def __enter__(self) -> Company:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End them all; also a second time."""

    def prepare(self, work: Path) -> None:
        """Get ready: everything that the notebooks read lies in the work folder now."""

    def places(self) -> int:
        """Return how many can work side by side at present."""

    def hire(self) -> Man:
        """Return one more."""

    def rehearse(self, notebook: Path, language: str) -> None:
        """Let each run a notebook once before its first report."""

    def dismiss(self, man: Any) -> None:
        """Let one go."""

    def running(self) -> tuple[Unit, ...]:
        """Return the reports that are being made."""


class Folders(Protocol):
    """Where reports go, and where notebooks work."""

    @property
    def path(self) -> Path:
        """Folder that reports are written to."""

    @property
    def work(self) -> Path:
        """Folder that notebooks run in."""


class Crew:
    """
    The workers of a run, as a context manager; leaving it ends them all.

    The first worker can start at once and import its libraries while its owner still reads the table.

    Parameters
    ----------
    output : Output
        The output folder, entered.
    engine : {"auto", "warm", "kernel"}
        Whether workers may make reports without a kernel.
    early : bool
        Whether the first worker starts at once.

    Attributes
    ----------
    engine : {"auto", "warm", "kernel"}
        As given.
    men : list of Crewman
        Those at work or idle.
    events : queue
        What they say; see `Crewman`.
    scratch : Path
        Their private files, removed at the end.
    """

    def __init__(self, output: Output, *, engine: Asked = "auto", early: bool = True) -> None:
        output.make_work()
        self._output = output
        self.engine = engine
        self._rehearsal: dict[str, Any] | None = None
        self.scratch = output.make_scratch()
        self.events: Events = queue.Queue()
        self.men: list[Crewman] = []
        if early:
            self.hire()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            end_all(self.men)
        except KeyboardInterrupt:  # the second one: nobody waits any more
            for man in self.men:
                man.kill()
            raise
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def prepare(self, work: Path) -> None:
        """List the system's fonts, once for all."""
        prepare_fonts(self.scratch)

    def places(self) -> int:
        """Return how many processors this process may use."""
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1

    def hire(self) -> Crewman:
        """
        Start one more worker.

        Raises
        ------
        EnvironmentRefused
            If the system has no room, no process or no descriptor left for it.
        """
        try:
            man = Crewman(self._output, self.scratch, self.events, warm=self.engine != "kernel" and available())
        except OSError as error:
            raise environment_refused(error, self.scratch) from error
        self.men.append(man)
        if self._rehearsal is not None:
            man.tell(self._rehearsal)
        return man

    def rehearse(self, notebook: Path, language: str) -> None:
        """Let every worker that can do so run a notebook once before its first report; worth it for many reports."""
        if self._rehearsal is None and choose_engine(notebook, self.engine) == "warm":
            self._rehearsal = {"rehearse": {"notebook": str(notebook), "languages": [language]}}
            for man in self.men:
                man.tell(self._rehearsal)

    def dismiss(self, man: Crewman) -> None:
        """Let a worker go."""
        end_all([man])
        self.men.remove(man)

    def running(self) -> tuple[Unit, ...]:
        """Return the reports that are being made."""
        return tuple(man.unit for man in self.men if man.unit is not None)


def hire_crew(output: Output, *, engine: Asked = "auto", cluster: str | None = None, early: bool = True) -> Company:
    """
    Return who makes the reports of a run.

    Parameters
    ----------
    output : Output
        The output folder, entered.
    engine : {"auto", "warm", "kernel"}
        Whether workers may make reports without a kernel.
    cluster : str, optional
        Address of a Dask scheduler; processes of this machine by default.
    early : bool
        Whether they get ready at once.

    Raises
    ------
    PlanRefused, EnvironmentRefused
        If there is no such cluster; see `balancelab.reports.cluster.connect`.
    """
    if cluster is None:
        return Crew(output, engine=engine, early=early)
    from balancelab.reports.cluster.crew import ClusterCrew

    return ClusterCrew(output, cluster, engine=engine, early=early)


def end_all(men: Sequence[Crewman]) -> None:
    """End processes, all of them within the time that one gets; nothing of them is left."""
    until = time.monotonic() + _PATIENCE
    for man in men:
        man.ask_to_end()
    for man in men:
        man.see_off(until - time.monotonic())


class Crewman:
    """
    One worker process.

    Parameters
    ----------
    output : Folders
        The output folder with its work folder.
    scratch : Path
        Folder for private files of the run; the worker gets one of its own in it.
    events : queue
        Gets ``(crewman, answer)`` for each answer, and ``(crewman, None)`` when the process has ended.
    warm : bool
        Whether it is a zygote, which forks for each report, or runs a kernel for each.
    environment : mapping, optional
        Environment variables that differ from this process's own.
    """

    def __init__(
        self,
        output: Folders,
        scratch: Path,
        events: Events,
        *,
        warm: bool,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.unit: Unit | None = None
        self.overdue = False
        self._since = time.monotonic()
        self._group: int | None = None
        own = Path(tempfile.mkdtemp(prefix="w-", dir=scratch))
        self._log = open(own / "log", "w+b")  # noqa: SIM115 - closed by `see_off`
        folders = [str(own), str(output.path), str(output.work)]
        program = "balancelab.reports.warm.zygote" if warm else "balancelab.reports.worker"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", program, *folders],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                cwd=output.work,
                env={**(zygote_environment(own) if warm else _environment()), **(environment or {})},
                start_new_session=True,  # an interrupt typed at the terminal is for the owner, who ends all in order
            )
        except OSError:
            self._log.close()
            raise
        threading.Thread(target=self._listen, args=(self._process.stdout, events), daemon=True).start()

    def take(self, unit: Unit, order: dict[str, Any]) -> None:
        """Begin a report."""
        self.unit, self._since, self._group = unit, time.monotonic(), None
        self.tell(order)

    def tell(self, order: dict[str, Any]) -> None:
        """Send one line."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has died: its last event says so
                self._process.stdin.write(json.dumps(order).encode("utf-8") + b"\n")
                self._process.stdin.flush()

    def seconds(self) -> float:
        """Return how long the present report has been in the making. [s]"""
        return time.monotonic() - self._since

    def kill(self) -> None:
        """End the process and its kernel at once."""
        self._process.kill()
        if self._group is not None:
            end_group(self._group)

    def ask_to_end(self) -> None:
        """Tell the process to end itself and what it is running."""
        self._process.terminate()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def see_off(self, seconds: float) -> None:
        """Wait until the process has ended, and kill it if that takes longer. [s]"""
        self._exit_code(seconds)
        if self.unit is not None and self._group is not None:
            end_group(self._group)
        self._log.close()

    def last_words(self) -> str:
        """Return how the process ended, and the last line that it wrote for its log."""
        code = self._exit_code(_PATIENCE)
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        ended = f"signal {-code}" if code < 0 else f"exit status {code}"
        return f"{ended}; {lines[-1][:500]}" if lines else ended

    def _exit_code(self, seconds: float) -> int:
        try:
            return self._process.wait(max(0.1, seconds))
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _listen(self, stream: IO[bytes], events: Events) -> None:
        with stream, suppress(ValueError):  # half a line: it was killed while it spoke
            for line in stream:
                answer = json.loads(line)
                if "kernel" in answer:
                    self._group = answer["kernel"]
                events.put((self, answer))
        events.put((self, None))


def _environment() -> dict[str, str]:
    environment = dict(os.environ, PYTHONUTF8="1")
    # The worker runs in the work folder, which must not become a place to import from.
    environment["PYTHONSAFEPATH"] = "1"
    return environment
