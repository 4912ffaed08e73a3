"""Tables of the regression report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.columns import Column
from balancelab.page.display import MINUS
from balancelab.page.quality.ladder import Ladder, Rung
from balancelab.page.quality.step_tables import RESOURCE, few_clusters_table, pass_table, shape_table
from balancelab.page.quality.wording import (
    ends,
    errors_name,
    main_decimals,
    outcome_name,
    p_text,
    rung_name,
)
from balancelab.regression import holm, publication_table

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.definitions import Text
    from balancelab.page import Page
    from balancelab.page.quality.study import Study

__all__ = [
    "diagnostics_table",
    "few_clusters_table",
    "ladder_table",
    "main_table",
    "own_table",
    "pass_table",
    "residual_table",
    "sample_flow",
    "school_residuals",
    "shape_table",
    "summary_table",
]

_FLOW: dict[str, Text] = {
    "in_scope": {"zh": "该学年在范围内", "en": "In scope in the year"},
    "outcome": {"zh": "其中有结果数据", "en": "with the outcome"},
    "resource": {"zh": "其中资源指标齐全", "en": "with every resource"},
    "control": {"zh": "其中控制变量齐全", "en": "with every control"},
    "students": {"zh": "其中在校生数大于零（进入模型）", "en": "with students (in the models)"},
}
_NAMES_SHOWN = 8
_ENDS = [
    Column("least", zh="最小", en="Least", kind="number", decimals=2),
    Column("greatest", zh="最大", en="Greatest", kind="number", decimals=2),
]


def sample_flow(page: Page, study: Study) -> None:
    """Show how many schools are left at each step on the way into the models."""
    before = study.flow["rows"].shift(fill_value=int(study.flow["rows"].iloc[0]))
    table = study.flow.assign(
        name=[page.word(_FLOW[step]) for step in study.flow["step"]], lost=before - study.flow["rows"]
    )
    page.table(
        table,
        columns=[
            Column("name", zh="步骤", en="Step"),
            Column("rows", zh="校·学段", en="Schools by stage", kind="number", decimals=0),
            Column("lost", zh="本步减少", en="Lost in this step", kind="number", decimals=0),
        ],
        caption_zh="样本如何形成",
        caption_en="Sample flow",
    )


def summary_table(page: Page, study: Study) -> None:
    """Show mean, spread and range of everything in the model, in the units in which coefficients are given."""
    import pandas as pd

    columns = {study.outcome: study.outcome_label, **study.labels}
    values = study.schools[list(columns)]
    table = pd.DataFrame(
        {
            "name": [page.word(label) for label in columns.values()],
            "mean": values.mean().to_numpy(),
            "sd": values.std().to_numpy(),
            "least": values.min().to_numpy(),
            "greatest": values.max().to_numpy(),
        }
    )
    page.table(
        table,
        columns=[
            Column("name", zh="变量", en="Variable"),
            Column("mean", zh="均值", en="Mean", kind="number", decimals=2),
            Column("sd", zh="标准差", en="Standard deviation", kind="number", decimals=2),
            *([] if page.public else _ENDS),
        ],
        caption_zh="变量概况（n＝{n:,}，每校等权）",
        caption_en="The variables (n = {n:,}, schools count alike)",
        note_zh="类别变量的均值是该类学校所占比例。",
        note_en="The mean of a category is its share of the schools.",
        n=len(study.schools),
    )


def ladder_table(page: Page, ladder: Ladder) -> None:
    """Show all models side by side in the convention of the field; nothing where none could be computed."""
    import pandas as pd

    study, done = ladder.study, ladder.done()
    if not done:
        return
    order = list(ladder.rungs)
    heads = {name: f"({order.index(name) + 1}) {rung_name(page, study, name)}" for name in done}
    labels = {column: page.word(label) for column, label in study.labels.items()}
    labels |= {
        "county_code": page.word(study.standard.term("county")),
        "school_stage": page.word({"zh": "学校·学段", "en": "school by stage"}),
        "year": page.word({"zh": "年度", "en": "year"}),
        "students": page.word({"zh": "在校生数", "en": "students"}),
    }
    printed = publication_table(
        {heads[name]: found for name, found in done.items()},
        language="zh" if page.language == "zh" else "en",
        labels=labels,
        decimals=2,
    )
    ids = ["name", *(f"model_{place}" for place in range(len(done)))]
    table = pd.DataFrame(printed.table.to_numpy(), columns=ids)
    # with weights the regression's error depends on the scale of the weights: it says nothing beside the others
    table = table[[line != "ser" for line in printed.lines]].replace(r"(^\(?)-(?=\d)", rf"\1{MINUS}", regex=True)
    page.table(
        table,
        columns=[
            Column("name", zh="变量", en="Variable"),
            *(
                Column(identifier, zh=head, en=head, align="right")
                for identifier, head in zip(ids[1:], heads.values(), strict=True)
            ),
        ],
        caption_zh="{outcome}与资源：各模型的系数",
        caption_en="{outcome} and resources: the models side by side",
        note_zh="{note}系数是相关程度：在所列其他变量相同时，资源每多一个单位，{name}平均相差多少。",
        note_en="{note} Coefficients are associations: by how much {name} differs on average, the other variables "
        "listed being equal, where there is one unit more of the resource.",
        outcome=page.word(study.outcome_label),
        name=outcome_name(page, study),
        note="".join(printed.notes),
    )


def main_table(page: Page, ladder: Ladder) -> None:
    """Show the main model's resources: per unit, per standard deviation, with intervals and adjusted p-values."""
    main, study = ladder.main, ladder.study
    if main is None:
        return
    columns = [column for block in study.resources for column in block.columns]
    table = main.coefficients[main.coefficients["term"].isin(columns)].copy()
    spread = main.standardised().set_index("term")["standardised"]
    places = main_decimals(ladder)
    table = table.assign(
        name=[page.word(study.labels[term]) for term in table["term"]],
        interval=[ends(row, places) for row in table.to_dict("records")],
        p=[p_text(value) for value in table["p_value"]],
        holm=[p_text(value) for value in holm(table["p_value"].to_numpy())],
        beta=spread.loc[table["term"]].to_numpy(),
    )
    page.table(
        table,
        columns=[
            RESOURCE,
            Column("estimate", zh="系数", en="Coefficient", kind="number", decimals=places),
            Column("interval", zh="95% 置信区间", en="95% interval", align="right"),
            Column("beta", zh="标准化系数", en="Standardised", kind="number", decimals=2),
            Column("df", zh="自由度", en="df", kind="number", decimals=1),
            Column("p", zh="p 值", en="p", align="right"),
            Column("holm", zh="霍尔姆校正 p 值", en="p (Holm)", align="right"),
        ],
        caption_zh="主要模型中的资源（n＝{n:,}，{errors}）",
        caption_en="The resources in the main model (n = {n:,}, {errors})",
        note_zh="标准化系数：资源多一个标准差，结果相差几个标准差。霍尔姆校正考虑了同时检验多项资源。",
        note_en="Standardised: standard deviations of the outcome per standard deviation of the resource. Holm's "
        "p-values allow for testing several resources at once.",
        n=main.n,
        errors=errors_name(page, ladder),
    )


