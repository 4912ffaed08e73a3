"""Total rows are no schools, but they know something: what the schools should add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.findings import printable, row_list
from balancelab.intake.grid import as_text
from balancelab.intake.numbers import read_number
from balancelab.intake.rows import Rows
from balancelab.intake.schema import folded

_MOST_CHECKED = 300
_STAGE_WORDS = {"小学": "primary", "初中": "junior", "primary": "primary", "junior": "junior"}


@dataclass(frozen=True)
class _Total:
    position: int
    label: str
    values: dict[str, float]


def check_totals(body: Body, rows: Rows, columns: Sequence[Column], schools: pd.DataFrame) -> None:
    """
    Compare every total row with the schools that it sums up, and note the differences.

    A total may stand for all schools, for those above it since the last total, for those below it, for a stage or for
    a county: the group is used that agrees in most columns.
    """
    if not rows.totals:
        return
    amounts = [column for column in columns if column.field.numeric]
    totals = [_read(body, position, amounts) for position in rows.totals[:_MOST_CHECKED]]
    differing = 0
    for number, total in enumerate(totals):
        groups = _groups(body, rows.totals, number, total.label, schools)
        best = max(groups, key=lambda mask: _agreement(total, schools, mask), default=None)
        if best is None or not total.values:
            continue
        differing += _compare(body, total, schools, best)
    checked = ("与各校之和相符", "the sums agree") if not differing else (f"{differing} 处不符", f"{differing} differ")
    listed = row_list([int(body.grid.rows[position]) for position in rows.totals])
    body.faults.add("ROW_TOTAL", count=len(rows.totals), n=len(rows.totals), rows=listed, checked=checked)


def _read(body: Body, position: int, amounts: Sequence[Column]) -> _Total:
    cells = body.grid.row(position)
    label = next((cell.strip() for cell in cells if cell.strip() and not cell.strip()[:1].isdigit()), "")
    values: dict[str, float] = {}
    for column in amounts:
        found = [_value(cells, part, body) for part in column.parts or (column,)]
        known = [value for value in found if value is not None]
        if len(known) == len(found):
            values[column.name] = float(sum(known))
    return _Total(position, label, values)


def _value(cells: Sequence[str], column: Column, body: Body) -> Fraction | None:
    units = body.schema.units.get(column.field.unit or "")
    reading = read_number(cells[column.position], missing=body.schema.missing, units=units)
    return reading.value * column.factor if reading.status == "value" and reading.value is not None else None


def _groups(body: Body, totals: list[int], number: int, label: str, schools: pd.DataFrame) -> list[np.ndarray]:
    """Return the sets of schools that a total may stand for, the likeliest first."""
    at, positions = totals[number], body.positions
    before = totals[number - 1] if number else -1
    after = totals[number + 1] if number + 1 < len(totals) else body.grid.n_rows
    everything = np.ones(len(positions), dtype=bool)
    groups: list[np.ndarray] = []
    word = folded(label)
    stage = next((stage for text, stage in _STAGE_WORDS.items() if text in word), None)
    if stage and "stage" in schools:
        groups.append((schools["stage"] == stage).to_numpy(dtype=bool))
    if "county" in schools:
        named = [name for name in schools["county"].dropna().unique() if folded(name) and folded(name) in word]
        groups += [(schools["county"] == name).to_numpy(dtype=bool) for name in named]
    groups += [everything, (positions > before) & (positions < at), (positions > at) & (positions < after)]
    groups.append(positions < at)
    return [group for group in groups if group.any()]


def _agreement(total: _Total, schools: pd.DataFrame, mask: np.ndarray) -> int:
    return sum(_same(value, _sum(schools, name, mask)) for name, value in total.values.items())


def _compare(body: Body, total: _Total, schools: pd.DataFrame, mask: np.ndarray) -> int:
    differing = 0
    for name, value in total.values.items():
        found = _sum(schools, name, mask)
        if _same(value, found) or body.missing[name][0][mask].any():
            continue
        differing += 1
        body.faults.add(
            "ROW_TOTAL_MISMATCH", row=int(body.grid.rows[total.position]), column=name, raw=printable(total.label),
            total=as_text(value), sum=as_text(found), difference=as_text(round(value - found, 6)),
        )  # fmt: skip
    return differing


def _sum(schools: pd.DataFrame, name: str, mask: np.ndarray) -> float:
    return float(np.nansum(schools[name].to_numpy(float)[mask])) if name in schools else float("nan")


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1.0)
