"""Which stages and indicators a public edition may describe, and the tables without the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from balancelab.page.disclosure import INTERNAL, check_audience
from balancelab.page.disclosure.rules import load_rules, too_few

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard

_STAGE = ["year", "county_code", "stage"]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Selection:
    """
    What of a table may be described.

    Attributes
    ----------
    public : bool
        Whether anything is withheld at all.
    small : mapping
        (year, county code, stage) → number of schools, of the stages with too few of them.
    withheld : frozenset
        (year, county code, stage, indicator) that too few schools reported, or that counts too few people.
    indicators : frozenset
        Ids of all indicators; what else stands in their column is made from all of them.
    counties : int
        How many counties there are.
    """

    public: bool
    small: Mapping[tuple[Any, ...], int]
    withheld: frozenset[tuple[Any, ...]]
    indicators: frozenset[str] = frozenset()
    counties: int = 0

    def of(self, table: T) -> T:
        """
        Return the rows that may be described.

        Parameters
        ----------
        table : DataFrame
            Any table with ``year, county_code, stage``, of schools or of counties; with ``indicator`` too, its rows
            are chosen one by one. The composite goes with the first of its indicators.

        Returns
        -------
        DataFrame
            The same table in an internal edition.
        """
        if not self.public or not len(table):  # type: ignore[arg-type]
            return table
        frame: Any = table
        stages = list(zip(*(frame[name] for name in _STAGE), strict=True))
        kept = np.array([stage not in self.small for stage in stages])
        if "indicator" in frame:
            gone = {key[:3] for key in self.withheld}
            kept &= np.array(
                [
                    (*stage, name) not in self.withheld and (name in self.indicators or stage not in gone)
                    for stage, name in zip(stages, frame["indicator"], strict=True)
                ]
            )
        if "measure" in frame:
            kept &= ~frame["measure"].isin(load_rules().of_single_schools).to_numpy()
        return frame[kept]

    def of_years(self, years: Mapping[int, T]) -> Mapping[int, T]:
        """Return the assessments of several years (``rectification.assess_years``), each without what is withheld."""
        return {year: self.of_year(one) for year, one in years.items()}

    def of_year(self, assessment: T) -> T:
        """Return one year's assessment with the measures and differences that may be described; the rest as it is."""
        if not self.public:
            return assessment
        one: Any = assessment
        return replace(one, measures=self.of(one.measures), differences=self.of(one.differences))

    def of_groups(self, table: T, members: pd.DataFrame, *, by: str) -> T:
        """
        Return the cases in which every group of schools may be described.

        Parameters
        ----------
        table : DataFrame
            Of groups: ``year, county_code, stage, indicator``.
        members : DataFrame
            The schools' indicators that it was made from, with the column `by`.
        by : str
            Column of the groups.

        Returns
        -------
        DataFrame
            The same table in an internal edition. With one group too small all of its case goes: the others would give
            it away.
        """
        frame: Any = table
        if not self.public or not len(frame) or by not in members:
            return table
        sizes = members[members["value"].notna() & (members["weight"] > 0)].groupby([*_STAGE, "indicator", by]).size()
        smallest = sizes[sizes > 0].groupby(level=[0, 1, 2, 3]).min()
        enough = set(smallest.index[(smallest >= load_rules().least_schools).to_numpy()])
        cases = zip(*(frame[name] for name in (*_STAGE, "indicator")), strict=True)
        return frame[np.array([case in enough for case in cases])]

    def of_members(self, means: T) -> T:
        """Return group means (``equity.group_means``) without the small groups, and without those that betray them."""
        frame: Any = means
        if not self.public or not len(frame):
            return means
        hidden = frame.groupby([*_STAGE, "indicator"])["n_schools"].transform(lambda n: too_few(list(n)))
        return frame[~hidden.to_numpy(bool)]

    def complete_stages(self, table: T, whole: pd.DataFrame) -> T:
        """Return the rows of the stages of which `table` holds all rows that `whole` has."""
        frame: Any = table
        if not self.public or not len(frame):
            return table
        there = frame.groupby("stage").size().reindex(frame["stage"]).to_numpy()
        needed = whole.groupby("stage").size().reindex(frame["stage"]).to_numpy()
        return frame[there == needed]

    def of_counties(self, table: T) -> T:
        """Return the rows, one for each county and case (``equity.rank_counties``), that describe enough schools."""
        frame: Any = table
        return frame[frame["n_schools"] >= load_rules().least_schools] if self.public and len(frame) else table

    def of_shortfalls(self, shortfall: T) -> T:
        """Return the requirements (``equity.adequacy_shortfall``) that no school, or enough schools, miss or meet."""
        frame: Any = shortfall
        if not self.public or not len(frame):
            return shortfall
        least = load_rules().least_schools
        met = frame["n_schools"] - frame["n_short"] - frame["n_not_reported"]
        kept = [~n.between(0, least, inclusive="neither") for n in (frame["n_short"], frame["n_not_reported"], met)]
        return frame[np.logical_and.reduce(kept)]


