"""What an item's value is, exactly, and how far it is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from balancelab.standards.items import Comparison


@dataclass(frozen=True)
class Outcome:
    """
    The value of an item in a county.

    Attributes
    ----------
    low, high : Fraction or None
        Bounds of the value; equal where everything was reported, None where nothing bounds it on that side.
    n : int
        Schools, classes or figures that it rests on.
    n_missing : int
        Of these, how many lack data.
    against : tuple of str
        Schools that count against the item.
    unreported : tuple of str
        Schools without data, or figures that the county did not report.
    """

    low: Fraction | None
    high: Fraction | None
    n: int = 0
    n_missing: int = 0
    against: tuple[str, ...] = ()
    unreported: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the value is known exactly."""
        return self.low is not None and self.low == self.high

    @property
    def bounded(self) -> bool:
        """Whether anything is known of it."""
        return self.low is not None or self.high is not None

    def holds(self, value: Fraction) -> bool:
        """Whether `value` lies within the bounds."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


NOTHING = Outcome(None, None)


def compare(value: Fraction, comparison: Comparison, limit: Fraction) -> bool:
    """
    Compare a value with a limit.

    >>> compare(Fraction(1, 10), "at_least", Fraction(1, 10)), compare(Fraction(15, 100), "below", Fraction(15, 100))
    (True, False)
    """
    if comparison == "yes":
        return value == 1
    if comparison == "no":
        return value == 0
    return {
        "at_least": value >= limit,
        "at_most": value <= limit,
        "above": value > limit,
        "below": value < limit,
    }[comparison]


def decide(low: Fraction | None, high: Fraction | None, comparison: Comparison, limit: Decimal | None) -> bool | None:
    """
    Judge a value known within bounds: true or false where both ends agree, else None.

    An end that nothing bounds is on the side of failure for the one and of success for the other.

    >>> decide(Fraction(0), Fraction(2), "at_most", Decimal(0)) is None
    True
    >>> decide(Fraction(1), Fraction(2), "at_most", Decimal(0))
    False
    >>> decide(None, Fraction(-1, 100), "above", Decimal(0))
    False
    """
    exact = Fraction(limit) if limit is not None else Fraction(0)
    ends = [None if end is None else compare(end, comparison, exact) for end in (low, high)]
    if ends[0] is not None and ends[0] == ends[1]:
        return ends[0]
    if comparison in ("at_least", "above"):
        return False if ends[1] is False else True if ends[0] is True else None
    if comparison in ("at_most", "below"):
        return False if ends[0] is False else True if ends[1] is True else None
    return None
