"""What a report's bundle says, as tidy tables."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.page.blocks import COEFFICIENTS, SCHOOL_VALUES
from balancelab.page.narrative import SYNTHETIC

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text

RESULTS = "results.json"
"""Name of the numbers inside a zip bundle."""

_FORMAT = "balancelab-results"
_NOT_INDICATORS = ("school", "location", "students", "count", "state")
_MOST_BYTES = 200_000_000  # of unpacked results; the largest county measured has 0.3 MB
_COEFFICIENT_COLUMNS = ("stage_name", "name", "unit", "mean", "value", "limit", "state", "n_schools")


class NotComparable(ValueError):  # noqa: N818 - it says what they are
    """
    Files that are no bundles, or bundles that cannot be set beside each other.

    Attributes
    ----------
    problems : tuple of Text
        Every reason, in both languages.
    """

    def __init__(self, *problems: Text) -> None:
        super().__init__("\n".join(f"{problem['zh']}\n{problem['en']}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Bundle:
    """
    One report's numbers.

    Attributes
    ----------
    county_code, county : str
        The county.
    year : int
        Year in which the school year begins.
    standard, standard_sha256 : str
        Id of the standard, and the hash of its file.
    data_sha256 : str
        Hash of what the table says about the county.
    sha256 : str
        Of the bundle's own bytes.
    language : str
        Language of its words.
    synthetic : bool
        Whether it says that its data are invented.
    verdict : str
        Mark id of the report's verdict; ``""`` if it has none.
    coefficients : DataFrame
        ``stage, indicator, stage_name, name, unit, mean, value, limit, state, n_schools``, in the report's order.
    schools : DataFrame
        ``stage, school_code, school, students, state``: each school in each stage; empty where the report shows none,
        without states where the standard asks nothing of single schools.
    values : DataFrame
        ``stage, school_code, indicator, value, state``.
    """

    county_code: str
    county: str
    year: int
    standard: str
    standard_sha256: str
    data_sha256: str
    sha256: str
    language: str
    synthetic: bool
    verdict: str
    coefficients: pd.DataFrame
    schools: pd.DataFrame
    values: pd.DataFrame


def read_bundle(path: str | Path) -> Bundle:
    """
    Read a results.json, or the zip bundle that holds one.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Bundle
        Its numbers.

    Raises
    ------
    NotComparable
        If it is no bundle of a report on one county with coefficients of variation.
    OSError
        If it cannot be read.
    """
    content = Path(path).read_bytes()
    return parse_bundle(content, Path(path).name)


def parse_bundle(content: bytes, name: str) -> Bundle:
    """
    Read a bundle's bytes; see `read_bundle`.

    Parameters
    ----------
    content : bytes
        results.json or a zip bundle.
    name : str
        What messages call it.
    """
    given = _given(content, name)
    try:
        return _bundle(given, content)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _refused(
            name,
            "不是一县的均衡报告（或由旧版本生成）；请用 balancelab report 的 balance 报告",
            "is no balance report on one county, or was made by an older version; use a report of kind balance",
        ) from error


def plain_state(mark: str | None) -> str:
    """
    Return the verdict that a mark stands for; a number without a mark meets its requirement.

    >>> plain_state(None), plain_state("borderline"), plain_state("failed_borderline"), plain_state("undetermined")
    ('met', 'met', 'failed', 'undetermined')
    """
    return "met" if mark in (None, "borderline") else str(mark).removesuffix("_borderline")


def _bundle(given: Mapping[str, Any], content: bytes) -> Bundle:
    import hashlib

    facts, blocks = given["facts"], given["blocks"]
    coefficients = [block for block in blocks if block.get("about") == COEFFICIENTS]
    if not coefficients or not facts["county_code"]:
        raise ValueError("no coefficients of one county")
    shown = [block for block in blocks if block.get("about") == SCHOOL_VALUES]
    return Bundle(
        county_code=str(facts["county_code"]),
        county=str(facts["county"]),
        year=int(facts["year"]),
        standard=str(facts["standard"]),
        standard_sha256=str(facts["standard_sha256"]),
        data_sha256=str(facts["data_sha256"]),
        sha256=hashlib.sha256(content).hexdigest(),
        language=str(given["language"]),
        synthetic=any(block.get("text") in SYNTHETIC.values() for block in blocks if block["kind"] == "note"),
        verdict=str(given["verdict"] or ""),
        coefficients=_coefficients(coefficients),
        schools=_schools(shown),
        values=_values(shown),
    )


def _given(content: bytes, name: str) -> dict[str, Any]:
    """The results of a file."""
    try:
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if archive.getinfo(RESULTS).file_size > _MOST_BYTES:
                    raise ValueError(name)
                content = archive.read(RESULTS)
        given = json.loads(content)
        if given["format"] != _FORMAT or not isinstance(given["blocks"], list):
            raise ValueError(name)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise _refused(
            name, "不是结果数据（results.json 或数据包 zip）", "is no bundle (results.json, or a zip with one)"
        ) from error
    results: dict[str, Any] = given
    return results


def _coefficients(blocks: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"stage": stage, "indicator": indicator, **{name: row[name] for name in _COEFFICIENT_COLUMNS}}
        for block in blocks
        for (stage, indicator), row, _ in _rows(block)
    ]
    table = pd.DataFrame(rows, columns=["stage", "indicator", *_COEFFICIENT_COLUMNS])
    table["state"] = [plain_state(state) for state in table["state"]]
    return table.astype(dict.fromkeys(("mean", "value", "limit"), float))


def _schools(blocks: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"stage": stage, "school_code": code, **{name: row.get(name) for name in ("school", "students", "state")}}
        for block in blocks
        for (stage, code), row, _ in _rows(block)
    ]
    return pd.DataFrame(rows, columns=["stage", "school_code", "school", "students", "state"])


def _values(blocks: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"stage": stage, "school_code": code, "indicator": name, "value": value, "state": plain_state(marks[name])}
        for block in blocks
        for (stage, code), row, marks in _rows(block)
        for name, value in row.items()
        if name not in _NOT_INDICATORS
    ]
    table = pd.DataFrame(rows, columns=["stage", "school_code", "indicator", "value", "state"])
    return table.astype({"value": float})


def _rows(block: Mapping[str, Any]) -> Iterable[tuple[list[str], dict[str, Any], dict[str, Any]]]:
    """Ids, cells and marks of each row."""
    columns = [column["id"] for column in block["columns"]]
    for keys, row, marks in zip(block["keys"], block["rows"], block["marks"], strict=True):
        yield keys, dict(zip(columns, row, strict=True)), dict(zip(columns, marks, strict=True))


def _refused(name: str, zh: str, en: str) -> NotComparable:
    return NotComparable({"zh": f"{name}：{zh}", "en": f"{name} {en}"})
