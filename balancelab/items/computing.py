"""
The values of a checklist: computed from the school table where it allows, from county figures, or as reported.

Values are exact fractions within bounds; what was not reported leaves the bounds apart and is never taken for passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from balancelab.items.class_sizes import class_bins
from balancelab.items.figure_rules import from_columns, from_figures
from balancelab.items.formulas import to_fraction
from balancelab.items.outcomes import NOTHING, Outcome
from balancelab.items.rubric import score
from balancelab.items.school_rules import SCHOOL_COLUMNS, apply_rule
from balancelab.items.selecting import columns_asked, columns_read, select_schools, whole_schools
from balancelab.standards.items import RULES

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Item, Standard

VALUE_COLUMNS = (
    "year", "county_code", "item", "value", "low", "high", "source", "n", "n_missing", "detail", "unreported",
    "reported", "evidence",
)  # fmt: skip
COUNTY_COLUMNS = ("year", "county_code", "item", "value", "evidence", "applies")


def compute_items(
    schools: pd.DataFrame,
    county_items: pd.DataFrame,
    standard: Standard,
    *,
    year: int,
    school_items: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Find the value of every item of a standard in every county.

    Parameters
    ----------
    schools : DataFrame
        The school table with whatever columns it has, all schools (not only those in scope); may be empty.
    county_items : DataFrame
        From :func:`balancelab.intake.county_table.read_county_items`: ``year, county_code, item, value, evidence`` and
        optionally ``applies`` (False where the county says that an item does not apply); may be empty.
    standard : Standard
        Its items, settings, relaxations and rubric.
    year : int
        The year judged; growth rules also read the years before from `county_items`.
    school_items : DataFrame, optional
        From :func:`judge_school_items` on the same tables, where it is at hand; made here without.

    Returns
    -------
    DataFrame
        One row per county × item (and one for the rubric's score, item ``"rubric_score"``), items in the standard's
        order: ``year, county_code, item, value, low, high, source, n, n_missing, detail, unreported, reported,
        evidence``. `value` is a float, NaN unless known exactly; `low` and `high` are its bounds as
        :class:`fractions.Fraction` or None. `source` is ``computed``, ``reported``, ``not_applicable`` or ``missing``.
        `n` schools, classes or figures were looked at, `n_missing` of them lack data; `detail` names schools that count
        against the item and `unreported` schools or figures without data (``;`` between them). `reported` is the
        county's own value where one was computed too.

    Notes
    -----
    A computed value comes first. Where schools left cells empty, the county's own value is taken if it lies within
    what the others allow. A school that may have to be counted against an item is so counted in one of the bounds.
    """
    import pandas as pd

    schools = schools[schools["year"] == year] if len(schools) else schools
    given = _Given(county_items, year)
    counties = sorted({*(schools["county_code"] if len(schools) else ()), *given.counties})
    rows: list[dict[str, Any]] = []
    if school_items is None and len(schools):
        school_items = judge_school_items(schools, standard, year=year, county_items=county_items)
    by_school = {item.id: _of_schools(schools, item, standard, school_items) for item in standard.items.values()}
    for county in counties:
        for item in standard.items.values():
            computed = by_school[item.id].get(county) or _of_figures(item, standard, given, county)
            rows.append(_row(year, county, item.id, computed, given, may_not_apply=item.may_not_apply))
        if standard.rubric is not None:
            rows.append(_row(year, county, "rubric_score", score(given.points(county, standard), standard), given))
    return pd.DataFrame(rows, columns=list(VALUE_COLUMNS)).astype({"n": int, "n_missing": int, "value": float})


def judge_school_items(
    schools: pd.DataFrame, standard: Standard, *, year: int, county_items: pd.DataFrame | None = None
) -> pd.DataFrame:
    """
    Judge the items that are judged school by school.

    Parameters
    ----------
    schools : DataFrame
        The school table.
    standard : Standard
        Its items with such a rule.
    year : int
    county_items : DataFrame, optional
        For figures of the county that a rule uses (the local public-funds norm).

    Returns
    -------
    DataFrame
        One row per school (per stage for class sizes) × item whose columns the table has: ``year, county_code,
        school_code, stage, item, value, limit, comparison, met, shortfall, against_low, against_high, units,
        relaxation``; see :func:`balancelab.items.school_rules.apply_rule`. `shortfall` is what is too
        much or too little: students of the school or of its largest class, rooms, yuan.
    """
    import pandas as pd

    schools = schools[schools["year"] == year]
    given = _Given(county_items, year)
    parts = [
        apply_rule(select_schools(schools, item, standard)[0], item, standard, given.any_figure)
        for item in standard.items.values()
        if item.rule in RULES and RULES[item.rule].by_school and _has_columns(schools, item)
    ]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCHOOL_COLUMNS))


