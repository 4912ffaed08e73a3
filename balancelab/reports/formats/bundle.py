"""
The numbers of a report for programs: results.json, one tidy CSV per table, and a datapackage.json that explains them.

``results.json`` holds everything that the blocks say but their pictures. The CSV files hold the same unrounded numbers
by column id. All of it is a function of the blocks: the same blocks, the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from balancelab.page.blocks import KINDS
from balancelab.page.display import clean_text
from balancelab.page.marks import MARKS, mark_word
from balancelab.reports.formats import archive
from balancelab.reports.formats.reading import Report, read_report
from balancelab.reports.jsontext import json_text

FORMAT = "balancelab-results"
VERSION = 1

# what a spreadsheet program may take for a formula, in half and full width (OWASP, "CSV Injection")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_QUOTE = "'"
_MARK_ENDING = "_mark"
_PICTURES = ("svg", "png")
_BOM = "\ufeff"


def render_json(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> bytes:
    """
    Write everything that a report says, without pictures, as JSON.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON.
    title : str, optional
        By default the title that the page gives itself.
    language : str
        Language of the report.

    Returns
    -------
    bytes
        UTF-8 JSON: ``format``, ``version``, ``title``, ``subtitle``, ``language``, ``verdict`` (a mark id or null),
        ``facts`` (what the page is about, see `balancelab.page.blocks`), ``provenance`` (pairs of label and value) and
        ``blocks`` as `balancelab.page.blocks` describes them, in the
        order of the page and without ``svg`` and ``png``.

    Raises
    ------
    ValueError
        If there is no title, or the language or a kind of block is unknown.
    """
    given = list(blocks)
    return _results(given, read_report(given, title=title, language=language))


def bundle_files(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> dict[str, bytes]:
    """
    Write results.json, the tables as CSV and their description.

    Parameters
    ----------
    blocks, title, language
        As `render_json`.

    Returns
    -------
    dict of str to bytes
        ``datapackage.json``, ``results.json``, ``tables/table_01.csv``, … by name.

    Raises
    ------
    ValueError
        As `render_json`.
    """
    given = list(blocks)
    report = read_report(given, title=title, language=language)
    tables = {f"tables/table_{at:02d}.csv": block for at, block in enumerate(report.of_kind("table"), start=1)}
    return {
        "datapackage.json": _dump(_package(report, tables)),
        "results.json": _results(given, report),
        **{name: table_csv(block) for name, block in tables.items()},
    }


def render_bundle(blocks: Iterable[Mapping[str, Any]], *, title: str | None = None, language: str) -> bytes:
    """
    Pack `bundle_files` into one zip archive.

    Parameters
    ----------
    blocks, title, language
        As `render_json`.

    Returns
    -------
    bytes
        A .zip; the same for the same blocks and ``SOURCE_DATE_EPOCH``.

    Raises
    ------
    ValueError
        As `render_json`.
    """
    return archive.pack(bundle_files(blocks, title=title, language=language))


def table_csv(block: Mapping[str, Any]) -> bytes:
    r"""
    Write one table as CSV.

    Parameters
    ----------
    block : mapping
        JSON of a table block.

    Returns
    -------
    bytes
        UTF-8 with a byte order mark, lines ended by CR LF (RFC 4180). The header holds column ids; numbers are
        unrounded and shares stay shares; verdicts and marks are mark ids; nothing stands where nothing is known.

    Examples
    --------
    >>> column = {"id": "school", "label": "School", "kind": "text", "unit": None, "decimals": None}
    >>> table_csv({"columns": [column], "rows": [["=1+1"]], "marks": [[None]], "row_marks": [None]}).decode("utf-8-sig")
    "school\r\n'=1+1\r\n"
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    fields = _fields(block)
    writer.writerow([safe_text(field["name"]) for field in fields])
    marked = _marked_columns(block)
    for row, marks, row_mark in zip(block["rows"], block["marks"], block["row_marks"], strict=True):
        values = [*row, *(marks[at] for at in marked), *([row_mark] if any(block["row_marks"]) else [])]
        writer.writerow([_csv_value(value) for value in values])
    return (_BOM + out.getvalue()).encode("utf-8")


def safe_text(text: str) -> str:
    """
    Put a quote before a text that a spreadsheet program may take for a formula, and before one that begins with one.

    Parameters
    ----------
    text : str
        Any text. Numbers are not passed through here: a negative number begins with a minus and is no formula.

    Returns
    -------
    str
        The text; whoever reads it takes one leading quote off.

    References
    ----------
    OWASP, "CSV Injection".

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("'tis"), safe_text("第一小学")
    ("'=1+1", "''tis", '第一小学')
    """
    return _QUOTE + text if text.startswith((*DANGEROUS, _QUOTE)) else text


def plain_text(text: str) -> str:
    """
    Undo `safe_text`.

    Examples
    --------
    >>> plain_text("'=1+1")
    '=1+1'
    """
    return text.removeprefix(_QUOTE)


