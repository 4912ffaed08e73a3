"""What the checklist of a standard is made of: items, settings, relaxations, the rubric, the blocks of the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from balancelab.definitions import Text

Comparison = Literal["at_least", "at_most", "above", "below", "yes", "no"]
"""How an item's value is compared; ``above`` and ``below`` are strict, ``yes`` and ``no`` are the answers required."""

KINDS = ("share", "rate", "ratio", "count", "amount", "level", "years", "yes_no")
EVIDENCE = ("computed", "number", "documentary")

Range = Mapping[str, Decimal]
"""Bounds of a condition: ``at_least``, ``at_most``, ``above``, ``below``, any of them."""


@dataclass(frozen=True)
class Condition:
    """
    Which schools a rule or a relaxation is for; everything given must hold.

    Attributes
    ----------
    among, not_among : mapping
        Column → labels that the school must, or must not, have.
    ranges : mapping
        Column, or ``"a / b"`` for a quotient of two columns → bounds.
    """

    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class DatedLimit:
    """A limit that another document sets from a year on."""

    from_year: int
    limit: Decimal
    clause: Text
    confidence: str = ""


@dataclass(frozen=True)
class Item:
    """
    A checklist item, or one part of an official item: a requirement on the county.

    Attributes
    ----------
    id : str
    official : str
        Number of the official item, such as ``"g11"``; parts of one official item share it.
    block : str
        Block of the evaluation: ``government``, ``quality``, ``recognition``, ``veto``, ``eligibility``.
    label, short, unit, clause : mapping
    comparison : str
        See :data:`Comparison`.
    limit : Decimal or None
        What the value is compared with [unit]; None for a yes or no.
    kind : str
        What the value is: ``share`` (0 to 1, printed in percent), ``rate`` (0 to 1, printed as a decimal), ``ratio``,
        ``count``, ``amount``, ``level``, ``years``, ``yes_no``.
    evidence : str
        ``computed`` (from the school table), ``number`` (from figures of the county) or ``documentary``.
    rule : str
        How the value is computed, see :data:`RULES`; empty where it can only be reported.
    columns, figures : mapping
        The rule's inputs in the school table and, failing that, in the county table.
    parameters : mapping
        Further numbers of law that the rule uses.
    schools : Condition
        Which schools the rule is about.
    informative : bool
        Judged and shown, but not part of the conclusion.
    may_not_apply : bool
        The county may report that the item does not apply to it.
    may_exceed_one : bool
        A share above 100 % is suspicious but not impossible.
    decimals : int
        Of the official form, for printing; of a share, in percent.
    dated : tuple of DatedLimit
        Limits of other years, used only where the setting ``dated_limits`` says so.
    open_point : mapping or None
        What the documents leave open about the item, for the report.
    authority, source : str
        Whose requirement it is, and the id of the file that it stands in.
    """

    id: str
    label: Text
    unit: Text
    clause: Text
    comparison: Comparison = "yes"
    limit: Decimal | None = None
    official: str = ""
    block: str = ""
    short: Text = field(default_factory=lambda: {"zh": "", "en": ""})
    kind: str = "yes_no"
    evidence: str = "documentary"
    rule: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    figures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: Mapping[str, Decimal] = field(default_factory=dict)
    schools: Condition = field(default_factory=Condition)
    informative: bool = False
    may_not_apply: bool = False
    may_exceed_one: bool = False
    decimals: int = 1
    dated: tuple[DatedLimit, ...] = ()
    open_point: Text | None = None
    confidence: str = ""
    authority: str = ""
    source: str = ""

    @property
    def at_least(self) -> Decimal | None:
        """The limit where the comparison is ``at_least``."""
        return self.limit if self.comparison == "at_least" else None

    @property
    def at_most(self) -> Decimal | None:
        """The limit where the comparison is ``at_most``."""
        return self.limit if self.comparison == "at_most" else None

    def limit_in(self, year: int, *, by_year: bool) -> Decimal | None:
        """Return the limit for a year: the document's own, or, if `by_year`, the latest dated one that has begun."""
        begun = [entry for entry in self.dated if by_year and entry.from_year <= year]
        return max(begun, key=lambda entry: entry.from_year).limit if begun else self.limit


