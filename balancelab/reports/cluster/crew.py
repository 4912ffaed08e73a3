"""The submitting side of a cluster: reports are ordered from Dask, arrive as bytes, and are written here."""

from __future__ import annotations

import hashlib
import itertools
import os
import queue
import secrets
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.definitions import Text
from balancelab.reports.cluster.connect import check_address, connect, require_alike, unlike
from balancelab.reports.cluster.parcel import Parcel
from balancelab.reports.cluster.program import describe
from balancelab.reports.crew import Events
from balancelab.reports.durable import answer_of
from balancelab.reports.errors import Failure, text
from balancelab.reports.half_run import keep_half_run, kept_name
from balancelab.reports.output import write_files
from balancelab.reports.warm.choice import Asked

if TYPE_CHECKING:
    from distributed import Future

    from balancelab.reports.output import Output
    from balancelab.reports.units import Unit

_ANSWERS_WITHIN = 15.0  # seconds for the scheduler, and for a first worker
_FAREWELL = 8.0  # seconds for the workers to end what they are at, and for a report to be written whole
_ALONE = 300.0  # seconds without any worker until a run gives up
_COUNTED = 2.0  # seconds for which a count of the workers holds
_DELIVERIES = 5  # times that one report may ask for its inputs: workers may die after they were sent
_WRITERS = 4


