"""Passwords: hashed with argon2id, two at a time."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHES_AT_ONCE = 2  # each takes 64 MiB and a sixth of a second on one core
LONGEST = 256  # characters; more would only be work for the hash

_hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, three passes
_turn = threading.BoundedSemaphore(HASHES_AT_ONCE)


def hash_password(password: str) -> str:
    """The text to store."""
    with _turn:
        return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether a password is the one that was stored; takes the same time when none is stored."""
    known = stored or _nobodys()
    with _turn:
        try:
            _hasher.verify(known, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex())
