"""Problems, what stands out, and what is to be done: tables of the self-evaluation and the city report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.levels.wording import gap_text, gap_unit, subject_words
from balancelab.page.naming import rounding_words, stages_present

if TYPE_CHECKING:
    from collections.abc import Mapping

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

KIND_WORDS: Mapping[str, Text] = {
    "veto": {"zh": "否决", "en": "Veto"},
    "item": {"zh": "县级", "en": "County"},
    "difference": {"zh": "校际", "en": "Between schools"},
    "school_item": {"zh": "学校", "en": "School"},
    "indicator": {"zh": "学校", "en": "School"},
}
_ENOUGH_SCHOOLS = 2  # one school says nothing about a county


def problem_table(page: Page, ranked: pd.DataFrame, standard: Standard, *, counties: bool = False) -> None:
    """
    Show ranked problems; say so where there is none.

    Parameters
    ----------
    page : Page
    ranked : DataFrame
        From ``rank_problems``.
    standard : Standard
    counties : bool, optional
        Whether several counties are ranked together: a column says how many are concerned.
    """
    if ranked.empty:
        page.say(zh="没有判定为未达标的事项。", en="Nothing was judged as not met.")
        return
    rows = [_ranked_row(page, row, place, standard) for place, row in enumerate(ranked.to_dict("records"), start=1)]
    places = page.word(standard.term("counties"))
    concerned = [Column("n_counties", zh="涉及县（区）", en=f"{places} concerned", kind="number", decimals=0)]
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("rank", zh="序号", en="Rank", kind="number", decimals=0),
            Column("kind", zh="类别", en="Kind"),
            Column("stage", zh="学段", en="Stage"),
            Column("subject", zh="问题所在", en="What is short"),
            *(concerned if counties else []),
            Column("n_schools", zh="涉及学校", en="Schools concerned", kind="number", decimals=0),
            Column("n_required", zh="须整改处数", en="Must be put right", kind="number", decimals=0),
            Column("gap", zh="缺口合计", en="Missing in all", align="right"),
            Column("worst", zh="最大差距占要求", en="Widest gap, share of the limit", kind="percent", decimals=1),
        ],
        caption_zh="问题排序（先一票否决，再县级事项，后学校事项；同类按须整改处数）",
        caption_en="Problems ranked (vetoes, then what concerns the county, then schools by number)",
        note_zh="缺口合计为各校缺口之和。{rounded}",
        note_en="Missing in all: the sum over schools.{rounded}",
        row_header="subject",
        rounded=rounding_words(page, standard),
    )


def highlight_table(
    page: Page, verdicts: pd.DataFrame, measures: pd.DataFrame, differences: pd.DataFrame, standard: Standard
) -> None:
    """
    Show the indicators in which the county stands best: where no school falls short and no coefficient is too large.

    Parameters
    ----------
    page : Page
    verdicts, measures, differences : DataFrame
        From ``judge_schools``, ``measure_counties`` and ``judge_counties``, one county.
    standard : Standard
        Without requirements for schools, the smallest coefficients are shown.
    """
    rows = [
        row
        for stage in stages_present(differences, standard)
        for indicator in standard.indicators
        if (row := _strength(stage, indicator.id, verdicts, measures, differences)) is not None
    ]
    if not rows:
        page.say(
            zh="没有一项指标同时做到各校全部达标、差异系数不超限，故不列资源配置亮点；工作特色由县（区）自行补写。",
            en="No indicator has every school meeting the requirement and a coefficient within its limit, so none is "
            "listed; what the county does well otherwise is for the county to write.",
        )
        return
    table = pd.DataFrame(rows).sort_values(["margin", "value"], ascending=[False, True], kind="stable")
    page.table(
        table.assign(
            stage=[page.word(standard.stages[stage]) for stage in table["stage"]],
            name=[page.word(subject_words(standard, name, full=True)) for name in table["indicator"]],
        ),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("mean", zh="全县平均", en="County mean", kind="number", decimals=standard.display.mean_decimals),
            Column("limit", zh="要求", en="Requirement", kind="number"),
            Column("margin", zh="平均值为要求的", en="Mean as a share of it", kind="percent", decimals=1),
            Column("value", zh="差异系数", en="CV", kind="number", decimals=standard.display.cv_decimals),
        ],
        caption_zh="资源配置亮点：各校全部达标且差异系数不超限的指标",
        caption_en="What stands out: every school meets the requirement and the coefficient is within its limit",
        note_zh="由数据自动列出；工作特色和经验由县（区）自行补写。",
        note_en="Listed by the data; what the county does well otherwise is for the county to write.",
        row_header="name",
    )


def plan_table(page: Page, ranked: pd.DataFrame, standard: Standard, units: Any, *, year: int) -> None:
    """
    Show the skeleton of a plan: for each problem what is usually done, who leads, who supports, until when.

    Parameters
    ----------
    page : Page
    ranked : DataFrame
        From ``rank_problems``.
    standard : Standard
    units : Units
        From ``rectification.load_units``.
    year : int
        The year judged.
    """
    if ranked.empty:
        return
    rows = []
    for place, row in enumerate(ranked.to_dict("records"), start=1):
        task = units.task_for(str(row["subject"]).removeprefix("cv:"), str(row["block"]))
        words = _ranked_row(page, row, place, standard)
        rows.append(
            {
                "rank": place,
                "problem": words["subject"] if not words["stage"] else f"{words['stage']} · {words['subject']}",
                "goal": words["gap"],
                "measure": page.word(task.measure),
                "lead": page.word(units.names[task.lead]),
                "support": page.word({"zh": "、", "en": ", "}).join(page.word(units.names[u]) for u in task.supporting),
                "deadline": units.deadline(year),
            }
        )
    page.table(
        pd.DataFrame(rows),
        columns=[
            Column("rank", zh="序号", en="Rank", kind="number", decimals=0),
            Column("problem", zh="问题", en="Problem"),
            Column("goal", zh="须补缺口", en="To be filled", align="right"),
            Column("measure", zh="措施（草拟）", en="Measure (draft)"),
            Column("lead", zh="牵头单位", en="Lead"),
            Column("support", zh="配合单位", en="Support"),
            Column("deadline", zh="完成时限", en="Deadline"),
        ],
        caption_zh="整改计划框架",
        caption_en="Skeleton of the plan",
        note_zh="由缺口自动生成，供县（区）修改；逐校逐项的台账见整改报告。",
        note_en="Made from the shortfalls, for the county to edit; the ledger is in the rectification report.",
        row_header="problem",
    )


def _ranked_row(page: Page, row: dict[Any, Any], place: int, standard: Standard) -> dict[str, Any]:
    stage = standard.stages.get(str(row["stage"]))
    if page.public:
        row = _without_single_schools(row)
    return {
        "rank": place,
        "kind": page.word(KIND_WORDS[row["kind"]]),
        "stage": "" if stage is None or row["kind"] == "school_item" else page.word(stage),
        "subject": page.word(subject_words(standard, row["subject"], full=row["kind"] != "school_item")),
        "n_counties": row["n_counties"],
        "n_schools": row["n_schools"] or None,
        "n_required": row["n_required"],
        "gap": gap_text(page.language, standard, row) if gap_unit(standard, row["kind"], row["subject"])["en"] else "—",
        "worst": None if row["worst"] == 1 and row["kind"] in ("veto", "item") else row["worst"],
    }


def _without_single_schools(row: dict[Any, Any]) -> dict[Any, Any]:
    """Take out the widest gap, which is that of one school, and what few schools lack together."""
    few = (row["n_schools"] or 0) < load_rules().least_schools
    return {**row, "worst": None, "gap": None if few else row["gap"]}


def _strength(
    stage: str, name: str, verdicts: pd.DataFrame, measures: pd.DataFrame, differences: pd.DataFrame
) -> dict[str, Any] | None:
    cv = differences[(differences["stage"] == stage) & (differences["indicator"] == name)]
    of_schools = verdicts[(verdicts["stage"] == stage) & (verdicts["indicator"] == name)]
    mean = measures[
        (measures["stage"] == stage) & (measures["indicator"] == name) & (measures["measure"] == "weighted_mean")
    ]
    if cv.empty or mean.empty or cv["n_schools"].iloc[0] < _ENOUGH_SCHOOLS:
        return None
    within = pd.isna(cv["limit"].iloc[0]) or cv["met"].fillna(False).iloc[0]
    if not within or of_schools.empty or not of_schools["met"].fillna(False).all():
        return None
    limit = float(of_schools["limit"].iloc[0])
    return {
        "stage": stage,
        "indicator": name,
        "mean": float(mean["value"].iloc[0]),
        "limit": limit,
        "margin": float(mean["value"].iloc[0]) / limit,
        "value": float(cv["value"].iloc[0]),
    }