def diagnostics_table(page: Page, ladder: Ladder) -> None:
    """Show the main model's checks: collinearity, unequal variance, form, and (not in public) the heaviest schools."""
    import pandas as pd

    if ladder.main is None:
        return
    found = ladder.main.diagnostics()
    tests = found.tests.set_index("test")
    worst = found.vif.iloc[int(found.vif["vif"].to_numpy().argmax())]
    rows: list[tuple[str, float, str]] = [
        (page.word(_CHECKS["vif"]), float(worst["vif"]), page.word(ladder.study.labels[str(worst["term"])])),
        (page.word(_CHECKS["condition"]), found.condition_number, ""),
    ]
    for name, row in tests.iterrows():
        rows.append((page.word(_CHECKS[str(name)]), float(row["statistic"]), f"p {_equals(row['p_value'])}"))
    for extreme in [] if page.public else found.extremes.to_dict("records"):
        rows.append((page.word(_CHECKS[str(extreme["measure"])]), float(extreme["value"]), str(extreme["school"])))
    page.table(
        pd.DataFrame(rows, columns=["name", "value", "about"]),
        columns=[
            Column("name", zh="检查", en="Check"),
            Column("value", zh="数值", en="Value", kind="number", decimals=2),
            Column("about", zh="p 值，或所指的变量、学校", en="p-value, or which variable or school"),
        ],
        caption_zh="主要模型的诊断",
        caption_en="Checks of the main model",
        note_zh="异方差检验显著不影响上文的稳健标准误；RESET 显著说明直线形式可疑。",
        note_en="Unequal variance is allowed for by the robust errors above; a small p of RESET casts doubt on the "
        "straight line.",
    )


