"""Many reports side by side: worker processes, one failure never stopping the others, a journal line for each."""

from __future__ import annotations

import os
import queue
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from balancelab.definitions import Text
from balancelab.reports import journal, resume
from balancelab.reports.crew import Crew, Crewman
from balancelab.reports.due import find_due, find_gone, refuse_doubles, refuse_overwriting
from balancelab.reports.engine import Limits
from balancelab.reports.errors import (
    EnvironmentRefused,
    Failure,
)
from balancelab.reports.index import write_index
from balancelab.reports.inputs import Inputs, clean
from balancelab.reports.outcome import Progress, Summary
from balancelab.reports.output import Output, environment_refused
from balancelab.reports.records import order_of, record_of
from balancelab.reports.shards import forget_parts, take_over
from balancelab.reports.surroundings import prepare_fonts
from balancelab.reports.units import Plan, Unit
from balancelab.reports.warm.choice import choose_engine

_BYTES_OF_A_REPORT = 5_000_000  # page and executed notebook; 3.3 MB measured for the sample
_BYTES_OF_A_RUN = 20_000_000  # the staged data and the index
_WORTH_REHEARSING = 8  # reports for each worker: a rehearsal takes 2 s and saves each of them 0.25 s
_GRACE = 5  # seconds that a worker gets to end a report by itself when its time is over
_TRIES = 2  # a worker that dies under a report gets one more try with it; a failing report does not


def run_reports(
    plan: Plan,
    *,
    output: Output,
    jobs: int | None = None,
    force: bool = False,
    limits: Limits | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    crew: Crew | None = None,
) -> Summary:
    """
    Make every report of a plan that is not there already from the same inputs.

    Parameters
    ----------
    plan : Plan
        The reports, and what they read.
    output : Output
        The folder, entered.
    jobs : int, optional
        Workers side by side; as many as there are processors by default.
    force : bool
        Whether all are made, and those made from another standard or table are overwritten.
    limits : Limits, optional
        Time limits of one report.
    on_progress : callable, optional
        Told of each report that starts or ends.
    crew : Crew, optional
        Workers that were started earlier.

    Returns
    -------
    Summary
        Also when the user interrupts: what was finished stays, the rest leaves nothing.

    Raises
    ------
    PlanRefused
        If two reports would have one name, or one would overwrite a report made from something else.
    EnvironmentRefused
        If there is too little room on the disk, or what the notebooks read cannot be written.
    """
    started = time.monotonic()
    refuse_doubles(plan.units)
    _take_over(output)
    lines = journal.read(output.path)
    records = journal.latest(lines)
    if not force:
        finished = journal.latest(line for line in lines if line["state"] == "done")
        refuse_overwriting(plan.units, finished, output.path)
    units = [unit for unit in plan.units if output.shard is None or output.shard.takes(unit.stem)]
    due, unchanged, why = find_due(units, records, output.path, force=force)
    known = _Known(plan.left_out, unchanged, why, find_gone(plan, records, output.path))
    if not due:
        return known.summary(output, time.monotonic() - started, trouble=_renew_index(output))
    output.require_space(_BYTES_OF_A_RUN + _BYTES_OF_A_REPORT * len(due))
    work = output.make_work()
    try:
        mended = journal.mend(output.own)
        plan.stage(work)
        inputs = Inputs(output.path, work)
    except OSError as error:
        raise environment_refused(error, work) from error
    interrupted = False
    with crew or Crew(output) as at_work:
        batch = _Batch(output, at_work, limits or Limits(), on_progress or _nobody, deque(due), len(due), inputs)
        try:
            batch.run(min(jobs or processors(), len(due)))
        except KeyboardInterrupt:
            interrupted = True
    if batch.done or batch.failed:
        batch.trouble = _renew_index(output) or batch.trouble
    seconds = time.monotonic() - started
    summary = known.summary(output, seconds, batch, trouble=batch.trouble, interrupted=interrupted)
    return replace(summary, mended=mended)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class _Known:
    """What a run knows of its reports before it makes any."""

    left_out: tuple[Text, ...]
    unchanged: tuple[Unit, ...]
    why: Mapping[str, int]
    gone: tuple[str, ...]

    def summary(
        self,
        output: Output,
        seconds: float,
        batch: _Batch | None = None,
        *,
        trouble: EnvironmentRefused | None,
        interrupted: bool = False,
    ) -> Summary:
        """Return what the run came to."""
        return Summary(
            output.path,
            tuple(batch.done) if batch else (),
            tuple(batch.failed) if batch else (),
            self.left_out,
            seconds,
            trouble,
            interrupted,
            self.unchanged,
            self.why,
            self.gone,
            shard=output.shard,
        )


