"""A zygote of one's own, for whoever uses the engine from Papermill."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from balancelab.reports.surroundings import environment

INLINE = "module://matplotlib_inline.backend_inline"
"""Backend of matplotlib that ipykernel sets."""


class ZygoteClient:
    """
    A zygote process and the line to it.

    Attributes
    ----------
    scratch : Path
        Private folder of both, removed at the end.
    """

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="bl-"))
        self._owner = os.getpid()
        command = [sys.executable, "-m", "balancelab.reports.warm.zygote", str(self.scratch)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.scratch,
            env=zygote_environment(self.scratch),
            start_new_session=True,
        )

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """
        Give an order and wait for what comes of it.

        Parameters
        ----------
        order : dict
            As `balancelab.reports.warm.zygote` takes it.

        Returns
        -------
        dict
            ``state`` and, if it failed, ``failure``; what the system refused is as `balancelab.reports.durable.told`
            takes it.
        """
        answer = None
        try:
            with suppress(BrokenPipeError, ValueError):  # it has died, perhaps in the midst of a line
                answer = self._answer_to(order)
        finally:
            if answer is None:  # dead or interrupted: what it may still say must not pass for the next order's answer
                self.end()
        return answer or {"state": "failed", "failure": {"cause": "kernel_died", "message": "the zygote died"}}

    def _answer_to(self, order: dict[str, Any]) -> dict[str, Any] | None:
        told, heard = self._process.stdin, self._process.stdout
        if told is not None and heard is not None:
            told.write(json.dumps(order).encode("utf-8") + b"\n")
            told.flush()
            for line in heard:
                answer: dict[str, Any] = json.loads(line)
                if "state" in answer:
                    return answer
        return None

    def alive(self) -> bool:
        """Tell whether it can be asked, by this very process."""
        return os.getpid() == self._owner and self._process.poll() is None

    def end(self) -> None:
        """End the zygote; nothing of it is left."""
        if os.getpid() != self._owner:
            return
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # an order that it did not live to read
                    stream.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


_own: list[ZygoteClient] = []


def own_zygote() -> ZygoteClient:
    """Return this process's zygote; started when first asked for, ended with the process."""
    if not _own or not _own[0].alive():
        _own[:] = [ZygoteClient()]
        atexit.register(_own[0].end)
    return _own[0]


def zygote_environment(scratch: Path) -> dict[str, str]:
    """
    Return the environment variables of a zygote: those that a kernel of ours gets.

    Parameters
    ----------
    scratch : Path
        Folder for private files.
    """
    private = scratch / "zygote"
    private.mkdir()
    # It works in a folder that must not become a place to import from.
    # Its matplotlib is imported before there is a notebook, and must know by then where figures go.
    return environment(private, fallback=scratch) | {"PYTHONSAFEPATH": "1", "MPLBACKEND": INLINE}
