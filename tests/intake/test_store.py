"""The stored file: everything comes back, and one county is read without the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from balancelab.intake import DataRefused, Intake, gather_schools, inspect, read_schools, store
from balancelab.sample import make_sample

FRAMES = ("schools", "excluded", "ledger")


def same(found: Intake, expected: Intake) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert (found.findings, found.source, found.parts) == (expected.findings, expected.source, expected.parts)


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    """Three counties and two years, with empty cells, a damaged label, totals and a note, none of them an error."""
    schools = make_sample(counties=3, schools_per_county=10, years=2, seed=5)
    text = schools.astype(object).where(schools.notna(), "").astype(str)
    text.loc[text.index[[3, 25, 47]], "books"] = "—"
    text.loc[text.index[5], "stage"] = "普通小学" if text["stage"].iloc[5] == "primary" else "普通初中"
    text.loc[text.index[9], "township"] = " " + text["township"].iloc[9]
    total = text.iloc[[0]].assign(**dict.fromkeys(text.columns, "")).assign(school="合计", students="1")
    path = tmp_path / "panel.csv"
    pd.concat([text, total]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("choice", [{"all_years": True}, {"year": 2024}])
@pytest.mark.parametrize("rows", [1, 100_000])  # a row group for each county; one for all
def test_one_county_is_what_the_whole_says_of_it(
    panel: Path, choice: dict[str, Any], rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_ROWS", rows)
    whole = read_schools(panel, all_years=True)
    assert len(whole.ledger) and len(whole.excluded) and whole.findings
    kept = tmp_path / "kept.parquet"
    whole.save(kept)
    same(read_schools(kept, **choice), read_schools(kept, **choice, county_code=""))
    counties = [*whole.schools["county_code"].unique(), "999999"]
    for code in counties:
        found = read_schools(kept, **choice, county_code=code)
        same(found, read_schools(kept, **choice).for_county(code))
    assert found.schools.empty
    same(read_schools(panel, all_years=True, county_code=counties[1]), whole.for_county(counties[1]))


def test_only_the_row_groups_of_the_county_are_read(
    panel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_ROWS", 1)
    whole = read_schools(panel, all_years=True)
    whole.save(tmp_path / "kept.parquet")
    read: list[list[int]] = []
    reader = pq.ParquetFile.read_row_groups
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_groups",
        lambda self, groups, **given: read.append(groups) or reader(self, groups, **given),
    )
    codes = sorted(whole.schools["county_code"].unique())
    for code in codes:
        read_schools(tmp_path / "kept.parquet", all_years=True, county_code=code)
    # the first group is nobody's: the total's row and what concerns the file
    assert read == [[0, 1], [0, 2], [0, 3]]


def test_the_year_is_chosen_of_the_whole_table(panel: Path, tmp_path: Path) -> None:
    """A county that did not report in a year gives an empty table, as it does when everything is read."""
    schools = pd.read_csv(panel, dtype=str)
    first = schools["county_code"].iloc[0]
    schools = schools[~((schools["county_code"] == first) & (schools["year"] == "2023"))]
    schools.to_csv(panel, index=False)
    read_schools(panel, all_years=True).save(tmp_path / "kept.parquet")
    assert read_schools(tmp_path / "kept.parquet", year=2023, county_code=first).schools.empty


def test_order_of_the_rows_does_not_matter(panel: Path, tmp_path: Path) -> None:
    """What is read of a shuffled file differs in nothing but where each row stood."""
    schools = pd.read_csv(panel, dtype=str)
    other = tmp_path / "shuffled" / panel.name
    other.parent.mkdir()
    schools.sample(frac=1, random_state=1).to_csv(other, index=False)
    kept = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path, target in zip((panel, other), kept, strict=True):
        read_schools(path, all_years=True).save(target)
    tables = [pq.read_table(path).to_pandas() for path in kept]
    columns = [name for name in tables[0] if "." not in name and name not in ("finding", "source_row")]
    rows = [table.loc[table["_part"] == "schools", columns].reset_index(drop=True) for table in tables]
    pd.testing.assert_frame_equal(*rows)


def test_a_file_of_an_earlier_version_is_refused(panel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogue P10."""
    monkeypatch.setattr(store, "_VERSION", 1)
    read_schools(panel, all_years=True).save(tmp_path / "kept.parquet")
    monkeypatch.undo()
    with pytest.raises(DataRefused, match="another version"):
        read_schools(tmp_path / "kept.parquet")


def test_a_refused_table_comes_back_with_its_errors(table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    intake = read(table.set(2, "students", "约1").drop("county_code"))
    assert any(finding.severity == "error" for finding in intake.findings)
    intake.save(tmp_path / "kept.parquet")
    same(inspect(tmp_path / "kept.parquet"), intake)
    with pytest.raises(DataRefused):
        read_schools(tmp_path / "kept.parquet", county_code="371599")


def test_a_county_of_several_files(table: Any, tmp_path: Path) -> None:
    """The same rows of two files are told apart: each county has what was changed in its own file."""
    for number, code in enumerate(("371502", "371521"), 1):
        mine = table.copy().fill("county_code", code).fill("county", f"示例{number}县")
        mine.fill("school_code", lambda text, number=number: f"{text[:5]}{number}{text[6:]}").set(3, "books", "—")
        mine.csv(tmp_path / f"{code}.csv")
    whole = gather_schools(sorted(tmp_path.glob("*.csv")))
    assert len(whole.parts) == 2
    whole.save(tmp_path / "kept.parquet")
    same(read_schools(tmp_path / "kept.parquet"), whole)
    for code in ("371502", "371521"):
        found = read_schools(tmp_path / "kept.parquet", county_code=code)
        same(found, whole.for_county(code))
        assert found.source.file == f"{code}.csv"
        assert set(found.ledger["file"]) == {f"{code}.csv"}
