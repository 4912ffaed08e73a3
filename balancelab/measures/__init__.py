"""
County measures: pure functions of ``(values, weights)``, and the registry of those that every county table holds.

One weighting convention for all: a school of 300 students counts as 300 schools of one student of the same value. A
school of weight zero counts as absent. A missing value is an error; whoever calls decides what to drop and says so.
"""

from __future__ import annotations

from balancelab.measures.dispersion import weighted_cv, weighted_mean, weighted_sd
from balancelab.measures.registry import MEASURES, Measure, measure

__all__ = [
    "MEASURES",
    "Measure",
    "measure",
    "weighted_cv",
    "weighted_mean",
    "weighted_sd",
]
