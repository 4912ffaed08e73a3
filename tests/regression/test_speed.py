"""The limit that a reader feels: a province's fit with CR2 in under a second (the nation: tests/bench)."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from balancelab.regression import fit


def test_a_thousand_schools_in_115_clusters() -> None:
    random = np.random.default_rng(1)
    table = pd.DataFrame(random.normal(size=(1000, 3)), columns=["teachers", "books", "lunch"])
    table["district"], table["students"] = random.integers(0, 115, 1000), random.integers(50, 3000, 1000)
    table["score"] = table["teachers"] + random.normal(size=115)[table["district"]] + random.normal(size=1000)
    for options in ({}, {"weights": "students"}, {"effects": "district"}):
        begun = time.process_time()
        found = fit("score ~ teachers + books + lunch", table, cluster="district", **options)  # type: ignore[arg-type]
        assert time.process_time() - begun < 1.0
        assert (found.vcov, found.clusters) == ("CR2", 115)
