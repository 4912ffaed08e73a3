"""A real browser, and the page over the reports of a whole country, for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from balancelab.reports.portal import render_index
from tests.reports.portal.synthetic import country_rows

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Headless Chromium of this machine."""
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def country() -> list[dict[str, Any]]:
    """2,850 counties in five years."""
    return country_rows()


@pytest.fixture(scope="package")
def country_page(country: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their page, as a file."""
    file = tmp_path_factory.mktemp("country") / "index.html"
    file.write_text(render_index(country), encoding="utf-8")
    return file
