"""Every school's values where the standard asks nothing of single schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.blocks import SCHOOL_VALUES
from balancelab.page.columns import Column
from balancelab.page.naming import stages_present, value_column

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.page import Page
    from balancelab.standards import Standard


def value_table(page: Page, indicators: pd.DataFrame, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show every school's values, one table for each stage; nothing in public, or where `school_table` shows them.

    Parameters
    ----------
    page : Page
        Where the tables go.
    indicators, schools : DataFrame
        From ``compute_indicators``, and the county's schools in scope.
    standard : Standard
        Gives names, units and decimals.
    """
    if page.public or standard.requirements:
        return
    for stage in stages_present(indicators, standard):
        here = indicators[indicators["stage"] == stage]
        ids = [indicator for indicator in standard.indicators if (here["indicator"] == indicator.id).any()]
        table = schools.loc[schools["stage"] == stage, ["stage", "school_code", "school", "students"]]
        for indicator in ids:
            values = here[here["indicator"] == indicator.id].set_index("school_code")["value"]
            table = table.assign(**{indicator.id: table["school_code"].map(values)})
        page.table(
            table.sort_values(["school", "school_code"], kind="stable"),
            columns=[
                Column("school", zh="学校", en="School"),
                Column("students", zh="在校生", en="Students", kind="number", decimals=0),
                *(value_column(indicator) for indicator in ids),
            ],
            caption_zh="{stage}各校指标值",
            caption_en="{stage}: values of each school",
            about=SCHOOL_VALUES,
            keys=("stage", "school_code"),
            stage=page.word(standard.stages[stage]),
        )
