"""
Cells run in this very process, with the outputs that a kernel would send.

Nothing of the notebook format is written anew here: the shell is ipykernel's, what it sends is handed to nbclient's own
client without a line in between, and Papermill keeps its books as ever. Only the two ends of the line are replaced.
"""

from __future__ import annotations

import atexit
import builtins
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from papermill.clientwrap import PapermillNotebookClient
from traitlets.config import Config

from balancelab.reports.warm.client import INLINE
from balancelab.reports.warm.streams import CellStream, Descriptors, TooMuchOutput

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MOST_WARNINGS = 200_000  # characters on standard error; one is enough to fail a report
_FRAMES = 15  # of each end of an endless recursion
Sink = Callable[[dict[str, Any]], None]


class CellRunner(PapermillNotebookClient):
    """
    Papermill's client with the shell at hand instead of a kernel at the end of a line.

    Parameters
    ----------
    nb_man : papermill.engines.NotebookExecutionManager
        The notebook and Papermill's books on it.
    private : Path
        Folder for the shell's private files.
    most_output : int
        How much a notebook may print before it is stopped. [characters]
    **options
        As for ``nbclient.NotebookClient``; limits on time are the business of whoever started this process.
    """

    def __init__(self, nb_man: Any, private: Path, most_output: int, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._private, self._process = private, os.getpid()
        self._most_output = most_output
        self.kc = SimpleNamespace(execute=_message_id)

    def execute(self, **_: Any) -> NotebookNode:
        """Run every cell and return the notebook."""
        self.reset_execution_trackers()
        with shell_for(self._take, self._private, self._most_output) as (self._shell, self._descriptors):
            self.papermill_execute_cells()
        self.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        self.set_widgets_metadata()
        return self.nb

    def _take(self, message: dict[str, Any]) -> None:
        """Hand a message of the shell to nbclient; what comes between cells belongs to no cell, as with a kernel."""
        if self._at is not None:
            self.process_message(message, *self._at)

    _at: tuple[NotebookNode, int] | None = None

    async def _async_poll_kernel_alive(self) -> None:
        """There is no kernel that could die alone."""

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: NotebookNode, cell_index: int) -> None:
        """Messages come as they are sent."""

    async def _async_poll_for_reply(
        self, msg_id: str, cell: NotebookNode, timeout: int | None, task_poll_output_msg: Any, task_poll_alive: Any
    ) -> dict[str, Any]:
        """Run the cell instead of waiting for it."""
        self._at = (cell, self.nb.cells.index(cell))
        count = self._shell.execution_count
        self._take(_message("execute_input", {"execution_count": count, "code": cell.source}))
        try:
            reply = await run_cell(self._shell, cell)
            sys.stdout.flush()
            sys.stderr.flush()
            self._descriptors.hand_on()
        except TooMuchOutput as error:  # the other way of it, in the cell itself, is the cell's error already
            reply = {"status": "error", "ename": "TooMuchOutput", "evalue": str(error), "traceback": []}
            self._take(_message("error", reply))
        finally:
            if os.getpid() != self._process:  # a cell forked, and the child came out of the cell too
                os._exit(1)
            self._at = None
        return {"content": reply}


async def run_cell(shell: ZMQInteractiveShell, cell: NotebookNode) -> dict[str, Any]:
    """
    Run one cell as ipykernel does, under a running event loop.

    Parameters
    ----------
    shell : ZMQInteractiveShell
        The shell.
    cell : NotebookNode
        A code cell.

    Returns
    -------
    dict
        The content of the reply: ``status``, and ``ename``, ``evalue``, ``traceback`` if it failed.
    """
    failed_before = None
    try:
        transformed = shell.transform_cell(cell.source)
    except Exception:  # noqa: BLE001 - a user's input transformer may raise anything; the shell then tells the cell
        transformed, failed_before = cell.source, sys.exc_info()
    if shell.should_run_async(cell.source, transformed_cell=transformed, preprocessing_exc_tuple=failed_before):
        result = None
        try:
            result = await shell.run_cell_async(
                cell.source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=failed_before
            )
        finally:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
    else:
        result = shell.run_cell(cell.source, store_history=True)
    payloads: Any = shell.payload_manager
    payloads.clear_payload()
    error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
    if result.success and not getattr(shell, "_last_traceback_during_displayhook", False):
        return {"status": "ok"}
    return {
        "status": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": shell._last_traceback or [],
    }


