"""
Sentences whose wording depends on the numbers.

A notebook says what is always true in the same words; what reads differently when nothing is wrong, when one school
fails or when something was not reported, is said here. Every number comes from a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.display import number_text
from balancelab.page.naming import indicator_words, state_of

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard

_BANNER = {
    "met": ("{county}资源配置达到“{standard}”要求", "{county} meets the resource requirements of “{standard}”"),
    "failed": (
        "{county}资源配置未达到“{standard}”要求",
        "{county} does not meet the resource requirements of “{standard}”",
    ),
    "undetermined": (
        "{county}资源配置能否达到“{standard}”要求尚不能判定",
        "Whether {county} meets the resource requirements of “{standard}” cannot be decided yet",
    ),
}


def conclusion(page: Page, result: pd.Series, county: str, standard: Standard) -> None:
    """
    Say the county's verdict and what it rests on.

    Parameters
    ----------
    page : Page
        Where it is said.
    result : Series
        The county's row of :func:`balancelab.verdicts.conclude_counties`.
    county : str
        Name of the county.
    standard : Standard
        The document judged by.
    """
    state = state_of(result["met"])
    zh, en = _BANNER[state]
    blocks = standard.blocks()
    decided = "resources" if standard.requirements else "differences"  # the block that rests on what is judged here
    part = (decided, blocks[decided]) if decided in blocks else None
    page.verdict(zh, en, state, part=part, county=county, standard=page.word(standard.short))
    if standard.requirements:
        page.say(
            zh="学校达标：{schools} 个校·学段中 {qualified} 个达标，"
            "{undetermined} 个因未填报不能判定。要求：{clause}。",
            en="Schools: of {schools} school stages {qualified} qualify and {undetermined} cannot be "
            "decided for want of data. "
            "Rule: {clause}.",
            schools=int(result["n_schools"]),
            qualified=int(result["n_qualified"]),
            undetermined=int(result["n_undetermined"]),
            clause=page.word(standard.school_rule.clause if standard.school_rule else standard.document),
        )
    if standard.county_rule:
        page.say(
            zh="校际差异：可判定 {judged} 项差异系数，{within} 项不高于限值；{open} 项不能判定。要求：{clause}。",
            en="Differences between schools: of {judged} coefficients of variation that can be judged, {within} lie "
            "within the limit; {open} cannot be judged. Rule: {clause}.",
            judged=int(result["n_judged"]),
            open=int(result["n_cv_open"]),
            within=int(result["n_cv_met"]),
            clause=page.word(standard.county_rule.clause),
        )


def not_judged(page: Page, standard: Standard) -> None:
    """Say what this report leaves out, so that a resource verdict is not read as the whole evaluation."""
    if standard.illustrative:
        page.note(
            zh="本报告所用标准为演示而设，并非法规，结论不作任何评估之用。",
            en="The standard used here is an illustration, not law; its verdicts evaluate nobody.",
            kind="warning",
        )
        return
    if not standard.requirements:
        page.note(
            zh="本报告只判定校际综合差异系数。学校是否达到本省（区、市）义务教育学校办学基本标准、政府工作和公众满意度须另行评估。",
            en="This report judges the composite coefficient only. Whether schools meet the "
            "provincial basic standard, government "
            "work and public satisfaction are evaluated separately.",
        )
        return
    page.note(
        zh="本报告只判定资源配置。政府保障程度、教育质量、社会认可度及一票否决事项须另行评估。",
        en="This report judges resources only. Government guarantee, education quality, social "
        "recognition and vetoes are "
        "evaluated separately.",
    )


def formulas(page: Page, schools: pd.DataFrame, standard: Standard) -> None:
    """Say where an indicator was computed in a way that the reader should know (`schools`: the columns decide)."""
    for indicator in standard.indicators:
        formula = indicator.formula_for(schools.columns)
        if formula is not None and formula.note is not None:
            page.note(
                zh="{name}：{note}", en="{name}: {note}", name=page.word(indicator.short), note=page.word(formula.note)
            )
    if "share_numerator" in schools and (schools["share_denominator"] != 1).any():
        n_split = int((schools["share_denominator"] != 1).sum())
        page.note(
            zh="{n} 个校·学段填报的是全校资源，已按在校生数和学段权重拆分：{clause}。",
            en="{n} school stages report whole-school amounts; these are split by students and stage "
            "weights: {clause}.",
            n=n_split,
            clause=page.word(standard.stage_weights.clause) if standard.stage_weights else "",
        )


def weighting(page: Page, standard: Standard) -> None:
    """Say what a coefficient of variation is and what schools count with."""
    others = [indicator for indicator in standard.indicators if indicator.base != "students"]
    page.say(
        zh="差异系数越大，校际差距越大；0 表示各校相同。每所学校按在校生数加权{others}。",
        en="The larger the coefficient of variation, the wider the gap between schools; 0 means that all are equal. "
        "Each school counts by its students{others}.",
        others=page.word(
            {
                "zh": "（以下指标按其自身基数加权：" + "、".join(page.word(each.short) for each in others) + "）",
                "en": " (by the indicator's own base: " + ", ".join(page.word(each.short) for each in others) + ")",
            }
        )
        if others
        else "",
    )


def differences(page: Page, counties: pd.DataFrame, standard: Standard) -> None:
    """Say which coefficients lie above their limit, or which is the largest when none does (one county)."""
    judged = counties[counties["limit"].notna() & counties["value"].notna()]
    if judged.empty:
        page.say(zh="没有可以判定的差异系数。", en="No coefficient of variation can be judged.")
        return
    above = judged[judged["met"].eq(False).fillna(False)].sort_values("value", ascending=False)
    if above.empty:
        worst = judged.iloc[int((judged["value"] / judged["limit"]).to_numpy(float).argmax())]
        page.say(
            zh="判定的差异系数没有一项高于限值；最接近限值的是{name}，为 {value}，限值 {limit}。",
            en="None of the coefficients judged lies above its limit; the closest is {name} at {value}, limit {limit}.",
            name=_stage_and_name(page, worst, standard),
            value=number_text(worst["value"], standard.display.cv_decimals),
            limit=number_text(worst["limit"], 2),
        )
        return
    page.say(
        zh="高于限值的有 {n} 项：{listed}。",
        en="Above the limit: {n}, namely {listed}.",
        n=len(above),
        listed=_listed(
            page,
            (
                f"{_stage_and_name(page, row, standard)} {number_text(row['value'], standard.display.cv_decimals)}"
                for _, row in above.iterrows()
            ),
        ),
    )


def weakest(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Say which requirements are missed most often (one county)."""
    if not standard.requirements:
        page.say(
            zh="本标准对学校没有全国统一的数值要求；学校是否达标按本省（区、市）办学基本标准另行评估。",
            en="This document sets no national requirement for schools; provinces do, and that is "
            "evaluated separately.",
        )
        return
    short = verdicts[verdicts["met"].eq(False).fillna(False)]
    if short.empty:
        page.say(zh="各校填报的各项指标全部达到要求。", en="Every value reported meets its requirement.")
        return
    counts = short.groupby(["stage", "indicator"], sort=False).size().sort_values(ascending=False, kind="stable")
    top = [{"stage": stage, "indicator": name, "n": int(counts[stage, name])} for stage, name in counts.index[:3]]
    listed = (f"{_stage_and_name(page, row, standard)} {row['n']}" for row in top)
    page.say(
        zh="共有 {n} 处未达到要求。最多的是（后面是处数）：{listed}。",
        en="Values that miss their requirement: {n}. Most frequent, with their number: {listed}.",
        n=len(short),
        listed=_listed(page, listed),
    )


