"""What every measure asks of its arguments, and the exact sums that make the order of schools irrelevant."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

# Outside these magnitudes squares and ratios could overflow or vanish; no count, area or sum of money comes near.
VALUE_RANGE = (1e-30, 1e30)
WEIGHT_RANGE = (1e-15, 1e15)


def checked(
    values: ArrayLike, weights: ArrayLike, *, non_negative: bool = False, positive_mean: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """
    Check values and weights; return them as float64 without the schools of weight zero.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school; not looked at where the weight is zero.
    weights : array_like, shape (n_schools,)
        Students of each school. [students]
    non_negative : bool, optional
        Refuse negative values.
    positive_mean : bool, optional
        Refuse values whose weighted mean is not positive.

    Returns
    -------
    values, weights : ndarray, shape (n_present,)
        Schools with students, in canonical order: ascending value, equal values by ascending weight. Every result
        is thereby the same to the last bit in whatever order the schools were given.

    Raises
    ------
    ValueError
        Naming the argument: not one-dimensional numbers, empty, different lengths, a missing or infinite value, a
        negative weight, no positive weight, a magnitude outside `VALUE_RANGE` or `WEIGHT_RANGE`.

    Examples
    --------
    >>> checked([7, 5, float("nan")], [10, 20, 0])
    (array([5., 7.]), array([20., 10.]))
    """
    x, w = aligned(values=values, weights=weights)
    present = present_schools(w)
    x, w = x[present], w[present]
    check_values("values", x, non_negative=non_negative)
    order = np.lexsort((w, x))
    x, w = x[order], w[order]
    if positive_mean:
        check_positive_mean("values", mean_of(x, w))
    return x, w


def drop_missing(values: ArrayLike, weights: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """
    Take out the schools whose value or weight is missing, and say how many they are.

    A separate step, so that a measure itself always returns the same kind of answer and never drops a school unseen.

    Parameters
    ----------
    values : array_like, shape (n_schools,)
        Indicator value of each school. [indicator unit]
    weights : array_like, shape (n_schools,)
        Students of each school. [students]

    Returns
    -------
    values, weights : ndarray, shape (n_kept,)
        Schools with both, in the order given.
    n_dropped : int
        Schools taken out; one of weight zero and no value is absent anyway and does not count.

    Raises
    ------
    ValueError
        If an argument does not hold numbers or the lengths differ.

    Examples
    --------
    >>> drop_missing([4, None, 6], [300, 200, 100])
    (array([4., 6.]), array([300., 100.]), 1)
    """
    x, w = aligned(values=values, weights=weights)
    missing = np.isnan(x) | np.isnan(w)
    return x[~missing], w[~missing], int((missing & (w != 0)).sum())


def aligned(**arrays: ArrayLike) -> list[np.ndarray]:
    """
    Turn named arguments into float64 vectors of one length, or say which argument is wrong.

    Examples
    --------
    >>> aligned(values=[1, 2], weights=[3, 4])
    [array([1., 2.]), array([3., 4.])]
    """
    vectors = {name: as_vector(name, array) for name, array in arrays.items()}
    first, *others = vectors
    for name in others:
        if len(vectors[name]) != len(vectors[first]):
            raise ValueError(
                f"`{name}` and `{first}` must be equally long, got {len(vectors[name])} and {len(vectors[first])}"
            )
    if len(vectors[first]) == 0:
        raise ValueError(f"`{first}` is empty")
    return list(vectors.values())


def as_vector(name: str, array: ArrayLike) -> np.ndarray:
    """
    Turn one argument into a float64 vector; text that looks like a number is refused, not read.

    Examples
    --------
    >>> as_vector("values", (1, 2.5))
    array([1. , 2.5])
    """
    given = np.asarray(array)
    if given.ndim != 1:
        raise ValueError(f"`{name}` must be one-dimensional, got shape {given.shape}")
    holds_text = given.dtype.kind == "O" and any(isinstance(entry, str | bytes) for entry in given)
    if given.dtype.kind not in "biufO" or holds_text:
        raise ValueError(f"`{name}` must hold numbers, got {given.dtype}")
    try:
        return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` must hold numbers: {error}") from error


def present_schools(weights: np.ndarray) -> np.ndarray:
    """
    Check weights and return the mask of schools that have any; a school of weight zero counts as absent.

    Examples
    --------
    >>> present_schools(np.array([3.0, 0.0]))
    array([ True, False])
    """
    _check_finite("weights", weights)
    if (weights < 0).any():
        place = int(np.argmax(weights < 0))
        raise ValueError(f"`weights` must not be negative, got {weights[place]:g} at position {place}")
    present = weights > 0
    if not present.any():
        raise ValueError("`weights` must not all be zero")
    _check_magnitude("weights", weights, WEIGHT_RANGE)
    return present


def check_values(name: str, values: np.ndarray, *, non_negative: bool = False) -> None:
    """
    Refuse missing, infinite and absurdly large or small values, and negative ones if asked.

    Examples
    --------
    >>> check_values("values", np.array([-1.0]), non_negative=True)
    Traceback (most recent call last):
    ValueError: `values` must not be negative, got -1 at position 0
    """
    _check_finite(name, values)
    _check_magnitude(name, values, VALUE_RANGE)
    if non_negative and (values < 0).any():
        place = int(np.argmax(values < 0))
        raise ValueError(f"`{name}` must not be negative, got {values[place]:g} at position {place}")


def check_positive_mean(name: str, mean: float) -> None:
    """
    Refuse a mean that nothing can be divided by.

    Examples
    --------
    >>> check_positive_mean("values", 0.0)
    Traceback (most recent call last):
    ValueError: the weighted mean of `values` must be positive, got 0
    """
    if not mean > 0:
        raise ValueError(f"the weighted mean of `{name}` must be positive, got {mean:g}")


def total(terms: np.ndarray) -> float:
    """
    Sum without rounding error, hence the same in every order.

    Examples
    --------
    >>> total(np.array([0.1] * 10))
    1.0
    """
    return math.fsum(terms.tolist())


def mean_of(values: np.ndarray, weights: np.ndarray) -> float:
    """
    Weighted mean of checked arrays, corrected by its own residual so that equal values give exactly that value.

    Examples
    --------
    >>> mean_of(np.array([0.1, 0.1, 0.1]), np.array([1.0, 2.0, 4.0]))
    0.1
    """
    sum_of_weights = total(weights)
    mean = total(weights * values) / sum_of_weights
    return mean + total(weights * (values - mean)) / sum_of_weights


def _check_finite(name: str, vector: np.ndarray) -> None:
    finite = np.isfinite(vector)
    if not finite.all():
        place = int(np.argmin(finite))
        what = "a missing value" if math.isnan(vector[place]) else "an infinite value"
        raise ValueError(f"`{name}` holds {what} at position {place}")


def _check_magnitude(name: str, vector: np.ndarray, allowed: tuple[float, float]) -> None:
    size = np.abs(vector)
    outside = (size != 0) & ((size < allowed[0]) | (size > allowed[1]))
    if outside.any():
        place = int(np.argmax(outside))
        raise ValueError(
            f"`{name}` must be zero or between {allowed[0]:g} and {allowed[1]:g} in size, "
            f"got {vector[place]:g} at position {place}"
        )
