"""Sentences of the regression report; every number comes from a fit, and no sentence claims more than association."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.display import number_text
from balancelab.page.quality.ladder import FEW_CLUSTERS, FEWEST_CLUSTERS, Ladder, Rung, n_clusters
from balancelab.page.quality.place import county_place, outliers
from balancelab.page.quality.steps import passing, quantile_sentence, robustness, shape
from balancelab.page.quality.wording import (
    COMMON_LEVEL,
    block_name,
    decimals_for,
    errors_name,
    joined,
    main_decimals,
    outcome_name,
    p_words,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from balancelab.page import Page
    from balancelab.page.quality.study import Study
    from balancelab.page.quality.variables import Block

__all__ = [
    "between_counties",
    "clusters",
    "county_place",
    "left_out",
    "models",
    "outliers",
    "own_model",
    "passing",
    "quantile_sentence",
    "question",
    "robustness",
    "shape",
    "step",
    "summary",
    "title",
]


def title(page: Page, study: Study, names: Mapping[str, str], year: int) -> None:
    """Head the report with the area and the year."""
    region = study.standard.term("region")
    whole = page.word({"zh": region["zh"], "en": f"The whole {region['en']}"})
    page.heading(
        zh="{area}资源与教育质量报告（{year}学年）",
        en="{area}: school quality and resources, school year {year}",
        area=names.get(study.county_code, study.county_code) if study.county_code else whole,
        year=str(year),
    )


def question(page: Page, study: Study) -> None:
    """Say what is asked, of whom, and what kind of answer a regression of schools can give."""
    page.say(
        zh="本报告回答：资源较多的学校，{outcome}是否也较高？资源指：{resources}。每一个“校·学段”为一行，"
        "进入模型的有 {n:,} 行，来自 {counties} 个{county}。{unit}",
        en="This report asks: do schools with more resources also have a higher {outcome}? Resources are: {resources}. "
        "Each school's stage is one row; {n:,} rows from {counties} {county} enter the models. {unit}",
        outcome=outcome_name(page, study),
        resources=joined(page, [block_name(page, block) for block in study.resources]),
        n=len(study.schools),
        counties=int(study.schools["county_code"].nunique()),
        county=page.word({"zh": study.standard.term("county")["zh"], "en": study.standard.term("counties")["en"]}),
        unit=page.word(
            {"zh": "各行按在校生数加权。", "en": "Rows count by their students."}
            if study.weights
            else {
                "zh": "每行权重相同，描述的是“平均的学校”。",
                "en": "Rows count alike: the estimand is the average school.",
            }
        ),
    )
    page.note(
        zh="以下都是相关，不是因果。学校的资源不是随机分配的：生源、择校和对薄弱学校的倾斜投入都可能同时影响资源与成绩。"
        "学校层面的关系也不能套用到学生个人（生态谬误）。",
        en="All that follows is association, not cause. Resources are not handed out at random: intake, selection into "
        "schools and compensatory funding may move resources and results alike. Nor may a relation between schools be "
        "read as one between students (ecological fallacy).",
        kind="warning",
    )


def left_out(page: Page, study: Study) -> None:
    """Say which variables were not used and why, and whether anything is known of the intake."""
    for reason in study.left_out:
        page.say(zh=reason["zh"], en=reason["en"])
    if not any(block.intake for block in study.controls):
        page.note(
            zh="控制变量中没有任何反映生源的指标（如家庭经济条件、随迁或留守儿童占比）。各校生源的差别会混入资源的系数，"
            "下文结果只能作描述。",
            en="None of the controls describes the students whom a school takes in (family income, language, …). "
            "Differences in intake are therefore part of the coefficients of resources; read what follows as a "
            "description only.",
            kind="warning",
        )


def summary(page: Page, ladder: Ladder) -> None:
    """Say in plain words what the main model finds: each resource, what is held fixed, the likeliest confounders."""
    main, study = ladder.main, ladder.study
    if main is None:
        for fault in ladder.rungs["association"].why:
            page.say(zh="未能建立回归模型：{reason}", en="No model could be fitted: {reason}", reason=page.word(fault))
        return
    for block in study.resources:
        _resource_sentence(page, ladder, block)
    page.say(
        zh="以上比较时保持相同的有：{held}。n＝{n:,}，{errors}，R²＝{r2:.2f}。",
        en="Held fixed in these comparisons: {held}. n = {n:,}, {errors}, R² = {r2:.2f}.",
        held=_held(page, ladder),
        n=main.n,
        errors=errors_name(page, ladder),
        r2=main.r2,
    )
    page.say(
        zh="最可能造成混淆的三个因素：一是生源（家庭条件好的学生集中的学校，资源与成绩往往同时较高，使系数偏大）；"
        "二是择校（家长选择资源好的学校，方向相同）；三是补偿性投入（经费向薄弱学校倾斜，使系数偏小，甚至为负）。",
        en="The three likeliest confounders: intake (schools with well-off students often have more resources and "
        "higher results, which makes coefficients too large); selection into schools (parents choose well-equipped "
        "schools: the same direction); compensatory funding (money goes to weak schools, which makes coefficients too "
        "small, even negative).",
    )


def _resource_sentence(page: Page, ladder: Ladder, block: Block) -> None:
    study, main = ladder.study, ladder.main
    if main is None:
        return
    (column,) = block.columns
    row = main.term(column)
    estimate, places = float(row["estimate"]), main_decimals(ladder)
    sure = float(row["p_value"]) < COMMON_LEVEL
    page.say(
        zh="{name}每多 {unit}的学校，{outcome}平均{direction} {size}（95% 置信区间 {low} 至 {high}，p {p}）{sure}。",
        en="A difference of {unit} in {name} is associated with {outcome} being {size} {direction} on average (95% "
        "interval {low} to {high}, p {p}){sure}.",
        name=block_name(page, block),
        unit=page.word(block.unit),
        outcome=outcome_name(page, study),
        direction=page.word({"zh": "高", "en": "higher"} if estimate >= 0 else {"zh": "低", "en": "lower"}),
        size=number_text(abs(estimate), places),
        low=number_text(float(row["ci_low"]), places),
        high=number_text(float(row["ci_high"]), places),
        p=p_words(float(row["p_value"])),
        sure=""
        if sure
        else page.word(
            {"zh": "；数据不足以说明存在相关", "en": "; the data do not settle whether there is any association"}
        ),
    )


def _held(page: Page, ladder: Ladder) -> str:
    study = ladder.study
    names = [block_name(page, block) for block in ladder.blocks if block.kind == "control"]
    if len(study.resources) > 1:
        names.append(page.word({"zh": "其他各项资源", "en": "the other resources"}))
    if study.stages.columns:
        names.append(page.word({"zh": "学段", "en": "the stage"}))
    return joined(page, names) or page.word({"zh": "无", "en": "nothing"})


def models(page: Page, ladder: Ladder) -> None:
    """Say how the first resource's coefficient changes along the ladder, and which rungs could not be computed."""
    study, done = ladder.study, ladder.done()
    (column,) = study.main.columns if study.resources else ("",)
    values = {name: _estimate(fit, column) for name, fit in done.items()}
    known = {name: value for name, value in values.items() if value is not None}
    if "association" in known and "controls" in known:
        places = decimals_for(known.values())
        page.say(
            zh="{name}的系数：只看资源时为 {alone}，加控制变量后为 {held}；{models} 个模型介于 {low} 与 {high} 之间。",
            en="The coefficient of {name} is {alone} with resources only and {held} with controls; over {models} "
            "models it lies between {low} and {high}.",
            name=block_name(page, study.main),
            alone=number_text(known["association"], places),
            held=number_text(known["controls"], places),
            models=len(known),
            low=number_text(min(known.values()), places),
            high=number_text(max(known.values()), places),
        )
        if min(known.values()) < 0 < max(known.values()):
            page.note(
                zh="系数的正负号随模型而变：这项资源与结果的关系取决于拿哪些学校比较，不能只引用其中一个模型。",
                en="The sign changes between models: which way this resource goes with the outcome depends on which "
                "schools are compared. Do not quote one model alone.",
                kind="warning",
            )
    for name, rung in ladder.rungs.items():
        if rung.fit is None and name != "association":
            step(page, ladder, rung)


