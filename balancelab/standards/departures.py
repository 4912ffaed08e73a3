"""What a file of the user's own asks less than the shipped document that it extends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from balancelab.definitions import Text

if TYPE_CHECKING:
    from balancelab.standards.model import Limits, Requirement, Standard

_FLOORS, _CEILINGS = ("at_least", "above"), ("at_most", "below")
_STRICT = ("above", "below")
# Of these numbers of an item more asks less; of all others less does.
_MILDER_ABOVE = ("most_students", "classes_per_room")


def left_out_of(standard: Standard, base: Standard) -> dict[str, Requirement | None]:
    """Return the indicators of `base` that `standard` does not list, each with what `base` requires of it."""
    kept = {indicator.id for indicator in standard.indicators}
    return {each.id: base.requirements.get(each.id) for each in base.indicators if each.id not in kept}


def relaxations_of(standard: Standard, base: Standard) -> tuple[Text, ...]:
    """
    Return in words what `standard` asks less than `base`; what it asks more is no departure.

    Every limit and number that it lowers, schools that it lets off, items and blocks that no longer decide.

    Parameters
    ----------
    standard : Standard
        Read from a file of the user's own.
    base : Standard
        The shipped document that it extends.

    Returns
    -------
    tuple of text
        Such as ``{"zh": "图书册数（小学）由 15 改为 12", "en": "…"}``.
    """
    parts = (_requirements, _rules, _scope, _items, _exceptions, _conclusion)
    return tuple(said for part in parts for said in part(standard, base))


def _requirements(standard: Standard, base: Standard) -> Iterator[Text]:
    labels = {indicator.id: indicator.label for indicator in base.indicators}
    for name, old in base.requirements.items():
        new = standard.requirements.get(name)
        if new is None:
            continue
        for stage, limit in old.limits.items():
            now = new.limits.get(stage) if new.comparison == old.comparison else None
            if now is None or (now < limit if old.comparison == "at_least" else now > limit):
                yield _changed(labels[name], limit, now, base.stages[stage])


def _rules(standard: Standard, base: Standard) -> Iterator[Text]:
    school, county = standard.school_rule, standard.county_rule
    if base.school_rule and (school is None or school.min_met < base.school_rule.min_met):
        now = Decimal(school.min_met) if school else None
        yield _changed(
            {"zh": "学校须达标的项数", "en": "items a school must meet"}, Decimal(base.school_rule.min_met), now
        )
    if base.school_rule and school and school.floor_share < base.school_rule.floor_share:
        label = {"zh": "其余各项的最低比例", "en": "share that the other items must reach"}
        yield _changed(label, base.school_rule.floor_share, school.floor_share)
    if base.county_rule is None:
        return
    label = {"zh": "差异系数限值", "en": "limit of the coefficient of variation"}
    at_most: Limits = county.at_most if county and county.applies_to == base.county_rule.applies_to else {}
    for stage, limit in base.county_rule.at_most.items():
        if stage not in at_most or at_most[stage] > limit:
            yield _changed(label, limit, at_most.get(stage), base.stages[stage])


def _scope(standard: Standard, base: Standard) -> Iterator[Text]:
    known = base.scope.exclude
    for each in standard.scope.exclude:
        if each not in known:
            yield {
                "zh": f"另有学校不计入：{each.reason['zh']}",
                "en": f"more schools do not count: {each.reason['en']}",
            }


def _items(standard: Standard, base: Standard) -> Iterator[Text]:
    for name, old in base.items.items():
        new = standard.items.get(name)
        if new is None:
            continue
        if new.informative and not old.informative:
            yield {"zh": f"{old.label['zh']}改为仅供参考", "en": f"{old.label['en']}: for information only"}
            continue
        if old.limit is not None and old.comparison in _FLOORS + _CEILINGS:
            same_way = _FLOORS if old.comparison in _FLOORS else _CEILINGS
            now = new.limit if new.comparison in same_way else None
            if now is None or (now < old.limit if same_way is _FLOORS else now > old.limit):
                yield _changed(old.label, old.limit, now)
            elif now == old.limit and old.comparison in _STRICT and new.comparison not in _STRICT:
                yield {
                    "zh": f"{old.label['zh']}恰为 {now:f} 也算达到",
                    "en": f"{old.label['en']}: exactly {now:f} is enough",
                }
        elif new.comparison != old.comparison:
            yield {"zh": f"{old.label['zh']}改了要求的答案", "en": f"{old.label['en']}: another answer is asked for"}
        for key, number in old.parameters.items():
            now = new.parameters.get(key, number)
            if now > number if key in _MILDER_ABOVE else now < number:
                yield _changed(old.label, number, now)


def _exceptions(standard: Standard, base: Standard) -> Iterator[Text]:
    for name, each in standard.relaxations.items():
        if name not in base.relaxations:
            yield {"zh": f"对部分学校放宽：{each.label['zh']}", "en": f"milder for some schools: {each.label['en']}"}


def _conclusion(standard: Standard, base: Standard) -> Iterator[Text]:
    old, new = base.rubric, standard.rubric
    if old and (new is None or new.at_least * old.total < old.at_least * new.total):
        label = {"zh": "政府工作得分", "en": "score of government work"}
        yield _changed(label, old.at_least, new.at_least if new else None)
    for name, words in base.blocks().items():
        if name not in standard.blocks():
            yield {"zh": f"结论不含“{words['zh']}”", "en": f"the verdict leaves out: {words['en']}"}


def _changed(label: Text, old: Decimal, new: Decimal | None, stage: Mapping[str, str] | None = None) -> Text:
    at_zh, at_en = (f"（{stage['zh']}）", f" ({stage['en'].lower()})") if stage else ("", "")
    now_zh, now_en = ("不作要求", "not required") if new is None else (f"{new:f}", f"{new:f}")
    return {
        "zh": f"{label['zh']}{at_zh}由 {old:f} 改为 {now_zh}",
        "en": f"{label['en']}{at_en}: {now_en} instead of {old:f}",
    }
