"""Decompositions, the specification curve and the printed table."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from balancelab.regression import (
    fields_shares,
    fit,
    fractional_fit,
    oaxaca_blinder,
    oaxaca_threefold,
    publication_table,
    random_intercept,
    shapley_r2,
    specification_curve,
    summarise_curve,
)

LUNCH = "score ~ str + english + lunch"


def test_shares_add_up_weighted_and_with_categories(caschool: pd.DataFrame) -> None:
    formula = "score ~ str + english + C(grades)"
    r2 = fit(formula, caschool, weights="students").r2
    shapley = shapley_r2(formula, caschool, weights="students")
    assert shapley["factor"].tolist() == ["str", "english", "C(grades)"]
    assert shapley["r2"].sum() == pytest.approx(r2)
    assert shapley["share"].sum() == pytest.approx(1)
    # Closed form: R² alone, and what is lost without it.
    assert shapley["first"][0] == pytest.approx(fit("score ~ str", caschool, weights="students").r2)
    without = fit("score ~ english + C(grades)", caschool, weights="students").r2
    assert shapley["last"][0] == pytest.approx(r2 - without)
    fields = fields_shares(formula, caschool, weights="students").set_index("factor")["share"]
    assert fields.sum() == pytest.approx(1)
    assert fields["residual"] == pytest.approx(1 - r2)


def test_oaxaca_parts_add_up(caschool: pd.DataFrame) -> None:
    options = {"group": "grades", "a": "KK-08", "b": "KK-06", "weights": "students"}
    gap = oaxaca_blinder(LUNCH, caschool, reps=20, **options)  # type: ignore[arg-type]
    three = oaxaca_threefold(LUNCH, caschool, cluster="county", reps=20, **options)  # type: ignore[arg-type]
    for found in (gap, three):
        assert found.parts["estimate"].sum() == pytest.approx(found.gap)
        assert found.parts["share"].sum() == pytest.approx(1)
        by_variable = found.by_variable.drop(columns="term").sum()
        np.testing.assert_allclose(by_variable, found.parts["estimate"], rtol=1e-9)
        assert (found.parts["std_error"] > 0).all()
        assert found._repr_html_().count("<table") == 2
        assert "KK-08" in repr(found)
    assert (three.parts["df"] == 44).all()
    # Closed form: endowments are valued by b's coefficients in both.
    by_b = oaxaca_blinder(LUNCH, caschool, reference="b", reps=0, **options)  # type: ignore[arg-type]
    assert by_b.parts["estimate"][0] == pytest.approx(three.parts["estimate"][0])
    assert by_b.parts["std_error"].isna().all()
    # Closed form: the other way round the gap changes sign, and with the pooled reference so does each part.
    swapped = oaxaca_blinder(LUNCH, caschool, group="grades", a="KK-06", b="KK-08", weights="students", reps=0)
    np.testing.assert_allclose(swapped.parts["estimate"], -gap.parts["estimate"], rtol=1e-9)


def test_oaxaca_takes_the_two_groups_there_are(caschool: pd.DataFrame) -> None:
    gap = oaxaca_blinder(LUNCH, caschool, group="grades", reps=0)
    assert (gap.a, gap.b, gap.n_a, gap.n_b) == ("KK-06", "KK-08", 61, 359)
    caschool.loc[0, "lunch"] = np.nan
    again = oaxaca_blinder(LUNCH, caschool, group="grades", reps=0)
    assert (again.n_a + again.n_b, len(again.dropped)) == (419, 1)


def test_specification_curve(caschool: pd.DataFrame) -> None:
    caschool.loc[[1, 2], "calworks"] = np.nan
    small = (caschool["students"] < 2000).to_numpy()
    curve = specification_curve(
        "score",
        "str",
        caschool,
        controls=["english", "lunch", "calworks"],
        weights=[None, "students"],
        effects=[None, "county"],
        samples={"all": np.ones(420, dtype=bool), "small": small},
        covariances=[("HC1", None), ("CR2", "county")],
    )
    # Hand: 2**3 sets of controls, and two each of weights, effects, samples and covariances.
    assert len(curve) == 8 * 16
    assert curve["estimate"].is_monotonic_increasing
    # every specification uses the same complete rows
    assert set(curve.loc[curve["sample"] == "all", "n"]) == {418}
    one = curve[
        (curve["controls"] == "english + lunch")
        & curve["weights"].isna()
        & curve["effects"].isna()
        & (curve["sample"] == "small")
        & (curve["vcov"] == "CR2")
    ]
    direct = fit(LUNCH, caschool[small & caschool["calworks"].notna()], cluster="county").term("str")
    assert one["std_error"].item() == pytest.approx(direct["std_error"])
    summary = summarise_curve(curve)
    assert summary["specifications"] == 128
    assert summary["positive"] + summary["negative"] == 128
    assert summary["median"] == pytest.approx(np.median(curve["estimate"]))


def test_publication_table(caschool: pd.DataFrame) -> None:
    fits = {
        "(1)": fit("score ~ str", caschool, vcov="HC1"),
        "(2)": fit(LUNCH, caschool, effects="county", cluster="county", weights="students"),
    }
    printed = publication_table(
        fits, labels={"str": "Students per teacher", "county": "County"}, decimals=2, stars=True
    )
    table = printed.table.set_index("Variable")
    # Published: Stock & Watson, Table 7.1, column (1).
    assert table.loc["Students per teacher", "(1)"] == "-2.28***"
    assert table.iloc[1, 0] == "(0.52)"
    assert table.loc["english", "(1)"] == ""
    assert table.loc["Constant", "(2)"] == ""
    assert table.loc["Observations"].tolist() == ["420", "420"]
    assert table.loc["Fixed effects"].tolist() == ["None", "County"]
    assert table.loc["Clusters"].tolist() == ["", "45"]
    assert table.loc["Standard errors"].tolist() == ["HC1", "CR2"]
    assert printed.lines[:2] == ("str", "str:error")
    assert printed._repr_html_().count("<p>") == 2
    rows = list(csv.reader(io.StringIO(printed.to_csv())))
    assert rows[0] == ["Variable", "(1)", "(2)"]
    assert rows[-1] == ["*** p < 0.01, ** p < 0.05, * p < 0.1."]


def test_publication_table_in_chinese_and_of_other_fits(caschool: pd.DataFrame) -> None:
    caschool["rate"] = caschool["lunch"] / 100
    fits = {
        "多层": random_intercept(LUNCH, caschool, group="county"),
        "比例": fractional_fit("rate ~ str", caschool),
    }
    table = publication_table(fits, language="zh", terms=["str", "Intercept"]).table.set_index("变量")
    assert table.loc["样本量"].tolist() == ["420", "420"]
    assert "常数项" in table.index
    assert table.loc["标准误类型"].tolist() == ["", "HC1"]


def test_cells_are_no_spreadsheet_formulas(caschool: pd.DataFrame) -> None:
    printed = publication_table({"(1)": fit("score ~ str", caschool)}, labels={"str": '=HYPERLINK("x")'})
    rows = list(csv.reader(io.StringIO(printed.to_csv())))
    assert rows[1][0] == '\'=HYPERLINK("x")'
    assert rows[1][1].startswith("-2.28")
