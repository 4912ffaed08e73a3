"""
Verdicts on a checklist: items, official items, blocks, the county.

A verdict is true, false or missing; a missing item is not reported, never passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from balancelab.items.outcomes import compare, decide
from balancelab.items.rubric import SCORE
from balancelab.standards.items import Comparison, Item
from balancelab.verdicts import all_of

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.standards import Standard

VERDICT_COLUMNS = (
    "year", "county_code", "item", "official", "block", "value", "low", "high", "limit", "comparison", "met",
    "borderline", "reason", "informative", "authority", "document", "source", "n", "n_missing", "detail", "unreported",
    "reported", "evidence",
)  # fmt: skip
COUNTY = "county"


def judge_items(values: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Compare the items of every county with the standard.

    Parameters
    ----------
    values : DataFrame
        From :func:`balancelab.items.compute_items`.
    standard : Standard
        Its items; ``dated_limits`` among its settings says which year's limits hold.

    Returns
    -------
    DataFrame
        One row per county × item: ``year, county_code, item, official, block, value, low, high, limit, comparison,
        met, borderline, reason, informative, authority, document, source, n, n_missing, detail, unreported, reported,
        evidence``. `met` is true, false or missing; `reason` says why it is missing: ``not_reported``, ``incomplete``
        (some schools or years are missing and could decide it), ``not_applicable``; else ``""``. `borderline` marks
        a verdict that rounding to the form's decimals would overturn. `authority` and `document` say whose
        requirement it is and which file it stands in.
    """
    import pandas as pd

    by_year = standard.settings["dated_limits"].value == "by_year" if "dated_limits" in standard.settings else False
    rows = []
    for row in values.to_dict("records"):
        item = _item(standard, str(row["item"]))
        if item is not None:
            rows.append(_judged(row, item, item.limit_in(int(row["year"]), by_year=by_year)))
    table = pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))
    return table.astype({"met": "boolean", "borderline": bool, "informative": bool, "limit": float, "value": float})


def judge_official_items(verdicts: pd.DataFrame) -> pd.DataFrame:
    """
    Put the parts of official items together: an official item is met if all its parts are.

    Parameters
    ----------
    verdicts : DataFrame
        From :func:`judge_items`.

    Returns
    -------
    DataFrame
        One row per county × official item: ``year, county_code, block, official, met, n_parts, n_met, n_failed,
        n_missing, failed, missing, reason``. Parts that do not apply do not count; items for information are left
        out. `failed` and `missing` list item ids with ``;`` between them; `reason` is ``not_applicable`` where no part
        applies (`met` is then missing and does not count).
    """
    import pandas as pd

    keys = ["year", "county_code", "block", "official"]
    rows = []
    for key, parts in verdicts[~verdicts["informative"]].groupby(keys, sort=False):
        counted = parts[parts["reason"] != "not_applicable"]
        failed = counted["item"][counted["met"].eq(False).fillna(False)]
        missing = counted["item"][counted["met"].isna()]
        rows.append(
            dict(zip(keys, key, strict=True))
            | {
                "met": all_of(counted["met"]) if len(counted) else None,
                "n_parts": len(counted),
                "n_met": int(counted["met"].sum()),
                "n_failed": len(failed),
                "n_missing": len(missing),
                "failed": ";".join(failed),
                "missing": ";".join(missing),
                "reason": "" if len(counted) else "not_applicable",
            }
        )
    names = ["met", "n_parts", "n_met", "n_failed", "n_missing", "failed", "missing", "reason"]
    return pd.DataFrame(rows, columns=[*keys, *names]).astype({"met": "boolean"})


