"""
One notebook, one real kernel: Papermill in surroundings of its own.

The kernel is this interpreter, in a private folder: no profile, no start-up file, no Jupyter configuration of the user
reaches it. It talks over private sockets, or over encrypted TCP where there are none, and is gone, with everything that
it started, when the call ends.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from balancelab.reports.errors import Failure, NotebookFailed
from balancelab.reports.surroundings import surroundings, transport

if TYPE_CHECKING:
    from nbformat import NotebookNode

INJECTED = "injected-parameters"
"""Papermill's tag on the cell that it adds."""

OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "autosave_cell_every": 0,
        "record_timing": False,
        "coalesce_streams": True,
        "force_raise_errors": True,  # a tag "raises-exception" is no way to publish half a report
    }
)
"""What every engine here gets from Papermill's options."""

_IOPUB_SECONDS = 60  # Papermill fails a good report when a loaded machine is late by nbclient's four seconds
_KERNEL = 2_000_000_000  # bytes of address space of a kernel with its libraries; it is measured before it has them
_LOOK = 0.5  # seconds between two looks at what a kernel printed
_ENDED_BY_US = (None, 0, -15, -9)  # a kernel that lingers after its last cell is ended; its report stands
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CELL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py")


@dataclass(frozen=True)
class Limits:
    """
    What one report may take.

    Attributes
    ----------
    start : int
        For the kernel's first answer. [s]
    cell : int
        For each cell. [s]
    report : int
        For a whole report; then its worker is killed. [s]
    memory : int
        For what it allocates, beyond what it has when it starts. [bytes]
    output : int
        For what it prints. [characters]
    """

    start: int = 120
    cell: int = 600
    report: int = 3600
    memory: int = 4_000_000_000
    output: int = 5_000_000


@dataclass
class _Watch:
    """What is seen of a run from outside the kernel."""

    on_kernel: Callable[[int], None]
    notebook: NotebookNode | None = None
    cell: NotebookNode | None = None
    busy: bool = False
    process: Popen[bytes] | None = None
    groups: list[int] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    flooded: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    def notebook_started(self, notebook: NotebookNode) -> None:
        self.notebook = notebook

    def cell_started(self, cell: NotebookNode, cell_index: int) -> None:
        self.cell, self.busy = cell, True

    def cell_executed(self, **_: Any) -> None:
        self.busy = False

    def kernel_started(self, process: Popen[bytes], group: int | None) -> None:
        """Take note of the kernel, and keep it within its limits."""
        self.process = process
        limit_memory(process.pid, self.limits.memory)
        if group is not None:
            self.groups.append(group)
            self.on_kernel(group)
            threading.Thread(target=self._stop_flood, args=(group,), daemon=True).start()

    def over(self) -> None:
        """End the watch."""
        self._over.set()

    def _stop_flood(self, group: int) -> None:
        """Kill a kernel that prints more than it may; nbclient would keep all of it in memory."""
        seen, printed, cell = 0, 0, self.cell
        while not self._over.wait(_LOOK):
            if cell is not self.cell:
                seen, cell = 0, self.cell
            outputs = [] if cell is None else list(cell.get("outputs", []))
            printed += sum(len(str(output.get("text", ""))) for output in outputs[seen:])
            seen = len(outputs)
            if printed > self.limits.output:
                self.flooded = True
                end_group(group)
                return


@dataclass(frozen=True)
class Executed:
    """
    A notebook after its run.

    Attributes
    ----------
    notebook : NotebookNode
        With parameters and outputs, as far as it ran.
    failure : Failure or None
        Why it stopped early; None if every cell was reached.
    """

    notebook: NotebookNode
    failure: Failure | None


def execute(
    notebook: Path,
    parameters: Mapping[str, object],
    *,
    folder: Path,
    limits: Limits | None = None,
    scratch: Path | None = None,
    on_kernel: Callable[[int], None] | None = None,
) -> Executed:
    """
    Run one notebook by Papermill in a fresh kernel.

    Parameters
    ----------
    notebook : Path
        The notebook as shipped.
    parameters : mapping of str to object
        Values already checked by `balancelab.reports.guard`.
    folder : Path
        Where the kernel works; relative paths in parameters start here.
    limits : Limits, optional
        Time limits.
    scratch : Path, optional
        Folder for private files, which are removed at the end; the system's by default.
    on_kernel : callable, optional
        Called with the kernel's process group when it has started, so that somebody else can end it.

    Returns
    -------
    Executed
        The notebook, and why it stopped if it did.

    Raises
    ------
    NotebookFailed
        If the kernel did not start, twice.

    Notes
    -----
    Changes environment variables and the working folder while it runs, and puts them back: one run at a time in a
    process.
    """
    arguments = (notebook, parameters, folder, limits or Limits(), scratch, on_kernel or _nobody)
    try:
        return _execute_once(*arguments)
    except NotebookFailed:  # a loaded machine can miss the first start; the second is final
        return _execute_once(*arguments)


def code_number(notebook: NotebookNode, cell: NotebookNode) -> int:
    """Return which code cell of the notebook as shipped this is, from 1; 0 for the injected parameters."""
    if INJECTED in cell.metadata.get("tags", []):
        return 0
    own = [one for one in notebook.cells if one.cell_type == "code" and INJECTED not in one.metadata.get("tags", [])]
    return next((number for number, one in enumerate(own, 1) if one.id == cell.id), 0)


