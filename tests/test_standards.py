"""Standards are read exactly, and a wrong file is refused with every mistake named at once."""

from __future__ import annotations

import contextlib
import copy
import functools
import operator
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from balancelab.definitions import Checker, InvalidDefinition, shipped
from balancelab.indicators import load_indicators
from balancelab.standards import list_standards, load_figures, load_standard
from balancelab.standards.reading import read_standard_file

ROOT = Path(__file__).resolve().parents[1]


def test_quality_2017_thresholds_are_the_fourteen_of_the_document():
    # 教督〔2017〕6号, seven indicators, primary / junior.
    limits = [requirement.at_least for requirement in load_standard("quality_2017").requirements.values()]
    expected = [
        ("4.2", "5.3"),
        ("1", "1"),
        ("0.9", "0.9"),
        ("4.5", "5.8"),
        ("7.5", "10.2"),
        ("2000", "2500"),
        ("2.3", "2.4"),
    ]
    assert [(limit["primary"], limit["junior"]) for limit in limits] == [(Decimal(a), Decimal(b)) for a, b in expected]


def test_rules_of_the_two_documents():
    quality, basic = load_standard("quality_2017"), load_standard("basic_2012")
    assert (quality.school_rule.min_met, quality.school_rule.floor_share) == (6, Decimal("0.85"))
    assert quality.county_rule.at_most == {"primary": Decimal("0.50"), "junior": Decimal("0.45")}
    assert quality.county_rule.applies_to == "each indicator"
    assert basic.county_rule.at_most == {"primary": Decimal("0.65"), "junior": Decimal("0.55")}
    assert basic.county_rule.applies_to == "their mean"
    assert basic.requirements == {}
    assert len(basic.indicators) == 8
    assert quality.stage_weights.weights == {"primary": 1, "junior": Decimal("1.1"), "senior": Decimal("1.32")}


def test_every_number_of_every_shipped_standard_stands_beside_its_clause():
    for standard in list_standards().values():
        parts = [*standard.requirements.values(), *standard.items.values(), standard.scope]
        parts += [part for part in (standard.school_rule, standard.county_rule, standard.stage_weights) if part]
        for part in parts:
            assert part.clause["zh"], (standard.id, part)
            assert part.clause["en"], (standard.id, part)
            assert part.confidence in {"A", "B", "C"}, (standard.id, part)


def test_an_overlay_replaces_a_requirement_whole_and_keeps_the_rest():
    national, city = load_standard("quality_2017"), load_standard("shenyang")
    assert city.requirements == national.requirements
    assert city.items["special_education_funds"].at_least == 8000
    assert "沈阳" in city.items["special_education_funds"].clause["zh"]
    assert national.items["special_education_funds"].at_least == 6000
    assert city.extends == ("quality_2017",)


def test_a_users_overlay_may_tighten_one_requirement(tmp_path: Path):
    path = tmp_path / "province.toml"
    path.write_text(
        """
extends = "quality_2017"
label = { zh = "某省", en = "A province" }
authority = "province"
[requirements.backbone_teachers_per_100]
at_least = { primary = 1.2, junior = 1.3 }
clause = { zh = "某省文件第三条", en = "Provincial document, article 3" }
""",
        encoding="utf-8",
    )
    standard = load_standard(path)
    assert standard.requirements["backbone_teachers_per_100"].at_least["junior"] == Decimal("1.3")
    assert standard.requirements["backbone_teachers_per_100"].clause["en"].startswith("Provincial")
    assert standard.requirements["arts_pe_teachers_per_100"].at_least["primary"] == Decimal("0.9")


def test_every_mistake_is_named_at_once_with_its_line_and_the_nearest_word(tmp_path: Path):
    """Catalogue O02."""
    path = tmp_path / "wrong.toml"
    path.write_text(
        """extends = "quality_2017"
label = { zh = "错", en = "wrong" }
authority = "province"
colour = "red"
[requirements.bakcbone_teachers_per_100]
at_least = { primary = 1, junior = 1 }
clause = { zh = "x", en = "x" }
[requirements.arts_pe_teachers_per_100]
at_least = { primary = "0.9", junoir = -0.9 }
[requirements.teaching_area_per_student]
at_least = { primary = 4.5, junior = nan }
at_most = { primary = 9, junior = 9 }
clause = { zh = "只有中文" }
[school_rule]
min_met = 6.5
floor_share = 85
clause = { zh = "x", en = "x" }
""",
        encoding="utf-8",
    )
    with pytest.raises(InvalidDefinition) as caught:
        load_standard(path)
    english = "\n".join(fault["en"] for fault in caught.value.faults)
    for words in (
        "line 4 [colour]: unknown key 'colour'",
        "line 5 [requirements.bakcbone_teachers_per_100]: is not among this standard's indicators",
        "did you mean 'backbone_teachers_per_100'?",
        "'clause' is missing",
        "must be a number, is '0.9'",
        "there is no stage 'junoir'; did you mean 'junior'?",
        "the limit for stage 'junior' is missing",
        "must not be negative, is -0.9",
        "must be a finite number, is NaN",
        "needs either at_least or at_most, not both",
        "both zh and en are needed",
        "must be a whole number, is Decimal('6.5')",
        "must lie between 0 and 1, is 85",
    ):
        assert words in english, words
    assert all(fault["zh"] for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("name", "words"),
    [("quality_2071", "did you mean 'quality_2017'?"), ("nothing/here.toml", "no standard and no file")],
)
def test_an_unknown_standard_names_the_nearest(name: str, words: str):
    with pytest.raises(InvalidDefinition, match=words.replace("?", r"\?")):
        load_standard(name)


