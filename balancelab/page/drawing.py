"""
From a matplotlib figure to SVG: the same bytes each time, every character drawn or shown as missing.

All text that reaches a renderer passes through `_LiteralText`: control characters are removed, mathematical and TeX
markup is not read, the bundled font is used whatever the figure asked for, and a character that the font lacks becomes
〓 and is reported. So a figure can never show an empty box or stop at a name from the data.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from balancelab.page import fonts
from balancelab.page.display import clean_text, number_text
from balancelab.page.theme import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGE_DPI = 200  # of what is an image in the figure itself
MM_PER_INCH = 25.4
LONGEST_TEXT = 160  # characters of one label; longer ones would cover the figure


@dataclass(frozen=True)
class Drawing:
    """
    A figure, drawn.

    Attributes
    ----------
    svg : str
        The figure with its text as outlines; needs no font.
    width_mm, height_mm : float
        Size. [mm]
    missing : str
        Characters that the font lacks and 〓 stands for.
    """

    svg: str
    width_mm: float
    height_mm: float
    missing: str


def draw(figure: Figure) -> Drawing:
    """
    Draw a figure as SVG.

    Parameters
    ----------
    figure : Figure
        The figure; its own size decides. Its text objects are set to take ``$`` literally.

    Returns
    -------
    Drawing
        Identical for identical figures, on any day and machine of the same libraries.

    Notes
    -----
    A format that takes no SVG makes its PNG from the SVG when it is written: to draw one for every figure of every
    report took longer than all else in the figure, and few reports become Word files.
    """
    missing: dict[str, None] = {}
    with style():
        _make_literal(figure)
        svg = _svg(figure, missing)
    width, height = (round(float(side) * MM_PER_INCH, 1) for side in figure.get_size_inches())
    return Drawing(svg=svg, width_mm=width, height_mm=height, missing="".join(missing))


def _make_literal(figure: Figure) -> None:
    """Set every text to be read literally, and logarithmic axes to plain numbers instead of mathematical markup."""
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter

    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_usetex(False)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatter):
                axis.set_major_formatter(FuncFormatter(lambda value, _: number_text(float(value))))
            if isinstance(axis.get_minor_formatter(), LogFormatter):
                axis.set_minor_formatter(NullFormatter())


class _LiteralText:
    """Mixed into a matplotlib renderer: see the top of this module."""

    missing: dict[str, None]

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
        """Measure the text that will be drawn."""
        return super().get_text_width_height_descent(*self._literal(s, prop), False)  # type: ignore[misc]

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Draw it."""
        text, face = self._literal(s, prop)
        super().draw_text(gc, x, y, text, face, angle, False, mtext)  # type: ignore[misc]

    def _literal(self, text: str, prop: Any) -> tuple[str, Any]:
        """Text that can be drawn, and the properties with the bundled font's file in them."""
        text = clean_text(text)
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - 1] + "…"
        self.missing.update(dict.fromkeys(fonts.missing_glyphs(text)))
        text = fonts.replace_missing(text)
        weight = prop.get_weight()
        bold = weight >= 600 if isinstance(weight, int | float) else "bold" in weight or weight in ("heavy", "black")
        face = prop.copy()
        face.set_file(str(fonts.file_for(text, bold=bold)))
        return text, face


def _svg(figure: Figure, missing: dict[str, None]) -> str:
    """Draw into SVG text, without date, maker, comments or document type."""
    from matplotlib.backends.backend_mixed import MixedModeRenderer
    from matplotlib.backends.backend_svg import RendererSVG

    class LiteralSVG(_LiteralText, RendererSVG):
        pass

    out = io.StringIO()
    own_dpi = figure.dpi
    width, height = figure.get_size_inches()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    vector = LiteralSVG(width * 72, height * 72, out, image_dpi=IMAGE_DPI, metadata=nothing)
    vector.missing = missing
    # matplotlib repeats every text as a comment: size without use, and names in the bytes of a public figure
    vector.writer.comment = lambda _: None  # type: ignore[method-assign]
    try:
        figure.dpi = 72
        renderer: Any = MixedModeRenderer(figure, width, height, IMAGE_DPI, vector)
        figure.draw(renderer)
        renderer.finalize()
    finally:
        figure.dpi = own_dpi
    text = out.getvalue()
    return text[text.index("<svg") :].strip() + "\n"
