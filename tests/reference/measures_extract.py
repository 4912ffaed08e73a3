"""
Copy the reference numbers of the measures into this folder: run by hand where ``../shared`` lies beside the checkout.

    python tests/reference/measures_extract.py

It writes `measures_values.json` (inputs that were made for the purpose or are printed in a public source; reference
values with the program and call that gave them), `measures_mexico.json` (state incomes, published Theil and Gini) and
`measures_nist.json` (NIST StRD univariate sets). The tests read these copies; only the district sets of California and
Michigan, which are not copied, are read from ``../shared`` where that exists.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = Path(__file__).parents[3] / "shared"
COPIED_INPUTS = ("official5", "ineq10", "mcloone38", "widget_universal", "widget_worldwide", "county12")
FAMILIES = (
    *("mean", "cv", "gini", "gini_reliability", "gini_nminus1", "theil_t", "theil_l", "hoover", "sdlog", "sgini3"),
    *("sdlog_positive_only", "median", "range", "range_ratio", "restricted_range", "federal_range_ratio", "p90p10"),
    *("palma", "s80s20", "lorenz_half", "nested_theil_t", "zone", "area_by_income", "expenditure_by_income"),
    *("township", "township_equal", "area_7", "backbone_1", "migrant", "left_behind", "county"),
    *("beta_convergence", "sigma_convergence", "sigma_trend"),
)
FAMILY_STARTS = ("ge", "atkinson", "q0", "mcloone", "verstegen")
LEFT_OUT = ("boot", "linearised_se")  # bootstrap and survey linearisation are not offered


def main() -> None:
    """Write the three files."""
    reference = json.loads((SHARED / "reference" / "reference_values.json").read_text(encoding="utf-8"))
    values = {
        "source": "R 4.2.2 and the packages named with each case; closed forms checked with mpmath at 50 digits",
        "inputs": {name: reference["inputs"][name] for name in COPIED_INPUTS},
        "cases": [_short(case) for case in reference["cases"] if _concerns_measures(case)],
        "divergences": [entry for entry in reference["divergences"] if entry["dataset"] in COPIED_INPUTS],
    }
    _write("measures_values.json", values)
    _write("measures_mexico.json", _mexico())
    _write("measures_nist.json", _nist())


def _concerns_measures(case: dict[str, Any]) -> bool:
    if case["id"] == "cfr34_222.federal_range_ratio":
        return True
    parts = case["id"].split(".")
    if "formula" in case["args"] or parts[-1] in LEFT_OUT or parts[0] in ("caschool8", "sw71"):
        return False
    return parts[1:] != [] and (parts[1] in FAMILIES or parts[1].startswith(FAMILY_STARTS))


def _short(case: dict[str, Any]) -> dict[str, Any]:
    by = case["computed_by"]
    return {
        "id": case["id"],
        "dataset": case["dataset"],
        "args": case["args"],
        "value": case["value"],
        "rtol": case["tolerance"]["rtol"],
        "by": f"{by['package']}: {by.get('call', '')}",
    }


def _mexico() -> dict[str, Any]:
    with gzip.open(SHARED / "data" / "textbook" / "mexico_pcgdp.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    years = list(range(1940, 2001, 10))
    return {
        "source": "Income per head of the 32 states of Mexico, regions of Hanson (1998); published: PySAL inequality",
        "years": years,
        "income": {row["State"]: [int(float(row[f"pcgdp{year}"])) for year in years] for row in rows},
        "region": {row["State"]: int(float(row["hanson98"])) for row in rows},
        "published": {
            "theil_t": [0.20894344, 0.15222451, 0.10472941, 0.10194725, 0.09560113, 0.10511256, 0.10660832],
            "theil_t_between": [0.0345889, 0.02816853, 0.05260921, 0.05931219, 0.03205257, 0.02963731, 0.03635872],
            "gini_1940": 0.35372371173452849,
        },
    }


def _nist() -> dict[str, Any]:
    sets = json.loads((SHARED / "reference" / "nist_strd.json").read_text(encoding="utf-8"))["univariate"]
    kept = ("n", "mean", "std_n_minus_1", "rule", "data")
    return {
        "source": "NIST Statistical Reference Datasets, univariate summary statistics (US Government work)",
        "sets": {name: {key: entry[key] for key in kept if key in entry} for name, entry in sets.items()},
    }


def _write(name: str, content: dict[str, Any]) -> None:
    (HERE / name).write_text(_one_entry_per_line(content) + "\n", encoding="utf-8")


def _one_entry_per_line(content: dict[str, Any]) -> str:
    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    blocks = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            blocks.append(f"{line(key)}: [\n" + ",\n".join(line(entry) for entry in value) + "\n]")
        elif isinstance(value, dict):
            blocks.append(f"{line(key)}: {{\n" + ",\n".join(f"{line(k)}: {line(v)}" for k, v in value.items()) + "\n}")
        else:
            blocks.append(f"{line(key)}: {line(value)}")
    return "{\n" + ",\n".join(blocks) + "\n}"


if __name__ == "__main__":
    main()
