"""
The report as a Word document that a bureau goes on working with: real styles, captions, contents and page fields.

`render_docx` writes a new document, or fills a bureau's own template (see `balancelab.reports.formats.word_template`).
The same blocks give the same bytes: no clock, no random id, fixed times in the archive.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.oxml.ns import qn

from balancelab.page.markup import html_language
from balancelab.page.theme import RULE
from balancelab.page.words import Pair, choose
from balancelab.reports.formats import archive
from balancelab.reports.formats.clock import moment
from balancelab.reports.formats.reading import Report, read_report
from balancelab.reports.formats.sheets import lay_out
from balancelab.reports.formats.word_blocks import Writer
from balancelab.reports.formats.word_parts import border, element, field, paragraph, run
from balancelab.reports.formats.word_styles import dress, language_element

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

_PAGE: Pair = {"zh": "第 {page} 页 共 {pages} 页", "en": "Page {page} of {pages}"}
_UNUSED_PARTS = ("stylesWithEffects", "customXml", "thumbnail")
_PORTRAIT, _LANDSCAPE = (11906, 16838), (16838, 11906)  # A4 [twips]
_MARGINS = {"top": 1304, "right": 1134, "bottom": 1134, "left": 1134, "header": 680, "footer": 600, "gutter": 0}


def render_docx(
    blocks: Iterable[Mapping[str, Any]],
    *,
    title: str | None = None,
    language: str,
    template: Path | None = None,
    facts: Mapping[str, str] | None = None,
) -> bytes:
    """
    Write blocks as a Word document.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON.
    title : str, optional
        By default the title that the page gives itself.
    language : str
        Language of the report.
    template : Path, optional
        A bureau's own .docx with variables between double braces; `word_template.VARIABLES` lists them.
    facts : mapping, optional
        What blocks do not say but a template may ask for: ``county``, ``county_code``, ``year``, ``standard``.

    Returns
    -------
    bytes
        A .docx; the same for the same blocks, template and ``SOURCE_DATE_EPOCH``.

    Raises
    ------
    ValueError
        If there is no title, the language or a kind of block is unknown, a figure has no alternative text, or the
        template asks for something that there is not; all such variables are named at once.
    """
    report = read_report(blocks, title=title, language=language)
    if template is not None:
        from balancelab.reports.formats.word_template import fill_template

        document = fill_template(template, report, facts or {})
    else:
        document = _new_document(report)
    return finish(document, report)


def finish(document: Document, report: Report) -> bytes:
    """
    Save a document with fixed properties and times.

    Parameters
    ----------
    document : Document
        The document.
    report : Report
        Gives title and language.

    Returns
    -------
    bytes
        A .docx.
    """
    when = moment().replace(tzinfo=None)
    known = document.core_properties
    known.title, known.language = report.title[:255], html_language(report.language)
    known.last_modified_by = "balancelab"
    known.created = known.modified = when
    known.revision = 1
    out = io.BytesIO()
    document.save(out)
    return archive.pack(archive.unpack(out.getvalue()))


def _new_document(report: Report) -> Document:
    """A document in the report's own styles."""

    document = docx.Document()
    document.core_properties.author = "balancelab"
    document.core_properties.comments = ""
    _drop_unused(document)
    styles = dress(document, report.language)
    _settings(document, report.language)
    writer = Writer(document, styles, report.language)
    body = document.element.body
    last = body.sectPr
    _set_up_pages(document, report, styles)
    parts = [paragraph(styles["Title"], run(report.title))]
    if report.subtitle:
        parts.append(paragraph(styles["Subtitle"], run(report.subtitle)))
    parts += writer.contents(report)
    sheets = lay_out(report)
    for at, sheet in enumerate(sheets):
        for item in sheet.items:
            parts += writer.elements(item)
        if at < len(sheets) - 1:
            parts.append(_section_end(sheet.landscape, last if at == 0 else None))
    for part in parts:
        last.addprevious(part)
    if len(sheets) > 1:
        body.replace(last, element("w:sectPr", *_page(landscape=sheets[-1].landscape)))
    return document


def _set_up_pages(document: Document, report: Report, styles: Mapping[str, str]) -> None:
    """Header with the title, footer with page numbers; the first page has no header."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    before, _, rest = choose(_PAGE, report.language).partition("{page}")
    between, _, after = rest.partition("{pages}")
    for footer in (section.footer, section.first_page_footer):
        runs = [run(before), *field("PAGE", "1"), run(between), *field("NUMPAGES", "1"), run(after)]
        _fill(footer, paragraph(styles["footer"], *runs))
    line = paragraph(styles["header"], run(report.title))
    line.pPr.append(element("w:pBdr", border("bottom", eighths=4, color=RULE, space=4)))
    _fill(section.header, line)
    _fill(section.first_page_header, paragraph(styles["header"]))
    sector = document.element.body.sectPr
    for name in ("w:pgSz", "w:pgMar", "w:cols", "w:docGrid"):
        for old in sector.xpath(name):
            sector.remove(old)
    first = sector.xpath("w:titlePg")[0]
    for part in _page(landscape=False):
        first.addprevious(part)


def _fill(place: Any, words: Element) -> None:
    """Put one paragraph into a header or footer."""
    place.is_linked_to_previous = False
    root = place._element
    for old in list(root):
        root.remove(old)
    root.append(words)


def _page(*, landscape: bool) -> list[Element]:
    """Size and margins of A4."""
    wide, high = _LANDSCAPE if landscape else _PORTRAIT
    size = element("w:pgSz", w=wide, h=high, orient="landscape" if landscape else None)
    return [size, element("w:pgMar", **_MARGINS), element("w:cols", space=720)]


def _section_end(landscape: bool, first: Element | None) -> Element:
    """A paragraph of no height that ends a run of sheets; the first one carries header and footer."""
    made = paragraph(None)
    made.pPr.append(element("w:spacing", before=0, after=0, line=20, lineRule="exact"))
    made.pPr.append(deepcopy(first) if first is not None else element("w:sectPr", *_page(landscape=landscape)))
    return made


def _drop_unused(document: Document) -> None:
    """Take out what the library's template brings along: a second set of styles, a preview picture."""
    for owner in (document.part, document.part.package):
        for key, relation in list(owner.rels.items()):
            if relation.reltype.rsplit("/", 1)[-1] in _UNUSED_PARTS:
                del owner.rels[key]


def _settings(document: Document, language: str) -> None:
    """Language, and the present layout rules instead of those of an older Word."""

    root = document.settings.element
    for old in list(root):
        if old.tag in (qn("w:rsids"), qn("w:zoom"), qn("w:savePreviewPicture")):
            root.remove(old)
        elif old.tag == qn("w:themeFontLang"):
            lang = language_element(language)
            root.replace(
                old, element("w:themeFontLang", val=lang.get(qn("w:val")), eastAsia=lang.get(qn("w:eastAsia")))
            )
    for setting in root.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")