def residual_table(page: Page, ladder: Ladder) -> None:
    """Show which schools lie furthest above and below the fitted line: the county's, or all; nothing in public."""
    study, table = ladder.study, school_residuals(ladder)
    if table.empty or page.public:
        return
    order = table.sort_values("residual", ascending=False, kind="stable")
    few = order if len(order) <= 2 * _NAMES_SHOWN else _both_ends(order)
    stages = study.standard.stages
    shown = few.assign(stage_name=[page.word(stages[stage]) for stage in few["stage"]])
    page.table(
        shown,
        columns=[
            Column("school", zh="学校", en="School"),
            *([] if study.county_code else [Column("county", **study.standard.term("county"))]),  # type: ignore[arg-type]
            Column("stage_name", zh="学段", en="Stage"),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0),
            Column("observed", zh="实际", en="Observed", kind="number", decimals=1),
            Column("fitted", zh="按资源与条件推算", en="Predicted", kind="number", decimals=1),
            Column("residual", zh="相差", en="Difference", kind="number", decimals=1),
            Column("studentised", zh="学生化残差", en="Studentised", kind="number", decimals=1),
        ],
        caption_zh="高于和低于推算值最多的学校（显示 {shown} 个，共 {all} 个）",
        caption_en="Schools furthest above and below what is predicted ({shown} of {all} shown)",
        note_zh="推算值来自全表的主要模型。相差里有生源、测量误差和模型没有的一切，不是对学校办学水平的评价。",
        note_en="Predicted by the main model of the whole table. The difference holds intake, measurement error and "
        "all that the model lacks; it does not rate a school.",
        shown=len(few),
        all=len(order),
    )


def own_table(page: Page, ladder: Ladder, own: Rung) -> None:
    """Show the county's own coefficients beside the whole table's (`own` from ``county_model``)."""
    import pandas as pd

    if own.fit is None or ladder.main is None:
        return
    study = ladder.study
    columns = [column for block in study.resources for column in block.columns]
    here, everywhere = own.fit.coefficients.set_index("term"), ladder.main.coefficients.set_index("term")
    both = [column for column in columns if column in here.index]
    places = main_decimals(ladder)
    table = pd.DataFrame(
        {
            "name": [page.word(study.labels[column]) for column in both],
            "here": here.loc[both, "estimate"].to_numpy(),
            "here_ends": [ends(row, places) for row in here.loc[both].to_dict("records")],
            "all": everywhere.loc[both, "estimate"].to_numpy(),
            "all_ends": [ends(row, places) for row in everywhere.loc[both].to_dict("records")],
        }
    )
    page.table(
        table,
        columns=[
            RESOURCE,
            Column("here", zh="本地", en="Here", kind="number", decimals=places),
            Column("here_ends", zh="95% 置信区间", en="95% interval", align="right"),
            Column("all", zh="全表", en="Whole table", kind="number", decimals=places),
            Column("all_ends", zh="95% 置信区间", en="95% interval", align="right"),
        ],
        caption_zh="本地模型与全表模型的系数（本地 n＝{n:,}，HC3 标准误）",
        caption_en="Coefficients here and in the whole table (here n = {n:,}, HC3 errors)",
        n=own.fit.n,
    )


def school_residuals(ladder: Ladder) -> pd.DataFrame:
    """
    Put every school of the report beside the main model's prediction.

    Returns
    -------
    DataFrame
        The study's rows (the county's, or all) with `observed`, `fitted`, `residual`, `studentised`; no rows without
        a main model.
    """
    study, main = ladder.study, ladder.main
    if main is None:
        return study.schools.iloc[:0].assign(observed=[], fitted=[], residual=[], studentised=[])
    line = main.schools()
    rows = study.schools.assign(
        observed=line["observed"].to_numpy(),
        fitted=line["fitted"].to_numpy(),
        residual=line["residual"].to_numpy(),
        studentised=main.diagnostics().influence["studentised_residual"].to_numpy(),
    )
    wanted = study.schools["county_code"] == study.county_code
    return rows.loc[wanted.to_numpy()].copy() if study.county_code else rows


def _both_ends(order: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([order.head(_NAMES_SHOWN), order.tail(_NAMES_SHOWN)])


def _equals(p_value: float) -> str:
    text = p_text(p_value)
    return text if text.startswith("<") else f"= {text}"


_CHECKS: dict[str, Text] = {
    "vif": {"zh": "最大方差膨胀因子", "en": "Largest variance inflation factor"},
    "condition": {"zh": "条件数（各列化为单位长度）", "en": "Condition number (columns of unit length)"},
    "breusch_pagan_koenker": {"zh": "异方差：布罗施—帕甘—克恩克", "en": "Unequal variance: Breusch–Pagan–Koenker"},
    "white": {"zh": "异方差：怀特", "en": "Unequal variance: White"},
    "reset": {"zh": "函数形式：RESET", "en": "Functional form: RESET"},
    "cooks_distance": {"zh": "最大库克距离", "en": "Largest Cook's distance"},
    "leverage": {"zh": "最大杠杆值", "en": "Largest leverage"},
    "studentised_residual": {"zh": "最大学生化残差", "en": "Largest studentised residual"},
}
