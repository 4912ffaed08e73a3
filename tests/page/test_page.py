"""The page: order, numbering, headings, completion, display in a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pandas as pd
import pytest

from balancelab.page import MIME, Block, Column, Page, is_complete
from balancelab.page.theme import new_figure, style

PAIR = {"zh": "数据", "en": "Data"}


def full_page(language: str) -> Page:
    page = Page(language, title_zh="{county}报告", title_en="Report on {county}", county="甲县")
    page.heading(zh="结论", en="Findings")
    page.heading(zh="范围", en="Scope", level=2)
    page.verdict("{n} 项未达标", "{n} not met", "failed", n=2)
    page.say(zh="共 {n} 所。", en="{n} schools.", n=3)
    page.note(zh="注", en="Note", kind="warning")
    column = [Column("a", zh="甲", en="A")]
    for _ in range(2):
        page.table(pd.DataFrame({"a": ["x"]}), columns=column, caption_zh="表 {n}", caption_en="T {n}", n=1)
    with style():
        figure = new_figure(3, 2)
        figure.subplots().plot([1, 2], [2, 1])
    page.figure(figure, caption_zh="图", caption_en="F", alt_zh="折线", alt_en="A line")
    page.heading(zh="建议", en="Advice")
    page.provenance([(PAIR, "sha256 00")])
    return page


def test_blocks_in_order_with_numbers() -> None:
    page = full_page("zh")
    kinds = [block.kind for block in page.blocks]
    assert kinds == [
        *("title", "heading", "heading", "verdict", "paragraph", "note", "table", "table", "figure"),
        *("heading", "provenance", "complete"),
    ]
    numbers = [block.payload["number"] for block in page.blocks if "number" in block.payload]
    assert numbers == ["一、", "（一）", "表 1", "表 2", "图 1", "二、"]


def test_both_languages_carry_the_same_numbers() -> None:
    chinese, english = (full_page(language).blocks for language in ("zh", "en"))
    assert [block.kind for block in chinese] == [block.kind for block in english]
    for left, right in zip(chinese, english, strict=True):
        if left.kind == "table":
            assert left.payload["rows"] == right.payload["rows"]


def test_blocks_are_plain_json_and_frozen() -> None:
    for block in full_page("en").blocks:
        bundle = block._repr_mimebundle_()
        assert json.loads(json.dumps(bundle[MIME], allow_nan=False)) == bundle[MIME] == block.to_json()
        assert bundle[MIME]["version"] == 1
        assert isinstance(bundle["text/html"], str)
        assert len(repr(block)) < 120
    with pytest.raises(FrozenInstanceError):
        block.kind = "note"  # type: ignore[misc]
    block.to_json()["blocks"] = -1
    assert block.payload["blocks"] != -1


def test_completion_counts_the_blocks() -> None:
    blocks = [block.to_json() for block in full_page("zh").blocks]
    assert is_complete(blocks)
    assert not is_complete(blocks[:-1])
    assert not is_complete(blocks[1:])
    assert not is_complete([])
    assert not is_complete([*blocks, blocks[0]])


@pytest.mark.parametrize("levels", [(3,), (1, 3), (1, 2, 1), (1, 1, 3), (0,), (4,), (1, 2, 4)])
def test_heading_levels_are_not_skipped(levels: tuple[int, ...]) -> None:
    page = Page("zh")
    with pytest.raises(ValueError, match="heading level"):
        for level in levels:
            page.heading(zh="题", en="Title", level=level)  # type: ignore[arg-type]


@pytest.mark.parametrize("levels", [(1, 1, 2, 2, 1), (1, 2, 3, 3, 2)])
def test_a_heading_that_opens_the_page_is_its_title(levels: tuple[int, ...]) -> None:
    page = Page("en")
    for level in levels:
        page.heading(zh="题", en="Title", level=level)  # type: ignore[arg-type]
    assert page.blocks[0].kind == "title"
    sections = [(block.payload["level"], block.payload["number"]) for block in page.blocks[1:]]
    assert sections == [(1, "1"), (2, "1.1"), (2, "1.2"), (1, "2")]


def test_a_heading_keeps_the_number_that_it_brings() -> None:
    for language in ("zh", "en"):
        page = Page(language, title_zh="题", title_en="Title")
        page.heading(zh="一、结论", en="1. Verdicts")
        page.heading(zh="差异", en="Differences")
        assert [block.payload.get("number") for block in page.blocks[1:]] == ["", "二、" if language == "zh" else "2"]


def test_texts_are_required_in_both_languages() -> None:
    figure = new_figure(2, 2)
    page = Page("zh")
    for alt_zh, alt_en in (("", "line"), ("线", " ")):
        with pytest.raises(ValueError, match="missing or empty"):
            page.figure(figure, caption_zh="图", caption_en="F", alt_zh=alt_zh, alt_en=alt_en)
    with pytest.raises(TypeError):
        page.figure(figure, caption_zh="图", caption_en="F")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="both languages"):
        Page("zh", title_zh="题")
    with pytest.raises(ValueError, match="both languages"):
        page.table(
            pd.DataFrame({"a": []}),
            columns=[Column("a", zh="甲", en="A")],
            caption_zh="表",
            caption_en="T",
            note_zh="注",
        )
    assert page.blocks == ()


def test_unknown_states_and_kinds_are_refused() -> None:
    page = Page("en")
    with pytest.raises(ValueError, match="unknown state 'passed': known are met, failed"):
        page.verdict("是", "yes", "passed")
    with pytest.raises(ValueError, match="unknown kind of note"):
        page.note(zh="注", en="note", kind="alarm")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one entry"):
        page.provenance([])


def test_a_block_is_displayed_at_once_inside_ipython() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as captured:
            shell.run_cell("from balancelab.page import Page\npage = Page('zh')\npage.say(zh='甲', en='A')")
        shown = [output.data for output in captured.outputs]
        assert len(shown) == 1
        assert shown[0][MIME] == Block("paragraph", "zh", {"text": "甲"}).to_json()
        assert {"text/html", "text/plain"} <= set(shown[0])
    finally:
        InteractiveShell.clear_instance()


def test_the_package_stays_light() -> None:
    code = (
        "import sys, balancelab.page; "
        "print(sorted({'matplotlib', 'pandas', 'numpy', 'jinja2', 'IPython'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
