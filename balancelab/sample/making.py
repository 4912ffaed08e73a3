"""Counties one after another: the columns of each, and the table of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from balancelab.sample.amounts import (
    draw_classes,
    draw_groups,
    draw_guards,
    draw_resources,
    draw_teachers,
    draw_years,
)
from balancelab.sample.outcomes import draw_outcomes
from balancelab.sample.places import MAX_COUNTIES, place
from balancelab.sample.schools import Plan, Schools, draw_schools, make_plan
from balancelab.sample.settings import LOCATIONS, SCHOOL_TYPES, SITE, SPECIAL, STAGES, law, settings

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_SEED = 2017
SCHOOLS_PER_COUNTY = (6, 300)

COLUMNS = (
    "year",
    "county_code",
    "county",
    "township",
    "school_code",
    "school",
    "stage",
    "school_type",
    "location",
    "ownership",
    "shared_resources",
    "students",
    "senior_students",
    "migrant_students",
    "left_behind_students",
    "classes",
    "largest_class",
    "teachers",
    "teachers_above_qualification",
    "teachers_backbone",
    "teachers_arts_pe",
    "teachers_senior_title",
    "teaching_area_m2",
    "indoor_sports_area_m2",
    "sports_ground_area_m2",
    "equipment_value_yuan",
    "computers",
    "books",
    "multimedia_rooms",
    "mean_score",
    "proficiency_rate",
)


def make_sample(
    *, counties: int = 12, schools_per_county: int = 29, years: int = 5, seed: int = DEFAULT_SEED
) -> pd.DataFrame:
    """
    Make a synthetic school table in memory.

    Parameters
    ----------
    counties : int, optional
        1 to 4,000; the nation has 2,850. The first twelve play the roles of ``data/README.md``, from about 20 schools
        per county on.
    schools_per_county : int, optional
        6 to 300: the mean; a county has 0.85 to 1.15 times as many, and some that closed in earlier years.
    years : int, optional
        1 to 10, the last of them 2024.
    seed : int, optional
        Not negative. County k depends on the seed, k and `schools_per_county` alone.

    Returns
    -------
    DataFrame
        One row per year × school × stage, sorted by county, year, school and stage, with the columns of
        ``data/datapackage.json`` that `COLUMNS` lists. `senior_students` is missing for schools without a senior
        stage, the outcomes for those without an examination, and one county did not report some equipment.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> schools = make_sample(counties=1, schools_per_county=20, years=2, seed=7)
    >>> sorted(set(schools["year"])), schools["county_code"].unique().tolist()
    ([2023, 2024], ['371599'])
    """
    import pandas as pd

    frames = list(county_frames(counties=counties, schools_per_county=schools_per_county, years=years, seed=seed))
    return pd.concat(frames, ignore_index=True)


def county_frames(*, counties: int, schools_per_county: int, years: int, seed: int) -> Iterator[pd.DataFrame]:
    """Make the table county by county, in order of their codes; arguments as `make_sample`, checked at once."""
    _check("counties", counties, 1, MAX_COUNTIES)
    _check("schools_per_county", schools_per_county, *SCHOOLS_PER_COUNTY)
    _check("years", years, 1, settings()["horizon"])
    _check("seed", seed, 0, 2**63 - 1)
    return (_frame(draw_county(number, schools_per_county, years, seed)) for number in range(1, counties + 1))


def draw_county(number: int, schools_per_county: int, years: int, seed: int) -> dict[str, np.ndarray]:
    """
    Draw one county.

    Returns
    -------
    dict of str to ndarray, shape (n_rows,)
        `COLUMNS`, sorted by year, school and stage; missing numbers are NaN.
    """
    rng = np.random.default_rng([seed, number])
    county, plan = place(number), make_plan(number, rng)
    schools = draw_schools(county, plan, schools_per_county, rng)
    history = draw_years(schools, plan, rng)
    guards = draw_guards(plan, len(schools.kind), rng)
    columns = draw_resources(schools, history, plan, guards, rng)
    columns |= draw_teachers(schools, history, plan, guards, rng)
    columns |= draw_classes(schools, history, plan, rng)
    columns |= draw_groups(schools, history, rng)
    columns |= draw_outcomes(schools, history, plan, columns, rng)
    _leave_out(columns, schools, plan)
    calendar = settings()["last_year"] - history.back
    exists = (schools.first_year <= calendar[:, None]) & (calendar[:, None] <= schools.final_year)
    exists &= (history.back < years)[:, None]
    when, who, stage = np.nonzero(exists[:, :, None] & (history.students > 0))
    has_senior = schools.senior > 0
    identity = {
        "year": calendar[when],
        "county_code": np.full(len(who), county.code, dtype=object),
        "county": np.full(len(who), county.name, dtype=object),
        "township": schools.township[who],
        "school_code": schools.code[who],
        "school": schools.name[who],
        "stage": np.array(STAGES, dtype=object)[stage],
        "school_type": np.array(SCHOOL_TYPES, dtype=object)[schools.kind[who]],
        "location": np.array(LOCATIONS, dtype=object)[schools.location[who]],
        "ownership": schools.ownership[who],
        "shared_resources": np.where(schools.whole, "school", "stage").astype(object)[who],
        "students": history.students[when, who, stage],
        "senior_students": np.where(has_senior[who], history.senior[when, who], np.nan),
    }
    return identity | {name: columns[name][when, who, stage] for name in COLUMNS if name not in identity}


def _leave_out(columns: dict[str, np.ndarray], schools: Schools, plan: Plan) -> None:
    """Blank the equipment of the county that did not report it: some schools in scope, in the last year."""
    counted = (schools.final_year > settings()["last_year"]) & (schools.kind != SPECIAL)
    counted &= (schools.kind != SITE) | (schools.students[:, 0] >= law().smallest_site)
    silent = np.flatnonzero(counted)[: plan["missing"]]
    columns["equipment_value_yuan"][-1, silent] = np.nan


def _frame(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    import pandas as pd

    senior = {"senior_students": pd.array(columns["senior_students"], dtype="Int64")}
    return pd.DataFrame({name: (columns | senior)[name] for name in COLUMNS})


def _check(name: str, number: int, least: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"`{name}` must be a whole number, got {number!r}")
    if not least <= number <= most:
        raise ValueError(f"`{name}` must be between {least} and {most}, got {number}")
