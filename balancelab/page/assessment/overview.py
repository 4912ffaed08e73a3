"""Table I of the application forms: the county, its schools, students and staff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.standards.figures import load_figures

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.standards import Standard

_POPULATION_DECIMALS = 2  # in 10,000 people, by the form's notes; money per head is whole
_GENERAL = (
    "population_10k", "rural_population_10k", "townships", "villages", "gdp_per_head_yuan", "revenue_per_head_yuan",
    "rural_income_per_head_yuan", "urban_income_per_head_yuan",
)  # fmt: skip
_COMBINED = ("nine_year", "twelve_year")
_ONLY_COUNTED = {"zh": "，只含纳入评估的学校", "en": ", and so are schools that are not evaluated"}


def overview_table(page: Page, schools: pd.DataFrame, county_items: pd.DataFrame, standard: Standard) -> None:
    """
    Show table I of the application form, in three parts: population and economy, schools, classes, students and staff.

    Parameters
    ----------
    page : Page
        Where the tables go.
    schools : DataFrame
        The school table of one county and year, all its rows.
    county_items : DataFrame
        The county table of the same year.
    standard : Standard
        The quality form lists nine- and twelve-year schools separately, and the teaching sites that count; the basic
        form, under which sites do not count, lists all combined schools together.
    """
    given = dict(zip(county_items["item"], county_items["value"].astype(float), strict=True))
    _general(page, given)
    _schools(page, schools, _least_of_site(standard))
    _people(page, schools, given)


def _least_of_site(standard: Standard) -> int | None:
    """Students from which a teaching site counts, None where the document leaves sites out altogether."""
    rules = [rule for rule in standard.scope.exclude if "teaching_site" in rule.school_type]
    return next((rule.students_below for rule in rules if rule.students_below is not None), None)


def _general(page: Page, given: dict[str, float]) -> None:
    figures = load_figures()
    columns = [
        Column(
            name,
            zh=figures[name].label["zh"],
            en=figures[name].label["en"],
            unit=figures[name].unit,
            kind="number",
            decimals=_POPULATION_DECIMALS if name.endswith("_10k") else 0,
        )
        for name in _GENERAL
    ]
    page.table(
        pd.DataFrame([{name: given.get(name) for name in _GENERAL}]).astype(float),
        columns=columns,
        caption_zh="表一 基本情况（人口与经济）",
        caption_en="Form table I: population and economy",
        note_zh="数据来源：统计部门，评估前一年。“—”为未填报。",
        note_en="Source: the statistics bureau, the year before the evaluation. “—” is not reported.",
    )


def _schools(page: Page, schools: pd.DataFrame, least_of_site: int | None) -> None:
    first = schools.drop_duplicates("school_code")
    types = first["school_type"]
    sites = first[types == "teaching_site"]["students"]
    counts = {
        "primary": int((types == "primary").sum()),
        "nine_year": int((types == "nine_year").sum()),
        "twelve_year": int((types == "twelve_year").sum()),
        "combined": int(types.isin(_COMBINED).sum()),
        "junior": int((types == "junior").sum()),
        "complete": int((types == "complete_secondary").sum()),
        "special": int((types == "special").sum()),
        "sites": len(sites),
        "larger_sites": 0 if least_of_site is None else int((sites >= least_of_site).sum()),
    }
    words = {
        "primary": ("小学", "Primary schools"),
        "nine_year": ("九年一贯制学校", "Nine-year schools"),
        "twelve_year": ("十二年一贯制学校", "Twelve-year schools"),
        "combined": ("一贯制学校", "Combined schools"),
        "junior": ("初中", "Junior schools"),
        "complete": ("完全中学", "Complete secondary schools"),
        "special": ("特殊教育学校", "Special schools"),
        "sites": ("教学点", "Teaching sites"),
        "larger_sites": (f"其中{least_of_site}人及以上", f"Of which with {least_of_site} students and more"),
    }
    left = {"combined"} if least_of_site is not None else {"nine_year", "twelve_year", "larger_sites"}
    page.table(
        pd.DataFrame([counts]),
        columns=_counts([(name, *pair) for name, pair in words.items() if name not in left], ("所", "schools")),
        caption_zh="表一 基本情况（学校数）",
        caption_en="Form table I: schools",
    )


def _people(page: Page, schools: pd.DataFrame, given: dict[str, float]) -> None:
    ordinary = schools[~schools["school_type"].isin(["special", "vocational"])]
    if page.public:  # with the schools that do not count, their few students could be worked out from other tables
        ordinary = ordinary[ordinary["in_scope"]]
    lines = []
    for stage, words in (("primary", ("小学", "Primary")), ("junior", ("初中", "Junior secondary"))):
        here = ordinary[ordinary["stage"] == stage]
        if page.public and len(here) < load_rules().least_schools:
            continue
        staff = given.get(f"staff_{stage}", _total(here, "staff"))
        lines.append(
            {
                "stage": page.word({"zh": words[0], "en": words[1]}),
                "classes": _total(here, "classes"),
                "students": _total(here, "students"),
                "staff": staff,
                "teachers": _total(here, "teachers"),
            }
        )
    if not lines:
        return
    page.table(
        pd.DataFrame(lines),
        columns=[
            Column("stage", zh="学段", en="Stage"),
            *_counts(
                [
                    ("classes", "班级数", "Classes"),
                    ("students", "在校生数", "Students"),
                    ("staff", "教职工数", "Staff"),
                    ("teachers", "其中专任教师", "Of which full-time teachers"),
                ]
            ),
        ],
        caption_zh="表一 基本情况（班级、学生、教职工）",
        caption_en="Form table I: classes, students, staff",
        note_zh="一贯制学校按学段分别计算；不含特殊教育学校{scope}。",
        note_en="Combined schools are counted by stage; special schools are left out{scope}.",
        scope=page.word(_ONLY_COUNTED) if page.public else "",
    )


def _total(schools: pd.DataFrame, column: str) -> float:
    return float(schools[column].sum(skipna=False)) if column in schools and len(schools) else float("nan")


def _counts(names: Iterable[tuple[str, str, str]], unit: tuple[str, str] | None = None) -> list[Column]:
    pair = {"zh": unit[0], "en": unit[1]} if unit else None
    return [Column(name, zh=zh, en=en, kind="number", decimals=0, unit=pair) for name, zh, en in names]
