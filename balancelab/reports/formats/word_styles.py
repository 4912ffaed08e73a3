"""
The styles of the Word report: real ones, so that a bureau changes the look of the whole document in one place.

Chinese text gets its fonts by name (``w:eastAsia``); no style refers to the theme, because in Word a theme's font wins
over a named one, and the theme of the library's template has no Chinese font.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from docx.oxml.ns import qn

from balancelab.page.markup import html_language
from balancelab.page.theme import ACCENT, INK, MUTED, RULE
from balancelab.reports.formats import look
from balancelab.reports.formats.word_parts import TWIPS_PER_POINT, border, element, shading

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

TABLE_STYLE = "Balancelab Table"

# body and headings: Latin and Chinese. Every Windows and WPS has all of them; macOS knows them by these names too.
_FACES = {
    "zh": (("Times New Roman", "宋体"), ("Arial", "黑体")),
    "other": (("Calibri", "宋体"), ("Calibri", "黑体")),
}
_EVERY_DOCUMENT = ("DefaultParagraphFont", "TableNormal", "NoList")
_TWO_CHARACTERS = 200  # hundredths of a character


@dataclass(frozen=True)
class Style:
    """
    One paragraph style.

    Attributes
    ----------
    name : str
        As Word stores it: ``heading 1``, in lower case, is what it shows as 标题 1.
    size : float
        Size of the text. [pt]
    bold : bool
        Whether it is bold.
    color : str
        ``#RRGGBB``.
    heading : bool
        Whether it takes the fonts of headings.
    before, after : float
        Room above and below. [pt]
    line : float
        Distance of lines, in lines.
    align : str
        ``left``, ``center``, ``right`` or ``both``.
    level : int or None
        Level in the outline, from 1; a heading stays with what follows.
    box : tuple of (fill, border), optional
        Colours of a box around it.
    indent : bool
        Whether Chinese text begins two characters in.
    """

    name: str
    _: KW_ONLY
    size: float = 10.5
    bold: bool = False
    color: str = INK
    heading: bool = False
    before: float = 0.0
    after: float = 0.0
    line: float = 1.0
    align: str = "left"
    level: int | None = None
    box: tuple[str, str] | None = None
    indent: bool = False

    @property
    def style_id(self) -> str:
        """Id of the style: its name without spaces, as Word makes it."""
        return "".join(word[:1].upper() + word[1:] for word in self.name.split())


STYLES = (
    Style("Normal"),
    Style("Title", size=20, bold=True, color=ACCENT, heading=True, before=6, after=8),
    Style("Subtitle", size=11, color=MUTED, after=10),
    Style("heading 1", size=15, bold=True, color=ACCENT, heading=True, before=18, after=8, level=1),
    Style("heading 2", size=12, bold=True, color=ACCENT, heading=True, before=14, after=6, level=2),
    Style("heading 3", size=10.5, bold=True, heading=True, before=12, after=4, level=3),
    Style("Body Text", after=6, line=1.4, align="both", indent=True),
    Style("caption", size=9, bold=True, heading=True, before=8, after=4, align="center"),
    Style("header", size=8, color=MUTED),
    Style("footer", size=8, color=MUTED, align="center"),
    Style("TOC Heading", size=11, bold=True, color=ACCENT, heading=True, before=6, after=4),
    Style("toc 1", size=9.5, line=1.3),
    Style("toc 2", size=9.5, line=1.3),
    Style("Balancelab Cell", size=9),
    Style("Balancelab Table Note", size=8, color=MUTED, before=4, after=14, line=1.2),
    Style("Balancelab Figure", before=12, after=2, align="center"),
    Style("Balancelab Note", size=9.5, before=8, after=12, line=1.3, box=(look.PALE, look.PALE)),
    Style("Balancelab Warning", size=9.5, before=8, after=12, line=1.3, box=(look.WARNING_FILL, look.WARNING_RULE)),
    Style("Balancelab Verdict", before=10, after=14, line=1.4),
)


def dress(document: Document, language: str) -> dict[str, str]:
    """
    Give a new document the report's styles and no others.

    Parameters
    ----------
    document : Document
        A document from the library's own template. Changed in place.
    language : str
        Language of the report.

    Returns
    -------
    dict of str to str
        Id of each style by its name.
    """
    root = document.styles.element
    for style in list(root.iter(qn("w:style"))):
        if style.get(qn("w:styleId")) not in _EVERY_DOCUMENT:
            root.remove(style)
    defaults = root.find(qn("w:docDefaults"))
    if defaults is not None:
        root.replace(defaults, _defaults(language))
    return add_styles(document, language)


def add_styles(document: Document, language: str) -> dict[str, str]:
    """
    Add those of the report's styles that a document lacks; a bureau's own of the same name stay as they are.

    Parameters
    ----------
    document : Document
        New, or from a bureau's template. Changed in place.
    language : str
        Language of the report.

    Returns
    -------
    dict of str to str
        Id of each style by its name: in a Chinese Word, "heading 1" may have the id "1".
    """
    root = document.styles.element
    known: dict[str, str] = {}
    for style in root.iter(qn("w:style")):
        name = style.find(qn("w:name"))
        if name is not None:
            known[name.get(qn("w:val")).lower()] = style.get(qn("w:styleId"))
    for style in STYLES:
        if style.name.lower() not in known:
            root.append(_paragraph_style(style, language))
            known[style.name.lower()] = style.style_id
    if TABLE_STYLE.lower() not in known:
        root.append(_table_style())
        known[TABLE_STYLE.lower()] = TABLE_STYLE.replace(" ", "")
    return {name: known[name.lower()] for name in (*(style.name for style in STYLES), TABLE_STYLE)}


def language_element(language: str) -> Element:
    """Make the element that says which language a text is in, so that it is checked and read out as that."""
    latin = "en-US" if language in ("zh", "en") else language
    return element("w:lang", val=latin, eastAsia=html_language("zh"), bidi="ar-SA")


def _defaults(language: str) -> Element:
    """Fonts, size and language of everything."""
    text = element("w:rPr", _fonts(language, heading=False), *_size(10.5), language_element(language))
    return element("w:docDefaults", element("w:rPrDefault", text), element("w:pPrDefault", element("w:pPr")))


def _paragraph_style(style: Style, language: str) -> Element:
    """One style as Word stores it."""
    normal = style.name == "Normal"
    made = element("w:style", type="paragraph", styleId=style.style_id, default=1 if normal else None)
    made.append(element("w:name", val=style.name))
    if not normal:
        made.append(element("w:basedOn", val="Normal"))
    if style.level:
        made.append(element("w:next", val="BodyText"))
    made.append(element("w:qFormat"))
    made.append(_paragraph_properties(style, language))
    letters = element("w:rPr", _fonts(language, heading=style.heading))
    if style.bold:
        letters.extend([element("w:b"), element("w:bCs")])
    letters.append(element("w:color", val=style.color.lstrip("#")))
    letters.extend(_size(style.size))
    made.append(letters)
    return made


def _paragraph_properties(style: Style, language: str) -> Element:
    """Room, alignment, box and place in the outline, in the order that the schema wants."""
    made = element("w:pPr")
    if style.level:
        made.extend([element("w:keepNext"), element("w:keepLines")])
    if style.box:
        fill, color = style.box
        sides = [border(side, eighths=6, color=color, space=6) for side in ("top", "left", "bottom", "right")]
        made.extend([element("w:pBdr", *sides), shading(fill)])
    made.append(
        element(
            "w:spacing",
            before=round(style.before * TWIPS_PER_POINT),
            after=round(style.after * TWIPS_PER_POINT),
            line=round(style.line * 240),
            lineRule="auto",
        )
    )
    chinese = language == "zh"
    if style.box:
        made.append(element("w:ind", left=140, right=140))
    elif style.indent and chinese:
        made.append(element("w:ind", firstLineChars=_TWO_CHARACTERS, firstLine=round(2 * style.size * TWIPS_PER_POINT)))
    align = "left" if style.align == "both" and not chinese else style.align
    made.append(element("w:jc", val=align))
    if style.level:
        made.append(element("w:outlineLvl", val=style.level - 1))
    return made


def _table_style() -> Element:
    """Three lines: above, under the heading, below; hair lines between rows."""
    lines = element(
        "w:tblBorders",
        border("top", eighths=12, color=ACCENT),
        border("bottom", eighths=12, color=ACCENT),
        border("insideH", eighths=4, color=RULE),
    )
    head = element(
        "w:tblStylePr",
        element("w:rPr", element("w:b"), element("w:bCs")),
        element("w:tcPr", element("w:tcBorders", border("bottom", eighths=6, color=ACCENT))),
        type="firstRow",
    )
    return element(
        "w:style",
        element("w:name", val=TABLE_STYLE),
        element("w:basedOn", val="TableNormal"),
        element("w:qFormat"),
        element("w:tblPr", lines),
        head,
        type="table",
        customStyle=1,
        styleId=TABLE_STYLE.replace(" ", ""),
    )


def _fonts(language: str, *, heading: bool) -> Element:
    """Fonts by name, Latin and Chinese."""
    latin, chinese = _FACES.get(language, _FACES["other"])[1 if heading else 0]
    return element("w:rFonts", ascii=latin, hAnsi=latin, eastAsia=chinese, cs=latin)


def _size(points: float) -> list[Element]:
    """Size of text, in the half points that Word counts."""
    return [element("w:sz", val=round(points * 2)), element("w:szCs", val=round(points * 2))]
