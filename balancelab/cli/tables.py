"""``balancelab check``, ``counties``, ``template`` and ``sample``: tables in and out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from balancelab.cli.frame import (
    columns_option,
    command,
    files_argument,
    force_option,
    indicators_option,
    json_option,
    language_option,
    sheet_option,
    standard_option,
    year_option,
)
from balancelab.reports.errors import EXIT_DATA, EXIT_DONE, PlanRefused, text
from balancelab.reports.given import (
    choose_language,
    defined,
    find_standard,
    read_tables,
    refuse_but_xlsx,
    require_files,
    save_annotated,
    writing,
)
from balancelab.reports.terminal import message_language, option, print_line, tell


@command("check", "只读取并检查数据表。", "Only read a table and say what was found.")
@files_argument
@standard_option
@year_option
@sheet_option
@columns_option
@indicators_option
@language_option
@json_option
@option("--annotate", metavar="COPY.xlsx", type=click.Path(path_type=Path), zh="另存标注副本", en="save a marked copy")
def check(
    files: tuple[Path, ...],
    standard: str,
    year: int | None,
    sheet: str | None,
    columns: Path | None,
    indicators: Path | None,
    language: str | None,
    as_json: bool,
    annotate: Path | None,
) -> int:
    """Check tables."""
    from balancelab.intake import findings_to_json, format_findings, inspect_several

    require_files(files)
    if annotate is not None and len(files) > 1:
        raise PlanRefused(text("--annotate 一次只能标注一个文件", "--annotate marks one file at a time"))
    rules, _ = find_standard(standard, indicators)
    needed = rules.columns_needed()
    found = defined(
        lambda: inspect_several(
            files, year=year, sheet=sheet, column_map=columns, columns_needed=needed, standard=rules
        )
    )
    if as_json:
        click.echo(json.dumps(findings_to_json(found), ensure_ascii=False, indent=1))
    else:
        click.echo(format_findings(found.findings, message_language(language)))
    if annotate is not None:
        save_annotated(files[0], found, annotate, sheet=sheet, columns=columns)
    return EXIT_DATA if any(finding.severity == "error" for finding in found.findings) else EXIT_DONE


@command("counties", "列出数据表中的县（区）。", "List the counties of a table.")
@files_argument
@year_option
@sheet_option
@columns_option
@language_option
def counties(
    files: tuple[Path, ...], year: int | None, sheet: str | None, columns: Path | None, language: str | None
) -> None:
    """List counties."""
    schools = read_tables(files, None, year=year, sheet=sheet, columns=columns, all_years=True).schools
    for (code, name, in_year), part in schools.groupby(["county_code", "county", "year"], sort=True):
        print_line(code, name, in_year, part["school_code"].nunique())


@command("template", "生成空白填报表。", "Write a blank form to fill in.")
@click.argument("out", metavar="OUT.xlsx", type=click.Path(path_type=Path))
@standard_option
@indicators_option
@option("--language", default="zh", metavar="zh|en", zh="表格语言，缺省 zh", en="language of the form, by default zh")
@force_option
def template(out: Path, standard: str, indicators: Path | None, language: str, force: bool) -> None:
    """Write a blank form."""
    from balancelab.intake.template import write_template

    refuse_but_xlsx(out)
    if out.exists() and not force:
        raise PlanRefused(
            text(
                f"{out} 已存在，可能已有人填写；请另取文件名，要覆盖请用 --force",
                f"{out} is there and may have been filled in: choose another name; to overwrite it, use --force",
            )
        )
    chosen = choose_language(language)
    rules, _ = find_standard(standard, indicators)
    with writing(out):
        write_template(out, rules, language=chosen)
    tell(text(f"已写入空白表：{out}", f"blank form written: {out}")[message_language(language)])


@command("sample", "生成合成示例数据。", "Write synthetic sample data.")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@option("--counties", default=12, type=click.IntRange(min=1), metavar="N", zh="县（区）数", en="counties")
@option(
    "--schools-per-county", default=29, type=click.IntRange(min=1), metavar="M", zh="每县学校数", en="schools in each"
)
@option("--years", default=5, type=click.IntRange(min=1), metavar="Y", zh="年数", en="years")
@option("--seed", type=click.IntRange(min=0), metavar="S", zh="随机种子", en="seed")
@language_option
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