def clusters(page: Page, ladder: Ladder, table: pd.DataFrame) -> None:
    """Say how the errors allow for schools of one cluster being alike, and whether there are enough clusters."""
    study, main = ladder.study, ladder.main
    if main is None:
        return
    if not ladder.clustered:
        fault = study.cluster_fault or {
            "zh": f"聚类只有 {n_clusters(study)} 个，不足 {FEWEST_CLUSTERS} 个，标准误未聚类（HC3），很可能偏小。",
            "en": f"There are {n_clusters(study)} clusters, fewer than {FEWEST_CLUSTERS}; errors are not clustered "
            "(HC3) and probably too small.",
        }
        page.say(zh="{why}", en="{why}", why=page.word(fault))
        return
    least, most = float(table["cr2_df"].min()), float(table["cr2_df"].max())
    if (main.clusters or 0) >= FEW_CLUSTERS:
        page.say(
            zh="聚类有 {n} 个，不算少；萨特思韦特自由度为 {least:.1f} 至 {most:.1f}；"
            "若远小于聚类数，说明少数几类起主要作用。",
            en="There are {n} clusters, which is not few; Satterthwaite degrees of freedom run from {least:.1f} to "
            "{most:.1f}. Where they are far fewer than the clusters, a few large ones carry the comparison.",
            n=int(main.clusters or 0),
            least=least,
            most=most,
        )
        return
    split = table[((table["cr2_p"] < COMMON_LEVEL) != (table["wild_p"] < COMMON_LEVEL))]
    page.say(
        zh="聚类只有 {n} 个，通常的 p 值偏小，因此并列三种算法；萨特思韦特自由度仅 {least:.1f} 至 {most:.1f}。"
        "在 5% 水平上，CR2 与自助法结论不同的资源有 {split} 项（共 {all} 项）。",
        en="With {n} clusters the usual p-values are too small, so three are given; Satterthwaite degrees of freedom "
        "are {least:.1f} to {most:.1f}. At the 5% level CR2 and the bootstrap disagree for {split} of {all} resources.",
        n=int(main.clusters or 0),
        least=least,
        most=most,
        split=len(split),
        all=len(table),
    )


