"""Personal data in a school table: told by the header and by the shape of identity numbers, and kept out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.findings import Faults, printable
from balancelab.intake.grid import Grid
from balancelab.intake.schema import folded, header_key

_IDENTITY_SHAPE = r"(?:^|[^0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?:[^0-9]|$)"
_IDENTITY = re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9])")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ASCII_WORD = re.compile(r"[a-z]+")


def mentions(header: str, words: Iterable[str]) -> bool:
    """Whether a header holds one of `words`: an English one as whole words, a Chinese one anywhere."""
    key = folded(header)
    tokens = set(_ASCII_WORD.findall(header.casefold()))
    for word in words:
        plain = folded(word)
        if plain.isascii():
            if set(_ASCII_WORD.findall(plain)) <= tokens or (len(plain) > 6 and header_key(word) in header_key(header)):
                return True
        elif plain in key:
            return True
    return False


def check_identity_numbers(
    grid: Grid, names: Sequence[str], numeric: set[int], body: np.ndarray, faults: Faults
) -> set[int]:
    """
    Refuse identity-card numbers wherever they stand.

    Parameters
    ----------
    grid : Grid
    names : sequence of str
        Header of each column.
    numeric : set of int
        Columns of numbers, which are not searched: a large amount is no identity number.
    body : ndarray of int64
        Positions of the schools' rows.
    faults : Faults

    Returns
    -------
    set of int
        The columns that hold some.
    """
    found: set[int] = set()
    for position, column in enumerate(grid.columns):
        if position in numeric or not pa.types.is_string(column.type):
            continue
        cells = column.take(pa.array(body))
        hits = cells.filter(pc.match_substring_regex(cells, _IDENTITY_SHAPE)).to_pylist()
        count = sum(any(_is_identity(number) for number in _IDENTITY.findall(text)) for text in hits)
        if count:
            name = printable(names[position]) if position < len(names) else ""
            faults.positions.setdefault(name, grid.first_column + position)
            faults.add("PERSONAL_ID", column=name, count=count, n=count)
            found.add(position)
    return found


def _is_identity(number: str) -> bool:
    """Check digit and date of birth of an 18-digit identity number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _IDENTITY_WEIGHTS, strict=True))
    month, day = int(number[10:12]), int(number[12:14])
    return "10X98765432"[total % 11] == number[17].upper() and 1 <= month <= 12 and 1 <= day <= 31
