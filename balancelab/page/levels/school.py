"""One school: what it has, what is required, its place in the county, what it lacks, and how that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from balancelab.definitions import nearest
from balancelab.page.assessment.words import short_clause
from balancelab.page.columns import Column
from balancelab.page.display import is_missing
from balancelab.page.levels.wording import gap_text, limit_text, subject_words, value_text
from balancelab.page.naming import (
    LOCATIONS,
    TYPE_WORDS,
    clauses_of,
    indicator_words,
    rounding_words,
    state_of,
    with_authority,
)

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_SITUATION = (
    ("students", "在校生", "Students"),
    ("classes", "班级", "Classes"),
    ("largest_class", "最大班额", "Largest class"),
    ("teachers", "专任教师", "Full-time teachers"),
)


def choose_school(schools: pd.DataFrame, school_code: str, year: int) -> pd.DataFrame:
    """
    Return the rows of one school, all years; an unknown code is refused with the nearest one.

    Raises
    ------
    ValueError
        If the county's table of that year has no such school.
    """
    here = schools[schools["school_code"] == school_code]
    if not (here["year"] == year).any():
        known = schools.loc[schools["year"] == year, "school_code"].unique()
        zh, en = nearest(school_code, known)
        raise ValueError(f"{year} 年没有学校“{school_code}”{zh} / there is no school '{school_code}' in {year}{en}")
    return here


def rank_values(
    indicators: pd.DataFrame, verdicts: pd.DataFrame, own: pd.DataFrame, measures: pd.DataFrame
) -> pd.DataFrame:
    """
    Set a school's values beside the requirement and its county.

    Parameters
    ----------
    indicators, verdicts, measures : DataFrame
        Of the county's schools in scope, one year.
    own : DataFrame
        The school's indicators, same year.

    Returns
    -------
    DataFrame
        One row per stage × indicator of the school: ``stage, indicator, value, limit, comparison, met, gap, mean,
        rank, n``. `rank` counts from the best (1), equal values share the better place; NaN where the value is
        missing or the school is out of scope. `mean` is the county's student-weighted mean.
    """
    rows: list[dict[str, Any]] = []
    means = measures[measures["measure"] == "weighted_mean"].set_index(["stage", "indicator"])["value"]
    keys = ["school_code", "stage", "indicator"]
    judged = {tuple(row[key] for key in keys): row for row in verdicts.to_dict("records")}
    for row in own.to_dict("records"):
        place = (row["stage"], row["indicator"])
        others = indicators[(indicators["stage"] == place[0]) & (indicators["indicator"] == place[1])]
        values = others["value"].dropna()
        counted = (others["school_code"] == row["school_code"]).any() and not is_missing(row["value"])
        verdict = judged.get((row["school_code"], *place))
        more_is_better = verdict is None or verdict["comparison"] == "at_least"
        better = (values > row["value"]) if more_is_better else (values < row["value"])
        rows.append(
            {
                "stage": place[0],
                "indicator": place[1],
                "value": row["value"],
                "limit": np.nan if verdict is None else verdict["limit"],
                "comparison": "at_least" if verdict is None else verdict["comparison"],
                "met": pd.NA if verdict is None else verdict["met"],
                "gap": np.nan if verdict is None else verdict["shortfall"],
                "mean": means.get(place, np.nan),
                "rank": int(better.sum()) + 1 if counted else np.nan,
                "n": len(values),
            }
        )
    names = ["stage", "indicator", "value", "limit", "comparison", "met", "gap", "mean", "rank", "n"]
    return pd.DataFrame(rows, columns=names).astype({"met": "boolean"})


def verdict_lines(page: Page, qualified: pd.DataFrame, now: pd.DataFrame, standard: Standard) -> None:
    """
    Say for every stage of the school whether it qualifies, or why it does not count.

    Parameters
    ----------
    page : Page
    qualified : DataFrame
        From ``qualify_schools``, this school, this year.
    now : DataFrame
        The school's rows of the table, this year, with ``in_scope`` and ``exclusion``.
    standard : Standard
    """
    from balancelab.intake.scope import exclusion_reasons

    reasons = exclusion_reasons(standard)
    for row in now.to_dict("records"):
        stage = standard.stages.get(row["stage"], {"zh": row["stage"], "en": row["stage"]})
        found = qualified[qualified["stage"] == row["stage"]]
        if not row["in_scope"]:
            page.verdict(
                "{stage}：不计入资源配置指标（{reason}）",
                "{stage}: not counted in the resource indicators ({reason})",
                "not_applicable",
                stage=page.word(stage),
                reason=page.word(reasons[row["exclusion"]]),
            )
        elif len(found):
            one = found.iloc[0]
            page.verdict(
                "{stage}：{required} 项指标中 {met} 项达标，{missing} 项未填报，{floor} 项低于下限",
                "{stage}: of {required} indicators {met} meet the requirement, {missing} were not reported, {floor} "
                "lie below the floor",
                state_of(one["qualified"]),
                stage=page.word(stage),
                required=int(one["n_required"]),
                met=int(one["n_met"]),
                missing=int(one["n_missing"]),
                floor=int(one["n_below_floor"]),
            )
    if standard.school_rule:
        page.say(zh="达标规则：{clause}。", en="Rule: {clause}.", clause=clauses_of(page, [standard.school_rule]))
    elif not standard.requirements:
        page.say(
            zh="本标准对学校没有全国统一的数值要求，只列数值和在全县的位置。",
            en="This document sets no national requirement for schools; values and places in the county are shown.",
        )


def situation_table(page: Page, now: pd.DataFrame, standard: Standard) -> None:
    """Show the school at a glance: one line per stage (`now`: its rows of the table, this year)."""
    rows = []
    for row in now.to_dict("records"):
        rows.append(
            {
                "stage": page.word(standard.stages.get(row["stage"], {"zh": row["stage"], "en": row["stage"]})),
                "type": page.word(TYPE_WORDS[row["school_type"]]) if row.get("school_type") in TYPE_WORDS else "",
                "location": page.word(LOCATIONS.get(row.get("location") or "", LOCATIONS[""])),
                **{name: row.get(name) for name, _, _ in _SITUATION},
            }
        )
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("type", zh="学校类型", en="Type"),
            Column("location", zh="城乡", en="Location"),
            *(Column(name, zh=zh, en=en, kind="number", decimals=0) for name, zh, en in _SITUATION),
        ],
        caption_zh="学校基本情况",
        caption_en="The school at a glance",
    )


def preschool_note(page: Page, now: pd.DataFrame) -> None:
    """Say how many children of attached kindergarten classes are not students here; nothing where there are none."""
    children = now["preschool_students"].sum() if "preschool_students" in now else 0
    if children:
        page.note(
            zh="附设幼儿班有幼儿 {n} 人，不属义务教育阶段，不计入在校生。",
            en="Attached kindergarten classes hold {n} children; they are not compulsory students and are not counted.",
            n=int(children),
        )


def value_table(page: Page, ranked: pd.DataFrame, standard: Standard) -> None:
    """Show the school's values, the requirement, the county mean and its place (`ranked` from :func:`rank_values`)."""
    rows = [
        {
            "stage": page.word(standard.stages[row["stage"]]),
            "name": page.word(subject_words(standard, row["indicator"], full=True)),
            "value": value_text(page.language, standard, row["indicator"], row["value"]),
            "limit": row["limit"],
            "mean": value_text(page.language, standard, row["indicator"], row["mean"]),
            "rank": "—" if is_missing(row["rank"]) else f"{int(row['rank'])} / {row['n']}",
            "state": "not_applicable" if is_missing(row["limit"]) else state_of(row["met"]),
            "gap": gap_text(page.language, standard, {**row, "kind": "indicator", "subject": row["indicator"]})
            if not is_missing(row["gap"]) and row["gap"] > 0
            else "",
            "clause": _clause(page, standard.requirements.get(row["indicator"])),
        }
        for row in ranked.to_dict("records")
    ]
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("value", zh="现值", en="Value", align="right"),
            Column("limit", zh="要求", en="Requirement", kind="number"),
            Column("mean", zh="全县平均", en="County mean", align="right"),
            Column("rank", zh="全县位次", en="Place", align="right"),
            Column("state", zh="判定", en="Verdict", kind="verdict"),
            Column("gap", zh="缺口（总量）", en="Missing in all", align="right"),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh="各项指标：数值、要求与在全县的位置",
        caption_en="Each indicator: value, requirement and place in the county",
        note_zh="位次：1 为最好，分母为填报该指标的学校数；缺口按现有学生数计算。{rounded}",
        note_en="Place: 1 is best, of the schools that reported the indicator. Missing in all: for today's "
        "students.{rounded}",
        row_header="name",
        rounded=rounding_words(page, standard),
    )