class ClusterCrew:
    """
    Those who make reports on a Dask cluster, as a context manager; leaving it cancels what is left.

    Parameters
    ----------
    output : Output
        The output folder, entered.
    address : str
        The scheduler's, ``tcp://…`` or ``tls://…``.
    engine : {"auto", "warm", "kernel"}
        Whether workers may make reports without a kernel.
    early : bool
        Whether the workers get ready at once, or only when there is something to make.
    seconds : float
        How long the scheduler, and a first worker, may take to answer. [s]

    Raises
    ------
    PlanRefused, EnvironmentRefused
        See `balancelab.reports.cluster.connect`.

    Attributes
    ----------
    engine, men, events
        As for `balancelab.reports.crew.Crew`; a man is one place at the cluster, not one machine.
    """

    def __init__(
        self,
        output: Output,
        address: str,
        *,
        engine: Asked = "auto",
        early: bool = True,
        seconds: float = _ANSWERS_WITHIN,
    ) -> None:
        check_address(address)
        self.engine = engine
        self.men: list[Place] = []
        self.events: Events = queue.Queue()
        self._output, self._address = output, address
        self._name = f"balancelab-{secrets.token_hex(6)}"
        self._parcel: Parcel | None = None
        self._ours = describe()
        self._rehearsal: dict[str, Any] | None = None
        self._numbers = itertools.count()
        self._sending: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._counted, self._count, self._seen = 0.0, 1, time.monotonic()
        self._over, self._ready = False, False
        self._error: BaseException | None = None
        self._client = connect(address, seconds=seconds)
        self._arrivals: queue.SimpleQueue[tuple[Place, dict[str, Any], Future] | None] = queue.SimpleQueue()
        self._hands = [threading.Thread(target=self._see_to_arrivals, daemon=True) for _ in range(_WRITERS)]
        for hand in self._hands:
            hand.start()
        try:
            require_alike(self._client, address, self._ours, warm=engine == "warm", seconds=seconds)
            if early:
                self._put_up_rooms()
        except BaseException:
            self._leave()
            raise

    def __enter__(self) -> ClusterCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def prepare(self, work: Path) -> None:
        """Take note of what the notebooks read; each worker gets it with its first report."""
        self._parcel = Parcel(work)
        self._put_up_rooms()

    def places(self) -> int:
        """Return how many reports the workers can make side by side now; at least one, for whoever is to come."""
        if time.monotonic() > self._counted + _COUNTED and self._client.status == "running":
            self._counted = time.monotonic()
            with suppress(OSError, TimeoutError):  # the scheduler is gone: reports that are lost say so
                self._count = sum(self._client.nthreads().values())
            if self._count:
                self._seen = time.monotonic()
            elif time.monotonic() > self._seen + _ALONE:
                self._refuse(_alone(self._address))
        return max(1, self._count)

    def hire(self) -> Place:
        """Take one more place."""
        place = Place(self)
        self.men.append(place)
        return place

    def rehearse(self, notebook: Path, language: str) -> None:
        """Let every process that makes reports run a notebook once before its first; worth it for many reports."""
        self._rehearsal = {"languages": [language]}

    def dismiss(self, man: Any) -> None:
        """Give a place up."""
        self.men.remove(man)

    def running(self) -> tuple[Unit, ...]:
        """Return the reports that are being made or wait for a worker; raise what went wrong behind the scenes."""
        if self._error is not None:
            raise self._error
        return tuple(man.unit for man in self.men if man.unit is not None)

    def submit(self, place: Place, order: dict[str, Any]) -> None:
        """
        Order a report from the cluster.

        Parameters
        ----------
        place : Place
            Who gets the answer.
        order : dict
            As a worker here would take it; paths are of this machine.
        """
        from distributed.client import ClosedClientError

        from balancelab.reports.cluster.plugin import make_in_room

        if self._parcel is None:
            raise RuntimeError("prepare comes before the first report")
        word = dict(order["word"])
        if word:
            word["template"] = self._parcel.add(Path(word["template"]))
        sent = {
            **order,
            "notebook": self._parcel.add(Path(order["notebook"])),
            "word": word,
            "rehearsal": self._rehearsal,
            "parcel": self._parcel.name,
            "parts": self._ours["parts"],
        }
        key = f"{self._name}/{order['stem']}/{next(self._numbers)}"
        try:
            future = self._client.submit(make_in_room, self._name, sent, key=key, pure=False)
        except (OSError, ClosedClientError):
            self._refuse(_lost(self._address))
            return
        place.future = future
        future.add_done_callback(lambda done: self._arrivals.put((place, order, done)))

    def _put_up_rooms(self) -> None:
        if self._ready:
            return
        self._ready = True
        from balancelab.reports.cluster.plugin import Caretaker, RoomPlugin

        environment = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "0")}
        self._client.register_plugin(Caretaker(self._name, self._client.id))
        self._client.register_plugin(RoomPlugin(self._name, self.engine, environment))

    def _see_to_arrivals(self) -> None:
        """Do so in a thread of ours: Dask has one for all callbacks."""
        for place, order, future in iter(self._arrivals.get, None):
            try:
                self._arrived(place, order, future)
            except Exception as error:  # noqa: BLE001 - the run must hear of it, whatever it is, and not wait for ever
                self._error = error

    def _arrived(self, place: Place, order: dict[str, Any], future: Future) -> None:
        """See to one answer: write it, or send what is missing, and say what came of it."""
        if self._over:
            return
        answer = self._answer_of(order, future)
        future.release()
        if answer["state"] in ("missing", "gone"):
            place.deliveries += 1
            if place.deliveries <= _DELIVERIES:
                self._deliver(place, answer["worker"])
                self.submit(place, order)
                return
            answer = {"state": "refused", "why": _undelivered(answer["worker"], place.said)}
        elif answer["state"] == "mismatch":
            why = unlike(f"worker {answer['worker']}", self._ours, answer["theirs"], warm=self.engine == "warm")
            answer = {"state": "refused", "why": why or _undelivered(answer["worker"], "balancelab")}
        elif "contents" in answer:
            answer = self._write(order["stem"], answer)
        place.said, place.overdue = answer.get("message", ""), answer.get("overdue", False)
        self.events.put((place, None if answer["state"] == "died" else answer))

    def _answer_of(self, order: dict[str, Any], future: Future) -> dict[str, Any]:
        from distributed import KilledWorker
        from distributed.client import CancelledError

        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                # Dask's own words name machines, and what is kept of a report is the same wherever it was tried.
                return self._killed(order, Failure("worker_died", f"{error.allowed_failures + 1} workers died"))
            return {"state": "refused", "why": unlike("Dask", self._ours, error, warm=False)}
        if future.status == "finished":
            with suppress(CancelledError, OSError):
                answer: dict[str, Any] = self._client.gather(future)
                return answer
        return {"state": "refused", "why": _lost(self._address)}

    def _killed(self, order: dict[str, Any], failure: Failure) -> dict[str, Any]:
        """A report under which one worker after another died: Dask has tried it often enough."""
        try:
            kept = keep_half_run(order, failure, self._output.path)
        except OSError as error:
            return answer_of(error)
        return {"state": "failed", "failure": failure.as_json(), "kept": kept}

    def _deliver(self, place: Place, worker: str) -> None:
        """Send a worker what it lacks; if it died meanwhile, the next one asks again."""
        from balancelab.reports.cluster.plugin import offer, receive

        if self._parcel is None:
            return
        with self._sending[worker]:
            try:
                # Asked again at the end: what is complete is then laid out.
                for _ in range(2):
                    for digest in self._on(worker, offer, self._parcel.listing) or ():
                        for piece, last in self._parcel.pieces(digest):
                            self._on(worker, receive, digest, piece, last)
            except (OSError, ValueError, KeyError, TimeoutError) as error:
                place.said = f"{type(error).__name__}: {error}"

    def _on(self, worker: str, function: Any, *arguments: Any) -> Any:
        return self._client.run(function, self._name, *arguments, workers=[worker])[worker]

    def _write(self, stem: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Put what arrived under its final names, or nothing of it."""
        contents = answer.pop("contents")
        arrived = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        if any(arrived.get(name) != digest for name, digest in answer.get("files", {}).items()):
            return {"state": "died", "message": f"{answer['worker']}: damaged on the way"}
        try:
            write_files(self._output.path, contents)
            if answer["state"] == "done":
                (self._output.path / kept_name(stem)).unlink(missing_ok=True)
        except OSError as error:
            return answer_of(error)
        return answer

    def _refuse(self, why: Text) -> None:
        """Stop the run; said to whoever waits for a report, because only then is there somebody who listens."""
        for place in self.men:
            if place.unit is not None:
                self.events.put((place, {"state": "refused", "why": why}))
                return

    def _leave(self) -> None:
        """Cancel what is left, take the rooms away, close the line; all within the time of a farewell."""
        if self._over:
            return
        self._over = True
        until = time.monotonic() + _FAREWELL
        going = threading.Thread(target=self._say_farewell, daemon=True)
        going.start()
        for _ in self._hands:
            self._arrivals.put(None)
        for thread in (*self._hands, going):  # daemons: one that waits for a scheduler that hangs keeps nobody
            thread.join(max(0.0, until - time.monotonic()))

    def _say_farewell(self) -> None:
        # If any of it fails, the caretaker does the same when the scheduler finds this client gone.
        with suppress(OSError, ValueError, RuntimeError, TimeoutError):
            self._client.cancel([place.future for place in self.men if place.future is not None], force=True)
            self._client.unregister_worker_plugin(self._name)
        with suppress(OSError, RuntimeError, TimeoutError):
            self._client.close(timeout=_FAREWELL)


class Place:
    """
    One place at the cluster: an order given, an answer awaited.

    Parameters
    ----------
    crew : ClusterCrew
        Where it belongs.

    Attributes
    ----------
    future : Future or None
        What Dask promised.
    deliveries : int
        How often the inputs were sent for the present report.
    said : str
        What was last said of trouble.
    """

    def __init__(self, crew: ClusterCrew) -> None:
        self._crew = crew
        self.unit: Unit | None = None
        self.overdue = False
        self.future: Future | None = None
        self.deliveries = 0
        self.said = ""

    def take(self, unit: Unit, order: dict[str, Any]) -> None:
        """Begin a report."""
        self.unit, self.deliveries = unit, 0
        self._crew.submit(self, order)

    def seconds(self) -> float:
        """Return 0: the worker keeps the time, and a report that waits for one takes none."""
        return 0.0

    def kill(self) -> None:
        """Give the report up."""
        if self.future is not None:
            self.future.cancel()

    def last_words(self) -> str:
        """Return how it ended."""
        return self.said


def _lost(address: str) -> Text:
    return text(
        f"与调度器 {address} 失去联系；已完成的报告保留，再次运行同一命令即可续作",
        f"the connection to the scheduler {address} was lost; finished reports stay, the same command goes on",
    )


def _alone(address: str) -> Text:
    return text(
        f"调度器 {address} 已 {_ALONE:g} 秒没有工作进程；已完成的报告保留，再次运行同一命令即可续作",
        f"the scheduler {address} has had no worker for {_ALONE:g} s; finished reports stay, the same command goes on",
    )


def _undelivered(worker: str, said: str) -> Text:
    return text(
        f"工作进程 {worker} 收不下所需文件（{said}）；请检查其磁盘",
        f"the worker {worker} did not take its inputs ({said}): check its disk",
    )
