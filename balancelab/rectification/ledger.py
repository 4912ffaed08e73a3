"""
The rectification ledger: one row for each problem, from when it is found until it is closed.

The ledger is a table of ids; it is opened from checks, updated from later checks, and never forgets a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.rectification.checks import find_problems

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.rectification.units import Units

LEDGER_COLUMNS = (
    "number", "key", "kind", "subject", "block", "county_code", "stage", "school_code", "school", "value", "limit",
    "comparison", "gap", "priority", "measure", "lead_unit", "supporting_units", "deadline", "status", "evidence",
    "opened_year", "closed_year", "change",
)  # fmt: skip
FILLED_IN = ("measure", "lead_unit", "supporting_units", "deadline", "status", "evidence")
"""What people fill in; everything else is computed."""

STATUSES = ("open", "in_progress", "submitted", "closed", "reopened")
CHANGES = ("new", "closed", "reopened", "smaller", "larger", "same", "not_judged", "closed_before")

_FROM_CHECK = ("kind", "subject", "block", "county_code", "stage", "school_code", "school", "comparison")
_REFRESHED = ("value", "limit", "gap", "priority")
_CLOSE = 1e-5  # gaps that differ by less are the same: a workbook keeps six decimals


def open_ledger(checks: pd.DataFrame, units: Units) -> pd.DataFrame:
    """
    Open a ledger of everything that is not met.

    Parameters
    ----------
    checks : DataFrame
        From :func:`balancelab.rectification.list_checks`, one year.
    units : Units
        Who leads and supports, and until when.

    Returns
    -------
    DataFrame
        One row per problem, numbered from 1, the gravest first: ``number, key, kind, subject, block, county_code,
        stage, school_code, school, value, limit, comparison, gap, priority, measure, lead_unit, supporting_units,
        deadline, status, evidence, opened_year, closed_year, change``. Units are ids, several with ``;`` between
        them; `measure` and `evidence` are empty; `status` is ``open``, `change` is ``new``, `closed_year` 0.

    Raises
    ------
    ValueError
        If the checks are of several years.
    """
    return update_ledger(ledger_table([]), checks, units)


def update_ledger(ledger: pd.DataFrame, checks: pd.DataFrame, units: Units) -> pd.DataFrame:
    """
    Bring a ledger up to date.

    Parameters
    ----------
    ledger : DataFrame
        From :func:`open_ledger`, an earlier update, or :func:`balancelab.rectification.read_ledger`.
    checks : DataFrame
        From :func:`balancelab.rectification.list_checks`, one year.
    units : Units
        For problems that are new.

    Returns
    -------
    DataFrame
        The same columns; numbers never change, new problems come at the end. What is met now is closed, what was
        closed and is not met again is reopened, and what was not judged this time (not reported, the school is gone)
        stays as it was: nothing closes for want of data. `change` says which: ``new``, ``closed``, ``reopened``,
        ``smaller``, ``larger``, ``same``, ``not_judged``, ``closed_before``.

    Raises
    ------
    ValueError
        If the checks are of several years.
    """
    years = sorted(set(checks["year"]))
    if len(years) > 1:
        raise ValueError(f"the checks are of several years: {', '.join(map(str, years))}")
    year = int(years[0]) if years else 0
    judged = {str(row["key"]): row for row in checks.to_dict("records")}
    rows = [_updated(row, judged.get(str(row["key"])), year) for row in ledger.to_dict("records")]
    known = {str(row["key"]) for row in rows}
    number = max((int(row["number"]) for row in rows), default=0)
    for problem in find_problems(checks).to_dict("records"):
        if problem["key"] not in known:
            number += 1
            rows.append(_new(problem, number, year, units))
    return ledger_table(rows)


def count_changes(ledger: pd.DataFrame) -> dict[str, int]:
    """Return how many rows changed in which way, every way of :data:`CHANGES` named."""
    counted = ledger["change"].value_counts()
    return {change: int(counted.get(change, 0)) for change in CHANGES}


def _updated(row: Mapping[Any, Any], check: Mapping[Any, Any] | None, year: int) -> dict[str, Any]:
    was_closed = row["status"] == "closed"
    met = None if check is None else _truth(check["met"])
    if check is None or met is None:
        return dict(row) | {"change": "closed_before" if was_closed else "not_judged"}
    now = dict(row) | {name: check[name] for name in _REFRESHED} | {"school": check["school"] or row["school"]}
    if met and was_closed:
        return now | {"change": "closed_before"}
    if met:
        return now | {"status": "closed", "closed_year": year, "change": "closed"}
    if was_closed:
        return now | {"status": "reopened", "closed_year": 0, "change": "reopened"}
    return now | {"change": _compare(row, check)}


def _compare(row: Mapping[Any, Any], check: Mapping[Any, Any]) -> str:
    before, after = float(row["gap"]), float(check["gap"])
    if np.isnan(before) or np.isnan(after) or abs(before - after) <= _CLOSE * max(abs(before), 1.0):
        return "same"
    return "smaller" if after < before else "larger"


def _new(problem: Mapping[Any, Any], number: int, year: int, units: Units) -> dict[str, Any]:
    task = units.task_for(str(problem["subject"]).removeprefix("cv:"), str(problem["block"]))
    return {
        "number": number,
        "key": problem["key"],
        **{name: problem[name] for name in (*_FROM_CHECK, *_REFRESHED)},
        "measure": "",
        "lead_unit": task.lead,
        "supporting_units": ";".join(task.supporting),
        "deadline": units.deadline(year),
        "status": "open",
        "evidence": "",
        "opened_year": year,
        "closed_year": 0,
        "change": "new",
    }


def _truth(met: object) -> bool | None:
    import pandas as pd

    return None if pd.isna(met) else bool(met)  # type: ignore[call-overload]


def ledger_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a ledger, with its columns and their types even where there is no row."""
    import pandas as pd

    whole = dict.fromkeys(("number", "opened_year", "closed_year"), "int64")
    numbers = dict.fromkeys(("value", "limit", "gap"), "float64")
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS)).astype(whole | numbers)
