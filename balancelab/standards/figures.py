"""
County figures: the counts and amounts that a county reports and items are computed from.

The list is data (``shared/figures.toml``); what is law stands in the standards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from balancelab.definitions import Checker, Text

FIGURE_KINDS = ("count", "amount", "year")


@dataclass(frozen=True)
class Figure:
    """
    One figure of the county.

    Attributes
    ----------
    id : str
    label, unit : mapping
    kind : str
        ``count`` (a whole number), ``amount`` or ``year``.
    within : tuple of str
        Figures that it cannot exceed, because it counts a part of them.
    table : str
        The table of the forms (``"I"``, ``"VI"``, …) or of a report that prints it, where no item needs it.
    """

    id: str
    label: Text
    unit: Text
    kind: str
    within: tuple[str, ...] = ()
    table: str = ""


@cache
def load_figures() -> dict[str, Figure]:
    """
    Return every county figure by its id, in the order of the file.

    >>> load_figures()["teachers_exchanged"].within
    ('teachers_exchange_eligible',)
    """
    checker = Checker(Path(__file__).parent / "shared" / "figures.toml")
    tables = checker.read()
    figures = {name: _figure(checker, name, table) for name, table in tables.items()}
    for name, figure in figures.items():
        for whole in figure.within:
            if whole not in figures:
                checker.fault(f"{name}.within", f"没有“{whole}”", f"there is no figure '{whole}'")
    checker.done()
    return figures


def _figure(checker: Checker, name: str, table: dict[str, Any]) -> Figure:
    checker.keys(table, name, required=["label", "unit", "kind"], optional=["within", "table"])
    kind = checker.typed(table, "kind", "a text", name, "count")
    if kind not in FIGURE_KINDS:
        checker.fault(f"{name}.kind", f"不认识“{kind}”", f"does not know '{kind}'")
    return Figure(
        id=name,
        label=checker.text(table, "label", name),
        unit=checker.text(table, "unit", name),
        kind=kind,
        within=checker.texts(table, "within", name),
        table=checker.typed(table, "table", "a text", name, ""),
    )
