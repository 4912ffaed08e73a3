"""
The guard at a notebook's door: only declared parameters of the declared type get in.

Papermill itself only logs an unknown parameter and publishes the default county, and checks no type. Here the cell
tagged ``parameters`` is read as text (nothing runs), so a mistake is found before any kernel starts.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from balancelab.definitions import Text, nearest
from balancelab.reports.errors import ParametersRefused, text

_SCALARS: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_TYPES = (*_SCALARS, *(f"list[{name}]" for name in _SCALARS))
_BOOLEANS = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
_NEEDED = "name: str = literal  # 说明 / help"


@dataclass(frozen=True)
class Parameter:
    """
    One declared parameter of a notebook.

    Attributes
    ----------
    name : str
        Python identifier.
    type : str
        ``str``, ``int``, ``float``, ``bool`` or ``list[…]`` of one of them.
    default : object
        The literal in the notebook.
    help : str
        The comment behind it.
    """

    name: str
    type: str
    default: Any
    help: str


def declared_parameters(notebook: Path) -> dict[str, Parameter]:
    """
    Read which parameters a notebook declares, without running anything.

    Parameters
    ----------
    notebook : Path
        An ``.ipynb`` with exactly one code cell tagged ``parameters`` that holds annotated literals only.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    ParametersRefused
        If the file is no notebook, the tag is missing or there twice, or a line is anything but an annotated literal;
        every such line at once.
    """
    source = _tagged_source(notebook)
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise _refused(
            notebook, f"参数单元格第 {error.lineno} 行语法有误", f"line {error.lineno} is no Python"
        ) from error
    comments = _comments(source)
    declared: dict[str, Parameter] = {}
    faults: list[Text] = []
    for statement in statements:
        parameter = _parameter(statement, comments)
        if isinstance(parameter, Parameter) and parameter.name not in declared:
            declared[parameter.name] = parameter
            continue
        why = text("重复声明", "declared twice") if isinstance(parameter, Parameter) else parameter
        faults.append(
            text(
                f"{notebook.name} 参数单元格第 {statement.lineno} 行：{why['zh']}",
                f"{notebook.name}, parameters cell, line {statement.lineno}: {why['en']}",
            )
        )
    if faults:
        raise ParametersRefused(*faults)
    return declared


def check_parameters(declared: Mapping[str, Parameter], given: Mapping[str, object]) -> None:
    """
    Refuse undeclared names and values of the wrong type, all at once.

    Parameters
    ----------
    declared : mapping of str to Parameter
        From `declared_parameters`.
    given : mapping of str to object
        Values to hand to the notebook. A bool is no int, an int is no text; a whole number may stand for a float.

    Raises
    ------
    ParametersRefused
        Naming every fault, and the nearest declared name of an undeclared one.

    Examples
    --------
    >>> year = Parameter("year", "int", 2024, "")
    >>> check_parameters({"year": year}, {"year": 2023})
    >>> check_parameters({"year": year}, {"yaer": 2023})
    Traceback (most recent call last):
    balancelab.reports.errors.ParametersRefused: 没有参数“yaer”；是否应为“year”？
    there is no parameter 'yaer'; did you mean 'year'?
    """
    faults = []
    for name, value in given.items():
        if name not in declared:
            faults.append(_unknown(name, declared))
        elif not _fits(value, declared[name].type):
            faults.append(_wrong_type(declared[name], value))
    if faults:
        raise ParametersRefused(*faults)


def parse_settings(declared: Mapping[str, Parameter], settings: Iterable[str]) -> dict[str, object]:
    """
    Turn ``NAME=VALUE`` texts of a command line into typed parameters.

    Parameters
    ----------
    declared : mapping of str to Parameter
        From `declared_parameters`; the declared type decides, so ``county_code=011522`` stays text.
    settings : iterable of str
        Texts such as ``"year=2024"``; a list is written with commas.

    Returns
    -------
    dict of str to object
        Values of the declared types.

    Raises
    ------
    ParametersRefused
        For every text without ``=``, unknown or repeated name, and value that the type cannot hold.

    Examples
    --------
    >>> code = Parameter("county_code", "str", "371599", "")
    >>> parse_settings({"county_code": code}, ["county_code=011522"])
    {'county_code': '011522'}
    """
    values: dict[str, object] = {}
    faults = []
    for setting in settings:
        name, equals, written = setting.partition("=")
        name = name.strip()
        if not equals:
            faults.append(text(f"应写作 名称=值，现为“{setting}”", f"write NAME=VALUE, not '{setting}'"))
        elif name not in declared:
            faults.append(_unknown(name, declared))
        elif name in values:
            faults.append(text(f"参数“{name}”给了两次", f"parameter '{name}' is given twice"))
        else:
            try:
                values[name] = _parse(written, declared[name].type)
            except ValueError:
                faults.append(_wrong_type(declared[name], written))
    if faults:
        raise ParametersRefused(*faults)
    return values


def _tagged_source(notebook: Path) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", [])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(notebook, "读不出笔记本", f"is no readable notebook ({error})") from error
    if len(tagged) != 1:
        raise _refused(
            notebook,
            f"应有且只有一个带 parameters 标签的单元格，现有 {len(tagged)} 个",
            f"needs exactly one cell tagged 'parameters', has {len(tagged)}",
        )
    return tagged[0]


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").rstrip() for token in tokens if token.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter | Text:
    if (
        not isinstance(statement, ast.AnnAssign)
        or not isinstance(statement.target, ast.Name)
        or statement.value is None
    ):
        return text(f"应写作 {_NEEDED}", f"write {_NEEDED}")
    annotation = ast.unparse(statement.annotation)
    if annotation not in _TYPES:
        return text(f"类型应为 {'、'.join(_TYPES)} 之一", f"the type must be one of {', '.join(_TYPES)}")
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        return text("等号后应为字面值", "the value must be a literal")
    if not _fits(default, annotation):
        return text(f"缺省值 {default!r} 不是 {annotation}", f"the default {default!r} is no {annotation}")
    help_text = comments.get(statement.end_lineno or statement.lineno, "")
    return Parameter(statement.target.id, annotation, default, help_text)


def _fits(value: object, type_name: str) -> bool:
    if type_name.startswith("list["):
        return isinstance(value, list) and all(_fits(entry, type_name[5:-1]) for entry in value)
    if isinstance(value, bool) or type_name == "bool":
        return isinstance(value, bool) and type_name == "bool"
    if type_name == "float":
        return isinstance(value, int | float) and abs(value) < float("inf")
    return isinstance(value, _SCALARS[type_name])


def _parse(written: str, type_name: str) -> object:
    if type_name.startswith("list["):
        return [_parse(part.strip(), type_name[5:-1]) for part in written.split(",")] if written.strip() else []
    if type_name == "str":
        written.encode("utf-8")  # a ValueError where the bytes given were no text
        return written
    if type_name == "bool":
        if written.strip().lower() not in _BOOLEANS:
            raise ValueError(written)
        return _BOOLEANS[written.strip().lower()]
    # Python's own int() and float() also take 2_024, full-width digits, nan and infinity
    pattern = r"[+-]?[0-9]{1,18}" if type_name == "int" else r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
    if not re.fullmatch(pattern, written.strip()):
        raise ValueError(written)
    value = _SCALARS[type_name](written.strip())
    if not _fits(value, type_name):
        raise ValueError(written)
    return value


def _unknown(name: str, declared: Iterable[str]) -> Text:
    near_zh, near_en = nearest(name, declared)
    return text(f"没有参数“{name}”{near_zh}", f"there is no parameter '{name}'{near_en}")


def _wrong_type(parameter: Parameter, value: object) -> Text:
    return text(
        f"参数“{parameter.name}”应为 {parameter.type}，现为 {value!r}（{parameter.help}）",
        f"parameter '{parameter.name}' must be {parameter.type}, is {value!r} ({parameter.help})",
    )


def _refused(notebook: Path, zh: str, en: str) -> ParametersRefused:
    return ParametersRefused(text(f"{notebook.name}：{zh}", f"{notebook.name}: {en}"))
