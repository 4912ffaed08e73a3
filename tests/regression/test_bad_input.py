"""Every line of "Bad input" gets its own message, in both languages, and nothing is answered quietly wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from balancelab.regression import (
    Fit,
    InvalidModel,
    first_differences,
    fit,
    fractional_fit,
    holm,
    instrument_fit,
    mundlak,
    oaxaca_blinder,
    publication_table,
    quantile_fit,
    random_effects,
    random_intercept,
    shapley_r2,
    specification_curve,
    spline_fit,
    variance_shares,
    wild_cluster_test,
)


@pytest.fixture
def schools() -> pd.DataFrame:
    random = np.random.default_rng(2)
    table = pd.DataFrame({"school": [f"S{i}" for i in range(24)], "county": np.repeat(list("abcdef"), 4)})
    table["teachers"] = random.normal(5, 1, 24)
    table["books"] = random.normal(30, 5, 24)
    table["students"] = random.integers(100, 900, 24)
    table["score"] = 50 + 3 * table["teachers"] + random.normal(size=24)
    return table


def refused(call: Callable[[], Any], *mentions: str) -> InvalidModel:
    with pytest.raises(InvalidModel) as caught:
        call()
    error = caught.value
    for fault in error.faults:
        assert fault["zh"]
        assert fault["en"]
        assert fault["zh"] != fault["en"]
    for mention in mentions:
        assert mention in str(error), f"{mention!r} not in {error}"
    assert isinstance(error, ValueError)
    return error


def test_unknown_columns_name_the_nearest_all_at_once(schools: pd.DataFrame) -> None:
    error = refused(lambda: fit("score ~ techers + boks", schools), "did you mean 'teachers'", "did you mean 'books'")
    assert len(error.faults) == 2
    refused(lambda: fit("scores ~ teachers", schools), "'score'")
    refused(lambda: fit("score ~ log(techers)", schools), "'teachers'")
    refused(lambda: fit("score ~ teachers", schools, weights="student"), "'students'")
    refused(lambda: fit("score ~ teachers", schools, effects="country"), "'county'")
    refused(lambda: fit("score ~ teachers", schools, cluster="counties"), "'county'")


@pytest.mark.parametrize(
    "formula",
    [
        "score ~ __import__('os').system('true')",
        "score ~ I(teachers.__class__)",
        "score ~ {[x for x in (1,)][0]}",
        "score ~ np.load('x')",
        "score ~ (lambda: teachers)()",
        "score ~ open('x')",
        "score ~ I(9**9**9**9)",
        "score ~ I(teachers << 99)",
        "score ~ log.__globals__",
        "score ~ contr.treatment.__init__(1)",
    ],
)
def test_formulas_hold_no_python(formula: str, schools: pd.DataFrame) -> None:
    refused(lambda: fit(formula, schools))


@pytest.mark.parametrize(
    ("formula", "mention"),
    [
        ("score", "outcome ~ regressor"),
        ("~ teachers", "outcome ~ regressor"),
        ("score ~ teachers | county", "effects"),
        ("score + books ~ teachers", "exactly one outcome"),
        ("score ~ teachers +* books", "cannot be read"),
        ("score ~ 0", "nothing on its right-hand side"),
        ("county ~ teachers", "must be a number"),
    ],
)
def test_formulas_that_say_nothing(formula: str, mention: str, schools: pd.DataFrame) -> None:
    refused(lambda: fit(formula, schools), mention)


def test_constant_and_collinear_regressors_are_named(schools: pd.DataFrame) -> None:
    """Catalogue K09."""
    schools["one"] = 7
    schools["double"] = 2 * schools["teachers"] + 1
    schools["sum"] = schools["teachers"] + schools["books"]
    refused(lambda: fit("score ~ teachers + one", schools), "Constant in all 24 rows", "one")
    refused(lambda: fit("score ~ teachers + double", schools), "linear combination", "double", "teachers")
    error = refused(lambda: fit("score ~ teachers + books + sum", schools), "linear combination")
    assert all(name in str(error) for name in ("teachers", "books", "sum"))
    refused(lambda: fit("score ~ teachers + C(county) - 1 + one", schools), "linear combination", "one")
    refused(lambda: fit("score ~ teachers + double", schools, effects="county"), "linear combination")
    schools["county_level"] = schools["county"].map(ord)
    refused(lambda: fit("score ~ teachers + county_level", schools, effects="county"), "constant within the effects")


def test_nearly_collinear_is_refused_or_its_digits_stated(schools: pd.DataFrame) -> None:
    """Catalogue K10."""
    schools["near"] = schools["teachers"] * (1 + 1e-13 * np.arange(24))
    refused(lambda: fit("score ~ teachers + near", schools), "near")
    schools["near"] = schools["teachers"] + 1e-8 * np.arange(24) % 3e-8
    found = fit("score ~ teachers + near", schools)
    assert found.digits < 9
    assert any("condition number" in note["en"] for note in found.notes)


def test_fewer_rows_than_parameters(schools: pd.DataFrame) -> None:
    """Catalogue K09."""
    refused(lambda: fit("score ~ teachers + books", schools.head(3)), "Only 3 complete rows (0 were dropped) for 3")
    schools.loc[4:, "books"] = np.nan
    refused(lambda: fit("score ~ teachers + books + students", schools), "(20 were dropped)")
    refused(lambda: fit("score ~ teachers", schools.head(6), effects="school"), "7 parameters")


def test_nothing_beside_the_effects(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ 1", schools, effects="county"), "nothing on its right-hand side")


def test_one_cluster(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools.assign(county="a"), cluster="county"), "one single cluster")
    refused(lambda: quantile_fit("score ~ teachers", schools.assign(county="a"), cluster="county"), "single cluster")
    refused(lambda: fractional_fit("I(score/100) ~ teachers", schools.assign(c=1), cluster="c"), "single cluster")


def test_clusters_that_fit_the_effects_the_wrong_way(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools, effects="county", cluster="school"), "wrong way round")
    years = pd.concat([schools.assign(year=year) for year in (1, 2, 3)], ignore_index=True)
    years["score"] += np.random.default_rng(0).normal(size=72)
    years["teachers"] += np.random.default_rng(1).normal(size=72)
    assert fit("score ~ teachers", years, effects=["school", "year"], cluster="county").clusters == 6
    years.loc[(years["school"] == "S3") & (years["year"] == 3), "county"] = "f"  # moved, or miscoded
    refused(lambda: fit("score ~ teachers", years, effects="school", cluster="county"), "S3", "more than one")
    # with effects that run across the clusters, clustering is ordinary
    assert fit("score ~ teachers", years, effects="year", cluster="county").clusters == 6


def test_outcome_outside_zero_to_one(schools: pd.DataFrame) -> None:
    error = refused(lambda: fractional_fit("score ~ teachers", schools), "24 rows", "Divide percentages by 100")
    assert "and 19 more" in str(error)
    schools["rate"] = schools["score"] / 100
    schools.loc[2, "rate"] = -0.25
    refused(lambda: fractional_fit("rate ~ teachers", schools), "1 rows", "S2 (-0.25)")


def test_fractional_without_an_answer(schools: pd.DataFrame) -> None:
    """Catalogue K11."""
    refused(lambda: fractional_fit("zero ~ teachers", schools.assign(zero=0.0)), "0 in every row")
    schools["passed"] = (schools["teachers"] > schools["teachers"].median()).astype(float)
    refused(lambda: fractional_fit("passed ~ teachers", schools), "no finite maximum")
    refused(lambda: fractional_fit("passed ~ books", schools, vcov="HC3"), "no covariance 'HC3'")
    refused(lambda: fractional_fit("passed ~ books", schools, weights="students", trials="students"), "not both")


def test_all_missing(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools.assign(teachers=np.nan)), "No row has a value in: teachers")
    schools.loc[::2, "teachers"] = np.nan
    schools.loc[1::2, "score"] = np.nan
    refused(lambda: fit("score ~ teachers", schools), "Not one of 24 rows is complete", "teachers (12)", "score (12)")
    refused(lambda: fit("score ~ teachers", schools.head(0)), "no rows")


def test_outcome_without_variation(schools: pd.DataFrame) -> None:
    """Catalogue K11."""
    refused(lambda: fit("score ~ teachers", schools.assign(score=60.0)), "the same in all 24 rows")


def test_undefined_and_infinite_values_name_the_schools(schools: pd.DataFrame) -> None:
    schools.loc[[4, 9], "books"] = [0, -1]
    refused(lambda: fit("score ~ log(books)", schools), "log(books)", "2 rows", "S4", "S9")
    schools.loc[6, "teachers"] = np.inf
    refused(lambda: fit("score ~ teachers", schools), "infinite", "S6")


def test_bad_weights(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools, weights="county"), "must be numbers")
    schools.loc[5, "students"] = -3
    refused(lambda: fit("score ~ teachers", schools, weights="students"), "S5 (-3)")
    refused(lambda: fit("score ~ teachers", schools, weights=[1.0, 2.0]), "24 values")
    refused(lambda: fit("score ~ teachers", schools.assign(students=0), weights="students"), "complete")


def test_numbers_stored_as_text(schools: pd.DataFrame) -> None:
    schools["books"] = schools["books"].astype(str)
    refused(lambda: fit("score ~ books", schools), "text with 24 different values")
    # exact decimals are numbers, whatever pandas calls their column
    schools["books"] = [Decimal(i) for i in range(24)]
    assert fit("score ~ books", schools).coefficients["term"].tolist() == ["Intercept", "books"]


def test_tables_that_are_none(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools.to_dict("list")), "DataFrame")  # type: ignore[arg-type]
    twice = pd.concat([schools, schools["score"]], axis=1)
    refused(lambda: fit("score ~ teachers", twice), "same column twice: score")


def test_covariances_that_do_not_go_with_the_call(schools: pd.DataFrame) -> None:
    refused(lambda: fit("score ~ teachers", schools, vcov="HC9"), "There is no covariance 'HC9'")
    refused(lambda: fit("score ~ teachers", schools, vcov="CR2"), "needs cluster=")
    refused(lambda: fit("score ~ teachers", schools, vcov="HC1", cluster="county"), "would ignore them")
    refused(lambda: fit("score ~ teachers", schools, effects=["county", "school", "books"]), "At most two effects")


def test_a_school_that_decides_alone(schools: pd.DataFrame) -> None:
    schools["special"] = (schools["school"] == "S8").astype(float)
    refused(lambda: fit("score ~ teachers + special", schools), "leverage 1", "S8", "HC1")
    assert fit("score ~ teachers + special", schools, vcov="HC1").n == 24


def test_unknown_terms(schools: pd.DataFrame) -> None:
    found: Fit = fit("score ~ teachers + books", schools, cluster="county")
    refused(lambda: found.term("teacher"), "'teachers'")
    refused(lambda: found.wald(["book"]), "'books'")
    refused(lambda: wild_cluster_test(found, "book"), "'books'")
    refused(lambda: wild_cluster_test(fit("score ~ teachers", schools), "teachers"), "needs clusters")
    refused(lambda: publication_table({"(1)": found}, terms=["book"]), "'books'")
    refused(lambda: publication_table({}), "no fit")


def test_groups_too_small(schools: pd.DataFrame) -> None:
    refused(lambda: random_intercept("score ~ teachers", schools, group="school"), "two rows")
    refused(lambda: variance_shares("score", schools.assign(county="a"), group="county"), "two groups")
    refused(lambda: mundlak("score ~ 1", schools, group="county"), "both within and between")
    refused(lambda: random_intercept("score ~ teachers", schools, group="county", method="bayes"), "'reml' or 'ml'")  # type: ignore[arg-type]
    refused(lambda: random_effects("score ~ teachers", schools.head(23), unit="county"), "not balanced")


def test_panels_without_changes(schools: pd.DataFrame) -> None:
    years = pd.concat([schools.assign(year=year) for year in (1, 2)], ignore_index=True)
    refused(
        lambda: first_differences("score ~ teachers", schools.assign(year=1), unit="school", time="year"),
        "has two periods",
    )
    twice = pd.concat([years, years.head(2)], ignore_index=True)
    refused(lambda: first_differences("score ~ teachers", twice, unit="school", time="year"), "two rows", "S0")
    named = years.assign(year=years["year"].map({1: "first", 2: "second"}))
    refused(lambda: first_differences("score ~ teachers", named, unit="school", time="year"), "must be a number")


def test_quantiles_out_of_range(schools: pd.DataFrame) -> None:
    refused(lambda: quantile_fit("score ~ teachers", schools, taus=[0.5, 1.0]), "between 0 and 1")
    refused(lambda: quantile_fit("score ~ teachers", schools, errors="guess"), "one of bootstrap")  # type: ignore[arg-type]
    refused(lambda: quantile_fit("score ~ teachers", schools, errors="nid", cluster="county"), "no clusters")
    refused(lambda: quantile_fit("score ~ teachers", schools, reps=1), "two draws")
    refused(lambda: quantile_fit("score ~ teachers", schools.head(2)), "Only 2 complete rows")


def test_decompositions_without_groups(schools: pd.DataFrame) -> None:
    refused(lambda: oaxaca_blinder("score ~ teachers", schools, group="county"), "has 6 groups")
    refused(lambda: oaxaca_blinder("score ~ teachers", schools, group="county", a="a", b="z"), "no group 'z'")
    refused(lambda: oaxaca_blinder("score ~ teachers", schools, group="county", a="a", b="a"), "two different")
    few = schools.assign(area=["u"] * 2 + ["r"] * 22)
    refused(lambda: oaxaca_blinder("score ~ teachers", few, group="area"), "Only 2 rows with 'area' = 'u'")
    refused(lambda: oaxaca_blinder("score ~ teachers", few, group="area", reference="pool"), "'pooled'")
    refused(lambda: shapley_r2("score ~ 0 + teachers", schools), "intercept")
    many = schools.assign(**{f"x{i}": np.random.default_rng(i).normal(size=24) for i in range(15)})
    refused(lambda: shapley_r2("score ~ " + " + ".join(f"x{i}" for i in range(15)), many), "too many")


def test_specifications_and_splines(schools: pd.DataFrame) -> None:
    refused(lambda: specification_curve("score", "teachers", schools, samples={"half": [True] * 3}), "24 true or false")
    refused(lambda: specification_curve("score", "teachers", schools, controls=["boks"]), "'books'")
    refused(lambda: specification_curve("score", "teachers", schools, weights=[]), "0 specifications")
    refused(lambda: spline_fit("score ~ teachers", schools, column="books"), "as it is")
    refused(lambda: spline_fit("score ~ teachers", schools, column="teachers", knots=[99]), "inside its range")


def test_instruments(schools: pd.DataFrame) -> None:
    pytest.importorskip("linearmodels")
    refused(lambda: instrument_fit("score ~ 1", schools, endogenous="teachers", instruments=[]), "at least one")
    refused(lambda: instrument_fit("score ~ 1", schools, endogenous="teachers", instruments=["boks"]), "'books'")
    copy = schools.assign(again=schools["teachers"])
    refused(lambda: instrument_fit("score ~ 1", copy, endogenous="teachers", instruments=["again"]), "linear comb")
    refused(
        lambda: instrument_fit("score ~ 1", schools, endogenous="teachers", instruments=["books"], vcov="CR2"),
        "No covariance 'CR2'",
    )


def test_p_values_out_of_range() -> None:
    refused(lambda: holm([0.5, 1.5]), "from 0 to 1")
    refused(lambda: holm([0.5, float("nan")]), "none missing")
