"""The HTML report: nothing active, nothing fetched, well formed, the same bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from balancelab.page import Column, Page
from balancelab.page.blocks import MIME
from balancelab.page.theme import new_figure, style
from balancelab.reports.html import blocks_from_notebook, render_html

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</caption></table><iframe src=//evil.example></iframe>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<a href=javascript:alert(1)>x</a>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><input name=x></form>",
    "<style>@import url(//evil.example)</style>",
    "<!--><script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "<details open ontoggle=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{7*7}}",
    "{% include 'x' %}",
    "{{ ''.__class__ }}",
    "${7*7}",
    '=HYPERLINK("//evil.example")',
    r"$\input{secret}$",
    "\u202e\u2066txt.exe",
    "甲" * 1500,
]
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "a", "div", "header", "h1", "h2", "h3", "h4", "p", "nav", "ol"),
    *("li", "span", "main", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img"),
    *("section", "dl", "dt", "dd", "footer"),
}


def page_with(text: str, language: str = "en") -> Page:
    """A page with the text in every place that data can reach."""
    page = Page(language, title_zh="{t}", title_en="{t}", subtitle_zh="{t}", subtitle_en="{t}", t=text)
    page.heading(zh="{t}", en="{t}", t=text)
    page.heading(zh="{t}", en="{t}", level=2, t=text)
    page.heading(zh="{t}", en="{t}", level=3, t=text)
    page.say(zh="{t}", en="{t}", t=text)
    page.note(zh="{t}", en="{t}", t=text)
    page.verdict("{t}", "{t}", "met", t=text)
    pair = {"zh": text, "en": text}
    columns = [
        Column("a", zh=text, en=text, unit=pair, group=pair),
        Column("b", zh=text, en=text, kind="number", decimals=2, marks="c"),
        Column("c", zh="结论", en="Verdict", kind="verdict"),
    ]
    table = pd.DataFrame({"a": [text, pair], "b": [1.5, None], "c": ["failed", "met"]})
    page.table(
        table,
        columns=columns,
        caption_zh="{t}",
        caption_en="{t}",
        note_zh="{t}",
        note_en="{t}",
        row_marks=["excluded", None],
        t=text,
    )
    with style():
        figure = new_figure(3, 2)
        figure.text(0.1, 0.5, text)
    page.figure(figure, caption_zh="{t}", caption_en="{t}", alt_zh="{t}", alt_en="{t}", t=text)
    page.provenance([(pair, text)])
    return page


def html_of(page: Page, **settings: str) -> str:
    return render_html([block.to_json() for block in page.blocks], language=page.language, **settings)


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def active(text: str) -> Iterator[str]:
    """Whatever in a page could run or fetch something."""
    for tag, attributes in Elements(text).tags:
        if tag not in ALLOWED:
            yield f"<{tag}>"
        for name, value in attributes.items():
            if name.startswith("on"):
                yield f"{tag} {name}"
            address = name in ("src", "href", "action", "data", "srcset", "poster", "background", "xlink:href")
            if address and not value.startswith(("#", "data:image/svg+xml;base64,")):
                yield f"{tag} {name}={value[:40]}"
        if tag == "meta" and "refresh" in attributes.get("http-equiv", "").lower():
            yield "refresh"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_from_data_is_active(payload: str) -> None:
    """Catalogue L01, L05, L07, L08, L09."""
    page = page_with(payload)
    whole = html_of(page, footer=payload)
    assert list(active(whole)) == []
    if "7*7" in payload:
        assert "49" not in "".join(Elements(whole).text)
    # the policy forbids what the renderer might have missed, and cannot itself be closed by data
    policies = [meta["content"] for meta in Elements(whole).named("meta") if "http-equiv" in meta]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    for block in page.blocks:
        assert list(active(block._repr_mimebundle_()["text/html"])) == []
    for image in Elements(whole).named("img"):
        picture = base64.b64decode(image["src"].split(",", 1)[1]).decode("utf-8")
        assert not re.search(r"<script|\son\w+=|<foreignObject|<image|href=\"(?!#)", picture)


def test_text_is_shown_as_it_is() -> None:
    """Catalogue L05."""
    text = "<b>甲 & \"乙\" '丙' {{7*7}}"
    shown = "".join(Elements(html_of(page_with(text))).text)
    # in the document's title, the heading, the contents twice, and the body
    assert shown.count(text) >= 15


def test_no_address_outside() -> None:
    whole = html_of(page_with("甲"))
    assert not re.search(r"https?:|//\w|url\(|@import|javascript:", whole)
    assert "<script" not in whole


def test_structure() -> None:
    for language, code in (("zh", "zh-CN"), ("en", "en")):
        found = Elements(html_of(page_with("甲", language)))
        assert found.named("html") == [{"lang": code}]
        headings = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
        assert headings[0] == 1
        assert headings.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(headings))
        ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        references = [a["href"][1:] for a in found.named("a")]
        references += [attributes["aria-labelledby"] for _, attributes in found.tags if "aria-labelledby" in attributes]
        assert set(references) <= set(ids)
        assert found.named("a")[0]["class"] == "skip"
        assert len(found.named("caption")) == len(found.named("table")) == 1
        assert {cell["scope"] for cell in found.named("th")} == {"colgroup", "col", "row"}
        assert all(image["alt"] for image in found.named("img"))


def test_contents_list_the_first_two_levels_and_the_provenance() -> None:
    page = Page("zh", title_zh="题", title_en="Title")
    for level, name in ((1, "甲"), (2, "乙"), (3, "丙"), (1, "丁")):
        page.heading(zh=name, en=name, level=level)
    page.provenance([({"zh": "数据", "en": "Data"}, "x")])
    contents = re.search("<nav.*?</nav>", html_of(page), re.DOTALL)
    assert contents is not None
    words = [text.strip() for text in Elements(contents.group()).text if text.strip()]
    assert words == ["目录", "一、", "甲", "（一）", "乙", "二、", "丁", "附：数据与计算依据"]


def test_numbers_are_rounded_for_display_and_marked_by_word_and_shape() -> None:
    page = Page("zh", title_zh="题", title_en="Title")
    table = pd.DataFrame({"a": ["甲", "乙"], "b": [0.49996, 0.5125], "m": ["met_borderline", "failed"]})
    columns = [
        Column("a", zh="指标", en="Indicator"),
        Column("b", zh="差异系数", en="CV", kind="number", decimals=3, marks="m"),
    ]
    page.table(table, columns=columns, caption_zh="表", caption_en="T")
    text = " ".join("".join(Elements(html_of(page)).text).split())
    # hand: 0.49996 to three digits is 0.500; 0.5125 is a tie, even neighbour 0.512
    assert "0.500≈达标（临界）" in text
    assert "0.512×未达标" in text
    assert "≈ 达标（临界） × 未达标" in text


def test_an_empty_table_says_so() -> None:
    page = Page("zh", title_zh="题", title_en="Title")
    page.table(pd.DataFrame({"a": []}), columns=[Column("a", zh="甲", en="A")], caption_zh="表", caption_en="T")
    assert '<td class="bl-empty" colspan="1">无</td>' in html_of(page)


def test_titles_come_from_the_page_or_the_call() -> None:
    page = Page("en")
    page.say(zh="甲", en="A")
    blocks = [block.to_json() for block in page.blocks]
    with pytest.raises(ValueError, match="needs a title"):
        render_html(blocks, language="en")
    assert "<title>T &amp; U</title>" in render_html(blocks, title="T & U", language="en")
    with pytest.raises(ValueError, match="unknown language"):
        render_html(blocks, title="T", language="xx")
    with pytest.raises(ValueError, match="unknown kind of block: picture"):
        render_html([{"kind": "picture"}], title="T", language="en")


def test_blocks_survive_a_notebook() -> None:
    import nbformat

    page = page_with("甲", "zh")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("x"), nbformat.v4.new_code_cell("y")])
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("display_data", data=block._repr_mimebundle_()) for block in page.blocks
    ]
    notebook.cells[1].outputs.insert(1, nbformat.v4.new_output("stream", text="noise"))
    again = nbformat.reads(nbformat.writes(notebook), as_version=4)
    assert blocks_from_notebook(again) == [block.to_json() for block in page.blocks]
    assert MIME in again.cells[1].outputs[0].data


def test_same_blocks_same_bytes_in_any_process() -> None:
    folder = Path(__file__).parent
    code = (
        f"import sys, hashlib; sys.path.insert(0, {str(folder)!r}); from test_html import html_of, page_with; "
        "print(hashlib.sha256(html_of(page_with('甲', 'zh')).encode()).hexdigest())"
    )
    told = {hashlib.sha256(html_of(page_with("甲", "zh")).encode()).hexdigest()}
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Shanghai"}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        told.add(run.stdout.strip())
    assert len(told) == 1


def test_a_large_report_is_quick_to_render() -> None:
    import time

    many = 400
    table = pd.DataFrame({f"c{at}": [1.25 + at] * many for at in range(12)})
    columns = [Column(name, zh=name, en=name, kind="number", decimals=2) for name in table.columns]
    page = Page("zh", title_zh="题", title_en="Title")
    page.table(table, columns=columns, caption_zh="表", caption_en="T")
    begin = time.process_time()
    html_of(page)
    assert time.process_time() - begin < 2
