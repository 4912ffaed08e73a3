"""What a standard is made of; each class is one table of the TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from balancelab.definitions import Text
from balancelab.indicators import Indicator
from balancelab.standards.items import Conclusion, Item, Relaxation, Rubric, Setting

Limits = Mapping[str, Decimal]
"""A limit per stage."""


@dataclass(frozen=True)
class Requirement:
    """
    What a school's indicator must reach, per stage; exactly one of `at_least` and `at_most` is given.

    `authority` and `source` say whose requirement it is and which file it stands in.
    """

    indicator: str
    clause: Text
    at_least: Limits | None = None
    at_most: Limits | None = None
    confidence: str = ""
    authority: str = ""
    source: str = ""

    @property
    def comparison(self) -> str:
        """``"at_least"`` or ``"at_most"``."""
        return "at_least" if self.at_least is not None else "at_most"

    @property
    def limits(self) -> Limits:
        """The limit per stage, whichever the comparison."""
        return (self.at_least if self.at_least is not None else self.at_most) or {}


@dataclass(frozen=True)
class SchoolRule:
    """A school qualifies that meets `min_met` requirements and reaches `floor_share` of each remaining one."""

    min_met: int
    floor_share: Decimal
    clause: Text
    confidence: str = ""
    authority: str = ""
    source: str = ""


@dataclass(frozen=True)
class CountyRule:
    """A limit on a county measure, for ``"each indicator"`` or for ``"their mean"``."""

    measure: str
    applies_to: str
    at_most: Limits
    clause: Text
    confidence: str = ""
    authority: str = ""
    source: str = ""


@dataclass(frozen=True)
class StageWeights:
    """How whole-school amounts of combined schools are shared out among the stages."""

    weights: Mapping[str, Decimal]
    splits: tuple[str, ...]
    clause: Text
    confidence: str = ""


@dataclass(frozen=True)
class Exclusion:
    """Schools that do not count: every condition given must hold."""

    id: str
    reason: Text
    school_type: tuple[str, ...] = ()
    ownership: tuple[str, ...] = ()
    students_below: int | None = None


@dataclass(frozen=True)
class Scope:
    """Which schools count."""

    clause: Text
    exclude: tuple[Exclusion, ...]
    confidence: str = ""


@dataclass(frozen=True)
class Display:
    """Decimals of the official forms, for printing only: verdicts are reached on unrounded values."""

    cv_decimals: int = 3
    mean_decimals: int = 2
    clause: Text = field(default_factory=lambda: {"zh": "", "en": ""})


@dataclass(frozen=True)
class Standard:
    """
    One document's requirements; a part that the document does not make is None or empty.

    Of a file of the user's own that extends a shipped document, `left_out` holds the indicators that it does not list
    (with what the document requires of them), and `relaxed` says which limits it lowers. A verdict that rests on
    fewer indicators than the document has is withheld.
    """

    id: str
    label: Text
    short: Text
    document: Text
    issued: str
    authority: str
    indicators: tuple[Indicator, ...]
    stages: Mapping[str, Text]
    requirements: Mapping[str, Requirement]
    school_rule: SchoolRule | None
    county_rule: CountyRule | None
    stage_weights: StageWeights | None
    scope: Scope
    items: Mapping[str, Item]
    display: Display
    terms: Mapping[str, Text]
    illustrative: bool
    extends: tuple[str, ...]
    path: Path
    settings: Mapping[str, Setting] = field(default_factory=dict)
    relaxations: Mapping[str, Relaxation] = field(default_factory=dict)
    rubric: Rubric | None = None
    conclusion: Conclusion | None = None
    left_out: Mapping[str, Requirement | None] = field(default_factory=dict)
    relaxed: tuple[Text, ...] = ()

    def columns_needed(self) -> dict[str, tuple[frozenset[str], ...]]:
        """Indicator id → alternative sets of columns; the school table must have one set of each."""
        return {indicator.id: indicator.columns_needed() for indicator in self.indicators}

    def splits(self) -> tuple[str, ...]:
        """Columns whose whole-school amounts are shared out among stages."""
        return self.stage_weights.splits if self.stage_weights else ()

    def n_required(self, stage: str) -> int:
        """Return how many requirements the file makes on a school of a stage."""
        return sum(stage in each.limits for each in self.requirements.values())

    def n_left_out(self, stage: str) -> int:
        """Return how many requirements on schools of a stage the file leaves out."""
        return sum(each is not None and stage in each.limits for each in self.left_out.values())

    def setting(self, name: str) -> str | Decimal | bool:
        """Return the value of an open point; raises KeyError where the standard has none of that name."""
        return self.settings[name].value

    def blocks(self) -> Mapping[str, Text]:
        """Return the blocks of the evaluation in the document's order."""
        return self.conclusion.blocks if self.conclusion else {}

    def _repr_html_(self) -> str:
        """Return the requirements as a table, for notebooks."""
        import pandas as pd

        rows = [
            {"requirement": name, **{stage: str(limit) for stage, limit in entry.limits.items()}, **entry.clause}
            for name, entry in self.requirements.items()
        ]
        if self.county_rule:
            limits = {stage: str(limit) for stage, limit in self.county_rule.at_most.items()}
            rows.append({"requirement": f"{self.county_rule.measure} ≤", **limits, **self.county_rule.clause})
        return pd.DataFrame(rows).set_index("requirement").fillna("").to_html()

    def term(self, name: str) -> Text:
        """Return the word that this document's readers use for a ``county`` (a country may say *district*)."""
        return self.terms.get(name) or _TERMS[name]


_TERMS: dict[str, Text] = {
    "county": {"zh": "县（市、区）", "en": "county"},
    "counties": {"zh": "县（市、区）", "en": "counties"},
    "school": {"zh": "学校", "en": "school"},
    "region": {"zh": "全省", "en": "province"},
}
