"""Tables IV to VI of the application forms: government guarantee, education quality, recognition, vetoes, points."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.items.rubric import SCORE, official_items
from balancelab.page.assessment.words import (
    limit_text,
    number_in_block,
    school_names,
    schools_text,
    short_clause,
    source_words,
    value_text,
    value_with_unit,
)
from balancelab.page.columns import Column
from balancelab.page.display import number_text
from balancelab.page.marks import mark_word
from balancelab.page.naming import authority_words, state_of, with_authority

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Item, Standard

_SUBJECTS = (
    ("chinese", {"zh": "语文", "en": "Chinese"}),
    ("mathematics", {"zh": "数学", "en": "Mathematics"}),
    ("science", {"zh": "科学", "en": "Science"}),
    ("physical_education", {"zh": "体育与健康", "en": "Physical education"}),
    ("arts", {"zh": "艺术", "en": "Arts"}),
    ("moral_education", {"zh": "德育", "en": "Moral education"}),
)
_NO_RUBRIC = {"zh": "未给出本省评分表", "en": "no rubric of the province was given"}
_COUNTS = (
    "school_age_children", "school_age_children_enrolled", "grade7_intake", "transfers_in", "student_deaths",
    "transfers_out", "graduates", "disabled_children", "disabled_children_enrolled",
    "disabled_children_special_schools",
)  # fmt: skip
_MONITORING = ("monitoring_level_", "monitoring_rate_")


def government_table(page: Page, verdicts: pd.DataFrame, standard: Standard, schools: pd.DataFrame) -> None:
    """
    Show table IV: the items of government guarantee (quality form) or government work (basic form), part by part.

    Parameters
    ----------
    page : Page
        Where the table goes.
    verdicts : DataFrame
        From ``judge_items``, one county.
    standard : Standard
        Gives labels, limits, clauses.
    schools : DataFrame
        The county's school table, for the names of schools that count against an item.
    """
    captions = ("表四 政府保障程度", "Form table IV: government guarantee")
    if standard.rubric is not None:
        captions = ("表四 政府推进义务教育均衡发展工作", "Form table IV: government work")
    _item_table(page, verdicts[verdicts["block"] == "government"], standard, schools, *captions)


def quality_table(page: Page, verdicts: pd.DataFrame, standard: Standard, schools: pd.DataFrame) -> None:
    """
    Show table V of the quality form: education quality; the monitored subjects stand in a table of their own.

    Parameters are those of :func:`government_table`.
    """
    monitoring = verdicts["item"].str.startswith(_MONITORING)
    _item_table(
        page,
        verdicts[(verdicts["block"] == "quality") & ~monitoring],
        standard,
        schools,
        "表五 教育质量",
        "Form table V: education quality",
    )
    if monitoring.any():
        _monitoring_table(page, verdicts[monitoring], standard)


def counts_table(
    page: Page, county_items: pd.DataFrame, schools: pd.DataFrame, *, withheld: Collection[str] = ()
) -> None:
    """
    Show the counts behind table V: enrolment, retention and the enrolment of children with disabilities.

    Parameters
    ----------
    page : Page
        Where the table goes.
    county_items : DataFrame
        The county table of one county and year.
    schools : DataFrame
        Its school table; columns of retention there take the place of the county's own sums.
    withheld : collection of str
        Counts that are not printed (:func:`balancelab.page.disclosure.people.withhold_people`).
    """
    from balancelab.page.disclosure.people import county_counts
    from balancelab.standards.figures import load_figures

    given = county_counts(county_items, schools)
    lines = [
        {"name": page.word(load_figures()[name].label), "value": None if name in withheld else given.get(name)}
        for name in _COUNTS
    ]
    page.table(
        pd.DataFrame(lines).astype({"value": float}),
        columns=[
            Column("name", zh="项目", en="Figure"),
            Column("value", zh="人数", en="Number", kind="number", decimals=0),
        ],
        caption_zh="表五附 入学与巩固的计算数据",
        caption_en="Form table V, annex: figures of enrolment and retention",
        note_zh="适龄人口入学率＝本级及以上在校的适龄人口÷适龄人口：{rate}。",
        note_en="Net enrolment rate = school-age children enrolled at this or a higher level ÷ school-age population: "
        "{rate}.",
        rate=number_text(_share(given.get(_COUNTS[1]), given.get(_COUNTS[0])), 2, percent=True),
    )


def recognition_table(page: Page, county_items: pd.DataFrame, verdicts: pd.DataFrame, standard: Standard) -> None:
    """
    Show table VI of the quality form (V of the basic one): questionnaires and visits, and of these the parents.

    Parameters
    ----------
    page : Page
        Where the table goes.
    county_items : DataFrame
        The county table of one county and year.
    verdicts : DataFrame
        From ``judge_items``, one county.
    standard : Standard
        Gives the limit and its clause.
    """
    given = dict(zip(county_items["item"], county_items["value"].astype(float), strict=True))
    lines: list[dict[str, Any]] = []
    for ending, words in (
        ("", {"zh": "合计", "en": "All"}),
        ("_parents", {"zh": "其中：家长", "en": "Of which parents"}),
    ):
        line: dict[str, Any] = {"who": page.word(words)}
        for name in (
            "questionnaires",
            "questionnaires_valid",
            "questionnaires_satisfied",
            "visits",
            "visits_satisfied",
        ):
            line[name] = given.get(f"{name}{ending}")
        line["share"] = _share(line["questionnaires_satisfied"], line["questionnaires_valid"])
        line["visit_share"] = _share(line["visits_satisfied"], line["visits"])
        lines.append(line)
    row = verdicts[verdicts["item"] == "satisfaction"].to_dict("records")
    item = standard.items["satisfaction"]
    survey, visit = {"zh": "问卷调查", "en": "Survey"}, {"zh": "走访调查", "en": "Visits"}
    quality = standard.rubric is None
    page.table(
        pd.DataFrame(lines).astype({name: float for name in lines[0] if name != "who"}),
        columns=[
            Column("who", zh="对象", en="Who"),
            Column("questionnaires", zh="发放（份）", en="Handed out", kind="number", decimals=0, group=survey),
            Column("questionnaires_valid", zh="有效（份）", en="Valid", kind="number", decimals=0, group=survey),
            Column(
                "questionnaires_satisfied", zh="满意（份）", en="Satisfied", kind="number", decimals=0, group=survey
            ),
            Column("share", zh="满意率", en="Share", kind="percent", decimals=1, group=survey),
            Column("visits", zh="走访（人）", en="People", kind="number", decimals=0, group=visit),
            Column("visits_satisfied", zh="满意（人）", en="Satisfied", kind="number", decimals=0, group=visit),
            Column("visit_share", zh="满意率", en="Share", kind="percent", decimals=1, group=visit),
        ],
        caption_zh="表六 社会认可度" if quality else "表五 公众满意度",
        caption_en="Form table VI: social recognition" if quality else "Form table V: public satisfaction",
        note_zh="满意率＝满意÷有效，要求 {limit}；判定：{verdict}。依据：{clause}。",
        note_en="Share = satisfied ÷ valid; required: {limit}; verdict: {verdict}. Clause: {clause}.",
        limit=limit_text(page, item, _float(item)),
        verdict=mark_word(state_of(row[0]["met"]) if row else "undetermined", page.language),
        clause=with_authority(page, item.clause, item.authority),
    )


def veto_table(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Show the veto statement: each item, the county's answer and its evidence; nothing where there is no veto."""
    here = verdicts[verdicts["block"] == "veto"]
    if here.empty:
        return
    _item_table(page, here, standard, pd.DataFrame(), "一票否决事项", "Vetoes")


