"""Every benchmark in one run: each prints ratios against named baselines (``make bench``)."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "bench_reports",
    "bench_figures",
    "bench_national",
    "bench_staging",
    "bench_measures",
    "bench_intake",
    "bench_regression",
    "bench_formats",
    "bench_portal",
)


def main() -> int:
    """Run each in a process of its own, so that no benchmark pays for another's imports or memory."""
    failed = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