def _results(given: Iterable[Mapping[str, Any]], report: Report) -> bytes:
    """Everything that the blocks say."""
    verdicts = report.of_kind("verdict")
    return json_text(
        {
            "format": FORMAT,
            "version": VERSION,
            "title": report.title,
            "subtitle": report.subtitle,
            "language": report.language,
            "verdict": verdicts[0]["state"] if verdicts else None,
            "facts": {key: value for block in report.of_kind("provenance") for key, value in _facts(block).items()},
            "provenance": [
                [entry["label"], entry["value"]] for block in report.of_kind("provenance") for entry in block["entries"]
            ],
            "blocks": [_without_pictures(block) for block in given if block["kind"] in KINDS],
        },
        parts="blocks",
    ).encode("utf-8")


def _facts(block: Mapping[str, Any]) -> Mapping[str, Any]:
    return block.get("facts") or {}


def _without_pictures(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block as it came, its texts clean, its pictures left out."""
    return {key: _clean(value) for key, value in block.items() if key not in _PICTURES}


def _clean(part: Any) -> Any:
    """Clean every text: a lone surrogate, for one, is no UTF-8."""
    if isinstance(part, str):
        return clean_text(part)
    if isinstance(part, Mapping):
        return {key: _clean(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_clean(value) for value in part]
    return part


def _package(report: Report, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The description of the tables (Frictionless Data Package, version 1)."""
    return {
        "profile": "tabular-data-package",
        "name": "balancelab-report",
        "title": report.title,
        "language": report.language,
        "description": "Tables of one report, unrounded. UTF-8 with a byte order mark. A text that begins with one of "
        "= + - @ TAB CR (or the full-width forms of the first four) or with a single quote has one single quote in "
        "front of it, so that no spreadsheet program takes it for a formula; take it off when reading. Numbers have "
        "none. / 报告各表，数值未修约，UTF-8（带 BOM）。以 = + - @ 制表符、回车（含全角）或单引号开头的文本前加一个"
        "单引号，防止被当作公式；读取时去掉一个即可。数字不加。",
        "marks": {mark: mark_word(mark, report.language) for mark in MARKS},
        "provenance": [
            {"label": entry["label"], "value": entry["value"]}
            for block in report.of_kind("provenance")
            for entry in block["entries"]
        ],
        "resources": [_resource(name, block) for name, block in tables.items()],
    }


def _resource(path: str, block: Mapping[str, Any]) -> dict[str, Any]:
    """One table's description."""
    described = {
        "profile": "tabular-data-resource",
        "name": path.rpartition("/")[2].removesuffix(".csv"),
        "path": path,
        "title": f"{block['number']} {block['caption']}",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": {"fields": _fields(block), "missingValues": [""]},
    }
    if block["note"]:
        described["description"] = block["note"]
    return described


def _fields(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns of a table's CSV: its own, then the marks of those that have any, then the marks of rows."""
    fields = [_field(column, [row[at] for row in block["rows"]]) for at, column in enumerate(block["columns"])]
    for at in _marked_columns(block):
        column = block["columns"][at]
        fields.append(_mark_field(column["id"] + _MARK_ENDING, column["label"]))
    if any(block["row_marks"]):
        fields.append(_mark_field("row" + _MARK_ENDING, None))
    return fields


def _field(column: Mapping[str, Any], values: list[Any]) -> dict[str, Any]:
    """One column's description."""
    numeric = column["kind"] in ("number", "percent")
    whole = all(isinstance(value, int) for value in values if value is not None)
    kind = ("integer" if whole else "number") if numeric else "string"
    field: dict[str, Any] = {"name": column["id"], "type": kind, "title": column["label"]}
    if column["unit"]:
        field["unit"] = column["unit"]
    if column["kind"] == "percent":
        field["description"] = "a share: 0.853 is 85.3 % / 比例：0.853 即 85.3%"
    if column["decimals"] is not None:
        field["decimals"] = column["decimals"]
    if column["kind"] == "verdict":
        field["constraints"] = {"enum": list(MARKS)}
    return field


def _mark_field(name: str, label: str | None) -> dict[str, Any]:
    """A column of mark ids."""
    field: dict[str, Any] = {"name": name, "type": "string", "constraints": {"enum": list(MARKS)}}
    return {**field, "title": label} if label else field


def _marked_columns(block: Mapping[str, Any]) -> list[int]:
    """Columns in which some cell has a mark."""
    return [at for at in range(len(block["columns"])) if any(row[at] for row in block["marks"])]


def _csv_value(value: Any) -> str:
    """One value; a number in the shortest digits that name it."""
    if value is None:
        return ""
    return safe_text(value) if isinstance(value, str) else repr(value)


def _dump(content: Any) -> bytes:
    """JSON for programs and for the eye."""
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")
