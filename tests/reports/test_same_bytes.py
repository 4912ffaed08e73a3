"""One report in other surroundings, by another engine, of a table in another order: one hash for each file."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.soak.surroundings import RUNS, Run, differing

TOGETHER = {
    "plain": RUNS["plain"],
    # Folder, home, zone, locale, hash seed, clock, date of files and mask, each unlike those of the plain run.
    "all surroundings, all counties, two workers, columns in another order": Run(
        folder=RUNS["folder and home"].folder,
        environment={name: value for run in reversed(RUNS.values()) for name, value in run.environment.items()},
        options=RUNS["all counties, two workers"].options,
        table=RUNS["columns in another order"].table,
        umask=RUNS["umask, hash seed"].umask,
    ),
    "real kernel, rows in another order": replace(RUNS["real kernel"], table=RUNS["rows in another order"].table),
}


def test_every_difference_of_the_ten_runs_is_made():
    assert len(RUNS) == 10
    for part in ("folder", "options", "table", "umask"):
        assert {getattr(run, part) for run in RUNS.values()} == {getattr(run, part) for run in TOGETHER.values()}
    variables = [{name for run in runs.values() for name in run.environment} for runs in (RUNS, TOGETHER)]
    assert variables[0] == variables[1]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="umask and TZ as on Linux and macOS")
def test_one_hash_whatever_the_surroundings(tmp_path):
    assert differing(TOGETHER, tmp_path) == set()
