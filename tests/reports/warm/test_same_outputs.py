"""What the warm engine writes is what a real kernel gives, output for output."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from balancelab.reports.engine import import_papermill
from balancelab.reports.formats import render
from balancelab.reports.html import blocks_from_notebook
from balancelab.reports.judge import scrubbed, title_of
from balancelab.reports.surroundings import surroundings, transport
from balancelab.reports.warm.engine import NAME, register
from balancelab.reports.warm.guarding import available
from tests.reports.warm.conftest import notebook_of

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(not available(), reason="needs fork, as on Linux")
pytestmark = [pytest.mark.slow, POSIX]

TORTURE = [
    "print('a'); import sys; print('b', file=sys.stderr); print('c')",
    "from IPython.display import HTML, clear_output, display, update_display\ndisplay(HTML('1'), metadata={'k': 1}); 4",
    "shown = display('old', display_id='here')",
    "update_display('new', display_id='here')",
    "print('gone'); clear_output(); print('kept')",
    "print('gone'); clear_output(wait=True); print('kept')",
    "print('10%\\r50%\\r100%')",
    "%%capture caught\nprint('into a variable')",
    "caught.stdout",
    "import os\nwritten = os.write(1, b'behind its back\\n')",
    "import subprocess\nstatus = subprocess.run(['echo', 'a program']).returncode",
    "import warnings\nwarnings.warn('careful')",
    "import logging\nlogging.warning('careful')",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "import threading\nthread = threading.Thread(target=print, args=('from a thread',)); thread.start(); thread.join()",
    "class Many:\n    def _repr_html_(self):\n        return '<i>x</i>'\n"
    "    def _repr_json_(self):\n        return {'a': [1, 2.5, None]}\nMany()",
    "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/plain': 'b', 'application/vnd.x+json': {'n': (1, 2), 'f': 0.1}}\nBundle()",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
    "plt.plot([2, 1])",
    "%matplotlib inline\nfigure, axes = plt.subplots(); axes.plot([3, 1])",
    "_ , __, Out.keys(), In[1]",
    "1; 2",
    "3;",
    "",
    "# only a comment",
    "x = 5\nassert x == 5",
    "?len",
    "get_ipython().set_next_input('never')",
    "import pickle\npickle.loads(pickle.dumps({'a': Many.__name__}))",
    "import multiprocessing as m\nwith m.get_context('fork').Pool(1) as pool:\n    got = pool.map(abs, [-1])\ngot",
    "try:\n    input('who? ')\nexcept Exception as error:\n    print(type(error).__name__, error)",
    "try:\n    asyncio.run(asyncio.sleep(0))\nexcept RuntimeError as error:\n    print(error)",
    "__name__, get_ipython().__class__.__name__, os.environ['MPLBACKEND'], sys.stdout.isatty()",
    "raise ValueError('the end')",
]
FAILING = [
    "1 +",
    "undefined",
    "import sys\nsys.exit(3)",
    "import sys\nsys.exit()",
    "class E(Exception): pass\nraise E()",
]


def both(notebook: Path, parameters: dict[str, object], folder: Path) -> tuple[nbformat.NotebookNode, ...]:
    """Run a notebook by stock Papermill and by the warm engine, as anybody would who knows only Papermill."""
    papermill = import_papermill()
    register()
    made = []
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # ipykernel looks at it and then shows nothing of the two descriptors
    for engine in (None, NAME):
        out = folder / f"made-{engine}.ipynb"
        with (
            tempfile.TemporaryDirectory(prefix="bl-") as private,
            surroundings(Path(private), fallback=Path(private)),
            suppress(papermill.PapermillExecutionError),
        ):
            papermill.execute_notebook(
                str(notebook),
                str(out),
                parameters=parameters,
                engine_name=engine,
                kernel_name="python3",
                cwd=str(folder),
                progress_bar=False,
                record_timing=False,
                coalesce_streams=True,
                config=transport(Path(private)) if engine is None else None,
            )
        made.append(nbformat.read(out, as_version=4))
    return made[0], made[1]


def written(notebook: nbformat.NotebookNode) -> str:
    """The notebook without times and paths, and without the hash of a package that may be edited between two runs."""
    content = nbformat.writes(scrubbed(notebook, source_name="a.ipynb", output_name="b.ipynb", origin={}))
    return re.sub(r"(balancelab [0-9.]+ · )[0-9a-f]{64}", r"\1", content)


def write_bundles(folder: Path) -> None:
    """Write the numbers of two years' reports to where `changes` looks for them, by the zygote of all tests here."""
    register()
    for year in (2023, 2024):
        made = import_papermill().execute_notebook(
            str(ROOT / "notebooks/balance.ipynb"),
            None,
            parameters={"year": year, "county_code": "371599", "language": "zh"},
            engine_name=NAME,
            cwd=str(folder / "notebooks"),
            progress_bar=False,
        )
        place = folder / f"reports/{year}/371599"
        place.mkdir(parents=True)
        blocks = blocks_from_notebook(made)
        (place / "balance.zh.json").write_bytes(render("json", blocks, title=title_of(blocks, ""), language="zh"))


@pytest.mark.parametrize("kind", sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")))
def test_shipped_notebooks_byte_for_byte(kind, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(ROOT / "data")  # the notebooks' own parameters name ../data/…
    if kind == "changes":  # it names ../reports/…, which are not shipped
        write_bundles(tmp_path)
    by_kernel, by_fork = both(ROOT / f"notebooks/{kind}.ipynb", {"language": "zh"}, tmp_path / "notebooks")
    assert sum(len(cell.get("outputs", [])) for cell in by_kernel.cells) > 10
    assert written(by_fork) == written(by_kernel)


def plain(content: str) -> str:
    """
    Without the differences that are allowed.

    Addresses of objects; the number of a warning's file; times in a log; the depth at which a traceback of IPython's
    own frames begins does not occur, because both shells are ipykernel's.
    """
    content = re.sub(r"0x[0-9a-f]{6,}", "0x", content)
    return re.sub(r"ipykernel_\d+[/\\]+\d+\.py", "cell.py", re.sub(r"\S*/ipykernel_\d+/\d+\.py", "cell.py", content))


def test_torture_notebook(tmp_path):
    file = tmp_path / "torture.ipynb"
    nbformat.write(notebook_of(*TORTURE), file)
    by_kernel, by_fork = both(file, {}, tmp_path)
    for mine, theirs in zip(by_fork.cells, by_kernel.cells, strict=True):
        assert plain(str(mine.get("outputs"))) == plain(str(theirs.get("outputs"))), mine.source
        assert mine.get("execution_count") == theirs.get("execution_count"), mine.source
    assert by_fork.metadata.language_info == by_kernel.metadata.language_info


@pytest.mark.parametrize("source", FAILING)
def test_failing_cells(source, tmp_path):
    file = tmp_path / "fails.ipynb"
    nbformat.write(notebook_of("print(1)", source, "print(2)"), file)
    by_kernel, by_fork = both(file, {}, tmp_path)
    assert plain(written(by_fork)) == plain(written(by_kernel))
