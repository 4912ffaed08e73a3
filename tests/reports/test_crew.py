"""Workers and their owner: what each hears when the other ends in the midst of something."""

from __future__ import annotations

import io
import json
import queue
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from balancelab.reports import shift
from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crewman
from balancelab.reports.engine import Limits
from balancelab.reports.output import Output
from balancelab.reports.records import order_of
from tests.reports.fast import FastCrew, FastMan, plan, unit


def test_a_worker_that_is_killed_while_it_speaks_has_ended():
    man, events = object.__new__(Crewman), queue.Queue()
    man._listen(io.BytesIO(b'{"kernel": 7}\n{"state": "do'), events)
    assert [events.get_nowait() for _ in range(2)] == [(man, {"kernel": 7}), (man, None)]


class Late(FastMan):
    """Killed for its time when its answer is on the way; what it is given then it never makes."""

    killed = False

    def take(self, one: Any, order: dict[str, Any]) -> None:
        if self.killed:
            self.unit = one
            self._crew.events.put((self, None))
        else:
            super().take(one, order)

    def seconds(self) -> float:
        return 0.0 if self.killed else 10.0**9

    def kill(self) -> None:
        self.killed = True

    def ask_to_end(self) -> None:
        """It has ended."""

    def see_off(self, seconds: float) -> None:
        """It has ended."""

    def last_words(self) -> str:
        return "killed"


class LateCrew(FastCrew):
    def hire(self) -> Any:
        self.men.append(Late(self))
        return self.men[-1]


def test_an_answer_after_the_time_is_over_costs_the_next_report_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(shift, "_PULSE", 0.0)
    with Output(tmp_path) as output:
        crew = LateCrew(output)
        summary = run_reports(plan(unit("371501"), unit("371502")), output=output, jobs=1, crew=crew)
    assert ([one.county_code for one in summary.done], summary.failed) == (["371501", "371502"], ())


def test_a_worker_without_an_owner_makes_nothing(tmp_path):
    for name in ("own", "out", "work"):
        (tmp_path / name).mkdir()
    order = {**order_of(unit()), "limits": asdict(Limits()), "engine": "kernel"}
    given = json.dumps(order) + "\n" + json.dumps(order)[:99]  # the owner was killed in the midst of the second
    folders = [tmp_path / name for name in ("own", "out", "work")]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "balancelab.reports.worker", *folders],
        input=given, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2], timeout=60,
    )  # fmt: skip
    assert time.monotonic() - started < 30
    assert '"state"' not in done.stdout
    assert not list(folders[1].iterdir())
    assert not folders[0].exists()
