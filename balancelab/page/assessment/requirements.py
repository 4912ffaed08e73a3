"""Whose each requirement is: the country's, the province's, the city's; and which document or file it stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.naming import authority_words

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

_FOR_SCHOOLS: Text = {"zh": "学校各项指标的要求", "en": "Requirements for schools"}
_POINTS: Text = {"zh": "政府工作各项分值", "en": "Points of government work"}
_NOT_GIVEN: Text = {"zh": "未给出，相关结论待定", "en": "not given: what rests on it stays open"}
_PROVINCE = "province"
_SCHOOL_STANDARD = "school_standard"


def requirement_sources(page: Page, standard: Standard) -> None:
    """
    Show whose every kind of requirement is, and where it stands; what the province sets and was not given is named.

    One sentence where all stand in one document.

    Parameters
    ----------
    page : Page
        Where the table goes.
    standard : Standard
        The document judged by, with what a province added to it.
    """
    from balancelab.standards import list_standards

    documents = {name: listed.document for name, listed in list_standards().items()} | {standard.id: standard.document}
    lines = []
    for words, rules in _parts(standard):
        for (authority, source), number in Counter((rule.authority, rule.source) for rule in rules).items():
            lines.append(_line(page, words, number, authority, documents.get(source, {"zh": source, "en": source})))
    if _SCHOOL_STANDARD in standard.blocks() and not standard.requirements:
        lines.append(_line(page, _FOR_SCHOOLS, None, _PROVINCE, _NOT_GIVEN))
    if standard.rubric is not None and not standard.rubric.points:
        lines.append(_line(page, _POINTS, None, _PROVINCE, _NOT_GIVEN))
    if len({(line["authority"], line["source"]) for line in lines}) == 1:
        page.say(
            zh="各项要求均出自{source}（{authority}）。",
            en="Every requirement stands in one document: {source} ({authority}).",
            source=lines[0]["source"],
            authority=lines[0]["authority"],
        )
        return
    page.table(
        pd.DataFrame(lines).astype({"number": float}),
        columns=[
            Column("what", zh="内容", en="What"),
            Column("number", zh="项数", en="Number", kind="number", decimals=0),
            Column("authority", zh="层级", en="Authority"),
            Column("source", zh="出处", en="Document or file"),
        ],
        caption_zh="各项要求由谁规定",
        caption_en="Whose requirement each is",
        row_header="what",
    )


def _parts(standard: Standard) -> Iterable[tuple[Text, list[Any]]]:
    yield _FOR_SCHOOLS, list(standard.requirements.values())
    yield {"zh": "学校达标规则", "en": "Rule for a school"}, [standard.school_rule] if standard.school_rule else []
    county_rule = [standard.county_rule] if standard.county_rule else []
    yield {"zh": "校际差异系数限值", "en": "Limit on coefficients of variation"}, county_rule
    for block, words in standard.blocks().items():
        items = [item for item in standard.items.values() if item.block == block]
        yield {"zh": f"{words['zh']}：条目", "en": f"{words['en']}: items"}, items
    yield _POINTS, [standard.rubric] if standard.rubric and standard.rubric.points else []
    yield {"zh": "过渡规定", "en": "Transitional rules"}, list(standard.relaxations.values())


def _line(page: Page, words: Text, number: int | None, authority: str, source: Text) -> dict[str, Any]:
    whose = page.word(authority_words(authority))
    return {"what": page.word(words), "number": number, "authority": whose, "source": page.word(source)}
