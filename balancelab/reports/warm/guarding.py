"""What only the operating system can enforce: die with the parent, stay within memory, leave no orphan."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from balancelab.reports.engine import Limits

_SET_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER of linux/prctl.h


def available() -> bool:
    """
    Tell whether reports can be forks of one process here.

    Not on Windows, which has no fork; not on macOS, whose own libraries may not be used after one.
    """
    return hasattr(os, "fork") and sys.platform == "linux"


def die_with_parent(parent: int) -> None:
    """
    Let this process be killed when its parent ends.

    Parameters
    ----------
    parent : int
        Process id of the parent when this process began: it may be gone already.
    """
    if sys.platform == "linux":
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of whatever a child leaves behind, so that it can be found."""
    if sys.platform == "linux":
        _prctl(_SET_SUBREAPER, 1)


def orphans() -> list[int]:
    """Return the present children of this process, which are orphans where it has none of its own."""
    try:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def limit_resources(limits: Limits) -> None:
    """
    Keep this process within its memory and let it leave no core file.

    Parameters
    ----------
    limits : Limits
        ``memory`` counts what is allocated beyond what the process has from its parent.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
