"""The one page over all reports of an output folder: search, sort, filter; both languages; a file, not a server."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from balancelab.definitions import Text
from balancelab.page.marks import MARKS
from balancelab.page.theme import ACCENT, FAINT, INK, LIMIT, MUTED, RULE, STATUS
from balancelab.reports.formats import FORMATS

KINDS: Mapping[str, Text] = {
    "balance": {"zh": "均衡报告", "en": "Balance"},
    "equity": {"zh": "公平报告", "en": "Equity"},
    "overview": {"zh": "总览", "en": "Overview"},
    "quality": {"zh": "质量与资源", "en": "Quality on resources"},
    "self_evaluation": {"zh": "自评报告", "en": "Self-evaluation"},
    "school": {"zh": "学校报告", "en": "School"},
    "city": {"zh": "区域监测报告", "en": "Area"},
    "rectification": {"zh": "整改台账", "en": "Rectification"},
    "changes": {"zh": "变化报告", "en": "Changes"},
    "published": {"zh": "已公布数字", "en": "Published figures"},
}
"""What reports are called in a list of reports, by kind."""
NOT_MADE = "error"
"""State of a county whose report could not be made."""

_TEMPLATES = Path(__file__).with_name("templates")
_LANGUAGES = {"zh": "中文", "en": "English"}
_NOT_MADE: Text = {"zh": "未生成", "en": "Not made"}
_LINKS: Mapping[str, Text] = {
    "html": {"zh": "网页", "en": "Web page"},
    "pdf": {"zh": "PDF", "en": "PDF"},
    "docx": {"zh": "Word", "en": "Word"},
    "xlsx": {"zh": "Excel", "en": "Excel"},
    "json": {"zh": "JSON", "en": "JSON"},
    "zip": {"zh": "CSV", "en": "CSV"},
}
_ORDER = ("failed", "failed_borderline", NOT_MADE, "undetermined", "met_borderline", "borderline", "met")
_SAFE_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_WHOLE_TABLE = "overview"  # folder of the reports about all counties
_THOUSANDTHS = 1000


def render_index(rows: list[dict[str, Any]]) -> str:
    """
    Write the page.

    Parameters
    ----------
    rows : list of dict
        From `balancelab.reports.index.index_rows`.

    Returns
    -------
    str
        A whole HTML document that needs nothing from anywhere; data are JSON in it, never markup or code.
    """
    from balancelab.page.markup import environment

    engine = environment(_TEMPLATES)
    colors = {"ink": INK, "muted": MUTED, "rule": RULE, "faint": FAINT, "accent": ACCENT, "limit": LIMIT}
    style = engine.get_template("index.css.j2").render(**colors, status=STATUS)
    script = "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("index_rows.js", "index.js"))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return engine.get_template("index.html.j2").render(
        policy=policy,
        style=style,
        script=script,
        data=_json_for_script(encode([row for row in rows if row["code"]])),
        overviews=[_links(row) for row in rows if not row["code"]],
        synthetic=any(row["synthetic"] for row in rows),
        years=sorted({row["year"] for row in rows}, reverse=True),
        number=len({row["code"] for row in rows if row["code"]}),
    )


def encode(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """
    Put the rows of counties as short as they go: what many share is said once, paths are put together by the page.

    Parameters
    ----------
    rows : list of dict
        Rows with a code.

    Returns
    -------
    dict
        ``states`` [{``id``, ``zh``, ``en``, ``glyph``}], the worst first; ``blocks`` [{``id``, ``zh``, ``en``}];
        ``standards`` [Text]; ``measures`` [[zh, en, limit in thousandths or null]]; ``formats`` [{``ending``, ``zh``,
        ``en``}]; ``languages`` [[code, its own name]]; ``kinds`` [Text]; ``sets`` [[[kind, name of the file, language,
        bits of formats, stale], …]], ``*`` in a name standing for a school's code; ``counties`` [[code, name, [year,
        standard, state, states of the blocks as letters, worst coefficient in thousandths, measure, set, schools],
        …]] where schools, if there are reports of any, are [[set, code, …], …]. Numbers point into those lists, −1 is
        nothing.
    """
    shared = _Shared(rows)
    counties: dict[str, list[Any]] = {}
    for row in rows:  # the newest year gives the name
        county = counties.setdefault(row["code"], [row["code"], row["county"]])
        county.append(shared.short(row))
    return {
        "states": [{"id": state, **_state_words(state)} for state in shared.states],
        "blocks": [{"id": name, **shared.block_words(name)} for name in shared.blocks],
        "standards": shared.known("standards"),
        "measures": shared.known("measures"),
        "formats": [{"ending": FORMATS[name].suffix, **_LINKS[name]} for name in FORMATS],
        "languages": [[code, _LANGUAGES.get(code, code)] for code in shared.known("languages")],
        "kinds": shared.known("kinds"),
        "sets": shared.known("sets"),
        "counties": [counties[code] for code in sorted(counties)],
    }


class _Shared:
    """What rows have in common, each thing once, known by its place in a list."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        found = {row["verdict"] for row in rows} | {state for row in rows for state in row["blocks"].values()}
        known = found & {*_ORDER, *MARKS}
        self.states = [*(state for state in _ORDER if state in known), *sorted(known - set(_ORDER))]
        fullest_first = sorted(rows, key=lambda row: -len(row["blocks"]))
        self.blocks = list(dict.fromkeys(name for row in fullest_first for name in row["blocks"]))
        self._words = {name: words for row in reversed(rows) for name, words in row["words"].items()}
        self._lists: dict[str, dict[str, int]] = {}

    def short(self, row: Mapping[str, Any]) -> list[Any]:
        """Return a row as numbers."""
        cv = row["cv"]
        return [
            row["year"],
            self._place("standards", row["standard"]),
            self._state(row["verdict"]),
            "".join(self._letter(row["blocks"].get(name, "")) for name in self.blocks),
            -1 if cv is None else round(cv["value"] * _THOUSANDTHS),
            -1 if cv is None else self._place("measures", self._measure(cv)),
            self._place("sets", [self._report(report) for report in row["reports"] if not report["school"]]),
            *self._schools(row["reports"]),
        ]

    def known(self, name: str) -> list[Any]:
        """Return a list of things in the order in which they were met."""
        return [json.loads(thing) for thing in self._lists.get(name, {})]

    def block_words(self, name: str) -> Text:
        """Return a block's name in both languages, in the other language where only one was written."""
        return _both(self._words.get(name, {}), name)

    def _measure(self, cv: Mapping[str, Any]) -> list[Any]:
        stage, indicator = (_both(self._words.get(cv[name], {}), cv[name]) for name in ("stage", "indicator"))
        limit = None if cv["limit"] is None else round(cv["limit"] * _THOUSANDTHS)
        return [f"{stage['zh']}{indicator['zh']}", f"{stage['en']}: {indicator['en']}", limit]

    def _schools(self, reports: Iterable[Mapping[str, Any]]) -> list[list[list[Any]]]:
        """Return the schools that have reports, by the set of reports that they have."""
        own: dict[str, list[Any]] = {}
        for report in reports:
            if report["school"]:
                own.setdefault(report["school"], []).append(self._report(report))
        alike: dict[int, list[Any]] = {}
        for school, listed in own.items():
            place = self._place("sets", listed)
            alike.setdefault(place, [place]).append(school)
        return [list(alike.values())] if alike else []

    def _report(self, report: Mapping[str, Any]) -> list[Any]:
        name = report["name"]
        if report["school"]:
            name = name.replace(f"-{report['school']}", "-*", 1)
        bits = sum(1 << at for at, known in enumerate(FORMATS) if known in report["formats"])
        language = self._place("languages", report["language"])
        return [self._place("kinds", report["kind"]), name, language, bits, int(report["stale"])]

    def _state(self, state: str) -> int:
        return self.states.index(state) if state in self.states else -1

    def _letter(self, state: str) -> str:
        return str(self._state(state)) if state in self.states else "-"

    def _place(self, name: str, thing: object) -> int:
        places = self._lists.setdefault(name, {})
        return places.setdefault(json.dumps(thing, ensure_ascii=False), len(places))


def _both(words: Mapping[str, str], otherwise: str) -> Text:
    """Return a pair of words of which one may be missing."""
    any_word = next(iter(words.values()), otherwise)
    return {"zh": words.get("zh", any_word), "en": words.get("en", any_word)}


def _links(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of reports about all counties with the address of each file."""
    reports = [
        {
            "kind": report["kind"],
            "language": _LANGUAGES.get(report["language"], report["language"]),
            "stale": report["stale"],
            "files": [
                (f"{row['year']}/{_WHOLE_TABLE}/{report['name']}.{report['language']}{FORMATS[name].suffix}", name)
                for name in report["formats"]
            ],
        }
        for report in row["reports"]
    ]
    return {"year": row["year"], "standard": row["standard"], "reports": reports, "words": _LINKS}


def _state_words(state: str) -> dict[str, str]:
    if state == NOT_MADE:
        return {**_NOT_MADE, "glyph": "!"}
    mark = MARKS[state]
    return {"zh": mark.zh, "en": mark.en, "glyph": mark.glyph}


def _json_for_script(content: object) -> str:
    """Return JSON in which nothing can end the script element: the five letters that could are written as escapes."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return "".join(_SAFE_JSON.get(letter, letter) for letter in written)


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
