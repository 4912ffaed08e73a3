"""Items of a block, the verdict of each block, what was not reported, and what the documents leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.blocks import BLOCK_VERDICTS
from balancelab.page.columns import Column
from balancelab.page.disclosure import WITHHELD
from balancelab.page.display import is_missing
from balancelab.page.levels.wording import SCORE, limit_text, subject_words, value_text
from balancelab.page.naming import state_of

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

AUTHORITIES: dict[str, Text] = {
    "national": {"zh": "国家", "en": "national"},
    "provincial": {"zh": "省级", "en": "provincial"},
    "prefecture": {"zh": "市级", "en": "prefecture"},
    "county": {"zh": "县级", "en": "county"},
}
_SOURCES: dict[str, Text] = {
    "computed": {"zh": "计算", "en": "computed"},
    "reported": {"zh": "填报", "en": "reported"},
    "missing": {"zh": "—", "en": "—"},
    "not_applicable": {"zh": "填报", "en": "reported"},
}
_REASONS: dict[str, Text] = {
    "not_reported": {"zh": "未填报", "en": "not reported"},
    "incomplete": {"zh": "部分未填报，不能判定", "en": "partly not reported, cannot be decided"},
    "not_applicable": {"zh": "不适用", "en": "not applicable"},
}
_WHOLE: Text = {"zh": "总结论", "en": "In all"}
_MOST_NAMES = 3


def block_table(page: Page, conclusion: pd.DataFrame, standard: Standard) -> None:
    """
    Show the verdict of every block and of the county.

    Parameters
    ----------
    page : Page
    conclusion : DataFrame
        From ``conclude_county``, one county; nothing is shown where the standard draws no conclusion.
    standard : Standard
    """
    if conclusion.empty:
        return
    blocks = standard.blocks()
    rows = [
        {
            "id": row["block"],
            "block": page.word(blocks.get(row["block"], _WHOLE)),
            **{name: row[name] if row["n_items"] else None for name in ("n_items", "n_met", "n_failed", "n_missing")},
            "state": state_of(row["met"]),
            "mark": "total" if row["block"] == "county" else None,
        }
        for row in conclusion.to_dict("records")
    ]
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("block", zh="板块", en="Block"),
            Column("n_items", zh="项数", en="Items", kind="number", decimals=0),
            Column("n_met", zh="达标", en="Met", kind="number", decimals=0),
            Column("n_failed", zh="未达标", en="Not met", kind="number", decimals=0),
            Column("n_missing", zh="待定", en="Undetermined", kind="number", decimals=0),
            Column("state", zh="结论", en="Verdict", kind="verdict"),
        ],
        caption_zh="各板块结论",
        caption_en="Verdict of each block",
        note_zh="资源类板块的明细见后文；“总结论”一行计的是板块数。依据：{clause}。",
        note_en="Blocks of resources are detailed below; the last row counts blocks. Clause: {clause}.",
        row_marks="mark",
        about=BLOCK_VERDICTS,
        keys=("id",),
        clause=page.word(standard.conclusion.clause) if standard.conclusion else "",
    )


def item_table(page: Page, items: pd.DataFrame, schools: pd.DataFrame, standard: Standard, *, block: str) -> None:
    """
    Show every item of a block: value, requirement, verdict, whose requirement it is.

    Parameters
    ----------
    page : Page
    items : DataFrame
        From ``judge_items``, one county.
    schools : DataFrame
        For the names of schools that count against an item.
    standard : Standard
    block : str
        Id of the block; nothing is shown where the standard has no item in it.
    """
    here = items[items["block"] == block]
    if here.empty:
        return
    names = schools.drop_duplicates("school_code").set_index("school_code")["school"]
    page.table(
        pd.DataFrame([_item_row(page, row, names, standard) for row in here.to_dict("records")]),
        columns=[
            Column("number", zh="编号", en="No."),
            Column("item", zh="项目", en="Item"),
            Column("value", zh="现值", en="Value", align="right"),
            Column("limit", zh="要求", en="Required"),
            Column("state", zh="结论", en="Verdict", kind="verdict"),
            Column("remark", zh="说明", en="Remark"),
            Column("source", zh="来源", en="Source"),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh="{block}：各项目结论",
        caption_en="{block}: verdict of each item",
        row_header="item",
        block=page.word(standard.blocks().get(block, {"zh": block, "en": block})),
    )


def missing_items(page: Page, items: pd.DataFrame, standard: Standard) -> None:
    """List the items that were not reported, wholly or in part; say so where there is none (one county)."""
    counted = items[~items["informative"] & (items["reason"] != "not_applicable")]
    missing = counted[counted["met"].isna()]
    if counted.empty:
        return
    if missing.empty:
        page.say(zh="应填报的项目均已填报。", en="Every item that must be reported was reported.")
        return
    listed = [page.word(subject_words(standard, str(name))) for name in missing["item"]]
    page.note(
        zh="有 {n} 个项目未填报或填报不全，按“待定”处理，不视为达标：{listed}。",
        en="Not reported, wholly or in part: {n} items. They are undetermined, never passed: {listed}.",
        kind="warning",
        n=len(missing),
        listed=page.word({"zh": "、", "en": "; "}).join(listed),
    )


def open_points(page: Page, standard: Standard) -> None:
    """Show what the documents leave open, and what is used here; nothing where the standard says nothing open."""
    rows = [
        {
            "name": name,
            "value": str(setting.value),
            "text": page.word(setting.open_point),
            "confidence": setting.confidence,
        }
        for name, setting in standard.settings.items()
    ]
    if not rows:
        return
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("text", zh="文件未明确、须约定的事项", en="What the documents leave open"),
            Column("value", zh="本报告采用", en="Used here"),
            Column("name", zh="设置名", en="Setting"),
            Column("confidence", zh="可信度", en="Confidence"),
        ],
        caption_zh="约定事项（可在标准文件中改设）",
        caption_en="Open points (settings in the standard's file)",
        row_header="text",
    )


def short_clause(clause: str) -> str:
    """
    Cut a clause before it repeats the requirement's wording.

    >>> short_clause("教督〔2017〕6号 政府保障程度第1项：学校规划布局合理")
    '教督〔2017〕6号 政府保障程度第1项'
    """
    return clause.split("：", 1)[0].split(": ", 1)[0]


def authority_text(page: Page, authority: str) -> str:
    """Return whose requirement something is, in the page's language."""
    return page.word(AUTHORITIES.get(authority, {"zh": authority or "—", "en": authority or "—"}))


