"""Every file of the bad-input collection gets the class, the code and the words that its manifest states."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from balancelab.intake import Intake, inspect
from balancelab.intake.scope import mark_scope
from balancelab.standards import load_standard

FOLDER = Path(__file__).parents[3] / "shared" / "badinputs"
MANIFEST: dict[str, Any] = (
    json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8")) if FOLDER.is_dir() else {"cases": []}
)
CASES = [case for case in MANIFEST["cases"] if not case["file"].endswith(".yaml")]

pytestmark = pytest.mark.skipif(not CASES, reason="the collection of bad inputs is not here")


def answer_class(intake: Intake) -> str:
    severities = {finding.severity for finding in intake.findings}
    if "error" in severities:
        return "error"
    if "warning" in severities:
        return "warning"
    return "accepted-with-normalisation" if severities else "accepted"


def in_scope(intake: Intake) -> pd.DataFrame:
    standard = load_standard("quality_2017")
    counted = mark_scope(intake.schools, standard)["in_scope"].to_numpy()
    return intake.schools[counted].drop(columns="source_row").reset_index(drop=True)


@pytest.fixture(scope="module")
def control() -> pd.DataFrame:
    return in_scope(inspect(FOLDER / "ctl_base_valid.csv"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_each_file_gets_its_answer(case: dict[str, Any], control: pd.DataFrame) -> None:
    intake = inspect(FOLDER / case["file"], standard=load_standard("quality_2017"))
    assert answer_class(intake) == case["expected_class"]
    if case.get("finding_code"):
        assert case["finding_code"] in {finding.code for finding in intake.findings}
    text = "\n".join(f"{finding.en} {finding.remedy_en}" for finding in intake.findings)
    for words in case.get("message_must_mention", []):
        assert words in text
    if case.get("canonical_table_equals_control"):
        pd.testing.assert_frame_equal(in_scope(intake), control)


def test_the_control_gives_the_oracles_means_and_cvs() -> None:
    """Exact fractions of the clean table, rounded to 15 digits, are the oracle's (manifest.json, exact arithmetic)."""
    columns = {
        "teachers_above_qualification_per_100": ("teachers_above_qualification", 100),
        "teachers_backbone_per_100": ("teachers_backbone", 100),
        "teaching_area_per_student": ("teaching_area_m2", 1),
        "equipment_value_per_student": ("equipment_value_yuan", 1),
        "books_per_student": ("books", 1),
        "multimedia_rooms_per_100": ("multimedia_rooms", 100),
    }
    schools = inspect(FOLDER / "ctl_base_valid.csv").schools
    for stage, oracle in MANIFEST["oracle_for_control"].items():
        rows = schools[schools["stage"] == stage]
        students = [Fraction(value) for value in rows["students"]]
        assert (len(rows), int(sum(students))) == (oracle["schools"], oracle["students"])
        for name, (column, per) in columns.items():
            amounts = [Fraction(str(value)) for value in rows[column]]
            mean = per * sum(amounts) / sum(students)
            squares = sum(p * (per * x / p - mean) ** 2 for x, p in zip(amounts, students, strict=True))
            variance = squares / sum(students) / mean**2
            assert f"{float(mean):.15g}" == f"{float(oracle[name]['mean']):.15g}"
            assert float(variance) ** 0.5 == pytest.approx(float(oracle[name]["cv"]), rel=1e-14)
