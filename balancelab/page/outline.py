"""Sections of a page: which level a heading stands on and what number it bears."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_OWN_NUMBER = re.compile(
    r"[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d{1,2}(?:、|[.]\s)|\d{1,2}(?:[.]\d{1,2})+\s+(?=[A-Z\u4e00-\u9fff])"
)


class Outline:
    """
    Count the sections of one page.

    A heading of level 1 that opens the page is its title. The sections under it then begin at level 1 or 2, as the
    author likes; blocks always number them from 1.

    Parameters
    ----------
    titled : bool
        Whether the page already has a title.

    Examples
    --------
    >>> outline = Outline(titled=True)
    >>> [outline.enter(level) for level in (1, 2, 2, 1)]
    [(1,), (1, 1), (1, 2), (2,)]
    """

    def __init__(self, *, titled: bool) -> None:
        self._counted: tuple[int, ...] = ()
        # how many levels the title takes away; known with the first section
        self._above: int | None = 0 if titled else None

    def enter(self, level: int) -> tuple[int, ...]:
        """
        Begin a section.

        Parameters
        ----------
        level : {1, 2, 3}
            Level as the author gave it.

        Returns
        -------
        tuple of int
            The section's place, one number per level: (2, 1) is the first part of the second section.

        Raises
        ------
        ValueError
            If the level is unknown, skips one, or stands above the title.
        """
        above = self._above if self._above is not None else int(level == 2)
        depth = level - above
        if level not in (1, 2, 3) or not 1 <= depth <= len(self._counted) + 1:
            raise ValueError(
                f"heading level {level!r} after level {len(self._counted) + above}: levels are 1 to 3, none skipped, "
                "and only the title stands above the sections"
            )
        counted = [*self._counted, 0][:depth]
        counted[-1] += 1
        self._above, self._counted = above, tuple(counted)
        return self._counted


def section_number(place: tuple[int, ...], language: str) -> str:
    """
    Write a section's number as the language's official documents do.

    Parameters
    ----------
    place : tuple of int
        Place of the section.
    language : str
        Language code.

    Returns
    -------
    str
        Chinese: 一、 then （一） then 1.; otherwise 1, 1.1, 1.1.1.

    References
    ----------
    GB/T 9704-2012, clause 7.3.3, for the Chinese order of numbers.

    Examples
    --------
    >>> section_number((12,), "zh"), section_number((1, 2), "zh"), section_number((1, 2, 3), "zh")
    ('十二、', '（二）', '3.')
    >>> section_number((1, 2), "en")
    '1.2'
    """
    if language != "zh":
        return ".".join(map(str, place))
    match len(place):
        case 1:
            return _chinese(place[-1]) + "、"
        case 2:
            return f"（{_chinese(place[-1])}）"
        case _:
            return f"{place[-1]}."


def has_own_number(text: str) -> bool:
    """
    Whether an author has typed a number before a heading, which then keeps it.

    Examples
    --------
    >>> has_own_number("一、结论"), has_own_number("2. Differences"), has_own_number("2.1 Scope")
    (True, True, True)
    >>> has_own_number("结论"), has_own_number("7 indicators"), has_own_number("2.5 teachers per class")
    (False, False, False)
    """
    return _OWN_NUMBER.match(text) is not None


def _chinese(number: int) -> str:
    """A number below 100 in Chinese."""
    tens, units = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[units] if units or not tens else "")