def missing_lines(page: Page, ranked: pd.DataFrame, standard: Standard) -> None:
    """Say what the school lacks in real units, or that it lacks nothing (`ranked` from :func:`rank_values`)."""
    short = ranked[ranked["met"].eq(False).fillna(False)]
    if not standard.requirements:
        return
    silent = ranked[ranked["met"].isna() & ranked["limit"].notna()]
    if len(silent):
        page.say(
            zh="未填报、不能判定的指标：{listed}。",
            en="Not reported and so not judged: {listed}.",
            listed=page.word({"zh": "、", "en": ", "}).join(
                page.word(indicator_words(standard, row["indicator"])) for row in silent.to_dict("records")
            ),
        )
    if short.empty:
        page.say(zh="已填报的指标没有缺口。", en="Nothing is missing in what was reported.")
        return
    parts = []
    for row in short.to_dict("records"):
        stage = page.word(standard.stages[row["stage"]])
        name = page.word(indicator_words(standard, row["indicator"]))
        text = gap_text(page.language, standard, {**row, "kind": "indicator", "subject": row["indicator"]})
        parts.append(page.word({"zh": f"{stage}{name} {text}", "en": f"{name} ({stage.lower()}): {text}"}))
    page.say(
        zh="按现有学生数，达到要求还缺：{listed}。",
        en="For today's students the requirements lack: {listed}.",
        listed=page.word({"zh": "；", "en": "; "}).join(parts),
    )


