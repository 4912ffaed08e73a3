"""Mean and CV, their twins over groups, the registry, and what bad input gets."""

from __future__ import annotations

import inspect
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from balancelab.measures import MEASURES, measure, weighted_cv, weighted_mean, weighted_sd
from balancelab.measures import grouped as twins

# Published: the worked example that circulates with the official method (library books of five primary schools).
STUDENTS = [45, 37, 89, 76, 55]
BOOKS = [279, 137, 935, 160, 402]
BOOKS_PER_STUDENT = [book / student for book, student in zip(BOOKS, STUDENTS, strict=True)]


def test_official_example() -> None:
    # Published: mean 6.33, S 3.26, CV 0.52; 15 digits by mpmath 1.4.1 at 50 digits from the definition.
    assert weighted_mean(BOOKS_PER_STUDENT, STUDENTS) == pytest.approx(6.33443708609272, rel=1e-14)
    assert weighted_cv(BOOKS_PER_STUDENT, STUDENTS) == pytest.approx(0.515256629884476, rel=1e-14)
    assert round(weighted_sd(BOOKS_PER_STUDENT, STUDENTS), 2) == 3.26


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1.0, 2.0, 7.7, 1e9 + 0.1, 1e-9])
@pytest.mark.parametrize("n_schools", [1, 2, 3, 10, 997])
def test_equal_schools_give_exactly_zero(value: float, n_schools: int) -> None:
    # Closed form: no deviation, hence 0, not 1e-16; the mean is the value itself.
    weights = np.random.default_rng(n_schools).integers(1, 3000, n_schools) * 0.7
    values = np.full(n_schools, value)
    assert weighted_cv(values, weights) == 0.0
    assert weighted_mean(values, weights) == value
    assert twins.weighted_cv(values, weights, np.array([0]))[0] == 0.0


def test_zero_weight_is_absent() -> None:
    assert weighted_cv([4, 6, 1000, np.nan], [300, 100, 0, 0]) == weighted_cv([4, 6], [300, 100])


def test_one_holds_everything_attains_the_bound() -> None:
    """Catalogue K05."""
    # Closed form: sqrt((1 - p) / p) with p = 0.1.
    assert weighted_cv([0, 0, 5], [60, 30, 10]) == pytest.approx(3.0, rel=1e-14)


@pytest.mark.parametrize(
    ("values", "weights", "named"),
    [
        ([1, 2], [1], "`weights`"),
        ([], [], "`values`"),
        ([1, np.nan], [1, 1], "`values`"),
        ([1, None], [1, 1], "`values`"),
        ([1, np.inf], [1, 1], "`values`"),
        ([1, "2"], [1, 1], "`values`"),
        (["1", "2"], [1, 1], "`values`"),
        ([[1, 2]], [1, 1], "`values`"),
        ([1, 1e300], [1, 1], "`values`"),
        ([1, 1e-300], [1, 1], "`values`"),
        ([1, 2], [1, -1], "`weights`"),
        ([1, 2], [0, 0], "`weights`"),
        ([1, 2], [1, np.nan], "`weights`"),
        ([1, 2], [1, 1e200], "`weights`"),
        ([0, 0], [1, 1], "`values`"),
        ([-1, 1], [1, 1], "`values`"),
    ],
)
def test_bad_input_names_the_argument(values: list[float], weights: list[float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        weighted_cv(values, weights)


def test_other_exact_kinds_of_number_are_read() -> None:
    assert weighted_mean([Decimal(4), Fraction(6)], [300, 100]) == 4.5


def test_twin_marks_groups_without_an_answer() -> None:
    # Groups: mean 0; no students; an ordinary one (hand: 0.19245...).
    values = np.array([0.0, 0.0, 3.0, 4.0, 6.0])
    weights = np.array([1.0, 2.0, 0.0, 300.0, 100.0])
    starts = np.array([0, 2, 3])
    assert twins.weighted_mean(values, weights, starts) == pytest.approx([0, np.nan, 4.5], nan_ok=True)
    assert twins.weighted_cv(values, weights, starts) == pytest.approx([np.nan, np.nan, 27**-0.5], nan_ok=True)


def test_twin_of_no_groups_is_empty() -> None:
    assert len(twins.weighted_cv(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int))) == 0


def test_registry_holds_functions_of_values_and_weights() -> None:
    for name, entry in MEASURES.items():
        assert (entry.id, entry.function.__name__) == (name, name)
        assert list(inspect.signature(entry.function).parameters)[:2] == ["values", "weights"]
        assert entry.zh and entry.en


def test_registry_refuses_what_does_not_fit() -> None:
    with pytest.raises(TypeError, match="must take"):
        measure(zh="一", en="One")(lambda values, weights, requirement: 0.0)
    with pytest.raises(ValueError, match="registered already"):
        measure(zh="差异系数", en="CV")(weighted_cv)

    def nameless(values: object, weights: object) -> float:
        return 0.0

    with pytest.raises(ValueError, match="both languages"):
        measure(zh="", en="Nameless")(nameless)
    with pytest.raises(TypeError):
        MEASURES["another"] = MEASURES["weighted_cv"]  # type: ignore[index]
