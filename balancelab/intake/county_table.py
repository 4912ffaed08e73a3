"""
The county table: ``year, county_code, item, value, evidence``, one row for each item or figure of a county and year.

Everything wrong with it is said at once, in two languages, with the cell; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.definitions import nearest
from balancelab.intake.county_cells import Known, Value, of_figure, of_item, read_value
from balancelab.intake.county_checks import Entry, Place, check_items, check_wholes, words_of
from balancelab.intake.county_faults import TableFaults
from balancelab.intake.schema import header_key
from balancelab.intake.small_table import Cells, SmallTable, read_small_table
from balancelab.items.rubric import official_items
from balancelab.standards.figures import load_figures

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.findings import Finding
    from balancelab.standards import Standard

HEADERS: Mapping[str, tuple[str, ...]] = {
    "year": ("年度", "年份", "学年"),
    "county_code": ("县（区）代码", "区划代码", "行政区划代码", "县代码"),
    "item": ("项目", "项目编号", "项目代码", "指标"),
    "value": ("数值", "值", "填报值", "填报内容"),
    "evidence": ("佐证材料", "证明材料", "佐证", "依据"),
}
REQUIRED = ("year", "county_code", "item", "value")
COLUMNS = ("year", "county_code", "item", "value", "evidence", "applies", "source_row")

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_CODE = re.compile(r"[1-8][0-9]{5}")


def read_county_items(
    path: str | Path, standard: Standard, *, sheet: str | None = None
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Read the county table.

    Parameters
    ----------
    path : str or Path
        CSV or workbook with the columns ``year, county_code, item, value, evidence`` (Chinese headers too). `item` is
        an id or a label of an item of the standard or of a county figure; `value` is a number, a percentage with its
        sign, yes or no, or “not applicable” where the item allows it. Rows without a value are not reported.
    standard : Standard
        Its items.
    sheet : str, optional
        Worksheet, where there are several.

    Returns
    -------
    county_items : DataFrame
        ``year, county_code, item, value, evidence, applies, source_row``; yes is 1, no is 0. Rows with an error are
        left out.
    findings : tuple of Finding
        Most important first; a caller refuses the table where one is an error.
    """
    table = read_small_table(path, HEADERS, required=REQUIRED, sheet=sheet)
    faults = TableFaults(Path(path).name, table.letters)
    if not table.readable:
        return _frame([]), table.findings
    if table.missing:
        _note_missing(table, faults)
        return _frame([]), (*faults.findings(), *table.findings)
    entries = _read_rows(table, standard, faults)
    wrong = check_wholes(entries, faults) | check_items(entries, standard, faults)
    said = [entry for entry in entries if entry.value.value is not None or not entry.value.applies]
    kept = [entry for entry in said if entry.row not in wrong]
    return _frame(kept), (*faults.findings(), *table.findings)


def known_names(standard: Standard) -> dict[str, Known]:
    """Return everything that may stand in the column ``item``: items, county figures, points of the rubric."""
    items = {item.id: of_item(item) for item in standard.items.values()}
    figures = {figure.id: of_figure(figure) for figure in load_figures().values()}
    points = {}
    for official, label in official_items(standard).items():
        most = standard.rubric.points.get(official) if standard.rubric else None
        words = {"zh": f"{label['zh']}（得分）", "en": f"{label['en']} (points)"}
        name = f"{official}_points"
        points[name] = Known(
            name, words, {"zh": "分", "en": "points"}, "amount", most=None if most is None else Fraction(most)
        )
    return {**figures, **items, **points}


def blank_county_table(standard: Standard, *, year: int, county_code: str) -> pd.DataFrame:
    """
    Return the blank county table of a standard: everything that a county can report, with names and units.

    Parameters
    ----------
    standard : Standard
        Its items; figures that none of its items or tables uses are left out.
    year : int
    county_code : str

    Returns
    -------
    DataFrame
        ``year, county_code, item, name_zh, name_en, unit, kind, evidence_kind, value, evidence``; the last two empty.
        The reader takes no notice of the columns in between.
    """
    import pandas as pd

    used = {name for item in standard.items.values() for names in item.figures.values() for name in names}
    wholes = {whole for name in used for whole in load_figures()[name].within}
    rows = []
    for known in known_names(standard).values():
        figure = load_figures().get(known.id)
        if figure is not None and known.id not in standard.items and not figure.table and known.id not in used | wholes:
            continue
        for at in range(year - _years_before(known.id, standard), year + 1):
            rows.append(
                {
                    "year": at,
                    "county_code": county_code,
                    "item": known.id,
                    "name_zh": known.label["zh"],
                    "name_en": known.label["en"],
                    "unit": known.unit["zh"] if known.kind not in ("share", "yes_no") else "",
                    "kind": known.kind,
                    "evidence_kind": "documentary" if known.documentary else "",
                    "value": "",
                    "evidence": "",
                }
            )
    return pd.DataFrame(rows)


