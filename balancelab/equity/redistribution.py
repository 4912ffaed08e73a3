"""Redistribution: do schools with more disadvantaged students have more, or less?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import KEY, SCHOOL, framed, in_order, named, usable
from balancelab.measures import concentration_index

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("migrant_students", "left_behind_students")
"""Counts of disadvantaged students that a school table may hold."""

_COLUMNS = [*KEY, "ranked_by", "concentration", "n_schools", "students"]


def concentrate_on(indicators: pd.DataFrame, schools: pd.DataFrame, *, counts: Iterable[str] = COUNTS) -> pd.DataFrame:
    """
    Concentration of a resource on schools with many disadvantaged students.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`.
    schools : DataFrame
        The school table, with the columns of `counts` and ``students``.
    counts : iterable of str, optional
        Columns that count disadvantaged students; those that the table lacks are left out.

    Returns
    -------
    DataFrame
        ``year, county_code, stage, indicator, ranked_by, concentration, n_schools, students``. Schools are ordered by
        the share of such students, lowest first: the index is positive where schools with a larger share have more per
        student, negative where they have less, 0 where it makes no difference [unitless, −1 to 1]. A key in which no
        school has such students, or all have the same share, has no row.
    """
    rows: list[dict[str, object]] = []
    keys = [name if name != "county_code" else "member_code" for name in SCHOOL]
    for count in (name for name in counts if name in schools):
        shares = schools[SCHOOL].assign(_share=_share(schools, count)).rename(columns={"county_code": "member_code"})
        table = indicators.merge(shares, on=keys, how="left")
        for key, part in in_order(usable(table[table["_share"].notna()])):
            if part["_share"].nunique() < 2:
                continue
            try:
                index = concentration_index(part["value"], part["weight"], part["_share"])
            except ValueError:  # the index is not defined for these values
                continue
            found = {"ranked_by": count, "concentration": index, "n_schools": len(part)}
            rows.append(named(KEY, key) | found | {"students": float(part["weight"].sum())})
    return framed(rows, _COLUMNS)


def _share(schools: pd.DataFrame, count: str) -> np.ndarray:
    students = schools["students"].to_numpy(float)
    return np.divide(schools[count].to_numpy(float), students, out=np.full(len(students), np.nan), where=students > 0)
