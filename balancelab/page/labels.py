"""
Many short texts as one artist.

A matplotlib text costs more than all that it stands beside: an object with its own font, layout and box for each number
of a heat table, and a tick with two texts and three lines for each school's name. Here one artist holds all texts that
look alike, places them at once and hands them to the renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.artist import Artist

from balancelab.page import lettering
from balancelab.page.theme import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

_LEFT_OF = {"left": 0.0, "center": 0.5, "right": 1.0}
_LINE = 1.2  # of the size: from one line to the next


class Labels(Artist):
    """
    Texts at places of a figure.

    Parameters
    ----------
    places : array_like, shape (n, 2)
        Where they stand, in the coordinates of the artist's transform.
    texts : sequence of str
        One for each place; a line break begins a new line.
    size : float
        Size of the letters. [points]
    color : str or sequence of str
        One colour for all, or one for each.
    align : {"left", "center", "right"}
        Which part of a text is at its place.
    rise : {"middle", "bottom", "top"}
        Which part of it is at the height of its place.
    bold : bool
        Whether they are bold.
    shift : (float, float)
        How far to the right of its place a text stands, and how far above. [points]
    halo : float
        Room around each text that is made white before it is drawn, None for no white. [points]
    """

    def __init__(
        self,
        places: Any,
        texts: Sequence[str],
        *,
        size: float,
        color: str | Sequence[str] = INK,
        align: Literal["left", "center", "right"] = "center",
        rise: Literal["middle", "bottom", "top"] = "middle",
        bold: bool = False,
        shift: tuple[float, float] = (0.0, 0.0),
        halo: float | None = None,
    ) -> None:
        super().__init__()
        self.places = np.asarray(places, dtype=float).reshape(-1, 2)
        self.texts = list(texts)
        self._size, self._bold, self._shift, self._halo = size, bold, shift, halo
        self._align, self._rise = align, rise
        self._colors = [color] * len(self.texts) if isinstance(color, str) else list(color)

    def draw(self, renderer: Any) -> None:
        """Draw every text."""
        from matplotlib.font_manager import FontProperties

        if not self.get_visible() or not self.texts:
            return
        face = FontProperties(size=self._size, weight="bold" if self._bold else "normal")
        size = renderer.points_to_pixels(self._size)
        points = self.get_transform().transform(self.places) + [renderer.points_to_pixels(part) for part in self._shift]
        lines = [
            (x, y, part, color)
            for (x, y), text, color in zip(points.tolist(), self.texts, self._colors, strict=True)
            for y, part in _lines(y, text, size, self._rise)
        ]
        widths = [renderer.get_text_width_height_descent(part, face, False)[0] for _, _, part, _ in lines]
        lefts = [x - _LEFT_OF[self._align] * width for (x, *_), width in zip(lines, widths, strict=True)]
        gc = renderer.new_gc()
        if self._halo is not None:
            self._whiten(renderer, gc, [(left, y) for left, (_, y, *_) in zip(lefts, lines, strict=True)], widths)
        above, below = lettering.line_metrics()
        height = renderer.get_canvas_width_height()[1]
        for left, (_, y, part, color) in zip(lefts, lines, strict=True):
            baseline = y - (above - below) / 2 * size
            gc.set_foreground(color)
            renderer.draw_text(gc, left, height - baseline if renderer.flipy() else baseline, part, face, 0, False)
        gc.restore()

    def _whiten(self, renderer: Any, gc: Any, places: list[tuple[float, float]], widths: list[float]) -> None:
        from matplotlib.path import Path
        from matplotlib.transforms import IdentityTransform

        room = renderer.points_to_pixels(self._halo)
        half = renderer.points_to_pixels(self._size) / 2 + room
        boxes = [
            Path(
                [(x - room, y - half), (x + width + room, y - half), (x + width + room, y + half), (x - room, y + half),
                 (x - room, y - half)],
                closed=True,
            )
            for (x, y), width in zip(places, widths, strict=True)
        ]  # fmt: skip
        gc.set_linewidth(0)
        renderer.draw_path(gc, Path.make_compound_path(*boxes), IdentityTransform(), (1.0, 1.0, 1.0, 1.0))


def add_labels(
    axes: Axes,
    places: Any,
    texts: Sequence[str],
    *,
    transform: Transform | None = None,
    zorder: float = 3.0,
    **look: Any,
) -> None:
    """
    Put `Labels` into axes, drawn also beyond their edge.

    Parameters
    ----------
    axes : Axes
        Where.
    places, texts, **look
        As for `Labels`.
    transform : Transform, optional
        Of the places; the data's by default.
    zorder : float
        As everywhere in matplotlib.
    """
    labels = Labels(places, texts, **look)
    labels.set_transform(axes.transData if transform is None else transform)
    labels.set_zorder(zorder)
    labels.set_in_layout(False)
    axes.add_artist(labels)


def name_rows(
    axes: Axes, lines: Sequence[float] | np.ndarray, names: Sequence[str], *, size: float = 8.0, bold: bool = False
) -> None:
    """
    Write names left of the axes, one for each line of the chart.

    Parameters
    ----------
    axes : Axes
        Their vertical axis then has no ticks.
    lines : array_like of float
        Vertical places, in data coordinates.
    names : sequence of str
        The names.
    size : float
        Size of the letters. [points]
    bold : bool
        Whether they are bold.
    """
    axes.yaxis.set_ticks([])
    places = np.column_stack([np.zeros(len(lines)), np.asarray(lines, dtype=float)]) if len(lines) else np.zeros((0, 2))
    across = axes.get_yaxis_transform()
    add_labels(axes, places, names, transform=across, size=size, bold=bold, align="right", shift=(-4.0, 0.0))


def mark_across(axes: Axes, places: Sequence[float], names: Sequence[str], title: str = "") -> None:
    """
    Mark values below the axes, and write what they are values of.

    Parameters
    ----------
    axes : Axes
        Their horizontal axis then has no ticks of its own.
    places : sequence of float
        Values, in data coordinates.
    names : sequence of str
        How each is written.
    title : str
        What is measured, if that has to be said.
    """
    from matplotlib.markers import TICKDOWN

    axes.xaxis.set_ticks([])
    down = axes.get_xaxis_transform()
    marks = np.column_stack([np.asarray(places, dtype=float), np.zeros(len(places))])
    axes.plot(*marks.T, linestyle="", marker=TICKDOWN, markersize=3, markeredgewidth=0.7, color=MUTED,
              transform=down, clip_on=False)  # fmt: skip
    add_labels(axes, marks, names, transform=down, size=8, rise="top", shift=(0.0, -6.0))
    if title:
        add_labels(axes, [(0.5, 0.0)], [title], transform=axes.transAxes, size=8.5, rise="top", shift=(0.0, -17.5))


def add_key(axes: Axes, entries: Sequence[tuple[str, str, str]]) -> None:
    """
    Explain marks in one line above the right end of the axes.

    Parameters
    ----------
    axes : Axes
        Where.
    entries : sequence of (str, str, str)
        Marker, colour and name of each.
    """
    size, gap, above = 8.0, 26.0, 9.0  # points: of the letters, before each mark, over the axes
    figure: Any = axes.get_figure(root=True)
    wide, high = (float(side) * 72.0 for side in axes.get_position().size * figure.get_size_inches())
    left = wide
    for marker, color, name in reversed(entries):
        left -= lettering.shape(name).width * size / lettering.SIZE
        place = (left / wide, 1.0 + above / high)
        add_labels(axes, [place], [name], transform=axes.transAxes, size=size, align="left")
        axes.plot([place[0] - 8.0 / wide], [place[1]], linestyle="", marker=marker, color=color, markersize=5,
                  transform=axes.transAxes, clip_on=False)  # fmt: skip
        left -= gap


def _lines(y: float, text: str, size: float, rise: str) -> list[tuple[float, str]]:
    """Part a text into its lines, each with the height of its middle."""
    parts, step = text.split("\n"), _LINE * size
    first = {"middle": (len(parts) - 1) / 2, "bottom": len(parts) - 0.5, "top": -0.5}[rise]
    return [(y + (first - number) * step, part) for number, part in enumerate(parts)]
