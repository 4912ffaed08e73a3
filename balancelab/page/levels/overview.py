"""The county at a glance (form table I): schools by type, students, classes, teachers; what the county reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.naming import state_of

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

TYPE_WORDS: Mapping[str, Text] = {
    "primary": {"zh": "小学", "en": "Primary schools"},
    "teaching_site": {"zh": "教学点", "en": "Teaching sites"},
    "junior": {"zh": "初级中学", "en": "Junior secondary schools"},
    "nine_year": {"zh": "九年一贯制学校", "en": "Nine-year schools"},
    "complete_secondary": {"zh": "完全中学", "en": "Complete secondary schools"},
    "twelve_year": {"zh": "十二年一贯制学校", "en": "Twelve-year schools"},
    "special": {"zh": "特殊教育学校", "en": "Special-education schools"},
    "vocational": {"zh": "职业学校", "en": "Vocational schools"},
}
_AMOUNTS: Mapping[str, Text] = {
    "students": {"zh": "在校生", "en": "Students"},
    "classes": {"zh": "班级", "en": "Classes"},
    "teachers": {"zh": "专任教师", "en": "Full-time teachers"},
}
_BANNERS = {
    "met": ("{county}达到“{standard}”各项要求", "{county} meets all requirements of “{standard}”"),
    "failed": ("{county}未达到“{standard}”要求", "{county} does not meet “{standard}”"),
    "undetermined": (
        "{county}能否达到“{standard}”要求尚不能判定",
        "Whether {county} meets “{standard}” cannot be decided yet",
    ),
}


def whole_verdict(page: Page, conclusion: pd.DataFrame, county: str, standard: Standard) -> None:
    """
    Say the county's verdict in the whole evaluation and what decides it.

    Parameters
    ----------
    page : Page
    conclusion : DataFrame
        From ``conclude_county``, one county; nothing is said where it is empty.
    county : str
    standard : Standard
    """
    if conclusion.empty:
        return
    whole = conclusion[conclusion["block"] == "county"].iloc[0]
    state = state_of(whole["met"])
    zh, en = _BANNERS[state]
    page.verdict(zh, en, state, county=county, standard=page.word(standard.short))
    failed, missing = (_blocks(page, whole[name], standard) for name in ("failed", "missing"))
    if whole["reason"] == "vetoed":
        page.say(zh="存在一票否决情形，其余板块不影响结论。", en="There is a veto: it decides, whatever the rest says.")
    if failed:
        page.say(zh="未达标的板块：{failed}。", en="Blocks not met: {failed}.", failed=failed)
    if missing:
        page.say(
            zh="因未填报不能判定的板块：{missing}。",
            en="Blocks undetermined for want of data: {missing}.",
            missing=missing,
        )


def county_table(page: Page, schools: pd.DataFrame, county_items: pd.DataFrame, standard: Standard) -> None:
    """
    Show the county's schools and what it reported about itself.

    Parameters
    ----------
    page : Page
    schools : DataFrame
        All schools of the county and year, not only those in scope.
    county_items : DataFrame
        The county table, of this county and year.
    standard : Standard
    """
    from balancelab.standards.figures import load_figures

    rows = _school_rows(page, schools, standard)
    given = dict(zip(county_items["item"], county_items["value"], strict=True))
    for figure in load_figures().values():
        if figure.table == "I":
            value = given.get(figure.id)
            rows.append(
                {
                    "name": page.word(figure.label),
                    "value": value,
                    "unit": page.word(figure.unit),
                    "remark": page.word({"zh": "未填报", "en": "not reported"}) if value is None else "",
                }
            )
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("name", zh="项目", en="Line"),
            Column("value", zh="数值", en="Value", kind="number"),
            Column("unit", zh="单位", en="Unit"),
            Column("remark", zh="备注", en="Remark"),
        ],
        caption_zh="县域基本情况",
        caption_en="The county at a glance",
        note_zh="学校、在校生、班级、教师由学校表汇总（含不计入资源指标的学校）；其余由县（区）填报。",
        note_en="Schools, students, classes and teachers are added up from the school table, schools out of scope "
        "included; the rest is reported by the county.",
    )


def _school_rows(page: Page, schools: pd.DataFrame, standard: Standard) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    unit = page.word({"zh": "所", "en": "schools"})
    if "school_type" in schools:
        counts = schools.drop_duplicates("school_code")["school_type"].value_counts()
        for name, words in TYPE_WORDS.items():
            if name in counts.index:
                rows.append({"name": page.word(words), "value": int(counts[name]), "unit": unit, "remark": ""})
    units = {"students": {"zh": "人", "en": "persons"}, "classes": {"zh": "个", "en": "classes"}}
    for column, words in _AMOUNTS.items():
        if column not in schools:
            continue
        for stage, label in standard.stages.items():
            part = schools[schools["stage"] == stage][column]
            names = {"zh": f"{label['zh']}{words['zh']}", "en": f"{words['en']}, {label['en'].lower()}"}
            silent = int(part.isna().sum())
            rows.append(
                {
                    "name": page.word(names),
                    "value": part.sum(),
                    "unit": page.word(units.get(column, units["students"])),
                    "remark": page.word({"zh": f"{silent} 所未填报", "en": f"{silent} did not report"})
                    if silent
                    else "",
                }
            )
    return rows


def _blocks(page: Page, listed: str, standard: Standard) -> str:
    blocks = standard.blocks()
    return page.word({"zh": "、", "en": ", "}).join(page.word(blocks[name]) for name in listed.split(";") if name)
