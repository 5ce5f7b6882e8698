"""Serves the pages on a free loopback port, as `modbot web` does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from modbot.cli.web_server import serving
from modbot.service import Service
from modbot.web.seam import WebService


@contextmanager
def served(service: WebService, *, demo: bool = False, prepared: bool = False) -> Iterator[str]:
    """The address of the running pages, without a final slash."""
    room = cast(Service, service)
    with serving(room, host="127.0.0.1", port=0, demo=demo, prepared=prepared) as address:
        yield address.rstrip("/")
