"""
Regressions, against what else would compute them.

    python -m tests.bench.bench_regression              1,000 schools, and a tenth of the nation; a few seconds
    python -m tests.bench.bench_regression --national   200,000 schools × 10 years, two-way effects, county clusters

Wall time and CPU time of one fit, best of several runs. Baselines run in the same process on the same table: pyfixest
where it is installed, linearmodels otherwise, and the definition with full matrices where nobody else has CR2.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import pandas as pd

from balancelab.regression import fit

SCHOOLS, DISTRICTS = 1_000, 115
NATION_SCHOOLS, NATION_YEARS, NATION_COUNTIES = 200_000, 10, 2_850
SECONDS_SMALL, SECONDS_NATIONAL, MEMORY_GB = 1.0, 30.0, 4.0
"""The limits of issue 5."""


class Timed(NamedTuple):
    """One fit: ours, the baseline's time over ours (NaN without one), and the limit in seconds (None without one)."""

    name: str
    baseline: str
    seconds: float
    cpu_seconds: float
    ratio: float
    limit: float | None


def run(*, national: bool = False, baselines: bool = True) -> list[Timed]:
    """Time every fit; each baseline's coefficients are checked against ours first."""
    share = 1.0 if national else 0.1
    state, nation = state_table(), national_table(share)
    formula = "score ~ teachers + books + lunch"
    size = f"{len(nation):,} rows"
    panel = {"effects": ["unit", "year"], "cluster": "county"}
    two_way = "score ~ teachers + books"
    return [
        _timed("CR2, 1,000 schools in 115 districts", lambda: fit(formula, state, cluster="district"), SECONDS_SMALL,
               "definition, full matrices", lambda: _definition(state), baselines),
        _timed("the same, weighted", lambda: fit(formula, state, cluster="district", weights="students"),
               SECONDS_SMALL, "", None, baselines),
        _timed(f"two-way effects, {size}, CR1", lambda: fit(two_way, nation, vcov="CR1", **panel),  # type: ignore[arg-type]
               SECONDS_NATIONAL * share, *_two_way_baseline(nation), baselines),
        _timed(f"two-way effects, {size}, CR2", lambda: fit(two_way, nation, **panel),  # type: ignore[arg-type]
               SECONDS_NATIONAL * share, "", None, baselines),
    ]  # fmt: skip


def state_table() -> pd.DataFrame:
    """Synthetic: schools in districts, with a district effect."""
    random = np.random.default_rng(1)
    district = np.sort(random.integers(0, DISTRICTS, SCHOOLS))
    table = pd.DataFrame(random.normal(size=(SCHOOLS, 3)), columns=["teachers", "books", "lunch"])
    noise = random.normal(size=DISTRICTS)[district] + random.normal(size=SCHOOLS)
    students = np.ceil(random.lognormal(6, 0.9, SCHOOLS))
    return table.assign(district=district, students=students, score=table["teachers"] - table["lunch"] + noise)


def national_table(share: float) -> pd.DataFrame:
    """Synthetic: every school every year, in counties."""
    random = np.random.default_rng(0)
    schools, counties = int(NATION_SCHOOLS * share), int(NATION_COUNTIES * share)
    unit, year = np.repeat(np.arange(schools), NATION_YEARS), np.tile(np.arange(2014, 2014 + NATION_YEARS), schools)
    county = np.sort(random.integers(0, counties, schools))[unit]
    table = pd.DataFrame({"unit": unit, "year": year, "county": county})
    table["teachers"] = random.normal(size=len(unit)) + unit % 7 * 0.1
    table["books"] = random.normal(size=len(unit)) + (year - 2014) * 0.05
    noise = random.normal(size=schools)[unit] + random.normal(size=counties)[county] + random.normal(size=len(unit))
    return table.assign(score=0.5 * table["teachers"] - 0.2 * table["books"] + noise)


def peak_memory_gb() -> float:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak / 1e6


