"""The unit of work: one report, of one kind, in one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from balancelab.definitions import Text
from balancelab.page.disclosure import INTERNAL, PUBLIC
from balancelab.reports.targets import path_of_code

OVERVIEW = "overview"
"""Folder of the reports that are about all counties."""
DEFAULT_FORMATS = ("html", "json")
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
        ``standard``, ``data``, ``indicators``, ``added`` (files that came with the table): what the report is made
        from. A report at the same place made from something else is not overwritten.
    standard_label : Text
        The standard's name for readers.
    synthetic : bool
        Whether the data say that they are invented.
    formats : tuple of str
        Formats to be written (`balancelab.reports.formats.FORMATS`); the executed notebook is always kept.
    word_template : str
        A bureau's own Word document to be filled, ``""`` for the plain one.
    school_code : str
        Code of the school, ``""`` for a report about a county or all of them.
    inputs : mapping
        Digests of the rows and of the files that the notebook reads; see `balancelab.reports.resume`.
    audience : str
        ``internal`` or ``public``; a public report bears the word in its name and never overwrites an internal one.

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
    formats: tuple[str, ...] = DEFAULT_FORMATS
    word_template: str = ""
    school_code: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    audience: str = INTERNAL

    @property
    def stem(self) -> str:
        """Path of the report below the output folder, without an ending; built from codes only."""
        name = f"{self.kind}-{path_of_code(self.school_code)}" if self.school_code else self.kind
        edition = f".{PUBLIC}" if self.audience == PUBLIC else ""
        return f"{self.year}/{self.county_code or OVERVIEW}/{name}{edition}.{self.language}"

    @property
    def notebook_file(self) -> str:
        """Path of the executed notebook."""
        return f"{self.stem}.ipynb"

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of everything that is published: each format, and the executed notebook."""
        from balancelab.reports.formats import FORMATS

        return (*(self.stem + FORMATS[name].suffix for name in self.formats), self.notebook_file)

    @property
    def word(self) -> dict[str, object]:
        """What a Word template is filled with."""
        if not self.word_template:
            return {}
        facts = {"county": self.county, "county_code": self.county_code, "year": self.year}
        return {"template": self.word_template, "facts": {**facts, "standard": self.standard_label.get("zh", "")}}


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
    known : frozenset of str
        Codes of all counties of the table.
    """

    units: tuple[Unit, ...]
    stage: Callable[[Path], None]
    left_out: tuple[Text, ...] = ()
    known: frozenset[str] = frozenset()

    def in_formats(self, formats: Sequence[str], word_template: str = "") -> Plan:
        """Return the same plan with its reports in `formats`, Word filled into `word_template` if one is given."""
        units = (replace(unit, formats=tuple(formats), word_template=word_template) for unit in self.units)
        return replace(self, units=tuple(units))
