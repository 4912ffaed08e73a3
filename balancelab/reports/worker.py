"""
A worker: a process that makes one report after another, told by lines on standard input.

Each order is a line of JSON; the answer too. A separate program rather than a forked child: it starts the same way from
a script, a notebook or a terminal, on every system, and nothing of the caller's state reaches a report.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from balancelab.page.disclosure import INTERNAL, PUBLIC
from balancelab.reports.durable import answer_of
from balancelab.reports.engine import Executed, Limits, end_group, execute, import_papermill
from balancelab.reports.errors import NotebookFailed
from balancelab.reports.half_run import kept_name

Run = Callable[[Path, Mapping[str, object], Path], Executed]
"""Runs a notebook with its parameters in a folder."""


class Worker:
    """
    The loop of a worker process.

    Parameters
    ----------
    output, work, scratch : Path
        Output folder; folder that kernels work in; folder for private files, removed if the owner dies.
    answers : text file
        Where answers go.
    """

    def __init__(self, output: Path, work: Path, scratch: Path, answers: TextIO) -> None:
        self.output, self.work, self.scratch = output, work, scratch
        self._answers = answers
        self._orders: queue.Queue[dict[str, Any]] = queue.Queue()
        self._group: int | None = None

    def run(self) -> None:
        """Make reports until the owner closes standard input, or is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        import_papermill()
        while True:
            answer = self._answer(self._orders.get())
            self._group = None
            self._say(answer)

    def stop(self, *_: object) -> None:
        """End the kernel and this process at once: the owner is gone or has had enough."""
        if self._group is not None:
            end_group(self._group)
        shutil.rmtree(self.scratch, ignore_errors=True)
        with suppress(OSError):  # the run's folder, when the last worker has left it
            self.scratch.parent.rmdir()
        os._exit(1)

    def _listen(self) -> None:
        with suppress(ValueError):  # half a line: the owner was killed while it spoke
            for line in sys.stdin:
                self._orders.put(json.loads(line))
        self.stop()  # whatever is still to do: a report that nobody waits for would meet those of the next run

    def _answer(self, order: dict[str, Any]) -> dict[str, Any]:
        started = time.monotonic()
        try:
            made = make_report(order, self.output, self.work, self._run(Limits(**order["limits"])))
        except NotebookFailed as failed:
            made = {"state": "failed", "failure": failed.failure.as_json()}
        except OSError as error:
            made = answer_of(error)
        return {**made, "seconds": round(time.monotonic() - started, 2)}

    def _run(self, limits: Limits) -> Run:
        def run(notebook: Path, parameters: Mapping[str, object], folder: Path) -> Executed:
            told = self._kernel_started
            return execute(notebook, parameters, folder=folder, limits=limits, scratch=self.scratch, on_kernel=told)

        return run

    def _kernel_started(self, group: int) -> None:
        self._group = group
        self._say({"kernel": group})

    def _say(self, answer: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):  # the owner is gone: `_listen` hears of it too
            self._answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
            self._answers.flush()


def make_report(order: Mapping[str, Any], output: Path, work: Path, run: Run) -> dict[str, Any]:
    """
    Run one notebook, judge it, render it and put both files in place.

    Parameters
    ----------
    order : mapping
        ``notebook``, ``parameters``, ``stem``, ``language``, ``origin``; ``audience`` where it is public.
    output, work : Path
        As for `Worker`.
    run : callable
        Runs a notebook with its parameters in a folder; returns an `Executed`.

    Returns
    -------
    dict
        ``state`` (``done`` or ``failed``) with ``files`` (sha256 by path), ``verdict``, ``results`` (see
        `balancelab.reports.results`) and ``unrendered`` (a message for each format that failed), or with ``failure``.

    Raises
    ------
    NotebookFailed
        If no kernel started.
    OSError
        If the output cannot be written.
    """
    import nbformat

    from balancelab.reports.html import blocks_from_notebook
    from balancelab.reports.jsontext import json_text
    from balancelab.reports.judge import blocks_only, judge, scrubbed, title_of, verdict_of
    from balancelab.reports.output import write_files
    from balancelab.reports.rendering import render_formats
    from balancelab.reports.results import results_of

    notebook, stem = Path(order["notebook"]), order["stem"]
    executed = run(notebook, order["parameters"], work)
    failure = executed.failure or judge(executed.notebook)
    public = order.get("audience", INTERNAL) == PUBLIC
    clean = scrubbed(executed.notebook, source_name=notebook.name, output_name=f"{stem}.ipynb", origin=order["origin"])
    if public:
        clean = blocks_only(clean)
    content = json_text(dict(sorted(clean.items())), parts="cells", allow_nan=True).encode("utf-8")
    kept = kept_name(stem)
    if failure is not None:
        write_files(output, {kept: content})
        return {"state": "failed", "failure": failure.as_json(), "kept": kept}
    nbformat.validate(clean)
    blocks = blocks_from_notebook(clean)
    rendered, unrendered = render_formats(
        blocks,
        stem=stem,
        title=title_of(blocks, stem),
        language=order["language"],
        formats=order["formats"],
        word=order["word"],
    )
    # The notebook first: if a kill cuts the renames short, it tells the next run what the files are made from.
    files = write_files(output, {f"{stem}.ipynb": content, **rendered})
    (output / kept).unlink(missing_ok=True)
    came = {"verdict": verdict_of(blocks), "results": results_of(blocks)}
    return {"state": "done", "files": files, **came, "unrendered": unrendered}


def main() -> None:
    """Take the folders from the command line and work."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing that a kernel prints may look like an answer
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    scratch, output, work = map(Path, sys.argv[1:])
    worker = Worker(output, work, scratch, answers)
    signal.signal(signal.SIGTERM, worker.stop)
    worker.run()


if __name__ == "__main__":
    main()
