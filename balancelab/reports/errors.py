"""What can be refused before a run and what can go wrong in one, in words of both languages and with the exit code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

from balancelab.definitions import Text

EXIT_DONE, EXIT_BUG, EXIT_USAGE, EXIT_DATA, EXIT_SOME_FAILED, EXIT_ENVIRONMENT, EXIT_LOCKED = range(7)
"""Exit codes of the command line; their meaning stands in README."""
EXIT_INTERRUPTED = 130


def text(zh: str, en: str) -> Text:
    """
    Return one human-readable text in both languages.

    >>> text("县", "county")["en"]
    'county'
    """
    return {"zh": zh, "en": en}


def say(pair: Text, language: str) -> str:
    """
    Return a text in a language, or in English where it has none in that.

    >>> say({"zh": "县", "en": "county"}, "fr")
    'county'
    """
    return pair.get(language, pair["en"])


class Refused(Exception):  # noqa: N818 - "refused" is the house word
    """
    A run that is refused before any kernel starts; all reasons at once.

    Attributes
    ----------
    problems : tuple of Text
        Every reason, in both languages.
    exit_code : int
        Exit code of the command line.
    """

    exit_code = EXIT_USAGE

    def __init__(self, *problems: Text) -> None:
        super().__init__("\n".join(f"{problem['zh']}\n{problem['en']}" for problem in problems))
        self.problems = problems

    def say(self, language: str) -> str:
        """Return the reasons in one language, one a line."""
        return "\n".join(say(problem, language) for problem in self.problems)


class ParametersRefused(Refused):
    """A parameter that the notebook does not declare, one of the wrong type, or a notebook that declares them badly."""


class PlanRefused(Refused):
    """A run that cannot be planned as asked: unknown county, several years, a report made under another standard."""


class EnvironmentRefused(Refused):
    """Disk, rights or a missing program."""

    exit_code = EXIT_ENVIRONMENT


class OutputLocked(Refused):
    """Another run works in the same output folder."""

    exit_code = EXIT_LOCKED


_ERROR_NAME = re.compile(r"[A-Za-z]+(?=:)")
_WITHHELD = "message withheld in a public edition; the internal one shows it"

CAUSES: Mapping[str, Text] = MappingProxyType(
    {
        "cell_error": text("单元格运行出错", "a cell failed"),
        "warning": text("运行中出现警告", "a warning was printed"),
        "incomplete": text("笔记本没有运行到最后", "the notebook did not reach its end"),
        "timeout": text("超过时限", "time limit exceeded"),
        "kernel_died": text("内核意外终止（内存不足？）", "the kernel died (memory?)"),
        "kernel_start": text("内核无法启动", "the kernel did not start"),
        "worker_died": text("工作进程意外终止", "a worker process died"),
        "output": text("输出过多", "too much output"),
        "render": text("报告排版出错", "the page could not be rendered"),
        "disk": text("无法写入磁盘", "the disk could not be written"),
    }
)
"""Why a report can fail: a closed list, by which the summary groups."""


@dataclass(frozen=True)
class Failure:
    """
    Why one report failed.

    Attributes
    ----------
    cause : str
        A key of `CAUSES`.
    message : str
        What was said, in the words of whoever said it (an exception, a warning).
    cell : int or None
        Number of the code cell, counted from 1 in the notebook as shipped; 0 is the injected parameters.
    source : str
        First line of that cell.
    """

    cause: str
    message: str
    cell: int | None = None
    source: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the fields as plain JSON values."""
        return asdict(self)

    def text(self) -> Text:
        """
        Return cause, cell and message as one line in each language.

        >>> Failure("cell_error", "ValueError: no schools", cell=3).text()["en"]
        'a cell failed, code cell 3: ValueError: no schools'
        """
        cause = CAUSES[self.cause]
        at_zh, at_en = ("", "") if self.cell is None else (f"，第 {self.cell} 个代码单元格", f", code cell {self.cell}")
        return text(f"{cause['zh']}{at_zh}：{self.message}", f"{cause['en']}{at_en}: {self.message}")


def withheld(failure: Failure) -> Failure:
    """
    Return a failure without what was said, which may name a school; where it happened stays.

    >>> withheld(Failure("cell_error", "ValueError: 第一小学", cell=3)).text()["en"]
    'a cell failed, code cell 3: ValueError (message withheld in a public edition; the internal one shows it)'
    """
    name = _ERROR_NAME.match(failure.message)
    said = f"{name.group()} ({_WITHHELD})" if name else _WITHHELD
    return replace(failure, message=said)


class NotebookFailed(Exception):  # noqa: N818 - it names what happened
    """
    One report that failed while it ran.

    Attributes
    ----------
    failure : Failure
        Why.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text()["en"])
        self.failure = failure
