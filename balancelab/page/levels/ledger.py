"""The rectification ledger as a reader sees it: what changed, what is open, what was closed, who has to do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.levels.wording import gap_text, limit_text, subject_words, value_text
from balancelab.page.naming import rounding_words

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

_STATUSES: Mapping[str, Text] = {
    "open": {"zh": "未整改", "en": "Open"},
    "in_progress": {"zh": "整改中", "en": "In progress"},
    "submitted": {"zh": "已整改待核验", "en": "Done, to be checked"},
    "closed": {"zh": "已销号", "en": "Closed"},
    "reopened": {"zh": "重新整改", "en": "Reopened"},
}
_CHANGES: Mapping[str, Text] = {
    "new": {"zh": "新增", "en": "New"},
    "closed": {"zh": "本次销号", "en": "Closed now"},
    "reopened": {"zh": "反弹", "en": "Came back"},
    "smaller": {"zh": "缩小", "en": "Gap smaller"},
    "larger": {"zh": "扩大", "en": "Gap wider"},
    "same": {"zh": "不变", "en": "No change"},
    "not_judged": {"zh": "待判定", "en": "Not judged this time"},
    "closed_before": {"zh": "此前已销号", "en": "Closed before"},
}
_PRIORITIES: Mapping[str, Text] = {
    "required": {"zh": "必改", "en": "Required"},
    "advisable": {"zh": "建议", "en": "Advisable"},
}
_NUMBER = Column("number", zh="序号", en="No.", kind="number", decimals=0)
_SCHOOL = Column("school", zh="学校", en="School")
_VALUE = Column("value", zh="现值", en="Current value", align="right")
_LIMIT = Column("limit", zh="要求", en="Limit")
_LEAD = Column("lead", zh="牵头单位", en="Lead unit")
_CHANGE = Column("change", zh="变化", en="Change")
_WHOLE_COUNTY: Text = {"zh": "全县", "en": "Whole county"}


def progress(page: Page, ledger: pd.DataFrame, *, had_ledger: bool) -> None:
    """
    Say what changed since the last run.

    Parameters
    ----------
    page : Page
    ledger : DataFrame
        From ``update_ledger``.
    had_ledger : bool
        Whether a ledger was given; without one the last run is the school year before, where the table has it.
    """
    if ledger.empty:
        page.say(zh="台账为空：没有判定为未达标的事项。", en="The ledger is empty: nothing was judged as not met.")
        return
    count = ledger["change"].value_counts()
    still = int((ledger["status"] != "closed").sum())
    page.say(
        zh="台账共 {all} 项：已销号 {closed} 项，待整改 {still} 项。",
        en="{all} entries: {closed} closed, {still} to be put right.",
        all=len(ledger),
        closed=len(ledger) - still,
        still=still,
    )
    page.say(
        zh="与{since}相比：本次销号 {now} 项，反弹 {back} 项，新增 {new} 项，差距缩小 {smaller} 项、扩大 {larger} 项，"
        "未能判定 {open} 项（未能判定的不销号）。",
        en="Since {since}: {now} closed, {back} came back, {new} new, the gap is smaller in {smaller} and wider in "
        "{larger}; {open} could not be judged (these stay open).",
        since=page.word(
            {"zh": "上次台账", "en": "the last ledger"} if had_ledger else {"zh": "上一学年", "en": "the year before"}
        ),
        now=int(count.get("closed", 0)),
        back=int(count.get("reopened", 0)),
        new=int(count.get("new", 0)),
        smaller=int(count.get("smaller", 0)),
        larger=int(count.get("larger", 0)),
        open=int(count.get("not_judged", 0)),
    )


def change_list(page: Page, ledger: pd.DataFrame, standard: Standard, units: Any) -> None:
    """Show what was closed and what came back since; parameters are those of :func:`problem_list`."""
    here = ledger[ledger["change"].isin(["closed", "reopened"])]
    if here.empty:
        if len(ledger):
            page.say(zh="其间没有销号或反弹的事项。", en="Nothing was closed and nothing came back since.")
        return
    page.table(
        pd.DataFrame([_row(page, row, standard, units) for row in here.to_dict("records")]),
        columns=[
            _NUMBER,
            _CHANGE,
            Column("problem", zh="事项", en="What"),
            _SCHOOL,
            _VALUE,
            _LIMIT,
            _LEAD,
        ],
        caption_zh="本次销号与反弹的事项",
        caption_en="Closed now, and come back",
        note_zh="现值达到要求的自动销号；已销号而又未达到要求的，恢复为待整改（反弹）。",
        note_en="What meets its limit now is closed; what was closed and no longer meets it is open again.",
        row_header="problem",
    )


def problem_list(page: Page, ledger: pd.DataFrame, standard: Standard, units: Any) -> None:
    """
    Show what is open: what is wrong where, by how much, and how that changed.

    Parameters
    ----------
    page : Page
    ledger : DataFrame
        From ``update_ledger``.
    standard : Standard
    units : Units
        From ``rectification.load_units``.
    """
    here = ledger[ledger["status"] != "closed"]
    if here.empty:
        page.say(zh="没有待整改的事项。", en="Nothing is open.")
        return
    page.table(
        pd.DataFrame([_row(page, row, standard, units) for row in here.to_dict("records")]),
        columns=[
            _NUMBER,
            Column("problem", zh="问题", en="Problem"),
            _SCHOOL,
            _VALUE,
            _LIMIT,
            Column("gap", zh="差距（总量）", en="Gap (in all)", align="right"),
            Column("priority", zh="程度", en="Priority"),
            _CHANGE,
            Column("subject", zh="指标代号", en="Indicator id"),
        ],
        caption_zh="问题清单",
        caption_en="Problems",
        note_zh="“建议”指该校按达标规则仍属合格。差距：学校为按现有学生数还缺（或超出）的总量，县级为现值与要求之差。{rounded}",
        note_en="“Advisable”: the school qualifies all the same. Gap: for schools what is missing (or too much) for "
        "today's students, for the county the value less the limit.{rounded}",
        row_header="problem",
        rounded=rounding_words(page, standard),
    )


def duty_list(page: Page, ledger: pd.DataFrame, standard: Standard, units: Any) -> None:
    """Show what is open: what is done about it, by whom, until when; parameters are those of :func:`problem_list`."""
    here = ledger[ledger["status"] != "closed"]
    if here.empty:
        return
    page.table(
        pd.DataFrame([_row(page, row, standard, units) for row in here.to_dict("records")]),
        columns=[
            _NUMBER,
            Column("problem", zh="问题", en="Problem"),
            _SCHOOL,
            Column("measure", zh="整改措施", en="Measure"),
            _LEAD,
            Column("support", zh="配合单位", en="Supporting units"),
            Column("deadline", zh="完成时限", en="Deadline"),
            Column("status", zh="状态", en="Status"),
            Column("evidence", zh="佐证材料", en="Evidence"),
        ],
        caption_zh="责任清单（序号同问题清单）",
        caption_en="Duties (numbers as in the list of problems)",
        note_zh="措施、单位、时限、状态、佐证材料由责任单位在导出的台账（Excel）中填写；未填写的为草拟。",
        note_en="Measure, units, deadline, status and evidence are filled in by the units in charge, in the ledger's "
        "workbook; what is not filled in is a draft.",
        row_header="problem",
    )


def closed_list(page: Page, ledger: pd.DataFrame, standard: Standard, units: Any) -> None:
    """Show what was closed now or before; parameters are those of :func:`problem_list`."""
    here = ledger[ledger["status"] == "closed"]
    if here.empty:
        page.say(zh="没有已销号的事项。", en="Nothing is closed.")
        return
    page.table(
        pd.DataFrame([_row(page, row, standard, units) for row in here.to_dict("records")]),
        columns=[
            _NUMBER,
            Column("problem", zh="事项", en="What it was"),
            _SCHOOL,
            _VALUE,
            _LIMIT,
            _LEAD,
            Column("opened_year", zh="立账学年", en="Opened in"),
            Column("closed_year", zh="销号学年", en="Closed in"),
            _CHANGE,
            Column("evidence", zh="佐证材料", en="Evidence"),
        ],
        caption_zh="已销号问题",
        caption_en="Closed entries",
        note_zh="差距消除后自动销号；学年以数据所属年度为准。",
        note_en="An entry closes by itself once its gap is gone; years are those of the data.",
        row_header="problem",
    )


def unit_table(page: Page, ledger: pd.DataFrame, units: Any) -> None:
    """Show how many entries each unit leads, and how many of these are open; nothing where the ledger is empty."""
    if ledger.empty:
        return
    rows = ledger.assign(still=(ledger["status"] != "closed").astype(int))
    table = rows.groupby("lead_unit", sort=False).agg(n=("key", "size"), still=("still", "sum")).reset_index()
    table = table.sort_values(["still", "n"], ascending=False, kind="stable")
    page.table(
        table.assign(unit=[_units(page, units, name) for name in table["lead_unit"]]),
        columns=[
            Column("unit", zh="牵头单位", en="Lead unit"),
            Column("n", zh="立账（项）", en="Entries", kind="number", decimals=0),
            Column("still", zh="待整改（项）", en="Open", kind="number", decimals=0),
        ],
        caption_zh="各牵头单位任务数",
        caption_en="Entries by lead unit",
    )


def _row(page: Page, row: dict[Any, Any], standard: Standard, units: Any) -> dict[str, Any]:
    subject, kind = str(row["subject"]), str(row["kind"])
    task = units.task_for(subject.removeprefix("cv:"), str(row["block"]))
    stage = standard.stages.get(str(row["stage"]))
    words = page.word(subject_words(standard, subject, full=kind in ("item", "veto")))
    return {
        "number": row["number"],
        "problem": words if stage is None or kind == "school_item" else f"{page.word(stage)} · {words}",
        "subject": subject,
        "school": row["school"] or page.word(_WHOLE_COUNTY),
        "value": value_text(page.language, standard, subject, row["value"], kind=kind),
        "limit": limit_text(page.language, standard, subject, row["comparison"], row["limit"], kind=kind),
        "gap": gap_text(page.language, standard, row),
        "priority": page.word(_PRIORITIES.get(row["priority"], _PRIORITIES["required"])),
        "measure": row["measure"] or page.word(task.measure),
        "lead": _units(page, units, row["lead_unit"]),
        "support": _units(page, units, row["supporting_units"]),
        "deadline": row["deadline"],
        "status": page.word(_STATUSES[row["status"]]),
        "change": page.word(_CHANGES[row["change"]]) if row["change"] else "",
        "evidence": row["evidence"],
        "opened_year": str(row["opened_year"]),
        "closed_year": str(row["closed_year"] or ""),
    }


def _units(page: Page, units: Any, listed: str) -> str:
    names = [page.word(units.names[name]) if name in units.names else name for name in listed.split(";") if name]
    return page.word({"zh": "、", "en": ", "}).join(names)