def _timed(
    name: str,
    ours: Callable[[], object],
    limit: float | None,
    baseline_name: str,
    baseline: Callable[[], np.ndarray] | None,
    with_baseline: bool,
) -> Timed:
    found, seconds, cpu = _best(ours)
    ratio = float("nan")
    if with_baseline and baseline is not None:
        other, other_seconds, _ = _best(baseline, repeats=1)
        slopes = found.coefficients.loc[found.coefficients["term"] != "Intercept", "estimate"]  # type: ignore[attr-defined]
        if not np.allclose(slopes, other, rtol=1e-6):
            raise RuntimeError(f"{name}: the baseline computes something else")
        ratio = other_seconds / seconds
    return Timed(name, baseline_name or "-", seconds, cpu, ratio, limit)


def _best(call: Callable[[], object], *, repeats: int = 3) -> tuple[object, float, float]:
    best, best_cpu, found = float("inf"), float("inf"), None
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        found = call()
        best = min(best, time.perf_counter() - start)
        best_cpu = min(best_cpu, time.process_time() - start_cpu)
    return found, best, best_cpu


def _definition(table: pd.DataFrame) -> np.ndarray:
    """CR2 and its degrees of freedom as they are defined; returns the slopes."""
    X = np.column_stack([np.ones(len(table)), table[["teachers", "books", "lunch"]]])
    y, groups = table["score"].to_numpy(), table["district"].to_numpy()
    M = np.linalg.inv(X.T @ X)
    R = np.eye(len(y)) - X @ M @ X.T
    pulls = []
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        values, vectors = np.linalg.eigh(R[np.ix_(rows, rows)])
        pulls.append(M @ X[rows].T @ (vectors / np.sqrt(values)) @ vectors.T @ R[rows])
    cross = np.einsum("gki,hki->kgh", np.array(pulls), np.array(pulls), optimize=True)
    _ = np.trace(cross, axis1=1, axis2=2) ** 2 / np.sum(cross**2, axis=(1, 2))
    return np.asarray((M @ X.T @ y)[1:])


def _two_way_baseline(nation: pd.DataFrame) -> tuple[str, Callable[[], np.ndarray] | None]:
    if find_spec("pyfixest"):
        return "pyfixest feols, CRV1", lambda: _pyfixest(nation)
    if find_spec("linearmodels"):
        return "linearmodels PanelOLS, clustered", lambda: _linearmodels(nation)
    return "", None


def _pyfixest(nation: pd.DataFrame) -> np.ndarray:
    import pyfixest

    fitted = pyfixest.feols("score ~ teachers + books | unit + year", nation, vcov={"CRV1": "county"})
    return np.asarray(fitted.coef())


def _linearmodels(nation: pd.DataFrame) -> np.ndarray:
    from linearmodels.panel import PanelOLS

    panel = nation.set_index(["unit", "year"])
    model = PanelOLS(panel["score"], panel[["teachers", "books"]], entity_effects=True, time_effects=True)
    fitted = model.fit(cov_type="clustered", clusters=panel["county"])
    return np.asarray(fitted.params)


def main() -> int:
    """Print the table; exit 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--national", action="store_true", help="the whole nation: two million rows")
    parser.add_argument("--no-baselines", action="store_true", help="ours alone, for the memory")
    arguments = parser.parse_args()
    rows = run(national=arguments.national, baselines=not arguments.no_baselines)
    for row in rows:
        limit = "" if row.limit is None else f"  (limit {row.limit:g} s)"
        print(f"{row.name:42} {row.seconds:8.3f} s  cpu {row.cpu_seconds:7.3f} s  "
              f"{row.baseline} ÷ ours = {row.ratio:.1f}{limit}")  # fmt: skip
    print(f"peak memory {peak_memory_gb():.2f} GB (limit {MEMORY_GB:g} GB)")
    return int(any(row.limit is not None and row.seconds > row.limit for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
