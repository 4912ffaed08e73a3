"""One report, ten runs in different surroundings, one hash for each file."""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

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


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, Path]:
    read = pd.read_csv(ROOT / "data/sample/schools.csv", dtype=str, keep_default_na=False)
    few = read[read["county_code"].isin([CODE, "840181"])]
    made = {
        "as it is": few,
        "rows shuffled": few.sample(frac=1, random_state=3),
        "columns reversed": few[list(reversed(few.columns))],
    }
    paths = {}
    for name, table in made.items():
        folder = tmp_path_factory.mktemp("table")
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
    assert datetime.date.fromisoformat(told) - datetime.date.today() >= datetime.timedelta(399)


def hashes(run: Run, table: Path, place: Path) -> dict[str, str]:
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
    assert done.returncode == 0, done.stderr
    files = sorted((out / "2024" / CODE).iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="umask and TZ as on Linux and macOS")
def test_ten_runs_one_hash(tables, tmp_path):
    found = {}
    for name, run in RUNS.items():
        if "LD_PRELOAD" in run.environment and not (sys.platform == "linux" and shutil.which("cc")):
            run = RUNS["plain"]  # no compiler: the clock has moved on by itself, though by no day
        place = tmp_path / name.replace(",", "").replace(" ", "-")
        place.mkdir()
        found[name] = hashes(run, tables[run.table], place)
    assert len(found) == 10
    assert len(found["plain"]) == len(FORMATS) + 1  # and the notebook
    differing = {
        f"{file}: {name}"
        for name, files in found.items()
        for file in found["plain"]
        if files.get(file) != found["plain"][file]
    }
    assert not differing
