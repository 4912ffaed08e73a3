"""Rows of a whole country for the page over all reports, made without a report: 2,850 counties, five years."""

from __future__ import annotations

import random
from typing import Any

COUNTIES = 2850
YEARS = (2024, 2023, 2022, 2021, 2020)
NAMES = "安平临江清河永宁东西南北高新海丰石门龙泉青云白水金山长乐新兴太和"
BLOCKS = ("eligibility", "resources", "government", "quality", "recognition", "veto")
BLOCK_WORDS = ("申报条件", "资源配置", "政府保障程度", "教育质量", "社会认可度", "一票否决")
BLOCK_ENGLISH = ("Eligibility", "Resource allocation", "Government guarantee", "Education quality",
                 "Social recognition", "Vetoes")  # fmt: skip
INDICATORS = {
    "teaching_area": {"zh": "教学用房", "en": "Teaching area"},
    "sports_area": {"zh": "运动场馆", "en": "Sports area"},
    "equipment": {"zh": "仪器设备", "en": "Equipment"},
    "backbone": {"zh": "骨干教师", "en": "Backbone teachers"},
}
STAGES = {"primary": ({"zh": "小学", "en": "Primary"}, 0.5), "junior": ({"zh": "初中", "en": "Junior"}, 0.45)}
STANDARD = {"zh": "义务教育优质均衡发展县", "en": "Quality and balanced counties"}
KINDS = {
    "balance": {"zh": "均衡报告", "en": "Balance"},
    "self_evaluation": {"zh": "自评报告", "en": "Self-evaluation"},
}
WORDS = (
    {name: {"zh": zh, "en": en} for name, zh, en in zip(BLOCKS, BLOCK_WORDS, BLOCK_ENGLISH, strict=True)}
    | INDICATORS
    | {name: words for name, (words, _) in STAGES.items()}
)


def country_rows(counties: int = COUNTIES, years: tuple[int, ...] = YEARS) -> list[dict[str, Any]]:
    """Return rows as `index_rows` does; the same every time."""
    chance = random.Random(2017)
    codes = [f"{10 + at // 90:02d}{at % 90 + 1:04d}" for at in range(counties)]
    names = ["".join(chance.choices(NAMES, k=chance.choice((2, 2, 3)))) + chance.choice("县县区市") for _ in codes]
    levels = [chance.uniform(0.5, 1.6) for _ in codes]
    return [
        _row(chance, year, code, name, level - 0.06 * (year - years[-1]))
        for year in years
        for code, name, level in zip(codes, names, levels, strict=True)
    ]


def _row(chance: random.Random, year: int, code: str, name: str, level: float) -> dict[str, Any]:
    stage = chance.choice(list(STAGES))
    limit = STAGES[stage][1]
    value = round(max(0.05, limit * level * chance.uniform(0.9, 1.1)), 4)
    states = [chance.choices(("met", "failed", "undetermined"), (8, 1, 1))[0] for _ in BLOCKS]
    states[1] = "met" if value <= limit else "failed"
    worst = next((state for state in ("failed", "undetermined") if state in states), "met")
    made = int(code[2:]) % 95 != 7  # about one in a hundred could not be made
    return {
        "year": year,
        "code": code,
        "county": name,
        "standard": STANDARD,
        "verdict": worst if made else "error",
        "synthetic": True,
        "blocks": dict(zip(BLOCKS, states, strict=True)) if made else {},
        "cv": {"stage": stage, "indicator": chance.choice(list(INDICATORS)), "value": value, "limit": limit}
        if made
        else None,
        "words": WORDS,
        "reports": [
            {
                "kind": words,
                "name": kind,
                "school": "",
                "language": language,
                "formats": ["html", "pdf", "docx", "xlsx", "json"] if year == YEARS[0] else ["html", "json"],
                "stale": False,
            }
            for kind, words in KINDS.items()
            for language in ("zh", "en")
        ]
        if made
        else [],
    }
