"""The numbers that the province is drawn with, and the limits of the law that its schools are measured against."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from balancelab.standards import load_standard

STAGES = ("primary", "junior")
LOCATIONS = ("urban", "town", "rural")
SCHOOL_TYPES = (
    "primary",
    "junior",
    "nine_year",
    "complete_secondary",
    "twelve_year",
    "teaching_site",
    "special",
)
PRIMARY, JUNIOR, NINE, COMPLETE, TWELVE, SITE, SPECIAL = range(len(SCHOOL_TYPES))
COMBINED = (NINE, COMPLETE, TWELVE)

TEACHER_INDICATORS = ("above_qualification_teachers_per_100", "backbone_teachers_per_100", "arts_pe_teachers_per_100")
AREA_INDICATORS = (
    "teaching_area_per_student",
    "sports_area_per_student",
    "equipment_value_per_student",
    "multimedia_rooms_per_100",
)
INDICATORS = TEACHER_INDICATORS + AREA_INDICATORS


@dataclass(frozen=True)
class Law:
    """
    What `quality_2017` requires.

    Attributes
    ----------
    limits : ndarray, shape (7, 2)
        Limit of each of `INDICATORS` in primary and junior schools. [indicator unit, per student]
    floor_share : float
        Share of the limit that the one remaining item must reach. [unitless]
    weights : ndarray, shape (3,)
        Stage weights of primary, junior and senior students. [unitless]
    cv_limits : ndarray, shape (2,)
        Limit of every coefficient of variation in primary and junior schools. [unitless]
    smallest_site : int
        Teaching sites below are not counted. [students]
    """

    limits: np.ndarray
    floor_share: float
    weights: np.ndarray
    cv_limits: np.ndarray
    smallest_site: int


@cache
def settings() -> dict[str, Any]:
    """
    Read ``province.toml``.

    Examples
    --------
    >>> settings()["last_year"]
    2024
    """
    return tomllib.loads((files("balancelab.sample") / "province.toml").read_text(encoding="utf-8"))


@cache
def law() -> Law:
    """
    Read the limits out of the standard.

    Examples
    --------
    >>> law().limits[0].round(3).tolist()
    [0.042, 0.053]
    """
    standard = load_standard("quality_2017")
    if standard.school_rule is None or standard.stage_weights is None or standard.county_rule is None:
        raise ValueError("quality_2017 must have a school rule, a county rule and stage weights")
    per = {indicator.id: indicator.per for indicator in standard.indicators}
    limits = [[float(standard.requirements[name].limits[stage]) / per[name] for stage in STAGES] for name in INDICATORS]
    weights = standard.stage_weights.weights
    return Law(
        limits=np.array(limits),
        floor_share=float(standard.school_rule.floor_share),
        weights=np.array([float(weights[stage]) for stage in (*STAGES, "senior")]),
        cv_limits=np.array([float(standard.county_rule.at_most[stage]) for stage in STAGES]),
        smallest_site=max(rule.students_below or 0 for rule in standard.scope.exclude),
    )


def by_stage(numbers: dict[str, Any]) -> np.ndarray:
    """
    Turn a table of ``primary`` and ``junior`` into an array whose first axis is the stage.

    Examples
    --------
    >>> by_stage({"junior": 2, "primary": 1}).tolist()
    [1.0, 2.0]
    """
    return np.array([numbers[stage] for stage in STAGES], dtype=float)
