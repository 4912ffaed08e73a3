"""What is missing, in real units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.naming import in_stage_order, indicator_words, rounding_words, words_or_nothing

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard


def shortfall_totals(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """
    Show what is missing in all, per stage and indicator; nothing where no school falls short.

    Parameters
    ----------
    page : Page
        Where the table goes.
    verdicts : DataFrame
        From ``judge_schools``, one county.
    standard : Standard
        Gives names and units.
    """
    short = verdicts[verdicts["met"].eq(False).fillna(False)]
    if short.empty:
        return
    totals = (
        in_stage_order(short, standard)
        .groupby(["stage", "indicator"], sort=False)["shortfall"]
        .agg(["size", "sum"])
        .reset_index()
    )
    if page.public:
        totals["sum"] = totals["sum"].where(totals["size"] >= load_rules().least_schools)
    units = {indicator.id: indicator.amount_unit for indicator in standard.indicators}
    table = totals.assign(
        stage=[page.word(standard.stages[stage]) for stage in totals["stage"]],
        name=[page.word(indicator_words(standard, name, full=True)) for name in totals["indicator"]],
        unit=[words_or_nothing(page, units[name]) for name in totals["indicator"]],
    )
    page.table(
        table,
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("size", zh="未达标学校", en="Schools short", kind="number", decimals=0),
            Column("sum", zh="缺口合计", en="Missing in all", kind="number", decimals=1),
            Column("unit", zh="单位", en="Unit"),
        ],
        caption_zh="各项指标缺口合计",
        caption_en="What is missing, by indicator",
        note_zh="缺口合计为各校缺口之和。{rounded}",
        note_en="Missing in all: the sum over schools.{rounded}",
        row_header="name",
        rounded=rounding_words(page, standard),
    )


def shortfall_table(page: Page, verdicts: pd.DataFrame, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show which schools fall short of what, and by how much in real units; nothing where none does, or in public.

    Parameters are those of :func:`school_table`.
    """
    short = verdicts[verdicts["met"].eq(False).fillna(False)]
    if short.empty or page.public:
        return
    names = schools.set_index(["school_code", "stage"])["school"]
    units = {indicator.id: indicator.amount_unit for indicator in standard.indicators}
    table = short.assign(
        school=names.loc[list(zip(short["school_code"], short["stage"], strict=True))].to_list(),
        stage_name=[page.word(standard.stages[stage]) for stage in short["stage"]],
        name=[page.word(indicator_words(standard, name)) for name in short["indicator"]],
        ratio=short["value"] / short["limit"],
        unit=[words_or_nothing(page, units[name]) for name in short["indicator"]],
    ).sort_values(["ratio", "school"], kind="stable")
    page.table(
        table,
        columns=[
            Column("school", zh="学校", en="School"),
            Column("stage_name", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("value", zh="现值", en="Value", kind="number", decimals=2),
            Column("limit", zh="要求", en="Requirement", kind="number"),
            Column("ratio", zh="占要求", en="Share of it", kind="percent", decimals=1),
            Column("shortfall", zh="缺口（总量）", en="Missing in all", kind="number", decimals=1),
            Column("unit", zh="单位", en="Unit"),
        ],
        caption_zh="未达标的学校与缺口（由重到轻）",
        caption_en="Schools that fall short, and what is missing (worst first)",
        note_zh="缺口为按现有学生数达到要求还需增加的总量。{rounded}",
        note_en="Missing in all: what must be added for today's students to reach the requirement.{rounded}",
        rounded=rounding_words(page, standard),
    )
