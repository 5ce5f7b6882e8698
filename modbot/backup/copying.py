"""SQLite's online backup: one state of the data, copied while others write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from modbot.errors import BackupFailed, StoreUnreadable
from modbot.settings.sections import DatabaseSection
from modbot.store import read_only_address, sqlite_module

PAGES_A_STEP = 2_000  # 8 MB: the bar moves, and steps cost nothing
BUSY_SECONDS = 5.0
SIDE_FILES = ("-wal", "-shm", "-journal")

Progress = Callable[[int, int], None]  # pages copied, pages in all


def nothing_told(_done: int, _whole: int) -> None:
    """For whom no bar is drawn."""


def database_file(section: DatabaseSection) -> Path:
    """The file. Raises BackupFailed for a database on a server, with what copies that."""
    if section.on_server:
        address = section.url.replace("postgresql+psycopg:", "postgresql:")
        raise BackupFailed(
            "this database is on a PostgreSQL server, which PostgreSQL's own programs copy: "
            f"pg_dump --format=custom --file=modbot.dump '{address}', and pg_restore puts it back "
            '(docs/operate.md, "PostgreSQL")'
        )
    return section.path


def copy_database(source: Path, target: Path, progress: Progress = nothing_told) -> None:
    """Copies the data of `source` into the new file `target`, readable by its owner alone.

    The copy needs no file beside it and is on the disk when this returns. Raises BackupFailed or
    StoreUnreadable, and then leaves no target.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written ({error.strerror})") from None
    try:
        with reading(source) as origin, closing(_connect(str(target))) as copy:
            _copy(origin, copy, progress)
        sync_file(target)
    except sqlite_module.Error as error:
        remove(target)
        raise BackupFailed(f"{source} could not be copied ({error})") from None
    except BaseException:
        remove(target)
        raise


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """A connection to a file that is not changed by it. Raises StoreUnreadable."""
    if not path.is_file():
        raise StoreUnreadable(f"{path}: no such file")
    try:
        connection = _connect(read_only_address(path), uri=True)
    except sqlite_module.Error as error:
        raise StoreUnreadable(f"{path}: {error}") from None
    with closing(connection):
        yield connection


def _connect(address: str, *, uri: bool = False) -> Any:
    return sqlite_module.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)


def _copy(origin: Any, copy: Any, progress: Progress) -> None:
    # Without a transaction of ours each commit of the service would start the copy anew; with it
    # every step sees the same state. Under WAL nobody waits for that.
    origin.execute("BEGIN")
    origin.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def told(_status: int, remaining: int, whole: int) -> None:
        progress(whole - remaining, whole)

    origin.backup(copy, pages=PAGES_A_STEP, progress=told)
    origin.execute("ROLLBACK")
    # The source's journal mode came with its pages; a copy that lies in a safe is one file.
    copy.execute("PRAGMA journal_mode=DELETE")


def sync_file(path: Path) -> None:
    """Waits until the file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """The file and what SQLite may have put beside it."""
    for name in (path, *(Path(f"{path}{suffix}") for suffix in SIDE_FILES)):
        name.unlink(missing_ok=True)
