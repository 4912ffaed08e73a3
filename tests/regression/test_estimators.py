"""The estimators beyond least squares: closed forms, brute force, other programs, and invariances."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from balancelab.regression import (
    first_differences,
    fit,
    fractional_fit,
    instrument_fit,
    mundlak,
    predicted_class_size,
    quantile_fit,
    random_intercept,
    random_slope,
    smooth_fit,
    spline_fit,
    variance_shares,
    wild_cluster_test,
)
from balancelab.regression.quantile import _descend, _loss, _vertex, exact_quantile
from balancelab.regression.spline import basis

LUNCH = "score ~ str + english + lunch"


def brute_wild(X: np.ndarray, y: np.ndarray, w: np.ndarray, groups: np.ndarray) -> float:
    """P-value of the first column by enumeration, each draw refitted (Cameron, Gelbach & Miller 2008)."""
    root = np.sqrt(w)
    X, y = X * root[:, None], y * root
    M = np.linalg.pinv(X.T @ X)

    def t(outcome: np.ndarray) -> float:
        residual = outcome - X @ M @ X.T @ outcome
        sums = np.array([X[groups == g].T @ residual[groups == g] for g in np.unique(groups)])
        return float((M @ X.T @ outcome)[0] / np.sqrt((M @ sums.T @ sums @ M)[0, 0]))

    fitted = X[:, 1:] @ np.linalg.lstsq(X[:, 1:], y, rcond=None)[0]
    codes = np.unique(groups, return_inverse=True)[1]
    signs = itertools.product((1.0, -1.0), repeat=int(codes.max()) + 1)
    drawn = [abs(t(fitted + (y - fitted) * np.array(sign)[codes])) for sign in signs]
    return float(np.mean(np.array(drawn) >= abs(t(y)) - 1e-9))


@pytest.mark.parametrize("effects", [None, "county", ["county", "band"], "band"])
def test_wild_bootstrap_is_its_definition(effects: str | list[str] | None, caschool8: pd.DataFrame) -> None:
    table = caschool8.assign(band=pd.qcut(caschool8["calworks"], 3).cat.codes)
    found = fit(LUNCH, table, cluster="county", weights="students", effects=effects)
    names = [effects] if isinstance(effects, str) else effects or []
    dummies = [pd.get_dummies(table[name]).to_numpy(dtype=float) for name in names] or [np.ones((len(table), 1))]
    X = np.column_stack([table[["str", "english", "lunch"]], *dummies])
    expected = brute_wild(
        X, table["score"].to_numpy(), table["students"].to_numpy(dtype=float), table["county"].to_numpy()
    )
    assert wild_cluster_test(found, "str").p_value == pytest.approx(expected, abs=1e-12)


def test_wild_bootstrap_with_drawn_signs(caschool: pd.DataFrame) -> None:
    found = fit(LUNCH, caschool, cluster="county")
    first, again = (wild_cluster_test(found, "str", reps=999, seed=7) for _ in range(2))
    assert first == again
    assert (first.draws, first.enumerated, first.clusters) == (1000, False, 45)
    assert 0.001 <= first.p_value < 0.02  # the t of -3.3 with 44 df has 0.002
    assert first.statistic == pytest.approx(found.with_vcov("CR1S").term("str")["statistic"])


def test_random_intercept_of_balanced_groups() -> None:
    # Closed form: in a balanced design REML is the analysis of variance.
    random = np.random.default_rng(3)
    table = pd.DataFrame({"g": np.repeat(np.arange(12), 6)})
    table["y"] = random.normal(size=12)[table["g"]] * 2 + random.normal(size=72)
    shares = variance_shares("y", table, group="g")
    found = random_intercept("y ~ 1", table, group="g")
    assert found.sigma2 == pytest.approx(shares.within, rel=1e-10)
    assert found.tau2 == pytest.approx((shares.between - shares.within) / 6, rel=1e-10)
    assert found.icc == pytest.approx(shares.icc, rel=1e-10)
    # Closed form: the mean's error is that of 12 independent group means, with 11 degrees of freedom.
    row = found.coefficients.iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(shares.between / 72), rel=1e-10)
    assert row["df"] == pytest.approx(11, rel=1e-6)


def test_random_intercept_on_its_boundary() -> None:
    # Closed form: groups that differ less than chance would have it leave least squares.
    table = pd.DataFrame({"g": [0, 0, 1, 1, 2, 2], "x": [1.0, 2, 3, 5, 4, 6], "y": [1.0, -1, 1.5, -1.5, 2, -2]})
    found = random_intercept("y ~ x", table, group="g")
    plain = fit("y ~ x", table, vcov="classical")
    assert (found.tau2, found.icc) == (0, 0)
    assert "boundary" in found.notes[0]["en"]
    columns = ["estimate", "std_error", "df"]
    np.testing.assert_allclose(found.coefficients[columns], plain.coefficients[columns], rtol=1e-10)
    assert variance_shares("y", table, group="g").icc < 0


def test_random_slope_recovers_what_made_the_data() -> None:
    # Monte Carlo: 60 groups of 20 with slopes of variance 0.25 and intercepts of variance 1, correlated 0.5.
    random = np.random.default_rng(8)
    table = pd.DataFrame({"g": np.repeat(np.arange(60), 20), "x": random.normal(size=1200)})
    effects = random.multivariate_normal([0, 0], [[1, 0.25], [0.25, 0.25]], 60)
    table["y"] = 2 + effects[table["g"], 0] + (1 + effects[table["g"], 1]) * table["x"] + random.normal(size=1200)
    found = random_slope("y ~ x", table, group="g", slope="x")
    assert found.coefficients["estimate"].to_numpy() == pytest.approx([2, 1], abs=0.4)
    assert found.slope_variance == pytest.approx(0.25, rel=0.5)
    assert found.intercept_variance == pytest.approx(1, rel=0.5)
    assert found.sigma2 == pytest.approx(1, rel=0.1)
    # Closed form: the model with the slope contains the one without, on the same data.
    assert found.log_likelihood > random_intercept("y ~ x", table, group="g").log_likelihood
    # Closed form: another unit of x divides slope and its spread.
    other = random_slope("y ~ x", table.assign(x=table["x"] * 100), group="g", slope="x")
    assert other.slope_variance == pytest.approx(found.slope_variance / 1e4, rel=1e-4)
    assert other.coefficients["std_error"][1] == pytest.approx(found.coefficients["std_error"][1] / 100, rel=1e-5)
    assert "slope_variance" in repr(found)
    assert "slope_variance" in found._repr_html_()


def test_mundlak_recovers_fixed_effects(caschool: pd.DataFrame) -> None:
    # Closed form (Mundlak 1978): with the means added, slopes are the within ones.
    check = mundlak(LUNCH, caschool, group="county")
    within = fit(LUNCH, caschool, effects="county", vcov="HC1").coefficients["estimate"]
    np.testing.assert_allclose(check.fit.coefficients["estimate"].iloc[1:4], within, rtol=1e-9)
    assert check.test.terms == ("mean(str)", "mean(english)", "mean(lunch)")
    assert 0 < check.test.p_value < 1
    assert "icc" in repr(check.fit)
    assert check.fit._repr_html_().count("<table") == 2


def test_first_differences_of_two_years(panel: pd.DataFrame) -> None:
    # Closed form: with two periods, first differences are two-way fixed effects.
    two = panel[panel["year"].isin([2012, 2013])]
    two = two[two.groupby("unit")["unit"].transform("size") == 2]
    changes = first_differences("y ~ x + z", two, unit="unit", time="year", vcov="CR0")
    within = fit("y ~ x + z", two, effects=["unit", "year"], cluster="unit", vcov="CR0")
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(changes.coefficients[columns], within.coefficients[columns], rtol=1e-9)
    assert (changes.n, changes.effects, changes.cluster) == (len(two) // 2, ("year",), "unit")


def test_gaps_are_no_changes(panel: pd.DataFrame) -> None:
    # Hand: pairs of rows of one unit that are one year apart.
    ordered = panel.sort_values(["unit", "year"])
    steps = ordered.groupby("unit")["year"].diff()
    assert first_differences("y ~ x", panel.sample(frac=1, random_state=0), unit="unit", time="year").n == sum(
        steps == 1
    )


def test_quantiles_are_vertices_and_draws_descend_to_them(caschool: pd.DataFrame) -> None:
    # Other program: every descent ends where HiGHS does.
    random = np.random.default_rng(4)
    X = np.column_stack([np.ones(420), caschool[["str", "english", "lunch"]]])
    y = caschool["score"].to_numpy() + random.uniform(-1e-8, 1e-8, 420)
    for tau in (0.1, 0.5, 0.9):
        start = _vertex(X, y, exact_quantile(X, y, np.ones(420), tau))
        for _ in range(8):
            weights = np.bincount(random.integers(0, 420, 420), minlength=420).astype(float)
            found, expected = _descend(X, y, weights, tau, start), exact_quantile(X, y, weights, tau)
            assert found is not None
            assert _loss(X, y, weights, tau, found) == pytest.approx(_loss(X, y, weights, tau, expected), rel=1e-12)


def test_quantile_weights_are_replication(caschool: pd.DataFrame) -> None:
    caschool["copies"] = np.arange(420) % 3 + 1
    repeated = caschool.loc[caschool.index.repeat(caschool["copies"])]
    for tau in (0.25, 0.9):
        weighted = quantile_fit(LUNCH, caschool, taus=[tau], weights="copies", reps=2).objective["objective"][0]
        assert quantile_fit(LUNCH, repeated, taus=[tau], reps=2).objective["objective"][0] == pytest.approx(weighted)


def test_quantile_bootstrap(caschool: pd.DataFrame) -> None:
    first, again = (quantile_fit(LUNCH, caschool, taus=[0.5], reps=150, seed=2).coefficients for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    formula_errors = quantile_fit(LUNCH, caschool, taus=[0.5], errors="nid").coefficients["std_error"]
    # Monte Carlo: another consistent estimator of the same errors.
    np.testing.assert_allclose(first["std_error"], formula_errors, rtol=0.7)
    clustered = quantile_fit(LUNCH, caschool, taus=[0.5], cluster="county", reps=50)
    assert clustered.clusters == 45
    assert (clustered.coefficients["df"] == 44).all()
    assert "tau" in clustered._repr_html_()


def test_fractional_logit_agrees_with_statsmodels(caschool: pd.DataFrame) -> None:
    # Other program: statsmodels 0.15 GLM Binomial run to convergence, HC0; and its average marginal effects.
    models = pytest.importorskip("statsmodels.api")
    caschool["rate"] = caschool["lunch"] / 100
    found = fractional_fit("rate ~ str + english", caschool, vcov="HC0")
    X = np.column_stack([np.ones(420), caschool[["str", "english"]]])
    other = models.GLM(caschool["rate"], X, family=models.families.Binomial()).fit(
        cov_type="HC0", tol=1e-15, maxiter=100
    )
    np.testing.assert_allclose(found.coefficients["estimate"], other.params, rtol=1e-9)
    np.testing.assert_allclose(found.coefficients["std_error"], other.bse, rtol=1e-9)
    effects = other.get_margeff()
    np.testing.assert_allclose(found.marginal_effects["estimate"], effects.margeff, rtol=1e-9)
    np.testing.assert_allclose(found.marginal_effects["std_error"], effects.margeff_se, rtol=1e-7)
    # Closed form: HC1 is HC0 n / (n - K); statsmodels' HC1 of a GLM is its HC0 (issue 7798 there).
    ratio = fractional_fit("rate ~ str + english", caschool).coefficients["std_error"] / other.bse.to_numpy()
    np.testing.assert_allclose(ratio, np.sqrt(420 / 417), rtol=1e-9)


def test_fractional_clusters_and_weights(caschool: pd.DataFrame) -> None:
    caschool["rate"] = caschool["lunch"] / 100
    caschool["own"] = np.arange(420)
    # Closed form: clusters of one row are HC0; the scale of weights does not matter.
    own = fractional_fit("rate ~ str", caschool, cluster="own", vcov="CR0").coefficients
    plain = fractional_fit("rate ~ str", caschool, vcov="HC0").coefficients
    np.testing.assert_allclose(own["std_error"], plain["std_error"], rtol=1e-12)
    weighted = fractional_fit("rate ~ str", caschool, weights="students", cluster="county")
    scaled = fractional_fit("rate ~ str", caschool.assign(students=caschool["students"] * 1e-3), weights="students",
                            cluster="county")  # fmt: skip
    np.testing.assert_allclose(weighted.coefficients["std_error"], scaled.coefficients["std_error"], rtol=1e-9)
    assert weighted.clusters == 45
    assert "CR1" in weighted._repr_html_()


def test_spline_basis_is_natural() -> None:
    # Closed form: linear outside the boundary knots, twice continuously differentiable inside.
    knots = np.array([0.0, 1.0, 3.0, 4.0])
    outside = np.array([-3.0, -2.0, -1.0, 5.0, 6.0, 7.0])
    values = basis(outside, knots)
    np.testing.assert_allclose(values[:3], 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(values[3:], n=2, axis=0), 0, atol=1e-12)


def test_spline_of_a_straight_line(caschool: pd.DataFrame) -> None:
    found = spline_fit(LUNCH, caschool, column="str", cluster="county", weights="students")
    assert found.test.terms == ("str_spline_1", "str_spline_2", "str_spline_3")
    mean = np.average(caschool["str"], weights=caschool["students"])
    nearest = found.curve.iloc[(found.curve["x"] - mean).abs().argmin()]
    assert abs(nearest["estimate"]) < 0.5  # zero at the mean, by construction
    assert found.knots[0] == caschool["str"].min()
    assert "F(3" in found._repr_html_()
    assert "str_spline_1" in repr(found)


def test_smooth_of_a_straight_line_is_straight() -> None:
    # Closed form: where there is nothing to bend, least squares comes back.
    random = np.random.default_rng(13)
    table = pd.DataFrame({"x": random.uniform(20, 60, 80), "z": random.normal(size=80)})
    table["y"] = 70 - 0.5 * table["x"] + table["z"]
    found = smooth_fit("y ~ x + z", table.assign(y=table["y"] + 0.1 * random.normal(size=80)), column="x")
    assert 1 <= found.edf < 2.5
    assert found.coefficients["term"].tolist() == ["Intercept", "z"]
    assert found.coefficients["estimate"][1] == pytest.approx(1, abs=0.1)
    slope = np.polyfit(found.curve["x"], found.curve["estimate"], 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.01)
    assert "edf" in found._repr_html_()
    with pytest.raises(ValueError, match="80 different values"):
        smooth_fit("y ~ x", table, column="x", knots=100)
    with pytest.raises(ValueError, match="as it is"):
        smooth_fit("y ~ z", table, column="x")


def test_instrument_of_two_groups() -> None:
    # Closed form (Wald): with a binary instrument, the difference in outcomes over the difference in the regressor.
    pytest.importorskip("linearmodels")
    random = np.random.default_rng(6)
    table = pd.DataFrame({"cap": np.arange(200) % 2, "county": np.arange(200) // 10})
    table["size"] = 40 - 5 * table["cap"] + random.normal(size=200)
    table["score"] = 80 - 0.5 * table["size"] + random.normal(size=200)
    found = instrument_fit("score ~ 1", table, endogenous="size", instruments=["cap"])
    means = table.groupby("cap")[["score", "size"]].mean().diff().iloc[1]
    assert found.coefficients["estimate"].iloc[-1] == pytest.approx(means["score"] / means["size"])
    assert found.first_stage.statistic > 100
    assert found.reduced_form["term"].tolist() == ["Intercept", "cap"]
    # Closed form: with one instrument Anderson-Rubin is the reduced form's t, squared.
    reduced = found.reduced_form.set_index("term").loc["cap", "statistic"]
    assert found.anderson_rubin.statistic == pytest.approx(reduced**2)
    clustered = instrument_fit("score ~ 1", table, endogenous="size", instruments=["cap"], cluster="county")
    zero = instrument_fit("score ~ 1", table, endogenous="size", instruments=["cap"], cluster="county", vcov="CR0")
    ratio = clustered.coefficients["std_error"] / zero.coefficients["std_error"]
    np.testing.assert_allclose(ratio, np.sqrt(20 / 19), rtol=1e-12)
    assert (clustered.coefficients["df"] == 19).all()


def test_missing_linearmodels_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "linearmodels.iv", None)
    table = pd.DataFrame({"y": [1.0, 2, 3, 5], "x": [1.0, 2, 4, 3], "z": [0, 1, 1, 0]})
    with pytest.raises(ImportError, match=r"balancelab\[iv\]"):
        instrument_fit("y ~ 1", table, endogenous="x", instruments=["z"])


def test_caps_on_class_size() -> None:
    # Hand: 45 students are one class, 46 two of 23, 135 three of 45, 136 four of 34.
    assert predicted_class_size([45, 46, 135, 136], cap=45).tolist() == [45, 23, 45, 34]
