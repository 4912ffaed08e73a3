"""From a formula and a school table to numbers: which rows count, which are dropped and why, and the matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from balancelab.definitions import Text, nearest
from balancelab.regression.errors import InvalidModel, listed, refuse
from balancelab.regression.formulas import ParsedFormula, matrices, parse

Column = str | ArrayLike
"""A column of the school table, by its name or as values in the order of its rows."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """
    A column whose values put rows into groups (an absorbed effect, a cluster).

    Attributes
    ----------
    name : str
        Column.
    codes : ndarray of int, shape (n_rows,)
        Group of each row, 0 … ``n - 1``, in order of first appearance.
    labels : ndarray, shape (n,)
        Value of each group.
    """

    name: str
    codes: np.ndarray
    labels: np.ndarray

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Design:
    """
    One regression's numbers.

    Attributes
    ----------
    formula, outcome : str
        The formula and its left-hand side.
    y : ndarray, shape (n_rows,)
        Outcome.
    X : ndarray, shape (n_rows, n_terms)
        Regressors; without the intercept where effects are absorbed.
    terms : tuple of str
        Names of the columns of `X`.
    factors : dict of str to tuple of int
        Columns of `X` that belong to each piece of the formula (a category has several), the intercept left out.
    weights : ndarray, shape (n_rows,), or None
        Weight of each row, e.g. students. Their scale is immaterial.
    weights_name : str or None
        Column of the weights.
    effects : tuple of Grouping
        Absorbed effects.
    cluster : Grouping or None
        Clusters of the rows.
    rows : pandas.Index
        Labels of the rows kept.
    school : pandas.Series or None
        The rows' column `school`, where there is one.
    kept : ndarray of bool
        Which rows of the given table these are.
    dropped : pandas.DataFrame
        Columns `row`, `school`, `reason` (``missing``, ``zero_weight``), `columns` (those that lacked a value).
    schools : pandas.DataFrame
        The rows kept, with the columns that the formula uses.
    spec : object
        Formulaic's specification of the right-hand side, to evaluate it on a changed table.
    """

    formula: str
    outcome: str
    y: np.ndarray
    X: np.ndarray
    terms: tuple[str, ...]
    factors: dict[str, tuple[int, ...]]
    weights: np.ndarray | None
    weights_name: str | None
    effects: tuple[Grouping, ...]
    cluster: Grouping | None
    rows: pd.Index
    school: pd.Series | None = field(repr=False)
    kept: np.ndarray
    dropped: pd.DataFrame
    schools: pd.DataFrame = field(repr=False)
    spec: Any = field(repr=False)

    @cached_property
    def names(self) -> np.ndarray:
        """Name of each row: its `school`, or its label."""
        return row_names(self.rows, self.school)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def has_intercept(self) -> bool:
        """Whether the formula's intercept is a column of `X`."""
        return "Intercept" in self.terms


def build_design(
    formula: str,
    schools: pd.DataFrame,
    *,
    weights: Column | None = None,
    effects: str | Sequence[str] | None = None,
    cluster: Column | None = None,
    keep: Sequence[str] = (),
) -> Design:
    """
    Evaluate a formula on the complete rows of a school table.

    Parameters
    ----------
    formula : str
        See `balancelab.regression.formulas.parse`.
    schools : pandas.DataFrame
        One row per observation. Not changed.
    weights : str or array_like, optional
        Column of weights, or one value per row. Rows of weight zero are dropped, and listed as such.
    effects : str or sequence of str, optional
        Columns whose groups each get an intercept of their own, absorbed.
    cluster : str or array_like, optional
        Column of clusters, or one value per row.
    keep : sequence of str, optional
        Further columns that must be complete and are kept in `Design.schools`.

    Returns
    -------
    Design

    Raises
    ------
    InvalidModel
        Naming every unknown column (with the nearest), infinite value, negative weight, column without any value,
        text that is not a category, and every row where a term of the formula is undefined.
    """
    _check_table(schools)
    parsed = parse(formula, list(schools.columns))
    effect_names = (effects,) if isinstance(effects, str) else tuple(effects or ())
    _check_columns((*effect_names, *keep), schools)
    columns: dict[str, pd.Series] = {name: schools[name] for name in parsed.columns}
    weighted, weights_name = _column(weights, "weights", schools)
    clustered, cluster_name = _column(cluster, "cluster", schools)
    needed = {**columns, **{name: schools[name] for name in (*keep, *effect_names)}}
    if weighted is not None:
        needed[weights_name] = weighted = _numbers(weighted, weights_name, schools)
    if clustered is not None:
        needed[cluster_name] = clustered
    kept, dropped = _complete(needed, weighted, schools)
    table = _clean(columns, parsed.categories, kept, schools)
    table = table.assign(**{name: schools[name][kept] for name in keep if name not in table})
    return _assemble(
        parsed,
        table,
        weights=None if weighted is None else weighted.to_numpy(dtype=float)[kept],
        weights_name=None if weighted is None else weights_name,
        effects=tuple(grouping(name, schools[name].to_numpy()[kept]) for name in effect_names),
        cluster=None if clustered is None else grouping(cluster_name, clustered.to_numpy()[kept]),
        school=schools["school"][kept] if "school" in schools.columns else None,
        kept=kept,
        dropped=dropped,
    )


