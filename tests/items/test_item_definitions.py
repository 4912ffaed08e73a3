"""Items as data: complete, each with its clause, and a wrong file is refused with everything named at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from balancelab.definitions import InvalidDefinition
from balancelab.items.figure_rules import figure_rules
from balancelab.items.school_rules import school_rules
from balancelab.standards import list_standards, load_figures, load_standard
from balancelab.standards.items import RULES

QUALITY, BASIC = load_standard("quality_2017"), load_standard("basic_2012")


def officials(block: str) -> list[str]:
    return list(dict.fromkeys(i.official for i in QUALITY.items.values() if i.block == block and not i.informative))


def test_the_official_items_are_complete():
    # 教督〔2017〕6号: 15 of government guarantee, 9 of education quality, social recognition; seven vetoes.
    assert officials("government") == [f"g{n:02d}" for n in range(1, 16)]
    assert officials("quality") == [f"e{n:02d}" for n in range(1, 10)]
    assert officials("veto") == [f"veto_{n}" for n in range(1, 8)]
    assert officials("recognition") == ["s01"]
    # 教督〔2012〕3号: 17 items of government work
    government = dict.fromkeys(
        i.official for i in BASIC.items.values() if i.block == "government" and not i.informative
    )
    assert list(government) == [f"gov_{n:02d}" for n in range(1, 18)]


def test_parts_of_official_items():
    parts = {
        name: [i.id for i in QUALITY.items.values() if i.official == name] for name in ("g02", "g03", "g11", "g13")
    }
    assert [len(ids) for ids in parts.values()] == [4, 2, 2, 2]
    assert len([i for i in QUALITY.items.values() if i.official == "e09"]) == 12  # level and rate of six subjects


@pytest.mark.parametrize("standard", list_standards().values(), ids=lambda standard: standard.id)
def test_every_item_says_what_it_rests_on(standard):
    for item in standard.items.values():
        assert item.block in standard.blocks(), item.id
        assert (item.limit is None) == (item.comparison in ("yes", "no")), item.id
        assert item.authority, item.id
        assert item.source, item.id
        for text in (item.label, item.short, item.clause):
            assert text["zh"], item.id
            assert text["en"], item.id
        assert item.evidence == "documentary" or item.limit is not None
        assert set(item.parameters) == set(RULES[item.rule].parameters) if item.rule else not item.parameters
    for setting in standard.settings.values():
        assert setting.open_point["zh"], setting.id
        assert not setting.choices or setting.value in setting.choices, setting.id


def test_every_rule_has_its_function():
    assert set(RULES) == figure_rules() | school_rules()
    assert {name for name, needs in RULES.items() if needs.by_school} == school_rules()


def test_every_figure_is_used_or_printed():
    items = [item for standard in list_standards().values() for item in standard.items.values()]
    used = {name for item in items for names in item.figures.values() for name in names}
    wholes = {whole for figure in load_figures().values() for whole in figure.within}
    assert not [f.id for f in load_figures().values() if not f.table and f.id not in used | wholes]


def test_all_open_points_have_their_default():
    # Section 11 of the facts sheet; the staffing norm (14) and local rules (15) are data files of their own.
    assert QUALITY.setting("special_rooms_counting") == "each"
    assert QUALITY.setting("retention_formula") == "form"
    assert QUALITY.setting("dated_limits") == "text"
    assert QUALITY.setting("survey_per_thousand") == Decimal("1.5")
    assert QUALITY.setting("survey_minimum") == 600
    assert QUALITY.setting("between_school_rate") == "official"
    assert BASIC.setting("teaching_sites_in_cv") == "excluded"
    assert BASIC.setting("teacher_student_numerator") == "full_time_teachers"
    assert BASIC.setting("gym_in_teaching_area") == "excluded"
    assert BASIC.rubric is not None
    assert (BASIC.rubric.total, BASIC.rubric.at_least, BASIC.rubric.points) == (100, 85, {})


def test_special_education_funds_are_a_dated_parameter():
    item = QUALITY.items["special_education_funds"]
    assert [item.limit_in(year, by_year=False) for year in (2017, 2024)] == [6000, 6000]
    assert [item.limit_in(year, by_year=True) for year in (2015, 2017, 2021, 2022, 2024)] == [
        6000,
        6000,
        6000,
        7000,
        7000,
    ]


def test_an_overlay_replaces_an_item_whole_and_says_whose_it_is(tmp_path: Path):
    path = tmp_path / "province.toml"
    path.write_text(
        """
