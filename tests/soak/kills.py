"""
A batch killed at random moments, resumed to the tree of an undisturbed run, under the eyes of a watcher (X01, X02).

    python -m tests.soak.kills FOLDER [--fast 200] [--tiny 20] [--real 20]

``fast`` are runs whose reports are made without a kernel in some milliseconds, so that a kill falls as likely between
two writes as anywhere; ``tiny`` are forks of a zygote that run a tiny notebook; ``real`` are balance reports in all
formats.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from balancelab.reports.batch import run_reports
from balancelab.reports.outcome import Summary
from balancelab.reports.output import Output
from balancelab.reports.units import Plan
from tests.reports.fast import FastCrew, plan, tree, unit
from tests.soak.runs import finished, hash_the_program_once, left_behind, make, start
from tests.soak.watch import Watcher

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[[Path, Plan], Summary]


def make_fast(folder: Path, planned: Plan) -> Summary:
    """Make the reports of a plan without kernels."""
    with Output(folder) as output:
        return run_reports(planned, output=output, jobs=1, crew=FastCrew(output))


def tiny(number: int) -> Plan:
    """Many reports by a tiny notebook."""
    return plan(*(unit(f"{371000 + one}") for one in range(number)))


def real(counties: Sequence[str], work: Path) -> Plan:
    """Reports that are published: the balance report of the sample, all formats."""
    from balancelab.intake import read_schools
    from balancelab.reports.formats import FORMATS
    from balancelab.reports.plan import plan_reports
    from balancelab.standards import load_standard

    table, rules = ROOT / "data/sample/schools.csv", load_standard("quality_2017")
    intake = read_schools(table, year=2024, standard=rules)
    planned = plan_reports(intake, rules, kind="balance", languages=["zh"], data_file=table, counties=counties)
    return planned.in_formats(tuple(FORMATS))


def trial(
    folder: Path, planned: Plan, work: Make, whole: dict[str, bytes], seconds: float, chance: random.Random
) -> list[str]:
    """Kill once or twice at random moments, resume, and say what is wrong."""
    wrong: list[str] = []
    scratch = Path(tempfile.gettempdir())
    with Watcher(folder) as watcher:
        for _ in range(chance.choice((1, 1, 2))):
            run = start(lambda: work(folder, planned).exit_code)
            time.sleep(chance.uniform(0, seconds))
            everything = chance.random() < 0.5
            run.kill(everything=everything)
            run.wait()
            wrong += [f"left: {line}" for line in left_behind(folder, scratch)]
        before = finished(folder)
        resumed = start(lambda: _resume(folder, planned, work, before))
        code = resumed.wait()
        if code:
            wrong.append(f"resume ended with {code}")
    wrong += watcher.seen
    now = tree(folder)
    different = sorted({name for name in {*now, *whole} if now.get(name) != whole.get(name)})
    wrong += [f"differs: {name}" for name in different]
    wrong += [f"private files left: {path}" for path in scratch.glob("bl-*")]
    return wrong


def run_trials(folder: Path, planned: Plan, trials: int, *, work: Make = make, seed: int = 1) -> list[str]:
    """Make the undisturbed tree, then try; everything that was wrong."""
    chance, scratch = random.Random(seed), folder / "private"
    scratch.mkdir(parents=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(scratch), str(scratch)
    started = time.monotonic()
    code = start(lambda: work(folder / "whole", planned).exit_code).wait()
    seconds, whole = time.monotonic() - started, tree(folder / "whole")
    found = [] if code == 0 else [f"undisturbed run ended with {code}"]
    for number in range(trials):
        wrong = trial(folder / f"{number}", planned, work, whole, seconds, chance)
        found += [f"trial {number}: {one}" for one in wrong]
        print(f"kill {number + 1} of {trials}: {'; '.join(wrong) or 'resumed to the same tree'}", flush=True)
        if not wrong:
            shutil.rmtree(folder / f"{number}")
    tempfile.tempdir = None
    return found


def _resume(folder: Path, planned: Plan, work: Make, before: set[str]) -> int:
    """Make what is left; 71 if a report that was done is made again."""
    summary = work(folder, planned)
    again = before & {one.stem for one in summary.done}
    return summary.exit_code or (71 if again else 0)


def main() -> int:
    """Kill batches of a tiny notebook, and real ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fast", type=int, default=200)
    parser.add_argument("--tiny", type=int, default=20)
    parser.add_argument("--real", type=int, default=20)
    asked = parser.parse_args()
    hash_the_program_once()
    found = run_trials(asked.folder / "fast", tiny(100), asked.fast, work=make_fast) if asked.fast else []
    if asked.tiny:
        found += run_trials(asked.folder / "tiny", tiny(12), asked.tiny)
    if asked.real:
        found += run_trials(asked.folder / "real", real(["371599", "840101", "840121"], asked.folder), asked.real)
    print(f"{asked.fast} + {asked.tiny} + {asked.real} trials, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
