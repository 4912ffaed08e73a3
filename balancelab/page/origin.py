"""Where a page comes from: hashes of data, code and standard, parameters and versions; no clock and no folder."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.page.words import choose

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.intake import Intake
    from balancelab.standards import Standard


class Origin(list["tuple[Text, str]"]):
    """
    Entries of a provenance block, and what they say for programs.

    Attributes
    ----------
    facts : dict
        ``county_code`` and ``county`` of a page about one county, ``year``, ``standard`` (its id), ``standard_sha256``,
        ``data_sha256``.
    """

    facts: dict[str, str | int]


_LIBRARIES = ("numpy", "pandas", "scipy", "matplotlib")


def provenance(intake: Intake, standard: Standard, parameters: Mapping[str, object]) -> Origin:
    """
    Return the entries of a page's provenance block.

    Parameters
    ----------
    intake : Intake
        Names the data file; the hash is of what it says about the page's county, or of all that it says.
    standard : Standard
        The standard; its file is hashed, and those that come with the program are part of the package's source.
    parameters : mapping
        The notebook's parameters, ``language`` among them; of paths only the file's name is shown.

    Returns
    -------
    Origin
        A list of labels in both languages with their values.
    """
    from balancelab.intake.digest import content_digest

    source, data, rules = intake.source, content_digest(intake), file_hash(standard.path)
    shown = {name: Path(str(value)).name for name, value in parameters.items() if str(value) != ""}
    entries = Origin(
        [
            (
                {"zh": "数据文件", "en": "Data file"},
                source.file if source.sheet is None else f"{source.file} [{source.sheet}]",
            ),
            (
                {
                    "zh": "数据内容 SHA-256（与行列次序无关）",
                    "en": "SHA-256 of the data, in any order of rows and columns",
                },
                data,
            ),
            ({"zh": "数据行数", "en": "Rows in the data"}, f"{source.rows_in:,}"),
            (
                {"zh": "评估标准", "en": "Standard"},
                f"{standard.id} · {choose(standard.document, str(parameters['language']))}",
            ),
            ({"zh": "标准 SHA-256", "en": "Standard SHA-256"}, rules),
            ({"zh": "参数", "en": "Parameters"}, ", ".join(f"{name}={value}" for name, value in shown.items())),
            *program_entries(),
        ]
    )
    entries.facts = {"standard": standard.id, "standard_sha256": rules, "data_sha256": data}
    if "year" in parameters:
        entries.facts["year"] = int(str(parameters["year"]))
    if "county_code" in parameters:
        names = intake.schools["county"].unique()
        entries.facts["county_code"] = str(parameters["county_code"])
        entries.facts["county"] = str(names[0]) if len(names) == 1 else ""
    return entries


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file, as ``sha256sum`` gives it."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def published_provenance(folder: str | Path) -> list[tuple[Text, str]]:
    """Return the provenance of a page made from a folder of published figures (CSV files)."""
    files = sorted(Path(folder).glob("*.csv"))
    return [
        ({"zh": "数据文件", "en": "Data files"}, ", ".join(path.name for path in files)),
        ({"zh": "数据 SHA-256", "en": "Data SHA-256"}, _hash_of(files)),
        *program_entries(),
    ]


@cache
def source_hash() -> str:
    """Return the SHA-256 of the package's own source and data files, whatever folder it lies in; read once."""
    package = Path(__file__).resolve().parents[1]
    files = [path for path in package.rglob("*") if path.suffix in {".py", ".toml", ".j2", ".typ", ".css", ".js"}]
    return _hash_of(sorted(files, key=lambda path: path.relative_to(package).as_posix()))


def program_entries() -> list[tuple[Text, str]]:
    """Return what the program and its surroundings are."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [
        ({"zh": "程序", "en": "Program"}, f"balancelab {version('balancelab')} · {source_hash()}"),
        ({"zh": "运行环境", "en": "Environment"}, f"Python {platform.python_version()}, {libraries}"),
    ]


def _hash_of(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
