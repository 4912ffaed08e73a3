import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from balancelab.reports.engine import Executed, Limits, execute, import_papermill
from balancelab.reports.html import blocks_from_notebook
from balancelab.reports.judge import judge, scrubbed, title_of, verdict_of

NOTEBOOKS = Path(__file__).parent / "notebooks"
POSIX = pytest.mark.skipif(os.name != "posix", reason="processes and sockets as on Linux and macOS")


def run(name: str, folder: Path, limits: Limits | None = None, **parameters: object) -> Executed:
    return execute(NOTEBOOKS / f"{name}.ipynb", {"year": 2024, **parameters}, folder=folder, limits=limits)


def processes_of(group: int) -> list[int]:
    alive = (process for process in psutil.process_iter(["status"]) if process.info["status"] != psutil.STATUS_ZOMBIE)
    return [process.pid for process in alive if group_of(process.pid) == group]


def group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:  # it ended while the list was read
        return None


@pytest.mark.slow
def test_a_good_notebook_gives_the_same_bytes_twice(tmp_path):
    content = []
    for folder in (tmp_path / "one", tmp_path / "another {county_code}"):
        folder.mkdir()
        done = run("works", folder, county_code="010101")
        assert done.failure is None
        assert judge(done.notebook) is None
        clean = scrubbed(
            done.notebook, source_name="works.ipynb", output_name="2024/1/works.zh.ipynb", origin={"data": "a"}
        )
        nbformat.validate(clean)
        content.append(nbformat.writes(clean))
    assert content[0] == content[1]
    assert str(tmp_path) not in content[0]
    notebook = json.loads(content[0])
    assert notebook["metadata"]["papermill"]["output_path"] == "2024/1/works.zh.ipynb"
    assert notebook["metadata"]["papermill"]["parameters"] == {"year": 2024, "county_code": "010101"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    blocks = blocks_from_notebook(notebook)
    assert [block["kind"] for block in blocks] == ["title", "verdict", "provenance", "complete"]
    assert verdict_of(blocks) == "failed"
    assert title_of(blocks, "-") == "010101 2024"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cause", "message"),
    [
        ("fails", "cell_error", "ValueError: no schools in 371599"),
        ("warns", "warning", "<cell>:3: UserWarning: mean of empty slice"),
        ("exits", "cell_error", "SystemExit: 0"),
        ("dies", "kernel_died", "exit status 0"),
        ("swallows", "cell_error", "ValueError: tagged as expected"),
        ("hangs", "timeout", "> 2 s"),
    ],
)
def test_a_bad_notebook_is_told_with_its_cell(tmp_path, name, cause, message):
    done = run(name, tmp_path, Limits(cell=2))
    failure = done.failure or judge(done.notebook)
    assert failure is not None
    assert (failure.cause, failure.cell) == (cause, 3)  # the third code cell, the injected one not counted
    assert failure.message.startswith(message)


@pytest.mark.slow
def test_a_notebook_that_stops_short_is_no_report(tmp_path):
    done = run("stops_short", tmp_path)
    assert done.failure is None
    assert judge(done.notebook).cause == "incomplete"


@POSIX
@pytest.mark.slow
def test_nothing_that_a_kernel_started_is_left(tmp_path):
    groups: list[int] = []
    listening = []

    def look(group: int) -> None:
        groups.append(group)
        if sys.platform == "linux":
            listening.append(Path("/proc/net/tcp").read_text(encoding="ascii").count(" 0A "))

    before = Path("/proc/net/tcp").read_text(encoding="ascii").count(" 0A ") if sys.platform == "linux" else 0
    done = execute(NOTEBOOKS / "leaves_child.ipynb", {}, folder=tmp_path, on_kernel=look)
    assert done.failure is None
    assert len(groups) == 1
    assert processes_of(groups[0]) == []
    assert all(count <= before for count in listening)  # the kernel talks over private sockets, not over TCP
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_user_s_environment_does_not_reach_the_kernel(tmp_path, monkeypatch):
    """Catalogue O10, O13."""
    startup = tmp_path / "startup.py"
    startup.write_text("raise SystemExit('start-up file ran')", encoding="utf-8")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    warned = run("warns", tmp_path)
    assert judge(warned.notebook).cause == "warning"  # "ignore" would have hidden it
    done = run("looks_around", tmp_path)
    seen = "".join(
        output.text
        for cell in done.notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )
    assert "'OMP_NUM_THREADS': '1'" in seen
    assert "'PYTHONWARNINGS': ''" in seen
    assert str(tmp_path) in seen  # the kernel works where it was told to
    assert sys.executable in seen  # and is this interpreter
    assert dict(os.environ) == before


def test_papermill_is_imported_without_building_the_grammar():
    code = (
        "import sys; from balancelab.reports.engine import import_papermill; import_papermill();"
        "print('rfc3987_syntax' in sys.modules, 'papermill' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
    assert import_papermill().__name__ == "papermill"
