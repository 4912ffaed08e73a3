"""
The satisfaction survey: counts by respondent group and topic, shares with Wilson intervals, the sample required.

Words of the form are data (``survey.toml``); limits stand in the standards.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from balancelab.definitions import nearest
from balancelab.intake.county_faults import TableFaults
from balancelab.intake.schema import header_key
from balancelab.items.formulas import to_fraction

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.intake.findings import Finding
    from balancelab.standards import Standard

OVERALL = "overall"
ALL = "all"
COUNT_COLUMNS = ("group", "topic", "valid", "satisfied")
_CONFIDENCE = 0.95


def survey_words(kind: str) -> Mapping[str, Text]:
    """Return the words of ``groups``, ``topics`` or ``answers``, by id."""
    words: Mapping[str, Text] = _definitions()[kind]
    return words


def survey_open_point() -> Text:
    """Return what the documents leave open about the survey."""
    text: Text = _definitions()["open_point"]
    return text


def wilson_interval(satisfied: int, valid: int, *, confidence: float = _CONFIDENCE) -> tuple[float, float]:
    r"""
    Return Wilson's score interval of a share.

    Parameters
    ----------
    satisfied, valid : int
        Of `valid` respondents, `satisfied`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float
        NaN where nobody answered. [unitless]

    Raises
    ------
    ValueError
        If the counts are negative, `satisfied` exceeds `valid`, or `confidence` lies outside (0, 1).

    Notes
    -----
    .. math:: \frac{p + z^2/2n \pm z\sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    It stays within 0 and 1 and keeps its level for shares near 1, where satisfaction lies. It treats respondents as a
    simple random sample; a questionnaire handed out school by school is less than that.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209–212.

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(85, 100)]
    [0.7672, 0.9069]
    """
    if not 0 <= satisfied <= valid or not 0 < confidence < 1:
        raise ValueError("needs 0 <= satisfied <= valid and 0 < confidence < 1")
    if valid == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = satisfied / valid
    centre = share + z * z / (2 * valid)
    half = z * math.sqrt(share * (1 - share) / valid + z * z / (4 * valid * valid))
    scale = 1 + z * z / valid
    # At the ends the formula gives 0 and 1 exactly; floats only nearly.
    low = 0.0 if satisfied == 0 else (centre - half) / scale
    return low, 1.0 if satisfied == valid else (centre + half) / scale


def required_sample(population: int, standard: Standard) -> int:
    """
    Return how many valid questionnaires a county needs.

    Parameters
    ----------
    population : int
        Resident population.
    standard : Standard
        Its settings ``survey_per_thousand`` and ``survey_minimum``.

    Returns
    -------
    int
        Rounded up. [questionnaires]

    Raises
    ------
    ValueError
        If the population is negative.

    Examples
    --------
    >>> from balancelab.standards import load_standard
    >>> [required_sample(n, load_standard("quality_2017")) for n in (250_000, 400_000, 400_001, 1_000_000)]
    [600, 600, 601, 1500]
    """
    if population < 0:
        raise ValueError(f"the population must not be negative, is {population}")
    share = Fraction(_number(standard, "survey_per_thousand")) / 1000
    return max(math.ceil(share * population), int(_number(standard, "survey_minimum")))


def count_responses(responses: pd.DataFrame, *, file: str = "") -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """
    Count a response table by respondent group and topic.

    Parameters
    ----------
    responses : DataFrame
        One row per answer: ``group``, ``topic``, ``answer``, as ids or as the form's Chinese or English words. Without
        a column ``topic`` every answer is about the whole (``overall``).
    file : str
        Named in the findings.

    Returns
    -------
    counts : DataFrame
        ``group, topic, valid, satisfied``; answers that say nothing are not valid. Rows with an unknown word are
        left out.
    findings : tuple of Finding
        Every unknown word once, with how many rows have it and the nearest known one.
    """
    import pandas as pd

    faults = TableFaults(file)
    answers = _definitions()["answers"]
    topics = responses["topic"] if "topic" in responses else pd.Series(OVERALL, index=responses.index)
    table = understand_words(responses[["group", "answer"]].assign(topic=topics), faults)
    says = {name: entry.get("satisfied") for name, entry in answers.items()}
    verdict = table["answer"].map(says)
    table = table.assign(valid=verdict.notna().astype(int), satisfied=verdict.eq(True).astype(int))
    counts = table.groupby(["group", "topic"], sort=False)[["valid", "satisfied"]].sum().reset_index()
    return counts[list(COUNT_COLUMNS)], faults.findings()


def understand_words(rows: pd.DataFrame, faults: TableFaults) -> pd.DataFrame:
    """
    Turn the words of a survey into ids.

    Parameters
    ----------
    rows : DataFrame
        With any of ``group, topic, answer``.
    faults : TableFaults
        Notes every unknown word once.

    Returns
    -------
    DataFrame
        The same columns; rows with an unknown word, or without a number, are left out.
    """
    names = {"group": "调查对象", "topic": "调查内容", "answer": "回答"}
    known = {name: _by_key(f"{name}s") for name in names if name in rows}
    found = {name: _understood(rows[name], known[name], (names[name], name), faults) for name in known}
    return rows.assign(**found).dropna()


def summarise_survey(counts: pd.DataFrame, *, confidence: float = _CONFIDENCE) -> pd.DataFrame:
    """
    Compute satisfaction by group, by topic, and in all.

    Parameters
    ----------
    counts : DataFrame
        ``group, topic, valid, satisfied``, one row for each group and topic.
    confidence : float
        Of the intervals.

    Returns
    -------
    DataFrame
        ``group, topic, valid, satisfied, share, ci_low, ci_high``: the rows given, then each group over its topics
        (topic ``"all"``), each topic over the groups (group ``"all"``), and the whole (both ``"all"``). Over topics
        the ``overall`` question decides where it was asked, else all valid answers are put together.

    Raises
    ------
    ValueError
        If a count is negative or more are satisfied than valid.
    """
    import pandas as pd

    counts = counts[list(COUNT_COLUMNS)]
    numbers = counts[["valid", "satisfied"]].to_numpy(float)
    if (numbers < 0).any() or (numbers[:, 1] > numbers[:, 0]).any():
        raise ValueError("counts must not be negative, and no more can be satisfied than are valid")
    deciding = counts[counts["topic"] == OVERALL] if (counts["topic"] == OVERALL).any() else counts
    sums = ["valid", "satisfied"]
    by_group = deciding.groupby("group", sort=False)[sums].sum().reset_index().assign(topic=ALL)
    by_topic = counts.groupby("topic", sort=False)[sums].sum().reset_index().assign(group=ALL)
    whole = pd.DataFrame([{"group": ALL, "topic": ALL, **{name: deciding[name].sum() for name in sums}}])
    table = pd.concat([counts, by_group, by_topic, whole], ignore_index=True).astype(dict.fromkeys(sums, int))
    pairs = zip(table["satisfied"], table["valid"], strict=True)
    ends = [wilson_interval(int(satisfied), int(valid), confidence=confidence) for satisfied, valid in pairs]
    return table.assign(
        share=table["satisfied"] / table["valid"].where(table["valid"] > 0),
        ci_low=[low for low, _ in ends],
        ci_high=[high for _, high in ends],
    )[[*COUNT_COLUMNS, "share", "ci_low", "ci_high"]]


def survey_figures(counts: pd.DataFrame, *, year: int, county_code: str, evidence: str = "") -> pd.DataFrame:
    """
    Put a survey into rows of the county table, so that it is judged with the other items.

    Parameters
    ----------
    counts : DataFrame
        ``group, topic, valid, satisfied``.
    year : int
    county_code : str
    evidence : str
        Where the survey is documented.

    Returns
    -------
    DataFrame
        ``year, county_code, item, value, evidence, applies``: ``questionnaires_valid``, ``questionnaires_satisfied``
        and the same of parents. Append it to the table from ``read_county_items``.
    """
    import pandas as pd

    summary = summarise_survey(counts)
    whole = summary[summary["topic"] == ALL]
    rows = []
    for group, ending in ((ALL, ""), ("parents", "_parents")):
        for _, row in whole[whole["group"] == group].iterrows():
            rows += [(f"questionnaires_{name}{ending}", float(row[name])) for name in ("valid", "satisfied")]
    table = pd.DataFrame(rows, columns=["item", "value"])
    return table.assign(year=year, county_code=county_code, evidence=evidence, applies=True)[
        ["year", "county_code", "item", "value", "evidence", "applies"]
    ]


def check_sample(counts: pd.DataFrame, population: int, standard: Standard, *, file: str = "") -> tuple[Finding, ...]:
    """
    Say whether a survey asked enough people, and enough parents.

    Parameters
    ----------
    counts : DataFrame
        ``group, topic, valid, satisfied``; a questionnaire is taken to be counted once under each topic.
    population : int
        Resident population of the county.
    standard : Standard
        Its settings ``survey_per_thousand``, ``survey_minimum`` and ``survey_parents_share``.
    file : str
        Named in the findings.

    Returns
    -------
    tuple of Finding
        Empty where the sample is large enough and parents are enough of it.
    """
    faults = TableFaults(file)
    by_topic = counts.groupby("topic")["valid"].sum()
    valid = int(by_topic.max()) if len(by_topic) else 0
    needed = required_sample(population, standard)
    clause = standard.settings["survey_per_thousand"].open_point
    if valid < needed:
        faults.add("SURVEY_SAMPLE", raw=f"{valid}", limit=f"{needed}", clause=(clause["zh"], clause["en"]))
    parents = counts[counts["group"] == "parents"].groupby("topic")["valid"].sum()
    least = Fraction(_number(standard, "survey_parents_share"))
    share = Fraction(int(parents.max()) if len(parents) else 0, valid) if valid else Fraction(0)
    if valid and share < least:
        text = standard.settings["survey_parents_share"].open_point
        faults.add(
            "SURVEY_PARENTS", raw=f"{float(share):.1%}", limit=f"{float(least):.0%}", clause=(text["zh"], text["en"])
        )
    return faults.findings()


def _number(standard: Standard, name: str) -> Fraction:
    value = standard.setting(name)
    return to_fraction(value if isinstance(value, Decimal) else Decimal(str(value)))


def _understood(texts: pd.Series, known: Mapping[str, str], column: tuple[str, str], faults: TableFaults) -> np.ndarray:
    found = np.array([known.get(header_key(str(text))) for text in texts], dtype=object)
    unknown: dict[str, int] = {}
    for text, meaning in zip(texts, found, strict=True):
        if meaning is None:
            unknown[str(text)] = unknown.get(str(text), 0) + 1
    for text, count in unknown.items():
        faults.add("SURVEY_WORD", raw=text, n=count, near=nearest(text, known), word=column)
    return found


def _by_key(kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, entry in _definitions()[kind].items():
        for text in (name, entry["zh"], entry["en"], *entry.get("aliases", ())):
            found.setdefault(header_key(text), name)
    return found


@cache
def _definitions() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("survey.toml").read_text(encoding="utf-8"))
