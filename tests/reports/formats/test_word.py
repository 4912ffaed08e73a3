import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree

from balancelab.reports.formats.word import render_docx

Blocks = list[dict[str, Any]]
OWN_FIELDS = {
    'TOC \\o "1-2" \\h \\z',
    "PAGE",
    "NUMPAGES",
    "SEQ Table \\* ARABIC",
    "SEQ Figure \\* ARABIC",
}


def parts_of(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def text_of(document: Any) -> str:
    return "".join(text.text or "" for text in document.element.body.iter(qn("w:t")))


@pytest.fixture
def document(blocks: Callable[[str], Blocks]) -> Any:
    return docx.Document(io.BytesIO(render_docx(blocks("zh"), language="zh")))


def test_styles_are_real_ones(document: Any):
    used = [paragraph.style.name for paragraph in document.paragraphs]
    for name in ("Title", "Subtitle", "Heading 1", "Heading 2", "Caption", "Body Text", "toc 1", "Balancelab Verdict"):
        assert name in used
    assert {table.style.name for table in document.tables[:-1]} == {"Balancelab Table"}
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name.startswith("Heading")]
    assert headings == ["一、结果", "（一）图", "（二）宽表", "附：数据与计算依据"]


def test_chinese_fonts_are_named_and_no_theme_font_wins_over_them(blocks: Callable[[str], Blocks]):
    for language in ("zh", "en"):
        files = parts_of(render_docx(blocks(language), language=language))
        styles = files["word/styles.xml"].decode("utf-8")
        assert "Theme=" not in styles.replace("themeFontLang", "")
        assert styles.count('w:eastAsia="宋体"') > 5
        assert 'w:eastAsia="黑体"' in styles
        assert 'w:lang w:val="en-US" w:eastAsia="zh-CN"' in styles


def test_tables_repeat_their_heading_keep_their_widths_and_break_no_row(document: Any):
    for table in document.tables[:-1]:
        rows = table._tbl.tr_lst
        repeated = [row.find(f".//{qn('w:tblHeader')}") is not None for row in rows]
        heads = repeated.index(False)
        assert heads in (1, 2)
        assert repeated == [True] * heads + [False] * (len(rows) - heads)
        assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in rows)
        grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.gridCol_lst]
        for row in rows:
            widths = [int(cell.find(f".//{qn('w:tcW')}").get(qn("w:w"))) for cell in row.tc_lst]
            assert sum(widths) == sum(grid)
        assert sum(grid) <= 14560 + 20  # 257 mm, a turned A4 sheet within margins of 20 mm [twips]


def test_a_wide_table_turns_the_sheet_and_only_its_own(document: Any):
    shapes = [(section.page_width.mm, section.page_height.mm) for section in document.sections]
    assert [(round(width), round(height)) for width, height in shapes] == [(210, 297), (297, 210), (210, 297)]
    text = text_of(document)
    for at in range(40):
        assert f"{1234567.5 + at:,.2f}" in text


def test_header_footer_and_fields(document: Any, blocks: Callable[[str], Blocks]):
    section = document.sections[0]
    assert section.header.paragraphs[0].text == "临江县均衡报告"
    assert section.first_page_header.paragraphs[0].text == ""
    for footer in (section.footer, section.first_page_footer):
        assert footer.paragraphs[0].text == "第 1 页 共 1 页"
    codes = {code.text.strip() for code in document.element.iter(qn("w:instrText"))}
    assert codes <= OWN_FIELDS
    captions = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    assert captions[:3] == ["表 1  各校情况", "图 1  走势", "表 2  四十项"]
    assert captions[-1] == "表 3  空"
    targets = {link.get(qn("w:anchor")) for link in document.element.iter(qn("w:hyperlink"))}
    marks = {mark.get(qn("w:name")) for mark in document.element.iter(qn("w:bookmarkStart"))}
    assert targets == marks
    assert len(targets) == 4


def test_pictures_say_what_they_show(document: Any):
    described = [found.get("descr") for found in document.element.iter(qn("wp:docPr"))]
    assert described == ["一条折线"]


def test_pictures_have_ids_of_their_own(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    figure = next(block for block in page if block["kind"] == "figure")
    page[-2:-2] = [dict(figure), dict(figure)]
    document = docx.Document(io.BytesIO(render_docx(page, language="zh")))
    ids = [found.get("id") for found in document.element.iter(qn("wp:docPr"))]
    assert len(set(ids)) == len(ids) == 3


def test_a_picture_without_png_is_drawn_from_its_svg(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    next(block for block in page if block["kind"] == "figure")["png"] = None
    files = parts_of(render_docx(page, language="zh"))
    assert files["word/media/image1.png"].startswith(b"\x89PNG")


def test_hostile_texts_are_just_text(hostile: Blocks, hostile_names: tuple[str, ...]):
    made = render_docx(hostile, language="zh")
    document = docx.Document(io.BytesIO(made))
    text = text_of(document)
    for name in hostile_names:
        assert text.count(re.sub("[\x00\x1b\u202e]", "", name)) >= 3, name
    codes = {code.text.strip() for code in document.element.iter(qn("w:instrText"))}
    assert codes <= OWN_FIELDS
    assert not list(document.element.iter(qn("w:fldSimple")))
    for name, content in parts_of(made).items():
        if name.endswith(".rels"):
            assert b'TargetMode="External"' not in content
        if name.endswith((".xml", ".rels")):
            etree.fromstring(content, etree.XMLParser(resolve_entities=False))
            assert b"<!DOCTYPE" not in content
            assert b"<!ENTITY" not in content


def test_elements_stand_in_the_order_that_the_schema_wants(blocks: Callable[[str], Blocks]):
    # ECMA-376 part 1, 17.3.1.26 (pPr), 17.3.2.28 (rPr), 17.4.70 (tcPr), 17.4.60 (tblPr), 17.7.4.17 (style),
    # 17.6.17 (sectPr): Word calls a file damaged if its order differs
    order = {
        "pPr": "pStyle keepNext keepLines pBdr shd tabs spacing ind jc outlineLvl rPr sectPr",
        "rPr": "rStyle rFonts b bCs i color sz szCs u lang",
        "tcPr": "tcW gridSpan tcBorders shd tcMar vAlign",
        "tblPr": "tblStyle tblW jc tblInd tblBorders tblLayout tblCellMar tblLook tblCaption",
        "style": "name basedOn next uiPriority semiHidden unhideWhenUsed qFormat pPr rPr tblPr tcPr tblStylePr",
        "sectPr": "reference pgSz pgMar cols titlePg docGrid",
    }
    same = {"headerReference": "reference", "footerReference": "reference"}  # a choice, in any order
    files = parts_of(render_docx(blocks("zh"), language="zh"))
    checked = 0
    for name in ("word/document.xml", "word/styles.xml"):
        for node in etree.fromstring(files[name]).iter():
            wanted = order.get(etree.QName(node).localname)
            if wanted:
                names = [etree.QName(child).localname for child in node]
                places = [wanted.split().index(same.get(name, name)) for name in names]
                assert places == sorted(places), etree.tostring(node)[:400]
                checked += 1
    assert checked > 800


def test_properties_are_ours_and_fixed(document: Any):
    known = document.core_properties
    assert (known.title, known.author, known.language) == ("临江县均衡报告", "balancelab", "zh-CN")
    assert known.created.isoformat() == known.modified.isoformat() == "1980-01-01T00:00:00+00:00"
