"""What is compared with what: the bundles of two reports, or of every county in two folders, as a plan of reports."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.definitions import Text
from balancelab.reports.errors import PlanRefused, text
from balancelab.reports.guard import check_parameters, declared_parameters
from balancelab.reports.kinds import find_notebook
from balancelab.reports.units import Plan, Unit

if TYPE_CHECKING:
    from balancelab.changes import Bundle, Comparison

KIND = "changes"
_SOURCE = "balance"
_SUFFIXES = (".json", ".zip")
_SIDES = ("before", "after")

Editions = Mapping[str, Path]
"""The bundles of one report by their language."""


@dataclass(frozen=True)
class Pairs:
    """
    What two paths have in common.

    Attributes
    ----------
    comparisons : dict of str to (Comparison, Editions, Editions)
        By code of the county: what changed, and the bundles of both sides.
    left_out : tuple of Text
        Counties that cannot be compared, each with the reason.
    """

    comparisons: dict[str, tuple[Comparison, Editions, Editions]]
    left_out: tuple[Text, ...]


def find_pairs(before: Path, after: Path, *, counties: Sequence[str] = (), anyway: bool = False) -> Pairs:
    """
    Set the bundles of two paths beside each other, county by county.

    Parameters
    ----------
    before, after : Path
        results.json files, zip bundles, reports without their ending, or folders with such in them.
    counties : sequence of str, optional
        Codes; all counties that both have by default.
    anyway : bool, optional
        Whether standards and indicators may differ.

    Returns
    -------
    Pairs
        One comparison for each county.

    Raises
    ------
    PlanRefused
        If a path holds no bundle, holds several years of a county, a county asked for is not in both, or none can be
        compared; with every reason.
    """
    from balancelab.changes import NotComparable, compare

    sides = [_bundles(path) for path in (before, after)]
    shared = sorted(set(sides[0]) & set(sides[1]))
    single = len(sides[0]) == len(sides[1]) == 1
    chosen = list(counties) or ([*sides[0]] if single else shared)
    missing = [code for code in counties if code not in shared]
    if missing:
        raise PlanRefused(
            *(text(f"两边没有都含县（区）“{code}”", f"county '{code}' is not in both") for code in missing)
        )
    comparisons: dict[str, tuple[Comparison, Editions, Editions]] = {}
    left_out: list[Text] = []
    for code in chosen:
        was, now = sides[0][code], sides[1][code] if code in sides[1] else next(iter(sides[1].values()))
        try:
            comparison = compare(*(next(iter(one.values()))[0] for one in (was, now)), anyway=anyway)
        except NotComparable as refused:
            left_out += refused.problems
            continue
        comparisons[code] = (comparison, _paths(was), _paths(now))
    if not comparisons:
        raise PlanRefused(*(left_out or [text("两边没有共同的县（区）", "the two have no county in common")]))
    for code in [] if counties or single else sorted(set(sides[0]) ^ set(sides[1])):
        left_out.append(text(f"{code}：只有一边有，未比较", f"{code}: only one of the two has it, not compared"))
    return Pairs(comparisons, tuple(left_out))


def plan_changes(pairs: Pairs, languages: Iterable[str], *, anyway: bool = False) -> Plan:
    """
    List the reports on what changed.

    Parameters
    ----------
    pairs : Pairs
        From `find_pairs`.
    languages : iterable of str
        Languages of the reports.
    anyway : bool, optional
        As for `find_pairs`.

    Returns
    -------
    Plan
        One report for each county and language.
    """
    notebook = find_notebook(KIND)
    declared = declared_parameters(notebook)
    units: list[Unit] = []
    copies: dict[str, Path] = {}
    for code, (comparison, *sides) in pairs.comparisons.items():
        for language in languages:
            taken = [side.get(language) or next(iter(side.values())) for side in sides]
            names = {side: f"{side}/{code}.{language}{path.suffix}" for side, path in zip(_SIDES, taken, strict=True)}
            copies |= dict(zip(names.values(), taken, strict=True))
            parameters: dict[str, object] = {f"{side}_file": name for side, name in names.items()}
            parameters |= {"language": language, "anyway": anyway}
            check_parameters(declared, parameters)
            units.append(_unit(comparison, language, notebook, parameters, [_digest(path) for path in taken]))

    def stage(work: Path) -> None:
        for name, path in copies.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, work / name)

    return Plan(tuple(units), stage, pairs.left_out)


def _paths(editions: Mapping[str, tuple[Bundle, Path]]) -> Editions:
    return {language: path for language, (_, path) in editions.items()}


def _unit(
    comparison: Comparison, language: str, notebook: Path, parameters: Mapping[str, object], digests: list[str]
) -> Unit:
    before, after = comparison.before, comparison.after
    return Unit(
        kind=KIND,
        language=language,
        year=after.year,
        county_code=after.county_code,
        county=after.county,
        notebook=notebook,
        parameters=parameters,
        origin={"standard": after.standard, "data": f"{before.year}-{after.year}", "indicators": ""},
        standard_label=_standard_words(after.standard),
        synthetic=before.synthetic or after.synthetic,
        inputs={"rows": " ".join(digests), "standard": after.standard_sha256},
    )


def _standard_words(name: str) -> Text:
    from balancelab.definitions import shipped
    from balancelab.standards import load_standard

    return load_standard(name).short if name in shipped("standards") else text(name, name)


def _bundles(path: Path) -> dict[str, dict[str, tuple[Bundle, Path]]]:
    """County → language → bundle and file."""
    from balancelab.changes import NotComparable, read_bundle

    found: dict[str, dict[str, tuple[Bundle, Path]]] = {}
    faults: list[Text] = []
    for file in _files(path):
        try:
            bundle = read_bundle(file)
        except NotComparable as refused:
            faults += refused.problems
            continue
        except OSError as error:
            raise PlanRefused(
                text(f"无法读取 {file}：{error.strerror}", f"cannot read {file}: {error.strerror}")
            ) from error
        found.setdefault(bundle.county_code, {}).setdefault(bundle.language, (bundle, file))
        if any(one.year != bundle.year for one, _ in found[bundle.county_code].values()):
            year = path / str(bundle.year)
            raise PlanRefused(
                text(
                    f"{path} 中有 {bundle.county_code} 的多个年份；请指明一年的文件夹，如 {year}",
                    f"{path} holds several years of {bundle.county_code}: name the folder of one year, as {year}",
                )
            )
    if not found:
        nothing = text(
            f"{path} 中没有均衡报告的结果数据；先用 balancelab report 生成（格式含 json 或 zip）",
            f"{path} holds no results of a balance report: make some with balancelab report (format json or zip)",
        )
        raise PlanRefused(*(faults or [nothing]))
    return found


def _files(path: Path) -> list[Path]:
    """The bundles that a path means; of one report the .json before the .zip."""
    if path.is_dir():
        return sorted(file for file in path.rglob(f"{_SOURCE}.*") if _is_source(file))
    if path.is_file() and path.suffix in _SUFFIXES:
        return [path]
    stem = path if path.suffix not in (".html", ".pdf", ".docx", ".xlsx", ".ipynb") else path.with_suffix("")
    files = [file for suffix in _SUFFIXES if (file := stem.with_name(stem.name + suffix)).is_file()]
    if not files:
        raise PlanRefused(text(f"没有 {path}，也没有 {stem.name}.json", f"there is no {path}, and no {stem.name}.json"))
    return files[:1]


def _is_source(file: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.parts[-4:])
    return file.suffix in _SUFFIXES and ".public." not in file.name and not hidden


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
