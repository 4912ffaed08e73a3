import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from balancelab.cli import cli, main
from balancelab.reports.output import Output
from balancelab.reports.terminal import stop_like_ctrl_c

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "schools.csv"
COMMANDS = tuple(sorted(cli.commands))
CODE = "371599"  # the county of the tests in the sample; invented


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv("BALANCELAB_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return run


def shell(*arguments: object, code: str = "import balancelab.cli as cli; cli.main()", **environment: str):
    env = {**os.environ, "BALANCELAB_LANGUAGE": "en", "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=env, check=False)


def table(folder: Path, *, drop: str = "", **changes: str) -> Path:
    """Write one county and year of the sample with some cells of the first row, or a column, changed."""
    with open(SAMPLE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["county_code"], row["year"]) == (CODE, "2024")]
    rows[0] |= {name: value for name, value in changes.items() if name != "county"}
    for row in rows:
        row["county"] = changes.get("county", row["county"])
        row.pop(drop, None)
    path = folder / "schools.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_nothing_heavy_is_imported_before_it_is_needed():
    heavy = ["numpy", "pandas", "pyarrow", "scipy", "matplotlib", "statsmodels", "jinja2", "nbformat", "papermill"]
    done = shell(code=f"import sys, balancelab.cli; print([name for name in {heavy!r} if name in sys.modules])")
    assert done.stdout == "[]\n"


def test_version(call):
    assert call("--version") == (0, "balancelab 0.1.0\n", "")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_speaks_both_languages(call, command):
    code, said, _ = call(*([command] if command else []), "--help")
    assert code == 0
    assert said.startswith("用法 / Usage: balancelab")
    helped = cli.commands[command] if command else cli
    texts = [helped.help, *(one.help for one in helped.params if isinstance(one, click.Option))]
    for entry in texts:
        chinese, _, english = entry.partition(" / ")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), entry
        assert english.isascii(), entry


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reprot"], "Did you mean"),
        (["report"], "Missing argument"),
        (["report", SAMPLE, "--jobs", "0"], "--jobs"),
        (["report", SAMPLE, "--year", "2024/2025"], "--year"),
        (["report", SAMPLE, "--year", "2024.0"], "--year"),
        (["report", "missing.csv"], "there is no file missing.csv"),
        (["report", SAMPLE, "--kind", "balnce"], "known: balance"),
        (["report", SAMPLE, "--language", "zh,fr"], "no language 'fr'"),
        (["report", SAMPLE, "--language", "zh,zh"], "given twice"),
        (["report", SAMPLE, "--language", ""], "no language"),
        (["report", SAMPLE, "--standard", "quality_2018"], "did you mean 'quality_2017"),
        (["report", SAMPLE, "--indicators", "missing.toml"], "missing.toml"),
        (["report", SAMPLE, "--set", "yaer=2024"], "did you mean 'year'?"),
        (["report", SAMPLE, "--set", "year=2024"], "by --year"),
        (["report", SAMPLE, "--set", "county_code=" + CODE], "by --county"),
        (["report", SAMPLE, "--year", 2024, "--county", "371598"], "the nearest are 371599"),
        (["report", SAMPLE, "--year", 2024, "--county", ""], "no county ''"),
        (["report", SAMPLE, "--year", 2024, "--county", f"{CODE},{CODE}"], "given twice"),
        (["report", SAMPLE, "--year", 2024, "--county", "../../../etc"], "no county"),
        (["check", "missing.csv"], "there is no file"),
        (["counties", "missing.csv"], "there is no file"),
        (["standards", "quality_2018"], "did you mean"),
        (["sample", "out.json"], "must end in"),
        (["words", "xx"], "no language 'xx'"),
        (["words", "zh,en"], "one language at a time"),
        (["template", "form.xlsx", "--language", "zh,en"], "one language at a time"),
    ],
)
def test_usage_is_refused_in_words_and_nothing_is_written(call, tmp_path, arguments, said):
    """Catalogue O03, O04, O05, O06, O11."""
    code, out, told = call(*arguments)
    assert code == 2  # design.md section 8
    assert said in told
    assert out == ""
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="file names are bytes on Linux only")
def test_a_file_name_that_is_no_utf8_is_refused_in_words(call, tmp_path):
    """As Windows packs it and Linux unpacks it: the bytes of GBK."""
    path = tmp_path / os.fsdecode("学校表.csv".encode("gbk"))
    path.write_bytes(SAMPLE.read_bytes())
    with_it = [["report", path], ["check", path, "--json"], ["counties", path], ["ledger", path, "new.xlsx"]]
    with_it += [["report", SAMPLE, "--kind", "self_evaluation", "--set", f"items_file={path}"]]
    with_it += [["report", SAMPLE, "--columns", path], ["sample", path.with_name(f"new{path.name}")]]
    for arguments in with_it:
        code, _, told = call(*arguments)
        assert code == 2, arguments
        assert "utf-8" in told.lower() or "must be str" in told
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_county_is_told_where_to_look(call):
    """Catalogue O04."""
    _, _, told = call("report", SAMPLE, "--year", 2024, "--county", "371598,999999")
    assert len(told.splitlines()) == 2  # both at once
    assert f"balancelab counties {SAMPLE}" in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"students": "六百七十"}, "六百七十"),
        ({"drop": "multimedia_rooms"}, "multimedia_rooms"),
        ({"drop": "county_code"}, "county_code"),
    ],
)
def test_a_table_with_faults_is_refused(call, tmp_path, changes, said):
    path = table(tmp_path, **changes)
    code, out, told = call("report", path)
    assert code == 3  # design.md section 8
    assert said in told
    assert out == ""
    assert list(tmp_path.iterdir()) == [path]
    assert call("check", path)[0] == 3


