"""
Standards: what is required, one TOML file per document of law.

>>> standard = load_standard("quality_2017")
>>> standard.requirements["arts_pe_teachers_per_100"].at_least["primary"]
Decimal('0.9')
>>> standard.county_rule.at_most["junior"]
Decimal('0.45')
"""

from __future__ import annotations

from pathlib import Path

from balancelab.definitions import InvalidDefinition, nearest, shipped
from balancelab.indicators import load_indicators
from balancelab.standards.figures import Figure, load_figures
from balancelab.standards.items import Conclusion, Condition, Item, Relaxation, Rubric, Setting
from balancelab.standards.model import (
    CountyRule,
    Display,
    Exclusion,
    Requirement,
    SchoolRule,
    Scope,
    StageWeights,
    Standard,
)
from balancelab.standards.reading import read_standard_file

__all__ = [
    "Conclusion",
    "Condition",
    "CountyRule",
    "Display",
    "Exclusion",
    "Figure",
    "Item",
    "Relaxation",
    "Requirement",
    "Rubric",
    "SchoolRule",
    "Scope",
    "Setting",
    "StageWeights",
    "Standard",
    "list_standards",
    "load_figures",
    "load_standard",
]


def list_standards() -> dict[str, Standard]:
    """Return every standard that comes with the package, by id."""
    return {name: load_standard(name) for name in shipped("standards")}


def load_standard(name: str | Path, *, indicator_file: str | Path | None = None) -> Standard:
    """
    Load a standard by its id, or a file of the user's own by its path.

    Parameters
    ----------
    name : str or Path
        ``"quality_2017"``, ``"basic_2012"``, … or the path of a TOML file, which may ``extends`` any of them.
    indicator_file : str or Path, optional
        Indicators of the user's own, on top of the package's.

    Raises
    ------
    InvalidDefinition
        Naming at once every unknown key, missing clause, missing stage, unknown indicator and malformed number, each
        with its line and the nearest known word.
    """
    known = shipped("standards")
    path = known.get(str(name))
    if path is None:
        path = Path(name)
        if not path.is_file():
            near_zh, near_en = nearest(str(name), known)
            text = {
                "zh": f"没有标准“{name}”，也没有这个文件{near_zh}",
                "en": f"no standard and no file is called '{name}'{near_en}",
            }
            raise InvalidDefinition([text])
    indicators = load_indicators(indicator_file)
    return read_standard_file(path, indicators, known)
