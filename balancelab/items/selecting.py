"""Which schools a rule is about, whole schools out of their stages, and the milder numbers that hold for some."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.indicators import compute_indicators, scaled
from balancelab.intake.scope import mark_scope
from balancelab.intake.split import split_shares
from balancelab.verdicts import judge_schools

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Condition, Item, Standard

KEYS = ["year", "county_code", "school_code"]
BOTH_STAGES = "combined"

# Amounts that a combined school may report whole on each row; everything else is counted by stage.
_SHARED_ENDINGS = ("_m2", "_yuan", "_rooms")
_SHARED_NAMES = ("computers", "books")
_HIGHEST = ("largest_class", "built_year", "senior_students")


def matches(schools: pd.DataFrame, condition: Condition) -> np.ndarray:
    """
    Say of every row whether a condition holds.

    Parameters
    ----------
    schools : DataFrame
        The school table, or whole schools of it.
    condition : Condition
        Everything given in it must hold.

    Returns
    -------
    ndarray of bool
        A condition on a column that the table lacks, or on a cell that was not reported, does not hold; one that
        excludes labels then does.
    """
    held = np.ones(len(schools), dtype=bool)
    for column, allowed in condition.among.items():
        held &= schools[column].isin(allowed).to_numpy() if column in schools else False
    for column, excluded in condition.not_among.items():
        held &= ~schools[column].isin(excluded).to_numpy() if column in schools else True
    for quotient, bounds in condition.ranges.items():
        held &= _within(schools, quotient, bounds)
    return held


def select_schools(schools: pd.DataFrame, item: Item, standard: Standard) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Return the rows that an item is about, and those of which the table does not say whether it is.

    Parameters
    ----------
    schools : DataFrame
        The school table, with every column that the item asks for (:func:`columns_asked`).
    item : Item
        Its ``schools``; ``in_scope`` may be asked for like a column.
    standard : Standard
        Its scope.
    """
    if "in_scope" in item.schools.among:
        marked = mark_scope(schools, standard)
        schools = marked.assign(in_scope=np.where(marked["in_scope"], "yes", "no"))
    chosen = matches(schools, item.schools)
    blank = np.zeros(len(schools), dtype=bool)
    for column in columns_asked(item.schools) & set(schools.columns):
        blank |= schools[column].isna().to_numpy()
    if not blank.any():
        return schools[chosen], schools[:0]
    known = {column: labels for column, labels in item.schools.among.items() if column in schools}
    could_be = blank.copy()
    for column, labels in known.items():
        could_be &= schools[column].isna().to_numpy() | schools[column].isin(labels).to_numpy()
    for column, labels in item.schools.not_among.items():
        could_be &= ~schools[column].isin(labels).to_numpy() if column in schools else True
    return schools[chosen], schools[could_be & ~chosen]


def columns_asked(condition: Condition) -> set[str]:
    """Return the columns without which a condition cannot be answered."""
    quotients = {part.strip() for quotient in condition.ranges for part in quotient.split("/")}
    return ({*condition.among} | quotients) - {"in_scope"}


def whole_schools(schools: pd.DataFrame) -> pd.DataFrame:
    """
    Put the stages of a school together.

    Parameters
    ----------
    schools : DataFrame
        Rows of the school table.

    Returns
    -------
    DataFrame
        One row per year × county × school with the same columns: counts by stage are added; amounts of the school are
        added too, or taken once where each row repeats the whole school's (``shared_resources == "school"``); a part
        that was not reported leaves the sum missing. `stage` is the school's stage, ``"combined"`` where it has two.
    """
    import pandas as pd

    if schools.empty:
        return schools.copy()
    grouped = schools.groupby(KEYS, sort=False)
    first = grouped.first()
    shared = (grouped["shared_resources"].first() == "school") if "shared_resources" in schools else None
    columns = {}
    for column in schools.columns.difference([*KEYS, "stage"], sort=False):
        values = schools[column]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            columns[column] = _texts(grouped[column], shared) if column.endswith("_areas_m2") else first[column]
        elif column in _HIGHEST:
            columns[column] = grouped[column].max()
        else:
            total = grouped[column].sum(skipna=False)
            columns[column] = (
                total if shared is None or not _may_be_shared(column) else total.mask(shared, grouped[column].max())
            )
    stage = first["stage"].mask(first["stage"] != grouped["stage"].last(), BOTH_STAGES)
    return pd.DataFrame({"stage": stage, **columns}).reset_index()


def columns_read(item: Item, standard: Standard) -> list[str]:
    """Return the columns that an item's rule reads, its relaxations' conditions included."""
    used = {column for columns in item.columns.values() for column in columns} | columns_asked(item.schools)
    for relaxation in standard.relaxations.values():
        if item.id in relaxation.items:
            used |= columns_asked(relaxation.when) | set(relaxation.when.not_among)
    return [*KEYS, "stage", "shared_resources", *sorted(used - {*KEYS, "stage", "shared_resources"})]


