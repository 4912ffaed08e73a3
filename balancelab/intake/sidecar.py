"""What a data file says of itself: ``<stem>.meta.toml`` beside it (``synthetic = true``, title, how it was made)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def sidecar_path(data_file: str | Path) -> Path:
    """
    Return where the sidecar of a data file lies, whether or not it is there.

    >>> sidecar_path("data/sample/schools.csv").as_posix()
    'data/sample/schools.meta.toml'
    """
    path = Path(data_file)
    return path.with_name(path.name.split(".")[0] + ".meta.toml")


def read_sidecar(data_file: str | Path) -> dict[str, Any]:
    """Return what the sidecar says, empty where there is none."""
    path = sidecar_path(data_file)
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
