"""What a report's journal line carries for the page over all reports."""

import pandas as pd

from balancelab.page import Column, Page
from balancelab.page.blocks import BLOCK_VERDICTS, COEFFICIENTS
from balancelab.reports.results import results_of, worst


def page_with_results() -> list[dict]:
    page = Page("en")
    page.verdict("甲", "A", "failed", part=("resources", {"zh": "资源配置", "en": "Resources"}))
    rows = {
        "stage": ["primary", "primary", "junior"],
        "indicator": ["books", "composite", "books"],
        "stage_name": ["Primary", "Primary", "Junior"],
        "name": ["Books", "Composite", "Books"],
        "value": [0.412345, 0.3, None],
        "limit": [0.5, None, 0.45],
        "state": ["met", "not_applicable", "undetermined"],
    }
    columns = [
        Column("stage_name", zh="学段", en="Stage"),
        Column("name", zh="指标", en="Indicator"),
        Column("value", zh="值", en="CV", kind="number"),
        Column("limit", zh="限值", en="Limit", kind="number"),
        Column("state", zh="判定", en="Verdict", kind="verdict"),
    ]
    page.table(
        pd.DataFrame(rows),
        columns=columns,
        caption_zh="表",
        caption_en="CVs",
        about=COEFFICIENTS,
        keys=("stage", "indicator"),
    )
    return [block.to_json() for block in page.blocks]


def test_coefficients_are_found_by_their_ids():
    found = results_of(page_with_results())
    assert found["cv"] == {
        "primary": {"books": [0.4123, 0.5, "met"], "composite": [0.3, None, "not_applicable"]},
        "junior": {"books": [None, 0.45, "undetermined"]},
    }
    assert found["names"] == ["primary", "books", "Primary", "Books"]
    assert found["blocks"] == {"resources": ["failed", "Resources"]}


def test_the_table_of_blocks_says_more_than_the_first_verdict():
    page = Page("zh")
    rows = pd.DataFrame({"id": ["quality", "county"], "block": ["教育质量", "总结论"], "state": ["met", "failed"]})
    columns = [Column("block", zh="板块", en="Block"), Column("state", zh="结论", en="Verdict", kind="verdict")]
    page.table(rows, columns=columns, caption_zh="表", caption_en="T", about=BLOCK_VERDICTS, keys=("id",))
    found = results_of([*page_with_results(), *(block.to_json() for block in page.blocks)])
    assert found["blocks"] == {"quality": ["met", "教育质量"], "county": ["failed", "总结论"]}


def test_a_report_without_them_carries_nothing():
    assert results_of([{"kind": "paragraph", "text": "…"}]) == {}


def test_without_a_limit_the_largest_counts_and_with_one_the_nearest_to_it():
    assert worst({"primary": {"books": [0.2, None, "not_applicable"], "computers": [0.3, None, "not_applicable"]}}) == (
        "primary",
        "computers",
    )
    # 0.44 / 0.45 = 0.978 is more than 0.48 / 0.50 = 0.96, and both count before one that has no limit
    of_limits = {"primary": {"books": [0.48, 0.5, "met"], "mean": [0.9, None, "not_applicable"]}}
    assert worst({**of_limits, "junior": {"books": [0.44, 0.45, "met"]}}) == ("junior", "books")
    assert worst({"primary": {"books": [None, 0.5, "undetermined"]}}) is None
