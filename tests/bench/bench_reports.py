"""
Reports per CPU second, against stock Papermill and nbconvert on the same notebook in the same run.

    python -m tests.bench.bench_reports               three rounds, about two minutes
    python -m tests.bench.bench_reports --rounds 7

The ways take turns, because a shared machine is not equally fast all the time; medians and ranges of CPU seconds (user
and system, children included) are shown, and ratios of medians. The floor is the notebook's cells and nothing else, in
one process that has run them before. The start of a zygote, once for each worker of a batch, is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil

from balancelab.intake import read_schools
from balancelab.reports import journal, resume
from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.engine import execute, import_papermill
from balancelab.reports.output import Output
from balancelab.reports.units import DEFAULT_FORMATS, Plan, Unit
from balancelab.reports.warm.client import zygote_environment

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks/balance.ipynb"
COUNTIES = ("371599", "840101", "840121")
FINISHED = 3_000
FLOOR = """
import json, sys, time
from balancelab.page.blocks import Block
cells = json.load(open(sys.argv[1], encoding="utf-8"))["cells"]
sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
code = [compile(source, "cell", "exec") for source in sources]
for line in sys.stdin:
    started = time.process_time()
    names = {}
    for number, cell in enumerate(code):
        exec(cell, names)
        if number == 0:
            names.update(json.loads(line))
    for block in names["page"].blocks:
        block._repr_mimebundle_()
    print(time.process_time() - started, flush=True)
"""


class Ratio(NamedTuple):
    """How many times the CPU of ours a baseline takes, and what we aim at."""

    name: str
    seconds: tuple[float, float, float]
    ratio: float
    target: str


def run(*, rounds: int = 3) -> list[Ratio]:
    """Time every way of making a report; one entry each, ours first."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        read_schools(ROOT / "data/sample/schools.csv", year=2024).save(folder / "schools.parquet")
        with _Warm(folder) as warm, _Floor(folder) as floor:
            ways: dict[str, Callable[[dict[str, object]], float]] = {
                "warm engine, HTML and JSON": warm.report,
                "stock Papermill + nbconvert": lambda given: _stock(folder, given),
                "kernel engine, without HTML": lambda given: _kernel(folder, given),
                "floor: the cells alone": floor.report,
            }
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            for name in (warm, floor):
                name.report(_given(0))  # neither is measured cold: a batch pays that once
            for number in range(rounds):
                for name, way in ways.items():
                    seconds[name].append(way(_given(number)))
    ours = statistics.median(seconds["warm engine, HTML and JSON"])
    targets = {"stock Papermill + nbconvert": ">= 5", "floor: the cells alone": ">= 0.77 (1.3 times the floor)"}
    return [
        Ratio(
            name, (statistics.median(took), min(took), max(took)), statistics.median(took) / ours, targets.get(name, "")
        )
        for name, took in seconds.items()
    ]


def resume_seconds() -> float:
    """Return the wall time of a run with nothing to do among 3,000 finished reports."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        units = [Unit("balance", "zh", 2024, f"{number:06}", "", NOTEBOOK) for number in range(FINISHED)]
        program = resume.program_parts()
        for unit in units:
            (folder / unit.stem).parent.mkdir(parents=True)
            for name in unit.files:
                (folder / name).write_bytes(b"")
        lines: list[bytes] = []
        for unit in units:
            lines.append(journal.sealed(_finished(unit, program, folder), lines[-1] if lines else b""))
        (folder / journal.JOURNAL).write_bytes(b"\n".join(lines) + b"\n")
        started = time.perf_counter()
        with Output(folder) as output, Crew(output, early=False) as crew:
            summary = run_reports(Plan(tuple(units), lambda work: None), output=output, crew=crew)
        took = time.perf_counter() - started
    if len(summary.unchanged) != FINISHED:
        raise RuntimeError("reports were made again that nobody had touched")
    return took


def import_seconds() -> float:
    """Return the CPU time of ``import balancelab`` in a fresh interpreter, beyond the interpreter's own."""
    bare, ours = (min(_children(["-c", code]) for _ in range(5)) for code in ("pass", "import balancelab"))
    return ours - bare


class _Warm:
    """A zygote that has rehearsed, as in a batch."""

    def __init__(self, folder: Path) -> None:
        own = folder / "own"
        for one in (own, folder / "out"):
            one.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "balancelab.reports.warm.zygote", str(own), str(folder / "out"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=zygote_environment(own),
            text=True,
        )
        self._tell({"rehearse": {"notebook": str(NOTEBOOK), "languages": ["zh"]}})

    def __enter__(self) -> _Warm:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def report(self, given: dict[str, object]) -> float:
        before = self._spent()
        order = {"notebook": str(NOTEBOOK), "parameters": given, "stem": "2024/bench/balance.zh", "language": "zh"}
        self._tell({**order, "origin": {}, "formats": DEFAULT_FORMATS, "word": {}})
        for line in self._process.stdout or ():
            answer = json.loads(line)
            if "state" in answer:
                if answer["state"] != "done":
                    raise RuntimeError(line)
                return self._spent() - before
        raise RuntimeError("the zygote died")

    def _tell(self, order: dict[str, object]) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def _spent(self) -> float:
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)


class _Floor:
    """The cells in a loop."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", FLOOR, str(NOTEBOOK)]
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=environment, text=True
        )

    def __enter__(self) -> _Floor:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def report(self, given: dict[str, object]) -> float:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipe")
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


def _given(number: int) -> dict[str, object]:
    return {
        "data_file": "schools.parquet",
        "county_code": COUNTIES[number % len(COUNTIES)],
        "year": 2024,
        "language": "zh",
    }


def _stock(folder: Path, given: dict[str, object]) -> float:
    """Papermill with its own options in this process, which has it imported, then the converter's command."""
    papermill = import_papermill()
    before, out = _cpu(), folder / "stock.ipynb"
    papermill.execute_notebook(str(NOTEBOOK), str(out), parameters=given, cwd=str(folder), progress_bar=False)
    command = ["-m", "nbconvert", "--to", "html", "--log-level", "ERROR", str(out)]
    subprocess.run([sys.executable, *command], check=True, stderr=subprocess.DEVNULL)
    return _cpu() - before


def _kernel(folder: Path, given: dict[str, object]) -> float:
    before = _cpu()
    execute(NOTEBOOK, given, folder=folder)
    return _cpu() - before


def _cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _children(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _finished(unit: Unit, program: dict[str, str], folder: Path) -> dict[str, object]:
    texts = {"kind": unit.kind, "language": "zh", "county_code": unit.county_code, "county": "", "verdict": ""}
    files = dict.fromkeys(unit.files, "")
    record = {"stem": unit.stem, "state": "done", **texts, "standard": "", "files": files}
    made = {"parts": resume.parts_of(unit, program), "stamps": resume.stamps(folder, unit.files)}
    return {**record, **made}


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"balance.ipynb, CPU seconds a report: median (range) of {rounds}; ratio to the warm engine")
    for one in run(rounds=rounds):
        median, low, high = one.seconds
        print(f"{one.name:32} {median:6.2f} ({low:.2f}-{high:.2f})  {one.ratio:5.2f}  {one.target}")
    print(f"nothing to do among {FINISHED:,} finished reports: {resume_seconds():.2f} s wall (target < 3)")
    print(f"import balancelab: {import_seconds():.2f} CPU s")


if __name__ == "__main__":
    main()
