"""Which schools count under a standard, and why the others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.standards import Exclusion, Standard

NO_STUDENTS = "no_students"
STUDENTS_MISSING = "students_missing"
OTHER_STAGE = "other_stage"

_REASONS: dict[str, Text] = {
    NO_STUDENTS: {"zh": "在校生为 0，无法计算生均值", "en": "No students: no value per student can be computed"},
    STUDENTS_MISSING: {"zh": "未填报在校生数", "en": "The number of students is not reported"},
    OTHER_STAGE: {"zh": "学段不在本标准范围内", "en": "The stage is outside this standard"},
}


def mark_scope(schools: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Say of every row whether it counts, and if not, by which rule.

    Parameters
    ----------
    schools : DataFrame
        The school table.
    standard : Standard
        Its ``scope`` lists who does not count; the first rule that applies is the reason given.

    Returns
    -------
    DataFrame
        The same rows with two more columns: ``in_scope`` (bool) and ``exclusion`` (the rule's id, ``""`` where in
        scope).

    Notes
    -----
    A condition on a column that the table lacks does not hold: without a column of ownership nobody is taken
    for private. Rows without students are out whatever the document says, because nothing can be divided by them,
    unless an indicator has another base (a share of teachers).
    """
    exclusion = np.full(len(schools), "", dtype=object)
    rules = [(rule.id, _applies(schools, rule)) for rule in standard.scope.exclude]
    rules.append((OTHER_STAGE, ~schools["stage"].isin(list(standard.stages)).to_numpy()))
    if all(indicator.base == "students" for indicator in standard.indicators):
        students = schools["students"].to_numpy(float)
        rules += [(STUDENTS_MISSING, np.isnan(students)), (NO_STUDENTS, students == 0)]
    for name, applies in rules:
        exclusion[(exclusion == "") & applies] = name
    return schools.assign(in_scope=exclusion == "", exclusion=exclusion)


def exclusion_reasons(standard: Standard) -> dict[str, Text]:
    """Return the words for every exclusion id that :func:`mark_scope` can give under `standard`."""
    return {rule.id: rule.reason for rule in standard.scope.exclude} | _REASONS


def _applies(schools: pd.DataFrame, rule: Exclusion) -> np.ndarray:
    applies = np.ones(len(schools), dtype=bool)
    for column, allowed in (("school_type", rule.school_type), ("ownership", rule.ownership)):
        if allowed:
            applies &= schools[column].isin(allowed).to_numpy() if column in schools else False
    if rule.students_below is not None:
        applies &= schools["students"].to_numpy(float) < rule.students_below
    return applies


def account_rows(schools: pd.DataFrame, set_aside: pd.DataFrame) -> pd.DataFrame:
    """
    Account for every row: in the file = set aside at the door + excluded by the standard + analysed.

    Parameters
    ----------
    schools : DataFrame
        From :func:`mark_scope`.
    set_aside : DataFrame
        Rows that the door kept out (``Intake.excluded``), with ``reason`` and ``students``.

    Returns
    -------
    DataFrame
        ``step, reason, rows, students``: one row ``in_file``, one for each reason of ``set_aside`` and of
        ``excluded``, one ``analysed``. The first equals the sum of the others.
    """
    import pandas as pd

    out = schools[~schools["in_scope"]]
    parts = [_counted("set_aside", set_aside, "reason"), _counted("excluded", out, "exclusion")]
    parts.append(_counted("analysed", schools[schools["in_scope"]].assign(reason=""), "reason"))
    steps = pd.concat(parts, ignore_index=True)
    whole = {"step": "in_file", "reason": "", "rows": steps["rows"].sum(), "students": steps["students"].sum()}
    return pd.concat([pd.DataFrame([whole]), steps], ignore_index=True).astype({"rows": int, "students": float})


def _counted(step: str, rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    counted = rows.groupby(reason, sort=True).agg(rows=(reason, "size"), students=("students", "sum")).reset_index()
    return counted.rename(columns={reason: "reason"}).assign(step=step)[["step", "reason", "rows", "students"]]
