"""
Tables of the reports: each takes the page and tables of ids, finds the words, and shows one table.

Numbers stay unrounded in the block; decimals are those of the official forms.
"""

from __future__ import annotations

from balancelab.page.tables.counties import county_table, cv_table, stage_summary
from balancelab.page.tables.rows import accounting, excluded_schools, reading_notes
from balancelab.page.tables.schools import requirement_table, school_table
from balancelab.page.tables.shortfalls import shortfall_table, shortfall_totals
from balancelab.page.tables.values import value_table

__all__ = [
    "accounting",
    "county_table",
    "cv_table",
    "excluded_schools",
    "reading_notes",
    "requirement_table",
    "school_table",
    "shortfall_table",
    "shortfall_totals",
    "stage_summary",
    "value_table",
]