class _Given:
    """What the counties reported, for look-up."""

    def __init__(self, county_items: pd.DataFrame | None, year: int) -> None:
        self.year = year
        self.values: dict[tuple[int, str, str], Fraction] = {}
        self.evidence: dict[tuple[str, str], str] = {}
        self.not_applicable: set[tuple[str, str]] = set()
        for row in [] if county_items is None else county_items.to_dict("records"):
            at, county, name = int(row["year"]), str(row["county_code"]), str(row["item"])
            if at == year and isinstance(row.get("evidence"), str):
                self.evidence[county, name] = row["evidence"]
            if at == year and row.get("applies") is not None and not row.get("applies", True):
                self.not_applicable.add((county, name))
            elif row["value"] is not None and row["value"] == row["value"]:
                self.values[at, county, name] = to_fraction(row["value"])

    @property
    def counties(self) -> set[str]:
        """Counties that reported anything for the year."""
        of_values = {county for at, county, _ in self.values if at == self.year}
        return of_values | {county for county, _ in self.not_applicable}

    def any_figure(self, year: int, county: str, name: str) -> Fraction | None:
        """Return a figure or reported value."""
        return self.values.get((year, county, name))

    def points(self, county: str, standard: Standard) -> dict[str, Fraction | None]:
        """Return the points awarded for each official item of the rubric."""
        names = standard.rubric.points if standard.rubric else {}
        return {name: self.any_figure(self.year, county, f"{name}_points") for name in names}


def _of_schools(
    schools: pd.DataFrame, item: Item, standard: Standard, school_items: pd.DataFrame | None
) -> dict[str, Outcome]:
    if item.rule not in RULES or school_items is None or not len(schools) or not _has_columns(schools, item):
        return {}
    chosen, unclear = select_schools(schools, item, standard)
    open_codes = {str(county): tuple(rows["school_code"]) for county, rows in unclear.groupby("county_code")}
    if RULES[item.rule].by_school:
        outcomes = _counted(school_items[school_items["item"] == item.id], schools)
        return {county: _could_be_more(outcome, open_codes.get(county, ())) for county, outcome in outcomes.items()}
    outcomes = {}
    read = [column for column in columns_read(item, standard) if column in chosen]
    for county, rows in whole_schools(chosen[read]).groupby("county_code", sort=False):
        outcome = from_columns(item, standard, rows)
        if outcome.n:
            outcomes[str(county)] = _unknown_with(outcome, open_codes.get(str(county), ()))
    return outcomes


def _could_be_more(outcome: Outcome, codes: tuple[str, ...]) -> Outcome:
    """A school of which the table does not say whether it is meant may count against the item too."""
    if not codes:
        return outcome
    unreported = (*outcome.unreported, *codes)
    return replace(outcome, high=None, n_missing=outcome.n_missing + len(codes), unreported=unreported)


def _unknown_with(outcome: Outcome, codes: tuple[str, ...]) -> Outcome:
    if not codes:
        return outcome
    unreported = (*outcome.unreported, *codes)
    return Outcome(None, None, outcome.n, outcome.n_missing + len(codes), outcome.against, unreported)


def _counted(judged: pd.DataFrame, schools: pd.DataFrame) -> dict[str, Outcome]:
    """Add up what counts against an item; a county whose table holds no school of the kind has none against it."""
    outcomes = {str(county): Outcome(Fraction(0), Fraction(0)) for county in schools["county_code"].unique()}
    for county, rows in judged.groupby("county_code", sort=False):
        against = rows["school_code"][rows["against_low"] > 0]
        unknown = rows["school_code"][rows["against_high"] > rows["against_low"]]
        outcomes[str(county)] = Outcome(
            Fraction(int(rows["against_low"].sum())),
            Fraction(int(rows["against_high"].sum())),
            int(rows["units"].sum()),
            len(unknown),
            tuple(dict.fromkeys(against)),
            tuple(dict.fromkeys(unknown)),
        )
    return outcomes


def _of_figures(item: Item, standard: Standard, given: _Given, county: str) -> Outcome:
    if not item.rule or not item.figures or RULES[item.rule].by_school:
        return NOTHING
    return from_figures(item, standard, lambda year, name: given.any_figure(year, county, name), given.year)


def _row(
    year: int, county: str, name: str, computed: Outcome, given: _Given, *, may_not_apply: bool = False
) -> dict[str, Any]:
    reported = given.values.get((year, county, name))
    outcome, source = computed, "computed"
    if may_not_apply and (county, name) in given.not_applicable and not computed.exact:
        outcome, source = NOTHING, "not_applicable"
    elif not computed.exact and reported is not None and computed.holds(reported):
        outcome, source = Outcome(reported, reported, max(computed.n, 1)), "reported"
    elif not computed.bounded:
        source = "missing"
    return {
        "year": year,
        "county_code": county,
        "item": name,
        "value": float(outcome.low) if outcome.exact and outcome.low is not None else float("nan"),
        "low": outcome.low,
        "high": outcome.high,
        "source": source,
        "n": outcome.n,
        "n_missing": outcome.n_missing,
        "detail": ";".join(outcome.against),
        "unreported": ";".join(outcome.unreported),
        "reported": float("nan") if reported is None else float(reported),
        "evidence": given.evidence.get((county, name), ""),
    }


def _has_columns(schools: pd.DataFrame, item: Item) -> bool:
    """Whether the table has what the rule needs; rooms and classes can each be given in two ways."""
    columns = set(schools.columns)
    if not columns_asked(item.schools) <= columns:
        return False
    if item.rule == "classes_over_size":
        return "largest_class" in columns or {entry.column for entry in class_bins()} <= columns
    if item.rule == "schools_short_of_rooms":
        return _known(item, ("classes",), columns) and (
            _known(item, ("rooms",), columns) or _known(item, ("room_areas",), columns)
        )
    return bool(item.columns) and _known(item, RULES[item.rule].inputs, columns)


def _known(item: Item, inputs: Iterable[str], columns: set[str]) -> bool:
    return all(column in columns for name in inputs for column in item.columns.get(name, ("",)))
