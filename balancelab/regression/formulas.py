"""
Model formulas: read by formulaic (the parser of statsmodels), but only columns and a short list of functions may occur.

Formulaic evaluates what stands between the operators as Python. A formula can come from a notebook parameter, so every
piece is checked before it is evaluated: a name that is neither a column nor one of `FUNCTIONS`, an attribute, an index
or a comprehension is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.definitions import Text, nearest
from balancelab.regression.errors import InvalidModel, refuse

if TYPE_CHECKING:
    import pandas as pd

FUNCTIONS = frozenset(
    {"log", "log2", "log10", "exp", "sqrt", "abs", "I", "C", "center", "scale", "standardize", "poly", "bs", "cr"}
    | {"cs", "cc"}
)
"""Functions that a formula may use; also codings, as in ``C(location, contr.treatment("rural"))``, and ``np.log``."""

_ATTRIBUTES = {
    "contr": frozenset({"treatment", "sum", "helmert", "diff", "poly", "SAS"}),
    "np": frozenset({"log", "log2", "log10", "log1p", "exp", "sqrt", "abs"}),
}
_PLAIN = (
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Call,
    ast.keyword,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Pow,
    ast.unaryop,
    ast.cmpop,
    ast.List,
    ast.Tuple,
)


@dataclass(frozen=True)
class ParsedFormula:
    """
    A formula whose every name is known.

    Attributes
    ----------
    text : str
        The formula as written.
    outcome : str
        Its left-hand side.
    columns : tuple of str
        Columns of the school table that it uses, in the table's order.
    categories : frozenset of str
        Those that it uses as categories only, ``C(column)``.
    structure : formulaic.Formula
        What formulaic made of it.
    """

    text: str
    outcome: str
    columns: tuple[str, ...]
    categories: frozenset[str]
    structure: Any


def parse(formula: str, columns: Collection[str]) -> ParsedFormula:
    """
    Read a formula and check every name in it.

    Parameters
    ----------
    formula : str
        ``"score ~ students_per_teacher + log(income) + C(location)"``; a column whose name is not an identifier stands
        between backticks.
    columns : collection of str
        Columns of the school table.

    Returns
    -------
    ParsedFormula

    Raises
    ------
    InvalidModel
        If the formula cannot be read, has not exactly one outcome, or names a column that is not there (with the
        nearest one) or Python that a formula may not hold.

    Examples
    --------
    >>> parse("score ~ log(income) + lunch", ["score", "income", "lunch", "read"]).columns
    ('score', 'income', 'lunch')
    """
    structure = _structure(formula)
    used: set[str] = set()
    faults: list[Text] = []
    for side in (structure.lhs, structure.rhs):
        for factor in _factors(side):
            if factor.eval_method.value == "lookup":
                _check_name(factor.expr, columns, used, faults)
            elif factor.eval_method.value == "python":
                _check_python(factor.expr, columns, used, faults)
    if faults:
        raise InvalidModel(list({fault["en"]: fault for fault in faults}.values()))
    in_order = tuple(name for name in columns if name in used)
    return ParsedFormula(formula, str(structure.lhs), in_order, _categories(structure), structure)


def functions() -> dict[str, Any]:
    """Return the functions of `FUNCTIONS` that formulaic does not bring itself."""
    return {"sqrt": np.sqrt, "abs": np.abs}


def matrices(parsed: ParsedFormula, table: pd.DataFrame) -> Any:
    """Evaluate both sides of a formula on a table without missing values; return formulaic's model matrices."""
    from formulaic.errors import FormulaicError

    try:
        # log(0) and the like become inf or nan here and are refused, with the schools' names, by the caller.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return parsed.structure.get_model_matrix(table, context=functions(), na_action="ignore")
    except (FormulaicError, TypeError, ValueError, np.linalg.LinAlgError) as error:
        raise refuse(
            f"公式“{parsed.text}”无法计算：{error}",
            f"The formula '{parsed.text}' cannot be evaluated: {error}",
        ) from error


def _structure(formula: str) -> Any:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        structure = Formula(formula)
    except (FormulaicError, SyntaxError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split("\n\n")[0].split())
        raise refuse(
            f"公式“{formula}”无法读取：{reason}", f"The formula '{formula}' cannot be read: {reason}"
        ) from error
    sides = getattr(structure, "_structure", {})
    if set(sides) != {"lhs", "rhs"} or not all(hasattr(sides[side], "required_variables") for side in sides):
        raise refuse(
            f"公式“{formula}”应为“结果 ~ 解释变量 + …”；固定效应请用参数 effects。",
            f"The formula '{formula}' must read 'outcome ~ regressor + …'; fixed effects go into the argument effects.",
        )
    if len(list(structure.lhs)) != 1:
        raise refuse(
            f"公式“{formula}”的左边须恰有一个结果变量。",
            f"The left-hand side of '{formula}' must hold exactly one outcome.",
        )
    return structure


def _factors(side: Any) -> Iterator[Any]:
    for term in side:
        yield from term.factors


def _check_name(name: str, columns: Collection[str], used: set[str], faults: list[Text]) -> None:
    if name in columns:
        used.add(name)
        return
    zh, en = nearest(name, map(str, columns))
    faults.append({"zh": f"学校表没有“{name}”一列{zh}", "en": f"The school table has no column '{name}'{en}"})


def _check_python(expression: str, columns: Collection[str], used: set[str], faults: list[Text]) -> None:
    # formulaic writes `…` columns inside functions with a placeholder of its own; such names are looked up unquoted
    try:
        tree = ast.parse(expression.replace("`", ""), mode="eval")
    except SyntaxError:
        faults.append(
            {
                "zh": f"公式中的“{expression}”不是可计算的式子；列名含空格或符号时，请先改名。",
                "en": f"'{expression}' in the formula is not an expression; rename columns with spaces or signs first.",
            }
        )
        return
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    owners = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_known(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if id(node) not in owners and not (node.id in FUNCTIONS and id(node) in called):
                _check_name(node.id, columns, used, faults)
        elif not (isinstance(node, _PLAIN) or _is_known(node)) or _is_towering(node):
            allowed = ", ".join(sorted(FUNCTIONS))
            faults.append(
                {
                    "zh": f"公式中的“{expression}”含有不允许的写法；可用的函数：{allowed}。",
                    "en": f"'{expression}' in the formula holds what a formula may not; functions: {allowed}.",
                }
            )
            return


def _categories(structure: Any) -> frozenset[str]:
    """Columns that stand as the first argument of C() and nowhere else."""
    inside: set[str] = set()
    elsewhere: set[str] = set()
    for factor in (*_factors(structure.lhs), *_factors(structure.rhs)):
        if factor.eval_method.value == "lookup":
            elsewhere.add(factor.expr)
        elif factor.eval_method.value == "python":
            tree = ast.parse(factor.expr, mode="eval")
            names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
            if names[:1] == ["C"] and names.count(names[1]) == 1:
                inside.add(names[1])
                names = names[2:]
            elsewhere.update(names)
    return frozenset(inside - elsewhere)


def _is_towering(node: ast.AST) -> bool:
    """Whether a power is anything but a column to a small constant: 9**9**9 would never end."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return False
    exponent = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    small = isinstance(exponent, ast.Constant) and isinstance(exponent.value, int | float) and exponent.value <= 20
    return not small or isinstance(node.left, ast.Constant)


def _is_known(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        return False
    return node.attr in _ATTRIBUTES.get(node.value.id, frozenset())
