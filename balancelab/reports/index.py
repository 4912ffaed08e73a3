"""What the one page over all reports tells: a row for each county and year, gathered from the journal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from balancelab.definitions import Text
from balancelab.page.disclosure import PUBLIC
from balancelab.page.display import clean_text
from balancelab.page.marks import MARKS
from balancelab.reports import journal
from balancelab.reports.formats import FORMATS
from balancelab.reports.output import CODE, Output
from balancelab.reports.portal import KINDS, NOT_MADE, render_index
from balancelab.reports.results import worst
from balancelab.reports.units import INDEX

__all__ = ["index_rows", "render_index", "write_index"]

_STEM = re.compile(
    r"(?P<year>[0-9]{4})/(?P<folder>[0-9A-Za-z_-]{1,40})/"
    r"(?P<name>[0-9A-Za-z_-]{1,80}(\.public)?)\.(?P<language>[0-9A-Za-z_-]{2,20})"
)
_WHOLE = "county"  # id of the verdict over all blocks of an evaluation


def write_index(output: Output, records: Iterable[Mapping[str, Any]]) -> None:
    """
    Write the page from the journal: every report of every run that is still there. The same page is not written again.
    The journal notes its hash.

    Parameters
    ----------
    output : Output
        The folder, entered.
    records : iterable of mappings
        Lines of its journal, oldest first.

    Raises
    ------
    OSError
        If the page cannot be written; the old one then stays.
    """
    page = render_index(index_rows(records, output.path)).encode("utf-8")
    written = output.path / INDEX
    if not written.is_file() or written.read_bytes() != page:
        output.write(INDEX, page)
    digest = hashlib.sha256(page).hexdigest()
    if journal.read_pages(output.path).get(INDEX) != digest:
        journal.append_pages(output.path, {INDEX: digest})


def index_rows(records: Iterable[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """
    Gather the journal's lines into one row for each county and year.

    Parameters
    ----------
    records : iterable of mappings
        Lines of the journal, oldest first.
    folder : Path
        Output folder: a file that was deleted gets no link.

    Returns
    -------
    list of dict
        ``year``, ``code`` (``""`` for all counties), ``county``, ``standard`` (Text), ``verdict`` (a mark id,
        ``error`` or ``""``; of the whole evaluation where a report gives it), ``synthetic``, ``blocks`` (id → mark id),
        ``cv`` (``stage``, ``indicator``, ``value``, ``limit`` of the worst coefficient, or None), ``words`` (id of a
        block, stage or indicator → word by language), ``reports`` [{``kind`` (Text), ``name``, ``school``,
        ``language``, ``formats`` (names in `FORMATS`), ``stale``}]; newest year first, then by code; a row with
        neither a report nor an error is left out.
    """
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for stem, (done, last) in sorted(_by_stem(records).items(), key=_chinese_first):
        place = _STEM.fullmatch(stem)
        if place is None:
            continue
        code = str(last["county_code"])
        row = rows.setdefault((int(place["year"]), code), _empty_row(last, code))
        failed = last["state"] == "failed"
        formats = _formats(done, stem, folder) if done is not None else []
        if done is not None and formats:
            report = _report(done["kind"], place["name"], place["language"])
            row["reports"].append({**report, "formats": formats, "stale": failed})
            if not report["school"]:
                _add_results(row, done, place["language"])
        row["failed"] = row["failed"] or failed
    kept = [_finished(row) for row in rows.values() if row["reports"] or row["failed"]]
    return sorted(kept, key=lambda row: (-row["year"], row["code"]))


def _report(kind: str, name: str, language: str) -> dict[str, Any]:
    """Name a report, by its file's name too: `school` is its code as in the path, ``""`` for a county's report."""
    words = KINDS.get(kind, {"zh": kind, "en": kind})
    bare = name.removesuffix(f".{PUBLIC}")
    if bare != name:
        words = {"zh": f"{words['zh']}（公开版）", "en": f"{words['en']} (public)"}
    school = bare.removeprefix(kind).removeprefix("-")
    return {"kind": words, "name": name, "school": school, "language": language}


def _add_results(row: dict[str, Any], record: Mapping[str, Any], language: str) -> None:
    """Take what a report found into its row; the first report that says something has the word."""
    results = record.get("results") or {}
    found = results.get("blocks") or {}
    known = _known_blocks(str(record["standard"]))
    for block in [*(name for name in known if name in found), *(name for name in found if name not in known)]:
        state, word = found[block]
        row["blocks"].setdefault(block, state)
        row["words"].setdefault(block, dict(known.get(block, {})))[language] = clean_text(str(word))
    row["verdict"] = row["verdict"] or str(record["verdict"])
    coefficients = results.get("cv") or {}
    chosen = worst(coefficients)
    if chosen is None:
        return
    stage, indicator = chosen
    value, limit, _ = coefficients[stage][indicator]
    if row["cv"] is None:
        row["cv"] = {"stage": stage, "indicator": indicator, "value": value, "limit": limit}
    if list(results.get("names", ()))[:2] == [stage, indicator]:
        for name, word in zip(chosen, results["names"][2:], strict=True):
            row["words"].setdefault(name, {}).setdefault(language, clean_text(str(word)))
    if short := _short_names().get(indicator):
        row["words"][indicator] = dict(short)


@cache
def _short_names() -> dict[str, Text]:
    """Short names of the indicators that the package knows."""
    from balancelab.indicators import load_indicators

    return {name: indicator.short for name, indicator in load_indicators().items()}


@cache
def _known_blocks(standard: str) -> Mapping[str, Text]:
    """Names of the blocks of a standard that the package knows, in the document's order."""
    from balancelab.definitions import shipped
    from balancelab.standards import load_standard

    return load_standard(standard).blocks() if standard in shipped("standards") else {}


