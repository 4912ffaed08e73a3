"""
Every county beside every other: computed once for a table, read by each county's report.

A batch stages the comparison as a small file, so that no report has to read another county's schools; without that
file the same table is computed from the school table.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.equity.area import select_year
from balancelab.equity.influence import rank_counties

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard


def compare_counties(schools: pd.DataFrame, standard: Standard, *, year: int) -> pd.DataFrame:
    """
    Rank all counties of a table in one year.

    Parameters
    ----------
    schools : DataFrame
        The school table of all counties.
    standard : Standard
        Its scope says which schools count, its indicators what is compared.
    year : int
        The year.

    Returns
    -------
    DataFrame
        As :func:`balancelab.equity.rank_counties`, with the ``county``'s name. [one row per stage, indicator, county]

    Raises
    ------
    ValueError
        If the table does not hold the year.
    """
    from balancelab.counties import measure_counties
    from balancelab.indicators import compute_indicators
    from balancelab.intake.scope import mark_scope
    from balancelab.intake.split import split_shares
    from balancelab.items import relax_amounts

    now = relax_amounts(select_year(schools, year), standard)
    now = split_shares(mark_scope(now, standard), standard)
    counted = now[now["in_scope"]]
    indicators = compute_indicators(counted, standard.indicators, splits=standard.splits())
    ranks = rank_counties(measure_counties(indicators))
    return ranks.assign(county=ranks["county_code"].map(county_names(counted)).astype("str"))


def read_comparison(
    comparison_file: str | Path,
    data_file: str | Path,
    standard: Standard,
    *,
    year: int,
    column_map: str | Path | None = None,
) -> pd.DataFrame:
    """
    Read the comparison that a batch has staged, or compute it.

    Parameters
    ----------
    comparison_file : str or Path
        Where :func:`save_comparison` wrote it; empty to compute it.
    data_file, column_map : str or Path
        The school table, as for :func:`balancelab.intake.read_schools`; not read if there is a `comparison_file`.
    standard : Standard
        As for :func:`compare_counties`.
    year : int
        The year.

    Returns
    -------
    DataFrame
        As :func:`compare_counties`, the same to the bit whichever way it was come by.
    """
    import pandas as pd

    from balancelab.intake import read_schools

    if comparison_file:
        return pd.read_parquet(comparison_file)
    needed = standard.columns_needed()
    intake = read_schools(data_file, all_years=True, column_map=column_map, columns_needed=needed)
    return compare_counties(intake.schools, standard, year=year)


def save_comparison(comparison: pd.DataFrame, path: str | Path) -> None:
    """Write a comparison for :func:`read_comparison`; the same table gives the same bytes."""
    comparison.to_parquet(path, index=False, compression="zstd")


def county_names(schools: pd.DataFrame, comparison: pd.DataFrame | None = None) -> Mapping[str, str]:
    """
    Return the counties' names by code: those of `comparison`, and of `schools`, which goes first.

    Examples
    --------
    >>> import pandas as pd
    >>> own = pd.DataFrame({"county_code": ["371599"], "county": ["示例县"]})
    >>> county_names(own, own.assign(county_code="840101", county="青禾区"))
    {'840101': '青禾区', '371599': '示例县'}
    """
    tables = [table for table in (comparison, schools) if table is not None]
    names: dict[str, str] = {}
    for table in tables:
        first = table.drop_duplicates("county_code")
        names |= dict(zip(first["county_code"], first["county"], strict=True))
    return names
