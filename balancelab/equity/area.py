"""What a report is about: one county or the whole table, one year or all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from balancelab.definitions import nearest

if TYPE_CHECKING:
    import pandas as pd

KEY = ["year", "county_code", "stage", "indicator"]
SCHOOL = ["year", "county_code", "school_code", "stage"]
WHOLE_TABLE = ""
"""The county code that stands for all schools of the table together."""

DESCRIPTIONS = ("county", "school", "township", "location", "ownership")
"""Columns of the school table by which schools are named and grouped; each is used where the table has it."""


def describe_schools(
    indicators: pd.DataFrame, schools: pd.DataFrame, *, columns: Iterable[str] = DESCRIPTIONS
) -> pd.DataFrame:
    """
    Put beside every school's indicators what the school table says of the school.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`.
    schools : DataFrame
        The school table that they were computed from, one row per year × school × stage.
    columns : iterable of str
        Columns of `schools` to add; those that it lacks, or in which nothing stands, are left out.

    Returns
    -------
    DataFrame
        The same rows with ``member_code`` (the school's county) and those columns; a blank text is ``""``.

    Raises
    ------
    MergeError
        If `schools` holds a school's stage twice in one year.
    """
    there = [name for name in columns if name in schools and schools[name].notna().any()]
    described = schools[[*SCHOOL, *there]].copy()
    for name in there:
        if not _is_number(described[name]):
            described[name] = described[name].astype(object).where(described[name].notna(), "")
    table = indicators.merge(described, on=SCHOOL, how="left", validate="many_to_one")
    return table.assign(member_code=table["county_code"])


def select_area(indicators: pd.DataFrame, *, county_code: str, known: Iterable[str] = ()) -> pd.DataFrame:
    """
    Keep one county, or take all counties together.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`describe_schools`.
    county_code : str
        A county's code, or ``""`` for the whole table.
    known : iterable of str, optional
        Codes of further counties that there are, for the message.

    Returns
    -------
    DataFrame
        The area's rows. For the whole table ``county_code`` is ``""`` in every row, and a township's name has its
        county's code before it, because townships of two counties may bear one name.

    Raises
    ------
    ValueError
        If the table has no such county; the message names the nearest.
    """
    if county_code == WHOLE_TABLE:
        whole = indicators.assign(county_code=WHOLE_TABLE)
        if "township" in whole:
            whole["township"] = whole["member_code"].astype(str) + " " + whole["township"].astype(str)
        return whole
    chosen = indicators[indicators["county_code"] == county_code]
    if chosen.empty:
        near_zh, near_en = nearest(county_code, {*indicators["county_code"], *known})
        raise ValueError(f"表中没有县（区）“{county_code}”{near_zh}\nthe table has no county '{county_code}'{near_en}")
    return chosen.reset_index(drop=True)


def select_year(indicators: pd.DataFrame, year: int) -> pd.DataFrame:
    """
    Keep one year.

    Raises
    ------
    ValueError
        If the table does not hold it; the message lists the years that there are.

    Examples
    --------
    >>> import pandas as pd
    >>> select_year(pd.DataFrame({"year": [2023, 2024]}), 2025)
    Traceback (most recent call last):
    ValueError: 表中没有 2025 年；有：2023、2024
    the table does not hold the year 2025; it has: 2023, 2024
    """
    chosen = indicators[indicators["year"] == year]
    if chosen.empty:
        years = [str(one) for one in sorted({int(one) for one in indicators["year"]})]
        raise ValueError(
            f"表中没有 {year} 年；有：{'、'.join(years)}\n"
            f"the table does not hold the year {year}; it has: {', '.join(years)}"
        )
    return chosen.reset_index(drop=True)


def usable(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a measure can use: a value is there and the school counts with something."""
    values, weights = indicators["value"].to_numpy(float), indicators["weight"].to_numpy(float)
    return indicators[~np.isnan(values) & (weights > 0)]


def in_order(indicators: pd.DataFrame, keys: Sequence[str] = tuple(KEY)) -> list[tuple[tuple, pd.DataFrame]]:
    """Return ``(key, rows)`` for every key, by year, county and stage, indicators in their order of appearance."""
    order = {name: rank for rank, name in enumerate(dict.fromkeys(indicators["indicator"]))}
    place = list(keys).index("indicator")
    parts = [(key, rows) for key, rows in indicators.groupby(list(keys), sort=True)]
    return sorted(parts, key=lambda part: (part[0][:place], order[part[0][place]]))


def named(names: Iterable[Hashable], values: Iterable[object]) -> dict[str, object]:
    """
    Return values under their names.

    >>> named(["year", "stage"], (2024, "primary"))
    {'year': 2024, 'stage': 'primary'}
    """
    return {str(name): value for name, value in zip(names, values, strict=True)}


def framed(rows: list[dict[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a table that has its columns even where there is no row."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


def _is_number(column: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))
