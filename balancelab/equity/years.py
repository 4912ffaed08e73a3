"""Over the years: does the spread shrink, and do those behind catch up?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balancelab.equity.area import KEY, framed, in_order, named, usable
from balancelab.measures import BetaConvergence, SigmaConvergence, beta_convergence, sigma_convergence

if TYPE_CHECKING:
    import pandas as pd

_SERIES = ["county_code", "stage", "indicator"]
_SPREAD = [
    *KEY,
    "n_schools",
    "students",
    "weighted_mean",
    "weighted_cv",
    "unweighted_cv",
    "sd_of_logs",
    "unweighted_sd_of_logs",
]
_CONVERGENCE = [
    *_SERIES,
    "first_year",
    "last_year",
    "n_years",
    "first_cv",
    "last_cv",
    "sigma_slope",
    "n_matched",
    "n_unmatched",
    "beta",
    "std_error",
    "speed",
    "half_life",
]


def spread_over_years(indicators: pd.DataFrame) -> pd.DataFrame:
    """
    Spread among schools in every year (sigma convergence).

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`, all years.

    Returns
    -------
    DataFrame
        One row per county × stage × indicator × year: ``year, county_code, stage, indicator, n_schools, students,
        weighted_mean, weighted_cv, unweighted_cv, sd_of_logs, unweighted_sd_of_logs``. A series with fewer than two
        years has no row.
    """
    import pandas as pd

    tables = []
    for key, part in in_order(usable(indicators), _SERIES):
        sigma = _sigma(part)
        if sigma is not None:
            county_code, stage, indicator = key
            tables.append(sigma.by_year.assign(county_code=county_code, stage=stage, indicator=indicator))
    return pd.concat(tables, ignore_index=True)[_SPREAD] if tables else framed([], _SPREAD)


def converge_over_years(indicators: pd.DataFrame) -> pd.DataFrame:
    """
    Sigma and beta convergence from the first to the last year.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.equity.select_area`, all years.

    Returns
    -------
    DataFrame
        One row per county × stage × indicator with two years or more: ``county_code, stage, indicator, first_year,
        last_year, n_years, first_cv, last_cv, sigma_slope`` (change of the CV per year), ``n_matched`` (schools with a
        positive value in both years), ``n_unmatched`` (schools of either year that are not), ``beta`` (of yearly log
        growth on the initial log value, each school counting once; negative: those behind grow faster), ``std_error``
        (HC1), ``speed`` (per year), ``half_life`` (years; infinite where the gap does not close). The last four are NaN
        below three matched schools.

    Notes
    -----
    Never read beta without sigma: an error in the first year alone makes beta negative (Galton's caution, see
    :func:`balancelab.measures.beta_convergence`).
    """
    rows: list[dict[str, object]] = []
    for key, part in in_order(usable(indicators), _SERIES):
        sigma = _sigma(part)
        if sigma is None:
            continue
        years = sigma.by_year["year"]
        cv = sigma.by_year["weighted_cv"]
        row = named(_SERIES, key) | {
            "first_year": int(years.iloc[0]),
            "last_year": int(years.iloc[-1]),
            "n_years": len(years),
            "first_cv": cv.iloc[0],
            "last_cv": cv.iloc[-1],
            "sigma_slope": sigma.slope,
        }
        rows.append(row | _beta(part, int(years.iloc[0]), int(years.iloc[-1])))
    return framed(rows, _CONVERGENCE)


def _sigma(part: pd.DataFrame) -> SigmaConvergence | None:
    try:
        return sigma_convergence(part["value"], part["weight"], part["year"])
    except ValueError:  # one year only, or the measure is not defined in some year
        return None


def _beta(part: pd.DataFrame, first: int, last: int) -> dict[str, object]:
    both = _matched(part, first, last)
    in_either = part[part["year"].isin([first, last])]["school_code"].nunique()
    estimate = _beta_or_none(both, last - first)
    return {
        "n_matched": len(both),
        "n_unmatched": in_either - len(both),
        "beta": np.nan if estimate is None else estimate.slope,
        "std_error": np.nan if estimate is None else estimate.std_error,
        "speed": np.nan if estimate is None or estimate.speed is None else estimate.speed,
        "half_life": np.nan if estimate is None or estimate.half_life is None else estimate.half_life,
    }


def _matched(part: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return values of the first and last year of schools that have a positive value in both."""
    keys = ["member_code", "school_code"] if "member_code" in part else ["school_code"]
    ends = part[part["value"] > 0]
    start = ends[ends["year"] == first].set_index(keys)["value"]
    end = ends[ends["year"] == last].set_index(keys)["value"]
    return start.to_frame("initial").join(end.to_frame("final"), how="inner")


def _beta_or_none(both: pd.DataFrame, years: int) -> BetaConvergence | None:
    try:
        return beta_convergence(both["initial"], both["final"], years=years)
    except ValueError:  # fewer than three schools, or all start equal
        return None
