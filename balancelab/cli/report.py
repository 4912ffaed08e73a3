"""``balancelab report`` and ``status``: making reports, and how they stand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import click

from balancelab.cli.frame import (
    columns_option,
    command,
    counties_option,
    files_argument,
    formats_option,
    indicators_option,
    jobs_option,
    json_option,
    language_option,
    languages_option,
    output_option,
    partial_option,
    sheet_option,
    standard_option,
    year_option,
)
from balancelab.page.disclosure import AUDIENCES, INTERNAL
from balancelab.reports.added import read_given
from balancelab.reports.errors import EXIT_DONE, EXIT_SOME_FAILED, text
from balancelab.reports.given import (
    choose_languages,
    choose_written,
    find_standard,
    read_tables,
    refuse_output_with_inputs,
    require_files,
)
from balancelab.reports.shards import parse_shard
from balancelab.reports.terminal import message_language, option, print_line, stop_like_ctrl_c, tell
from balancelab.reports.warm.choice import ENGINES, Asked, choose_engine


@command("report", "生成报告：每县一份，或各县概览。", "Make reports: one for each county, or the overview.")
@files_argument
@standard_option
@counties_option
@languages_option
@year_option
@option(
    "--kind",
    default="balance",
    metavar="balance|overview|…",
    zh="报告种类，缺省 balance",
    en="kind, by default balance",
)
@output_option
@formats_option
@option(
    "--word-template",
    type=click.Path(path_type=Path),
    metavar="RED_HEADER.docx",
    zh="本单位的 Word 模板",
    en="a Word template of your own",
)
@option(
    "--audience",
    type=click.Choice(AUDIENCES),
    default=INTERNAL,
    zh="公开版不含各校数据，缺省 internal",
    en="public: nothing of single schools; by default internal",
)
@sheet_option
@partial_option
@columns_option
@indicators_option
@option("--engine", type=click.Choice(ENGINES), default="auto", zh="运行方式，缺省 auto", en="engine, by default auto")
@jobs_option
@option(
    "--cluster", metavar="tcp://HOST:8786",
    zh="由 Dask 集群的各台机器生成", en="let the machines of a Dask cluster work",
)  # fmt: skip
@option(
    "--shard", metavar="3/40",
    zh="只生成 40 份中的第 3 份（作业数组、多台机器）", en="only the third of 40 parts (array jobs, several machines)",
)  # fmt: skip
@option(
    "--force",
    is_flag=True,
    zh="全部重新生成，并覆盖由其他标准或数据生成的报告",
    en="make all again, also over reports made from something else",
)
@option(
    "--keep-going",
    is_flag=True,
    zh="即使报告接连因同一原因失败也不提前停止",
    en="go on even when reports fail alike one after another",
)
@option(
    "--allow-mixed",
    is_flag=True,
    zh="保留由其他版本程序生成的报告",
    en="let reports stand that another version of the program made",
)
@option("--json", "as_json", is_flag=True, zh="结束时向标准输出写 JSON 摘要", en="print a summary as JSON at the end")
@option("--quiet", is_flag=True, zh="只报告问题", en="say only what went wrong")
@option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", zh="笔记本的其他参数", en="further notebook parameter"
)
def report(
    files: tuple[Path, ...],
    standard: str,
    counties: tuple[str, ...],
    language: str | None,
    year: int | None,
    kind: str,
    output: Path,
    formats: str,
    word_template: Path | None,
    audience: str,
    sheet: str | None,
    partial: bool,
    columns: Path | None,
    indicators: Path | None,
    engine: Asked,
    jobs: int | None,
    cluster: str | None,
    shard: str | None,
    force: bool,
    keep_going: bool,
    allow_mixed: bool,
    as_json: bool,
    quiet: bool,
    settings: tuple[str, ...],
) -> int:
    """Make reports."""
    from balancelab.reports.kinds import check_audience, find_notebook, reads_all_years
    from balancelab.reports.plan import check_settings, plan_reports

    require_files(filter(None, [*files, indicators, columns]))
    languages = choose_languages(language)
    check_audience(kind, audience)
    further = check_settings(kind, settings)
    choose_engine(find_notebook(kind), engine)
    written = choose_written(formats, word_template)
    part = parse_shard(shard)
    rules, rules_file = find_standard(standard, indicators)
    if any(name.endswith("_file") for name in further):
        read_given(rules, further)  # what is wrong with them is said at once, and not report by report
    refuse_output_with_inputs(output, [*files, *filter(None, [rules_file, indicators, columns, word_template])])
    from balancelab.reports.batch import run_reports
    from balancelab.reports.console import Console
    from balancelab.reports.crew import hire_crew
    from balancelab.reports.journal import has_journal
    from balancelab.reports.output import Output
    from balancelab.reports.staging import for_one_run

    stop_like_ctrl_c()
    console = Console(message_language(language), quiet=quiet)
    early = not has_journal(output)
    with Output(output, shard=part) as folder, hire_crew(folder, engine=engine, cluster=cluster, early=early) as crew:
        compared = reads_all_years(kind)
        intake = read_tables(
            files,
            rules,
            year=None if compared else year,
            sheet=sheet,
            columns=columns,
            all_years=compared,
            partial=partial,
        )
        refused = [text(each.zh, each.en) for each in intake.findings if each.code == "FILE_LEFT_OUT"]
        plan = plan_reports(
            intake,
            rules,
            kind=kind,
            languages=languages,
            data_file=files[0],
            further_files=files[1:],
            year=year,
            counties=counties,
            standard_file=rules_file,
            indicator_file=indicators,
            column_map=columns,
            settings=further,
            audience=audience,
        ).in_formats(written, str(word_template.absolute()) if word_template else "")
        plan = for_one_run(replace(plan, left_out=(*refused, *plan.left_out)))
        del intake  # a national table takes memory that the workers need
        summary = run_reports(
            plan,
            output=folder,
            jobs=jobs,
            force=force,
            on_progress=console.progress,
            crew=crew,
            keep_going=keep_going,
            allow_mixed=allow_mixed,
        )
    console.summary(summary)
    code = summary.exit_code or (EXIT_SOME_FAILED if refused else EXIT_DONE)
    if as_json:
        click.echo(json.dumps(summary.as_json() | {"exit_code": code}, ensure_ascii=False, indent=1))
    return code


@command("status", "列出输出文件夹中各报告的状态。", "Tell how the reports of a folder stand.")
@click.argument("folder", default=Path("reports"), metavar="[FOLDER]", type=click.Path(path_type=Path))
@json_option
@language_option
def status(folder: Path, as_json: bool, language: str | None) -> int:
    """Tell how reports stand."""
    from balancelab.reports.status import STATES, standings

    spoken = message_language(language)
    found = standings(folder)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            print_line(STATES[one.state][spoken], one.stem, one.county, one.why[spoken])
        counted = Counter(STATES[one.state][spoken] for one in found)
        tell(", ".join(f"{state} {number}" for state, number in counted.items()))
    return EXIT_DONE if all(one.state == "done" for one in found) else EXIT_SOME_FAILED
