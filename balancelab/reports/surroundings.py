"""What a kernel finds around it: one thread, a private profile, this interpreter, a private line to talk over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_LONGEST_SOCKET = 90  # sun_path holds 104 bytes on macOS, 108 on Linux; the rest is for what jupyter_client appends
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_NOT_INHERITED = ("PYTHONWARNINGS", "PYTHONSTARTUP", "MPLBACKEND", "MATPLOTLIBRC", "JUPYTER_CONFIG_PATH")


@contextmanager
def surroundings(private: Path, *, fallback: Path) -> Iterator[None]:
    """
    Give kernels started inside this context surroundings that no user's profile or configuration can change.

    Parameters
    ----------
    private : Path
        An empty folder for profile, run-time files and the kernel's description.
    fallback : Path
        Where matplotlib keeps its list of fonts if the user's cache cannot be written.

    Notes
    -----
    Environment variables of this process are changed and put back. ``python3`` names this very interpreter here,
    whatever kernel of that name a user has installed. Figures and sets come out the same each time (hash seed, dates).
    """
    kept = dict(os.environ)
    described = environment(private, fallback=fallback)
    os.environ.clear()
    os.environ.update(described)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def environment(private: Path, *, fallback: Path) -> dict[str, str]:
    """
    Return the environment variables of `surroundings` and write the files that they name; this process keeps its own.

    Parameters
    ----------
    private, fallback : Path
        As for `surroundings`.
    """
    spec = private / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "balancelab.reports.kernel", "-f", "{connection_file}"]
    described = {"argv": argv, "display_name": "Python 3", "language": "python"}
    described["metadata"] = {"supported_encryption": "curve"}  # type: ignore[assignment]
    (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    variables |= dict.fromkeys(_ONE_THREAD, "1")
    variables |= {
        "JUPYTER_PATH": str(private),
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "IPYTHONDIR": str(private / "ipython"),
        "TMPDIR": str(private),
        "TEMP": str(private),
        "TMP": str(private),
        "MPLCONFIGDIR": str(matplotlib_folder(fallback)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }
    variables.setdefault("SOURCE_DATE_EPOCH", "0")
    return variables


def prepare_fonts(fallback: Path) -> None:
    """
    List the system's fonts once, before any kernel: a kernel that does so for long says so, which is a warning.

    Parameters
    ----------
    fallback : Path
        As for `surroundings`.
    """
    folder = matplotlib_folder(fallback)
    if not any(folder.glob("fontlist-*.json")):
        environment = dict(os.environ, MPLCONFIGDIR=str(folder))
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(command, env=environment, capture_output=True, check=False)


def matplotlib_folder(fallback: Path) -> Path:
    """
    Return where kernels keep matplotlib's list of fonts: the user's cache, or another folder where that is read-only.

    A folder of our own, because a user's ``matplotlibrc`` must not change a published figure; a lasting one, because
    listing a system's fonts takes seconds.
    """
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        caches = os.path.expanduser("~/Library/Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(caches) / "balancelab" / "matplotlib"
    if os.path.isabs(caches):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    folder = fallback / "matplotlib"
    folder.mkdir(exist_ok=True)
    return folder


def transport(private: Path) -> Any:
    """
    Return how a kernel is to be talked to: private sockets where there are such, else encrypted TCP.

    Parameters
    ----------
    private : Path
        A folder that nobody else can enter; its path should be short.

    Returns
    -------
    traitlets.config.Config
        For a kernel manager.
    """
    from traitlets.config import Config

    config = Config()
    config.KernelManager.connection_file = str(private / "kernel.json")  # it holds the key to the kernel
    sockets = str(private / "k")
    if os.name == "posix" and len(os.fsencode(sockets)) <= _LONGEST_SOCKET:
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = sockets  # in a folder of its own: with the default name kernels side by side collide
    else:
        config.KernelManager.transport_encryption = "required"
    return config