def origin(page: Page, sidecar: Mapping[str, Any]) -> None:
    """Say what the data are when their sidecar says so; synthetic data are named on every page."""
    if sidecar.get("synthetic"):
        page.note(
            zh="示例数据：本页数据由程序生成，不对应任何真实的县、学校或个人。",
            en="Synthetic data: everything on this page is generated by a program; no real county, "
            "school or person is meant.",
            kind="warning",
        )


def _stage_and_name(page: Page, row: Mapping[str, Any] | pd.Series, standard: Standard) -> str:
    stage, name = page.word(standard.stages[row["stage"]]), page.word(indicator_words(standard, row["indicator"]))
    return page.word({"zh": f"{stage}{name}", "en": f"{name} ({stage.lower()})"})


def _listed(page: Page, parts: Iterable[str]) -> str:
    return page.word({"zh": "、", "en": "; "}).join(parts)


def shortfalls(page: Page, verdicts: pd.DataFrame, standard: Standard) -> None:
    """Say how many schools fall short, or that none does (one county)."""
    if not standard.requirements:
        page.say(
            zh="本标准没有全国统一的学校数值要求，不计算缺口。",
            en="This document sets no national requirement for schools; no shortfall is computed.",
        )
        return
    short = verdicts[verdicts["met"].eq(False).fillna(False)]
    page.say(
        zh="有缺口的校·学段 {schools} 个，共 {n} 处。缺口按现有学生数和未修约的数值计算。",
        en="School stages with a shortfall: {schools}, in {n} places. Shortfalls are computed for "
        "today's students from unrounded "
        "values.",
        schools=len(short[["school_code", "stage"]].drop_duplicates()),
        n=len(short),
    )


def overview(page: Page, results: pd.DataFrame, standard: Standard) -> None:
    """Say how many counties meet the standard (`results` from ``conclude_counties`` with a column ``county``)."""
    met, failed = results["met"].eq(True).fillna(False), results["met"].eq(False).fillna(False)
    county = page.word(standard.term("county"))
    page.say(
        zh="共 {n} 个{county}：{met} 个达到资源配置要求，{failed} 个未达到，{open} 个不能判定。",
        en="All in all: {n} ({county} by {county}); {met} meet the resource requirements, {failed} "
        "do not, {open} cannot be decided.",
        n=len(results),
        county=county,
        met=int(met.sum()),
        failed=int(failed.sum()),
        open=int((~met & ~failed).sum()),
    )
    parts = results[failed]
    if len(parts) and standard.requirements:
        by_cv = parts["cv_met"].eq(False).fillna(False)
        by_schools = parts["schools_met"].eq(False).fillna(False)
        page.say(
            zh="未达到的，{schools} 个只因学校未全部达标，{cv} 个只因校际差异超限，{both} 个两项都有。",
            en="Of those that do not: {schools} fail by schools alone, {cv} by differences alone, {both} by both.",
            schools=int((by_schools & ~by_cv).sum()),
            cv=int((by_cv & ~by_schools).sum()),
            both=int((by_cv & by_schools).sum()),
        )
