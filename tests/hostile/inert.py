"""What is active in a page, a workbook, a Word document or a PDF, and a look at all of them."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib

from balancelab.reports.formats import FORMATS
from balancelab.reports.rendering import render_formats

Blocks = list[dict[str, Any]]
ACTIVE_IN_PDF = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch", b"/URI", b"/EmbeddedFile", b"/OpenAction", b"/AcroForm",
                 b"/GoToR", b"/SubmitForm", b"/RichMedia")  # fmt: skip


def formats_of(blocks: Blocks, formats: tuple[str, ...] = tuple(FORMATS)) -> dict[str, bytes]:
    made, failed = render_formats(blocks, stem="x", title="标题", language="zh", formats=formats, word={})
    assert not failed
    return {name.removeprefix("x."): content for name, content in made.items()}


def elements(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every element of a page as a browser's parser makes them, with its attributes."""
    for element in html5lib.parse(text, namespaceHTMLElements=False).iter():
        if isinstance(element.tag, str):
            yield element.tag, {str(name): value for name, value in element.attrib.items()}


def parsed(content: bytes) -> ElementTree.Element:
    """XML that this very test has written."""
    return ElementTree.fromstring(content)  # noqa: S314


def shape(text: str) -> set[tuple[str, str]]:
    """Which elements bear which attributes."""
    return {(tag, name) for tag, attributes in elements(text) for name in ("", *attributes)}


def assert_inert(text: str) -> None:
    for tag, attributes in elements(text):
        assert tag not in {"script", "iframe", "object", "embed", "form", "base", "link", "applet", "template", "video"}
        for name, value in attributes.items():
            assert not name.lower().startswith("on"), (tag, name)
            if name in ("href", "xlink:href", "action", "formaction"):
                assert value.startswith("#"), value
            if name in ("src", "srcset", "data", "poster"):
                assert value.startswith("data:image/"), value[:80]
            if name == "style":
                assert "url(" not in value
                assert "expression" not in value
        assert tag != "meta" or attributes.get("http-equiv", "").lower() not in ("refresh", "set-cookie")


def assert_pictures_inert(text: str) -> None:
    for encoded in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text):
        for element in parsed(base64.b64decode(encoded)).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "animate", "set", "iframe")
            for name, value in element.attrib.items():
                assert not name.lower().startswith("on")
                assert not name.endswith("href") or value.startswith(("#", "data:image/png;base64,"))


def assert_no_formula(content: bytes, *, choices: bool = False) -> set[str]:
    """No cell of a workbook is a formula or a link, nor, unless it may hold `choices`, a list; return its texts."""
    texts: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not [name for name in book.namelist() if "external" in name.lower() or name.endswith((".bin", ".vml"))]
        for name in book.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            tree = parsed(book.read(name))
            for element in tree.iter():
                kind = element.tag.rpartition("}")[2]
                if name.startswith("xl/worksheets/"):
                    assert kind not in ("f", "oleObject") + (() if choices else ("dataValidation",))
                    if kind in ("formula1", "formula2"):  # the choices of a cell: one quoted text, whatever is in it
                        assert re.fullmatch(r'"[^"]*"', element.text or ""), element.text
                    if kind == "hyperlink":  # from the list of contents to a sheet of this workbook
                        assert set(element.attrib) <= {"ref", "location", "display"}, element.attrib
                        assert re.fullmatch(r"'[^']+'!A1", element.get("location", "")), element.attrib
                if kind == "Relationship":
                    assert element.get("TargetMode") != "External", element.attrib
                if kind == "t" and element.text:
                    texts.add(element.text)
    return texts


def assert_no_controls(text: str) -> None:
    """Nothing moves a cursor or turns the direction of a line."""
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", text)


def assert_no_field(content: bytes, harmless: bytes) -> str:
    """A Word file has the fields that it has anyway and no outside relation; return its text."""
    found = []
    for one in (content, harmless):
        with zipfile.ZipFile(io.BytesIO(one)) as document:
            parts = {name: document.read(name).decode("utf-8") for name in document.namelist() if name.endswith("xml")}
            relations = "".join(document.read(name).decode() for name in document.namelist() if name.endswith(".rels"))
        assert 'TargetMode="External"' not in relations
        assert not [name for name in parts if "embeddings" in name or "vba" in name.lower()]
        body = "".join(parts.values())
        fields = re.findall(r"<w:instrText[^>]*>([^<]*)<", body) + re.findall(
            r'<w:fldSimple[^>]*w:instr="([^"]*)"', body
        )
        found.append({re.sub(r"_Toc\d+|\d+", "", field).strip() for field in fields})
        assert "<w:hyperlink r:id" not in body
    assert found[0] == found[1]
    with zipfile.ZipFile(io.BytesIO(content)) as document:
        tree = parsed(document.read("word/document.xml"))
    return "".join(element.text or "" for element in tree.iter() if element.tag.endswith("}t"))


def seen_in(browser: Any, path: Path) -> dict[str, list[str]]:
    """Open a file and note whatever it does besides being shown."""
    page = browser.new_page()
    noted: dict[str, list[str]] = {"dialogs": [], "requests": [], "console": [], "frames": [], "scripts": []}
    page.on("dialog", lambda dialog: (noted["dialogs"].append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: noted["requests"].append(request.url))
    page.on("console", lambda message: noted["console"].append(message.text))
    page.on("pageerror", lambda error: noted["console"].append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    for selector in ("body", "table", "td"):  # what waits for a pointer or a focus gets it
        page.locator(selector).first.hover(force=True)
    page.keyboard.press("Tab")
    noted["frames"] = [frame.url for frame in page.frames[1:]]
    noted["scripts"] = ["script"] * page.locator("script").count()
    noted["requests"] = [url for url in noted["requests"] if url != path.as_uri() and not url.startswith("data:")]
    assert page.url == path.as_uri()
    noted["words"] = [page.inner_text("body")]
    page.close()
    return noted
