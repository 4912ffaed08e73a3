"""The files that come with a school table: read before anything runs, so that what is wrong is said once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.reports.given import defined, refused_table, require_files

if TYPE_CHECKING:
    from balancelab.intake import Finding
    from balancelab.rectification import Given, Units
    from balancelab.standards import Standard


def read_given(standard: Standard, settings: Mapping[str, object]) -> Given:
    """
    Read the files that come with the table before anything runs.

    Parameters
    ----------
    standard : Standard
        The document judged by.
    settings : mapping
        ``items_file``, ``school_standard_file``, ``rubric_file``, ``survey_file``, ``ledger_file``, ``units_file``;
        others are left alone, an empty one stands for no file.

    Returns
    -------
    Given
        From :func:`balancelab.rectification.take_files`.

    Raises
    ------
    TableRefused
        With every error of every file, in both languages (exit code 3).
    PlanRefused
        If a file is not there, or the units or a file's sidecar are badly defined.
    """
    from balancelab.intake import DataRefused
    from balancelab.intake.sidecar import read_sidecar
    from balancelab.rectification import read_ledger, take_files

    named = {name: Path(str(path)) for name, path in settings.items() if name.endswith("_file") and path}
    require_files(named.values())
    defined(lambda: [read_sidecar(path) for path in named.values()])
    units = read_units(named.get("units_file"))
    tables = ("items_file", "school_standard_file", "rubric_file", "survey_file")
    errors: list[Finding] = []
    given: Given | None = None
    try:
        given = take_files(standard, **{name: named[name] for name in tables if name in named})
    except DataRefused as refused:
        errors += refused.findings
    if "ledger_file" in named:
        errors += read_ledger(named["ledger_file"], standard, units)[1]
    if given is None or any(finding.severity == "error" for finding in errors):
        raise refused_table(errors)
    return given


def read_units(file: Path | None) -> Units:
    """Read who leads and supports from a file of the user's own, or the package's; refused with every mistake."""
    from balancelab.rectification import load_units

    return defined(lambda: load_units(file))
