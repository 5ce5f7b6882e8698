"""Secrets: named in the registry, read from the environment or a private file, never printed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from modbot.errors import BadConfig
from modbot.plain_text import one_line

SECRET_CAP_BYTES = 64 * 1024

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_ADVICE = (
    "a token must be named as env:NAME or file:PATH; put the token itself into that variable "
    "or file (it is not repeated here, but treat it as seen)"
)


class Secrets(Mapping[str, str]):
    """What one reference holds; its repr names the keys and never a value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._values))})"


def check_reference(ref: str) -> str:
    """`ref` when it is env:NAME or file:PATH. Raises BadConfig, which does not repeat it."""
    kind, _, name = ref.partition(":")
    if kind == "env" and _VARIABLE.fullmatch(name):
        return ref
    if kind == "file" and name and name.isprintable() and len(name) <= 1_000:
        return ref
    raise BadConfig(_ADVICE, key="token_ref")


def read_secret(ref: str, environ: Mapping[str, str]) -> Secrets:
    """A bare token as {"token": ...}, or the strings of a JSON object.

    Raises BadConfig naming the reference when there is nothing to read, when others can read the
    file, or when the value has the wrong form.
    """
    check_reference(ref)
    kind, _, name = ref.partition(":")
    if kind == "env":
        if name not in environ:
            raise BadConfig(f"{ref} is not set in the environment", key="token_ref")
        value = environ[name]
    else:
        value = _private_file(Path(name), one_line(ref))
    return Secrets(_values(value.strip(), one_line(ref)))


def _private_file(path: Path, ref: str) -> str:
    try:
        # Not blocking: a pipe without a writer would otherwise wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadConfig(f"{ref} cannot be read ({error.strerror})", key="token_ref") from None
    try:
        status = os.fstat(descriptor)
        mode = status.st_mode
        if not stat.S_ISREG(mode):
            raise BadConfig(f"{ref} is not a file", key="token_ref")
        if mode & (0o037 if _is_credential(path, status) else 0o077):
            raise BadConfig(
                f"{ref} can be read by other users; run chmod 600 on it", key="token_ref"
            )
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(SECRET_CAP_BYTES + 1)
    except OSError as error:  # a disk or a network drive that fails
        raise BadConfig(f"{ref} cannot be read ({error.strerror})", key="token_ref") from None
    finally:
        os.close(descriptor)
    if len(data) > SECRET_CAP_BYTES:
        raise BadConfig(f"{ref} is larger than 64 kB", key="token_ref")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadConfig(f"{ref} is not UTF-8 text", key="token_ref") from None


def _is_credential(path: Path, status: os.stat_result) -> bool:
    """Whether systemd shows it to this service (LoadCredential): it stays root's, and where the
    user is let in by an access list, that shows as a right of root's group."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    owners = (status.st_uid, status.st_gid)
    return bool(folder) and path.parent == Path(folder) and owners == (0, 0)


def _values(value: str, ref: str) -> dict[str, str]:
    if not value:
        raise BadConfig(f"{ref} is empty", key="token_ref")
    if not value.startswith("{"):
        return {"token": _usable(value, ref)}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise BadConfig(f"{ref} starts with {{ but is not JSON", key="token_ref") from None
    if not found or not all(isinstance(v, str) and v for v in found.values()):
        raise BadConfig(f"{ref} must hold an object of strings, none empty", key="token_ref")
    return {key: _usable(text, ref) for key, text in found.items()}


def _usable(value: str, ref: str) -> str:
    # Line breaks would end an HTTP header early.
    if not value.isprintable():
        raise BadConfig(f"{ref} holds line breaks or control characters", key="token_ref")
    return value
