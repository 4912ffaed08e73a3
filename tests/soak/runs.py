"""Runs for the soak: forked from this process, so that a trial pays for no import, with workers as in any run."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from balancelab.reports import journal, resume
from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.engine import Limits
from balancelab.reports.errors import Refused
from balancelab.reports.outcome import Summary
from balancelab.reports.output import Output
from balancelab.reports.units import Plan

OURS = ("balancelab.reports.worker", "balancelab.reports.warm.zygote", "balancelab.reports.kernel")
_STARTED: dict[str, str] = {}


def make(folder: Path, plan: Plan, *, jobs: int = 1, limits: Limits | None = None, keep_going: bool = True) -> Summary:
    """Make the reports of a plan as the command does."""
    with Output(folder) as output, Crew(output, early=False) as crew:
        return run_reports(plan, output=output, jobs=jobs, crew=crew, limits=limits, keep_going=keep_going)


def hash_the_program_once() -> None:
    """Trials are many and the package does not change meanwhile."""
    program = resume.program_parts()
    resume.program_parts = lambda: program


@dataclass
class Run:
    """A run in a child process."""

    pid: int

    def kill(self, *, everything: bool) -> None:
        """Kill the run, with or without its workers, as a power cut or a clumsy administrator does."""
        victims = [psutil.Process(self.pid)] if psutil.pid_exists(self.pid) else []
        if everything and victims:
            victims += victims[0].children(recursive=True)
        for victim in victims:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue

    def wait(self) -> int:
        """Exit code of the run, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(work: Callable[[], int]) -> Run:
    """Do something in a child of this process that inherits none of its manners; its result is the exit code."""
    pid = os.fork()
    if pid:
        return Run(pid)
    code = 70
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        code = work()
    except Refused as refused:
        code = refused.exit_code
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - a fork ends here whatever happens, and says why
        traceback.print_exc()
    finally:
        os._exit(code)


def left_behind(folder: Path, scratch: Path, *, seconds: float = 5.0) -> list[str]:
    """Processes and private files of runs in a folder that are still there when `seconds` are over."""
    until = time.monotonic() + seconds
    while True:
        left = [line for line in _processes() if str(folder) in line or str(scratch) in line]
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.1)


def finished(folder: Path) -> set[str]:
    """Stems of the reports that the journal calls done."""
    return {stem for stem, record in journal.latest(journal.read(folder)).items() if record["state"] == "done"}


def _processes() -> Sequence[str]:
    lines = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(name in line for name in OURS):
            lines.append(line)
    return lines
