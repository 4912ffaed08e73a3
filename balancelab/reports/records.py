"""What a worker is told of a report, and what the journal says of it afterwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from balancelab import __version__
from balancelab.page.disclosure import PUBLIC
from balancelab.reports.errors import Failure, withheld
from balancelab.reports.units import Unit

ORIGIN = ("standard", "data", "indicators", "added")
"""What a report is made from: a report at the same place made from something else is not overwritten."""


def order_of(unit: Unit) -> dict[str, Any]:
    """Return what a worker needs to know to make a report; plain JSON values."""
    return {
        "notebook": str(unit.notebook.absolute()),
        "parameters": dict(unit.parameters),
        "stem": unit.stem,
        "language": unit.language,
        "origin": {key: unit.origin.get(key, "") for key in ORIGIN},
        "formats": list(unit.formats),
        "word": unit.word,
        "audience": unit.audience,
    }


def record_of(unit: Unit, failure: Failure | None, answer: dict[str, Any], seconds: float) -> dict[str, Any]:
    """
    Return the journal's line about a report that was finished, well or badly.

    Parameters
    ----------
    unit : Unit
        The report.
    failure : Failure or None
        Why it failed.
    answer : dict
        The worker's answer, empty if it died.
    seconds : float
        Time it took. [s]

    Returns
    -------
    dict
        Plain JSON values.
    """
    if failure is not None and unit.audience == PUBLIC:  # the journal lies beside what is published
        failure = withheld(failure)
    return {
        "stem": unit.stem,
        "state": "done" if failure is None else "failed",
        "kind": unit.kind,
        "language": unit.language,
        "year": unit.year,
        "county_code": unit.county_code,
        "county": unit.county,
        "audience": unit.audience,
        **{key: unit.origin.get(key, "") for key in ORIGIN},
        "standard_label": dict(unit.standard_label),
        "synthetic": unit.synthetic,
        "school_code": unit.school_code,
        "parameters": [[name, value] for name, value in unit.parameters.items()],  # their order shows in the notebook
        "formats": list(unit.formats),
        "source_date_epoch": os.environ.get("SOURCE_DATE_EPOCH", ""),
        "files": answer.get("files", {}),
        "verdict": answer.get("verdict", ""),
        "results": answer.get("results", {}),
        "failure": None if failure is None else failure.as_json(),
        "seconds": seconds,
        "version": __version__,
    }


def unit_of(record: Mapping[str, Any], notebook: Path, word_template: Path | None) -> Unit:
    """
    Return the report that a line of the journal is about, to be made once more.

    Parameters
    ----------
    record : mapping
        From `record_of`.
    notebook : Path
        The notebook that it was made by.
    word_template : Path or None
        The bureau's Word template that it was made with.
    """
    return Unit(
        kind=record["kind"],
        language=record["language"],
        year=record["year"],
        county_code=record["county_code"],
        county=record["county"],
        notebook=notebook,
        parameters=dict(record["parameters"]),
        origin={key: record[key] for key in ORIGIN},
        standard_label=record["standard_label"],
        synthetic=record["synthetic"],
        formats=tuple(record["formats"]),
        word_template=str(word_template or ""),
        school_code=record["school_code"],
        audience=record["audience"],
    )
