"""Collects what is wrong with a small table, with its place, as findings of the door's own form."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from balancelab.intake.findings import Code, Finding, Word, printable

_RANK = {"error": 0, "warning": 1, "normalised": 2}


@cache
def county_codes() -> Mapping[str, Code]:
    """Return the closed list of codes, most important first."""
    loaded = tomllib.loads((Path(__file__).parent / "county_codes.toml").read_text(encoding="utf-8"))
    return {name: Code(id=name, rank=rank, **entry) for rank, (name, entry) in enumerate(loaded.items())}


@dataclass
class TableFaults:
    """
    Findings about one small table.

    Attributes
    ----------
    file : str
        Base name, named in every finding.
    letters : mapping
        Column id → the spreadsheet's name of the column, for addresses.
    """

    file: str
    letters: Mapping[str, str] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def add(
        self,
        code: str,
        *,
        row: int | None = None,
        column: str | None = None,
        raw: str = "",
        county_code: str | None = None,
        **words: Word,
    ) -> None:
        """Note one finding; `words` fill the placeholders of its texts, a pair giving Chinese and English."""
        entry = county_codes()[code]
        letter = self.letters.get(column or "")
        address = f"{letter}{row}" if row is not None and letter else None
        told = {language: _told(words | {"raw": printable(raw)}, language) for language in ("zh", "en")}
        zh, en = (entry.says[language].format_map(told[language]) for language in ("zh", "en"))
        if row is not None:
            zh = f"第 {row} 行{f'（{address}）' if address else ''}：{zh}"
            en = f"Cell {address} (row {row}): {en}" if address else f"In row {row}: {en}"
        else:
            en = en[:1].upper() + en[1:]
        self.found.append(
            Finding(
                code, entry.severity, zh, en, entry.fix["zh"].format_map(told["zh"]),
                entry.fix["en"].format_map(told["en"]), self.file, None, row, column, address,
                printable(raw) or None, county_code,
            )
        )  # fmt: skip

    def findings(self) -> tuple[Finding, ...]:
        """Return everything found, most important first."""
        codes = county_codes()
        order = sorted(self.found, key=lambda each: (_RANK[each.severity], codes[each.code].rank, each.row or 0))
        return tuple(order)


def _told(words: Mapping[str, Word], language: str) -> dict[str, str]:
    at = 0 if language == "zh" else 1
    return {name: str(word[at] if isinstance(word, tuple) else word) for name, word in words.items()}
