"""
The page over 2,850 counties, five years and two languages in a real browser: its size, and how soon it can be used.

    python -m tests.bench.bench_portal

Seconds of processor time of the page's main thread in headless Chromium, as the browser itself counts them, medians of
five: other work on the machine does not count. "Opened": the first rows stand there and every control answers.
"Searched": a search was answered too. "Complete": every row stands there, for the browser's own search and for paper.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
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
        index = Path(folder) / "index.html"
        index.write_text(content, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        rounds = [_seconds(browser, index) for _ in range(ROUNDS)]
        browser.close()
    for name in rounds[0]:
        taken = [one[name] for one in rounds]
        print(f"{name:9} {statistics.median(taken):.2f} CPU s  ({min(taken):.2f}-{max(taken):.2f})")


def _seconds(browser: Any, index: Path) -> dict[str, float]:
    page = browser.new_page(locale="zh-CN")
    counter = page.context.new_cdp_session(page)
    counter.send("Performance.enable", {"timeDomain": "threadTicks"})
    taken = {}
    page.goto(index.as_uri())
    taken["opened"] = _spent(counter)
    page.locator("#search").fill("100042")
    page.get_by_text("显示 1 / 14,250 行").wait_for()
    taken["searched"] = _spent(counter)
    page.locator("#search").fill("")
    page.locator("tbody:not([aria-busy])").wait_for(state="attached", timeout=120_000)
    taken["complete"] = _spent(counter)
    page.close()
    return taken


def _spent(counter: Any) -> float:
    measured = {one["name"]: one["value"] for one in counter.send("Performance.getMetrics")["metrics"]}
    return float(measured["TaskDuration"])


if __name__ == "__main__":
    main()
