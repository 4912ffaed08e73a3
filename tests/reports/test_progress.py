"""What a run shows while it goes on: a bar on a terminal, lines in a log, nothing with --quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from balancelab.reports.errors import Failure
from balancelab.reports.outcome import Progress
from balancelab.reports.progress import Lines
from tests.reports.fast import unit

ROOT = Path(__file__).resolve().parents[2]
ON_A_TERMINAL = """
import sys, time
from pathlib import Path
from balancelab.reports.console import Console
from balancelab.reports.errors import Failure, text
from balancelab.reports.outcome import Progress, Summary
from balancelab.reports.units import Unit
units = [Unit("balance", "zh", 2024, f"37150{n}", "临江县", Path("balance.ipynb")) for n in range(4)]
console = Console("zh", quiet=sys.argv[1] == "quiet")
failure = Failure("timeout", "> 600 s", cell=2)
for number, unit in enumerate(units):
    console.progress(Progress("started", unit, number, 4, (unit,)))
    time.sleep(0.05)
    failed = failure if number == 1 else None
    console.progress(Progress("failed" if failed else "done", unit, number + 1, 4, (), failed, 0.05))
    if number == 0:
        console.say(text("一句话", "a word"))
console.summary(Summary(Path("reports"), (units[0], *units[2:]), ((units[1], failure),), (), 1.0))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_bar_on_a_terminal(quiet):
    import fcntl
    import pty
    import struct
    import termios

    owner, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    arguments = [sys.executable, "-c", ON_A_TERMINAL, "quiet" if quiet else "bar"]
    process = subprocess.Popen(arguments, stderr=terminal, stdout=subprocess.PIPE, cwd=ROOT)
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(owner, 1 << 16)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(owner)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == (b"", 0)
    pictures = shown.decode("utf-8").replace("\r\n", "\n").split("\r")
    bars = [picture for picture in pictures if "|" in picture]
    if quiet:
        assert bars == []
        assert "超过时限：1 份" in pictures[0]
        return
    assert any("2/4" in bar and "失败 1" in bar and "份/分" in bar and "约剩" in bar for bar in bars)
    assert any("正在做 371502 临江县 zh" in bar for bar in bars)
    assert any("一句话\n" in picture for picture in pictures)  # a line of its own, above the bar
    last = pictures[-1]
    assert "|" not in last  # the bar is gone
    assert "已写入 3 份报告" in last


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_log_says_now_and_then_how_long_it_will_take(capsys):
    clock = Clock()
    lines = Lines("en", clock)
    units = [unit(f"{371000 + number}") for number in range(200)]
    lines.show(Progress("started", units[0], 0, 200, (units[0],)))
    for number in range(60):  # one report a second
        clock.now += 1
        failure = Failure("timeout", "> 600 s", cell=2) if number == 9 else None
        running = (units[number + 1],)
        lines.show(Progress("failed" if failure else "done", units[number], number + 1, 200, running, failure, 1.0))
    assert capsys.readouterr().err.splitlines() == [
        "[10/200] 371009 临江县 zh  1.0 s  time limit exceeded",
        # hand: 170 s at one a second, 140 s at one a second
        "[30/200] 3 min left, 60/min, 1 failed, now 371030 临江县 zh",
        "[60/200] 2 min left, 60/min, 1 failed, now 371060 临江县 zh",
    ]


def test_a_log_of_a_run_that_waits_for_its_first_report(capsys):
    clock = Clock()
    lines = Lines("zh", clock)
    one = unit("371501")
    lines.show(Progress("started", one, 0, 1, (one,)))
    clock.now += 31
    lines.show(Progress("waiting", one, 0, 1, (one,)))
    assert capsys.readouterr().err == "[0/1] 正在做 371501 临江县 zh\n"
