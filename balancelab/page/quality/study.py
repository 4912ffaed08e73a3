"""What a regression report is about: the outcome, the resources, what is held fixed, and the schools that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from balancelab.definitions import nearest
from balancelab.equity.area import describe_schools, select_year
from balancelab.page.quality.variables import (
    Block,
    control_block,
    outcome_label,
    resource_block,
    schema_for,
    stage_block,
)

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.standards import Standard

UNIT = "school_stage"
"""Column that names one school's one stage over the years."""

_KEY = ["year", "county_code", "school_code", "stage"]


@dataclass(frozen=True, eq=False)
class Study:
    """
    A regression report's question and its rows.

    Attributes
    ----------
    outcome : str
        Column of the outcome.
    outcome_label : dict
        Its name, in both languages.
    resources : tuple of Block
        Resources whose association with the outcome is asked for; the first is followed in the figures.
    controls : tuple of Block
        What is held fixed besides the stage.
    stages : Block
        The stage, held fixed throughout; without columns where there is one stage.
    left_out : tuple of dict
        Why a resource or control was not used, in both languages.
    weights : str
        Column of weights of the main models, or ``""``.
    cluster : str
        Column of clusters, or ``""`` where errors cannot be clustered.
    cluster_fault : dict or None
        Why they cannot.
    schools : DataFrame
        Complete rows of the year: the sample of every model.
    panel : DataFrame
        Complete rows of all years.
    flow : DataFrame
        Columns `step`, `rows`: from the year's rows in scope to the sample.
    county_code : str
        The county, or ``""``.
    standard : Standard
        Gives names and terms.
    """

    outcome: str
    outcome_label: Text
    resources: tuple[Block, ...]
    controls: tuple[Block, ...]
    stages: Block
    left_out: tuple[Text, ...]
    weights: str
    cluster: str
    cluster_fault: Text | None
    schools: pd.DataFrame
    panel: pd.DataFrame
    flow: pd.DataFrame
    county_code: str
    standard: Standard

    @property
    def main(self) -> Block:
        """The resource that the figures follow."""
        return self.resources[0]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Everything on the right-hand side."""
        return (*self.resources, *self.controls, self.stages)

    @property
    def labels(self) -> dict[str, Text]:
        """Name of each column on the right-hand side."""
        return {column: label for block in self.blocks for column, label in block.columns.items()}

    def formula(self, blocks: Sequence[Block], *, outcome: str | None = None) -> str:
        """Return the model formula of some blocks; the stage is always added."""
        terms = [term for block in (*blocks, self.stages) for term in block.columns]
        return f"{outcome or self.outcome} ~ {' + '.join(terms) or '1'}"


def design_study(
    indicators: pd.DataFrame,
    schools: pd.DataFrame,
    standard: Standard,
    *,
    outcome: str,
    resources: str,
    controls: str = "",
    weights: str = "",
    cluster: str = "county_code",
    year: int,
    county_code: str = "",
    column_map: str | Path | None = None,
) -> Study:
    """
    Put together what the models need.

    Parameters
    ----------
    indicators : DataFrame
        From :func:`balancelab.indicators.compute_indicators`, all years.
    schools : DataFrame
        The school table in scope that they were computed from.
    standard : Standard
        Gives indicators, stages and names.
    outcome : str
        Column of the school table.
    resources : str
        Ids of indicators, with commas between.
    controls : str, optional
        Columns of the school table; ``<group>_share`` stands for ``<group>_students ÷ students`` and
        ``log_students`` for the base-two logarithm of the students. Those that the table lacks are left out, and said.
    weights : str, optional
        ``""`` (every school counts alike) or ``students``.
    cluster : str, optional
        Column of clusters.
    year : int
        Year of the cross-section.
    county_code : str, optional
        County of the report; ``""`` for the whole table.
    column_map : str or Path, optional
        The user's column map: names of columns of their own.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If outcome, resource, weights, county or year are not there; the message names the nearest.
    """
    _check(schools, standard, outcome, resources, weights, cluster, county_code)
    schema = schema_for(column_map)
    wide = _wide(indicators, schools)
    now = select_year(wide, year)
    left_out: list[Text] = []
    sample, blocks = now[now[outcome].notna()], []
    for _ in range(2):  # categories, units and what varies: decided by the rows that are left once all are complete
        left_out = []
        chosen = [resource_block(sample, _indicator(standard, name), left_out) for name in _split(resources)]
        held = [control_block(sample, name, schema, left_out) for name in _split(controls)]
        blocks = [block for block in (*chosen, *held, stage_block(sample, standard)) if block is not None]
        filled = wide.assign(**{name: values for block in blocks for name, values in block.values(wide).items()})
        sample, flow = _sample(filled[filled["year"] == year], outcome, blocks)
    fault = None if cluster in wide else _no_cluster(cluster)
    return Study(
        outcome=outcome,
        outcome_label=outcome_label(schema, outcome),
        resources=tuple(block for block in blocks if block.kind == "resource"),
        controls=tuple(block for block in blocks[:-1] if block.kind == "control"),
        stages=blocks[-1],
        left_out=tuple(left_out),
        weights=weights,
        cluster="" if fault else cluster,
        cluster_fault=fault,
        schools=sample,
        panel=_sample(filled, outcome, blocks)[0],
        flow=flow,
        county_code=county_code,
        standard=standard,
    )


def _check(
    schools: pd.DataFrame,
    standard: Standard,
    outcome: str,
    resources: str,
    weights: str,
    cluster: str,
    county_code: str,
) -> None:
    """Refuse what is not there, all at once."""
    faults = []
    known = [indicator.id for indicator in standard.indicators]
    for name in _split(resources):
        if name not in known:
            zh, en = nearest(name, known)
            faults.append(f"标准没有指标“{name}”{zh}\nthe standard has no indicator '{name}'{en}")
    if not _split(resources):
        faults.append("没有给出资源指标\nno resource is given")
    if outcome not in schools or schools[outcome].isna().all():
        zh, en = nearest(outcome, [str(name) for name in schools if schools[name].dtype.kind == "f"])
        faults.append(f"学校表没有结果“{outcome}”一列{zh}\nthe school table has no outcome '{outcome}'{en}")
    if weights not in ("", "students"):
        faults.append(f"权重只能为空或 students，而不是“{weights}”\nweights are empty or 'students', not '{weights}'")
    if county_code and county_code not in set(schools["county_code"]):
        zh, en = nearest(county_code, set(schools["county_code"]))
        faults.append(f"表中没有县（区）“{county_code}”{zh}\nthe table has no county '{county_code}'{en}")
    if faults:
        raise ValueError("\n".join(faults))


def _split(listed: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in listed.split(",") if name.strip()))


def _indicator(standard: Standard, name: str) -> object:
    return next(indicator for indicator in standard.indicators if indicator.id == name)


def _no_cluster(cluster: str) -> Text:
    return {
        "zh": f"学校表没有“{cluster}”一列，标准误未按类聚合。",
        "en": f"The school table has no column '{cluster}'; errors are not clustered.",
    }


def _wide(indicators: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """One row per year, school and stage: what the table says of it, and its indicators."""
    described = describe_schools(indicators, schools, columns=())
    values = described.pivot(index=_KEY, columns="indicator", values="value").reset_index()
    wide = schools.drop(columns=[name for name in values if name not in _KEY and name in schools])
    wide = wide.merge(values, on=_KEY, how="left", validate="one_to_one")
    wide[UNIT] = wide["county_code"] + "/" + wide["school_code"] + "/" + wide["stage"]
    return wide.reset_index(drop=True)


def _sample(schools: pd.DataFrame, outcome: str, blocks: Sequence[Block]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows in which nothing is missing, and how many are left at each step."""
    import pandas as pd

    steps = [("in_scope", np.ones(len(schools), dtype=bool)), ("outcome", schools[outcome].notna().to_numpy())]
    for kind in ("resource", "control"):
        names = [name for block in blocks if block.kind == kind for name in block.columns]
        steps.append((kind, np.isfinite(schools[names].to_numpy(float)).all(axis=1)))
    # the student-weighted step needs students; asking for them at once keeps the sample the same in every step
    students = schools["students"].to_numpy(float)
    steps.append(("students", np.isfinite(students) & (students > 0)))
    kept, rows = np.ones(len(schools), dtype=bool), []
    for step, has in steps:
        kept = kept & has
        rows.append({"step": step, "rows": int(kept.sum())})
    return schools[kept].reset_index(drop=True), pd.DataFrame(rows, columns=["step", "rows"])
