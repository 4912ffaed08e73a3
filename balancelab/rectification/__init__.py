"""
Rectification: everything judged in one table, the problems in it, and the ledger in which they are put right.

>>> load_units().deadline(2024)
'2025-09-30'
"""

from __future__ import annotations

from balancelab.rectification.assessing import (
    Assessment,
    Resources,
    assess_year,
    assess_years,
    begin_ledger,
    trace_resources,
)
from balancelab.rectification.checks import find_problems, list_checks, rank_problems
from balancelab.rectification.excel import write_ledger
from balancelab.rectification.given import Given, take_files
from balancelab.rectification.ledger import count_changes, open_ledger, update_ledger
from balancelab.rectification.reading import read_ledger
from balancelab.rectification.units import Units, load_units

__all__ = [
    "Assessment",
    "Given",
    "Resources",
    "Units",
    "assess_year",
    "assess_years",
    "begin_ledger",
    "count_changes",
    "find_problems",
    "list_checks",
    "load_units",
    "open_ledger",
    "rank_problems",
    "read_ledger",
    "take_files",
    "trace_resources",
    "update_ledger",
    "write_ledger",
]
