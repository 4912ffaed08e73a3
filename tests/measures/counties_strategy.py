"""Random counties for the property tests: ties, zeros, tiny schools and giants occur in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

County = tuple[np.ndarray, np.ndarray]

_TIED = st.integers(1, 6).map(float)
_ANY = st.integers(1, 10**6).map(lambda thousandths: thousandths / 1000)


@st.composite
def counties(
    draw: st.DrawFn, *, smallest: int = 1, largest: int = 12, zeros: bool = False, weight: int = 3000
) -> County:
    """Values and whole numbers of students of one county, at least one value positive."""
    one = st.one_of(_TIED, _ANY, st.just(0.0)) if zeros else st.one_of(_TIED, _ANY)
    n_schools = draw(st.integers(smallest, largest))
    values = draw(st.lists(one, min_size=n_schools, max_size=n_schools))
    weights = draw(st.lists(st.integers(1, weight), min_size=n_schools, max_size=n_schools))
    if not any(values):
        values[0] = 1.0
    return np.array(values), np.array(weights, dtype=float)


@st.composite
def grouped_counties(draw: st.DrawFn, *, zeros: bool = False) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A county and the label of each school's group."""
    values, weights = draw(counties(zeros=zeros))
    labels = draw(st.lists(st.sampled_from(["urban", "town", "rural"]), min_size=len(values), max_size=len(values)))
    return values, weights, labels


def outcome(function: Callable[..., float], *arguments: object) -> float | None:
    """Answer of a measure; None where it has none and says so."""
    try:
        return function(*arguments)
    except ValueError:
        return None
