"""Many reports side by side: worker processes, one failure never stopping the others, a journal line for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from balancelab.definitions import Text
from balancelab.reports import journal
from balancelab.reports.crew import Company, Crew
from balancelab.reports.due import find_due, find_gone, refuse_doubles, refuse_overwriting
from balancelab.reports.engine import Limits
from balancelab.reports.errors import EnvironmentRefused
from balancelab.reports.index import write_index
from balancelab.reports.inputs import Inputs, clean, own_copies
from balancelab.reports.outcome import Progress, Summary
from balancelab.reports.output import Output, environment_refused
from balancelab.reports.shards import take_over
from balancelab.reports.shift import Shift
from balancelab.reports.systemic import Systemic
from balancelab.reports.units import Plan, Unit

_BYTES_OF_A_REPORT = 5_000_000  # page and executed notebook; 3.3 MB measured for the sample
_BYTES_OF_A_RUN = 20_000_000  # the staged data and the index


def run_reports(
    plan: Plan,
    *,
    output: Output,
    jobs: int | None = None,
    force: bool = False,
    limits: Limits | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    crew: Company | None = None,
    keep_going: bool = False,
    allow_mixed: bool = False,
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
        Workers side by side; as many as the crew has places for by default.
    force : bool
        Whether all are made, and those made from another standard or table are overwritten.
    limits : Limits, optional
        Time limits of one report.
    on_progress : callable, optional
        Told of each report that starts or ends.
    crew : Company, optional
        Workers that were started earlier.
    keep_going : bool
        Whether to go on even when reports fail alike one after another (`balancelab.reports.systemic`).
    allow_mixed : bool
        Whether finished reports stand that another version of the program or of its libraries made.

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
    mended = _take_over(output)
    units = [unit for unit in plan.units if output.shard is None or output.shard.takes(unit.stem)]
    lines = journal.read(output.path)
    records = journal.latest(lines)
    if not force:
        finished = journal.latest(line for line in lines if line["state"] == "done")
        refuse_overwriting(units, finished, output.path)
    due, unchanged, why = find_due(units, records, output.path, force=force, allow_mixed=allow_mixed)
    known = _Known(plan.left_out, unchanged, why, find_gone(plan, records, output.path))
    if not due:
        summary = known.summary(output, time.monotonic() - started, trouble=_renew_index(output))
        return replace(summary, mended=mended)
    work = output.make_work()
    try:
        output.require_space(_BYTES_OF_A_RUN + _BYTES_OF_A_REPORT * len(due))
        plan.stage(work)
        inputs = Inputs(output.path, work, [unit for unit, _ in due])
        due = own_copies(due, work)
    except OSError as error:
        raise environment_refused(error, work) from error
    interrupted = False
    with crew or Crew(output) as at_work:
        watch = None if keep_going else Systemic()
        shift = Shift(output, at_work, limits or Limits(), on_progress or _nobody, due, inputs, watch)
        try:
            shift.run(jobs)
        except KeyboardInterrupt:
            interrupted = True
        except EnvironmentRefused as refused:
            shift.trouble = refused
    if shift.done or shift.failed:
        shift.trouble = _renew_index(output) or shift.trouble
    seconds = time.monotonic() - started
    summary = known.summary(output, seconds, shift, trouble=shift.trouble, interrupted=interrupted)
    return replace(summary, mended=mended)


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
        shift: Shift | None = None,
        *,
        trouble: EnvironmentRefused | None,
        interrupted: bool = False,
    ) -> Summary:
        """Return what the run came to."""
        return Summary(
            output.path,
            tuple(shift.done) if shift else (),
            tuple(shift.failed) if shift else (),
            self.left_out,
            seconds,
            trouble,
            interrupted,
            self.unchanged,
            self.why,
            self.gone,
            shard=output.shard,
            not_made=shift.not_made() if shift else (),
            stopped=shift.stopped() if shift else None,
        )


def _take_over(output: Output) -> int:
    """Mend the journal, and take over those of parts if this run is no part itself; return how much was damaged."""
    try:
        mended = journal.mend(output.own)
        if output.shard is None:
            take_over(output.path)
    except OSError as error:
        raise environment_refused(error, output.path) from error
    return mended


def _renew_index(output: Output) -> EnvironmentRefused | None:
    """Write the index and tidy up, unless this is one part of a run; return why that was not possible."""
    if output.shard is not None:
        return None
    try:
        lines = journal.read(output.path)
        write_index(output, lines)
        clean(output.path, lines)
    except OSError as error:
        return environment_refused(error, output.path)
    return None


def _nobody(progress: Progress) -> None:
    """Nobody wants to know."""
