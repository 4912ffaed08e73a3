"""Group O of the catalogue of bad inputs (parameters, definition files): what no other test of a room asserts."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pandas as pd
import pytest

from balancelab.cli import main
from balancelab.definitions import LARGEST_FILE, InvalidDefinition
from balancelab.intake import inspect
from balancelab.measures import jackknife_interval, weighted_cv
from balancelab.regression import InvalidModel, fit, wild_cluster_test
from balancelab.reports.errors import PlanRefused
from balancelab.reports.given import find_standard, read_tables
from balancelab.reports.plan import plan_reports
from balancelab.standards import load_standard

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample" / "schools.csv"


@pytest.mark.parametrize("year", ["2024/2025", "2024.0", "二〇二四", "２０２４", "2_024", "02024", "", "24"])
def test_o06_a_year_is_four_plain_digits(year: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Python's int() would take 2_024 and full-width digits."""
    with pytest.raises(SystemExit) as left:
        main(["report", str(SAMPLE), "--year", year])
    assert left.value.code == 2
    assert "four digits" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["version = 2", "scheme = 2012", "[limits]\nbooks = 15"])
def test_o08_a_standard_of_another_scheme_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.toml"
    path.write_text(f'extends = "quality_2017"\nauthority = "own"\n{text}\n', encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="unknown key"):
        load_standard(path)


def test_o11_two_counties_whose_folders_would_be_one(tmp_path: Path) -> None:
    """Codes that differ in capital letters only share a folder on many disks (N11)."""
    standard, _ = find_standard("quality_2017")
    intake = read_tables([SAMPLE], standard, year=2024)
    schools = intake.schools.assign(
        county_code=intake.schools["county_code"].replace({"371599": "abc", "840101": "ABC"})
    )
    from dataclasses import replace

    with pytest.raises(PlanRefused, match=r"abc.*differ in capital letters|ABC.*differ in capital letters"):
        plan_reports(replace(intake, schools=schools), standard, kind="balance", languages=["zh"], data_file=SAMPLE)


def test_o12_ranges_are_in_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    """95 for 0.95, a negative number of draws, a seed that is a word."""
    with pytest.raises(ValueError, match="`level` must lie between 0 and 1, got 95"):
        jackknife_interval(weighted_cv, list(range(1, 12)), [1] * 11, level=95)
    schools = pd.DataFrame({"y": [1, 2, 4, 3, 7, 6.0], "x": [0, 1, 2, 3, 4, 5], "c": list("aabbcc")})
    clustered = fit("y ~ x", schools, cluster="c")
    for options in ({"reps": -1}, {"reps": 0}, {"seed": -1}):
        with pytest.raises(InvalidModel, match="between 1 and 999999"):
            wild_cluster_test(clustered, "x", **options)
    for option, value in (("--seed", "abc"), ("--seed", "-1"), ("--counties", "0"), ("--years", "-5")):
        with pytest.raises(SystemExit) as left:
            main(["sample", "out.csv", option, value])
        assert left.value.code == 2
        assert option in capsys.readouterr().err


def test_o13_only_documented_variables_of_the_environment_are_read() -> None:
    """Names that the package's source reads from the environment; README says what ours do, and none moves a number."""
    read: set[str] = set()
    for path in sorted((ROOT / "balancelab").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            spoken = ast.unparse(node) if isinstance(node, ast.Call | ast.Subscript) else ""
            read.update(re.findall(r"^os\.(?:environ\.get|getenv|environ)[(\[]'([A-Z_]+)'", spoken))
    ours = {name for name in read if name.startswith("BALANCELAB_")}
    assert ours == {"BALANCELAB_LANGUAGE", "BALANCELAB_DEBUG"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in ours)
    # the rest is the system's own: where caches lie, what a date is, which language a message has
    assert read - ours <= {"LOCALAPPDATA", "XDG_CACHE_HOME", "SOURCE_DATE_EPOCH", "LC_ALL", "LC_MESSAGES", "LANG"}


def test_o14_definition_files_that_are_none(tmp_path: Path) -> None:
    """UTF-16, tabs, a gigabyte, a YAML bomb of aliases: refused in words, at once; tabs are TOML and fine."""
    wide = tmp_path / "wide.toml"
    wide.write_bytes('extends = "quality_2017"\n'.encode("utf-16"))
    with pytest.raises(InvalidDefinition, match="UTF-8"):
        load_standard(wide)
    tabs = tmp_path / "tabs.toml"
    tabs.write_text('extends\t=\t"quality_2017"\nauthority\t=\t"own"\n', encoding="utf-8")
    assert load_standard(tabs).requirements
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as stream:
        stream.truncate(1 << 30)
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", encoding="utf-8")
    started = time.process_time()
    for path, words in ((huge, f"larger than {LARGEST_FILE // 1_000_000} MB"), (bomb, "definition files are TOML")):
        with pytest.raises(InvalidDefinition, match=words):
            load_standard(path)
        with pytest.raises(InvalidDefinition, match=words):
            inspect(SAMPLE, column_map=path)
    assert time.process_time() - started < 1


def test_o15_paths_in_a_file_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "base" / "national.toml").write_text('extends = "quality_2017"\nauthority = "own"\n', encoding="utf-8")
    (tmp_path / "city.toml").write_text('extends = "base/national.toml"\nauthority = "own"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_standard(tmp_path / "city.toml").extends == ("national", "quality_2017")
    monkeypatch.chdir(tmp_path)
    assert load_standard("city.toml").extends == ("national", "quality_2017")