def grouping(name: str, values: ArrayLike) -> Grouping:
    """
    Number the groups of a column.

    >>> grouping("county", ["b", "a", "b"]).codes
    array([0, 1, 0])
    """
    codes, labels = pd.factorize(np.asarray(values))
    return Grouping(name, np.asarray(codes), np.asarray(labels))


def row_names(rows: pd.Index, school: pd.Series | None) -> np.ndarray:
    """Return what each row is called in messages and tables: its `school` where there is one, else its label."""
    labels = rows.astype(str).to_numpy(dtype=object)
    if school is None:
        return labels
    return np.where(school.isna().to_numpy(), labels, school.astype(str).to_numpy(dtype=object))


def _check_table(schools: pd.DataFrame) -> None:
    if not isinstance(schools, pd.DataFrame):
        raise refuse(
            f"schools 须为 DataFrame（每行一校），而不是 {type(schools).__name__}。",
            f"schools must be a DataFrame with one row per school, not {type(schools).__name__}.",
        )
    twice = schools.columns[schools.columns.duplicated()]
    if len(twice):
        zh, en = listed(list(twice))
        raise refuse(f"学校表中列名重复：{zh}。", f"The school table has the same column twice: {en}.")
    if len(schools) == 0:
        raise refuse("学校表没有任何行。", "The school table has no rows.")


def _check_columns(names: Sequence[str], schools: pd.DataFrame) -> None:
    faults: list[Text] = []
    for name in names:
        if name not in schools.columns:
            zh, en = nearest(str(name), map(str, schools.columns))
            faults.append({"zh": f"学校表没有“{name}”一列{zh}", "en": f"The school table has no column '{name}'{en}"})
    if faults:
        raise InvalidModel(faults)


def _column(argument: Column | None, role: str, schools: pd.DataFrame) -> tuple[pd.Series | None, str]:
    if argument is None:
        return None, role
    if isinstance(argument, str):
        _check_columns((argument,), schools)
        return schools[argument], argument
    values = np.asarray(argument)
    if values.shape != (len(schools),):
        raise refuse(
            f"{role} 须为列名，或与学校表等长（{len(schools)} 个值），实际形状为 {values.shape}。",
            f"{role} must be a column name or {len(schools)} values, one per row; its shape is {values.shape}.",
        )
    return pd.Series(values, index=schools.index), str(getattr(argument, "name", None) or role)


def _numbers(values: pd.Series, name: str, schools: pd.DataFrame) -> pd.Series:
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        converted = pd.to_numeric(values, errors="coerce")
        if values.dtype != object or (converted.isna() & values.notna()).any():
            raise refuse(f"权重“{name}”须为数值。", f"The weights '{name}' must be numbers.")
        values = converted
    numbers = values.astype(float)
    bad = ((numbers < 0) | np.isinf(numbers)).to_numpy()
    if bad.any():
        zh, en = listed(
            [f"{who} ({value:g})" for who, value in zip(_names_of(schools, bad), numbers[bad], strict=True)]
        )
        raise refuse(f"权重“{name}”为负或无穷：{zh}。", f"The weights '{name}' are negative or infinite: {en}.")
    return numbers


def _complete(
    needed: dict[str, pd.Series], weights: pd.Series | None, schools: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame]:
    """Find the rows with every value, and list the others with what they lack."""
    missing = {name: column.isna().to_numpy() for name, column in needed.items()}
    empty = [name for name, mask in missing.items() if mask.all()]
    if empty:
        zh, en = listed(empty)
        raise refuse(f"以下各列没有任何数值：{zh}。", f"No row has a value in: {en}.")
    lacking = np.logical_or.reduce(list(missing.values()))
    absent = np.zeros(len(schools), dtype=bool) if weights is None else (weights == 0).to_numpy()
    kept = ~(lacking | absent)
    if not kept.any():
        counts = [f"{name} ({int(mask.sum())})" for name, mask in missing.items() if mask.any()]
        zh, en = listed(counts)
        raise refuse(
            f"没有一行数据齐全（共 {len(schools)} 行）；各列缺失行数：{zh}。",
            f"Not one of {len(schools)} rows is complete; rows without a value: {en}.",
        )
    return kept, _dropped(missing, lacking, ~kept, schools)


