"""Which reports a run has to make, which stand, and which it must refuse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from balancelab.reports import resume
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.records import ORIGIN
from balancelab.reports.units import Plan, Unit

Records = Mapping[str, Mapping[str, Any]]
"""The journal's last line about each report, by its stem."""


def find_due(
    units: Sequence[Unit], records: Records, folder: Path, *, force: bool, allow_mixed: bool = False
) -> tuple[list[tuple[Unit, dict[str, str]]], tuple[Unit, ...], dict[str, int]]:
    """
    Part the reports of a plan into those to be made and those that stand.

    Parameters
    ----------
    units : sequence of Unit
        The plan's.
    records : mapping
        The journal's last line about each.
    folder : Path
        Output folder.
    force : bool
        Whether all are made.
    allow_mixed : bool
        Whether reports stand that another version of the program made.

    Returns
    -------
    due : list of (Unit, dict)
        Each with the digests of what it is made from (`balancelab.reports.resume.parts_of`).
    unchanged : tuple of Unit
        Those that stand.
    why : dict of str to int
        How many are made for which reason.
    """
    program = resume.program_parts()
    due, unchanged, why = [], [], Counter[str]()
    for unit in units:
        parts = resume.parts_of(unit, program)
        reason = resume.why_made(unit, parts, records.get(unit.stem), folder, allow_mixed=allow_mixed)
        if reason or force:
            due.append((unit, parts))
            why[reason or "forced"] += 1
        else:
            unchanged.append(unit)
    return due, tuple(unchanged), dict(why)


def find_gone(plan: Plan, records: Records, folder: Path) -> tuple[str, ...]:
    """Name the finished reports like the plan's about counties that the table no longer has."""
    if not plan.known:
        return ()
    alike = {(unit.kind, unit.year, unit.language) for unit in plan.units}
    return tuple(
        f"{record['county_code']} {record['county']} {record['language']}"
        for record in records.values()
        if record["state"] == "done"
        and record["county_code"] not in {"", *plan.known}
        and (record["kind"], record.get("year"), record["language"]) in alike
        and any((folder / name).exists() for name in record["files"])
    )


def refuse_doubles(units: Sequence[Unit]) -> None:
    """
    Refuse a plan in which two reports have one name.

    Raises
    ------
    PlanRefused
        Naming each.
    """
    # Some disks take "98A" and "98a" for one name.
    double = [stem for stem, times in Counter(unit.stem.casefold() for unit in units).items() if times > 1]
    if double:
        raise PlanRefused(*(text(f"{stem} 重复", f"{stem} would be made twice") for stem in double))


def refuse_overwriting(units: Iterable[Unit], finished: Records, folder: Path) -> None:
    """
    Refuse a plan that would overwrite a report made from another standard or another table.

    Parameters
    ----------
    units : iterable of Unit
        The plan's.
    finished : mapping
        The last line about each report that says that it was finished.
    folder : Path
        Output folder.

    Raises
    ------
    PlanRefused
        Saying how many, naming the first, with what it was made from.
    """
    others = []
    for unit in units:
        if not any((folder / name).exists() for name in unit.files):
            continue
        made = finished.get(unit.stem) or _origin_in_notebook(folder / unit.notebook_file)
        if made is None or any(made.get(key, "") != unit.origin.get(key, "") for key in ORIGIN):
            others.append((unit, made))
    if not others:
        return
    unit, made = others[0]
    by = ", ".join(str(made[key]) for key in ORIGIN if made.get(key)) if made else "?"
    raise PlanRefused(
        text(
            f"{folder} 中已有 {len(others)} 份由其他标准、数据或附加文件生成的报告"
            f"（如 {unit.files[0]}，来自 {by}），未覆盖；请用 --output 另选文件夹，或用 --force 覆盖",
            f"{folder} holds {len(others)} report(s) made from another standard, data file or added file (such as "
            f"{unit.files[0]}, from {by}); nothing was overwritten: choose another --output, or overwrite with --force",
        )
    )


def _origin_in_notebook(path: Path) -> Mapping[str, Any] | None:
    """What a report that is in no journal says of itself: a run may have been killed before its journal line."""
    try:
        origin = json.loads(path.read_text(encoding="utf-8"))["metadata"]["balancelab"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return origin if isinstance(origin, dict) else None
