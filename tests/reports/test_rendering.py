"""One report in several formats; a format that fails leaves the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from balancelab.page import Page
from balancelab.reports.errors import PlanRefused
from balancelab.reports.given import choose_written
from balancelab.reports.rendering import render_formats
from balancelab.reports.units import Plan, Unit


def page_blocks() -> list[dict]:
    page = Page("zh")
    page.heading(zh="示例县", en="Example")
    page.say(zh="共 {n} 所。", en="{n} in all.", n=3)
    page.provenance([({"zh": "数据", "en": "Data"}, "x")])
    return [block.to_json() for block in page.blocks]


def test_each_format_has_its_own_file():
    files, failed = render_formats(
        page_blocks(), stem="2024/371599/balance.zh", title="示例县", language="zh", formats=["html", "json"], word={}
    )
    assert sorted(files) == ["2024/371599/balance.zh.html", "2024/371599/balance.zh.json"]
    assert failed == []
    assert "示例县" in files["2024/371599/balance.zh.html"].decode("utf-8")


def test_a_format_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch):
    """Catalogue N08."""
    import balancelab.reports.formats.bundle as bundle

    def broken(*_: object, **__: object) -> bytes:
        raise ValueError("no room for this table")

    monkeypatch.setattr(bundle, "render_json", broken)
    files, failed = render_formats(page_blocks(), stem="s", title="t", language="zh", formats=["html", "json"], word={})
    assert list(files) == ["s.html"]
    assert failed == ["json: ValueError: no room for this table"]


def test_n08_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    """Without the package that sets PDF that format fails by its name, and HTML is made."""
    monkeypatch.setitem(sys.modules, "typst", None)
    files, failed = render_formats(page_blocks(), stem="s", title="t", language="zh", formats=["html", "pdf"], word={})
    assert list(files) == ["s.html"]
    assert len(failed) == 1
    assert failed[0].startswith("pdf:")
    assert "a package is missing: typst" in failed[0]


def test_formats_and_template_are_checked_before_anything_runs(tmp_path):
    assert choose_written("json,html", None) == ("html", "json")
    with pytest.raises(PlanRefused, match="did you mean"):
        choose_written("pfd", None)
    with pytest.raises(PlanRefused):
        choose_written("html", tmp_path / "nowhere.docx")


def test_a_plan_in_formats_names_every_file():
    unit = Unit("balance", "zh", 2024, "371599", "示例县", Path("balance.ipynb"))
    (changed,) = Plan((unit,), stage=print).in_formats(["html", "pdf"]).units
    assert changed.files == tuple(f"2024/371599/balance.zh.{ending}" for ending in ("html", "pdf", "ipynb"))
