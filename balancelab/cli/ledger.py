"""``balancelab ledger``: the rectification ledger as a workbook, new or brought up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from balancelab.cli.frame import (
    columns_option,
    command,
    file_argument,
    force_option,
    indicators_option,
    sheet_option,
    standard_option,
    year_option,
)
from balancelab.reports.added import read_given, read_units
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.given import (
    choose_language,
    find_standard,
    read_tables,
    refuse_but_xlsx,
    refused_table,
    require_files,
    writing,
)
from balancelab.reports.terminal import message_language, option, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.intake import Intake
    from balancelab.rectification import Assessment, Given

_KIND = "rectification"
"""Kind of report whose parameters the further settings are."""


@command(
    "ledger",
    "整改台账：由判定结果写出 Excel 供填写，或用 --previous 更新已填写的台账。",
    "The rectification ledger: write it for filling in, or bring a filled one up to date with --previous.",
)
@file_argument
@click.argument("out", metavar="LEDGER.xlsx", type=click.Path(path_type=Path))
@standard_option
@option("--county", metavar="CODE", zh="县（区）代码；表中只有一县时可省", en="county code; not needed if there is one")
@year_option
@option(
    "--previous", metavar="LEDGER.xlsx", type=click.Path(path_type=Path),
    zh="已填写的台账：销号、反弹、新增都记在新台账里",
    en="ledger as filled in: closed, reopened and new entries go into the new one",
)  # fmt: skip
@option("--language", default="zh", metavar="zh|en", zh="台账语言，缺省 zh", en="language of the ledger, by default zh")
@option(
    "--set", "settings", multiple=True, metavar="NAME=FILE",
    zh="附加文件，同整改报告：items_file、school_standard_file、rubric_file、survey_file、units_file",
    en="added file, as of the rectification report: items_file, school_standard_file, rubric_file, survey_file, "
    "units_file",
)  # fmt: skip
@sheet_option
@columns_option
@indicators_option
@force_option
def ledger(
    file: Path,
    out: Path,
    standard: str,
    county: str | None,
    year: int | None,
    previous: Path | None,
    language: str,
    settings: tuple[str, ...],
    sheet: str | None,
    columns: Path | None,
    indicators: Path | None,
    force: bool,
) -> None:
    """Write the ledger."""
    from balancelab.intake import DataRefused
    from balancelab.rectification import begin_ledger, write_ledger
    from balancelab.reports.plan import check_settings, choose_year

    require_files(filter(None, [file, previous]))
    spoken = choose_language(language)
    further = _file_settings(check_settings(_KIND, settings))
    _refuse_replacing(out, [file, previous, *(_path(further, name) for name in further)], force=force)
    rules, _ = find_standard(standard, indicators)
    given, units = read_given(rules, further), read_units(_path(further, "units_file"))
    alone = previous is not None  # a ledger says itself what was open; else last year's verdicts do
    intake = read_tables(
        [file], rules, year=year if alone else None, sheet=sheet, columns=columns, all_years=not alone or year is None
    )
    at = choose_year(intake.schools, year)
    code = _one_county(intake, county, file, at)
    given = given.for_county(code, at)
    try:
        years = _judged(intake.for_county(code), given, at)
        entries, _ = begin_ledger("" if previous is None else str(previous), years, given.standard, units, year=at)
    except DataRefused as refused:
        raise refused_table(refused.findings) from refused
    name = str(intake.schools.loc[intake.schools["county_code"] == code, "county"].iloc[-1])
    with writing(out):
        write_ledger(entries, out, given.standard, units, language=spoken, county=name, year=at)
    tell(_summary(entries, out, had_ledger=alone, earlier=at - 1 in years)[message_language(language)])


def _refuse_replacing(out: Path, inputs: Iterable[Path | None], *, force: bool) -> None:
    """What people filled in is never written over by chance, and what the command reads never at all."""
    refuse_but_xlsx(out)
    given = [path for path in inputs if path is not None and path.exists()]
    if out.exists() and any(map(out.samefile, given)):
        raise PlanRefused(
            text(
                f"{out} 是本次要读的文件，不能被覆盖；请另取文件名",
                f"{out} is read by this very run: choose another name",
            )
        )
    if out.exists() and not force:
        raise PlanRefused(
            text(
                f"{out} 已存在，可能已有人填写；要更新它请用 --previous {out} 并另取文件名，要覆盖请用 --force",
                f"{out} is there and may have been filled in: to bring it up to date, give it as --previous and choose "
                "another name; to overwrite it, use --force",
            )
        )


def _file_settings(further: dict[str, object]) -> dict[str, object]:
    others = [name for name in further if not name.endswith("_file") or name == "ledger_file"]
    if others:
        raise PlanRefused(
            *(
                text(
                    f"“{name}”不是附加文件；已填写的台账用 --previous",
                    f"'{name}' is no added file; a ledger is --previous",
                )
                for name in others
            )
        )
    return further


def _path(further: dict[str, object], name: str) -> Path | None:
    return Path(str(further[name])) if further.get(name) else None


def _one_county(intake: Intake, county: str | None, file: Path, year: int) -> str:
    from balancelab.reports.plan import choose_counties

    schools = intake.schools[intake.schools["year"] == year]
    names = dict(zip(schools["county_code"], schools["county"], strict=True))
    chosen = choose_counties([county] if county else [], names, file)
    if len(chosen) != 1:
        raise PlanRefused(
            text(
                f"表中有 {len(chosen)} 个县（区），每县一本台账；请用 --county 指定一个",
                f"the table holds {len(chosen)} counties and each has a ledger of its own: choose one with --county",
            )
        )
    return chosen[0]


def _judged(intake: Intake, given: Given, year: int) -> Mapping[int, Assessment]:
    from balancelab import compute_indicators, mark_scope, relax_amounts, split_shares
    from balancelab.rectification import assess_years

    rules = given.standard
    schools = split_shares(mark_scope(relax_amounts(intake.schools, rules), rules), rules)
    indicators = compute_indicators(schools[schools["in_scope"]], rules.indicators, splits=rules.splits())
    return assess_years(schools, indicators, given.county_items, rules, year=year)


def _summary(entries: pd.DataFrame, out: Path, *, had_ledger: bool, earlier: bool) -> Text:
    from balancelab.rectification import count_changes

    changes = count_changes(entries)
    still = int((entries["status"] != "closed").sum())
    zh = f"已写入台账 {out}：{len(entries)} 项，待整改 {still} 项"
    en = f"ledger written: {out}, {len(entries)} entries, {still} to be put right"
    if not (had_ledger or earlier):
        return text(zh, en)
    since = ("上次台账", "the last ledger") if had_ledger else ("上一学年", "the year before")
    return text(
        f"{zh}；与{since[0]}相比：销号 {changes['closed']}，反弹 {changes['reopened']}，新增 {changes['new']}，"
        f"未能判定 {changes['not_judged']}",
        f"{en}; since {since[1]}: {changes['closed']} closed, {changes['reopened']} reopened, {changes['new']} new, "
        f"{changes['not_judged']} not judged",
    )
