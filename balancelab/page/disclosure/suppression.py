"""
Complementary suppression: which further numbers must be withheld so that no withheld one can be worked out.

Whoever reads a report knows every printed number and every sum that ties them together. What is left open is a linear
system; a withheld number is safe only if that system leaves it a range wide enough. The range is found exactly, by two
linear programmes for each number, so the same function that chooses the cells also proves the choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

LEAST = 10
"""Width that a withheld count must be open by, unless everything from 1 to 9 is possible."""

Relation = Mapping[str, float]
"""Coefficients by cell; times the cells' values they add up to zero (``{"all": 1, "boys": -1, "girls": -1}``)."""

_TIGHT = 1e-7  # of a linear programme's ends


def suppress(
    values: Mapping[str, float],
    relations: Sequence[Relation],
    sensitive: Collection[str],
    *,
    unprinted: Collection[str] = (),
    least: int = LEAST,
) -> frozenset[str]:
    """
    Choose the cells that are not printed.

    Parameters
    ----------
    values : mapping
        Cell → value, not negative; every cell that a relation names.
    relations : sequence of mappings
        What a reader knows to hold between cells, within a table or across tables of one report.
    sensitive : collection of str
        Cells that must not be known: withheld in any case.
    unprinted : collection of str
        Cells that no table prints; a reader may still work them out (``children − enrolled``). They may be among the
        sensitive ones.
    least : int
        Counts below it are small.

    Returns
    -------
    frozenset of str
        Printed cells to be withheld: the sensitive ones and, cheapest first, as many others as are needed.

    Raises
    ------
    ValueError
        If a relation names a cell without a value, or does not hold.

    Notes
    -----
    Greedy, in an order that depends on values and names only: not always the smallest choice, always a safe one. The
    end is certain: with every cell of its relations withheld a number has no known neighbour left.

    References
    ----------
    IES, NCES 2011-603, "Statistical methods for protecting personally identifiable information in aggregate
    reporting": complementary suppression.

    Examples
    --------
    A total of 40 with 4 and 36 in its parts: the 4 goes, and so must one of the others.

    >>> sorted(suppress({"all": 40, "few": 4, "many": 36}, [{"all": 1, "few": -1, "many": -1}], ["few"]))
    ['few', 'many']
    """
    _check(values, relations)
    needed = {*sensitive, *unprinted}
    withheld, exposed = set(needed), sorted(sensitive)
    while exposed:
        if is_safe(exposed[0], values, relations, withheld, least=least):
            exposed.pop(0)  # withholding more never makes a cell less safe
        else:
            withheld.add(_cheapest(exposed[0], values, relations, withheld))
    for name in sorted(withheld - needed, key=lambda cell: (-values[cell], cell)):
        without = withheld - {name}
        if all(is_safe(cell, values, relations, without, least=least) for cell in sorted(sensitive)):
            withheld = without  # what was taken for one cell may be made needless by what was taken for another
    return frozenset(withheld - set(unprinted))


def is_safe(
    name: str,
    values: Mapping[str, float],
    relations: Sequence[Relation],
    withheld: Collection[str],
    *,
    least: int = LEAST,
) -> bool:
    """
    Tell whether a reader who knows all other cells is left in doubt about one.

    Returns
    -------
    bool
        True if its possible values reach from 1 or less to 9 or more, or are `least` apart.
    """
    low, high = possible_range(name, values, relations, withheld)
    return high - low >= least - _TIGHT or (low <= 1 + _TIGHT and high >= least - 1 - _TIGHT)


def possible_range(
    name: str, values: Mapping[str, float], relations: Sequence[Relation], withheld: Collection[str]
) -> tuple[float, float]:
    """
    Return the smallest and the largest value that a withheld cell can have, all else being known.

    Parameters
    ----------
    name : str
        The cell.
    values, relations : mapping, sequence
        As for :func:`suppress`.
    withheld : collection of str
        Cells that a reader does not know; of each it is known that it is not negative.

    Returns
    -------
    (float, float)
        The upper end may be infinite.

    Examples
    --------
    >>> possible_range("few", {"all": 40, "few": 4, "many": 36}, [{"all": 1, "few": -1, "many": -1}], ["few", "many"])
    (0.0, 40.0)
    """
    import numpy as np
    from scipy.optimize import linprog

    unknown = sorted(withheld)
    if name not in withheld:
        return float(values[name]), float(values[name])
    rows, knowns = [], []
    for relation in relations:
        row = [float(relation.get(cell, 0.0)) for cell in unknown]
        if any(row):
            known = -sum(part * values[cell] for cell, part in relation.items() if cell not in withheld)
            size = max(1.0, abs(known), *map(abs, row))  # the programme's tolerance is absolute
            rows.append([part / size for part in row])
            knowns.append(known / size)
    if not rows:
        return 0.0, float("inf")
    ends = []
    for sign in (1.0, -1.0):
        goal = np.array([sign if cell == name else 0.0 for cell in unknown])
        found = linprog(goal, A_eq=np.array(rows), b_eq=np.array(knowns), bounds=(0, None), method="highs")
        # 3 is "unbounded": nothing but the sign is known of the cell
        ends.append(float("inf") if found.status == 3 else abs(round(float(found.x[unknown.index(name)]), 9)))
    return ends[0], ends[1]


def _cheapest(name: str, values: Mapping[str, float], relations: Sequence[Relation], withheld: set[str]) -> str:
    """The smallest printed cell that stands in a relation with a cell, directly or through withheld ones."""
    near, grown = {name}, True
    while grown:
        tied = {cell for relation in relations if near & set(relation) for cell in relation}
        grown = not (tied & withheld) <= near
        near |= tied & withheld
    others = {cell for relation in relations if near & set(relation) for cell in relation} - withheld
    if not others:
        raise ValueError(f"{name!r} is known whatever is withheld: {values[name]}")
    return min(others, key=lambda cell: (values[cell], cell))


def _check(values: Mapping[str, float], relations: Sequence[Relation]) -> None:
    for relation in relations:
        missing = sorted(set(relation) - set(values))
        if missing:
            raise ValueError(f"no value for {', '.join(missing)}")
        size = max(1.0, *(abs(part * values[cell]) for cell, part in relation.items()))
        if abs(sum(part * values[cell] for cell, part in relation.items())) > 1e-6 * size:
            raise ValueError(f"the relation {dict(relation)} does not hold")
