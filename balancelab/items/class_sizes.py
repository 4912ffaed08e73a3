"""
Class sizes: classes by the bins of the statistics, large and super-large ones, and the national targets.

The bins and targets are data (``class_sizes.toml``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text


@dataclass(frozen=True)
class Bin:
    """One bin of the statistics: the column that counts its classes, and its least and most students."""

    column: str
    least: int
    most: int | None


@dataclass(frozen=True)
class Target:
    """A national target: a share of classes of `least` and more students, to be reached by a year."""

    id: str
    label: Text
    least: int
    by_year: int
    at_most: Decimal
    clause: Text


@cache
def class_bins() -> tuple[Bin, ...]:
    """Return the bins of the statistics, smallest classes first."""
    entries = _definitions()["bins"]["columns"]
    return tuple(Bin(entry["column"], entry["from"], entry.get("to")) for entry in entries)


@cache
def class_targets() -> tuple[Target, ...]:
    """Return the national targets."""
    found = []
    for name in ("large", "super_large"):
        entry = _definitions()[name]
        for target in entry["target"]:
            found.append(
                Target(
                    name, entry["label"], entry["from"], target["by_year"], Decimal(target["at_most"]), target["clause"]
                )
            )
    return tuple(found)


def class_size_clauses() -> tuple[Text, ...]:
    """Return the clauses that large and super-large classes are judged by."""
    return tuple(_definitions()[name]["clause"] for name in ("large", "super_large"))


def class_size_words(name: str) -> Text:
    """Return the label of ``large`` or ``super_large``, or the ``open_point``."""
    entry = _definitions()[name]
    words: Text = entry if name == "open_point" else entry["label"]
    return words


def classes_over(schools: pd.DataFrame, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Return how many classes have more students than a limit, at least and at most.

    Parameters
    ----------
    schools : DataFrame
        Rows of the school table. The bins of the statistics are used where all are reported; failing that
        ``largest_class``, which only says whether there is one; failing that, nothing is known.
    limits : ndarray of int, shape (n,)
        Most students of a class, for each row. [students]

    Returns
    -------
    low, high : ndarray of int, shape (n,)
        Equal where the table decides. [classes]

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"students": [270, 300, 120], "classes": [6, 6, 3], "largest_class": [45, 52, None]})
    >>> [counts.tolist() for counts in classes_over(table, np.array([45, 45, 45]))]
    [[0, 1, 0], [0, 6, 2]]
    """
    rows = len(schools)
    students, classes = _numbers(schools, "students"), _numbers(schools, "classes")
    largest = _numbers(schools, "largest_class")
    most = np.where(np.isnan(students), np.inf, students // (limits + 1))  # so many such classes can be filled
    most = np.fmin(most, classes)
    most = np.where(np.isinf(most) | np.isnan(most), 1, most).astype(int)
    low = np.where(largest > limits, 1, 0)
    high = np.where(np.isnan(largest), most, np.where(largest > limits, np.maximum(most, 1), 0)).astype(int)
    bins = np.column_stack([_numbers(schools, entry.column) for entry in class_bins()]) if rows else np.zeros((0, 10))
    for row in np.flatnonzero(~np.isnan(bins).any(axis=1)):
        low[row], high[row] = _counted(bins[row], int(limits[row]))
    return low, high


def summarise_class_sizes(schools: pd.DataFrame) -> pd.DataFrame:
    """
    Count large and super-large classes of every county and stage, and compare the shares with the national targets.

    Parameters
    ----------
    schools : DataFrame
        The school table, ordinary schools.

    Returns
    -------
    DataFrame
        One row per year × county × stage × target, and one per year × county over both stages (stage ``""``): ``year,
        county_code, stage, target, least, by_year, limit, n_classes, n_low, n_high, share_low, share_high, met,
        n_missing``. `n_low` and `n_high` are the classes of `least` students and more, at least and at most (equal
        where the bins are reported); `met` is missing where the table does not decide, and before the target's year.
    """
    import pandas as pd

    keys = ["year", "county_code", "stage"]
    parts = []
    for target in class_targets():
        low, high = classes_over(schools, np.full(len(schools), target.least - 1))
        counted = schools[keys].assign(
            n_classes=np.nan_to_num(_numbers(schools, "classes")).astype(int),
            n_low=low,
            n_high=high,
            n_missing=np.isnan(_numbers(schools, "classes")).astype(int),
        )
        both = pd.concat([counted, counted.assign(stage="")], ignore_index=True)
        sums = both.groupby(keys, sort=True).sum().reset_index()
        sums = sums.assign(target=target.id, least=target.least, by_year=target.by_year, limit=float(target.at_most))
        parts.append(sums.assign(met=pd.array(_targets_met(sums, target), dtype="boolean")))
    table = pd.concat(parts, ignore_index=True)
    shares = table["n_classes"].where(table["n_classes"] > 0)
    table = table.assign(share_low=table["n_low"] / shares, share_high=table["n_high"] / shares)
    names = ["target", "least", "by_year", "limit", "n_classes", "n_low", "n_high", "share_low", "share_high", "met"]
    return table[[*keys, *names, "n_missing"]].astype({"met": "boolean"})


def _targets_met(sums: pd.DataFrame, target: Target) -> list[bool | None]:
    met: list[bool | None] = []
    for row in sums.to_dict("records"):
        if row["year"] < target.by_year or row["n_classes"] == 0 or row["n_missing"]:
            met.append(None)
            continue
        low, high = (Fraction(int(row[end]), int(row["n_classes"])) for end in ("n_low", "n_high"))
        limit = Fraction(target.at_most)
        met.append(True if high <= limit else False if low > limit else None)
    return met


def _counted(counts: np.ndarray, limit: int) -> tuple[int, int]:
    low = high = 0
    for entry, count in zip(class_bins(), counts, strict=True):
        low += int(count) if entry.least > limit else 0
        high += int(count) if entry.most is None or entry.most > limit else 0
    return low, high


def _numbers(schools: pd.DataFrame, column: str) -> np.ndarray:
    return schools[column].to_numpy(float) if column in schools else np.full(len(schools), np.nan)


@cache
def _definitions() -> Mapping[str, Any]:
    text = Path(__file__).with_name("class_sizes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)
