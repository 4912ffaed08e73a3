"""
What a public edition must not say: single schools and small groups of people, and whatever would give them away.

The rules are data (``rules.toml``). A notebook passes its tables through a :class:`Selection`; page functions that show
schools one by one show how they are distributed instead (:mod:`.schools`); counts of people are withheld so that no
other number gives them away (:mod:`.suppression`); and the page itself refuses any block that names a school
(:mod:`.guard`).
"""

from __future__ import annotations

INTERNAL, PUBLIC = "internal", "public"
AUDIENCES = (INTERNAL, PUBLIC)
"""Whom a report may be for."""

WITHHELD = {"zh": "不公布", "en": "withheld"}
"""Stands for a value that a public edition does not give."""


def check_audience(audience: str) -> None:
    """Refuse an audience that nobody knows."""
    if audience not in AUDIENCES:
        raise ValueError(f"unknown audience {audience!r}: {' or '.join(AUDIENCES)}")


__all__ = ["AUDIENCES", "INTERNAL", "PUBLIC", "WITHHELD", "check_audience"]