def between_counties(page: Page, ladder: Ladder, empty: Rung, check: Rung) -> None:
    """Say which share of the differences lies between counties, and whether random intercepts may be trusted."""
    county = page.word(ladder.study.standard.term("county"))
    counties = page.word(ladder.study.standard.term("counties"))
    random = ladder.rungs["random"].fit
    if empty.fit is None:
        step(page, ladder, empty)
        return
    page.say(
        zh="只扣除学段，学校成绩的差异有 {share:.1%} 在{county}之间，其余在{county}之内{after}。",
        en="With the stage alone held fixed, {share:.1%} of the variance between schools lies between {counties}, the "
        "rest within them{after}.",
        share=empty.fit.icc,
        county=county,
        counties=counties,
        after=page.word(
            {
                "zh": f"；加入资源与控制变量后，剩余差异的 {number_text(random.icc, 1, percent=True)} 在{county}之间",
                "en": f"; with resources and controls, {number_text(random.icc, 1, percent=True)} of what remains",
            }
        )
        if random is not None
        else "",
    )
    if check.fit is None:
        step(page, ladder, check)
        return
    test = check.fit.test
    differ = test.p_value < COMMON_LEVEL
    page.say(
        zh="蒙德拉克检验（{county}之间与之内的系数是否相同）：F＝{f:.2f}，p {p}。{verdict}",
        en="Mundlak's check (are coefficients between and within {counties} the same?): F = {f:.2f}, p {p}. {verdict}",
        county=county,
        counties=counties,
        f=test.statistic,
        p=p_words(test.p_value),
        verdict=page.word(
            {"zh": "两者不同，应以固定效应模型为准。", "en": "They differ: trust the fixed effects instead."}
            if differ
            else {
                "zh": "未见不同；但组数少时该检验的把握不大。",
                "en": "No difference is seen; with few groups the test has little power.",
            }
        ),
    )


def own_model(page: Page, ladder: Ladder, own: Rung) -> None:
    """Say whether the county has a model of its own; nothing in the report of the whole table."""
    if not ladder.study.county_code:
        return
    if own.fit is None:
        step(page, ladder, own)
        return
    page.say(
        zh="本地数据齐全的学校（按学段计）有 {n} 个，可以单独建模；系数与全表并列如下。"
        "区间重叠时，不能说本地与全表不同。",
        en="{n} schools here (by stage) are complete, enough for a model of their own; its coefficients stand beside "
        "those of the whole table. Where the intervals overlap, do not say that the two differ.",
        n=own.fit.n,
    )


def _estimate(fit: object, column: str) -> float | None:
    table: pd.DataFrame = fit.coefficients  # type: ignore[attr-defined]
    found = table.loc[table["term"] == column, "estimate"]
    return None if found.empty else float(found.iloc[0])