def test_several_years_are_never_pooled(call, tmp_path):
    code, _, told = call("report", SAMPLE)
    assert code == 3
    assert "2020, 2021, 2022, 2023, 2024" in told  # the five years of the sample
    assert "--year" in told
    assert list(tmp_path.iterdir()) == []


def test_a_locked_folder(call, tmp_path):
    with Output(tmp_path / "out"):
        code, _, told = call("report", SAMPLE, "--year", 2024, "--output", "out")
    assert code == 6  # design.md section 8
    assert str(os.getpid()) in told


def test_an_output_that_cannot_be_made(call, tmp_path):
    """Catalogue N01."""
    (tmp_path / "file").write_bytes(b"")
    code, _, told = call("report", SAMPLE, "--year", 2024, "--output", tmp_path / "file" / "below")
    assert code == 5  # design.md section 8
    assert "cannot write" in told
    assert call("report", SAMPLE, "--year", 2024, "--output", tmp_path / "file")[0] == 2


def test_check_says_what_it_found(call, tmp_path):
    path = table(tmp_path)
    code, out, _ = call("check", path, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["source"]["file"] == "schools.csv"
    assert found["rows"]["in"] == len(path.read_text(encoding="utf-8").splitlines()) - 1  # all but the header
    code, out, _ = call("check", path, "--language", "zh")
    assert code == 0
    assert any("\u4e00" <= letter <= "\u9fff" for letter in out)


def test_a_marked_copy_and_a_blank_form(call, tmp_path):
    path = table(tmp_path, students="六百七十")
    assert call("check", path, "--annotate", "marked.xlsx")[0] == 3
    assert call("template", "form.xlsx")[0] == 0
    for name in ("marked.xlsx", "form.xlsx"):
        assert (tmp_path / name).read_bytes()[:2] == b"PK"  # a zip archive, as every xlsx is
    before = path.read_bytes()
    assert call("check", path, "--annotate", path)[0] == 2
    assert call("template", "form.csv")[0] == 2
    form = (tmp_path / "form.xlsx").read_bytes()
    (tmp_path / "form.xlsx").write_bytes(b"filled in")
    assert call("template", "form.xlsx")[0] == 2
    assert (tmp_path / "form.xlsx").read_bytes() == b"filled in"
    assert call("template", "form.xlsx", "--force")[0] == 0
    assert (tmp_path / "form.xlsx").read_bytes() == form
    assert call("template", tmp_path / "no folder" / "form.xlsx")[0] == 5
    assert path.read_bytes() == before


def test_lists(call):
    code, out, _ = call("counties", SAMPLE)
    assert code == 0
    lines = [line.split("\t") for line in out.splitlines()]
    assert len(lines) == 12 * 5  # the sample has 12 counties and five years
    assert lines[0][:3] == [CODE, "示例县", "2020"]
    assert len(call("counties", SAMPLE, "--year", 2024)[1].splitlines()) == 12
    assert "quality_2017\t" in call("standards")[1]
    # published: 教督〔2017〕6号, resource allocation item 1: 4.2 primary, 5.3 junior
    assert "primary >= 4.2, junior >= 5.3" in call("standards", "quality_2017")[1]
    assert "books_per_student\t" in call("indicators")[1]
    for arguments in (["standards"], ["standards", "quality_2017"], ["indicators"]):
        call_out = call(*arguments, "--language", "zh")[1]
        call_out.encode("gbk")  # a Chinese Windows console prints nothing else


def test_sample_is_written(call, tmp_path):
    code, out, told = call("sample", "--counties", 2, "--schools-per-county", 20, "--years", 1, "--seed", 1, "new.csv")
    assert (code, out) == (0, "")
    assert "new.csv" in told
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", "new.meta.toml"}


def test_words_of_a_built_in_language_are_complete(call):
    assert call("words", "en") == (0, "", "")


def test_messages_follow_the_language(call, monkeypatch):
    assert "没有文件" not in call("report", "missing.csv", "--language", "zh")[2]  # BALANCELAB_LANGUAGE=en rules
    monkeypatch.delenv("BALANCELAB_LANGUAGE")
    assert "没有文件" in call("report", "missing.csv", "--language", "zh,en")[2]
    assert "there is no" in call("report", "missing.csv", "--language", "en,zh")[2]
    monkeypatch.setenv("LC_ALL", "zh_CN.GBK")
    assert "没有文件" in call("report", "missing.csv")[2]


BUG = """
import balancelab.standards, balancelab.cli
balancelab.standards.list_standards = lambda: 1 // 0
balancelab.cli.main(["standards"])
"""


def test_a_bug_is_told_by_number_and_not_by_traceback():
    done, again = shell(code=BUG), shell(code=BUG)
    assert done.returncode == 1  # design.md section 8
    assert done.stderr.startswith("internal error ")
    assert "Traceback" not in done.stderr
    assert done.stderr == again.stderr  # the same bug has the same number
    assert "ZeroDivisionError: " in shell(code=BUG, BALANCELAB_DEBUG="1").stderr


def test_a_console_that_knows_gbk_only():
    done = subprocess.run(
        [sys.executable, "-c", "import balancelab.cli as cli; cli.main()", "report", "没有\u3d50.csv"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "gbk", "BALANCELAB_LANGUAGE": "zh"},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode("gbk").startswith("没有文件 没有")


@pytest.mark.skipif(os.name != "posix", reason="signals as on Linux and macOS")
def test_a_polite_kill_ends_a_run_like_an_interrupt():
    before = signal.getsignal(signal.SIGTERM)
    try:
        stop_like_ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_one_county_from_a_table_of_one_s_own(tmp_path):
    path = table(tmp_path, county="../<script>alert(1)</script>")
    (tmp_path / "schools.meta.toml").write_text("synthetic = true\n", encoding="utf-8")
    out = tmp_path / "out put"
    done = shell("report", path, "--county", CODE, "--language", "en", "--output", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    first, last = done.stderr.splitlines()
    assert first.startswith(f"[1/1] {CODE} ")
    assert last.startswith("1 report written (counties: 1, languages: en): ")
    assert "index.html" in last
    files = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    published = {f"2024/{CODE}/balance.en.{ending}" for ending in ("html", "ipynb", "json")}
    kept = {name for name in files if name.startswith(".inputs/")}
    assert files - kept == published | {"index.html", "journal.jsonl"}
    assert len(kept) == 4  # table, its sidecar, notebook, and the list of them
    page = (out / f"2024/{CODE}/balance.en.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in index
    assert "synthetic" in index
    assert {file.name for file in tmp_path.iterdir()} == {"schools.csv", "schools.meta.toml", "out put"}
    notebook = (out / f"2024/{CODE}/balance.en.ipynb").read_text(encoding="utf-8")
    assert str(tmp_path) not in notebook
    quiet = shell("report", path, "--county", "371598", "--quiet", "--output", out)
    assert quiet.returncode == 2
