"""
The synthetic counties' county tables: what each reports beside its schools. **No county in it exists.**

Everything follows from the school table and ``county_items.toml``, without chance.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.intake.county_table import blank_county_table
from balancelab.intake.sidecar import sidecar_path

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard

COLUMNS = ("year", "county_code", "item", "value", "evidence")
_GROWTH_YEARS = 4  # the year itself and the three before it
_OF_SCHOOL_TABLE = ("schools_over_size", "classes_over_size")
_WHEN_MET = {"yes": "yes", "no": "no", "at_most": "0", "below": "0.12", "at_least": "3"}
_NOT_APPLICABLE = "not applicable"
_POINTS = "_points"


def make_county_items(schools: pd.DataFrame, standard: Standard, *, year: int) -> pd.DataFrame:
    """
    Make the county tables of a synthetic school table.

    Parameters
    ----------
    schools : DataFrame
        From :func:`balancelab.sample.make_sample`.
    standard : Standard
        Whose items and figures are reported.
    year : int
        The year judged; what grows is reported for the three years before it too.

    Returns
    -------
    DataFrame
        ``year, county_code, item, value, evidence``, all text but the year; as a bureau would fill the form.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for code, of_county in schools[schools["year"] == year].groupby("county_code", sort=True):
        role = _role(str(of_county["county"].iloc[0]))
        blank = blank_county_table(standard, year=year, county_code=str(code))
        figures = _figures(of_county, role)
        for name in dict.fromkeys(blank["item"]):  # a figure of several years has a row for each
            if name in role.get("not_reported", ()):
                continue
            rows += _rows(str(name), str(code), year, figures, role, standard)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_county_items(path: str | Path, schools: pd.DataFrame, standard: Standard, *, year: int) -> int:
    """
    Write the county tables as CSV, and ``<stem>.meta.toml`` beside it, which says that they are synthetic.

    Returns
    -------
    int
        Rows written.
    """
    target = Path(path)
    table = make_county_items(schools, standard, year=year)
    table.to_csv(target, index=False, encoding="utf-8", lineterminator="\n")
    note = (
        "# 同名数据文件由程序合成，并无真实县（区）。/ The table of this name is synthetic: no county in it exists.\n"
        "synthetic = true\n"
        'title = { zh = "合成示例数据（并非真实县区）", en = "Synthetic example data (no real counties)" }\n'
        f'data = "{target.name}"\nrows = {len(table)}\nyear = {year}\nstandard = "{standard.id}"\n'
        'made_by = "balancelab.sample.county_items.write_county_items"\n'
    )
    sidecar_path(target).write_text(note, encoding="utf-8", newline="\n")
    return len(table)


@cache
def _settings() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("county_items.toml").read_text(encoding="utf-8"))


def _role(county: str) -> Mapping[str, Any]:
    found = (role for name, role in _settings()["counties"].items() if county.startswith(name))
    return next(found, {})


def _figures(schools: pd.DataFrame, role: Mapping[str, Any]) -> dict[str, float]:
    """Figures of one county: from its schools, then fixed numbers, then shares of these."""
    settings = _settings()
    by_stage = schools.groupby("stage")[["students", "teachers"]].sum()
    students = float(schools["students"].sum())
    open_to_all = schools["location"].isin(["urban", "town"]) & (schools["ownership"] != "private")
    zoned = schools[open_to_all & ~schools["school_type"].isin(["special"])].groupby("stage")["students"].sum()
    special = float(schools.loc[schools["school_type"] == "special", "students"].sum())
    figures = {
        "population_10k": round(students * 9 / 10_000, 2),
        "rural_population_10k": round(students * 4 / 10_000, 2),
        "staff_primary": math.ceil(by_stage["teachers"].get("primary", 0) * 1.08),
        "staff_junior": math.ceil(by_stage["teachers"].get("junior", 0) * 1.10),
        "teachers": float(schools["teachers"].sum()),
        "zoning_students_primary": float(zoned.get("primary", 0)),
        "zoning_students_junior": float(zoned.get("junior", 0)),
        "migrant_children_eligible": float(schools["migrant_students"].sum()),
        "disabled_children": math.ceil(students * 0.004),
        "school_age_children": students,
        "grade7_intake": math.ceil(by_stage["students"].get("junior", 0) / 3),
        "questionnaires": max(600, math.ceil(students * 9 * 0.0015)),
        "special_education_students": special,
        "teacher_payroll_yuan": float(schools["teachers"].sum()) * settings["numbers"]["teacher_pay_yuan"],
        **settings["numbers"],
        **role.get("numbers", {}),
    }
    figures["special_education_funds_yuan"] = special * figures.pop("special_education_yuan_each")
    figures["training_funds_yuan"] = math.ceil(figures["teacher_payroll_yuan"] * 0.017)
    own = role.get("shares", {})
    for name, rule in settings["shares"].items():
        share = Decimal(repr(own.get(name, rule["share"])))
        figures.setdefault(name, math.ceil(Decimal(repr(float(figures[rule["of"]]))) * share))
    return figures


def _rows(
    name: str, code: str, year: int, figures: Mapping[str, float], role: Mapping[str, Any], standard: Standard
) -> list[dict[str, Any]]:
    growth = _settings()["growth"].get(name)
    if growth is not None and any(name in names for item in standard.items.values() for names in _series(item)):
        amounts = {year - back: growth["last"] / (1 + growth["rate"]) ** back for back in range(_GROWTH_YEARS)}
        return [_row(at, code, name, _written(round(amount))) for at, amount in sorted(amounts.items())]
    if name in figures:
        return [_row(year, code, name, _written(figures[name]))]
    if name.endswith(_POINTS):
        points = _settings()["points"] | role.get("points", {})
        return [_row(year, code, name, str(points[name.removesuffix(_POINTS)]))]
    value = _item_value(name, role, standard)
    if value is None:
        return []
    evidence = "示例佐证材料（合成）" if value in ("yes", "no", _NOT_APPLICABLE) else ""
    return [_row(year, code, name, value, evidence)]


def _series(item: Any) -> list[tuple[str, ...]]:
    return [names for role, names in item.figures.items() if item.rule in ("least_growth", "least_growth_gap")]


def _item_value(name: str, role: Mapping[str, Any], standard: Standard) -> str | None:
    item = standard.items.get(name)
    if item is None or item.rule in _OF_SCHOOL_TABLE:
        return None
    if name in role.get("items", {}):
        return str(role["items"][name])
    subject = name.removeprefix("monitoring_level_").removeprefix("monitoring_rate_")
    if subject != name and item.may_not_apply and subject not in _settings()["subjects_monitored"]:
        return _NOT_APPLICABLE
    if item.kind == "yes_no" or item.kind in ("level", "rate") or (item.kind == "count" and not item.figures):
        return _WHEN_MET[item.comparison]
    return "0" if item.kind == "count" else None


def _row(year: int, code: str, name: str, value: str, evidence: str = "") -> dict[str, Any]:
    return {"year": year, "county_code": code, "item": name, "value": value, "evidence": evidence}


def _written(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)
