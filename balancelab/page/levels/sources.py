"""What else a page was made from: the files that people added, by name and hash; and what reading them said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.intake import Finding
    from balancelab.page import Page


def added_files(*paths: str) -> list[tuple[Text, str]]:
    """Return entries for a page's provenance: name and SHA-256 of each file; nothing for an empty path."""
    return [
        (
            {"zh": "附加文件", "en": "Added file"},
            f"{Path(path).name} · {hashlib.sha256(Path(path).read_bytes()).hexdigest()}",
        )
        for path in paths
        if path
    ]


def file_notes(page: Page, findings: Iterable[Finding], county_code: str = "") -> None:
    """Show warnings about an added file, of this county or of the file; nothing where there is none, or in public."""
    shown = [each for each in findings if each.severity == "warning" and each.county_code in (None, county_code)]
    if not shown or page.public:  # a finding quotes the county's own words
        return
    page.table(
        pd.DataFrame(
            {
                "place": [each.address or "" for each in shown],
                "text": [page.word({"zh": each.zh, "en": each.en}) for each in shown],
                "remedy": [page.word({"zh": each.remedy_zh, "en": each.remedy_en}) for each in shown],
            }
        ),
        columns=[
            Column("place", zh="位置", en="Where"),
            Column("text", zh="需要核对的内容", en="What needs checking"),
            Column("remedy", zh="建议", en="What to do"),
        ],
        caption_zh="读附加文件时发现、需要核对的问题",
        caption_en="Found on reading the added file, to be checked",
    )


def added_origin(page: Page, path: str) -> None:
    """Say that an added file is synthetic, where its sidecar says so."""
    from balancelab.intake.sidecar import read_sidecar

    if path and read_sidecar(path).get("synthetic"):
        page.note(
            zh="县级数据表为合成示例，并非真实县（区）的填报。",
            en="The county table is a synthetic example; no real county reported it.",
            kind="warning",
        )
