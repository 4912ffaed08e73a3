"""
Every format of a finished report, in CPU seconds, against the notebook that it is made from.

    python -m tests.bench.bench_formats               five rounds

The notebook is run once; then each format is written again and again from its blocks, in one
process, as a worker of a batch does (the first round, which loads the libraries, is shown apart).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from balancelab.reports.formats import FORMATS
from balancelab.reports.html import blocks_from_notebook
from balancelab.reports.rendering import render_formats

ROOT = Path(__file__).resolve().parents[2]
TARGET = 1.0  # seconds for all formats together, the notebook not counted


def run(*, rounds: int = 5) -> dict[str, list[float]]:
    """Return the CPU seconds of each format, the first round first."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "balancelab", "report", str(ROOT / "data/sample/schools.csv"), "--quiet"]
        options = ["--year", "2024", "--county", "371599", "--language", "zh", "--output", folder]
        subprocess.run([*command, *options], check=True)
        notebook = json.loads((Path(folder) / "2024/371599/balance.zh.ipynb").read_text(encoding="utf-8"))
    blocks = blocks_from_notebook(notebook)
    seconds: dict[str, list[float]] = {name: [] for name in FORMATS}
    for _ in range(rounds + 1):
        for name, taken in seconds.items():
            started = time.process_time()
            files, failed = render_formats(blocks, stem="r", title="r", language="zh", formats=[name], word={})
            taken.append(time.process_time() - started)
            if failed or not files:
                raise RuntimeError(f"{name}: {failed}")
    return seconds


def main() -> None:
    """Print each format and all of them together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rounds", type=int, default=5)
    seconds = run(rounds=parser.parse_args().rounds)
    for name, (first, *later) in seconds.items():
        low, high = min(later), max(later)
        print(f"{name:6} {statistics.median(later):6.3f} s CPU ({low:.3f} to {high:.3f}); first time {first:.3f}")
    together = [sum(taken) for taken in zip(*(later for _, *later in seconds.values()), strict=True)]
    print(
        f"all    {statistics.median(together):6.3f} s CPU ({min(together):.3f} to {max(together):.3f}); "
        f"target below {TARGET:.0f} s: {TARGET / statistics.median(together):.1f} times within"
    )


if __name__ == "__main__":
    main()
