"""Two bundles beside each other: what crossed a limit, what moved, and which schools moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.changes.bundle import Bundle, NotComparable
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text

CROSSINGS = ("to_failed", "to_met", "undecided", "decided")
"""Met before and failed now; the other way round; decided before and not now; the other way round."""

_KEYS = ["stage", "indicator"]
_CELL = ["stage", "school_code", "indicator"]
_SAME = 1e-9  # relative: sums of the same numbers in another order differ by less, two reported figures by more


@dataclass(frozen=True)
class Comparison:
    """
    What changed.

    Attributes
    ----------
    before, after : Bundle
        The two.
    coefficients : DataFrame
        ``stage, indicator, stage_name, name, unit``, then ``mean, value, limit, state`` each with ``_before`` and
        ``_after``, ``change`` of the coefficient and ``crossing`` (one of `CROSSINGS`, or ``""``).
    schools : DataFrame
        ``stage, school_code, school, students_before, students_after, state_before, state_after, crossing`` and
        ``there`` (``both``, ``added``, ``removed``).
    values : DataFrame
        Values of schools that are in both: ``stage, school_code, school, indicator, value_before, value_after,
        state_before, state_after, crossing``.
    effects : DataFrame
        ``stage, indicator, school_code, school, there, value_before, value_after, students_before, students_after,
        effect``: what each school added to the change of the coefficient, or of a stage's composite. The effects of a
        coefficient sum to its change.
    """

    before: Bundle
    after: Bundle
    coefficients: pd.DataFrame
    schools: pd.DataFrame
    values: pd.DataFrame
    effects: pd.DataFrame


def compare(before: Bundle, after: Bundle, *, anyway: bool = False) -> Comparison:
    """
    Set two bundles beside each other.

    Parameters
    ----------
    before, after : Bundle
        The earlier and the later one.
    anyway : bool, optional
        Whether bundles made by another standard or of other indicators are compared in what they share.

    Returns
    -------
    Comparison
        Tidy tables; empty where nothing is shared.

    Raises
    ------
    NotComparable
        If they are about different counties; or, without `anyway`, made by different standards or of different
        indicators.
    """
    problems = _problems(before, after, anyway=anyway)
    if problems:
        raise NotComparable(*problems)
    schools = _schools(before, after)
    values = _joined(before.values, after.values, _CELL, how="inner")
    values = values.merge(schools[["stage", "school_code", "school"]], on=["stage", "school_code"])
    values["crossing"] = _crossings(values)
    coefficients = _coefficients(before, after)
    return Comparison(before, after, coefficients, schools, values, _effects(before, after, coefficients, schools))


def effects_on(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, float, float]:
    """
    Part the change of a coefficient of variation among schools.

    Parameters
    ----------
    before, after : (array, array), each shape (n_schools,)
        Values and students of the same schools in the same order; a school that was not there has 0 students.
        [indicator unit, students]

    Returns
    -------
    effects : array, shape (n_schools,)
        What each school added to the coefficient's change; they sum to it. [unitless]
    cv_before, cv_after : float
        The coefficients.

    Notes
    -----
    With :math:`c_i = (P_i/P)(x_i/\\bar x - 1)^2`, the coefficient is the root of :math:`\\sum c_i`. The change of the
    squares is the sum of the schools' :math:`c_i' - c_i`, and divided by :math:`CV' + CV` it is the coefficient's own.

    Examples
    --------
    Two schools of 100 students at 4 and 6 (mean 5, coefficient 0.2); the second comes down to 4: no difference is left,
    and each school gives up half of what there was.

    >>> students = np.array([100.0, 100.0])
    >>> effects, was, now = effects_on((np.array([4.0, 6.0]), students), (np.array([4.0, 4.0]), students))
    >>> effects.round(6).tolist(), round(was, 6), now
    ([-0.1, -0.1], 0.2, 0.0)
    """
    parts = [_parts(values, students) for values, students in (before, after)]
    was, now = (float(np.sqrt(part.sum())) for part in parts)
    if was + now == 0:
        return np.zeros(len(parts[0])), was, now
    return (parts[1] - parts[0]) / (was + now), was, now


def _parts(values: np.ndarray, students: np.ndarray) -> np.ndarray:
    """What each school adds to the square of the coefficient."""
    there = students > 0
    share = np.where(there, students, 0.0) / students[there].sum()
    values = np.where(there, values, 0.0)
    mean = (share * values).sum()
    if not mean > 0:  # no coefficient either
        return np.full(len(values), np.nan)
    return np.where(there, share * (values / mean - 1) ** 2, 0.0)


def _problems(before: Bundle, after: Bundle, *, anyway: bool) -> list[Text]:
    if before.county_code != after.county_code:
        one, two = (f"{bundle.county_code} {bundle.county}" for bundle in (before, after))
        return [{"zh": f"不是同一个县（区）：{one}，{two}", "en": f"they are about different counties: {one}, {two}"}]
    if anyway:
        return []
    found = []
    if before.standard != after.standard:
        one, two = before.standard, after.standard
        found.append(_problem(f"标准不同：{one}，{two}", f"they were judged by different standards: {one}, {two}"))
    elif before.standard_sha256 != after.standard_sha256:
        found.append(
            _problem(
                f"标准文件“{after.standard}”有改动", f"the file of the standard '{after.standard}' changed in between"
            )
        )
    indicators = [set(map(tuple, bundle.coefficients[_KEYS].to_numpy())) for bundle in (before, after)]
    lonely = ", ".join(sorted({name for _, name in indicators[0] ^ indicators[1]}))
    if lonely:
        found.append(_problem(f"指标不同：{lonely}", f"they have different indicators: {lonely}"))
    return found


def _problem(zh: str, en: str) -> Text:
    return {"zh": f"{zh}；仍要比较请加 --anyway", "en": f"{en}; to compare what they share, add --anyway"}


def _coefficients(before: Bundle, after: Bundle) -> pd.DataFrame:
    columns = [*_KEYS, "mean", "value", "limit", "state"]
    table = _joined(before.coefficients[columns], after.coefficients[columns], _KEYS, how="inner")
    words = after.coefficients[[*_KEYS, "stage_name", "name", "unit"]]
    table = words.merge(table, on=_KEYS)  # in the order of the later report
    table["change"] = table["value_after"] - table["value_before"]
    table["crossing"] = _crossings(table)
    return table


def _schools(before: Bundle, after: Bundle) -> pd.DataFrame:
    keys = ["stage", "school_code"]
    table = _joined(before.schools, after.schools, keys, how="outer")
    there = table.pop("_merge").map({"both": "both", "left_only": "removed", "right_only": "added"}).astype(str)
    name = table["school_after"].where(table["school_after"].notna(), table["school_before"])
    table = table.drop(columns=["school_before", "school_after"]).assign(school=name, there=there)
    table["crossing"] = _crossings(table)
    return table.sort_values(keys, kind="stable").reset_index(drop=True)


def _joined(before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], *, how: str) -> pd.DataFrame:
    outer = how == "outer"
    suffixes = ("_before", "_after")
    return before.merge(after, on=list(keys), how="outer" if outer else "inner", suffixes=suffixes, indicator=outer)


def _crossings(table: pd.DataFrame) -> list[str]:
    return [_crossing(was, now) for was, now in zip(table["state_before"], table["state_after"], strict=True)]


def _crossing(was: object, now: object) -> str:
    decided = ("met", "failed")
    if was in decided and now in decided:
        return "" if was == now else f"to_{now}"
    if was in decided and now == "undetermined":
        return "undecided"
    return "decided" if was == "undetermined" and now in decided else ""


def _effects(before: Bundle, after: Bundle, coefficients: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """What each school added, for the coefficients that the schools shown give exactly."""
    import pandas as pd

    names = ["stage", "indicator", "school_code", "school", "there"]
    numbers = ["value_before", "value_after", "students_before", "students_after", "effect"]
    cells = _joined(before.values, after.values, _CELL, how="outer").drop(columns="_merge")
    cells = cells.merge(schools.drop(columns=["state_before", "state_after", "crossing"]), on=["stage", "school_code"])
    found = [pd.DataFrame(columns=[*names, *numbers])]
    for row in coefficients.to_dict("records"):
        here = cells[(cells["stage"] == row["stage"]) & (cells["indicator"] == row["indicator"])]
        columns = {name: here[name].to_numpy(float) for name in numbers[:4]}
        students = [np.nan_to_num(columns[f"students_{side}"]) for side in ("before", "after")]
        if not len(here) or any(not (known > 0).any() for known in students):
            continue
        sides = [(columns[f"value_{side}"], known) for side, known in zip(("before", "after"), students, strict=True)]
        effect, *both = effects_on(*sides)
        if np.allclose(both, [row["value_before"], row["value_after"]], rtol=_SAME, atol=0):
            found.append(here.assign(effect=effect)[[*names, *numbers]])
    table = pd.concat([part for part in found if len(part)] or found, ignore_index=True)
    composites = [_on_composite(table, coefficients, row) for row in coefficients.to_dict("records")]
    return pd.concat([table, *(part for part in composites if len(part))], ignore_index=True)


def _on_composite(effects: pd.DataFrame, coefficients: pd.DataFrame, row: Mapping[Any, Any]) -> pd.DataFrame:
    """What each school added to a stage's composite, which is the plain mean of its coefficients."""
    here = effects[effects["stage"] == row["stage"]]
    single = coefficients[(coefficients["stage"] == row["stage"]) & (coefficients["indicator"] != COMPOSITE)]
    if row["indicator"] != COMPOSITE or here["indicator"].nunique() != len(single) or not len(single):
        return effects.iloc[:0]
    keys = ["stage", "school_code", "school", "there", "students_before", "students_after"]
    summed = here.groupby(keys, sort=False, dropna=False)["effect"].sum().reset_index()
    summed = summed.assign(
        indicator=COMPOSITE, value_before=np.nan, value_after=np.nan, effect=summed["effect"] / len(single)
    )
    close = abs(summed["effect"].sum() - row["change"]) <= _SAME
    return summed[list(effects.columns)] if close else effects.iloc[:0]
