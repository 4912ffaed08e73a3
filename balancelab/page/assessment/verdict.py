"""The verdict on the county as a whole: in one sentence, and block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.items.judging import COUNTY
from balancelab.page.blocks import BLOCK_VERDICTS
from balancelab.page.columns import Column
from balancelab.page.naming import state_of, with_authority

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

_BANNER = {
    "met": ("{county}达到“{standard}”各项要求", "{county} meets every requirement of “{standard}”"),
    "failed": ("{county}未达到“{standard}”要求：{why}", "{county} does not meet “{standard}”: {why}"),
    "undetermined": (
        "{county}能否达到“{standard}”要求尚不能判定：{why}",
        "Whether {county} meets “{standard}” cannot be decided yet: {why}",
    ),
}
_WHY: dict[str, Text] = {
    "vetoed": {"zh": "出现一票否决情形", "en": "a veto applies"},
    "failed": {"zh": "{blocks}未达标", "en": "not met: {blocks}"},
    "missing": {"zh": "{blocks}有项目未填报或数据不全", "en": "not reported or incomplete: {blocks}"},
}


def assessment_verdict(page: Page, conclusion: pd.DataFrame, county: str, standard: Standard) -> None:
    """
    Say the county's verdict and what decides it.

    Parameters
    ----------
    page : Page
        Where it is said.
    conclusion : DataFrame
        From ``conclude_county``, one county; nothing is said where the standard draws no conclusion.
    county : str
        Name of the county.
    standard : Standard
        The document judged by.
    """
    if conclusion.empty:
        return
    whole = conclusion[conclusion["block"] == COUNTY].iloc[0]
    state = state_of(whole["met"])
    zh, en = _BANNER[state]
    words: dict[str, Any] = {"county": county, "standard": page.word(standard.short)}
    if state != "met":
        reasons = [str(whole["reason"])]
        if state == "failed" and whole["missing"]:
            reasons.append("missing")
        parts = [_why(page, reason, whole, standard) for reason in reasons]
        words["why"] = page.word({"zh": "；", "en": "; "}).join(parts)
    page.verdict(zh, en, state, **words)


def block_table(page: Page, conclusion: pd.DataFrame, standard: Standard) -> None:
    """
    Show the verdict block by block, and on the county.

    Parameters
    ----------
    page : Page
        Where the table goes.
    conclusion : DataFrame
        From ``conclude_county``, one county; nothing is shown where the standard draws no conclusion.
    standard : Standard
        Gives the names of the blocks.
    """
    if conclusion.empty or standard.conclusion is None:
        return
    blocks = standard.blocks()
    whole = {"zh": "全县结论", "en": "The county"}
    table = conclusion.assign(
        id=conclusion["block"],
        block=[page.word(whole if name == COUNTY else blocks[name]) for name in conclusion["block"]],
        state=[state_of(met) for met in conclusion["met"]],
        mark=["total" if name == COUNTY else "" for name in conclusion["block"]],
    )
    none = (table["n_items"] == 0) | (table["id"] == COUNTY)
    for column in ("n_items", "n_met", "n_failed", "n_missing"):
        table[column] = table[column].astype(float).where(~none)
    page.table(
        table,
        columns=[
            Column("block", zh="评估内容", en="Block"),
            Column("n_items", zh="项数", en="Items", kind="number", decimals=0),
            Column("n_met", zh="达标", en="Met", kind="number", decimals=0),
            Column("n_failed", zh="未达标", en="Not met", kind="number", decimals=0),
            Column("n_missing", zh="待定（未填报）", en="Open (not reported)", kind="number", decimals=0),
            Column("state", zh="结论", en="Verdict", kind="verdict"),
        ],
        about=BLOCK_VERDICTS,
        keys=("id",),
        caption_zh="各部分结论",
        caption_en="Verdict by block",
        note_zh="依据：{clause}。未填报的项目不算达标，结论待定。",
        note_en="Clause: {clause}. What is not reported does not count as met: the verdict is then open.",
        row_marks="mark",
        clause=with_authority(page, standard.conclusion.clause, standard.authority),
    )


def _why(page: Page, reason: str, whole: pd.Series, standard: Standard) -> str:
    listed = whole["missing"] if reason == "missing" else whole["failed"]
    names = [page.word(standard.blocks()[name]) for name in str(listed).split(";") if name]
    return page.word(_WHY[reason]).replace("{blocks}", page.word({"zh": "、", "en": ", "}).join(names))
