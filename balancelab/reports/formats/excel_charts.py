"""Native charts of the workbook: the reader can restyle them, and they follow the cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from balancelab.page.display import cell_text
from balancelab.page.theme import ACCENT, LIMIT, RULE
from balancelab.page.words import Pair, choose

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FEWEST, MOST = 3, 40  # rows that a bar chart makes clearer
_ROW_HEIGHT = 20  # of a sheet's row [pixels]
_BAR_HEIGHT, _FRAME_HEIGHT = 26, 110  # [pixels]
_WIDTH = 760  # [pixels]

_ALT: Pair = {
    "zh": "条形图：{caption}。共 {n} 项，最小 {low}，最大 {high}。数据见上表。",
    "en": "Bar chart: {caption}. {n} bars, lowest {low}, highest {high}. The table above holds the data.",
}


@dataclass(frozen=True)
class Chart:
    """
    What one chart shows.

    Attributes
    ----------
    title : str
        The table's caption, and the part of the table if it has several.
    value : int
        Column of the bars.
    limit : int or None
        Column of the limit beside each bar.
    names : int
        Column of the names.
    rows : tuple of int
        First and last row.
    """

    title: str
    value: int
    limit: int | None
    names: int
    rows: tuple[int, int]


def charts_of(block: Mapping[str, Any]) -> list[Chart]:
    """
    Choose what to draw: the first column of shares, or values beside their limits.

    Only numbers of one kind are drawn together: values of different units stand in tables that also hold a share. If
    rows are named by their second column, the first one says which part they belong to, and each part is a chart.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    list of Chart
        Empty where a chart would say nothing, or more than can be read.

    Examples
    --------
    >>> charts_of({"columns": [{"id": "school", "kind": "text"}], "rows": [["a"]] * 5, "row_marks": [None] * 5,
    ...            "row_header": 0, "caption": "Schools"})
    []
    """
    by_id = {column["id"]: at for at, column in enumerate(block["columns"]) if column["kind"] == "number"}
    shares = [at for at, column in enumerate(block["columns"]) if column["kind"] == "percent"]
    if shares:
        value, limit = shares[0], None
    elif "value" in by_id and "limit" in by_id:
        value, limit = by_id["value"], by_id["limit"]
    else:
        return []
    charts = []
    for part, first, last in _parts(block):
        known = [row[value] for row in block["rows"][first : last + 1] if row[value] is not None]
        if len(known) >= FEWEST and last - first < MOST:
            title = f"{block['caption']} · {part}" if part else block["caption"]
            charts.append(Chart(title, value, limit, block["row_header"], (first, last)))
    return charts


def add_charts(
    workbook: Workbook, sheet: Worksheet, block: Mapping[str, Any], *, name: str, first: int, below: int
) -> None:
    """
    Put charts below a table where they help.

    Parameters
    ----------
    workbook, sheet : Workbook, Worksheet
        Where they go.
    block : mapping
        JSON of a table block.
    name : str
        Name of the sheet.
    first : int
        Sheet row of the table's first row.
    below : int
        First free row of the sheet.
    """
    for chosen in charts_of(block):
        top, bottom = (first + row for row in chosen.rows)
        chart = workbook.add_chart({"type": "bar"})
        bars: list[tuple[int, dict[str, Any], dict[str, Any]]] = [(chosen.value, {"color": ACCENT}, {"none": True})]
        if chosen.limit is not None:
            bars.append((chosen.limit, {"none": True}, {"color": LIMIT, "width": 1.25}))
        for column, fill, border in bars:
            chart.add_series(
                {
                    "name": [name, first - 1, column],
                    "categories": [name, top, chosen.names, bottom, chosen.names],
                    "values": [name, top, column, bottom, column],
                    "fill": fill,
                    "border": border,
                    "gap": 60,
                }
            )
        height = _FRAME_HEIGHT + _BAR_HEIGHT * (bottom - top + 1)
        _dress(chart, chosen, percent=block["columns"][chosen.value]["kind"] == "percent", height=height)
        sheet.insert_chart(below + 1, 0, chart, {"description": _alt(block, chosen), "object_position": 2})
        below += 2 + height // _ROW_HEIGHT


def _dress(chart: Any, chosen: Chart, *, percent: bool, height: int) -> None:
    """Title, axes and size."""
    chart.set_title({"name": chosen.title, "name_font": {"size": 11}})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}, "line": {"color": RULE}})
    grid = {"visible": True, "line": {"color": RULE, "width": 0.5}}
    chart.set_x_axis({"num_format": "0%" if percent else "0.00", "major_gridlines": grid, "min": 0})
    chart.set_legend({"none": True} if chosen.limit is None else {"position": "bottom"})
    chart.set_size({"width": _WIDTH, "height": height})


def _alt(block: Mapping[str, Any], chosen: Chart) -> str:
    """What the chart shows, for those who cannot see it."""
    values = [row[chosen.value] for row in block["rows"][chosen.rows[0] : chosen.rows[1] + 1]]
    known = [value for value in values if value is not None]
    column = block["columns"][chosen.value]
    low, high = (cell_text(value, column, block["language"]) for value in (min(known), max(known)))
    text = choose(_ALT, block["language"])
    for key, shown in (("n", str(len(known))), ("low", low), ("high", high)):
        text = text.replace(f"{{{key}}}", shown)
    # the caption may hold names from data: it is put in last, so that nothing in it is looked at
    return text.replace("{caption}", chosen.title)


def _parts(block: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Runs of rows between totals that belong together: what they share, first and last row."""
    shared = [row[0] if block["row_header"] == 1 else "" for row in block["rows"]]
    parts: list[tuple[str, int, int]] = []
    for at, mark in enumerate(block["row_marks"]):
        if mark == "total":
            continue
        if parts and parts[-1][2] == at - 1 and parts[-1][0] == shared[at]:
            parts[-1] = (*parts[-1][:2], at)
        else:
            parts.append((shared[at], at, at))
    return [(str(part or ""), first, last) for part, first, last in parts]
