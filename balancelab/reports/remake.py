"""Reports made once more from the inputs that were kept of them, elsewhere, and compared byte by byte."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from balancelab import __version__
from balancelab.definitions import Text
from balancelab.reports import inputs, resume
from balancelab.reports.differences import difference, in_numbers
from balancelab.reports.errors import text
from balancelab.reports.verified import Checked, Record

_EPOCH = "SOURCE_DATE_EPOCH"
_NOT_KEPT = text("没有留存输入（公开版报告不留存）", "no inputs were kept of it (none are of public reports)")
_SAME_NUMBERS = text(
    "文字和数值均相同，只有出处部分不同", "every word and number is the same, only the provenance differs"
)


def remake(
    folder: Path,
    records: Iterable[Record],
    *,
    jobs: int | None = None,
    on_progress: Callable[..., None] | None = None,
) -> dict[str, Checked]:
    """
    Make reports anew and compare them with what the journal says that they were.

    Parameters
    ----------
    folder : Path
        Output folder; nothing in it is changed.
    records : iterable of mappings
        The journal's last line about each finished report.
    jobs : int, optional
        Workers side by side.
    on_progress : callable, optional
        As for `balancelab.reports.batch.run_reports`.

    Returns
    -------
    dict of str to Checked
        By the report's path: ``same``, ``differs``, ``program`` (made by another version of the program, and every
        number the same) or ``failed``.

    Raises
    ------
    EnvironmentRefused
        If there is no room, or the temporary folder cannot be written.
    """
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.get("inputs", ""), record.get("source_date_epoch", "")].append(record)
    found: dict[str, Checked] = {}
    for (name, epoch), alike in groups.items():
        if not name:
            found |= {record["stem"]: _checked(record, "intact", _NOT_KEPT) for record in alike}
            continue
        with tempfile.TemporaryDirectory(prefix="balancelab-verify-") as private, _clock(epoch):
            found |= _remade(folder, name, alike, Path(private), jobs, on_progress)
    return found


def _remade(
    folder: Path,
    name: str,
    records: list[Record],
    private: Path,
    jobs: int | None,
    on_progress: Callable[..., None] | None,
) -> dict[str, Checked]:
    """Reports of one list of inputs."""
    from balancelab.reports.batch import run_reports
    from balancelab.reports.output import Output
    from balancelab.reports.records import unit_of
    from balancelab.reports.units import Plan

    kept, anew = private / "inputs", private / "reports"
    try:
        notebook, word = inputs.restore(folder, name, kept)
    except inputs.InputsDamaged as damage:
        why = text(f"存档已损坏：{damage}", f"the kept inputs are damaged: {damage}")
        return {record["stem"]: _checked(record, "failed", why) for record in records}
    units = tuple(unit_of(record, notebook, word) for record in records)

    def stage(work: Path) -> None:
        beside = shutil.ignore_patterns(*inputs.NOT_STAGED)
        shutil.copytree(kept, work, dirs_exist_ok=True, ignore=beside)

    with Output(anew) as output:  # all are tried, however many fail: each is to be told of
        summary = run_reports(Plan(units, stage), output=output, jobs=jobs, on_progress=on_progress, keep_going=True)
    if summary.trouble is not None:
        raise summary.trouble
    if summary.interrupted:
        raise KeyboardInterrupt
    failed = {unit.stem: failure.text() for unit, failure in summary.failed}
    return {
        record["stem"]: _checked(record, "failed", failed[record["stem"]])
        if record["stem"] in failed
        else _compared(record, folder, anew)
        for record in records
    }


def _compared(record: Record, folder: Path, anew: Path) -> Checked:
    """One report beside its new version."""
    why: list[Text] = []
    same = True
    for name, digest in record["files"].items():
        if not (anew / name).is_file():
            same = False
            why.append(text(f"{name}：重算没有这一文件", f"{name}: is not there when made anew"))
            continue
        same = same and resume.file_digest(anew / name) == digest
        why += _first_difference(name, folder, anew)
    if same:
        return _checked(record, "same", *why)  # what differs was changed on the disk afterwards
    program = _other_program(record)
    if program is None:
        return _checked(record, "differs", *why)
    if _same_numbers(record, folder, anew):
        return _checked(record, "program", program, _SAME_NUMBERS)
    return _checked(record, "differs", program, *why)


def _first_difference(name: str, folder: Path, anew: Path) -> list[Text]:
    try:
        was = (folder / name).read_bytes()
    except FileNotFoundError:
        return []  # the hashes have said so
    now = (anew / name).read_bytes()
    if was == now:
        return []
    said = difference(name, was, now)
    return [text(f"{name}：{said['zh']}", f"{name}: {said['en']}")]


def _other_program(record: Record) -> Text | None:
    """Which of program and libraries are no longer those that made a report."""
    changed = resume.changed_part(record, resume.program_parts())
    if not changed:
        return None
    was, why = record.get("version", "?"), resume.WHY[changed]
    return text(
        f"{why['zh']}（当时 balancelab {was}，现在 {__version__}）",
        f"{why['en']} (balancelab {was} then, {__version__} now)",
    )


def _same_numbers(record: Record, folder: Path, anew: Path) -> bool:
    """Tell whether two versions differ in their provenance only."""
    name = f"{record['stem']}.ipynb"
    try:
        was, now = (_said(place / name) for place in (folder, anew))
    except (OSError, ValueError, KeyError):
        return False
    return in_numbers(now, was) is None


def _said(notebook: Path) -> dict[str, Any]:
    from balancelab.reports.html import blocks_from_notebook

    blocks = blocks_from_notebook(json.loads(notebook.read_text(encoding="utf-8")))
    return {"blocks": [block for block in blocks if block["kind"] != "provenance"]}


def _checked(record: Mapping[str, Any], state: str, *why: Text) -> Checked:
    return Checked(record["stem"], record["county"], state, why)


@contextmanager
def _clock(epoch: str) -> Iterator[None]:
    """Let files bear the date that they bore."""
    before = os.environ.pop(_EPOCH, None)
    if epoch:
        os.environ[_EPOCH] = epoch
    try:
        yield
    finally:
        os.environ.pop(_EPOCH, None)
        if before is not None:
            os.environ[_EPOCH] = before
