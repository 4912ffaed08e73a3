"""What the ledger looks like as a form: columns, headers and the words of its choices, in both languages."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from balancelab.definitions import Text

SHEET = "ledger"

STATUS_WORDS: Mapping[str, Text] = {
    "open": {"zh": "未整改", "en": "Open"},
    "in_progress": {"zh": "整改中", "en": "In progress"},
    "submitted": {"zh": "已整改待核验", "en": "Done, to be checked"},
    "closed": {"zh": "已销号", "en": "Closed"},
    "reopened": {"zh": "重新整改", "en": "Reopened"},
}


@dataclass(frozen=True)
class FormColumn:
    """One column of the form: its header, its width [characters], whether it is filled in by people, or hidden."""

    zh: str
    en: str
    width: int
    filled_in: bool = False
    hidden: bool = False


COLUMNS: Mapping[str, FormColumn] = {
    "number": FormColumn("序号", "No.", 6),
    "problem": FormColumn("问题", "Problem", 44),
    "subject": FormColumn("指标代号", "Indicator id", 24),
    "school": FormColumn("学校", "School", 22),
    "value": FormColumn("现值", "Current value", 10),
    "limit": FormColumn("要求", "Limit", 10),
    "gap": FormColumn("差距", "Gap", 12),
    "unit": FormColumn("差距单位", "Unit of the gap", 8),
    "measure": FormColumn("整改措施", "Measure", 36, filled_in=True),
    "lead_unit": FormColumn("牵头单位", "Lead unit", 14, filled_in=True),
    "supporting_units": FormColumn("配合单位", "Supporting units", 24, filled_in=True),
    "deadline": FormColumn("完成时限", "Deadline", 12, filled_in=True),
    "status": FormColumn("整改状态", "Status", 14, filled_in=True),
    "evidence": FormColumn("佐证材料", "Evidence", 28, filled_in=True),
    "opened_year": FormColumn("立账学年", "Opened in school year", 10),
    "closed_year": FormColumn("销号学年", "Closed in school year", 10),
    "key": FormColumn("行标识（勿改）", "Row key (do not edit)", 30, hidden=True),
    "kind": FormColumn("类别（勿改）", "Kind (do not edit)", 10, hidden=True),
    "comparison": FormColumn("比较（勿改）", "Comparison (do not edit)", 10, hidden=True),
    "block": FormColumn("板块（勿改）", "Block (do not edit)", 10, hidden=True),
    "priority": FormColumn("程度（勿改）", "Priority (do not edit)", 10, hidden=True),
    "seal": FormColumn("校验（勿改）", "Seal (do not edit)", 12, hidden=True),
}
REQUIRED = ("number", "subject", "status", "key", "seal")
_SEALED = ("number", "key", "subject", "kind", "value", "limit", "gap")
_SEAL_LENGTH = 12


def headers() -> dict[str, tuple[str, ...]]:
    """Return the headers under which each column is known."""
    return {name: (column.zh, column.en) for name, column in COLUMNS.items()}


def seal_of(texts: Mapping[str, object]) -> str:
    """
    Return what shows that the computed cells of a row are as they were written.

    Numbers count by six significant digits, however the spreadsheet writes them.

    >>> seal_of({"number": 1, "value": 0.1}) == seal_of({"number": "1", "value": "0.10"})
    True
    """
    plain = "|".join(_plain(texts.get(name)) for name in _SEALED)
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:_SEAL_LENGTH]


def number_of(text: object) -> float:
    """
    Return a cell as a number; NaN where it holds none.

    >>> number_of("1,234.5"), number_of(""), number_of("1e999")
    (1234.5, nan, nan)
    """
    try:
        number = float(str(text).replace(",", ""))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    number = number_of(text)
    return text if number != number else f"{number:.6g}"