def parameters_of(schools: pd.DataFrame, item: Item, standard: Standard) -> tuple[dict[str, list[Decimal]], list[str]]:
    """
    Return the numbers of law that hold for each school.

    Parameters
    ----------
    schools : DataFrame
        Rows to judge.
    item : Item
        Its `parameters` hold unless a relaxation of the standard takes their place.
    standard : Standard
        Its `relaxations`.

    Returns
    -------
    parameters : dict
        Name → one number per row; of several relaxations that apply, the mildest: the first one in the file that
        changes the number most.
    relaxed : list of str
        Id of the relaxation used, ``""`` where none is.
    """
    numbers = {name: [value] * len(schools) for name, value in item.parameters.items()}
    relaxed = [""] * len(schools)
    farthest = [Decimal(0)] * len(schools)
    for relaxation in standard.relaxations.values():
        if item.id not in relaxation.items:
            continue
        distance = sum(
            (abs(value - item.parameters[name]) for name, value in relaxation.parameters.items()), Decimal(0)
        )
        for row in np.flatnonzero(matches(schools, relaxation.when)):
            if distance > farthest[row]:
                farthest[row], relaxed[row] = distance, relaxation.id
                for name, value in relaxation.parameters.items():
                    numbers[name][row] = value
    return numbers, relaxed


def relax_amounts(schools: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Count in what the standard's relaxations allow to be counted in, before indicators are computed.

    Parameters
    ----------
    schools : DataFrame
        The school table.
    standard : Standard
        Its relaxations of indicators; without any the rows come back unchanged.

    Returns
    -------
    DataFrame
        The same rows; the first column that the indicator's formula adds is raised where a relaxation applies, the
        school does not reach the requirement without it, and something was reported to count in. The column
        ``relaxations`` (ids, ``;`` between them) says where.

    Examples
    --------
    >>> import pandas as pd
    >>> from balancelab.standards import load_standard
    >>> site = {"year": 2024, "county_code": "371599", "school_code": "1", "stage": "primary"}
    >>> site |= {"school_type": "teaching_site", "students": 80}
    >>> table = pd.DataFrame([site | {"teachers_arts_pe": 0.0, "teachers_arts_pe_visiting": 1.0}])
    >>> relax_amounts(table, load_standard("quality_2017_transitional"))["teachers_arts_pe"].to_list()
    [1.0]
    """
    used = np.full(len(schools), "", dtype=object)
    changed: dict[str, np.ndarray] = {}
    for relaxation in standard.relaxations.values():
        indicator = next((each for each in standard.indicators if each.id == relaxation.indicator), None)
        formula = indicator.formula_for(schools.columns) if indicator else None
        added = [column for column in relaxation.add if column in schools]
        if formula is None or not added:
            continue
        extra = schools[added].fillna(0.0).sum(axis=1).to_numpy(float)
        rows = matches(schools, relaxation.when) & (extra > 0) & _short_of(schools, relaxation.indicator, standard)
        for stage in standard.stages:
            here = rows & (schools["stage"] == stage).to_numpy()
            if not here.any():
                continue
            target = formula.added(stage)[0]
            amounts = changed.get(target, schools[target].to_numpy(float).copy())
            amounts[here] += extra[here]
            changed[target] = amounts
        used[rows] = [f"{before};{relaxation.id}".lstrip(";") for before in used[rows]]
    return schools.assign(**changed, relaxations=used) if standard.relaxations else schools


def _short_of(schools: pd.DataFrame, name: str, standard: Standard) -> np.ndarray:
    """Say of every row whether it misses the requirement on an indicator, as the table stands."""
    (indicator,) = (each for each in standard.indicators if each.id == name)
    shared = split_shares(schools, standard)
    verdicts = judge_schools(compute_indicators(shared, [indicator], splits=standard.splits()), standard)
    keys = [*KEYS, "stage"]
    short = set(verdicts[verdicts["met"].eq(False).fillna(False)][keys].itertuples(index=False, name=None))
    return np.array([row in short for row in schools[keys].itertuples(index=False, name=None)], dtype=bool)


def _within(schools: pd.DataFrame, quotient: str, bounds: Mapping[str, Decimal]) -> np.ndarray:
    over, _, under = (part.strip() for part in quotient.partition("/"))
    if over not in schools or (under and under not in schools):
        return np.zeros(len(schools), dtype=bool)
    top, top_scale = scaled(schools[over].to_numpy(float))
    bottom = schools[under].to_numpy(float) if under else np.ones(len(schools))
    known = ~np.isnan(top.astype(float)) & ~np.isnan(bottom) & (bottom > 0)
    held = known.copy()
    for bound, limit in bounds.items():
        limit_over, limit_under = limit.as_integer_ratio()
        left, right = top * limit_under, bottom * limit_over * top_scale  # whole numbers below 2**53
        held &= {"at_least": left >= right, "at_most": left <= right, "above": left > right, "below": left < right}[
            bound
        ]
    return held


def _may_be_shared(column: str) -> bool:
    return column in _SHARED_NAMES or column.endswith(_SHARED_ENDINGS)


def _texts(grouped: Any, shared: pd.Series | None) -> Any:
    joined = grouped.agg(lambda parts: ";".join(str(part) for part in parts.dropna()))
    return joined if shared is None else joined.mask(shared, grouped.first())
