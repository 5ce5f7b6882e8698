"""Serves the pages on a free loopback port, as `modbot web` does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from argon2 import PasswordHasher

from modbot.cli.web_server import serving
from modbot.people.passwords import Hashing
from modbot.service import Service
from modbot.web.seam import WebService

# Argon2id as well, in under a millisecond.
CHEAP = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@contextmanager
def served(
    service: WebService, *, demo: bool = False, prepared: bool = False, hashing: Hashing = CHEAP
) -> Iterator[str]:
    """The address of the running pages, without a final slash; `hashing`: HASHING, where a test is
    about what a password's hash itself does."""
    room = cast(Service, service)
    with serving(
        room, host="127.0.0.1", port=0, demo=demo, prepared=prepared, hashing=hashing
    ) as address:
        yield address.rstrip("/")
