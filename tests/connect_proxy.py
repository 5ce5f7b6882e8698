"""A proxy on this machine that leads every name to one server of the tests: so what has its
vendor's address built in can be tried without leaving the machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ConnectProxy(ThreadingHTTPServer):
    """`asked` holds the host and port of each connection that it was asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, leads_to: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connect)
        self.leads_to = leads_to
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Connect(BaseHTTPRequestHandler):
    server: ConnectProxy

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        with socket.create_connection(("127.0.0.1", self.server.leads_to)) as there:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_carry, args=(there, self.connection), daemon=True)
            back.start()
            _carry(self.connection, there)
            back.join(10)

    def log_message(self, *_: object) -> None:
        return


def _carry(from_one: socket.socket, to_other: socket.socket) -> None:
    with suppress(OSError):
        while data := from_one.recv(65_536):
            to_other.sendall(data)
        to_other.shutdown(socket.SHUT_WR)


@contextmanager
def connect_proxy(leads_to: int) -> Iterator[ConnectProxy]:
    """The proxy while the block lasts; `leads_to` is a port of this machine."""
    with ConnectProxy(leads_to) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
