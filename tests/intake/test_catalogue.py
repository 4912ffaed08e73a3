"""The map of the catalogue of bad inputs (catalogue.toml): every id once, every test there, every reason in README."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEET = ROOT.parent / "shared" / "reference" / "reliability.md"
MAP = tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text(encoding="utf-8"))
GROUPS = dict(zip("ABCDEFGHIJKLMNOP", (16, 18, 16, 20, 9, 9, 21, 10, 27, 27, 14, 14, 8, 13, 16, 10), strict=True))
TESTED = {name: tests for name, tests in MAP.items() if isinstance(tests, list)}
REASONS = {name: reason for name, reason in MAP.items() if not isinstance(reason, list)}


@cache
def module(file: str) -> tuple[ast.Module, dict[str, ast.FunctionDef]]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}": each for each in node.body if isinstance(each, ast.FunctionDef)}
    return tree, found


def names_it(id_: str, file: str, function: ast.FunctionDef) -> bool:
    """Whether a test names an id: in its name, its docstring, or a case of a list that it is run over."""
    said = f"{function.name.upper().replace('_', ' ')} {ast.get_docstring(function) or ''}"
    if re.search(rf"\b{id_}\b", said):
        return True
    used = {
        node.id for each in function.decorator_list for node in ast.walk(each) if isinstance(node, ast.Name)
    }  # fmt: skip
    cases = [
        node.value
        for node in module(file)[0].body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _assigned(node) & used
    ]
    texts = [node.value for each in cases if each for node in ast.walk(each) if isinstance(node, ast.Constant)]
    return any(isinstance(text, str) and re.fullmatch(rf"{id_}(-.+)?", text) for text in texts)


def _assigned(statement: ast.stmt) -> set[str]:
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def test_every_id_stands_there_once() -> None:
    """248 lines in 16 groups, counted in the catalogue; TOML itself refuses an id twice."""
    assert sum(GROUPS.values()) == 248
    assert sorted(MAP) == [f"{group}{number:02}" for group, n in GROUPS.items() for number in range(1, n + 1)]


@pytest.mark.skipif(not SHEET.is_file(), reason="the catalogue is not here")
def test_the_ids_are_the_catalogues() -> None:
    text = SHEET.read_text(encoding="utf-8")
    part = text[text.index("## 2. Catalogue") : text.index("## 3.")]
    assert sorted(re.findall(r"^\| ([A-P][0-9]{2})\b", part, re.MULTILINE)) == sorted(MAP)


@pytest.mark.parametrize("id_", TESTED)
def test_each_id_is_named_by_tests_that_exist(id_: str) -> None:
    assert TESTED[id_]
    for test in TESTED[id_]:
        file, _, name = test.partition("::")
        assert name in module(file)[1], test
        assert name.split("::")[-1].startswith("test_"), test
        assert names_it(id_, file, module(file)[1][name]), test


def test_what_has_no_test_has_its_reason_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    part = readme[readme.index("## 坏表会怎样") :].split("\n## ")[0]
    listed = re.findall(r"^\| ([A-P][0-9]{2}) \| (.+?) \| (.+?) \|$", part, re.MULTILINE)
    assert listed == [(id_, reason["zh"], reason["en"]) for id_, reason in REASONS.items()]
