"""Every text that a report can show, gathered from where the texts are written; for whoever translates them."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NOT_ON_A_PAGE = ("cli", "intake", "reports", "sample", "shipped")


def english_texts(package: Path, notebooks: Path) -> list[str]:
    """
    Return the English half of every pair of texts in the source.

    Parameters
    ----------
    package : Path
        Folder of Python and TOML files.
    notebooks : Path
        Folder of notebooks.

    Returns
    -------
    list of str
        In the order of file names and lines, each once. Found are ``{"zh": …, "en": …}`` in Python and TOML, and
        arguments ``zh=…, en=…`` or ``caption_zh=…, caption_en=…`` of calls.
    """
    texts: list[str] = []
    sources = [
        path for path in sorted(package.rglob("*.*")) if path.relative_to(package).parts[0] not in _NOT_ON_A_PAGE
    ]
    for path in (path for path in sources if path.suffix == ".py"):
        texts += _in_python(path.read_text(encoding="utf-8"))
    for path in (path for path in sources if path.suffix == ".toml" and path.parent.name != "locales"):
        texts += _in_table(tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(notebooks.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                texts += _in_python("".join(cell["source"]))
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            entries = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if {"zh", "en"} <= set(entries):
                yield from _constant(entries["en"])
        elif isinstance(node, ast.Call):
            named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            for name, value in named.items():
                if (name == "en" or name.endswith("_en")) and f"{name[:-2]}zh" in named:
                    yield from _constant(value)


def _constant(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _in_table(table: Any) -> Iterator[str]:
    if isinstance(table, dict):
        if isinstance(table.get("zh"), str) and isinstance(table.get("en"), str):
            yield table["en"]
        for value in table.values():
            yield from _in_table(value)
    elif isinstance(table, list):
        for value in table:
            yield from _in_table(value)
