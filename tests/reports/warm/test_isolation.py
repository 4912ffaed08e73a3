"""What one report does to its process never reaches the next, and no report can take the zygote with it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import balancelab
from balancelab.reports.warm.choice import needs_kernel
from balancelab.reports.warm.client import ZygoteClient, zygote_environment
from balancelab.reports.warm.engine import WarmEngine
from balancelab.reports.warm.guarding import available
from tests.reports.warm.conftest import notebook_of, printed, write_started

pytestmark = pytest.mark.skipif(not available(), reason="needs fork, as on Linux")

LEAKS = """
import builtins, decimal, locale, logging, os, random, signal, sys, warnings
import numpy as np, pandas as pd, matplotlib as mpl
os.environ["LEAK"] = "1"; os.umask(0); sys.path.append("/leak"); sys.setrecursionlimit(555)
pd.options.display.max_rows = 7; np.random.seed(1); random.seed(1); np.set_printoptions(precision=1)
np.seterr(all="ignore"); warnings.simplefilter("ignore"); logging.getLogger().setLevel(1); pd.DataFrame.leak = 1
decimal.getcontext().prec = 3; sys.modules["leak"] = sys; builtins.leak = 1; mpl.rcParams["font.size"] = 99
signal.signal(signal.SIGUSR1, signal.SIG_IGN); os.chdir("/"); leak = 1; pd.leak = np.zeros(10**6)
"""
SEEN = """
import builtins, decimal, logging, os, signal, sys, warnings
import numpy as np, pandas as pd, matplotlib as mpl
mask = os.umask(0); os.umask(mask)
print(os.environ.get("LEAK"), mask, "/leak" in sys.path, sys.getrecursionlimit(), pd.options.display.max_rows,
      np.get_printoptions()["precision"], np.geterr(), len(warnings.filters), logging.getLogger().level,
      hasattr(pd.DataFrame, "leak"), decimal.getcontext().prec, "leak" in sys.modules, hasattr(builtins, "leak"),
      mpl.rcParams["font.size"], signal.getsignal(signal.SIGUSR1), os.getcwd(), "leak" in globals(),
      hasattr(pd, "leak"))
