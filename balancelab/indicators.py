"""
Indicators: what is measured of each school.

Every resource indicator is ``(columns added − columns taken out) ÷ students × per``; the list is data
(``indicators.toml`` or a file of the user's own). Values are quotients of whole numbers, kept beside them, so that
verdicts can be exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.definitions import Checker, InvalidDefinition, Text, nearest

if TYPE_CHECKING:
    import pandas as pd

_SAFE = 2.0**53  # below it every whole number is a float of its own
_MOST_DECIMALS = 6


@dataclass(frozen=True)
class Formula:
    """One way to get an indicator's amount from the table's columns; per stage, because the law may count by stage."""

    add: Mapping[str, tuple[str, ...]]
    subtract: tuple[str, ...] = ()
    rate: str | None = None
    note: Text | None = None

    def added(self, stage: str) -> tuple[str, ...]:
        """Columns added up for `stage` (the entry ``"*"`` serves every stage)."""
        return self.add.get(stage, self.add.get("*", ()))

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the formula reads."""
        rate = () if self.rate is None else (self.rate,)
        return frozenset(name for names in self.add.values() for name in names).union(self.subtract, rate)


@dataclass(frozen=True)
class Indicator:
    """An indicator's definition; see ``indicators.toml`` for the meaning of each field."""

    id: str
    label: Text
    short: Text
    unit: Text
    per: int
    decimals: int
    formulas: tuple[Formula, ...]
    base: str = "students"
    invert: bool = False
    counted_in: Text | None = None

    @property
    def amount_unit(self) -> Text:
        """What an amount of it is counted in: teachers, square metres, yuan."""
        return self.counted_in or self.unit

    def columns_needed(self) -> tuple[frozenset[str], ...]:
        """Alternative sets of columns, any one of which is enough."""
        return tuple(formula.columns | {self.base} for formula in self.formulas)

    def formula_for(self, columns: Iterable[str]) -> Formula | None:
        """Return the first formula whose columns are all there, or None."""
        there = set(columns)
        return next((formula for formula in self.formulas if formula.columns | {self.base} <= there), None)


def load_indicators(path: str | Path | None = None) -> dict[str, Indicator]:
    """
    Read an indicator file.

    Parameters
    ----------
    path : str or Path, optional
        A file of one's own; its indicators come on top of the package's own, replacing those of the same id.

    Returns
    -------
    dict
        Indicator id → :class:`Indicator`, in the order of the file.

    Raises
    ------
    InvalidDefinition
        Naming every unknown key, missing text and malformed formula at once.
    """
    own = _read_indicators(Path(__file__).with_name("indicators.toml"))
    return own if path is None else own | _read_indicators(Path(path))


def compute_indicators(
    schools: pd.DataFrame, indicators: Sequence[Indicator], *, splits: Iterable[str] = ()
) -> pd.DataFrame:
    """
    Compute every indicator of every school and stage.

    Parameters
    ----------
    schools : DataFrame
        The school table, one row per year × school × stage. Rows that are out of scope should be left out before.
    indicators : sequence of Indicator
        What to compute, in this order; one whose columns the table lacks is left out.
    splits : iterable of str
        Columns in which whole-school amounts are shared out by ``share_numerator ÷ share_denominator``
        (see :func:`balancelab.intake.split.split_shares`).

    Returns
    -------
    DataFrame
        One row per school × stage × indicator, grouped by indicator in the order given: ``year, county_code,
        school_code, stage, indicator, value, weight, numerator, denominator``. `value` [indicator unit] is the
        correctly rounded quotient of the two whole numbers (NaN where an amount or the divisor is missing or the
        divisor is 0); `weight` is the number that the school counts with in county measures [students, or the
        indicator's own base].
    """
    import pandas as pd

    keys = ["year", "county_code", "school_code", "stage"]
    parts = []
    for indicator in indicators:
        formula = indicator.formula_for(schools.columns)
        if formula is None:
            continue
        numerator, denominator, weight = _quotient(schools, indicator, formula, frozenset(splits))
        part = schools[keys].assign(
            indicator=indicator.id,
            value=_divide(numerator, denominator),
            weight=weight,
            numerator=numerator,
            denominator=denominator,
        )
        parts.append(part)
    if not parts:
        columns = [*keys, "indicator", "value", "weight", "numerator", "denominator"]
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)


def scaled(values: np.ndarray) -> tuple[np.ndarray, int]:
    """
    Return `values` as whole numbers times a power of ten: ``values == whole / scale``, exactly in decimal.

    Parameters
    ----------
    values : ndarray of float
        Amounts read from decimal text; NaN stays NaN.

    Returns
    -------
    whole : ndarray
        Whole numbers as float64, or as Python integers (object dtype) where float64 could not hold them exactly.
    scale : int
        A power of ten.

    Examples
    --------
    >>> scaled(np.array([7220.5, 1290.0]))
    (array([72205., 12900.]), 10)
    """
    for decimals in range(_MOST_DECIMALS + 1):
        scale = 10**decimals
        whole = np.rint(values * scale)
        if np.all((np.abs(whole) < _SAFE / 1e4) | np.isnan(values)) and np.array_equal(
            whole / scale, values, equal_nan=True
        ):
            return whole, scale
    exact = [None if np.isnan(value) else Decimal(repr(float(value))) for value in values]
    places = max((-int(number.as_tuple().exponent) for number in exact if number is not None), default=0)
    scale = 10 ** max(places, 0)
    return np.array([np.nan if number is None else int(number * scale) for number in exact], dtype=object), scale


