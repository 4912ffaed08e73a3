import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.reports.formats.bundle import (
    DANGEROUS,
    bundle_files,
    plain_text,
    render_bundle,
    render_json,
    safe_text,
    table_csv,
)

Blocks = list[dict[str, Any]]


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_results_are_the_blocks_without_their_pictures(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    made = json.loads(render_json(page, language="zh"))
    assert (made["format"], made["version"], made["language"]) == ("balancelab-results", 1, "zh")
    assert (made["title"], made["subtitle"], made["verdict"]) == ("临江县均衡报告", "2024", "failed")
    assert made["provenance"] == [["数据 SHA-256", "0123456789abcdef" * 4]]
    expected = [{key: value for key, value in block.items() if key not in ("svg", "png")} for block in page]
    assert made["blocks"] == expected  # numbers to the last digit, marks, alternative texts, completion token


def test_a_table_comes_back_from_its_csv(blocks: Callable[[str], Blocks]):
    page = blocks("en")
    files = bundle_files(page, language="en")
    assert list(files) == [
        "datapackage.json",
        "results.json",
        "tables/table_01.csv",
        "tables/table_02.csv",
        "tables/table_03.csv",
    ]
    tables = [block for block in page if block["kind"] == "table"]
    for (name, content), table in zip(list(files.items())[2:], tables, strict=True):
        header, *rows = rows_of(content)
        ids = [column["id"] for column in table["columns"]]
        assert header[: len(ids)] == ids, name
        assert len(rows) == len(table["rows"])
        for row, expected in zip(rows, table["rows"], strict=True):
            for text, value in zip(row[: len(ids)], expected, strict=True):
                assert (text == "") if value is None else (text == value or float(text) == value)
    header, first, *_ = rows_of(files["tables/table_01.csv"])
    assert header[len(tables[0]["columns"]) :] == ["area_mark", "row_mark"]
    assert first[-2:] == ["failed", "excluded"]


def test_the_description_fits_the_files(blocks: Callable[[str], Blocks]):
    files = bundle_files(blocks("zh"), language="zh")
    package = json.loads(files["datapackage.json"])
    assert package["profile"] == "tabular-data-package"
    assert "single quote" in package["description"]
    assert package["marks"]["failed"] == "未达标"
    assert {resource["path"] for resource in package["resources"]} == {name for name in files if name.endswith(".csv")}
    for resource in package["resources"]:
        content = files[resource["path"]]
        assert content.startswith(b"\xef\xbb\xbf")
        assert b"\n" not in content.replace(b"\r\n", b"")
        fields = resource["schema"]["fields"]
        header, *rows = rows_of(content)
        assert [field["name"] for field in fields] == header
        for at, field in enumerate(fields):
            for text in (row[at] for row in rows if row[at] != ""):
                if field["type"] == "integer":
                    int(text)
                elif field["type"] == "number":
                    float(text)
                if "enum" in field.get("constraints", {}):
                    assert text in field["constraints"]["enum"]
    first = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}
    assert first["area"]["unit"] == "平方米"
    assert first["area"]["title"] == "教学用房"
    assert first["students"]["type"] == "integer"


def test_no_text_of_a_csv_is_a_formula(hostile: Blocks, hostile_names: tuple[str, ...]):
    """Catalogue L02, L10."""
    files = bundle_files(hostile, language="zh")
    seen = set()
    for name, content in files.items():
        if name.endswith(".csv"):
            for row in rows_of(content):
                for at, text in enumerate(row):
                    if at == 0:
                        seen.add(plain_text(text))
                    assert not text.startswith(DANGEROUS), text
    for name in hostile_names:
        assert name.replace("\x00", "").replace("\x1b", "").replace("\u202e", "") in seen


def test_a_negative_number_stays_a_number():
    column = {"id": "change", "label": "Change", "kind": "number", "unit": None, "decimals": 1}
    table = {"columns": [column], "rows": [[-1.5], [-2]], "marks": [[None], [None]], "row_marks": [None, None]}
    assert table_csv(table) == b"\xef\xbb\xbfchange\r\n-1.5\r\n-2\r\n"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.text(max_size=20) | st.sampled_from(DANGEROUS).flatmap(lambda start: st.text().map(lambda rest: start + rest))
)
def test_the_quote_is_taken_off_again(text: str):
    """Catalogue L02."""
    assert plain_text(safe_text(text)) == text
    assert not safe_text(text).startswith(DANGEROUS)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "'=1"])
def test_what_a_spreadsheet_takes_for_a_formula_gets_a_quote(text: str):
    assert safe_text(text) == "'" + text  # OWASP, "CSV Injection"


def test_numbers_keep_every_digit():
    column = {"id": "v", "label": "v", "kind": "number", "unit": None, "decimals": 1}
    values = [0.1 + 0.2, 1e-300, 123456789012345678, 1 / 3]
    table = {"columns": [column], "rows": [[v] for v in values], "marks": [[None]] * 4, "row_marks": [None] * 4}
    _, *rows = rows_of(table_csv(table))
    assert [float(row[0]) for row in rows] == [float(value) for value in values]
    assert rows[2] == ["123456789012345678"]


def test_a_lone_surrogate_does_not_stop_it():
    page = [{"kind": "paragraph", "language": "zh", "text": "a\ud800b"}]
    assert json.loads(render_json(page, title="\ud800t", language="zh"))["blocks"][0]["text"] == "ab"


def test_the_archive_holds_the_files_and_fixed_times(blocks: Callable[[str], Blocks]):
    with zipfile.ZipFile(io.BytesIO(render_bundle(blocks("zh"), language="zh"))) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.create_system for entry in archive.infolist()} == {3}
        for name, content in bundle_files(blocks("zh"), language="zh").items():
            assert archive.read(name) == content
