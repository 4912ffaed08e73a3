"""
What a figure costs: those of balance.ipynb, drawn again and again in one warm process.

    python -m tests.bench.bench_figures

CPU time from the tables to the SVG, over three counties and both languages; the baseline gives the very same figures to
matplotlib's own ``savefig``, which lays out every text anew.
"""

from __future__ import annotations

import io
import statistics
import time
from pathlib import Path
from typing import Any

from balancelab import (
    Page,
    compute_indicators,
    judge_counties,
    judge_schools,
    load_standard,
    mark_scope,
    measure_counties,
    read_schools,
    split_shares,
)
from balancelab.page import drawing, figures, theme

ROOT = Path(__file__).resolve().parents[2]
COUNTIES = ("371599", "840101", "840121")
ROUNDS, TARGET = 5, 80.0


def tables(county: str) -> tuple[Any, Any, Any, Any]:
    """Return the standard, the schools in scope, their verdicts and the county's."""
    rules = load_standard("quality_2017")
    intake = read_schools(ROOT / "data/sample/schools.csv", year=2024, county_code=county)
    schools = split_shares(mark_scope(intake.schools, rules), rules)
    counted = schools[schools["in_scope"]]
    indicators = compute_indicators(counted, rules.indicators, splits=rules.splits())
    return (
        rules,
        counted,
        judge_schools(indicators, rules),
        judge_counties(measure_counties(indicators), indicators, rules),
    )


def drawn(given: tuple[Any, Any, Any, Any], language: str) -> int:
    """Draw the report's figures; return how many."""
    rules, counted, verdicts, differences = given
    page = Page(language)
    figures.cv_against_limits(page, differences, rules)
    figures.school_strip(page, verdicts, counted, rules)
    figures.school_heat(page, verdicts, counted, rules)
    return sum(block.kind == "figure" for block in page.blocks)


def saved_by_matplotlib(figure: Any) -> drawing.Drawing:
    """Draw as matplotlib does."""
    out = io.StringIO()
    with theme.style():
        figure.savefig(out, format="svg")
    return drawing.Drawing(out.getvalue(), 0.0, 0.0, "")


def main() -> None:
    """Print milliseconds a figure."""
    given = [(tables(county), language) for county in COUNTIES for language in ("zh", "en")]
    ways = {"ours": drawing.draw, "the same figures by savefig": saved_by_matplotlib}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(ROUNDS + 1):
        for name, way in ways.items():
            drawing.draw = way  # type: ignore[assignment]
            for table, language in given:
                begun = time.process_time()
                number = drawn(table, language)
                if round_:  # the first is cold
                    took[name].append(1000 * (time.process_time() - begun) / number)
    print(f"CPU milliseconds a figure, median (range); aim {TARGET:.0f}")
    for name, each in took.items():
        print(f"{name:<30} {statistics.median(each):6.0f} ({min(each):.0f}-{max(each):.0f})")


if __name__ == "__main__":
    main()
