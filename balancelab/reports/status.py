"""What an output folder holds: done, failed, changed, out of date, and why; from its journal alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balancelab.definitions import Text
from balancelab.reports import journal, resume
from balancelab.reports.errors import CAUSES, PlanRefused, text
from balancelab.reports.kinds import find_notebook

STATES: dict[str, Text] = {
    "done": text("完成", "done"),
    "stale": text("过期", "stale"),
    "changed": text("文件变动", "changed"),
    "failed": text("失败", "failed"),
}


@dataclass(frozen=True)
class Standing:
    """
    How one report stands.

    Attributes
    ----------
    stem : str
        Its path without an ending.
    county : str
        Name of the county.
    state : str
        A key of `STATES`: ``stale`` if program, libraries or notebook changed since; ``changed`` if its files are not
        as they were written.
    why : Text
        The reason; empty for a finished report.
    """

    stem: str
    county: str
    state: str
    why: Text


def standings(folder: Path) -> list[Standing]:
    """
    Tell how every report of a folder stands.

    Parameters
    ----------
    folder : Path
        Output folder.

    Returns
    -------
    list of Standing
        In the order of their paths. Whether the table changed is not known here: `balancelab report` finds that out.

    Raises
    ------
    PlanRefused
        If there was never a run in the folder.
    """
    if not journal.has_journal(folder):
        raise PlanRefused(text(f"{folder} 中没有运行记录", f"{folder} has no journal of any run"))
    records = journal.latest(journal.read(folder))
    program = resume.program_parts()
    parts = {kind: {**program, "notebook": _notebook(kind)} for kind in {record["kind"] for record in records.values()}}
    return [_standing(record, parts[record["kind"]], folder) for _, record in sorted(records.items())]


def _standing(record: dict[str, object], parts: dict[str, str], folder: Path) -> Standing:
    stem, county = str(record["stem"]), str(record["county"])
    if record["state"] != "done":
        failure = record.get("failure")
        cause = failure.get("cause") if isinstance(failure, dict) else None
        said = failure.get("message", "") if isinstance(failure, dict) else ""
        known = CAUSES.get(str(cause), text("原因不明", "no reason given"))
        return Standing(stem, county, "failed", text(f"{known['zh']}：{said}", f"{known['en']}: {said}"))
    if not resume.files_stand(record, folder):
        return Standing(stem, county, "changed", resume.WHY["files"])
    changed = resume.changed_part(record, parts)
    return Standing(stem, county, "stale" if changed else "done", resume.WHY[changed] if changed else text("", ""))


def _notebook(kind: str) -> str:
    """Digest of the shipped notebook of a kind, empty for one that this version no longer has."""
    try:
        return resume.file_digest(find_notebook(kind))
    except PlanRefused:
        return ""
