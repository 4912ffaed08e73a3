"""
The HTML report: one file, no script, no outside address, readable on a screen, a phone and paper.

A pure function over block JSON: the same blocks give the same bytes. Everything that comes from data is escaped by the
template engine, figures are images (nothing inside an image can run or fetch), and a content-security policy forbids
the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from balancelab.page.blocks import KINDS, MIME
from balancelab.page.display import clean_text
from balancelab.page.markup import environment, fragment, html_language
from balancelab.page.words import Pair, check_language, choose

TEMPLATES = Path(__file__).with_name("templates")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_CONTENTS: Pair = {"zh": "目录", "en": "Contents"}
_SKIP: Pair = {"zh": "跳到正文", "en": "Skip to the report"}


def blocks_from_notebook(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Collect the blocks that an executed notebook shows.

    Parameters
    ----------
    notebook : mapping
        An executed notebook as ``nbformat`` or ``json`` reads it.

    Returns
    -------
    list of dict
        Block JSON in the order it was shown; outputs that are no blocks are left out.

    Examples
    --------
    >>> blocks_from_notebook({"cells": [{"cell_type": "markdown", "source": ""}]})
    []
    """
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", ()))
    return [dict(output["data"][MIME]) for output in outputs if MIME in output.get("data", {})]


def render_html(
    blocks: Iterable[Mapping[str, Any]],
    *,
    title: str | None = None,
    language: str,
    subtitle: str | None = None,
    footer: str | None = None,
) -> str:
    """
    Write blocks as one self-contained HTML page.

    Parameters
    ----------
    blocks : iterable of mappings
        Block JSON, as `blocks_from_notebook` or ``Block.to_json`` gives it.
    title, subtitle : str, optional
        By default those of the page's own title block.
    language : str
        Language of the report.
    footer : str, optional
        Line at the end of the page.

    Returns
    -------
    str
        A whole HTML document. No script, no outside address; the same blocks give the same text.

    Raises
    ------
    ValueError
        If there is no title, the language or the kind of a block is unknown.
    """
    check_language(language)
    listed = [dict(block) for block in blocks]
    unknown = sorted({str(block.get("kind")) for block in listed} - set(KINDS))
    if unknown:
        raise ValueError(f"unknown kind of block: {', '.join(unknown)}")
    own = next((block for block in listed if block["kind"] == "title"), {"title": None, "subtitle": None})
    title = title or own["title"]
    if not title:
        raise ValueError("a report needs a title: give one, or a page with a title block")
    body = [(f"b{at}", block) for at, block in enumerate(listed, start=1) if block["kind"] not in ("title", "complete")]
    template = environment(TEMPLATES).get_template("report.html.j2")
    return template.render(
        lang=html_language(language),
        policy=POLICY,
        title=clean_text(title),
        subtitle=clean_text(subtitle or own["subtitle"] or ""),
        footer=clean_text(footer or ""),
        contents=_contents(body),
        contents_word=choose(_CONTENTS, language),
        skip_word=choose(_SKIP, language),
        fragments=[fragment(block, anchor=anchor) for anchor, block in body],
    )


def _contents(body: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Headings of the first two levels, and the provenance, with their anchors."""
    entries: list[dict[str, Any]] = []
    for anchor, block in body:
        if block["kind"] == "heading" and block["level"] <= 2:
            entries.append(
                {"anchor": anchor, "number": block["number"], "text": block["text"], "level": block["level"]}
            )
        elif block["kind"] == "provenance":
            entries.append({"anchor": anchor, "number": "", "text": block["heading"], "level": 1})
    return entries