def conclude_county(resource_result: pd.DataFrame, item_verdicts: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """
    Draw the conclusion of the whole evaluation for every county.

    Parameters
    ----------
    resource_result : DataFrame
        From :func:`balancelab.verdicts.conclude_counties`; a county that is missing there is undetermined in the
        blocks that rest on resources.
    item_verdicts : DataFrame
        From :func:`judge_items`.
    standard : Standard
        Its ``conclusion`` lists the blocks; ``resources``, ``school_standard`` and ``differences`` are taken from
        `resource_result` (all of it, the schools, the coefficients), every other one from the items.

    Returns
    -------
    DataFrame
        One row per county × block in the document's order, then one for the ``county``: ``year, county_code, block,
        met, n_items, n_met, n_failed, n_missing, failed, missing, reason``. `n_items` counts official items (0 for a
        block of resources); `failed` and `missing` list item ids, for the county block ids. `reason` of the county is
        ``vetoed``, ``failed``, ``missing`` or ``""``: a veto decides whatever the rest says, and something not
        reported leaves the verdict missing unless another block fails.

    Raises
    ------
    ValueError
        If the standard draws no conclusion about a county.
    """
    import pandas as pd

    if standard.conclusion is None:
        raise ValueError(f"the standard {standard.id!r} lists no blocks to conclude from")
    officials = judge_official_items(item_verdicts)
    keys = ["year", "county_code"]
    counties = pd.concat([resource_result[keys], item_verdicts[keys]]).drop_duplicates().sort_values(keys)
    rows: list[dict[str, Any]] = []
    for year, county in counties.itertuples(index=False):
        resources, of_county = _here(resource_result, year, county), _here(officials, year, county)
        blocks = [_block(name, resources, of_county, standard) for name in standard.conclusion.blocks]
        rows += [{"year": year, "county_code": county} | row for row in [*blocks, _whole(blocks)]]
    names = ["block", "met", "n_items", "n_met", "n_failed", "n_missing", "failed", "missing", "reason"]
    return pd.DataFrame(rows, columns=[*keys, *names]).astype({"met": "boolean"})


_OF_RESOURCES = {"resources": "met", "school_standard": "schools_met", "differences": "cv_met"}


def _item(standard: Standard, name: str) -> Item | None:
    rubric = standard.rubric
    if name != SCORE or rubric is None:
        return standard.items.get(name)
    words = {"zh": "得分", "en": "Score"}
    return Item(
        id=SCORE,
        official=SCORE,
        block=rubric.block,
        label=words,
        short=words,
        unit={"zh": "分", "en": "points"},
        clause=rubric.clause,
        comparison="at_least",
        limit=rubric.at_least,
        kind="amount",
        evidence="number",
        confidence=rubric.confidence,
        authority=rubric.authority,
        source=rubric.source,
    )


def _judged(row: Mapping[Any, Any], item: Item, limit: Decimal | None) -> dict[str, Any]:
    met = None if row["source"] in ("missing", "not_applicable") else _decided(row, item, limit)
    reason = ""
    if met is None:
        reason = {"missing": "not_reported", "not_applicable": "not_applicable"}.get(row["source"], "incomplete")
    return dict(row) | {
        "official": item.official,
        "block": item.block,
        "limit": None if limit is None else float(limit),
        "comparison": item.comparison,
        "met": met,
        "borderline": met is not None and _rounding_overturns(row["low"], row["high"], item, limit),
        "reason": reason,
        "informative": item.informative,
        "authority": item.authority,
        "document": item.source,
    }


def _decided(row: Mapping[Any, Any], item: Item, limit: Decimal | None) -> bool | None:
    low, high = (end if isinstance(end, Fraction) else None for end in (row["low"], row["high"]))
    return decide(low, high, item.comparison, limit)


def _rounding_overturns(low: object, high: object, item: Item, limit: Decimal | None) -> bool:
    """Whether the value, rounded half to even once as GB/T 8170 has it, would get the other verdict."""
    if limit is None or not isinstance(low, Fraction) or low != high:
        return False
    decimals = item.decimals + 2 if item.kind == "share" else item.decimals
    step = Decimal(1).scaleb(-decimals)
    rounded = Fraction((Decimal(low.numerator) / Decimal(low.denominator)).quantize(step, ROUND_HALF_EVEN))
    comparison: Comparison = item.comparison
    return compare(rounded, comparison, Fraction(limit)) != compare(low, comparison, Fraction(limit))


def _here(table: pd.DataFrame, year: int, county: str) -> pd.DataFrame:
    return table[(table["year"] == year) & (table["county_code"] == county)]


def _block(name: str, resources: pd.DataFrame, officials: pd.DataFrame, standard: Standard) -> dict[str, Any]:
    empty = {"block": name, "n_items": 0, "n_met": 0, "n_failed": 0, "n_missing": 0, "failed": "", "missing": ""}
    if name in _OF_RESOURCES:
        met = all_of(resources[_OF_RESOURCES[name]]) if len(resources) else None
        return empty | {"met": met, "reason": "missing" if met is None else ""}
    here = officials[(officials["block"] == name) & (officials["reason"] == "")]
    deciding = here
    if standard.rubric is not None and standard.rubric.block == name:
        deciding = here[here["official"] == SCORE]
        here = here[here["official"] != SCORE]
    met = all_of(deciding["met"]) if len(deciding) else None
    return empty | {
        "met": met,
        "n_items": len(here),
        "n_met": int(here["met"].sum()),
        "n_failed": int(here["met"].eq(False).fillna(False).sum()),
        "n_missing": int(here["met"].isna().sum()),
        "failed": _joined(deciding["failed"]),
        "missing": _joined(deciding["missing"]) or ("" if len(deciding) else name),
        "reason": "missing" if met is None else "",
    }


def _whole(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    met = all_of([block["met"] for block in blocks])
    failed = [block["block"] for block in blocks if block["met"] is False]
    missing = [block["block"] for block in blocks if block["met"] is None]
    reason = "vetoed" if "veto" in failed else "failed" if failed else "missing" if missing else ""
    return {
        "block": COUNTY,
        "met": met,
        "n_items": len(blocks),
        "n_met": sum(block["met"] is True for block in blocks),
        "n_failed": len(failed),
        "n_missing": len(missing),
        "failed": ";".join(failed),
        "missing": ";".join(missing),
        "reason": reason,
    }


def _joined(lists: pd.Series) -> str:
    return ";".join(part for part in lists if part)
