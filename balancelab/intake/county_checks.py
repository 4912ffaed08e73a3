"""Whether what a county reports fits together: parts and wholes, items and the figures that they are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from balancelab.intake.county_cells import Known, Value, percent_text
from balancelab.intake.county_faults import TableFaults
from balancelab.items.figure_rules import from_figures
from balancelab.items.formulas import net_enrolment_rate
from balancelab.standards.figures import load_figures
from balancelab.standards.items import RULES

if TYPE_CHECKING:
    from balancelab.standards import Item, Standard

Place = tuple[int, str]
"""(year, county code)."""

_AGREES = Fraction(5, 10_000)
"""A share printed with one decimal of a percent may lie so far from the quotient of its figures."""
_QUOTIENTS = ("share", "retention")


@dataclass(frozen=True)
class Entry:
    """One row that was read: what it is about, its value and where it stands."""

    place: Place
    known: Known
    value: Value
    evidence: str
    row: int
    raw: str


def check_wholes(entries: list[Entry], faults: TableFaults) -> set[int]:
    """Note parts that exceed their whole; return the rows of both."""
    wrong: set[int] = set()
    figures = load_figures()
    for (_, county), given in _by_place(entries).items():
        for name, entry in given.items():
            for whole in figures[name].within if name in figures else ():
                other = given.get(whole)
                if other is None or _number(entry) <= _number(other):
                    continue
                faults.add(
                    "ITEM_CONTRADICTION", row=entry.row, column="value", raw=entry.raw, county_code=county,
                    label=words_of(entry.known), whole=words_of(other.known), other=other.raw, first=other.row,
                )  # fmt: skip
                wrong |= {entry.row, other.row}
    return wrong


def check_items(entries: list[Entry], standard: Standard, faults: TableFaults) -> set[int]:
    """Compare items with the figures that they are computed from; return the rows that contradict each other."""
    wrong: set[int] = set()
    by_place = _by_place(entries)
    for place, given in by_place.items():
        _check_enrolment(given, place[1], faults)
        for item in standard.items.values():
            if item.rule in RULES and item.figures and not RULES[item.rule].by_school:
                wrong |= _Check(item, standard, by_place, place, faults).run()
        points = [entry for name, entry in given.items() if name.endswith("_points")]
        if points and standard.rubric is not None and not standard.rubric.points:
            faults.add("RUBRIC_NOT_GIVEN", row=points[0].row, column="value", county_code=place[1])
    return wrong


def _check_enrolment(given: Mapping[str, Entry], county: str, faults: TableFaults) -> None:
    """More children enrolled than live there is possible where the register lags: worth a word, no refusal."""
    enrolled, children = given.get("school_age_children_enrolled"), given.get("school_age_children")
    if enrolled is None or children is None or _number(children) == 0:
        return
    rate = net_enrolment_rate(int(_number(enrolled)), int(_number(children)))
    if rate > 1:
        label = ("适龄人口入学率", "Net enrolment rate")
        faults.add(
            "ITEM_ABOVE_ONE", row=enrolled.row, column="value", county_code=county, label=label,
            percent=percent_text(rate),
        )  # fmt: skip


def words_of(known: Known) -> tuple[str, str]:
    """Return a label as the pair that findings are filled with."""
    return known.label["zh"], known.label["en"]


@dataclass(frozen=True)
class _Check:
    """One item of one county: its figures against each other and against what was reported for the item itself."""

    item: Item
    standard: Standard
    by_place: Mapping[Place, Mapping[str, Entry]]
    place: Place
    faults: TableFaults

    def run(self) -> set[int]:
        outcome = from_figures(self.item, self.standard, self._figure, self.place[0])
        here = self.by_place[self.place]
        names = [name for part in self.item.figures.values() for name in part]
        rows = [here[name].row for name in names if name in here]
        if not outcome.exact or outcome.low is None:
            latest = max(year for year, county in self.by_place if county == self.place[1])
            # Earlier years are there for growth; nobody asks for everything else of them.
            if rows and self.item.rule in _QUOTIENTS and self.item.id not in here and self.place[0] == latest:
                self._note_incomplete(rows[0], outcome.unreported)
            return set()
        wrong = self._check_size(rows, outcome.low)
        self._compare(here.get(self.item.id), outcome.low)
        return wrong

    def _figure(self, year: int, name: str) -> Fraction | None:
        entry = self.by_place.get((year, self.place[1]), {}).get(name)
        return None if entry is None else entry.value.value

    def _note_incomplete(self, row: int, missing: tuple[str, ...]) -> None:
        if missing:
            labels = [load_figures()[name].label for name in missing]
            listed = "、".join(label["zh"] for label in labels), ", ".join(label["en"] for label in labels)
            self._add("ITEM_FIGURES_INCOMPLETE", row, missing=listed)

    def _check_size(self, rows: list[int], value: Fraction) -> set[int]:
        if self.item.kind != "share" or value <= 1 or self.item.rule not in _QUOTIENTS:
            return set()
        if self.item.may_exceed_one:
            self._add("ITEM_ABOVE_ONE", rows[0], percent=percent_text(value))
            return set()
        year, here = self.place[0], self.by_place[self.place]
        parts, (whole,) = self.item.figures["part"], self.item.figures["whole"]
        if len(parts) == 1:  # a single part that exceeds its whole has been noted already
            return set()
        total = sum((self._figure(year, name) or Fraction(0) for name in parts), Fraction(0))
        label = load_figures()[whole].label
        names = (label["zh"], label["en"])
        self._add("ITEM_PARTS_EXCEED", rows[0], raw=f"{float(total):g}", whole=names, other=here[whole].raw)
        return set(rows)

    def _compare(self, reported: Entry | None, value: Fraction) -> None:
        if reported is None or abs(_number(reported) - value) <= _AGREES * max(Fraction(1), abs(value)):
            return
        own, computed = (_shown(number, self.item.kind) for number in (_number(reported), value))
        self._add("ITEM_DISAGREES", reported.row, raw=reported.raw, percent=own, other=computed)

    def _add(self, code: str, row: int, *, raw: str = "", **words: str | tuple[str, str]) -> None:
        label = (self.item.label["zh"], self.item.label["en"])
        self.faults.add(code, row=row, column="value", raw=raw, county_code=self.place[1], label=label, **words)


def _shown(number: Fraction, kind: str) -> str:
    return percent_text(number) if kind == "share" else f"{float(number):g}"


def _number(entry: Entry) -> Fraction:
    return entry.value.value if entry.value.value is not None else Fraction(0)


def _by_place(entries: list[Entry]) -> dict[Place, dict[str, Entry]]:
    found: dict[Place, dict[str, Entry]] = {}
    for entry in entries:
        if entry.value.value is not None:
            found.setdefault(entry.place, {})[entry.known.id] = entry
    return found
