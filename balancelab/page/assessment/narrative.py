"""Sentences about the whole assessment: what fails and what is missing, vetoes, open points, relaxations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.assessment.words import (
    limit_text,
    official_text,
    school_names,
    schools_text,
    short_clause,
    unreported_words,
    value_with_unit,
)
from balancelab.page.columns import Column
from balancelab.page.naming import authority_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

_CONFIDENCES: dict[str, Text] = {
    "A": {"zh": "正式文本并有第二来源", "en": "official text and a second source"},
    "B": {"zh": "单一来源", "en": "one source"},
    "C": {"zh": "未核对原件", "en": "not checked against the original"},
}
_ITSELF: Text = {"zh": "该项目本身", "en": "the item itself"}


def failing_items(page: Page, verdicts: pd.DataFrame, standard: Standard, schools: pd.DataFrame) -> None:
    """
    List the items that are not met: value, requirement, schools, clause, and whose requirement it is.

    Parameters
    ----------
    page : Page
        Where it is said.
    verdicts : DataFrame
        From ``judge_items``, one county.
    standard : Standard
        Gives labels and clauses.
    schools : DataFrame
        The county's school table, for names.
    """
    failed = verdicts[verdicts["met"].eq(False).fillna(False) & ~verdicts["informative"]]
    rows = [row for row in failed.to_dict("records") if row["item"] in standard.items]
    if not rows:
        page.say(zh="已填报的项目没有未达标的。", en="None of the items reported is failed.")
        return
    names = school_names(schools)
    lines = []
    for row in rows:
        item = standard.items[str(row["item"])]
        lines.append(
            {
                "official": official_text(page, item, standard),
                "name": page.word(item.label),
                "value": value_with_unit(page, row, item),
                "limit": limit_text(page, item, row["limit"]),
                "schools": schools_text(page, row["detail"], names),
                "clause": page.word(short_clause(item.clause)),
                "authority": page.word(authority_words(row["authority"])),
            }
        )
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("official", zh="部分与序号", en="Block and no."),
            Column("name", zh="项目", en="Item"),
            Column("value", zh="现状", en="Value", align="right"),
            Column("limit", zh="要求", en="Required", align="right"),
            Column("schools", zh="涉及学校", en="Schools"),
            Column("clause", zh="依据", en="Clause"),
            Column("authority", zh="层级", en="Authority"),
        ],
        caption_zh="未达标的项目（{n} 项）",
        caption_en="Items that are not met ({n})",
        row_header="name",
        n=len(lines),
    )


def missing_items(page: Page, verdicts: pd.DataFrame, standard: Standard, schools: pd.DataFrame) -> None:
    """
    List what is not reported or incomplete, and what each item would need.

    Parameters are those of :func:`failing_items`.
    """
    open_rows = verdicts[verdicts["met"].isna() & (verdicts["reason"] != "not_applicable") & ~verdicts["informative"]]
    rows = [row for row in open_rows.to_dict("records") if row["item"] in standard.items]
    if not rows:
        page.say(zh="所有项目均已填报。", en="Every item is reported.")
        return
    names = school_names(schools)
    words = {name: page.word(text) for name, text in unreported_words(standard).items()}
    lines = []
    for row in rows:
        item = standard.items[str(row["item"])]
        lines.append(
            {
                "official": official_text(page, item, standard),
                "name": page.word(item.label),
                "limit": limit_text(page, item, row["limit"]),
                "lacks": _lacking(page, str(row["unreported"]), names, words),
                "authority": page.word(authority_words(row["authority"])),
            }
        )
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("official", zh="部分与序号", en="Block and no."),
            Column("name", zh="项目", en="Item"),
            Column("limit", zh="要求", en="Required", align="right"),
            Column("lacks", zh="缺少", en="What is missing"),
            Column("authority", zh="层级", en="Authority"),
        ],
        caption_zh="未填报或数据不全的项目（{n} 项）",
        caption_en="Items not reported or incomplete ({n})",
        note_zh="未填报不等于达标。补报后重新判定。",
        note_en="Not reported does not mean met. Report them and judge again.",
        row_header="name",
        n=len(lines),
    )


def veto_statement(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Say whether a veto applies, none does, or the statement is not complete (one county)."""
    here = verdicts[verdicts["block"] == "veto"]
    if here.empty:
        page.say(zh="本标准未设一票否决事项。", en="This document sets no veto.")
        return
    vetoed, open_items = here[here["met"].eq(False).fillna(False)], here[here["met"].isna()]
    if len(vetoed):
        page.verdict(
            "出现一票否决情形：{listed}",
            "A veto applies: {listed}",
            "failed",
            listed=_labels(page, vetoed["item"], standard),
        )
    elif len(open_items):
        page.verdict(
            "一票否决事项中有 {n} 项未作说明，不能认定不存在：{listed}",
            "Nothing was stated about {n} of the vetoes, so their absence cannot be taken for granted: {listed}",
            "undetermined",
            n=len(open_items),
            listed=_labels(page, open_items["item"], standard),
        )
    else:
        page.verdict(
            "一票否决事项共 {n} 项，县（市、区）报告均不存在",
            "The county reports that none of the {n} vetoes applies",
            "met",
            n=len(here),
        )