def failure_in(notebook: NotebookNode, cell: NotebookNode, cause: str, message: str) -> Failure:
    """Return a failure that names a cell."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return Failure(
        cause, plain(message)[:1000], cell=code_number(notebook, cell), source=lines[0][:200] if lines else ""
    )


def plain(message: str) -> str:
    """
    Return what a kernel said without the colours of a terminal and the names of its temporary files.

    >>> plain("/tmp/ipykernel_15950/2134500393.py:3: UserWarning: careful")
    '<cell>:3: UserWarning: careful'
    """
    return _CELL_FILE.sub("<cell>", _TERMINAL_COLOURS.sub("", message)).strip()


def end_group(group: int) -> None:
    """End a kernel and everything it started; nothing happens if it is gone."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def limit_memory(process: int, most: int) -> None:
    """
    Keep another process within its memory, where the system can do that.

    Parameters
    ----------
    process : int
        Its id.
    most : int
        What it may allocate beyond what it has. [bytes]
    """
    if sys.platform != "linux":
        return
    import resource

    with suppress(OSError, ValueError):
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[0])
        total = max(pages * os.sysconf("SC_PAGE_SIZE"), _KERNEL) + most
        resource.prlimit(process, resource.RLIMIT_AS, (total, total))


def _execute_once(
    notebook: Path,
    parameters: Mapping[str, object],
    folder: Path,
    limits: Limits,
    scratch: Path | None,
    on_kernel: Callable[[int], None],
) -> Executed:
    papermill = import_papermill()
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    watch = _Watch(on_kernel, limits=limits)
    with (
        tempfile.TemporaryDirectory(prefix="bl-", dir=scratch, ignore_cleanup_errors=True) as private,
        surroundings(Path(private), fallback=scratch or Path(private)),
    ):
        try:
            executed = papermill.execute_notebook(
                literal_path(notebook),
                None,
                parameters=dict(parameters),
                cwd=str(folder),
                **_options(Path(private), watch, limits),
            )
        except PapermillExecutionError as error:
            return _stopped(watch, "cell_error", f"{error.ename}: {error.evalue}")
        except CellTimeoutError:
            return _stopped(watch, "timeout", f"> {limits.cell} s")
        except DeadKernelError:
            if watch.flooded:
                return _stopped(watch, "output", f"the notebook prints more than {limits.output} characters")
            return _stopped(watch, "kernel_died", _how_it_ended(watch.process))
        except RuntimeError as error:  # jupyter_client has no narrower class for a kernel that does not answer
            if watch.notebook is not None:
                raise
            raise NotebookFailed(Failure("kernel_start", str(error))) from error
        finally:
            watch.over()
            for group in watch.groups:
                end_group(group)
    if watch.process is not None and watch.process.returncode not in _ENDED_BY_US:
        return Executed(executed, Failure("kernel_died", _how_it_ended(watch.process)))
    return Executed(executed, None)


def import_papermill() -> ModuleType:
    """
    Import papermill in a third of its time.

    It imports jsonschema, whose format checks build a grammar of web addresses for more than a second if a certain
    package is there. Nobody here checks such formats, so the package is hidden while papermill is imported, and only
    then.
    """
    hidden = "rfc3987_syntax"
    hide = "papermill" not in sys.modules and hidden not in sys.modules
    if hide:
        sys.modules[hidden] = None  # type: ignore[assignment]
    try:
        import papermill
    finally:
        if hide:
            del sys.modules[hidden]
    return papermill


def literal_path(path: Path | str) -> str:
    """
    Return a path that means itself to Papermill, which puts parameters into the braces of a path.

    >>> literal_path("reports of {year}.ipynb")
    'reports of {{year}}.ipynb'
    """
    return str(path).replace("{", "{{").replace("}", "}}")


def _options(private: Path, watch: _Watch, limits: Limits) -> dict[str, Any]:
    return {
        **OPTIONS,
        "kernel_name": "python3",
        "progress_bar": False,
        "request_save_on_cell_execute": False,
        "start_timeout": limits.start,
        "execution_timeout": limits.cell,
        "iopub_timeout": _IOPUB_SECONDS,
        "config": transport(private),
        "kernel_manager_class": _kernel_class(watch),
        "on_notebook_start": watch.notebook_started,
        "on_cell_start": watch.cell_started,
        "on_cell_executed": watch.cell_executed,
    }


def _kernel_class(watch: _Watch) -> type:
    from jupyter_client import AsyncKernelManager

    class WatchedKernel(AsyncKernelManager):
        """A kernel whose process is known outside, and that is not asked politely when it hangs."""

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            await super().start_kernel(**options)
            provisioner: Any = self.provisioner
            watch.kernel_started(provisioner.process, provisioner.pgid)

        async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
            await super().shutdown_kernel(now=now or watch.busy, restart=restart)

    return WatchedKernel


def _stopped(watch: _Watch, cause: str, message: str) -> Executed:
    if watch.notebook is None or watch.cell is None:
        raise NotebookFailed(Failure("kernel_start", message))
    return Executed(watch.notebook, failure_in(watch.notebook, watch.cell, cause, message))


def _how_it_ended(process: Popen[bytes] | None) -> str:
    code = None if process is None else process.poll()
    if code is None:
        return "no answer"
    if code < 0:
        return f"signal {-code} ({signal.strsignal(-code)})"
    return f"exit status {code}"


def _nobody(group: int) -> None:
    """Nobody wants to know."""