extends = "quality_2017"
label = { zh = "某省", en = "A province" }
authority = "province"
[settings.special_rooms_counting]
value = "together"
choices = { each = { zh = "分别", en = "each" }, together = { zh = "合计", en = "together" } }
open_point = { zh = "本省合计", en = "together here" }
[items.exchange_rate]
official = "g11"
block = "government"
label = { zh = "交流比例", en = "Exchange rate" }
at_least = 0.15
kind = "share"
rule = "share"
figures = { part = "teachers_exchanged", whole = "teachers_exchange_eligible" }
clause = { zh = "某省文件", en = "Provincial document" }
confidence = "A"
""",
        encoding="utf-8",
    )
    standard = load_standard(path)
    item = standard.items["exchange_rate"]
    assert (item.limit, item.authority, item.source) == (Decimal("0.15"), "province", "province")
    other = standard.items["exchange_backbone"]
    assert (other.limit, other.authority, other.source) == (Decimal("0.2"), "national", "quality_2017")
    assert standard.setting("special_rooms_counting") == "together"
    assert list(standard.items) == list(QUALITY.items)


def test_every_mistake_in_an_item_is_named_at_once(tmp_path: Path):
    path = tmp_path / "wrong.toml"
    path.write_text(
        """
extends = "quality_2017"
label = { zh = "错", en = "wrong" }
[items.exchange_rate]
official = "g11"
block = "goverment"
label = { zh = "交流", en = "Exchange" }
at_least = 0.1
at_most = 0.2
rule = "shar"
figures = { part = "teachers_exchangd", whole = "teachers_exchange_eligible" }
clause = { zh = "x", en = "x" }
confidence = "A"
[items.new_item]
official = "g99"
block = "government"
label = { zh = "新", en = "New" }
answer = "maybe"
parameters = { n = 1 }
clause = { zh = "x", en = "x" }
confidence = "A"
[items.third]
official = "g98"
block = "government"
label = { zh = "三", en = "Third" }
at_most = 0
rule = "schools_over_size"
columns = { pupils = "students" }
figures = { students = "students_x" }
clause = { zh = "x", en = "x" }
confidence = "A"
[settings.retention_formula]
value = "other"
choices = { form = { zh = "表", en = "form" } }
open_point = { zh = "x", en = "x" }
[relaxations.mild]
label = { zh = "x", en = "x" }
items = ["school_size_primry"]
when = { students = { belwo = 100 } }
clause = { zh = "x", en = "x" }
[rubric]
block = "government"
total = 100
at_least = 85
points = { g01 = 60, g_02 = 30 }
clause = { zh = "x", en = "x" }
""",
        encoding="utf-8",
    )
    with pytest.raises(InvalidDefinition) as caught:
        load_standard(path)
    english = "\n".join(fault["en"] for fault in caught.value.faults)
    for words in (
        "must say its authority",
        "does not know 'goverment'; did you mean 'government'?",
        "needs exactly one of",
        "does not know 'shar'; did you mean 'share'?",
        "no figure is called 'teachers_exchangd'; did you mean 'teachers_exchanged'?",
        "does not know 'maybe'",
        "parameters]: is of no use without a rule",
        "unknown key 'pupils'",
        "'most_students' is missing",
        "does not know 'other'",
        "there is no item 'school_size_primry'; did you mean 'school_size_primary'?",
        "unknown key 'belwo'; did you mean 'below'?",
        "there is no item 'g_02'",
        "no points for g02, g03",
        "the points sum to 90, not 100",
    ):
        assert words in english, words
    assert all(fault["zh"] for fault in caught.value.faults)
