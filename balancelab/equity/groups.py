"""Groups of schools: how much of the inequality lies between them, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from balancelab.equity.area import KEY, framed, in_order, named, usable
from balancelab.measures import (
    decompose_entropy,
    decompose_gini,
    nested_theil,
    parity_index,
    weighted_cv,
    weighted_mean,
)

if TYPE_CHECKING:
    import pandas as pd

INDICES = ("theil_t", "theil_l", "gini")
LEAST_SCHOOLS = 2
"""Schools that a group must have on average: groups of one school each would only rename the schools."""

ORDERED_GROUPS = {"location": ("urban", "town", "rural")}
"""Columns whose groups have an order of their own, the best supplied by habit first."""

_CONTRIBUTION = [*KEY, "by", "index", "part", "group", "value", "share"]
_MEANS = [*KEY, "by", "group", "n_schools", "students", "student_share", "resource_share", "mean", "weighted_cv"]
_PAIR = [*KEY, "by", "group", "reference", "mean", "reference_mean", "gap", "ratio", "adjusted"]
_NESTED = [*KEY, "level", "n_groups", "value", "share"]


def group_means(indicators: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """
    Mean, shares and spread of every group of schools.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.describe_schools`.
    by : str
        Column whose values are the groups; a table without it gives no row.

    Returns
    -------
    DataFrame
        One row per year × county × stage × indicator × group: ``year, county_code, stage, indicator, by, group,
        n_schools, students, student_share, resource_share, mean, weighted_cv``. `resource_share` is the group's part
        of the whole amount.
    """
    rows: list[dict[str, object]] = []
    for key, part in _parts(indicators, by):
        whole = float((part["value"] * part["weight"]).sum())
        students = float(part["weight"].sum())
        for group, schools in part.groupby(by, sort=True):
            amount, here = float((schools["value"] * schools["weight"]).sum()), float(schools["weight"].sum())
            rows.append(
                key
                | {
                    "group": str(group),
                    "n_schools": len(schools),
                    "students": here,
                    "student_share": here / students,
                    "resource_share": amount / whole if whole > 0 else None,
                    "mean": weighted_mean(schools["value"], schools["weight"]),
                    "weighted_cv": weighted_cv(schools["value"], schools["weight"]) if amount > 0 else None,
                }
            )
    return framed(rows, _MEANS)


def decompose_groups(indicators: pd.DataFrame, *, by: str, index: str = "theil_t") -> pd.DataFrame:
    """
    Split inequality into what lies within each group and what lies between them; nothing is left over.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.describe_schools`.
    by : str
        Column whose values are the groups; a table without it gives no row.
    index : {"theil_t", "theil_l", "gini"}
        The Gini coefficient is split as Dagum does.

    Returns
    -------
    DataFrame
        Long: ``year, county_code, stage, indicator, by, index, part, group, value, share``. `part` is ``within`` (one
        row per group), ``between`` (one row per group for Theil, positive for groups above the mean and negative below;
        one row with group ``""`` for Gini) and, for Gini, ``overlap``. The values of one key sum to the index, the
        shares to 1 (to 0 where all schools are equal). No row for a key for which the index is not defined, or whose
        groups have fewer than :data:`LEAST_SCHOOLS` schools on average.

    Raises
    ------
    ValueError
        If `index` is none of these.
    """
    if index not in INDICES:
        raise ValueError(f"`index` must be one of {', '.join(INDICES)}, got {index!r}")
    rows: list[dict[str, object]] = []
    for key, part in _parts(indicators, by):
        if len(part) < LEAST_SCHOOLS * len(set(part[by])):
            continue
        for name, group, value, total in _contributions(part, by, index):
            share = value / total if total else 0.0
            rows.append(key | {"index": index, "part": name, "group": group, "value": value, "share": share})
    return framed(rows, _CONTRIBUTION)


def compare_groups(indicators: pd.DataFrame, *, by: str = "location") -> pd.DataFrame:
    """
    Ratio and gap of every two groups: rural to urban, rural to town, town to urban.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.describe_schools`.
    by : str, optional
        Column whose values are the groups; a table without it gives no row. Locations are compared in the order
        urban, town, rural; other groups with the largest one (by students) only. Schools without a group (``""``) play
        no part.

    Returns
    -------
    DataFrame
        ``year, county_code, stage, indicator, by, group, reference, mean, reference_mean, gap, ratio, adjusted``:
        `gap` is reference less group [indicator unit]; `ratio` is group over reference, 1 is parity, infinite where
        the reference has nothing; `adjusted` is the ratio where it is at most 1, else 2 less its inverse.

    References
    ----------
    UNESCO Institute for Statistics (2018), Handbook on Measuring Equity in Education.
    """
    rows: list[dict[str, object]] = []
    for key, part in _parts(indicators, by):
        for group, reference in _pairs(part, by):
            try:
                parity = parity_index(
                    part["value"], part["weight"], part[by], disadvantaged=group, advantaged=reference
                )
            except ValueError:  # nobody in either group has anything, or a value is negative
                continue
            rows.append(
                key
                | {
                    "group": group,
                    "reference": reference,
                    "mean": parity.disadvantaged_mean,
                    "reference_mean": parity.advantaged_mean,
                    "gap": parity.gap,
                    "ratio": parity.index,
                    "adjusted": parity.adjusted,
                }
            )
    return framed(rows, _PAIR)


def nested_shares(
    indicators: pd.DataFrame, *, levels: Sequence[str] = ("member_code", "location", "township")
) -> pd.DataFrame:
    """
    Split Theil T over nested levels: between counties, between kinds of place in a county, between schools of a kind.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`, usually the whole table.
    levels : sequence of str, optional
        Columns from the outermost inwards; left out are those that the table lacks, and those that give groups of
        fewer than :data:`LEAST_SCHOOLS` schools on average.

    Returns
    -------
    DataFrame
        ``year, county_code, stage, indicator, level, n_groups, value, share``; the last level is ``school``. No row
        where there is no level, or only one group at the outermost.
    """
    there = [name for name in levels if name in indicators]
    rows: list[dict[str, object]] = []
    if not there:
        return framed(rows, _NESTED)
    for key, part in in_order(usable(indicators)):
        useful = _levels(part, there)
        if not useful:
            continue
        try:
            nested = nested_theil(part["value"], part["weight"], {name: part[name].tolist() for name in useful})
        except ValueError:  # the index is not defined for these values
            continue
        rows += [named(KEY, key) | named(nested.columns, row) for row in nested.itertuples(index=False)]
    return framed(rows, _NESTED)


def grouping_column(indicators: pd.DataFrame, *, candidates: Sequence[str] = ("location", "ownership")) -> str:
    """
    Choose by what schools are told apart: the first of the columns in which there is more than one group.

    Returns
    -------
    str
        The column, or ``""`` where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> grouping_column(pd.DataFrame({"location": ["urban", "urban"], "ownership": ["public", "private"]}))
    'ownership'
    """
    for name in candidates:
        if name in indicators and len(set(indicators[name]) - {""}) > 1:
            return name
    return ""


def _levels(part: pd.DataFrame, levels: Sequence[str]) -> list[str]:
    """Return the levels that say something: several groups at the outermost, schools enough in every one."""
    outer, *inner = levels
    n_groups = part[outer].nunique()
    if n_groups < 2 or len(part) < LEAST_SCHOOLS * n_groups:
        return []
    kept = [outer]
    for name in inner:
        if len(part) >= LEAST_SCHOOLS * len(part[[*kept, name]].drop_duplicates()):
            kept.append(name)
    return kept


def _parts(indicators: pd.DataFrame, by: str) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """Return the usable rows of every key, where there is such a column and more than one group in it."""
    if by not in indicators:
        return []
    parts = [(key, rows) for key, rows in in_order(usable(indicators)) if len(set(rows[by])) > 1]
    return [(named(KEY, key) | {"by": by}, rows) for key, rows in parts]


def _contributions(part: pd.DataFrame, by: str, index: str) -> list[tuple[str, str, float, float]]:
    """Return ``(part, group, value, total)`` of one key; nothing where the index is not defined."""
    values, weights, labels = part["value"], part["weight"], part[by].astype(str)
    try:
        if index == "gini":
            gini = decompose_gini(values, weights, labels)
            inside = zip(gini.by_group["group"], gini.by_group["within_contribution"], strict=True)
            found = [("within", str(group), float(value), gini.total) for group, value in inside]
            return [*found, ("between", "", gini.between, gini.total), ("overlap", "", gini.overlap, gini.total)]
        split = decompose_entropy(values, weights, labels, alpha=1.0 if index == "theil_t" else 0.0)
    except ValueError:
        return []
    return [
        (name, str(row["group"]), float(row[f"{name}_contribution"]), split.total)
        for name in ("within", "between")
        for row in split.by_group.to_dict("records")
    ]


def _pairs(part: pd.DataFrame, by: str) -> list[tuple[str, str]]:
    if by in ORDERED_GROUPS:
        there = [group for group in ORDERED_GROUPS[by] if (part[by] == group).any()]
        return [(lower, upper) for place, upper in enumerate(there) for lower in there[place + 1 :]]
    sizes = part.groupby(by, sort=True)["weight"].sum().sort_values(ascending=False, kind="stable")
    largest, *others = [group for group in sizes.index if group != ""] or [""]
    return [(str(group), str(largest)) for group in others]
