"""Models that are too large for the database: each of their files is kept once beside it, named by
its SHA-256. The record holds the manifest that names them, so it tells whether they are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from modbot.errors import StoreUnreadable
from modbot.kept_files import unpacked

FOLDER, MANIFEST = "kept-models", "manifest.json"
_CHUNK_BYTES = 1 << 20


def folder_beside(database: Path) -> Path:
    """Where the large files of a database, or of its backup, are."""
    return database.parent / FOLDER


def named_in(archive: bytes) -> dict[str, str]:
    """The large files that belong to kept ones: name -> SHA-256. Raises StoreUnreadable."""
    files = unpacked(archive)
    try:
        named = json.loads(files.get(MANIFEST, b"{}")).get("files", {})
        return {
            name: sha256
            for name, sha256 in named.items()
            if name not in files and Path(name).name == name and bytes.fromhex(sha256)
        }
    except (ValueError, TypeError, AttributeError):
        return {}


def keep(files: Mapping[str, Path], folder: Path) -> list[str]:
    """Copies files, by their SHA-256, into a folder that lacks them; gives those that are not
    there, or no longer what they are named by. A file appears whole or not at all."""
    missing = []
    for sha256, source in files.items():
        target = folder / sha256
        if target.exists():
            continue
        if not source.is_file():
            missing.append(sha256)
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = folder / f".{sha256}.{os.getpid()}.partial"
        try:
            if _copied(source, partial) == sha256:
                partial.chmod(0o400)
                partial.replace(target)
            else:
                missing.append(sha256)
        finally:
            partial.unlink(missing_ok=True)
    return missing


def carry(archives: Iterable[bytes], origin: Path, target: Path) -> list[str]:
    """keep() for what kept files name, from the folder of one database to that of another."""
    named = {sha256 for archive in archives for sha256 in named_in(archive).values()}
    return keep({sha256: origin / sha256 for sha256 in sorted(named)}, target)


def lay_out(archive: bytes, origin: Path, folder: Path) -> bool:
    """Puts the large files that kept ones name into a folder; False: one of them is not there."""
    named = named_in(archive)
    if not named or not all((origin / sha256).is_file() for sha256 in named.values()):
        return False
    for name, sha256 in named.items():
        (folder / name).symlink_to((origin / sha256).absolute())
    return True


def faults(archive: bytes, folder: Path) -> list[str]:
    """What is wrong with the large files that kept ones name, in words."""
    try:
        named = named_in(archive)
    except StoreUnreadable as error:
        return [str(error)]
    told = []
    for name, sha256 in sorted(named.items()):
        path = folder / sha256
        if not path.is_file():
            told.append(f"its {name} is missing ({path})")
        elif _sha256(path) != sha256:
            told.append(f"its {name} was changed ({path})")
    return told


def _copied(source: Path, target: Path) -> str:
    """The SHA-256 of what was copied, which is on the disk when this returns."""
    sha256 = hashlib.sha256()
    with source.open("rb") as origin, target.open("wb") as copy:
        while chunk := origin.read(_CHUNK_BYTES):
            sha256.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return sha256.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
