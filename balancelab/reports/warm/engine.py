"""
The Papermill engine ``balancelab-warm``.

Inside a fork of the zygote it runs the cells on the spot. Anywhere else (``papermill --engine balancelab-warm …``, or
`papermill.execute_notebook` in a session of one's own) it hands them to a zygote of its own, so that no notebook ever
runs in the caller's process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.reports.durable import told
from balancelab.reports.engine import OPTIONS, Executed, Limits, failure_in, import_papermill, literal_path
from balancelab.reports.half_run import CellLog

import_papermill()

from papermill.engines import Engine, papermill_engines  # noqa: E402 - see import_papermill
from papermill.exceptions import PapermillExecutionError  # noqa: E402
from papermill.execute import raise_for_execution_errors  # noqa: E402
from papermill.utils import chdir  # noqa: E402

if TYPE_CHECKING:
    from nbformat import NotebookNode

NAME = "balancelab-warm"
"""The engine's name for Papermill."""

_FOR_CLIENT = (
    "allow_errors",
    "force_raise_errors",
    "record_timing",
    "coalesce_streams",
    "skip_cells_with_tag",
    "log_output",
    "stdout_file",
    "stderr_file",
)


@dataclass
class Here:
    """
    What cells that run in this process need.

    Attributes
    ----------
    private : Path
        Folder for private files; somebody else removes it.
    on_cell : callable
        Told of each cell that starts, with the notebook.
    limits : Limits
        Only the one on output; the others are kept by the zygote.
    notebook, cell : NotebookNode or None
        The notebook that runs and its present cell.
    """

    private: Path
    on_cell: Callable[[NotebookNode, NotebookNode], None]
    limits: Limits
    notebook: NotebookNode | None = None
    cell: NotebookNode | None = None


_here: Here | None = None


@contextmanager
def running_here(here: Here) -> Iterator[Here]:
    """Let notebooks run in this very process inside the context; for a fork of the zygote, and for its rehearsal."""
    global _here
    _here = here
    try:
        yield here
    finally:
        _here = None


class WarmEngine(Engine):
    """Runs the cells of a notebook without a kernel's start and without its message round trips."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """
        Run every cell.

        Parameters
        ----------
        nb_man : papermill.engines.NotebookExecutionManager
            The notebook and Papermill's books on it.
        kernel_name : str
            Not used: the language is Python.
        **options
            As Papermill's own engine takes them; ``execution_timeout`` is kept for each cell.

        Raises
        ------
        CellTimeoutError
            If a cell takes longer than ``execution_timeout``.
        DeadKernelError
            If the process that ran the cells died.
        OSError
            If it could not be started, or not hand the cells back.
        """
        if _here is None:
            _elsewhere(nb_man, options)
        else:
            _on_the_spot(nb_man, _here, options)


def register() -> None:
    """Make the engine known to Papermill, also where the package's entry points are those of an older installation."""
    papermill_engines.register(NAME, WarmEngine)


def execute_here(notebook: Path, parameters: Mapping[str, object], *, folder: Path, here: Here) -> Executed:
    """
    Run one notebook by Papermill in this process.

    Parameters
    ----------
    notebook : Path
        The notebook as shipped.
    parameters : mapping of str to object
        Values already checked by `balancelab.reports.guard`.
    folder : Path
        Where it works.
    here : Here
        Private folder and who watches.

    Returns
    -------
    Executed
        The notebook, and why it stopped if it did.
    """
    register()
    options = {"engine_name": NAME, "progress_bar": False}
    with running_here(here):
        try:
            # In two steps, because Papermill's one writes the executed notebook, also to nowhere: 5 % of a report.
            prepared = import_papermill().execute_notebook(
                literal_path(notebook),
                None,
                parameters=dict(parameters),
                prepare_only=True,
                **options,
            )
            with chdir(folder):
                executed = papermill_engines.execute_notebook_with_engine(
                    nb=prepared,
                    kernel_name=prepared.metadata.kernelspec.name,
                    **OPTIONS,
                    **options,
                )
            raise_for_execution_errors(executed, None)
        except PapermillExecutionError as error:
            if here.notebook is None or here.cell is None:
                raise
            cause = "output" if error.ename == "TooMuchOutput" else "cell_error"
            failure = failure_in(here.notebook, here.cell, cause, f"{error.ename}: {error.evalue}")
            return Executed(here.notebook, failure)
    return Executed(executed, None)


def _on_the_spot(nb_man: Any, here: Here, options: Mapping[str, Any]) -> None:
    from balancelab.reports.warm.session import CellRunner

    log = CellLog(here.private)

    def cell_starts(cell: NotebookNode, cell_index: int) -> None:
        here.cell = cell
        log.cell_starts(nb_man.nb, cell)
        here.on_cell(nb_man.nb, cell)

    here.notebook = nb_man.nb
    chosen = {name: options[name] for name in _FOR_CLIENT if name in options}
    chosen.setdefault("coalesce_streams", True)
    runner = CellRunner(nb_man, here.private, here.limits.output, on_cell_execute=cell_starts, **chosen)
    runner.execute()


def _elsewhere(nb_man: Any, options: Mapping[str, Any]) -> None:
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from balancelab.reports.warm.client import own_zygote

    seconds = options.get("execution_timeout")
    client = own_zygote()
    given, made = client.scratch / "given.ipynb", client.scratch / "made.ipynb"
    given.write_text(nbformat.writes(nb_man.nb), encoding="utf-8")
    chosen = {name: options[name] for name in _FOR_CLIENT[:5] if name in options}
    answer = client.ask(
        {"cells": str(given), "made": str(made), "folder": os.getcwd(), "options": chosen, "cell_limit": seconds}
    )
    if answer["state"] == "done":
        done = nbformat.reads(made.read_text(encoding="utf-8"), as_version=4)
        nb_man.nb.cells, nb_man.nb.metadata = done.cells, done.metadata
        return
    if answer["state"] == "environment":
        raise told(answer)
    failure = answer["failure"]
    message = f"{failure['message']}: {failure['source']}" if failure.get("source") else failure["message"]
    raise CellTimeoutError(message) if failure["cause"] == "timeout" else DeadKernelError(message)


def run_given(order: Mapping[str, Any], here: Here) -> dict[str, Any]:
    """
    Run the cells that another process's `WarmEngine` hands over.

    Parameters
    ----------
    order : mapping
        ``cells`` and ``made``: paths of the notebook to read and to write; ``folder``; ``options`` of the engine.
    here : Here
        Private folder and who watches.

    Returns
    -------
    dict
        ``{"state": "done"}``: a cell's error is in the notebook, for Papermill to raise.
    """
    import nbformat
    from papermill.engines import NotebookExecutionManager

    notebook = nbformat.reads(Path(order["cells"]).read_text(encoding="utf-8"), as_version=4)
    books = NotebookExecutionManager(notebook, progress_bar=False, autosave_cell_every=0)
    os.chdir(order["folder"])
    _on_the_spot(books, here, order["options"])
    Path(order["made"]).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return {"state": "done"}