def _item_row(page: Page, row: dict[Any, Any], names: pd.Series, standard: Standard) -> dict[str, Any]:
    subject = str(row["item"])
    state = "not_applicable" if row["reason"] == "not_applicable" else state_of(row["met"])
    if row["borderline"] and state in ("met", "failed"):
        state = f"{state}_borderline"
    found = standard.items.get(subject)
    clause = found.clause if found else (standard.rubric.clause if standard.rubric else {"zh": "—", "en": "—"})
    return {
        "number": str(row["official"]).rpartition("_")[2],
        "item": page.word(subject_words(standard, subject, full=True)),
        "value": _value(page, row, standard),
        "limit": limit_text(page.language, standard, subject, row["comparison"], row["limit"]),
        "state": state,
        "remark": _remark(page, row, names),
        "source": page.word(_SOURCES[row["source"]]),
        "clause": page.word(
            {
                "zh": f"{short_clause(clause['zh'])}（{authority_text(page, row['authority'])}）",
                "en": f"{short_clause(clause['en'])} ({authority_text(page, row['authority'])})",
            }
        ),
    }


def _value(page: Page, row: dict[Any, Any], standard: Standard) -> str:
    """Write a value or, where some schools are silent, what is known of it."""
    subject = str(row["item"])
    if row.get("withheld"):
        return page.word(WITHHELD)
    if not is_missing(row["value"]) or row["source"] in ("missing", "not_applicable"):
        return value_text(page.language, standard, subject, row["value"])
    low, high = (None if is_missing(row[end]) else float(row[end]) for end in ("low", "high"))
    if low:
        return f"≥ {value_text(page.language, standard, subject, low)}"
    return "—" if high is None else f"≤ {value_text(page.language, standard, subject, high)}"


