"""Blocks on sheets of A4, for PDF and Word: which tables need the sheet turned, which are shown in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from balancelab.reports.formats.reading import Report, split_columns
from balancelab.reports.formats.widths import column_needs, fit, share

# A4 less margins of 20 mm to the left and right, 23 mm above and 20 mm below [pt]
PORTRAIT_WIDTH, PORTRAIT_HEIGHT = 481.8, 720.0
LANDSCAPE_WIDTH = 728.0
SHORT_TABLE = 16  # rows; a shorter table is not broken over two sheets
POINTS_PER_MM = 72 / 25.4
_CAPTION_HEIGHT = 50.0  # of a figure, with the space around it [pt]


@dataclass(frozen=True)
class Item:
    """
    One block, or one part of a table that is too wide for a sheet.

    Attributes
    ----------
    block : dict
        Block JSON.
    panel : int
        Which part, from 0.
    size : float
        Size of a table's text; 0 for other kinds. [pt]
    widths : tuple of float
        Widths of a table's columns. [em]
    room : float
        Room for text on the sheet. [pt]
    """

    block: dict[str, Any]
    panel: int = 0
    size: float = 0.0
    widths: tuple[float, ...] = ()
    room: float = PORTRAIT_WIDTH


@dataclass
class Sheet:
    """A run of blocks on sheets of one orientation."""

    landscape: bool
    items: list[Item] = field(default_factory=list)


def lay_out(report: Report, *, portrait: float = PORTRAIT_WIDTH, landscape: float = LANDSCAPE_WIDTH) -> list[Sheet]:
    """
    Put a report's blocks on sheets.

    Parameters
    ----------
    report : Report
        The report.
    portrait, landscape : float
        Room for text on an upright and on a turned sheet. [pt]

    Returns
    -------
    list of Sheet
        None is empty; a heading stands on the sheet of what it heads.
    """
    sheets = [Sheet(landscape=False)]
    for block in report.blocks:
        items, turned = _items(block, portrait, landscape)
        if turned != sheets[-1].landscape:
            sheets.append(Sheet(turned, _take_headings(sheets[-1])))
        sheets[-1].items.extend(items)
    return [sheet for sheet in sheets if sheet.items]


def figure_width(item: Item) -> float:
    """
    Width in which a figure and its caption fit an upright sheet.

    Parameters
    ----------
    item : Item
        A figure block.

    Returns
    -------
    float
        Width. [pt]

    Examples
    --------
    >>> figure_width(Item({"width_mm": 100.0, "height_mm": 500.0})) < 283.4
    True
    """
    width, height = (item.block[side] * POINTS_PER_MM for side in ("width_mm", "height_mm"))
    return round(width * min(1.0, item.room / width, (PORTRAIT_HEIGHT - _CAPTION_HEIGHT) / height), 2)


def _items(block: dict[str, Any], portrait: float, landscape: float) -> tuple[list[Item], bool]:
    """One block as what stands on the sheet, and whether the sheet must be turned."""
    if block["kind"] != "table":
        return [Item(block, room=portrait)], False
    chosen = fit(column_needs(block), portrait=portrait, landscape=landscape, row_header=block["row_header"])
    room = landscape if chosen.landscape else portrait
    parts = [block] if len(chosen.parts) == 1 else split_columns(block, chosen.parts)
    items = []
    for panel, part in enumerate(parts):
        widths = share(column_needs(part), room / chosen.size)
        items.append(Item(part, panel, chosen.size, tuple(widths), room))
    return items, chosen.landscape


def _take_headings(sheet: Sheet) -> list[Item]:
    """Take the headings off the end of a sheet."""
    at = len(sheet.items)
    while at and sheet.items[at - 1].block["kind"] == "heading":
        at -= 1
    taken = sheet.items[at:]
    del sheet.items[at:]
    return taken
