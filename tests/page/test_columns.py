"""Table blocks: raw values, marks, faults."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from balancelab.page import Column, Page
from balancelab.page.display import cell_text
from balancelab.page.marks import MARKS, mark_id


def block_of(table: pd.DataFrame, columns: list[Column], language: str = "zh", **settings: object) -> dict:
    page = Page(language)
    page.table(table, columns=columns, caption_zh="表", caption_en="A table", **settings)
    return page.blocks[-1].to_json()


TABLE = pd.DataFrame(
    {
        "school": ["第一小学", {"zh": "合计", "en": "Total"}, pd.NA],
        "value": [Fraction(9, 10), np.float64("nan"), np.int64(3)],
        "share": [0.853, Decimal("0.5"), None],
        "met": pd.array([True, None, False], dtype="boolean"),
        "mark": ["borderline", None, float("nan")],
    }
)
COLUMNS = [
    Column("school", zh="学校", en="School"),
    Column("value", zh="数值", en="Value", unit={"zh": "人", "en": "per 100"}, decimals=2, kind="number", marks="mark"),
    Column("share", zh="比例", en="Share", kind="percent"),
    Column("met", zh="结论", en="Verdict", kind="verdict"),
]


def test_numbers_stay_numbers_and_missing_is_null() -> None:
    block = block_of(TABLE, COLUMNS)
    assert block["rows"] == [
        ["第一小学", 0.9, 0.853, "met"],
        ["合计", None, 0.5, "undetermined"],
        [None, 3, None, "failed"],
    ]
    assert block["marks"][0] == [None, "borderline", None, None]
    assert all(mark is None for row in block["marks"][1:] for mark in row)
    assert block["row_header"] == 0
    assert json.loads(json.dumps(block, allow_nan=False)) == block


def test_columns_are_described_in_the_language() -> None:
    block = block_of(TABLE, COLUMNS, "en")
    assert block["columns"][1] == {
        "id": "value",
        "label": "Value",
        "unit": "per 100",
        "group": None,
        "kind": "number",
        "decimals": 2,
        "align": "right",
    }
    assert [column["align"] for column in block["columns"]] == ["left", "right", "right", "left"]
    assert block["number"] == "Table 1"
    shown = [[cell_text(v, c, "en") for v, c in zip(row, block["columns"], strict=True)] for row in block["rows"]]
    # hand: 9/10 to two digits, 0.853 as a percentage with one
    assert shown == [
        ["第一小学", "0.90", "85.3%", "✓ Met"],
        ["Total", "—", "50.0%", "◐ Undetermined"],
        ["—", "3.00", "—", "× Not met"],
    ]


def test_row_marks_by_column_or_by_list() -> None:
    by_column = block_of(TABLE, COLUMNS, row_marks="mark")
    by_list = block_of(TABLE, COLUMNS, row_marks=["borderline", None, None])
    assert by_column["row_marks"] == by_list["row_marks"] == ["borderline", None, None]


def test_the_table_is_not_changed_and_may_be_empty() -> None:
    before = TABLE.copy(deep=True)
    block_of(TABLE, COLUMNS)
    pd.testing.assert_frame_equal(TABLE, before)
    empty = block_of(TABLE.iloc[:0], COLUMNS)
    assert empty["rows"] == empty["marks"] == empty["row_marks"] == []


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ([Column("valeu", zh="值", en="v")], {}, "'valeu'; nearest: value"),
        ([Column("school", zh="值", en="v", kind="number")], {}, "'school', row 0: not a number"),
        ([Column("met", zh="值", en="v", kind="number")], {}, "'met', row 0: not a number"),
        ([Column("value", zh="值", en="v", marks="school")], {}, "unknown mark"),
        ([Column("school", zh="值", en="v", kind="verdict")], {}, "unknown mark"),
        ([Column("school", zh="值", en="v")] * 2, {}, "each once"),
        ([], {}, "each once"),
        ([Column("school", zh="值", en="v")], {"row_marks": ["met"]}, "1 entries, the table 3 rows"),
        ([Column("school", zh="值", en="v")], {"row_header": "value"}, "none of the columns shown"),
        ([Column("school", zh="值", en="")], {}, "'en' is missing"),
    ],
)
def test_faults_are_named(columns: list[Column], settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        block_of(TABLE, columns, **settings)


def test_a_column_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="unknown kind 'money'"):
        Column("a", zh="值", en="v", kind="money")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown alignment"):
        Column("a", zh="值", en="v", align="middle")  # type: ignore[arg-type]


def test_control_characters_do_not_reach_a_block() -> None:
    table = pd.DataFrame({"school": ["甲\x1b\u202e乙\n丙"]})
    assert block_of(table, [Column("school", zh="学校", en="School")])["rows"] == [["甲乙 丙"]]


def test_every_mark_has_word_and_shape_of_its_own() -> None:
    words = [(mark.zh, mark.en, mark.glyph) for mark in MARKS.values()]
    for part in (0, 1):
        assert len({word[part] for word in words}) == len(words)
    assert MARKS["met"].glyph != MARKS["failed"].glyph
    assert mark_id(np.bool_(True)) == "met"
