"""Printed answers: Stock & Watson's table, Wooldridge's examples, statsmodels' star98, NIST's linear sets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from balancelab.regression import fit, fractional_fit, random_intercept, wild_cluster_test

NIST = json.loads((Path(__file__).parents[1] / "reference" / "regression_nist.json").read_text(encoding="utf-8"))[
    "sets"
]

# Published: Stock & Watson, Introduction to Econometrics, Table 7.1 (n = 420, HC1): STR (error), SER, adjusted R².
TABLE_7_1 = [
    ("", -2.28, 0.52, 18.58, 0.049),
    (" + english", -1.10, 0.43, 14.46, 0.424),
    (" + english + lunch", -1.00, 0.27, 9.08, 0.773),
    (" + english + calworks", -1.31, 0.34, 11.65, 0.626),
    (" + english + lunch + calworks", -1.01, 0.27, 9.08, 0.773),
]
# Published there too: further coefficients and errors of columns (1) to (3), to one unit of the last digit printed
# (the constant of column (3) is 700.15 and was printed as 700.2).
FURTHER = {
    0: {"Intercept": (698.9, 10.4, 1)},
    1: {"Intercept": (686.0, 8.7, 1), "english": (-0.650, 0.031, 3)},
    2: {"Intercept": (700.2, 5.6, 1), "english": (-0.122, 0.033, 3), "lunch": (-0.547, 0.024, 3)},
}


@pytest.mark.parametrize("column", range(5))
def test_stock_and_watson(column: int, caschool: pd.DataFrame) -> None:
    _check_column(column, caschool)


@pytest.mark.parametrize("column", range(5))
def test_stock_and_watson_from_the_file(column: int, shared_table: Callable[[str], pd.DataFrame]) -> None:
    names = {"elpct": "english", "mealpct": "lunch", "calwpct": "calworks"}
    districts = shared_table("textbook/ca_schools_ecdat.csv.gz").rename(columns=names)
    districts["str"] = districts["enrltot"] / districts["teachers"]  # the file's own are single precision
    districts["score"] = (districts["readscr"] + districts["mathscr"]) / 2
    _check_column(column, districts)


def _check_column(column: int, districts: pd.DataFrame) -> None:
    controls, slope, error, ser, adjusted = TABLE_7_1[column]
    found = fit(f"score ~ str{controls}", districts, vcov="HC1")
    ratio = found.term("str")
    assert (found.n, round(ratio["estimate"], 2), round(ratio["std_error"], 2)) == (420, slope, error)
    assert (round(found.ser, 2), round(found.adjusted_r2, 3)) == (ser, adjusted)
    for term, (estimate, std_error, decimals) in FURTHER.get(column, {}).items():
        row = found.term(term)
        assert row["estimate"] == pytest.approx(estimate, abs=10.0**-decimals)
        assert row["std_error"] == pytest.approx(std_error, abs=10.0**-decimals)


def test_wooldridge_lunch(shared_table: Callable[[str], pd.DataFrame]) -> None:
    # Published: Wooldridge, Introductory Econometrics, example 2.12: math10 = 32.14 - 0.319 lnchprg, n = 408, R² = .171
    found = fit("math10 ~ lnchprg", shared_table("textbook/meap93.csv.gz"), vcov="classical")
    estimates = found.coefficients["estimate"]
    assert (round(estimates[0], 2), round(estimates[1], 3), found.n, round(found.r2, 3)) == (32.14, -0.319, 408, 0.171)


def test_wooldridge_size(shared_table: Callable[[str], pd.DataFrame]) -> None:
    # Published: the same book, example 4.2 (6.1138 is printed as 6.113).
    found = fit("math10 ~ totcomp + staff + enroll", shared_table("textbook/meap93.csv.gz"), vcov="classical")
    table = found.coefficients.set_index("term")
    printed = {
        "Intercept": (2.274, 6.113, 3),
        "totcomp": (0.00046, 0.00010, 5),
        "staff": (0.048, 0.040, 3),
        "enroll": (-0.00020, 0.00022, 5),
    }
    for term, (estimate, error, decimals) in printed.items():
        row = table.loc[term]
        assert row["estimate"] == pytest.approx(estimate, abs=10.0**-decimals)
        assert row["std_error"] == pytest.approx(error, abs=10.0**-decimals)
    assert round(found.r2, 4) == 0.0541


def test_star98() -> None:
    # Other program and published: statsmodels genmod/tests/results/results_glm.py, class Star98 (20 terms).
    star98 = pytest.importorskip("statsmodels.datasets.star98")
    terms = list(star98.load().exog.columns)
    districts = star98.load_pandas().data
    districts["tested"] = districts["NABOVE"] + districts["NBELOW"]
    found = fractional_fit(f"I(NABOVE / tested) ~ {' + '.join(terms)}", districts, trials="tested")
    assert len(terms) == 20
    assert found.deviance == pytest.approx(4078.76541772, rel=1e-6)
    assert found.null_deviance == pytest.approx(34345.3688931, rel=1e-6)
    assert found.pearson_chi2 == pytest.approx(4051.921614, rel=1e-6)
    assert found.log_likelihood == pytest.approx(-2998.61255899, rel=1e-6)


def test_few_counties_three_ways(caschool8: pd.DataFrame) -> None:
    # Methods sheet, section 3: with eight counties CR1 (G - 1) p 0.070, CR2 p 0.079 with 6.4 df, wild 0.03125 = 8/256.
    found = fit("score ~ str + english + lunch", caschool8, cluster="county")
    assert (round(found.term("str")["p_value"], 3), round(found.term("str")["df"], 1)) == (0.079, 6.4)
    assert round(found.with_vcov("CR1S").term("str")["p_value"], 3) == 0.070
    test = wild_cluster_test(found, "str")
    assert (test.p_value, test.draws, test.enumerated) == (8 / 256, 256, True)


def test_share_between_counties(caschool: pd.DataFrame) -> None:
    # Methods sheet, section 2.10: REML 0.32774 on the same data where the analysis of variance says 0.33720.
    assert round(random_intercept("score ~ 1", caschool, group="county").icc, 5) == 0.32774


# The floor is what issue and reliability sheet ask, with what float64 powers of x leave on Filip: digits of
# coefficients, of errors, of the residual standard deviation.
FLOORS = {
    "norris": (12, 11, 13),
    "pontius": (11, 12, 13),
    "noint1": (14, 14, 14),
    "noint2": (14, 14, 14),
    "filip": (7, 8, 9),
    "longley": (10, 11, 13),
    "wampler1": (9, 9, 9),
    "wampler2": (10, 10, 10),
    "wampler3": (9, 10, 13),
    "wampler4": (9, 10, 13),
    "wampler5": (9, 10, 13),
}


def digits(found: float, certified: str) -> float:
    """Log relative error (absolute where the certified value is zero), at most 15."""
    truth = float(certified)
    error = abs(found - truth) / (abs(truth) or 1.0)
    return 15.0 if error == 0 else min(15.0, -math.log10(error))


@pytest.mark.parametrize("name", FLOORS)
def test_nist(name: str) -> None:
    expected = NIST[name]
    table = pd.DataFrame([[float(cell) for cell in row] for row in expected["data"]], columns=expected["columns"])
    found = fit(_formula(expected), table, vcov="classical")
    coefficient, error, deviation = FLOORS[name]
    for estimate, certified in zip(found.coefficients["estimate"], expected["beta"], strict=True):
        assert digits(estimate, certified) >= coefficient
    for std_error, certified in zip(found.coefficients["std_error"], expected["se"], strict=True):
        assert digits(std_error, certified) >= error
    assert digits(found.ser, expected["residual_sd"]) >= deviation
    assert digits(found.r2, expected["r_squared"]) >= deviation - 2
    assert found.digits <= min(
        digits(b, c) for b, c in zip(found.coefficients["estimate"], expected["beta"], strict=True)
    ), "the statement of digits must not promise more than there are"


def _formula(expected: dict[str, Any]) -> str:
    if expected["model"].startswith("6 regressors"):
        return "y ~ x1 + x2 + x3 + x4 + x5 + x6"
    degree = int(expected["model"].split("degree ")[1].split()[0].rstrip(","))
    powers = " + ".join("x" if power == 1 else f"I(x**{power})" for power in range(1, degree + 1))
    return f"y ~ {powers}" if "with intercept" in expected["model"] else f"y ~ 0 + {powers}"


def test_filip_says_how_little_is_left() -> None:
    expected = NIST["filip"]
    table = pd.DataFrame([[float(cell) for cell in row] for row in expected["data"]], columns=expected["columns"])
    found = fit(_formula(expected), table, vcov="classical")
    assert found.condition > 1e9
    assert found.digits < 8
    assert any("digits of the coefficients are reliable" in note["en"] for note in found.notes)
    assert str(found.digits) in found._repr_html_()
