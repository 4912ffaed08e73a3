import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

from balancelab.reports.formats.word import render_docx
from balancelab.reports.formats.word_template import VARIABLES, check_template

Blocks = list[dict[str, Any]]


def template(folder: Path, *paragraphs: str, header: str = "", row: tuple[str, ...] = ()) -> Path:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = header
    for text in paragraphs:
        document.add_paragraph(text)
    if row:
        table = document.add_table(rows=1, cols=len(row))
        for cell, text in zip(table.rows[0].cells, row, strict=True):
            cell.text = text
    path = folder / "red_header.docx"
    document.save(path)
    return path


def filled(path: Path, page: Blocks, **facts: str) -> Any:
    return docx.Document(io.BytesIO(render_docx(page, language="zh", template=path, facts=facts)))


def text_of(document: Any) -> str:
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in document.element.iter(qn("w:p")))


def test_every_documented_variable_can_be_used(blocks: Callable[[str], Blocks], tmp_path: Path):
    names = [name for name in VARIABLES if name not in ("rows_1", "paragraphs", "provenance")]
    loops = ["{% for row in rows_1 %}{{ row.school }};{% endfor %}", "{% for p in paragraphs %}{{ p }}{% endfor %}"]
    loops.append("{% for entry in provenance %}{{ entry.label }}={{ entry.value }}{% endfor %}")
    path = template(tmp_path, *(f"{{{{ {name} }}}}" for name in names), *loops, header="{{ county }}教育局")
    assert check_template(path) == []
    document = filled(path, blocks("zh"), county="临江县", year="2024")
    text = text_of(document)
    assert document.sections[0].header.paragraphs[0].text == "临江县教育局"
    for part in ("临江县均衡报告", "2024", "未达标", "3 所学校未达标", "第1小学 ○;第2小学;", "平均值为 4.568。"):
        assert part in text
    assert text.count("表 1  各校情况") == 2  # as table_1 and within the report
    assert len(list(document.element.iter(qn("w:drawing")))) == 2
    assert "{" not in text
    assert "\u2063" not in text
    assert all(value["zh"] and value["en"] for value in VARIABLES.values())


def test_rows_are_repeated(blocks: Callable[[str], Blocks], tmp_path: Path):
    path = template(tmp_path, "{{ title }}")
    document = docx.Document(path)
    table = document.add_table(rows=3, cols=2)
    for (at, column), text in {
        (0, 0): "{%tr for row in rows_1 %}",
        (1, 0): "{{ row.school }}",
        (1, 1): "{{ row.area }}",
        (2, 0): "{%tr endfor %}",
    }.items():
        table.rows[at].cells[column].text = text
    document.save(path)
    found = filled(path, blocks("zh")).tables[0]
    assert [tuple(cell.text for cell in row.cells) for row in found.rows][:3] == [
        ("第1小学 ○", "0.12 ×"),
        ("第2小学", "2.68"),
        ("第3小学", "−0.50 ×≈"),
    ]
    assert len(found.rows) == 20


def test_blocks_can_stand_in_a_cell_and_behind_the_librarys_own_tag(blocks: Callable[[str], Blocks], tmp_path: Path):
    document = filled(template(tmp_path, "{{p table_1 }}", row=("{{ table_3 }}", "x")), blocks("zh"))
    assert len(document.tables) == 2  # table_1, and the bureau's own with table_3 inside
    cell = document.tables[1].rows[0].cells[0]
    assert len(cell.tables) == 1
    assert cell._tc[-1].tag == qn("w:p")  # Word calls a cell damaged that does not end with a paragraph


def test_mistakes_are_named_before_anything_runs(tmp_path: Path):
    path = template(tmp_path, "{{ tittle }} {{ verdikt }} {{ rows_7 }} {{ xyz123 }}")
    said = check_template(path)
    assert [re.findall(r"variable (\w+)", pair["en"])[0] for pair in said] == ["tittle", "verdikt", "xyz123"]
    assert "did you mean title?" in said[0]["en"]
    assert "是否应为 title？" in said[0]["zh"]
    assert "did you mean" not in said[2]["en"]


