"""
How figures look: colours, marks, sizes, and a style that holds only where it is asked for.

The palette is told apart by the colour-blind and on grey paper; every colour meant for text has a contrast of at least
4.5 on white. Figures are made without pyplot and with fixed margins, so no global state changes and the same figure
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from balancelab.page import fonts

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

# text and lines
INK = "#1B2733"
MUTED = "#5A6672"
RULE = "#C9D1D9"
FAINT = "#EEF2F5"
ACCENT = "#12476B"
LIMIT = "#A8321A"  # the line of a legal limit

# widths and heights in inches: an A4 sheet with margins of 20 mm has 170 mm for text
FULL_WIDTH = 6.69
HALF_WIDTH = 3.27
STANDARD_HEIGHT = 3.6
PAGE_HEIGHT = 9.4


@dataclass(frozen=True)
class Status:
    """
    How one state looks in a figure.

    Attributes
    ----------
    color : str
        For text, edges and markers; contrast at least 4.5 on white.
    fill : str
        For areas; the three fills also differ in lightness.
    marker : str
        Matplotlib marker.
    hatch : str
        Hatch for areas.
    """

    color: str
    fill: str
    marker: str
    hatch: str


STATUS: dict[str, Status] = {
    "met": Status(color="#1B6399", fill="#A9CBE3", marker="o", hatch=""),
    "failed": Status(color="#A8321A", fill="#D4583A", marker="X", hatch="////"),
    "undetermined": Status(color="#5A6672", fill="#E3E7EB", marker="D", hatch="...."),
    "not_applicable": Status(color="#5A6672", fill="#FFFFFF", marker="_", hatch=""),
}

# categories in a fixed order: lightness, hue and marker all differ
CATEGORY_COLORS = ("#12476B", "#B06A10", "#4FA196", "#7A3B6C", "#8793A0")
CATEGORY_MARKERS = ("o", "s", "^", "D", "v")


def sequential() -> LinearSegmentedColormap:
    """
    One-hue colour scale, light to dark, for "how much".

    Returns
    -------
    Colormap
        A new one; nothing is registered.
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("balancelab_sequential", ["#F4F8FB", "#A9CBE3", "#4C8DBB", "#12476B"])


def diverging() -> LinearSegmentedColormap:
    """
    Two-hue colour scale for "below or above": vermilion below, white at the limit, blue above.

    Returns
    -------
    Colormap
        A new one; nothing is registered.
    """
    from matplotlib.colors import LinearSegmentedColormap

    stops = ["#A8321A", "#E39A82", "#FFFFFF", "#8FBBDA", "#1B6399"]
    return LinearSegmentedColormap.from_list("balancelab_diverging", stops)


@contextmanager
def style() -> Iterator[None]:
    """
    Use the house style inside a ``with`` block, or over a function as a decorator.

    Matplotlib's own settings are as before when it ends. Text in figures is literal: a ``$`` or a backslash in a name
    is just that sign.

    Examples
    --------
    >>> @style()
    ... def draw_nothing():
    ...     return new_figure(FULL_WIDTH, 2.0)
    >>> draw_nothing().get_size_inches().tolist()
    [6.69, 2.0]
    """
    import matplotlib as mpl

    fonts.register()
    with mpl.rc_context():
        known: dict[Any, Any] = mpl.rcParams
        dict.update(known, _settings())  # checked already: to check 300 settings for each figure takes 2 ms
        yield


@cache
def _settings() -> dict[str, Any]:
    """Return every setting of matplotlib but the backend, as the house style has it, checked by matplotlib."""
    import matplotlib as mpl
    from cycler import cycler

    settings: dict[Any, Any] = {
        "font.family": [fonts.FAMILY],
        "font.sans-serif": [fonts.FAMILY],
        "font.size": 8.5,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.labelsize": 8.5,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": False,
        "axes.prop_cycle": cycler(color=CATEGORY_COLORS),
        "axes.formatter.use_mathtext": False,
        "grid.color": RULE,
        "grid.linewidth": 0.5,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
        "lines.markersize": 5,
        "patch.linewidth": 0.7,
        "hatch.linewidth": 0.5,
        "text.color": INK,
        "text.parse_math": False,
        "text.usetex": False,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.dpi": 100,
        "svg.fonttype": "path",
        "svg.hashsalt": "balancelab",
        "svg.id": None,
        "path.simplify": True,
    }
    # a user's own matplotlibrc must not change a report; the backend is the one setting no context may touch
    defaults = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")}
    checked = mpl.RcParams({**defaults, **settings})
    return {name: checked[name] for name in checked}


def new_figure(
    width: float = FULL_WIDTH,
    height: float = STANDARD_HEIGHT,
    *,
    left: float = 0.9,
    right: float = 0.15,
    bottom: float = 0.55,
    top: float = 0.3,
) -> Figure:
    """
    Make an empty figure with fixed margins, known to nobody but the caller.

    Call it, and add the axes (``figure.subplots()``), inside `style`.

    Parameters
    ----------
    width, height : float
        Size. [inches]
    left, right, bottom, top : float
        Room around the axes. [inches]

    Returns
    -------
    Figure
        With an SVG canvas; no window, no global list.

    Raises
    ------
    ValueError
        If the margins leave no room.

    Examples
    --------
    >>> with style():
    ...     axes = new_figure(6.0, 3.0, left=0.6).subplots()
    >>> round(float(axes.get_position().x0), 3)
    0.1
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    if left + right >= width or bottom + top >= height:
        raise ValueError(f"margins leave no room in a figure of {width} × {height} inches")
    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    figure.subplots_adjust(left=left / width, right=1 - right / width, bottom=bottom / height, top=1 - top / height)
    return figure
