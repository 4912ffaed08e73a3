"""Tables of schools: how many meet each requirement, and every school's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.blocks import SCHOOL_VALUES
from balancelab.page.columns import Column
from balancelab.page.disclosure.schools import distribution_tables
from balancelab.page.naming import (
    LOCATIONS,
    cell_mark,
    clauses_of,
    in_stage_order,
    indicator_words,
    stages_present,
    state_of,
    value_column,
    with_authority,
)

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_ALL_REQUIRED = {"zh": "须全部达标", "en": "All requirements must be met"}


def requirement_table(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Show, per indicator and stage, how many schools meet the requirement and its clause (form table II-1)."""
    if verdicts.empty:
        return
    lines = []
    for (stage, name), rows in in_stage_order(verdicts, standard).groupby(["stage", "indicator"], sort=False):
        requirement = standard.requirements[str(name)]
        lines.append(
            {
                "stage": page.word(standard.stages[str(stage)]),
                "name": page.word(indicator_words(standard, str(name), full=True)),
                "limit": rows["limit"].iloc[0],
                "schools": len(rows),
                "met": int(rows["met"].sum()),
                "share": rows["met"].sum() / len(rows),
                "floor": int(rows["above_floor"].sum() - rows["met"].sum()),
                "missing": int(rows["met"].isna().sum()),
                "clause": with_authority(page, requirement.clause, requirement.authority),
            }
        )
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("limit", zh="要求", en="Requirement", kind="number"),
            Column("schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("met", zh="达标", en="Met", kind="number", decimals=0),
            Column("share", zh="达标比例", en="Share", kind="percent", decimals=1),
            Column("floor", zh="不足但达下限", en="Short, above the floor", kind="number", decimals=0),
            Column("missing", zh="未填报", en="Not reported", kind="number", decimals=0),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh="各项指标达标学校数",
        caption_en="Schools meeting each requirement",
        row_header="name",
    )


def school_table(
    page: Page, verdicts: pd.DataFrame, qualified: pd.DataFrame, schools: pd.DataFrame, standard: Standard
) -> None:
    """
    Show every school's values and verdict, one table for each stage (form table II-2); in public their distribution.

    Parameters
    ----------
    page : Page
        Where the tables go.
    verdicts, qualified, schools : DataFrame
        From ``judge_schools``, ``qualify_schools``, and the county's schools in scope.
    standard : Standard
        Gives names, units and decimals.
    """
    if page.public:
        distribution_tables(page, verdicts, schools, standard)
        return
    for stage in stages_present(verdicts, standard):
        here = verdicts[verdicts["stage"] == stage]
        ids = [indicator for indicator in standard.indicators if (here["indicator"] == indicator.id).any()]
        names = schools[schools["stage"] == stage].set_index("school_code")
        table = qualified[qualified["stage"] == stage].set_index("school_code")
        table = table.assign(
            school=names["school"],
            students=names["students"],
            location=[_location(page, names, code) for code in table.index],
            state=[state_of(met) for met in table["qualified"]],
            count=[f"{met}/{needed}" for met, needed in zip(table["n_met"], table["n_required"], strict=True)],
        )
        cell_marks: list[Any] = [cell_mark(*pair) for pair in zip(here["met"], here["borderline"], strict=True)]
        marks = here.assign(mark=cell_marks)
        for indicator in ids:
            cells = marks[marks["indicator"] == indicator.id].set_index("school_code")
            table[indicator.id] = cells["value"]
            table[f"{indicator.id}:mark"] = cells["mark"]
        page.table(
            table.sort_values(["n_met", "school"], kind="stable").reset_index(),
            columns=[
                Column("school", zh="学校", en="School"),
                Column("location", zh="城乡", en="Location"),
                Column("students", zh="在校生", en="Students", kind="number", decimals=0),
                *(value_column(indicator, marked=True) for indicator in ids),
                Column("count", zh="达标项", en="Items met", align="center"),
                Column("state", zh="结论", en="Verdict", kind="verdict"),
            ],
            caption_zh="{stage}各校指标值与结论",
            caption_en="{stage}: values and verdict of each school",
            note_zh="≈ 按表格小数位修约会改变判定。{clause}。",
            note_en="≈ rounding to the form's decimals would change the verdict. {clause}.",
            about=SCHOOL_VALUES,
            keys=("stage", "school_code"),
            stage=page.word(standard.stages[stage]),
            clause=clauses_of(page, [standard.school_rule]) or page.word(_ALL_REQUIRED),
        )


def _location(page: Page, names: pd.DataFrame, code: str) -> str:
    if "location" not in names:
        return ""
    value = names.loc[code, "location"]
    return page.word(LOCATIONS.get(value if isinstance(value, str) else "", LOCATIONS[""]))
