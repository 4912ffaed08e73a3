"""
Twenty poisoned counties of two hundred: the others are made, each reason is right, and time is not lost (X19, R16).

    python -m tests.soak.poison FOLDER [--units 200]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from balancelab.reports.units import Plan
from tests.reports.fast import plan, unit
from tests.soak.runs import hash_the_program_once, make

KINDS = {
    "bad data": ("cell_error", "FileNotFoundError"),
    "exception": ("cell_error", "ValueError: no schools in"),
    "exit": ("cell_error", "SystemExit: 0"),
    "kernel exit": ("kernel_died", "exit status 0"),
    "a gigabyte": ("output", "TooMuchOutput"),
    "warnings": ("output", "TooMuchOutput"),
    "recursion": ("cell_error", "RecursionError"),
    "for ever": ("output", "TooMuchOutput"),
    "no UTF-8": ("warning", "\ufffd"),
    "fork": ("kernel_died", "exit status 0"),
}
"""What goes wrong in a notebook of the tests → the cause that must be told, and how its message begins."""


def poisoned(units: int, kinds: list[str], *, seed: int = 1) -> Plan:
    """Reports of which one for each of `kinds` is poisoned, at random places."""
    places = random.Random(seed).sample(range(units), len(kinds))
    by_place = dict(zip(places, kinds, strict=True))
    reports = []
    for number in range(units):
        one = unit(f"{371000 + number}", name="poison")
        reports.append(
            unit(
                one.county_code,
                name="poison",
                parameters={**one.parameters, "poison": by_place.get(number, "")},
            )
        )
    return plan(*reports)


def compare(folder: Path, units: int, kinds: list[str]) -> tuple[list[str], float]:
    """Make the poisoned reports and as many clean ones; what was wrong, and the ratio of the times."""
    make(folder / "warm", poisoned(2, []))  # fonts, file caches
    started = time.monotonic()
    undisturbed = make(folder / "clean", poisoned(units, []))
    seconds = time.monotonic() - started
    started = time.monotonic()
    found = make_poisoned(folder, units, kinds)
    ratio = (time.monotonic() - started) / seconds
    return ([] if undisturbed.exit_code == 0 else [f"clean run ended with {undisturbed.exit_code}"]) + found, ratio


def make_poisoned(folder: Path, units: int, kinds: list[str]) -> list[str]:
    """Make the poisoned reports; what was wrong."""
    wrong = []
    summary = make(folder / "bad", poisoned(units, kinds))
    if (len(summary.done), len(summary.failed), summary.exit_code) != (units - len(kinds), len(kinds), 4):
        wrong.append(f"{len(summary.done)} done, {len(summary.failed)} failed, exit {summary.exit_code}")
    for one, failure in summary.failed:
        kind = str(one.parameters["poison"])
        cause, message = KINDS[kind]
        if failure.cause != cause or not failure.message.startswith(message):
            wrong.append(f"{kind}: {failure.cause}: {failure.message[:200]!r}")
        if not (folder / "bad" / f".failed/{one.stem}.failed.ipynb").exists():
            wrong.append(f"{kind}: no notebook kept")
    return wrong


def main() -> int:
    """Two of each kind among two hundred."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=200)
    asked = parser.parse_args()
    hash_the_program_once()
    wrong, ratio = compare(asked.folder, asked.units, [*KINDS, *KINDS])
    if ratio > 1.25:
        wrong.append("slower than 1.25 times the clean run")
    found = "; ".join(wrong) or "all right"
    print(f"{2 * len(KINDS)} poisoned of {asked.units}: {ratio:.2f} times the clean run; {found}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
