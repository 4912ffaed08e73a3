"""``balancelab verify``: whether results are what they were, and come out the same once more."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from balancelab.cli.frame import command, language_option
from balancelab.reports.errors import EXIT_DONE, EXIT_SOME_FAILED
from balancelab.reports.terminal import message_language, option, print_line, stop_like_ctrl_c, tell


@command(
    "verify",
    "核对报告：文件是否与生成时一致，由留存的输入重算是否相同。",
    "Verify reports: files as they were written, and the same when made anew from the kept inputs.",
)
@click.argument("target", default=Path("reports"), metavar="[FOLDER|REPORT]", type=click.Path(path_type=Path))
@option("--quick", is_flag=True, zh="只核对校验值，不重算", en="only compare hashes, make nothing anew")
@option("--jobs", type=click.IntRange(min=1), metavar="N", zh="同时运行的进程数", en="worker processes side by side")
@option("--json", "as_json", is_flag=True, zh="以 JSON 输出", en="print JSON")
@language_option
def verify(target: Path, quick: bool, jobs: int | None, as_json: bool, language: str | None) -> int:
    """Verify reports."""
    from balancelab.reports.console import Console
    from balancelab.reports.verified import FINE, STATES
    from balancelab.reports.verify import find_scope
    from balancelab.reports.verify import verify as verify_reports

    stop_like_ctrl_c()
    spoken = message_language(language)
    scope = find_scope(target)
    found = verify_reports(scope, quick=quick, jobs=jobs, on_progress=Console(spoken).progress)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            print_line(STATES[one.state][spoken], one.name, one.county, "; ".join(why[spoken] for why in one.why))
        counted = Counter(STATES[one.state][spoken] for one in found)
        tell(", ".join(f"{state} {number}" for state, number in counted.items()))
    return EXIT_DONE if all(one.state in FINE for one in found) else EXIT_SOME_FAILED
