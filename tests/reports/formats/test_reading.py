import pytest

from balancelab.page import Page
from balancelab.reports.formats.reading import heading_text, read_report


def heading(level: int, text: str) -> dict[str, object]:
    return {"kind": "heading", "language": "zh", "level": level, "number": "9.9", "text": text}


def outline(*headings: dict[str, object], title: str | None = None, language: str = "zh") -> list[tuple[int, str]]:
    report = read_report(headings, title=title, language=language)
    return [(block["level"], heading_text(block)) for block in report.blocks]


def test_a_first_heading_that_is_the_title_is_not_printed_twice_and_the_rest_moves_up():
    found = outline(heading(1, "临江县"), heading(2, "范围"), heading(3, "学校"), heading(2, "差异"))
    assert found == [(1, "一、范围"), (2, "（一）学校"), (1, "二、差异")]  # GB/T 9704-2012, clause 7.3.3


def test_sections_are_counted_as_the_language_does_and_as_the_web_page_does():
    found = outline(
        heading(1, "Linjiang"), heading(2, "Scope"), heading(3, "Schools"), heading(2, "Gaps"), language="en"
    )
    assert found == [(1, "1 Scope"), (2, "1.1 Schools"), (1, "2 Gaps")]  # hand
    for language in ("zh", "en"):
        page = Page(language)
        page.heading(zh="临江县", en="Linjiang")
        page.heading(zh="范围", en="Scope", level=2)
        page.heading(zh="学校", en="Schools", level=3)
        blocks = [block.to_json() for block in page.blocks]
        assert [block["number"] for block in read_report(blocks, language=language).of_kind("heading")] == [
            block["number"] for block in blocks if block["kind"] == "heading"
        ]


def test_a_first_heading_that_is_not_the_title_stays():
    assert outline(heading(1, "范围"), heading(2, "学校"), title="临江县") == [(1, "一、范围"), (2, "（一）学校")]


@pytest.mark.parametrize("text", ["一、范围", "十二、范围", "（三）范围", "1. Scope", "2.1 Scope", "3、范围"])
def test_a_heading_that_counts_itself_gets_no_second_number(text: str):
    assert outline(heading(1, text), title="临江县") == [(1, text)]


@pytest.mark.parametrize("text", ["2024年学校", "一所学校", "7条要求", "1001 schools"[:4] + "所"])
def test_a_heading_that_only_begins_with_a_number_is_counted(text: str):
    assert outline(heading(1, text), title="临江县") == [(1, f"一、{text}")]


def test_no_level_is_skipped_whatever_comes():
    levels = [level for level, _ in outline(heading(3, "a"), heading(1, "b"), heading(3, "c"), title="临江县")]
    assert levels == [1, 1, 2]  # hand: 3 → 1 because nothing is above it, 3 → 2 below 1


def test_what_cannot_be_written_is_refused():
    with pytest.raises(ValueError, match="unknown kind of block: poem"):
        read_report([{"kind": "poem"}], title="x", language="zh")
    with pytest.raises(ValueError, match="needs a title"):
        read_report([], language="zh")
    with pytest.raises(ValueError, match="unknown language 'xx'"):
        read_report([], title="x", language="xx")


def test_every_text_is_cleaned_pictures_are_not():
    figure = {"kind": "figure", "language": "zh", "svg": "<svg>\n</svg>", "alt": "a\x00\u202eb\nc\ud800"}
    (block,) = read_report([figure], title="t\x07", language="zh").blocks
    assert (block["alt"], block["svg"]) == ("ab c", "<svg>\n</svg>")
    assert figure["alt"] == "a\x00\u202eb\nc\ud800"  # what came in is not changed


def test_the_cell_that_names_a_row_bears_the_rows_mark():
    columns = [{"id": "s", "kind": "text", "decimals": None}, {"id": "v", "kind": "number", "decimals": 1}]
    table = {"kind": "table", "language": "zh", "columns": columns, "rows": [["甲", 1.25]], "marks": [[None, "failed"]]}
    report = read_report([{**table, "row_marks": ["excluded"], "row_header": 0}], title="t", language="zh")
    ((name, value),) = report.blocks[0]["cells"]
    assert (name.text, name.sign, name.state) == ("甲", "○", "excluded")
    assert (value.text, value.sign, value.state) == ("1.2", "×", "failed")  # 1.25 to even


def test_a_heading_of_which_nothing_is_left_is_still_one():
    # PDF/UA refuses an empty heading; a county's name may consist of characters that are taken out
    blocks = [heading(1, "\u202e\x00"), {"kind": "provenance", "language": "zh", "heading": " ", "entries": []}]
    report = read_report([{**blocks[0], "text": "1. "}, *blocks], title="t", language="zh")
    assert [heading_text(block) for block in report.of_kind("heading")] == ["1.", "二、"]
    assert report.of_kind("provenance")[0]["heading"] == "—"