def select(indicators: pd.DataFrame, standard: Standard, *, audience: str) -> Selection:
    """
    Find out which stages and indicators may be described.

    Parameters
    ----------
    indicators : DataFrame
        From ``compute_indicators``, the schools in scope; of one county or many, one year or several.
    standard : Standard
        Gives the indicators' columns.
    audience : {"internal", "public"}
        Whom the report is for.

    Returns
    -------
    Selection
        Of an internal edition: everything.

    Raises
    ------
    ValueError
        If the audience is unknown.
    """
    check_audience(audience)
    if audience == INTERNAL:
        return Selection(False, {}, frozenset())
    rules = load_rules()
    n_schools = indicators.groupby(_STAGE)["school_code"].nunique()
    few_schools = n_schools[n_schools < rules.least_schools]
    small = {tuple(key): int(n) for key, n in zip(few_schools.index, few_schools, strict=True)}
    of_people = {
        each.id: each.per
        for each in standard.indicators
        if not each.invert and any(rules.columns & formula.columns for formula in each.formulas)
    }
    used = indicators[indicators["value"].notna() & (indicators["weight"] > 0)]
    per = used["indicator"].map(of_people).to_numpy(float)
    amounts = used.assign(amount=used["value"].to_numpy(float) * used["weight"].to_numpy(float) / per)
    found = amounts.groupby([*_STAGE, "indicator"]).agg(n=("school_code", "nunique"), amount=("amount", "sum"))
    small_group = (found["amount"] > 0) & (found["amount"] < rules.least_people)  # of an indicator of people only
    few = small_group | (found["n"] < rules.least_schools)
    known = frozenset(each.id for each in standard.indicators)
    return Selection(True, small, frozenset(found.index[few.to_numpy()]), known, indicators["county_code"].nunique())


def edition_note(page: Page, selection: Selection, standard: Standard, *, year: int) -> None:
    """
    Say at the head of a public edition what it leaves out; nothing in an internal one.

    Parameters
    ----------
    page : Page
        Where it is said.
    selection : Selection
        What is left out of the report's schools.
    standard : Standard
        Gives the names of the stages and of the county.
    year : int
        The report's year.
    """
    if not selection.public:
        return
    rules = load_rules()
    page.note(
        zh="公开版：不列单所学校，各校数据以分组平均代替（每组不少于 {schools} 所）；描述不足 {schools} 所学校的数值、"
        "1 至 {people} 人的敏感群体人数，以及为防止由其他数字推算而一并隐去的数字，均不公布（表中为“—”）。",
        en="Public edition: no school is shown by itself; groups of {schools} schools or more stand for them. Numbers "
        "that describe fewer schools, counts of 1 to {people} people in sensitive groups, and what would give these "
        "away are withheld (a dash in tables).",
        schools=rules.least_schools,
        people=rules.least_people - 1,
    )
    small = {key: n for key, n in selection.small.items() if key[0] == year}
    counties = {key[1] for key in small}
    if counties and selection.counties == 1:
        between = page.word({"zh": "、", "en": ", "})
        named = {page.word(standard.stages[key[2]]): n for key, n in small.items() if key[2] in standard.stages}
        listed = (page.word({"zh": f"{stage} {n} 所", "en": f"{stage} {n}"}) for stage, n in named.items())
        page.say(
            zh="以下学段学校不足 {least} 所，只公布学校数：{listed}。",
            en="Stages with fewer than {least} schools, of which only the number is given: {listed}.",
            least=rules.least_schools,
            listed=between.join(listed),
        )
    elif counties:
        page.say(
            zh="有 {n} 个{county}的某一学段学校不足 {least} 所，该学段的数值不公布。",
            en="In {n} places ({county}) a stage has fewer than {least} schools; its values are withheld.",
            n=len(counties),
            county=page.word(standard.term("county")),
            least=rules.least_schools,
        )


def withheld_cases(page: Page, shown: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Say of how many requirements nothing is said, because few schools miss or meet them; nothing where it is none."""
    n = len(whole) - len(shown)
    if n:
        page.say(
            zh="另有 {n} 项要求，未达到或达到的学校不足 {least} 所，其学生比例和缺口不公布，以下不含这些项。",
            en="Of {n} further requirements fewer than {least} schools miss them, or meet them; shares of students and "
            "shortfalls are withheld, and what follows leaves them out.",
            n=n,
            least=load_rules().least_schools,
        )
