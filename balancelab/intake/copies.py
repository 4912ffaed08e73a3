"""Columns that repeat one another, and numbers that are rounder than counts are: signs of figures not collected."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from balancelab.intake.columns import Column
from balancelab.intake.findings import Faults
from balancelab.intake.groups import Groups, group_rows
from balancelab.intake.schema import Field, Schema

_FEWEST_ROWS = 5
_FEWEST_DIFFERENT = 4
_FEWEST_ROUNDED = 10
_FEWEST_DIGITS = 30
_LEAST_MEDIAN = 50
_SAME = 1e-9
_MAY_BE_EQUAL = (
    frozenset({"teachers", "teachers_above_qualification"}),
    frozenset({"sports_area_m2", "sports_ground_area_m2"}),
    frozenset({"teachers", "teachers_certified"}),
    frozenset({"teachers", "teachers_trained_360h"}),
    frozenset({"teachers_certified", "teachers_trained_360h"}),
)
"""Pairs that are truly the same in many counties: every teacher qualified, certified and trained; no indoor hall."""


def check_copies(schools: pd.DataFrame, columns: Sequence[Column], faults: Faults, schema: Schema) -> None:
    """Note identical and proportional columns, amounts in whole thousands and counts that end in 0 or 5, by county."""
    if "students" not in schools or not len(schools):
        return
    amounts = [each for each in schema.fields if each.numeric and each.role == "amount" and each.name in schools]
    groups = group_rows(schools, by_stage=False)
    _check_proportional(schools, amounts, groups, faults)
    converted = {column.name for column in columns if column.factor != 1}
    _check_rounded(schools, [each for each in amounts if each.name not in converted], groups, faults)
    _check_digits(schools, amounts, groups, faults)


def _check_proportional(schools: pd.DataFrame, amounts: Sequence[Field], groups: Groups, faults: Faults) -> None:
    """
    Find proportional columns by a fingerprint.

    A column divided by its value in the group's first row, summed with a fixed weight for each row, is the same
    number for two columns exactly when they are proportional (but for chance of about one in 10**12); what the
    fingerprints say is then verified value by value.
    """
    weights = np.random.default_rng(20170419).random(len(schools))
    prints: dict[str, np.ndarray] = {}
    for each in [*amounts]:
        prints[each.name] = _fingerprint(schools[each.name].to_numpy(float), weights, groups)
    of_students = _fingerprint(schools["students"].to_numpy(float), weights, groups)
    for one, other in combinations(amounts, 2):
        if frozenset({one.name, other.name}) in _MAY_BE_EQUAL:
            continue
        alike = _close(prints[one.name], prints[other.name]) & ~_close(prints[one.name], of_students)
        for group in np.flatnonzero(alike):
            _verify(schools, one, other, groups, int(group), faults)


def _close(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        close: np.ndarray = np.abs(one - other) <= _SAME * np.abs(other)
    return close


def _fingerprint(values: np.ndarray, weights: np.ndarray, groups: Groups) -> np.ndarray:
    """NaN where a group has a missing or zero value, or too few rows."""
    with np.errstate(invalid="ignore"):
        usable = groups.count(~(values > 0)) == 0
    usable &= groups.count(np.ones(len(values), dtype=bool)) >= _FEWEST_ROWS
    first = np.full(len(groups), np.nan)
    first[groups.ids[::-1]] = values[::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.nan_to_num(values / first[groups.ids], nan=0.0, posinf=0.0, neginf=0.0)
    total = np.bincount(groups.ids, weights=scaled * weights, minlength=len(groups))
    return np.where(usable, total, np.nan)


def _verify(schools: pd.DataFrame, one: Field, other: Field, groups: Groups, group: int, faults: Faults) -> None:
    rows = groups.rows(group)
    a, b = schools[one.name].to_numpy(float)[rows], schools[other.name].to_numpy(float)[rows]
    if len(np.unique(a)) < _FEWEST_DIFFERENT or not np.allclose(a * b[0], b * a[0], rtol=1e-12, atol=0):
        return
    county = str(groups.counties[group])
    code = "COL_COPIED" if a[0] == b[0] else "COL_PROPORTIONAL"
    faults.add(
        code, column=one.name, county_code=county or None, county=county, other=other.name,
        other_label=(other.label["zh"], other.label["en"]), factor=f"{a[0] / b[0]:.6g}", n=len(rows), count=len(rows),
    )  # fmt: skip


def _check_rounded(schools: pd.DataFrame, amounts: Sequence[Field], groups: Groups, faults: Faults) -> None:
    for each in amounts:
        if each.unit not in ("yuan", "m2"):
            continue
        values = schools[each.name].to_numpy(float)
        with np.errstate(invalid="ignore"):
            positive = values > 0
            rounded = positive & (np.mod(values, 1000) == 0)
        counts = groups.count(positive)
        for group in np.flatnonzero((counts >= _FEWEST_ROUNDED) & (groups.count(rounded) == counts)):
            county, n = str(groups.counties[group]), int(counts[group])
            faults.add("VALUES_ROUNDED", column=each.name, county_code=county or None, county=county, n=n, count=n)


def _check_digits(schools: pd.DataFrame, amounts: Sequence[Field], groups: Groups, faults: Faults) -> None:
    counted = [each for each in amounts if each.kind == "count"]
    for name in ["students", *(each.name for each in counted)]:
        values = schools[name].to_numpy(float)
        with np.errstate(invalid="ignore"):
            positive = values > 0
            round_ = positive & (np.mod(values, 5) == 0)
        counts = groups.count(positive)
        enough = (counts >= _FEWEST_DIGITS) & (groups.count(round_) == counts)
        if not enough.any():
            continue
        medians = groups.median(np.where(positive, values, np.nan))
        for group in np.flatnonzero(enough & (medians >= _LEAST_MEDIAN)):
            n = int(counts[group])
            faults.add("DIGITS_PATTERN", column=name, county_code=str(groups.counties[group]) or None, n=n, count=n)
