"""The measures for all counties at once equal the single-county functions, digits and undefined answers included."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab import measures as m
from balancelab.measures import grouped, ordered
from balancelab.measures.exact import exact_cv_squared, rounded_root
from tests.measures.counties_strategy import counties, outcome

TWINS = [entry for entry in m.MEASURES.values() if entry.grouped is not None]
Stacked = tuple[np.ndarray, np.ndarray, np.ndarray]


def stack(sample: list[tuple[np.ndarray, np.ndarray]]) -> Stacked:
    """Counties one below the other, and the first row of each."""
    sizes = [len(values) for values, _ in sample]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    return np.concatenate([v for v, _ in sample]), np.concatenate([w for _, w in sample]), starts


def compare(entry: m.Measure, rows: Stacked) -> None:
    values, weights, starts = rows
    assert entry.grouped is not None
    twin = entry.grouped(values, weights, starts)
    assert twin.shape == starts.shape
    for place, county in enumerate(zip(np.split(values, starts[1:]), np.split(weights, starts[1:]), strict=True)):
        single = outcome(entry.function, *county)
        expected = math.nan if single is None else single
        assert twin[place] == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True), (entry.id, county)


def random_province(seed: int) -> Stacked:
    """Lognormal values and enrolments, with ties, zeros, schools without students, and counties of one school."""
    rng = np.random.default_rng(seed)
    sample = []
    for _ in range(150):
        n_schools = int(rng.integers(1, 40))
        values = np.round(rng.lognormal(2, 0.6, n_schools), int(rng.integers(0, 6)))
        values[rng.random(n_schools) < 0.05] = 0
        weights = np.ceil(rng.lognormal(6, 1, n_schools)) * (rng.random(n_schools) > 0.05)
        sample.append((values, weights * rng.choice([1.0, 1.1])))
    return stack(sample)


def test_every_measure_has_a_twin() -> None:
    assert [entry.id for entry in m.MEASURES.values() if entry.grouped is None] == []


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.id)
@pytest.mark.parametrize("seed", [1, 2])
def test_random_province(entry: m.Measure, seed: int) -> None:
    compare(entry, random_province(seed))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(counties(zeros=True), min_size=1, max_size=5))
def test_any_counties(sample: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for entry in TWINS:
        compare(entry, stack(sample))


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.id)
def test_undefined_is_missing_and_says_nothing(entry: m.Measure) -> None:
    # No students; all zero; a negative value; median zero; ordinary. Any numpy warning fails the test.
    sample = [
        ([5.0, 6.0], [0.0, 0.0]),
        ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
        ([-1.0, 4.0], [1.0, 1.0]),
        ([0.0, 0.0, 9.0], [4.0, 4.0, 1.0]),
        ([4.0, 6.0], [300.0, 100.0]),
        ([7.0], [1.0]),
    ]
    compare(entry, stack([(np.array(values), np.array(weights)) for values, weights in sample]))


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.id)
def test_no_groups(entry: m.Measure) -> None:
    assert entry.grouped is not None
    assert entry.grouped(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int)).shape == (0,)


@pytest.mark.parametrize("alpha", [-1.0, 0.5, 2.0])
def test_generalized_entropy(alpha: float) -> None:
    values, weights, starts = random_province(3)
    twin = grouped.generalized_entropy(values, weights, starts, alpha=alpha)
    for place, county in enumerate(zip(np.split(values, starts[1:]), np.split(weights, starts[1:]), strict=True)):
        single = outcome(lambda *county: m.generalized_entropy(*county, alpha=alpha), *county)
        assert twin[place] == pytest.approx(single, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("epsilon", [0.0, 1.0, 2.0])
def test_atkinson(epsilon: float) -> None:
    values, weights, starts = random_province(4)
    twin = grouped.atkinson(values, weights, starts, epsilon=epsilon)
    for place, county in enumerate(zip(np.split(values, starts[1:]), np.split(weights, starts[1:]), strict=True)):
        assert twin[place] == pytest.approx(m.atkinson(*county, epsilon=epsilon), rel=1e-12, abs=1e-15)


def test_adequacy() -> None:
    values, weights, starts = random_province(5)
    twin = grouped.adequacy_index(values, weights, starts, requirement=7.5)
    below = grouped.fgt(values, weights, starts, requirement=7.5, alpha=0)
    for place, county in enumerate(zip(np.split(values, starts[1:]), np.split(weights, starts[1:]), strict=True)):
        assert twin[place] == pytest.approx(m.adequacy_index(*county, requirement=7.5), rel=1e-12)
        assert below[place] == pytest.approx(m.fgt(*county, requirement=7.5, alpha=0), rel=1e-12)


@pytest.mark.parametrize("n_schools", [2, 10, 20, 40])
def test_steps_between_schools_are_met_in_spite_of_rounding(n_schools: int) -> None:
    # Hand: equal parts of a student; every tenth is a step, where the quantile lies in the middle of two schools.
    county = np.arange(1.0, n_schools + 1), np.full(n_schools, 0.1)
    for entry in TWINS:
        compare(entry, stack([county]))
    middle = (n_schools + 1) / 2
    assert ordered.weighted_median(*county, np.array([0]))[0] == middle
    if n_schools % 10 == 0:
        high, low = n_schools * 0.9 + 0.5, n_schools * 0.1 + 0.5
        assert ordered.quantile_ratio(*county, np.array([0]))[0] == pytest.approx(high / low, rel=1e-14)


def test_large_buckets_are_cut() -> None:
    # Closed form: two schools of equal students at 1 and 3 have a Gini of 1/4; more counties than one rectangle holds.
    n_counties = ordered._CELLS // 2 + 10
    values, weights = np.tile([1.0, 3.0], n_counties), np.ones(2 * n_counties)
    assert ordered.gini(values, weights, np.arange(n_counties) * 2) == pytest.approx(np.full(n_counties, 0.25))


def near_equal() -> tuple[np.ndarray, np.ndarray]:
    """Values of 1e8 with a spread of 1 (yuan of equipment): whoever subtracts squares has no digit left."""
    rng = np.random.default_rng(8)
    return 1e8 + rng.random(70), rng.integers(20, 3000, 70).astype(float)


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.id)
def test_nearly_equal_schools_keep_their_digits(entry: m.Measure) -> None:
    values, weights = near_equal()
    assert entry.grouped is not None
    twin = entry.grouped(values, weights, np.array([0]))[0]
    expected = exact_spread(entry.id, values, weights)
    assert twin == pytest.approx(expected, rel=1e-12, abs=0)
    assert entry.function(values, weights) == pytest.approx(expected, rel=1e-12, abs=0)


def exact_spread(name: str, values: np.ndarray, weights: np.ndarray) -> float:
    """Closed forms on the float inputs in rational or 60-digit arithmetic; ratios near 1 need no oracle."""
    if name in ("weighted_cv", "weighted_sd"):
        x, w = [Fraction(v) for v in values.tolist()], [int(p) for p in weights]
        mean = sum(a * b for a, b in zip(x, w, strict=True)) / sum(w)
        return rounded_root(exact_cv_squared(x, w) * (mean**2 if name == "weighted_sd" else 1))
    with localcontext(prec=60):
        x, p = [Decimal(v) for v in values.tolist()], [Decimal(w) for w in weights.tolist()]
        students = sum(p)
        mean = sum(a * b for a, b in zip(x, p, strict=True)) / students
        mean_log = sum(a.ln() * b for a, b in zip(x, p, strict=True)) / students
        if name == "gini":
            pairs = sum(b * d * abs(a - c) for a, b in zip(x, p, strict=True) for c, d in zip(x, p, strict=True))
            return float(pairs / (2 * students**2 * mean))
        terms = {
            "theil_t": lambda a: a / mean * (a / mean).ln(),
            "theil_l": lambda a: (mean / a).ln(),
            "hoover_index": lambda a: abs(a / mean - 1) / 2,
            "atkinson": lambda a: a.sqrt(),
            "sd_of_logs": lambda a: (a.ln() - mean_log) ** 2,
        }
        if name not in terms:
            return float(m.MEASURES[name].function(values, weights))
        average = sum(b * terms[name](a) for a, b in zip(x, p, strict=True)) / students
        if name == "atkinson":
            return float(1 - average**2 / mean)
        return float(average.sqrt() if name == "sd_of_logs" else average)
