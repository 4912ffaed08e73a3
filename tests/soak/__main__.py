"""
Everything that can go wrong while a batch runs, as often as it takes to believe it (``make soak``, about an hour).

    python -m tests.soak                  everything
    python -m tests.soak kills power      some of it

Each prints what it did and what it found; the exit code is 1 if anything was wrong. ``make test`` runs a short form of
each. Files are made in the system's folder for temporary files, or in memory where the system has a folder for that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARTS = ("power", "crowd", "poison", "kernels", "kills")
MEMORY = Path("/dev/shm")  # noqa: S108 - thousands of fsyncs, which are not what is tried here


def main(parts: list[str]) -> int:
    """Run each part in a process of its own."""
    failed = []
    for part in parts or PARTS:
        print(f"== {part}", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="soak-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-m", f"tests.soak.{part}", str(folder)], check=False)
        print(f"   {part}: exit {done.returncode} after {time.monotonic() - started:.0f} s", flush=True)
        if done.returncode:
            failed.append(f"{part} ({folder})")
        else:
            shutil.rmtree(folder)
    print(f"found something wrong in: {', '.join(failed)}" if failed else "nothing wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
