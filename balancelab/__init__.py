"""
balancelab: the balance of compulsory schools, from a school table to printable reports.

The public names; each is loaded when it is first used, so that ``import balancelab`` costs nothing.

>>> import balancelab
>>> round(balancelab.weighted_cv([6.2, 3.7, 10.5, 2.1, 7.3], [45, 37, 89, 76, 55]), 2)
0.52
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Page": "balancelab.page",
    "compute_indicators": "balancelab.indicators",
    "compute_items": "balancelab.items",
    "conclude_counties": "balancelab.verdicts",
    "conclude_county": "balancelab.items",
    "exclusion_reasons": "balancelab.intake.scope",
    "judge_counties": "balancelab.verdicts",
    "judge_items": "balancelab.items",
    "judge_official_items": "balancelab.items",
    "judge_school_items": "balancelab.items",
    "judge_schools": "balancelab.verdicts",
    "list_standards": "balancelab.standards",
    "load_indicators": "balancelab.indicators",
    "load_standard": "balancelab.standards",
    "mark_scope": "balancelab.intake.scope",
    "measure_counties": "balancelab.counties",
    "qualify_schools": "balancelab.verdicts",
    "read_schools": "balancelab.intake",
    "relax_amounts": "balancelab.items",
    "split_shares": "balancelab.intake.split",
    "weighted_cv": "balancelab.measures",
    "weighted_mean": "balancelab.measures",
}

__all__ = [
    "Page",
    "__version__",
    "compute_indicators",
    "compute_items",
    "conclude_counties",
    "conclude_county",
    "exclusion_reasons",
    "judge_counties",
    "judge_items",
    "judge_official_items",
    "judge_school_items",
    "judge_schools",
    "list_standards",
    "load_indicators",
    "load_standard",
    "mark_scope",
    "measure_counties",
    "qualify_schools",
    "read_schools",
    "relax_amounts",
    "split_shares",
    "weighted_cv",
    "weighted_mean",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"balancelab has no public name {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from balancelab.counties import measure_counties
    from balancelab.indicators import compute_indicators, load_indicators
    from balancelab.intake import read_schools
    from balancelab.intake.scope import exclusion_reasons, mark_scope
    from balancelab.intake.split import split_shares
    from balancelab.items import (
        compute_items,
        conclude_county,
        judge_items,
        judge_official_items,
        judge_school_items,
        relax_amounts,
    )
    from balancelab.measures import weighted_cv, weighted_mean
    from balancelab.page import Page
    from balancelab.standards import list_standards, load_standard
    from balancelab.verdicts import conclude_counties, judge_counties, judge_schools, qualify_schools
