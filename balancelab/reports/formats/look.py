"""Colours of states in print: the theme's for text, pale tints for areas; word and shape carry the meaning."""

from __future__ import annotations

from balancelab.page.theme import STATUS

# pale enough for black text on a grey printer; every text colour of the theme keeps a contrast of 4.5 on them
_TINTS = {"met": "#F0F6FA", "failed": "#FCF3F0", "undetermined": "#F4F6F8", "not_applicable": "#F4F6F8"}
_BASE = {"met_borderline": "met", "failed_borderline": "failed", "excluded": "undetermined"}

PALE = "#F4F6F8"
WARNING_FILL = "#FDF5E6"
WARNING_RULE = "#B07A10"


def base_state(mark: str | None) -> str | None:
    """
    State whose colours a mark is printed in; nothing for marks that are printed like other text.

    Examples
    --------
    >>> base_state("failed_borderline"), base_state("total")
    ('failed', None)
    """
    state = _BASE.get(mark or "", mark)
    return state if state in _TINTS else None


def ink(mark: str | None) -> str | None:
    """
    Colour of a text that carries a mark.

    Examples
    --------
    >>> ink("failed"), ink(None)
    ('#A8321A', None)
    """
    state = base_state(mark)
    return STATUS[state].color if state else None


def tint(mark: str | None) -> str | None:
    """
    Colour of the area behind it.

    Examples
    --------
    >>> tint("excluded")
    '#F4F6F8'
    """
    state = base_state(mark)
    return _TINTS[state] if state else None
