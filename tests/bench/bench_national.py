"""
The indicators of a whole country at once, against groupby.apply, polars and duckdb on the same core.

    python -m tests.bench.bench_national                4 million rows, 57,000 groups, 8 indicators: about a minute
    python -m tests.bench.bench_national --groups 2850  a twentieth of it

200,000 schools with two stages each, ten years, in 2,850 counties: one row per school, stage and year, one group per
county, stage and year. CPU seconds (every thread counts), median of three rounds in which the ways take turns. polars
and duckdb are held to one thread and given the table in their own memory; both are asked for the centred, two-pass
formula, because the one-pass one loses all digits where a mean is large beside its spread. Every result has to be ours
to 1e-12 of its size; ``groupby.apply`` runs on 200 groups and is scaled by their number.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is imported

import numpy as np
import pandas as pd

from balancelab.measures import MEASURES
from tests.bench.bench_measures import naive_cv, naive_gini

GROUPS, MEAN_SCHOOLS, INDICATORS, SAMPLED, ROUNDS = 57_000, 70, 8, 200, 3
NAMES = [f"indicator_{number}" for number in range(INDICATORS)]
Way = Callable[[], np.ndarray]


class Nation:
    """
    Synthetic schools, sorted by group: lognormal values and enrolments, 10 to 130 schools in a group.

    Attributes
    ----------
    group, students : ndarray, shape (n_rows,)
    values : ndarray, shape (n_indicators, n_rows)
        Each indicator's values side by side.
    starts : ndarray, shape (n_groups,)
    """

    def __init__(self, n_groups: int) -> None:
        rng = np.random.default_rng(2024)
        sizes = rng.integers(10, 2 * MEAN_SCHOOLS - 9, n_groups)
        n_rows = int(sizes.sum())
        self.group = np.repeat(np.arange(n_groups), sizes)
        self.starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.students = np.ceil(rng.lognormal(6, 0.9, n_rows))
        self.values = rng.lognormal(2, 0.4, (INDICATORS, n_rows))

    def columns(self) -> dict[str, np.ndarray]:
        """Return the table's columns by name."""
        return {"group": self.group, "students": self.students, **dict(zip(NAMES, self.values, strict=True))}


def grouped_by_us(nation: Nation, measure: str, names: list[str]) -> Way:
    twin = MEASURES[measure].grouped
    if twin is None:
        raise KeyError(f"{measure} has no form for all counties at once")
    return lambda: np.array([twin(nation.values[NAMES.index(name)], nation.students, nation.starts) for name in names])


def by_pandas(nation: Nation, naive: Callable[[pd.DataFrame], float], names: list[str]) -> Way:
    few = nation.group < SAMPLED
    table = pd.DataFrame({name: column[few] for name, column in nation.columns().items()})

    def one(name: str) -> np.ndarray:
        frame = table[["group", "students", name]].rename(columns={name: "value"})
        return frame.groupby("group")[["value", "students"]].apply(naive).to_numpy()

    return lambda: np.array([one(name) for name in names])


def by_polars(nation: Nation, measure: str, names: list[str]) -> Way:
    import polars as pl

    table = pl.DataFrame(nation.columns()).with_columns(pl.col("group").set_sorted())
    weight = pl.col("students")

    def cv(name: str) -> Any:
        mean = (weight * pl.col(name)).sum() / weight.sum()
        spread = ((weight * (pl.col(name) - mean) ** 2).sum() / weight.sum()).sqrt()
        return (spread / mean).alias(name)

    def gini(name: str) -> Any:
        value, here = pl.col(name).sort(), weight.sort_by(name)
        below = here.cum_sum() - here / 2
        return (2 * (here * value * below).sum() / (weight.sum() * (weight * pl.col(name)).sum()) - 1).alias(name)

    asked = [(cv if measure == "weighted_cv" else gini)(name) for name in names]
    return lambda: table.group_by("group", maintain_order=True).agg(asked).select(names).to_numpy().T


def by_duckdb(nation: Nation, measure: str, names: list[str]) -> Way:
    import duckdb

    base = duckdb.connect(config={"threads": 1})
    base.register("given", pd.DataFrame(nation.columns()))
    base.execute("create table schools as select * from given")
    base.unregister("given")
    return lambda: _asked(base, _CV if measure == "weighted_cv" else _GINI, names)


_CV = """
with means as (select "group", sum(students) as total, {means} from schools group by "group")
select {spreads} from schools join means using ("group") group by "group" order by "group"
"""
_GINI = """
with ranked as (
    select "group", students, {name}, sum(students) over (
        partition by "group" order by {name} rows unbounded preceding) - students / 2 as below from schools)
select 2 * sum(students * {name} * below) / (sum(students) * sum(students * {name})) - 1 from ranked
group by "group" order by "group"
"""


def _asked(base: Any, query: str, names: list[str]) -> np.ndarray:
    if query is _GINI:
        return np.array([base.execute(query.format(name=name)).fetchnumpy().popitem()[1] for name in names])
    means = ", ".join(f"sum(students * {name}) / sum(students) as mean_{name}" for name in names)
    spreads = ", ".join(
        f"sqrt(sum(students * ({name} - mean_{name}) ** 2) / any_value(total)) / any_value(mean_{name}) as {name}"
        for name in names
    )
    found = base.execute(query.format(means=means, spreads=spreads)).fetchnumpy()
    return np.array([found[name] for name in names])


def compare(nation: Nation, measure: str, naive: Callable[[pd.DataFrame], float], names: list[str]) -> None:
    """Print what each way took, after making sure that all of them computed the same."""
    ways = {
        "ours": grouped_by_us(nation, measure, names),
        "polars": by_polars(nation, measure, names),
        "duckdb": by_duckdb(nation, measure, names),
        f"groupby.apply ({SAMPLED} groups, scaled)": by_pandas(nation, naive, names),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, np.ndarray] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.process_time()
            found[name] = way()
            took[name].append(time.process_time() - begun)
    expected = found["ours"]
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[:, : values.shape[1]], rtol=1e-12, atol=1e-14, err_msg=name)
    ours = statistics.median(took["ours"])
    print(
        f"{measure}, {len(names)} indicator(s), {len(nation.starts):,} groups, {len(nation.group):,} rows; CPU seconds"
    )
    for name, seconds in took.items():
        times = len(nation.starts) / SAMPLED if "scaled" in name else 1.0
        middle, low, high = (one(seconds) * times for one in (statistics.median, min, max))
        print(f"  {name:<36} {middle:9.2f} ({low:.2f}-{high:.2f})  {middle / ours:8.1f} times ours")


def main() -> None:
    """Compare the two measures of which the others are kin: one that sums, one that sorts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=GROUPS)
    nation = Nation(parser.parse_args().groups)
    compare(nation, "weighted_cv", naive_cv, NAMES)
    compare(nation, "gini", naive_gini, NAMES[:2])
    print("every result equals ours to 1e-12")


if __name__ == "__main__":
    main()
