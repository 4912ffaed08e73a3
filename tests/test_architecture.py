"""The house keeps its shape: imports point down, notebooks are thin, importing is light, files are short."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "balancelab"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# A room may import from its own level and from those before it.
LEVELS = [
    {"definitions", "measures", "page.words"},
    {"indicators", "standards"},
    {"intake", "counties", "verdicts", "items", "regression", "equity", "sample"},
    {"page"},
    {"rectification", "changes"},
    {"reports"},
    {"cli", "__main__", "__init__"},
]
RUNS_CODE = {"read_pickle", "to_pickle", "read_html", "query", "unsafe_load", "allow_pickle", "eval"}
"""Methods that unpickle, evaluate text or fetch addresses; `yaml` is not among the packages at all."""
NOT_ALLOWED_ANYWHERE = re.compile(r"\b(pickle|joblib|dill|marshal|shelve)\b")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(dotted: str) -> str:
    inside = dotted.removeprefix("balancelab").lstrip(".")
    return "page.words" if inside.startswith("page.words") else (inside.split(".")[0] or "__init__")


def level_of(room: str) -> int:
    return next(number for number, rooms in enumerate(LEVELS) if room in rooms)


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports when it runs; what is only for type checkers does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name for name in found if name.split(".")[0] == "balancelab"}


def imported_names(path: Path) -> set[str]:
    """Packages that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path):
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if dotted == "balancelab.__init__":
        return
    own = level_of(room_of(dotted.removesuffix(".__init__")))
    above = {name for name in imported(path) if room_of(name) != "__init__" and level_of(room_of(name)) > own}
    assert not above


def test_measures_know_nothing_of_tables_figures_or_words():
    for path in sorted((PACKAGE / "measures").glob("*.py")):
        assert all(name.startswith("balancelab.measures") for name in imported(path)), path
        assert not re.search(r"\bmatplotlib\b|read_csv|read_parquet", path.read_text(encoding="utf-8")), path


def test_no_reader_that_can_run_code():
    """Catalogue T07."""
    for path in modules():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "import" in line]
        assert not any(NOT_ALLOWED_ANYWHERE.search(line) for line in lines), path
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        assert not any(isinstance(call.func, ast.Name) and call.func.id in {"eval", "exec"} for call in calls), path
        methods = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
        assert not methods & RUNS_CODE, path
        assert not {keyword.arg for call in calls for keyword in call.keywords} & {"allow_pickle"}, path
        assert "yaml" not in imported_names(path), path


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, balancelab; print([m for m in ('numpy','pandas','matplotlib','papermill') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebooks:
    def test_committed_without_outputs(self, path: Path):
        """Catalogue O10."""
        for cell in cells(path, "code"):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
        assert "papermill" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]

    def test_first_code_cell_declares_literals_each_with_a_comment(self, path: Path):
        first, *others = cells(path, "code")
        assert first["metadata"].get("tags") == ["parameters"]
        assert not any("parameters" in cell["metadata"].get("tags", []) for cell in others)
        source = "".join(first["source"])
        for node in ast.parse(source).body:
            assert isinstance(node, ast.AnnAssign)
            assert node.value is not None
            ast.literal_eval(node.value)
        assert all("#" in line for line in source.strip().splitlines())

    def test_thin(self, path: Path):
        code = cells(path, "code")
        assert len(code) <= 20
        forbidden = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try, ast.With)
        for cell in code[1:]:
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                assert not isinstance(node, forbidden), ast.unparse(node)[:80]

    def test_writes_no_file_and_makes_no_html(self, path: Path):
        source = "".join("".join(cell["source"]) for cell in cells(path, "code"))
        assert not re.search(
            r"\bopen\(|\.to_(csv|excel|html|parquet)\(|savefig|HTML\(|Styler|display_html|write_text", source
        )

    def test_kernel_is_the_plain_one(self, path: Path):
        assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"
