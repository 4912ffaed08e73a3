"""Against the requirement: who has enough, and what is missing in teachers, square metres, yuan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import KEY, SCHOOL, framed
from balancelab.verdicts import judge_schools

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard

_COLUMNS = [
    *KEY,
    "comparison",
    "limit",
    "n_schools",
    "students",
    "n_short",
    "n_not_reported",
    "students_meeting",
    "students_at_floor",
    "students_below_floor",
    "students_not_reported",
    "average_shortfall",
    "amount_missing",
]


def adequacy_shortfall(indicators: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Say for every requirement how many students go to a school that meets it, and what the others lack.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`, one area or many.
    standard : Standard
        Its ``requirements``; ``school_rule.floor_share`` divides those below into near and far.

    Returns
    -------
    DataFrame
        One row per year × county × stage × required indicator: ``year, county_code, stage, indicator, comparison,
        limit, n_schools`` (with or without a value), ``students, n_short, n_not_reported, students_meeting,
        students_at_floor`` (below the requirement, but not below the rule's share of it), ``students_below_floor,
        students_not_reported, average_shortfall`` (mean of what is missing as a share of the requirement, over students
        with a value: FGT of order 1 [unitless]), ``amount_missing`` [teachers, m², yuan …: what the schools lack
        together, each in whole pieces where the indicator counts them; NaN where the indicator is reported as a ratio
        and has no amount].

    Notes
    -----
    Verdicts are those of :func:`balancelab.verdicts.judge_schools`, so that this table and the balance report agree to
    the last school; ``average_shortfall`` equals :func:`balancelab.measures.fgt` for an "at least" requirement.
    """
    verdicts = judge_schools(indicators, standard)
    if verdicts.empty:
        return framed([], _COLUMNS)
    verdicts = verdicts.merge(indicators[[*SCHOOL, "indicator", "weight"]], on=[*SCHOOL, "indicator"], how="left")
    weights = np.nan_to_num(verdicts["weight"].to_numpy(float))
    met, above = verdicts["met"], verdicts["above_floor"]
    missing = met.isna().to_numpy()
    meeting = met.fillna(False).to_numpy(bool)
    near = above.fillna(False).to_numpy(bool) & ~meeting
    far = ~missing & ~meeting & ~near
    counted = verdicts[[*KEY, "comparison", "limit"]].assign(
        n_schools=1,
        students=weights,
        n_short=(near | far).astype(int),
        n_not_reported=missing.astype(int),
        students_meeting=weights * meeting,
        students_at_floor=weights * near,
        students_below_floor=weights * far,
        students_not_reported=weights * missing,
        average_shortfall=np.where(near | far, np.abs(verdicts["limit"] - verdicts["value"]) * weights, 0.0),
        amount_missing=verdicts["shortfall"].fillna(0.0),
    )
    sums = _COLUMNS[len(KEY) + 2 :]
    table = counted.groupby([*KEY, "comparison", "limit"], sort=False)[sums].sum().reset_index()
    asked = table["limit"] * (table["students"] - table["students_not_reported"])
    table["average_shortfall"] = (table["average_shortfall"] / asked).where(asked > 0)
    table["amount_missing"] = table["amount_missing"].mask(table["indicator"].isin(ratios(standard)))
    return table[_COLUMNS]


def ratios(standard: Standard) -> list[str]:
    """Return the indicators that a table can only give as a ratio: nobody knows the amount behind them."""
    return [each.id for each in standard.indicators if all(formula.rate is not None for formula in each.formulas)]
