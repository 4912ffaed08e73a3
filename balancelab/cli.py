"""
The command line: ``balancelab …``.

Messages go to standard error and data to standard output; exit codes are those of `balancelab.reports.errors`. Nothing
heavy is imported before a command needs it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from balancelab import __version__
from balancelab.reports.errors import EXIT_DATA, EXIT_DONE, EXIT_INTERRUPTED, EXIT_SOME_FAILED, PlanRefused, text
from balancelab.reports.given import (
    choose_languages,
    choose_written,
    defined,
    find_standard,
    read_table,
    refuse_but_xlsx,
    require_file,
    save_annotated,
    writing,
)
from balancelab.reports.terminal import (
    Group,
    message_language,
    option,
    print_line,
    report_bug,
    speaking,
    stop_like_ctrl_c,
    tell,
)
from balancelab.reports.warm.choice import ENGINES, Asked, choose_engine

_file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
_sheet = option("--sheet", metavar="NAME", zh="工作表名称", en="name of the sheet")
_year = option("--year", type=int, metavar="YEAR", zh="学年开始的年份", en="year in which the school year begins")
_columns = option(
    "--columns", metavar="MAP.toml", type=click.Path(path_type=Path), zh="列名对照文件", en="column map of your own"
)
_indicators = option(
    "--indicators",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    zh="自备指标文件",
    en="indicator file of your own",
)
_standard = option(
    "--standard", metavar="ID|FILE.toml", default="quality_2017",
    zh="标准代号或文件，缺省 quality_2017", en="standard by id or file, by default quality_2017",
)  # fmt: skip
_language = option("--language", metavar="zh|en", zh="语言", en="language")


@click.group(cls=Group, help="义务教育均衡的计算与报告。 / Balance of compulsory schools: checks, reports.")
@click.version_option(__version__, message="%(prog)s %(version)s", help="显示版本 / show the version")
@click.help_option("-h", "--help", help="显示帮助 / show this help")
def cli() -> None:
    """Hold the commands together."""


def _command(name: str, zh: str, en: str) -> Callable[[Callable[..., int | None]], click.Command]:
    def make(function: Callable[..., int | None]) -> click.Command:
        helped = click.help_option("-h", "--help", help="显示帮助 / show this help")(speaking(function))
        return cli.command(name, help=f"{zh} / {en}")(helped)

    return make


@_command("report", "生成报告：每县一份，或各县概览。", "Make reports: one for each county, or the overview.")
@_file
@_standard
@option(
    "--county",
    "counties",
    multiple=True,
    metavar="CODE,…",
    zh="县（区）代码，缺省全部",
    en="county code; all by default",
)
@option("--language", metavar="zh,en", zh="报告语言，缺省 zh,en", en="languages of the reports, by default zh,en")
@_year
@option(
    "--kind", default="balance", metavar="balance|overview", zh="报告种类，缺省 balance", en="kind, by default balance"
)
@option(
    "--output", default=Path("reports"), type=click.Path(path_type=Path), metavar="FOLDER",
    zh="输出文件夹，缺省 reports", en="output folder, by default reports",
)  # fmt: skip
@option(
    "--format",
    "formats",
    default="html,json",
    metavar="html,pdf,docx,xlsx,json,zip|all",
    zh="格式，缺省 html,json",
    en="formats, by default html,json",
)
@option(
    "--word-template",
    type=click.Path(path_type=Path),
    metavar="RED_HEADER.docx",
    zh="本单位的 Word 模板",
    en="a Word template of your own",
)
@_sheet
@_columns
@_indicators
@option("--engine", type=click.Choice(ENGINES), default="auto", zh="运行方式，缺省 auto", en="engine, by default auto")
@option("--jobs", type=click.IntRange(min=1), metavar="N", zh="同时运行的进程数", en="worker processes side by side")
@option(
    "--force",
    is_flag=True,
    zh="全部重新生成，并覆盖由其他标准或数据生成的报告",
    en="make all again, also over reports made from something else",
)
@option("--quiet", is_flag=True, zh="只报告问题", en="say only what went wrong")
@option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", zh="笔记本的其他参数", en="further notebook parameter"
)
def report(
    file: Path,
    standard: str,
    counties: tuple[str, ...],
    language: str | None,
    year: int | None,
    kind: str,
    output: Path,
    formats: str,
    word_template: Path | None,
    sheet: str | None,
    columns: Path | None,
    indicators: Path | None,
    engine: Asked,
    jobs: int | None,
    force: bool,
    quiet: bool,
    settings: tuple[str, ...],
) -> int:
    """Make reports."""
    from balancelab.reports.plan import check_settings, find_notebook, plan_reports, reads_all_years

    require_file(file)
    languages = choose_languages("zh,en" if language is None else language)
    further = check_settings(kind, settings)
    choose_engine(find_notebook(kind), engine)
    written = choose_written(formats, word_template)
    rules, rules_file = find_standard(standard, indicators)
    from balancelab.reports.batch import run_reports
    from balancelab.reports.console import Console
    from balancelab.reports.crew import Crew
    from balancelab.reports.journal import has_journal
    from balancelab.reports.output import Output

    stop_like_ctrl_c()
    console = Console(message_language(language), quiet=quiet)
    with Output(output) as folder, Crew(folder, engine=engine, early=not has_journal(output)) as crew:
        compared = reads_all_years(kind)
        intake = read_table(
            file, rules, year=None if compared else year, sheet=sheet, columns=columns, all_years=compared
        )
        plan = plan_reports(
            intake,
            rules,
            kind=kind,
            languages=languages,
            data_file=file,
            year=year,
            counties=[code.strip() for listed in counties for code in listed.split(",")],
            standard_file=rules_file,
            indicator_file=indicators,
            column_map=columns,
            settings=further,
        ).in_formats(written, str(word_template.absolute()) if word_template else "")
        summary = run_reports(plan, output=folder, jobs=jobs, force=force, on_progress=console.progress, crew=crew)
    console.summary(summary)
    return summary.exit_code


@_command("status", "列出输出文件夹中各报告的状态。", "Tell how the reports of a folder stand.")
@click.argument("folder", default=Path("reports"), metavar="[FOLDER]", type=click.Path(path_type=Path))
@option("--json", "as_json", is_flag=True, zh="以 JSON 输出", en="print JSON")
@_language
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


@_command("check", "只读取并检查数据表。", "Only read a table and say what was found.")
@_file
@_standard
@_year
@_sheet
@_columns
@_indicators
@_language
@option("--json", "as_json", is_flag=True, zh="以 JSON 输出", en="print JSON")
@option("--annotate", metavar="COPY.xlsx", type=click.Path(path_type=Path), zh="另存标注副本", en="save a marked copy")
def check(
    file: Path,
    standard: str,
    year: int | None,
    sheet: str | None,
    columns: Path | None,
    indicators: Path | None,
    language: str | None,
    as_json: bool,
    annotate: Path | None,
) -> int:
    """Check a table."""
    from balancelab.intake import findings_to_json, format_findings, inspect

    require_file(file)
    rules, _ = find_standard(standard, indicators)
    needed = rules.columns_needed()
    found = defined(
        lambda: inspect(file, year=year, sheet=sheet, column_map=columns, columns_needed=needed, standard=rules)
    )
    if as_json:
        click.echo(json.dumps(findings_to_json(found), ensure_ascii=False, indent=1))
    else:
        click.echo(format_findings(found.findings, message_language(language)))
    if annotate is not None:
        save_annotated(file, found, annotate, sheet=sheet, columns=columns)
    return EXIT_DATA if any(finding.severity == "error" for finding in found.findings) else EXIT_DONE


@_command("standards", "列出标准，或显示一个标准的要求。", "List the standards, or show what one requires.")
@click.argument("name", required=False, metavar="[ID|FILE.toml]")
@_indicators
@_language
def standards(name: str | None, indicators: Path | None, language: str | None) -> None:
    """List standards."""
    spoken = message_language(language)
    if name is None:
        from balancelab.standards import list_standards

        for standard in list_standards().values():
            print_line(standard.id, standard.short[spoken], standard.document[spoken])
        return
    shown, _ = find_standard(name, indicators)
    print_line(shown.id, shown.label[spoken], shown.document[spoken])
    for requirement in shown.requirements.values():
        limits = requirement.at_least or requirement.at_most or {}
        sign = ">=" if requirement.at_least else "<="
        listed = ", ".join(f"{stage} {sign} {limit}" for stage, limit in limits.items())
        print_line(requirement.indicator, listed, requirement.clause[spoken])
    if shown.county_rule is not None:
        rule = shown.county_rule
        listed = ", ".join(f"{stage} <= {limit}" for stage, limit in rule.at_most.items())
        print_line(f"{rule.measure} ({rule.applies_to})", listed, rule.clause[spoken])


@_command("indicators", "列出指标。", "List the indicators.")
@_indicators
@_language
def indicators(indicators: Path | None, language: str | None) -> None:
    """List indicators."""
    from balancelab.indicators import load_indicators

    spoken = message_language(language)
    for indicator in defined(lambda: load_indicators(indicators)).values():
        print_line(indicator.id, indicator.label[spoken], indicator.unit[spoken])


@_command("counties", "列出数据表中的县（区）。", "List the counties of a table.")
@_file
@_year
@_sheet
@_columns
@_language
def counties(file: Path, year: int | None, sheet: str | None, columns: Path | None, language: str | None) -> None:
    """List counties."""
    require_file(file)
    schools = read_table(file, None, year=year, sheet=sheet, columns=columns, all_years=True).schools
    for (code, name, in_year), part in schools.groupby(["county_code", "county", "year"], sort=True):
        print_line(code, name, in_year, part["school_code"].nunique())


@_command("sample", "生成合成示例数据。", "Write synthetic sample data.")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@option("--counties", default=12, type=int, metavar="N", zh="县（区）数", en="counties")
@option("--schools-per-county", default=29, type=int, metavar="M", zh="每县学校数", en="schools in each")
@option("--years", default=5, type=int, metavar="Y", zh="年数", en="years")
@option("--seed", type=int, metavar="S", zh="随机种子", en="seed")
@_language
def sample(
    out: Path, counties: int, schools_per_county: int, years: int, seed: int | None, language: str | None
) -> None:
    """Write a synthetic province."""
    from balancelab.sample import DEFAULT_SEED, write_sample

    chosen = DEFAULT_SEED if seed is None else seed
    try:
        with writing(out):
            rows = write_sample(out, counties=counties, schools_per_county=schools_per_county, years=years, seed=chosen)
    except ValueError as error:
        raise PlanRefused(text(f"无法生成：{error}", str(error))) from error
    spoken = message_language(language)
    tell(text(f"已写入 {rows} 行合成数据：{out}", f"{rows} rows of synthetic data written: {out}")[spoken])


@_command("template", "生成空白填报表。", "Write a blank form to fill in.")
@click.argument("out", metavar="OUT.xlsx", type=click.Path(path_type=Path))
@_standard
@_indicators
@option("--language", default="zh", metavar="zh|en", zh="表格语言，缺省 zh", en="language of the form, by default zh")
def template(out: Path, standard: str, indicators: Path | None, language: str) -> None:
    """Write a blank form."""
    from balancelab.intake.template import write_template

    refuse_but_xlsx(out)
    (chosen,) = choose_languages(language)[:1]
    rules, _ = find_standard(standard, indicators)
    with writing(out):
        write_template(out, rules, language=chosen)
    tell(text(f"已写入空白表：{out}", f"blank form written: {out}")[message_language(language)])


@_command("words", "列出一种语言尚缺的词句。", "List the texts that a language has no words for yet.")
@click.argument("language", metavar="LANGUAGE")
def words(language: str) -> None:
    """List missing words."""
    from balancelab.page.words import missing_words
    from balancelab.reports.plan import find_notebook
    from balancelab.reports.vocabulary import english_texts

    (chosen,) = choose_languages(language)[:1]
    for missing in missing_words(chosen, english_texts(Path(__file__).parent, find_notebook("balance").parent)):
        click.echo(
            f'{json.dumps(missing, ensure_ascii=False)} = ""'
        )  # a line of the language's own file, to be filled in


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
