"""
Quality on resources: estimators, robust errors, diagnostics, decompositions.

The public names load their module when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from balancelab.regression.errors import InvalidModel
    from balancelab.regression.linear import fit
    from balancelab.regression.policy import more_teachers_per_100_students
    from balancelab.regression.result import Fit

_PLACES = {
    "Fit": "result",
    "InvalidModel": "errors",
    "fit": "linear",
    "more_teachers_per_100_students": "policy",
}

__all__ = [
    "Fit",
    "InvalidModel",
    "fit",
    "more_teachers_per_100_students",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
