"""Which engine a notebook is run by."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from balancelab.reports.errors import EnvironmentRefused, text
from balancelab.reports.warm.guarding import available

Asked = Literal["auto", "warm", "kernel"]
ENGINES: tuple[Asked, ...] = ("auto", "warm", "kernel")
"""What can be asked for."""

# Shell lines and cells, widgets and questions to the user need a kernel with a front end's protocol.
_NEEDS_KERNEL = re.compile(r"^\s*!|=\s*!|^\s*%%?(bash|sh|script|system|sx|perl|ruby)\b|\bipywidgets\b|\binput\(", re.M)


def choose_engine(notebook: Path, asked: Asked = "auto") -> Literal["warm", "kernel"]:
    """
    Choose the engine for a notebook.

    Parameters
    ----------
    notebook : Path
        The notebook.
    asked : {"auto", "warm", "kernel"}
        ``auto`` takes the warm engine wherever it gives what a real kernel gives.

    Returns
    -------
    {"warm", "kernel"}
        The engine.

    Raises
    ------
    EnvironmentRefused
        If the warm engine is asked for on a system that cannot have it.
    """
    if asked == "warm" and not available():
        raise EnvironmentRefused(
            text(
                "本系统不支持 --engine warm；请用 --engine kernel",
                "no --engine warm on this system; use --engine kernel",
            )
        )
    if asked != "auto":
        return asked
    return "warm" if available() and not needs_kernel(notebook) else "kernel"


def needs_kernel(notebook: Path) -> bool:
    """
    Tell whether a notebook does what only a real kernel can: shell commands, widgets, questions to the user.

    Parameters
    ----------
    notebook : Path
        The notebook; also one in another language than Python needs a kernel.
    """
    return _needs_kernel(notebook, notebook.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _needs_kernel(notebook: Path, edited: int) -> bool:
    """Read a notebook once; a new time has it read anew, because each run has its copy at the same place."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    metadata = content.get("metadata", {})
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name", "python")
    sources = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    return language != "python" or any(_NEEDS_KERNEL.search(source) for source in sources)
