"""
A column map: how another country's table becomes the school table, without a line of code.

A TOML file says which of their headers is which column, what their labels mean, which further columns there are, which
columns are the same on every row, what codes look like, and which rows to set aside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from balancelab.definitions import Checker, Text, nearest
from balancelab.intake.findings import printable
from balancelab.intake.schema import Field, Schema, folded

_ID = re.compile(r"[a-z][a-z0-9_]*")
_ROWS = ("exclude_when_missing", "ignore_other_columns", "may_be_missing", "missing")
_TOP = ("columns", "values", "fields", "constants", "patterns", "rows")


@dataclass(frozen=True)
class ColumnMap:
    """
    One column map; see the module.

    Attributes
    ----------
    columns : mapping
        Our column id → their header. One header may serve several columns.
    sums : mapping
        Our column id → their headers, which are added up.
    codes_of_names : frozenset of str
        Columns of codes whose header, in `columns`, holds names: a name's letters and digits are its code, ``-`` stands
        for everything else.
    values : mapping
        Our column id → their label (folded) → our id of it.
    fields : tuple of Field
        Further columns.
    constants : mapping
        Our column id → the value of every row.
    patterns : mapping
        Our column id → regular expression that its codes match.
    exclude_when_missing : tuple of str
        Rows without a value in one of these are set aside.
    ignore_other_columns : bool
        Whether headers that the map does not name are left unread without a word.
    may_be_missing : tuple of str
        Required columns in which a row may be empty all the same.
    missing : tuple of str
        Further signs that stand for a missing value, such as one for figures that were suppressed.
    """

    label: Text
    columns: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes_of_names: frozenset[str] = frozenset()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    exclude_when_missing: tuple[str, ...] = ()
    ignore_other_columns: bool = False
    may_be_missing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def applied(self, schema: Schema) -> Schema:
        """Return `schema` with the map's fields, patterns and labels in it."""
        changed: dict[str, Field] = {each.name: each for each in self.fields}
        made = dict.fromkeys(self.codes_of_names, "^[0-9A-Za-z-]+$")
        for name, pattern in {**made, **self.patterns}.items():
            changed[name] = replace(changed.get(name) or schema.field(name), pattern=pattern)
        for name, labels in self.values.items():
            known = changed.get(name) or schema.field(name)
            new = {id_: {"zh": id_, "en": id_, "aliases": []} for id_ in labels.values() if id_ not in known.values}
            changed[name] = replace(known, values={**known.values, **new})
        for name in self.may_be_missing:
            changed[name] = replace(changed.get(name) or schema.field(name), required=False)
        national = "county_code" not in {**made, **self.patterns}
        signs = schema.missing | {folded(sign) for sign in self.missing}
        return replace(schema.with_fields(tuple(changed.values()), national=national), missing=signs)

    def headers_of(self, name: str) -> tuple[str, ...]:
        """Return the headers that the column `name` is made from."""
        return self.sums.get(name) or tuple(filter(None, [self.columns.get(name)]))


def read_column_map(path: str | Path, schema: Schema) -> ColumnMap:
    """
    Read a column map.

    Raises
    ------
    balancelab.definitions.InvalidDefinition
        With every mistake: an unknown key (and the nearest known one), a wrong type, a column that is not declared.
    FileNotFoundError
    """
    checker = Checker(Path(path))
    table = checker.read()
    checker.keys(table, "", required=["label", "columns"], optional=_TOP)
    parts = {name: checker.typed(table, name, "a table", "", {}) for name in _TOP}
    fields = _fields(checker, parts["fields"])
    known = {*schema.names, *(each.name for each in fields)}
    rows = parts["rows"]
    checker.keys(rows, "rows", required=[], optional=_ROWS)
    texts, sums, made = _columns(checker, parts["columns"], {each.name: each for each in (*schema.fields, *fields)})
    column_map = ColumnMap(
        label=checker.text(table, "label", ""),
        columns=_texts(checker, texts, "columns", known),
        sums=sums,
        codes_of_names=made,
        values=_values(checker, parts["values"], schema),
        fields=fields,
        constants=_texts(checker, parts["constants"], "constants", known),
        patterns=_patterns(checker, parts["patterns"], schema),
        exclude_when_missing=_known_columns(checker, rows, "exclude_when_missing", known),
        ignore_other_columns=bool(checker.typed(rows, "ignore_other_columns", "true or false", "rows", False)),
        may_be_missing=_known_columns(checker, rows, "may_be_missing", known),
        missing=checker.texts(rows, "missing", "rows"),
    )
    for name in sorted({*column_map.columns, *column_map.sums} & set(column_map.constants)):
        checker.fault(
            f"constants.{name}", "既对应了一列又是常数，只能取一", "is mapped to a column and constant too: choose one"
        )
    _check_constants(checker, column_map, schema)
    checker.done()
    return column_map


def _check_constants(checker: Checker, column_map: ColumnMap, schema: Schema) -> None:
    """A constant is what a cell of its column could be: a number, a year, a code, a text without control characters."""
    fields = {each.name: each for each in (*schema.fields, *column_map.fields)}
    for name, value in column_map.constants.items():
        known, where = fields[name], f"constants.{name}"
        if known.numeric or known.kind == "year":
            pattern = r"[0-9]{4}" if known.kind == "year" else r"[0-9]{1,15}(\.[0-9]{1,8})?"
            if not re.fullmatch(pattern, value):
                checker.fault(where, f"应为数，现为 {value!r}", f"must be a number, is {value!r}")
        elif known.kind == "code":
            pattern = column_map.patterns.get(name) or known.pattern or ".+"
            if not re.fullmatch(pattern, value):
                checker.fault(where, f"应为代码 {pattern}，现为 {value!r}", f"must be a code {pattern}, is {value!r}")
        elif printable(value, len(value)) != value:
            checker.fault(where, f"有不可见字符：{value!r}", f"holds invisible characters: {value!r}")


