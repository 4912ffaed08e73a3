"""Tables of class sizes, staffing and the survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from balancelab.items.class_sizes import class_size_clauses, class_size_words, class_targets
from balancelab.items.survey import ALL, OVERALL, survey_open_point, survey_words
from balancelab.page.columns import Column
from balancelab.page.naming import LOCATIONS, state_of, with_authority

if TYPE_CHECKING:
    from balancelab.items.staffing import StaffingNorm
    from balancelab.page import Page
    from balancelab.standards import Standard

_BOTH = {"zh": "合计", "en": "Both stages"}
_AREAS = {
    "urban": {"zh": "城区学校", "en": "Urban schools"},
    "rural": {"zh": "农村学校", "en": "Rural schools"},
    "other": {"zh": "其他单位", "en": "Other units"},
    "total": {"zh": "合计", "en": "Total"},
}


def class_size_table(page: Page, summary: pd.DataFrame, standard: Standard) -> None:
    """
    Show large and super-large classes against the national targets; nothing in a public edition.

    Parameters
    ----------
    page : Page
        Where the table goes.
    summary : DataFrame
        From ``summarise_class_sizes``, one county and year.
    standard : Standard
        Gives the names of the stages.
    """
    if page.public:  # a single large class is that of a single school
        return
    targets = {(target.id, target.by_year): target for target in class_targets()}
    lines = []
    order = {stage: rank for rank, stage in enumerate([*standard.stages, ""])}
    ranked = summary.assign(rank=summary["stage"].map(order)).sort_values(["least", "by_year", "rank"], kind="stable")
    for row in ranked.to_dict("records"):
        target = targets[(row["target"], row["by_year"])]
        exact = row["n_low"] == row["n_high"]
        lines.append(
            {
                "stage": page.word(standard.stages[row["stage"]] if row["stage"] else _BOTH),
                "name": page.word(target.label),
                "classes": row["n_classes"],
                "low": row["n_low"],
                "share": row["share_low"],
                "known": "" if exact else page.word({"zh": "至少", "en": "at least"}),
                "year": str(target.by_year),
                "limit": float(target.at_most),
                "state": state_of(row["met"]),
            }
        )
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="班额", en="Classes"),
            Column("classes", zh="班级数", en="Classes in all", kind="number", decimals=0),
            *([Column("known", zh="口径", en="Known")] if any(line["known"] for line in lines) else []),
            Column("low", zh="其中", en="Of these", kind="number", decimals=0),
            Column("share", zh="占比", en="Share", kind="percent", decimals=2),
            Column("year", zh="目标年份", en="Target year"),
            Column("limit", zh="目标", en="Target", kind="percent", decimals=0),
            Column("state", zh="是否达到", en="Reached", kind="verdict"),
        ],
        caption_zh="大班额、超大班额",
        caption_en="Large and super-large classes",
        note_zh="{open}只填最大班额的学校只能判断有无，记“至少”。依据：{clause}。",
        note_en="{open} Schools that give only their largest class say whether there is one: “at least”. Clause: "
        "{clause}.",
        open=page.word(class_size_words("open_point")),
        clause=page.word({"zh": "；", "en": "; "}).join(
            with_authority(page, clause, "national") for clause in class_size_clauses()
        ),
    )


def posts_table(page: Page, posts: pd.DataFrame) -> None:
    """
    Show posts against quotas, town and village (超编、缺编); nothing where nothing was reported.

    Parameters
    ----------
    page : Page
        Where the table goes.
    posts : DataFrame
        From ``posts_by_area``, one county.
    """
    if posts.empty:
        return
    page.table(
        posts.assign(
            name=[page.word(_AREAS[area]) for area in posts["area"]],
            mark=["total" if area == "total" else "" for area in posts["area"]],
        ),
        columns=[
            Column("name", zh="范围", en="Area"),
            Column("quota", zh="核定编制", en="Quota", kind="number", decimals=0),
            Column("actual", zh="实有人数", en="Staff", kind="number", decimals=0),
            Column("difference", zh="超编（＋）缺编（－）", en="Over (+) or short (−)", kind="number", decimals=0),
        ],
        caption_zh="城乡学校编制与实有人数",
        caption_en="Posts and quotas, town and village",
        row_marks="mark",
    )


def norm_table(page: Page, posts: pd.DataFrame, norm: StaffingNorm, standard: Standard) -> None:
    """
    Show staff against the posts that a norm needs for today's students.

    Parameters
    ----------
    page : Page
        Where the table goes.
    posts : DataFrame
        From ``posts_by_norm``, one county; nothing is shown where no school gave its staff, or in a public edition.
    norm : StaffingNorm
        The norm compared with, named in the note.
    standard : Standard
        Gives the names of the stages.
    """
    if page.public or not posts["n_schools"].sum():  # a location may have one school only
        return
    stages, places = ({name: rank for rank, name in enumerate(names)} for names in (standard.stages, LOCATIONS))
    ranked = posts.assign(by_stage=posts["stage"].map(stages), by_place=posts["location"].map(places))
    posts = ranked.sort_values(["by_stage", "by_place"], kind="stable")
    page.table(
        posts.assign(
            stage_name=[page.word(standard.stages[stage]) for stage in posts["stage"]],
            location_name=[page.word(LOCATIONS.get(location, LOCATIONS[""])) for location in posts["location"]],
        ),
        columns=[
            Column("stage_name", zh="学段", en="Stage"),
            Column("location_name", zh="城乡", en="Location"),
            Column("n_schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0),
            Column("staff", zh="教职工", en="Staff", kind="number", decimals=0),
            Column("students_per_staff", zh="生员比", en="Students per staff", kind="number", decimals=1),
            Column("most_students_per_staff", zh="标准", en="Norm", kind="number", decimals=1),
            Column("posts_needed", zh="按标准需要", en="Posts by the norm", kind="number", decimals=0),
            Column("difference", zh="多（＋）少（－）", en="Over (+) or short (−)", kind="number", decimals=0),
            Column("n_missing", zh="未填报", en="Not reported", kind="number", decimals=0),
        ],
        caption_zh="教职工与编制标准",
        caption_en="Staff and the staffing norm",
        note_zh="标准：{name}。依据：{clause}。",
        note_en="Norm: {name}. Clause: {clause}.",
        name=page.word(norm.label),
        clause=page.word(norm.clause),
    )


def survey_table(page: Page, summary: pd.DataFrame) -> None:
    """
    Show satisfaction by group and topic with Wilson intervals.

    Parameters
    ----------
    page : Page
        Where the table goes.
    summary : DataFrame
        From ``summarise_survey``; nothing is shown where nobody was asked, or in a public edition.
    """
    if page.public or summary["valid"].sum() == 0:  # some groups are a handful of people
        return
    groups, topics = survey_words("groups"), survey_words("topics")
    every = {"zh": "合计", "en": "All"}
    summary = summary[summary["topic"] != OVERALL]  # the overall question is each group's total already
    page.table(
        summary.assign(
            group_name=[page.word(every if name == ALL else groups[name]) for name in summary["group"]],
            topic_name=[page.word(every if name == ALL else topics[name]) for name in summary["topic"]],
            mark=["total" if ALL in pair else "" for pair in zip(summary["group"], summary["topic"], strict=True)],
        ),
        columns=[
            Column("group_name", zh="调查对象", en="Respondents"),
            Column("topic_name", zh="调查内容", en="Topic"),
            Column("valid", zh="有效", en="Valid", kind="number", decimals=0),
            Column("satisfied", zh="满意", en="Satisfied", kind="number", decimals=0),
            Column("share", zh="满意率", en="Share", kind="percent", decimals=1),
            Column("ci_low", zh="95%区间下限", en="95 % interval, low", kind="percent", decimals=1),
            Column("ci_high", zh="95%区间上限", en="95 % interval, high", kind="percent", decimals=1),
        ],
        caption_zh="满意度调查",
        caption_en="Satisfaction survey",
        note_zh="区间为威尔逊区间，按简单随机样本计算。{open}",
        note_en="Wilson intervals, as for a simple random sample. {open}",
        row_marks="mark",
        open=page.word(survey_open_point()),
    )
