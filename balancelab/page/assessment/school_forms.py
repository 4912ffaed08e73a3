"""Table II of the application forms: which schools attain the standard, by indicator and school by school."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.disclosure.schools import distribution_tables
from balancelab.page.display import number_text
from balancelab.page.naming import (
    cell_mark,
    clauses_of,
    indicator_words,
    stages_present,
    state_of,
    value_column,
    with_authority,
)

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.indicators import Indicator
    from balancelab.page import Page
    from balancelab.standards import Standard

OWNERS: dict[str, Text] = {
    "county": {"zh": "县级", "en": "County"},
    "prefecture": {"zh": "地级", "en": "Prefecture"},
    "province": {"zh": "省级", "en": "Province"},
    "central": {"zh": "中央", "en": "Central"},
    "enterprise": {"zh": "地方企业", "en": "Enterprise"},
    "public": {"zh": "公办", "en": "Public"},
    "private": {"zh": "民办", "en": "Private"},
}
_OVERALL = {"zh": "综合达标", "en": "Overall"}
_SIZES = ("students", "grades", "classes")
_ALL_REQUIRED = {"zh": "各项要求须全部达到", "en": "every requirement must be met"}
_SIGNS = {"at_least": "≥", "at_most": "≤"}
_ABOVE_FLOOR = {"zh": "未达标但达下限", "en": "short, above the floor"}
_BELOW_FLOOR = {"zh": "低于下限", "en": "below the floor"}
_NOT_MET = {"zh": "未达标", "en": "not met"}
_NOT_REPORTED = {"zh": "未填报", "en": "not reported"}


def attainment_table(page: Page, verdicts: pd.DataFrame, qualified: pd.DataFrame, standard: Standard) -> None:
    """
    Show how many schools meet each indicator and the standard as a whole (quality form, table II-1).

    Parameters
    ----------
    page : Page
        Where the table goes.
    verdicts, qualified : DataFrame
        From ``judge_schools`` and ``qualify_schools``, one county; nothing is shown where the standard requires
        nothing of schools.
    standard : Standard
        Gives names and order.
    """
    if verdicts.empty:
        return
    lines = [
        line
        for stage in stages_present(verdicts, standard)
        for line in _attained(
            page, stage, verdicts[verdicts["stage"] == stage], qualified[qualified["stage"] == stage], standard
        )
    ]
    floor = [Column("floor", zh="不足但达下限", en="Short, above the floor", kind="number", decimals=0)]
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("number", zh="列", en="No."),
            Column("stage", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("limit", zh="要求", en="Required", align="right"),
            Column("schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("met", zh="达标学校数", en="Schools that meet it", kind="number", decimals=0),
            Column("share", zh="达标比例", en="Share", kind="percent", decimals=1),
            *(floor if standard.school_rule else []),
            Column("missing", zh="未填报", en="Not reported", kind="number", decimals=0),
            Column("clause", zh="依据", en="Clause"),
        ],
        caption_zh="表二-1 学校达标情况",
        caption_en="Form table II-1: schools that attain the standard",
        row_header="name",
    )


def _attained(
    page: Page, stage: str, verdicts: pd.DataFrame, qualified: pd.DataFrame, standard: Standard
) -> list[dict[str, Any]]:
    """Count one stage's schools for each indicator that something is required of, and for the standard as a whole."""
    lines: list[dict[str, Any]] = []
    for indicator in standard.indicators:
        requirement = standard.requirements.get(indicator.id)
        if requirement is None:
            continue
        here = verdicts[verdicts["indicator"] == indicator.id]
        sign = _SIGNS[requirement.comparison]
        lines.append(
            {
                "name": page.word(indicator.label),
                "limit": f"{sign} {number_text(requirement.limits[stage])}",
                "floor": int(here["above_floor"].sum() - here["met"].sum()),
                "clause": with_authority(page, requirement.clause, requirement.authority),
                **_counts(here["met"]),
            }
        )
    rule = [standard.school_rule] if standard.school_rule else []
    lines.append(
        {
            "name": page.word(_OVERALL),
            "limit": "",
            "floor": None,
            "clause": clauses_of(page, rule) or page.word(_ALL_REQUIRED),
            **_counts(qualified["qualified"]),
        }
    )
    words = page.word(standard.stages[stage])
    return [line | {"number": f"L{number}", "stage": words} for number, line in enumerate(lines, 1)]


def _counts(met: pd.Series) -> dict[str, Any]:
    reached, share = int(met.sum()), float(met.sum() / len(met)) if len(met) else None
    return {"schools": len(met), "met": reached, "share": share, "missing": int(met.isna().sum())}


