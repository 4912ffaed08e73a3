"""What need not be made again: a report whose every input is as it was, and whose files are as they were written."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.definitions import Text
from balancelab.reports.errors import EnvironmentRefused, text
from balancelab.reports.kinds import reading_options

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake import Intake
    from balancelab.reports.units import Unit

WHY: Mapping[str, Text] = {
    "new": text("尚未生成", "not made yet"),
    "failed": text("上次失败", "failed last time"),
    "files": text("文件缺失或被改动", "files are missing or were changed"),
    "rows": text("数据有变", "the data changed"),
    "standard": text("标准有变", "the standard changed"),
    "parameters": text("参数有变", "the parameters changed"),
    "formats": text("格式有变", "the formats changed"),
    "notebook": text("笔记本有变", "the notebook changed"),
    "package": text("程序有变", "the program changed"),
    "libraries": text("所用软件库有变", "the libraries changed"),
}
"""Why a report is made (again)."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def rows_by_county(intake: Intake) -> dict[str, str]:
    """
    Return a digest of what the table says of each county, and under ``""`` of the whole table.

    Parameters
    ----------
    intake : Intake
        A clean table.

    Returns
    -------
    dict of str to str
        By county code: its rows, those kept out, its findings and those about the file as a whole. A change in another
        county leaves a county's digest as it was.
    """
    digests: dict[str, Any] = defaultdict(hashlib.sha256)
    for table in (intake.schools, intake.excluded):
        for code, rows in _hashed_rows(table).items():
            digests[code].update(rows)
    everywhere = hashlib.sha256()
    for finding in intake.findings:
        if finding.county_code is None:
            everywhere.update(repr(finding).encode("utf-8"))
        else:
            digests[finding.county_code].update(repr(finding).encode("utf-8"))
    common = everywhere.hexdigest()
    by_county = {code: _digest([digest.hexdigest(), common]) for code, digest in sorted(digests.items())}
    return by_county | {"": _digest([sorted(by_county.items()), common])}


def table_digest(table: pd.DataFrame) -> str:
    """Return a digest of a table's columns and of its rows in their order."""
    import pandas as pd

    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return hashlib.sha256(
        repr([(str(name), str(kind)) for name, kind in table.dtypes.items()]).encode() + rows
    ).hexdigest()


def parts_of(unit: Unit, program: Mapping[str, str]) -> dict[str, str]:
    """
    Return digests of everything that a report depends on.

    Parameters
    ----------
    unit : Unit
        The report.
    program : mapping
        From `program_parts`.

    Returns
    -------
    dict of str to str
        ``rows``, ``standard``, ``parameters``, ``formats``, ``notebook``, ``package``, ``libraries``: the reasons of
        `WHY`.
    """
    edited = Path(unit.word_template).stat().st_mtime_ns if unit.word_template else 0
    return {
        **unit.inputs,
        "parameters": _digest(sorted((name, repr(value)) for name, value in unit.parameters.items())),
        "formats": _formats(tuple(unit.formats), unit.word_template, edited),
        "notebook": file_digest(unit.notebook),
        **program,
    }


def program_parts() -> dict[str, str]:
    """Return digests of the package's source and of the libraries that it uses."""
    return {"package": _package(), "libraries": _libraries()}


PROGRAM = ("package", "libraries")
"""Reasons of `WHY` that have to do with the program alone."""


def why_made(
    unit: Unit,
    parts: Mapping[str, str],
    record: Mapping[str, Any] | None,
    folder: Path,
    *,
    allow_mixed: bool = False,
) -> str:
    """
    Decide whether a report has to be made.

    Parameters
    ----------
    unit : Unit
        The report.
    parts : mapping
        From `parts_of`.
    record : mapping or None
        The journal's last line about it.
    folder : Path
        Output folder.
    allow_mixed : bool
        Whether a report stands that was made by another version of the program or of its libraries.

    Returns
    -------
    str
        A key of `WHY`; ``""`` if it is done: finished, from the same inputs, its files as they were written.
    """
    if record is None:
        return "new"
    if record["state"] != "done":
        return "failed"
    counted = {part: digest for part, digest in parts.items() if not (allow_mixed and part in PROGRAM)}
    changed = changed_part(record, counted)
    if changed:
        return changed
    return "" if set(unit.files) <= set(record["files"]) and files_stand(record, folder) else "files"


def changed_part(record: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """
    Return the first part that is no longer what a report was made from, or ``""``.

    >>> changed_part({"parts": {"rows": "a", "package": "b"}}, {"rows": "a", "package": "c"})
    'package'
    """
    made_from = record.get("parts") or {}
    return next((part for part in WHY if part in parts and made_from.get(part) != parts[part]), "")


def stamps(folder: Path, names: Iterable[str]) -> dict[str, list[int]]:
    """Return size and time of files just written, by which they are known again without being read."""
    known = {}
    for name in names:
        state = (folder / name).stat()
        known[name] = [state.st_size, state.st_mtime_ns]
    return known


def files_stand(record: Mapping[str, Any], folder: Path) -> bool:
    """
    Tell whether the files of a finished report are there and unchanged.

    A file whose size and time are those in the journal is taken for unchanged; any other is read and compared with its
    hash, so that a copied folder is recognised.
    """
    written = record.get("stamps") or {}
    for name, digest in record["files"].items():
        try:
            state = (folder / name).stat()
            if [state.st_size, state.st_mtime_ns] != written.get(name) and file_digest(folder / name) != digest:
                return False
        except OSError:
            return False
    return True


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reads_one_county(notebook: Path) -> bool:
    """
    Tell whether a notebook reads one county only: it then says ``read_schools(…, county_code=county_code)``.

    Any other is taken to look at the whole table.
    """
    given = reading_options(notebook)
    return bool(given) and all(options.get("county_code") == "county_code" for options in given)


def _hashed_rows(table: pd.DataFrame) -> dict[str, bytes]:
    """County code → the hashes of its rows in order, with the names of the columns."""
    import numpy as np
    import pandas as pd

    if table.empty:
        return {}
    plain = table.astype({name: str for name, kind in table.dtypes.items() if kind.kind == "O"})
    hashes = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    codes = table["county_code"].astype(str).to_numpy()
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    head = repr([(str(name), str(kind)) for name, kind in table.dtypes.items()]).encode("utf-8")
    groups = np.split(hashes[order], starts[1:])
    return {codes[start]: head + group.tobytes() for start, group in zip(starts, groups, strict=True)}


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8")).hexdigest()


@lru_cache(maxsize=8)
def _formats(formats: tuple[str, ...], word_template: str, edited: int) -> str:
    """Digest of formats and of a Word template, which all reports of a run share; a new time has it read anew."""
    word = Path(word_template).read_bytes().hex() if word_template else ""
    return _digest([sorted(formats), word])


@cache
def _libraries() -> str:
    """
    Digest of Python's version and of every library that the package asks for.

    Raises
    ------
    EnvironmentRefused
        Naming each that is missing: found before the first report, not by the one that needs it.
    """
    needed = metadata.requires("balancelab") or []
    names = sorted({match.group() for one in needed if "extra ==" not in one and (match := _NAME.match(one))})
    known = {one: version for one in names if (version := _version(one))}
    missing = [one for one in names if one not in known]
    if missing:
        listed = " ".join(missing)
        raise EnvironmentRefused(
            text(f"缺少软件库 {listed}；请运行 pip install {listed}", f"missing: {listed}; run pip install {listed}")
        )
    return _digest([platform.python_version(), *known.items()])


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _package() -> str:
    from balancelab.page.origin import source_hash

    return source_hash()