def _dropped(
    missing: dict[str, np.ndarray], lacking: np.ndarray, out: np.ndarray, schools: pd.DataFrame
) -> pd.DataFrame:
    where = np.flatnonzero(out)
    columns = [", ".join(name for name, mask in missing.items() if mask[row]) for row in where]
    return pd.DataFrame(
        {
            "row": schools.index[where],
            "school": _names_of(schools, where),
            "reason": np.where(lacking[where], "missing", "zero_weight"),
            "columns": columns,
        }
    )


def _clean(
    columns: dict[str, pd.Series], categories: frozenset[str], kept: np.ndarray, schools: pd.DataFrame
) -> pd.DataFrame:
    """Numbers as float64, everything else as a category without unused levels."""
    faults: list[Text] = []
    cleaned: dict[str, Any] = {}
    for name, column in columns.items():
        values = column[kept]
        if isinstance(values.dtype, pd.CategoricalDtype):
            cleaned[name] = values.cat.remove_unused_categories()
        elif name in categories and pd.api.types.is_integer_dtype(values.dtype):
            cleaned[name] = values.astype("int64").astype("category")
        elif pd.api.types.is_numeric_dtype(values.dtype):
            cleaned[name] = values.astype(float)
            infinite = np.isinf(cleaned[name].to_numpy())
            if infinite.any():
                zh, en = listed(list(_names_of(schools, kept)[infinite]))
                faults.append({"zh": f"“{name}”为无穷大：{zh}。", "en": f"'{name}' is infinite in: {en}."})
        else:
            cleaned[name] = _category(values, name, faults)
    if faults:
        raise InvalidModel(faults)
    return pd.DataFrame(cleaned, index=schools.index[kept])


def _category(values: pd.Series, name: str, faults: list[Text]) -> pd.Series:
    """Take text as categories; numbers kept as objects (Decimal) as numbers; refuse what is neither."""
    if values.dtype == object and not values.map(lambda value: isinstance(value, str)).any():
        numbers = pd.to_numeric(values, errors="coerce")
        if not numbers.isna().any():
            return numbers.astype(float)
    category = values.astype(str).astype("category")
    levels = len(category.cat.categories)
    if levels > 20 and levels > len(values) / 2:
        shown = listed(list(category.cat.categories[:3]))[1]
        faults.append(
            {
                "zh": f"“{name}”是文本，且有 {levels} 个不同的值（如 {shown}），不能作为类别；若应为数值，请先转换。",
                "en": f"'{name}' is text with {levels} different values ({shown} …), too many for categories; "
                "if it holds numbers, convert it first.",
            }
        )
    return category


def _assemble(parsed: ParsedFormula, table: pd.DataFrame, *, effects: tuple[Grouping, ...], **parts: Any) -> Design:
    sides = matrices(parsed, table)
    outcome, regressors = sides.lhs, sides.rhs
    if outcome.shape[1] != 1:
        raise refuse(
            f"结果变量“{parsed.outcome}”须为数值，而不是类别。",
            f"The outcome '{parsed.outcome}' must be a number, not a category.",
        )
    _check_finite(outcome, regressors, table.index, parts["school"])
    spec = regressors.model_spec
    terms = tuple(str(name) for name in spec.column_names)
    X = regressors.to_numpy(dtype=float)
    factors = {str(term): tuple(range(*where.indices(len(terms)))) for term, where in spec.term_slices.items()}
    factors.pop("1", None)
    if effects and "Intercept" in terms:  # the effects hold it
        at = terms.index("Intercept")
        X, terms = np.delete(X, at, axis=1), terms[:at] + terms[at + 1 :]
        factors = {term: tuple(i - (i > at) for i in where) for term, where in factors.items()}
    return Design(
        formula=parsed.text,
        outcome=parsed.outcome,
        y=outcome.to_numpy(dtype=float)[:, 0],
        X=np.ascontiguousarray(X),
        terms=terms,
        factors=factors,
        effects=effects,
        rows=table.index,
        schools=table,
        spec=spec,
        **parts,
    )


def _names_of(schools: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    chosen = schools[rows] if rows.dtype == bool else schools.iloc[rows]
    return row_names(chosen.index, chosen["school"] if "school" in schools.columns else None)


def _check_finite(outcome: Any, regressors: Any, rows_kept: pd.Index, school: pd.Series | None) -> None:
    faults: list[Text] = []
    for side in (outcome, regressors):
        bad = ~np.isfinite(side.to_numpy(dtype=float))
        for term, rows in zip(side.columns, bad.T, strict=True):
            if rows.any():
                zh, en = listed(list(row_names(rows_kept, school)[rows]))
                faults.append(
                    {
                        "zh": f"“{term}”在 {int(rows.sum())} 行无定义（如对零或负数取对数）：{zh}。",
                        "en": f"'{term}' is undefined in {int(rows.sum())} rows (a logarithm of zero?): {en}.",
                    }
                )
    if faults:
        raise InvalidModel(faults)
