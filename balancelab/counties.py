"""
Counties: what the indicators of its schools say about a county.

One row per county × stage × indicator × measure, for any number of counties at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from balancelab.measures import MEASURES, Measure

if TYPE_CHECKING:
    import pandas as pd

GROUP = ["year", "county_code", "stage", "indicator"]
OFFICIAL = ("weighted_mean", "weighted_cv")


def measure_counties(indicators: pd.DataFrame, *, measures: Iterable[str] = OFFICIAL) -> pd.DataFrame:
    """
    Compute county measures of every indicator.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`: the schools in scope.
    measures : iterable of str
        Ids of registered measures (:data:`balancelab.measures.MEASURES`).

    Returns
    -------
    DataFrame
        ``year, county_code, stage, indicator, measure, value, n_schools, students, n_missing, students_missing``.
        `value` is NaN where the measure is not defined for the schools (no school with a value, a mean that is not
        positive). `students` counts by the indicator's own base where that is another column. Schools without a value
        are left out of that indicator and counted in `n_missing`.

    Raises
    ------
    KeyError
        For a measure that nobody registered.
    """
    import pandas as pd

    chosen = [MEASURES[name] for name in measures]
    groups, codes = _groups(indicators)
    values, weights = indicators["value"].to_numpy(float), indicators["weight"].to_numpy(float)
    there = ~np.isnan(values) & (weights > 0)
    counts = pd.DataFrame(groups).assign(
        n_schools=np.bincount(codes, weights=there, minlength=len(groups)).astype(int),
        students=np.bincount(codes, weights=np.where(there, weights, 0.0), minlength=len(groups)),
        n_missing=np.bincount(codes, weights=~there, minlength=len(groups)).astype(int),
        students_missing=np.bincount(
            codes, weights=np.where(there, 0.0, np.nan_to_num(weights)), minlength=len(groups)
        ),
    )
    rows = np.flatnonzero(there)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    present, starts = np.unique(codes[rows], return_index=True)
    parts = []
    for measure in chosen:
        result = np.full(len(groups), np.nan)
        result[present] = _by_group(measure, values[rows], weights[rows], starts)
        parts.append(counts.assign(measure=measure.id, value=result))
    table = pd.concat(parts, ignore_index=True)
    return table[[*GROUP, "measure", "value", "n_schools", "students", "n_missing", "students_missing"]]


def _groups(indicators: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the groups, indicators in their order of first appearance, and each row's group."""
    keyed = indicators[GROUP]
    order = {name: rank for rank, name in enumerate(dict.fromkeys(indicators["indicator"]))}
    groups = keyed.drop_duplicates().assign(_rank=lambda table: table["indicator"].map(order))
    groups = groups.sort_values(["year", "county_code", "stage", "_rank"], kind="stable")[GROUP].reset_index(drop=True)
    codes = keyed.merge(groups.assign(_code=np.arange(len(groups))), on=GROUP, how="left")["_code"].to_numpy()
    return groups, codes


def _by_group(measure: Measure, values: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    if measure.grouped is not None:
        return measure.grouped(values, weights, starts)
    ends = [*starts[1:], len(values)]
    return np.array([_one(measure, values[a:b], weights[a:b]) for a, b in zip(starts, ends, strict=True)])


def _one(measure: Measure, values: np.ndarray, weights: np.ndarray) -> float:
    try:
        return measure.function(values, weights)
    except ValueError:  # the measure is not defined for these schools
        return float("nan")