@pytest.mark.parametrize("text", ["{{ title", "{% if title %}", "{{ title | nofilter }}", "{% for %}"])
def test_a_template_that_cannot_be_read_is_named(text: str, tmp_path: Path):
    (mistake,) = check_template(template(tmp_path, text))
    assert "red_header.docx" in mistake["en"]
    assert mistake["zh"]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_word_document_is_named(content: bytes, tmp_path: Path):
    path = tmp_path / "red_header.docx"
    path.write_bytes(content)
    (mistake,) = check_template(path)
    assert "no readable Word file" in mistake["en"]
    (mistake,) = check_template(tmp_path / "missing.docx")
    assert "no readable Word file" in mistake["en"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ table_9 }}", "no variable table_9"),
        ("{% for row in rows_1 %}{{ row.scool }}{% endfor %}", "there is no column 'scool'"),
        ("{{ title.__class__.__mro__ }}", "unsafe"),
        ("{{ rows_1[0].__init__.__globals__ }}", "unsafe"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "no variable cycler|unsafe"),
        ("{{ title + 1 }}", "can only concatenate"),
    ],
)
def test_what_this_report_cannot_give_is_refused(text: str, said: str, blocks: Callable[[str], Blocks], tmp_path: Path):
    with pytest.raises(ValueError, match=said):
        filled(template(tmp_path, text), blocks("zh"))


def test_blocks_in_a_header_are_refused(blocks: Callable[[str], Blocks], tmp_path: Path):
    with pytest.raises(ValueError, match="stand in the body"):
        filled(template(tmp_path, "x", header="{{ report }}"), blocks("zh"))


def test_unknown_facts_are_refused(blocks: Callable[[str], Blocks], tmp_path: Path):
    with pytest.raises(ValueError, match="no template can ask for: mayor"):
        filled(template(tmp_path, "x"), blocks("zh"), mayor="x")


def test_data_are_never_a_template(hostile: Blocks, hostile_names: tuple[str, ...], tmp_path: Path):
    lines = ("{{ title }}", "{{ county }}", "{% for p in paragraphs %}{{ p }}{% endfor %}", "{{ report }}")
    county = "\u2063report\u2063{{7*7}}<w:p/>&{% raw %}"
    document = filled(template(tmp_path, *lines), hostile, county=county)
    text = text_of(document)
    assert "report{{7*7}}<w:p/>&{% raw %}" in text
    for name in hostile_names:
        assert re.sub("[\x00\x1b\u202e]", "", name) in text, name
    assert not list(document.element.iter(qn("w:fldSimple")))
    assert "49" not in re.sub(r"\d\.\d+", "", text)


def test_the_bureaus_own_styles_stay(blocks: Callable[[str], Blocks], tmp_path: Path):
    path = template(tmp_path, "{{ report }}")
    document = docx.Document(path)
    document.styles["Heading 1"].font.name = "方正小标宋"
    document.save(path)
    found = filled(path, blocks("zh"))
    assert found.styles["Heading 1"].font.name == "方正小标宋"
    assert "Balancelab Table" in [style.name for style in found.styles]


def test_the_same_template_and_blocks_give_the_same_bytes(blocks: Callable[[str], Blocks], tmp_path: Path):
    path = template(tmp_path, "{{ title }}", "{{ report }}", header="{{ county }}")
    once, again = (render_docx(blocks("zh"), language="zh", template=path, facts={"county": "甲"}) for _ in range(2))
    assert once == again


def test_readme_lists_every_variable():
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    listed = readme.partition("### Word 模板的变量")[2].partition("\n## ")[0]
    assert [name for name in VARIABLES if f"`{name}`" not in listed] == []
