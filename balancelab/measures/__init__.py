"""
County measures: pure functions of ``(values, weights)``, and the registry of those that every county table holds.

One weighting convention for all: a school of 300 students counts as 300 schools of one student of the same value. A
school of weight zero counts as absent, whatever its value. A missing value is an error: `drop_missing` takes such
schools out and says how many.

============================ =========================================================================================
`dispersion`                 mean, standard deviation, CV, range, range ratio, sd of logarithms
`finance`, `quantiles`       restricted range, federal range ratio, McLoone, Verstegen; quantiles and ratios, Palma
`inequality`, `curves`       Gini, Hoover, Theil T and L, generalized entropy, Atkinson; Lorenz and concentration
`adequacy`                   shortfall against a requirement, adequacy index, who meets it, what is missing
`decomposition`, `dagum`     inequality within and between groups: Theil and entropy, nested, Atkinson, Gini
`neutrality`, `segregation`  fiscal neutrality, parity; spread of a group of students over schools
`convergence`, `inference`   sigma and beta over years; jackknife interval, influence of single schools
`grouped`, `ordered`         the measures for all counties at once
`exact`                      rational arithmetic for verdicts near a limit
============================ =========================================================================================
"""

from __future__ import annotations

from balancelab.measures.adequacy import (
    adequacy_index,
    amount_missing,
    fgt,
    share_of_schools_meeting,
    share_of_students_meeting,
)
from balancelab.measures.checks import drop_missing
from balancelab.measures.convergence import BetaConvergence, SigmaConvergence, beta_convergence, sigma_convergence
from balancelab.measures.curves import concentration_curve, concentration_index, lorenz_curve
from balancelab.measures.dagum import GiniDecomposition, decompose_gini, stratify_gini
from balancelab.measures.decomposition import decompose_atkinson, decompose_entropy, nested_theil
from balancelab.measures.dispersion import (
    range_ratio,
    sd_of_logs,
    value_range,
    weighted_cv,
    weighted_mean,
    weighted_sd,
)
from balancelab.measures.finance import federal_range_ratio, mcloone_index, restricted_range, verstegen_index
from balancelab.measures.groups import Decomposition
from balancelab.measures.inequality import atkinson, generalized_entropy, gini, hoover_index, theil_l, theil_t
from balancelab.measures.inference import JackknifeInterval, influence_table, interval_without, jackknife_interval
from balancelab.measures.neutrality import FiscalNeutrality, Parity, fiscal_neutrality, parity_index
from balancelab.measures.quantiles import palma_ratio, quantile_ratio, share_ratio, weighted_median, weighted_quantile
from balancelab.measures.registry import MEASURES, Measure, measure
from balancelab.measures.segregation import Segregation, segregation

__all__ = [
    "MEASURES",
    "BetaConvergence",
    "Decomposition",
    "FiscalNeutrality",
    "GiniDecomposition",
    "JackknifeInterval",
    "Measure",
    "Parity",
    "Segregation",
    "SigmaConvergence",
    "adequacy_index",
    "amount_missing",
    "atkinson",
    "beta_convergence",
    "concentration_curve",
    "concentration_index",
    "decompose_atkinson",
    "decompose_entropy",
    "decompose_gini",
    "drop_missing",
    "federal_range_ratio",
    "fgt",
    "fiscal_neutrality",
    "generalized_entropy",
    "gini",
    "hoover_index",
    "influence_table",
    "interval_without",
    "jackknife_interval",
    "lorenz_curve",
    "mcloone_index",
    "measure",
    "nested_theil",
    "palma_ratio",
    "parity_index",
    "quantile_ratio",
    "range_ratio",
    "restricted_range",
    "sd_of_logs",
    "segregation",
    "share_of_schools_meeting",
    "share_of_students_meeting",
    "share_ratio",
    "sigma_convergence",
    "stratify_gini",
    "theil_l",
    "theil_t",
    "value_range",
    "verstegen_index",
    "weighted_cv",
    "weighted_mean",
    "weighted_median",
    "weighted_quantile",
    "weighted_sd",
]
