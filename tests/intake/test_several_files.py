"""Several files in one run: group P of the catalogue (P01, P02, P06, P07), M04 and the lock files of I27."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from balancelab.intake import DataRefused, gather_schools, inspect, inspect_several, read_schools

COUNTIES = {"371502": "东昌县", "371521": "阳谷县", "371522": "莘县"}


def county(table: Any, code: str, number: int) -> Any:
    """The control as another county's table: its school codes are its own too."""
    at = table.header.index("school_code")
    spoilt = table.copy().fill("county_code", code).fill("county", COUNTIES[code])
    for row in spoilt.rows:
        row[at] = f"{row[at][:5]}{number}{row[at][6:]}"
    return spoilt


@pytest.fixture
def folder(table: Any, tmp_path: Path) -> Path:
    for number, code in enumerate(COUNTIES, 1):
        made = county(table, code, number)
        made.xlsx(tmp_path / f"{code}.xlsx") if number == 2 else made.csv(tmp_path / f"{code}.csv")
    return tmp_path


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def codes(intake: Any) -> set[str]:
    return {finding.code for finding in intake.findings}


def test_p06_the_order_of_the_files_does_not_matter(folder: Path) -> None:
    first = gather_schools(files(folder))
    for order in (files(folder)[::-1], [files(folder)[at] for at in (1, 2, 0)]):
        other = gather_schools(order)
        pd.testing.assert_frame_equal(other.schools, first.schools)
        pd.testing.assert_frame_equal(other.ledger, first.ledger)
        assert (other.findings, other.source, other.parts) == (first.findings, first.source, first.parts)


def test_nothing_is_lost_and_each_county_is_as_in_its_own_file(folder: Path) -> None:
    together = gather_schools(files(folder))
    assert together.source.rows_in == len(together.schools) + len(together.excluded) == 3 * 8
    for path in files(folder):
        alone = read_schools(path)
        part = together.for_county(path.stem)
        pd.testing.assert_frame_equal(part.schools.drop(columns="source_file"), alone.schools)
        assert part.source == alone.source  # its own name and hash: the county's report names its own file
        assert part.findings == alone.findings
        assert len(part.ledger) == len(alone.ledger)


def test_one_file_is_read_as_ever(folder: Path) -> None:
    path = files(folder)[0]
    pd.testing.assert_frame_equal(gather_schools([path]).schools, read_schools(path).schools)
    assert gather_schools([path, path]).parts == ()


def test_several_files_are_kept_and_come_back(folder: Path, tmp_path: Path) -> None:
    together = gather_schools(files(folder))
    together.save(tmp_path / "kept.parquet")
    back = inspect(tmp_path / "kept.parquet")
    assert back.parts == together.parts
    pd.testing.assert_frame_equal(back.for_county("371521").schools, together.for_county("371521").schools)


def test_a_county_of_two_files_is_told_of_its_own_rows(table: Any, tmp_path: Path) -> None:
    """A year in each file: row 3 is the county's in one file and another county's in the other."""
    county(table, "371502", 1).fill("year", "2023").csv(tmp_path / "a.csv")
    later = county(table, "371521", 2).set(3, "books", "—")
    later.rows += county(table, "371502", 1).rows
    later.csv(tmp_path / "b.csv")
    whole = gather_schools(files(tmp_path), all_years=True)
    changed = {code: whole.for_county(code).ledger for code in ("371502", "371521")}
    assert (changed["371521"]["column"] == "books").sum() == 1
    assert not (changed["371502"]["column"] == "books").any()
    assert sum(map(len, changed.values())) == len(whole.ledger)
    assert "MISSING_TOKEN" not in codes(whole.for_county("371502"))


def test_files_of_different_columns_are_told_what_they_lack(table: Any, folder: Path) -> None:
    """Each could be judged alone, by another formula; joined, one formula holds for all."""
    county(table, "371502", 1).rename("sports_area_m2", "sports_ground_area_m2").csv(folder / "371502.csv")
    needed = {"sports": (frozenset({"sports_area_m2"}), frozenset({"sports_ground_area_m2"}))}
    together = gather_schools(files(folder), columns_needed=needed)
    lacking = {
        code: [each.column for each in together.for_county(code).findings if each.code == "FILE_COLUMNS_DIFFER"]
        for code in COUNTIES
    }
    assert lacking == {
        "371502": ["sports_area_m2"], "371521": ["sports_ground_area_m2"], "371522": ["sports_ground_area_m2"],
    }  # fmt: skip
    assert "FILE_COLUMNS_DIFFER" not in codes(gather_schools(files(folder)))  # nothing is asked of them


