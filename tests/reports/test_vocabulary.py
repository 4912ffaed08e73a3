"""What a translator is asked for: texts that a report can show, and no others."""

from __future__ import annotations

from pathlib import Path

import balancelab
from balancelab.reports.vocabulary import english_texts

ROOT = Path(__file__).resolve().parents[2]


def test_texts_of_pages_and_not_of_commands():
    texts = english_texts(Path(balancelab.__file__).parent, ROOT / "notebooks")
    assert "Coefficient of variation" in texts  # a measure's name
    assert "print JSON" not in texts  # an option's help
    assert len(texts) == len(set(texts))
