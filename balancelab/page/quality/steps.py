"""Sentences of the later steps: pass rates, quantiles, curvature, robustness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.display import number_text
from balancelab.page.quality.wording import COMMON_LEVEL, block_name, decimals_for, joined, p_words, step
from balancelab.regression import summarise_curve

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.page.quality.ladder import Ladder, Rung


def passing(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Say what goes with the share of students who pass, for the first resource."""
    if rung.fit is None:
        step(page, ladder, rung)
        return
    block = ladder.study.main
    (column,) = block.columns
    row = rung.fit.marginal_effects.set_index("term").loc[column]
    page.say(
        zh="{name}每多 {unit}的学校，学业达标率平均相差 {points:+.1f} 个百分点"
        "（95% 置信区间 {low:.1f} 至 {high:.1f}）。"
        "达标率在 0 与 1 之间，故用分数 logit 模型，而不用直线。",
        en="A difference of {unit} in {name} is associated with a proficiency rate that differs by {points:+.1f} "
        "percentage points on average (95% interval {low:.1f} to {high:.1f}). Rates lie between 0 and 1, hence the "
        "fractional logit.",
        name=block_name(page, block),
        unit=page.word(block.unit),
        points=100 * float(row["estimate"]),
        low=100 * float(row["ci_low"]),
        high=100 * float(row["ci_high"]),
    )


def quantile_sentence(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Say whether the first resource goes with more among low- or among high-scoring schools."""
    if rung.fit is None:
        step(page, ladder, rung)
        return
    block = ladder.study.main
    (column,) = block.columns
    table = rung.fit.coefficients
    rows = table[table["term"] == column]
    low, high = rows.iloc[0], rows.iloc[-1]
    apart = low["ci_high"] < high["ci_low"] or high["ci_high"] < low["ci_low"]
    places = decimals_for(rows["estimate"])
    page.say(
        zh="{name}的系数在同等条件下成绩最低的一成处为 {low}，在最高的一成处为 {high}；两处的置信区间{apart}。",
        en="The coefficient of {name} is {low} at the lowest tenth of schools (given their circumstances) and {high} "
        "at the highest; the two intervals {apart}.",
        name=block_name(page, block),
        low=number_text(float(low["estimate"]), places),
        high=number_text(float(high["estimate"]), places),
        apart=page.word(
            {"zh": "不重叠", "en": "do not overlap"}
            if apart
            else {"zh": "重叠，看不出差别", "en": "overlap: no difference is seen"}
        ),
    )


def shape(page: Page, ladder: Ladder, bent: list[Rung]) -> None:
    """Say for which resources a straight line is not enough."""
    done = [(block, rung) for block, rung in zip(ladder.study.resources, bent, strict=False) if rung.fit is not None]
    for rung in bent:
        step(page, ladder, rung)
    if not done or ladder.main is None:
        return
    tests = ladder.main.diagnostics().tests
    reset = float(tests.loc[tests["test"] == "reset", "p_value"].iloc[0])
    if reset < COMMON_LEVEL:
        page.say(
            zh="RESET 检验（p {p}）提示主要模型的直线形式不够好：系数应看作平均的倾斜程度。",
            en="The RESET test (p {p}) casts doubt on the straight lines of the main model: read its coefficients as "
            "average slopes.",
            p=p_words(reset),
        )
    curved = [block_name(page, block) for block, rung in done if rung.fit.test.p_value < COMMON_LEVEL]
    if curved:
        page.say(
            zh="{n} 项资源中，直线不够的有 {curved} 项：{names}。",
            en="Of {n} resources, a straight line is not enough for {curved}: {names}.",
            n=len(done),
            curved=len(curved),
            names=joined(page, curved),
        )
        return
    page.say(
        zh="{n} 项资源都看不出偏离直线（5% 水平）。",
        en="Resources tested: {n}. None departs from a straight line (5% level).",
        n=len(done),
    )


def robustness(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Say how much the first resource's coefficient hangs on choices."""
    if rung.fit is None:
        step(page, ladder, rung)
        return
    counts = summarise_curve(rung.fit)
    places = decimals_for([float(counts["median"])])
    page.say(
        zh="换用 {n} 种控制变量、权重和固定效应的组合，{name}的系数中位数为 {median}，介于 {low} 与 {high} 之间；"
        "{positive} 种为正（{sure} 种 p<0.05），{negative} 种为负（{sure_negative} 种 p<0.05）。",
        en="Over {n} combinations of controls, weights and fixed effects the coefficient of {name} has the median "
        "{median} and lies between {low} and {high}; it is positive in {positive} (p < 0.05 in {sure}) and negative in "
        "{negative} (p < 0.05 in {sure_negative}).",
        n=int(counts["specifications"]),
        name=block_name(page, ladder.study.main),
        median=number_text(float(counts["median"]), places),
        low=number_text(float(counts["least"]), places),
        high=number_text(float(counts["greatest"]), places),
        positive=int(counts["positive"]),
        sure=int(counts["significant_positive"]),
        negative=int(counts["negative"]),
        sure_negative=int(counts["significant_negative"]),
    )
