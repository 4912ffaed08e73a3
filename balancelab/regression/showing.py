"""How a result shows itself: as tables in Jupyter, as text elsewhere. Nothing in it is ever taken for HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import pandas as pd

from balancelab.definitions import Text


def html(
    *tables: pd.DataFrame, line: str = "", facts: Mapping[str, object] | None = None, notes: Iterable[Text] = ()
) -> str:
    """
    Put a line, tables, a table of facts and notes into HTML.

    >>> html(line="n < 30")
    '<p>n &lt; 30</p>'
    """
    parts = [f"<p>{escape(line)}</p>"] if line else []
    parts += [table.to_html(index=False, float_format="{:.4g}".format) for table in tables]
    if facts is not None:
        lines = [(escape(key), escape(_short(value))) for key, value in facts.items()]
        rows = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in lines)
        parts.append(f'<table border="1" class="dataframe"><tbody>{rows}</tbody></table>')
    parts += [f"<p>{escape(note['zh'])}<br>{escape(note['en'])}</p>" for note in notes]
    return "".join(parts)


def text(
    *tables: pd.DataFrame, line: str = "", facts: Mapping[str, object] | None = None, notes: Iterable[Text] = ()
) -> str:
    """Put the same into plain text."""
    parts = [line] if line else []
    parts += [table.to_string(index=False) for table in tables]
    if facts is not None:
        width = max(map(len, facts))
        parts.append("\n".join(f"{key:<{width}}  {_short(value)}" for key, value in facts.items()))
    parts += [f"{note['zh']}\n{note['en']}" for note in notes]
    return "\n\n".join(parts)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
