"""A web server on this machine that takes what webhooks send: slow, failing or hanging by path."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.certificate import server_context

HANGS_SECONDS = 60.0


class HookServer(ThreadingHTTPServer):
    """`taken` holds path, headers and body of each message, as bytes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.taken: list[bytes] = []
        self.asked = 0
        self.down = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Take(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        if "hangs" in self.path:
            time.sleep(HANGS_SECONDS)
        if "drips" in self.path:
            self._drip()
            return
        if "elsewhere" in self.path:
            self.send_response(302)
            self.send_header("location", f"http://127.0.0.2:{self.server.port}/")
        elif self.server.down or "fails" in self.path:
            self.send_response(503)
        else:
            self.server.taken.append(f"{self.path}\n{self.headers}".encode() + body)
            self.send_response(202 if "workflows" in self.path else 200)
            self.end_headers()
            self.wfile.write(b"ok")  # what Slack says
            return
        self.end_headers()

    def _drip(self) -> None:
        """A byte now and then: no time-out between two reads ever strikes."""
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(int(HANGS_SECONDS)):
                self.wfile.write(b"x: y\r\n")
                time.sleep(0.5)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def hook_server(*, certificate: Path | None = None) -> Iterator[HookServer]:
    """The server while the block lasts; over TLS where there is a certificate."""
    with HookServer() as server:
        if certificate:
            context = server_context(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
