"""What a run tells while it goes on, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from balancelab.definitions import Text
from balancelab.reports.errors import (
    EXIT_DONE,
    EXIT_ENVIRONMENT,
    EXIT_INTERRUPTED,
    EXIT_SOME_FAILED,
    EnvironmentRefused,
    Failure,
)
from balancelab.reports.shards import Shard
from balancelab.reports.units import Unit


@dataclass(frozen=True)
class Progress:
    """
    One thing that happened.

    Attributes
    ----------
    state : {"started", "done", "failed"}
        What happened to `unit`.
    unit : Unit
        The report.
    finished, total : int
        Reports finished so far, well or badly, and in all.
    running : tuple of Unit
        Those being made now.
    failure : Failure or None
        Why it failed.
    seconds : float
        Time it took. [s]
    """

    state: Literal["started", "done", "failed"]
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
    seconds : float
        Wall time. [s]
    trouble : EnvironmentRefused or None
        Why the run stopped early.
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

    @property
    def exit_code(self) -> int:
        """Exit code of the command line."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if self.trouble is not None:
            return EXIT_ENVIRONMENT
        return EXIT_SOME_FAILED if self.failed else EXIT_DONE

    def by_cause(self) -> dict[str, list[tuple[Unit, Failure]]]:
        """Return the failures grouped by cause, the commonest first."""
        groups: dict[str, list[tuple[Unit, Failure]]] = {}
        for unit, failure in self.failed:
            groups.setdefault(failure.cause, []).append((unit, failure))
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))
