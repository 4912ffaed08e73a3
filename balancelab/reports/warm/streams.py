"""What a notebook prints, from Python and behind its back, up to a limit."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_BUFFERED = 65_536  # characters kept before they are handed on


class TooMuchOutput(BaseException):
    """
    A notebook that prints for ever.

    Not an `Exception`: a cell that catches all of those must not print on.
    """


class CellStream(io.TextIOBase):
    """
    ``sys.stdout`` or ``sys.stderr`` of a notebook.

    Parameters
    ----------
    name : {"stdout", "stderr"}
        Which.
    sink : callable
        Gets stream messages.
    most : int
        Characters that may be written in all.
    """

    encoding = "UTF-8"
    errors = "strict"

    def __init__(self, name: str, sink: Callable[[dict[str, Any]], None], most: int) -> None:
        self.name = name
        self._sink, self._left = sink, most
        self._waiting: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Take a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._left -= len(text)
        if self._left < 0:
            self.flush()
            raise TooMuchOutput(f"the notebook prints more than the limit on {self.name}")
        self._waiting.append(text)
        self._size += len(text)
        if self._size > _BUFFERED:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        text, self._waiting, self._size = "".join(self._waiting), [], 0
        if text:
            self._sink(stream_message(self.name, text))

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False."""
        return False

    def fileno(self) -> int:
        """Return the descriptor that this stream stands for."""
        return _DESCRIPTORS[self.name]


class Descriptors:
    """
    The process's own standard output and error, kept in files and handed on after each cell.

    A C library or a program that a cell starts writes there; a kernel shows that too.

    Parameters
    ----------
    private : Path
        Folder for the two files.
    sink : callable
        Gets stream messages.
    most : int
        Characters that may be written in all.
    """

    def __init__(self, private: Path, sink: Callable[[dict[str, Any]], None], most: int) -> None:
        self._private, self._sink, self._most = private, sink, most
        self._files: dict[str, io.FileIO] = {}
        self._kept: dict[str, int] = {}

    def __enter__(self) -> Descriptors:
        for name, number in _DESCRIPTORS.items():
            self._kept[name] = os.dup(number)
            self._files[name] = open(self._private / f"{name}.txt", "w+b", buffering=0)
            with open(self._private / f"{name}.txt", "ab") as end:
                os.dup2(end.fileno(), number)
        return self

    def __exit__(self, *_: object) -> None:
        for name, number in _DESCRIPTORS.items():
            os.dup2(self._kept[name], number)
            os.close(self._kept[name])
            self._files[name].close()

    def hand_on(self) -> None:
        """Hand on what was written since the last time."""
        for name, file in self._files.items():
            written = file.read(self._most)
            if written:
                self._sink(stream_message(name, written.decode("utf-8", "replace")))
            if file.read(1):
                raise TooMuchOutput(f"the notebook prints more than the limit on {name}")


def stream_message(name: str, text: str) -> dict[str, Any]:
    """Return the message by which a kernel hands on a piece of output."""
    return {"msg_type": "stream", "header": {"msg_type": "stream"}, "parent_header": {},
            "content": {"name": name, "text": text}}  # fmt: skip
