"""The unit of work: one report, of one kind, in one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from balancelab.definitions import Text

OVERVIEW = "overview"
"""Folder of the reports that are about all counties."""
INDEX = "index.html"
"""Name of the page over all reports."""


@dataclass(frozen=True)
class Unit:
    """
    One report to be made.

    Attributes
    ----------
    kind : str
        ``balance``, ``overview``, …: the notebook's name.
    language : str
        Language of the report.
    year : int
        Year of the data.
    county_code : str
        Code of the county, ``""`` for a report about all of them.
    county : str
        Its name, for messages only: a name never becomes a path.
    notebook : Path
        The notebook as shipped.
    parameters : mapping
        What the notebook gets; paths are relative to the run's work folder.
    origin : mapping
        ``standard``, ``data``, ``indicators``: what the report is made from. A report at the same place made from
        something else is not overwritten.
    standard_label : Text
        The standard's name for readers.
    synthetic : bool
        Whether the data say that they are invented.

    Examples
    --------
    >>> Unit("balance", "zh", 2024, "371599", "临江县", Path("balance.ipynb")).stem
    '2024/371599/balance.zh'
    """

    kind: str
    language: str
    year: int
    county_code: str
    county: str
    notebook: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    standard_label: Text = field(default_factory=dict)
    synthetic: bool = False

    @property
    def stem(self) -> str:
        """Path of the report below the output folder, without an ending; built from codes only."""
        return f"{self.year}/{self.county_code or OVERVIEW}/{self.kind}.{self.language}"

    @property
    def files(self) -> tuple[str, str]:
        """Paths of what is published: the page and the executed notebook."""
        return f"{self.stem}.html", f"{self.stem}.ipynb"


@dataclass(frozen=True)
class Plan:
    """
    What a run is to make.

    Attributes
    ----------
    units : tuple of Unit
        The reports.
    stage : callable
        Writes what the notebooks read into the work folder that it is given.
    left_out : tuple of Text
        Counties that get no report, each with the reason.
    """

    units: tuple[Unit, ...]
    stage: Callable[[Path], None]
    left_out: tuple[Text, ...] = ()
