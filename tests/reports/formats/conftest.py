"""Pages that the tests of all formats share, as block JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
import pytest

from balancelab.page import Column, Page
from balancelab.page.theme import new_figure, style

Blocks = list[dict[str, Any]]

# names as they arrive from files of unknown people: markup of every format we write, and what breaks writers
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.invalid","x")',
    "+1",
    "-1+2",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "{{7*7}}",
    "{% for x in y %}",
    '#include "x"',
    "#sys.inputs",
    "$\\input{/etc/passwd}$",
    "*bold* _it_ `code` = heading",
    "<<label>> @reference",
    "]]>",
    "&amp; & <b>",
    "http://example.invalid/",
    "a\x00b\x1b[31mc",
    "左\u202e右",
    "鄠邑区㙟头小学",
    "长" * 100,
    "W" * 100,
    "'quoted",
    "{_{7*7}_}",
    "{0.__class__}",
    "＝1+1",
    "\\u{41}",
    "//comment /* x */",
    "~ -- --- ...",
    "\"straight\" 'single' “双”",
)


def _columns() -> list[Column]:
    return [
        Column("stage", zh="学段", en="Stage"),
        Column("school", zh="学校", en="School"),
        Column("students", zh="在校生", en="Students", kind="number", decimals=0),
        Column(
            "area",
            zh="教学用房",
            en="Teaching area",
            kind="number",
            decimals=2,
            unit={"zh": "平方米", "en": "m²"},
            marks="mark",
            group={"zh": "每名学生", "en": "Per student"},
        ),
        Column(
            "rooms",
            zh="多媒体教室",
            en="Multimedia rooms",
            kind="number",
            unit={"zh": "间", "en": "rooms"},
            group={"zh": "每名学生", "en": "Per student"},
        ),
        Column("share", zh="占要求", en="Share of it", kind="percent"),
        Column("met", zh="结论", en="Verdict", kind="verdict"),
    ]


def _schools() -> pd.DataFrame:
    rows = 20
    return pd.DataFrame(
        {
            "stage": ["primary"] * 10 + ["junior"] * 10,
            "school": [f"第{at + 1}小学" for at in range(rows)],
            "students": [1000 + 137 * at for at in range(rows)],
            # 0.125 and 2.675 are ties: the report rounds them to even, Excel would round them up
            "area": [0.125, 2.675, -0.5, None, *(4 + at / 7 for at in range(rows - 4))],
            "rooms": [2.0, 1.5, *(at / 8 for at in range(rows - 2))],
            "share": [0.0625 * at for at in range(rows)],
            "mark": ["failed", None, "failed_borderline", "undetermined", *([None] * (rows - 4))],
            "met": [at % 3 == 0 for at in range(rows)],
        }
    )


@cache
def page_json(language: str) -> str:
    """A page with a block of every kind."""
    page = Page(
        language, title_zh="临江县均衡报告", title_en="Linjiang: report", subtitle_zh="2024", subtitle_en="2024"
    )
    page.note(zh="示例数据。", en="Synthetic data.", kind="warning")
    page.verdict("{n} 所学校未达标", "{n} schools do not qualify", "failed", n=3)
    page.heading(zh="一、结果", en="Results")
    page.say(zh="平均值为 {mean:.3f}。", en="The mean is {mean:.3f}.", mean=4.5678)
    marks = ["excluded", *([None] * 18), "total"]
    page.table(
        _schools(),
        columns=_columns(),
        caption_zh="各校情况",
        caption_en="School by school",
        note_zh="按未修约的数值判定。",
        note_en="Judged on unrounded values.",
        row_marks=marks,
        row_header="school",
    )
    page.heading(zh="图", en="Figures", level=2)
    with style():
        figure = new_figure(6.69, 2.5)
        figure.subplots().plot([1, 3, 2])
    page.figure(figure, caption_zh="走势", caption_en="Trend", alt_zh="一条折线", alt_en="One line")
    page.heading(zh="宽表", en="A wide table", level=2)
    wide = pd.DataFrame({"school": ["甲"], **{f"c{at}": [1234567.5 + at] for at in range(40)}})
    numbers = [Column(f"c{at}", zh=f"第{at}项", en=f"Item {at}", kind="number", decimals=2) for at in range(40)]
    page.table(
        wide,
        columns=[Column("school", zh="学校", en="School"), *numbers],
        caption_zh="四十项",
        caption_en="Forty items",
    )
    page.table(wide.iloc[:0], columns=[Column("school", zh="学校", en="School")], caption_zh="空", caption_en="Empty")
    page.note(zh="仅供参考。", en="For information.")
    page.provenance([({"zh": "数据 SHA-256", "en": "Data SHA-256"}, "0123456789abcdef" * 4)])
    return json.dumps([block.to_json() for block in page.blocks])


@cache
def hostile_json() -> str:
    """A page with a hostile text in every place that takes one."""
    page = Page("zh", title_zh="{n}", title_en="{n}", subtitle_zh="{n}", subtitle_en="{n}", n="".join(HOSTILE[:7]))
    for name in HOSTILE:
        page.heading(zh="{n}", en="{n}", n=name)
        page.say(zh="{n}", en="{n}", n=name)
        page.note(zh="{n}", en="{n}", n=name)
    page.verdict("{n}", "{n}", "undetermined", n=HOSTILE[6] + HOSTILE[1])
    table = pd.DataFrame({"school": HOSTILE, "value": [at / 7 for at in range(len(HOSTILE))]})
    for name in HOSTILE[:8]:
        page.table(
            table,
            columns=[
                Column("school", zh=name, en=name, group={"zh": name, "en": name}),
                Column("value", zh=name, en=name, kind="number", unit=name),
            ],
            caption_zh="{n}",
            caption_en="{n}",
            note_zh="{n}",
            note_en="{n}",
            n=name,
        )
    with style():
        figure = new_figure(3, 2)
        figure.subplots().set_title(HOSTILE[10])
    page.figure(figure, caption_zh="{n}", caption_en="{n}", alt_zh="{n}", alt_en="{n}", n=HOSTILE[1])
    page.provenance([({"zh": name, "en": name}, name) for name in HOSTILE])
    return json.dumps([block.to_json() for block in page.blocks])


@pytest.fixture
def blocks() -> Callable[[str], Blocks]:
    """Give the page of one language, a fresh copy each time."""
    return lambda language: json.loads(page_json(language))


@pytest.fixture
def hostile() -> Blocks:
    """Give the hostile page, a fresh copy each time."""
    return json.loads(hostile_json())


@pytest.fixture
def hostile_names() -> tuple[str, ...]:
    """Give the hostile texts as they were put in."""
    return HOSTILE


@pytest.fixture
def python() -> str:
    """Give the interpreter that runs the tests."""
    return sys.executable
