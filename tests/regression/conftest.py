"""Data and expected numbers of the regression tests; sources stand in the files under tests/reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def caschool() -> pd.DataFrame:
    """420 Californian districts in 45 counties."""
    columns = json.loads((REFERENCE / "regression_caschool.json").read_text(encoding="utf-8"))["columns"]
    table = pd.DataFrame(columns)
    return table.assign(str=table["students"] / table["teachers"], score=(table["math"] + table["read"]) / 2)


@pytest.fixture
def caschool8(caschool: pd.DataFrame) -> pd.DataFrame:
    """Its eight counties with most districts."""
    counties = CASES["caschool8.cr2"]["args"]["counties"]
    return caschool[caschool["county"].isin(counties)]


@pytest.fixture
def panel() -> pd.DataFrame:
    """An unbalanced synthetic panel: 24 schools in 4 counties over 8 years, weights that vary."""
    random = np.random.default_rng(1)
    school, year = np.repeat(np.arange(24), 8), np.tile(np.arange(2010, 2018), 24)
    table = pd.DataFrame({"unit": school, "year": year, "county": school // 6})
    table["x"] = random.normal(size=192) + table["county"]
    table["z"] = random.normal(size=192) * (1 + table["year"] - 2010)
    table["students"] = random.integers(1, 50, 192)
    table["y"] = table["x"] - 0.3 * table["z"] + random.normal(size=24)[school] + random.normal(size=192)
    return table[random.random(192) < 0.8].reset_index(drop=True)


CASES: dict[str, Any] = json.loads((REFERENCE / "regression_cases.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture
def cases() -> dict[str, Any]:
    """Expected values by R and its packages, each with its relative tolerance and source."""
    return CASES


@pytest.fixture
def shared_table() -> Any:
    """Read a table of ../shared/data, or skip."""

    def read(name: str) -> pd.DataFrame:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{name} is not here")
        return pd.read_csv(path)

    return read