@dataclass
class _Batch:
    """The state of a run: who works on what, what is left, what came of it."""

    output: Output
    crew: Crew
    limits: Limits
    on_progress: Callable[[Progress], None]
    waiting: deque[tuple[Unit, dict[str, str]]]
    total: int
    inputs: Inputs
    done: list[Unit] = field(default_factory=list)
    failed: list[tuple[Unit, Failure]] = field(default_factory=list)
    trouble: EnvironmentRefused | None = None
    tries: dict[str, int] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self, jobs: int) -> None:
        """Hand out reports until none is left or the disk refuses."""
        prepare_fonts(self.crew.scratch)
        if len(self.waiting) >= _WORTH_REHEARSING * jobs:
            first, _ = self.waiting[0]
            self.crew.rehearse(first.notebook, first.language)
        for number in range(jobs):
            self._next(self.crew.men[number] if number < len(self.crew.men) else self.crew.hire())
        while self.trouble is None and self.crew.running():
            try:
                man, answer = self.crew.events.get(timeout=1.0)
            except queue.Empty:
                self._stop_overdue()
                continue
            if answer is None:
                self._died(man)
            elif "kernel" not in answer and man.unit is not None:
                self._answered(man, man.unit, answer)

    def _next(self, man: Crewman) -> None:
        man.unit = None
        if not self.waiting:
            return
        unit, parts = self.waiting.popleft()
        self.parts[unit.stem] = parts
        self.tries[unit.stem] = self.tries.get(unit.stem, 0) + 1
        engine = choose_engine(unit.notebook, self.crew.engine)
        man.take(unit, {**order_of(unit), "limits": asdict(self.limits), "engine": engine})
        self._tell("started", unit)

    def _answered(self, man: Crewman, unit: Unit, answer: dict[str, Any]) -> None:
        man.unit = None
        if answer["state"] == "environment":
            error = OSError(answer["errno"], answer["strerror"], answer["filename"] or None)
            self.trouble = environment_refused(error, self.output.path)
            return
        if answer["state"] == "done":
            unrendered = answer.get("unrendered", [])
            self._finish(unit, Failure("render", "; ".join(unrendered)) if unrendered else None, answer)
        else:
            self._finish(unit, Failure(**answer["failure"]), answer)
        self._next(man)

    def _died(self, man: Crewman) -> None:
        unit, message = man.unit, man.last_words()
        self.crew.dismiss(man)
        if unit is None:
            return
        if man.overdue:
            self._finish(unit, Failure("timeout", f"> {self.limits.report} s"), {})
        elif self.tries[unit.stem] < _TRIES:
            self.waiting.appendleft((unit, self.parts[unit.stem]))
        else:
            self._finish(unit, Failure("worker_died", message), {})
        if self.waiting:
            self._next(self.crew.hire())

    def _finish(self, unit: Unit, failure: Failure | None, answer: dict[str, Any]) -> None:
        seconds = float(answer.get("seconds", 0.0))
        try:
            parts = self.parts.pop(unit.stem)
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
        self._tell("done" if failure is None else "failed", unit, failure, seconds)

    def _stop_overdue(self) -> None:
        for man in self.crew.men:
            if man.unit is not None and man.seconds() > self.limits.report + _GRACE:
                man.overdue = True
                man.kill()

    def _tell(
        self,
        state: Literal["started", "done", "failed"],
        unit: Unit,
        failure: Failure | None = None,
        seconds: float = 0.0,
    ) -> None:
        finished = len(self.done) + len(self.failed)
        self.on_progress(Progress(state, unit, finished, self.total, self.crew.running(), failure, seconds))


def _take_over(output: Output) -> None:
    """Take over the journals of parts that ran before, if this run is no part itself."""
    if output.shard is None:
        try:
            take_over(output.path)
        except OSError as error:
            raise environment_refused(error, output.path) from error


def _renew_index(output: Output) -> EnvironmentRefused | None:
    """Write the index and tidy up, unless this is one part of a run; return why that was not possible."""
    if output.shard is not None:
        return None
    try:
        write_index(output)
        clean(output.path, journal.read(output.path))
        forget_parts(output.path)
    except OSError as error:
        return environment_refused(error, output.path)
    return None


def _nobody(progress: Progress) -> None:
    """Nobody wants to know."""
