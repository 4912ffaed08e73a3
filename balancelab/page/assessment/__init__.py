"""
Tables and sentences of the whole assessment: the official forms I to VI, items, blocks, vetoes, open points.

Each takes the page and tables of ids, finds the words, and shows one block or a few.
"""

from __future__ import annotations

from balancelab.page.assessment.balance_forms import balance_table, published_table
from balancelab.page.assessment.item_forms import (
    counts_table,
    eligibility_table,
    government_table,
    quality_table,
    recognition_table,
    rubric_table,
    veto_table,
)
from balancelab.page.assessment.narrative import (
    failing_items,
    missing_items,
    open_points,
    relaxations_used,
    veto_statement,
)
from balancelab.page.assessment.overview import overview_table
from balancelab.page.assessment.requirements import requirement_sources
from balancelab.page.assessment.school_forms import attainment_table, school_sheet
from balancelab.page.assessment.staffing_tables import class_size_table, norm_table, posts_table, survey_table
from balancelab.page.assessment.verdict import assessment_verdict, block_table

__all__ = [
    "assessment_verdict",
    "attainment_table",
    "balance_table",
    "block_table",
    "class_size_table",
    "counts_table",
    "eligibility_table",
    "failing_items",
    "government_table",
    "missing_items",
    "norm_table",
    "open_points",
    "overview_table",
    "posts_table",
    "published_table",
    "quality_table",
    "recognition_table",
    "relaxations_used",
    "requirement_sources",
    "rubric_table",
    "school_sheet",
    "survey_table",
    "veto_statement",
    "veto_table",
]
