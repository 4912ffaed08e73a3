"""The 100-point rubric of government work: points that the province sets, awarded in the county table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from balancelab.items.formulas import to_fraction
from balancelab.items.outcomes import NOTHING, Outcome

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.standards import Standard

SCORE = "rubric_score"
POINTS_COLUMNS = ("year", "county_code", "official", "max_points", "points")


def score(points: Mapping[str, Fraction | None], standard: Standard) -> Outcome:
    """
    Add up the points of a county.

    Parameters
    ----------
    points : mapping
        Official item → points awarded, None where not reported.
    standard : Standard
        Its rubric; without points of a province nothing can be added up.

    Returns
    -------
    Outcome
        Between what was awarded and what the items not yet reported could still bring.
    """
    rubric = standard.rubric
    if rubric is None or not rubric.points:
        return NOTHING
    known = [value for value in points.values() if value is not None]
    open_items = tuple(name for name in rubric.points if points.get(name) is None)
    awarded = sum(known, Fraction(0))
    could_be = awarded + sum((Fraction(rubric.points[name]) for name in open_items), Fraction(0))
    if not known:
        return Outcome(
            None, None, len(rubric.points), len(open_items), (), tuple(f"{name}_points" for name in open_items)
        )
    lost = tuple(name for name, value in points.items() if value is not None and value < Fraction(rubric.points[name]))
    return Outcome(
        awarded, could_be, len(rubric.points), len(open_items), lost, tuple(f"{name}_points" for name in open_items)
    )


def rubric_points(county_items: pd.DataFrame, standard: Standard, *, year: int) -> pd.DataFrame:
    """
    List the points of every official item.

    Parameters
    ----------
    county_items : DataFrame
        The county table; points stand in rows whose item is the official number with ``_points``.
    standard : Standard
        Its rubric.
    year : int

    Returns
    -------
    DataFrame
        One row per county × official item: ``year, county_code, official, max_points, points``. `points` is NaN
        where not reported, `max_points` where the province's split was not given.
    """
    import pandas as pd

    rubric = standard.rubric
    officials = official_items(standard)
    here = county_items[county_items["year"] == year]
    given = {(str(row["county_code"]), str(row["item"])): row["value"] for row in here.to_dict("records")}
    rows = [
        {
            "year": year,
            "county_code": county,
            "official": official,
            "max_points": float(rubric.points[official]) if rubric and official in rubric.points else float("nan"),
            "points": given.get((county, f"{official}_points"), float("nan")),
        }
        for county in sorted({str(code) for code in here["county_code"]})
        for official in officials
    ]
    return pd.DataFrame(rows, columns=list(POINTS_COLUMNS))


def official_items(standard: Standard) -> dict[str, Text]:
    """Return the official items that the rubric gives points for, each with the label of its first part."""
    found: dict[str, Text] = {}
    for item in standard.items.values():
        if standard.rubric is not None and item.block == standard.rubric.block and not item.informative:
            found.setdefault(item.official, item.label)
    return found


def with_points(standard: Standard, points: Mapping[str, Decimal], *, source: str, authority: str) -> Standard:
    """
    Return the standard with the province's points in its rubric.

    Raises
    ------
    ValueError
        If the standard has no rubric, or the points do not name its items exactly or do not sum to its total. A file
        is better read by :func:`balancelab.intake.county_table.read_rubric`, which names every fault at once.
    """
    if standard.rubric is None:
        raise ValueError(f"the standard {standard.id!r} has no rubric")
    if set(points) != set(official_items(standard)) or sum(map(to_fraction, points.values())) != Fraction(
        standard.rubric.total
    ):
        raise ValueError("the points must be those of the standard's items and sum to the rubric's total")
    return replace(standard, rubric=replace(standard.rubric, points=dict(points), source=source, authority=authority))