def school_item_table(page: Page, school_items: pd.DataFrame, standard: Standard) -> None:
    """Show the checklist items that are judged school by school; nothing where there is none (one school)."""
    if school_items.empty:
        return
    rows = [
        {
            "name": page.word(subject_words(standard, row["item"])),
            "value": value_text(page.language, standard, row["item"], row["value"], kind="school_item"),
            "limit": limit_text(
                page.language, standard, row["item"], row["comparison"], row["limit"], kind="school_item"
            ),
            "state": state_of(row["met"]),
            "clause": _clause(page, standard.items[row["item"]]),
        }
        for row in school_items.to_dict("records")
    ]
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("name", zh="项目", en="Item"),
            Column("value", zh="现值", en="Value", align="right"),
            Column("limit", zh="要求", en="Required"),
            Column("state", zh="判定", en="Verdict", kind="verdict"),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh="政府保障、教育质量中按校判定的项目",
        caption_en="Checklist items that are judged school by school",
    )


def _clause(page: Page, rule: Any) -> str:
    return "" if rule is None else with_authority(page, short_clause(rule.clause), rule.authority)


def change_table(page: Page, own: pd.DataFrame, ranked: pd.DataFrame, standard: Standard) -> None:
    """
    Show the school's indicators year by year and the change since the last year before that it has.

    Parameters
    ----------
    page : Page
    own : DataFrame
        The school's indicators, all years.
    ranked : DataFrame
        From :func:`rank_values`: rows and requirements of the year judged.
    standard : Standard
    """
    years = sorted({int(year) for year in own["year"]})
    if len(years) <= 1:
        page.say(zh="只有一个年度的数据，不作比较。", en="There is one year only; nothing to compare.")
        return
    wide = own.pivot(index=["stage", "indicator"], columns="year", values="value")
    rows = []
    for row in ranked.to_dict("records"):
        values = wide.loc[(row["stage"], row["indicator"])]
        rows.append(
            {
                "stage": page.word(standard.stages[row["stage"]]),
                "name": page.word(indicator_words(standard, row["indicator"])),
                **{f"y{year}": values[year] for year in years},
                "change": values[years[-1]] - values[years[-2]],
                "relative": values[years[-1]] / values[years[-2]] - 1 if values[years[-2]] else np.nan,
            }
        )
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            *(Column(f"y{year}", zh=str(year), en=str(year), kind="number", decimals=2) for year in years),
            Column("change", zh=f"比{years[-2]}年增减", en=f"Change since {years[-2]}", kind="number", decimals=2),
            Column("relative", zh="增减幅度", en="Relative change", kind="percent", decimals=1),
        ],
        caption_zh="历年指标值",
        caption_en="Indicators year by year",
        row_header="name",
    )
