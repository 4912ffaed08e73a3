"""
A bureau's own Word template: which variables it may use, and how it is filled.

The template is an ordinary .docx in which variables stand between double braces, ``{{ title }}``; rows of a table are
repeated by ``{%tr for row in rows_1 %}`` … ``{%tr endfor %}``. `VARIABLES` says what there is. Variables that stand for
blocks (``report``, ``table_1``, ``figure_1``) need a paragraph of their own in the body of the document.

The template is run in a sandbox and may only read what it is given. Text from data is put in as text: braces in a
school's name are not looked at.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from balancelab.page.display import MISSING, clean_text
from balancelab.page.words import Pair
from balancelab.reports.formats.reading import Cell, Report
from balancelab.reports.formats.sheets import PORTRAIT_WIDTH, Item, lay_out
from balancelab.reports.formats.word_blocks import Writer
from balancelab.reports.formats.word_styles import add_styles

if TYPE_CHECKING:
    from docx.document import Document

VARIABLES: dict[str, Pair] = {
    "title": {"zh": "报告标题", "en": "title of the report"},
    "subtitle": {"zh": "副标题，可为空", "en": "subtitle, may be empty"},
    "county": {"zh": "县（区）名称", "en": "name of the county"},
    "county_code": {"zh": "县（区）代码", "en": "code of the county"},
    "year": {"zh": "学年开始的年份", "en": "year in which the school year begins"},
    "standard": {"zh": "评估标准", "en": "the standard"},
    "verdict": {"zh": "结论：达标、未达标等", "en": "the verdict: Met, Not met, …"},
    "verdict_sign": {"zh": "结论符号", "en": "its sign"},
    "verdict_text": {"zh": "结论全句", "en": "the verdict as a sentence"},
    "report": {"zh": "报告全文（单独成段）", "en": "the whole report (in a paragraph of its own)"},
    "table_1": {"zh": "表 1，连同表题和表注（单独成段）", "en": "table 1 with caption and note (own paragraph)"},
    "rows_1": {
        "zh": "表 1 的各行，供 {%tr for row in rows_1 %} 逐行取用：row.列代号",
        "en": "the rows of table 1, for {%tr for row in rows_1 %}: row.column_id",
    },
    "figure_1": {"zh": "图 1，连同图题（单独成段）", "en": "figure 1 with caption (own paragraph)"},
    "paragraphs": {"zh": "正文各段", "en": "the paragraphs of text"},
    "provenance": {"zh": "数据与计算依据：entry.label、entry.value", "en": "provenance: entry.label, entry.value"},
}
"""Variables of a template with what they stand for; ``_1`` may be any number."""

FACTS = ("county", "county_code", "year", "standard")

_COUNTED = re.compile(r"(table|rows|figure)_[1-9]\d*")
_BLOCKS = re.compile(r"report|(?:table|figure)_\d+")
# a character that `clean_text` takes out of every text from data, so that no name can pretend to be a marker
_MARK = "\u2063"
_MARKED = re.compile(f"{_MARK}([a-z_0-9]+){_MARK}")
_TAG = re.compile(r"{{\s*((?:report|(?:table|figure)_\d+)\s*)}}")
_UNREADABLE = (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError)


def check_template(path: Path) -> list[Pair]:
    """
    Look for mistakes in a template before anything is run.

    Parameters
    ----------
    path : Path
        The .docx.

    Returns
    -------
    list of pair
        ``{"zh": …, "en": …}`` for each mistake: the file cannot be read, a brace is not closed, a variable is unknown
        (with the nearest known one). Empty if there is none.
    """
    try:
        template = _open(path)
    except _UNREADABLE as error:
        return [
            {
                "zh": f"{path.name} 不是可读的 Word 文件（.docx）：{error}",
                "en": f"{path.name} is no readable Word file (.docx): {error}",
            }
        ]
    try:
        asked = template.get_undeclared_template_variables(_sandbox())
    except TemplateSyntaxError as error:
        return [_syntax_mistake(path, error)]
    return [_unknown(path, name, VARIABLES) for name in sorted(asked) if not _is_known(name)]


def fill_template(path: Path, report: Report, facts: Mapping[str, str]) -> Document:
    """
    Fill a bureau's template.

    Parameters
    ----------
    path : Path
        The .docx. Not changed.
    report : Report
        What it is filled with.
    facts : mapping
        Some of ``county``, ``county_code``, ``year``, ``standard``; ``—`` stands where one is asked for and not given.

    Returns
    -------
    Document
        The filled document.

    Raises
    ------
    ValueError
        With every mistake of the template; also if it asks for a table or a column that this report does not have.
    """
    mistakes = check_template(path)
    unknown = sorted(set(facts) - set(FACTS))
    if unknown:
        raise ValueError(f"facts that no template can ask for: {', '.join(unknown)}; known are {', '.join(FACTS)}")
    if mistakes:
        raise _refusal(mistakes)
    given = _context(report, facts)
    template = _open(path)
    lacking = sorted(template.get_undeclared_template_variables(_sandbox()) - set(given))
    if lacking:
        raise _refusal([_unknown(path, name, given) for name in lacking])
    try:
        template.render(given, _sandbox(), autoescape=True)
    except (TemplateError, SecurityError, TypeError) as error:
        # TypeError: a filter or an arithmetic operation that the value does not know
        raise _refusal([_syntax_mistake(path, error)]) from error
    _put_blocks(template.docx, report, path)
    return template.docx


class _Template(DocxTemplate):
    """A template in which ``{{ report }}`` and ``{{p report }}`` mean the same."""

    def patch_xml(self, src_xml: str) -> str:
        patched: str = super().patch_xml(src_xml)

        def in_paragraph(found: re.Match[str]) -> str:
            # the library takes the paragraph away around "{{p …}}"; the text's place is found again by its paragraph
            opened = patched.rfind("<", 0, found.start())
            inside = patched.startswith(("<w:t>", "<w:t "), opened)
            return found.group() if inside else f"<w:p><w:r><w:t>{found.group()}</w:t></w:r></w:p>"

        return _TAG.sub(in_paragraph, patched)


def _open(path: Path) -> _Template:
    """Open a template; its bytes are read once."""
    template = _Template(io.BytesIO(path.read_bytes()))
    template.init_docx()
    return template


def _sandbox() -> ImmutableSandboxedEnvironment:
    """Template engine that escapes everything, refuses unknown names and reaches nothing but what it is given."""
    return ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


def _is_known(name: str) -> bool:
    """Whether some report can have a variable."""
    return name in VARIABLES or _COUNTED.fullmatch(name) is not None


def _context(report: Report, facts: Mapping[str, str]) -> dict[str, Any]:
    """Everything that this report offers a template."""
    verdict = next(iter(report.of_kind("verdict")), {"word": MISSING, "glyph": "", "text": MISSING})
    given: dict[str, Any] = {
        "title": report.title,
        "subtitle": report.subtitle,
        **{name: clean_text(str(facts.get(name, MISSING))) for name in FACTS},
        "verdict": verdict["word"],
        "verdict_sign": verdict["glyph"],
        "verdict_text": verdict["text"],
        "report": f"{_MARK}report{_MARK}",
        "paragraphs": [block["text"] for block in report.of_kind("paragraph")],
        "provenance": [
            SimpleNamespace(**entry) for block in report.of_kind("provenance") for entry in block["entries"]
        ],
    }
    for at, block in enumerate(report.of_kind("table"), start=1):
        given[f"table_{at}"] = f"{_MARK}table_{at}{_MARK}"
        given[f"rows_{at}"] = [_row(block, cells) for cells in block["cells"]]
    for at, _ in enumerate(report.of_kind("figure"), start=1):
        given[f"figure_{at}"] = f"{_MARK}figure_{at}{_MARK}"
    return given


def _row(block: Mapping[str, Any], cells: Iterable[Cell]) -> SimpleNamespace:
    """One row of a table: text by the column's id, with the sign behind it."""
    return SimpleNamespace(
        **{
            column["id"]: f"{cell.text} {cell.sign}".rstrip()
            for column, cell in zip(block["columns"], cells, strict=True)
        }
    )


