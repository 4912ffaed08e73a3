"""Figures: the same bytes, no box, no markup, whatever a name holds."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from balancelab.page import Page
from balancelab.page.drawing import draw
from balancelab.page.theme import FULL_WIDTH, new_figure, style

HOSTILE = [
    r"$\input{secret}$小学",
    "$x^2$ 与 $y",
    r"\$5 \frac{1}{2}",
    "<script>alert(1)</script>",
    "a-->b",
    "{{7*7}}",
    "甲\x00\x1b\u202e乙",
    "𠮷祥里小学",
    "😀👨‍👩‍👧",
    "甲" * 1500,
    "第一\n小学",
    "",
]


def bars(names: list[str]) -> Figure:
    with style():
        figure = new_figure(FULL_WIDTH, 4, left=2)
        axes = figure.subplots()
        axes.barh(range(len(names)), range(1, len(names) + 1), hatch="//", label=names[0] or "…")
        axes.set_yticks(range(len(names)), names)
        axes.set_title(names[0], weight="bold")
        axes.set_xlabel(names[0])
        axes.annotate(names[0], (1, 1), family="monospace", style="italic")
        axes.legend()
    return figure


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name: str) -> None:
    # pytest turns every warning into an error here, matplotlib's missing-glyph warning among them
    drawing = draw(bars([name, "正常小学"]))
    ET.fromstring(drawing.svg)  # noqa: S314 (our own output)
    assert "<script" not in drawing.svg
    assert len(drawing.svg) < 150_000


def test_names_are_not_in_the_bytes() -> None:
    svg = draw(bars(["Secretname School"])).svg
    assert "Secretname" not in svg
    assert "<!--" not in svg
    assert "<metadata" not in svg
    assert "DOCTYPE" not in svg


def test_markup_is_literal() -> None:
    # as many glyphs as characters: "$x$" is drawn as three, not as one italic x
    def glyphs(name: str) -> int:
        with style():
            figure = new_figure(3, 2)
            figure.text(0.1, 0.5, name)
        return draw(figure).svg.count("<use")

    assert glyphs("$x$") == 3
    assert glyphs(r"\$5") == 3


def test_a_missing_character_is_shown_and_told() -> None:
    for language, words in (("zh", "图 1 中的“〓”代表字库未收的字：𠮷 (U+20BB7)。"), ("en", "U+20BB7")):
        page = Page(language)
        page.figure(bars(["𠮷祥里小学"]), caption_zh="图", caption_en="F", alt_zh="图", alt_en="F")
        assert [block.kind for block in page.blocks] == ["figure", "note"]
        assert words in page.blocks[1].payload["text"]


def test_control_characters_are_removed_not_replaced() -> None:
    assert draw(bars(["甲\x00\x1b\u202e乙"])).missing == ""


def test_same_figure_same_bytes() -> None:
    figure = bars(["甲小学", "乙小学"])
    first = draw(figure)
    assert draw(figure) == first
    assert draw(bars(["甲小学", "乙小学"])) == first


def test_same_bytes_under_other_seeds_and_clocks() -> None:
    code = """
import hashlib, sys
from balancelab.page.drawing import draw
from balancelab.page.theme import new_figure, style
with style():
    figure = new_figure(4, 3)
    axes = figure.subplots()
    axes.scatter([1, 2, 3], [3, 1, 2], marker="X", c="#A8321A")
    axes.bar([1, 2], [1, 2], hatch="////")
    axes.set_title("义务教育")
drawing = draw(figure)
print(hashlib.sha256(drawing.svg.encode()).hexdigest())
"""
    told = set()
    for seed, zone, epoch in (("0", "Asia/Shanghai", "0"), ("77", "America/Lima", "1700000000")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "SOURCE_DATE_EPOCH": epoch, "LC_ALL": "C"}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        told.add(run.stdout)
    assert len(told) == 1


def test_logarithmic_axes_show_plain_numbers() -> None:
    with style():
        figure = new_figure(3, 2)
        axes = figure.subplots()
        axes.plot([1, 10, 1000], [1, 2, 3])
        axes.set_xscale("log")
    draw(figure)
    texts = [label.get_text() for label in axes.get_xticklabels()]
    assert "1,000" in texts
    assert not any("$" in text for text in texts)


def test_size_is_told_and_settings_are_untouched() -> None:
    before = dict(mpl.rcParams)
    figure = bars(["甲"])
    dpi = figure.dpi
    drawing = draw(figure)
    # hand: 6.69 in × 25.4 = 169.9 mm, 4 in × 25.4 = 101.6 mm
    assert (drawing.width_mm, drawing.height_mm) == (169.9, 101.6)
    assert figure.dpi == dpi
    assert dict(mpl.rcParams) == before


def test_a_strip_of_many_schools_stays_small() -> None:
    values = np.random.default_rng(1).lognormal(1.6, 0.3, 300)
    with style():
        figure = new_figure()
        figure.subplots().scatter(values, np.arange(300) % 3, s=20)
    assert len(draw(figure).svg) < 150_000
