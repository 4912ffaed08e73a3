"""The whole assessment of one year or several, and the ledger made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from balancelab.counties import measure_counties
from balancelab.items import compute_items, conclude_county, judge_items, judge_school_items
from balancelab.rectification.checks import list_checks
from balancelab.rectification.given import accepted
from balancelab.rectification.ledger import open_ledger, update_ledger
from balancelab.rectification.reading import read_ledger
from balancelab.verdicts import conclude_counties, judge_counties, judge_schools, qualify_schools

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from balancelab.intake.findings import Finding
    from balancelab.rectification.units import Units
    from balancelab.standards import Standard


@dataclass(frozen=True)
class Resources:
    """
    What was judged about the resources of one year.

    Attributes
    ----------
    year : int
    measures, verdicts, qualified, differences, results : DataFrame
        From ``measure_counties``, ``judge_schools``, ``qualify_schools``, ``judge_counties``, ``conclude_counties``.
    """

    year: int
    measures: pd.DataFrame
    verdicts: pd.DataFrame
    qualified: pd.DataFrame
    differences: pd.DataFrame
    results: pd.DataFrame


@dataclass(frozen=True)
class Assessment(Resources):
    """
    Everything judged about one year.

    Attributes
    ----------
    items, school_items : DataFrame
        From ``judge_items`` and ``judge_school_items``.
    conclusion : DataFrame
        From ``conclude_county``; empty where the standard draws no conclusion.
    checks : DataFrame
        From :func:`balancelab.rectification.list_checks`.
    """

    items: pd.DataFrame
    school_items: pd.DataFrame
    conclusion: pd.DataFrame
    checks: pd.DataFrame


def assess_year(
    schools: pd.DataFrame, indicators: pd.DataFrame, county_items: pd.DataFrame, standard: Standard, *, year: int
) -> Assessment:
    """
    Judge everything about one year.

    Parameters
    ----------
    schools : DataFrame
        The school table of one county or several, with ``in_scope`` (from ``mark_scope``); other years are left alone.
    indicators : DataFrame
        From ``compute_indicators``: the schools in scope.
    county_items : DataFrame
        From :func:`balancelab.rectification.take_files`; counties that `schools` does not have are left alone.
    standard : Standard
    year : int

    Returns
    -------
    Assessment
    """
    import pandas as pd

    here = schools[schools["year"] == year]
    given = county_items[county_items["county_code"].isin(here["county_code"])]
    found = assess_resources(indicators, standard, year=year)
    school_items = judge_school_items(here, standard, year=year, county_items=given)
    items = judge_items(compute_items(here, given, standard, year=year, school_items=school_items), standard)
    conclusion = conclude_county(found.results, items, standard) if standard.conclusion else pd.DataFrame()
    checks = list_checks(found.verdicts, found.qualified, found.differences, items, school_items, here, standard)
    return Assessment(**vars(found), items=items, school_items=school_items, conclusion=conclusion, checks=checks)


def assess_resources(indicators: pd.DataFrame, standard: Standard, *, year: int) -> Resources:
    """Judge the resources of one year; arguments as :func:`assess_year`."""
    values = indicators[indicators["year"] == year]
    measures = measure_counties(values)
    verdicts = judge_schools(values, standard)
    qualified = qualify_schools(verdicts, standard)
    differences = judge_counties(measures, values, standard)
    return Resources(year, measures, verdicts, qualified, differences, conclude_counties(qualified, differences))


def trace_resources(indicators: pd.DataFrame, standard: Standard, *, year: int) -> Mapping[int, Resources]:
    """
    Judge the resources of every year up to one: what monitoring over the years compares.

    Parameters
    ----------
    indicators : DataFrame
        From ``compute_indicators``: the schools in scope.
    standard : Standard
    year : int
        The last year; later ones are left alone.
    """
    years = sorted({int(one) for one in indicators["year"] if one <= year} | {year})
    return {one: assess_resources(indicators, standard, year=one) for one in years}


def assess_years(
    schools: pd.DataFrame, indicators: pd.DataFrame, county_items: pd.DataFrame, standard: Standard, *, year: int
) -> Mapping[int, Assessment]:
    """Judge a year and, where the table has it, the year before; arguments as :func:`assess_year`."""
    years = sorted({int(one) for one in schools["year"]} & {year - 1, year})
    return {one: assess_year(schools, indicators, county_items, standard, year=one) for one in years}


def begin_ledger(
    path: str, years: Mapping[int, Assessment], standard: Standard, units: Units, *, year: int
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Bring the ledger given up to date; without one, open it a year earlier where the table has that year.

    Parameters
    ----------
    path : str
        Ledger as people filled it in, or ``""``.
    years : mapping
        From :func:`assess_years`, one county.
    standard : Standard
    units : Units
    year : int
        The year judged.

    Returns
    -------
    ledger : DataFrame
        From :func:`balancelab.rectification.update_ledger`.
    findings : tuple of Finding
        Warnings about the file.

    Raises
    ------
    DataRefused
        With every error in the file at once.
    """
    checks = years[year].checks
    if path:
        ledger, findings = read_ledger(path, standard, units, checks=checks)
        return update_ledger(ledger, checks, units), accepted(findings)
    if year - 1 in years:
        return update_ledger(open_ledger(years[year - 1].checks, units), checks, units), ()
    return open_ledger(checks, units), ()
