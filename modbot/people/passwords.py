"""Passwords: hashed with argon2id, two at a time, and what a new one has to be."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modbot.errors import PersonRefused, SignInBusy
from modbot.people.guessed_first import is_common, tells_who

HASHES_AT_ONCE = 2  # each takes 64 MiB and a sixth of a second on one core
PATIENCE_SECONDS = 10.0
SHORTEST, ADVISED, LONGEST = 12, 15, 256  # characters

_turn = threading.BoundedSemaphore(HASHES_AT_ONCE)


class Hashing:
    """Hashes passwords at one cost. The service's is HASHING, which no setting makes cheaper."""

    def __init__(self, hasher: PasswordHasher):
        self._hasher = hasher
        # So that an unknown account costs the same time.
        self._nobodys = hasher.hash(secrets.token_hex())

    def hash_password(self, password: str) -> str:
        """The text to store. Raises SignInBusy."""
        with _a_turn():
            return self._hasher.hash(_normal(password))

    def matches(self, stored: str, password: str) -> bool:
        """Whether a password is the one that was stored; takes as long when none is stored.

        Raises SignInBusy.
        """
        with _a_turn():
            try:
                self._hasher.verify(stored or self._nobodys, _normal(password[: LONGEST + 1]))
            except (VerificationError, InvalidHashError):
                return False
        return bool(stored)

    def outdated(self, stored: str) -> bool:
        """Whether a stored hash was made with other settings than today's."""
        return self._hasher.check_needs_rehash(stored)


# RFC 9106's second choice (64 MiB, three passes), which argon2-cffi takes by itself.
HASHING = Hashing(PasswordHasher())
hash_password, matches, outdated = HASHING.hash_password, HASHING.matches, HASHING.outdated


def check_new(password: str, *, name: str, email: str) -> None:
    """Raises PersonRefused for a password that is too short, too long or easily guessed."""
    if len(password) < SHORTEST:
        raise PersonRefused("short", f"a password needs at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise PersonRefused("long", f"a password has at most {LONGEST} characters")
    if is_common(password):
        raise PersonRefused("common", "that is one of the passwords that are tried first")
    if tells_who(password, name, email):
        raise PersonRefused("tells_who", "a password must not be made of your name or address")


def _normal(password: str) -> bytes:
    """The same letters typed on two keyboards are the same bytes."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@contextmanager
def _a_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise SignInBusy
    try:
        yield
    finally:
        _turn.release()
