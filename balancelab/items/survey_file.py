"""Reading a survey: counts by group and topic, or one row for each answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from balancelab.intake.county_faults import TableFaults
from balancelab.intake.numbers import read_number
from balancelab.intake.small_table import Cells, read_small_table
from balancelab.items.survey import COUNT_COLUMNS, OVERALL, count_responses, understand_words

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.findings import Finding

_COLUMNS = {
    "group": ("调查对象", "对象", "respondents"),
    "topic": ("调查内容", "内容"),
    "answer": ("回答", "评价"),
    "valid": ("有效", "有效问卷", "有效问卷数"),
    "satisfied": ("满意", "满意问卷", "满意问卷数"),
}


def read_survey(path: str | Path, *, sheet: str | None = None) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Read a survey of one county.

    Parameters
    ----------
    path : str or Path
        CSV or workbook with the column ``group`` (调查对象) and either ``valid`` and ``satisfied`` (counts, one row for
        each group and topic) or ``answer`` (one row for each answer). ``topic`` may be left out: everything is then
        about the whole. Words are ids or those of the form, in either language.
    sheet : str, optional
        Worksheet, where there are several.

    Returns
    -------
    counts : DataFrame
        ``group, topic, valid, satisfied``; rows with an error are left out.
    findings : tuple of Finding
        Unknown words, counts that are none, more satisfied than valid, a group and topic given twice: all at once.
    """
    import pandas as pd

    table = read_small_table(path, _COLUMNS, required=("group",), sheet=sheet)
    faults = TableFaults(Path(path).name, table.letters)
    counted = {"valid", "satisfied"} <= table.letters.keys()
    empty = pd.DataFrame(columns=list(COUNT_COLUMNS))
    if not table.readable:
        return empty, table.findings
    if table.missing or not (counted or "answer" in table.letters):
        wanted = (
            "调查对象（group）；有效（valid）、满意（satisfied）或回答（answer）",
            "group; valid and satisfied, or answer",
        )
        faults.add("COUNTY_HEADER", columns=wanted, header=", ".join(_COLUMNS))
        return empty, (*faults.findings(), *table.findings)
    if not counted:
        named = [name for name in ("group", "topic", "answer") if name in table.letters]
        rows = [{name: cells[name] for name in named} for cells in table.rows]
        counts, found = count_responses(pd.DataFrame(rows, columns=named), file=Path(path).name)
        return counts, (*found, *table.findings)
    counts = _counts(table.rows, faults, "topic" in table.letters)
    return counts, (*faults.findings(), *table.findings)


def _counts(rows: tuple[Cells, ...], faults: TableFaults, has_topic: bool) -> pd.DataFrame:
    import pandas as pd

    texts = pd.DataFrame(
        {
            "row": [cells.row for cells in rows],
            "group": [cells["group"] for cells in rows],
            "topic": [cells["topic"] if has_topic else OVERALL for cells in rows],
            **{name: [_count(cells, name, faults) for cells in rows] for name in ("valid", "satisfied")},
        }
    )
    table = understand_words(texts, faults)
    first: dict[tuple[str, str], int] = {}
    for row in table.to_dict("records"):
        place = (str(row["group"]), str(row["topic"]))
        if first.setdefault(place, int(row["row"])) != row["row"]:
            faults.add("SURVEY_TWICE", row=int(row["row"]), column="group", first=first[place])
        if row["satisfied"] > row["valid"]:
            raw, other = f"{row['satisfied']:g}", f"{row['valid']:g}"
            faults.add("SURVEY_EXCEEDS", row=int(row["row"]), column="satisfied", raw=raw, other=other)
    return table[list(COUNT_COLUMNS)].astype({"valid": int, "satisfied": int})


def _count(cells: Cells, column: str, faults: TableFaults) -> float:
    reading = read_number(cells[column], missing=frozenset())
    if (
        reading.status == "value"
        and reading.value is not None
        and reading.value.denominator == 1
        and reading.value >= 0
    ):
        return float(reading.value)
    label = ("有效问卷数", "valid questionnaires") if column == "valid" else ("满意问卷数", "satisfied questionnaires")
    kind, unit = ("不小于 0 的整数", "a whole number, 0 or more"), ("份", "questionnaires")
    faults.add("ITEM_NOT_NUMBER", row=cells.row, column=column, raw=cells[column], label=label, kind=kind, unit=unit)
    return float("nan")