def eligibility_table(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Show whether the county may apply at all; nothing where the standard sets no condition."""
    here = verdicts[verdicts["block"] == "eligibility"]
    if here.empty:
        return
    _item_table(page, here, standard, pd.DataFrame(), "申报条件", "Eligibility")


def rubric_table(page: Page, points: pd.DataFrame, verdicts: pd.DataFrame, standard: Standard) -> None:
    """
    Show the points of government work (basic balance), item by item, and the score.

    Parameters
    ----------
    page : Page
        Where the table goes.
    points : DataFrame
        From ``rubric_points``, one county.
    verdicts : DataFrame
        From ``judge_items``, one county; holds the score.
    standard : Standard
        Its rubric; nothing is shown without one.
    """
    rubric = standard.rubric
    if rubric is None:
        return
    labels = official_items(standard)
    table = points.assign(
        name=[page.word(labels[name]) for name in points["official"]],
        official=[number_in_block(name) for name in points["official"]],
        mark="",
    )
    score = verdicts[verdicts["item"] == SCORE].to_dict("records")
    reached = score[0]["value"] if score else float("nan")
    total = {"official": "", "name": page.word({"zh": "合计", "en": "Total"}), "points": reached, "mark": "total"}
    whole = float(rubric.total) if rubric.points else float("nan")
    table = pd.concat([table, pd.DataFrame([total | {"max_points": whole}])], ignore_index=True)
    page.table(
        table.astype({"max_points": float, "points": float}),
        columns=[
            Column("official", zh="序号", en="No."),
            Column("name", zh="项目", en="Item"),
            Column("max_points", zh="分值", en="Points possible", kind="number"),
            Column("points", zh="得分", en="Points", kind="number"),
        ],
        caption_zh="表四附 政府工作评估得分",
        caption_en="Form table IV, annex: points of government work",
        note_zh="要求不低于 {limit} 分；判定：{verdict}。依据：{clause}。各项分值：{source}。",
        note_en="Required: at least {limit}; verdict: {verdict}. Clause: {clause}. Points of the items: {source}.",
        row_marks="mark",
        row_header="name",
        limit=float(rubric.at_least),
        verdict=mark_word(state_of(score[0]["met"]) if score else "undetermined", page.language),
        source=_points_source(page, standard),
        clause=with_authority(page, rubric.clause, standard.authority),
    )  # fmt: skip


def _points_source(page: Page, standard: Standard) -> str:
    rubric = standard.rubric
    if rubric is None or not rubric.points:
        return page.word(_NO_RUBRIC)
    return with_authority(page, {"zh": rubric.source, "en": rubric.source}, rubric.authority)


def _item_table(
    page: Page, verdicts: pd.DataFrame, standard: Standard, schools: pd.DataFrame, zh: str, en: str
) -> None:
    names = school_names(schools)
    lines = []
    for row in verdicts.to_dict("records"):
        item = standard.items.get(str(row["item"]))
        if item is not None:
            lines.append(_line(page, row, item, names))
    if not lines:
        return
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("official", zh="序号", en="No."),
            Column("name", zh="项目", en="Item"),
            Column("value", zh="数值或情况", en="Value", align="right"),
            Column("limit", zh="要求", en="Required", align="right"),
            Column("state", zh="是否达标", en="Attained", kind="verdict"),
            Column("source", zh="来源", en="Source"),
            Column("authority", zh="层级", en="Authority"),
            Column("remark", zh="说明", en="Remark"),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh=zh,
        caption_en=en,
        row_header="name",
    )


def _line(page: Page, row: dict[Any, Any], item: Item, names: dict[str, str]) -> dict[str, Any]:
    state = "not_applicable" if row["reason"] == "not_applicable" else state_of(row["met"])
    remarks = [schools_text(page, row["detail"], names), "" if page.public else str(row["evidence"])]
    if item.informative:
        remarks.append(page.word({"zh": "供参考，不计入结论", "en": "for information, not part of the verdict"}))
    return {
        "official": number_in_block(item.official),
        "name": page.word(item.label),
        "value": value_with_unit(page, row, item),
        "limit": limit_text(page, item, row["limit"]),
        "state": f"{state}_borderline" if row["borderline"] and state in ("met", "failed") else state,
        "source": page.word(source_words(row["source"])),
        "authority": page.word(authority_words(row["authority"])),
        "remark": page.word({"zh": "；", "en": "; "}).join(part for part in remarks if part),
        "clause": page.word(short_clause(item.clause)),
    }


def _monitoring_table(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    rows = {str(row["item"]): row for row in verdicts.to_dict("records")}
    lines = []
    for subject, words in _SUBJECTS:
        level, rate = (rows.get(f"{start}{subject}") for start in _MONITORING)
        if level is None or rate is None:
            continue
        items = [standard.items[f"{start}{subject}"] for start in _MONITORING]
        applies = [row["reason"] != "not_applicable" for row in (level, rate)]
        states = [state_of(row["met"]) for row, counts in zip((level, rate), applies, strict=True) if counts]
        worst = next((state for state in ("failed", "undetermined") if state in states), "met")
        lines.append(
            {
                "subject": page.word(words),
                "level": value_text(page, level, items[0]),
                "rate": value_text(page, rate, items[1]),
                "state": worst if states else "not_applicable",
            }
        )
    level_item, rate_item = (standard.items[f"{start}{_SUBJECTS[0][0]}"] for start in _MONITORING)
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("subject", zh="科目", en="Subject"),
            Column("level", zh="学业水平等级", en="Level", align="right"),
            Column("rate", zh="校际差异率", en="Between-school rate", align="right"),
            Column("state", zh="是否达标", en="Attained", kind="verdict"),
        ],
        caption_zh="表五-9 国家义务教育质量监测",
        caption_en="Form table V, item 9: national monitoring of education quality",
        note_zh="要求：等级 {level}，校际差异率 {rate}。依据：{clause}。",
        note_en="Required: level {level}, between-school rate {rate}. Clause: {clause}.",
        level=limit_text(page, level_item, _float(level_item)),
        rate=limit_text(page, rate_item, _float(rate_item)),
        clause=with_authority(page, level_item.clause, level_item.authority),
    )


def _float(item: Item) -> float | None:
    return None if item.limit is None else float(item.limit)


def _share(part: float | None, whole: float | None) -> float | None:
    if part is None or whole is None or pd.isna(part) or pd.isna(whole) or whole == 0:
        return None
    return part / whole
