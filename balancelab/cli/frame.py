"""The group of commands, and the options that several of them share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from balancelab import __version__
from balancelab.reports.terminal import Group, option, speaking

file_argument = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
files_argument = click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
partial_option = option(
    "--partial",
    is_flag=True,
    zh="给出多个文件时，跳过有错误的文件",
    en="of several files, leave out those that are refused",
)
sheet_option = option("--sheet", metavar="NAME", zh="工作表名称", en="name of the sheet")


class Year(click.ParamType):
    """A year of four plain digits, and nothing else that Python would read as a number, such as 2_024 or ２０２４."""

    name = "year"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the year, or refuse the text."""
        if not isinstance(value, int) and not re.fullmatch("[0-9]{4}", str(value)):
            self.fail(f"“{value}”应为四位年份，如 2024 / '{value}' must be a year of four digits", param, ctx)
        return int(str(value))


year_option = option(
    "--year", type=Year(), metavar="YEAR", zh="学年开始的年份", en="year in which the school year begins"
)
columns_option = option(
    "--columns", metavar="MAP.toml", type=click.Path(path_type=Path), zh="列名对照文件", en="column map of your own"
)
indicators_option = option(
    "--indicators",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    zh="自备指标文件",
    en="indicator file of your own",
)
standard_option = option(
    "--standard", metavar="ID|FILE.toml", default="quality_2017",
    zh="标准代号或文件，缺省 quality_2017", en="standard by id or file, by default quality_2017",
)  # fmt: skip
language_option = option("--language", metavar="zh|en", zh="语言", en="language")


def _part_codes(context: click.Context, parameter: click.Parameter, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Part what ``--county A,B --county C`` lists."""
    return tuple(code.strip() for several in listed for code in several.split(","))


counties_option = option(
    "--county", "counties", multiple=True, callback=_part_codes, metavar="CODE,…",
    zh="县（区）代码，缺省全部", en="county code; all by default",
)  # fmt: skip
languages_option = option(
    "--language", metavar="zh,en", zh="报告语言，缺省 zh,en", en="languages of the reports, by default zh,en"
)
output_option = option(
    "--output", default=Path("reports"), type=click.Path(path_type=Path), metavar="FOLDER",
    zh="输出文件夹，缺省 reports", en="output folder, by default reports",
)  # fmt: skip
formats_option = option(
    "--format", "formats", default="html,json", metavar="html,pdf,docx,xlsx,json,zip|all",
    zh="格式，缺省 html,json", en="formats, by default html,json",
)  # fmt: skip
jobs_option = option(
    "--jobs", type=click.IntRange(min=1), metavar="N", zh="同时运行的进程数", en="worker processes side by side"
)
json_option = option("--json", "as_json", is_flag=True, zh="以 JSON 输出", en="print JSON")
force_option = option("--force", is_flag=True, zh="覆盖已有的文件", en="overwrite a file that is there")


@click.group(cls=Group, help="义务教育均衡的计算与报告。 / Balance of compulsory schools: checks, reports.")
@click.version_option(__version__, message="%(prog)s %(version)s", help="显示版本 / show the version")
@click.help_option("-h", "--help", help="显示帮助 / show this help")
def cli() -> None:
    """Hold the commands together."""


def command(name: str, zh: str, en: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """Return a decorator that adds a function to the group as command `name`, described in both languages."""

    def make(function: Callable[..., int | None]) -> click.Command:
        helped = click.help_option("-h", "--help", help="显示帮助 / show this help")(speaking(function))
        return cli.command(name, help=f"{zh} / {en}")(helped)

    return make
