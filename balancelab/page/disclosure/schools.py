"""How schools are distributed, for pages that may not show them one by one: means of groups of schools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.naming import stages_present, words_or_nothing

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from balancelab.page import Page
    from balancelab.standards import Standard

MOST_GROUPS = 4  # quarters, where there are schools enough


def group_levels(values: ArrayLike, *, groups: int | None = None) -> list[float]:
    """
    Sort schools by a value, cut them into groups of nearly one size and return each group's mean.

    Parameters
    ----------
    values : array_like
        One value per school; missing ones are left out. [any unit]
    groups : int, optional
        How many groups; by default quarters, or fewer where a quarter would have too few schools.

    Returns
    -------
    list of float
        Means, lowest first; empty where there are too few schools for one group. No value of a single school is among
        them, which a quantile may be. [same unit]

    Examples
    --------
    >>> group_levels([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    [3.0, 8.0]
    >>> group_levels([1, 2, 3, 4])
    []
    """
    there = np.asarray(values, float)
    there = np.sort(there[~np.isnan(there)], kind="stable")
    most = number_of_groups(len(there))
    wanted = most if groups is None else min(groups, most)
    return [float(part.mean()) for part in np.array_split(there, wanted)] if wanted else []


def number_of_groups(n: int) -> int:
    """
    Return into how many groups so many schools are cut.

    >>> [number_of_groups(n) for n in (4, 9, 10, 19, 200)]
    [0, 1, 2, 3, 4]
    """
    return min(MOST_GROUPS, n // load_rules().least_schools)


def distribution_tables(page: Page, values: pd.DataFrame, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show how the schools of each stage are distributed over each indicator, and over their size.

    Parameters
    ----------
    page : Page
        Where the tables go, one for each stage.
    values : DataFrame
        ``school_code, stage, indicator, value``, one county and year; stages with too few schools left out before.
    schools : DataFrame
        The same schools, with ``stage`` and ``students``.
    standard : Standard
        Gives names, units and decimals.
    """
    import pandas as pd

    for stage in stages_present(values, standard):
        here = values[values["stage"] == stage]
        size = schools.loc[schools["stage"] == stage, "students"].to_numpy(float)
        columns = [
            ({"zh": "在校生", "en": "Students"}, {"zh": "人", "en": "persons"}, 0, size),
            *(
                (each.label, each.unit, each.decimals, here.loc[here["indicator"] == each.id, "value"].to_numpy(float))
                for each in standard.indicators
                if (here["indicator"] == each.id).any()
            ),
        ]
        possible = [number_of_groups(int((~np.isnan(found)).sum())) for _, _, _, found in columns]
        groups = min((n for n in possible if n), default=0)  # all rows of a table in as many groups
        if not groups:
            continue
        rows = [_row(page, label, unit, found, groups) for label, unit, _, found in columns]
        decimals = max(places for _, _, places, _ in columns)
        page.table(
            pd.DataFrame(rows),
            columns=[
                Column("name", zh="指标", en="Indicator"),
                Column("unit", zh="单位", en="Unit"),
                Column("n", zh="学校数", en="Schools", kind="number", decimals=0),
                *_group_columns(groups, decimals),
            ],
            caption_zh="{stage}各校分布：由低到高分组的平均值",
            caption_en="{stage}: how schools are distributed, means of groups from low to high",
            note_zh="各校按该行数值由低到高排列，等分为若干组（每组不少于 {least} 所），列出每组各校的简单平均。",
            note_en="Schools are sorted by the value of the row and cut into groups of nearly one size ({least} "
            "schools or more each); the plain mean of each group is given.",
            stage=page.word(standard.stages[stage]),
            least=load_rules().least_schools,
        )


def _row(page: Page, label: Any, unit: Any, values: np.ndarray, groups: int) -> dict[str, Any]:
    levels: Sequence[float | None] = group_levels(values, groups=groups) or [None] * groups
    n = int((~np.isnan(values)).sum())
    named = {f"group_{place}": level for place, level in enumerate(levels)}
    return {"name": page.word(label), "unit": words_or_nothing(page, unit), "n": n, **named}


def _group_columns(groups: int, decimals: int) -> list[Column]:
    words = {
        1: [("全部平均", "All")],
        2: [("较低一半", "Lower half"), ("较高一半", "Upper half")],
        3: [("最低三分之一", "Lowest third"), ("中间三分之一", "Middle third"), ("最高三分之一", "Highest third")],
        4: [("最低四分之一", "Lowest quarter"), ("次低", "Second"), ("次高", "Third"), ("最高四分之一", "Top quarter")],
    }[groups]
    return [
        Column(f"group_{place}", zh=zh, en=en, kind="number", decimals=decimals) for place, (zh, en) in enumerate(words)
    ]
