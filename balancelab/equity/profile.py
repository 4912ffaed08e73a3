"""The equity profile: every measure of every county, stage and indicator, with what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from balancelab.counties import measure_counties
from balancelab.equity.adequacy import ratios
from balancelab.equity.area import KEY, framed
from balancelab.equity.groups import decompose_groups
from balancelab.measures import MEASURES, grouped

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard

ADEQUACY = (
    "adequacy_index",
    "fgt_0",
    "fgt_1",
    "fgt_2",
    "share_of_schools_meeting",
    "share_of_schools_at_floor",
    "amount_missing",
)
"""
Measures that need a requirement; `share_of_schools_at_floor` counts those that reach the standard's share of it, and
`amount_missing` is there only for indicators that have an amount.
"""

PARTS = {"theil_t": ("within", "between"), "gini": ("within", "between", "overlap")}
COLUMNS = (
    *KEY,
    "measure",
    "by",
    "value",
    "n_schools",
    "students",
    "n_dropped",
    "students_dropped",
    "dropped_because",
    "undefined_because",
)


def equity_profile(
    indicators: pd.DataFrame,
    *,
    measures: Iterable[str] | None = None,
    groups: str | Sequence[str] | None = None,
    standard: Standard | None = None,
) -> pd.DataFrame:
    """
    Measure every county × stage × indicator in every way, for any number of counties and years at once.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`; with the columns of
        :func:`balancelab.equity.describe_schools` where `groups` names one.
    measures : iterable of str, optional
        Ids of registered measures (:data:`balancelab.measures.MEASURES`); all of them by default.
    groups : str or sequence of str, optional
        Columns by which inequality is split: ``location``, ``township``, ``member_code`` … Adds, for each, the parts
        of Theil T and of the Gini coefficient (Dagum): ``theil_t_within``, ``theil_t_between``, ``gini_within``,
        ``gini_between``, ``gini_overlap``, with the column's name in ``by``.
    standard : Standard, optional
        Adds adequacy (:data:`ADEQUACY`) of every indicator of which it requires at least something.

    Returns
    -------
    DataFrame
        ``year, county_code, stage, indicator, measure, by, value, n_schools, students, n_dropped, students_dropped,
        dropped_because, undefined_because``. `students` counts by the indicator's own base where that is another
        column. `dropped_because`: ``not_reported``, ``students_missing``, ``no_students``, joined by ``+``, or ``""``.
        `undefined_because` where `value` is NaN or infinite: ``no_school``, ``mean_not_positive``, ``zero_value`` (a
        school with nothing makes the measure infinite), ``not_admitted`` (a negative value), else ``""``.

    Raises
    ------
    KeyError
        For a measure that nobody registered, or a group that is no column.

    Examples
    --------
    >>> import pandas as pd
    >>> key = {"year": 2024, "county_code": "371599", "stage": "primary", "indicator": "books_per_student"}
    >>> table = pd.DataFrame([key | {"value": 4, "weight": 300}, key | {"value": 6, "weight": 100}])
    >>> equity_profile(table, measures=["weighted_cv"])[["measure", "value", "n_schools", "students"]].round(4)
           measure   value  n_schools  students
    0  weighted_cv  0.1925          2     400.0
    """
    import pandas as pd

    chosen = tuple(MEASURES) if measures is None else tuple(measures)
    by = [groups] if isinstance(groups, str) else list(groups or ())
    base = measure_counties(indicators, measures=chosen or ("weighted_mean",))
    tables = [base.assign(by="") if chosen else base.iloc[:0].assign(by="")]
    counts = base[[*KEY, "n_schools", "students"]].drop_duplicates(KEY)
    if standard is not None:
        tables.append(_with_counts(_adequacy(indicators, standard), counts))
    tables += [_with_counts(_parts(indicators, column), counts) for column in by]
    profile = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    profile = profile[[*KEY, "measure", "by", "value", "n_schools", "students"]]
    profile = profile.merge(_dropped(indicators), on=KEY, how="left")
    return profile.assign(undefined_because=_undefined(profile, indicators))[list(COLUMNS)]


def _adequacy(indicators: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Adequacy of every county at once, for one requirement after the other."""
    import pandas as pd

    share = standard.school_rule.floor_share if standard.school_rule else Decimal(1)
    without_amount = ratios(standard)
    tables = []
    for indicator in standard.indicators:
        requirement = standard.requirements.get(indicator.id)
        if requirement is None or requirement.at_least is None:
            continue
        for stage, limit in requirement.at_least.items():
            rows = indicators[(indicators["indicator"] == indicator.id) & (indicators["stage"] == stage)]
            rows = rows[rows["value"].notna() & (rows["weight"] > 0)].sort_values(KEY, kind="stable")
            if limit <= 0 or rows.empty:
                continue
            keys = rows[KEY].drop_duplicates()
            starts = np.flatnonzero(~rows.duplicated(KEY).to_numpy())
            figures = _adequacy_figures(rows, starts, float(limit), float(limit * share), indicator.per)
            if indicator.id in without_amount:
                del figures["amount_missing"]
            tables += [keys.assign(measure=name, value=figure, by="") for name, figure in figures.items()]
    return pd.concat(tables, ignore_index=True) if tables else framed([], [*KEY, "measure", "value", "by"])


def _adequacy_figures(
    rows: pd.DataFrame, starts: np.ndarray, limit: float, floor: float, per: int
) -> dict[str, np.ndarray]:
    values, weights = rows["value"].to_numpy(float), rows["weight"].to_numpy(float)
    once = np.ones(len(values))
    short = {alpha: grouped.fgt(values, weights, starts, requirement=limit, alpha=alpha) for alpha in (0, 1, 2)}
    at_floor = grouped.fgt(values, once, starts, requirement=floor, alpha=0) if floor > 0 else np.zeros(len(starts))
    return {
        "adequacy_index": 1 - short[1],
        **{f"fgt_{alpha}": figure for alpha, figure in short.items()},
        "share_of_schools_meeting": 1 - grouped.fgt(values, once, starts, requirement=limit, alpha=0),
        "share_of_schools_at_floor": 1 - at_floor,
        "amount_missing": short[1] * limit * grouped.group_sums(weights, starts) / per,
    }


def _parts(indicators: pd.DataFrame, by: str) -> pd.DataFrame:
    """Parts of Theil T and Gini by the groups of one column, long."""
    import pandas as pd

    tables = []
    for index, parts in PARTS.items():
        split = decompose_groups(indicators, by=by, index=index)
        sums = split.groupby([*KEY, "part"], sort=False)["value"].sum().reset_index()
        tables += [sums[sums["part"] == part].assign(measure=f"{index}_{part}", by=by) for part in parts]
    return pd.concat(tables, ignore_index=True)[[*KEY, "measure", "value", "by"]]


def _with_counts(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    return table.merge(counts, on=KEY, how="left")


def _dropped(indicators: pd.DataFrame) -> pd.DataFrame:
    """Rows that no measure could use: how many, their students, why."""
    values, weights = indicators["value"].to_numpy(float), indicators["weight"].to_numpy(float)
    reasons = np.select(
        [np.isnan(weights), weights <= 0, np.isnan(values)], ["students_missing", "no_students", "not_reported"], ""
    )
    marked = indicators[KEY].assign(
        n_dropped=(reasons != "").astype(int),
        students_dropped=np.where(reasons != "", np.nan_to_num(weights), 0.0),
        dropped_because=reasons,
    )
    totals = marked.groupby(KEY, sort=False).agg(
        n_dropped=("n_dropped", "sum"),
        students_dropped=("students_dropped", "sum"),
        dropped_because=("dropped_because", lambda part: "+".join(sorted(set(part) - {""}))),
    )
    return totals.reset_index()


def _undefined(profile: pd.DataFrame, indicators: pd.DataFrame) -> np.ndarray:
    lowest = indicators[indicators["weight"] > 0].groupby(KEY, sort=False)["value"].agg(["min", "max"]).reset_index()
    ends = profile[KEY].merge(lowest, on=KEY, how="left")
    values = profile["value"].to_numpy(float)
    because = np.select(
        [
            profile["n_schools"].to_numpy() == 0,
            ends["min"].to_numpy(float) < 0,
            ends["max"].to_numpy(float) <= 0,
            np.isinf(values),
        ],
        ["no_school", "not_admitted", "mean_not_positive", "zero_value"],
        "not_admitted",
    )
    return np.where(np.isfinite(values), "", because)
