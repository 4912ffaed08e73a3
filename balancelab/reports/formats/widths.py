"""
How wide columns must be: estimated from the characters, the same for PDF, Word and Excel.

A Chinese character is one em wide, a Latin letter or digit a little over half. The estimate is generous, so that what
is planned to fit does fit whatever font a reader has.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from balancelab.reports.formats.reading import Cell

LONGEST_WORD = 20  # characters without a space; renderers may break longer ones anywhere
_LAST_RESORT = (6.5, 6.0)  # before a table is cut into parts [pt]
PADDING = 0.9  # left and right of a cell together [em]

_NARROW = {"N": 0.57, "Na": 0.57, "H": 0.57}
_CAPITAL = 0.68
_BOLD = 1.06
_CJK_LEAST = 4.0  # a Chinese text may wrap, but not into a pillar of single characters
_NAME_LEAST = 6.0  # the column that names the row
_TEXT_COMFORT = (11.0, 18.0)  # a text in two lines, within these bounds
_TEXT_MOST = 60.0
_LABEL_WHOLE = 3.5  # a heading up to here stands in one line
_STRETCH = 1.35
_NEARLY_FULL = 1.7  # a table that can fill the sheet by growing less than this does so
_TOLERANCE = 0.15  # fonts differ a little from the estimate [em]
_SPACED = 0.25  # room that typesetters put between a Chinese character and a Latin letter [em]
SIGN_GAP = 0.25  # between a number and its sign [em]
GAP = 0.9  # more room before text that follows a column of numbers [em]
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_SEAMS = re.compile(r"(?<=[\u2e80-\u9fff])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])(?=[\u2e80-\u9fff])")
_PIECES = re.compile(r"[\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")


@dataclass(frozen=True)
class Need:
    """
    Room that one column wants.

    Attributes
    ----------
    least : float
        Below this a number would break. [em]
    comfort : float
        Wraps, but reads well. [em]
    natural : float
        Nothing wraps. [em]
    """

    least: float
    comfort: float
    natural: float


@dataclass(frozen=True)
class Fit:
    """
    How a table stands on the sheet.

    Attributes
    ----------
    size : float
        Size of its text. [pt]
    landscape : bool
        Whether it needs the sheet turned.
    parts : tuple of tuple of int
        Columns shown together; more than one part if even the turned sheet is too narrow.
    """

    size: float
    landscape: bool
    parts: tuple[tuple[int, ...], ...]


def text_width(text: str) -> float:
    """
    Estimate how wide a text is.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    float
        Width. [em]

    Examples
    --------
    >>> text_width("学校"), round(text_width("0.5"), 2)
    (2.0, 1.71)
    """
    widths = [
        _CAPITAL if letter.isupper() else _NARROW.get(unicodedata.east_asian_width(letter), 1.0) for letter in text
    ]
    return sum(widths) + _SPACED * len(_SEAMS.findall(text))


def cell_columns(text: str) -> int:
    """
    Count the half-width columns that a text takes in a spreadsheet.

    Examples
    --------
    >>> cell_columns("学校 1")
    6
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def column_needs(block: Mapping[str, Any]) -> list[Need]:
    """
    Room that each column of a table wants.

    Parameters
    ----------
    block : mapping
        A table block of a `Report`.

    Returns
    -------
    list of Need
        One per column.
    """
    rows: list[list[Cell]] = block["cells"]
    before = gaps(block)
    return [
        _need(column, [row[at] for row in rows], is_name=at == block["row_header"], gap=GAP if before[at] else 0.0)
        for at, column in enumerate(block["columns"])
    ]


def fit(
    needs: Sequence[Need],
    *,
    portrait: float,
    landscape: float,
    sizes: Sequence[float] = (9.0, 8.5, 8.0, 7.5, 7.0),
    row_header: int = 0,
) -> Fit:
    """
    Choose size, orientation and, if need be, parts, so that nothing is cut.

    The upright sheet is preferred as long as it reads well; then the turned one; then parts that repeat the column
    which names the row.

    Parameters
    ----------
    needs : sequence of Need
        What the columns want.
    portrait, landscape : float
        Room for text. [pt]
    sizes : sequence of float
        Allowed sizes of text, largest first. [pt]
    row_header : int
        Column that names the row.

    Returns
    -------
    Fit
        The first that holds everything.

    Examples
    --------
    >>> fit([Need(6, 8, 10)] * 4, portrait=480, landscape=730)
    Fit(size=9.0, landscape=False, parts=((0, 1, 2, 3),))
    """
    whole = (tuple(range(len(needs))),)
    comfort = sum(need.comfort + PADDING for need in needs)
    least = sum(need.least + PADDING for need in needs)
    ways = ((portrait, False, (1.0, 0.5, 0.2), sizes), (landscape, True, (1.0, 0.5, 0.0), (*sizes, *_LAST_RESORT)))
    for room, turned, demands, allowed in ways:
        for demand in demands:
            for size in allowed:
                if (least + demand * (comfort - least)) * size <= room:
                    return Fit(size, turned, whole)
    return Fit(sizes[-1], True, _parts(needs, landscape / sizes[-1], row_header))


