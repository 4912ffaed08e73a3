"""Finding a cluster, and refusing one that would not make the same bytes."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from balancelab.definitions import Text
from balancelab.reports.cluster.program import describe, differences
from balancelab.reports.errors import EnvironmentRefused, PlanRefused, text

if TYPE_CHECKING:
    from distributed import Client

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.%]+\]|[^\[\]:/\s]+):[0-9]{1,5}")
_SHOWN = 8


def check_address(address: str) -> None:
    """
    Refuse what cannot be a scheduler's address, and a machine without Dask.

    Raises
    ------
    PlanRefused
        If it is not written ``tcp://host:port`` or ``tls://host:port``.
    EnvironmentRefused
        If Dask is not installed.
    """
    if not _ADDRESS.fullmatch(address):
        raise PlanRefused(
            text(
                f"--cluster 应写作 tcp://主机:8786 或 tls://主机:8786，现为“{address}”",
                f"--cluster is written tcp://host:8786 or tls://host:8786, not '{address}'",
            )
        )
    if importlib.util.find_spec("distributed") is None:
        raise EnvironmentRefused(
            text(
                '未安装 Dask；请运行 pip install "balancelab[cluster]"',
                'Dask is not installed: pip install "balancelab[cluster]"',
            )
        )


def connect(address: str, *, seconds: float) -> Client:
    """
    Connect to a scheduler.

    Parameters
    ----------
    address : str
        Checked by `check_address`. For ``tls://`` Dask's own configuration names the certificates.
    seconds : float
        How long it may take to answer. [s]

    Returns
    -------
    Client
        Nobody's default client.

    Raises
    ------
    EnvironmentRefused
        If it does not answer, or the certificates are missing or refused.
    """
    from distributed import Client

    if address.startswith("tls:"):
        _require_certificates()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Dask's own remarks on versions: `require_alike` is stricter
            return Client(address, timeout=seconds, set_as_default=False, name="balancelab")
    except (OSError, TypeError, ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EnvironmentRefused(
            text(
                f"{seconds:g} 秒内无法与调度器 {address} 连接（{said}）；"
                "请先运行 dask scheduler，核对地址、防火墙与证书",
                f"no connection to the scheduler {address} within {seconds:g} s ({said}): "
                "start `dask scheduler`, check address, firewall and certificates",
            )
        ) from error


def _require_certificates() -> None:
    """Refuse TLS without a certificate that can be read; Dask itself would find that out half a minute later."""
    from distributed import Security

    said = ""
    try:
        if Security().get_connection_args("client").get("ssl_context") is not None:
            return
    except OSError as error:  # also what the ssl module raises
        said = f" ({error})"
    raise EnvironmentRefused(
        text(
            f"tls:// 需要证书：请在 Dask 配置 distributed.comm.tls 中写明 ca-file 与 client 的 cert、key{said}",
            f"tls:// needs certificates: name ca-file and the client's cert and key in Dask's configuration, "
            f"distributed.comm.tls{said}",
        )
    )


def require_alike(client: Client, address: str, ours: Mapping[str, Any], *, warm: bool, seconds: float) -> None:
    """
    Refuse a cluster without workers, and one that runs another program.

    Parameters
    ----------
    client : Client
        Connected.
    address : str
        To what.
    ours : mapping
        From `describe`.
    warm : bool
        Whether the warm engine is insisted on.
    seconds : float
        How long a first worker may take to come. [s]

    Raises
    ------
    EnvironmentRefused
        Naming each machine that differs and what differs on it.
    """
    try:
        scheduler = client.run_on_scheduler(describe)
    except (ImportError, AttributeError, OSError, ValueError, RuntimeError) as error:
        scheduler = error
    problems = [unlike(f"scheduler {address}", ours, scheduler, warm=False)]
    if problems == [None]:
        try:
            client.wait_for_workers(1, timeout=seconds)
        except TimeoutError as error:
            raise EnvironmentRefused(
                text(
                    f"调度器 {address} 没有工作进程；请运行 dask worker {address}",
                    f"the scheduler {address} has no workers: start `dask worker {address}`",
                )
            ) from error
        for worker, theirs in sorted(client.run(describe, on_error="return").items()):
            problems.append(unlike(f"worker {worker}", ours, theirs, warm=warm))
    found = [problem for problem in problems if problem is not None]
    if found:
        raise EnvironmentRefused(*found[:_SHOWN])


def unlike(who: str, ours: Mapping[str, Any], theirs: Any, *, warm: bool) -> Text | None:
    """
    Say what makes a machine unfit, or None.

    Parameters
    ----------
    who : str
        Its name.
    ours, theirs : mapping
        From `describe`; instead of theirs the exception that came.
    warm : bool
        Whether the warm engine is insisted on.
    """
    if isinstance(theirs, BaseException):
        said = f"{type(theirs).__name__}: {theirs}"[:300]
        return text(
            f"{who} 上没有可用的 balancelab（{said}）；请在每台机器上安装同一份 requirements.lock",
            f"{who} has no working balancelab ({said}): install the same requirements.lock on every machine",
        )
    unequal = differences(ours, theirs)
    if unequal:
        listed = ", ".join(unequal[:_SHOWN]) + (" …" if len(unequal) > _SHOWN else "")
        return text(
            f"{who} 与本机程序不同（本机 / 对方）：{listed}；报告会不一致，请安装同一份 requirements.lock 与同一版本",
            f"{who} runs another program (here / there): {listed}; reports would differ: "
            "install the same requirements.lock and the same version",
        )
    if warm and not theirs["warm"]:
        return text(
            f"{who} 的系统不支持 --engine warm；请用 --engine auto",
            f"no --engine warm on the system of {who}; use --engine auto",
        )
    return None