def _years_before(name: str, standard: Standard) -> int:
    """Years before the one judged that a figure is also needed for, to see it grow."""
    growing = [
        int(item.parameters["years"])
        for item in standard.items.values()
        if "years" in item.parameters and any(name in names for names in item.figures.values())
    ]
    return max(growing, default=0)


def _note_missing(table: SmallTable, faults: TableFaults) -> None:
    names_zh = "、".join(f"{HEADERS[name][0]}（{name}）" for name in table.missing)
    faults.add("COUNTY_HEADER", columns=(names_zh, ", ".join(table.missing)), header=", ".join(HEADERS))


def _read_rows(table: SmallTable, standard: Standard, faults: TableFaults) -> list[Entry]:
    known = known_names(standard)
    by_key = {header_key(name): each for name, each in known.items()}
    for each in known.values():
        for label in each.label.values():
            by_key.setdefault(header_key(label), each)
    entries: list[Entry] = []
    first: dict[tuple[Place, str], Entry] = {}
    for cells in table.rows:
        place = _place(cells, faults)
        found = by_key.get(header_key(cells["item"]))
        if found is None:
            near = nearest(cells["item"], known)
            faults.add(
                "ITEM_UNKNOWN", row=cells.row, column="item", raw=cells["item"], near=near,
                standard=(standard.short["zh"], standard.short["en"]),
            )  # fmt: skip
        if place is None or found is None or not cells["value"]:
            continue
        entry = _entry(cells, place, found, faults)
        before = first.setdefault((place, found.id), entry)
        if before is not entry:
            faults.add(
                "ITEM_TWICE", row=cells.row, column="value", raw=cells["value"], county_code=place[1],
                label=words_of(found), year=place[0], county=place[1], first=before.row, other=before.raw,
            )  # fmt: skip
            continue
        entries.append(entry)
    return entries


def _entry(cells: Cells, place: Place, known: Known, faults: TableFaults) -> Entry:
    value = read_value(cells["value"], known)
    if value.code:
        faults.add(
            value.code, row=cells.row, column="value", raw=cells["value"], county_code=place[1], label=words_of(known),
            **(value.words or {}),
        )  # fmt: skip
    needs_evidence = known.documentary or not value.applies
    if needs_evidence and not cells["evidence"] and (value.value is not None or not value.applies):
        faults.add(
            "ITEM_EVIDENCE", row=cells.row, column="evidence", raw=cells["value"], county_code=place[1],
            label=words_of(known),
        )  # fmt: skip
        value = Value(code="ITEM_EVIDENCE")
    return Entry(place, known, value, cells["evidence"], cells.row, cells["value"])


def _place(cells: Cells, faults: TableFaults) -> Place | None:
    year, code = cells["year"], cells["county_code"]
    if not _YEAR.fullmatch(year):
        faults.add("COUNTY_YEAR", row=cells.row, column="year", raw=year)
    if not _CODE.fullmatch(code):
        faults.add("COUNTY_CODE", row=cells.row, column="county_code", raw=code)
    return (int(year), code) if _YEAR.fullmatch(year) and _CODE.fullmatch(code) else None


def _frame(entries: list[Entry]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "year": entry.place[0],
            "county_code": entry.place[1],
            "item": entry.known.id,
            "value": float("nan") if entry.value.value is None else float(entry.value.value),
            "evidence": entry.evidence,
            "applies": entry.value.applies,
            "source_row": entry.row,
        }
        for entry in entries
    ]
    types = {"year": int, "value": float, "applies": bool, "source_row": int}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
