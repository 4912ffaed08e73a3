"""Small groups of people: which counts of a county, and which shares made of them, a public edition withholds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from balancelab.items.selecting import columns_asked, select_schools, whole_schools
from balancelab.page.disclosure import PUBLIC, check_audience
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.disclosure.suppression import Relation, suppress

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Item, Standard

_RETENTION = ("graduates", "grade7_intake", "transfers_in", "transfers_out", "student_deaths")


@dataclass(frozen=True)
class People:
    """
    What a public edition withholds of a county's counts of people.

    Attributes
    ----------
    figures : frozenset of str
        Counts (figures of the county table) that are not printed.
    items : frozenset of str
        Items of the checklist whose value would give a small count away.
    """

    figures: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()

    def of(self, items: pd.DataFrame) -> pd.DataFrame:
        """Return a table of items without those values and with the column ``withheld``; verdicts stay as they are."""
        if not self.items:
            return items
        hidden = items["item"].isin(self.items)
        shown = items.assign(withheld=hidden)
        for name in ("value", "reported"):
            shown[name] = shown[name].mask(hidden)
        for name in ("low", "high"):
            shown[name] = [None if gone else end for gone, end in zip(hidden, shown[name], strict=True)]
        return shown


def withhold_people(
    county_items: pd.DataFrame, schools: pd.DataFrame, items: pd.DataFrame, standard: Standard, *, audience: str
) -> People:
    """
    Choose the counts and shares of one county that are withheld.

    Parameters
    ----------
    county_items : DataFrame
        The county table of one county and year.
    schools : DataFrame
        Its school table.
    items : DataFrame
        From ``judge_items``: the shares that the report prints.
    standard : Standard
        Says what each share is made of.
    audience : {"internal", "public"}
        Whom the report is for.

    Returns
    -------
    People
        Nothing in an internal edition. In a public one the counts from 1 to the rule's least, every share with such a
        part or rest, and the further counts that these could be worked out from.
    """
    check_audience(audience)
    if audience != PUBLIC:
        return People()
    counts = county_counts(county_items, schools)
    shown = {str(name): float(value) for name, value in zip(items["item"], items["value"], strict=True)}
    hidden = {
        item.id
        for item in standard.items.values()
        if item.id in shown and item.rule == "share" and _betrays(*_part_and_whole(item, counts, schools, standard))
    }
    relations = [*_sums(counts), *_shares(counts, standard, set(shown) - hidden)]
    rated = [item.id for item in standard.items.values() if item.rule == "retention"]
    if any(not math.isnan(shown.get(name, math.nan)) for name in rated):
        relations += _retention(counts, standard)
    return People(_suppressed(counts, relations), frozenset(hidden))


def county_counts(county_items: pd.DataFrame, schools: pd.DataFrame) -> dict[str, float]:
    """
    Return a county's counts as its reports print them: its own figures, and of retention the sums over its schools.

    Parameters
    ----------
    county_items : DataFrame
        The county table of one county and year.
    schools : DataFrame
        Its school table; its columns of retention take the place of the county's own figures.

    Returns
    -------
    dict of str to float
        By figure; what nobody reported is left out.
    """
    given = dict(zip(county_items["item"], county_items["value"].astype(float), strict=True))
    junior = schools[(schools["stage"] == "junior") & ~schools["school_type"].isin(["special", "vocational"])]
    for name in _RETENTION:
        summed = float(junior[name].sum(skipna=False)) if name in junior and len(junior) else math.nan
        if not math.isnan(summed):
            given[name] = summed
    return {str(name): float(value) for name, value in given.items() if not math.isnan(value)}


def _betrays(part: float | None, whole: float | None) -> bool:
    """Whether a share is made of a small group, or leaves one over."""
    least = load_rules().least_people
    if part is None or whole is None:
        return False
    return any(0 < round(people, 6) < least for people in (part, whole, whole - part))


def _part_and_whole(
    item: Item, counts: Mapping[str, float], schools: pd.DataFrame, standard: Standard
) -> tuple[float | None, float | None]:
    """Return the people behind a share, None where it is not one of sensitive groups or they are not known."""
    rules = load_rules()
    in_schools = {name for names in item.columns.values() for name in names}
    of_county = {name for names in item.figures.values() for name in names}
    if in_schools & rules.columns and in_schools | columns_asked(item.schools) <= set(schools.columns):
        rows = whole_schools(select_schools(schools, item, standard)[0])
        sums = [float(rows[list(item.columns[end])].to_numpy(float).sum()) for end in ("part", "whole")]
        return sums[0], sums[1]
    if of_county & rules.figures and of_county <= set(counts):
        part, whole = (sum(counts[name] for name in item.figures[end]) for end in ("part", "whole"))
        return part, whole
    return None, None


def _sums(counts: Mapping[str, float]) -> list[Relation]:
    """Wholes and their parts; the part that no table prints is the rest."""
    return [
        {whole: 1.0, printed: -1.0, rest: -1.0}
        for whole, (printed, rest) in load_rules().sums.items()
        if counts.get(whole, -1.0) >= counts.get(printed, math.inf)
    ]


def _shares(counts: Mapping[str, float], standard: Standard, printed: Iterable[str]) -> list[Relation]:
    """What a printed share says of the counts that it is made of."""
    relations: list[Relation] = []
    for name in sorted(set(printed) & set(standard.items)):
        item = standard.items[name]
        names = {end: tuple(item.figures.get(end, ())) for end in ("part", "whole")}
        if item.rule != "share" or not {*names["part"], *names["whole"]} <= set(counts):
            continue
        part, whole = (sum(counts[each] for each in names[end]) for end in ("part", "whole"))
        if whole and {*names["part"], *names["whole"]} & load_rules().figures:
            relation = dict.fromkeys(names["part"], 1.0)
            relations.append({**relation, **{each: relation.get(each, 0.0) - part / whole for each in names["whole"]}})
    return relations


def _retention(counts: Mapping[str, float], standard: Standard) -> list[Relation]:
    """What the printed retention rate says of movers and deaths."""
    if not set(_RETENTION) <= set(counts):
        return []
    graduates, intake, came, left, died = (counts[name] for name in _RETENTION)
    adjusted = standard.setting("retention_formula") == "adjusted"
    over, under = (graduates - came + left, intake - died) if adjusted else (graduates, intake + came - left - died)
    if not under:
        return []
    rate = over / under
    moved = (-1.0, 1.0, rate) if adjusted else (-rate, rate, rate)
    return [dict(zip(_RETENTION, (1.0, -rate, *moved), strict=True))]


def _suppressed(counts: Mapping[str, float], relations: list[Relation]) -> frozenset[str]:
    rules = load_rules()
    values = dict(counts)
    unprinted = []
    for whole, (printed, rest) in rules.sums.items():
        if counts.get(whole, -1.0) >= counts.get(printed, math.inf):
            values[rest] = counts[whole] - counts[printed]
            unprinted.append(rest)
    people = {*rules.figures, *unprinted} & set(values)
    sensitive = [name for name in people if 0 < values[name] < rules.least_people]
    return suppress(values, relations, sensitive, unprinted=unprinted, least=rules.least_people)
