"""Rules of the county as a whole: quotients, retention, growth; from columns summed over schools, or county figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from balancelab.items.formulas import growth, retention_rate, retention_rate_adjusted, to_fraction
from balancelab.items.outcomes import NOTHING, Outcome

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Item, Standard

FigureOf = Callable[[int, str], Fraction | None]
"""(year, figure id) → the county's figure, or None where it was not reported."""


def from_figures(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    """
    Compute an item from the county's figures.

    Parameters
    ----------
    item : Item
        With a rule of the county as a whole.
    standard : Standard
        Its settings.
    figure : callable
        See :data:`FigureOf`.
    year : int

    Returns
    -------
    Outcome
        Without bounds where nothing it needs was reported; `unreported` then names all that is missing.
    """
    return _RULES[item.rule](item, standard, figure, year)


def from_columns(item: Item, standard: Standard, rows: pd.DataFrame) -> Outcome:
    """
    Compute an item from columns of the school table, summed over the schools of one county that it is about.

    Parameters
    ----------
    item : Item
        With the rule ``share`` or ``retention`` and ``columns``.
    standard : Standard
        Its settings.
    rows : DataFrame
        Whole schools of one county and year that the item is about
        (:func:`balancelab.items.selecting.whole_schools`).

    Returns
    -------
    Outcome
        ``n == 0`` where the county has no such school. A school whose part was not reported may count whole or not
        at all; one whose whole was not reported leaves the share unknown.
    """
    if rows.empty:
        return NOTHING
    sums = {
        name: np.sum([rows[column].to_numpy(float) for column in columns], axis=0)
        for name, columns in item.columns.items()
    }
    known = ~np.isnan(np.sum(list(sums.values()), axis=0))
    missing = tuple(rows["school_code"][~known])
    if item.rule == "retention":
        return _retention_of_schools(item, standard, sums, known, missing)
    parts, wholes = sums["part"], sums["whole"]
    total = sum(map(to_fraction, wholes), Fraction(0)) if not np.isnan(wholes).any() else Fraction(0)
    if total == 0:
        return Outcome(None, None, len(rows), len(missing), (), missing)
    counted = sum(map(to_fraction, parts[known]), Fraction(0))
    open_part = sum(map(to_fraction, wholes[~known]), Fraction(0))
    short = rows["school_code"][known & (parts < wholes)] if item.limit == 1 else rows["school_code"][:0]
    at_best = None if missing and item.kind != "share" else (counted + open_part) / total
    return Outcome(counted / total, at_best, len(rows), len(missing), tuple(short), missing)


def _retention_of_schools(
    item: Item, standard: Standard, sums: dict[str, np.ndarray], known: np.ndarray, missing: tuple[str, ...]
) -> Outcome:
    if missing:
        return Outcome(None, None, len(known), len(missing), (), missing)
    totals = {name: sum(map(to_fraction, values), Fraction(0)) for name, values in sums.items()}
    return _retained(totals, standard, len(known))


def _share(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    part, no_part = _total(figure, year, item.figures["part"])
    whole, no_whole = _total(figure, year, item.figures["whole"])
    missing = (*no_part, *no_whole)
    if missing or part is None or whole is None or whole == 0:
        return Outcome(None, None, 0, len(missing), (), missing)
    return Outcome(part / whole, part / whole, 1)


def _retention(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    found = {name: _total(figure, year, names) for name, names in item.figures.items()}
    missing = tuple(name for _, left in found.values() for name in left)
    if missing:
        return Outcome(None, None, 0, len(missing), (), missing)
    return _retained({name: total for name, (total, _) in found.items() if total is not None}, standard, 1)


def _retained(totals: dict[str, Fraction], standard: Standard, n: int) -> Outcome:
    whole = {name: int(total) for name, total in totals.items()}
    formula = retention_rate_adjusted if standard.setting("retention_formula") == "adjusted" else retention_rate
    moves = {name: whole[name] for name in ("transfers_in", "transfers_out", "deaths")}
    try:
        rate = formula(whole["graduates"], whole["intake"], transfers_in=moves["transfers_in"],
                       transfers_out=moves["transfers_out"], deaths=moves["deaths"])  # fmt: skip
    except ValueError:  # nobody is left to divide by, or more left than were there: the figures contradict themselves
        return Outcome(None, None, n)
    return Outcome(rate, rate, n)


def _years_since(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    (name,) = item.figures["year"]
    value = figure(year, name)
    if value is None:
        return Outcome(None, None, 0, 1, (), (name,))
    return Outcome(year - value, year - value, 1)


def _least_growth(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    years = range(year - int(item.parameters["years"]) + 1, year + 1)
    found = [(name, at, _growth(figure, name, at)) for name in item.figures["series"] for at in years]
    return _smallest([(f"{name} {at}", value) for name, at, value in found])


def _least_growth_gap(item: Item, standard: Standard, figure: FigureOf, year: int) -> Outcome:
    years = range(year - int(item.parameters["years"]) + 1, year + 1)
    (series,), (benchmark,) = item.figures["series"], item.figures["benchmark"]
    gaps: list[tuple[str, Fraction | None]] = []
    for at in years:
        own, other = _growth(figure, series, at), _growth(figure, benchmark, at)
        gaps.append((f"{series} {at}", None if own is None or other is None else own - other))
    return _smallest(gaps)


def _smallest(found: Sequence[tuple[str, Fraction | None]]) -> Outcome:
    known = [value for _, value in found if value is not None]
    missing = tuple(name for name, value in found if value is None)
    if not known:
        return Outcome(None, None, len(found), len(missing), (), missing)
    least = min(known)
    return Outcome(None if missing else least, least, len(found), len(missing), (), missing)


def _growth(figure: FigureOf, name: str, year: int) -> Fraction | None:
    new, old = figure(year, name), figure(year - 1, name)
    if new is None or old is None or old <= 0:
        return None
    return growth(new, old)


def _total(figure: FigureOf, year: int, names: Sequence[str]) -> tuple[Fraction | None, tuple[str, ...]]:
    found = {name: figure(year, name) for name in names}
    missing = tuple(name for name, value in found.items() if value is None)
    if missing:
        return None, missing
    return sum((value for value in found.values() if value is not None), Fraction(0)), ()


_RULES: dict[str, Callable[[Item, Standard, FigureOf, int], Outcome]] = {
    "share": _share,
    "retention": _retention,
    "years_since": _years_since,
    "least_growth": _least_growth,
    "least_growth_gap": _least_growth_gap,
}


def figure_rules() -> frozenset[str]:
    """Return the ids of the rules of the county as a whole."""
    return frozenset(_RULES)
