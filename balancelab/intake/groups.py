"""Rows grouped by county and year (and stage): what a value is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Groups:
    """
    Groups of rows.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_rows,)
        Group of each row.
    counties : ndarray of object, shape (n_groups,)
        County code of each group, ``""`` where not known.
    years : ndarray, shape (n_groups,)
    """

    ids: np.ndarray
    counties: np.ndarray
    years: np.ndarray

    def __len__(self) -> int:
        return len(self.counties)

    def count(self, mask: np.ndarray) -> np.ndarray:
        """Return how many rows of each group are in `mask`."""
        return np.bincount(self.ids, weights=mask.astype(float), minlength=len(self))

    def median(self, values: np.ndarray) -> np.ndarray:
        """Return the median of each group, NaN values left out."""
        medians = pd.Series(values).groupby(self.ids).median()
        found = np.full(len(self), np.nan)
        found[medians.index.to_numpy()] = medians.to_numpy()
        return found

    def rows(self, group: int) -> np.ndarray:
        """Return the positions of a group's rows."""
        return np.flatnonzero(self.ids == group)


def group_rows(schools: pd.DataFrame, *, by_stage: bool) -> Groups:
    """Group the rows by year and county, and by stage where that is asked for."""
    names = [name for name in ("year", "county_code", *(("stage",) if by_stage else ())) if name in schools]
    if not names or not len(schools):
        return Groups(np.zeros(len(schools), np.int64), np.array([""], object), np.array([np.nan]))
    ids = np.zeros(len(schools), dtype=np.int64)
    for name in names:
        codes, uniques = pd.factorize(schools[name], sort=True, use_na_sentinel=False)
        ids = ids * len(uniques) + codes
    unique, first, ids = np.unique(ids, return_index=True, return_inverse=True)
    counties = (
        schools["county_code"].fillna("").to_numpy(dtype=object)[first]
        if "county_code" in schools
        else [""] * len(unique)
    )
    years = schools["year"].to_numpy(float)[first] if "year" in schools else np.full(len(unique), np.nan)
    return Groups(ids, np.asarray(counties, dtype=object), years)