def balanced(label: str, room: float) -> list[str]:
    """
    Break a Chinese heading into lines of like length, so that no character is left alone on the last.

    Parameters
    ----------
    label : str
        Heading of a column.
    room : float
        Width of a line. [em]

    Returns
    -------
    list of str
        One line if the heading fits or is not all Chinese: those break at their spaces.

    Examples
    --------
    >>> balanced("骨干教师", 3.5), balanced("骨干教师", 4)
    (['骨干', '教师'], ['骨干教师'])
    """
    if not _CHINESE.fullmatch(label) or len(label) <= room:
        return [label]
    lines = math.ceil(len(label) / max(math.floor(room), 1))
    ends = [len(label) * line // lines for line in range(lines + 1)]
    return [label[start:end] for start, end in pairwise(ends)]


def share(needs: Sequence[Need], room: float) -> list[float]:
    """
    Give each column its width.

    Every column gets its least; what is left goes first to reading well, then to not wrapping. A table that is much
    narrower than the sheet stays narrow: numbers pulled far from their names are hard to read.

    Parameters
    ----------
    needs : sequence of Need
        What the columns want.
    room : float
        Room for all of them. [em]

    Returns
    -------
    list of float
        Widths with padding, never above the room in total. [em]

    Examples
    --------
    >>> share([Need(2, 3, 4), Need(2, 6, 10)], 100)
    [6.61, 14.71]
    >>> share([Need(2, 3, 4), Need(2, 6, 10)], 12.8)
    [4.3, 8.5]
    """
    widths = [need.least + PADDING for need in needs]
    for wanted in ([need.comfort + PADDING for need in needs], [need.natural + PADDING for need in needs]):
        widths = _grow(widths, wanted, room)
    total = sum(widths)
    stretch = room / total if room < total * _NEARLY_FULL else min(room / total, _STRETCH)
    # rounded down, so that the sum cannot exceed the room by a hair
    return [int(width * stretch * 100) / 100 for width in widths]


def gaps(block: Mapping[str, Any]) -> list[bool]:
    """
    Which columns need a gap before them: text that begins where right-aligned numbers end would touch them.

    Parameters
    ----------
    block : mapping
        A table block of a `Report`.

    Returns
    -------
    list of bool
        One per column.
    """
    sides = ["left", *(column["align"] for column in block["columns"])]
    return [before == "right" and side == "left" for before, side in pairwise(sides)]


def sign_room(block: Mapping[str, Any]) -> list[float]:
    """
    Room that each column keeps free for signs beside its values, so that digits stay aligned.

    Parameters
    ----------
    block : mapping
        A table block of a `Report`.

    Returns
    -------
    list of float
        One per column, 0 where there are none. [em]
    """
    rows: list[list[Cell]] = block["cells"]
    longest = [max((len(row[at].sign) for row in rows), default=0) for at in range(len(block["columns"]))]
    return [most + SIGN_GAP if most else 0.0 for most in longest]


def _grow(widths: Sequence[float], wanted: Sequence[float], room: float) -> list[float]:
    """Widths grown towards those wanted, all by the same share of what they lack."""
    lacking = [max(goal - width, 0.0) for width, goal in zip(widths, wanted, strict=True)]
    spare = max(room - sum(widths), 0.0)
    part = min(1.0, spare / sum(lacking)) if sum(lacking) else 0.0
    return [width + part * lack for width, lack in zip(widths, lacking, strict=True)]


def _need(column: Mapping[str, Any], shown: Sequence[Cell], *, is_name: bool, gap: float) -> Need:
    """Room that one column wants."""
    label, unit = column["label"], column["unit"] or ""
    longest = max((len(cell.sign) for cell in shown), default=0)
    signs = longest + SIGN_GAP if longest else 0.0
    whole = text_width(label) * _BOLD
    label_least = max(_longest_piece(label) * _BOLD, min(whole, _LABEL_WHOLE), text_width(unit) * 0.9)
    label_comfort = max(label_least, whole / 2 + 0.5)
    full = max((text_width(cell.text) * (_BOLD if cell.state else 1.0) for cell in shown), default=0.0)
    if column["kind"] != "text":
        extra = signs + gap + _TOLERANCE
        least = max(full, label_least) + extra
        return Need(least, max(full, label_comfort) + extra, max(full, whole) + extra)
    natural = min(max(full, whole), _TEXT_MOST)
    piece = max((_longest_piece(cell.text) for cell in shown), default=0.0)
    low, high = _TEXT_COMFORT
    least = max(label_least, piece, min(full, _NAME_LEAST if is_name else _CJK_LEAST))
    comfort = max(least, label_comfort, min(full, max(low, min(natural / 2 + 1, high))))
    extra = gap + _TOLERANCE
    return Need(least + extra, comfort + extra, max(comfort, natural) + extra)


def _longest_piece(text: str) -> float:
    """Width of the longest stretch without a place to break; renderers break very long words. [em]"""
    pieces = _PIECES.split(text)
    return max((text_width(piece[:LONGEST_WORD]) for piece in pieces), default=0.0)


def _parts(needs: Sequence[Need], room: float, row_header: int) -> tuple[tuple[int, ...], ...]:
    """Columns in groups of like width that fit, each with the column that names the row."""
    name = needs[row_header].least + PADDING
    others = {at: need.least + PADDING for at, need in enumerate(needs) if at != row_header}
    parts = _filled(others, room - name)
    for step in range(20):  # as few parts as possible, but not a last one of a single column
        even = sum(others.values()) / max(len(parts), 1) * (1 + step / 20)
        tried = _filled(others, min(even, room - name))
        if len(tried) == len(parts):
            parts = tried
            break
    return tuple(tuple(sorted([row_header, *part])) for part in parts) or ((row_header,),)


def _filled(wanted: Mapping[int, float], room: float) -> list[list[int]]:
    """Columns one after another into parts of a given width."""
    parts: list[list[int]] = []
    left = 0.0
    for at, width in wanted.items():
        if not parts or width > left:
            parts.append([])
            left = room
        parts[-1].append(at)
        left -= width
    return parts
