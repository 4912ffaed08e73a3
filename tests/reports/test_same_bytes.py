"""One report in other surroundings, by another engine, of a table in another order: one hash for each file."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.soak.surroundings import RUNS, Run, differing

OUTSIDE = [run for run in RUNS.values() if run.environment or run.umask != Run.umask]
TOGETHER = {
    "plain": RUNS["plain"],
    # folder, home, zone, locale, hash seed, clock, date of files, mask: with the plain run, each of them differs
    "all surroundings at once": Run(
        folder=RUNS["folder and home"].folder,
        environment={name: value for run in reversed(OUTSIDE) for name, value in run.environment.items()},
        umask=RUNS["umask, hash seed"].umask,
    ),
    "real kernel, rows in another order": replace(RUNS["real kernel"], table=RUNS["rows in another order"].table),
    "two workers, all counties, columns in another order": replace(
        RUNS["all counties, two workers"], table=RUNS["columns in another order"].table
    ),
}


def test_every_difference_of_the_ten_runs_is_made():
    assert len(RUNS) == 10
    for part in ("folder", "options", "table", "umask"):
        assert {getattr(run, part) for run in RUNS.values()} == {getattr(run, part) for run in TOGETHER.values()}
    names = {name for run in RUNS.values() for name in run.environment}
    assert names == set(TOGETHER["all surroundings at once"].environment)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="umask and TZ as on Linux and macOS")
def test_one_hash_whatever_the_surroundings(tmp_path):
    assert differing(TOGETHER, tmp_path) == set()
