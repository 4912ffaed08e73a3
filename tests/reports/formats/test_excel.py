import io
import re
import zipfile
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl
import pytest

from balancelab.page.display import cell_text
from balancelab.reports.formats.excel import render_xlsx
from balancelab.reports.formats.excel_charts import charts_of
from balancelab.reports.formats.excel_text import number_format, sheet_name
from balancelab.reports.formats.reading import Cell

Blocks = list[dict[str, Any]]


def parts_of(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def opened(page: Blocks, language: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(page, language=language)))


def shown(value: float, shape: str) -> str:
    """What Excel shows for a number: only the formats that we write, by its rules (half away from zero)."""
    sections = shape.split(";")
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    literal = "".join(re.findall(r'"([^"]*)"', section))
    digits = re.search(r"#,##0(?:\.(0+))?(%)?", section)
    if not digits:
        return literal.split(" ")[0]
    number = abs(Decimal(str(value))) * (100 if digits[2] else 1)
    rounded = number.quantize(Decimal(1).scaleb(-len(digits[1] or "")), rounding=ROUND_HALF_UP)
    return ("−" if literal.startswith("−") else "") + f"{rounded:,f}" + (digits[2] or "")


def test_every_cell_holds_the_unrounded_number_and_shows_what_the_report_shows(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    tables = [block for block in page if block["kind"] == "table"]
    workbook = opened(page, "zh")
    assert workbook.sheetnames == ["目录", "表 1 各校情况", "表 2 四十项", "表 3 空"]
    compared = 0
    for name, table in zip(workbook.sheetnames[1:], tables, strict=True):
        sheet = workbook[name]
        first = 5 if any(column["group"] for column in table["columns"]) else 4  # caption, link, (groups,) headings
        for at, row in enumerate(table["rows"]):
            for place, value in enumerate(row):
                column, cell = table["columns"][place], sheet.cell(first + at, place + 1)
                text = cell_text(value, column, "zh")
                if column["kind"] in ("number", "percent") and value is not None:
                    assert cell.value == value
                    assert shown(value, cell.number_format) == text
                    compared += 1
                else:
                    assert cell.data_type == "s"
                    assert str(cell.value).startswith(text)
    assert compared == 20 * 4 - 1 + 40  # hand: four numeric columns, one value missing, and forty items


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.125, 2, "0.12"),  # a tie: to even
        (2.675, 2, "2.68"),  # a tie on the decimal number, up in both
        (0.135, 2, "0.14"),
        (2.5, 0, "2"),
        (-0.125, 2, "−0.12"),
        (-0.001, 2, "0.00"),  # no minus before nothing
        (1234567.891, 1, "1,234,567.9"),
    ],
)
def test_ties_are_shown_as_the_report_rounds_them(value: float, decimals: int, text: str):
    # GB/T 8170-2008, 3.2; by hand
    column = {"kind": "number", "decimals": decimals}
    assert cell_text(value, column, "zh") == text
    shape = number_format(value, Cell(text, "", None), column, room="")
    assert shown(value, shape) == text


def test_a_sign_stands_behind_its_number_which_stays_one(blocks: Callable[[str], Blocks]):
    sheet = opened(blocks("zh"), "zh")["表 1 各校情况"]
    cell = sheet["D5"]
    assert (cell.value, cell.data_type) == (0.125, "n")
    assert '"0.12"" ×"' in cell.number_format
    assert cell.font.bold
    assert cell.font.color.rgb == "FFA8321A"
    assert sheet["D6"].number_format.endswith("_ _×_≈")  # room for the longest sign of the column
    assert sheet["G5"].value == "✓ 达标"


def test_no_formula_no_link_and_nothing_that_becomes_one(hostile: Blocks, hostile_names: tuple[str, ...]):
    """Catalogue L02, L10."""
    made = render_xlsx(hostile, language="zh")
    workbook = openpyxl.load_workbook(io.BytesIO(made))
    seen = set()
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n"), (sheet.title, cell.coordinate)
                if isinstance(cell.value, str):
                    seen.add(cell.value)
                    if cell.value[:1] in ("=", "+", "-", "@", "'"):
                        assert cell.quotePrefix, cell.value  # a text still after the reader presses F2 and Enter
                if cell.hyperlink:
                    assert cell.hyperlink.target is None
                    assert cell.hyperlink.location.split("!")[0].strip("'") in workbook.sheetnames
    for name in hostile_names:
        assert re.sub("[\x00\x1b\u202e]", "", name) in seen
    for name, content in parts_of(made).items():
        assert b'TargetMode="External"' not in content, name
        assert b"<f>" not in content, name
        assert b"<f " not in content, name


