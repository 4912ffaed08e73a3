"""Identities that hold whatever the data: definitions by brute force, invariances, and absorbed against explicit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.regression import effects as effects_module
from balancelab.regression import fit, more_teachers_per_100_students
from balancelab.regression.design import build_design
from balancelab.regression.effects import absorb
from balancelab.regression.solve import solve

LUNCH = "score ~ str + english + lunch"


def cluster_parts(X: np.ndarray, w: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """What each cluster adds to each coefficient's CR2 error, as a function of the errors: (cluster, column, row)."""
    W = np.diag(w)
    M = np.linalg.pinv(X.T @ W @ X)
    R = np.eye(len(w)) - X @ M @ X.T @ W
    parts = []
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        values, vectors = np.linalg.eigh(R[rows] @ R[rows].T)
        root = np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0)
        parts.append(M @ X[rows].T @ W[np.ix_(rows, rows)] @ (vectors * root) @ vectors.T @ R[rows])
    return np.array(parts)


def brute_cr2(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, groups: np.ndarray, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """CR2 errors and Satterthwaite's df from the definition, with the full matrices (Pustejovsky & Tipton 2018)."""
    parts = cluster_parts(X, w, groups)[:, :columns]
    cross = np.einsum("gki,hki->kgh", parts, parts)
    df = np.trace(cross, axis1=1, axis2=2) ** 2 / np.sum(cross**2, axis=(1, 2))
    return np.sqrt(np.sum((parts @ y) ** 2, axis=0)), df


@pytest.mark.parametrize("weighting", ["none", "varying", "by_unit"])
@pytest.mark.parametrize("effects", [None, "unit", ["unit", "year"], "year"])
def test_cr2_is_its_definition(weighting: str, effects: str | list[str] | None, panel: pd.DataFrame) -> None:
    # Closed form: large clusters (about 40 rows) take the low-rank path, the definition takes none.
    panel["w"] = {"none": 1, "varying": panel["students"], "by_unit": panel["unit"] % 5 + 1}[weighting]
    found = fit("y ~ x + z", panel, effects=effects, cluster="county", weights=None if weighting == "none" else "w")
    names = [effects] if isinstance(effects, str) else effects or []
    dummies = [pd.get_dummies(panel[name]).to_numpy(dtype=float) for name in names] or [np.ones((len(panel), 1))]
    X = np.column_stack([panel[["x", "z"]], *dummies])
    errors, df = brute_cr2(X, panel["y"].to_numpy(), panel["w"].to_numpy(dtype=float), panel["county"].to_numpy(), 2)
    table = found.coefficients.set_index("term").loc[["x", "z"]]
    np.testing.assert_allclose(table["std_error"], errors, rtol=1e-9)
    np.testing.assert_allclose(table["df"], df, rtol=1e-8)


@pytest.mark.parametrize("vcov", ["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3"])
@pytest.mark.parametrize("weights", [None, "students"])
def test_absorbed_equals_dummies(vcov: str, weights: str | None, panel: pd.DataFrame) -> None:
    # Closed form: Frisch-Waugh-Lovell, for coefficients, errors, degrees of freedom and fit.
    cluster = "county" if vcov.startswith("CR") else None
    absorbed = fit("y ~ x + z", panel, effects=["unit", "year"], vcov=vcov, cluster=cluster, weights=weights)
    explicit = fit("y ~ x + z + C(unit) + C(year)", panel, vcov=vcov, cluster=cluster, weights=weights)
    numbers = ["estimate", "std_error", "df", "p_value"]
    table = explicit.coefficients.set_index("term").loc[["x", "z"], numbers]
    np.testing.assert_allclose(absorbed.coefficients[numbers], table, rtol=1e-8)
    for name in ("r2", "adjusted_r2", "ser", "n", "df_residual"):
        assert getattr(absorbed, name) == pytest.approx(getattr(explicit, name), rel=1e-10)
    assert absorbed.r2_within is not None
    assert explicit.r2_within is None


def test_two_large_effects(panel: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same by conjugate gradients, as for effects too large for dummies.
    exact = fit("y ~ x + z", panel, effects=["unit", "year"], cluster="county", vcov="CR1", weights="students")
    monkeypatch.setattr(effects_module, "DENSE_LEVELS", 0)
    found = fit("y ~ x + z", panel, effects=["unit", "year"], cluster="county", vcov="CR1", weights="students")
    numbers = ["estimate", "std_error"]
    np.testing.assert_allclose(found.coefficients[numbers], exact.coefficients[numbers], rtol=1e-10)
    assert found.r2 == pytest.approx(exact.r2, rel=1e-12)
    assert found.r2_within == pytest.approx(exact.r2_within, rel=1e-10)
    for vcov in ("CR2", "HC3"):
        with pytest.raises(ValueError, match=r'vcov="CR1"'):
            fit("y ~ x + z", panel, effects=["unit", "year"], cluster="county" if vcov == "CR2" else None, vcov=vcov)


def test_disconnected_effects() -> None:
    # Hand: two islands of firms and years have 4 + 4 groups and 4 + 4 - 2 intercepts.
    random = np.random.default_rng(0)
    firm, year = np.repeat([0, 1, 2, 3], 6), np.tile([0, 0, 0, 1, 1, 1], 4)
    table = pd.DataFrame({"firm": firm, "year": np.where(firm < 2, year, year + 2), "x": random.normal(size=24)})
    table["y"] = table["x"] + random.normal(size=24)
    found = fit("y ~ x", table, effects=["firm", "year"])
    assert found.df_residual == 24 - 1 - 6
    X = np.column_stack([table["x"], pd.get_dummies(table["firm"]), pd.get_dummies(table["year"])]).astype(float)
    expected = np.linalg.lstsq(X, table["y"], rcond=None)[0][0]
    assert found.coefficients["estimate"][0] == pytest.approx(expected, rel=1e-12)


def test_replication(caschool: pd.DataFrame) -> None:
    # Closed form: integer weights are rows repeated, for the coefficients and R².
    caschool["copies"] = np.arange(len(caschool)) % 4 + 1
    weighted = fit(LUNCH, caschool, weights="copies")
    repeated = fit(LUNCH, caschool.loc[caschool.index.repeat(caschool["copies"])])
    np.testing.assert_allclose(weighted.coefficients["estimate"], repeated.coefficients["estimate"], rtol=1e-12)
    assert weighted.r2 == pytest.approx(repeated.r2, rel=1e-12)


@pytest.mark.parametrize("vcov", ["HC3", "CR2"])
def test_scale_of_weights_and_order_of_rows_do_not_matter(vcov: str, caschool: pd.DataFrame) -> None:
    cluster = "county" if vcov == "CR2" else None
    plain = fit(LUNCH, caschool, weights="students", cluster=cluster).coefficients.drop(columns="term")
    shuffled = caschool.assign(students=caschool["students"] * 1000.0).sample(frac=1, random_state=3)
    other = fit(LUNCH, shuffled, weights="students", cluster=cluster).coefficients.drop(columns="term")
    np.testing.assert_allclose(plain, other, rtol=1e-9)


def test_weights_and_clusters_as_arrays(caschool: pd.DataFrame) -> None:
    named = fit(LUNCH, caschool, weights="students", cluster="county")
    given = fit(LUNCH, caschool, weights=caschool["students"].to_numpy(), cluster=caschool["county"].to_numpy())
    pd.testing.assert_frame_equal(named.coefficients, given.coefficients)


def test_singleton_clusters_are_hc2(caschool: pd.DataFrame) -> None:
    # Closed form (Bell & McCaffrey 2002): with one row per cluster, CR2 is HC2 and CR0 is HC0.
    caschool["own"] = np.arange(len(caschool))
    for clustered, plain in (("CR2", "HC2"), ("CR0", "HC0")):
        errors = fit(LUNCH, caschool, cluster="own", vcov=clustered).coefficients["std_error"]
        np.testing.assert_allclose(errors, fit(LUNCH, caschool, vcov=plain).coefficients["std_error"], rtol=1e-10)


def test_welch() -> None:
    # Closed form (Imbens & Kolesár 2016): with HC2 errors of a dummy the Satterthwaite df are near Welch's; with equal
    # group sizes exactly 2 (n - 1), here of clusters of one row.
    table = pd.DataFrame({"y": [1.0, 2, 4, 3, 6, 9], "d": [0, 0, 0, 1, 1, 1], "own": range(6)})
    row = fit("y ~ d", table, cluster="own").term("d")
    assert row["df"] == pytest.approx(4)
    # Hand: variances 7/3 and 9, each over 3.
    assert row["std_error"] == pytest.approx(np.sqrt((7 / 3 + 9) / 3))


def test_joint_test_under_cr2(caschool8: pd.DataFrame) -> None:
    found = fit(LUNCH, caschool8, cluster="county")
    one, row = found.wald(["str"]), found.term("str")
    # Closed form: one contrast is Satterthwaite's t, squared.
    assert (one.statistic, one.df2, one.p_value) == pytest.approx((row["statistic"] ** 2, row["df"], row["p_value"]))
    # Closed form: the test does not depend on how the tested space is spanned.
    scaled = caschool8.assign(english=caschool8["english"] * 7, lunch=caschool8["lunch"] + caschool8["english"] * 2)
    other = fit(LUNCH, scaled, cluster="county").wald(["english", "lunch"])
    both = found.wald(["english", "lunch"])
    assert (both.statistic, both.df2) == pytest.approx((other.statistic, other.df2), rel=1e-8)
    assert 0 < both.df2 < 7


def test_joint_degrees_of_freedom_are_the_moments_they_claim() -> None:
    # Monte Carlo of the working model: eta = q (q + 1) / sum of Var(D_st), D the standardised covariance.
    random = np.random.default_rng(5)
    table = pd.DataFrame({"x": random.normal(size=40), "z": random.normal(size=40), "g": np.arange(40) % 8})
    X = np.column_stack([np.ones(40), table[["x", "z"]]])
    parts = cluster_parts(X, np.ones(40), table["g"].to_numpy())[:, 1:]
    scores = np.einsum("gki,ni->ngk", parts, random.normal(size=(20_000, 40)))
    draws = np.einsum("ngk,ngl->nkl", scores, scores)
    values, vectors = np.linalg.eigh(draws.mean(axis=0))
    root = (vectors / np.sqrt(values)) @ vectors.T
    eta = 6 / np.sum(np.var(root @ draws @ root, axis=0))
    found = fit("y ~ x + z", table.assign(y=random.normal(size=40)), cluster="g").wald(["x", "z"])
    assert found.df2 + 1 == pytest.approx(eta, rel=0.04)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    scale=st.floats(1e-3, 1e4),
    shift=st.floats(-100, 100),
    slope=st.floats(-10, 10),
    rows=st.integers(6, 40),
    seed=st.integers(0, 1000),
)
def test_algebra(scale: float, shift: float, slope: float, rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"x": random.normal(size=rows), "z": random.normal(size=rows), "w": random.integers(1, 9, rows)}
    )
    table["y"] = 3 + slope * table["x"] - table["z"] + random.normal(size=rows)
    found = fit("y ~ x + z", table, weights="w")
    residual = found.schools()["residual"]
    # Closed form: weighted residuals are orthogonal to every regressor; R² lies in [0, 1].
    for column in (np.ones(rows), table["x"], table["z"]):
        assert abs(float(np.sum(table["w"] * residual * column))) < 1e-9
    assert 0 <= found.r2 <= 1
    # Closed form: another unit of x divides its coefficient and error, another origin moves the intercept alone.
    other = fit("y ~ x + z", table.assign(x=table["x"] * scale + shift), weights="w")
    row, moved = found.term("x"), other.term("x")
    np.testing.assert_allclose(moved["estimate"] * scale, row["estimate"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(moved["std_error"] * scale, row["std_error"], rtol=1e-7)
    # Closed form: an outcome on the plane is recovered.
    exact = fit("y ~ x + z", table.assign(y=2 - slope * table["x"] + table["z"]), vcov="classical")
    np.testing.assert_allclose(exact.coefficients["estimate"], [2, -slope, 1], atol=1e-9)


def test_diagnostics_with_absorbed_effects(panel: pd.DataFrame) -> None:
    # Closed form: leverage, studentised residuals, Cook's distance and RESET are those of the explicit dummies.
    absorbed = fit("y ~ x + z", panel, effects="unit", weights="students").diagnostics()
    explicit = fit("y ~ x + z + C(unit)", panel, weights="students").diagnostics()
    columns = ["leverage", "studentised_residual", "cooks_distance"]
    np.testing.assert_allclose(absorbed.influence[columns], explicit.influence[columns], rtol=1e-8)
    reset = absorbed.tests.set_index("test").loc["reset", ["statistic", "df1", "df2"]].astype(float)
    other = explicit.tests.set_index("test").loc["reset", ["statistic", "df1", "df2"]].astype(float)
    np.testing.assert_allclose(reset, other, rtol=1e-8)


def test_vif_is_its_definition(caschool: pd.DataFrame) -> None:
    # Closed form: 1 / (1 - R²) of each regressor on the others.
    vif = fit(LUNCH, caschool).diagnostics().vif.set_index("term")["vif"]
    assert vif["str"] == pytest.approx(1 / (1 - fit("str ~ english + lunch", caschool).r2))
    within = fit(LUNCH, caschool, effects="county", vcov="HC1").diagnostics().vif.set_index("term")["vif"]
    r2 = fit("str ~ english + lunch", caschool, effects="county", vcov="HC1").r2_within
    assert r2 is not None
    assert within["str"] == pytest.approx(1 / (1 - r2))


def test_rows_are_named_and_dropped_rows_listed(caschool: pd.DataFrame) -> None:
    caschool["school"] = [f"第{i}校" for i in range(len(caschool))]
    caschool["students"] = caschool["students"].astype(float)
    caschool.loc[3, "lunch"] = np.nan
    caschool.loc[5, ["lunch", "score"]] = np.nan
    caschool.loc[7, "students"] = 0
    before = caschool.copy()
    found = fit(LUNCH, caschool, weights="students", cluster="county")
    pd.testing.assert_frame_equal(caschool, before)
    assert found.n == 417
    assert found.dropped.to_dict("records") == [
        {"row": 3, "school": "第3校", "reason": "missing", "columns": "lunch"},
        {"row": 5, "school": "第5校", "reason": "missing", "columns": "lunch, score"},
        {"row": 7, "school": "第7校", "reason": "zero_weight", "columns": ""},
    ]
    assert found.diagnostics().extremes["school"].str.startswith("第").all()
    assert found.schools()["school"].iloc[3] == "第4校"


def test_result_shows_itself_as_tables(caschool: pd.DataFrame) -> None:
    found = fit(LUNCH, caschool, effects="county", cluster="county", weights="students")
    columns = ["term", "estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high"]
    assert list(found.coefficients.columns) == columns
    assert found._repr_html_().count("<table") == 2
    assert found._repr_html_() == found._repr_html_()
    assert found.diagnostics()._repr_html_().count("<table") == 3
    assert "CR2" in repr(found)
    assert "vif" in repr(found.diagnostics())
    assert (found.clusters, found.cluster, found.effects, found.weights) == (45, "county", ("county",), "students")
    with pytest.raises(AttributeError):
        found.vcov = "HC0"  # type: ignore[misc]


def test_nothing_in_a_table_is_taken_for_html(caschool: pd.DataFrame) -> None:
    caschool["school"] = "<script>alert(1)</script>"
    caschool["<b>area</b>"] = ["<i>x</i>", "y"] * 210
    found = fit("score ~ str + `<b>area</b>`", caschool)
    shown = found._repr_html_() + found.diagnostics()._repr_html_()
    assert "&lt;script&gt;" in shown
    assert not any(tag in shown for tag in ("<script", "<b>", "<i>"))
    long = fit("score ~ str + english + lunch + calworks + I(str**2) + I(english**2)", caschool)
    assert "I(english**2)</td>" in long._repr_html_()  # the formula is shown whole


def test_a_term_that_hangs_on_one_cluster_is_said(caschool8: pd.DataFrame) -> None:
    # MacKinnon & Webb 2018: with one treated cluster no cluster-robust error is to be trusted.
    caschool8 = caschool8.assign(kern=(caschool8["county"] == "Kern").astype(float))
    found = fit("score ~ str + kern", caschool8, cluster="county")
    (note,) = [note["en"] for note in found.notes if "hangs" in note["en"]]
    assert "kern" in note
    assert "Kern" in note
    assert not any("hangs" in note["en"] for note in fit("score ~ str", caschool8, cluster="county").notes)


def test_text_columns_are_categories(caschool: pd.DataFrame) -> None:
    caschool["区域"] = pd.Series(["城", "镇", "乡"] * 140, dtype="string")
    found = fit("score ~ str + 区域", caschool)
    # pandas orders 乡 城 镇 by code point: the first is the reference
    assert found.coefficients["term"].tolist() == ["Intercept", "str", "区域[T.城]", "区域[T.镇]"]
    years = fit("score ~ C(year)", caschool.assign(year=[2013, 2014, 2015] * 140))
    assert years.coefficients["term"].tolist() == ["Intercept", "C(year)[T.2014]", "C(year)[T.2015]"]


def test_whole_numbers_do_not_overflow() -> None:
    # 70000 ** 4 is beyond int64; columns count as floats.
    table = pd.DataFrame({"x": [10000, 30000, 50000, 70000, 90000]})
    table["y"] = (table["x"] / 1e4) ** 4 + [0.0, 1.0, -1.0, 1.0, 0.0]
    assert fit("y ~ I(x**4)", table).r2 > 0.999


def test_policy_effects(caschool: pd.DataFrame) -> None:
    found = fit("score ~ log(str) + english", caschool, cluster="county")
    table = found.policy_effects(
        {
            "one student fewer": {"str": -1.0},
            "one teacher more": more_teachers_per_100_students("str"),
            "english": {"english": 10.0},
        }
    ).set_index("term")
    slope = found.term("log(str)")
    # Closed form: the mean of b (log(str - 1) - log(str)); linear in b, so its error is too.
    change = float(np.mean(np.log((caschool["str"] - 1) / caschool["str"])))
    row = table.loc["one student fewer"]
    assert row["estimate"] == pytest.approx(slope["estimate"] * change)
    assert row["std_error"] == pytest.approx(abs(slope["std_error"] * change))
    assert (row["df"], row["p_value"]) == pytest.approx((slope["df"], slope["p_value"]))
    # Hand: 100 / (100 / str + 1) students per teacher.
    change = float(np.mean(np.log(100 / (100 / caschool["str"] + 1) / caschool["str"])))
    assert table.loc["one teacher more", "estimate"] == pytest.approx(slope["estimate"] * change)
    assert table.loc["english", "estimate"] == pytest.approx(10 * found.term("english")["estimate"])
    with pytest.raises(ValueError, match="english"):
        found.policy_effects({"typing error": {"englsh": 1.0}})
    with pytest.raises(ValueError, match="undefined"):
        found.policy_effects({"too much": {"str": -100.0}})


def test_combinations(caschool: pd.DataFrame) -> None:
    found = fit(LUNCH, caschool)
    row = found.combine({"gap": {"english": 1.0, "lunch": -1.0}}).iloc[0]
    V = found.covariance
    variance = V.loc["english", "english"] + V.loc["lunch", "lunch"] - 2 * V.loc["english", "lunch"]
    assert row["std_error"] == pytest.approx(np.sqrt(variance))


def test_conjugate_gradients_reach_rounding(panel: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_module, "DENSE_LEVELS", 0)
    design = build_design("y ~ x + z", panel, effects=["unit", "year"], weights="students")
    absorbed = absorb(design)
    weights = panel["students"].to_numpy(dtype=float)
    for effect in design.effects:
        sums = np.bincount(effect.codes, np.sqrt(weights) * absorbed.y)
        assert np.max(np.abs(sums)) < 1e-10 * weights.sum()


def test_refinement_earns_digits() -> None:
    # Exact arithmetic in integers: a steep polynomial with a large residual; plain QR keeps fewer than eight digits.
    x = np.arange(21.0)
    X = np.vander(x, 6, increasing=True)
    solution = solve(X, X.sum(axis=1), terms=list("abcdef"))
    assert np.max(np.abs(solution.coefficients - 1)) < 1e-13
