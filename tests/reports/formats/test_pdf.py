import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balancelab.page import fonts
from balancelab.reports.formats.pdf import render_pdf, svg_to_png

Blocks = list[dict[str, Any]]
has_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) is not there")
A4 = (595.28, 841.89)  # ISO 216: 210 × 297 mm in points
MARGIN = 20 / 25.4 * 72


def text_of(pdf: bytes, folder: Path, *options: str) -> str:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", *options, str(path), "-"], check=True, capture_output=True)
    return done.stdout.decode("utf-8")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_it_is_an_accessible_pdf(blocks: Callable[[str], Blocks]):
    # typst itself refuses what breaks PDF/UA-1: a picture without alternative text, a skipped heading, no title
    pdf = render_pdf(blocks("zh"), language="zh")
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf
    assert b"/Marked true" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"/Lang(zh-CN)" in pdf
    assert b"/Lang(en)" in render_pdf(blocks("en"), language="en")


def test_nothing_in_it_is_active(hostile: Blocks):
    pdf = render_pdf(hostile, language="zh")
    for key in (b"/JavaScript", b"/JS ", b"/Launch", b"/URI", b"/EmbeddedFile", b"/OpenAction", b"/AcroForm"):
        assert key not in pdf


@has_pdftotext
def test_its_text_can_be_found_and_copied(blocks: Callable[[str], Blocks], tmp_path: Path):
    text = squeezed(text_of(render_pdf(blocks("zh"), language="zh"), tmp_path))
    for part in ("临江县均衡报告", "3所学校未达标", "第20小学", "1,000", "0.12", "−0.50", "未达标（临界）", "第1页共"):
        assert part in text
    assert "0123456789abcdef" * 4 in text  # a hash is one word, although it may be broken


@has_pdftotext
def test_hostile_texts_are_just_text(hostile: Blocks, hostile_names: tuple[str, ...], tmp_path: Path):
    text = squeezed(text_of(render_pdf(hostile, language="zh"), tmp_path))
    for name in hostile_names:
        shown = squeezed(fonts.replace_missing(re.sub("[\x00\x1b\u202e]", "", name)))
        assert text.count(shown) >= 3, name  # heading, paragraph, note; tables besides
    assert "49" not in text.replace("0.149", "").replace("0.49", "")


@has_pdftotext
def test_no_word_leaves_the_sheet(blocks: Callable[[str], Blocks], hostile: Blocks, tmp_path: Path):
    for page in (blocks("zh"), blocks("en"), hostile):
        boxes = text_of(render_pdf(page, language=page[0]["language"]), tmp_path, "-bbox")
        width = 0.0
        for line in boxes.splitlines():
            if found := re.search(r'<page width="([\d.]+)" height="([\d.]+)"', line):
                width = float(found[1])
                assert sorted(map(float, found.groups())) == pytest.approx(sorted(A4), abs=0.1)
            elif found := re.search(r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.]+)"', line):
                left, right = map(float, found.groups())
                hangs = (
                    6 if ">（" in line else 0
                )  # the empty half of a full-width bracket stands outside a line's start
                assert left >= MARGIN - 1 - hangs, line
                assert right <= width - MARGIN + 1, line


@has_pdftotext
def test_every_number_of_a_very_wide_table_is_there(blocks: Callable[[str], Blocks], tmp_path: Path):
    text = text_of(render_pdf(blocks("en"), language="en"), tmp_path, "-layout")
    for at in range(40):
        assert f"{1234567.5 + at:,.2f}" in text
    assert text.count("Forty items") == 4  # hand: the caption, three times (continued)
    assert text.count("Forty items (continued)") == 3


@has_pdftotext
def test_headings_are_repeated_on_every_sheet(blocks: Callable[[str], Blocks], tmp_path: Path):
    page = blocks("en")
    table = next(block for block in page if block["kind"] == "table")
    for key in ("rows", "marks", "row_marks"):
        table[key] = table[key] * 10
    text = text_of(render_pdf(page, language="en"), tmp_path, "-layout")
    sheets = [sheet for sheet in text.split("\f") if "Teaching area" in sheet]
    assert len(sheets) >= 4  # 200 rows, not fifty of which fit one sheet


@has_pdftotext
def test_a_character_that_the_font_lacks_is_shown_and_named(tmp_path: Path):
    """Catalogue N07."""
    page = [{"kind": "paragraph", "language": "zh", "text": "𠮷村小学"}]
    text = squeezed(text_of(render_pdf(page, title="表", language="zh"), tmp_path))
    assert "〓村小学" in text
    assert "“〓”代表字库未收的字：U+20BB7。" in text
    rare = [{"kind": "heading", "language": "zh", "level": 1, "number": "1", "text": "㙟头"}]  # in Regular, not in Bold
    assert "㙟头" in squeezed(text_of(render_pdf(rare, title="表", language="zh"), tmp_path))


@has_pdftotext
@pytest.mark.parametrize(
    "block", [{"kind": "paragraph"}, {"kind": "note", "style": "note"}, {"kind": "verdict", "state": "failed"}]
)
def test_a_text_of_a_hundred_thousand_characters_is_whole(block: dict[str, Any], tmp_path: Path):
    # 㙟 is in Regular only: typst refuses a paragraph with more than 512 of such characters apart from one another
    text = "第一小学㙟头校区，情况良好。" * 7000 + "㙟一" * 1500
    page = [{**block, "language": "zh", "text": text, "word": "未达标", "glyph": "×"}]
    found = squeezed(text_of(render_pdf(page, title="表", language="zh"), tmp_path))
    assert (len(text), found.count("㙟"), found.count("头")) == (101_000, 8500, 7000)  # 7,000 × 14 + 3,000


def test_a_text_that_fits_a_paragraph_stays_one(blocks: Callable[[str], Blocks]):
    from balancelab.reports.formats.pdf import _parted

    for text in ("", "一" * 1000, "句。" * 500):
        assert _parted({"kind": "paragraph", "text": text}) == {"kind": "paragraph", "parts": [text]}
    assert [len(part) for part in _parted({"text": "一二三。" * 400})["parts"]] == [
        1000,
        600,
    ]  # hand: 250 × 4 are 1,000
    assert _parted({"text": "word " * 300})["parts"] == [
        "word " * 199 + "word",
        "word " * 100,
    ]  # hand: 199 × 5 + 4 = 999


def test_a_figure_without_alternative_text_is_refused(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    next(block for block in page if block["kind"] == "figure")["alt"] = " "
    with pytest.raises(ValueError, match="图 1 has no alternative text"):
        render_pdf(page, language="zh")


def test_the_date_is_the_one_asked_for(blocks: Callable[[str], Blocks], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert b"(D:19800101000000" in render_pdf(blocks("zh"), language="zh")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # 2023-11-14 22:13:20 UTC
    assert b"(D:20231114221320" in render_pdf(blocks("zh"), language="zh")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ValueError, match="no number of seconds: 'yesterday'"):
        render_pdf(blocks("zh"), language="zh")


def test_svg_becomes_png():
    square = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><rect width="72" height="36"/></svg>'
    png = svg_to_png(square, dots_per_inch=100)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (100, 50)  # 1 × ½ inch