def test_a_file_that_is_not_toml_is_not_read(tmp_path: Path):
    """Catalogue O01."""
    path = tmp_path / "standard.yaml"
    path.write_text("a: !!python/object/apply:os.getcwd []", encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="definition files are TOML"):
        load_standard(path)
    broken = tmp_path / "broken.toml"
    broken.write_text("a = [1,\n", encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="not a valid TOML file"):
        load_standard(broken)


@pytest.mark.parametrize("folder", ["", "../own/"])  # the same file under another name is the same file
def test_a_circle_of_overlays_is_refused(tmp_path: Path, folder: str):
    (tmp_path / "own").mkdir()
    for one, other in (("a", "b"), ("b", "a")):
        text = f'extends = "{folder}{other}.toml"\nauthority = "own"\n'
        (tmp_path / "own" / f"{one}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="to extend"):
        load_standard(tmp_path / "own" / "a.toml")


def parts_of(table: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything in a definition file."""
    for key, part in table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ():
        yield (*at, key)
        yield from parts_of(part, (*at, key))


def test_a_value_of_a_wrong_kind_anywhere_is_a_mistake_and_no_bug(monkeypatch: pytest.MonkeyPatch):
    """One place of every kind: the entries of one section (items, requirements, …) are alike."""
    read = {name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in shipped("standards").items()}
    table = read["quality_2017"] | {
        "rubric": read["basic_2012"]["rubric"],
        "relaxations": read["quality_2017_transitional"]["relaxations"],
    }
    kinds: dict[str, str] = {}  # an item for every key that an item can have, instead of seventy
    for name, item in table["items"].items():
        kinds |= {key: name for key in item if key not in kinds}
    table["items"] = {name: table["items"][name] for name in kinds.values()}
    load_figures()  # read once, before reading is replaced
    indicators = load_indicators()
    sections = ("requirements", "items", "settings", "relaxations", "stages")
    places: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for place in parts_of(table):
        kind = [0 if isinstance(part, int) else part for part in place]
        kind[1:2] = ["any"] if place[0] in sections and len(place) > 1 else kind[1:2]
        places.setdefault(tuple(kind), place)
    assert len(places) > 80
    for *above, last in places.values():
        for wrong in (5, "text", True, [5], {"x": 5}):
            spoilt = copy.deepcopy(table)
            functools.reduce(operator.getitem, above, spoilt)[last] = wrong
            monkeypatch.setattr(Checker, "read", lambda self, spoilt=spoilt: spoilt)
            with contextlib.suppress(InvalidDefinition):
                read_standard_file(Path("own.toml"), indicators, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("school_rule = 5", "[school_rule]: must be a table, is 5"),
        ("[requirements]\nbackbone_teachers_per_100 = 1", "must be a table, is 1"),
        ("[items]\nexchange_rate = 'yes'", "must be a table, is 'yes'"),
        ("[scope]\nclause = { zh = 'x', en = 'x' }\nexclude = [5]", "[scope.exclude]: must be a list of tables"),
        ("terms = 'district'", "must be a table, is 'district'"),
    ],
)
def test_a_value_where_a_table_should_be_is_named(tmp_path: Path, text: str, said: str):
    path = tmp_path / "own.toml"
    path.write_text(
        f'extends = "quality_2017"\nlabel = {{ zh = "x", en = "x" }}\nauthority = "own"\n{text}\n', encoding="utf-8"
    )
    with pytest.raises(InvalidDefinition) as caught:
        load_standard(path)
    assert said in str(caught.value)


def test_a_circle_is_seen_however_its_paths_are_written(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "../{tmp_path.name}/own.toml"\n', encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="to extend"):
        load_standard(path)


def test_a_file_named_like_a_document_is_not_taken_for_it(tmp_path: Path):
    """The document that it departs from is the one that it extends, not the one whose name it bears."""
    head = 'label = { zh = "自备", en = "Own" }\nauthority = "own"\n'
    (tmp_path / "basic_2012.toml").write_text(f'extends = "quality_2017"\n{head}', encoding="utf-8")
    (tmp_path / "own.toml").write_text(f'extends = "./basic_2012.toml"\n{head}', encoding="utf-8")
    standard = load_standard(tmp_path / "own.toml")
    assert standard.extends == ("basic_2012", "quality_2017")
    assert not standard.left_out
    assert not standard.relaxed


def test_north_carolina_is_judged_by_files_alone():
    folder = ROOT / "data" / "north_carolina"
    standard = load_standard(folder / "standard.toml", indicator_file=folder / "indicators.toml")
    assert standard.illustrative
    assert standard.term("county")["en"] == "district"
    assert len(standard.stages) == 6


def test_indicator_files_are_checked_whole(tmp_path: Path):
    path = tmp_path / "indicators.toml"
    path.write_text(
        """
[laptops_per_100]
label = { zh = "笔记本电脑", en = "Laptops" }
unit = { zh = "台", en = "laptops" }
per = 0
colour = "red"
[[laptops_per_100.formula]]
ad = ["laptops"]
[tablets_per_100]
label = { zh = "平板", en = "Tablets" }
""",
        encoding="utf-8",
    )
    with pytest.raises(InvalidDefinition) as caught:
        load_indicators(path)
    english = "\n".join(fault["en"] for fault in caught.value.faults)
    for words in (
        "must be at least 1, is 0",
        "unknown key 'colour'",
        "'ad'; did you mean 'add'?",
        "either add or rate",
        "'formula' is missing",
    ):
        assert words in english, words
