"""What a report found, in the few numbers that its journal line carries for the page over all reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from balancelab.page.blocks import BLOCK_VERDICTS, COEFFICIENTS

_DIGITS = 4  # a picture of the years needs no more


def results_of(blocks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Gather the verdicts of the evaluation's blocks and the coefficients of variation that a report shows.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON of a finished report.

    Returns
    -------
    dict
        ``blocks``: id of a block of the evaluation → [mark id, its name in the report's language]; ``cv``: stage →
        indicator → [coefficient, limit, mark id], the numbers to four places and null where there is none; ``names``:
        [stage, indicator, their names in the report's language] of the coefficient nearest to its limit or farthest
        above it. Each only where the report shows it.
    """
    found: dict[str, Any] = {}
    for block in blocks:
        if block["kind"] == "verdict" and block.get("part"):
            found.setdefault("blocks", {}).setdefault(block["part"]["id"], [block["state"], block["part"]["label"]])
        elif block.get("about") == BLOCK_VERDICTS:
            found["blocks"] = {
                key: [row["state"], row["block"]] for (key,), row in _rows(block) if row["state"] is not None
            }
        elif block.get("about") == COEFFICIENTS:
            found.update(_coefficients(block))
    return found


def worst(coefficients: Mapping[str, Mapping[str, Any]]) -> tuple[str, str] | None:
    """
    Find the coefficient that is the largest share of its limit; without any limit, the largest.

    Parameters
    ----------
    coefficients : mapping
        ``cv`` of `results_of`.

    Returns
    -------
    (str, str) or None
        Stage and indicator; the first of several that are equal.

    Examples
    --------
    >>> worst({"primary": {"books": [0.45, 0.5, "met"]}, "junior": {"books": [0.44, 0.4, "failed"]}})
    ('junior', 'books')
    """
    judged = [
        (limit is not None, value / limit if limit else value, (stage, indicator))
        for stage, here in coefficients.items()
        for indicator, (value, limit, _) in here.items()
        if value is not None
    ]
    return max(judged, key=lambda entry: entry[:2])[2] if judged else None


def _coefficients(block: Mapping[str, Any]) -> dict[str, Any]:
    table: dict[str, dict[str, Any]] = {}
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for (stage, indicator), row in _rows(block):
        table.setdefault(stage, {})[indicator] = [_short(row["value"]), _short(row["limit"]), row["state"]]
        names[stage, indicator] = (row["stage_name"], row["name"])
    chosen = worst(table)
    return {"cv": table} | ({"names": [*chosen, *names[chosen]]} if chosen else {})


def _rows(block: Mapping[str, Any]) -> Iterable[tuple[list[str], dict[str, Any]]]:
    """Ids and cells of each row."""
    columns = [column["id"] for column in block["columns"]]
    return [
        (keys, dict(zip(columns, row, strict=True))) for keys, row in zip(block["keys"], block["rows"], strict=True)
    ]


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)
