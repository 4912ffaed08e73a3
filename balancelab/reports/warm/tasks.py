"""What a fork is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.reports.engine import Executed, Limits, code_number, execute
from balancelab.reports.warm.engine import Here, execute_here, run_given
from balancelab.reports.worker import make_report

if TYPE_CHECKING:
    from nbformat import NotebookNode

Say = Callable[[dict[str, Any]], None]


def carry_out(order: dict[str, Any], private: Path, say: Say) -> dict[str, Any]:
    """
    Make a report, or run the cells of a notebook that Papermill elsewhere looks after.

    Parameters
    ----------
    order : dict
        As `balancelab.reports.worker.make_report` takes it, with ``folders`` (output, work) and ``engine`` (``warm`` or
        ``kernel``); or as `balancelab.reports.warm.engine.run_given` takes it.
    private : Path
        Folder for private files.
    say : callable
        Tells the parent which cell runs.

    Returns
    -------
    dict
        The answer.
    """

    def on_cell(notebook: NotebookNode, cell: NotebookNode) -> None:
        say({"cell": code_number(notebook, cell), "source": first_line(cell.source)})

    here = Here(private, on_cell, Limits(**order.get("limits", {})))
    if "cells" in order:
        return run_given(order, here)

    def run_warm(notebook: Path, parameters: Mapping[str, object], folder: Path) -> Executed:
        return execute_here(notebook, parameters, folder=folder, here=here)

    def run_kernel(notebook: Path, parameters: Mapping[str, object], folder: Path) -> Executed:
        return execute(
            notebook,
            parameters,
            folder=folder,
            limits=here.limits,
            scratch=private,
            on_kernel=lambda group: say({"kernel": group}),
        )

    output, work = map(Path, order["folders"])
    return make_report(order, output, work, run_kernel if order.get("engine") == "kernel" else run_warm)


def first_line(source: str) -> str:
    """
    Return the first line of a cell that is code.

    >>> first_line("# a note\\nrules = load()")
    'rules = load()'
    """
    lines = (line.strip() for line in source.splitlines())
    return next((line[:200] for line in lines if line and not line.startswith("#")), "")
