"""Schools that move in a table of several years: out of it and back, or from one county to another."""

from __future__ import annotations

import pandas as pd

from balancelab.intake.findings import Faults, printable


def check_movements(schools: pd.DataFrame, faults: Faults) -> None:
    """
    Note schools that miss a year which their county has, and schools that are listed under another county later.

    A county whose schools all change its code together has changed its code, which is said elsewhere.

    Parameters
    ----------
    schools : DataFrame
        Rows of several years, with ``year``, ``county_code``, ``school_code`` and ``source_row``.
    faults : Faults
    """
    keys = ["school_code", "year", "county_code"]
    listed = schools.dropna(subset=keys).drop_duplicates(keys).sort_values(keys, kind="stable")
    of_county = listed.groupby("county_code")["year"].unique().map(lambda years: sorted(int(year) for year in years))
    # A school that is never absent and never moves needs no look: most are such.
    spans = listed.groupby("school_code")["year"].agg(["min", "max", "nunique"])
    at = listed.groupby("school_code")["county_code"]
    steady = (spans["max"] - spans["min"] + 1 == spans["nunique"]) & (at.min() == at.max())
    for code, rows in listed[~listed["school_code"].map(steady)].groupby("school_code", sort=True):
        counties, years = rows["county_code"].tolist(), [int(year) for year in rows["year"]]
        if len(set(counties)) == 1:
            _note_return(str(code), rows, of_county[counties[0]], faults)
        elif len(set(years)) == len(years):
            _note_moves(str(code), rows, of_county, faults)


def _note_return(code: str, rows: pd.DataFrame, years_of_county: list[int], faults: Faults) -> None:
    years = [int(year) for year in rows["year"]]
    absent = [year for year in years_of_county if years[0] < year < years[-1] and year not in years]
    if not absent:
        return
    back = rows[rows["year"] > absent[-1]].iloc[0]
    faults.add(
        "SCHOOL_RETURNS", row=int(back["source_row"]), column="school_code", raw=code, school=_name(back),
        before=max(year for year in years if year < absent[0]), year=int(back["year"]),
        absent=("、".join(map(str, absent)), ", ".join(map(str, absent))),
    )  # fmt: skip


def _note_moves(code: str, rows: pd.DataFrame, years_of: pd.Series, faults: Faults) -> None:
    before = rows.iloc[0]
    for _, row in rows.iloc[1:].iterrows():
        ended = years_of[before["county_code"]][-1] < row["year"] and years_of[row["county_code"]][0] > before["year"]
        if row["county_code"] != before["county_code"] and not ended:
            faults.add(
                "SCHOOL_MOVED", row=int(row["source_row"]), column="county_code", raw=code, school=_name(row),
                county=str(row["county_code"]), other=str(before["county_code"]), before=int(before["year"]),
                year=int(row["year"]),
            )  # fmt: skip
        before = row


def _name(row: pd.Series) -> str:
    return printable(str(row["school"])) if "school" in row else ""
