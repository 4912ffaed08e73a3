"""
How values look: rounding once, for display only, and text without invisible troublemakers.

Every renderer prints numbers through `number_text` and table cells through `cell_text`; nothing else rounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from numbers import Number
from typing import Any

from balancelab.page.marks import mark_text

MISSING = "—"
MINUS = "−"
LONGEST_CELL = 300  # characters shown of a text; the block keeps it whole

# Control characters break Word and Excel writers, bidirectional controls let a name rewrite the line it stands in,
# zero-width spaces make equal names differ; lone surrogates and non-characters cannot be written as UTF-8 text at all.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile("[\t\r\n\u2028\u2029]+")


def clean_text(text: str) -> str:
    r"""
    Remove control and bidirectional characters; line breaks and tabs become one space.

    Parameters
    ----------
    text : str
        Any text, for example a school's name as a file gave it.

    Returns
    -------
    str
        The same text, safe to write in every format.

    Examples
    --------
    >>> clean_text("第一\u202e小学\x1b\n东校区")
    '第一小学 东校区'
    """
    return _INVISIBLE.sub("", _SPACES.sub(" ", text))


def is_missing(value: object) -> bool:
    """
    Whether a value stands for "no value": ``None``, NaN, ``pandas.NA``, ``NaT``.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(0)
    (True, False)
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    # NaN is the only number that is not equal to itself
    return isinstance(value, Number) and bool(value != value)


def is_truth(value: object) -> bool:
    """
    Whether a value is true or false, Python's or numpy's: neither counts as a number here.

    Examples
    --------
    >>> is_truth(False), is_truth(0)
    (True, False)
    """
    return type(value).__name__ in {"bool", "bool_"}


def round_half_even(value: Any, decimals: int) -> Decimal | None:
    """
    Round once by GB/T 8170-2008: half to even, on the decimal number itself.

    A float counts as the shortest decimal that names it, so 2.675 is a tie although its binary value lies below.

    Parameters
    ----------
    value : int, float, Fraction, Decimal or numpy number
        The unrounded number.
    decimals : int
        Digits after the point.

    Returns
    -------
    Decimal or None
        ``None`` for a missing or infinite value.

    Raises
    ------
    TypeError
        If the value is not a number.

    References
    ----------
    GB/T 8170-2008, clause 3.2.

    Examples
    --------
    >>> round_half_even(2.675, 2), round_half_even(2.665, 2), round_half_even(8.53459, 2)
    (Decimal('2.68'), Decimal('2.66'), Decimal('8.53'))
    """
    if is_missing(value):
        return None
    if is_truth(value) or not isinstance(value, Number):
        raise TypeError(f"not a number: {value!r}")
    if isinstance(value, Fraction):
        # Fraction rounds half to even itself
        return Decimal(round(value * 10**decimals)).scaleb(-decimals)
    exact = Decimal(str(value))
    if not exact.is_finite():
        return None
    with localcontext(prec=1000):
        return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def number_text(value: Any, decimals: int | None = None, *, percent: bool = False, group: bool = True) -> str:
    """
    Write a number for a reader.

    Parameters
    ----------
    value : number
        Unrounded.
    decimals : int, optional
        Digits after the point; by default as many as the number has, ten at most.
    percent : bool
        Write a share as a percentage: 0.853 as 85.3%.
    group : bool
        Separate thousands by a comma.

    Returns
    -------
    str
        ``—`` where there is no value.

    Raises
    ------
    TypeError
        If the value is not a number.

    Examples
    --------
    >>> number_text(9711.635, 2), number_text(0.125, 2), number_text(None, 2), number_text(0.5, 1, percent=True)
    ('9,711.64', '0.12', '—', '50.0%')
    """
    if is_missing(value):
        return MISSING
    if percent:
        value = (value if isinstance(value, Fraction) else Decimal(str(value))) * 100
    if decimals is None:
        decimals = _own_decimals(value)
    rounded = round_half_even(value, decimals)
    if rounded is None:
        return MISSING
    text = f"{abs(rounded):,f}" if group else f"{abs(rounded):f}"
    return (MINUS if rounded < 0 else "") + text + ("%" if percent else "")


def cell_text(value: Any, column: Mapping[str, Any], language: str) -> str:
    """
    Write one cell of a table block for a reader.

    Parameters
    ----------
    value : object
        Raw value from the block's ``rows``.
    column : mapping
        The block's description of the column (``kind``, ``decimals``).
    language : str
        Language of the block.

    Returns
    -------
    str
        What stands in the cell; of a very long text its beginning.

    Examples
    --------
    >>> cell_text(0.4567, {"kind": "number", "decimals": 3}, "zh")
    '0.457'
    >>> cell_text("met", {"kind": "verdict", "decimals": None}, "en")
    '✓ Met'
    """
    if value is None:
        return MISSING
    match column["kind"]:
        case "verdict":
            return mark_text(value, language)
        case "number":
            return number_text(value, column["decimals"])
        case "percent":
            return number_text(value, column["decimals"], percent=True)
        case _:
            return value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"


def _own_decimals(value: Any) -> int:
    """Digits after the point that a number has of its own; beyond ten they are noise of binary arithmetic."""
    rounded = round_half_even(value, 10)
    exponent = rounded.normalize().as_tuple().exponent if rounded is not None else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0
