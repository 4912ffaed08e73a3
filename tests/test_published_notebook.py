"""The notebook of published figures runs, in both languages, and ends with its completion token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from balancelab.page.blocks import is_complete

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_cells_run_one_after_the_other(language: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT / "notebooks")
    cells = json.loads((ROOT / "notebooks" / "published.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "published", "exec"), names)  # noqa: S102 - our own notebook
            if "parameters" in cell["metadata"].get("tags", []):
                names["language"] = language
    page = names["page"]
    shown = [block.to_json() for block in page.blocks]
    assert is_complete(shown)
    said = " ".join(block["text"] for block in shown if block["kind"] == "paragraph")
    for number in ("0.5153", "0.4888", "58.5038", "9,711.63", "13,514.37"):
        assert number in said
