"""
Letters as shapes: what a text looks like in the bundled font, worked out once for each text in a process.

A page of figures writes the same numbers and names again and again, and finding a font, laying out a line and reading
outlines takes matplotlib longer than everything else in a figure. All of it depends on the text and the font only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from balancelab.page import fonts
from balancelab.page.display import clean_text

SIZE = 100.0  # points that shapes are measured at: matplotlib's own, so that outlines are in FreeType's whole units
LONGEST_TEXT = 160  # characters of one label; longer ones would cover the figure
_KEPT = 20_000  # texts remembered; a county has some hundreds


@dataclass(frozen=True)
class Shape:
    """
    A line of text, laid out.

    Attributes
    ----------
    uses : str
        SVG that puts its glyphs side by side, at `SIZE`, baseline at 0, y upwards.
    glyphs : tuple of str
        Ids of the glyphs, for `outline`.
    width, height, descent : float
        Of what is inked, at `SIZE`. [points]
    missing : str
        Characters that the font lacks and 〓 stands for.
    """

    uses: str
    glyphs: tuple[str, ...]
    width: float
    height: float
    descent: float
    missing: str


@lru_cache(maxsize=_KEPT)
def shape(text: str, *, bold: bool = False) -> Shape:
    """
    Lay out a line of text, whatever a name from the data may hold.

    Control characters are removed, what is too long is cut, and a character that the font lacks becomes 〓.

    Parameters
    ----------
    text : str
        The text; no markup is read in it.
    bold : bool
        Whether bold is wanted.

    Examples
    --------
    >>> shape("图").width, shape("𠮷").missing, len(shape("100%").glyphs)
    (100.0, '𠮷', 3)
    """
    from matplotlib.font_manager import FontProperties, get_font
    from matplotlib.textpath import text_to_path

    text = clean_text(text)
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    missing = fonts.missing_glyphs(text)
    text = fonts.replace_missing(text)
    file = fonts.file_for(text, bold=bold)
    face = FontProperties(fname=file, size=SIZE)
    width, height, descent = text_to_path.get_text_width_height_descent(text, face, False)
    letter = "B" if file == fonts.BOLD else "R"
    font: Any = get_font(str(file))
    font.set_size(SIZE, 72)
    placed, outlines, _ = text_to_path.get_glyphs_with_font(font, text, glyph_map=None, return_new_glyphs_only=True)
    ids = [letter + str(name).rsplit("-", 1)[1] for name, *_ in placed]
    uses = "".join(f'<use x="{x:.6g}" xlink:href="#{name}"/>' for name, (_, x, *_) in zip(ids, placed, strict=True))
    for name, outline in outlines.items():
        _outlines.setdefault(letter + str(name).rsplit("-", 1)[1], outline)
    return Shape(uses, tuple(dict.fromkeys(ids)), float(width), float(height), float(descent), missing)


_outlines: dict[str, Any] = {}


def outline(glyph: str) -> tuple[Any, Any]:
    """Return vertices and codes of a glyph that some `shape` has used, at `SIZE`."""
    vertices, codes = _outlines[glyph]
    return vertices, codes


@cache
def line_metrics() -> tuple[float, float]:
    """
    Return how far a line of the font reaches above and below its baseline, as shares of its size.

    Examples
    --------
    >>> line_metrics()
    (0.88, 0.12)
    """
    from matplotlib.ft2font import FT2Font

    font: Any = FT2Font(str(fonts.REGULAR))
    table, unit = font.get_sfnt_table("OS/2"), font.get_sfnt_table("head")["unitsPerEm"]
    return table["sTypoAscender"] / unit, -table["sTypoDescender"] / unit


def is_bold(weight: object) -> bool:
    """
    Tell whether a matplotlib font weight means the bold file.

    >>> is_bold("bold"), is_bold(700), is_bold("normal")
    (True, True, False)
    """
    return weight >= 600 if isinstance(weight, int | float) else "bold" in str(weight) or weight in ("heavy", "black")
