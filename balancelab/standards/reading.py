"""Reading a standard's file: every key known, every number with its clause, every fault named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.definitions import Checker, nearest
from balancelab.standards.departures import left_out_of, relaxations_of
from balancelab.standards.item_reading import (
    Origins,
    read_conclusion,
    read_items,
    read_relaxations,
    read_rubric,
    read_settings,
)
from balancelab.standards.model import (
    CountyRule,
    Display,
    Exclusion,
    Requirement,
    SchoolRule,
    Scope,
    StageWeights,
    Standard,
)

if TYPE_CHECKING:
    from balancelab.indicators import Indicator

_TOP_REQUIRED = ("label", "document", "authority", "indicators", "stages", "scope")
_TOP_OPTIONAL = (
    "short",
    "issued",
    "extends",
    "requirements",
    "school_rule",
    "county_rule",
    "stage_weights",
    "display",
    "items",
    "settings",
    "relaxations",
    "rubric",
    "conclusion",
    "terms",
    "illustrative",
)
_APPLIES = ("each indicator", "their mean")
# An overlay replaces single entries of these, each entry whole; of the others it replaces the whole table.
_DEEP = ("requirements", "items", "settings", "relaxations", "terms")
_WHOLE = ("school_rule", "county_rule", "rubric")


def read_standard_file(path: Path, indicators: Mapping[str, Indicator], known: Mapping[str, Path]) -> Standard:
    """
    Return the standard of a file and the files that it extends.

    Raises
    ------
    InvalidDefinition
        Every fault of the file at once.
    """
    table, chain, origins, checker = _merged(path, known, ())
    checker.keys(table, "", required=_TOP_REQUIRED, optional=_TOP_OPTIONAL)
    stages, terms = _stages(checker, table), checker.typed(table, "terms", "a table", "", {})
    conclusion = read_conclusion(checker, table)
    blocks = tuple(conclusion.blocks) if conclusion else ()
    settings = read_settings(checker, table, origins)
    items = read_items(checker, table, origins, settings, blocks)
    fields: dict[str, Any] = {
        "id": path.stem,
        "label": checker.text(table, "label", ""),
        "short": checker.text(table, "short" if "short" in table else "label", ""),
        "document": checker.text(table, "document", ""),
        "issued": str(table.get("issued", "")),
        "authority": checker.typed(table, "authority", "a text", "", ""),
        "indicators": _indicators(checker, table, indicators),
        "stages": stages,
        "requirements": _requirements(checker, table, stages, origins),
        "school_rule": _school_rule(checker, table, origins),
        "county_rule": _county_rule(checker, table, stages, origins),
        "stage_weights": _stage_weights(checker, table),
        "scope": _scope(checker, table),
        "items": items,
        "settings": settings,
        "relaxations": read_relaxations(checker, table, origins, _listed(table), items),
        "rubric": read_rubric(checker, table, origins, items, blocks),
        "conclusion": conclusion,
        "display": _display(checker, table),
        "terms": {name: checker.text(terms, name, "terms") for name in terms},
        "illustrative": checker.typed(table, "illustrative", "true or false", "", False),
        "extends": tuple(each.stem for each in chain),
        "path": path,
    }
    checker.done()
    standard = Standard(**fields)
    base = next((each for each in chain if each in known.values()), None)
    if base is None or path in known.values():
        return standard
    document = read_standard_file(base, indicators, known)
    left_out, relaxed = left_out_of(standard, document), relaxations_of(standard, document)
    return replace(standard, left_out=left_out, relaxed=relaxed)


def _merged(
    path: Path, known: Mapping[str, Path], seen: tuple[Path, ...]
) -> tuple[dict[str, Any], tuple[Path, ...], Origins, Checker]:
    checker = Checker(path)
    table = checker.read()
    base_name = table.pop("extends", None)
    own = _own_origins(path, table)
    if base_name is None:
        return table, (), own, checker
    if "authority" not in table:
        checker.fault(
            "top", "在他人标准上修改的文件须写明 authority", "a file that extends another must say its authority"
        )
    base_path = known.get(str(base_name), path.parent / str(base_name))
    if not base_path.is_file() or base_path.resolve() in {each.resolve() for each in (*seen, path)}:
        near_zh, near_en = nearest(str(base_name), known)
        checker.fault(
            "extends",
            f"没有可继承的标准“{base_name}”{near_zh}",
            f"there is no standard '{base_name}' to extend{near_en}",
        )
        checker.done()
    base, chain, origins, base_checker = _merged(base_path, known, (*seen, path))
    checker.source += "\n" + base_checker.source
    checker.faults += base_checker.faults
    merged = {**base, **table}
    for name in _DEEP:
        if isinstance(base.get(name), dict) and isinstance(table.get(name, {}), dict):
            merged[name] = {**base[name], **table.get(name, {})}
    return merged, (base_path, *chain), {**origins, **own}, checker


def _own_origins(path: Path, table: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """Say of everything in this very file that it stands here, and whose it is."""
    here = (path.stem, str(table.get("authority", "")))
    deep = {(name, entry): here for name in _DEEP if isinstance(table.get(name), dict) for entry in table[name]}
    return deep | {(name, ""): here for name in _WHOLE if name in table}


def _stages(checker: Checker, table: dict[str, Any]) -> dict[str, Any]:
    stages = checker.typed(table, "stages", "a table", "", {})
    return {name: checker.text(stages, name, "stages") for name in stages}


def _indicators(checker: Checker, table: dict[str, Any], indicators: Mapping[str, Indicator]) -> tuple[Indicator, ...]:
    names = checker.texts(table, "indicators", "")
    for name in names:
        if name not in indicators:
            near_zh, near_en = nearest(name, indicators)
            checker.fault("indicators", f"没有指标“{name}”{near_zh}", f"there is no indicator '{name}'{near_en}")
    if len(set(names)) < len(names):
        checker.fault("indicators", "有重复的指标", "an indicator is listed twice")
    return tuple(indicators[name] for name in names if name in indicators)


def _listed(table: Mapping[str, Any]) -> list[str]:
    """Return the indicators that a file lists, whether or not there are such."""
    names = table.get("indicators")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _limits(
    checker: Checker, table: dict[str, Any], key: str, where: str, stages: Mapping[str, Any]
) -> dict[str, Decimal] | None:
    if key not in table:
        return None
    by_stage = checker.typed(table, key, "a table", where, {})
    at = f"{where}.{key}"
    for stage in by_stage:
        if stage not in stages:
            near_zh, near_en = nearest(stage, stages)
            checker.fault(f"{at}.{stage}", f"没有学段“{stage}”{near_zh}", f"there is no stage '{stage}'{near_en}")
    for stage in stages:
        if stage not in by_stage:
            checker.fault(at, f"缺少学段“{stage}”的限值", f"the limit for stage '{stage}' is missing")
    limits = {}
    for stage in by_stage:
        value = checker.typed(by_stage, stage, "a number", at)
        if value is not None and value < 0:
            checker.fault(f"{at}.{stage}", f"不应为负数，现为 {value}", f"must not be negative, is {value}")
        if value is not None:
            limits[stage] = Decimal(value)
    return limits


def _requirements(
    checker: Checker, table: dict[str, Any], stages: Mapping[str, Any], origins: Origins
) -> dict[str, Requirement]:
    listed = _listed(table)
    found = {}
    for name, entry in checker.tables(table, "requirements").items():
        where = f"requirements.{name}"
        if name not in listed and origins.get(("requirements", name), ("", ""))[0] != checker.path.stem:
            continue  # the base requires it, and this file leaves the indicator out: see `Standard.left_out`
        if name not in listed:
            near_zh, near_en = nearest(name, listed)
            checker.fault(where, f"不在本标准的指标之中{near_zh}", f"is not among this standard's indicators{near_en}")
        checker.keys(entry, where, required=["clause"], optional=["at_least", "at_most", "confidence"])
        if ("at_least" in entry) == ("at_most" in entry):
            checker.fault(where, "at_least 与 at_most 二者必居其一", "needs either at_least or at_most, not both")
        source, authority = origins.get(("requirements", name), ("", ""))
        found[name] = Requirement(
            indicator=name,
            clause=checker.text(entry, "clause", where),
            at_least=_limits(checker, entry, "at_least", where, stages),
            at_most=_limits(checker, entry, "at_most", where, stages),
            confidence=checker.typed(entry, "confidence", "a text", where, ""),
            authority=authority,
            source=source,
        )
    return {name: found[name] for name in listed if name in found}


def _school_rule(checker: Checker, table: dict[str, Any], origins: Origins) -> SchoolRule | None:
    entry, where = checker.typed(table, "school_rule", "a table", ""), "school_rule"
    if entry is None:
        return None
    checker.keys(entry, where, required=["min_met", "floor_share", "clause"], optional=["confidence"])
    share = Decimal(checker.typed(entry, "floor_share", "a number", where, 1))
    if not 0 <= share <= 1:
        checker.fault(
            f"{where}.floor_share", f"应在 0 与 1 之间，现为 {share}", f"must lie between 0 and 1, is {share}"
        )
    source, authority = origins.get(("school_rule", ""), ("", ""))
    return SchoolRule(
        min_met=checker.typed(entry, "min_met", "a whole number", where, 0),
        floor_share=share,
        clause=checker.text(entry, "clause", where),
        confidence=checker.typed(entry, "confidence", "a text", where, ""),
        authority=authority,
        source=source,
    )


def _county_rule(
    checker: Checker, table: dict[str, Any], stages: Mapping[str, Any], origins: Origins
) -> CountyRule | None:
    entry, where = checker.typed(table, "county_rule", "a table", ""), "county_rule"
    if entry is None:
        return None
    checker.keys(entry, where, required=["measure", "applies_to", "at_most", "clause"], optional=["confidence"])
    applies_to = checker.typed(entry, "applies_to", "a text", where, "")
    if applies_to not in _APPLIES:
        near_zh, near_en = nearest(applies_to, _APPLIES)
        checker.fault(f"{where}.applies_to", f"不认识“{applies_to}”{near_zh}", f"does not know '{applies_to}'{near_en}")
    if entry.get("measure") not in (None, "weighted_cv"):
        checker.fault(
            f"{where}.measure", "县级限值目前只对 weighted_cv 作出判定", "a county limit is judged on weighted_cv only"
        )
    source, authority = origins.get(("county_rule", ""), ("", ""))
    return CountyRule(
        measure=checker.typed(entry, "measure", "a text", where, "weighted_cv"),
        applies_to=applies_to,
        at_most=_limits(checker, entry, "at_most", where, stages) or {},
        clause=checker.text(entry, "clause", where),
        confidence=checker.typed(entry, "confidence", "a text", where, ""),
        authority=authority,
        source=source,
    )


def _stage_weights(checker: Checker, table: dict[str, Any]) -> StageWeights | None:
    entry, where = checker.typed(table, "stage_weights", "a table", ""), "stage_weights"
    if entry is None:
        return None
    checker.keys(entry, where, required=["weights", "splits", "clause"], optional=["confidence"])
    weights = checker.typed(entry, "weights", "a table", where, {})
    numbers = {name: checker.typed(weights, name, "a number", f"{where}.weights", 1) for name in weights}
    for name, number in numbers.items():
        if number <= 0:
            checker.fault(f"{where}.weights.{name}", f"应大于 0，现为 {number}", f"must be above 0, is {number}")
    return StageWeights(
        weights={name: Decimal(number) for name, number in numbers.items()},
        splits=checker.texts(entry, "splits", where),
        clause=checker.text(entry, "clause", where),
        confidence=checker.typed(entry, "confidence", "a text", where, ""),
    )


def _scope(checker: Checker, table: dict[str, Any]) -> Scope:
    entry = checker.typed(table, "scope", "a table", "", {})
    checker.keys(entry, "scope", required=["clause"] if "scope" in table else [], optional=["exclude", "confidence"])
    exclusions = []
    for rule in checker.rows(entry, "exclude", "scope"):
        where = f"scope.exclude.{rule.get('id', '?')}"
        checker.keys(rule, where, required=["id", "reason"], optional=["school_type", "ownership", "students_below"])
        if not {"school_type", "ownership", "students_below"} & set(rule):
            checker.fault(where, "没有任何条件", "has no condition")
        exclusions.append(
            Exclusion(
                id=checker.typed(rule, "id", "a text", where, ""),
                reason=checker.text(rule, "reason", where),
                school_type=checker.texts(rule, "school_type", where),
                ownership=checker.texts(rule, "ownership", where),
                students_below=checker.typed(rule, "students_below", "a whole number", where),
            )
        )
    confidence = checker.typed(entry, "confidence", "a text", "scope", "")
    return Scope(clause=checker.text(entry, "clause", "scope"), exclude=tuple(exclusions), confidence=confidence)


def _display(checker: Checker, table: dict[str, Any]) -> Display:
    entry = checker.typed(table, "display", "a table", "", {})
    checker.keys(
        entry, "display", required=["clause"] if entry else [], optional=["cv_decimals", "mean_decimals", "confidence"]
    )
    if not entry:
        return Display()
    return Display(
        cv_decimals=checker.typed(entry, "cv_decimals", "a whole number", "display", 3),
        mean_decimals=checker.typed(entry, "mean_decimals", "a whole number", "display", 2),
        clause=checker.text(entry, "clause", "display"),
    )