@contextmanager
def shell_for(sink: Sink, private: Path, most_output: int) -> Iterator[tuple[ZMQInteractiveShell, Descriptors]]:
    """
    Make the one shell of this process, and put everything back that it changed.

    Parameters
    ----------
    sink : callable
        Gets every message that a kernel would send, as it would arrive.
    private : Path
        Folder for a profile that is nobody's.
    most_output : int
        How much may be printed. [characters]

    Yields
    ------
    ZMQInteractiveShell
        The shell; it writes no history and reads no start-up file.
    Descriptors
        What is written to the standard streams behind Python's back.
    """
    session = _Wire(sink)
    descriptors = Descriptors(private, sink, most_output)
    environment, path = dict(os.environ), list(sys.path)
    os.environ.setdefault("MPLBACKEND", INLINE)
    most = {"stdout": most_output, "stderr": min(most_output, _MOST_WARNINGS)}
    streams = {name: CellStream(name, sink, most[name]) for name in most}
    kept = [(sys, name, getattr(sys, name)) for name in ("stdout", "stderr", "displayhook", "excepthook")]
    kept += [(builtins, "input", builtins.input), (sys, "_balancelab_main", sys.modules["__main__"])]
    config = Config()
    config.HistoryManager.enabled = False  # it would start a thread and a database
    shell = ZMQInteractiveShell.instance(
        config=config, ipython_dir=str(private / "ipython"), user_ns={}, compiler_class=XCachingCompiler
    )
    shell.enable_gui = _no_window  # type: ignore[method-assign]
    shell.set_custom_exc((RecursionError,), _show_both_ends)
    hook: Any = shell.displayhook
    hook.topic = b"execute_result"
    hook.session = shell.display_pub.session = session  # type: ignore[attr-defined]
    sys.stdout, sys.stderr = streams["stdout"], streams["stderr"]
    builtins.input = _no_input
    sys.path.insert(0, "")
    _attach_pyplot(shell)
    try:
        with descriptors:
            yield shell, descriptors
    finally:
        shell.restore_sys_module_state()
        shell.atexit_operations()
        atexit.unregister(shell.atexit_operations)
        type(shell).clear_instance()
        sys.modules["__main__"] = kept.pop()[2]
        for module, name, value in kept:
            setattr(module, name, value)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment)


class _Wire(Session):
    """A session whose messages arrive at once, having been JSON on the way like any other."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(key=b"nobody listens")
        self._sink = sink

    def send(  # type: ignore[override]
        self, stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None, **_: Any
    ) -> dict[str, Any]:
        """Send a message."""
        message = msg_or_type if isinstance(msg_or_type, dict) else _message(msg_or_type, content)
        arrived = _message(message["msg_type"], self.unpack(self.pack(message["content"])))
        self._sink(arrived)
        return arrived


def _message(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}, "content": content}


def _attach_pyplot(shell: ZMQInteractiveShell) -> None:
    """Let figures of pyplot be shown: imported before there was a shell, it shows none and says nothing."""
    if "matplotlib.pyplot" in sys.modules:
        shell.enable_matplotlib("inline")
        sys.modules["matplotlib.pyplot"].install_repl_displayhook()


def _show_both_ends(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> None:
    """Show an endless recursion by its first and last frames: to format the thousand between takes ten seconds."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    if len(frames) > 2 * _FRAMES:
        frames[_FRAMES - 1].tb_next = frames[-_FRAMES]
    shell.showtraceback((kind, error, frames[0]), tb_offset=tb_offset)


def _no_window(gui: object = None) -> None:
    """There is no loop of events for windows here, and no kernel that could run one."""


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _message_id(*_: Any, **__: Any) -> str:
    return ""
