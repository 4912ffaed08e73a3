"""The registry of county measures: which statistics a county table holds, and what they are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np

Grouped = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Single = TypeVar("Single", bound=Callable[..., float])


@dataclass(frozen=True)
class Measure:
    """
    One registered measure: a number for a county, from its schools' values and students.

    Attributes
    ----------
    id : str
        Name of the function; the key in county tables.
    function : callable
        ``function(values, weights) -> float``.
    zh, en : str
        Name shown to readers.
    equal : float or None
        Value taken where all schools are equal; None if there is no fixed one (a mean has none).
    has_unit : bool
        Whether the number is in the indicator's own unit (a mean is); False for a pure number.
    smooth : bool
        Whether a small change of one school changes the number a little; only then has a jackknife interval a meaning.
    grouped : callable or None
        Twin ``grouped(values, weights, starts) -> ndarray`` for all counties at once (`balancelab.measures.grouped`).
    """

    id: str
    function: Callable[..., float]
    zh: str
    en: str
    equal: float | None = 0.0
    has_unit: bool = False
    smooth: bool = True
    grouped: Grouped | None = None


_registered: dict[str, Measure] = {}
MEASURES: Mapping[str, Measure] = MappingProxyType(_registered)
"""Every registered measure by its id, in the order of definition. Read only: add one with `measure`."""


def measure(
    *,
    zh: str,
    en: str,
    equal: float | None = 0.0,
    has_unit: bool = False,
    smooth: bool = True,
    grouped: Grouped | None = None,
) -> Callable[[Single], Single]:
    """
    Register a function of ``(values, weights)`` as a measure of counties.

    Parameters
    ----------
    zh, en : str
        Name shown to readers, Chinese and English.
    equal : float or None, optional
        Value of the measure where all schools are equal.
    has_unit : bool, optional
        True if the number is in the indicator's own unit.
    smooth : bool, optional
        False for a measure that jumps: a quantile, a range.
    grouped : callable, optional
        The vectorised twin.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    TypeError
        If the function takes anything but ``(values, weights)`` and optional keywords.
    ValueError
        If a measure of that name exists or a name is blank.

    Examples
    --------
    >>> from balancelab.measures import MEASURES
    >>> MEASURES["weighted_cv"].en
    'Coefficient of variation'
    >>> MEASURES["weighted_cv"].function([4, 6], [300, 100]) > 0.19
    True
    """

    def register(function: Single) -> Single:
        name = function.__name__
        _check_signature(name, inspect.signature(function))
        if name in _registered:
            raise ValueError(f"a measure named {name!r} is registered already")
        if not zh.strip() or not en.strip():
            raise ValueError(f"measure {name!r} needs a name in both languages")
        _registered[name] = Measure(name, function, zh, en, equal, has_unit, smooth, grouped)
        return function

    return register


def _check_signature(name: str, signature: inspect.Signature) -> None:
    parameters = list(signature.parameters.values())
    optional = all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters[2:])
    if [p.name for p in parameters[:2]] != ["values", "weights"] or not optional:
        raise TypeError(f"measure {name!r} must take (values, weights) and only optional keywords, not {signature}")