def school_sheet(
    page: Page, verdicts: pd.DataFrame, qualified: pd.DataFrame, schools: pd.DataFrame, standard: Standard
) -> None:
    """
    Show every school's values, one row each (table II-2 of the quality form, table II of the basic form).

    In a public edition the schools' distribution.

    Parameters
    ----------
    page : Page
        Where the tables go, one for each stage.
    verdicts, qualified : DataFrame
        From ``judge_schools`` and ``qualify_schools``, one county.
    schools : DataFrame
        The county's schools in scope, with whatever of ``ownership, grades, classes`` the table has.
    standard : Standard
        Gives the indicators that it requires something of, and their decimals.
    """
    if page.public:
        distribution_tables(page, verdicts, schools, standard)
        return
    indicators = [indicator for indicator in standard.indicators if indicator.id in standard.requirements]
    for stage in stages_present(verdicts, standard):
        names = schools[schools["stage"] == stage].set_index("school_code")
        table = _sheet(
            page, verdicts[verdicts["stage"] == stage], qualified[qualified["stage"] == stage], names, standard
        )
        page.table(
            table,
            columns=_sheet_columns(indicators),
            caption_zh="表二-2 {stage}达标情况一览",
            caption_en="Form table II-2: {stage}, school by school",
            note_zh="共 {n} 所（校·学段），其中一贯制学校、完全中学的学段 {parts} 个，教学点 {sites} 个。"
            "依据：{clause}。",
            note_en="{n} schools (by stage), of which {parts} stages of combined schools and {sites} teaching sites. "
            "Clause: {clause}.",
            stage=page.word(standard.stages[stage]),
            n=len(table),
            parts=_of_types(names, ("nine_year", "twelve_year", "complete_secondary")),
            sites=_of_types(names, ("teaching_site",)),
            clause=clauses_of(page, [standard.school_rule] if standard.school_rule else standard.requirements.values()),
        )


def _sheet(
    page: Page, verdicts: pd.DataFrame, qualified: pd.DataFrame, names: pd.DataFrame, standard: Standard
) -> pd.DataFrame:
    """Put one stage's schools into rows: who they are, their values with marks, the verdict, the remark."""
    table = qualified.set_index("school_code")
    table = table.assign(
        school=names["school"],
        owner=[_owner(page, names, code) for code in table.index],
        **{name: names.get(name) for name in _SIZES},
        state=[state_of(met) for met in table["qualified"]],
        remark=[_remark(page, verdicts[verdicts["school_code"] == code], standard) for code in table.index],
    ).astype(dict.fromkeys(_SIZES, float))
    for name in standard.requirements:
        cells = verdicts[verdicts["indicator"] == name].set_index("school_code")
        table[name] = cells["value"]
        marks = {
            code: cell_mark(cell.met, cell.borderline)
            for code, cell in zip(cells.index, cells.itertuples(), strict=True)
        }
        table[f"{name}:mark"] = [marks.get(code, "undetermined") for code in table.index]
    return table.reset_index().sort_values("school_code", kind="stable")


def _sheet_columns(indicators: list[Indicator]) -> list[Column]:
    return [
        Column("school", zh="学校", en="School"),
        Column("owner", zh="举办者", en="Owner"),
        Column("students", zh="学生数", en="Students", kind="number", decimals=0),
        Column("grades", zh="年级数", en="Grades", kind="number", decimals=0),
        Column("classes", zh="班数", en="Classes", kind="number", decimals=0),
        *(value_column(indicator, marked=True) for indicator in indicators),
        Column("state", zh="综合达标", en="Overall", kind="verdict"),
        Column("remark", zh="备注", en="Remark"),
    ]


def _owner(page: Page, names: pd.DataFrame, code: str) -> str:
    value = names.loc[code, "ownership"] if "ownership" in names else None
    return page.word(OWNERS[value]) if isinstance(value, str) and value in OWNERS else ""


def _remark(page: Page, verdicts: pd.DataFrame, standard: Standard) -> str:
    """Name the indicators that are not met: those within the floor, those below it, those not reported."""
    short, below = verdicts["met"].eq(False), verdicts["above_floor"].eq(False)
    kinds = [(short & ~below, _ABOVE_FLOOR), (below, _BELOW_FLOOR)] if standard.school_rule else [(short, _NOT_MET)]
    parts: list[str] = []
    for held, words in [*kinds, (verdicts["met"].isna(), _NOT_REPORTED)]:
        ids = verdicts["indicator"][held.fillna(False)]
        if len(ids):
            listed = page.word({"zh": "、", "en": ", "}).join(
                page.word(indicator_words(standard, name)) for name in ids
            )
            label = page.word(words)
            parts.append(page.word({"zh": f"{label}：{listed}", "en": f"{label}: {listed}"}))
    return page.word({"zh": "；", "en": "; "}).join(parts)


def _of_types(names: pd.DataFrame, types: tuple[str, ...]) -> int:
    return int(names["school_type"].isin(types).sum()) if "school_type" in names else 0
