"""A finished notebook in every format that was asked for; a format that fails leaves the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def render_formats(
    blocks: Sequence[Mapping[str, Any]],
    *,
    stem: str,
    title: str,
    language: str,
    formats: Sequence[str],
    word: Mapping[str, Any],
) -> tuple[dict[str, bytes], list[str]]:
    """
    Write one report in several formats.

    Parameters
    ----------
    blocks : sequence of mappings
        Block JSON of the executed notebook.
    stem : str
        Path of the report below the output folder, without an ending.
    title, language : str
        Title for formats that carry one; language of the report.
    formats : sequence of str
        Names in `balancelab.reports.formats.FORMATS`.
    word : mapping
        ``template`` and ``facts`` for a bureau's own Word template, or empty.

    Returns
    -------
    files : dict
        Content by path.
    failed : list of str
        One message for each format that could not be written.
    """
    from balancelab.reports.formats import FORMATS, render

    files: dict[str, bytes] = {}
    failed: list[str] = []
    for name in formats:
        options = dict(word) if name == "docx" else {}
        try:
            files[stem + FORMATS[name].suffix] = render(name, blocks, title=title, language=language, **options)
        except ImportError as error:
            failed.append(f"{name}: 缺少程序包 / a package is missing: {error.name} (pip install balancelab)")
        except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:  # typst's errors are RuntimeErrors
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return files, failed
