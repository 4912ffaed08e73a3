"""The manners of the command line: both languages in help and messages, refusals as exit codes, no traceback."""

from __future__ import annotations

import functools
import hashlib
import json
import locale
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import click

from balancelab.reports.errors import EXIT_DONE, Refused, text
from balancelab.reports.progress import printable

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])

_HEADINGS = {"Options": "选项 / Options", "Commands": "命令 / Commands"}


class Formatter(click.HelpFormatter):
    """Writes help with headings in both languages."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        super().write_usage(prog, args, prefix or "用法 / Usage: ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(_HEADINGS.get(heading, heading))


class Context(click.Context):
    """Has help written by `Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command with help in both languages."""

    context_class = Context


class Group(click.Group):
    """A group of such commands."""

    context_class = Context
    command_class = Command


def option(*names: str, zh: str, en: str, **options: Any) -> Callable[[F], F]:
    """Declare an option with its help in both languages."""
    return click.option(*names, help=f"{zh} / {en}", **options)


def message_language(languages: str | None) -> str:
    """
    Return the language of messages: ``BALANCELAB_LANGUAGE``, else the first one asked for, else the system's.

    Parameters
    ----------
    languages : str or None
        Value of ``--language``, such as ``"zh,en"``; None if it was not given.

    Returns
    -------
    str
        ``zh`` or ``en``: messages are written in these two.

    Examples
    --------
    >>> from unittest import mock
    >>> with mock.patch.dict(os.environ, {"BALANCELAB_LANGUAGE": "", "LC_ALL": "zh_CN.UTF-8"}):
    ...     message_language(None), message_language("en,zh")
    ('zh', 'en')
    """
    asked = os.environ.get("BALANCELAB_LANGUAGE") or (languages or "").split(",")[0].strip()
    system = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), None)
    chosen = asked or system or locale.getlocale()[0] or ""
    return "zh" if chosen.lower().startswith(("zh", "chinese")) else "en"


def speaking(function: Callable[P, int | None]) -> Callable[P, int]:
    """
    Turn a refusal into its words and its exit code.

    Parameters
    ----------
    function : callable
        A command; its parameter ``language``, if it has one, decides the language of messages. With a parameter
        ``as_json`` that is true the refusal is also printed as ``{"exit_code", "refused"}``.

    Returns
    -------
    callable
        The command; it returns its exit code and never raises `Refused`.
    """

    @functools.wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> int:
        try:
            return function(*arguments, **options) or EXIT_DONE
        except Refused as refused:
            if options.get("as_json"):
                refusal = {"exit_code": refused.exit_code, "refused": [dict(problem) for problem in refused.problems]}
                click.echo(json.dumps(refusal, ensure_ascii=False, indent=1))
            asked = options.get("language")
            tell(refused.say(message_language(asked if isinstance(asked, str) else None)))
            return refused.exit_code

    return run


def tell(message: str) -> None:
    """Say something on standard error."""
    click.echo(printable(message), err=True)


def print_line(*fields: object) -> None:
    """Print one line of data on standard output, its fields parted by tabs."""
    click.echo("\t".join(printable(str(field)).replace("\n", " ") for field in fields))


def stop_like_ctrl_c() -> None:
    """Let a polite kill end a run as an interrupt typed at the terminal does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """
    Say that it is our fault, with a number that is the same each time the same thing goes wrong.

    Parameters
    ----------
    kind, error, trace
        As `sys.excepthook` gets them. With ``BALANCELAB_DEBUG=1`` the traceback is shown instead.
    """
    if os.environ.get("BALANCELAB_DEBUG") == "1":
        sys.__excepthook__(kind, error, trace)
        return
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    number = hashlib.sha256(f"{kind.__name__} {places}".encode()).hexdigest()[:8]
    what = f"{kind.__name__}, {places[-1] if places else '-'}"
    said = text(
        f"程序内部错误 {number}（{what}）。请把这一编号告诉维护者；设 BALANCELAB_DEBUG=1 重新运行可看到详情。",
        f"internal error {number} ({what}): a bug of ours. Please report this number; "
        "run again with BALANCELAB_DEBUG=1 to see the details.",
    )
    tell(said[message_language(None)])
