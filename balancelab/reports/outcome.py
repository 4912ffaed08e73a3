"""What a run tells while it goes on, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from balancelab.definitions import Text
from balancelab.reports.errors import (
    CAUSES,
    EXIT_DONE,
    EXIT_ENVIRONMENT,
    EXIT_INTERRUPTED,
    EXIT_SOME_FAILED,
    EnvironmentRefused,
    Failure,
)
from balancelab.reports.shards import Shard
from balancelab.reports.units import Unit

State = Literal["started", "done", "failed", "waiting"]


@dataclass(frozen=True)
class Progress:
    """
    One thing that happened.

    Attributes
    ----------
    state : {"started", "done", "failed", "waiting"}
        What happened to `unit`; ``waiting`` comes about once a second while nothing else happens.
    unit : Unit
        The report; with ``waiting`` one that is being made.
    finished, total : int
        Reports finished so far, well or badly, and in all.
    running : tuple of Unit
        Those being made now.
    failure : Failure or None
        Why it failed.
    seconds : float
        Time it took. [s]
    """

    state: State
    unit: Unit
    finished: int
    total: int
    running: tuple[Unit, ...]
    failure: Failure | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Summary:
    """
    What a run came to.

    Attributes
    ----------
    output : Path
        Output folder.
    done : tuple of Unit
        Reports written.
    failed : tuple of (Unit, Failure)
        Reports that failed; nothing of them is under a final name.
    left_out : tuple of Text
        Counties that get no report.
    unchanged : tuple of Unit
        Reports that were there already, from the same inputs.
    why : mapping of str to int
        How many reports were to be made for which reason (`balancelab.reports.resume.WHY`).
    gone : tuple of str
        Reports about counties that are no longer in the table; they are left as they are.
    mended : int
        Damaged places in the journal that were taken out.
    shard : Shard or None
        Which part of a divided run this was; the index is written by a later run without parts.
    not_made : tuple of Unit
        Reports that were to be made and were not tried to the end, because the run stopped early.
    stopped : Text or None
        That the run stopped because its reports fail alike.
    seconds : float
        Wall time. [s]
    trouble : EnvironmentRefused or None
        Why the run stopped early: disk, rights, a missing program.
    interrupted : bool
        Whether the user stopped it.
    """

    output: Path
    done: tuple[Unit, ...]
    failed: tuple[tuple[Unit, Failure], ...]
    left_out: tuple[Text, ...]
    seconds: float
    trouble: EnvironmentRefused | None = None
    interrupted: bool = False
    unchanged: tuple[Unit, ...] = ()
    why: Mapping[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    mended: int = 0
    shard: Shard | None = None
    not_made: tuple[Unit, ...] = ()
    stopped: Text | None = None

    @property
    def exit_code(self) -> int:
        """Exit code of the command line."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if self.trouble is not None or self.stopped is not None:
            return EXIT_ENVIRONMENT
        return EXIT_SOME_FAILED if self.failed else EXIT_DONE

    def by_cause(self) -> dict[str, list[tuple[Unit, Failure]]]:
        """Return the failures grouped by cause, the commonest first."""
        groups: dict[str, list[tuple[Unit, Failure]]] = {}
        for unit, failure in self.failed:
            groups.setdefault(failure.cause, []).append((unit, failure))
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))

    def as_json(self) -> dict[str, object]:
        """
        Return everything as plain JSON values, for programs.

        Returns
        -------
        dict
            ``exit_code``, ``seconds``, ``output``; ``done``, ``unchanged``, ``not_made``: lists of reports; ``failed``:
            a list of causes, the commonest first, each with ``cause``, ``text`` and its ``reports``, which carry
            ``message``, ``cell`` and ``source``; ``why``, ``left_out``, ``gone``, ``mended``, ``shard``;
            ``interrupted``, ``stopped`` and ``trouble`` (texts or null).
        """
        return {
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 2),
            "output": str(self.output),
            "done": [_unit_json(unit) for unit in self.done],
            "failed": [
                {
                    "cause": cause,
                    "text": dict(CAUSES[cause]),
                    "reports": [
                        {**_unit_json(unit), "message": one.message, "cell": one.cell, "source": one.source}
                        for unit, one in failures
                    ],
                }
                for cause, failures in self.by_cause().items()
            ],
            "unchanged": [_unit_json(unit) for unit in self.unchanged],
            "not_made": [_unit_json(unit) for unit in self.not_made],
            "why": dict(self.why),
            "left_out": [dict(reason) for reason in self.left_out],
            "gone": list(self.gone),
            "mended": self.mended,
            "shard": None if self.shard is None else f"{self.shard.number}/{self.shard.of}",
            "interrupted": self.interrupted,
            "stopped": None if self.stopped is None else dict(self.stopped),
            "trouble": None if self.trouble is None else [dict(problem) for problem in self.trouble.problems],
        }


def _unit_json(unit: Unit) -> dict[str, object]:
    return {
        "report": unit.stem,
        "kind": unit.kind,
        "year": unit.year,
        "language": unit.language,
        "county_code": unit.county_code,
        "county": unit.county,
        "school_code": unit.school_code,
    }
