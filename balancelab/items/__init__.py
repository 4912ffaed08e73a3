"""
Checklist items of the evaluations: what the county as a whole must show, beside the indicators of its schools.

>>> from balancelab.standards import load_standard
>>> standard = load_standard("quality_2017")
>>> len({item.official for item in standard.items.values() if item.block == "government"})
15
"""

from __future__ import annotations

from balancelab.items.computing import compute_items, judge_school_items
from balancelab.items.judging import conclude_county, judge_items, judge_official_items
from balancelab.items.rubric import rubric_points
from balancelab.items.selecting import relax_amounts

__all__ = [
    "compute_items",
    "conclude_county",
    "judge_items",
    "judge_official_items",
    "judge_school_items",
    "relax_amounts",
    "rubric_points",
]
