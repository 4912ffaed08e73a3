"""Tables of groups: their means and gaps, their part in the inequality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from balancelab.page.columns import Column
from balancelab.page.equity.layout import (
    NAME,
    STAGE,
    UNIT,
    between_shares,
    group_words,
    groups_in_order,
    labelled,
    largest_cell,
    term_words,
)

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.standards import Standard

MOST_MEMBERS = 20
MOST_GROUPS = 6
MOST_PAIRS = 3
MOST_INSIDE = 4
_RATIOS: dict[str, Text] = {
    "ratio": {"zh": "比值", "en": "Ratio"},
    "adjusted": {"zh": "均等指数", "en": "Parity"},
    "gap": {"zh": "差距", "en": "Gap"},
}
_THEIL: Text = {"zh": "泰尔指数 T", "en": "Theil T"}
_GINI: Text = {"zh": "基尼系数（达格姆）", "en": "Gini (Dagum)"}


def group_table(page: Page, means: pd.DataFrame, pairs: pd.DataFrame, standard: Standard) -> None:
    """
    Show each group's mean, and ratio and gap between groups.

    Parameters
    ----------
    page : Page
        Where the table goes.
    means, pairs : DataFrame
        From :func:`balancelab.equity.group_means` and :func:`balancelab.equity.compare_groups`, one area and year;
        nothing is shown where there is no pair.
    standard : Standard
        Gives names, units and decimals.
    """
    if pairs.empty:
        return
    by = str(pairs["by"].iloc[0])
    groups = groups_in_order(by, list(means["group"]))[:MOST_GROUPS]
    compared = list(dict.fromkeys(zip(pairs["group"], pairs["reference"], strict=True)))[:MOST_PAIRS]
    table = means[["stage", "indicator"]].drop_duplicates()
    for group in groups:
        table = _joined(table, means[means["group"] == group], "mean", group)
    for group, reference in compared:
        here = pairs[(pairs["group"] == group) & (pairs["reference"] == reference)]
        for name in _RATIOS:
            table = _joined(table, here, name, f"{group}/{reference}:{name}")
    decimals = max(indicator.decimals for indicator in standard.indicators)
    page.table(
        labelled(page, table, standard),
        columns=[
            STAGE,
            NAME,
            UNIT,
            *(_mean_column(by, group, decimals) for group in groups),
            *(_pair_column(by, *pair, name, decimals) for pair in compared for name in _RATIOS),
        ],
        caption_zh="分{term}的均值、比值与差距",
        caption_en="Means, ratios and gaps by {term}",
        note_zh="比值＝前者÷后者，1 为相等；均等指数（UIS 调整）在比值大于 1 时取 2－1/比值，使多与少可比；"
        "差距＝后者－前者，单位同指标。",
        note_en="Ratio: the first over the second, 1 is parity. Parity: UIS's adjusted index, 2 − 1/ratio where the "
        "ratio exceeds 1, so that more and less are comparable. Gap: the second less the first, in the indicator's "
        "unit.",
        row_header="name",
        term=page.word(term_words(standard, by)),
    )


def share_table(
    page: Page, theil: pd.DataFrame, gini: pd.DataFrame, standard: Standard, names: Mapping[str, str]
) -> None:
    """
    Show how Theil T and the Gini coefficient split by groups.

    Parameters
    ----------
    page : Page
        Where the table goes.
    theil, gini : DataFrame
        From :func:`balancelab.equity.decompose_groups`, one area and year; nothing is shown where they are empty.
    standard : Standard
        Gives names and terms.
    names : mapping
        County code → name.
    """
    if theil.empty:
        return
    by, keys = str(theil["by"].iloc[0]), ["stage", "indicator"]
    groups = groups_in_order(by, list(theil["group"]))
    inside = groups if len(groups) <= MOST_INSIDE else []
    table = theil.groupby(keys)["value"].sum().rename("theil").reset_index()
    for part in ("between", "within"):
        table = _joined(table, _summed(theil, part), "share", part)
    for group in inside:
        rows = theil[(theil["part"] == "within") & (theil["group"] == group)]
        table = _joined(table, rows, "share", f"within:{group}")
    for part in ("within", "between", "overlap"):
        table = _joined(table, _summed(gini, part), "share", f"gini:{part}")
    page.table(
        labelled(page, table, standard),
        columns=[
            STAGE,
            NAME,
            Column("theil", zh="总值", en="Total", kind="number", decimals=4, group=_THEIL),
            Column("between", zh="组间", en="Between", kind="percent", group=_THEIL),
            *_inside_columns(by, inside, names),
            Column("gini:within", zh="组内", en="Within", kind="percent", group=_GINI),
            Column("gini:between", zh="组间", en="Between", kind="percent", group=_GINI),
            Column("gini:overlap", zh="交叠", en="Overlap", kind="percent", group=_GINI),
        ],
        caption_zh="校际差异按{term}分解（各部分占总差异的比重）",
        caption_en="Inequality among schools split by {term} (each part as a share of the whole)",
        note_zh="泰尔指数的组间与各组内之和为 100%，没有残差。基尼系数的“交叠”来自各组学校水平互有高低。",
        note_en="Theil: between and within add up to 100 %, without a residual. Overlap in the Gini split comes "
        "from groups whose schools range across each other.",
        row_header="name",
        term=page.word(term_words(standard, by)),
    )


def member_table(
    page: Page, means: pd.DataFrame, split: pd.DataFrame, standard: Standard, names: Mapping[str, str]
) -> None:
    """
    Show, for the indicator of which most lies between counties, each county's mean and contribution.

    Parameters
    ----------
    page : Page
        Where the table goes.
    means, split : DataFrame
        From :func:`balancelab.equity.group_means` and :func:`balancelab.equity.decompose_groups` (Theil T) by
        ``member_code``, the whole table and one year; nothing is shown where they are empty.
    standard : Standard
        Gives names and terms.
    names : mapping
        County code → name.
    """
    if split.empty:
        return
    stage, name = largest_cell(_well_reported(means, between_shares(split)))
    table = _members(means, split, stage, name, names)
    indicator = next(each for each in standard.indicators if each.id == name)
    page.table(
        table.head(MOST_MEMBERS),
        columns=[
            Column("county", zh=standard.term("county")["zh"], en=standard.term("county")["en"].capitalize()),
            Column("n_schools", zh="学校数", en="Schools", kind="number", decimals=0),
            Column("student_share", zh="学生占比", en="Share of students", kind="percent"),
            Column("resource_share", zh="资源占比", en="Share of the resource", kind="percent"),
            Column(
                "mean",
                zh="均值",
                en="Mean",
                unit=indicator.unit if indicator.unit["en"] else None,
                kind="number",
                decimals=indicator.decimals,
            ),
            Column(
                "weighted_cv", zh="内部差异系数", en="CV inside", kind="number", decimals=standard.display.cv_decimals
            ),
            Column("between", zh="对组间的贡献", en="Part in between", kind="percent"),
            Column("within", zh="对组内的贡献", en="Part in within", kind="percent"),
        ],
        caption_zh="{stage}{name}：各{county}的均值与对总差异的贡献（按与全体均值的差排列，显示 {shown} 个，共 "
        "{all} 个）",
        caption_en="{name_en} ({stage_en}): mean and contribution of each {county} (by distance from the common "
        "mean; {shown} of {all} shown)",
        note_zh="泰尔指数 T。高于全体均值的{county}对组间的贡献为正，低于的为负；各{county}之和为组间占比。",
        note_en="Theil T. The contribution to the between part is positive above the common mean and negative "
        "below; their sum is the between share.",
        stage=page.word(standard.stages[stage]),
        name=page.word(indicator.short),
        stage_en=page.word(standard.stages[stage]).lower(),
        name_en=page.word(indicator.short),
        county=page.word(standard.term("county")),
        shown=min(len(table), MOST_MEMBERS),
        all=len(table),
    )


def _mean_column(by: str, group: str, decimals: int) -> Column:
    word = group_words(by, group, {})
    return Column(
        group, zh=word["zh"], en=word["en"], kind="number", decimals=decimals, group={"zh": "均值", "en": "Mean"}
    )


def _pair_column(by: str, group: str, reference: str, name: str, decimals: int) -> Column:
    one, other = group_words(by, group, {}), group_words(by, reference, {})
    return Column(
        f"{group}/{reference}:{name}",
        zh=_RATIOS[name]["zh"],
        en=_RATIOS[name]["en"],
        kind="number",
        decimals=decimals if name == "gap" else 2,
        group={"zh": f"{one['zh']}比{other['zh']}", "en": f"{one['en']} to {other['en'].lower()}"},
    )


def _inside_columns(by: str, groups: list[str], names: Mapping[str, str]) -> list[Column]:
    """Columns of the parts inside each group, or of all of them together where there are many."""
    if not groups:
        return [Column("within", zh="组内", en="Within", kind="percent", group=_THEIL)]
    words = {group: group_words(by, group, names) for group in groups}
    return [
        Column(
            f"within:{group}",
            zh=words[group]["zh"] + "内",
            en="In " + words[group]["en"].lower(),
            kind="percent",
            group=_THEIL,
        )
        for group in groups
    ]


def _well_reported(means: pd.DataFrame, shares: pd.Series) -> pd.Series:
    """Return the shares of the cases that rest on half as many schools as the best reported one, or more."""
    n_schools = means.groupby(["stage", "indicator"])["n_schools"].sum().reindex(shares.index)
    return shares[n_schools * 2 >= n_schools.max()]


def _members(means: pd.DataFrame, split: pd.DataFrame, stage: str, name: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Counties of one case with their contributions, the furthest from the common mean first."""
    here = means[(means["stage"] == stage) & (means["indicator"] == name)]
    parts = split[(split["stage"] == stage) & (split["indicator"] == name)]
    table = here.assign(county=[names.get(code, code) for code in here["group"]])
    for part in ("between", "within"):
        table[part] = table["group"].map(parts[parts["part"] == part].set_index("group")["share"])
    return table.loc[table["between"].abs().sort_values(ascending=False, kind="stable").index]


def _summed(split: pd.DataFrame, part: str) -> pd.DataFrame:
    return split[split["part"] == part].groupby(["stage", "indicator"])["share"].sum().reset_index()


def _joined(table: pd.DataFrame, rows: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    keys = ["stage", "indicator"]
    return table.merge(rows[[*keys, column]].rename(columns={column: name}), on=keys, how="left")
