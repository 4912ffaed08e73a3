"""Tables of the changes: coefficients, requirements that schools crossed, schools that moved a coefficient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.changes.wording import CROSSED, Names, editions, largest
from balancelab.page.columns import Column
from balancelab.page.marks import mark_word

if TYPE_CHECKING:
    from balancelab.changes import Comparison
    from balancelab.page import Page

_MOST_ROWS = 60
_MOST_SCHOOLS = 5  # for each coefficient: the rest seldom moves it by more than a hundredth
_THERE = {
    "added": {"zh": "新增", "en": "new"},
    "removed": {"zh": "减少", "en": "gone"},
}
_STAGE = Column("stage_name", zh="学段", en="Stage")
_NAME = Column("name", zh="指标", en="Indicator")
_SCHOOL = Column("school", zh="学校", en="School")
_STUDENTS = {"zh": "在校生", "en": "Students"}


def coefficient_table(page: Page, comparison: Comparison) -> None:
    """Show every coefficient before and after, with its verdicts."""
    names = Names(page, comparison)
    table = _named(comparison.coefficients, names)
    table["crossed"] = _crossed(page, table)
    group_cv = {"zh": "差异系数", "en": "CV"}
    group_state = {"zh": "判定", "en": "Verdict"}
    decimals = names.cv_decimals
    page.table(
        table,
        columns=[
            _STAGE,
            _NAME,
            *_both(page, comparison, "value", kind="number", decimals=decimals, group=group_cv),
            Column("change", zh="变化", en="Change", kind="number", decimals=decimals, group=group_cv),
            Column("limit_after", zh="限值", en="Limit", kind="number", decimals=2),
            *_both(page, comparison, "state", kind="verdict", group=group_state),
            Column("crossed", zh="判定变化", en="Crossed the limit"),
        ],
        caption_zh="差异系数的变化",
        caption_en="Coefficients of variation before and after",
        row_header="name",
    )


def crossing_table(page: Page, comparison: Comparison) -> None:
    """Show every requirement that a school, there both times, meets at one time only."""
    names = Names(page, comparison)
    crossed = comparison.values[comparison.values["crossing"] != ""]
    if crossed.empty:
        if len(comparison.values):
            page.say(
                zh="前后两次都有的学校中，没有学校的指标达标情况发生变化。",
                en="No school that is there both times crossed a requirement.",
            )
        return
    table = _named(crossed, names).sort_values(["crossing", "stage", "school"], kind="stable")
    table["crossed"] = _crossed(page, table)
    shown = table.head(_MOST_ROWS)
    page.table(
        shown,
        columns=[
            _SCHOOL,
            _STAGE,
            _NAME,
            *_both(page, comparison, "value", kind="number", decimals=2),
            Column("crossed", zh="变化", en="Change"),
        ],
        caption_zh="达标情况有变化的学校指标（共 {n} 项，列出 {shown} 项）",
        caption_en="Requirements that schools crossed ({n}, of which {shown} are shown)",
        n=len(table),
        shown=len(shown),
    )


def effect_table(page: Page, comparison: Comparison) -> None:
    """Show the schools that moved each coefficient most: those that crossed, or else the one that moved most."""
    names = Names(page, comparison)
    table = _named(_largest(comparison), names)
    if table.empty:
        return
    table["remark"] = [_there(page, there) for there in table["there"]]
    values = {"zh": "指标值", "en": "Value"}
    page.table(
        table,
        columns=[
            _NAME,
            _STAGE,
            _SCHOOL,
            *_both(page, comparison, "value", kind="number", decimals=2, group=values),
            *_both(page, comparison, "students", kind="number", decimals=0, group=_STUDENTS),
            Column("effect", zh="对差异系数的影响", en="Added to the CV", kind="number", decimals=4),
            Column("remark", zh="备注", en="Remark"),
        ],
        caption_zh="对差异系数变化影响最大的学校",
        caption_en="Schools that moved a coefficient most",
        note_zh="一所学校的影响是它与县均值的距离（按学生数加权的平方）前后之差除以两次差异系数之和；各校影响之和等于差异系数的变化。",
        note_en="A school's part is the change of its squared distance from the county's mean, weighted by students, "
        "over the sum of both coefficients; the parts of all schools sum to the coefficient's change.",
        row_header="school",
    )


def school_table(page: Page, comparison: Comparison) -> None:
    """Show the schools whose own verdict changed, and those that came or went."""
    names = Names(page, comparison)
    schools = comparison.schools
    changed = schools[(schools["crossing"] != "") | (schools["there"] != "both")]
    if changed.empty:
        return
    table = changed.assign(
        stage_name=[names.stage(stage) for stage in changed["stage"]],
        remark=[
            page.word(CROSSED[crossing]) if crossing else _there(page, there)
            for crossing, there in zip(changed["crossing"], changed["there"], strict=True)
        ],
    )
    for side in ("before", "after"):  # a school that was not there has no verdict, not even an open one
        states = [state if isinstance(state, str) else None for state in changed[f"state_{side}"]]
        table[f"word_{side}"] = [mark_word(state, page.language) if state else "" for state in states]
        table[f"mark_{side}"] = [None if state == "met" else state for state in states]
    verdict = {"zh": "结论", "en": "Verdict"}
    page.table(
        table,
        columns=[
            _SCHOOL,
            _STAGE,
            *_both(page, comparison, "students", kind="number", decimals=0, group=_STUDENTS),
            *_both(page, comparison, "word", marks="mark", group=verdict),
            Column("remark", zh="变化", en="Change"),
        ],
        caption_zh="结论有变化或增减的学校",
        caption_en="Schools whose verdict changed, and schools that came or went",
    )


def _both(page: Page, comparison: Comparison, name: str, *, marks: str = "", **look: Any) -> list[Column]:
    """Return the columns of what a table holds before and after, and of their marks where it has any."""
    ends = zip(("before", "after"), editions(page, comparison, heading=True), strict=True)
    return [
        Column(f"{name}_{side}", zh=words, en=words, marks=f"{marks}_{side}" if marks else None, **look)
        for side, words in ends
    ]


def _named(table: pd.DataFrame, names: Names) -> pd.DataFrame:
    return table.assign(
        stage_name=[names.stage(stage) for stage in table["stage"]],
        name=[names.indicator(name) for name in table["indicator"]],
    )


def _there(page: Page, there: str) -> str:
    return page.word(_THERE[there]) if there in _THERE else ""


def _crossed(page: Page, table: pd.DataFrame) -> list[str]:
    return [page.word(CROSSED[crossing]) if crossing else "" for crossing in table["crossing"]]


def _largest(comparison: Comparison) -> pd.DataFrame:
    """The largest effects on the coefficients that crossed, or else on the one that moved most."""
    table, effects = comparison.coefficients, comparison.effects
    known = set(map(tuple, effects[["stage", "indicator"]].to_numpy()))
    there = [pair in known for pair in map(tuple, table[["stage", "indicator"]].to_numpy())]
    table = table[pd.Series(there, index=table.index, dtype=bool)]
    chosen = table[table["crossing"] != ""]
    if chosen.empty:
        chosen = largest(table, "change", 1)
    parts = []
    for stage, indicator in chosen[["stage", "indicator"]].itertuples(index=False):
        here = effects[(effects["stage"] == stage) & (effects["indicator"] == indicator)]
        parts.append(largest(here, "effect", _MOST_SCHOOLS))
    return pd.concat(parts) if parts else effects.iloc[:0]
