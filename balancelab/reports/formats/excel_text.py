"""Names of sheets and formats of numbers, as Excel takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from balancelab.page.display import MINUS
from balancelab.reports.formats.reading import Cell

LONGEST_NAME = 31  # UTF-16 units of a sheet's name
# an apostrophe and an exclamation mark are allowed, but mean something in references to the sheet
_FORBIDDEN = re.compile(r"[\[\]:*?/\\'!]")


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """
    Make a name that Excel takes for a sheet.

    Parameters
    ----------
    wanted : str
        Any text.
    taken : iterable of str
        Names in use; Excel does not tell capitals from small letters.

    Returns
    -------
    str
        At most 31 characters, none of ``[ ] : * ? / \\ ' !``, unlike every other.

    Examples
    --------
    >>> sheet_name("表 1 达标/未达标", []), sheet_name("A", ["a"])
    ('表 1 达标 未达标', 'A 2')
    """
    used = {name.casefold() for name in taken}
    base = " ".join(_FORBIDDEN.sub(" ", wanted).split()) or "1"
    number = 1
    while True:
        ending = f" {number}" if number > 1 else ""
        name = shorten(base, LONGEST_NAME - len(ending)).strip() + ending
        if name.casefold() not in used:
            return name
        number += 1


def number_format(value: float, cell: Cell, column: Mapping[str, Any], *, room: str) -> str:
    """
    Excel's format that shows a number as the report does, with its sign behind it.

    Excel rounds half away from zero, the report half to even (GB/T 8170): in the rare cell where the two differ, the
    report's digits are given as literal text; the number itself stays in the cell.

    Parameters
    ----------
    value : number
        Unrounded.
    cell : Cell
        How the report shows it.
    column : mapping
        Description of its column.
    room : str
        Longest sign of the column; room for it is kept free, so that digits stay aligned.

    Returns
    -------
    str
        Number format.

    Examples
    --------
    >>> number_format(0.1266, Cell("0.13", "×", "failed"), {"kind": "number", "decimals": 2}, room="×")
    '#,##0.00" ×";"−"#,##0.00" ×"'
    >>> number_format(0.125, Cell("0.12", "", None), {"kind": "number", "decimals": 2}, room="")
    '"0.12";"0.12";"0.12"'
    """
    percent = column["kind"] == "percent"
    digits = cell.text.rstrip("%")
    decimals = len(digits.partition(".")[2])
    sign = f'" {cell.sign}"' if cell.sign else ""
    free = "".join(f"_{letter}" for letter in (room[len(cell.sign) :] if cell.sign else f" {room}" if room else ""))
    if _as_excel_shows(value, decimals, percent=percent) != cell.text:
        return ";".join([f'"{cell.text}"{sign}{free}'] * 3)
    shape = "#,##0" + ("." + "0" * decimals if decimals else "") + ("%" if percent else "")
    return f'{shape}{sign}{free};"{MINUS}"{shape}{sign}{free}'


def _as_excel_shows(value: float, decimals: int, *, percent: bool) -> str:
    """Text that Excel makes of a number: rounded half away from zero."""
    exact = Decimal(str(value)) * (100 if percent else 1)
    with localcontext(prec=1000):
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{MINUS if exact < 0 else ''}{abs(rounded):,f}{'%' if percent else ''}"


def shorten(text: str, most: int) -> str:
    """
    Cut a text to a number of UTF-16 units, never through a character.

    Examples
    --------
    >>> shorten("a𠮷b", 2), shorten("a𠮷b", 3)
    ('a', 'a𠮷')
    """
    text = text[:most]
    while len(text.encode("utf-16-le")) // 2 > most:
        text = text[:-1]
    return text
