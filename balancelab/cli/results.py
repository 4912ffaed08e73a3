"""``balancelab verify`` and ``diff``: whether results are what they were, and what changed between two of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from balancelab.cli.frame import (
    command,
    counties_option,
    formats_option,
    jobs_option,
    json_option,
    language_option,
    languages_option,
    output_option,
)
from balancelab.reports.console import printable
from balancelab.reports.errors import EXIT_DONE, EXIT_SOME_FAILED, text
from balancelab.reports.given import choose_languages, choose_written
from balancelab.reports.terminal import message_language, option, print_line, stop_like_ctrl_c, tell

if TYPE_CHECKING:
    from balancelab.changes import Comparison

_RESTORE = text(
    "要恢复被改动的文件：用原表运行 balancelab report 并加 --force",
    "to restore what was changed: run balancelab report on the table again, with --force",
)


@command(
    "verify",
    "核对报告：文件是否与生成时一致，由留存的输入重算是否相同。",
    "Verify reports: files as they were written, and the same when made anew from the kept inputs.",
)
@click.argument("target", default=Path("reports"), metavar="[FOLDER|REPORT]", type=click.Path(path_type=Path))
@option("--quick", is_flag=True, zh="只核对校验值，不重算", en="only compare hashes, make nothing anew")
@jobs_option
@json_option
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
        if any(one.state == "changed" for one in found):
            tell(_RESTORE[spoken])
    return EXIT_DONE if all(one.state in FINE for one in found) else EXIT_SOME_FAILED


@command(
    "diff",
    "比较两份报告（两个年度或两版数据）：哪些指标跨越限值，由哪些学校造成。",
    "Compare two reports (two years, two versions of the data): what crossed a limit, and which schools caused it.",
)
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@counties_option
@languages_option
@output_option
@formats_option
@option(
    "--anyway", is_flag=True, zh="标准或指标不同也比较共有部分", en="compare what is shared, also under other standards"
)
@jobs_option
@option("--force", is_flag=True, zh="全部重新生成并覆盖", en="make all again, and overwrite")
def diff(
    before: Path,
    after: Path,
    counties: tuple[str, ...],
    language: str | None,
    output: Path,
    formats: str,
    anyway: bool,
    jobs: int | None,
    force: bool,
) -> int:
    """Compare reports."""
    from balancelab.reports.diff import find_pairs, plan_changes

    languages = choose_languages(language)
    written = choose_written(formats, None)
    pairs = find_pairs(before, after, counties=counties, anyway=anyway)
    from balancelab.reports.batch import run_reports
    from balancelab.reports.console import Console
    from balancelab.reports.output import Output

    stop_like_ctrl_c()
    spoken = message_language(language)
    console = Console(spoken)
    plan = plan_changes(pairs, languages, anyway=anyway).in_formats(written)
    with Output(output) as folder:
        summary = run_reports(plan, output=folder, jobs=jobs, force=force, on_progress=console.progress)
    for comparison, *_ in pairs.comparisons.values():
        for sentence in _sentences(comparison, spoken):
            click.echo(printable(sentence))
    console.summary(summary)
    return summary.exit_code


def _sentences(comparison: Comparison, language: str) -> list[str]:
    """Return what the report says in its first part."""
    from balancelab.page import Page
    from balancelab.page.changes import narrative

    page = Page(language)
    narrative.title(page, comparison)
    narrative.conclusion(page, comparison)
    narrative.summary(page, comparison)
    return [str(block.payload.get("title") or block.payload["text"]) for block in page.blocks]