@dataclass(frozen=True)
class Setting:
    """
    A point that the documents leave open, with the default that is used; reports print `open_point`.

    `choices` are the values allowed, each with its words; empty where the value is a number.
    """

    id: str
    value: str | Decimal | bool
    open_point: Text
    choices: Mapping[str, Text] = field(default_factory=dict)
    confidence: str = ""
    authority: str = ""
    source: str = ""


@dataclass(frozen=True)
class Relaxation:
    """
    A rule that is milder for some schools for some time.

    Either `indicator` and `add` are given (columns that may be counted in), or `items` and `parameters` (numbers that
    take the place of the items' own).
    """

    id: str
    label: Text
    when: Condition
    clause: Text
    indicator: str = ""
    add: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    parameters: Mapping[str, Decimal] = field(default_factory=dict)
    confidence: str = ""
    authority: str = ""
    source: str = ""


@dataclass(frozen=True)
class Rubric:
    """
    A score that decides a block: points for each official item, which the province sets.

    `points` is empty until the user gives them; then the score is not reported.
    """

    block: str
    total: Decimal
    at_least: Decimal
    clause: Text
    points: Mapping[str, Decimal] = field(default_factory=dict)
    confidence: str = ""
    authority: str = ""
    source: str = ""


@dataclass(frozen=True)
class Conclusion:
    """The blocks that a county must all meet, in the document's order."""

    blocks: Mapping[str, Text]
    clause: Text
    confidence: str = ""


@dataclass(frozen=True)
class RuleInputs:
    """
    What a rule needs: inputs (columns or figures), numbers of law, and settings of the standard.

    `county_inputs` are figures of the county that take the place of the parameter of the same name; `by_school` says
    that the rule judges school by school and so has no figures of its own in the county table.
    """

    inputs: tuple[str, ...] = ()
    optional_inputs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    county_inputs: tuple[str, ...] = ()
    by_school: bool = False


RULES: Mapping[str, RuleInputs] = {
    # of figures, or of columns summed over the schools
    "share": RuleInputs(inputs=("part", "whole")),
    "retention": RuleInputs(
        inputs=("graduates", "intake", "transfers_in", "transfers_out", "deaths"),
        settings=("retention_formula",),
    ),
    "years_since": RuleInputs(inputs=("year",)),
    "least_growth": RuleInputs(inputs=("series",), parameters=("years",)),
    "least_growth_gap": RuleInputs(inputs=("series", "benchmark"), parameters=("years",)),
    # school by school: the value counts what does not fulfil the rule
    "schools_over_size": RuleInputs(inputs=("students",), parameters=("most_students",), by_school=True),
    "classes_over_size": RuleInputs(inputs=("largest_class",), parameters=("most_students",), by_school=True),
    "schools_short_of_rooms": RuleInputs(
        inputs=("classes",),
        optional_inputs=("rooms", "room_areas", "other_rooms", "other_room_areas"),
        parameters=("classes_per_room", "least_area_m2", "other_least_area_m2"),
        settings=("special_rooms_counting",),
        by_school=True,
    ),
    "schools_below_share": RuleInputs(inputs=("part", "whole"), parameters=("least_share",), by_school=True),
    "small_schools_underfunded": RuleInputs(
        inputs=("funds", "students"),
        parameters=("students_below", "funded_as", "norm_primary_yuan", "norm_junior_yuan"),
        county_inputs=("norm_primary_yuan", "norm_junior_yuan"),
        by_school=True,
    ),
}
"""How items are computed; the functions are in :mod:`balancelab.items`, a test holds the two lists equal."""
