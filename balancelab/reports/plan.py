"""From a table and a standard to the list of reports, and what their notebooks will read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.definitions import Text
from balancelab.page.disclosure import INTERNAL
from balancelab.reports.errors import ParametersRefused, PlanRefused, text
from balancelab.reports.given import defined
from balancelab.reports.guard import Parameter, check_parameters, declared_parameters, parse_settings
from balancelab.reports.kinds import AUDIENCE, find_notebook
from balancelab.reports.staging import COMPARISON, Staged
from balancelab.reports.targets import SCHOOL, added_files, choose_schools
from balancelab.reports.units import OVERVIEW, Plan, Unit

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake import Intake
    from balancelab.standards import Standard

_BY_COMMAND = {
    "data_file": "FILE",
    "county_code": "--county",
    "year": "--year",
    "standard": "--standard",
    "language": "--language",
    "indicator_file": "--indicators",
    "column_map": "--columns",
    COMPARISON: "FILE",
    "audience": "--audience",
}
_FOLDER = re.compile(r"[^.\x00-\x1f\x7f/\\<>:\"|?*][^\x00-\x1f\x7f/\\<>:\"|?*]*")
"""Codes that name a folder on every disk; a column map of the user's own may let others in."""


def check_settings(kind: str, settings: Sequence[str]) -> dict[str, object]:
    """
    Read ``--set NAME=VALUE`` against what the notebook of a kind declares.

    Parameters
    ----------
    kind : str
        Kind of report.
    settings : sequence of str
        ``NAME=VALUE`` texts.

    Returns
    -------
    dict of str to object
        Typed values.

    Raises
    ------
    ParametersRefused
        As `balancelab.reports.guard`; also for a parameter that has an option of its own.
    """
    values = parse_settings(declared_parameters(find_notebook(kind)), settings)
    own = [name for name in values if name in _BY_COMMAND]
    if own:
        raise ParametersRefused(
            *(text(f"“{name}”请用 {_BY_COMMAND[name]} 给出", f"give '{name}' by {_BY_COMMAND[name]}") for name in own)
        )
    return values


def plan_reports(
    intake: Intake,
    standard: Standard,
    *,
    kind: str,
    languages: Sequence[str],
    data_file: Path,
    further_files: Sequence[Path] = (),
    year: int | None = None,
    counties: Sequence[str] = (),
    standard_file: Path | None = None,
    indicator_file: Path | None = None,
    column_map: Path | None = None,
    settings: Mapping[str, object] | None = None,
    audience: str = INTERNAL,
) -> Plan:
    """
    List the reports to make of one year's table.

    Parameters
    ----------
    intake : Intake
        The table: one year, or several for a notebook that compares them.
    standard : Standard
        What it is judged by.
    kind : str
        ``balance`` (one report a county), ``overview`` (one about all of them), ``school`` (one a school), …
    languages : sequence of str
        Languages of the reports.
    data_file : Path
        Where the table came from; its name and its sidecar go with it.
    further_files : sequence of Path, optional
        The other files of a table that was gathered from several; reports then name their folder.
    year : int, optional
        Year of the reports; needed where the table has several.
    counties : sequence of str, optional
        Codes, or names that only one county bears; all counties by default.
    standard_file, indicator_file, column_map : Path, optional
        Files of the user's own.
    settings : mapping, optional
        Further parameters, from `check_settings`; of those that end in ``_file`` the file is staged, and
        ``school_code`` may name several schools with commas.
    audience : {"internal", "public"}
        Whom the reports are for; see `balancelab.reports.kinds.check_audience`.

    Returns
    -------
    Plan
        Counties without a school in scope are named in ``left_out``.

    Raises
    ------
    PlanRefused
        If no year is chosen of several, a county is unknown or given twice, or nothing would be made.
    ParametersRefused
        If the notebook does not declare what it would be given.
    """
    from balancelab.intake.scope import mark_scope

    chosen_year = choose_year(intake.schools, year)
    marked = mark_scope(intake.schools[intake.schools["year"] == chosen_year], standard)
    names: dict[str, str] = dict(marked[["county_code", "county"]].drop_duplicates().itertuples(index=False))
    chosen = choose_counties(counties, names, data_file)
    counted = set(marked.loc[marked["in_scope"], "county_code"].unique())
    left_out = tuple(_nothing_counts(code, names[code]) for code in chosen if code not in counted)
    made = [code for code in chosen if code in counted]
    if not made:
        raise PlanRefused(*left_out)
    further = dict(settings or {})
    added = added_files(further, _BY_COMMAND)
    files = {"indicators": indicator_file, "columns": column_map, **added}
    notebook = find_notebook(kind)
    declared = declared_parameters(notebook)
    if "county_code" in declared:
        _refuse_unfit(made)
    tables = [data_file, *further_files]
    staged = defined(
        lambda: Staged(intake, tables, standard, standard_file, files, year=chosen_year, declared=declared)
    )
    further |= {f"{name}_file": staged.own_name(name) for name in added}
    targets = [(code, "") for code in (made if "county_code" in declared else [""])]
    if SCHOOL in declared:
        targets = choose_schools(marked, further.get(SCHOOL), made)
    common = {**staged.parameters(), "year": chosen_year, **further}
    if AUDIENCE in declared:
        common[AUDIENCE] = audience
    units = [
        _unit(kind, notebook, declared, common, _where(code, school, names, language), staged)
        for code, school in targets
        for language in languages
    ]
    return Plan(tuple(units), staged.write, left_out, frozenset(names))


