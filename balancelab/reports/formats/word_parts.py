"""
Parts of a Word document: elements of WordprocessingML, built as trees.

Text from blocks becomes the text of an element and nothing else: it can be no markup, no field and no link.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from docx.oxml.ns import nsmap, qn
from docx.oxml.parser import oxml_parser

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

TWIPS_PER_POINT = 20

_NAMESPACES = {"w": nsmap["w"]}
_name = cache(qn)  # a large table has a hundred thousand elements

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def element(tag: str, *children: Element, **attributes: Any) -> Element:
    """
    Make one element.

    Parameters
    ----------
    tag : str
        Name with prefix: ``w:p``.
    *children : element
        What it holds.
    **attributes
        Attributes of the ``w`` namespace; those that are ``None`` are left out.

    Returns
    -------
    element
        A new one.

    Examples
    --------
    >>> element("w:sz", val=21).get(qn("w:val"))
    '21'
    """
    given = {_name(f"w:{name}"): str(value) for name, value in attributes.items() if value is not None}
    made: Element = oxml_parser.makeelement(_name(tag), given, _NAMESPACES)
    made.extend(children)
    return made


def run(
    text: str,
    *,
    bold: bool = False,
    color: str | None = None,
    size: float | None = None,
    east_asian: bool = False,
) -> Element:
    """
    Make a run of text.

    Parameters
    ----------
    text : str
        Clean text.
    bold : bool
        Whether it is bold.
    color : str, optional
        ``#RRGGBB``.
    size : float, optional
        Size of the text. [pt]
    east_asian : bool
        Whether signs that exist in both kinds of fonts are taken from the Chinese one, where they are one em wide.

    Returns
    -------
    element
        ``w:r``.
    """
    properties = element("w:rPr")
    if east_asian:
        properties.append(element("w:rFonts", hint="eastAsia"))
    if bold:
        properties.extend([element("w:b"), element("w:bCs")])
    if color:
        properties.append(element("w:color", val=color.lstrip("#")))
    if size:
        properties.extend([element("w:sz", val=round(size * 2)), element("w:szCs", val=round(size * 2))])
    return element("w:r", properties, _text(text))


def line_break() -> Element:
    """Make a run that begins a new line."""
    return element("w:r", element("w:br"))


def field(instruction: str, shown: str) -> list[Element]:
    """
    Make a field that Word computes; never given text from data.

    Parameters
    ----------
    instruction : str
        ``PAGE``, ``SEQ Table``, …
    shown : str
        What stands there until it is computed.

    Returns
    -------
    list of element
        Five runs.
    """
    code = element("w:instrText")
    code.set(_SPACE, "preserve")
    code.text = f" {instruction} "
    return [
        element("w:r", element("w:fldChar", fldCharType="begin")),
        element("w:r", code),
        element("w:r", element("w:fldChar", fldCharType="separate")),
        run(shown),
        element("w:r", element("w:fldChar", fldCharType="end")),
    ]


def paragraph(
    style: str | None,
    *runs: Element,
    align: str | None = None,
    keep_next: bool = False,
    right_indent: float = 0.0,
) -> Element:
    """
    Make a paragraph.

    Parameters
    ----------
    style : str, optional
        Id of its style.
    *runs : element
        What it holds.
    align : {"left", "right", "center"}, optional
        Alignment.
    keep_next : bool
        Whether it stays on the page of what follows.
    right_indent : float
        Room kept free to the right. [pt]

    Returns
    -------
    element
        ``w:p``.
    """
    properties = element("w:pPr")
    if style:
        properties.append(element("w:pStyle", val=style))
    if keep_next:
        properties.append(element("w:keepNext"))
    if right_indent:
        properties.append(element("w:ind", right=round(right_indent * TWIPS_PER_POINT)))
    if align and align != "left":
        properties.append(element("w:jc", val=align))
    return element("w:p", properties, *runs)


def border(side: str, *, eighths: int, color: str, space: int = 0) -> Element:
    """
    Make one line of a border.

    Parameters
    ----------
    side : str
        ``top``, ``bottom``, ``left``, ``right``, ``insideH``.
    eighths : int
        Width; 0 for none. [1/8 pt]
    color : str
        ``#RRGGBB``.
    space : int
        Distance from the text. [pt]

    Returns
    -------
    element
        ``w:top`` and so on.
    """
    if not eighths:
        return element(f"w:{side}", val="nil")
    return element(f"w:{side}", val="single", sz=eighths, space=space, color=color.lstrip("#"))


def shading(color: str) -> Element:
    """Make the colour of an area."""
    return element("w:shd", val="clear", color="auto", fill=color.lstrip("#"))


def _text(text: str) -> Element:
    """Text that keeps its spaces."""
    made = element("w:t")
    made.set(_SPACE, "preserve")
    made.text = text
    return made
