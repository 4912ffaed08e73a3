"""What pupils reach: the stated model of the outcome columns (its formula: the docstring of `balancelab.sample`)."""

from __future__ import annotations

import numpy as np

from balancelab.sample.amounts import Years
from balancelab.sample.schools import Plan, Schools
from balancelab.sample.settings import LOCATIONS, SPECIAL, by_stage, law, settings


def draw_outcomes(
    schools: Schools, years: Years, plan: Plan, columns: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """
    Draw scores and pass rates from what the table says of the schools.

    Parameters
    ----------
    schools, years, plan
        The county.
    columns : dict of str to ndarray, shape (n_years, n_schools, 2)
        ``teachers_above_qualification``, ``equipment_value_yuan`` and ``migrant_students``, as in the table.
    rng : Generator
        The county's own.

    Returns
    -------
    dict of str to ndarray of float, shape (n_years, n_schools, 2)
        ``mean_score`` [points, 0 to 100] and ``proficiency_rate`` [share]; NaN where nobody sat the examination.
    """
    model, students = settings()["model"], np.maximum(years.students, 1)
    score = (
        by_stage(model["intercept"])
        + model["qualified_teachers"] * 100 * columns["teachers_above_qualification"] / students
        + model["equipment"] * equipment_per_student(schools, years, columns["equipment_value_yuan"]) / 1000
        + model["migrant_share"] * columns["migrant_students"] / students
        + np.array([model["location"][name] for name in LOCATIONS])[schools.location][:, None]
        - model["year"] * years.back[:, None, None]
        + _county_effect(plan, rng)
        + model["school_sd"] * rng.standard_normal(len(schools.kind))[:, None]
    )
    noise_sd = np.hypot(model["noise_sd"], model["noise_sd_by_root_students"] / np.sqrt(students))
    score = np.clip(score + noise_sd * rng.standard_normal(score.shape), 0, 100)
    logit = (score - model["pass_mark"]) / model["pass_scale"] + model["pass_noise"] * rng.standard_normal(score.shape)
    rate = np.rint(students / (1 + np.exp(-logit))) / students
    blank = (years.students < model["exam_min_students"]) | (schools.kind == SPECIAL)[:, None]
    return {
        "mean_score": np.where(blank, np.nan, np.round(score, 2)),
        "proficiency_rate": np.where(blank, np.nan, np.round(rate, 4)),
    }


def equipment_per_student(schools: Schools, years: Years, equipment: np.ndarray) -> np.ndarray:
    """
    Equipment value per student of the stage, whole-school amounts split by the stage weights.

    Returns
    -------
    ndarray, shape (n_years, n_schools, 2)
        [yuan]
    """
    weights = law().weights
    weighted = years.students @ weights[:2] + years.senior * weights[2]
    whole = equipment * weights[:2] / np.maximum(weighted, 1)[:, :, None]
    own = equipment / np.maximum(years.students, 1)
    return np.where(schools.whole[:, None], whole, own)


def _county_effect(plan: Plan, rng: np.random.Generator) -> float:
    model = settings()["model"]
    share = model["county_wealth_correlation"]
    wealth = float(np.clip(np.log(plan["level"]) / 0.17, -2, 2))  # 0.6 (U - 1/2), the drawn levels, has this sd
    return float(model["county_sd"] * (share * wealth + np.sqrt(1 - share**2) * rng.standard_normal()))
