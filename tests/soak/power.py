"""
Power cuts at every system call of a small run, with and without the loss of what was not synced; each state resumes.

    python -m tests.soak.power FOLDER [--every N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from balancelab.reports.batch import run_reports
from balancelab.reports.output import Output
from tests.reports.disk import Disk, cut_power, partial_files
from tests.reports.fast import FastCrew, plan, tree, unit
from tests.soak.runs import finished, hash_the_program_once

UNITS = [unit(code) for code in ("371501", "371502", "371503")]


def run(folder: Path) -> tuple[int, set[str]]:
    """Make the reports; exit code, and which were made."""
    with Output(folder) as output:
        crew = FastCrew(output)
        return run_reports(plan(*UNITS), output=output, jobs=1, crew=crew).exit_code, set(crew.made)


def cut(folder: Path, at: int, lost: bool) -> int:
    """Run in a child that loses its power before a call; its exit code."""
    child = os.fork()
    if child == 0:
        with Disk(folder, cut_power(at, lost)):
            run(folder)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> int:
    """Cut, look, resume, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    hash_the_program_once()
    with Disk(asked.folder / "whole", lambda *_: None) as disk:
        run(asked.folder / "whole")
    whole, calls, wrong, states = tree(asked.folder / "whole"), len(disk.calls), 0, 0
    for number in range(1, calls + 1, asked.every):
        for lost in (False, True):
            folder = asked.folder / f"{number}-{lost}"
            ended = cut(folder, number, lost)
            broken = [] if lost else partial_files(folder)
            before = finished(folder)
            code, made = run(folder)
            states += 1
            again = before & made  # a report that the journal calls done is on the disk
            if ended != 77 or broken or again or code != 0 or tree(folder) != whole:
                wrong += 1
                what = f"ended {ended}, {broken}, then {code}, again {again}"
                print(f"call {number} {disk.calls[number - 1]}, lost {lost}: {what}")
            shutil.rmtree(folder)
    print(f"{states} states of {calls} calls, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
