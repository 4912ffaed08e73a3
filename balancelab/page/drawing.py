"""
From a matplotlib figure to SVG: the same bytes each time, every character drawn or shown as missing.

All text is drawn as `lettering` lays it out: control characters are removed, mathematical and TeX markup is not read,
the bundled font is used whatever the figure asked for, and a character that the font lacks becomes 〓 and is reported.
So a figure can never show an empty box or stop at a name from the data.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from balancelab.page import lettering
from balancelab.page.display import number_text
from balancelab.page.theme import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGE_DPI = 200  # of what is an image in the figure itself
MM_PER_INCH = 25.4


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


def _svg(figure: Figure, missing: dict[str, None]) -> str:
    """Draw into SVG text, without date, maker, comments or document type."""
    from matplotlib.backends.backend_mixed import MixedModeRenderer
    from matplotlib.backends.backend_svg import RendererSVG

    class LiteralSVG(RendererSVG):
        """Writes every text as the glyphs of the bundled font, whatever the figure asked for."""

        def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
            """Measure the text that will be drawn."""
            shape, scale = lettering.shape(s, bold=lettering.is_bold(prop.get_weight())), _scale(prop)
            return shape.width * scale, shape.height * scale, shape.descent * scale

        def draw_text(
            self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
        ) -> None:
            """Draw it."""
            shape = lettering.shape(s, bold=lettering.is_bold(prop.get_weight()))
            missing.update(dict.fromkeys(shape.missing))
            clip = self._get_clip_attrs(gc)
            if clip:
                self.writer.start("g", attrib=clip)
            self.writer.element("g")  # empty; the writer now holds no tag open, and more can be written behind it
            new = [glyph for glyph in shape.glyphs if glyph not in defined]
            if new:
                defined.update(new)
                out.write("<defs>" + "".join(_definition(self, glyph) for glyph in new) + "</defs>\n")
            out.write(_lettered(gc, x, y, shape, _scale(prop), angle))
            if clip:
                self.writer.end("g")

    out = io.StringIO()
    defined: set[str] = set()
    own_dpi = figure.dpi
    width, height = figure.get_size_inches()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    vector = LiteralSVG(width * 72, height * 72, out, image_dpi=IMAGE_DPI, metadata=nothing)
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


def _scale(prop: Any) -> float:
    return float(prop.get_size_in_points()) / lettering.SIZE


def _lettered(gc: Any, x: float, y: float, shape: lettering.Shape, scale: float, angle: float) -> str:
    """Return a line of text as SVG, its baseline beginning at a point of the figure."""
    red, green, blue, alpha = gc.get_rgb()
    alpha = gc.get_alpha() if gc.get_forced_alpha() else alpha
    fill = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    faint = "" if alpha == 1 else f' opacity="{alpha:.4g}"'
    turned = f" rotate({-angle:.6g})" if angle else ""
    place = f"translate({x:.2f} {y:.2f}){turned} scale({scale:.6g} {-scale:.6g})"
    return f'<g fill="{fill}"{faint} transform="{place}">{shape.uses}</g>\n'


def _definition(renderer: Any, glyph: str) -> str:
    """Return the outline of a glyph as SVG; worked out once for each glyph in a process."""
    if glyph not in _definitions:
        from matplotlib.path import Path

        vertices, codes = lettering.outline(glyph)
        # times 64: FreeType's own whole units, so that the digits are few and exact
        path = renderer._convert_path(Path(vertices * 64, codes), simplify=False).replace("\n", " ").strip()
        _definitions[glyph] = f'<path id="{glyph}" d="{path}" transform="scale(0.015625)"/>'
    return _definitions[glyph]


_definitions: dict[str, str] = {}
