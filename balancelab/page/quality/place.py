"""How schools lie against the whole table's fitted line, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.page.disclosure.rules import load_rules
from balancelab.page.quality.tables import school_residuals
from balancelab.page.quality.wording import joined, outcome_name

if TYPE_CHECKING:
    from balancelab.page import Page
    from balancelab.page.quality.ladder import Ladder

_FAR = 2.0  # studentised residuals beyond this are about one in twenty where nothing is unusual
_NAMED = 5


def county_place(page: Page, ladder: Ladder) -> None:
    """Say how the county's schools lie against the whole table's line; nothing in the report of the whole table."""
    study, main = ladder.study, ladder.main
    if not study.county_code or main is None:
        return
    rows = school_residuals(ladder)
    if rows.empty:
        page.say(
            zh="本地没有数据齐全的学校，无法与全表的拟合线比较。",
            en="No school here is complete, so none can be compared with the whole table's line.",
        )
        return
    everyone = study.schools.assign(residual=main.schools()["residual"].to_numpy())
    if page.public:  # a mean of few schools is no mean
        sizes = everyone.groupby("county_code")["residual"].transform("size")
        everyone = everyone[sizes >= load_rules().least_schools]
        if study.county_code not in set(everyone["county_code"]):
            return
    means = everyone.groupby("county_code")["residual"].mean().sort_values(ascending=False)
    page.say(
        zh="与全表资源和条件相同的学校相比，本地 {n} 个校·学段中 {above} 个的{outcome}高于推算值，{below} 个不高于；"
        "平均相差 {mean:+.1f}（各{county}平均值介于 {low:+.1f} 与 {high:+.1f} 之间，"
        "本地由高到低列第 {rank}，共 {all}）。",
        en="Against schools with the same resources and circumstances in the whole table, {above} of {n} schools here "
        "(by stage) lie above the {outcome} predicted and {below} do not; the mean difference is {mean:+.1f} "
        "(over the {counties} it runs from {low:+.1f} to {high:+.1f}; rank from the top: {rank} of {all}).",
        n=len(rows),
        above=int((rows["residual"] > 0).sum()),
        below=int((rows["residual"] <= 0).sum()),
        outcome=outcome_name(page, study),
        mean=float(rows["residual"].mean()),
        county=page.word(study.standard.term("county")),
        counties=page.word(study.standard.term("counties")),
        low=float(means.min()),
        high=float(means.max()),
        rank=int(list(means.index).index(study.county_code)) + 1,
        all=len(means),
    )


def outliers(page: Page, ladder: Ladder) -> None:
    """Name the schools that lie unusually far from the line; in public only say how many they are."""
    rows = school_residuals(ladder)
    if rows.empty:
        return
    far = rows[np.abs(rows["studentised"]) > _FAR]
    expected = 0.05 * len(rows)
    if far.empty:
        page.say(
            zh="没有学校明显偏离拟合线（学生化残差绝对值都不超过 2）。",
            en="No school lies unusually far from the line (no studentised residual beyond 2).",
        )
        return
    if page.public:
        page.say(
            zh="学生化残差绝对值超过 2 的有 {n} 个校·学段（即使一切正常，也约有 {expected:.0f} 个）。",
            en="{n} schools (by stage) have a studentised residual beyond 2 (about {expected:.0f} would if nothing "
            "were unusual).",
            n=len(far),
            expected=expected,
        )
        return
    high = far[far["residual"] > 0].sort_values("residual", ascending=False)
    low = far[far["residual"] < 0].sort_values("residual")
    page.say(
        zh="学生化残差绝对值超过 2 的有 {n} 个校·学段（即使一切正常，也约有 {expected:.0f} 个）。"
        "高于推算值最多的：{high}；低于推算值最多的：{low}。",
        en="{n} schools (by stage) have a studentised residual beyond 2 (about {expected:.0f} would if nothing were "
        "unusual). Furthest above: {high}; furthest below: {low}.",
        n=len(far),
        expected=expected,
        high=_names(page, [str(name) for name in high["school"]]),
        low=_names(page, [str(name) for name in low["school"]]),
    )


def _names(page: Page, names: list[str]) -> str:
    return joined(page, names[:_NAMED]) or page.word({"zh": "无", "en": "none"})