def _quotient(
    schools: pd.DataFrame, indicator: Indicator, formula: Formula, splits: frozenset[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    base = schools[indicator.base].to_numpy(float)
    if formula.rate is not None:
        whole, scale = scaled(schools[formula.rate].to_numpy(float))
        ones = np.where(np.isnan(base), np.nan, 1.0)
        over, under = whole * (indicator.per * ones), scale * ones
        return (under * indicator.per**2, over, base) if indicator.invert else (over, under, base)
    amount, scale = scaled(_amount(schools, formula))
    base_whole, base_scale = scaled(base)
    numerator, denominator = amount * (indicator.per * base_scale), base_whole * scale
    if "share_numerator" in schools and formula.columns & splits:
        numerator = _times(numerator, schools["share_numerator"].to_numpy(float))
        denominator = _times(denominator, schools["share_denominator"].to_numpy(float))
    return numerator, denominator, base


def _amount(schools: pd.DataFrame, formula: Formula) -> np.ndarray:
    stages = schools["stage"].to_numpy()
    amount = np.full(len(schools), np.nan)
    for stage in dict.fromkeys(stages):
        if not formula.added(stage):  # the formula does not say what counts in this stage: not known, which is not 0
            continue
        here = stages == stage
        amount[here] = _column_sum(schools, formula.added(stage), here) - _column_sum(schools, formula.subtract, here)
    decimals = 10**_MOST_DECIMALS  # sums of decimals are decimals: take off the binary dust of the additions
    dusted = np.rint(amount * decimals) / decimals
    return np.where(np.abs(amount) < _SAFE / decimals, dusted, amount)


def _column_sum(schools: pd.DataFrame, columns: Sequence[str], here: np.ndarray) -> np.ndarray:
    total = np.zeros(int(here.sum()))
    for column in columns:
        total = total + schools[column].to_numpy(float)[here]
    return total


def _times(whole: np.ndarray, factor: np.ndarray) -> np.ndarray:
    if whole.dtype != object:
        product = whole * factor
        if np.nanmax(np.abs(product), initial=0.0) < _SAFE:
            return product
    pairs = zip(whole, factor, strict=True)
    return np.array([np.nan if a != a or b != b else int(a) * int(b) for a, b in pairs], object)


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    if numerator.dtype == object or denominator.dtype == object:
        pairs = zip(numerator, denominator, strict=True)
        return np.array([np.nan if a != a or b != b or b == 0 else int(a) / int(b) for a, b in pairs], dtype=float)
    divisor = np.where(denominator > 0, denominator, np.nan)
    return numerator / divisor


def _read_indicators(path: Path) -> dict[str, Indicator]:
    checker = Checker(path)
    tables = checker.read()
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            checker.fault(name, "应为一个指标的表", "must be a table describing an indicator")
            continue
        found[name] = _indicator(checker, name, table)
    checker.done()
    return found


def _indicator(checker: Checker, name: str, table: dict[str, Any]) -> Indicator:
    optional = ["short", "decimals", "base", "invert", "counted_in"]
    checker.keys(table, name, required=["label", "unit", "per", "formula"], optional=optional)
    formulas = [formula for formula in checker.typed(table, "formula", "a list", name, []) if isinstance(formula, dict)]
    if not formulas:
        checker.fault(name, "至少要有一个 [[formula]]", "at least one [[formula]] is needed")
    per = checker.typed(table, "per", "a whole number", name, 1)
    if per < 1:
        checker.fault(f"{name}.per", f"应不小于 1，现为 {per}", f"must be at least 1, is {per}")
    return Indicator(
        id=name,
        label=checker.text(table, "label", name),
        short=checker.text(table, "short" if "short" in table else "label", name),
        unit=checker.text(table, "unit", name),
        per=per,
        decimals=checker.typed(table, "decimals", "a whole number", name, 2),
        formulas=tuple(_formula(checker, f"{name}.formula", formula) for formula in formulas),
        base=checker.typed(table, "base", "a text", name, "students"),
        invert=checker.typed(table, "invert", "true or false", name, False),
        counted_in=checker.text(table, "counted_in", name) if "counted_in" in table else None,
    )


def _formula(checker: Checker, where: str, table: dict[str, Any]) -> Formula:
    checker.keys(table, where, required=[], optional=["add", "subtract", "rate", "note"])
    if ("add" in table) == ("rate" in table):
        checker.fault(where, "add 与 rate 二者必居其一", "needs either add or rate, not both")
    add = table.get("add", [])
    by_stage = {"*": add} if isinstance(add, list) else add
    if not isinstance(by_stage, dict) or not all(isinstance(names, list) for names in by_stage.values()):
        checker.fault(
            f"{where}.add", "应为列名的列表，或按学段给出", "must be a list of columns, or one list per stage"
        )
        by_stage = {}
    return Formula(
        add={stage: tuple(map(str, names)) for stage, names in by_stage.items()} if "add" in table else {},
        subtract=checker.texts(table, "subtract", where),
        rate=checker.typed(table, "rate", "a text", where),
        note=checker.text(table, "note", where) if "note" in table else None,
    )


def unknown_indicator(name: str, known: Iterable[str]) -> InvalidDefinition:
    """Return the error for an indicator id nobody defined, with the nearest one named."""
    near_zh, near_en = nearest(name, known)
    return InvalidDefinition([{"zh": f"没有指标“{name}”{near_zh}", "en": f"there is no indicator '{name}'{near_en}"}])
