"""One year of the whole assessment, and the files that people add to the school table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from balancelab.counties import measure_counties
from balancelab.intake.findings import DataRefused, Finding
from balancelab.items import compute_items, conclude_county, judge_items, judge_school_items
from balancelab.rectification.checks import list_checks
from balancelab.rectification.ledger import open_ledger, update_ledger
from balancelab.rectification.reading import read_ledger
from balancelab.verdicts import conclude_counties, judge_counties, judge_schools, qualify_schools

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from balancelab.rectification.units import Units
    from balancelab.standards import Standard


@dataclass(frozen=True)
class Assessment:
    """
    Everything judged about one year.

    Attributes
    ----------
    year : int
    measures, verdicts, qualified, differences, results : DataFrame
        From ``measure_counties``, ``judge_schools``, ``qualify_schools``, ``judge_counties``, ``conclude_counties``.
    items, school_items : DataFrame
        From ``judge_items`` and ``judge_school_items``.
    conclusion : DataFrame
        From ``conclude_county``; empty where the standard draws no conclusion.
    checks : DataFrame
        From :func:`balancelab.rectification.list_checks`.
    """

    year: int
    measures: pd.DataFrame
    verdicts: pd.DataFrame
    qualified: pd.DataFrame
    differences: pd.DataFrame
    results: pd.DataFrame
    items: pd.DataFrame
    school_items: pd.DataFrame
    conclusion: pd.DataFrame
    checks: pd.DataFrame


def take_county_items(path: str, standard: Standard) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Read the county table, or stand in an empty one where none is given: everything is then not reported.

    Parameters
    ----------
    path : str
        File, or ``""``.
    standard : Standard

    Returns
    -------
    county_items : DataFrame
        As from :func:`balancelab.intake.county_table.read_county_items`.
    findings : tuple of Finding
        Warnings.

    Raises
    ------
    DataRefused
        With every error at once.
    """
    import pandas as pd

    from balancelab.intake.county_table import COLUMNS, read_county_items

    if not path:
        types = {"year": "int64", "value": "float64", "applies": "bool"}
        return pd.DataFrame(columns=list(COLUMNS)).astype(types), ()
    county_items, findings = read_county_items(path, standard)
    return county_items, _accepted(findings)


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
        From :func:`take_county_items`; counties that `schools` does not have are left alone.
    standard : Standard
    year : int

    Returns
    -------
    Assessment
    """
    import pandas as pd

    here = schools[schools["year"] == year]
    given = county_items[county_items["county_code"].isin(here["county_code"])]
    values = indicators[indicators["year"] == year]
    measures = measure_counties(values)
    verdicts = judge_schools(values, standard)
    qualified = qualify_schools(verdicts, standard)
    differences = judge_counties(measures, values, standard)
    results = conclude_counties(qualified, differences)
    items = judge_items(compute_items(here, given, standard, year=year), standard)
    school_items = judge_school_items(here, standard, year=year, county_items=given)
    conclusion = conclude_county(results, items, standard) if standard.conclusion else pd.DataFrame()
    checks = list_checks(verdicts, qualified, differences, items, school_items, here, standard)
    return Assessment(
        year, measures, verdicts, qualified, differences, results, items, school_items, conclusion, checks
    )


def assess_years(
    schools: pd.DataFrame, indicators: pd.DataFrame, county_items: pd.DataFrame, standard: Standard
) -> Mapping[int, Assessment]:
    """Judge every year of a table; arguments as :func:`assess_year`."""
    years = sorted({int(year) for year in schools["year"]})
    return {year: assess_year(schools, indicators, county_items, standard, year=year) for year in years}


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
        return update_ledger(ledger, checks, units), _accepted(findings)
    if year - 1 in years:
        return update_ledger(open_ledger(years[year - 1].checks, units), checks, units), ()
    return open_ledger(checks, units), ()


def _accepted(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if any(finding.severity == "error" for finding in findings):
        raise DataRefused(findings)
    return findings
