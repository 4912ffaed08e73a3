"""Single schools and single counties: which school drives a county's figure, and where a county stands among others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import KEY, WHOLE_TABLE, framed, in_order, named, usable
from balancelab.measures import MEASURES, influence_table, interval_without

if TYPE_CHECKING:
    import pandas as pd

MOST_SCHOOLS = 3000
"""Above it no single school is looked at: it would take long, and no single school matters."""

FEWEST_FOR_INTERVAL = 10
"""Below it no interval is shown: the jackknife needs schools to leave out."""

_INFLUENCE = [
    *KEY,
    "measure",
    "school_code",
    "school",
    "value",
    "students",
    "figure",
    "without",
    "influence",
    "rank",
    "low",
    "high",
]
_RANK = [*KEY, "measure", "value", "n_schools", "rank", "n_ranked"]


def school_influence(indicators: pd.DataFrame, *, measure: str = "weighted_cv") -> pd.DataFrame:
    """
    Say what a county's figure would be without each of its schools, the strongest first.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`. Rows of the whole table (county code ``""``) and keys of fewer than
        two or more than :data:`MOST_SCHOOLS` schools are left out.
    measure : str, optional
        Id of a registered measure.

    Returns
    -------
    DataFrame
        One row per year × county × stage × indicator × school: ``year, county_code, stage, indicator, measure,
        school_code, school, value, students, figure`` (of all schools), ``without`` (without this one), ``influence``
        (that less `figure`: negative where the school raises it), ``rank`` (1 is the strongest), ``low, high``: the
        jackknife interval of 95 % for "if these schools were a draw from similar schools", NaN below ten schools or
        for a measure that jumps.
    """
    names = indicators["school"] if "school" in indicators else indicators["school_code"]
    function = MEASURES[measure].function
    rows: list[dict[str, object]] = []
    for key, part in in_order(usable(indicators.assign(school=names))):
        if not 2 <= len(part) <= MOST_SCHOOLS or key[1] == WHOLE_TABLE:
            continue
        codes, schools = part["school_code"].to_numpy(), part["school"].to_numpy()
        try:
            figure = function(part["value"], part["weight"])
            table = influence_table(function, part["value"], part["weight"])
        except ValueError:  # the measure is not defined for these schools
            continue
        low, high = _interval(measure, figure, table["without"].to_numpy(float))
        whole = named(KEY, key) | {"measure": measure, "figure": figure, "low": low, "high": high}
        for rank, (place, row) in enumerate(zip(table["school"].to_numpy(int), table.to_dict("records"), strict=True)):
            who = {"school_code": codes[place], "school": schools[place], "rank": rank + 1}
            rows.append(whole | named(row.keys(), row.values()) | who)
    return framed(rows, _INFLUENCE)


def rank_counties(measures: pd.DataFrame, *, measure: str = "weighted_cv") -> pd.DataFrame:
    """
    Rank counties by a measure, the most equal first.

    Parameters
    ----------
    measures : DataFrame
        From :func:`balancelab.counties.measure_counties`, all counties.
    measure : str, optional
        A measure of which less means more equal.

    Returns
    -------
    DataFrame
        One row per year × county × stage × indicator that can be ranked: ``year, county_code, stage, indicator,
        measure, value, n_schools, rank, n_ranked``. Counties that tie share the better rank. A county of one school
        is left out: its spread of zero says nothing.
    """
    table = measures[(measures["measure"] == measure) & (measures["n_schools"] > 1) & measures["value"].notna()]
    by = table.groupby(["year", "stage", "indicator"], sort=False)["value"]
    ranked = table.assign(rank=by.rank(method="min").astype(int), n_ranked=by.transform("size").astype(int))
    return ranked[_RANK].reset_index(drop=True)


def _interval(measure: str, figure: float, without: np.ndarray) -> tuple[float, float]:
    if not MEASURES[measure].smooth or len(without) < FEWEST_FOR_INTERVAL:
        return np.nan, np.nan
    try:
        interval = interval_without(figure, without)
    except ValueError:  # not defined without one of the schools
        return np.nan, np.nan
    return interval.low, interval.high
