"""
The command line: ``balancelab …``.

Messages go to standard error and data to standard output; exit codes are those of `balancelab.reports.errors`. Nothing
heavy is imported before a command needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from balancelab.cli import definitions, ledger, report, results, tables  # noqa: F401  each adds its commands to the group
from balancelab.cli.frame import cli
from balancelab.reports.errors import EXIT_DONE, EXIT_INTERRUPTED, text
from balancelab.reports.terminal import message_language, report_bug, tell

__all__ = ["cli", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Raises
    ------
    SystemExit
        Always.
    """
    sys.excepthook = report_bug
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Chinese Windows console knows GBK only; a name must not stop a run
    try:
        code = cli.main(args=arguments, prog_name="balancelab", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        tell(text("已中断", "interrupted")[message_language(None)])
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        said = error.format_message()
        tell(text(f"用法有误：{said}；见 balancelab -h", f"usage: {said} See balancelab -h")[message_language(None)])
        code = error.exit_code
    sys.exit(code or EXIT_DONE)