def test_sheets_are_named_as_excel_allows_and_each_differently():
    names: list[str] = []
    for wanted in ("a/b:c*d?e[f]g\\h", "'x'", "", "X" * 60, "x" * 60, "X" * 60, "𠮷" * 40, "  a   b  ", "'"):
        names.append(sheet_name(wanted, names))
    assert names[:3] == ["a b c d e f g h", "x", "1"]
    assert names[7:] == ["a b", "1 2"]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31  # Excel's limit
        assert not re.search(r"[\[\]:*?/\\'!]", name)


def test_hundreds_of_tables_of_one_name():
    names: list[str] = []
    for _ in range(300):
        names.append(sheet_name("Table", names))
    assert names[-1] == "Table 300"


def test_sheets_are_ready_to_be_read_and_printed(blocks: Callable[[str], Blocks]):
    workbook = opened(blocks("en"), "en")
    sheet = workbook["Table 1 School by school"]
    assert sheet.freeze_panes == "C5"  # below two rows of headings, right of the school's name
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)  # 1 is not written out
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$3:$4"
    assert sheet["D4"].value == "Teaching area\n(m²)"
    assert sheet["D3"].value == "Per student"
    assert "&P" in sheet.oddFooter.center.text
    wide = workbook["Table 2 Forty items"]
    assert wide.page_setup.fitToWidth == 3  # 8 + 40 × 14 half-width characters on sheets of 260
    assert wide.print_title_cols == "$A:$A"


def test_chinese_names_are_not_cut(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    table = next(block for block in page if block["kind"] == "table")
    table["rows"][0][1] = "示例县实验学校第二小学"  # 11 characters: 22 columns
    sheet = opened(page, "zh")["表 1 各校情况"]
    assert sheet.column_dimensions["B"].width >= 22


def test_a_header_cannot_smuggle_codes_in(blocks: Callable[[str], Blocks]):
    page = [{**block, "title": "A&B &[Picture]&P"} if block["kind"] == "title" else block for block in blocks("zh")]
    sheets = parts_of(render_xlsx(page, language="zh"))
    assert "&amp;L&amp;8A＆B ＆[Picture]＆P<" in sheets["xl/worksheets/sheet1.xml"].decode("utf-8")


def test_charts_are_native_and_say_what_they_show(blocks: Callable[[str], Blocks]):
    files = parts_of(render_xlsx(blocks("en"), language="en"))
    charts = [content for name, content in files.items() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
    assert len(charts) == 2  # one table has shares; its rows are named by the second column, in two parts
    drawing = files["xl/drawings/drawing1.xml"].decode("utf-8")
    # hand: the shares of the ten primary schools are 0, 1/16, …, 9/16
    assert 'descr="Bar chart: School by school · primary. 10 bars, lowest 0.0%, highest 56.2%.' in drawing


def test_what_is_drawn():
    def table(columns: list[tuple[str, str]], rows: list[list[Any]], header: int = 0, marks: Any = None) -> Any:
        described = [{"id": name, "kind": kind, "label": name, "decimals": 1} for name, kind in columns]
        block = {"columns": described, "rows": rows, "row_header": header, "caption": "C", "language": "en"}
        return charts_of({**block, "row_marks": marks or [None] * len(rows)})

    shares = [("school", "text"), ("share", "percent")]
    assert len(table(shares, [["a", 0.1], ["b", 0.2], ["c", 0.3]])) == 1
    assert table(shares, [["a", 0.1], ["b", 0.2]]) == []  # two bars say nothing
    assert table(shares, [["a", 0.1]] * 41) == []  # forty-one cannot be read
    assert table(shares, [["a", 0.1], ["b", None], ["c", None]]) == []
    both = [("stage", "text"), ("name", "text"), ("value", "number"), ("limit", "number")]
    rows = [[stage, str(at), at / 10, 0.5] for stage in ("primary", "junior") for at in range(3)]
    assert [(chart.title, chart.rows, chart.limit) for chart in table(both, rows, 1)] == [
        ("C · primary", (0, 2), 3),
        ("C · junior", (3, 5), 3),
    ]
    assert table([("school", "text"), ("students", "number")], [["a", 1]] * 5) == []
    (chart,) = table(shares, [["a", 0.1]] * 4 + [["all", 0.1]], marks=[None] * 4 + ["total"])
    assert chart.rows == (0, 3)  # a total would dwarf the rest


def test_a_very_long_text_is_cut_at_what_a_cell_holds(blocks: Callable[[str], Blocks]):
    page = blocks("zh")
    next(block for block in page if block["kind"] == "table")["note"] = "x" * 40000
    sheet = opened(page, "zh")["表 1 各校情况"]
    longest = max(len(str(cell.value)) for row in sheet.iter_rows() for cell in row)
    assert longest == 32767  # Excel's limit; a longer text would be dropped


def test_the_date_is_fixed(blocks: Callable[[str], Blocks]):
    assert opened(blocks("zh"), "zh").properties.created.isoformat() == "1980-01-01T00:00:00"
