"""A run at work: who makes which report, what is left, what came of each, and when to stop."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from balancelab.definitions import Text
from balancelab.reports import journal, resume
from balancelab.reports.crew import Company, Man
from balancelab.reports.durable import told
from balancelab.reports.engine import Limits
from balancelab.reports.errors import EnvironmentRefused, Failure
from balancelab.reports.half_run import keep_half_run
from balancelab.reports.inputs import Inputs
from balancelab.reports.outcome import Progress, State
from balancelab.reports.output import Output, environment_refused
from balancelab.reports.records import order_of, record_of
from balancelab.reports.systemic import Systemic, stopped_text
from balancelab.reports.units import Unit
from balancelab.reports.warm.choice import choose_engine

_WORTH_REHEARSING = 8  # reports for each worker: a rehearsal takes 2 s and saves each of them 0.25 s
_GRACE = 5  # seconds that a worker gets to end a report by itself when its time is over
_TRIES = 2  # a worker that dies under a report gets one more try with it; a failing report does not
_PULSE = 1.0  # seconds between two looks at the clock


@dataclass
class Shift:
    """
    The state of a run.

    Attributes
    ----------
    output : Output
        The folder, entered.
    crew : Company
        Who works.
    limits : Limits
        Of each report.
    on_progress : callable
        Told of each report that starts or ends.
    due : list of (Unit, dict)
        The reports to be made, each with the digests of what it is made from.
    inputs : Inputs
        What they are made from, kept beside them.
    watch : Systemic or None
        Looks for reports that fail alike; None to go on whatever happens.
    done : list of Unit
        Reports written.
    failed : list of (Unit, Failure)
        Reports that failed.
    trouble : EnvironmentRefused or None
        What the disk or the cluster refused.
    systemic : Failure or None
        What too many reports fail by.
    """

    output: Output
    crew: Company
    limits: Limits
    on_progress: Callable[[Progress], None]
    due: list[tuple[Unit, dict[str, str]]]
    inputs: Inputs
    watch: Systemic | None = None
    done: list[Unit] = field(default_factory=list)
    failed: list[tuple[Unit, Failure]] = field(default_factory=list)
    trouble: EnvironmentRefused | None = None
    systemic: Failure | None = None
    _tries: dict[str, int] = field(default_factory=dict)
    _parts: dict[str, dict[str, str]] = field(default_factory=dict)
    _waiting: deque[tuple[Unit, dict[str, str]]] = field(default_factory=deque)
    _jobs: int | None = None
    _looked: float = field(default_factory=time.monotonic)

    def not_made(self) -> tuple[Unit, ...]:
        """Return the reports that were not finished, well or badly."""
        finished = {unit.stem for unit in (*self.done, *(unit for unit, _ in self.failed))}
        return tuple(unit for unit, _ in self.due if unit.stem not in finished)

    def stopped(self) -> Text | None:
        """Say that reports fail alike, if they do."""
        return None if self.systemic is None else stopped_text(self.systemic, len(self.not_made()))

    def run(self, jobs: int | None = None) -> None:
        """
        Hand out reports until none is left, the disk refuses or all fail alike.

        Parameters
        ----------
        jobs : int, optional
            Reports side by side; by default as many as the crew has places for, which can change.

        Raises
        ------
        EnvironmentRefused
            If the crew cannot be made ready.
        """
        self.crew.prepare(self.output.work)
        self._waiting.extend(self.due)
        if len(self._waiting) >= _WORTH_REHEARSING * (jobs or self.crew.places()):
            first, _ = self._waiting[0]
            self.crew.rehearse(first.notebook, first.language)
        self._jobs = jobs
        for man in self.crew.men[:jobs]:
            self._next(man)
        self._hire()
        while self.trouble is None and self.systemic is None and (running := self.crew.running()):
            self._look_at_the_clock(running[0])
            try:
                man, answer = self.crew.events.get(timeout=_PULSE)
            except queue.Empty:
                continue
            if answer is None:
                self._died(man)
            elif "kernel" not in answer and man.unit is not None:
                self._answered(man, man.unit, answer)

    def _hire(self) -> None:
        """Fill the places that are free."""
        places = self._jobs or self.crew.places()
        while self._waiting and len(self.crew.men) < places:
            self._next(self.crew.hire())

    def _next(self, man: Man) -> None:
        man.unit = None
        if not self._waiting:
            return
        man.overdue = False  # killed when its answer was on the way: the next report is not what was late
        unit, parts = self._waiting.popleft()
        self._parts[unit.stem] = parts
        self._tries[unit.stem] = self._tries.get(unit.stem, 0) + 1
        engine = choose_engine(unit.notebook, self.crew.engine)
        man.take(unit, {**order_of(unit), "limits": asdict(self.limits), "engine": engine})
        self._tell("started", unit)

    def _answered(self, man: Man, unit: Unit, answer: dict[str, Any]) -> None:
        man.unit = None
        if answer["state"] == "refused":
            self.trouble = EnvironmentRefused(answer["why"])
            return
        if answer["state"] == "environment":
            self.trouble = environment_refused(told(answer), self.output.path)
            return
        if answer["state"] == "done":
            unrendered = answer.get("unrendered", [])
            self._finish(unit, Failure("render", "; ".join(unrendered)) if unrendered else None, answer)
        else:
            self._finish(unit, Failure(**answer["failure"]), answer)
        self._next(man)

    def _died(self, man: Man) -> None:
        unit, message = man.unit, man.last_words()
        self.crew.dismiss(man)
        if unit is None:
            return
        if man.overdue:
            self._lost(unit, Failure("timeout", f"> {self.limits.report} s"))
        elif self._tries[unit.stem] < _TRIES:
            self._waiting.appendleft((unit, self._parts[unit.stem]))
        else:
            self._lost(unit, Failure("worker_died", message))
        self._hire()

    def _lost(self, unit: Unit, failure: Failure) -> None:
        """A report whose worker is gone, and with it all that it had come to."""
        try:
            keep_half_run(order_of(unit), failure, self.output.path)
        except OSError as error:
            self.trouble = environment_refused(error, self.output.path)
            return
        self._finish(unit, failure, {})

    def _finish(self, unit: Unit, failure: Failure | None, answer: dict[str, Any]) -> None:
        seconds = float(answer.get("seconds", 0.0))
        try:
            parts = self._parts.pop(unit.stem)
            written = resume.stamps(self.output.path, answer.get("files", {}))
            made_from = {"parts": parts, "stamps": written, "inputs": self.inputs.of(unit)}
            record = {**record_of(unit, failure, answer, seconds), **made_from}
            journal.append(self.output.own, record)
        except OSError as error:
            self.trouble = environment_refused(error, self.output.path)
            return
        if failure is None:
            self.done.append(unit)
        else:
            self.failed.append((unit, failure))
        if self.watch is not None and self._waiting:
            self.systemic = self.systemic or self.watch.see(unit, failure)
        self._tell("done" if failure is None else "failed", unit, failure, seconds)

    def _look_at_the_clock(self, running: Unit) -> None:
        """Stop workers whose time is over, and say that the run goes on; not oftener than once a pulse."""
        if time.monotonic() < self._looked + _PULSE:
            return
        self._looked = time.monotonic()
        self._hire()
        self._tell("waiting", running)
        for man in self.crew.men:
            if man.unit is not None and man.seconds() > self.limits.report + _GRACE:
                man.overdue = True
                man.kill()

    def _tell(self, state: State, unit: Unit, failure: Failure | None = None, seconds: float = 0.0) -> None:
        finished = len(self.done) + len(self.failed)
        self.on_progress(Progress(state, unit, finished, len(self.due), self.crew.running(), failure, seconds))