def _fields(checker: Checker, table: Mapping[str, Any]) -> tuple[Field, ...]:
    fields = []
    for name, entry in table.items():
        where = f"fields.{name}"
        if not isinstance(entry, dict):
            checker.fault(where, "应为表", "must be a table")
            continue
        if not _ID.fullmatch(name):
            checker.fault(where, "列名只用小写字母、数字和下划线", "a column id is lower-case letters, digits and _")
        checker.keys(
            entry, where, required=["type", "label"], optional=["unit", "minimum", "maximum", "role", "description"]
        )
        kind, role = entry.get("type", "number"), entry.get("role", "amount")
        if kind not in ("number", "integer"):
            checker.fault(f"{where}.type", "应为 number 或 integer", "must be number or integer")
        if role not in ("amount", "outcome"):
            checker.fault(f"{where}.role", "应为 amount 或 outcome", "must be amount or outcome")
        fields.append(
            Field(
                name=name,
                kind="count" if kind == "integer" else "amount",
                label=checker.text(entry, "label", where),
                description=str(checker.typed(entry, "description", "a text", where, "")),
                role=role,
                unit=checker.typed(entry, "unit", "a text", where),
                minimum=_limit(checker, entry, "minimum", where),
                maximum=_limit(checker, entry, "maximum", where),
                in_schema=False,
            )
        )
    return tuple(fields)


def _columns(
    checker: Checker, table: Mapping[str, Any], fields: Mapping[str, Field]
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]], frozenset[str]]:
    """Return the columns that have one header, those that are sums, and those that are codes made of names."""
    texts: dict[str, Any] = {}
    sums: dict[str, tuple[str, ...]] = {}
    made: set[str] = set()
    for name, entry in table.items():
        if not isinstance(entry, dict) or name not in fields:
            texts[name] = entry
            continue
        where = f"columns.{name}"
        checker.keys(entry, where, required=[], optional=["sum", "code_of"])
        headers = checker.texts(entry, "sum", where)
        code_of = checker.typed(entry, "code_of", "a text", where)
        if len(entry) != 1:
            checker.fault(where, "只能写 sum 或 code_of 之一", "has either sum or code_of")
        elif "sum" in entry and not fields[name].numeric:
            checker.fault(where, "不是数值列，不能相加", "is no column of numbers and cannot be a sum")
        elif "sum" in entry and len(set(headers)) < max(2, len(headers)):
            checker.fault(where, "sum 应列出两个以上不同的列名", "sum lists two or more different headers")
        elif "code_of" in entry and fields[name].kind != "code":
            checker.fault(where, "不是代码列，不能由名称生成", "is no column of codes and cannot be made of a name")
        elif code_of:
            texts[name] = code_of
            made.add(name)
        elif headers:
            sums[name] = headers
    return texts, sums, frozenset(made)


def _limit(checker: Checker, entry: Mapping[str, Any], key: str, where: str) -> float | None:
    value: Decimal | int | None = checker.typed(entry, key, "a number", where)
    return None if value is None else float(value)


def _texts(checker: Checker, table: Mapping[str, Any], where: str, known: set[str]) -> dict[str, str]:
    found = {}
    for name, value in table.items():
        if name not in known:
            near_zh, near_en = nearest(name, known)
            checker.fault(
                f"{where}.{name}",
                f"没有“{name}”这一列{near_zh}；新列请在 [fields] 声明",
                f"there is no column '{name}'{near_en}; declare a new one under [fields]",
            )
        elif isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            checker.fault(f"{where}.{name}", "应为文本", "must be a text")
        else:
            found[name] = str(value)
    return found


def _values(checker: Checker, table: Mapping[str, Any], schema: Schema) -> dict[str, dict[str, str]]:
    labelled = [each.name for each in schema.fields if each.kind == "label"]
    found: dict[str, dict[str, str]] = {}
    for name, labels in table.items():
        if name not in labelled:
            near_zh, near_en = nearest(name, labelled)
            checker.fault(f"values.{name}", f"“{name}”不是类别列{near_zh}", f"'{name}' is no column of labels{near_en}")
        elif not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
            checker.fault(f"values.{name}", "应为“标签 = 编号”的表", "must be a table of label = id")
        else:
            found[name] = {folded(label): id_ for label, id_ in labels.items()}
    return found


def _patterns(checker: Checker, table: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    coded = [each.name for each in schema.fields if each.kind == "code"]
    found = {}
    for name, pattern in table.items():
        if name not in coded:
            near_zh, near_en = nearest(name, coded)
            checker.fault(
                f"patterns.{name}", f"“{name}”不是代码列{near_zh}", f"'{name}' is no column of codes{near_en}"
            )
        elif not isinstance(pattern, str) or not _compiles(pattern):
            checker.fault(f"patterns.{name}", "不是有效的正则表达式", "is no valid regular expression")
        else:
            found[name] = pattern
    return found


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return len(pattern) <= 200


def _known_columns(checker: Checker, rows: Mapping[str, Any], key: str, known: set[str]) -> tuple[str, ...]:
    names = checker.texts(rows, key, "rows")
    for name in names:
        if name not in known:
            near_zh, near_en = nearest(name, known)
            checker.fault(f"rows.{key}", f"没有“{name}”这一列{near_zh}", f"there is no column '{name}'{near_en}")
    return names