def test_p01_one_county_in_two_files(table: Any, folder: Path) -> None:
    county(table, "371521", 2).csv(folder / "再报.csv")
    with pytest.raises(DataRefused) as refused:
        gather_schools(files(folder))
    (finding,) = [each for each in refused.value.findings if each.severity == "error"]
    assert finding.code == "COUNTY_TWO_FILES"
    assert all(words in finding.en for words in ("371521", "2024", "371521.xlsx", "再报.csv", "row 2"))


def test_one_school_under_two_counties_in_two_files(table: Any, folder: Path) -> None:
    county(table, "371522", 3).fill("county_code", "371523").fill("county", "茌平县").csv(folder / "371523.csv")
    found = inspect_several(files(folder))
    assert sum(each.code == "SCHOOL_TWO_FILES" for each in found.findings) == 8
    assert "COUNTY_TWO_FILES" not in codes(found)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("2023年学校表.csv", True),
        ("schools_2019.csv", True),
        ("2024年秋季.csv", False),
        ("2024-2025学年.csv", False),
        ("报送于2025.csv", False),  # the school year that begins in 2024 ends in 2025
        ("教督2017标准.csv", False),  # the year of the document, not of the data
        ("20231231.csv", False),  # no year by itself
    ],
)
def test_p02_the_year_in_the_name_and_in_the_column(table: Any, tmp_path: Path, name: str, refused: bool) -> None:
    found = inspect(table.csv(tmp_path / name))
    said = [each for each in found.findings if each.code == "YEAR_OF_FILE"]
    assert bool(said) is refused
    assert not said or (said[0].severity == "error" and name in said[0].en and "2024" in said[0].en)


def test_p07_one_refused_file_of_four(folder: Path) -> None:
    (folder / "坏.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataRefused) as refused:
        gather_schools(files(folder))
    assert {each.file for each in refused.value.findings if each.severity == "error"} == {"坏.csv"}
    partial = gather_schools(files(folder), partial=True)
    assert set(partial.schools["county_code"]) == set(COUNTIES)
    left = [each for each in partial.findings if each.code == "FILE_LEFT_OUT"]
    assert len(left) == 1 and "坏.csv" in left[0].zh
    # Every county's report says so.
    assert all("FILE_LEFT_OUT" in codes(partial.for_county(code)) for code in COUNTIES)


def test_p07_all_refused(folder: Path) -> None:
    for path in files(folder):
        path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataRefused):
        gather_schools(files(folder), partial=True)


def test_a_fault_of_one_file_is_no_word_about_another_county(table: Any, folder: Path) -> None:
    county(table, "371502", 1).column("闲话", "1").csv(folder / "371502.csv")
    together = gather_schools(files(folder))
    assert "COL_UNKNOWN" in codes(together.for_county("371502"))
    assert "COL_UNKNOWN" not in codes(together.for_county("371522"))


def test_i27_lock_files_are_skipped_and_two_files_of_one_name_refused(table: Any, folder: Path) -> None:
    (folder / "~$371521.xlsx").write_bytes(b"\x05admin")
    assert "FILE_LOCK_SKIPPED" in codes(gather_schools(files(folder)))
    (folder / "again").mkdir()
    county(table, "371521", 2).xlsx(folder / "again" / "371521.xlsx")
    assert "FILE_REPEATED" in codes(inspect_several([*files(folder), folder / "again" / "371521.xlsx"]))


def test_m04_many_files_some_bad(table: Any, tmp_path: Path) -> None:
    """As M04 (3,000 files, 40 of them bad), with 24 files and 3 of them: the others are all there."""
    at = table.header.index("school_code")
    for number in range(24):
        made = table.copy().fill("county_code", f"37{number + 1101:04d}").fill("county", f"第{number}县")
        for row in made.rows:
            row[at] = f"{row[at][:4]}{number:03d}{row[at][7:]}"
        made.csv(tmp_path / f"{number:02d}.csv") if number % 8 else (tmp_path / f"{number:02d}.csv").write_text("x")
    partial = gather_schools(files(tmp_path), partial=True)
    assert partial.schools["county_code"].nunique() == 21
    assert sum(each.code == "FILE_LEFT_OUT" for each in partial.findings) == 3
    assert len(partial.source.file) < 60


def test_the_command_takes_several_files(folder: Path) -> None:
    (folder / "坏.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    run = [sys.executable, "-m", "balancelab", "counties", *map(str, files(folder)[:3])]
    done = subprocess.run(run, capture_output=True, text=True, encoding="utf-8", check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == sorted(COUNTIES)
    checked = subprocess.run(
        [sys.executable, "-m", "balancelab", "check", *map(str, files(folder)), "--language", "en"],
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert checked.returncode == 3
    assert "坏.csv: " in checked.stdout and "371502.csv" not in checked.stdout.split("Remedy")[0]
