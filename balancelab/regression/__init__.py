"""
Quality on resources: estimators, robust errors, diagnostics, decompositions.

The public names load their module when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from balancelab.regression.bootstrap import WildClusterTest, wild_cluster_test
    from balancelab.regression.decomposition import fields_shares, shapley_r2
    from balancelab.regression.diagnostics import Diagnostics
    from balancelab.regression.errors import InvalidModel
    from balancelab.regression.fractional import FractionalFit, fractional_fit
    from balancelab.regression.inference import WaldTest
    from balancelab.regression.instrument import InstrumentFit, instrument_fit, predicted_class_size
    from balancelab.regression.linear import fit
    from balancelab.regression.multilevel import (
        MixedFit,
        MundlakCheck,
        mundlak,
        random_intercept,
    )
    from balancelab.regression.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni, hochberg, holm
    from balancelab.regression.oaxaca import Gap, oaxaca_blinder, oaxaca_threefold
    from balancelab.regression.panel import RandomEffects, first_differences, random_effects
    from balancelab.regression.policy import more_teachers_per_100_students
    from balancelab.regression.publication import PublicationTable, publication_table
    from balancelab.regression.quantile import QuantileFit, quantile_fit
    from balancelab.regression.result import Fit
    from balancelab.regression.slopes import SlopeFit, random_slope
    from balancelab.regression.smooth import SmoothFit, smooth_fit
    from balancelab.regression.specification import specification_curve, summarise_curve
    from balancelab.regression.spline import SplineFit, spline_fit
    from balancelab.regression.variance import VarianceShares, variance_shares

_PLACES = {
    "Diagnostics": "diagnostics",
    "Fit": "result",
    "FractionalFit": "fractional",
    "Gap": "oaxaca",
    "InstrumentFit": "instrument",
    "InvalidModel": "errors",
    "MixedFit": "multilevel",
    "MundlakCheck": "multilevel",
    "PublicationTable": "publication",
    "QuantileFit": "quantile",
    "RandomEffects": "panel",
    "SlopeFit": "slopes",
    "SmoothFit": "smooth",
    "SplineFit": "spline",
    "VarianceShares": "variance",
    "WaldTest": "inference",
    "WildClusterTest": "bootstrap",
    "benjamini_hochberg": "multiplicity",
    "benjamini_yekutieli": "multiplicity",
    "bonferroni": "multiplicity",
    "fields_shares": "decomposition",
    "first_differences": "panel",
    "fit": "linear",
    "fractional_fit": "fractional",
    "hochberg": "multiplicity",
    "holm": "multiplicity",
    "instrument_fit": "instrument",
    "more_teachers_per_100_students": "policy",
    "mundlak": "multilevel",
    "oaxaca_blinder": "oaxaca",
    "oaxaca_threefold": "oaxaca",
    "predicted_class_size": "instrument",
    "publication_table": "publication",
    "quantile_fit": "quantile",
    "random_effects": "panel",
    "random_intercept": "multilevel",
    "random_slope": "slopes",
    "shapley_r2": "decomposition",
    "smooth_fit": "smooth",
    "specification_curve": "specification",
    "spline_fit": "spline",
    "summarise_curve": "specification",
    "variance_shares": "variance",
    "wild_cluster_test": "bootstrap",
}

__all__ = [
    "Diagnostics",
    "Fit",
    "FractionalFit",
    "Gap",
    "InstrumentFit",
    "InvalidModel",
    "MixedFit",
    "MundlakCheck",
    "PublicationTable",
    "QuantileFit",
    "RandomEffects",
    "SlopeFit",
    "SmoothFit",
    "SplineFit",
    "VarianceShares",
    "WaldTest",
    "WildClusterTest",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "fields_shares",
    "first_differences",
    "fit",
    "fractional_fit",
    "hochberg",
    "holm",
    "instrument_fit",
    "more_teachers_per_100_students",
    "mundlak",
    "oaxaca_blinder",
    "oaxaca_threefold",
    "predicted_class_size",
    "publication_table",
    "quantile_fit",
    "random_effects",
    "random_intercept",
    "random_slope",
    "shapley_r2",
    "smooth_fit",
    "specification_curve",
    "spline_fit",
    "summarise_curve",
    "variance_shares",
    "wild_cluster_test",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
