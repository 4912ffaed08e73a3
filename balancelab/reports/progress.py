"""How far a run is: a bar on a terminal, plain lines in a log; rate, time left, and what is being made now."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from balancelab.reports.errors import CAUSES, say, text

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.reports.outcome import Progress
    from balancelab.reports.units import Unit

EVERY = 30.0
"""Seconds between two lines of a log that say rate and time left."""
_FEW = 100  # so many reports get a line each in a log; of more only those that fail do
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_FOR_GBK = str.maketrans({"²": "2", "−": "-", "✓": "+", "\u00a0": " "})  # our own words; names stay as they are

_BAR = "{percentage:3.0f}% |{bar:8}| {n_fmt}/{total_fmt}{postfix}"


class Shown(Protocol):
    """A way of showing progress."""

    def show(self, event: Progress) -> None:
        """Take note of something that happened."""

    def write(self, line: str) -> None:
        """Write a line without spoiling what is shown."""

    def close(self) -> None:
        """Take away what is shown."""


class Bar:
    """
    A bar at the foot of a terminal.

    Parameters
    ----------
    language : str
        Language of the words.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._pace = Pace()
        self._bar: Any = None

    def show(self, event: Progress) -> None:
        """Move the bar; once a second it also moves by itself, so that a long report does not look like a hung run."""
        self._pace.see(event)
        if self._bar is None:
            from tqdm import tqdm

            width = shutil.get_terminal_size().columns  # 80 where a terminal says that it has none
            self._bar = tqdm(total=event.total, file=sys.stderr, ncols=width, leave=False, bar_format=_BAR)
        self._bar.n = event.finished
        self._bar.set_postfix_str(printable(say(self._pace.text(), self._language)))

    def write(self, line: str) -> None:
        """Write a line above the bar."""
        if self._bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._bar.write(line, file=sys.stderr)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines:
    """
    Plain lines, for a log.

    Parameters
    ----------
    language : str
        Language of the words.
    clock : callable, optional
        Tells the time. [s]
    """

    def __init__(self, language: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._language, self._clock = language, clock
        self._pace = Pace(clock)
        self._said = clock()

    def show(self, event: Progress) -> None:
        """Write a line for a finished report, and now and then how fast the run is and how long it will take."""
        self._pace.see(event)
        if event.state == "failed" or (event.state == "done" and event.total <= _FEW):
            cause = "" if event.failure is None else f"  {say(CAUSES[event.failure.cause], self._language)}"
            self.write(f"[{event.finished}/{event.total}] {name_of(event.unit)}  {event.seconds:.1f} s{cause}")
        if self._clock() >= self._said + EVERY:
            self._said = self._clock()
            self.write(f"[{event.finished}/{event.total}] {say(self._pace.text(), self._language)}")

    def write(self, line: str) -> None:
        """Write a line."""
        print(printable(line), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is shown that would have to go."""


class Pace:
    """
    How fast a run is.

    Parameters
    ----------
    clock : callable, optional
        Tells the time. [s]
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._started = clock, clock()
        self._failed = 0
        self._last: Progress | None = None

    def see(self, event: Progress) -> None:
        """Take note of something that happened."""
        self._started = self._clock() if self._last is None else self._started
        self._failed += event.state == "failed"
        self._last = event

    def text(self) -> Text:
        """Return how much longer, how fast, how many failed and what is being made now."""
        if self._last is None:
            return text("", "")
        seconds, made = self._clock() - self._started, self._last.finished
        zh, en = [], []
        if made and seconds:
            left, a_minute = duration((self._last.total - made) * seconds / made), 60 * made / seconds
            zh += [f"约剩 {left['zh']}", f"{a_minute:.0f} 份/分"]
            en += [f"{left['en']} left", f"{a_minute:.0f}/min"]
        if self._failed:
            zh, en = [*zh, f"失败 {self._failed}"], [*en, f"{self._failed} failed"]
        names = ", ".join(name_of(unit) for unit in self._last.running)
        if names:
            zh, en = [*zh, f"正在做 {names}"], [*en, f"now {names}"]
        return text("，".join(zh), ", ".join(en))


def name_of(unit: Unit) -> str:
    """
    Return what a reader knows a report by: code and name of the county, code of the school, language.

    >>> from pathlib import Path
    >>> from balancelab.reports.units import Unit
    >>> name_of(Unit("balance", "zh", 2024, "371599", "临江县", Path("balance.ipynb")))
    '371599 临江县 zh'
    """
    parts = (unit.county_code, unit.county or unit.kind, unit.school_code, unit.language)
    return " ".join(part for part in parts if part).replace("\n", " ")


def duration(seconds: float) -> Text:
    """
    Return a time that somebody has to wait.

    >>> duration(50)["en"], duration(160)["en"], duration(5400)["zh"]
    ('50 s', '3 min', '1.5 小时')
    """
    if seconds < 100:
        return text(f"{seconds:.0f} 秒", f"{seconds:.0f} s")
    if seconds < 5400:
        return text(f"{seconds / 60:.0f} 分钟", f"{seconds / 60:.0f} min")
    return text(f"{seconds / 3600:.1f} 小时", f"{seconds / 3600:.1f} h")


def printable(message: str) -> str:
    r"""
    Return a message that a terminal only prints: nothing moves the cursor, forges a line or leaves the GBK letters.

    >>> printable("8 m² \x1b[2J")
    '8 m2 ?[2J'
    """
    return "".join(_shown(letter) for letter in message.translate(_FOR_GBK))


def _shown(letter: str) -> str:
    return "?" if letter != "\n" and unicodedata.category(letter) in _UNPRINTABLE else letter