def nearest_counties(wanted: str, names: Mapping[str, str], *, number: int = 3) -> list[str]:
    """
    Return the counties whose code or name is most like a text.

    >>> nearest_counties("临江", {"371599": "临江县", "110101": "东城区", "371591": "沂北县"}, number=1)
    ['371599 临江县']
    """
    likeness = {
        code: max(difflib.SequenceMatcher(None, wanted, known).ratio() for known in (code, name))
        for code, name in names.items()
    }
    best = sorted(likeness, key=lambda code: (-likeness[code], code))[:number]
    return [f"{code} {names[code]}" for code in best]


def _where(code: str, school: str, names: Mapping[str, str], language: str) -> dict[str, str]:
    return {"code": code, "school": school, "county": names.get(code, ""), "language": language}


def _unit(
    kind: str,
    notebook: Path,
    declared: Mapping[str, Parameter],
    common: Mapping[str, object],
    where: Mapping[str, str],
    staged: Staged,
) -> Unit:
    parameters = {**common, "language": where["language"]}
    if where["code"]:
        parameters["county_code"] = where["code"]
    if where["school"]:
        parameters[SCHOOL] = where["school"]
    check_parameters(declared, parameters)
    return Unit(
        kind=kind,
        language=where["language"],
        year=int(str(common["year"])),
        county_code=where["code"],
        county=where["county"],
        notebook=notebook,
        parameters=parameters,
        origin=staged.origin(),
        standard_label=staged.standard.short,
        synthetic=staged.synthetic,
        school_code=where["school"],
        inputs=staged.inputs(notebook, where["code"]),
        audience=str(parameters.get(AUDIENCE, INTERNAL)),
    )


def choose_year(schools: pd.DataFrame, year: int | None) -> int:
    """Return the year asked for, or the only one; refused where the table has several, or not that one."""
    years = sorted(int(one) for one in schools["year"].unique())
    listed = ", ".join(map(str, years)) or "-"
    if year is not None and year not in years:
        raise PlanRefused(text(f"表中没有 {year} 年，只有 {listed}", f"the table has no year {year}, only {listed}"))
    if year is None and len(years) != 1:
        raise PlanRefused(
            text(
                f"表中有多个年份（{listed}），不能合并计算；请用 --year 指定一年",
                f"the table holds several years ({listed}), which cannot be pooled: choose one with --year",
            )
        )
    return years[0] if year is None else year


def choose_counties(wanted: Sequence[str], names: Mapping[str, str], data_file: Path) -> list[str]:
    """Return the codes of the counties asked for by code or name, all where none is; refused with the nearest."""
    if not wanted:
        return sorted(names)
    chosen: list[str] = []
    faults: list[Text] = []
    for county in wanted:
        codes = [county] if county in names else [code for code, name in names.items() if name == county]
        if len(codes) != 1:
            faults.append(_unknown_county(county, codes, names, data_file))
        elif codes[0] in chosen:
            faults.append(text(f"县（区）“{county}”给了两次", f"county '{county}' is given twice"))
        else:
            chosen.append(codes[0])
    if faults:
        raise PlanRefused(*faults)
    return sorted(chosen)


def _refuse_unfit(codes: Sequence[str]) -> None:
    """Refuse codes that name no folder, or that differ in capital letters only: on many disks their folders are one."""
    alike: dict[str, list[str]] = {}
    for code in codes:
        alike.setdefault(code.casefold(), []).append(code)
    faults = [
        text(
            f"县（区）代码 {'、'.join(same)} 只有大小写不同，报告会写进同一个文件夹",
            f"the county codes {', '.join(same)} differ in capital letters only: their reports would share a folder",
        )
        for same in alike.values()
        if len(same) > 1
    ]
    faults += [
        text(
            f"县（区）代码 {code!r} 不能用作文件夹名称，报告无处可写；请改代码或列名对照文件中的 patterns",
            f"the county code {code!r} cannot name a folder for its reports: correct it, or the column map's patterns",
        )
        for code in codes
        if not _FOLDER.fullmatch(code) or code.casefold() == OVERVIEW
    ]
    if faults:
        raise PlanRefused(*faults)


def _unknown_county(county: str, codes: Sequence[str], names: Mapping[str, str], data_file: Path) -> Text:
    near = ", ".join(nearest_counties(county, {code: names[code] for code in codes} or names))
    hint = f"balancelab counties {data_file}"
    if codes:
        return text(
            f"有多个县（区）叫“{county}”：{near}；请用代码",
            f"several counties are called '{county}': {near}; use the code",
        )
    return text(
        f"数据中没有县（区）“{county}”；最接近的是 {near}；全部见 {hint}",
        f"the data have no county '{county}'; the nearest are {near}; all of them: {hint}",
    )


def _nothing_counts(code: str, name: str) -> Text:
    return text(
        f"{code} {name}：没有一所学校在标准的适用范围内，未生成报告",
        f"{code} {name}: no school is in the standard's scope, so there is no report",
    )
