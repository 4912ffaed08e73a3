"""What README shows as Python runs as written and gives the numbers of the reports."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from balancelab import load_standard, read_schools
from balancelab.equity import compare_counties

ROOT = Path(__file__).resolve().parents[1]


def test_the_example_splits_combined_schools_as_the_reports_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the combined schools of 840181 report whole-school amounts (data/README.md, role 12)."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    *before, last = code.strip().splitlines()
    script = tmp_path / "example.py"
    script.write_text("\n".join([*before, f"shown = {last}"]), encoding="utf-8")
    monkeypatch.chdir(ROOT)
    shown = runpy.run_path(str(script))["shown"]
    schools = read_schools("data/sample/schools.csv", year=2024).schools
    keys = ["county_code", "stage", "indicator"]
    reports = compare_counties(schools, load_standard("quality_2017"), year=2024).set_index(keys)["value"]
    there = shown[shown["measure"] == "weighted_cv"].set_index(keys)["value"].loc[reports.index]
    assert reports.loc["840181"].size == 14  # two stages, seven indicators
    assert (there == reports).all()
