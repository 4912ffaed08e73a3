"""Missing values: how many, whose, and how they were written. Missing is never 0, and 0 is never missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.findings import Faults, Finding, printable

if TYPE_CHECKING:
    from balancelab.intake.body import Body
    from balancelab.intake.columns import Column

MUCH = 0.05
"""Above this share of schools or students an indicator that needs the column is doubtful."""

MISSING_RULE = "missing"
_CODES = ("MISSING_VALUE", "MISSING_TOKEN")
_NOTHING = "无"


def note_missing(body: Body, columns: list[Column], schools: pd.DataFrame) -> None:
    """
    Note the missing cells of every column that may be empty but should not be, and put their signs in the ledger.

    Columns that are required have been refused already; those that are naturally empty (township, senior-secondary
    students, …) need no word.
    """
    for column in columns:
        gone, _ = body.missing.get(column.name, (np.zeros(len(schools), dtype=bool), {}))
        if not gone.any() or column.field.required:
            continue
        written = pc.utf8_trim_whitespace(_written(body, column).filter(pa.array(gone)))
        signs = {each["values"]: int(each["counts"]) for each in pc.value_counts(written).to_pylist()}
        said = pc.not_equal(written, "")
        rows = body.rows[gone][said.to_numpy(zero_copy_only=False)]
        blank = pa.array([None] * len(rows), pa.string())
        body.ledger.add(rows, column.name, written.filter(said), blank, MISSING_RULE)
        if not column.field.blank_allowed:
            _note(body.faults, column.name, gone, schools, signs)


def _written(body: Body, column: Column) -> Any:
    """Return the cells of `column`; for a sum, those of the part that is missing."""
    texts = body.texts(column)
    for part in reversed(column.parts):
        gone, _ = body.missing[part.name]
        texts = pc.if_else(pa.array(gone), body.texts(part), texts)
    return texts


def recounted(
    findings: tuple[Finding, ...], schools: pd.DataFrame, ledger: pd.DataFrame, file: str, sheet: str | None
) -> tuple[Finding, ...]:
    """
    Return `findings` with those on missing values counted anew for the rows of `schools`, one county of the file.

    Columns without a missing value among these rows lose their finding.
    """
    kept: list[Finding] = []
    for each in findings:
        if each.code not in _CODES or each.column is None or each.column not in schools:
            kept.append(each)
            continue
        gone = schools[each.column].isna().to_numpy()
        if not gone.any():
            continue
        mine = ledger[(ledger["column"] == each.column) & (ledger["rule"] == MISSING_RULE)]
        signs = {str(sign): int(count) for sign, count in mine["raw"].value_counts().items()}
        faults = Faults(file, sheet)
        _note(faults, each.column, gone, schools, {"": int(gone.sum()) - sum(signs.values()), **signs})
        kept.extend(faults.findings())
    return tuple(kept)


def _note(faults: Faults, name: str, gone: np.ndarray, schools: pd.DataFrame, signs: Mapping[str, int]) -> None:
    students = schools["students"].to_numpy(float) if "students" in schools else np.full(len(schools), np.nan)
    n, total = int(gone.sum()), len(gone)
    share = _share(n, total, float(np.nansum(students[gone])), float(np.nansum(students)))
    words: dict[str, Any] = {"n": n, "total": total, "share": share, "count": n, "column": name}
    words["row"] = int(schools["source_row"].to_numpy()[gone][0]) if n == 1 else None
    counties = schools.loc[gone, "county_code"].unique() if "county_code" in schools else []
    words["county_code"] = str(counties[0]) if len(counties) == 1 and counties[0] == counties[0] else None
    if not any(sign and count for sign, count in signs.items()):
        faults.add("MISSING_VALUE", **words)
        return
    listed = sorted(
        ((printable(sign), count) for sign, count in signs.items() if count), key=lambda item: (-item[1], item[0])
    )
    zh = "、".join(f"{f'“{sign}”' if sign else '空格'}（{count}）" for sign, count in listed[:12])
    en = ", ".join(f"{f'“{sign}”' if sign else 'empty'} ({count})" for sign, count in listed[:12])
    none = ("", "")
    if _NOTHING in signs:
        none = ("；“无”是没有，还是未统计？没有请填 0", "; does 无 mean none or not recorded? Write 0 for none")
    faults.add("MISSING_TOKEN", tokens=(zh, en), none=none, raw=listed[0][0] or None, **words)


def _share(n: int, total: int, students_gone: float, students: float) -> tuple[str, str]:
    """Return what part of the table is missing, in words; of the students only where the table gives any."""
    of_rows, of_students = n / total, students_gone / max(1.0, students)
    much = max(of_rows, of_students) > MUCH
    zh = [f"行数占 {of_rows:.1%}"] if much or not students else []
    en = [f"{of_rows:.1%} of the rows"] if much or not students else []
    if students:
        zh.append(f"学生占 {of_students:.1%}")
        en.append(f"{of_students:.1%} of the students")
    zh_more = f"；缺失超过 {MUCH:.0%}，用到本列的指标不足为凭" if much else ""
    en_more = f"; above {MUCH:.0%}: do not rely on indicators that need it" if much else ""
    return f"（{'，'.join(zh)}{zh_more}）", f" ({', '.join(en)}{en_more})"
