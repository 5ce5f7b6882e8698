"""An HTTP server on loopback that answers as the vendors do.

Headers and body leave in one write: sent apart, delayed acknowledgements cost 40 ms a call.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from platforms.sandbox.deviations import deviations, refused
from platforms.sandbox.faults import Answer, Fault, Request
from platforms.sandbox.spoiling import OF_THE_REAL_ANSWER, spoilt
from platforms.sandbox.world import World


class VendorApi(Protocol):
    """The stand-in of one vendor's API. Called with the world's lock held. Refuses, in its vendor's
    words, every request that is `undescribed`."""

    def serves(self, path: str) -> bool:
        """Is the path under this API?"""
        ...

    def platform_of(self, request: Request) -> str:
        """The platform whose call this is."""
        ...

    def answer(self, request: Request) -> Answer: ...


class SandboxServer:
    """Serves a world on 127.0.0.1 while its `with` block lasts; `url` is a page's base_url."""

    def __init__(self, world: World, apis: Sequence[VendorApi] | None = None, port: int = 0):
        self.world = world
        self.apis = tuple(apis) if apis is not None else vendor_apis(world)
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sandbox",
            daemon=True,
        )

    def __enter__(self) -> SandboxServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()

    def respond(self, request: Request) -> tuple[Answer, Fault | None]:
        """The answer, and the fault that it has to be sent with."""
        world = self.world
        with world.lock:
            world.advance()
            api = next((api for api in self.apis if api.serves(request.path)), None)
            if api is None:
                world.record_call("", request.method, request.path, 404)
                return Answer(status=404, body=b"Not Found"), None
            platform = api.platform_of(request)
            found = deviations(platform, request)
            world.checked(found)
            request = replace(request, undescribed=refused(found))
            fault = world.faults.take(platform, request)
            if fault is None or fault.applied or fault.kind in OF_THE_REAL_ANSWER:
                answer = api.answer(request)
            else:
                answer = Answer()
            answer = spoilt(answer, fault) if fault else answer
            world.record_call(platform, request.method, request.path, answer.status)
            return answer, fault


def vendor_apis(world: World) -> tuple[VendorApi, ...]:
    """Every stand-in there is."""
    from platforms.sandbox.graph import GraphApi
    from platforms.sandbox.wordpress import WordPressApi
    from platforms.sandbox.x import XApi
    from platforms.sandbox.youtube import YouTubeApi

    return GraphApi(world), XApi(world), YouTubeApi(world), WordPressApi(world)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """Ends the kept-alive connections, so that their threads end too."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was first

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news; the rest ends the test that caused it with a 500."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:  # whoever sent it was killed midway: no request was made
            self.close_connection = True
            return
        request = Request(
            method=self.command,
            path=split.path,
            query=parse_qs(split.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        try:
            answer, fault = self.server.sandbox.respond(request)
        except Exception as error:
            message = f"sandbox: {type(error).__name__}: {error}"
            answer, fault = Answer(status=500, body=message.encode()), None
        self._send(answer, fault)

    do_POST = do_PUT = do_DELETE = do_GET

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "reset":
            self._reset()
            return
        head = f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}\r\n"
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        if fault is not None and fault.kind in ("cut", "wrong_length"):
            self._cut(head.encode("latin-1"), answer.body, clean=fault.kind == "wrong_length")
            return
        if fault is not None and fault.kind == "slow":
            self._drip(head.encode("latin-1"), answer.body, fault.delay_seconds)
            return
        self.wfile.write(head.encode("latin-1") + answer.body)

    def _cut(self, head: bytes, body: bytes, *, clean: bool) -> None:
        """Fewer bytes than were promised; then the connection ends, as if all were well or not."""
        self.wfile.write(head + body[: len(body) // 2])
        self.close_connection = True
        if not clean:
            self._reset()

    def _drip(self, head: bytes, body: bytes, delay_seconds: float) -> None:
        self.wfile.write(head)
        self.close_connection = True
        for index in range(len(body)):
            time.sleep(delay_seconds)
            self.wfile.write(body[index : index + 1])

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the world keeps its own log of calls."""
