"""What tables, figures and sentences of the regression report share: names of models, numbers, places in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from balancelab.page.display import number_text

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.page.quality.ladder import Ladder, Rung
    from balancelab.page.quality.study import Study
    from balancelab.page.quality.variables import Block

RUNGS: Mapping[str, Text] = {
    "association": {"zh": "只有资源", "en": "Resources only"},
    "controls": {"zh": "加控制变量", "en": "With controls"},
    "weighted": {"zh": "按学生加权", "en": "By students"},
    "county": {"zh": "{county}固定效应", "en": "Within each {county}"},
    "panel": {"zh": "学校与年度固定效应", "en": "Within each school"},
    "random": {"zh": "随机截距", "en": "Random intercepts"},
}
"""Names of the rungs of the ladder; a placeholder takes the standard's word for a county."""

_UNWEIGHTED: Text = {"zh": "每校等权", "en": "Schools alike"}
COMMON_LEVEL = 0.05


def rung_name(page: Page, study: Study, name: str) -> str:
    """Return the name of a rung; where the main models are weighted, the other one is not."""
    words = _UNWEIGHTED if name == "weighted" and study.weights else RUNGS[name]
    return page.word(words).replace("{county}", page.word(study.standard.term("county")))


def p_text(value: float) -> str:
    """
    Write a p-value.

    >>> p_text(0.00001), p_text(0.04321)
    ('<0.001', '0.043')
    """
    return "<0.001" if value < 0.001 else number_text(value, 3)


def decimals_for(values: Iterable[float]) -> int:
    """
    Choose decimals that leave three digits to the largest value, four at most.

    >>> decimals_for([0.8, 1.2]), decimals_for([120.0]), decimals_for([0.002])
    (2, 0, 4)
    """
    largest = max((abs(value) for value in values if value == value), default=1.0)
    return next((places for places, limit in ((0, 100), (1, 10), (2, 1), (3, 0.1)) if largest >= limit), 4)


def main_decimals(ladder: Ladder) -> int:
    """Return the decimals of the main model's resources, the same in its table and its sentences."""
    main = ladder.main
    columns = [column for block in ladder.study.resources for column in block.columns]
    return 2 if main is None else decimals_for(main.coefficients.set_index("term").loc[columns, "estimate"])


def joined(page: Page, parts: Sequence[str]) -> str:
    """Join parts as a list in a sentence."""
    return page.word({"zh": "、", "en": ", "}).join(parts)


def block_name(page: Page, block: Block) -> str:
    """Return a variable's name as it stands inside a sentence."""
    return page.word({"zh": block.label["zh"], "en": _small(block.label["en"])})


def outcome_name(page: Page, study: Study) -> str:
    """Return the outcome's name as it stands inside a sentence."""
    return page.word({"zh": study.outcome_label["zh"], "en": _small(study.outcome_label["en"])})


def errors_name(page: Page, ladder: Ladder) -> str:
    """Say what the errors allow for."""
    if ladder.clustered and ladder.main is not None:
        unit = page.word(
            ladder.study.standard.term("county")
            if ladder.study.cluster == "county_code"
            else {"zh": ladder.study.cluster, "en": ladder.study.cluster}
        )
        return page.word(
            {
                "zh": f"按{unit}聚类的 CR2 标准误（{ladder.main.clusters} 类）",
                "en": f"CR2 errors clustered by {unit} ({ladder.main.clusters} clusters)",
            }
        )
    return page.word({"zh": "HC3 稳健标准误", "en": "HC3 robust errors"})


def ends(row: Mapping[Any, Any] | pd.Series, decimals: int) -> str:
    """Write an interval."""
    low, high = number_text(row["ci_low"], decimals), number_text(row["ci_high"], decimals)
    return f"[{low}, {high}]"


def step(page: Page, ladder: Ladder, rung: Rung) -> None:
    """Say why a step was not taken; nothing where it was."""
    if rung.fit is not None:
        return
    name = rung_name(page, ladder.study, rung.id) if rung.id in RUNGS else ""
    for fault in rung.why:
        if name:
            page.say(zh="模型“{name}”未计算：{why}", en="Not computed, {name}: {why}", name=name, why=page.word(fault))
        else:
            page.say(zh="{why}", en="{why}", why=page.word(fault))


def p_words(value: float) -> str:
    """Write a p-value behind the letter p."""
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _small(label: str) -> str:
    """
    Write a label as it stands inside a sentence; a proper name keeps its capitals.

    >>> _small("Mean score"), _small("Academic Performance Index")
    ('mean score', 'Academic Performance Index')
    """
    return label if label[1:] != label[1:].lower() else label.lower()
