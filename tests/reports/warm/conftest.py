"""One zygote for all tests of the warm engine, and notebooks written on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from balancelab.reports.warm.client import ZygoteClient
from balancelab.reports.warm.guarding import available

Run = Callable[..., tuple[dict[str, Any], nbformat.NotebookNode | None]]


@pytest.fixture(scope="session")
def zygote() -> Iterator[ZygoteClient]:
    if not available():
        pytest.skip("needs fork, as on Linux")
    client = ZygoteClient()
    yield client
    client.end()


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write_started(path: Path, *sources: str) -> None:
    """Write a notebook with Papermill's books opened, as its engine hands one over."""
    from balancelab.reports.engine import import_papermill

    import_papermill()
    from papermill.engines import NotebookExecutionManager

    notebook = notebook_of(*sources)
    notebook.metadata["papermill"] = {}
    NotebookExecutionManager(notebook, progress_bar=False).notebook_start()
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


@pytest.fixture
def run(zygote: ZygoteClient, tmp_path: Path) -> Run:
    def run(*sources: str, **limits: int) -> tuple[dict[str, Any], nbformat.NotebookNode | None]:
        given, made = tmp_path / "given.ipynb", tmp_path / "made.ipynb"
        made.unlink(missing_ok=True)
        write_started(given, *sources)
        answer = zygote.ask(
            {"cells": str(given), "made": str(made), "folder": str(tmp_path), "options": {}, "limits": limits}
        )
        done = nbformat.from_dict(json.loads(made.read_text(encoding="utf-8"))) if made.exists() else None
        return answer, done

    return run


def printed(notebook: nbformat.NotebookNode | None) -> str:
    """Everything on standard output of all cells."""
    assert notebook is not None
    outputs = (output for cell in notebook.cells for output in cell.outputs)
    return "".join(output.text for output in outputs if output.get("name") == "stdout")
