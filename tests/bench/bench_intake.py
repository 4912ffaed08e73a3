"""
The door's speed: a made-up CSV of a million schools, read, checked and ledgered, against bare ``pandas.read_csv``.

``python -m tests.bench.bench_intake [ROWS]`` prints seconds, peak memory and the ratio. Goal on two cores: 60 s and
2.5 GB for 10**6 rows x 21 columns.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from balancelab.intake import inspect

SCHOOLS_PER_COUNTY = 350


def write_table(path: Path, rows: int) -> None:
    """Write `rows` plausible schools, 21 columns; every tenth label is Chinese, so that the ledger has work."""
    rng = np.random.default_rng(7)
    county = np.arange(rows) // SCHOOLS_PER_COUNTY
    junior = rng.random(rows) < 0.25
    students = np.maximum(30, rng.lognormal(6, 0.8, rows).astype(int))
    teachers = np.maximum(2, (students * rng.uniform(0.05, 0.08, rows)).astype(int))
    table = pd.DataFrame(
        {
            "year": 2024,
            "county_code": (370101 + county % 80 + 100 * (county // 80 % 90)).astype(str),
            "county": [f"第{number}县" for number in county],
            "school_code": np.where(junior, "3137", "2137") + pd.Series(np.arange(rows)).astype(str).str.zfill(6),
            "school": [f"第{number}县示例第{place}学校" for place, number in enumerate(county)],
            "stage": np.where(junior, "junior", "primary"),
            "school_type": np.where(
                rng.random(rows) < 0.1, np.where(junior, "初中", "小学"), np.where(junior, "junior", "primary")
            ),
            "location": rng.choice(["urban", "town", "rural"], rows),
            "students": students,
            "classes": np.maximum(1, students // 40),
            "teachers": teachers,
            "teachers_above_qualification": (teachers * 0.8).astype(int),
            "teachers_backbone": (teachers * rng.uniform(0.05, 0.3, rows)).astype(int),
            "teachers_arts_pe": (teachers * rng.uniform(0.05, 0.3, rows)).astype(int),
            "teachers_senior_title": (teachers * rng.uniform(0.2, 0.6, rows)).astype(int),
            "teaching_area_m2": (students * rng.uniform(3, 8, rows)).round(2),
            "sports_area_m2": (students * rng.uniform(5, 14, rows)).round(2),
            "equipment_value_yuan": (students * rng.uniform(1000, 4000, rows)).round(2),
            "computers": (students * rng.uniform(0.05, 0.3, rows)).astype(int) + 1,
            "books": (students * rng.uniform(15, 40, rows)).astype(int),
            "multimedia_rooms": np.maximum(1, students // 45),
        }
    )
    table.to_csv(path, index=False)


def peak_megabytes() -> float:
    """Return this process's largest memory so far. [MB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Write the table in another process, read it both ways, print what it cost."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schools.csv"
        _written_elsewhere(path, rows)
        size = path.stat().st_size / 1e6
        start = time.perf_counter()
        intake = inspect(path)
        door = time.perf_counter() - start
        memory = peak_megabytes()
        start = time.perf_counter()
        pd.read_csv(path)
        bare = time.perf_counter() - start
    found = {
        severity: sum(f.severity == severity for f in intake.findings)
        for severity in ("error", "warning", "normalised")
    }
    print(f"{rows:,} rows, {size:.0f} MB")
    print(f"door: {door:.1f} s, {memory:.0f} MB peak; {len(intake.ledger):,} ledger entries; findings {found}")
    print(f"bare pandas.read_csv: {bare:.1f} s; ratio {door / bare:.1f}")


def _written_elsewhere(path: Path, rows: int) -> None:
    import subprocess

    code = f"""
from pathlib import Path
from tests.bench.bench_intake import write_table
write_table(Path({str(path)!r}), {rows})
"""
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    main()