"""


def test_nothing_leaks_into_the_next(run):
    before = printed(run(SEEN)[1])
    run(LEAKS)
    assert printed(run(SEEN)[1]) == before


def test_random_numbers_differ_unless_seeded(run):
    draw = "import numpy as np, random\nprint(np.random.random(), random.random())"
    assert len({printed(run(draw)[1]) for _ in range(3)}) == 3
    # other program: numpy's legacy generator, whose stream is frozen, draws 0.41702… first from seed 1
    assert printed(run("import numpy as np\nnp.random.seed(1)\nprint(np.random.random())")[1]).startswith(
        "0.4170220047"
    )


@pytest.mark.parametrize(
    ("source", "limits", "cause", "message"),
    [
        ("import time\ntime.sleep(60)", {"cell": 1, "report": 60}, "timeout", "> 1 s"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", {"cell": 1, "report": 60},
         "timeout", "> 1 s"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", {"cell": 60, "report": 1}, "timeout", "> 1 s"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", {}, "kernel_died", "signal 9"),
        ("import ctypes\nctypes.string_at(0)", {}, "kernel_died", "signal 11"),
        ("import os\nos._exit(0)", {}, "kernel_died", "exit status 0"),
        ("import os\nos.kill(0, 9)", {}, "kernel_died", "signal 9"),
    ],
)  # fmt: skip
def test_a_process_that_ends_badly_is_told_with_its_cell(run, source, limits, cause, message):
    started = time.monotonic()
    answer, notebook = run("print(1)", source, **limits)
    assert time.monotonic() - started < 10
    assert answer["state"] == "failed"
    assert notebook is None
    assert (answer["failure"]["cause"], answer["failure"]["cell"]) == (cause, 2)
    assert answer["failure"]["message"].startswith(message)
    assert answer["failure"]["source"] == source.splitlines()[0]
    assert run("print(1)")[0]["state"] == "done"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import numpy as np\nnp.ones(10**9)", "MemoryError"),  # 8 GB, four times the limit
        ("while True:\n    print('for ever')", "TooMuchOutput"),
        ("while True:\n    try:\n        print('for ever')\n    except Exception:\n        pass", "TooMuchOutput"),
        ("import subprocess\nsubprocess.run(['seq', '100000'])", "TooMuchOutput"),
        ("def deeper(n):\n    return deeper(n + 1)\ndeeper(0)", "RecursionError"),
        ("import sys\nsys.exit(0)", "SystemExit"),
    ],
)
def test_a_cell_over_its_limits_fails(run, source, error):
    answer, notebook = run(source, "print('never')", memory=2_000_000_000, output=100_000)
    assert answer["state"] == "done"
    assert [output.ename for output in notebook.cells[0].outputs if output.output_type == "error"] == [error]
    assert sum(len(output.text) for output in notebook.cells[0].outputs if output.output_type == "stream") <= 100_000
    assert notebook.cells[1].outputs == []


def alive(marker: str) -> list[str]:
    command = ["ps", "-A", "-ww", "-o", "pid=,stat=,args="]  # wide: a long path would be cut off, and look like an end
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if marker in line and "Z" not in line.split()[1]]


@pytest.mark.parametrize(("command", "apart"), [("sleep {0}", False), ("sleep {0}", True), ("sleep {0} & wait", True)])
def test_nothing_that_a_report_started_is_left(run, command, apart):
    number = 31_000 + os.getpid() % 1000 + len(command)
    given = f"{command.format(number)!r}, shell=True, start_new_session={apart}, stdout=subprocess.DEVNULL"
    answer, _ = run(f"import subprocess, time\nchild = subprocess.Popen({given})\ntime.sleep(0.2)")
    assert answer["state"] == "done"
    assert alive(f"sleep {number}") == []


def test_memory_and_descriptors_of_the_zygote_stay(zygote, run):
    def state() -> tuple[int, int]:
        own = Path(f"/proc/{zygote._process.pid}")
        resident = next(line for line in (own / "status").read_text(encoding="utf-8").splitlines() if "VmRSS" in line)
        return len(list((own / "fd").iterdir())), int(resident.split()[1])

    run("print(1)")
    before = state()
    for _ in range(20):
        run("print(1)")
    after = state()
    assert after[0] == before[0]
    assert after[1] - before[1] < 4_000  # kB


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_owner_s_end_is_the_zygote_s_and_the_report_s(tmp_path, number):
    own = tmp_path / "own"
    own.mkdir()
    marker = str(32_000 + os.getpid() % 1000)
    given = tmp_path / "given.ipynb"
    detached = f"subprocess.Popen(['sleep', '{marker}'], start_new_session=True)"
    write_started(given, f"import os, subprocess\n{detached}\nos.system('sleep {marker}')")
    order = {"cells": str(given), "made": str(tmp_path / "made"), "folder": str(tmp_path), "options": {}}
    code = (
        "import json, subprocess, sys, time\n"
        "zygote = subprocess.Popen([sys.executable, '-m', 'balancelab.reports.warm.zygote', sys.argv[1]],"
        " stdin=subprocess.PIPE, start_new_session=True)\n"
        "zygote.stdin.write(sys.argv[2].encode() + b'\\n'); zygote.stdin.flush(); time.sleep(100)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(own), json.dumps(order)],
        env=zygote_environment(own),
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 20
    while len(alive(f"sleep {marker}")) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(alive(f"sleep {marker}")) >= 2
    owner.send_signal(number)
    owner.wait()
    until = time.monotonic() + 5  # R17 of the reliability sheet: nothing five seconds after any end
    while (alive(f"sleep {marker}") or alive(str(own))) and time.monotonic() < until:
        time.sleep(0.05)
    assert alive(f"sleep {marker}") == []
    assert alive(str(own)) == []
    assert not own.exists()


def stand_in(folder: Path, program: str) -> ZygoteClient:
    """A client whose zygote is a line of shell."""
    client = object.__new__(ZygoteClient)
    client._process = subprocess.Popen(["sh", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client._owner, client.scratch = os.getpid(), folder
    return client


def test_who_is_interrupted_never_gets_that_answer_to_the_next_order(tmp_path):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    client = stand_in(tmp_path / "own", "exec sleep 60")
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            client.ask({})
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not client.alive()


def test_a_zygote_that_dies_while_it_speaks_is_a_dead_kernel(tmp_path):
    client = stand_in(tmp_path / "own", """read order; printf '{"kernel": 1}\n{"sta'""")
    assert client.ask({})["failure"]["cause"] == "kernel_died"
    assert not client.alive()


def test_what_the_system_refuses_is_told_and_the_zygote_goes_on(zygote, run, monkeypatch):
    elsewhere = zygote.scratch.with_name(zygote.scratch.name + "-moved")
    zygote.scratch.rename(elsewhere)
    try:
        answer, _ = run("1")
    finally:
        elsewhere.rename(zygote.scratch)
    assert (answer["state"], answer["errno"]) == ("environment", errno.ENOENT)
    assert run("1")[0]["state"] == "done"
    # and whoever uses the engine from Papermill gets it as the error that it is
    monkeypatch.setattr("balancelab.reports.warm.client.own_zygote", lambda: zygote)
    monkeypatch.setattr(zygote, "ask", lambda order: answer)
    with pytest.raises(FileNotFoundError):
        WarmEngine.execute_managed_notebook(SimpleNamespace(nb=notebook_of("1")), "python3")


LATE = """
import sys, time
from pathlib import Path
from balancelab.reports.engine import Limits
from balancelab.reports.warm import fork
def task(order, private, say):
    say({"state": "done"})
    time.sleep(60)
