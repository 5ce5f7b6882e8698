"""What a checkpoint holds, how it is signed (Ed25519), and how a kept one is read again.

The signature is over the canonical JSON (modbot/stored_rows.py) of all other fields.
modbot/modbot_verify.py reads the same form without modbot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from modbot.audit import Head
from modbot.errors import BadConfig, CheckpointRefused
from modbot.settings import read_secret
from modbot.stored_rows import canonical, iso_time

FORMAT = "modbot-checkpoint-1"
CAP_BYTES = 64 * 1024
_FIELDS = {
    "format": str,
    "seq": int,
    "hash": str,
    "counts": dict,
    "made_at": str,
    "public_key": str,
    "fingerprint": str,
    "signature": str,
}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The head of the log at a time, signed."""

    seq: int
    hash: str  # of audit row `seq`
    counts: Mapping[str, int]  # rows of each table at that time
    made_at: str  # ISO-8601, UTC
    public_key: str  # hex
    fingerprint: str  # SHA-256 (hex) of the public key
    signature: str  # hex

    @property
    def head(self) -> Head:
        """What verify() compares."""
        return Head(seq=self.seq, hash=self.hash)

    @property
    def file_name(self) -> str:
        """Sorts by age."""
        return f"checkpoint-{self.seq:012d}.json"

    def to_bytes(self) -> bytes:
        """The file, as it is delivered."""
        fields = {"format": FORMAT, **vars(self)}
        return (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode("ascii")


class SigningKey:
    """The private key; its repr names the fingerprint only."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.public_key = public.hex()
        self.fingerprint = hashlib.sha256(public).hexdigest()

    @classmethod
    def read(cls, ref: str, environ: Mapping[str, str]) -> SigningKey:
        """The key that env:NAME or file:PATH holds. Raises BadConfig, which repeats nothing."""
        secret = read_secret(ref, environ)
        try:
            return cls(bytes.fromhex(secret["token"]))
        except (KeyError, ValueError):
            advice = "make one with `modbot checkpoint keygen FILE`"
            raise BadConfig(f"{ref} holds no checkpoint key; {advice}", key="checkpoints") from None

    def sign(self, message: bytes) -> str:
        """The signature, in hex."""
        return self._key.sign(message).hex()

    def __repr__(self) -> str:
        return f"SigningKey({self.fingerprint})"


def new_key() -> str:
    """A new private key, as the file or variable has to hold it."""
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def sign(key: SigningKey, head: Head, counts: Mapping[str, int], now: datetime) -> Checkpoint:
    """A checkpoint of this head."""
    fields: dict[str, Any] = {
        "seq": head.seq,
        "hash": head.hash,
        "counts": dict(counts),
        "made_at": iso_time(now),
        "public_key": key.public_key,
        "fingerprint": key.fingerprint,
    }
    return Checkpoint(**fields, signature=key.sign(_message(fields)))


def _message(fields: Mapping[str, Any]) -> bytes:
    unsigned = {name: value for name, value in fields.items() if name != "signature"}
    return canonical({**unsigned, "format": FORMAT}).encode("ascii")


def parse(data: bytes, name: str) -> Checkpoint:
    """The checkpoint in a file's bytes, its signature checked. Raises CheckpointRefused."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise CheckpointRefused(
            f"{name}: is not JSON; fetch it again from where it is kept"
        ) from None
    if (
        not isinstance(fields, dict)
        or {key: type(value) for key, value in fields.items()} != _FIELDS
        or fields["format"] != FORMAT
    ):
        raise CheckpointRefused(f"{name}: is not a checkpoint of modbot ({FORMAT})")
    try:
        public = bytes.fromhex(fields["public_key"])
        Ed25519PublicKey.from_public_bytes(public).verify(
            bytes.fromhex(fields["signature"]), _message(fields)
        )
    except (InvalidSignature, ValueError):
        public = b""
    if hashlib.sha256(public).hexdigest() != fields["fingerprint"]:
        raise CheckpointRefused(
            f"{name}: is not as it was signed; take the copy of another place, ask who changed it"
        )
    del fields["format"]
    return Checkpoint(**fields)


def read_all(path: Path) -> list[Checkpoint]:
    """The checkpoint of a file, or of each .json file in a folder, oldest first.

    Raises CheckpointRefused, also when a folder holds none.
    """
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        found = []
        for file in files:
            with file.open("rb") as opened:
                found.append(parse(opened.read(CAP_BYTES), str(file)))
    except OSError as error:
        raise CheckpointRefused(f"{error.filename}: cannot be read ({error.strerror})") from None
    if not found:
        raise CheckpointRefused(f"{path}: holds no checkpoints (.json)")
    return sorted(found, key=lambda one: one.seq)
