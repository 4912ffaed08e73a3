"""axe-core in headless Chromium finds no violation in any kind of report, in either language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.test_same_numbers import REPORTS

pytestmark = pytest.mark.slow

WITH_CONTRAST = {
    ("371599/balance", "zh"),
    ("371599/equity", "en"),
    ("371599/quality", "zh"),
    ("371599/school-2137000001", "en"),
}
"""Reports whose colours are measured, nine tenths of axe's time; all are written by one style sheet."""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """A window wide enough for the contents beside the text."""
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    yield window
    window.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", [name for name in REPORTS if name != "840124/balance"])
def test_reports(made: Path, page: Any, name: str, language: str):
    page.goto((made / "2024" / f"{name}.{language}.html").as_uri())
    rules = {"th-has-data-cells", "region"} | ({"image-alt"} if page.locator("img").count() else set())
    contrast = (name, language) in WITH_CONTRAST
    assert_nothing_wrong(page, rules | ({"color-contrast"} if contrast else set()), contrast=contrast)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_over_them(made: Path, page: Any, language: str):
    page.goto((made / "index.html").as_uri() + f"#{language}")
    page.reload()
    assert page.locator("tbody tr").count() == 2
    assert_nothing_wrong(page, {"color-contrast", "label", "svg-img-alt"})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_captions_and_scopes(made: Path, page: Any, language: str):
    page.goto((made / "2024" / f"371599/balance.{language}.html").as_uri())
    tables = page.locator("table").count()
    assert tables > 5
    assert page.locator("table > caption").count() == tables
    assert page.locator("th:not([scope])").count() == 0
    figures = page.locator("figure").count()
    assert page.locator("figure img[alt]:not([alt=''])").count() == page.locator("figure figcaption").count() == figures


def assert_nothing_wrong(page: Any, at_least: set[str], *, contrast: bool = True) -> None:
    """No violation, and the rules named were among those that found something to look at."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrast}}})
    assert not found.response["violations"], found.generate_report()
    assert at_least <= {rule["id"] for rule in found.response["passes"]}
