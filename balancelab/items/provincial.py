"""What a province sets and the user gives: points of the rubric, thresholds of the school standard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.definitions import nearest
from balancelab.intake.county_faults import TableFaults
from balancelab.intake.numbers import read_number
from balancelab.intake.schema import header_key
from balancelab.intake.small_table import Cells, SmallTable, read_small_table
from balancelab.items.rubric import official_items, with_points
from balancelab.standards.model import Requirement

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.intake.findings import Finding
    from balancelab.standards import Standard

PROVINCE = "province"

_RUBRIC = {"item": ("项目", "项目编号", "序号"), "points": ("分值", "满分", "max_points")}
_SCHOOL = {
    "indicator": ("指标", "指标编号", "项目"),
    "stage": ("学段",),
    "comparison": ("比较", "比较方式", "要求方式"),
    "limit": ("限值", "标准", "要求", "threshold"),
    "clause": ("依据", "条款", "clause_zh"),
    "clause_en": ("英文依据",),
}
_COMPARISONS = {
    **dict.fromkeys(("", "at_least", "atleast", "不低于", "不少于", "≥", ">="), "at_least"),
    **dict.fromkeys(("at_most", "atmost", "不高于", "不超过", "≤", "<="), "at_most"),
}


def read_rubric(
    path: str | Path, standard: Standard, *, sheet: str | None = None
) -> tuple[Standard, tuple[Finding, ...]]:
    """
    Read the province's points for the items of government work.

    Parameters
    ----------
    path : str or Path
        CSV or workbook with the columns ``item`` (official number, such as ``gov_05``, or the item's label) and
        ``points``.
    standard : Standard
        A standard with a rubric.
    sheet : str, optional
        Worksheet, where there are several.

    Returns
    -------
    standard : Standard
        With the points; unchanged where there is an error.
    findings : tuple of Finding
        Items that nobody knows, that are missing or given twice, points that are no numbers or do not sum to the
        total: all at once; or that the standard knows no points.
    """
    if standard.rubric is None:
        faults = TableFaults(Path(path).name)
        faults.add("RUBRIC_UNUSED", standard=(standard.short["zh"], standard.short["en"]))
        return standard, faults.findings()
    table, faults = _table(path, _RUBRIC, ("item", "points"), sheet)
    if table.readable and not table.missing:
        points = _points(table, standard, faults)
        if not any(each.severity == "error" for each in faults.found):
            standard = with_points(standard, points, source=Path(path).stem, authority=PROVINCE)
    return standard, (*faults.findings(), *table.findings)


def read_school_standard(
    path: str | Path, standard: Standard, *, sheet: str | None = None, authority: str = PROVINCE
) -> tuple[Standard, tuple[Finding, ...]]:
    """
    Read the province's standard for schools (义务教育学校办学基本标准).

    Parameters
    ----------
    path : str or Path
        CSV or workbook with one row for each indicator and stage: ``indicator`` (id or label), ``stage``,
        ``comparison`` (``at_least`` where empty), ``limit``, ``clause`` (Chinese), optionally ``clause_en``.
    standard : Standard
        Its indicators and stages may be named.
    sheet : str, optional
        Worksheet, where there are several.
    authority : str
        Whose requirements these are.

    Returns
    -------
    standard : Standard
        With the requirements; every school must then meet all of them. Unchanged where there is an error.
    findings : tuple of Finding
        Everything wrong with the table at once.
    """
    table, faults = _table(path, _SCHOOL, ("indicator", "stage", "limit", "clause"), sheet)
    if table.readable and not table.missing:
        requirements = _requirements(table, standard, faults, authority, Path(path).stem)
        if not any(each.severity == "error" for each in faults.found):
            standard = replace(standard, requirements={**standard.requirements, **requirements})
    return standard, (*faults.findings(), *table.findings)


def _table(
    path: str | Path, columns: Mapping[str, tuple[str, ...]], required: tuple[str, ...], sheet: str | None
) -> tuple[SmallTable, TableFaults]:
    table = read_small_table(path, columns, required=required, sheet=sheet)
    faults = TableFaults(Path(path).name, table.letters)
    if table.readable and table.missing:
        names = "、".join(f"{columns[name][0]}（{name}）" for name in table.missing), ", ".join(table.missing)
        faults.add("COUNTY_HEADER", columns=names, header=", ".join(columns))
    return table, faults


def _points(table: SmallTable, standard: Standard, faults: TableFaults) -> dict[str, Decimal]:
    officials = official_items(standard)
    points: dict[str, Decimal] = {}
    rows: dict[str, int] = {}
    for cells in table.rows:
        name = _known(cells["item"], officials)
        if name is None:
            _unknown("ITEM_UNKNOWN", cells, "item", officials, standard, faults)
            continue
        if name in points:
            faults.add(
                "ITEM_TWICE", row=cells.row, column="item", raw=cells["points"], label=_pair(officials[name]), year="",
                county="", first=rows[name], other=f"{points[name]}",
            )  # fmt: skip
            continue
        value = _decimal(cells, "points", _pair(officials[name]), faults)
        points[name], rows[name] = (Decimal(0) if value is None else value), cells.row
    left = [name for name in officials if name not in points]
    if left:
        faults.add("RUBRIC_ITEMS", missing=("、".join(left), ", ".join(left)))
    total = standard.rubric.total if standard.rubric else Decimal(100)
    if sum(points.values(), Decimal(0)) != total:
        faults.add("RUBRIC_SUM", raw=f"{sum(points.values(), Decimal(0))}", total=f"{total}")
    return points


def _requirements(
    table: SmallTable, standard: Standard, faults: TableFaults, authority: str, source: str
) -> dict[str, Requirement]:
    labels = {indicator.id: indicator.label for indicator in standard.indicators}
    limits: dict[str, dict[str, Decimal]] = {}
    comparisons: dict[str, str] = {}
    clauses: dict[str, Text] = {}
    for cells in table.rows:
        name, stage = _known(cells["indicator"], labels), _known(cells["stage"], standard.stages)
        if name is None:
            _unknown("INDICATOR_UNKNOWN", cells, "indicator", labels, standard, faults)
        if stage is None:
            allowed = "、".join(text["zh"] for text in standard.stages.values()), ", ".join(standard.stages)
            faults.add("THRESHOLD_STAGE_UNKNOWN", row=cells.row, column="stage", raw=cells["stage"], allowed=allowed)
        if name is None or stage is None:
            continue
        label = _pair(labels[name])
        comparison = _COMPARISONS.get(header_key(cells["comparison"])) or _COMPARISONS.get(cells["comparison"])
        if comparison is None or comparisons.setdefault(name, comparison) != comparison:
            faults.add("THRESHOLD_COMPARISON", row=cells.row, column="comparison", raw=cells["comparison"])
        if not cells["clause"]:
            faults.add("CLAUSE_MISSING", row=cells.row, column="clause", label=label)
        value = _decimal(cells, "limit", label, faults)
        if value is not None:
            limits.setdefault(name, {})[stage] = value
        clauses.setdefault(name, {"zh": cells["clause"], "en": cells["clause_en"] or cells["clause"]})
    for name, by_stage in limits.items():
        left = [stage for stage in standard.stages if stage not in by_stage]
        if left:
            stages = "、".join(standard.stages[stage]["zh"] for stage in left), ", ".join(left)
            faults.add("THRESHOLD_STAGE", label=_pair(labels[name]), stage=stages)
    return {
        name: Requirement(
            indicator=name,
            clause=clauses[name],
            at_least=limits[name] if comparisons.get(name) != "at_most" else None,
            at_most=limits[name] if comparisons.get(name) == "at_most" else None,
            authority=authority,
            source=source,
        )
        for name in labels
        if name in limits
    }


def _decimal(cells: Cells, column: str, label: tuple[str, str], faults: TableFaults) -> Decimal | None:
    reading = read_number(cells[column], missing=frozenset())
    if reading.status != "value" or reading.value is None:
        kind, unit = ("不小于 0 的数", "a number, 0 or more"), ("所列单位", "the unit of the column")
        faults.add(
            "ITEM_NOT_NUMBER", row=cells.row, column=column, raw=cells[column], label=label, kind=kind, unit=unit
        )
        return None
    return Decimal(reading.value.numerator) / Decimal(reading.value.denominator)


def _known(text: str, labels: Mapping[str, Text]) -> str | None:
    key = header_key(text)
    by_key = {header_key(name): name for name in labels}
    for name, label in labels.items():
        for words in label.values():
            by_key.setdefault(header_key(words), name)
    return by_key.get(key)


def _unknown(
    code: str, cells: Cells, column: str, known: Mapping[str, Text], standard: Standard, faults: TableFaults
) -> None:
    near, name = nearest(cells[column], known), (standard.short["zh"], standard.short["en"])
    faults.add(code, row=cells.row, column=column, raw=cells[column], near=near, standard=name)


def _pair(label: Text) -> tuple[str, str]:
    return label["zh"], label["en"]
