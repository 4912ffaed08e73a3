from pathlib import Path

from balancelab.reports.batch import Progress, Summary
from balancelab.reports.console import Console
from balancelab.reports.errors import CAUSES, EnvironmentRefused, Failure, say, text
from balancelab.reports.progress import printable
from balancelab.reports.units import Unit

FORGED = "临江县\nall is well\x1b[2J\u202e"


def unit(code: str, county: str = "临江县", language: str = "zh") -> Unit:
    return Unit("balance", language, 2024, code, county, Path("balance.ipynb"))


def summary(*failed: tuple[Unit, Failure], done: tuple[Unit, ...] = (), **changes: object) -> Summary:
    return Summary(Path("reports"), done, failed, (), 83.4, **changes)


def test_plain_lines_where_there_is_no_terminal(capsys):
    console = Console("en")
    console.progress(Progress("started", unit("371501"), 0, 2, (unit("371501"),)))
    console.progress(Progress("done", unit("371501"), 1, 2, (), seconds=3.21))
    failure = Failure("warning", "UserWarning: careful", cell=3)
    console.progress(Progress("failed", unit("371502"), 2, 2, (), failure, 2.0))
    assert capsys.readouterr().err.splitlines() == [
        "[1/2] 371501 临江县 zh  3.2 s",
        "[2/2] 371502 临江县 zh  2.0 s  a warning was printed",
    ]


def test_quiet_says_only_what_went_wrong(capsys):
    console = Console("en", quiet=True)
    console.progress(Progress("done", unit("371501"), 1, 1, (), seconds=3.21))
    console.summary(summary(done=(unit("371501"),)))
    assert capsys.readouterr().err == ""
    console.summary(summary((unit("371502"), Failure("timeout", "> 600 s", cell=2))))
    assert "371502" in capsys.readouterr().err


def test_failures_are_gathered_by_cause_and_message(capsys):
    same = Failure("cell_error", "ValueError: no schools", cell=3)
    alike = tuple((unit(f"3715{number:02}"), same) for number in range(15))
    other = (unit("371599"), Failure("timeout", "> 600 s", cell=2))
    Console("en").summary(summary(other, *alike, done=(unit("371600"), unit("371600", language="en"))))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "a cell failed: 15"  # the commonest cause first
    assert said[1] == "  a cell failed, code cell 3: ValueError: no schools"
    assert said[2].startswith("    371500 临江县 zh, 371501 临江县 zh")
    assert said[2].endswith("and 3 more")  # twelve are shown
    assert said[3] == "time limit exceeded: 1"
    assert (
        said[-1] == "2 reports written (counties: 1, languages: en, zh), 16 failed: reports, start at index.html; 83 s"
    )


def test_an_early_end_is_explained(capsys):
    trouble = EnvironmentRefused(text("磁盘已满", "the disk is full"))
    Console("zh").summary(summary(trouble=trouble, interrupted=True))
    said = capsys.readouterr().err
    assert "磁盘已满" in said
    assert "已中断" in said
    assert "用时 83 秒" in said


def test_exit_codes():
    # design.md section 8
    assert summary(done=(unit("1"),)).exit_code == 0
    assert summary((unit("1"), Failure("timeout", ""))).exit_code == 4
    assert summary(trouble=EnvironmentRefused(text("", ""))).exit_code == 5
    assert summary(interrupted=True).exit_code == 130


def test_a_name_cannot_forge_a_line(capsys):
    """Catalogue L06."""
    Console("en").progress(Progress("done", unit("371501", FORGED), 1, 1, (), seconds=1.0))
    said = capsys.readouterr().err
    assert said == "[1/1] 371501 临江县 all is well?[2J? zh  1.0 s\n"


def test_every_cause_has_words_for_a_gbk_console():
    for cause, pair in CAUSES.items():
        assert Failure(cause, "x").text()["en"].startswith(pair["en"])
        for language in ("zh", "en"):
            printable(say(pair, language)).encode("gbk")
