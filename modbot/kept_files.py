"""Sets of files as one value that is the same bytes each time, and back into a folder."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from modbot.errors import StoreUnreadable

_COMPRESSED = (".npz", ".zip")
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: the time of day is no part of a set


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of files by their names, which may name folders ("rules/sales.toml")."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            if not name.endswith(_COMPRESSED):
                entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name])
    return archive.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    """What packed() was given. Raises StoreUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
        raise _unreadable(error) from error


def unpack(archive: bytes, folder: Path) -> None:
    """Writes what packed() was given into a folder. Raises StoreUnreadable."""
    for name, data in unpacked(archive).items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise StoreUnreadable(f"a kept file is named {name!r}")
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> StoreUnreadable:
    return StoreUnreadable(f"kept files cannot be unpacked ({type(error).__name__})")
