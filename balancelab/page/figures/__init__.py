"""
Figures: each shows one thing, in the page's language, and says it in its alternative text too.

Every function takes the page and tables of ids, draws, and hands the figure to the page.
"""

from __future__ import annotations

from balancelab.page.figures.cv import cv_against_limits
from balancelab.page.figures.heat import county_heat, school_heat
from balancelab.page.figures.ranking import county_ranking
from balancelab.page.figures.strip import school_strip

__all__ = ["county_heat", "county_ranking", "cv_against_limits", "school_heat", "school_strip"]
