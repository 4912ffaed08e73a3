"""What verifying a report came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from balancelab.definitions import Text
from balancelab.reports.errors import text

Record = Mapping[str, Any]

STATES: dict[str, Text] = {
    "same": text("一致", "same"),
    "intact": text("完好", "intact"),
    "changed": text("有改动", "changed"),
    "differs": text("重算不同", "differs"),
    "program": text("程序不同", "other program"),
    "failed": text("无法重算", "not made anew"),
}
"""``same``: made anew with the same bytes; ``intact``: as written, not made anew; the others are faults."""

FINE = ("same", "intact")


@dataclass(frozen=True)
class Checked:
    """
    What was found of one report, or of one file that belongs to none.

    Attributes
    ----------
    name : str
        The report's path without an ending, or the file's path.
    county : str
        Name of the county; empty for a file.
    state : str
        A key of `STATES`.
    why : tuple of Text
        What differs, file by file; empty where nothing does.
    """

    name: str
    county: str
    state: str
    why: tuple[Text, ...] = ()
