"""
Consistency checks of figures as they are printed: findings for the report, never corrections.

Which facts hang together is data (``checks.toml``); the table of facts is that of ``data/published/facts.csv``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.intake.county_faults import TableFaults

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.findings import Finding
    from balancelab.standards import Standard


def check_facts(facts: pd.DataFrame, standard: Standard, *, file: str = "facts.csv") -> tuple[Finding, ...]:
    """
    Run every check on a table of facts.

    Parameters
    ----------
    facts : DataFrame
        ``entity, entity_zh, level, fact, fact_zh, value, unit, printed``, all as text, one row for each figure;
        `printed` is a derived figure that the source prints with it.
    standard : Standard
        Gives limits on the size of schools.
    file : str
        Named in the findings.

    Returns
    -------
    tuple of Finding
        Parts that do not add up (or do, but for rounding), printed figures that differ from their recomputation,
        planned classes and schools over their limits, facts stated in two ways, magnitudes that look as if a decimal
        point were lost, preschool children among the students.
    """
    faults = TableFaults(file)
    for entity in _entities(facts):
        for kind, check in _CHECKS.items():
            for rule in _rules()[kind]:
                check(entity, rule, standard, faults)
    return faults.findings()


def check_school_table(schools: pd.DataFrame, *, file: str = "") -> tuple[Finding, ...]:
    """
    Check what the columns of the checklist say of one another in the school table.

    Parameters
    ----------
    schools : DataFrame
        Clean school table.
    file : str
        Named in the findings.

    Returns
    -------
    tuple of Finding
        Class-size bins that do not sum to the classes or do not hold the largest class; more teachers than staff; more
        students in the graduating class than its intake and movers allow, so that retention exceeds 100 %.
        What the door itself checks (parts above their whole, a largest class below the mean) is not repeated.
    """
    from balancelab.items.class_sizes import class_bins

    faults = TableFaults(file)
    columns = [entry.column for entry in class_bins()]
    binned = set(columns) <= set(schools.columns)
    for row in schools.to_dict("records"):
        name = str(row.get("school", row["school_code"]))
        if binned:
            _check_bins([row[column] for column in columns], row, name, faults)
        staff, teachers = row.get("staff"), row.get("teachers")
        if staff is not None and teachers is not None and teachers > staff:
            faults.add(
                "CHECK_STAFF", raw=f"{teachers:g}", other=f"{staff:g}", entity=name,
                county_code=str(row["county_code"]), column="staff",
            )  # fmt: skip
    _check_movers(schools, faults)
    return faults.findings()


_MOVERS = ("transfers_in", "transfers_out", "student_deaths")
_DIGITS_OF_ROUNDED = 4  # a total below 1,000 is counted, not rounded


@dataclass(frozen=True)
class _Fact:
    text: str
    value: Fraction
    unit: str
    printed: str
    label: tuple[str, str]
    row: int


@dataclass(frozen=True)
class _Entity:
    label: tuple[str, str]
    level: str
    facts: Mapping[str, _Fact]

    def has(self, *names: str) -> bool:
        return all(name in self.facts for name in names)

    def total(self, names: Iterable[str]) -> Fraction:
        return sum((self.facts[name].value for name in names), Fraction(0))


def _entities(facts: pd.DataFrame) -> Iterable[_Entity]:
    for (entity, entity_zh, level), rows in facts.groupby(["entity", "entity_zh", "level"], sort=False):
        found = {}
        for index, row in rows.iterrows():
            value = _number(row["value"])
            if value is not None:
                printed = row["printed"] if isinstance(row["printed"], str) else ""
                label = (str(row["fact_zh"]), str(row["fact"]).replace("_", " "))
                unit = row["unit"] if isinstance(row["unit"], str) else ""
                line = int(index) + 2 if isinstance(index, int) else 0
                found[str(row["fact"])] = _Fact(str(row["value"]), value, unit, printed, label, line)
        yield _Entity((str(entity_zh), str(entity).replace("_", " ")), str(level), found)


def _check_sum(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(rule["total"], *rule["parts"]):
        return
    total, reached = entity.facts[rule["total"]], entity.total(rule["parts"])
    gap = abs(total.value - reached)
    if gap == 0:
        return
    parts = [entity.facts[name].text for name in rule["parts"]]
    code = "CHECK_SUM_ROUNDED" if gap <= _half_unit(total.text) else "CHECK_SUM"
    faults.add(
        code, row=total.row, column="value", raw=total.text, entity=entity.label, label=total.label,
        parts="+".join(parts), other=_plain(reached), gap=_plain(gap),
    )  # fmt: skip


def _check_equal(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(*rule["one"], *rule["other"]):
        return
    one, other = entity.total(rule["one"]), entity.total(rule["other"])
    if one == other:
        return
    parts = "+".join(entity.facts[name].text for name in rule["other"])
    faults.add(
        "CHECK_SUM", row=entity.facts[rule["one"][0]].row, raw=_plain(one), entity=entity.label,
        label=_pair(rule["label"]), parts=parts, other=_plain(other), gap=_plain(abs(one - other)),
    )  # fmt: skip


def _check_print(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    recomputed = _recomputed(entity, rule)
    if rule["of"] not in entity.facts or recomputed is None:
        return
    fact, (value, formula) = entity.facts[rule["of"]], recomputed
    printed = _number(fact.printed)
    decimals = len(fact.printed.partition(".")[2])
    step = Fraction(1, 10**decimals)
    if printed is None or abs(value - printed) <= step / 2:
        return
    truncated = ("", "")
    if 0 <= value - printed < step:
        truncated = ("印数系截尾而非四舍五入。", " The printed figure was cut off, not rounded.")
    faults.add(
        "CHECK_PRINT", row=fact.row, column="printed", raw=fact.printed, entity=entity.label,
        label=_pair(rule["label"]) if "label" in rule else fact.label, formula=formula, truncated=truncated,
        other=f"{float(value):.{decimals + 2}f}",
    )  # fmt: skip


def _recomputed(entity: _Entity, rule: Mapping[str, Any]) -> tuple[Fraction, str] | None:
    """Return what a printed figure should be, and the arithmetic; None where a fact is missing."""
    value, told = Fraction(0), []
    for sign, over_name, under_name in ((1, "over", "under"), (-1, "less_over", "less_under")):
        if over_name not in rule:
            continue
        if not entity.has(*rule[over_name], *rule[under_name]) or entity.total(rule[under_name]) == 0:
            return None
        over, under = entity.total(rule[over_name]), entity.total(rule[under_name])
        value += sign * (over / under - (1 if rule.get("growth") else 0))
        told.append(f"{_plain(over)}÷{_plain(under)}{'−1' if rule.get('growth') else ''}")
    times = rule.get("times", 1)
    formula = told[0] if len(told) == 1 else f"({told[0]})−({told[1]})"
    return value * times, formula if times == 1 else f"({formula})×{times}"


def _check_class_size(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(rule["places"], rule["classes"], rule["limit"]):
        return
    places, classes, limit = (entity.facts[rule[name]] for name in ("places", "classes", "limit"))
    if classes.value and places.value / classes.value > limit.value:
        faults.add(
            "CHECK_CLASS_SIZE", row=places.row, raw=places.text, classes=classes.text, limit=limit.text,
            entity=entity.label, label=_pair(rule["label"]), other=f"{float(places.value / classes.value):g}",
        )  # fmt: skip


def _check_school_size(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(*rule["parts"]):
        return
    reached = entity.total(rule["parts"])
    if "item" in rule:
        item = standard.items.get(rule["item"])
        limit = Fraction(item.parameters["most_students"]) if item else None
        clause = _pair(item.clause) if item else ("", "")
    else:
        fact = entity.facts.get(rule["limit"])
        limit, clause = (fact.value, fact.label) if fact else (None, ("", ""))
    if limit is not None and reached > limit:
        faults.add(
            "CHECK_SCHOOL_SIZE", row=entity.facts[rule["parts"][0]].row, raw=_plain(reached), limit=_plain(limit),
            entity=entity.label, label=_pair(rule["label"]), clause=clause,
        )  # fmt: skip


def _check_restated(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(*rule["one"], *rule["other"]) or entity.total(rule["one"]) == entity.total(rule["other"]):
        return
    totals: tuple[str, str] = ("", "")
    if entity.has(*rule["total_one"], *rule["total_other"]):
        one, other = entity.total(rule["total_one"]), entity.total(rule["total_other"])
        same = one == other
        totals = (
            f"两处合计{'同' if same else '分别'}为 {_plain(one)}{'' if same else f'、{_plain(other)}'}。",
            f" The totals are {'both ' if same else ''}{_plain(one)}{'' if same else f' and {_plain(other)}'}.",
        )
    fact = entity.facts[rule["one"][0]]
    faults.add(
        "CHECK_RESTATED", row=fact.row, column="value", raw=_plain(entity.total(rule["one"])), entity=entity.label,
        label=fact.label, other=_plain(entity.total(rule["other"])), totals=totals,
    )  # fmt: skip


def _check_magnitude(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if entity.level not in rule.get("levels", (entity.level,)):
        return
    limit = Fraction(rule["at_most"])
    for name, fact in entity.facts.items():
        if (
            fact.unit not in rule["units"]
            or fact.value <= limit
            or any(word in name for word in rule.get("unless", ()))
        ):
            continue
        guess = fact.value
        while guess > limit:
            guess /= 10
        told = f"{float(guess):g}"
        faults.add(
            "CHECK_MAGNITUDE", row=fact.row, column="value", raw=fact.text, entity=entity.label, label=fact.label,
            limit=_plain(limit), unit=fact.unit, guess=(f"也许是 {told}", f"perhaps {told}"),
        )  # fmt: skip


def _check_preschool(entity: _Entity, rule: Mapping[str, Any], standard: Standard, faults: TableFaults) -> None:
    if not entity.has(rule["total"], rule["preschool"], rule["students"]):
        return
    total, inside, students = (entity.facts[rule[name]] for name in ("total", "preschool", "students"))
    if inside.value > 0 and total.value == students.value + inside.value:
        faults.add(
            "CHECK_PRESCHOOL", row=total.row, column="value", raw=total.text, entity=entity.label, label=total.label,
            other=inside.text, students=students.text,
        )  # fmt: skip


_CHECKS: Mapping[str, Callable[[_Entity, Mapping[str, Any], Any, TableFaults], None]] = {
    "sum": _check_sum,
    "equal": _check_equal,
    "print": _check_print,
    "class_size": _check_class_size,
    "school_size": _check_school_size,
    "restated": _check_restated,
    "magnitude": _check_magnitude,
    "preschool": _check_preschool,
}


def _check_bins(counts: list[float], row: Mapping[Any, Any], name: str, faults: TableFaults) -> None:
    from balancelab.items.class_sizes import class_bins

    if any(count != count for count in counts):
        return
    classes, largest = row.get("classes"), row.get("largest_class")
    details = []
    if classes is not None and classes == classes and sum(counts) != classes:
        zh = f"各档合计 {sum(counts):g} 个班，班级数为 {classes:g}。"
        details.append((zh, f"the bins hold {sum(counts):g} of {classes:g} classes."))
    filled = [entry for entry, count in zip(class_bins(), counts, strict=True) if count > 0]
    if filled and largest is not None and largest == largest:
        top = filled[-1]
        if largest < top.least or (top.most is not None and largest > top.most):
            bounds = f"{top.least}—{top.most}" if top.most else f"≥{top.least}"
            zh = f"最大班额 {largest:g} 人，最高一档却是 {bounds} 人。"
            details.append((zh, f"the largest class has {largest:g} students, the highest bin is {bounds}."))
    for zh, en in details:
        faults.add(
            "CHECK_CLASS_BINS", entity=name, detail_zh=zh, detail_en=en, county_code=str(row["county_code"]),
            column="classes",
        )  # fmt: skip


def _check_movers(schools: pd.DataFrame, faults: TableFaults) -> None:
    if not {"graduates", "grade7_intake", *_MOVERS} <= set(schools.columns):
        return
    known = schools.dropna(subset=["graduates", "grade7_intake", *_MOVERS])
    known = known.assign(
        expected=known["grade7_intake"] + known["transfers_in"] - known["transfers_out"] - known["student_deaths"]
    )
    for row in known[known["graduates"] > known["expected"]].to_dict("records"):
        faults.add(
            "CHECK_MOVERS", raw=f"{row['graduates']:g}", other=f"{row['expected']:g}", column="graduates",
            entity=str(row.get("school", row["school_code"])), county_code=str(row["county_code"]),
        )  # fmt: skip


def _half_unit(text: str) -> Fraction:
    """Half a unit of the last digit that is not a zero: 31,200 is rounded to hundreds at most."""
    plain = text.replace(",", "")
    whole, _, decimals = plain.partition(".")
    if decimals.rstrip("0"):
        return Fraction(1, 2 * 10 ** len(decimals.rstrip("0")))
    zeros = len(whole) - len(whole.rstrip("0"))
    return Fraction(10**zeros, 2) if zeros and len(whole) >= _DIGITS_OF_ROUNDED else Fraction(0)


def _number(text: object) -> Fraction | None:
    try:
        return Fraction(str(text).replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return None


def _plain(number: Fraction) -> str:
    return str(int(number)) if number.denominator == 1 else f"{float(number):g}"


def _pair(label: Mapping[str, str]) -> tuple[str, str]:
    return label["zh"], label["en"]


@cache
def _rules() -> Mapping[str, list[dict[str, Any]]]:
    text = Path(__file__).with_name("checks.toml").read_text(encoding="utf-8")
    loaded: Mapping[str, list[dict[str, Any]]] = tomllib.loads(text, parse_float=Decimal)
    return loaded
