"""What a data file says of itself: ``<stem>.meta.toml`` beside it (``synthetic = true``, title, how it was made)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from balancelab.definitions import Checker


def sidecar_path(data_file: str | Path) -> Path:
    """
    Return where the sidecar of a data file lies, whether or not it is there.

    >>> sidecar_path("data/sample/schools.csv").as_posix()
    'data/sample/schools.meta.toml'
    """
    path = Path(data_file)
    return path.with_name(path.name.split(".")[0] + ".meta.toml")


def read_sidecar(data_file: str | Path) -> dict[str, Any]:
    """
    Return what the sidecar says, empty where there is none.

    Raises
    ------
    balancelab.definitions.InvalidDefinition
        If it is not TOML in UTF-8.
    """
    path = sidecar_path(data_file)
    return Checker(path).read() if path.is_file() else {}
