"""Defined answers at the edges, and clear refusals: for every registered measure, then family by family."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from balancelab import measures as m

ALL = list(m.MEASURES.values())
BY_ID = [pytest.param(entry, id=entry.id) for entry in ALL]


@pytest.mark.parametrize("entry", BY_ID)
@pytest.mark.parametrize(
    ("values", "weights", "named"),
    [
        ([1, 2], [1], "`weights`"),
        ([], [], "`values`"),
        ([1, np.nan], [1, 1], "`values`"),
        ([1, pd.NA], [1, 1], "`values`"),
        ([1, "2"], [1, 1], "`values`"),
        ([1, 2j], [1, 1], "`values`"),
        (np.array(["2024-09-01"], dtype="datetime64[D]"), [1], "`values`"),
        ([1, 2], [1, -1], "`weights`"),
        ([1, 2], [0, 0], "`weights`"),
        ([1, 2], [1, np.inf], "`weights`"),
    ],
)
def test_bad_input_names_the_argument(entry: m.Measure, values: list[float], weights: list[float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        entry.function(values, weights)


@pytest.mark.parametrize("entry", BY_ID)
def test_what_divides_by_the_mean_needs_one(entry: m.Measure) -> None:
    if entry.has_unit:
        entry.function([0, 0], [1, 1])
        return
    with pytest.raises(ValueError, match="`values`"):
        entry.function([0, 0], [1, 1])
    with pytest.raises(ValueError, match="`values`"):
        entry.function([-1, 0.5], [1, 1])


@pytest.mark.parametrize("entry", BY_ID)
def test_one_school(entry: m.Measure) -> None:
    # Closed form: a county of one school is equal; its mean and median are its value.
    assert entry.function([7.3], [812]) == pytest.approx(7.3 if entry.equal is None else entry.equal, abs=1e-15)


@pytest.mark.parametrize("entry", BY_ID)
def test_large_whole_numbers_and_other_containers(entry: m.Measure) -> None:
    values, weights = [10**9, 3 * 10**9, 2 * 10**9], [2 * 10**9, 10**9, 10**9]
    expected = entry.function([float(x) for x in values], [float(w) for w in weights])
    as_int32 = np.array([v // 2 for v in values], dtype=np.int32), np.array([w // 2 for w in weights], dtype=np.int32)
    assert entry.function(values, weights) == expected
    assert entry.function(*as_int32) == pytest.approx(expected / 2 if entry.has_unit else expected)
    assert entry.function(pd.Series(values, index=list("abc")), pd.Series(weights, dtype="Int64")) == expected


@pytest.mark.parametrize("entry", BY_ID)
def test_arguments_are_left_as_they_were(entry: m.Measure) -> None:
    values, weights = np.array([6.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0])
    entry.function(values, weights)
    assert values.tolist() == [6, 4, 9]
    assert weights.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # Closed forms for half the students at 0, half at 1.
        (m.weighted_cv, 1.0),
        (m.gini, 0.5),
        (m.hoover_index, 0.5),
        (m.theil_t, math.log(2)),
        (m.theil_l, math.inf),
        (m.sd_of_logs, math.inf),
        (m.range_ratio, math.inf),
        (m.quantile_ratio, math.inf),
        (m.federal_range_ratio, math.inf),
        (m.share_ratio, math.inf),
        (m.palma_ratio, math.inf),
        (m.atkinson, 0.5),  # 1 − (1/2)² / (1/2)
        (m.mcloone_index, 0.0),
        (m.verstegen_index, 2.0),
    ],
)
def test_zeros_among_the_values(function: Callable[..., float], expected: float) -> None:
    """Catalogue K08."""
    assert function([0, 1], [10, 10]) == pytest.approx(expected)


def test_zeros_and_aversion() -> None:
    """Catalogue K08."""
    # Definition: with a school that has nothing, Atkinson is 1 from an aversion of 1 on; GE is infinite from 0 down.
    assert [m.atkinson([0, 1], [1, 9], epsilon=epsilon) for epsilon in (1, 2, 6)] == [1, 1, 1]
    assert m.generalized_entropy([0, 1], [1, 9], alpha=-1) == math.inf
    assert m.generalized_entropy([0, 1], [1, 1], alpha=0.5) == pytest.approx((0.5 * 2**0.5 - 1) / -0.25)


def test_a_tiny_value_is_not_a_zero() -> None:
    """Catalogue K08."""
    # Closed form: ln of the mean over each value, (1 + 1e-25) / 2 against 1e-25 and 1.
    assert m.theil_l([1e-25, 1], [1, 1]) == pytest.approx(math.log(0.5) - math.log(1e-25) / 2, rel=1e-13)


def test_median_of_zero() -> None:
    for function in (m.mcloone_index, m.verstegen_index):
        with pytest.raises(ValueError, match="median of `values`"):
            function([0, 0, 9], [4, 4, 1])
    with pytest.raises(ValueError, match="upper quantile"):
        m.quantile_ratio([0, 9], [99, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: m.generalized_entropy([1, 2], [1, 1], alpha=6),
        lambda: m.atkinson([1, 2], [1, 1], epsilon=-0.1),
        lambda: m.atkinson([1, 2], [1, 1], epsilon=math.nan),
        lambda: m.weighted_quantile([1, 2], [1, 1], probability=1.1),
        lambda: m.quantile_ratio([1, 2], [1, 1], upper=0.1, lower=0.9),
        lambda: m.share_ratio([1, 2], [1, 1], top=0),
        lambda: m.fgt([1, 2], [1, 1], requirement=0),
        lambda: m.fgt([1, 2], [1, 1], requirement=math.nan),
        lambda: m.fgt([1, 2], [1, 1], requirement=1, alpha=-1),
        lambda: m.adequacy_index([-1, 2], [1, 1], requirement=1),
        lambda: m.share_of_schools_meeting([1, 2], [1, 1], requirement=1, floor_share=0),
        lambda: m.amount_missing([1, 2], [1, 1], requirement=1, per=0),
        lambda: m.concentration_index([1, 2], [1, 1], [1]),
        lambda: m.concentration_curve([1, 2], [1, 1], [1, math.nan]),
        lambda: m.decompose_entropy([1, 2], [1, 1], ["a"]),
        lambda: m.decompose_entropy([1, 2], [1, 1], ["a", None]),
        lambda: m.decompose_gini([1, 2], [1, 1], ["a", math.nan]),
        lambda: m.decompose_gini([1, 2], [1, 1], pd.Series(["a", pd.NA])),
        lambda: m.decompose_entropy([0, 2], [1, 1], ["a", "b"], alpha=0),
        lambda: m.decompose_atkinson([0, 2], [1, 1], ["a", "b"], epsilon=1),
        lambda: m.nested_theil([1, 2], [1, 1], {}),
        lambda: m.nested_theil([1, 2], [1, 1], {"zone": ["a"]}),
        lambda: m.fiscal_neutrality([1, 2], [1, 1], [5, 5]),
        lambda: m.parity_index([1, 2], [1, 1], ["a", "b"], disadvantaged="a", advantaged="c"),
        lambda: m.parity_index([0, 0, 1], [1, 1, 1], ["a", "b", "c"], disadvantaged="a", advantaged="b"),
        lambda: m.segregation([2, 1], [1, 3]),
        lambda: m.segregation([0, 0], [1, 3]),
        lambda: m.segregation([0.5, 1], [1, 3]),
        lambda: m.sigma_convergence([1, 2], [1, 1], [2024, 2024]),
        lambda: m.beta_convergence([1, 2], [1, 2], years=1),
        lambda: m.beta_convergence([1, 2, 0], [1, 2, 3], years=1),
        lambda: m.beta_convergence([1, 1, 1], [1, 2, 3], years=1),
        lambda: m.beta_convergence([1, 2, 3], [1, 2, 3], years=0),
        lambda: m.jackknife_interval(m.gini, [1, 2, 3, 4], [1, 1, 1, 1]),
        lambda: m.jackknife_interval(m.gini, [1, 2, 3, 4, 9], [1, 1, 1, 1, 0]),
        lambda: m.jackknife_interval(m.mcloone_index, [1, 2, 3, 4, 5], [1, 1, 1, 1, 1]),
        lambda: m.jackknife_interval(m.theil_l, [0, 2, 3, 4, 5], [1, 1, 1, 1, 1]),
        lambda: m.jackknife_interval(m.gini, [0, 0, 0, 0, 5], [1, 1, 1, 1, 1]),
        lambda: m.jackknife_interval(m.gini, [1, 2, 3, 4, 5], [1, 1, 1, 1, 1], level=95),
        lambda: m.influence_table(m.gini, [1], [1]),
        lambda: m.influence_table(m.gini, [1, 2], [1, 1], schools=["a"]),
    ],
)
def test_refusals(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"`|finite"):
        call()


def test_exactly_at_the_requirement_and_float_noise() -> None:
    # 9 arts teachers for 1,000 students are 0.9 per 100, in floats 0.8999999999999999; 85 % of 7.5 m² is 6.375.
    assert 9 / 1000 * 100 < 0.9
    assert m.fgt([9 / 1000 * 100], [1000], requirement=0.9, alpha=0) == 0
    assert m.share_of_schools_meeting([6.375, 6.374], [1, 1], requirement=7.5, floor_share=0.85) == 0.5
    assert m.share_of_students_meeting([7.5, 7.499], [30, 10], requirement=7.5) == 0.75


def test_drop_missing_carries_the_count() -> None:
    values, weights, n_dropped = m.drop_missing([4, np.nan, 6, np.nan], [300, 200, 100, 0])
    assert n_dropped == 1
    assert m.weighted_mean(values, weights) == 4.5


def test_group_of_one_school_and_group_with_nothing() -> None:
    # Hand: group b is one school, group c has nothing; inside both there is no inequality.
    split = m.decompose_entropy([4, 6, 0, 0], [10, 10, 5, 5], ["a", "b", "c", "c"])
    assert split.by_group.set_index("group")["inequality"].to_dict() == {"a": 0, "b": 0, "c": 0}
    assert split.within == 0
    assert split.between == pytest.approx(split.total)
    gini = m.decompose_gini([4, 6, 0, 0], [10, 10, 5, 5], ["a", "b", "c", "c"])
    assert gini.between == pytest.approx(gini.total)
    assert m.decompose_atkinson([4, 6, 0, 0], [10, 10, 5, 5], ["a", "b", "c", "c"]).within == pytest.approx(0)


def test_one_group_and_no_inequality() -> None:
    split = m.decompose_entropy([4, 6], [10, 10], ["a", "a"])
    assert (split.between, split.within_share, split.between_share) == (0, 1, 0)
    equal = m.decompose_gini([4, 4], [10, 10], ["a", "b"])
    assert (equal.total, equal.within_share, equal.between_share, equal.overlap) == (0, 0, 0, 0)
    assert m.nested_theil([4, 4], [1, 1], {"zone": ["a", "b"]})["share"].tolist() == [0, 0]


def test_decomposition_leaves_out_schools_without_students() -> None:
    split = m.decompose_entropy([4, 6, 99], [10, 10, 0], ["a", "b", "c"])
    assert split.by_group["group"].tolist() == ["a", "b"]
    assert split.by_group["n_schools"].sum() == 2


def test_dagum_pair_by_hand() -> None:
    # Hand: groups (1, 3) and (2), students 1 each: E|y−z| = 1, means equal, so D = 0; the pair overlaps wholly.
    split = m.decompose_gini([1, 3, 2], [1, 1, 2], ["j", "j", "h"])
    pair = split.by_pair.iloc[0]
    assert (pair["gini"], pair["distance"]) == (pytest.approx(0.25), 0)
    assert split.between == 0
    assert split.overlap == pytest.approx(1 / 2 * 1 / 2 * 1 / 2)


def test_neutral_resource() -> None:
    tied = m.fiscal_neutrality([5, 5, 5], [1, 2, 3], [1, 2, 4])
    assert (tied.correlation, tied.slope, tied.elasticity, tied.log_elasticity) == (0, 0, 0, 0)
    assert m.fiscal_neutrality([0, 5, 5], [1, 2, 3], [1, 2, 4]).log_elasticity is None


def test_parity_by_hand() -> None:
    # Hand: rural (4 · 300 + 6 · 100) / 400 = 4.5, urban 9.
    parity = m.parity_index([4, 6, 9], [300, 100, 50], ["r", "r", "u"], disadvantaged="r", advantaged="u")
    assert parity == m.Parity(4.5, 9.0, 4.5, 0.5, 0.5)
    turned = m.parity_index([4, 6, 9], [300, 100, 50], ["r", "r", "u"], disadvantaged="u", advantaged="r")
    assert (turned.index, turned.adjusted) == (2.0, 1.5)
    empty = m.parity_index([4, 0], [1, 1], ["r", "u"], disadvantaged="r", advantaged="u")
    assert (empty.index, empty.adjusted) == (math.inf, 2.0)


def test_expected_dissimilarity_by_enumeration() -> None:
    # Closed form: every way to seat 3 of the group on 9 places in schools of 2, 3 and 4 is equally likely.
    schools = [0, 0, 1, 1, 1, 2, 2, 2, 2]
    found = []
    for seats in itertools.combinations(range(9), 3):
        group = np.bincount([schools[seat] for seat in seats], minlength=3)
        found.append(m.segregation(group, [2, 3, 4]).dissimilarity)
    spread = m.segregation([1, 1, 1], [2, 3, 4])
    assert spread.expected_dissimilarity == pytest.approx(np.mean(found), rel=1e-12)


def test_segregation_extremes() -> None:
    # Closed form: fully apart, every index is 1; evenly spread, 0.
    apart = m.segregation([100, 0], [100, 300])
    names = ("dissimilarity", "isolation", "variance_ratio", "gini", "theil_h")
    assert [getattr(apart, name) for name in names] == pytest.approx([1] * 5)
    even = m.segregation([25, 75, 0], [100, 300, 0])
    assert [even.dissimilarity, even.variance_ratio, even.gini, even.theil_h] == pytest.approx([0] * 4, abs=1e-12)
    assert even.adjusted_dissimilarity < 0
    alone = m.segregation([3], [10])
    assert (alone.dissimilarity, alone.expected_dissimilarity) == (0, pytest.approx(0))


def test_beta_at_its_limits() -> None:
    widening = m.beta_convergence([1, 2, 4], [1, 4, 16], years=2)
    assert widening.slope > 0
    assert widening.half_life == math.inf
    turned = m.beta_convergence([1, 2, 4], [4, 2, 1], years=2)
    assert (turned.speed, turned.half_life) == (None, None)
    same = m.beta_convergence([1, 2, 4], [2, 4, 8], years=2)
    assert (same.slope, same.r_squared) == (pytest.approx(0), 0)
    weighted = m.beta_convergence([1, 2, 4, 9], [2, 3, 5, 1], years=2, weights=[1, 1, 1, 0])
    assert weighted == m.beta_convergence([1, 2, 4], [2, 3, 5], years=2)


def test_beta_counts_students_as_replicated_schools() -> None:
    # Closed form: the slope of a weighted line is that of the repeated rows.
    once = m.beta_convergence([1, 2, 4], [2, 3, 5], years=2, weights=[3, 1, 2])
    repeated = m.beta_convergence([1, 1, 1, 2, 4, 4], [2, 2, 2, 3, 5, 5], years=2)
    assert once.slope == pytest.approx(repeated.slope)


def test_jackknife_of_equal_schools() -> None:
    interval = m.jackknife_interval(m.weighted_cv, [4, 4, 4, 4, 4], [1, 2, 3, 4, 5])
    assert (interval.estimate, interval.std_error, interval.low, interval.high) == (0, 0, 0, 0)


def test_interval_from_an_influence_table_is_the_jackknife_to_the_bit() -> None:
    values, weights = [4, 4.1, 9, 5, 6.3, 7], [300, 20, 70, 110, 5, 60]
    table = m.influence_table(m.gini, values, weights)  # the strongest first: another order than the jackknife's
    without = table["without"].to_numpy()
    assert m.interval_without(m.gini(values, weights), without) == m.jackknife_interval(m.gini, values, weights)


def test_influence_names_the_school_that_drives_the_figure() -> None:
    # Hand: without c all schools are equal; nothing can be said without the only school that has something.
    table = m.influence_table(m.weighted_cv, [4, 4, 8, 99], [100, 100, 50, 0], schools=["a", "b", "c", "d"])
    assert table["school"].tolist() == ["c", "a", "b"]
    assert table["without"][0] == 0
    assert table["influence"][0] == -m.weighted_cv([4, 4, 8], [100, 100, 50])
    lonely = m.influence_table(m.weighted_cv, [0, 0, 8], [1, 1, 1])
    assert lonely["school"].tolist()[0] == 2
    assert lonely["without"].isna().tolist() == [True, False, False]


def test_curves_do_not_depend_on_the_order_of_ties() -> None:
    curve = m.concentration_curve([4, 6, 5], [1, 2, 3], [1, 1, 2])
    assert curve.equals(m.concentration_curve([6, 4, 5], [2, 1, 3], [1, 1, 2]))
    assert len(curve) == 3


def test_percentiles_of_four_schools_are_schools() -> None:
    """
    Catalogue K13: ties, and P95/P5 of four schools; the method is named in the docstring, and no school is invented.

    Hand: of four schools alike in size the 5th percentile of students is the first, the 95th the last.
    """
    assert m.quantile_ratio([1, 2, 3, 4], [10] * 4) == 4
    assert m.federal_range_ratio([1, 2, 3, 4], [10] * 4) == 3
    assert m.quantile_ratio([2, 2, 2, 2], [10] * 4) == 1
    assert m.weighted_quantile([1, 2, 2, 3], [10] * 4, probability=0.5) == 2
    assert m.weighted_quantile([1, 2, 3, 4], [10] * 4, probability=0.5) == 2.5  # between two: their middle
    assert "Inverted distribution function" in (m.weighted_quantile.__doc__ or "")
