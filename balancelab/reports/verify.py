"""
Whether a folder is what was written into it, and whether its reports come out the same when they are made once more.

Hashes first: the journal's lines, every published file, every kept input. Then, unless only hashes are asked for, each
report is made anew from its kept inputs, in a folder of its own, by the same batch, and compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from balancelab.definitions import Text, nearest
from balancelab.reports import inputs, journal
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.output import PUBLISHED, environment_refused, refuse_if_used
from balancelab.reports.resume import file_digest
from balancelab.reports.units import INDEX
from balancelab.reports.verified import Checked, Record

_NOT_NAMED = text("不在运行记录中", "the journal does not name it")
_MISSING = text("文件缺失", "the file is missing")
_OTHER_HASH = text("与运行记录中的校验值不符", "not the hash that the journal has")
_DAMAGED = text("存档已损坏", "the kept file is damaged")


@dataclass(frozen=True)
class Scope:
    """
    What is to be verified.

    Attributes
    ----------
    folder : Path
        Output folder.
    records : tuple of mappings
        The last finished version of each report asked for.
    whole : bool
        Whether everything in the folder is to be looked at, or these reports only.
    """

    folder: Path
    records: tuple[Record, ...]
    whole: bool


def find_scope(target: Path) -> Scope:
    """
    Find out what a path means: an output folder, a folder in one, a file of a report, or its path without an ending.

    Parameters
    ----------
    target : Path
        What the user names.

    Returns
    -------
    Scope
        With every finished report of it.

    Raises
    ------
    PlanRefused
        If it belongs to no output folder, or no report is called so; the nearest one is named.
    OutputLocked
        If a run is at work in the folder.
    EnvironmentRefused
        If the journal cannot be read.
    """
    absolute = target.absolute()
    folder = next((place for place in (absolute, *absolute.parents) if journal.has_journal(place)), None)
    if folder is None:
        raise PlanRefused(
            text(f"{target} 不在任何输出文件夹中（没有运行记录）", f"{target} is in no output folder (no journal)")
        )
    refuse_if_used(folder)
    try:
        lines = journal.read(folder)
    except OSError as error:
        raise environment_refused(error, folder) from error
    done = journal.latest(line for line in lines if line["state"] == "done")
    part = absolute.relative_to(folder).as_posix()
    whole = part in (".", journal.JOURNAL)
    chosen = [record for stem, record in sorted(done.items()) if whole or _is_part(stem, record, part)]
    if not chosen and not whole:
        zh, en = nearest(part, done)
        raise PlanRefused(text(f"{folder} 中没有报告“{part}”{zh}", f"{folder} has no report '{part}'{en}"))
    return Scope(folder, tuple(chosen), whole)


def check_hashes(scope: Scope) -> list[Checked]:
    """
    Compare everything with its hash; nothing is computed and nothing is written.

    Parameters
    ----------
    scope : Scope
        From `find_scope`.

    Returns
    -------
    list of Checked
        Each report, ``intact`` or ``changed``; then, of a whole folder, each other file at fault: the journal, a page
        about all reports, a kept input, a file that the journal does not name.

    Raises
    ------
    EnvironmentRefused
        If a file cannot be read.
    """
    try:
        found = [_check_report(scope.folder, record) for record in scope.records]
        broken = journal.faults(scope.folder)
        if broken:
            found.append(Checked(journal.JOURNAL, "", "changed", tuple(broken)))
        return [*found, *(_check_rest(scope) if scope.whole else ())]
    except OSError as error:
        raise environment_refused(error, scope.folder) from error


def verify(
    scope: Scope, *, quick: bool = False, jobs: int | None = None, on_progress: Callable[..., None] | None = None
) -> list[Checked]:
    """
    Compare everything with its hash, then make each report anew and compare it byte by byte.

    Parameters
    ----------
    scope : Scope
        From `find_scope`.
    quick : bool, optional
        Whether hashes are enough.
    jobs : int, optional
        Workers side by side.
    on_progress : callable, optional
        As for `balancelab.reports.batch.run_reports`.

    Returns
    -------
    list of Checked
        As `check_hashes`; a report that came out the same and whose files are intact is ``same``.

    Raises
    ------
    EnvironmentRefused
        If a file cannot be read, or there is no room to make reports anew.
    """
    found = check_hashes(scope)
    if quick:
        return found
    from balancelab.reports.remake import remake

    anew = remake(scope.folder, scope.records, jobs=jobs, on_progress=on_progress)
    return [_together(one, anew[one.name]) if one.name in anew else one for one in found]


def _together(checked: Checked, anew: Checked) -> Checked:
    """What the hashes and making it anew say together; a file changed on the disk is the graver fault."""
    if checked.state == "intact":
        return anew
    return Checked(checked.name, checked.county, "changed", (*checked.why, *anew.why))


def _is_part(stem: str, record: Record, part: str) -> bool:
    return part == stem or stem.startswith(f"{part}/") or part in record["files"]


def _check_report(folder: Path, record: Record) -> Checked:
    why = []
    for name, digest in record["files"].items():
        fault = _fault(folder / name, digest)
        if fault is not None:
            why.append(_about(name, fault))
    if record.get("inputs"):
        try:
            files = inputs.listed(folder, record["inputs"])
        except inputs.InputsDamaged as damage:
            why += [_about(name, _DAMAGED) for name in damage.names]
        else:
            why += [
                _about(f"{inputs.INPUTS}/{digest} ({name})", _DAMAGED)
                for name, digest in files.items()
                if _fault(folder / inputs.INPUTS / digest, digest) is not None
            ]
    return Checked(record["stem"], record["county"], "changed" if why else "intact", tuple(why))


def _check_rest(scope: Scope) -> Iterable[Checked]:
    """Everything that belongs to no single report."""
    folder = scope.folder
    pages = journal.read_pages(folder)
    if INDEX not in pages and (folder / INDEX).exists():
        yield Checked(INDEX, "", "changed", (_NOT_NAMED,))
    for name, digest in pages.items():
        fault = _fault(folder / name, digest)
        if fault is not None:
            yield Checked(name, "", "changed", (fault,))
    for name in inputs.damaged(folder):
        yield Checked(name, "", "changed", (_DAMAGED,))
    # A format that is no longer made leaves its last file behind: an older line has its hash.
    hashes = {name: digest for line in journal.read(folder) for name, digest in line["files"].items()}
    current = {name for record in scope.records for name in record["files"]}
    places = [place for place in sorted(folder.iterdir()) if place.is_dir() and PUBLISHED.fullmatch(place.name)]
    for path in (path for place in places for path in sorted(place.rglob("*")) if not path.is_dir()):
        name = path.relative_to(folder).as_posix()
        if name not in current:
            fault = _fault(path, hashes[name]) if name in hashes else _NOT_NAMED
            if fault is not None:
                yield Checked(name, "", "changed", (fault,))


def _fault(path: Path, digest: str) -> Text | None:
    try:
        return None if file_digest(path) == digest else _OTHER_HASH
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return _MISSING


def _about(name: str, fault: Text) -> Text:
    return text(f"{name}：{fault['zh']}", f"{name}: {fault['en']}")
