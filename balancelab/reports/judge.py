"""When a report is done, and the same bytes for the same report: the judge and the scrubber of an executed notebook."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from balancelab.page.blocks import MIME, is_complete
from balancelab.reports.engine import INJECTED, failure_in, plain
from balancelab.reports.errors import Failure
from balancelab.reports.html import blocks_from_notebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

_NAMES = ("title", "heading")
_VOLATILE = ("start_time", "end_time", "duration")


def judge(notebook: NotebookNode) -> Failure | None:
    """
    Decide whether an executed notebook is a finished report.

    Parameters
    ----------
    notebook : NotebookNode
        After its run. Papermill's own word is not taken: it reports ``sys.exit(0)`` and killed kernels as completed.

    Returns
    -------
    Failure or None
        The first of: an error, a warning (anything on stderr, quoted), a cell that never ran, a missing completion
        token; None if the report is finished.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                return failure_in(notebook, cell, "cell_error", f"{output.ename}: {output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                return failure_in(notebook, cell, "warning", output.text)
        if cell.source.strip() and cell.execution_count is None:
            return failure_in(notebook, cell, "incomplete", "this cell did not run")
    if not is_complete(blocks_from_notebook(notebook)):
        return Failure("incomplete", "the completion token is missing or not the last thing shown")
    return None


def scrubbed(
    notebook: NotebookNode, *, source_name: str, output_name: str, origin: Mapping[str, object]
) -> NotebookNode:
    """
    Return a copy without anything that differs from run to run or from machine to machine.

    Parameters
    ----------
    notebook : NotebookNode
        After its run.
    source_name : str
        Name of the notebook that was run.
    output_name : str
        Where the copy will lie, relative to the output folder.
    origin : mapping
        What the report was made from; kept in ``metadata.balancelab``.

    Returns
    -------
    NotebookNode
        Times are null, paths relative, ids fixed; parameters and outputs as they were.
    """
    copy = deepcopy(notebook)
    run = copy.metadata.papermill
    run.update(dict.fromkeys(_VOLATILE), input_path=source_name, output_path=output_name)
    copy.metadata["balancelab"] = dict(origin)
    for number, cell in enumerate(copy.cells):
        if "papermill" in cell.metadata:
            cell.metadata.papermill.update(dict.fromkeys(_VOLATILE))
        if INJECTED in cell.metadata.get("tags", []):
            cell["id"] = INJECTED
        elif "papermill-error-cell-tag" in cell.metadata.get("tags", []):
            cell["id"] = f"error-{number}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # tracebacks name temporary files
                output["traceback"] = [plain(line) for line in output.traceback]
    return copy


def blocks_only(notebook: NotebookNode) -> NotebookNode:
    """
    Return a copy that shows the page's blocks and nothing else: what else a cell shows may be a table of schools.

    An error stays as a word without its message and traceback, in which rows and names may stand.
    """
    copy = deepcopy(notebook)
    for cell in copy.cells:
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if MIME in output.get("data", {}):
                kept.append(output)
            elif output.output_type == "error":
                output.update(evalue="", traceback=[])
                kept.append(output)
        cell.outputs = kept
    copy.metadata.papermill.pop("exception", None)
    copy.cells = [cell for cell in copy.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]
    return copy


def verdict_of(blocks: list[dict[str, Any]]) -> str:
    """
    Return the overall verdict that a report gives: the state of its first verdict block, or ``""``.

    >>> verdict_of([{"kind": "heading"}, {"kind": "verdict", "state": "failed"}, {"kind": "verdict", "state": "met"}])
    'failed'
    """
    return next((str(block["state"]) for block in blocks if block["kind"] == "verdict"), "")


def title_of(blocks: list[dict[str, Any]], otherwise: str) -> str:
    """
    Return the title that a report gives itself, by a title or by its first heading.

    >>> title_of([{"kind": "heading", "level": 1, "number": "1", "text": "Linjiang 2024"}], "balance")
    'Linjiang 2024'
    """
    named = (
        block["title"] if block["kind"] == "title" else block["text"] for block in blocks if block["kind"] in _NAMES
    )
    return str(next(named, otherwise))
