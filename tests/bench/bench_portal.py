"""
The page over 2,850 counties, five years and two languages in a real browser: its size, and how soon it can be used.

    python -m tests.bench.bench_portal

Times are wall seconds in headless Chromium, medians of five; an empty page beside it shows what the browser itself
takes. "Usable" is from the call to the first rows with a search answered; "complete" is when every row stands there.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from balancelab.reports.portal import render_index
from tests.reports.portal.synthetic import country_rows

ROUNDS = 5


def main() -> None:
    """Print sizes and times."""
    from playwright.sync_api import sync_playwright

    rows = country_rows()
    started = time.process_time()
    content = render_index(rows)
    print(f"{len(rows):,} rows: {len(content.encode()):,} bytes, written in {time.process_time() - started:.2f} CPU s")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        index, empty = Path(folder) / "index.html", Path(folder) / "empty.html"
        index.write_text(content, encoding="utf-8")
        empty.write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        ways = {"empty": lambda page: page.goto(empty.as_uri()), "usable": lambda page: _use(page, index),
                "complete": lambda page: _wait_for_all(page, index)}  # fmt: skip
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                taken[name].append(_seconds(browser, way))
        browser.close()
    for name, seconds in taken.items():
        print(f"{name:9} {statistics.median(seconds):.2f} s  ({min(seconds):.2f}-{max(seconds):.2f})")


def _seconds(browser: Any, way: Callable[[Any], object]) -> float:
    page = browser.new_page(locale="zh-CN")
    started = time.monotonic()
    way(page)
    seconds = time.monotonic() - started
    page.close()
    return seconds


def _use(page: Any, index: Path) -> None:
    page.goto(index.as_uri())
    page.locator("#search").fill("100042")
    page.get_by_text("显示 1 / 14,250 行").wait_for()


def _wait_for_all(page: Any, index: Path) -> None:
    page.goto(index.as_uri())
    page.locator("tbody:not([aria-busy])").wait_for(state="attached")


if __name__ == "__main__":
    main()
