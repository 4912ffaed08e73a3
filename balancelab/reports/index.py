"""The one page over all reports of an output folder: search, sort, filter; both languages; a file, not a server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from balancelab.definitions import Text
from balancelab.page.disclosure import PUBLIC
from balancelab.page.display import clean_text
from balancelab.page.marks import MARKS
from balancelab.page.theme import ACCENT, FAINT, INK, MUTED, RULE, STATUS
from balancelab.reports import journal
from balancelab.reports.output import CODE, Output
from balancelab.reports.units import INDEX

_TEMPLATES = Path(__file__).with_name("templates")
_KINDS: Mapping[str, Text] = {
    "balance": {"zh": "均衡报告", "en": "Balance report"},
    "equity": {"zh": "公平报告", "en": "Equity report"},
    "overview": {"zh": "总览", "en": "Overview"},
    "quality": {"zh": "质量与资源", "en": "Quality on resources"},
    "self_evaluation": {"zh": "自评报告", "en": "Self-evaluation"},
    "school": {"zh": "学校报告", "en": "School report"},
    "city": {"zh": "区域监测报告", "en": "Area report"},
    "rectification": {"zh": "整改台账", "en": "Rectification"},
}
_LANGUAGES = {"zh": "中文", "en": "English"}
_ERROR: Text = {"zh": "未生成", "en": "Not made"}
_STEM = re.compile(r"[0-9]{4}/[0-9A-Za-z_-]{1,40}/[0-9A-Za-z_-]{1,80}(\.public)?\.[0-9A-Za-z_-]{2,20}")
_SAFE_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def write_index(output: Output) -> None:
    """
    Write the page from the journal: every report of every run that is still there. The same page is not written again.
    The journal notes its hash.

    Parameters
    ----------
    output : Output
        The folder, entered.

    Raises
    ------
    OSError
        If the page cannot be written; the old one then stays.
    """
    page = render_index(index_rows(journal.read(output.path), output.path)).encode("utf-8")
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
        Output folder: a report that was deleted gets no link.

    Returns
    -------
    list of dict
        ``year``, ``code``, ``county``, ``standard`` (Text), ``verdict`` (a mark id, ``error`` or ``""``),
        ``synthetic``, ``reports`` [{``kind`` (Text), ``language``, ``href``, ``others`` (paths by format), ``stale``}];
        newest year first, then by code; a row with neither a report nor an error is left out.
    """
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for stem, (done, last) in sorted(_by_stem(records).items(), key=_chinese_first):
        if not _STEM.fullmatch(stem):
            continue
        code = str(last["county_code"])
        row = rows.setdefault((int(stem[:4]), code), _empty_row(last, code))
        href = f"{stem}.html"
        failed = last["state"] == "failed"
        if done is not None and (folder / href).is_file():
            kind, school = _kind_and_school(done["kind"], stem)
            row["reports"].append(
                {
                    "kind": kind,
                    "language": _LANGUAGES.get(done["language"], done["language"]),
                    "href": href,
                    "others": _other_formats(done, stem, folder),
                    "stale": failed,
                }
            )
            row["verdict"] = row["verdict"] or ("" if school else str(done["verdict"]))
        row["failed"] = row["failed"] or failed
    kept = [_finished(row) for row in rows.values() if row["reports"] or row["failed"]]
    return sorted(kept, key=lambda row: (-row["year"], row["code"]))


def _kind_and_school(kind: str, stem: str) -> tuple[Text, str]:
    """Return the words for a report and the code of its school, ``""`` where it is about a county or more."""
    words = _KINDS.get(kind, {"zh": kind, "en": kind})
    if f".{PUBLIC}." in stem:
        words = {"zh": f"{words['zh']}（公开版）", "en": f"{words['en']} (public)"}
    name = stem.rpartition("/")[2].partition(".")[0]
    school = name.removeprefix(kind).removeprefix("-")
    return ({code: f"{word} {school}" for code, word in words.items()} if school else words), school


def render_index(rows: list[dict[str, Any]]) -> str:
    """
    Write the page.

    Parameters
    ----------
    rows : list of dict
        From `index_rows`.

    Returns
    -------
    str
        A whole HTML document that needs nothing from anywhere; data are JSON in it, never markup or code.
    """
    from balancelab.page.markup import environment

    engine = environment(_TEMPLATES)
    style = engine.get_template("index.css.j2").render(
        ink=INK, muted=MUTED, rule=RULE, faint=FAINT, accent=ACCENT, status=STATUS
    )
    script = (_TEMPLATES / "index.js").read_text(encoding="utf-8")
    data = {"rows": [row for row in rows if row["code"]], "marks": _mark_words()}
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return engine.get_template("index.html.j2").render(
        policy=policy,
        style=style,
        script=script,
        data=_json_for_script(data),
        overviews=[row for row in rows if not row["code"]],
        synthetic=any(row["synthetic"] for row in rows),
        number=len(data["rows"]),
    )


def _other_formats(record: Mapping[str, Any], stem: str, folder: Path) -> dict[str, str]:
    """Paths of the report's other formats that are still there, by the word for the format."""
    words = {".pdf": "PDF", ".docx": "Word", ".xlsx": "Excel"}
    return {
        word: stem + suffix
        for suffix, word in words.items()
        if stem + suffix in record.get("files", {}) and (folder / (stem + suffix)).is_file()
    }


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
        "failed": False,
        "reports": [],
    }


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    verdict = "error" if not row["reports"] else row["verdict"]
    return {key: value for key, value in row.items() if key != "failed"} | {"verdict": verdict}


def _mark_words() -> dict[str, dict[str, str]]:
    words = {name: {"zh": mark.zh, "en": mark.en, "glyph": mark.glyph} for name, mark in MARKS.items()}
    return words | {"error": {**_ERROR, "glyph": "!"}}


def _json_for_script(data: object) -> str:
    """Return JSON in which nothing can end the script element: the five letters that could are written as escapes."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return "".join(_SAFE_JSON.get(letter, letter) for letter in written)


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
