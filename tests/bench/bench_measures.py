"""
Measures for all counties at once, against the ``groupby.apply`` that most people would write.

    python -m tests.bench.bench_measures              2,850 groups, a few seconds
    python -m tests.bench.bench_measures --national   57,000 groups (county × year × stage), 4 million rows

CPU time of one indicator, one thread, median of several runs. The baseline runs on a sample of groups of the same data
and is scaled by their number; its cost per group does not depend on how many there are.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from balancelab.measures import MEASURES, grouped

GROUPS, NATIONAL_GROUPS, SAMPLED_GROUPS = 2_850, 57_000, 200
MEAN_SCHOOLS = 70
REQUIREMENT = 7.5


class Ratio(NamedTuple):
    """How many times faster than the baseline, and the least we aim at."""

    name: str
    baseline: str
    seconds: float
    ratio: float
    target: float | None


def run(*, n_groups: int = GROUPS) -> list[Ratio]:
    """Time every measure that is asked for nationally; one entry each."""
    schools = national_table(n_groups)
    values, weights = schools["value"].to_numpy(), schools["students"].to_numpy()
    starts = np.flatnonzero(np.diff(schools["group"].to_numpy(), prepend=-1))
    sample = schools[schools["group"] < SAMPLED_GROUPS]
    baseline = f"pandas groupby.apply, {SAMPLED_GROUPS} of {n_groups:,} groups, scaled"
    ratios = []
    for name, (naive, target) in BASELINES.items():
        twin = _twin(name)
        ours = _cpu_seconds(lambda twin=twin: twin(values, weights, starts), repeats=5)
        theirs = _cpu_seconds(lambda naive=naive: by_group(sample, naive), repeats=3) * n_groups / SAMPLED_GROUPS
        check = by_group(sample, naive).to_numpy()
        if not np.allclose(twin(values, weights, starts)[:SAMPLED_GROUPS], check, rtol=1e-9):
            raise RuntimeError(f"{name}: the baseline computes something else")
        ratios.append(Ratio(name, baseline, ours, theirs / ours, target))
    return ratios


def national_table(n_groups: int) -> pd.DataFrame:
    """Synthetic schools sorted by group: lognormal values and enrolments, 10 to 130 schools in a group."""
    rng = np.random.default_rng(2024)
    sizes = rng.integers(10, 2 * MEAN_SCHOOLS - 9, n_groups)
    n_rows = int(sizes.sum())
    return pd.DataFrame(
        {
            "group": np.repeat(np.arange(n_groups), sizes),
            "value": rng.lognormal(2, 0.4, n_rows),
            "students": np.ceil(rng.lognormal(6, 0.9, n_rows)),
        }
    )


def by_group(schools: pd.DataFrame, naive: Callable[[pd.DataFrame], float]) -> pd.Series:
    """The way most people would write it."""
    return schools.groupby("group")[["value", "students"]].apply(naive)


def naive_cv(county: pd.DataFrame) -> float:
    mean = np.average(county["value"], weights=county["students"])
    variance = np.average((county["value"] - mean) ** 2, weights=county["students"])
    return float(np.sqrt(variance) / mean)


def naive_gini(county: pd.DataFrame) -> float:
    county = county.sort_values("value")
    share = county["students"] / county["students"].sum()
    mean = (share * county["value"]).sum()
    return float(2 * (share * county["value"] * (share.cumsum() - share / 2)).sum() / mean - 1)


def naive_mcloone(county: pd.DataFrame) -> float:
    county = county.sort_values("value")
    cumulative = county["students"].cumsum()
    half = county["students"].sum() / 2
    median = (county["value"][cumulative >= half].iloc[0] + county["value"][cumulative > half].iloc[0]) / 2
    poorer = (half - (cumulative - county["students"])).clip(0).clip(upper=county["students"])
    return float((poorer * county["value"]).sum() / (median * half))


def naive_theil_t(county: pd.DataFrame) -> float:
    share = county["students"] / county["students"].sum()
    relative = county["value"] / (share * county["value"]).sum()
    return float((share * relative * np.log(relative)).sum())


def naive_theil_l(county: pd.DataFrame) -> float:
    share = county["students"] / county["students"].sum()
    return float((share * np.log((share * county["value"]).sum() / county["value"])).sum())


def naive_atkinson(county: pd.DataFrame) -> float:
    share = county["students"] / county["students"].sum()
    return float(1 - (share * np.sqrt(county["value"])).sum() ** 2 / (share * county["value"]).sum())


def naive_adequacy(county: pd.DataFrame) -> float:
    share = county["students"] / county["students"].sum()
    return float((share * (county["value"] / REQUIREMENT).clip(upper=1)).sum())


BASELINES: dict[str, tuple[Callable[[pd.DataFrame], float], float | None]] = {
    "weighted_cv": (naive_cv, 50.0),
    "gini": (naive_gini, 20.0),
    "mcloone_index": (naive_mcloone, 20.0),
    "theil_t": (naive_theil_t, None),
    "theil_l": (naive_theil_l, None),
    "atkinson": (naive_atkinson, None),
    "adequacy_index": (naive_adequacy, None),
}


def _twin(name: str) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    if name == "adequacy_index":
        return lambda values, weights, starts: grouped.adequacy_index(values, weights, starts, requirement=REQUIREMENT)
    twin = MEASURES[name].grouped
    if twin is None:
        raise KeyError(f"{name} has no twin")
    return twin


def _cpu_seconds(work: Callable[[], object], *, repeats: int) -> float:
    durations = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        durations.append(time.process_time() - begun)
    return statistics.median(durations)


def main() -> None:
    """Print one line per measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--national", action="store_true", help=f"{NATIONAL_GROUPS:,} groups")
    ratios = run(n_groups=NATIONAL_GROUPS if parser.parse_args().national else GROUPS)
    print(f"against {ratios[0].baseline}")
    for ratio in ratios:
        aim = (
            ""
            if ratio.target is None
            else f"   aim {ratio.target:.0f}: {'met' if ratio.ratio >= ratio.target else 'MISSED'}"
        )
        print(f"{ratio.name:<16}{ratio.seconds:9.4f} s{ratio.ratio:8.0f} times as fast{aim}")


if __name__ == "__main__":
    main()
