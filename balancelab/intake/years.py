"""The year of each row, in whatever way a bureau writes a school year."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.identity import BLANKS, FULLWIDTH, INVISIBLE, encoded_once, note_special
from balancelab.intake.schema import folded

_SCHOOL_YEAR = re.compile(
    r"((?:19|20)[0-9]{2})\s*(?:学年度?|年度?)?(?:\s*[-/—–~～至]\s*((?:19|20)?[0-9]{2}))?\s*(?:学年度?|年度?)?"
)
_SERIAL_DAYS = range(36526, 54789)
"""Excel's day numbers of 2000 to 2049: a year typed as a date."""


def read_years(body: Body, column: Column) -> np.ndarray:
    """
    Return the years, NaN where there is none.

    ``2024``, ``2024.0``, ``2024年``, ``2024-2025学年`` are 2024; anything outside the schema's limits is refused.

    Returns
    -------
    ndarray of float64, shape (n,)
        [year]
    """
    texts, special = body.texts(column), body.special(column)
    unique, which = encoded_once(texts)
    low, high = int(column.field.minimum or 0), int(column.field.maximum or 9999)
    years, changed, bad, missing = [], [], [], []
    for text in unique:
        year, plain = _year(text)
        inside = year is not None and low <= year <= high
        years.append(float(year) if inside and year is not None else np.nan)
        changed.append(inside and not plain)
        missing.append(folded(text) in body.schema.missing)
        bad.append(not inside and not missing[-1])
    values = np.array(years, dtype=float)[which] if len(which) else np.array([], dtype=float)
    note_special(body, column, texts, special)
    values[list(special)] = np.nan
    wrong = [at for at in np.flatnonzero(np.array(bad, dtype=bool)[which]).tolist() if at not in special]

    def add(at: int) -> None:
        raw = texts[at].as_py()
        body.faults.add(
            "YEAR_RANGE",
            row=int(body.rows[at]),
            column="year",
            raw=raw,
            minimum=low,
            maximum=high,
            hint=_year_hint(raw),
        )

    body.each("YEAR_RANGE", wrong, "year", add)
    _note_year_spelling(body, column, texts, values, np.flatnonzero(np.array(changed, dtype=bool)[which]))
    gone = np.array(missing, dtype=bool)[which]
    gone[list(special)] = False
    body.missing[column.name] = (gone, {})
    return values


def _year(text: str) -> tuple[int | None, bool]:
    """Return the year that `text` names, and whether it is written plainly."""
    plain = text.strip()
    if re.fullmatch(r"[0-9]{4}(\.0+)?", plain):
        return int(plain[:4]), True
    narrow = BLANKS.sub("", INVISIBLE.sub("", text).translate(FULLWIDTH))
    match = _SCHOOL_YEAR.fullmatch(narrow)
    if not match:
        return (int(float(plain)), True) if re.fullmatch(r"[0-9]{1,6}(\.0+)?", plain) else (None, False)
    first, second = int(match.group(1)), match.group(2)
    if second is not None and int(second[-2:]) != (first + 1) % 100:
        return None, False
    return first, False


def _year_hint(raw: str) -> tuple[str, str]:
    digits = raw.strip().split(".")[0]
    if digits.isascii() and digits.isdigit() and len(digits) == 5 and int(digits) in _SERIAL_DAYS:
        return "；像是日期的序列号", "; it looks like the day number of a date"
    return "", ""


def _note_year_spelling(body: Body, column: Column, texts: Any, values: np.ndarray, cells: np.ndarray) -> None:
    cells = cells[np.isfinite(values[cells])]
    if not len(cells):
        return
    raw, value = texts[int(cells[0])].as_py(), str(int(values[cells[0]]))
    detail = ("学年写法", "spelling of the school year")
    body.faults.add(
        "NUM_NORMALISED", column=column.name, count=len(cells), n=len(cells), raw=raw, value=value, detail=detail
    )
    body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), values[cells], "school year")
