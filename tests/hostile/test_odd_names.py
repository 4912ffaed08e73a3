"""Names that no program means harm by and that break reports all the same; and a template with a slip of the pen."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import pandas as pd
import pytest

from balancelab.page.display import clean_text
from balancelab.reports.formats import FORMATS
from balancelab.reports.rendering import render_formats
from tests.public.canaries import ROOT, SAMPLE, run_notebook

ODD = {
    "长" * 100: "长" * 100,
    "W" * 100: "W" * 100,
    "𠮷村小学": "𠮷村小学",  # CJK Extension B: outside the bundled font
    "笑脸😀小学": "笑脸😀小学",
    "㙟头小学": "㙟头小学",  # in the regular face, not in the bold one
    "铃\x07响\x1b[31m小学": "铃响[31m小学",
    "左\u202e右\u2066小学": "左右小学",
    "零\u200b宽小学": "零宽小学",
    "e\u0301cole": "\u00e9cole",  # one letter in two characters: put together on reading
}
"""Name → as it may be shown."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Blocks and files of a report on schools with odd names."""
    folder = tmp_path_factory.mktemp("odd")
    sample = pd.read_csv(SAMPLE / "schools.csv", dtype={"county_code": str, "school_code": str})
    rows = sample[(sample["year"] == 2024) & (sample["county_code"] == "371599")]
    rows = rows[rows["school_type"] == "primary"].head(len(ODD)).assign(school=list(ODD))
    rows.to_csv(folder / "schools.csv", index=False, quoting=csv.QUOTE_ALL)
    blocks = run_notebook(
        "balance", data_file=str(folder / "schools.csv"), county_code="371599", year=2024, language="zh"
    )
    files, failed = render_formats(blocks, stem="x", title="标题", language="zh", formats=list(FORMATS), word={})
    assert not failed
    return blocks, files


def test_every_name_is_in_the_tables_letter_by_letter(made: Any):
    _, files = made
    shown = {clean_text(name) for name in ODD.values()}
    cells = {cell for block in json.loads(files["x.json"])["blocks"] for row in block.get("rows", ()) for cell in row}
    assert shown <= cells
    page = files["x.html"].decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(files["x.docx"])) as document:
        word = document.read("word/document.xml").decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(files["x.xlsx"])) as book:
        sheet = book.read("xl/sharedStrings.xml").decode("utf-8")
    for name in shown:
        assert name in page
        assert name in re.sub(r"</w:t></w:r><w:r>.*?<w:t[^>]*>", "", word)
        assert name in sheet
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\u200b]", page + word + sheet)


def test_what_the_font_lacks_is_shown_by_a_sign_and_named(made: Any):
    blocks, files = made
    notes = [block["text"] for block in blocks if block["kind"] == "note" and "〓" in block["text"]]
    assert any("U+20BB7" in text and "U+1F600" in text for text in notes)  # under the figure that shows the names
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not there to read the words")
    done = subprocess.run(["pdftotext", "-", "-"], input=files["x.pdf"], capture_output=True, check=True)
    said = re.sub(r"\s+", "", done.stdout.decode("utf-8"))
    assert "〓村小学" in said
    assert "笑脸〓小学" in said
    assert "㙟头小学" in said
    assert "U+20BB7" in said
    assert "U+1F600" in said


@pytest.mark.slow
def test_a_slip_in_a_word_template_is_named_before_anything_is_made(tmp_path: Path):
    template = docx.Document()
    template.add_paragraph("{{ tittle }} {{ county }}")
    template.save(tmp_path / "red.docx")
    command = [sys.executable, "-m", "balancelab", "report", str(SAMPLE / "schools.csv"), "--year", "2024"]
    command += ["--county", "371599", "--format", "docx", "--word-template", str(tmp_path / "red.docx")]
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "tittle" in done.stderr
    assert "title" in done.stderr.replace("tittle", "")
    assert not (tmp_path / "out").exists()
