"""Who puts right what: units and tasks, read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from balancelab.definitions import Checker, Text, nearest

_MONTH_DAY_LENGTH = len("09-30")


@dataclass(frozen=True)
class Task:
    """
    What is to be done about some problems, and by whom.

    Attributes
    ----------
    lead : str
        Unit in charge.
    supporting : tuple of str
    measure : mapping
        What is usually done, as a start for the reader's own words.
    subjects, blocks : tuple of str
        Indicators and items, or blocks of the evaluation, that the task is for.
    """

    lead: str
    supporting: tuple[str, ...]
    measure: Text
    subjects: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Units:
    """
    Units, tasks and the usual deadline.

    Attributes
    ----------
    names : mapping
        Unit id → name in both languages.
    tasks : mapping
        Task id → :class:`Task`; ``default`` is for everything that no other one names.
    month_day : str
        Deadline within the year, ``"09-30"``.
    years_after : int
        How many years after the year in which the school year begins.
    """

    names: Mapping[str, Text]
    tasks: Mapping[str, Task]
    month_day: str
    years_after: int

    def task_for(self, subject: str, block: str = "") -> Task:
        """
        Return the task for an indicator or item.

        >>> load_units().task_for("teacher_pay", "government").lead
        'human_resources'
        """
        by_subject = (task for task in self.tasks.values() if subject in task.subjects)
        by_block = (task for task in self.tasks.values() if block in task.blocks)
        return next(by_subject, None) or next(by_block, None) or self.tasks["default"]

    def deadline(self, year: int) -> str:
        """
        Return the usual deadline of what the school year beginning in `year` showed.

        >>> load_units().deadline(2024)
        '2025-09-30'
        """
        return f"{year + self.years_after}-{self.month_day}"


def load_units(path: str | Path | None = None) -> Units:
    """
    Read units and tasks.

    Parameters
    ----------
    path : str or Path, optional
        A file of the county's own, in the form of ``units.toml``; the package's own by default.

    Raises
    ------
    InvalidDefinition
        Naming every fault at once: an unknown key or unit, a missing text, no default task.
    """
    checker = Checker(Path(path) if path is not None else Path(__file__).with_name("units.toml"))
    tables = checker.read()
    checker.keys(tables, "", required=["deadline", "units", "tasks"], optional=[])
    named = checker.typed(tables, "units", "a table", "", {})
    names = {name: checker.text(named, name, "units") for name in named}
    tasks = {name: _task(checker, name, table, names) for name, table in checker.tables(tables, "tasks").items()}
    if "default" not in tasks:
        checker.fault("tasks", "缺少 default", "lacks 'default'")
    deadline = checker.typed(tables, "deadline", "a table", "", {})
    checker.keys(deadline, "deadline", required=["month_day", "years_after"], optional=[])
    month_day = checker.typed(deadline, "month_day", "a text", "deadline", "")
    years_after = checker.typed(deadline, "years_after", "a whole number", "deadline", 0)
    if len(month_day) != _MONTH_DAY_LENGTH or month_day[2:3] != "-":
        checker.fault("deadline.month_day", "应写作 09-30", "is written like 09-30")
    checker.done()
    return Units(names, tasks, month_day, years_after)


def _task(checker: Checker, name: str, table: dict[str, object], names: Mapping[str, Text]) -> Task:
    place = f"tasks.{name}"
    checker.keys(table, place, required=["lead", "supporting", "measure"], optional=["subjects", "blocks"])
    lead = checker.typed(table, "lead", "a text", place, "")
    supporting = checker.texts(table, "supporting", place)
    for unit in (lead, *supporting):
        if unit not in names:
            near_zh, near_en = nearest(unit, names)
            checker.fault(place, f"没有单位“{unit}”{near_zh}", f"there is no unit '{unit}'{near_en}")
    return Task(
        lead,
        supporting,
        checker.text(table, "measure", place),
        checker.texts(table, "subjects", place),
        checker.texts(table, "blocks", place),
    )
