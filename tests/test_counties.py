"""County measures: the vectorised table equals the single-county functions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.measures import weighted_cv, weighted_mean


def indicator_rows(seed: int, counties: int = 12, schools: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = counties * schools
    table = pd.DataFrame(
        {
            "year": 2024,
            "county_code": np.repeat([f"37{number:04d}" for number in range(counties)], schools),
            "school_code": [f"{number}" for number in range(n)],
            "stage": rng.choice(["primary", "junior"], n),
            "indicator": "books_per_student",
            "value": rng.lognormal(3, 0.4, n).round(3),
            "weight": rng.integers(40, 2500, n).astype(float),
        }
    )
    return table.sample(frac=1, random_state=seed)


def test_all_counties_at_once_equal_one_by_one():
    table = indicator_rows(7)
    measured = measure_counties(table).set_index(["county_code", "stage", "measure"])["value"]
    for (county, stage), rows in table.groupby(["county_code", "stage"]):
        assert measured[county, stage, "weighted_mean"] == pytest.approx(
            weighted_mean(rows["value"], rows["weight"]), rel=1e-12
        )
        assert measured[county, stage, "weighted_cv"] == pytest.approx(
            weighted_cv(rows["value"], rows["weight"]), rel=1e-12
        )


def test_row_order_changes_nothing_that_is_printed():
    table = indicator_rows(8)
    first = measure_counties(table)["value"].to_numpy()
    again = measure_counties(table.sample(frac=1, random_state=1))["value"].to_numpy()
    np.testing.assert_allclose(first, again, rtol=1e-12)


def test_missing_values_are_left_out_and_counted():
    table = indicator_rows(9, counties=1, schools=6).assign(stage="primary")
    table.iloc[0, table.columns.get_loc("value")] = np.nan
    row = measure_counties(table).iloc[0]
    assert (row["n_schools"], row["n_missing"]) == (5, 1)
    assert row["students"] + row["students_missing"] == table["weight"].sum()


def test_a_county_without_any_value_stays_in_the_table():
    table = indicator_rows(10, counties=2, schools=3).assign(stage="primary")
    table.loc[table["county_code"] == "370000", "value"] = np.nan
    measured = measure_counties(table, measures=["weighted_cv"]).set_index("county_code")
    assert measured.loc["370000", "n_schools"] == 0
    assert np.isnan(measured.loc["370000", "value"])


def test_an_unknown_measure_is_an_error():
    with pytest.raises(KeyError, match="weighted_vc"):
        measure_counties(indicator_rows(1), measures=["weighted_vc"])
