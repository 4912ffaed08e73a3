"""Tables of counties: verdict by stage, coefficients of variation, all counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.blocks import COEFFICIENTS
from balancelab.page.columns import Column
from balancelab.page.naming import (
    clauses_of,
    in_stage_order,
    indicator_words,
    stages_present,
    state_of,
    words_or_nothing,
)
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_REASON_TEXT = {
    "one_school": {"zh": "只有一所学校，差异系数无意义", "en": "One school: the coefficient says nothing"},
    "missing": {"zh": "有学校未填报，不能判定", "en": "A school did not report: not decided"},
    "zero_mean": {"zh": "均值为零，无法计算", "en": "Mean of zero: cannot be computed"},
    "no_schools": {"zh": "没有可计算的学校", "en": "No school with a value"},
}
_COMPOSITE_NOTE = {
    "zh": "综合为各项差异系数的简单平均，仅供参考。",
    "en": "The composite is the plain mean, for information. ",
}


def stage_summary(
    page: Page, counted: pd.DataFrame, schools: pd.DataFrame, counties: pd.DataFrame, standard: Standard
) -> None:
    """
    Show one line per stage: schools, students, qualified, coefficients within the limit.

    Parameters
    ----------
    page : Page
        Where the table goes.
    counted : DataFrame
        The county's schools in scope.
    schools, counties : DataFrame
        From ``qualify_schools`` and ``judge_counties``, one county.
    standard : Standard
        Gives the stages.
    """
    lines = []
    for stage in stages_present(counties, standard):
        here = counted[counted["stage"] == stage]
        quality = schools[schools["stage"] == stage]["qualified"] if len(schools) else pd.Series(dtype="boolean")
        judged = counties[(counties["stage"] == stage) & counties["limit"].notna()]["met"]
        states = [state_of(met) for met in [*quality, *judged]]
        worst = next((state for state in ("failed", "undetermined") if state in states), "met")
        lines.append(
            {
                "stage": page.word(standard.stages[stage]),
                "schools": len(here),
                "students": here["students"].sum(),
                "qualified": int(quality.sum()) if len(quality) else None,
                "share": quality.sum() / len(quality) if len(quality) else None,
                "judged": int(judged.notna().sum()),
                "within": int(judged.sum()),
                "state": worst,
            }
        )
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0),
            Column("qualified", zh="达标学校", en="Qualified schools", kind="number", decimals=0),
            Column("share", zh="达标比例", en="Share qualified", kind="percent", decimals=1),
            Column("within", zh="未超限值项数", en="CVs within the limit", kind="number", decimals=0),
            Column("judged", zh="可判定项数", en="CVs judged", kind="number", decimals=0),
            Column("state", zh="结论", en="Verdict", kind="verdict"),
        ],
        caption_zh="各学段结论",
        caption_en="Verdict by stage",
        note_zh="依据：{clause}。",
        note_en="Clause: {clause}.",
        clause=_clauses(page, standard),
    )


def cv_table(page: Page, measures: pd.DataFrame, counties: pd.DataFrame, standard: Standard) -> None:
    """
    Show the county mean and coefficient of variation of each indicator with its limit (form table III).

    Parameters
    ----------
    page : Page
        Where the table goes.
    measures, counties : DataFrame
        From ``measure_counties`` and ``judge_counties``, one county.
    standard : Standard
        Gives names, units, decimals and the clause.
    """
    keys = ["stage", "indicator"]
    counties = in_stage_order(counties, standard)
    means = measures[measures["measure"] == "weighted_mean"].set_index(keys)["value"]
    table = counties.assign(
        mean=means.reindex(pd.MultiIndex.from_frame(counties[keys])).to_numpy(),
        name=[page.word(indicator_words(standard, name, full=True)) for name in counties["indicator"]],
        unit=[_unit(page, standard, name) for name in counties["indicator"]],
        stage_name=[page.word(standard.stages[stage]) for stage in counties["stage"]],
        state=_county_states(counties),
        remark=[words_or_nothing(page, _REASON_TEXT.get(reason)) for reason in counties["reason"]],
    )
    clause = clauses_of(page, [standard.county_rule])
    information = standard.county_rule is not None and standard.county_rule.applies_to == "each indicator"
    page.table(
        table,
        columns=[
            Column("stage_name", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("unit", zh="单位", en="Unit"),
            Column("mean", zh="均值", en="Mean", kind="number", decimals=standard.display.mean_decimals),
            Column("value", zh="差异系数", en="CV", kind="number", decimals=standard.display.cv_decimals),
            Column("limit", zh="限值", en="Limit", kind="number", decimals=2),
            Column("state", zh="判定", en="Verdict", kind="verdict"),
            Column("n_schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("remark", zh="备注", en="Remark"),
        ],
        caption_zh="各项指标的均值与校际差异系数",
        caption_en="Mean and coefficient of variation of each indicator",
        note_zh="{information}依据：{clause}。均值为资源总量除以学生总数；判定以未修约的数值为准。",
        note_en="{information}Clause: {clause}. The mean is the total resource over all students; "
        "verdicts are reached on "
        "unrounded values.",
        row_header="name",
        about=COEFFICIENTS,
        keys=("stage", "indicator"),
        information=page.word(_COMPOSITE_NOTE) if information else "",
        clause=clause,
    )


def county_table(page: Page, conclusions: pd.DataFrame, standard: Standard) -> None:
    """Show every county's conclusion (`conclusions` from ``conclude_counties``, with a column ``county``)."""
    parts = ["met", "schools_met", "cv_met"]
    table = conclusions.assign(
        share=conclusions["n_qualified"] / conclusions["n_schools"].where(conclusions["n_schools"] > 0),
        **{name: [state_of(met) for met in conclusions[name]] for name in parts},
    )
    if not standard.requirements:
        table["schools_met"] = "not_applicable"
    page.table(
        table.sort_values("county_code"),
        columns=[
            Column("county", zh=standard.term("county")["zh"], en=standard.term("county")["en"].capitalize()),
            Column("county_code", zh="代码", en="Code"),
            Column("n_schools", zh="学校（校·学段）", en="Schools (by stage)", kind="number", decimals=0),
            Column("n_qualified", zh="达标学校", en="Qualified", kind="number", decimals=0),
            Column("share", zh="达标比例", en="Share", kind="percent", decimals=1),
            Column("schools_met", zh="学校达标", en="School part", kind="verdict"),
            Column("n_cv_met", zh="差异系数未超限", en="CVs within the limit", kind="number", decimals=0),
            Column("n_judged", zh="判定项数", en="CVs judged", kind="number", decimals=0),
            Column("cv_met", zh="校际差异", en="CV part", kind="verdict"),
            Column("met", zh="结论", en="Verdict", kind="verdict"),
        ],
        caption_zh="各{county}资源配置结论",
        caption_en="Resource verdict of each {county}",
        note_zh="依据：{clause}。",
        note_en="Clause: {clause}.",
        clause=_clauses(page, standard),
        county=page.word(standard.term("county")),
    )


def _clauses(page: Page, standard: Standard) -> str:
    """Return what resources are judged by: the rule for schools, or their requirements, and that for the county."""
    of_schools = [standard.school_rule] if standard.school_rule else list(standard.requirements.values())
    return clauses_of(page, [*of_schools, standard.county_rule])


def _unit(page: Page, standard: Standard, name: str) -> str:
    if name == COMPOSITE:
        return ""
    indicator = next(indicator for indicator in standard.indicators if indicator.id == name)
    return words_or_nothing(page, indicator.unit)


def _county_states(counties: pd.DataFrame) -> list[str]:
    states = []
    for row in counties.to_dict("records"):
        state = "not_applicable" if pd.isna(row["limit"]) or row["reason"] == "one_school" else state_of(row["met"])
        states.append(f"{state}_borderline" if row["borderline"] and state in ("met", "failed") else state)
    return states
