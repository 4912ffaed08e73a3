"""The ledger as a workbook for filling in: computed cells are locked, statuses are chosen from a list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.intake.replacing import replacing
from balancelab.page.display import clean_text, is_missing
from balancelab.page.levels.wording import gap_unit, problem_text
from balancelab.page.words import choose
from balancelab.rectification.forms import COLUMNS, SHEET, STATUS_WORDS, seal_of
from balancelab.rectification.looks import HINTS, Formats, number_formats, row_height, write_instructions

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.rectification.units import Units
    from balancelab.standards import Standard

_TITLE = {"zh": "整改台账", "en": "Rectification ledger"}
_HOW = {
    "zh": "白色单元格由责任单位填写，灰色单元格由程序计算、已锁定；怎样填写见“填写说明”页。",
    "en": "White cells are filled in by the units in charge; grey cells are computed and locked. See the sheet “How to "
    "fill in”.",
}
_HEADER_ROW = 2
_LONGEST_LIST = 255  # characters of a drop-down written into the cell, by the format
_NOT_IN_LIST = (",", '"')  # the list is one quoted text: a quote would end it, and what follows be a formula
_DECIMALS = 6  # digits kept beside the printed format, so that no cell shows noise of floating point
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # a workbook must not differ by when it was written


def write_ledger(
    ledger: pd.DataFrame,
    path: str | Path,
    standard: Standard,
    units: Units,
    *,
    language: str = "zh",
    county: str = "",
    year: int | None = None,
) -> None:
    """
    Write a ledger as a workbook.

    Parameters
    ----------
    ledger : DataFrame
        From :func:`balancelab.rectification.open_ledger` or :func:`balancelab.rectification.update_ledger`.
    path : str or Path
        ``.xlsx`` to write.
    standard : Standard
        Gives the words.
    units : Units
        Names of the units, for the drop-down of the lead unit; another name may be typed too.
    language : str, optional
    county : str, optional
        Name of the county, for the title.
    year : int, optional
        Year judged, for the title.

    Raises
    ------
    ValueError
        If the name does not end in ``.xlsx``.
    OSError
        If the file cannot be written.

    Notes
    -----
    The sheet is protected without a password: against slips, not against people. Rows whose computed cells were
    changed all the same are found on reading.
    """
    import xlsxwriter

    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise ValueError(f"a ledger is written as .xlsx, got {target.name!r}")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with replacing(target) as partial, xlsxwriter.Workbook(partial, options) as book:
        title = clean_text(_title(standard, language, county, year))
        book.set_properties({"title": title, "created": _CREATED})
        sheet = book.add_worksheet(SHEET)
        formats = Formats(book)
        sheet.write_string(0, 0, title, formats["title"])
        sheet.write_string(1, 0, choose(_HOW, language), formats["how"])
        for at, column in enumerate(COLUMNS.values()):
            sheet.set_column(at, at, column.width, None, {"hidden": column.hidden})
            sheet.write_string(_HEADER_ROW, at, choose({"zh": column.zh, "en": column.en}, language), formats["head"])
        for place, row in enumerate(ledger.to_dict("records"), start=_HEADER_ROW + 1):
            cells = _cells(row, standard, units, language)
            sheet.set_row(place, row_height(cells))
            _write_row(sheet, place, cells, number_formats(row, standard, language), formats)
        _finish(sheet, len(ledger), units, language)
        write_instructions(book, formats, language)


def unit_names(units: Units, listed: str, language: str) -> str:
    """Return the names of units given by id, as they are where they are no ids (``;`` between several)."""
    between = choose({"zh": "、", "en": ", "}, language)
    parts = [part for part in listed.split(";") if part]
    return between.join(choose(units.names[part], language) if part in units.names else part for part in parts)


def _cells(row: dict[Any, Any], standard: Standard, units: Units, language: str) -> dict[str, Any]:
    task = units.task_for(str(row["subject"]).removeprefix("cv:"), str(row["block"]))
    unit = gap_unit(standard, str(row["kind"]), str(row["subject"]))
    closed = int(row["closed_year"])
    cells: dict[str, Any] = {name: row[name] for name in COLUMNS if name in row}
    cells |= {name: _rounded(row[name]) for name in ("value", "limit", "gap")}
    cells |= {
        "problem": problem_text(language, standard, row),
        "unit": choose(unit, language) if unit["en"] else "",
        "measure": row["measure"] or choose(task.measure, language),
        "lead_unit": unit_names(units, row["lead_unit"], language),
        "supporting_units": unit_names(units, row["supporting_units"], language),
        "status": choose(STATUS_WORDS[row["status"]], language),
        "closed_year": closed or None,
    }
    return cells | {"seal": seal_of(cells)}


def _rounded(value: object) -> float | None:
    return None if is_missing(value) else round(float(value), _DECIMALS)  # type: ignore[arg-type]


def _title(standard: Standard, language: str, county: str, year: int | None) -> str:
    title = choose(_TITLE, language)
    short, at = choose(standard.short, language), "" if year is None else str(year)
    if language == "zh":
        return f"{county}{title}（{f'{at}学年，' if at else ''}{short}）"
    return f"{f'{county}: ' if county else ''}{title}, {short}{f', school year {at}' if at else ''}"


def _write_row(sheet: Any, place: int, cells: dict[str, Any], number_formats: dict[str, str], formats: Formats) -> None:
    for at, (name, column) in enumerate(COLUMNS.items()):
        look = formats["fill"] if column.filled_in else formats.locked(number_formats.get(name, ""))
        value = cells[name]
        if value is None:
            sheet.write_blank(place, at, None, look)
        elif isinstance(value, str):
            sheet.write_string(place, at, clean_text(value), look)
        else:
            sheet.write_number(place, at, float(value), look)


def _finish(sheet: Any, n_rows: int, units: Units, language: str) -> None:
    names = list(COLUMNS)
    last = _HEADER_ROW + max(n_rows, 1)
    statuses = [choose(words, language) for words in STATUS_WORDS.values()]
    hints = {name: {"input_message": choose(hint, language)} for name, hint in HINTS.items()}
    at = names.index("status")
    sheet.data_validation(_HEADER_ROW + 1, at, last, at, {"validate": "list", "source": statuses, **hints["status"]})
    for name in ("measure", "supporting_units", "deadline", "evidence"):
        at = names.index(name)
        sheet.data_validation(_HEADER_ROW + 1, at, last, at, {"validate": "any", **hints[name]})
    leads = [clean_text(choose(words, language)) for words in units.names.values()]
    if len(",".join(leads)) <= _LONGEST_LIST and not any(mark in name for name in leads for mark in _NOT_IN_LIST):
        at = names.index("lead_unit")
        free = {"validate": "list", "source": leads, "error_type": "information", **hints["lead_unit"]}
        sheet.data_validation(_HEADER_ROW + 1, at, last, at, free)
    sheet.freeze_panes(_HEADER_ROW + 1, 2)
    sheet.autofilter(_HEADER_ROW, 0, last, len(names) - 1)
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(8)  # A3: fifteen columns
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
