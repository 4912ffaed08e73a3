"""When many reports fail for one and the same reason: the fault is not the counties', and going on is no use."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field

from balancelab.definitions import Text
from balancelab.reports.errors import Failure, text
from balancelab.reports.units import Unit

LAST = 20
"""How many of the reports finished last are looked at."""
ALIKE = 10
"""So many of them failing alike stop the run: ten in a row, or every second one where one language of two fails."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@dataclass
class Systemic:
    """
    Watches the reports of a run as they are finished.

    Examples
    --------
    >>> from pathlib import Path
    >>> watch = Systemic()
    >>> for number in range(ALIKE):
    ...     unit = Unit("balance", "zh", 2024, f"{371500 + number}", "", Path("balance.ipynb"))
    ...     stop = watch.see(unit, Failure("cell_error", f"no font for {unit.county_code}", cell=3))
    >>> stop.message
    'no font for 371509'
    """

    _last: deque[tuple[str, int | None, str] | None] = field(default_factory=lambda: deque(maxlen=LAST))

    def see(self, unit: Unit, failure: Failure | None) -> Failure | None:
        """
        Take note of a finished report.

        Parameters
        ----------
        unit : Unit
            The report.
        failure : Failure or None
            Why it failed; None if it did not.

        Returns
        -------
        Failure or None
            This very failure, if by now so many fail like it that the run should stop.
        """
        kind = None if failure is None else (failure.cause, failure.cell, _without_names(failure.message, unit))
        self._last.append(kind)
        if failure is None or Counter(self._last)[kind] < ALIKE:
            return None
        return failure


def stopped_text(failure: Failure, left: int) -> Text:
    """
    Say that a run stopped because its reports fail alike.

    Parameters
    ----------
    failure : Failure
        The last of them.
    left : int
        Reports that were not tried.
    """
    why = failure.text()
    return text(
        f"最近 {LAST} 份报告中有 {ALIKE} 份因同一原因失败（{why['zh']}），问题多半不在个别县（区）：已提前停止，"
        f"其余 {left} 份未生成。请排除原因后用同一命令续作；如仍要全部运行，请加 --keep-going",
        f"{ALIKE} of the last {LAST} reports failed for the same reason ({why['en']}), so it is hardly the counties' "
        f"fault: stopped early, {left} reports not made. Remove the cause and run the same command again, or add "
        "--keep-going to try them all",
    )


def _without_names(message: str, unit: Unit) -> str:
    """Leave out of a message what differs from county to county: its code, its name, numbers."""
    for own in (unit.county_code, unit.school_code, unit.county):
        if own:
            message = message.replace(own, "#")
    return _NUMBER.sub("#", _ADDRESS.sub("#", message))
