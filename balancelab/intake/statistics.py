"""Remarks that depend on a standard: schools outside its scope, and counties where a statistic says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from balancelab.intake.findings import Faults, Finding, in_order, printable
from balancelab.intake.grid import as_text
from balancelab.intake.groups import Groups, group_rows
from balancelab.intake.schema import Schema, load_schema
from balancelab.intake.scope import NO_STUDENTS, STUDENTS_MISSING, exclusion_reasons, mark_scope

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.indicators import Indicator
    from balancelab.intake.model import Intake
    from balancelab.standards import Standard

TINY_SHARE = 0.01
"""A school with less of the county's students than this should not make most of the variance."""
_MOST_VARIANCE = 0.5


def with_standard(intake: Intake, standard: Standard, *, schema: Schema | None = None) -> Intake:
    """Return `intake` with the findings that `standard` adds, in their place."""
    sheet = intake.source.sheet
    more = statistics_findings(intake.schools, standard, file=intake.source.file, sheet=sheet, schema=schema)
    return replace(intake, findings=in_order([*intake.findings, *more])) if more else intake


def statistics_findings(
    schools: pd.DataFrame, standard: Standard, *, file: str = "", sheet: str | None = None, schema: Schema | None = None
) -> tuple[Finding, ...]:
    """
    Return what `standard` makes remarkable in a clean school table.

    Parameters
    ----------
    schools : DataFrame
        The school table.
    standard : Standard
    file, sheet : str, optional
        Named in the findings.
    schema : Schema, optional
        What the columns are called, where it is not the package's own.

    Returns
    -------
    tuple of Finding
        ``SCHOOL_OUT_OF_SCOPE`` for each school that does not count; for counties ``STAT_DEGENERATE`` (one school),
        ``STAT_UNDEFINED`` (the mean is zero), ``STAT_FEW`` (no school has a value), ``STAT_LEVERAGE`` (a tiny school
        makes most of the variance).
    """
    faults = Faults(file, sheet, schema=schema or load_schema())
    if not {"stage", "school_type", "students"} <= set(schools.columns) or not len(schools):
        return ()
    marked = mark_scope(schools, standard)
    _note_scope(marked, standard, faults)
    counted = schools[marked["in_scope"].to_numpy()]
    groups = group_rows(counted, by_stage=True)
    stages = _stage_of(counted, groups)
    if len(counted):
        _note_single(counted, groups, stages, standard, faults)
        for indicator in standard.indicators:
            _note_indicator(counted, groups, stages, indicator, standard, faults)
    return faults.findings()


def _note_scope(marked: pd.DataFrame, standard: Standard, faults: Faults) -> None:
    reasons = exclusion_reasons(standard)
    out = marked[~marked["in_scope"] & ~marked["exclusion"].isin([NO_STUDENTS, STUDENTS_MISSING])]
    for row in out.to_dict("records"):
        reason = reasons.get(str(row["exclusion"]), {"zh": "", "en": ""})
        faults.add(
            "SCHOOL_OUT_OF_SCOPE", row=int(row["source_row"]), column="school_type",
            raw=str(row.get("school_code", "")), county_code=str(row["county_code"]) if "county_code" in row else None,
            school=printable(str(row.get("school", ""))), students=as_text(float(row["students"])),
            reason=(reason["zh"], reason["en"]),
        )  # fmt: skip


def _stage_of(schools: pd.DataFrame, groups: Groups) -> list[str]:
    stages = np.full(len(groups), "", dtype=object)
    stages[groups.ids] = schools["stage"].to_numpy(dtype=object)
    return [str(stage) for stage in stages]


def _stage_words(standard: Standard, stage: str) -> tuple[str, str]:
    label = standard.stages.get(stage, {"zh": stage, "en": stage})
    return label["zh"], label["en"].lower()


def _note_single(
    schools: pd.DataFrame, groups: Groups, stages: Sequence[str], standard: Standard, faults: Faults
) -> None:
    counts = groups.count(np.ones(len(schools), dtype=bool))
    for group in np.flatnonzero(counts == 1).tolist():
        county = str(groups.counties[group])
        stage = _stage_words(standard, stages[group])
        faults.add("STAT_DEGENERATE", column="stage", county_code=county or None, county=county, stage=stage)


def _note_indicator(
    schools: pd.DataFrame, groups: Groups, stages: Sequence[str], indicator: Indicator, standard: Standard,
    faults: Faults,
) -> None:  # fmt: skip
    formula = indicator.formula_for(schools.columns)
    columns = sorted(formula.columns) if formula else []
    if not columns:
        return
    table = schools[columns].to_numpy(float)
    missing, zero = np.isnan(table).any(axis=1), (table == 0).all(axis=1)
    total = groups.count(np.ones(len(schools), dtype=bool))
    name = next((column for column in columns if np.isnan(schools[column].to_numpy(float)).any()), columns[0])
    gone = groups.count(missing)
    for group in np.flatnonzero((gone == total) & (total > 0)):
        _add(
            faults, "STAT_FEW", name, groups, stages, standard, int(group), n=int(gone[group]), total=int(total[group])
        )
    for group in np.flatnonzero((groups.count(zero) == total) & (total > 0)):
        _add(faults, "STAT_UNDEFINED", columns[-1], groups, stages, standard, int(group))
    if len(columns) == 1 and indicator.base == "students" and formula is not None and formula.rate is None:
        _note_leverage(schools, groups, stages, columns[0], standard, faults)


def _note_leverage(
    schools: pd.DataFrame, groups: Groups, stages: Sequence[str], name: str, standard: Standard, faults: Faults
) -> None:
    students, amounts = schools["students"].to_numpy(float), schools[name].to_numpy(float)
    held = (students > 0) & np.isfinite(amounts)
    weights = np.where(held, students, 0.0)
    of_group = np.bincount(groups.ids, weights=weights, minlength=len(groups))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weights / of_group[groups.ids]
        mean = np.bincount(groups.ids, weights=np.where(held, amounts, 0.0), minlength=len(groups)) / of_group
        squares = np.where(held, share * (amounts / np.where(held, students, 1.0) - mean[groups.ids]) ** 2, 0.0)
        variance = np.bincount(groups.ids, weights=squares, minlength=len(groups))
        part = squares / variance[groups.ids]
        bad = np.flatnonzero((part > _MOST_VARIANCE) & (share < TINY_SHARE))
    for at in bad:
        row = schools.iloc[int(at)]
        _add(
            faults, "STAT_LEVERAGE", name, groups, stages, standard, int(groups.ids[at]), row=int(row["source_row"]),
            school=printable(str(row.get("school", ""))), students=as_text(float(students[at])),
            share=f"{100 * part[at]:.0f}",
        )  # fmt: skip


def _add(
    faults: Faults, code: str, name: str, groups: Groups, stages: Sequence[str], standard: Standard, group: int,
    *, row: int | None = None, **words: str | int,
) -> None:  # fmt: skip
    county, stage = str(groups.counties[group]), _stage_words(standard, stages[group])
    given: dict[str, object] = {"county": county, "stage": stage, **words}
    faults.add(code, row=row, column=name, county_code=county or None, **given)  # type: ignore[arg-type]
