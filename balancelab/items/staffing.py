"""
Staffing: posts against quotas by area, and students per member of staff against the norm.

A county can have the right number of teachers in all and still too many in town and too few in the villages.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text

_LOCATIONS = {"urban", "town", "rural"}
AREAS = ("urban", "rural", "other", "total")
POST_COLUMNS = ("year", "county_code", "area", "quota", "actual", "difference")


@dataclass(frozen=True)
class StaffingNorm:
    """
    Students per member of staff that a document allows, from the fewest to the most; equal where it gives one number.

    Attributes
    ----------
    id : str
    label, clause : mapping
    scope : tuple of str
        Locations of schools that it is for.
    ratios : mapping
        Stage → (fewest, most) students per member of staff.
    """

    id: str
    label: Text
    scope: tuple[str, ...]
    ratios: dict[str, tuple[Decimal, Decimal]]
    clause: Text
    confidence: str
    open_point: Text | None = None


@cache
def staffing_norms() -> dict[str, StaffingNorm]:
    """
    Return the norms that come with the package, by id.

    >>> staffing_norms()["2014"].ratios["junior"][0]
    Decimal('13.5')
    """
    text = Path(__file__).with_name("staffing.toml").read_text(encoding="utf-8")
    return {entry["id"]: _norm(entry) for entry in tomllib.loads(text, parse_float=Decimal)["norm"]}


def posts_by_area(county_items: pd.DataFrame, *, year: int) -> pd.DataFrame:
    """
    Compare posts with quotas, town and village.

    Parameters
    ----------
    county_items : DataFrame
        The county table, with ``staff_quota_urban, staff_actual_urban, staff_quota_rural, staff_actual_rural`` and,
        for the whole, ``staff_quota, staff_actual``.
    year : int

    Returns
    -------
    DataFrame
        ``year, county_code, area, quota, actual, difference`` [persons]; `area` is ``urban``, ``rural``, ``other``
        (what the total holds beyond the two) and ``total``. `difference` is actual − quota, NaN where one is missing.
        Counties that reported neither are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> figures = {"staff_quota_urban": 1697, "staff_actual_urban": 1901, "staff_quota_rural": 1224}
    >>> figures |= {"staff_actual_rural": 926, "staff_quota": 3115, "staff_actual": 3021}
    >>> rows = [{"year": 2011, "county_code": "220303", "item": name, "value": n} for name, n in figures.items()]
    >>> posts_by_area(pd.DataFrame(rows), year=2011)["difference"].to_list()
    [204.0, -298.0, 0.0, -94.0]
    """
    import pandas as pd

    here = county_items[(county_items["year"] == year) & county_items["item"].str.startswith("staff_")]
    rows: list[dict[str, Any]] = []
    for county, part in here.groupby("county_code", sort=True):
        given = dict(zip(part["item"], part["value"].astype(float), strict=True))
        found = {area: _of_area(given, area) for area in AREAS}
        rows += [
            {"year": year, "county_code": county, "area": area, "quota": quota, "actual": actual}
            for area, (quota, actual) in found.items()
            if not (np.isnan(quota) and np.isnan(actual))
        ]
    table = pd.DataFrame(rows, columns=list(POST_COLUMNS[:-1])).astype({"quota": float, "actual": float})
    return table.assign(difference=table["actual"] - table["quota"])[list(POST_COLUMNS)]


def misplaced_posts(posts: pd.DataFrame) -> pd.DataFrame:
    """
    Say which counties have posts to spare in town while their villages are short.

    Parameters
    ----------
    posts : DataFrame
        From :func:`posts_by_area`.

    Returns
    -------
    DataFrame
        ``year, county_code, over_urban, short_rural, misplaced``: posts above quota in town and below it in villages
        [persons], and whether both are above 0 (missing where one is unknown).
    """
    import pandas as pd

    keys = ["year", "county_code"]
    wide = posts.pivot_table(index=keys, columns="area", values="difference", dropna=False, observed=True)
    wide = wide.reindex(columns=["urban", "rural"]).reset_index()
    over, short = wide["urban"], -wide["rural"]
    both = pd.Series((over > 0) & (short > 0), dtype="boolean").mask(over.isna() | short.isna())
    return wide[keys].assign(over_urban=over.clip(lower=0), short_rural=short.clip(lower=0), misplaced=both)


def posts_by_norm(schools: pd.DataFrame, norm: StaffingNorm) -> pd.DataFrame:
    """
    Compare staff with the posts that a norm allows for today's students.

    Parameters
    ----------
    schools : DataFrame
        The school table with ``staff`` and ``location``; ordinary schools.
    norm : StaffingNorm
        Rows outside its scope are left out; a norm for all locations also holds where none is given (``""``).

    Returns
    -------
    DataFrame
        One row per year × county × stage × location: ``year, county_code, stage, location, n_schools, students, staff,
        students_per_staff, most_students_per_staff, posts_needed, difference, n_missing``. `posts_needed` is what the
        norm's largest ratio demands at least [whole posts]; `difference` is staff − posts needed. Schools without a
        number of staff are left out and counted in `n_missing`.
    """
    import pandas as pd

    keys = ["year", "county_code", "stage", "location"]
    location = schools["location"].fillna("") if "location" in schools else pd.Series("", index=schools.index)
    schools = schools.assign(location=location)
    scope = {*norm.scope, ""} if set(norm.scope) == _LOCATIONS else set(norm.scope)
    inside = location.isin(scope) & schools["stage"].isin(list(norm.ratios))
    staff = schools["staff"] if "staff" in schools else pd.Series(np.nan, index=schools.index)
    rows = schools[inside].assign(staff=staff[inside], missing=staff[inside].isna().astype(int))
    there = rows["missing"] == 0
    rows = rows.assign(counted=there.astype(int), students=rows["students"].where(there, 0.0))
    table = rows.groupby(keys, sort=True)[["counted", "students", "staff", "missing"]].sum().reset_index()
    ratios = [norm.ratios[stage][1] for stage in table["stage"]]
    posts = [ceil(Fraction(n) / Fraction(ratio)) for n, ratio in zip(table["students"], ratios, strict=True)]
    needed = np.array(posts, dtype=float)
    return pd.DataFrame(table[keys]).assign(
        n_schools=table["counted"].astype(int),
        students=table["students"],
        staff=table["staff"],
        students_per_staff=table["students"] / table["staff"].where(table["staff"] > 0),
        most_students_per_staff=np.array(ratios, dtype=float),
        posts_needed=needed,
        difference=table["staff"] - needed,
        n_missing=table["missing"].astype(int),
    )


def _of_area(given: dict[str, float], area: str) -> tuple[float, float]:
    quota, actual = (
        {
            "urban": given.get(f"staff_{kind}_urban", np.nan),
            "rural": given.get(f"staff_{kind}_rural", np.nan),
            "total": given.get(f"staff_{kind}", np.nan),
        }
        for kind in ("quota", "actual")
    )
    if area != "other":
        return quota[area], actual[area]
    return tuple(each["total"] - each["urban"] - each["rural"] for each in (quota, actual))  # type: ignore[return-value]


def _norm(entry: dict[str, Any]) -> StaffingNorm:
    ratios = {}
    for stage in ("primary", "junior", "senior"):
        low, high = entry[stage] if isinstance(entry[stage], list) else (entry[stage], entry[stage])
        ratios[stage] = (Decimal(low), Decimal(high))
    return StaffingNorm(
        entry["id"], entry["label"], tuple(entry["scope"]), ratios, entry["clause"], entry["confidence"],
        entry.get("open_point"),
    )  # fmt: skip
