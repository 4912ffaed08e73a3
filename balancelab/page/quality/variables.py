"""From a parameter's names to columns of a regression: resources in readable steps, categories as dummies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from balancelab.page.display import number_text
from balancelab.page.naming import LOCATIONS

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.indicators import Indicator
    from balancelab.intake.schema import Schema
    from balancelab.standards import Standard

_SHARE = "_share"
_LOG_STUDENTS = "log_students"
_NOT_CODES = 12  # a text column of more values than this is a name or a code, not a category
_GROUPS: Mapping[str, Text] = {
    "migrant": {"zh": "随迁子女占比", "en": "Migrant students"},
    "left_behind": {"zh": "留守儿童占比", "en": "Left-behind students"},
}


@dataclass(frozen=True, eq=False)
class Block:
    """
    One variable of the report: a resource or a control, in one or several columns.

    Attributes
    ----------
    name : str
        Id of the indicator, or the control's name in the parameter.
    kind : {"resource", "control"}
        What it is.
    label : dict
        Its name without its unit.
    columns : dict of str to dict
        Columns of the regression, each with the name that tables print: what one unit of the coefficient is.
    source : str
        Column it comes from.
    short : dict
        Short name, for figures.
    step : float
        One unit of the coefficient, in units of the source; 1 for categories.
    unit : dict
        The same as words: "1,000 yuan".
    intake : bool
        Whether it says something of the students that a school takes in.
    levels : tuple of str
        Values of the source that the columns stand for; empty for a number.
    """

    name: str
    kind: Literal["resource", "control"]
    label: Text
    columns: dict[str, Text]
    source: str
    short: Text
    step: float = 1.0
    unit: Text = field(default_factory=lambda: {"zh": "", "en": ""})
    intake: bool = False
    levels: tuple[str, ...] = ()

    def values(self, schools: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return the block's columns for any rows of the wide table."""
        if self.levels:
            given = schools[self.source]
            known = (given.notna() & (given.astype(str) != "")).to_numpy()
            return {
                column: np.where(known, (given.astype(str) == level).to_numpy(float), np.nan)
                for column, level in zip(self.columns, self.levels, strict=True)
            }
        (column,) = self.columns or ("",)
        return {column: _numbers(schools, self.name, self.source) / self.step} if column else {}


def schema_for(column_map: str | Path | None) -> Schema:
    """Return the schema, with the fields of a user's column map in it."""
    from balancelab.intake.column_map import read_column_map
    from balancelab.intake.schema import load_schema

    schema = load_schema()
    return read_column_map(column_map, schema).applied(schema) if column_map else schema


def outcome_label(schema: Schema, outcome: str) -> Text:
    """Return the name of an outcome column; one that no schema knows bears its own."""
    found = schema.find(outcome)
    return {"zh": outcome, "en": outcome} if found is None else {"zh": found.label["zh"], "en": found.label["en"]}


def resource_block(now: pd.DataFrame, indicator: Any, left_out: list[Text]) -> Block | None:
    """Make the block of a resource; None, and a sentence in `left_out`, where it is missing or does not vary."""
    one: Indicator = indicator
    values = now[one.id].to_numpy(float) if one.id in now else np.full(len(now), np.nan)
    if not _varies(values, one.label, left_out):
        return None
    step = _step(values)
    unit = _unit_words(step, one.unit, values)
    column = one.id + "_step"
    label: Text = {"zh": one.label["zh"], "en": one.label["en"]}
    words: Text = {"zh": f"{one.short['zh']}（每 {unit['zh']}）", "en": f"{one.short['en']} (per {unit['en']})"}
    return Block(one.id, "resource", label, {column: words}, one.id, dict(one.short), step, unit)


def control_block(now: pd.DataFrame, name: str, schema: Schema, left_out: list[Text]) -> Block | None:
    """Make the block of a control; None, and a sentence in `left_out`, where it is missing or does not vary."""
    source = f"{name.removesuffix(_SHARE)}_students" if name.endswith(_SHARE) and name not in now else name
    source = "students" if name == _LOG_STUDENTS and name not in now else source
    if source not in now or now[source].isna().all():
        left_out.append(
            {
                "zh": f"数据没有“{_control_label(name, schema)['zh']}”，未作控制。",
                "en": f"The table does not give {_control_label(name, schema)['en'].lower()}; it is not held fixed.",
            }
        )
        return None
    if now[source].dtype.kind not in "fiub":
        return _category(now, name, schema, left_out)
    values = _numbers(now, name, source)
    label = _control_label(name, schema)
    if not _varies(values, label, left_out):
        return None
    if source == "students" and name == _LOG_STUDENTS:
        words: Text = {"zh": "在校生数（每增加一倍）", "en": "Students (per doubling)"}
        return Block(name, "control", label, {f"{name}_step": words}, source, label)
    step = _step(values)
    unit = _unit_words(step, {"zh": "", "en": ""}, values)
    words = {"zh": f"{label['zh']}（每 {unit['zh']}）", "en": f"{label['en']} (per {unit['en']})"}
    intake = name.endswith(_SHARE) or source.endswith(("_pct", "_share"))
    return Block(name, "control", label, {f"{name}_step": words}, source, label, step, unit, intake)


