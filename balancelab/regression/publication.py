"""Several fits side by side, in the convention of the field: coefficients, their errors below, then n, R² and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal, Protocol

import pandas as pd

from balancelab.definitions import Text, nearest
from balancelab.regression.errors import refuse

WORDS: Mapping[str, Text] = {
    "n": {"zh": "样本量", "en": "Observations"},
    "clusters": {"zh": "聚类数", "en": "Clusters"},
    "r2": {"zh": "R²", "en": "R²"},
    "adjusted_r2": {"zh": "调整后 R²", "en": "Adjusted R²"},
    "r2_within": {"zh": "组内 R²", "en": "Within R²"},
    "ser": {"zh": "回归标准误", "en": "Standard error of regression"},
    "effects": {"zh": "固定效应", "en": "Fixed effects"},
    "weights": {"zh": "权重", "en": "Weights"},
    "vcov": {"zh": "标准误类型", "en": "Standard errors"},
    "Intercept": {"zh": "常数项", "en": "Constant"},
    "term": {"zh": "变量", "en": "Variable"},
    "none": {"zh": "无", "en": "None"},
    "errors_below": {
        "zh": "括号内为标准误；显著性按学生 t 分布。",
        "en": "Standard errors in parentheses; significance by Student's t.",
    },
    "stars": {
        "zh": "*** p < 0.01，** p < 0.05，* p < 0.1。",
        "en": "*** p < 0.01, ** p < 0.05, * p < 0.1.",
    },
}
"""Names of the lines of a table, in both languages."""

STATISTICS = ("n", "clusters", "r2", "adjusted_r2", "r2_within", "ser", "effects", "weights", "vcov")
"""Lines below the coefficients, where any of the fits has them."""

_LEVELS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))


class Tabular(Protocol):
    """A fit that a table can hold: `Fit`, `FractionalFit`, `MixedFit`, `InstrumentFit` all are."""

    @property
    def coefficients(self) -> pd.DataFrame:
        """Tidy table of estimates."""

    @property
    def n(self) -> int:
        """Rows used."""


@dataclass(frozen=True, eq=False, repr=False)
class PublicationTable:
    """
    A table ready to print.

    Attributes
    ----------
    table : pandas.DataFrame
        Texts; the first column names the line, then one column per fit.
    lines : tuple of str
        What each line is: ``<term>``, ``<term>:error`` or one of `STATISTICS`.
    notes : tuple of str
        Lines below the table, in its language.
    """

    table: pd.DataFrame
    lines: tuple[str, ...]
    notes: tuple[str, ...]

    def to_csv(self) -> str:
        """
        Return the table and its notes as CSV text (UTF-8; write it with a byte order mark for Excel).

        Cells that a spreadsheet would take for a formula because they start with ``=``, ``+`` or ``@`` get an
        apostrophe; a minus sign before a digit stays.
        """
        safe = self.table.map(_safe)
        return str(safe.to_csv(index=False)) + "".join(f"{_quoted(note)}\n" for note in self.notes)

    def __repr__(self) -> str:
        return self.table.to_string(index=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False) + "".join(f"<p>{escape(note)}</p>" for note in self.notes)


def publication_table(
    fits: Mapping[str, Tabular],
    *,
    language: Literal["zh", "en"] = "en",
    labels: Mapping[str, str] | None = None,
    terms: list[str] | None = None,
    decimals: int = 3,
    stars: bool = False,
) -> PublicationTable:
    """
    Put fits side by side.

    Parameters
    ----------
    fits : mapping of str to Fit
        Heading of each column, e.g. ``"(1)"``, and the fit.
    language : {"zh", "en"}, optional
        Language of the lines that are not variables.
    labels : mapping of str to str, optional
        What to print for a term, an effect or a column of weights.
    terms : list of str, optional
        Terms to show, in this order; default all, in order of appearance, the constant last.
    decimals : int, optional
        Decimals of coefficients, errors, R² and the standard error of the regression.
    stars : bool, optional
        Mark significance by asterisks.

    Returns
    -------
    PublicationTable

    Raises
    ------
    InvalidModel
        Without fits, for a language other than these, or a term that no fit has (nearest named).

    Examples
    --------
    >>> from balancelab.regression import fit
    >>> schools = pd.DataFrame({"score": [1, 3, 5, 8], "teachers": [0, 1, 2, 3]})
    >>> publication_table({"(1)": fit("score ~ teachers", schools, vcov="classical")}, decimals=2).table
                Variable       (1)
    0           teachers      2.30
    1                       (0.17)
    2           Constant      0.80
    3                       (0.32)
    4       Observations         4
    5                 R²      0.99
    6        Adjusted R²      0.98
    7  Standard error of regression 0.39
    8    Standard errors  classical
    """
    if not fits:
        raise refuse("没有任何模型。", "There is no fit.")
    if language not in ("zh", "en"):
        raise refuse(
            f"语言只能为 zh 或 en，而不是“{language}”。", f"The language must be 'zh' or 'en', not '{language}'."
        )
    named = dict(labels or {})
    shown = _terms(fits, terms)
    lines: list[str] = []
    rows: list[list[str]] = []
    for term in shown:
        label = named.get(term, WORDS[term][language] if term == "Intercept" else term)
        found = [_row(fit, term) for fit in fits.values()]
        lines += [term, f"{term}:error"]
        rows.append([label, *(_estimate(row, decimals, stars) for row in found)])
        rows.append(["", *("" if row is None else f"({row['std_error']:.{decimals}f})" for row in found)])
    for name in STATISTICS:
        values = [getattr(fit, name, None) for fit in fits.values()]
        if any(value not in (None, ()) for value in values):
            lines.append(name)
            rows.append([WORDS[name][language], *(_statistic(value, decimals, named, language) for value in values)])
    table = pd.DataFrame(rows, columns=[WORDS["term"][language], *fits])
    notes = [WORDS["errors_below"][language], *([WORDS["stars"][language]] if stars else [])]
    return PublicationTable(table, tuple(lines), tuple(notes))


def _terms(fits: Mapping[str, Tabular], terms: list[str] | None) -> list[str]:
    present = list(dict.fromkeys(term for fit in fits.values() for term in fit.coefficients["term"]))
    if terms is None:
        return [term for term in present if term != "Intercept"] + [term for term in present if term == "Intercept"]
    for term in terms:
        if term not in present:
            zh, en = nearest(term, present)
            raise refuse(f"没有任何模型含“{term}”{zh}", f"No fit has the term '{term}'{en}")
    return terms


def _row(fit: Tabular, term: str) -> pd.Series | None:
    found = fit.coefficients[fit.coefficients["term"] == term]
    return None if found.empty else found.iloc[0]


def _estimate(row: pd.Series | None, decimals: int, stars: bool) -> str:
    if row is None:
        return ""
    marks = next((mark for limit, mark in _LEVELS if row["p_value"] < limit), "") if stars else ""
    return f"{row['estimate']:.{decimals}f}{marks}"


def _statistic(value: object, decimals: int, labels: Mapping[str, str], language: str) -> str:
    if value is None or value == ():
        return WORDS["none"][language] if value == () else ""
    if isinstance(value, float):
        return f"{value:.{decimals}f}"
    if isinstance(value, tuple):
        return ", ".join(labels.get(name, name) for name in value)
    return labels.get(str(value), str(value))


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") else text


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
