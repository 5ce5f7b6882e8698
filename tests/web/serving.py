"""Serves the pages on a free loopback port, as the service does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from modbot.web import build_server, create_app
from modbot.web.seam import WebService


@contextmanager
def served(service: WebService) -> Iterator[str]:
    """The address of the running pages, without a final slash."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = build_server(create_app(service), host="127.0.0.1", port=port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server did not start")
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
