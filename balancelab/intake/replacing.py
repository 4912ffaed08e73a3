"""Writing a file whole: it has its name when everything is in it, and nothing is left of one that failed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """
    Give a name to write to, beside `path`; what was written takes the place of `path` if nothing went wrong.

    Raises
    ------
    OSError
        If it cannot take that place; what was there before is as it was.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
