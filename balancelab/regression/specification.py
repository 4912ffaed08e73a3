"""Does the answer hang on one choice? The same coefficient under every defensible specification."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from balancelab.definitions import nearest
from balancelab.regression.errors import refuse
from balancelab.regression.linear import fit

MOST = 5000
"""Specifications beyond which a curve is refused."""


def specification_curve(
    outcome: str,
    resource: str,
    schools: pd.DataFrame,
    *,
    controls: Sequence[str] = (),
    always: Sequence[str] = (),
    weights: Sequence[str | None] = (None,),
    effects: Sequence[str | None] = (None,),
    samples: Mapping[str, ArrayLike] | None = None,
    covariances: Sequence[tuple[str, str | None]] = (("HC3", None),),
) -> pd.DataFrame:
    """
    Fit every combination of controls, weights, effects, samples and covariances, on the same complete rows.

    Parameters
    ----------
    outcome, resource : str
        Left-hand side, and the regressor whose coefficient is followed (a term that yields one column).
    schools : pandas.DataFrame
        One row per school.
    controls : sequence of str
        Terms of which every subset is tried.
    always : sequence of str, optional
        Terms that are always in.
    weights : sequence of (str or None), optional
        Columns of weights; None for none.
    effects : sequence of (str or None), optional
        Absorbed effects; None for none.
    samples : mapping of str to array_like of bool, optional
        Label of each sample, and which rows it holds; default all rows, called ``"all"``.
    covariances : sequence of (str, str or None), optional
        Name of each covariance, and the column of clusters that goes with it.

    Returns
    -------
    pandas.DataFrame
        One row per specification, ascending by estimate: `estimate`, `std_error`, `df`, `statistic`, `p_value`,
        `ci_low`, `ci_high`, `n`, `r2`, `controls` (joined by `` + ``), `n_controls`, `weights`, `effects`, `sample`,
        `vcov`, `cluster`; None where there is none. Summarise it with `summarise_curve`.

    Raises
    ------
    InvalidModel
        As `balancelab.regression.fit`; also for more than `MOST` specifications or a sample of another length.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, Specification curve analysis.

    Examples
    --------
    >>> schools = pd.DataFrame({"y": [1.0, 2, 4, 3, 6, 5], "x": [1, 2, 3, 4, 5, 6], "z": [1, 0, 1, 1, 0, 0]})
    >>> curve = specification_curve("y", "x", schools, controls=["z"], covariances=[("HC1", None)])
    >>> curve["controls"].tolist(), curve["estimate"].round(3).tolist()
    (['z', ''], [0.85, 0.886])
    """
    subsets = [chosen for size in range(len(controls) + 1) for chosen in itertools.combinations(controls, size)]
    chosen_samples = {"all": np.ones(len(schools), dtype=bool)} if samples is None else dict(samples)
    masks = {label: _mask(label, mask, schools) for label, mask in chosen_samples.items()}
    total = len(subsets) * len(weights) * len(effects) * len(masks) * len(covariances)
    if total > MOST or total == 0:
        raise refuse(
            f"共 {total} 种设定；须在 1 与 {MOST} 之间。", f"{total} specifications; there must be 1 to {MOST}."
        )
    complete = _complete(outcome, resource, schools, [*controls, *always], weights, effects, covariances)
    rows = []
    for subset, load, effect, label, (vcov, cluster) in itertools.product(
        subsets, weights, effects, masks, covariances
    ):
        formula = f"{outcome} ~ {' + '.join([resource, *always, *subset])}"
        found = fit(formula, schools[complete & masks[label]], weights=load, effects=effect, cluster=cluster, vcov=vcov)
        row = found.term(resource).drop("term").to_dict()
        row.update(n=found.n, r2=found.r2, controls=" + ".join(subset), n_controls=len(subset))
        row.update(weights=load, effects=effect, sample=label, vcov=vcov, cluster=cluster)
        rows.append(row)
    return pd.DataFrame(rows).sort_values("estimate", kind="stable", ignore_index=True)


def summarise_curve(curve: pd.DataFrame, *, level: float = 0.05) -> pd.Series:
    """
    Count what a specification curve says.

    Parameters
    ----------
    curve : pandas.DataFrame
        From `specification_curve`.
    level : float, optional
        Significance level.

    Returns
    -------
    pandas.Series
        `specifications`, `median`, `least`, `greatest`, `positive`, `negative`, `significant_positive`,
        `significant_negative`.

    Examples
    --------
    >>> curve = pd.DataFrame({"estimate": [-1.0, 1.0, 2.0], "p_value": [0.5, 0.2, 0.01]})
    >>> summarise_curve(curve)["significant_positive"]
    np.float64(1.0)
    """
    estimate, significant = curve["estimate"], curve["p_value"] < level
    return pd.Series(
        {
            "specifications": float(len(curve)),
            "median": estimate.median(),
            "least": estimate.min(),
            "greatest": estimate.max(),
            "positive": float((estimate > 0).sum()),
            "negative": float((estimate < 0).sum()),
            "significant_positive": float((significant & (estimate > 0)).sum()),
            "significant_negative": float((significant & (estimate < 0)).sum()),
        }
    )


def _mask(label: str, mask: ArrayLike, schools: pd.DataFrame) -> np.ndarray:
    rows = np.asarray(mask)
    if rows.shape != (len(schools),) or rows.dtype != bool:
        raise refuse(
            f"样本“{label}”须为 {len(schools)} 个真假值，每行一个。",
            f"The sample '{label}' must be {len(schools)} true or false values, one per row.",
        )
    return rows


def _complete(
    outcome: str,
    resource: str,
    schools: pd.DataFrame,
    terms: Sequence[str],
    weights: Sequence[str | None],
    effects: Sequence[str | None],
    covariances: Sequence[tuple[str, str | None]],
) -> np.ndarray:
    """Rows that every specification can use, so that none differs from another by its sample alone."""
    from balancelab.regression.formulas import parse

    parsed = parse(f"{outcome} ~ {' + '.join([resource, *terms])}", list(schools.columns))
    named = [*weights, *effects, *(cluster for _, cluster in covariances)]
    columns = [*parsed.columns, *(name for name in named if name is not None)]
    for name in columns:
        if name not in schools.columns:
            zh, en = nearest(name, map(str, schools.columns))
            raise refuse(f"学校表没有“{name}”一列{zh}", f"The school table has no column '{name}'{en}")
    return np.asarray(schools[list(dict.fromkeys(columns))].notna().all(axis=1))