def stage_block(now: pd.DataFrame, standard: Standard) -> Block:
    """Make the block of the stage: dummies for all stages but the first that the table holds."""
    there = [stage for stage in standard.stages if (now["stage"] == stage).any()]
    columns: dict[str, Text] = {}
    for stage in there[1:]:
        words, first = standard.stages[stage], standard.stages[there[0]]
        columns[f"stage_{stage}"] = {
            "zh": f"{words['zh']}（与{first['zh']}相比）",
            "en": f"{words['en']} (against {first['en'].lower()})",
        }
    return Block(
        "stage",
        "control",
        {"zh": "学段", "en": "Stage"},
        columns,
        "stage",
        {"zh": "学段", "en": "Stage"},
        levels=tuple(there[1:]),
    )


def _category(now: pd.DataFrame, name: str, schema: Schema, left_out: list[Text]) -> Block | None:
    given = now[name].dropna().astype(str)
    counts = given[given != ""].value_counts()
    label = _control_label(name, schema)
    if len(counts) < 2 or len(counts) > _NOT_CODES:
        left_out.append(
            {
                "zh": f"“{label['zh']}”只有一类或类别过多（{len(counts)} 类），未作控制。",
                "en": f"{label['en']} has {len(counts)} values, which cannot be used as categories; not held fixed.",
            }
        )
        return None
    order = [place for place in LOCATIONS if place in counts] if name == "location" else list(counts.index)
    columns: dict[str, Text] = {}
    for level in order[1:]:
        word, first = _level_label(name, level, schema), _level_label(name, order[0], schema)
        columns[f"{name}_{_identifier(level)}"] = {
            "zh": f"{word['zh']}（与{first['zh']}相比）",
            "en": f"{word['en']} (against {first['en'].lower()})",
        }
    return Block(name, "control", label, columns, name, label, levels=tuple(order[1:]))


def _numbers(schools: pd.DataFrame, name: str, source: str) -> np.ndarray:
    values = schools[source].to_numpy(float)
    if source == name:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        if source == "students":
            logs: np.ndarray = np.log2(values)
            return np.where(np.isfinite(logs), logs, np.nan)
        shares = values / schools["students"].to_numpy(float)
    return np.where(np.isfinite(shares), shares, np.nan)


def _varies(values: np.ndarray, label: Text, left_out: list[Text]) -> bool:
    there = values[np.isfinite(values)]
    if len(there) and np.ptp(there) > 1e-9 * max(1.0, float(np.abs(there).max())):
        return True
    left_out.append(
        {
            "zh": f"“{label['zh']}”" + ("各校相同，未纳入模型。" if len(there) else "没有数据，未纳入模型。"),
            "en": f"{label['en']} " + ("is the same in all schools" if len(there) else "is not reported")
            + " and is left out.",
        }
    )  # fmt: skip
    return False


def _step(values: np.ndarray) -> float:
    """The power of ten at or below the standard deviation: a difference that is found between schools."""
    return float(10.0 ** np.floor(np.log10(np.nanstd(values))))


def _unit_words(step: float, unit: Text, values: np.ndarray) -> Text:
    is_share = not unit["en"] and np.nanmin(values) >= 0 and np.nanmax(values) <= 1
    if is_share:
        points = number_text(step * 100, None if step < 1 else 0)
        return {"zh": f"{points} 个百分点", "en": f"{points} percentage point{'' if points == '1' else 's'}"}
    if unit["en"] == "%":
        points = number_text(step)
        return {"zh": f"{points} 个百分点", "en": f"{points} percentage point{'' if points == '1' else 's'}"}
    amount = number_text(step)
    english = _singular(unit["en"]) if amount == "1" else unit["en"]
    return {"zh": f"{amount} {unit['zh']}".strip(), "en": f"{amount} {english}".strip()}


def _singular(unit: str) -> str:
    """
    Write a plural unit for one of them.

    >>> _singular("teachers"), _singular("classes"), _singular("m²")
    ('teacher', 'class', 'm²')
    """
    if unit.endswith("sses"):
        return unit.removesuffix("es")
    return unit.removesuffix("s")


def _control_label(name: str, schema: Schema) -> Text:
    group = name.removesuffix(_SHARE)
    if name == _LOG_STUDENTS:
        return {"zh": "在校生数", "en": "Students"}
    if name.endswith(_SHARE) and group in _GROUPS:
        return _GROUPS[group]
    found = schema.find(name)
    return {"zh": name, "en": name} if found is None else {"zh": found.label["zh"], "en": found.label["en"]}


def _level_label(name: str, level: str, schema: Schema) -> Text:
    if name == "location":
        return LOCATIONS[level]
    found = schema.find(name)
    words = found.values.get(level) if found is not None else None
    return {"zh": level, "en": level} if words is None else {"zh": words["zh"], "en": words["en"]}


def _identifier(level: str) -> str:
    return "".join(letter if letter.isidentifier() or letter.isdigit() else "_" for letter in level)
