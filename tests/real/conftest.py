"""Reports of every kind in both languages, made once by the real command line for all tests of this folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ITEMS = ("--set", "items_file=data/sample/county_items.csv")
COUNTY = ("--county", "371599")
EARLIER = ("--kind", "balance", "--year", "2023", *COUNTY)  # for what changed since
RUNS = (
    ("balance", "--county", "371599,840124"),  # one that fails, one with one junior school
    ("equity", *COUNTY),
    ("quality", *COUNTY),
    ("self_evaluation", *COUNTY, *ITEMS),
    ("rectification", *COUNTY, *ITEMS),
    ("school", *COUNTY, *ITEMS, "--set", "school_code=2137000001"),
    ("city", *ITEMS),
    ("overview",),
)


def balancelab(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "balancelab", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder."""
    out = tmp_path_factory.mktemp("reports")
    into = ("--language", "zh,en", "--output", str(out))
    for asked in [EARLIER, *(("--kind", kind, "--year", "2024", *more) for kind, *more in RUNS)]:
        done = balancelab("report", "data/sample/schools.csv", *asked, *into)
        assert done.returncode == 0, (asked, done.stderr)
    done = balancelab("diff", str(out / "2023"), str(out / "2024"), *COUNTY, *into)
    assert done.returncode == 0, done.stderr
    return out
