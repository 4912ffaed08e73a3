"""
Combined schools: sharing whole-school amounts out among the stages.

A nine-year school has one library for its primary and its junior students. The forms share such amounts out by
students times a weight of the stage (primary 1, junior 1.1, senior 1.32). The shares are kept as fractions beside the
amounts, so that nothing is rounded before the last step and the parts sum to the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard


def split_shares(schools: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Give every row the share of its school's whole amounts that belongs to its stage.

    Parameters
    ----------
    schools : DataFrame
        The school table; rows with ``shared_resources == "school"`` repeat the whole school's amounts. The rows of
        one school are those of the same year and school code; ``senior_students`` is read from any of them.
    standard : Standard
        Its ``stage_weights``.

    Returns
    -------
    DataFrame
        The same rows with ``share_numerator`` and ``share_denominator``, whole numbers [unitless]; 1 and 1 where
        there is nothing to share, NaN where a student count that the split needs is missing.

    Notes
    -----
    With A primary, B junior and C senior students: primary A/(A + 1.1B + 1.32C), junior 1.1B/(A + 1.1B +
    1.32C); with A = 0 this is B/(B + 1.2C), the rule for complete secondary schools.

    References
    ----------
    Notes of both application forms (教督〔2012〕3号, 教督〔2017〕6号). Worked example: 166 + 210 students and
    23,226 books give 9,711.63 and 13,514.37.
    """
    rows = len(schools)
    numerator, denominator = np.ones(rows), np.ones(rows)
    if standard.stage_weights is None or "shared_resources" not in schools:
        return schools.assign(share_numerator=numerator, share_denominator=denominator)
    weights, senior_weight = _whole_weights(standard)
    weighted = schools["students"].to_numpy(float) * schools["stage"].map(weights).to_numpy(float)
    shared = (schools["shared_resources"] == "school").to_numpy()
    by_school = schools.assign(_weighted=weighted).groupby(["year", "school_code"], sort=False)
    stages = by_school["_weighted"].transform("sum", skipna=False).to_numpy(float)
    total = stages + senior_weight * _senior_students(schools)
    numerator[shared], denominator[shared] = _reduced(weighted[shared], total[shared])
    return schools.assign(share_numerator=numerator, share_denominator=denominator)


def _whole_weights(standard: Standard) -> tuple[dict[str, int], int]:
    exact = standard.stage_weights.weights if standard.stage_weights else {}
    scale = 10 ** max((-int(weight.as_tuple().exponent) for weight in exact.values()), default=0)
    whole = {stage: int(weight * scale) for stage, weight in exact.items()}
    return whole, whole.get("senior", 0)


def _senior_students(schools: pd.DataFrame) -> np.ndarray:
    if "senior_students" not in schools:
        return np.zeros(len(schools))
    by_school = schools.groupby(["year", "school_code"], sort=False)
    return by_school["senior_students"].transform("max").fillna(0.0).to_numpy(float)


def _reduced(parts: np.ndarray, wholes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = (wholes > 0) & ~np.isnan(parts)
    divisors = np.full(len(parts), np.nan)
    divisors[known] = np.gcd(parts[known].astype(np.int64), wholes[known].astype(np.int64))
    return parts / divisors, wholes / divisors
