"""What a report is about below the county, and the files that people add to the school table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.definitions import nearest
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.given import require_files

if TYPE_CHECKING:
    import pandas as pd

SCHOOL = "school_code"
"""Parameter of a notebook that is about one school; a list with commas asks for several."""
_FILE = "_file"
_UNSAFE = re.compile(r"[^0-9A-Za-z]")


def added_files(settings: Mapping[str, object], taken: Iterable[str]) -> dict[str, Path]:
    """
    Return the files among further parameters: names that end in ``_file`` and are not the command's own.

    Parameters
    ----------
    settings : mapping
        From `balancelab.reports.plan.check_settings`.
    taken : iterable of str
        Parameters that the command fills.

    Returns
    -------
    dict of str to Path
        Parameter without ``_file`` → file; empty values are left out.

    Raises
    ------
    PlanRefused
        Naming every file that is not there.
    """
    own = set(taken)
    files = {
        name.removesuffix(_FILE): Path(str(value))
        for name, value in settings.items()
        if name.endswith(_FILE) and name not in own and value
    }
    require_files(files.values())
    return files


def choose_schools(schools: pd.DataFrame, asked: object, counties: Iterable[str]) -> list[tuple[str, str]]:
    """
    List the schools to report on.

    Parameters
    ----------
    schools : DataFrame
        The table of the year, with ``in_scope``.
    asked : object
        Codes with commas between them; empty for every school in scope.
    counties : iterable of str
        Counties chosen.

    Returns
    -------
    list of (str, str)
        County code and school code, by county and school.

    Raises
    ------
    PlanRefused
        Naming every code that the counties do not have, with the nearest.
    """
    here = schools[schools["county_code"].isin(list(counties))]
    codes = [code.strip() for code in str(asked or "").split(",") if code.strip()]
    known = set(here["school_code"])
    faults = []
    for code in codes:
        if code not in known:
            zh, en = nearest(code, known)
            faults.append(text(f"所选县（区）没有学校“{code}”{zh}", f"the counties chosen have no school '{code}'{en}"))
    if faults:
        raise PlanRefused(*faults)
    chosen = here[here["school_code"].isin(codes)] if codes else here[here["in_scope"]]
    pairs = chosen[["county_code", "school_code"]].drop_duplicates()
    return sorted((str(county), str(school)) for county, school in pairs.itertuples(index=False))


def path_of_code(code: str) -> str:
    """
    Return a school code as part of a file name: letters and digits, everything else as ``_`` and its number.

    >>> path_of_code("2137000001"), path_of_code("A/7")
    ('2137000001', 'A_2f_7')
    """
    return _UNSAFE.sub(lambda found: f"_{ord(found.group()):x}_", code)