late = fork.start({}, task, scratch=Path(sys.argv[1]), limits=Limits(), close=())
while late._answer is None:
    late.listen()
late.stop()
while (answer := late.collect()) is None:
    time.sleep(0.01)
print(answer["state"])
"""


def test_an_answer_stands_though_its_time_was_over_a_moment_later(tmp_path):
    done = subprocess.run([sys.executable, "-c", LATE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_edited_at_its_place_is_looked_at_anew(tmp_path):
    file = tmp_path / "a.ipynb"
    for time_of, (source, needed) in enumerate([("1", False), ("!ls", True)]):
        nbformat.write(notebook_of(source), file)
        os.utime(file, ns=(time_of, time_of))
        assert needs_kernel(file) is needed


def test_an_edited_package_is_never_served_old(tmp_path):
    """Catalogue P10."""
    # the package as the zygote sees it: a copy of ours with a file to edit
    copy = tmp_path / "balancelab"
    shutil.copytree(Path(balancelab.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "edited.py").write_text("STATE = 'old'\n", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    environment = {**zygote_environment(own), "PYTHONPATH": str(tmp_path)}
    zygote = subprocess.Popen(
        [sys.executable, "-m", "balancelab.reports.warm.zygote", str(own)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    client = object.__new__(ZygoteClient)
    client._process, client._owner, client.scratch = zygote, os.getpid(), own
    given, made = tmp_path / "given.ipynb", tmp_path / "made.ipynb"
    write_started(given, "from balancelab import edited; print(edited.STATE)")
    order = {"cells": str(given), "made": str(made), "folder": str(tmp_path), "options": {}}
    said = []
    for state in ("old", "newer"):
        (copy / "edited.py").write_text(f"STATE = {state!r}\n", encoding="utf-8")
        assert client.ask(order)["state"] == "done"
        said.append(printed(nbformat.read(made, as_version=4)))
    client.end()
    assert said == ["old\n", "newer\n"]
