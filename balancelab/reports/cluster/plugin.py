"""What runs on a cluster's workers, and on its scheduler: a room for each run, put up and taken away again."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from distributed import SchedulerPlugin, Worker, WorkerPlugin, get_worker

from balancelab.reports.cluster.room import Room
from balancelab.reports.warm.choice import Asked


class RoomPlugin(WorkerPlugin):
    """
    Gives every worker of a cluster, also one that comes later, a room for one run.

    Parameters
    ----------
    name : str
        Name of the run.
    engine : {"auto", "warm", "kernel"}
        What was asked for.
    environment : dict
        Environment variables that reports depend on.
    """

    def __init__(self, name: str, engine: Asked, environment: dict[str, str]) -> None:
        self.name = name
        self._engine, self._environment = engine, environment
        self.room: Room | None = None

    def setup(self, worker: Worker) -> None:
        """Make the room, in the worker's own folder: Dask clears away what a killed worker leaves there."""
        self.room = Room(Path(worker.local_directory) / self.name, self._engine, self._environment)
        threading.Thread(target=self.room.open_up, name="balancelab opens", daemon=True).start()

    async def teardown(self, worker: Worker) -> None:
        """End what runs in the room and remove it; the worker answers its scheduler meanwhile."""
        if self.room is not None:
            await asyncio.to_thread(self.room.close)


class Caretaker(SchedulerPlugin):
    """
    Takes the rooms of a run away when the submitting process is gone, however it ended.

    Parameters
    ----------
    name : str
        Name of the run.
    client : str
        Dask's id of the submitting client.
    """

    def __init__(self, name: str, client: str) -> None:
        self.name = f"{name}-caretaker"
        self._rooms, self._client = name, client

    def remove_client(self, scheduler: Any, client: str) -> None:
        """Have the rooms taken away if this was the submitter."""
        if client == self._client:
            if self._rooms in scheduler.worker_plugins:
                scheduler.loop.add_callback(scheduler.unregister_worker_plugin, None, self._rooms)
            scheduler.remove_plugin(self.name)


def make_in_room(name: str, order: dict[str, Any]) -> dict[str, Any]:
    """
    Make a report on whatever worker this runs.

    Parameters
    ----------
    name : str
        Name of the run.
    order : dict
        As `Room.make` takes it.

    Returns
    -------
    dict
        As `Room.make` returns it, with ``worker``, its address.
    """
    worker = get_worker()
    room = _room(worker, name)
    answer = {"state": "gone"} if room is None else room.make(order)
    return {**answer, "worker": worker.address}


def offer(name: str, listing: dict[str, str], dask_worker: Any = None) -> list[str] | None:
    """Return which files of a listing a worker lacks, None if it has no room; see `Room.offer`."""
    room = _room(dask_worker, name)
    return None if room is None else room.offer(listing)


def receive(name: str, digest: str, piece: bytes, last: bool, dask_worker: Any = None) -> None:
    """Take a piece of a file; see `Room.receive`."""
    room = _room(dask_worker, name)
    if room is not None:
        room.receive(digest, piece, last=last)


def _room(worker: Any, name: str) -> Room | None:
    plugin = worker.plugins.get(name)
    return plugin.room if isinstance(plugin, RoomPlugin) else None
