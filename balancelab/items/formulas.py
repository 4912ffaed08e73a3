"""
Formulas of the checklist items: pure functions of counts and amounts; limits come from the standard.

Shares are exact fractions, so that an item exactly at its limit meets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

Amount = int | float | Decimal | Fraction


def share(part: Amount, whole: Amount) -> Fraction:
    """
    Return ``part ÷ whole`` exactly.

    Parameters
    ----------
    part, whole : number
        Counts or amounts of the same kind; floats stand for the decimal that they print as.

    Returns
    -------
    Fraction
        [unitless]

    Raises
    ------
    ValueError
        If either is negative or the whole is 0.

    Examples
    --------
    >>> share(9, 1000)
    Fraction(9, 1000)
    """
    numerator, denominator = _exact("part", part), _exact("whole", whole)
    if denominator == 0:
        raise ValueError("`whole` is 0: there is nothing to take a share of")
    return numerator / denominator


def rooms_needed(classes: int, *, per_classes: int) -> int:
    """
    Return how many special rooms of one kind a school needs: one for every `per_classes` classes or part of them.

    Parameters
    ----------
    classes : int
        Classes of the school.
    per_classes : int
        Classes that share one room (12 in 教督〔2017〕6号, government guarantee item 3).

    Returns
    -------
    int
        [rooms]

    Examples
    --------
    >>> rooms_needed(25, per_classes=12), rooms_needed(24, per_classes=12), rooms_needed(1, per_classes=12)
    (3, 2, 1)
    """
    if classes < 0 or per_classes < 1:
        raise ValueError("`classes` must not be negative and `per_classes` must be at least 1")
    return -(-classes // per_classes)


def retention_rate(
    graduates: int, intake: int, *, transfers_in: int = 0, transfers_out: int = 0, deaths: int = 0
) -> Fraction:
    """
    Return the three-year retention rate of junior secondary schools (初中三年巩固率), by the application form.

    Parameters
    ----------
    graduates : int
        Students of the graduating class.
    intake : int
        Students of grade 7 three years earlier.
    transfers_in, transfers_out, deaths : int
        Students who came, left or died in between.

    Returns
    -------
    Fraction
        ``graduates ÷ (intake + transfers in − deaths − transfers out)``; above 1 where movers were not netted out,
        which yearbooks print: worth a warning, not a refusal. [unitless]

    Raises
    ------
    ValueError
        If a count is negative or nobody is left to divide by.

    References
    ----------
    教督〔2017〕6号 application form, table V. For the other reading see :func:`retention_rate_adjusted`.

    Examples
    --------
    >>> round(float(retention_rate(290, 300, transfers_in=12, transfers_out=9, deaths=1)), 4)
    0.9603
    """
    return share(graduates, intake + transfers_in - deaths - transfers_out)


def retention_rate_adjusted(
    graduates: int, intake: int, *, transfers_in: int = 0, transfers_out: int = 0, deaths: int = 0
) -> Fraction:
    """
    Return the retention rate in the reading that corrects the graduates: ``(graduates − in + out) ÷ (intake −
    deaths)``.

    Parameters, errors and range are those of :func:`retention_rate`.

    References
    ----------
    Shenyang's workbook for the 2017 evaluation.

    Examples
    --------
    >>> round(float(retention_rate_adjusted(290, 300, transfers_in=12, transfers_out=9, deaths=1)), 4)
    0.9599
    """
    return share(graduates - transfers_in + transfers_out, intake - deaths)


def growth(new: Amount, old: Amount) -> Fraction:
    """
    Return the growth rate ``new ÷ old − 1``.

    Raises
    ------
    ValueError
        If either is negative or `old` is 0.

    Examples
    --------
    >>> round(100 * float(growth(19432.9, 16021.6)), 2)
    21.29
    """
    return share(new, old) - 1


def grows_faster(appropriation: tuple[Amount, Amount], revenue: tuple[Amount, Amount]) -> bool:
    """
    Whether government education appropriation grew more than regular fiscal revenue (the first of the three growths).

    Parameters
    ----------
    appropriation, revenue : (new, old)
        This year's and last year's amount. [any money unit, the same in a pair]

    Returns
    -------
    bool
        Strictly more; equal growth is not enough.

    References
    ----------
    教育法 (Education Law), the three growths (三个增长).

    Examples
    --------
    >>> grows_faster((19432.9, 16021.6), (12706, 10567))
    True
    """
    return growth(*appropriation) > growth(*revenue)


def least_growth(series: Sequence[Amount]) -> Fraction:
    """
    Return the smallest yearly growth in a series.

    Parameters
    ----------
    series : sequence of number
        One amount a year, oldest first; n years of growth need n + 1 amounts. [any unit]

    Returns
    -------
    Fraction
        [unitless]

    Raises
    ------
    ValueError
        If there are fewer than two amounts, one is negative or a base is 0.

    Examples
    --------
    >>> least_growth([100, 110, 121, 121])
    Fraction(0, 1)
    """
    if len(series) < 2:
        raise ValueError("a growth needs two amounts")
    return min(growth(new, old) for old, new in pairwise(series))


def net_enrolment_rate(enrolled: int, school_age: int) -> Fraction:
    """
    Return the net enrolment rate (适龄人口入学率).

    Parameters
    ----------
    enrolled : int
        School-age children enrolled at this or a higher level; children on leave do not count, early finishers do.
    school_age : int
        School-age population.

    Returns
    -------
    Fraction
        ``enrolled ÷ school_age``; above 1 where the population is out of date: a warning, no refusal. [unitless]

    Examples
    --------
    >>> float(net_enrolment_rate(9_985, 10_000))
    0.9985
    """
    return share(enrolled, school_age)


def retention_rate_nine_years(graduates: int, intake: int) -> Fraction:
    """
    Return the nine-year retention rate (九年义务教育巩固率): graduates ÷ grade-1 intake nine years earlier.

    Parameters
    ----------
    graduates : int
        Graduates of junior secondary schools.
    intake : int
        Grade-1 intake nine years earlier, normal movers included.

    Returns
    -------
    Fraction
        Above 1 where movers are not netted out. [unitless]

    Examples
    --------
    >>> round(float(retention_rate_nine_years(954, 1000)), 3)
    0.954
    """
    return share(graduates, intake)


def to_fraction(amount: Amount) -> Fraction:
    """
    Return an amount exactly; a float stands for the decimal that it prints as.

    >>> to_fraction(0.15)
    Fraction(3, 20)
    """
    if isinstance(amount, float):  # numpy's floats are floats too, but print otherwise
        return Fraction(repr(float(amount)))
    return Fraction(amount)


def _exact(name: str, amount: Amount) -> Fraction:
    exact = to_fraction(amount)
    if exact < 0:
        raise ValueError(f"`{name}` must not be negative, is {amount}")
    return exact