def open_points(page: Page, standard: Standard) -> None:
    """List what the documents leave open, with the default used here, and how sure the text of each item is."""
    lines = [
        {
            "text": page.word(setting.open_point),
            "value": page.word(setting.choices[str(setting.value)]) if setting.choices else f"{setting.value}",
            "authority": page.word(authority_words(setting.authority)),
            "confidence": page.word(_CONFIDENCES.get(setting.confidence, _CONFIDENCES["C"])),
        }
        for setting in standard.settings.values()
    ]
    lines += [
        {
            "text": page.word(item.short) + page.word({"zh": "：", "en": ": "}) + page.word(item.open_point),
            "value": limit_text(page, item, None if item.limit is None else float(item.limit)),
            "authority": page.word(authority_words(item.authority)),
            "confidence": page.word(_CONFIDENCES.get(item.confidence, _CONFIDENCES["C"])),
        }
        for item in standard.items.values()
        if item.open_point is not None
    ]
    if not lines:
        return
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("text", zh="文件未明确之处", en="What the documents leave open"),
            Column("value", zh="本报告采用", en="Used here"),
            Column("authority", zh="层级", en="Authority"),
            Column("confidence", zh="文本把握", en="How sure the text is"),
        ],
        caption_zh="文件未明确之处与本报告的取法",
        caption_en="What the documents leave open, and what is used here",
    )


def relaxations_used(page: Page, schools: pd.DataFrame, judged: pd.DataFrame | None, standard: Standard) -> None:
    """
    Say which schools were judged by a transitional rule; nothing where the standard has none.

    Parameters
    ----------
    page : Page
        Where it is said.
    schools : DataFrame
        From ``relax_amounts``: the column ``relaxations``.
    judged : DataFrame or None
        From ``judge_school_items``: the column ``relaxation``; None where only resources are judged.
    standard : Standard
        Its relaxations.
    """
    if not standard.relaxations:
        return
    names = school_names(schools)
    used: dict[str, list[str]] = {}
    pairs = [] if judged is None else list(zip(judged["school_code"], judged["relaxation"], strict=True))
    if "relaxations" in schools:
        pairs += list(zip(schools["school_code"], schools["relaxations"], strict=True))
    for code, ids in pairs:
        for name in str(ids).split(";"):
            if name and names.get(code, code) not in used.setdefault(name, []):
                used[name].append(names.get(code, code))
    if not any(used.values()):
        page.say(zh="没有学校适用过渡规定。", en="No school is judged by a transitional rule.")
        return
    lines = [
        {
            "label": page.word(relaxation.label),
            "schools": schools_text(page, ";".join(used[name]), {}),
            "n": len(used[name]),
            "clause": page.word(relaxation.clause),
            "authority": page.word(authority_words(relaxation.authority)),
        }
        for name, relaxation in standard.relaxations.items()
        if used.get(name)
    ]
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("label", zh="过渡规定", en="Transitional rule"),
            Column("n", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("schools", zh="学校", en="Which"),
            Column("clause", zh="依据", en="Clause"),
            Column("authority", zh="层级", en="Authority"),
        ],
        caption_zh="适用过渡规定的学校",
        caption_en="Schools judged by transitional rules",
    )


def _lacking(page: Page, unreported: str, names: dict[str, str], words: dict[str, str]) -> str:
    """Name the figures and the schools that an item lacks; the item itself where it lacks neither."""
    codes = [code for code in unreported.split(";") if code]
    figures = [words.get(code, code) for code in codes if code not in names]
    schools = schools_text(page, ";".join(code for code in codes if code in names), names)
    return page.word({"zh": "、", "en": ", "}).join([*figures, *([schools] if schools else [])]) or page.word(_ITSELF)


def _labels(page: Page, items: Iterable[str], standard: Standard) -> str:
    return page.word({"zh": "、", "en": ", "}).join(page.word(standard.items[name].label) for name in items)
