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

__all__ = ["AUDIENCES", "INTERNAL", "PUBLIC"]
