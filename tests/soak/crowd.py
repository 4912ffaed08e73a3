"""
Two batches at once on one folder (X14, X31), and very many reports in one run (R30).

    python -m tests.soak.crowd FOLDER [--pairs 50] [--units 2000]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import psutil

from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.errors import EXIT_LOCKED
from balancelab.reports.outcome import Progress
from balancelab.reports.output import Output
from tests.reports.disk import partial_files
from tests.reports.fast import tree
from tests.soak.kills import make_fast, tiny
from tests.soak.runs import hash_the_program_once, start


def pairs(folder: Path, number: int, units: int = 20) -> tuple[list[str], float]:
    """Start a second run while the first works; what was wrong, and the longest time of a second one. [s]"""
    make_fast(folder / "whole", tiny(units))
    whole, wrong, longest = tree(folder / "whole"), [], 0.0
    for trial in range(number):
        place = folder / f"{trial}"
        first = start(lambda place=place: make_fast(place, tiny(units)).exit_code)
        while not (place / ".lock").exists():
            time.sleep(0.001)
        started = time.monotonic()
        second = start(lambda place=place: make_fast(place, tiny(units)).exit_code).wait()
        seconds, ended = time.monotonic() - started, first.wait()
        longest = max(longest, seconds)
        if (ended, second) != (0, EXIT_LOCKED):
            wrong.append(f"pair {trial}: ended with {ended} and {second}")
        if tree(place) != whole or partial_files(place):
            wrong.append(f"pair {trial}: another tree")
    return wrong, longest


def many(folder: Path, units: int) -> tuple[list[str], str]:
    """Make many reports in one run; what was wrong, and what this process took after a tenth and at the end."""
    own, measured = psutil.Process(), {}

    def measure(event: Progress) -> None:
        if event.state == "done" and event.finished in (units // 10, units):
            measured[event.finished] = (own.memory_info().rss / 1e6, own.num_fds(), own.num_threads())

    started = time.monotonic()
    with Output(folder) as output, Crew(output, early=False) as crew:
        summary = run_reports(tiny(units), output=output, jobs=1, crew=crew, on_progress=measure)
    wrong = [] if (summary.exit_code, len(summary.done)) == (0, units) else [f"{len(summary.done)} done"]
    (before, open_before, _), (after, open_after, threads) = measured[units // 10], measured[units]
    if after - before > 50:
        wrong.append(f"memory grew by {after - before:.0f} MB")
    if open_after != open_before:
        wrong.append(f"descriptors: {open_before} after a tenth, {open_after} at the end")
    seconds = time.monotonic() - started
    return wrong, (
        f"{units} reports in {seconds:.0f} s; memory {before:.0f} MB after a tenth, {after:.0f} MB at the end; "
        f"descriptors {open_before} and {open_after}; threads {threads}"
    )


def main() -> int:
    """Both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--units", type=int, default=2000)
    asked = parser.parse_args()
    hash_the_program_once()
    wrong: list[str] = []
    if asked.pairs:
        os.makedirs(asked.folder, exist_ok=True)
        found, longest = pairs(asked.folder / "pairs", asked.pairs)
        wrong += found
        print(f"{asked.pairs} pairs: {'; '.join(found) or 'all right'}; the second left after {longest:.2f} s at most")
    if asked.units:
        found, measured = many(asked.folder / "many", asked.units)
        wrong += found
        print(f"{measured}: {'; '.join(found) or 'all right'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
