"""
Blocks: what a page is made of, and the JSON that every output format is written from.

A block shows itself in JupyterLab as HTML and carries ``application/vnd.balancelab.block.v1+json`` beside it, which
Papermill keeps in the executed notebook. The JSON by kind (all also have ``version``, ``kind``, ``language``):

======================  ================================================================================================
``title``               ``title``, ``subtitle`` (text or null)
``heading``             ``level`` 1–3, ``number`` ("2.1", "（一）" or ""), ``text``
``paragraph``           ``text``
``note``                ``style`` ("note", "warning"), ``text``
``verdict``             ``state`` (a mark id), ``word``, ``glyph``, ``text``, ``part`` ({``id``, ``label``} or null)
``table``               ``number`` ("表 1"), ``caption``, ``note``, ``columns``, ``rows``, ``marks``, ``row_marks``,
                        ``row_header``, ``about`` and ``keys`` (or null)
``figure``              ``number``, ``caption``, ``alt``, ``svg`` (text), ``png`` (base64 or null), ``width_mm``,
                        ``height_mm``
``provenance``          ``heading``, ``entries`` [{``label``, ``value``}], ``facts`` (object, or null)
``complete``            ``token``, ``blocks`` (how many came before)
======================  ================================================================================================

A table's ``columns`` are ``{id, label, unit, group, kind, decimals, align}``; ``rows`` are lists of raw values (numbers
unrounded, a percentage as a share, a verdict as its mark id, missing as null); ``marks`` has the same shape with a
mark id or null; ``row_marks`` one mark id or null per row; ``row_header`` the index of the column that names the row.
``about`` is the id of what a table holds and ``keys`` one list of ids per row, for programs that look for a number; the
``part`` of a verdict is the block of the evaluation that it decides. The ``facts`` of a provenance tell programs what
the page is about: county, year, standard, hashes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

MIME = "application/vnd.balancelab.block.v1+json"
COMPLETION_TOKEN = "balancelab-page-complete"  # noqa: S105 (a sentinel, not a password)
KINDS = ("title", "heading", "paragraph", "note", "verdict", "table", "figure", "provenance", "complete")
COEFFICIENTS = "coefficients"
"""``about`` of a county's coefficients of variation; its keys are stage and indicator."""
SCHOOL_VALUES = "school_values"
"""``about`` of the values of a stage's schools, each with its verdict; its keys are stage and code of the school."""
BLOCK_VERDICTS = "block_verdicts"
"""``about`` of the verdicts of the evaluation's blocks; its key is the block's id, ``county`` for all of them."""


@dataclass(frozen=True, repr=False)
class Block:
    """
    One piece of a page.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    language : str
        Language of its texts.
    payload : mapping
        What the kind holds; see the table at the top of this module.

    Examples
    --------
    >>> Block("paragraph", "en", {"text": "Two schools fall short."})
    <block paragraph: Two schools fall short.>
    """

    kind: str
    language: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """
        Everything a renderer needs, as plain JSON values.

        Returns
        -------
        dict
            A copy; changing it does not change the block.
        """
        return {"version": 1, "kind": self.kind, "language": self.language, **deepcopy(dict(self.payload))}

    def show(self) -> None:
        """Display the block at once when the code runs inside IPython; do nothing elsewhere."""
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            ipython.display.display(self)

    def __repr__(self) -> str:
        words = [self.payload.get(key) for key in ("number", "caption", "title", "text", "token")]
        return f"<block {self.kind}: {' '.join(word for word in words if word)[:80]}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from balancelab.page.markup import preview

        block = self.to_json()
        return {"text/plain": repr(self), "text/html": preview(block), MIME: block}


def is_complete(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """
    Whether a page was written to its end.

    Parameters
    ----------
    blocks : sequence of mappings
        Block JSON in the order it was written.

    Returns
    -------
    bool
        True if the last block is the completion token and counts exactly the blocks before it.

    Examples
    --------
    >>> is_complete([{"kind": "complete", "token": "balancelab-page-complete", "blocks": 0}])
    True
    """
    if not blocks:
        return False
    last = blocks[-1]
    return (
        last.get("kind") == "complete"
        and last.get("token") == COMPLETION_TOKEN
        and last.get("blocks") == len(blocks) - 1
    )
