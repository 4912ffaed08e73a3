"""
Real kernels started many at once (X22): none fails to start, none is left.

    python -m tests.soak.kernels FOLDER [--rounds 12] [--at-once 8]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from balancelab.reports.engine import execute
from tests.reports.fast import unit
from tests.soak.runs import left_behind, start


def starts(folder: Path, rounds: int, at_once: int) -> list[str]:
    """Run a tiny notebook in kernels of its own, many side by side, again and again; what was wrong."""
    wrong = []
    for number in range(rounds):
        runs = []
        for one in range(at_once):
            place = folder / f"{number}-{one}"
            place.mkdir(parents=True)

            def work(place: Path = place) -> int:
                done = execute(unit().notebook, {"county_code": place.name, "year": 2024}, folder=place, scratch=place)
                return 0 if done.failure is None else 1

            runs.append(start(work))
        codes = [run.wait() for run in runs]
        if any(codes):
            wrong.append(f"round {number}: ended with {codes}")
    return wrong + left_behind(folder, folder)


def main() -> int:
    """Start them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--at-once", type=int, default=8)
    asked = parser.parse_args()
    wrong = starts(asked.folder, asked.rounds, asked.at_once)
    print(f"{asked.rounds * asked.at_once} kernels, {asked.at_once} at once: {'; '.join(wrong) or 'all right'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
