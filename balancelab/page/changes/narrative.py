"""What changed, in sentences; the command line prints the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.changes.wording import CROSSED, Names, editions, largest, listed, signed
from balancelab.page.display import number_text
from balancelab.page.marks import mark_word
from balancelab.page.narrative import SYNTHETIC

if TYPE_CHECKING:
    from balancelab.changes import Comparison
    from balancelab.page import Page

_MOST_MOVED = 3
_MOST_SCHOOLS = 3


def title(page: Page, comparison: Comparison) -> None:
    """Give the page its title, and say on it that synthetic data are just that."""
    before, after = editions(page, comparison)
    names = Names(page, comparison)
    page.heading(
        zh="{county}“{standard}”：{before}与{after}相比的变化（{year}学年）",
        en="{county}, “{standard}”, school year {year}: what changed from {before} to {after}",
        county=comparison.after.county,
        standard=names.standard,
        before=before,
        after=after,
        year=str(comparison.after.year),
    )
    if comparison.before.synthetic or comparison.after.synthetic:
        page.note(zh=SYNTHETIC["zh"], en=SYNTHETIC["en"], kind="warning")


def conclusion(page: Page, comparison: Comparison) -> None:
    """Say whether the verdict changed."""
    was, now = comparison.before.verdict, comparison.after.verdict
    if not was or not now:
        return
    before, after = editions(page, comparison)
    county = comparison.after.county
    if was == now:
        page.verdict(
            zh="{county}：{before}和{after}的结论相同，均为“{now}”",
            en="{county}: the verdict of {before} and of {after} is the same, “{now}”",
            state=now,
            now=mark_word(now, page.language),
            county=county,
            before=before,
            after=after,
        )
        return
    page.verdict(
        zh="{county}：结论由“{was}”（{before}）变为“{now}”（{after}）",
        en="{county}: the verdict was “{was}” ({before}) and is “{now}” ({after})",
        state=now,
        was=mark_word(was, page.language),
        now=mark_word(now, page.language),
        county=county,
        before=before,
        after=after,
    )


def summary(page: Page, comparison: Comparison) -> None:
    """Say what crossed a limit, what moved most, and which schools changed."""
    names = Names(page, comparison)
    _crossed(page, comparison, names)
    _moved(page, comparison, names)
    _schools(page, comparison)
    _came_and_went(page, comparison)


def _crossed(page: Page, comparison: Comparison, names: Names) -> None:
    """Coefficients that crossed their limit, each with the schools that moved it most."""
    table = comparison.coefficients
    crossed = table[table["crossing"] != ""]
    judged = int(table["limit_after"].notna().sum())
    if crossed.empty:
        page.say(
            zh="差异系数：{n} 项有限值的指标中，没有一项的判定发生变化。",
            en="Coefficients of variation: of {n} with a limit none got another verdict.",
            n=judged,
        )
    for row in crossed.to_dict("records"):
        page.say(
            zh="差异系数判定变化：{name}{crossed}，{before} → {after}（限值 {limit}）。{schools}",
            en="A coefficient got another verdict: {name}, {crossed}; {before} → {after} (limit {limit}). {schools}",
            name=names.both(row["stage"], row["indicator"]),
            crossed=page.word(CROSSED[row["crossing"]]),
            before=names.cv(row["value_before"]),
            after=names.cv(row["value_after"]),
            limit=number_text(row["limit_after"], 2),
            schools=_movers(page, comparison, row["stage"], row["indicator"]),
        )


def _movers(page: Page, comparison: Comparison, stage: str, indicator: str) -> str:
    """The schools that moved a coefficient most, as a sentence; nothing where they are not known."""
    effects = comparison.effects
    here = effects[(effects["stage"] == stage) & (effects["indicator"] == indicator)]
    moved = largest(here, "effect", _MOST_SCHOOLS).to_dict("records")
    parts = [f"{row['school']} {signed(row['effect'], 3)}" for row in moved]
    if not parts:
        return ""
    words = page.word({"zh": "影响最大的学校：{listed}。", "en": "Schools that moved it most: {listed}."})
    return words.replace("{listed}", listed(page, parts))


def _moved(page: Page, comparison: Comparison, names: Names) -> None:
    """The coefficients that moved most, whether or not they crossed."""
    table = comparison.coefficients
    moved = table[table["change"].notna() & (table["change"] != 0)]
    if moved.empty:
        page.say(zh="没有一项差异系数发生变化。", en="No coefficient of variation moved.")
        return
    rows = largest(moved, "change", _MOST_MOVED).to_dict("records")
    parts = [
        f"{names.both(row['stage'], row['indicator'])} {names.cv(row['value_before'])} → {names.cv(row['value_after'])}"
        for row in rows
    ]
    page.say(
        zh="{n} 项差异系数中，{up} 项扩大、{down} 项缩小；变化最大的是：{listed}。",
        en="Of {n} coefficients {up} grew and {down} shrank; those that moved most: {listed}.",
        n=int(table["change"].notna().sum()),
        up=int((table["change"] > 0).sum()),
        down=int((table["change"] < 0).sum()),
        listed=listed(page, parts),
    )


def _schools(page: Page, comparison: Comparison) -> None:
    """Schools whose own verdict changed."""
    table = comparison.schools
    if table.empty:
        page.say(
            zh="报告中没有逐校数据（公开版），不能说明是哪些学校造成的。",
            en="The reports show no single schools (a public edition): which schools caused the changes "
            "cannot be said.",
        )
        return
    if table[["state_before", "state_after"]].notna().any(axis=None):
        was, now = (int((table[f"state_{side}"] == "met").sum()) for side in ("before", "after"))
        page.say(
            zh="达标的校·学段：由 {was} 个变为 {now} 个。",
            en="School stages that qualify: {was} before, {now} now.",
            was=was,
            now=now,
        )
    for crossing, zh, en in (
        ("to_failed", "由达标变为未达标 {n} 个：{listed}。", "No longer qualify, {n}: {listed}."),
        ("to_met", "由未达标变为达标 {n} 个：{listed}。", "Now qualify, {n}: {listed}."),
        ("undecided", "变为待定 {n} 个：{listed}。", "Can no longer be decided, {n}: {listed}."),
        ("decided", "由待定变为可判定 {n} 个：{listed}。", "Can now be decided, {n}: {listed}."),
    ):
        schools = table.loc[table["crossing"] == crossing, "school"].tolist()
        if schools:
            page.say(zh=zh, en=en, n=len(schools), listed=listed(page, schools))


def _came_and_went(page: Page, comparison: Comparison) -> None:
    """Schools that are in one of the two only."""
    table = comparison.schools
    for there, zh, en in (
        ("added", "新增的校·学段 {n} 个：{listed}。", "School stages that are new, {n}: {listed}."),
        ("removed", "减少的校·学段 {n} 个：{listed}。", "School stages that are gone, {n}: {listed}."),
    ):
        schools = table.loc[table["there"] == there, "school"].tolist()
        if schools:
            page.say(zh=zh, en=en, n=len(schools), listed=listed(page, schools))
