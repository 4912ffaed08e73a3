"""One number for what a table says, whatever the order it is said in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from balancelab.intake import read_schools
from balancelab.intake.digest import content_digest

SAMPLE = Path(__file__).resolve().parents[2] / "data/sample/schools.csv"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    read = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    return read[read["county_code"].isin(["371599", "371598"])]


def digest(table: pd.DataFrame, folder: Path) -> str:
    table.to_csv(folder / "schools.csv", index=False)
    return content_digest(read_schools(folder / "schools.csv", year=2024).for_county("371599"))


def test_order_of_rows_and_columns_has_no_effect(table, tmp_path):
    first = digest(table, tmp_path)
    assert digest(table.sample(frac=1, random_state=7), tmp_path) == first
    assert digest(table[list(reversed(table.columns))], tmp_path) == first
    # the digest of a county is its own: others may come and go
    assert digest(table[table["county_code"] == "371599"], tmp_path) == first
    changed = table.copy()
    place = changed.index[(changed["county_code"] == "371599") & (changed["year"] == "2024")][0]
    changed.loc[place, "books"] = str(int(float(changed.loc[place, "books"])) + 1)
    assert digest(changed, tmp_path) != first


def test_rows_kept_out_and_names_of_columns_count(table, tmp_path):
    table.to_csv(tmp_path / "schools.csv", index=False)
    intake = read_schools(tmp_path / "schools.csv", year=2024)
    assert content_digest(replace(intake, excluded=intake.excluded.iloc[1:])) != content_digest(intake)
    renamed = replace(intake, schools=intake.schools.rename(columns={"books": "books_2"}))
    assert content_digest(renamed) != content_digest(intake)
