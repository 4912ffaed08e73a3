"""Keeping an Intake as one Parquet file: the schools as its table, the rest in the file's metadata."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from balancelab.intake.findings import Faults, Finding
from balancelab.intake.model import Intake, Source

if TYPE_CHECKING:
    from balancelab.intake.assembling import Choice

_KEY = b"balancelab.intake"
_VERSION = 1


def save_intake(intake: Intake, path: Path) -> None:
    """Write `intake` to `path` (a temporary name first, then renamed); the same Intake gives the same bytes."""
    parts = {
        "version": _VERSION,
        "source": dataclasses.asdict(intake.source),
        "parts": [dataclasses.asdict(part) for part in intake.parts],
        "findings": [dataclasses.asdict(each) for each in intake.findings],
        "excluded": _packed(intake.excluded),
        "ledger": _packed(intake.ledger),
    }
    table = pa.Table.from_pandas(intake.schools, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()}
    partial = path.with_name(path.name + ".part")
    pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")
    os.replace(partial, path)


def is_stored(metadata: dict[bytes, bytes] | None) -> bool:
    """Whether a Parquet file's metadata say that :func:`save_intake` wrote it."""
    return _KEY in (metadata or {})


def load_intake(content: bytes) -> Intake:
    """
    Return the Intake that :func:`save_intake` wrote.

    Raises
    ------
    ValueError
        If the bytes are no such file, or one of another version.
    """
    table = pq.read_table(io.BytesIO(content))
    table.validate(full=True)
    parts = json.loads((table.schema.metadata or {})[_KEY])
    if parts.get("version") != _VERSION:
        raise ValueError(f"stored intake of version {parts.get('version')}, expected {_VERSION}")
    return Intake(
        schools=_framed(table),
        excluded=_unpacked(parts["excluded"]),
        findings=tuple(Finding(**entry) for entry in parts["findings"]),
        ledger=_unpacked(parts["ledger"]),
        source=Source(**parts["source"]),
        parts=tuple(Source(**part) for part in parts["parts"]),
    )


def select_year(intake: Intake, choice: Choice, faults: Faults) -> Intake:
    """Return the part of `intake` that `choice` wants; several years without a choice are noted as an error."""
    years = sorted({int(year) for year in intake.schools["year"].unique()})
    listed = "、".join(map(str, years)), ", ".join(map(str, years))
    if choice.year is None:
        if len(years) <= 1 or choice.all_years:
            return intake
        faults.add("YEAR_AMBIGUOUS", column="year", n=len(years), years=listed)
    elif choice.year not in years:
        faults.add("YEAR_NOT_FOUND", column="year", raw=str(choice.year), years=listed)
    found = faults.findings()
    if choice.year is None:
        return replace(intake, findings=found + intake.findings)
    mine = (intake.schools["year"] == choice.year).to_numpy()
    columns = [name for name in intake.excluded.columns if name in intake.schools]
    others = intake.schools.loc[~mine, columns].assign(reason="other_year")
    excluded = (
        pd.concat([intake.excluded, others[list(intake.excluded.columns)]], ignore_index=True)
        if len(others)
        else intake.excluded
    )
    schools = intake.schools[mine].reset_index(drop=True)
    return replace(intake, schools=schools, excluded=excluded, findings=found + intake.findings)


def _packed(frame: pd.DataFrame) -> str:
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), target, compression="zstd")
    return base64.b64encode(target.getvalue()).decode("ascii")


def _unpacked(text: str) -> pd.DataFrame:
    return _framed(pq.read_table(io.BytesIO(base64.b64decode(text))))


def _framed(table: Any) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