def _formats(record: Mapping[str, Any], stem: str, folder: Path) -> list[str]:
    """Formats in which the report was written and is still there."""
    written = record.get("files", {})
    names = ((name, stem + one.suffix) for name, one in FORMATS.items())
    return [name for name, path in names if path in written and (folder / path).is_file()]


def _chinese_first(entry: tuple[str, object]) -> tuple[str, bool, str]:
    kind, _, language = entry[0].rpartition(".")
    return kind, language != "zh", language


def _by_stem(
    records: Iterable[Mapping[str, Any]],
) -> dict[str, tuple[Mapping[str, Any] | None, Mapping[str, Any]]]:
    """Stem → the last report that was finished, and the last line of all."""
    found: dict[str, tuple[Mapping[str, Any] | None, Mapping[str, Any]]] = {}
    for record in records:
        done = found.get(record["stem"], (None, record))[0]
        found[record["stem"]] = (record if record["state"] == "done" else done, record)
    return found


def _empty_row(record: Mapping[str, Any], code: str) -> dict[str, Any]:
    label = record.get("standard_label") or {"zh": record["standard"], "en": record["standard"]}
    return {
        "year": int(record["stem"][:4]),
        "code": code if CODE.fullmatch(code) else "",
        "county": clean_text(str(record["county"])),
        "standard": {language: clean_text(str(label.get(language, ""))) for language in ("zh", "en")},
        "verdict": "",
        "synthetic": bool(record.get("synthetic")),
        "blocks": {},
        "cv": None,
        "words": {},
        "failed": False,
        "reports": [],
    }


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    """Settle the verdict of a row: of the whole evaluation if a report gives one."""
    blocks = {name: state for name, state in row["blocks"].items() if state in MARKS}
    whole = blocks.pop(_WHOLE, None)
    verdict = (whole or row["verdict"]) if row["reports"] else NOT_MADE
    return {key: value for key, value in row.items() if key != "failed"} | {"blocks": blocks, "verdict": verdict}
