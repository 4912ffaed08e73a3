"""Group N of the catalogue of bad inputs (output side and environment): what no other test of the room asserts."""

from __future__ import annotations

import ast
import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from balancelab.intake import inspect
from balancelab.reports.errors import PlanRefused
from balancelab.reports.given import refuse_output_with_inputs
from balancelab.reports.output import Output, write_files

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample" / "schools.csv"
MAIN = "import sys; from balancelab.cli import main; main()"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights and limits of POSIX")


def shell(*arguments: str, flags: tuple[str, ...] = (), cwd: Path | None = None, **environment: str):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "BALANCELAB_LANGUAGE": "en", **environment}
    env = {name: value for name, value in env.items() if value != "-"}
    command = [sys.executable, *flags, "-c", MAIN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=env, cwd=cwd, check=False)


def test_n02_the_output_folder_may_be_a_link_and_nothing_below_it(tmp_path: Path) -> None:
    """Who names a link as the folder means where it leads; a link planted inside is never followed (test_output.py)."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    with Output(tmp_path / "reports") as folder:
        folder.write("2024/index.html", b"x")
    assert (tmp_path / "disk" / "2024" / "index.html").read_bytes() == b"x"


def test_n03_the_output_never_holds_what_the_run_reads(tmp_path: Path) -> None:
    table = tmp_path / "reports" / "2024" / "schools.csv"
    table.parent.mkdir(parents=True)
    table.write_bytes(SAMPLE.read_bytes())
    for folder in (table.parent, tmp_path / "reports", tmp_path / "reports" / "2024" / ".." / "2024"):
        with pytest.raises(PlanRefused, match=r"which this run reads"):
            refuse_output_with_inputs(folder, [table])
    refuse_output_with_inputs(tmp_path / "reports" / "other", [table])
    done = shell("report", str(table), "--year", "2024", "--output", str(table.parent))
    assert (done.returncode, "choose another --output" in done.stderr) == (2, True)
    assert [path.name for path in table.parent.iterdir()] == ["schools.csv"]


def test_n05_a_full_disk_leaves_no_partial_file(tmp_path: Path) -> None:
    """A limit on the size of files is what a full disk is to the writer: EFBIG; none or all appear."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from balancelab.reports.output import write_files;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "write_files(Path(sys.argv[1]), {'a.html': b'x' * 500, 'b.html': b'x' * 5000})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert resource.RLIM_INFINITY  # this process keeps its own limits


@pytest.mark.parametrize("name", ["-year.csv", "学校 表\n'\"$(touch x){year}%s.csv"])
def test_n06_any_name_of_a_file_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(SAMPLE.read_bytes())
    done = shell("check", "--json", "--year", "2024", "--", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"]["file"] == name
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    (tmp_path / name).write_text("nothing,here\n", encoding="utf-8")
    assert inspect(tmp_path / name).findings[0].file == name


def test_n09_without_home_or_temporary_folder(tmp_path: Path) -> None:
    """Reading and checking need neither; no network is used anywhere (the package imports no client of one)."""
    done = shell("check", str(SAMPLE), "--year", "2024", HOME="-", TMPDIR=str(tmp_path / "none"), USER="-")
    assert done.returncode == 0, done.stderr
    imported = {
        name.split(".")[0]
        for path in (ROOT / "balancelab").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _names(node)
    }
    assert not imported & {"urllib", "requests", "http", "ftplib", "smtplib", "httpx", "aiohttp"}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if not alias.name.startswith("urllib.parse")]
    if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("urllib.parse"):
        return [node.module]
    return []


@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o644), (0o022, 0o644), (0o077, 0o600)])
def test_n12_rights_of_files(tmp_path: Path, mask: int, mode: int) -> None:
    """Never writable by others, whatever the mask; a stricter mask than usual is kept. The work folder is private."""
    before = os.umask(mask)
    try:
        write_files(tmp_path, {"a.html": b"x"})
        with Output(tmp_path / "out") as folder:
            assert stat.S_IMODE(folder.make_work().stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.html").stat().st_mode) == mode


def test_n13_optimised_python_refuses_the_same(tmp_path: Path) -> None:
    """No assert guards input: under -O, with warnings as errors and another hash seed, the answer is the same."""
    bad = tmp_path / "bad.csv"
    bad.write_text(SAMPLE.read_text(encoding="utf-8").replace("2024,371599", "2024,37159", 3), encoding="utf-8")
    plain = shell("check", str(bad), "--year", "2024", PYTHONHASHSEED="1")
    odd = shell("check", str(bad), "--year", "2024", flags=("-O", "-W", "error"), PYTHONHASHSEED="77")
    assert plain.returncode == 3
    assert (odd.returncode, odd.stdout, odd.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    asserting = [
        path.name
        for path in (ROOT / "balancelab").rglob("*.py")
        if any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    ]
    assert asserting == []
