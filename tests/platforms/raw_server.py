"""A server that says byte for byte what a test wants said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

Conversation = Callable[[socket.socket], None]


class RawServer:
    """Reads each request's head, then hands the connection to `talk`."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.stopped = threading.Event()
        self.heads: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> RawServer:
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._acceptor, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                got = connection.recv(4096)
                if not got:
                    return
                head += got
            self.heads.append(head)
            try:
                self._talk(connection)
            except OSError:
                return  # the client hung up


def response(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole HTTP answer, which says that this server talks once a connection: the client's next
    call could go to one that is just being closed."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body
