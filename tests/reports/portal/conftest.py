"""A real browser, and the page over the reports of a whole country, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from balancelab.reports.portal import render_index
from tests.reports.portal.synthetic import country_rows


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
