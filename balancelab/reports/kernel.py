"""
A real kernel as ``ipykernel_launcher`` starts it, but without a TCP port.

ipykernel listens on one of this machine's own addresses for what forked children of a notebook print, also where all
else goes over private sockets. Here that goes over a private socket too. A kernel whose folder has too long a path
for a socket's name talks over encrypted TCP; there ipykernel's own way stays.
"""

from __future__ import annotations

import os
import sys

import zmq
from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from zmq.eventloop.zmqstream import ZMQStream


class PrivatePipe(IOPubThread):
    """Hears its process's children over a socket in the kernel's private folder."""

    _pipe_address = ""

    def _setup_pipe_in(self) -> None:
        endpoint = self.socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()
        if not endpoint.startswith("ipc://"):
            super()._setup_pipe_in()
            return
        self._pipe_uuid = os.urandom(16)
        self._pipe_address = f"{endpoint.rpartition('/')[0]}/p"  # beside the kernel's other sockets
        pipe_in = self.socket.context.socket(zmq.PULL)
        pipe_in.linger = 0
        pipe_in.bind(self._pipe_address)
        self._pipe_in = ZMQStream(pipe_in, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[zmq.Context[zmq.Socket[bytes]], zmq.Socket[bytes]]:
        if not self._pipe_address:
            return super()._setup_pipe_out()
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()  # a new one after a fork
        pipe_out = context.socket(zmq.PUSH)
        pipe_out.linger = 3000  # ms
        pipe_out.connect(self._pipe_address)
        return context, pipe_out


def main() -> None:
    """Start the kernel that the command line describes."""
    if sys.path[0] in ("", os.getcwd()):  # the work folder is no place to import from while the kernel starts
        del sys.path[0]
    if os.name == "posix":
        kernelapp.IOPubThread = PrivatePipe  # type: ignore[misc]
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
