"""Tables of the equity report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.display import number_text
from balancelab.page.equity.group_tables import group_table, member_table, share_table
from balancelab.page.equity.layout import (
    NAME,
    STAGE,
    UNIT,
    cell_of,
    group_words,
    labelled,
    largest_row,
    reference_group,
)
from balancelab.page.equity.measure_tables import all_measures, dispersion_table
from balancelab.page.equity.spread_tables import concentration_table, influence_table, standing_table, trend_table
from balancelab.page.naming import indicator_words, rounding_words, stages_present

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

__all__ = [
    "all_measures",
    "at_a_glance",
    "concentration_table",
    "dispersion_table",
    "dropped_table",
    "group_table",
    "influence_table",
    "member_table",
    "share_table",
    "shortfall_table",
    "standing_table",
    "trend_table",
]

_REASONS: dict[str, Text] = {
    "not_reported": {"zh": "未填报", "en": "not reported"},
    "students_missing": {"zh": "缺在校生数", "en": "students not reported"},
    "no_students": {"zh": "没有学生", "en": "no students"},
}
_QUESTIONS: dict[str, Text] = {
    "minimum": {"zh": "底线：最少学生达到要求的指标", "en": "Minimum standards: fewest students with enough"},
    "impartiality": {
        "zh": "公允：与{reference}相差最大的指标",
        "en": "Impartiality: furthest from {reference} schools",
    },
    "equality": {"zh": "均等：校际差异系数最大的指标", "en": "Equality: largest coefficient of variation"},
    "redistribution": {"zh": "变化：差异缩小的指标数", "en": "Change: indicators whose gap narrowed"},
}


def at_a_glance(
    page: Page,
    shortfall: pd.DataFrame,
    pairs: pd.DataFrame,
    profile: pd.DataFrame,
    convergence: pd.DataFrame,
    standard: Standard,
) -> None:
    """
    Show the report's findings on one line for each question, one column for each stage.

    Parameters
    ----------
    page : Page
        Where the table goes.
    shortfall, pairs, profile, convergence : DataFrame
        As for the tables below, one area; a question that cannot be answered is left out.
    standard : Standard
        Gives stages and names.
    """
    import pandas as pd

    stages = stages_present(profile, standard)
    answers: dict[str, Callable[[str], str]] = {
        "minimum": lambda stage: _least_met(page, _of(shortfall, stage), standard),
        "impartiality": lambda stage: _furthest(page, _of(pairs, stage), standard),
        "equality": lambda stage: _most_unequal(page, _of(profile, stage), standard),
        "redistribution": lambda stage: _narrowed(page, _of(convergence, stage)),
    }
    reference = ""
    if len(pairs):
        word = group_words(str(pairs["by"].iloc[0]), reference_group(pairs), {})
        reference = page.word({"zh": word["zh"], "en": word["en"].lower()})
    lines = []
    for name, answer in answers.items():
        found = {stage: answer(stage) for stage in stages}
        if any(found.values()):
            lines.append({"question": page.word(_QUESTIONS[name]).replace("{reference}", reference), **found})
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("question", zh="问题", en="Question"),
            *(Column(stage, zh=standard.stages[stage]["zh"], en=standard.stages[stage]["en"]) for stage in stages),
        ],
        caption_zh="一览",
        caption_en="At a glance",
    )


def shortfall_table(page: Page, shortfall: pd.DataFrame, standard: Standard) -> None:
    """
    Show what each requirement asks, who falls short and what is missing in real units.

    Parameters
    ----------
    page : Page
        Where the table goes.
    shortfall : DataFrame
        From :func:`balancelab.equity.adequacy_shortfall`, one area and year; nothing is shown where it is empty.
    standard : Standard
        Gives names and units.
    """
    if shortfall.empty:
        return
    table = labelled(page, shortfall, standard).assign(
        meeting=lambda rows: rows["students_meeting"] / rows["students"].where(rows["students"] > 0)
    )
    page.table(
        table,
        columns=[
            STAGE,
            NAME,
            Column("limit", zh="要求", en="Requirement", kind="number"),
            UNIT,
            Column("n_schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("n_short", zh="未达到学校", en="Schools short", kind="number", decimals=0),
            Column("n_not_reported", zh="未填报", en="Not reported", kind="number", decimals=0),
            Column("meeting", zh="达到要求的学生", en="Students with enough", kind="percent", decimals=1),
            Column("average_shortfall", zh="缺口占要求", en="Missing, share", kind="percent", decimals=1),
            Column("amount_missing", zh="缺口总量", en="Missing in all", kind="number", decimals=1),
        ],
        caption_zh="对照要求：达到的学生与缺口",
        caption_en="Against the requirements: students with enough, and what is missing",
        note_zh="缺口总量为各校按现有学生数达到要求还须增加的数量之和，以人、间、平方米、元等计；超出要求的学校不抵扣。{rounded}"
        "“缺口占要求”按学生平均，即 FGT 指数（α＝1）；1 减去它是充足指数。“—”：该指标只有比值，没有总量。",
        note_en="Missing in all: what must be added so that every school reaches the requirement for today's "
        "students, in real units; schools above it are not set off against others.{rounded} Missing, share: "
        "averaged over students (FGT, α = 1); 1 minus it is the Odden–Picus adequacy index. A dash: reported as a "
        "ratio, without an amount.",
        row_header="name",
        rounded=rounding_words(page, standard),
    )


def dropped_table(page: Page, profile: pd.DataFrame, standard: Standard) -> None:
    """Show which rows no measure could use and why; nothing where every school has a value."""
    table = profile[profile["n_dropped"] > 0].drop_duplicates(["stage", "indicator"])
    if table.empty:
        return
    rows = labelled(page, table, standard)
    if page.public:
        enough = rows["n_dropped"] >= load_rules().least_schools
        rows = rows.assign(students_dropped=rows["students_dropped"].where(enough))
    joined = page.word({"zh": "、", "en": ", "})
    page.table(
        rows.assign(
            why=[joined.join(page.word(_REASONS[one]) for one in each.split("+")) for each in rows["dropped_because"]]
        ),
        columns=[
            STAGE,
            NAME,
            Column("n_schools", zh="计入学校", en="Schools used", kind="number", decimals=0),
            Column("n_dropped", zh="未计入", en="Left out", kind="number", decimals=0),
            Column("students_dropped", zh="涉及在校生", en="Their students", kind="number", decimals=0),
            Column("why", zh="原因", en="Why"),
        ],
        caption_zh="缺少数值、未计入该项测度的学校",
        caption_en="Schools without a value, left out of that indicator's measures",
        row_header="name",
    )


def _of(table: pd.DataFrame, stage: str) -> pd.DataFrame:
    return table[table["stage"] == stage]


def _named(page: Page, name: str, text: str, standard: Standard) -> str:
    return page.word({"zh": "{name} {text}", "en": "{name}: {text}"}).format(
        name=page.word(indicator_words(standard, name)), text=text
    )


def _least_met(page: Page, shortfall: pd.DataFrame, standard: Standard) -> str:
    if shortfall.empty:
        return ""
    share = shortfall["students_meeting"] / shortfall["students"]
    _, name = cell_of(largest_row(shortfall, -share))
    return _named(page, name, number_text(float(share.min()), 1, percent=True), standard)


def _furthest(page: Page, pairs: pd.DataFrame, standard: Standard) -> str:
    if pairs.empty:
        return ""
    own = pairs[pairs["reference"] == reference_group(pairs)]
    row = largest_row(own, (own["adjusted"] - 1).abs())
    word = group_words(str(row["by"]), str(row["group"]), {})
    times = number_text(float(row["ratio"]), 2)
    text = page.word({"zh": f"{word['zh']}为其 {times} 倍", "en": f"{word['en'].lower()} {times} times"})
    return _named(page, str(row["indicator"]), text, standard)


def _most_unequal(page: Page, profile: pd.DataFrame, standard: Standard) -> str:
    cv = profile[(profile["measure"] == "weighted_cv") & profile["value"].notna() & (profile["n_schools"] > 1)]
    if cv.empty:
        return ""
    row = largest_row(cv, cv["value"])
    return _named(page, row["indicator"], number_text(float(row["value"]), standard.display.cv_decimals), standard)


def _narrowed(page: Page, convergence: pd.DataFrame) -> str:
    if convergence.empty:
        return ""
    down = int((convergence["last_cv"] < convergence["first_cv"]).sum())
    return page.word({"zh": f"{len(convergence)} 项中 {down} 项", "en": f"{down} of {len(convergence)}"})
