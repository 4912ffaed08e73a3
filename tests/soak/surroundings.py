"""
One report, ten runs in different surroundings, one hash for each file (R12 of the reliability sheet).

    python -m tests.soak.surroundings FOLDER

``make test`` makes the same differences in fewer runs, several at once (`tests/reports/test_same_bytes.py`).
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from balancelab.reports.formats import FORMATS

ROOT = Path(__file__).resolve().parents[2]
CODE = "371599"

# Laid over the C library, so that whatever asks for the date, Python or not, gets one 400 days from now.
ANOTHER_DAY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
#define AHEAD (400 * 86400)
int clock_gettime(clockid_t which, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += AHEAD;
    return failed;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *now) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now) *now = precise.tv_sec;
    return precise.tv_sec;
}
"""


@dataclass(frozen=True)
class Run:
    """One way to make the same report."""

    folder: str = "out"
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ("--county", CODE, "--jobs", "1")
    table: str = "as it is"
    umask: int = 0o022


RUNS = {
    "plain": Run(),
    "folder and home": Run("a folder/输出", {"HOME": "another home", "TMPDIR": "another home"}),
    "zone, locale, hash seed": Run(
        environment={"TZ": "Pacific/Chatham", "LC_ALL": "zh_CN.GB18030", "PYTHONHASHSEED": "12345", "LANG": "tr_TR"}
    ),
    "real kernel": Run(options=("--county", CODE, "--engine", "kernel")),
    "all counties, two workers": Run(options=("--jobs", "2")),
    "rows in another order": Run(table="rows shuffled"),
    "columns in another order": Run(table="columns reversed"),
    "another day": Run(environment={"LD_PRELOAD": "another-day.so"}),
    "the date that files bear, given": Run(environment={"SOURCE_DATE_EPOCH": "315532800"}),  # 1 January 1980, UTC
    "umask, hash seed": Run(umask=0o077, environment={"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}),
}


def tables(place: Path) -> dict[str, Path]:
    """Write the table of two counties in three ways; where each lies."""
    read = pd.read_csv(ROOT / "data/sample/schools.csv", dtype=str, keep_default_na=False)
    few = read[read["county_code"].isin([CODE, "840181"])]
    made = {
        "as it is": few,
        "rows shuffled": few.sample(frac=1, random_state=3),
        "columns reversed": few[list(reversed(few.columns))],
    }
    paths = {}
    for name, table in made.items():
        folder = place / name
        folder.mkdir(parents=True)
        paths[name] = folder / "schools.csv"
        table.to_csv(paths[name], index=False)
        (folder / "schools.meta.toml").write_text("synthetic = true\n", encoding="utf-8")
    return paths


def move_the_clock(library: Path) -> None:
    """Compile the library, and prove that it does what it should."""
    source = library.with_suffix(".c")
    source.write_text(ANOTHER_DAY, encoding="utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    asked = [sys.executable, "-c", "import datetime; print(datetime.date.today())"]
    told = subprocess.check_output(asked, env={**os.environ, "LD_PRELOAD": str(library)}, text=True).strip()
    if datetime.date.fromisoformat(told) - datetime.date.today() < datetime.timedelta(399):
        raise RuntimeError(f"the clock was to be moved on and says {told}")


def hashes(run: Run, table: Path, place: Path) -> dict[str, str]:
    """Make the report in an empty place; the hash of each of its files."""
    place.mkdir()
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    environment.pop("SOURCE_DATE_EPOCH", None)
    environment |= {
        name: str(place / value) if name in ("HOME", "TMPDIR", "LD_PRELOAD") else value
        for name, value in run.environment.items()
    }
    if "HOME" in run.environment:
        (place / run.environment["HOME"]).mkdir()
    if "LD_PRELOAD" in run.environment:
        move_the_clock(Path(environment["LD_PRELOAD"]))
    out = place / run.folder
    arguments = ["report", str(table), "--year", "2024", "--language", "zh", "--format", "all", "--output", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "balancelab", *arguments, *run.options],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        umask=run.umask,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    files = sorted((out / "2024" / CODE).iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differing(runs: Mapping[str, Run], folder: Path) -> set[str]:
    """
    Make the report in each way; which file of which run differs from that of the first.

    Parameters
    ----------
    runs : mapping
        By name, the plain one first. Where the clock cannot be moved, that is left out of a run.
    folder : Path
        An empty place.
    """
    given, found = tables(folder / "tables"), {}
    for number, (name, run) in enumerate(runs.items()):
        if not (sys.platform == "linux" and shutil.which("cc")):
            kept = {key: value for key, value in run.environment.items() if key != "LD_PRELOAD"}
            run = replace(run, environment=kept)
        found[name] = hashes(run, given[run.table], folder / f"{number}")
    plain = next(iter(found.values()))
    if len(plain) != len(FORMATS) + 1:  # and the notebook
        raise RuntimeError(f"{sorted(plain)} are not all formats and the notebook")
    return {f"{file}: {name}" for name, files in found.items() for file in plain if files.get(file) != plain[file]}


def main() -> int:
    """Make all ten."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    wrong = differing(RUNS, parser.parse_args().folder)
    print(f"{len(RUNS)} runs: {'; '.join(sorted(wrong)) or 'one hash for each file'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
