"""Whatever is changed in an output folder is noticed, and a report comes out the same when it is made once more."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from balancelab.cli import cli
from balancelab.page import Page
from balancelab.reports import inputs, journal, remake, resume
from balancelab.reports.batch import run_reports
from balancelab.reports.differences import difference
from balancelab.reports.errors import Failure, PlanRefused
from balancelab.reports.formats import FORMATS
from balancelab.reports.inputs import Inputs
from balancelab.reports.output import Output, write_files
from balancelab.reports.records import record_of
from balancelab.reports.systemic import ALIKE
from balancelab.reports.units import Plan, Unit
from balancelab.reports.verified import FINE
from balancelab.reports.verify import check_hashes, find_scope, verify
from tests.reports.fast import NOTEBOOKS, FastCrew, unit

FLIPS = 1000


def stage(work: Path) -> None:
    (work / "schools.parquet").write_bytes(bytes(range(256)) * 4)
    (work / "standard").mkdir()
    (work / "standard/own.toml").write_text('extends = "quality_2017"\n', encoding="utf-8")


def finished(folder: Path, one: Unit, kept: Inputs) -> None:
    """Write what a batch writes of a finished report, with files of a few hundred bytes."""
    content = {f"{one.stem}{FORMATS[name].suffix}": f"{name} {one.stem} ".encode() * 9 for name in FORMATS}
    files = write_files(folder, {**content, one.notebook_file: b'{"cells": []}'})
    record = record_of(one, None, {"files": files}, 1.0)
    journal.append(folder, {**record, "parts": {}, "stamps": {}, "inputs": kept.of(one)})


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    out, work = tmp_path / "reports", tmp_path / "work"
    work.mkdir()
    stage(work)
    units = [unit("371501"), unit("371502")]
    out.mkdir()
    kept = Inputs(out, work, units)
    for one in units:
        finished(out, one, kept)
    pages = write_files(out, {"index.html": b"<!doctype html><title>All</title>"})
    journal.append_pages(out, pages)
    return out


def states(target: Path) -> dict[str, str]:
    return {one.name: one.state for one in check_hashes(find_scope(target))}


def whys(target: Path) -> dict[str, list[str]]:
    found = check_hashes(find_scope(target))
    return {one.name: [why["en"] for why in one.why] for one in found if one.state not in FINE}


def test_every_flipped_bit_is_noticed(folder):
    scope = find_scope(folder)
    assert states(folder) == {"2024/371501/works.zh": "intact", "2024/371502/works.zh": "intact"}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    # table, standard, notebook and the list of them, once for both reports
    assert sum(".inputs" in path.parts for path in files) == 4
    dice = random.Random(20170419)  # the day on which Jiaodu [2017] No. 6 was issued
    seen = set()
    for _ in range(FLIPS):
        path = dice.choice(files)
        content = bytearray(path.read_bytes())
        place = dice.randrange(len(content))
        content[place] ^= 1 << dice.randrange(8)
        original = path.read_bytes()
        path.write_bytes(content)
        found = check_hashes(find_scope(folder)) if path.name == journal.JOURNAL else check_hashes(scope)
        assert any(one.state == "changed" for one in found), (path, place)
        path.write_bytes(original)
        seen.add(path)
    assert seen == set(files)
    assert set(states(folder).values()) == {"intact"}


def test_what_is_wrong_is_named(folder):
    page = folder / "2024/371501/works.zh.html"
    page.write_bytes(b"edited")
    (folder / "2024/371501/works.zh.pdf").unlink()
    (folder / "2024/371502/notes.txt").write_text("by hand", encoding="utf-8")
    (folder / "index.html").unlink()
    table = next(path for path in (folder / ".inputs").iterdir() if path.stat().st_size == 1024)  # as `stage` wrote it
    table.write_bytes(b"")
    found = whys(folder)
    assert found["2024/371501/works.zh"] == [
        "2024/371501/works.zh.html: not the hash that the journal has",
        "2024/371501/works.zh.pdf: the file is missing",
        f".inputs/{table.name} (schools.parquet): the kept file is damaged",
    ]
    assert found["2024/371502/notes.txt"] == ["the journal does not name it"]
    assert found["index.html"] == ["the file is missing"]
    assert found[f".inputs/{table.name}"] == ["the kept file is damaged"]
    # one report alone: its files, its inputs and the journal
    assert set(whys(folder / "2024/371502")) == {"2024/371502/works.zh"}


def test_a_format_no_longer_made_is_held_to_its_older_line(folder):
    later = replace(unit("371501"), formats=("html",))
    record = journal.latest(journal.read(folder))[later.stem]
    few = {name: digest for name, digest in record["files"].items() if name.endswith(("html", "ipynb"))}
    journal.append(folder, {**record_of(later, None, {"files": few}, 1.0), "inputs": record["inputs"]})
    assert whys(folder) == {}
    (folder / f"{later.stem}.pdf").write_bytes(b"edited")
    assert list(whys(folder)) == [f"{later.stem}.pdf"]


def test_what_a_path_means(folder, tmp_path):
    for part in ("2024/371501/works.zh", "2024/371501/works.zh.pdf", "2024/371501"):
        scope = find_scope(folder / part)
        assert ([record["stem"] for record in scope.records], scope.whole) == (["2024/371501/works.zh"], False)
    assert len(find_scope(folder / "2024").records) == 2
    assert find_scope(folder).whole
    with pytest.raises(PlanRefused, match=r"did you mean '2024/371501/works\.zh'"):
        find_scope(folder / "2024/371501/works.zn")
    with pytest.raises(PlanRefused, match="no journal"):
        find_scope(tmp_path / "nowhere")


def test_inputs_are_kept_once_and_as_long_as_a_report_needs_them(folder, tmp_path):
    def names() -> set[str]:
        return {path.name for path in (folder / ".inputs").iterdir()}

    before = names()
    times = {path: path.stat().st_mtime_ns for path in (folder / ".inputs").iterdir()}
    work = tmp_path / "work"
    Inputs(folder, work, [unit("371501")]).of(unit("371501"))  # the same again: nothing is written
    assert {path: path.stat().st_mtime_ns for path in (folder / ".inputs").iterdir()} == times

    (work / "schools.parquet").write_bytes(b"another table")
    finished(folder, unit("371501"), Inputs(folder, work, [unit("371501")]))
    inputs.clean(folder, journal.read(folder))
    assert before < names()  # the other report still needs the first table
    finished(folder, unit("371502"), Inputs(folder, work, [unit("371502")]))
    inputs.clean(folder, journal.read(folder))
    assert len(names()) == 4
    assert len(before & names()) == 2  # standard and notebook
    assert whys(folder) == {}
    # for the public nothing is kept, and what nobody needs goes
    public = replace(unit("371501"), audience="public")
    assert Inputs(tmp_path / "public", work, [public]).of(public) == ""
    assert not (tmp_path / "public").exists()
    for path in folder.glob("2024/*/*"):
        path.unlink()
    inputs.clean(folder, journal.read(folder))
    assert not (folder / ".inputs").exists()


def test_restored_inputs_lie_as_they_lay(folder, tmp_path):
    name = journal.read(folder)[0]["inputs"]
    notebook, word = inputs.restore(folder, name, tmp_path / "again")
    assert (notebook.read_bytes(), word) == ((NOTEBOOKS / "works.ipynb").read_bytes(), None)
    assert (tmp_path / "again/standard/own.toml").read_bytes() == (tmp_path / "work/standard/own.toml").read_bytes()
    (folder / ".inputs" / name).write_bytes(b"{}")
    with pytest.raises(inputs.InputsDamaged):
        inputs.restore(folder, name, tmp_path / "once more")


def blocks(value: float, *, more: bool = False) -> list[dict[str, Any]]:
    import pandas as pd

    from balancelab.page.columns import Column

    page = Page("en", title_zh="甲", title_en="A")
    columns = [Column("school", zh="学校", en="School"), Column("value", zh="值", en="Value", kind="number")]
    page.table(
        pd.DataFrame({"school": ["One", "Two"], "value": [1.0, value]}),
        columns=columns,
        caption_zh="各校",
        caption_en="Schools",
    )
    if more:
        page.say(zh="多", en="More")
    return [block.to_json() for block in page.blocks]


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("same.xml", b"<a/>")
        archive.writestr(name, content)
    return out.getvalue()


def test_the_first_difference_is_told_by_block_row_and_column():
    was, now, longer = (
        json.dumps({"blocks": listed}).encode() for listed in (blocks(2.0), blocks(2.5), blocks(2.0, more=True))
    )
    told = "block 2 (Table 1 Schools), row 'Two', column 'Value': 2.0, 2.5 when made anew"
    assert difference("a.json", was, now)["en"] == told
    assert difference("a.json", was, now)["zh"] == "第 2 块（Table 1 Schools）“Two”行“Value”列：2.0，重算为 2.5"
    assert difference("a.json", was, longer)["en"] == "2 blocks, 3 when made anew"
    assert (
        difference("a.zip", zipped("results.json", was), zipped("results.json", now))["en"] == f"results.json: {told}"
    )
    assert (
        difference("a.docx", zipped("word/document.xml", b"<p>one"), zipped("word/document.xml", b"<p>two"))["en"]
        == 'word/document.xml: "one", "two" when made anew'
    )
    page, other = b'<p id="b1">x</p><p id="b2">0.46</p>', b'<p id="b1">x</p><p id="b2">0.47</p>'
    assert difference("a.html", page, other)["en"] == 'block 2: "6</p>", "7</p>" when made anew'
    # what is no such file any more is told by its byte; so is a file cut short
    assert difference("a.json", b"{", b"[1]")["en"] == "byte 1 of 1: 7b, 5b when made anew"
    assert difference("a.docx", b"PK", b"PK1")["en"] == "byte 3 of 2: -, 31 when made anew"


def test_another_program_with_the_same_numbers_is_no_other_report(tmp_path, monkeypatch):
    def notebook(place: Path, value: float, program: str) -> dict[str, str]:
        page = Page("zh", title_zh="甲", title_en="A")
        page.say(zh="{value:.2f}", en="{value:.2f}", value=value)
        page.provenance([({"zh": "程序", "en": "Program"}, program)])
        mime = "application/vnd.balancelab.block.v1+json"
        outputs = [{"data": {mime: block.to_json()}} for block in page.blocks]
        content = json.dumps({"cells": [{"outputs": outputs}]}).encode()
        place.mkdir(exist_ok=True)
        return write_files(place, {"2024/371501/works.zh.ipynb": content})

    record = {"stem": "2024/371501/works.zh", "county": "临江县", "version": "0.0.9", "parts": {"package": "old"}}
    for value, state in ((0.46, "program"), (0.47, "differs")):
        files = notebook(tmp_path / "was", 0.46, "0.0.9")
        notebook(tmp_path / "now", value, "0.1.0")
        found = remake._compared({**record, "files": files}, tmp_path / "was", tmp_path / "now")
        assert found.state == state
        assert found.why[0]["en"].startswith("the program changed (balancelab 0.0.9 then, ")
    monkeypatch.setattr(resume, "program_parts", lambda: {"package": "old"})
    found = remake._compared({**record, "files": files}, tmp_path / "was", tmp_path / "now")
    assert (found.state, found.why[0]["en"]) == (
        "differs", '2024/371501/works.zh.ipynb: block 2 (paragraph) text: "0.46", "0.47" when made anew'
    )  # fmt: skip


def test_a_public_report_is_held_to_its_hashes_only(tmp_path):
    record = {"stem": "2024/371501/works.public.zh", "county": "临江县", "inputs": ""}
    found = remake.remake(tmp_path, [record])
    assert found[record["stem"]].state in FINE
    assert "none are of public reports" in found[record["stem"]].why[0]["en"]


def test_reports_that_all_fail_are_each_told_of(tmp_path, monkeypatch):
    out, work = tmp_path / "reports", tmp_path / "work"
    for place in (out, work):
        place.mkdir()
    stage(work)
    units = [unit(f"{371501 + number}") for number in range(ALIKE + 2)]  # a run would stop after so many
    kept = Inputs(out, work, units)
    for one in units:
        finished(out, one, kept)
    crew = partial(FastCrew, poison=lambda code: Failure("cell_error", "no font", cell=3))
    monkeypatch.setattr("balancelab.reports.batch.Crew", crew)
    found = remake.remake(out, find_scope(out).records)
    assert [checked.state for checked in found.values()] == ["failed"] * len(units)


def command(*arguments: object) -> int:
    return cli.main(args=[str(argument) for argument in arguments], prog_name="balancelab", standalone_mode=False)


def test_the_command_tells_and_exits(folder, capsys):
    assert command("verify", folder, "--quick", "--language", "en") == 0
    assert capsys.readouterr().out.splitlines()[0] == "intact\t2024/371501/works.zh\t临江县\t"
    (folder / "2024/371501/works.zh.html").write_bytes(b"edited")
    assert command("verify", folder, "--quick", "--language", "zh") == 4
    told = capsys.readouterr()
    assert told.out.startswith("有改动\t2024/371501/works.zh\t临江县\t")
    assert "--force" in told.err
    assert command("verify", folder / "2024/371502", "--quick", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "intact"
    with Output(folder):  # a run at work
        assert command("verify", folder, "--quick") == 6
    assert command("verify", folder.parent / "nowhere") == 2


@pytest.mark.slow
def test_a_report_comes_out_the_same_once_more(tmp_path, monkeypatch):
    out = tmp_path / "reports"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1500000000")
    one = replace(unit("371501"), formats=("html", "docx", "xlsx", "zip"))
    with Output(out) as output:
        assert run_reports(Plan((one,), stage), output=output, jobs=1).exit_code == 0
    monkeypatch.delenv("SOURCE_DATE_EPOCH")  # the date that files bear is that of the first time
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert [(checked.state, checked.why) for checked in verify(find_scope(out))] == [("same", ())]
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert "SOURCE_DATE_EPOCH" not in os.environ
    page = out / f"{one.stem}.html"
    page.write_bytes(page.read_bytes().replace(b"371501 2024", b"371502 2024"))
    (checked,) = verify(find_scope(out))
    assert checked.state == "changed"
    assert "1 2024" in checked.why[1]["en"]  # the hash, then the place
    # a run over a damaged journal says so, makes what it lost anew, and leaves everything whole
    path = out / journal.JOURNAL
    path.write_bytes(path.read_bytes().replace(b"works", b"Works", 1))
    with Output(out) as output:
        summary = run_reports(Plan((one,), stage), output=output, jobs=1)
    assert (summary.mended, len(summary.done)) == (1, 1)
    assert {checked.state for checked in check_hashes(find_scope(out))} == {"intact"}
