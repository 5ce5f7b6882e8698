"""Serves the web page from a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modbot.cli.answers import CommandFailed

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from modbot.people.passwords import Hashing
    from modbot.service import Service

START_SECONDS = 10.0
STOP_SECONDS = 5


@contextmanager
def serving(
    service: Service,
    *,
    host: str,
    port: int,
    demo: bool = False,
    prepared: bool = False,
    hashing: Hashing | None = None,
) -> Iterator[str]:
    """The web page's address while the `with` block lasts; port 0 takes any free one.

    `demo`: the demo's link signs in there; `prepared`: no first reader waits for templates;
    `hashing`: of passwords, in place of modbot's own.

    Raises CommandFailed when the address cannot be had.
    """
    from modbot.web import create_app

    listener = _listen(host, port)
    server = _server(create_app(service, demo=demo, prepared=prepared, hashing=hashing))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True
    )
    thread.start()
    try:
        _await_start(server, thread)
        yield _address(host, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(2 * STOP_SECONDS)
        listener.close()


def _server(app: FastAPI) -> uvicorn.Server:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        # Handed on to each connection. asyncio does it only for sockets that name their protocol;
        # without it an answer waits 40 ms for the reader's machine to acknowledge its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandFailed(f"cannot listen on {_address(host, port)}: {reason}") from None


def _await_start(server: object, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not getattr(server, "started", False):
        if not thread.is_alive() or time.monotonic() > deadline:
            raise CommandFailed("the web page did not start")
        time.sleep(0.01)


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