def _put_blocks(document: Document, report: Report, path: Path) -> None:
    """Put blocks where their markers stand."""
    writer = Writer(document, add_styles(document, report.language), report.language, new=False)
    items = _items(report, _text_width(document))
    marked = [text for text in document.element.body.iter(qn("w:t")) if _MARK in (text.text or "")]
    for text in marked:
        words = next(text.iterancestors(qn("w:p")))
        for name in _MARKED.findall(text.text):
            for item in items[name]:
                for part in writer.elements(item):
                    words.addprevious(part)
        text.text = _MARKED.sub("", text.text)
        _remove_if_empty(words)
    others = [part for part in document.part.package.iter_parts() if part is not document.part]
    if any(_MARK.encode() in part.blob for part in others):
        zh = "report、table_1、figure_1 一类变量只能放在正文里，不能放在页眉、页脚或脚注里"
        en = "variables such as report, table_1 and figure_1 stand in the body, not in a header, footer or footnote"
        raise _refusal([{"zh": f"{path.name}：{zh}", "en": f"{path.name}: {en}"}])


def _text_width(document: Document) -> float:
    """Room that the template's narrowest page leaves for text. [pt]"""
    rooms = [
        section.page_width.pt - section.left_margin.pt - section.right_margin.pt
        for section in document.sections
        if section.page_width and section.left_margin is not None and section.right_margin is not None
    ]
    return min([*rooms, PORTRAIT_WIDTH])


