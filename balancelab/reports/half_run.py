"""What is kept of a report that was killed, by its time limit or by the system: the notebook as far as it ran."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from balancelab.page.disclosure import PUBLIC
from balancelab.reports.engine import INJECTED, import_papermill, literal_path
from balancelab.reports.errors import Failure

if TYPE_CHECKING:
    from nbformat import NotebookNode

_CELLS, _STACK = "cells.jsonl", "stack.txt"
_ASK = getattr(signal, "SIGUSR2", None)


def kept_name(stem: str) -> str:
    """Return where the notebook of a failed report is kept for whoever looks into it."""
    return f".failed/{stem}.failed.ipynb"


class CellLog:
    """
    Writes each cell that has ended to a file, so that it outlives the process.

    Parameters
    ----------
    private : Path
        Folder of the process.
    """

    def __init__(self, private: Path) -> None:
        self._path = private / _CELLS
        self._before: NotebookNode | None = None

    def cell_starts(self, notebook: NotebookNode, cell: NotebookNode) -> None:
        """Note the cell that ran before this one."""
        if self._before is not None:
            number = notebook.cells.index(self._before)
            count, outputs = self._before.get("execution_count"), self._before.get("outputs", [])
            line = json.dumps({"number": number, "execution_count": count, "outputs": outputs}, ensure_ascii=False)
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        self._before = cell


def tell_stack_when_asked(private: Path) -> IO[str] | None:
    """Have this process write where it is when `ask_for_stack` is called, even if it hangs in a library."""
    if _ASK is None:
        return None
    file = open(private / _STACK, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process lives
    faulthandler.register(_ASK, file=file, all_threads=False)
    return file


def ask_for_stack(process: int) -> None:
    """Ask a process that called `tell_stack_when_asked` where it is."""
    if _ASK is not None:
        with suppress(ProcessLookupError):
            os.kill(process, _ASK)


def keep_half_run(order: Mapping[str, Any], failure: Failure, output: Path, private: Path | None = None) -> str:
    """
    Write the notebook of a report that was killed, as far as it ran.

    Parameters
    ----------
    order : mapping
        As a worker got it.
    failure : Failure
        Why it ended; shown in the cell that it names.
    output : Path
        Output folder.
    private : Path, optional
        Folder of the process with what its cells came to; without it only parameters and failure are known.

    Returns
    -------
    str
        Where it is kept, below the output folder.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    papermill = import_papermill()
    import nbformat

    from balancelab.reports.judge import blocks_only, scrubbed
    from balancelab.reports.output import write_files

    notebook = papermill.parameterize.parameterize_notebook(
        papermill.iorw.load_notebook_node(literal_path(order["notebook"])),
        dict(order["parameters"]),
    )
    for number, ended in _ended_cells(private).items():
        notebook.cells[number].update(nbformat.from_dict(ended))
    cell = _failed_cell(notebook, failure)
    if cell is not None:
        text = failure.text()["en"]
        cell.outputs.append(
            nbformat.v4.new_output("error", ename=failure.cause, evalue=text, traceback=[text, *_stack(private)])
        )
    kept = kept_name(order["stem"])
    name = Path(order["notebook"]).name
    clean = scrubbed(notebook, source_name=name, output_name=f"{order['stem']}.ipynb", origin=order["origin"])
    if order.get("audience") == PUBLIC:
        clean = blocks_only(clean)
    write_files(output, {kept: (nbformat.writes(clean) + "\n").encode("utf-8")})
    return kept


def _ended_cells(private: Path | None) -> dict[int, dict[str, Any]]:
    """Number of a cell → what it came to; a line that was not finished is left out."""
    ended: dict[int, dict[str, Any]] = {}
    if private is None or not (private / _CELLS).is_file():
        return ended
    for line in (private / _CELLS).read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            cell = json.loads(line)
            ended[cell.pop("number")] = cell
    return ended


def _failed_cell(notebook: NotebookNode, failure: Failure) -> NotebookNode | None:
    if failure.cell is None:
        return None
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    injected = [cell for cell in code if INJECTED in cell.metadata.get("tags", [])]
    own = [cell for cell in code if cell not in injected]
    numbered = dict(enumerate([*injected[:1], *own], start=0 if injected else 1))
    return numbered.get(failure.cell)


def _stack(private: Path | None) -> list[str]:
    """Where the process was, innermost first."""
    if private is None or not (private / _STACK).is_file():
        return []
    return (private / _STACK).read_text(encoding="utf-8", errors="replace").splitlines()
