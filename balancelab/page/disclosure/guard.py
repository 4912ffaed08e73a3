"""The last door of a public edition: a block that names a school is refused, whatever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.display import clean_text

if TYPE_CHECKING:
    import pandas as pd

SCHOOL_COLUMNS = frozenset({"school", "school_code"})
"""Columns that no table of a public edition shows."""

_PICTURES = ("svg", "png")  # text in them is drawn; a figure's texts are searched before it is drawn
_SHORTEST_NAME = 4  # of a school, in letters: anything shorter is a word of the language ("小学", "North")
_SHORTEST_CODE = 5  # shorter codes are numbers that stand in every table
_FEW_NAMES = 300  # a county; looking for each of them is quicker then
_TOKEN = re.compile(r"[0-9A-Za-z_-]+")


class NamesSchool(ValueError):  # noqa: N818 - it names what the block does
    """A block of a public edition names a school."""


class Guard:
    """
    Knows the names and codes of the schools of a table and finds them in texts.

    Parameters
    ----------
    schools : DataFrame
        With ``school``, ``school_code``, ``county`` and ``county_code``. A name that is part of a county's name, or of
        fewer than four letters, is taken for a word; a code counts where it stands alone.
    """

    def __init__(self, schools: pd.DataFrame) -> None:
        counties = " ".join(sorted({clean_text(str(name)) for name in schools["county"].dropna().unique()}))
        names = {clean_text(str(name)).strip() for name in schools["school"].dropna().unique()}
        self._names = sorted(name for name in names if _is_name(name) and name not in counties)
        self._starting: dict[str, list[str]] = {}
        for name in self._names:
            self._starting.setdefault(name[:_SHORTEST_NAME], []).append(name)
        codes = {str(code).strip() for code in schools["school_code"].dropna().unique()}
        self._codes = {code for code in codes if len(code) >= _SHORTEST_CODE} - set(schools["county_code"])

    def check(self, part: Any, what: str) -> None:
        """
        Refuse a block, or any texts, in which a school is named.

        Raises
        ------
        NamesSchool
            Saying which name and where; the message is for the operator and is not published.
        """
        for found in _texts(part):
            named = self._name_in(found)
            if named is None and self._codes:
                named = next((word for word in _TOKEN.findall(found) if word in self._codes), None)
            if named is not None:
                raise NamesSchool(
                    f"公开版的{what}中出现学校“{named}”；请在 notebooks 中去掉该处，或改用 internal\n"
                    f"a {what} of the public edition names the school '{named}': take it out of the notebook, or make "
                    "the internal edition"
                )

    def _name_in(self, text: str) -> str | None:
        if len(self._names) <= _FEW_NAMES:
            return next((name for name in self._names if name in text), None)
        # a country has 300,000: the text is read once, not once for each
        starts = (self._starting.get(text[at : at + _SHORTEST_NAME], ()) for at in range(len(text)))
        return next((name for at, names in enumerate(starts) for name in names if text.startswith(name, at)), None)


def _is_name(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME and any(letter.isalpha() for letter in name)


def _texts(part: Any, key: str = "") -> Iterator[str]:
    """Yield every text in a block, few and long: a table's cells come as one."""
    if isinstance(part, str):
        if key not in _PICTURES:
            yield part
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from _texts(value, str(name))
    elif isinstance(part, Iterable):
        yield "\n".join(text for entry in part for text in _texts(entry))
