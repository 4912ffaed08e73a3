"""
A run in parts: ``--shard 3/40`` makes the third of forty, on its own machine or as one job of an array.

Which part a report belongs to is read from its path and from nothing else. Dividing the list by position would make
even parts, but a county that comes or goes while the parts run one after another would move its neighbours: some would
be made twice at the same time, some never.

Every part has a folder of its own below ``.shards`` in the output folder, with its lock, its staged inputs and its
journal; the reports go to their usual places. A run without ``--shard`` takes the journals over, makes whatever is left
and writes the index.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from balancelab.reports import journal
from balancelab.reports.errors import PlanRefused, text

MOST = 65_536
"""Parts that a run can be divided into: as many as Windows has locks for here."""

_WRITTEN = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")
_NAME = re.compile(r"[0-9]{1,5}-of-[0-9]{1,5}")


@dataclass(frozen=True)
class Shard:
    """
    One part of a divided run.

    Attributes
    ----------
    number : int
        Which, from 1.
    of : int
        Of how many.
    """

    number: int
    of: int

    @property
    def name(self) -> str:
        """
        Name of its folder.

        >>> Shard(3, 40).name
        '3-of-40'
        """
        return f"{self.number}-of-{self.of}"

    def takes(self, stem: str) -> bool:
        """
        Tell whether a report belongs to this part.

        Parameters
        ----------
        stem : str
            Its path without an ending.

        Examples
        --------
        >>> [Shard(number, 3).takes("2024/371599/balance.zh") for number in (1, 2, 3)].count(True)
        1
        """
        return int.from_bytes(hashlib.sha256(stem.encode("utf-8")).digest()[:8], "big") % self.of == self.number - 1


def parse_shard(written: str | None) -> Shard | None:
    """
    Read ``3/40``.

    Raises
    ------
    PlanRefused
        If it is anything else, or there is no such part.

    Examples
    --------
    >>> parse_shard("3/40")
    Shard(number=3, of=40)
    """
    if written is None:
        return None
    match = _WRITTEN.fullmatch(written.strip())
    number, of = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= of <= MOST:
        raise PlanRefused(
            text(
                f"--shard 应写作 3/40（40 份中的第 3 份，从 1 起，最多 {MOST} 份），现为“{written}”",
                f"--shard is written 3/40 (the third of forty parts, from 1, at most {MOST}), not '{written}'",
            )
        )
    return Shard(number, of)


def shard_folders(output: Path) -> list[Path]:
    """Return the folders of the parts that have run in an output folder and were not taken over yet."""
    return sorted(
        path
        for path in (output / journal.SHARDS).glob("*-of-*")
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    )


def take_over(output: Path) -> None:
    """
    Copy the lines of all parts into the journal of the output folder, and remove the folders of the parts.

    At once, before this run writes lines of its own: the parts' older lines must not come to stand behind those. A kill
    in between loses nothing; the lines are then copied once more.

    Parameters
    ----------
    output : Path
        Output folder, held by this run alone.

    Raises
    ------
    OSError
        If the journal cannot be written.
    """
    records = [record for place in journal.places(output)[1:] for record in journal.read(place)]
    if records:
        journal.append(output, *records)
    shutil.rmtree(output / journal.SHARDS, ignore_errors=True)
