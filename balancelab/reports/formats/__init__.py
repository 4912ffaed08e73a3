"""
Formats of a report: each is a pure function of the page's blocks, so that no two can disagree.

`FORMATS` is the table of them, `choose_formats` reads a list as a user types it, `render` writes one. The same blocks
give the same bytes in every format, whatever the day, folder, time zone, locale or hash seed; ``SOURCE_DATE_EPOCH``
sets the date that files bear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from balancelab.page.words import Pair

DEFAULT = ("html", "json")
ALL = "all"


@dataclass(frozen=True)
class Format:
    """
    One format of a report.

    Attributes
    ----------
    name : str
        What a user asks for.
    suffix : str
        Ending of the file.
    media_type : str
        What it is, for programs.
    label : pair
        What it is, for readers.
    function : str
        Module and name of the function that writes it; loaded when it is first needed.
    """

    name: str
    suffix: str
    media_type: str
    label: Pair
    function: str


_OFFICE = "application/vnd.openxmlformats-officedocument"

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("html", ".html", "text/html", {"zh": "网页", "en": "web page"}, "reports.html:render_html"),
        Format("pdf", ".pdf", "application/pdf", {"zh": "PDF", "en": "PDF"}, "reports.formats.pdf:render_pdf"),
        Format(
            "docx",
            ".docx",
            f"{_OFFICE}.wordprocessingml.document",
            {"zh": "Word 文档", "en": "Word document"},
            "reports.formats.word:render_docx",
        ),
        Format(
            "xlsx",
            ".xlsx",
            f"{_OFFICE}.spreadsheetml.sheet",
            {"zh": "Excel 工作簿", "en": "Excel workbook"},
            "reports.formats.excel:render_xlsx",
        ),
        Format(
            "json",
            ".json",
            "application/json",
            {"zh": "结果数据（JSON）", "en": "results (JSON)"},
            "reports.formats.bundle:render_json",
        ),
        Format(
            "zip",
            ".zip",
            "application/zip",
            {"zh": "数据包（CSV、JSON）", "en": "data package (CSV, JSON)"},
            "reports.formats.bundle:render_bundle",
        ),
    )
}


def choose_formats(wanted: str | Iterable[str] = DEFAULT) -> tuple[str, ...]:
    """
    Read which formats a user wants.

    Parameters
    ----------
    wanted : str or iterable of str
        Names, as a list or with commas between; ``all`` for every one.

    Returns
    -------
    tuple of str
        Each once, in the order of `FORMATS`.

    Raises
    ------
    ValueError
        If a name is unknown, with the nearest known one, or none is given.

    Examples
    --------
    >>> choose_formats("pdf, html"), len(choose_formats("all"))
    (('html', 'pdf'), 6)
    """
    parts = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    names = [part.strip().lower() for part in parts if part.strip()]
    if not names:
        raise ValueError(f"no format given: {', '.join(FORMATS)} or {ALL} (未指定格式)")
    unknown = [name for name in names if name not in FORMATS and name != ALL]
    if unknown:
        near = get_close_matches(unknown[0], [*FORMATS, ALL], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        known = ", ".join([*FORMATS, ALL])
        raise ValueError(f"unknown format {', '.join(unknown)}{hint} Known are {known} (未知格式)")
    return tuple(name for name in FORMATS if name in names or ALL in names)


def render(
    name: str,
    blocks: Iterable[Mapping[str, Any]],
    *,
    title: str | None = None,
    language: str,
    **options: Any,
) -> bytes:
    """
    Write blocks in one format.

    Parameters
    ----------
    name : str
        One of `FORMATS`.
    blocks : iterable of mappings
        Block JSON.
    title : str, optional
        By default the title that the page gives itself.
    language : str
        Language of the report.
    **options
        What this format takes besides: ``template`` and ``facts`` for ``docx``, ``subtitle`` and ``footer`` for
        ``html``.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        If the format, the language or a kind of block is unknown, or there is no title.
    """
    (chosen,) = choose_formats([name])
    module, _, function = FORMATS[chosen].function.partition(":")
    write: Callable[..., str | bytes] = getattr(import_module(f"balancelab.{module}"), function)
    written = write(blocks, title=title, language=language, **options)
    return written.encode("utf-8") if isinstance(written, str) else written
