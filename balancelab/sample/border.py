"""
The county exactly on the border, in whole numbers.

Where nine tenths of a stage's students have ``a`` square metres of sports area each and one tenth has ``b``, the mean
is a + (b − a)/10 and the standard deviation 3(b − a)/10. Primary: a = 8, b = 24 give mean 9.6 and deviation 4.8,
a coefficient of exactly 0.50. Junior: a = 10.54, b = 29.14 give mean 12.4 and deviation 5.58, exactly 0.45.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balancelab.sample.settings import JUNIOR, LOCATIONS, PRIMARY, SITE

SPORTS_AREA = ((8.0, 24.0), (10.54, 29.14))
"""Square metres per student of nine tenths and of one tenth of the students, in primary and junior schools."""

WITNESS_STUDENTS = 1000
ARTS_TEACHERS = 9
SITE_STUDENTS = (50, 49)
_RURAL = LOCATIONS.index("rural")


@dataclass(frozen=True)
class Border:
    """
    Who plays which part.

    Attributes
    ----------
    sports_area : ndarray of float, shape (n_schools,)
        Square metres per student; NaN for schools that play no part. [m²]
    arts_witness, equipment_witness : int
        The primary school of 1,000 students that has exactly 9 arts teachers, and the one that has exactly the
        floor's share of the equipment.
    """

    sports_area: np.ndarray
    arts_witness: int
    equipment_witness: int


def place_students(
    kind: np.ndarray, location: np.ndarray, closed: np.ndarray, students: np.ndarray
) -> tuple[np.ndarray, Border | None]:
    """
    Move student numbers so that in both stages exactly one tenth is in the schools with the large grounds.

    Parameters
    ----------
    kind, location : ndarray of int, shape (n_schools,)
        Positions in `SCHOOL_TYPES` and `LOCATIONS`; no combined schools.
    closed : ndarray of bool, shape (n_schools,)
        Not open in the last year: left alone.
    students : ndarray of int, shape (n_schools, 2)
        As drawn. [students]

    Returns
    -------
    students : ndarray of int, shape (n_schools, 2)
    border : Border or None
        None, and the students as they were, where the county has too few schools for the role.
    """
    primary, junior = (
        _by_size(np.flatnonzero((kind == single) & ~closed), students[:, stage])
        for stage, single in enumerate((PRIMARY, JUNIOR))
    )
    sites = np.flatnonzero((kind == SITE) & ~closed)
    rural = primary[2:][location[primary[2:]] == _RURAL]
    if len(junior) < 2 or len(primary) < 5 or len(rural) < 1 or len(sites) < 2:
        return students, None
    exact = students.copy()
    exact[primary[:2], 0] = WITNESS_STUDENTS
    exact[sites, 0] = np.minimum(exact[sites, 0], SITE_STUDENTS[1] - 1)
    exact[sites[:2], 0] = SITE_STUDENTS
    area = np.full(len(kind), np.nan)
    few = rural[: 1 + int(np.searchsorted(np.cumsum(exact[rural, 0]), exact[primary, 0].sum() / 10))]
    most = [row for row in primary[2:].tolist() if row not in few.tolist()]
    if not most:
        return students, None
    _share_out(exact, area, 0, few, np.array([*most, *primary[:2].tolist(), int(sites[0])]))
    _share_out(exact, area, 1, junior[-1:], junior[:-1])
    return exact, Border(area, int(primary[0]), int(primary[1]))


def _by_size(rows: np.ndarray, students: np.ndarray) -> np.ndarray:
    return rows[np.argsort(-students[rows], kind="stable")]


def _share_out(exact: np.ndarray, area: np.ndarray, stage: int, few: np.ndarray, most: np.ndarray) -> None:
    """Scale the students of `few` to exactly a ninth of those of `most`, whose first school gives up to four."""
    total = exact[most, stage].sum()
    goal = round(total / 9)
    exact[few, stage] = np.maximum(1, exact[few, stage] * goal // exact[few, stage].sum())
    exact[few[0], stage] += goal - exact[few, stage].sum()
    exact[most[0], stage] += 9 * goal - total
    area[most], area[few] = SPORTS_AREA[stage]
