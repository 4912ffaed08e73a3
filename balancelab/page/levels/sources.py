"""What else a page was made from: the files that people added, by name and hash; and what reading them said."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from balancelab.page.columns import Column
from balancelab.page.origin import file_hash

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.intake import Finding
    from balancelab.page import Page


def added_files(*paths: str) -> list[tuple[Text, str]]:
    """Return entries for a page's provenance: name and SHA-256 of each file; nothing for an empty path."""
    return [
        (
            {"zh": "附加文件", "en": "Added file"},
            f"{Path(path).name} · {file_hash(path)}",
        )
        for path in paths
        if path
    ]


def file_notes(page: Page, findings: Iterable[Finding], county_code: str = "") -> None:
    """Show warnings about added files and checks, of this county or of a file; nothing where none is, or in public."""
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
        caption_zh="附加文件和数据核对中发现、需要核对的问题",
        caption_en="Found on checking the data and the added files, to be checked",
    )


def added_origin(page: Page, *paths: str) -> None:
    """Say that an added file is synthetic, or an example of how such a file is written, where its sidecar says so."""
    from balancelab.intake.sidecar import read_sidecar

    told = [read_sidecar(path) for path in paths if path]
    if any(one.get("synthetic") for one in told):
        page.note(
            zh="县级数据表为合成示例，并非真实县（区）的填报。",
            en="The county table is a synthetic example; no real county reported it.",
            kind="warning",
        )
    if any(one.get("example") for one in told):
        page.note(
            zh="所用省级学校标准、评分表只是写法示例，不是任何省（区、市）的文件，据此得出的结论没有效力。",
            en="The school standard or rubric used here only shows how one is written; it is no province's, and "
            "verdicts that rest on it have no force.",
            kind="warning",
        )
