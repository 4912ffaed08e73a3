"""
The door: any table a bureau really has, read right or refused with a list it can act on.

``read_schools`` gives a clean school table with a ledger of every change, or raises :class:`DataRefused`; ``inspect``
only says what it found.
"""

from balancelab.intake.findings import DataRefused, Finding, finding_codes
from balancelab.intake.gathering import gather_schools, inspect_several
from balancelab.intake.model import EXCLUSION_REASONS, Intake, Source
from balancelab.intake.reading import inspect, read_schools
from balancelab.intake.telling import findings_to_json, format_findings

__all__ = [
    "EXCLUSION_REASONS",
    "DataRefused",
    "Finding",
    "Intake",
    "Source",
    "annotate",
    "finding_codes",
    "findings_to_json",
    "format_findings",
    "gather_schools",
    "inspect",
    "inspect_several",
    "read_schools",
    "write_template",
]


def __getattr__(name: str) -> object:
    # Workbook writing needs openpyxl and xlsxwriter, which reading does not: they load when they are asked for.
    if name == "annotate":
        from balancelab.intake.annotating import annotate

        return annotate
    if name == "write_template":
        from balancelab.intake.template import write_template

        return write_template
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
