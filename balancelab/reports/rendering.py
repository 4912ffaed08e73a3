"""A finished notebook in every format that was asked for; a format that fails leaves the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TAIL = 2048
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # local file header; end of central directory
_ENDS: Mapping[str, tuple[bytes, bytes]] = {
    "html": (b"<!DOCTYPE html>", b"</html>"),
    "pdf": (b"%PDF-", b"%%EOF"),
    "docx": _ZIP,
    "xlsx": _ZIP,
    "zip": _ZIP,
    "json": (b"{", b"}"),
}


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
            content = render(name, blocks, title=title, language=language, **options)
            require_whole(name, content)
            files[stem + FORMATS[name].suffix] = content
        except ImportError as error:
            failed.append(f"{name}: 缺少程序包 / a package is missing: {error.name} (pip install balancelab)")
        except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:  # typst's errors are RuntimeErrors
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return files, failed


def require_whole(name: str, content: bytes) -> None:
    """
    Refuse a file that a converter left empty or half-written although it said nothing.

    Parameters
    ----------
    name : str
        Name of the format.
    content : bytes
        The file.

    Raises
    ------
    ValueError
        If it does not begin and end as such a file does.

    Examples
    --------
    >>> require_whole("html", b"<!DOCTYPE html><html></html>")
    """
    head, tail = _ENDS.get(name, (b"", b""))
    if not content or not content.startswith(head) or tail not in content[-_TAIL:]:
        raise ValueError(f"the file is empty or not whole ({len(content)} bytes)")
    if name == "pdf" and b"startxref" not in content[-_TAIL:]:
        raise ValueError("the file has no table of its pages")
