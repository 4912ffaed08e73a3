"""
Equity: who has how much of what, by county, group, school and year.

Every function takes the tidy indicator table and returns a tidy table of ids; the mathematics is in
:mod:`balancelab.measures`. The sequence of a report::

    indicators = describe_schools(compute_indicators(counted, rules.indicators, splits=rules.splits()), counted)
    area = select_area(indicators, county_code="371599")
    profile = equity_profile(select_year(area, 2024), standard=rules)

An *area* is what a report is about: one county, or the whole table taken as one. In the whole table ``county_code``
is ``""`` and ``member_code`` says which county a school belongs to, so that every function below serves both.
"""

from __future__ import annotations

from balancelab.equity.adequacy import adequacy_shortfall
from balancelab.equity.area import describe_schools, select_area, select_year
from balancelab.equity.comparison import compare_counties, county_names, read_comparison, save_comparison
from balancelab.equity.groups import compare_groups, decompose_groups, group_means, grouping_column, nested_shares
from balancelab.equity.influence import rank_counties, school_influence
from balancelab.equity.profile import equity_profile
from balancelab.equity.redistribution import concentrate_on
from balancelab.equity.years import converge_over_years, spread_over_years

__all__ = [
    "adequacy_shortfall",
    "compare_counties",
    "compare_groups",
    "concentrate_on",
    "converge_over_years",
    "county_names",
    "decompose_groups",
    "describe_schools",
    "equity_profile",
    "group_means",
    "grouping_column",
    "nested_shares",
    "rank_counties",
    "read_comparison",
    "save_comparison",
    "school_influence",
    "select_area",
    "select_year",
    "spread_over_years",
]
