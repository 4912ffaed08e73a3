"""
A table of the whole country: staged once, read by each report in part.

    python -m tests.bench.bench_staging                 2,850 counties, 70 schools each, 10 years: some minutes
    python -m tests.bench.bench_staging --years 1

The sample province is made for one year and laid down again for the years before, so that the table is as large as ten
years are and is read from CSV only once. Peak memory is the largest resident size, as Linux counts it; each
way of reading has a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COUNTIES, SCHOOLS, YEARS = 2_850, 70, 10
LAST = 2024
ROOT = Path(__file__).resolve().parents[2]
READ = """
import json, sys, time
from balancelab.intake import read_schools
path, county, year, notebook = sys.argv[1:]
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
idle = peak()
begun = time.process_time()
if notebook:
    cells = json.load(open(notebook, encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {}
    exec(code[0], names)
    names.update(data_file=path, county_code=county, year=int(year))
    for cell in code[1:]:
        exec(cell, names)
    rows = len(names["schools"])
else:
    rows = len(read_schools(path, year=int(year), county_code=county).schools)
spent = time.process_time() - begun
print(rows, spent, idle, peak())
"""


def stage(folder: Path, years: int) -> Path:
    """Make the table and write it as a batch does; say what that took."""
    from balancelab.intake import read_schools
    from balancelab.sample import write_sample

    source, staged = folder / "schools.csv", folder / "schools.parquet"
    write_sample(source, counties=COUNTIES, schools_per_county=SCHOOLS, years=1)
    begun = time.process_time()
    intake = read_schools(source, year=LAST)
    read = time.process_time() - begun
    print(f"door, one year: {len(intake.schools):,} rows in {read:.1f} CPU s, {_peak():.0f} MB peak")
    panel = _years_before(intake.schools, years)
    whole = replace(intake, schools=panel, source=replace(intake.source, rows_in=len(panel) + len(intake.excluded)))
    begun = time.process_time()
    whole.save(staged)
    took, size = time.process_time() - begun, staged.stat().st_size / 1e6
    print(f"staged: {len(panel):,} rows, {years} years in {took:.1f} CPU s, {size:.0f} MB, {_peak():.0f} MB peak")
    return staged


def _years_before(schools: pd.DataFrame, years: int) -> pd.DataFrame:
    import pandas as pd

    copies = [
        schools.assign(year=LAST - back, source_row=schools["source_row"] + back * len(schools))
        for back in reversed(range(years))
    ]
    return pd.concat(copies, ignore_index=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _elsewhere(staged: Path, county: str, notebook: str = "") -> tuple[int, float, float, float]:
    command = [sys.executable, "-c", READ, str(staged), county, str(LAST), notebook]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    rows, spent, idle, peak = done.stdout.split()
    return int(rows), float(spent), int(idle) / 1024, int(peak) / 1024


def _counties(staged: Path) -> list[str]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    return sorted(pc.unique(pq.read_table(staged, columns=["county_code"])["county_code"]).drop_null().to_pylist())


def main() -> None:
    """Stage the table, then read one county of it in three ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=YEARS)
    years = parser.parse_args().years
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        staged = stage(Path(temporary), years)
        county = _counties(staged)[COUNTIES // 2]
        ways = {
            "one county, as a report reads it": (county, ""),
            "every county, as reports read it before": ("", ""),
            "one report, balance.ipynb": (county, str(ROOT / "notebooks/balance.ipynb")),
        }
        for name, (code, notebook) in ways.items():
            rows, spent, idle, peak = _elsewhere(staged, code, notebook)
            print(f"{name:<42} {rows:>10,} rows {spent:7.2f} CPU s {peak:6.0f} MB peak ({idle:.0f} MB before)")
    print("a worker's aim: under 1,000 MB")


if __name__ == "__main__":
    main()
