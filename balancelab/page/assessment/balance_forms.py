"""Table III of the application forms and the layout in which provinces publish it: a row of means, a row of CVs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.display import number_text
from balancelab.page.naming import cell_mark, clauses_of, stages_present, value_column
from balancelab.verdicts import COMPOSITE

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_ROWS = {"mean": {"zh": "全县平均值", "en": "County mean"}, "cv": {"zh": "差异系数", "en": "Coefficient of variation"}}

_EACH = {
    "zh": "逐项判定；综合为简单平均，仅供参考",
    "en": "Each indicator is judged; the composite is the plain mean, for information",
}
_MEAN = {"zh": "只判定综合差异系数", "en": "Only the composite is judged"}


def balance_table(page: Page, measures: pd.DataFrame, counties: pd.DataFrame, standard: Standard) -> None:
    """
    Show table III: by stage the county mean and the coefficient of variation of every indicator, and the composite.

    Parameters
    ----------
    page : Page
        Where the table goes.
    measures, counties : DataFrame
        From ``measure_counties`` and ``judge_counties``, one county.
    standard : Standard
        Gives the indicators, the limits and the form's decimals.

    Notes
    -----
    Means and coefficients have different decimals in the form and stand in the same columns, so the cells are text;
    the unrounded numbers are in the block of :func:`balancelab.page.tables.cv_table`.
    """
    rows = _rows(page, measures, counties, standard)
    rule = standard.county_rule
    limits = page.word({"zh": "；", "en": "; "}).join(
        f"{page.word(standard.stages[stage])} ≤ {number_text(limit)}"
        for stage, limit in (rule.at_most.items() if rule else ())
    )
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("row", zh="行别", en="Row"),
            *_indicator_columns(standard),
            Column(COMPOSITE, zh="综合", en="Composite", align="right", marks=f"{COMPOSITE}:mark"),
        ],
        caption_zh="表三 县域内校际均衡情况",
        caption_en="Form table III: balance between schools",
        note_zh="≈ 按表格小数位修约会改变判定。均值为资源总量除以学生总数。限值：{limits}。{applies}。依据：{clause}。",
        note_en="≈ rounding to the form's decimals would change the verdict. The mean is the total "
        "resource over all students. Limits: {limits}. {applies}. Clause: {clause}.",
        row_header="row",
        limits=limits or number_text(None),
        applies=_applies(page, standard),
        clause=clauses_of(page, [rule]) or number_text(None),
    )


def published_table(
    page: Page,
    measures: pd.DataFrame,
    counties: pd.DataFrame,
    places: Mapping[str, tuple[str, str]],
    standard: Standard,
) -> None:
    """
    Show the table that provinces publish: every county, each with a row of means and one of coefficients by stage.

    Parameters
    ----------
    page : Page
        Where the table goes.
    measures, counties : DataFrame
        From ``measure_counties`` and ``judge_counties``, any number of counties.
    places : mapping
        County code → (city, county), in the order of the table; where no city is given, its column is left out.
    standard : Standard
        Gives the indicators and decimals.
    """
    rows = []
    for number, (code, (city, county)) in enumerate(places.items(), 1):
        here = _rows(
            page, measures[measures["county_code"] == code], counties[counties["county_code"] == code], standard
        )
        rows += [{"number": number, "city": city, "county": county} | row for row in here]
    columns = [
        Column("number", zh="序号", en="No.", kind="number", decimals=0),
        *([Column("city", zh="市", en="City")] if any(city for city, _ in places.values()) else []),
        Column("county", zh="县（市、区）", en="County"),
        Column("stage", zh="学段", en="Stage"),
        Column("row", zh="类别", en="Row"),
        *_indicator_columns(standard),
        Column(COMPOSITE, zh="综合", en="Composite", align="right", marks=f"{COMPOSITE}:mark"),
    ]
    page.table(
        pd.DataFrame(rows, columns=_ids(columns)),
        columns=columns,
        caption_zh="表2 义务教育学校校际差异系数表",
        caption_en="Table 2: coefficients of variation between schools",
        note_zh="均值行没有综合一项。{applies}。",
        note_en="A row of means has no composite. {applies}.",
        row_header="county",
        applies=_applies(page, standard),
    )


def _rows(page: Page, measures: pd.DataFrame, counties: pd.DataFrame, standard: Standard) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    display = standard.display
    # A ratio of 0.049 says nothing with the form's two decimals; published tables print it with its own three.
    finest = {indicator.id: max(display.mean_decimals, indicator.decimals) for indicator in standard.indicators}
    for stage in stages_present(counties, standard):
        here = measures[(measures["stage"] == stage) & (measures["measure"] == "weighted_mean")]
        means = dict(zip(here["indicator"], here["value"], strict=True))
        judged = counties[counties["stage"] == stage].set_index("indicator")
        for kind in ("mean", "cv"):
            row: dict[str, object] = {"stage": page.word(standard.stages[stage]), "row": page.word(_ROWS[kind])}
            for name in (*finest, COMPOSITE):
                value = means.get(name) if kind == "mean" else judged["value"].get(name)
                decimals = finest.get(name) if kind == "mean" else display.cv_decimals
                row[name] = number_text(value, decimals)
                row[f"{name}:mark"] = _mark(judged, name) if kind == "cv" else None
            rows.append(row)
    return rows


def _mark(judged: pd.DataFrame, name: str) -> str | None:
    here = judged[judged.index == name]
    if here.empty or here["limit"].isna().any():
        return None
    return cell_mark(here["met"].iloc[0], here["borderline"].iloc[0])


def _indicator_columns(standard: Standard) -> list[Column]:
    """Columns of text: means and coefficients stand in one column and have different decimals."""
    columns = (value_column(indicator, marked=True) for indicator in standard.indicators)
    return [replace(column, kind="text", align="right", decimals=None) for column in columns]


def _ids(columns: list[Column]) -> list[str]:
    return [*(column.id for column in columns), *(column.marks for column in columns if column.marks)]


def _applies(page: Page, standard: Standard) -> str:
    rule = standard.county_rule
    if rule is None:
        return number_text(None)
    if rule.applies_to == "their mean":
        return page.word(_MEAN)
    return page.word(_EACH)
