"""The files that people add to the school table: the county's own, and what its province sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.intake.findings import DataRefused, Finding

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard


@dataclass(frozen=True)
class Given:
    """
    What came with the school table.

    Attributes
    ----------
    standard : Standard
        With the province's requirements for schools and points, where they were given.
    county_items : DataFrame
        As from :func:`balancelab.intake.county_table.read_county_items`; empty where no file was given: everything is
        then not reported.
    findings : tuple of Finding
        Warnings about the files.
    survey : DataFrame
        ``group, topic, valid, satisfied``; empty where no survey was given.
    """

    standard: Standard
    county_items: pd.DataFrame
    findings: tuple[Finding, ...]
    survey: pd.DataFrame

    def for_county(self, county_code: str, year: int) -> Given:
        """
        Return the same with the survey's figures among the county's, in place of those that it reported itself.

        Parameters
        ----------
        county_code : str
            The county that the survey is about.
        year : int

        Returns
        -------
        Given
            With findings where the survey differs from the county table, asked too few people or too few parents.
        """
        import pandas as pd

        from balancelab.intake.county_faults import TableFaults
        from balancelab.items.survey import check_sample, survey_figures
        from balancelab.standards.figures import load_figures

        if self.survey.empty:
            return self
        figures = survey_figures(self.survey, year=year, county_code=county_code)
        items = self.county_items
        here = (items["county_code"] == county_code) & (items["year"] == year)
        reported = dict(zip(items["item"][here], items["value"][here], strict=True))
        faults = TableFaults("")
        for name, value in zip(figures["item"], figures["value"], strict=True):
            if reported.get(name, value) != value:
                label = load_figures()[name].label
                faults.add(
                    "SURVEY_RESTATED", county_code=county_code, label=(label["zh"], label["en"]),
                    raw=f"{reported[name]:g}", other=f"{value:g}",
                )  # fmt: skip
        population = reported.get("population_10k")
        sample = () if population is None else check_sample(self.survey, round(population * 10_000), self.standard)
        kept = items[~(here & items["item"].isin(figures["item"]))]
        merged = pd.concat([kept, figures], ignore_index=True) if len(kept) else figures
        return replace(self, county_items=merged, findings=(*self.findings, *faults.findings(), *sample))


def take_files(
    standard: Standard,
    *,
    items_file: str | Path = "",
    school_standard_file: str | Path = "",
    rubric_file: str | Path = "",
    survey_file: str | Path = "",
) -> Given:
    """
    Read what was given beside the school table.

    Parameters
    ----------
    standard : Standard
        The document judged by.
    items_file : str or Path, optional
        The county table: checklist items and figures.
    school_standard_file : str or Path, optional
        The province's standard for schools; see :func:`balancelab.items.provincial.read_school_standard`.
    rubric_file : str or Path, optional
        The province's points for government work; see :func:`balancelab.items.provincial.read_rubric`.
    survey_file : str or Path, optional
        The satisfaction survey of one county; see :func:`balancelab.items.survey_file.read_survey`.

    Returns
    -------
    Given

    Raises
    ------
    DataRefused
        With every error of every file at once.
    """
    import pandas as pd

    from balancelab.intake.county_table import read_county_items
    from balancelab.items.provincial import read_rubric, read_school_standard
    from balancelab.items.survey import COUNT_COLUMNS
    from balancelab.items.survey_file import read_survey

    findings: tuple[Finding, ...] = ()
    if school_standard_file:
        standard, found = read_school_standard(school_standard_file, standard)
        findings += found
    if rubric_file:
        standard, found = read_rubric(rubric_file, standard)
        findings += found
    survey = pd.DataFrame(columns=list(COUNT_COLUMNS))
    if survey_file:
        survey, found = read_survey(survey_file)
        findings += found
    county_items = _nothing_reported()
    if items_file:
        county_items, found = read_county_items(items_file, standard)
        findings += found
    return Given(standard, county_items, accepted(findings), survey)


def accepted(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings none of which is an error; refuse the others, all at once."""
    if any(finding.severity == "error" for finding in findings):
        raise DataRefused(findings)
    return findings


def _nothing_reported() -> pd.DataFrame:
    import pandas as pd

    from balancelab.intake.county_table import COLUMNS

    types = {"year": "int64", "value": "float64", "applies": "bool"}
    return pd.DataFrame(columns=list(COLUMNS)).astype(types)