def _items(report: Report, room: float) -> dict[str, list[Item]]:
    """Blocks by the variable that stands for them; the template's pages are not turned."""
    every = [item for sheet in lay_out(report, portrait=room, landscape=room) for item in sheet.items]
    found = {"report": every}
    for kind in ("table", "figure"):
        at = 0
        for item in every:
            if item.block["kind"] == kind:
                at += item.panel == 0
                found.setdefault(f"{kind}_{at}", []).append(item)
    return found


def _remove_if_empty(words: Any) -> None:
    """Take a marker's paragraph out; the last one of a cell or text box stays, because these must end with one."""
    parent = words.getparent()
    says_something = any(text.text for text in words.iter(qn("w:t"))) or words.find(f".//{qn('w:drawing')}") is not None
    needed = parent.tag != qn("w:body") and words.getnext() is None
    if not (says_something or needed or words.find(f".//{qn('w:sectPr')}") is not None):
        parent.remove(words)


def _unknown(path: Path, name: str, known: Iterable[str]) -> Pair:
    """Say that a variable is unknown, and which one may have been meant."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    zh, en = (f"，是否应为 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
    return {
        "zh": f"{path.name}：没有变量 {name}{zh}（可用的变量：{'、'.join(VARIABLES)}）",
        "en": f"{path.name}: there is no variable {name}{en} (known: {', '.join(VARIABLES)})",
    }


def _syntax_mistake(path: Path, error: Exception) -> Pair:
    """Say where a template cannot be read."""
    context = "".join(getattr(error, "docx_context", ())).strip()[:200]
    where_zh, where_en = (f"，在“{context}”附近", f", near “{context}”") if context else ("", "")
    said = re.sub(r"'(types\.SimpleNamespace|builtins\.\w+) object' has no attribute", "there is no column", str(error))
    return {
        "zh": f"{path.name}：模板无法填写{where_zh}：{said}",
        "en": f"{path.name}: the template cannot be filled{where_en}: {said}",
    }


def _refusal(mistakes: Iterable[Pair]) -> ValueError:
    """All mistakes in one message, in both languages."""
    return ValueError("\n".join(f"{mistake['zh']}\n{mistake['en']}" for mistake in mistakes))