def _remark(page: Page, row: dict[Any, Any], names: pd.Series) -> str:
    parts = [page.word(_REASONS[row["reason"]])] if row["reason"] else []
    if row["informative"]:
        parts.append(page.word({"zh": "供参考", "en": "for information"}))
    codes = [code for code in str(row["detail"]).split(";") if code]
    if codes and page.public:
        parts.append(page.word({"zh": f"涉及 {len(codes)} 所", "en": f"{len(codes)} schools concerned"}))
    elif codes:
        shown = [str(names.get(code, code)) for code in codes[:_MOST_NAMES]]
        listed = page.word({"zh": "、", "en": ", "}).join(shown)
        more = page.word({"zh": f"等 {len(codes)} 所", "en": f" and others, {len(codes)} in all"})
        parts.append(listed + (more if len(codes) > _MOST_NAMES else ""))
    if row["source"] == "computed" and not is_missing(row["reported"]) and row["reported"] != row["value"]:
        parts.append(page.word({"zh": "与县级填报值不一致", "en": "differs from what the county reported"}))
    return page.word({"zh": "；", "en": "; "}).join(parts)


def item_section(
    page: Page, items: pd.DataFrame, schools: pd.DataFrame, standard: Standard, *, block: str, heading: bool = True
) -> None:
    """
    Show a block of the checklist: its heading, how many official items are met, and the table.

    Parameters are those of :func:`item_table`; a block that the standard does not have is left out.
    """
    from balancelab.items import judge_official_items

    here = items[items["block"] == block]
    if here.empty:
        return
    if heading:
        words = standard.blocks().get(block, {"zh": block, "en": block})
        page.heading(zh="{block}", en="{block}", level=3, block=page.word(words))
    officials = judge_official_items(here)
    counted = officials[(officials["reason"] == "") & (officials["official"] != SCORE)]
    page.say(
        zh="共 {n} 项，达标 {met} 项，未达标 {failed} 项，待定 {missing} 项。",
        en="{n} items: {met} met, {failed} not met, {missing} undetermined.",
        n=len(counted),
        met=int(counted["met"].sum()),
        failed=int(counted["met"].eq(False).fillna(False).sum()),
        missing=int(counted["met"].isna().sum()),
    )
    if standard.rubric is not None and standard.rubric.block == block:
        page.note(
            zh="本板块以得分判定：满分 {total} 分，{least} 分以上达标。"
            "分值由省级规定，未给出评分表时得分待定。依据：{clause}。",
            en="This block is decided by a score: {least} of {total} points or more; the province sets the points, and "
            "without its table the score is undetermined. Clause: {clause}.",
            total=float(standard.rubric.total),
            least=float(standard.rubric.at_least),
            clause=page.word(standard.rubric.clause),
        )
    item_table(page, items, schools, standard, block=block)


def veto_statement(page: Page, items: pd.DataFrame, standard: Standard) -> None:
    """Say whether there is a veto, that nothing was reported about some, or that the standard has none (one county)."""
    here = items[items["block"] == "veto"]
    if here.empty:
        page.say(zh="本标准不设一票否决事项。", en="This standard has no veto.")
        return
    found = here[here["met"].eq(False).fillna(False)]
    silent = int(here["met"].isna().sum())
    if len(found):
        listed = [page.word(subject_words(standard, str(name), full=True)) for name in found["item"]]
        page.verdict(
            "存在一票否决情形：{listed}",
            "There is a veto: {listed}",
            "failed",
            listed=page.word({"zh": "、", "en": "; "}).join(listed),
        )
    elif silent:
        page.verdict(
            "有 {n} 项一票否决事项未作说明，不能认定不存在",
            "Nothing was stated about {n} vetoes, so their absence cannot be taken for granted",
            "undetermined",
            n=silent,
        )
    else:
        page.verdict(
            "县（区）声明不存在一票否决情形（{n} 项）",
            "The county states that no veto applies ({n})",
            "met",
            n=len(here),
        )
