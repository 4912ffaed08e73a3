"""What commands are given by name or path: languages, standards, indicators, tables; each refused in words if wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from balancelab.reports.errors import EXIT_DATA, PlanRefused, Refused, text

if TYPE_CHECKING:
    from balancelab.intake import Finding, Intake
    from balancelab.standards import Standard

T = TypeVar("T")


class TableRefused(Refused):
    """The table has faults; nothing is computed."""

    exit_code = EXIT_DATA


def require_files(files: Iterable[Path]) -> None:
    """Refuse paths where there is nothing, and names that no report could print, naming all of them."""
    given = list(files)
    faults = [text(f"没有文件 {file}", f"there is no file {file}") for file in given if not file.exists()]
    for file in given:
        shown = file.name.encode("utf-8", "replace").decode()
        if shown != file.name:
            faults.append(
                text(
                    f"文件名“{shown}”不是 UTF-8（多为 Windows 上压缩、别处解压所致），请改名",
                    f"the file name '{shown}' is not UTF-8 (packed on Windows and unpacked elsewhere?): rename it",
                )
            )
    if faults:
        raise PlanRefused(*faults)


def read_tables(
    files: Sequence[Path],
    standard: Standard | None,
    *,
    year: int | None = None,
    sheet: str | None = None,
    columns: Path | None = None,
    all_years: bool = False,
    partial: bool = False,
) -> Intake:
    """
    Read school tables through the door.

    Parameters
    ----------
    files : sequence of Path
        One table, or several that become one.
    standard : Standard or None
        Whose columns must be there; None if any will do.
    year : int, optional
        Year to take.
    sheet : str, optional
        Sheet of a workbook.
    columns : Path, optional
        Column map of the user's own.
    all_years : bool, optional
        Whether a table of several years may be read without choosing one.
    partial : bool, optional
        Whether a file of several that is refused is left out.

    Returns
    -------
    Intake
        The clean table with its ledger of findings.

    Raises
    ------
    TableRefused
        With every error, in both languages (exit code 3); ``balancelab check`` says the rest.
    PlanRefused
        If there is no such file or the column map is wrong.
    """
    from balancelab.intake import DataRefused, gather_schools

    require_files(files)
    needed = {} if standard is None else standard.columns_needed()
    try:
        return defined(
            lambda: gather_schools(
                files,
                year=year,
                sheet=sheet,
                column_map=columns,
                columns_needed=needed,
                all_years=all_years,
                partial=partial,
            )
        )
    except DataRefused as refused:
        raise refused_table(refused.findings) from refused


def refused_table(findings: Iterable[Finding]) -> TableRefused:
    """Return the refusal that names every error among findings, file by file, in both languages."""
    from balancelab.intake import format_findings

    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "error":
            by_file.setdefault(finding.file, []).append(finding)
    zh, en = ("\n".join(format_findings(errors, language) for errors in by_file.values()) for language in ("zh", "en"))
    return TableRefused(text(zh, en))


def refuse_output_with_inputs(output: Path, inputs: Iterable[Path]) -> None:
    """
    Refuse an output folder that holds a file the run reads: a report could take its name.

    Parameters
    ----------
    output : Path
        The folder.
    inputs : iterable of Path
        Files that the run reads.

    Raises
    ------
    PlanRefused
        Naming every such file.
    """
    folder = output.resolve()
    inside = [path for path in inputs if folder in path.resolve().parents]
    if inside:
        raise PlanRefused(
            *(
                text(
                    f"输出文件夹 {output} 里有本次要读的 {path}；请用 --output 另选文件夹",
                    f"the output folder {output} holds {path}, which this run reads: choose another --output",
                )
                for path in inside
            )
        )


def find_standard(name: str, indicator_file: Path | None = None) -> tuple[Standard, Path | None]:
    """
    Load a standard by its id or by the path of a file.

    Parameters
    ----------
    name : str
        ``quality_2017``, … or a path.
    indicator_file : Path, optional
        Indicators of the user's own.

    Returns
    -------
    Standard
        What was found.
    Path or None
        Its file if it is one of the user's own.

    Raises
    ------
    PlanRefused
        Naming every mistake in the file, or the nearest id.
    """
    from balancelab.definitions import shipped
    from balancelab.standards import load_standard

    standard = defined(lambda: load_standard(name, indicator_file=indicator_file))
    return standard, None if name in shipped("standards") else standard.path


def defined(load: Callable[[], T]) -> T:
    """
    Load a definition file of the user's: mistakes in it are mistakes in the use of the command.

    Parameters
    ----------
    load : callable
        Loads and returns it.

    Returns
    -------
    object
        What `load` returns.

    Raises
    ------
    PlanRefused
        Naming every mistake, or why the file cannot be read.
    """
    from balancelab.definitions import InvalidDefinition

    try:
        return load()
    except InvalidDefinition as invalid:
        raise PlanRefused(*invalid.faults) from invalid
    except OSError as error:
        named, why = error.filename, error.strerror
        raise PlanRefused(text(f"无法读取 {named}：{why}", f"cannot read {named}: {why}")) from error


def choose_languages(listed: str | None) -> list[str]:
    """
    Return the languages of a list such as ``"zh,en"``; Chinese and English where none is given.

    Raises
    ------
    PlanRefused
        If one is unknown or given twice, or there is none.

    Examples
    --------
    >>> choose_languages("zh, en")
    ['zh', 'en']
    """
    from balancelab.page.words import languages

    asked = [language.strip() for language in ("zh,en" if listed is None else listed).split(",") if language.strip()]
    known = ", ".join(languages())
    unknown = [language for language in asked if language not in languages()]
    if unknown:
        raise PlanRefused(
            *(text(f"没有语言“{one}”；可用：{known}", f"no language '{one}'; known: {known}") for one in unknown)
        )
    if not asked or len(set(asked)) < len(asked):
        raise PlanRefused(text("语言为空或重复", "no language, or one given twice"))
    return asked


def choose_language(given: str) -> str:
    """Return a language that stands alone; refused where it is unknown, or where several are given."""
    chosen = choose_languages(given)
    if len(chosen) > 1:
        raise PlanRefused(text(f"这里只能用一种语言，现为“{given}”", f"one language at a time, not '{given}'"))
    return chosen[0]


def choose_written(listed: str, word_template: Path | None) -> tuple[str, ...]:
    """
    Return the formats of a list such as ``"html,pdf"``; a Word template is checked before anything runs.

    Raises
    ------
    PlanRefused
        If a format is unknown (the nearest is named) or the template has a mistake (all are named).

    Examples
    --------
    >>> choose_written("pdf,html", None)
    ('html', 'pdf')
    """
    from balancelab.reports.formats import choose_formats

    try:
        formats = choose_formats(listed)
    except ValueError as error:
        raise PlanRefused(text(f"格式有误：{error}", str(error))) from error
    if word_template is None:
        return formats
    from balancelab.reports.formats.word_template import check_template

    require_files([word_template])
    faults = check_template(word_template)
    if faults:
        raise PlanRefused(*faults)
    return formats if "docx" in formats else (*formats, "docx")


def save_annotated(file: Path, intake: Intake, out: Path, *, sheet: str | None, columns: Path | None) -> None:
    """
    Save a copy of a table with its findings marked in it.

    Parameters
    ----------
    file : Path
        The table.
    intake : Intake
        What was found in it.
    out : Path
        ``.xlsx`` to write.
    sheet, columns
        As given when the table was read.

    Raises
    ------
    PlanRefused
        If the copy would be the table itself or is no workbook by its name.
    EnvironmentRefused
        If it cannot be written.
    """
    from balancelab.intake.annotating import annotate

    refuse_but_xlsx(out)
    if out.exists() and out.samefile(file):
        raise PlanRefused(text("标注副本不能覆盖原文件", "the marked copy must not replace the table itself"))
    with writing(out):
        annotate(file, intake.findings, out, sheet=sheet, column_map=columns)


def refuse_but_xlsx(out: Path) -> None:
    """Refuse a name that a workbook cannot have."""
    if out.suffix.lower() != ".xlsx":
        raise PlanRefused(text(f"{out}：文件名应以 .xlsx 结尾", f"{out}: the name must end in .xlsx"))


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """
    Turn a file that cannot be written into a refusal.

    Parameters
    ----------
    out : Path
        The file.

    Raises
    ------
    EnvironmentRefused
        If it cannot be written (exit code 5).
    """
    from xlsxwriter.exceptions import FileCreateError

    from balancelab.reports.output import environment_refused

    try:
        yield
    except OSError as error:
        raise environment_refused(error, out) from error
    except FileCreateError as error:  # xlsxwriter wraps what the system said
        raise environment_refused(error.args[0], out) from error
