"""
The bundled Noto Sans SC: where it is, what it can write, and how matplotlib learns of it.

Regular holds the whole character set (30,890 characters), so rare characters in names can be drawn; Bold holds GB 2312
and symbols, so bold text with a rarer character is drawn in Regular. Nothing is installed and no file outside the
package is written. How the files were made: ``README.md`` beside this file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FAMILY = "Noto Sans SC"
REGULAR = Path(__file__).with_name("NotoSansSC-Regular.ttf")
BOLD = Path(__file__).with_name("NotoSansSC-Bold.ttf")
STAND_IN = "〓"  # the sign printers use for a missing sort


@cache
def characters(path: Path = REGULAR) -> frozenset[int]:
    """
    Code points that a font file can write.

    Parameters
    ----------
    path : Path
        Font file; the bundled Regular by default.

    Returns
    -------
    frozenset of int
        Unicode code points.
    """
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(path)).get_charmap())


def missing_glyphs(text: str, *, path: Path = REGULAR) -> str:
    """
    Characters of a text that the font cannot write.

    Parameters
    ----------
    text : str
        Any text.
    path : Path
        Font file; the bundled Regular by default.

    Returns
    -------
    str
        Each such character once, in order of appearance; empty if all can be written. Line breaks do not count.

    Examples
    --------
    >>> missing_glyphs("鄠邑区第一小学"), missing_glyphs("𠮷村小学")
    ('', '𠮷')
    """
    known = characters(path)
    return "".join(dict.fromkeys(letter for letter in text if ord(letter) not in known and letter != "\n"))


def replace_missing(text: str) -> str:
    """
    Put 〓 in the place of every character that the font cannot write.

    Examples
    --------
    >>> replace_missing("𠮷村小学")
    '〓村小学'
    """
    lacking = missing_glyphs(text)
    return text.translate(dict.fromkeys(map(ord, lacking), STAND_IN)) if lacking else text


def file_for(text: str, *, bold: bool = False) -> Path:
    """
    Choose the font file that a text is drawn with.

    Parameters
    ----------
    text : str
        Text without missing glyphs.
    bold : bool
        Whether bold is wanted.

    Returns
    -------
    Path
        Bold only if it can write the whole text.

    Examples
    --------
    >>> file_for("达标", bold=True).name, file_for("㙟头小学", bold=True).name
    ('NotoSansSC-Bold.ttf', 'NotoSansSC-Regular.ttf')
    """
    return BOLD if bold and not missing_glyphs(text, path=BOLD) else REGULAR


def register() -> None:
    """
    Make matplotlib's font manager know the two files, in this process only.

    Neither its cache file nor its settings are changed. Calling it again does nothing.
    """
    from matplotlib.font_manager import fontManager

    known = {Path(entry.fname) for entry in fontManager.ttflist}
    for path in (REGULAR, BOLD):
        if path not in known:
            fontManager.addfont(path)
            # a system's variable Noto Sans SC of the same name would be drawn as Thin: ours comes first
            fontManager.ttflist.insert(0, fontManager.ttflist.pop())
