"""Reading the checklist of a standard's file: items, settings, relaxations, rubric and conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from balancelab.definitions import Checker, nearest
from balancelab.standards.figures import load_figures
from balancelab.standards.items import (
    EVIDENCE,
    KINDS,
    RULES,
    Comparison,
    Conclusion,
    Condition,
    DatedLimit,
    Item,
    Relaxation,
    Rubric,
    RuleInputs,
    Setting,
)

Origins = Mapping[tuple[str, str], tuple[str, str]]
"""(table, entry) → (id of the file that the entry stands in, that file's authority)."""

_NUMERIC: tuple[Comparison, ...] = ("at_least", "at_most", "above", "below")
_ITEM_REQUIRED = ("official", "block", "label", "clause", "confidence")
_ITEM_OPTIONAL = (
    *_NUMERIC, "answer", "short", "unit", "kind", "evidence", "rule", "columns", "figures", "parameters", "schools",
    "informative", "may_not_apply", "may_exceed_one", "decimals", "dated", "open_point",
)  # fmt: skip


def read_settings(checker: Checker, table: dict[str, Any], origins: Origins) -> dict[str, Setting]:
    """Return the open points of a standard, each with its default."""
    found = {}
    for name, entry in checker.tables(table, "settings").items():
        where = f"settings.{name}"
        checker.keys(entry, where, required=["value", "open_point"], optional=["choices", "confidence"])
        value, table_of = entry.get("value", ""), checker.typed(entry, "choices", "a table", where, {})
        if not isinstance(value, str | int | Decimal):
            checker.fault(f"{where}.value", "应为文本、数或 true、false", "must be a text, a number, true or false")
            value = ""
        choices = {choice: checker.text(table_of, choice, f"{where}.choices") for choice in table_of}
        if choices and value not in choices:
            near_zh, near_en = nearest(str(value), choices)
            checker.fault(f"{where}.value", f"不认识“{value}”{near_zh}", f"does not know '{value}'{near_en}")
        authority, source = _origin(origins, "settings", name)
        found[name] = Setting(
            id=name,
            value=Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value,
            open_point=checker.text(entry, "open_point", where),
            choices=choices,
            confidence=checker.typed(entry, "confidence", "a text", where, ""),
            authority=authority,
            source=source,
        )
    return found


def read_items(
    checker: Checker, table: dict[str, Any], origins: Origins, settings: Mapping[str, Setting], blocks: Iterable[str]
) -> dict[str, Item]:
    """Return the items of a standard, in the order of the file; an overlay's new ones come last."""
    found = {}
    for name, entry in checker.tables(table, "items").items():
        where = f"items.{name}"
        checker.keys(entry, where, required=_ITEM_REQUIRED, optional=_ITEM_OPTIONAL)
        comparison, limit = _comparison(checker, entry, where)
        _check_word(checker, entry, "block", where, tuple(blocks))
        rule = checker.typed(entry, "rule", "a text", where, "")
        _check_rule(checker, entry, where, rule, settings)
        _check_figures(checker, entry, where)
        authority, source = _origin(origins, "items", name)
        found[name] = Item(
            id=name,
            official=checker.typed(entry, "official", "a text", where, ""),
            block=checker.typed(entry, "block", "a text", where, ""),
            label=checker.text(entry, "label", where),
            short=checker.text(entry, "short" if "short" in entry else "label", where),
            unit=checker.text(entry, "unit", where),
            clause=checker.text(entry, "clause", where),
            comparison=comparison,
            limit=limit,
            kind=_check_word(checker, entry, "kind", where, KINDS, "yes_no" if limit is None else "amount"),
            evidence=_check_word(checker, entry, "evidence", where, EVIDENCE, _evidence(limit, rule)),
            rule=rule,
            columns=_inputs(checker, entry, "columns", where),
            figures=_inputs(checker, entry, "figures", where),
            parameters=_numbers(checker, entry, "parameters", where),
            schools=_condition(checker, entry, "schools", where),
            informative=checker.typed(entry, "informative", "true or false", where, False),
            may_not_apply=checker.typed(entry, "may_not_apply", "true or false", where, False),
            may_exceed_one=checker.typed(entry, "may_exceed_one", "true or false", where, False),
            decimals=checker.typed(entry, "decimals", "a whole number", where, 1),
            dated=_dated(checker, entry, where),
            open_point=checker.text(entry, "open_point", where) if "open_point" in entry else None,
            confidence=checker.typed(entry, "confidence", "a text", where, ""),
            authority=authority,
            source=source,
        )
    return found


def read_relaxations(
    checker: Checker, table: dict[str, Any], origins: Origins, indicators: Iterable[str], items: Mapping[str, Item]
) -> dict[str, Relaxation]:
    """Return the relaxations of a standard."""
    found = {}
    for name, entry in checker.tables(table, "relaxations").items():
        where = f"relaxations.{name}"
        checker.keys(
            entry,
            where,
            required=["label", "when", "clause"],
            optional=["indicator", "add", "items", "parameters", "confidence"],
        )
        if ("indicator" in entry) == ("items" in entry):
            checker.fault(where, "indicator 与 items 二者必居其一", "needs either indicator or items, not both")
        if "indicator" in entry:
            _check_word(checker, entry, "indicator", where, tuple(indicators))
        for item in checker.texts(entry, "items", where):
            if item not in items:
                near_zh, near_en = nearest(item, items)
                checker.fault(f"{where}.items", f"没有项目“{item}”{near_zh}", f"there is no item '{item}'{near_en}")
        authority, source = _origin(origins, "relaxations", name)
        found[name] = Relaxation(
            id=name,
            label=checker.text(entry, "label", where),
            when=_condition(checker, entry, "when", where),
            clause=checker.text(entry, "clause", where),
            indicator=checker.typed(entry, "indicator", "a text", where, ""),
            add=checker.texts(entry, "add", where),
            items=checker.texts(entry, "items", where),
            parameters=_numbers(checker, entry, "parameters", where),
            confidence=checker.typed(entry, "confidence", "a text", where, ""),
            authority=authority,
            source=source,
        )
    return found


def read_rubric(
    checker: Checker, table: dict[str, Any], origins: Origins, items: Mapping[str, Item], blocks: Iterable[str]
) -> Rubric | None:
    """Return the rubric; its points, where the file gives them, sum to the total."""
    entry, where = checker.typed(table, "rubric", "a table", ""), "rubric"
    if entry is None:
        return None
    checker.keys(entry, where, required=["block", "total", "at_least", "clause"], optional=["points", "confidence"])
    _check_word(checker, entry, "block", where, tuple(blocks))
    block = checker.typed(entry, "block", "a text", where, "")
    total = Decimal(checker.typed(entry, "total", "a number", where, 100))
    points = _numbers(checker, entry, "points", where)
    officials = [item.official for item in items.values() if item.block == block and not item.informative]
    check_points(checker, points, total, officials)
    authority, source = _origin(origins, "rubric", "")
    return Rubric(
        block=block,
        total=total,
        at_least=Decimal(checker.typed(entry, "at_least", "a number", where, 0)),
        clause=checker.text(entry, "clause", where),
        points=points,
        confidence=checker.typed(entry, "confidence", "a text", where, ""),
        authority=authority,
        source=source,
    )


def check_points(checker: Checker, points: Mapping[str, Decimal], total: Decimal, officials: Iterable[str]) -> None:
    """Note points for items nobody knows, items without points, and a sum that is not the total."""
    known = list(dict.fromkeys(officials))
    if not points:
        return
    for name in points:
        if name not in known:
            near_zh, near_en = nearest(name, known)
            checker.fault(f"rubric.points.{name}", f"没有项目“{name}”{near_zh}", f"there is no item '{name}'{near_en}")
    left = [name for name in known if name not in points]
    if left:
        checker.fault("rubric.points", f"缺少 {'、'.join(left)} 的分值", f"no points for {', '.join(left)}")
    reached = sum(points.values(), Decimal(0))
    if reached != total:
        checker.fault(
            "rubric.points", f"各项分值合计为 {reached}，应为 {total}", f"the points sum to {reached}, not {total}"
        )


def read_conclusion(checker: Checker, table: dict[str, Any]) -> Conclusion | None:
    """Return the blocks that decide on a county."""
    entry, where = checker.typed(table, "conclusion", "a table", ""), "conclusion"
    if entry is None:
        return None
    checker.keys(entry, where, required=["blocks", "clause"], optional=["confidence"])
    blocks = checker.typed(entry, "blocks", "a table", where, {})
    return Conclusion(
        blocks={name: checker.text(blocks, name, f"{where}.blocks") for name in blocks},
        clause=checker.text(entry, "clause", where),
        confidence=checker.typed(entry, "confidence", "a text", where, ""),
    )


def _origin(origins: Origins, section: str, name: str) -> tuple[str, str]:
    source, authority = origins.get((section, name), ("", ""))
    return authority, source


def _evidence(limit: Decimal | None, rule: str) -> str:
    if limit is None:
        return "documentary"
    return "computed" if rule in RULES and RULES[rule].by_school else "number"


def _comparison(checker: Checker, entry: dict[str, Any], where: str) -> tuple[Comparison, Decimal | None]:
    given = [name for name in (*_NUMERIC, "answer") if name in entry]
    if len(given) != 1:
        listed = "、".join((*_NUMERIC, "answer")), ", ".join((*_NUMERIC, "answer"))
        checker.fault(where, f"{listed[0]} 须有且只有一个", f"needs exactly one of {listed[1]}")
        return "yes", None
    if given == ["answer"]:
        answer = _check_word(checker, entry, "answer", where, ("yes", "no"))
        return ("no" if answer == "no" else "yes"), None
    name = next(comparison for comparison in _NUMERIC if comparison in entry)
    value = checker.typed(entry, name, "a number", where)
    return name, None if value is None else Decimal(value)


def _check_word(
    checker: Checker, entry: dict[str, Any], key: str, where: str, known: tuple[str, ...], default: str = ""
) -> str:
    word: str = checker.typed(entry, key, "a text", where, default)
    if key in entry and known and word not in known:
        near_zh, near_en = nearest(word, known)
        checker.fault(f"{where}.{key}", f"不认识“{word}”{near_zh}", f"does not know '{word}'{near_en}")
    return word


def _check_rule(
    checker: Checker, entry: dict[str, Any], where: str, rule: str, settings: Mapping[str, Setting]
) -> None:
    if not rule:
        for key in ("columns", "figures", "parameters", "schools"):
            if key in entry:
                checker.fault(f"{where}.{key}", "没有 rule，用不上", "is of no use without a rule")
        return
    _check_word(checker, entry, "rule", where, tuple(RULES))
    if rule not in RULES:
        return
    needs = RULES[rule]
    for name in needs.settings:
        if name not in settings:
            checker.fault(where, f"规则“{rule}”需要设置“{name}”", f"the rule '{rule}' needs the setting '{name}'")
    if "columns" not in entry and "figures" not in entry:
        checker.fault(where, "规则须给出 columns 或 figures", "a rule needs columns or figures")
    _check_inputs(checker, entry, where, needs)


def _check_inputs(checker: Checker, entry: dict[str, Any], where: str, needs: RuleInputs) -> None:
    inputs = (needs.inputs, needs.optional_inputs)
    for key, required, optional in (
        ("columns", *inputs),
        ("figures", *(((), needs.county_inputs) if needs.by_school else inputs)),
        ("parameters", needs.parameters, ()),
    ):
        if key in entry or (key == "parameters" and needs.parameters):
            given = checker.typed(entry, key, "a table", where, {})
            checker.keys(given, f"{where}.{key}", required=required, optional=optional)


def _check_figures(checker: Checker, entry: dict[str, Any], where: str) -> None:
    for names in _inputs(checker, entry, "figures", where).values():
        for name in names:
            if name not in load_figures():
                near_zh, near_en = nearest(name, load_figures())
                checker.fault(
                    f"{where}.figures", f"没有数据“{name}”{near_zh}", f"no figure is called '{name}'{near_en}"
                )


def _inputs(checker: Checker, entry: dict[str, Any], key: str, where: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, value in checker.typed(entry, key, "a table", where, {}).items():
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(part, str) for part in names):
            checker.fault(f"{where}.{key}.{name}", "应为名称或名称的列表", "must be a name or a list of names")
            continue
        found[name] = tuple(names)
    return found


def _numbers(checker: Checker, entry: dict[str, Any], key: str, where: str) -> dict[str, Decimal]:
    table = checker.typed(entry, key, "a table", where, {})
    numbers = {name: checker.typed(table, name, "a number", f"{where}.{key}") for name in table}
    for name, number in numbers.items():
        if number is not None and number < 0:
            checker.fault(f"{where}.{key}.{name}", f"不应为负数，现为 {number}", f"must not be negative, is {number}")
    return {name: Decimal(number) for name, number in numbers.items() if number is not None}


def _condition(checker: Checker, entry: dict[str, Any], key: str, where: str) -> Condition:
    among: dict[str, tuple[str, ...]] = {}
    not_among: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, dict[str, Decimal]] = {}
    at = f"{where}.{key}"
    table = checker.typed(entry, key, "a table", where, {})
    for column, rule in table.items():
        if isinstance(rule, list):
            among[column] = checker.texts(table, column, at)
        elif isinstance(rule, dict) and set(rule) == {"not"}:
            not_among[column] = checker.texts(rule, "not", f"{at}.{column}")
        elif isinstance(rule, dict) and rule:
            checker.keys(rule, f"{at}.{column}", required=[], optional=[*_NUMERIC, "not"])
            ranges[column] = _numbers(checker, table, column, at)
        else:
            checker.fault(f"{at}.{column}", "应为取值列表或界限", "must be a list of labels or a table of bounds")
    return Condition(among, not_among, ranges)


def _dated(checker: Checker, entry: dict[str, Any], where: str) -> tuple[DatedLimit, ...]:
    found = []
    for rule in checker.rows(entry, "dated", where):
        at = f"{where}.dated"
        checker.keys(rule, at, required=["from_year", "limit", "clause"], optional=["confidence"])
        found.append(
            DatedLimit(
                from_year=checker.typed(rule, "from_year", "a whole number", at, 0),
                limit=Decimal(checker.typed(rule, "limit", "a number", at, 0)),
                clause=checker.text(rule, "clause", at),
                confidence=checker.typed(rule, "confidence", "a text", at, ""),
            )
        )
    return tuple(found)
