"""
Verdicts: comparing schools and counties with a standard.

Verdicts are exact: limits are compared on unrounded values, and where floats cannot tell, in whole-number arithmetic
on the quotients themselves. A verdict is true, false or missing (``<NA>``: something that decides it was not
reported).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from balancelab.measures import exact

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.indicators import Indicator
    from balancelab.standards import CountyRule, Requirement, Standard

COMPOSITE = "composite"
_CLOSE = 1e-9  # wider than any rounding of the floats compared, narrower than any difference of two reported figures
_SCHOOL = ["year", "county_code", "school_code", "stage"]
_COUNTY = ["year", "county_code", "stage"]


def judge_schools(indicators: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Compare every school's indicators with the standard's requirements.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`: the schools in scope.
    standard : Standard
        Its ``requirements`` and ``school_rule``.

    Returns
    -------
    DataFrame
        One row per school × stage × required indicator: ``year, county_code, school_code, stage, indicator, value,
        limit, comparison, met, above_floor, borderline, shortfall``. `met` and `above_floor` are true, false or
        missing (value not reported); `above_floor` says whether the value reaches the rule's share of the limit;
        `borderline` marks a verdict that rounding to the form's decimals would overturn; `shortfall` is what the
        school lacks [teachers, m², yuan …: what the indicator's amount is counted in], 0 where met; what comes in
        whole pieces (``counted_in``) is rounded up.

    Notes
    -----
    "At least" means ≥: 9 arts teachers for 1,000 students meet 0.9 per 100. A school that lacks 0.4 of a teacher lacks
    one; what many schools lack is the sum of these whole numbers.
    """
    import pandas as pd

    share = standard.school_rule.floor_share if standard.school_rule else Decimal(1)
    known = {indicator.id: indicator for indicator in standard.indicators}
    parts = []
    for (name, stage), rows in indicators.groupby(["indicator", "stage"], sort=False):
        requirement = standard.requirements.get(str(name))
        if requirement is None or stage not in requirement.limits:
            continue
        parts.append(_judged(rows, requirement, requirement.limits[str(stage)], share, known[str(name)]))
    columns = [*_SCHOOL, "indicator", "value", "limit", "comparison", "met", "above_floor", "borderline", "shortfall"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_index()[columns].reset_index(drop=True)


def qualify_schools(verdicts: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Say of every school whether it qualifies under the standard's school rule.

    Parameters
    ----------
    verdicts : DataFrame
        From :func:`judge_schools`.
    standard : Standard
        Its ``school_rule``; without one every requirement must be met.

    Returns
    -------
    DataFrame
        One row per school × stage: ``year, county_code, school_code, stage, n_required, n_met, n_missing,
        n_below_floor, qualified, borderline``. `qualified` is missing where a value that was not reported could
        decide it: of an indicator whose columns the table lacks, or that a file of the user's own leaves out of the
        document, no value was reported.
    """
    met, above = verdicts["met"], verdicts["above_floor"]
    counts = verdicts.assign(
        n_required=1,
        n_met=met.fillna(False).astype(int),
        n_missing=met.isna().astype(int),
        n_below_floor=(~above.fillna(True)).astype(int),
        borderline=verdicts["borderline"].astype(int),
    )
    sums = ["n_required", "n_met", "n_missing", "n_below_floor", "borderline"]
    schools = counts.groupby(_SCHOOL, sort=False)[sums].sum().reset_index()
    required = schools["stage"].map({stage: standard.n_required(stage) for stage in standard.stages}).astype(int)
    unreported = schools["n_missing"] + required - schools["n_required"]  # the table may lack whole columns
    schools = schools.assign(n_required=required, n_missing=unreported)
    left_out = schools["stage"].map({stage: standard.n_left_out(stage) for stage in standard.stages})
    unknown, needed = schools["n_missing"] + left_out, schools["n_required"] + left_out
    if standard.school_rule is not None:
        needed = needed.clip(upper=standard.school_rule.min_met)
    at_best = (schools["n_met"] + unknown >= needed) & (schools["n_below_floor"] == 0)
    qualified = at_best.astype("boolean").mask(at_best & (unknown > 0))
    return schools.assign(qualified=qualified, borderline=schools["borderline"] > 0)


def judge_counties(measures: pd.DataFrame, indicators: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Compare every county's coefficients of variation with the standard's limit.

    Parameters
    ----------
    measures : DataFrame
        From :func:`balancelab.counties.measure_counties`, with ``weighted_cv`` among them.
    indicators : DataFrame
        What the measures were computed from; read where a figure is so close to its limit that only exact arithmetic
        decides.
    standard : Standard
        Its ``county_rule``.

    Returns
    -------
    DataFrame
        One row per county × stage × indicator, and one more per county × stage for the mean of them (indicator
        ``"composite"``): ``year, county_code, stage, indicator, value, limit, met, borderline, reason, n_schools,
        n_missing``. `limit` is NaN where the rule does not judge that row; `reason` says why `met` is missing or why
        it is false without a value: ``one_school``, ``missing``, ``zero_mean``, ``no_schools``, or ``""``.

    Notes
    -----
    One school has a coefficient of 0, which says nothing about balance: such a row is not judged. The composite
    is the plain mean of unrounded coefficients.
    """
    import pandas as pd

    rule = standard.county_rule
    cv = measures.loc[measures["measure"] == "weighted_cv", [*_COUNTY, "indicator", "value", "n_schools", "n_missing"]]
    table = pd.concat([cv, _composites(cv, len(standard.indicators) + len(standard.left_out))], ignore_index=True)
    table["reason"] = _reasons(table)
    judged = (table["indicator"] == COMPOSITE) == (rule is not None and rule.applies_to == "their mean")
    limits = {} if rule is None else {stage: float(limit) for stage, limit in rule.at_most.items()}
    table["limit"] = table["stage"].map(limits).astype(float).where(judged)
    table["met"] = _county_met(table, indicators, rule)
    table["borderline"] = (
        _rounding_overturns(
            table["value"].to_numpy(float),
            table["limit"].to_numpy(float),
            table["met"].fillna(False).to_numpy(bool),
            standard.display.cv_decimals,
            at_least=False,
        )
        & table["met"].notna().to_numpy()
    )
    return table[[*_COUNTY, "indicator", "value", "limit", "met", "borderline", "reason", "n_schools", "n_missing"]]


def conclude_counties(schools: pd.DataFrame, counties: pd.DataFrame) -> pd.DataFrame:
    """
    Draw the conclusion of the resource block for every county.

    Parameters
    ----------
    schools : DataFrame
        From :func:`qualify_schools` (empty where the standard sets no requirement for schools).
    counties : DataFrame
        From :func:`judge_counties`.

    Returns
    -------
    DataFrame
        One row per year × county: ``year, county_code, n_schools, n_qualified, n_undetermined, schools_met, n_judged,
        n_cv_met, n_cv_open, cv_met, met`` (coefficients decided, within the limit, not decided). A part that the
        standard does not judge is missing and does not count; `met` is false if any part is false, else missing if
        any is missing, else true.
    """
    keys = ["year", "county_code"]
    judged = counties[counties["limit"].notna()]
    by_cv = judged.groupby(keys)["met"].agg(
        n_judged="count", n_cv_met="sum", n_cv_open=lambda part: part.isna().sum(), cv_met=all_of
    )
    if schools.empty:
        result = by_cv.assign(n_schools=0, n_qualified=0, n_undetermined=0, schools_met=None)
    else:
        by_school = schools.groupby(keys)["qualified"].agg(
            n_schools="size", n_qualified="sum", n_undetermined=lambda part: part.isna().sum(), schools_met=all_of
        )
        result = by_school.join(by_cv, how="outer")
    result = result.astype({"schools_met": "boolean", "cv_met": "boolean"})
    parts = ["cv_met"] if schools.empty else ["schools_met", "cv_met"]
    result["met"] = [all_of(row) for row in result[parts].itertuples(index=False)]
    names = [
        "n_schools",
        "n_qualified",
        "n_undetermined",
        "schools_met",
        "n_judged",
        "n_cv_met",
        "n_cv_open",
        "cv_met",
        "met",
    ]
    whole = ["n_schools", "n_qualified", "n_undetermined", "n_judged", "n_cv_met", "n_cv_open"]
    result[whole] = result[whole].fillna(0).astype(int)
    return result[names].astype({"met": "boolean"}).reset_index()


def all_of(verdicts: Iterable[object]) -> bool | None:
    """
    Return the verdict on a whole: false if any part is false, else missing if any part is missing, else true.

    >>> all_of([True, None, False]), all_of([True, None]), all_of([True, True])
    (False, None, True)
    """
    import pandas as pd

    missing = False
    for verdict in verdicts:
        if pd.isna(verdict):  # type: ignore[call-overload]
            missing = True
        elif not verdict:
            return False
    return None if missing else True


def meets(
    values: np.ndarray, numerators: np.ndarray, denominators: np.ndarray, limit: Decimal, *, at_least: bool
) -> np.ndarray:
    """
    Compare quotients with a limit, exactly.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        The quotients as floats; NaN where missing.
    numerators, denominators : ndarray, shape (n,)
        Whole numbers whose quotient `values` is.
    limit : Decimal
        The limit.
    at_least : bool
        True for ``quotient >= limit``, False for ``quotient <= limit``.

    Returns
    -------
    ndarray of bool
        False where missing.

    Examples
    --------
    >>> meets(np.array([9 / 1000 * 100]), np.array([900.0]), np.array([1000.0]), Decimal("0.9"), at_least=True)
    array([ True])
    """
    nearest_float = float(limit)
    with_floats = values >= nearest_float if at_least else values <= nearest_float
    over, under = limit.as_integer_ratio()
    for row in np.flatnonzero(np.abs(values - nearest_float) <= _CLOSE * max(nearest_float, 1.0)):
        left, right = int(numerators[row]) * under, over * int(denominators[row])
        with_floats[row] = left >= right if at_least else left <= right
    return with_floats


def _judged(
    rows: pd.DataFrame, requirement: Requirement, limit: Decimal, share: Decimal, indicator: Indicator
) -> pd.DataFrame:
    at_least = requirement.comparison == "at_least"
    values = rows["value"].to_numpy(float)
    quotients = (values, rows["numerator"].to_numpy(), rows["denominator"].to_numpy())
    missing = np.isnan(values)
    floor = limit * share if at_least else limit / share if share else limit
    met = meets(*quotients, limit, at_least=at_least)
    above = meets(*quotients, floor, at_least=at_least)
    limits = np.full(len(values), float(limit))
    lacking = np.where(met, 0.0, _lacking(rows, limit, indicator, at_least=at_least))
    return rows.assign(
        limit=float(limit),
        comparison=requirement.comparison,
        met=_three_valued(rows, met, missing),
        above_floor=_three_valued(rows, above, missing),
        borderline=_rounding_overturns(values, limits, met, indicator.decimals, at_least=at_least),
        shortfall=np.where(missing, np.nan, lacking),
    )


def _lacking(rows: pd.DataFrame, limit: Decimal, indicator: Indicator, *, at_least: bool) -> np.ndarray:
    """Amounts between value and limit, in whole pieces where the indicator counts them; meaningless where met."""
    values, weights = rows["value"].to_numpy(float), rows["weight"].to_numpy(float)
    amounts = (float(limit) - values if at_least else values - float(limit)) * weights / indicator.per
    if indicator.counted_in is None:
        return amounts
    whole = np.ceil(amounts)
    close = np.abs(amounts - np.rint(amounts)) <= _CLOSE * np.maximum(np.abs(amounts), 1.0)
    for row in np.flatnonzero(close & (amounts > -0.5)):  # whole, or not quite: floats cannot tell
        quotient = Fraction(int(rows["numerator"].iloc[row]), int(rows["denominator"].iloc[row]))
        apart = (Fraction(limit) - quotient) * Fraction(repr(float(weights[row]))) / indicator.per
        whole[row] = ceil(apart if at_least else -apart)
    return whole


def _three_valued(rows: pd.DataFrame, verdict: np.ndarray, missing: np.ndarray) -> pd.Series:
    import pandas as pd

    return pd.Series(verdict, index=rows.index, dtype="boolean").mask(missing)


def _rounding_overturns(
    values: np.ndarray, limits: np.ndarray, met: np.ndarray, decimals: int, *, at_least: bool
) -> np.ndarray:
    """Whether the value, rounded half to even once as GB/T 8170 has it, would get another verdict than `met`."""
    step = Decimal(1).scaleb(-decimals)
    overturned = np.zeros(len(values), dtype=bool)
    for row in np.flatnonzero(np.abs(values - limits) <= float(step)):
        rounded = Decimal(repr(float(values[row]))).quantize(step, ROUND_HALF_EVEN)
        limit = Decimal(repr(float(limits[row])))
        overturned[row] = (rounded >= limit if at_least else rounded <= limit) != met[row]
    return overturned


def _composites(cv: pd.DataFrame, n_indicators: int) -> pd.DataFrame:
    import pandas as pd

    grouped = cv.groupby(_COUNTY, sort=False)
    table = grouped.agg(
        value=("value", lambda values: values.mean(skipna=False)),
        n_schools=("n_schools", "max"),
        n_missing=("n_missing", "max"),
        n_rows=("value", "size"),
    ).reset_index()
    value = table["value"].where(table["n_rows"] == n_indicators)  # a mean of fewer indicators is another statistic
    missing = table["n_missing"].where(table["n_rows"] == n_indicators, table["n_missing"].clip(lower=1))
    return pd.DataFrame(table[_COUNTY]).assign(
        indicator=COMPOSITE, value=value, n_schools=table["n_schools"], n_missing=missing
    )


def _reasons(table: pd.DataFrame) -> np.ndarray:
    reasons = np.full(len(table), "", dtype=object)
    reasons[table["value"].isna().to_numpy()] = "zero_mean"
    reasons[(table["n_schools"] == 1).to_numpy()] = "one_school"
    reasons[(table["n_missing"] > 0).to_numpy()] = "missing"  # where others did not report, one is not all there are
    reasons[(table["n_schools"] == 0).to_numpy()] = "no_schools"
    return reasons


def _county_met(table: pd.DataFrame, indicators: pd.DataFrame, rule: CountyRule | None) -> pd.Series:
    import pandas as pd

    met = pd.Series(pd.NA, index=table.index, dtype="boolean")
    if rule is None:
        return met
    decided = table["limit"].notna() & ~table["reason"].isin(["missing", "one_school", "no_schools"])
    met[decided] = (table["value"] <= table["limit"])[decided]  # an undefined coefficient (mean 0) is not met
    close = decided & ((table["value"] - table["limit"]).abs() <= _CLOSE)
    for place in table.index[close]:
        met.loc[place] = _exactly_met(indicators, table.loc[place], rule)
    return met


def _exactly_met(indicators: pd.DataFrame, row: pd.Series, rule: CountyRule) -> bool:
    here = indicators[(indicators[_COUNTY] == row[_COUNTY]).all(axis=1)]
    here = here[here["value"].notna() & (here["weight"] > 0)]
    if row["indicator"] != COMPOSITE:
        here = here[here["indicator"] == row["indicator"]]
    samples = [_exact_sample(part) for _, part in here.groupby("indicator", sort=False)]
    return exact.mean_cv_at_most(samples, Fraction(rule.at_most[row["stage"]]))


def _exact_sample(rows: pd.DataFrame) -> tuple[list[Fraction], list[Fraction]]:
    values = [
        Fraction(int(over), int(under)) for over, under in zip(rows["numerator"], rows["denominator"], strict=True)
    ]
    return values, [Fraction(repr(float(weight))) for weight in rows["weight"]]
