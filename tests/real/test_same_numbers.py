"""Chinese and English carry the same numbers: every kind of report, block by block, as raw values and as printed."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from balancelab.page.display import cell_text

pytestmark = pytest.mark.slow

REPORTS = (
    "371599/balance",
    "840124/balance",
    "371599/equity",
    "371599/quality",
    "371599/self_evaluation",
    "371599/rectification",
    "371599/school-2137000001",
    "371599/changes",
    "overview/city",
    "overview/overview",
)
NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?")
NUMERIC = ("number", "percent")
# numbers that Chinese writes as words where English writes figures; no other word counts as a number
WORDS = {"每百名": "每100名", "七年级": "7年级", "八年级": "8年级", "九年级": "9年级"}
# hashes of what a report on changes read: results in its own language
PER_LANGUAGE = ("前一份结果", "后一份结果")
TENS_OF_THOUSANDS = re.compile(r"(\d+)万")
TEXTS = ("title", "subtitle", "text", "number", "caption", "note", "alt", "heading")


def numbers(text: str | None) -> Counter[float]:
    """Every number of a text as often as it stands there: 1,234 is 1234, 0.50 is 0.5, 40万 is 400000."""
    text = TENS_OF_THOUSANDS.sub(lambda found: f"{int(found[1]) * 10_000}", text or "")
    for word, figure in WORDS.items():
        text = text.replace(word, figure)
    return Counter(float(found.replace(",", "").replace("−", "-")) for found in NUMBER.findall(text))


def blocks(made: Path, name: str, language: str) -> list[dict[str, Any]]:
    return json.loads((made / "2024" / f"{name}.{language}.json").read_text(encoding="utf-8"))["blocks"]


@pytest.fixture(params=REPORTS)
def pair(made: Path, request: pytest.FixtureRequest) -> list[tuple[dict, dict]]:
    """The blocks of both languages side by side."""
    zh, en = (blocks(made, request.param, language) for language in ("zh", "en"))
    assert len(zh) == len(en)
    assert {block["language"] for block in zh} == {"zh"}
    assert {block["language"] for block in en} == {"en"}
    return list(zip(zh, en, strict=True))


def test_block_by_block(pair: list[tuple[dict, dict]]):
    for at, (zh, en) in enumerate(pair):
        for key in ("kind", "level", "style", "state", "glyph", "about", "keys", "row_marks", "marks", "row_header"):
            assert zh.get(key) == en.get(key), (at, key)
        assert (zh.get("part") or {}).get("id") == (en.get("part") or {}).get("id")


def test_cells_before_and_after_formatting(pair: list[tuple[dict, dict]]):
    for zh, en in pair:
        if zh["kind"] != "table":
            continue
        described = [[(c["id"], c["kind"], c["decimals"], c["align"]) for c in block["columns"]] for block in (zh, en)]
        assert described[0] == described[1]
        assert len(zh["rows"]) == len(en["rows"])
        for one, other in zip(zh["rows"], en["rows"], strict=True):
            for a, b, column, foreign in zip(one, other, zh["columns"], en["columns"], strict=True):
                where = (zh["caption"], column["id"], a, b)
                if column["kind"] == "text":
                    assert numbers(a) == numbers(b), where
                else:
                    assert a == b, where
                if column["kind"] in NUMERIC:
                    printed = [numbers(cell_text(v, c, c_in)) for v, c, c_in in ((a, column, "zh"), (b, foreign, "en"))]
                    assert printed[0] == printed[1], where
                    assert (sum(printed[0].values()) == 1) == (a is not None), where


def test_sentences_captions_and_alternative_texts(pair: list[tuple[dict, dict]]):
    for zh, en in pair:
        for key in TEXTS:
            if zh["kind"] == "heading" and key == "number":
                continue  # sections are 一、（一） here and 1, 1.1 there
            said = [block.get(key) or "" for block in (zh, en)]
            assert numbers(said[0]) == numbers(said[1]), said


def test_provenance_but_for_the_language(pair: list[tuple[dict, dict]]):
    (zh, en) = next((zh, en) for zh, en in pair if zh["kind"] == "provenance")
    differing = [
        (a["value"], b["value"])
        for a, b in zip(zh["entries"], en["entries"], strict=True)
        if a["value"] != b["value"] and numbers(a["value"]) != numbers(b["value"]) and a["label"] not in PER_LANGUAGE
    ]
    assert not differing


def test_numbers_are_found_and_told_apart():
    assert numbers("共 1,234 项，0.50 至 −3.2%") == Counter({1234.0: 1, 0.5: 1, -3.2: 1})
    assert numbers("教督〔2017〕6号") == numbers("Jiaodu [2017] No. 6")
    told = ["0.5", "0.05", "-0.5", "5", "5 and 5"]
    assert all(numbers(one) != numbers(other) for one, other in pairwise(told))
