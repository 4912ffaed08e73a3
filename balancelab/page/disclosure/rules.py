"""The rules of a public edition, read from ``rules.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Rules:
    """
    What a public edition withholds; see ``rules.toml`` for the meaning of each field.

    Attributes
    ----------
    least_schools, least_people : int
        Numbers about fewer schools, counts of fewer people are withheld. [schools, persons]
    columns, figures : frozenset of str
        Columns of the school table and figures of the county table that count people of whom few may be meant.
    sums : mapping
        Figure → the figures that it is the sum of.
    of_single_schools : frozenset of str
        Measures whose value may be that of one or two schools.
    """

    least_schools: int
    least_people: int
    columns: frozenset[str]
    figures: frozenset[str]
    sums: Mapping[str, tuple[str, ...]]
    of_single_schools: frozenset[str]


@cache
def load_rules() -> Rules:
    """Return the rules."""
    read = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    return Rules(
        read["least_schools"],
        read["least_people"],
        frozenset(read["columns"]),
        frozenset(read["figures"]),
        {whole: tuple(parts) for whole, parts in read["sums"].items()},
        frozenset(read["measures"]["of_single_schools"]),
    )


def too_few(n: Sequence[int]) -> list[bool]:
    """
    Say which groups of schools that make up a whole may not be described.

    Parameters
    ----------
    n : sequence of int
        Schools of each group.

    Returns
    -------
    list of bool
        True for groups of fewer schools than the rule asks for and, where all of these together are still fewer, for
        the next smallest: what is left of a whole after the groups that are printed describes enough schools too.

    Examples
    --------
    >>> too_few([40, 3, 12]), too_few([40, 3, 4]), too_few([40, 12]), too_few([40, 0])
    ([False, True, True], [False, True, True], [False, False], [False, False])
    """
    least = load_rules().least_schools
    order = sorted((size, place) for place, size in enumerate(n) if size)
    hidden: set[int] = set()
    together = 0
    for size, place in order:
        if size < least or 0 < together < least:
            hidden.add(place)
            together += size
    return [place in hidden for place in range(len(n))]
