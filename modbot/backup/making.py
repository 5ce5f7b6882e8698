"""Makes a backup: copied while the service works, checked, and only then given its name."""

from __future__ import annotations

import io
import os
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from modbot import audit, migrations, store
from modbot.backup.checking import Copied, check
from modbot.backup.copying import (
    SIDE_FILES,
    Progress,
    copy_database,
    database_file,
    nothing_told,
    remove,
    sync_file,
)
from modbot.backup.models import carry_models
from modbot.errors import BackupFailed
from modbot.settings import Config, read_files
from modbot.store import Database


@dataclass(frozen=True, kw_only=True)
class Made:
    """A backup that is in place."""

    file: Path
    bytes: int
    copied: Copied
    config_file: Path | None = None
    models_missing: tuple[str, ...] = ()  # whose large files were not there to be copied


def back_up(
    config: Config,
    target: Path,
    *,
    actor: str,
    now: datetime,
    force: bool = False,
    with_config: bool = False,
    progress: Progress = nothing_told,
) -> Made:
    """Writes a checked copy of the configured database to `target`, or into that folder under a
    name with the time, and notes that in the log.

    The file appears whole or not at all, mode 0600. Raises BackupFailed, BackupRefused when the
    copy is not sound, or StoreUnreadable.
    """
    source = database_file(config.settings.database)
    if target.is_dir():
        target = target / f"modbot-{now:%Y%m%dT%H%M%SZ}.db"
    beside = Path(f"{target}.config.tar.gz") if with_config else None
    for path in (target, beside):
        if path is not None:
            _refuse(path, source, force=force)
    made = _made(config, target, beside, progress)
    _note(config, made, actor, now)
    return made


def _made(config: Config, target: Path, beside: Path | None, progress: Progress) -> Made:
    source = database_file(config.settings.database)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    copy_database(source, partial, progress)
    try:
        copied = check(partial)
        sync_file(partial)
        lacking = carry_models(partial, source, target)
        if beside is not None:
            _write_config(config, beside)
        partial.replace(target)
        sync_file(target.parent)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written ({error.strerror})") from None
    finally:
        remove(partial)
    return Made(
        file=target,
        bytes=target.stat().st_size,
        copied=copied,
        config_file=beside,
        models_missing=lacking,
    )


def _refuse(target: Path, source: Path, *, force: bool) -> None:
    ours = (source, *(Path(f"{source}{suffix}") for suffix in (*SIDE_FILES, ".lock")))
    if any(os.path.realpath(target) == os.path.realpath(path) for path in ours):
        raise BackupFailed(f"{target} is the database itself")
    if target.exists() and not force:
        raise BackupFailed(f"{target} exists already; nothing was written (--force replaces it)")
    if not target.parent.is_dir():
        raise BackupFailed(f"{target.parent} is not a folder; make it first")


def _write_config(config: Config, target: Path) -> None:
    """The files that are the configuration, and no other: keys and tokens may lie among them."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as archive:
                for path, data in read_files(config.folder).items():
                    entry = tarfile.TarInfo(str(path.relative_to(config.folder)))
                    entry.size, entry.mode = len(data), 0o600
                    archive.addfile(entry, io.BytesIO(data))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _note(config: Config, made: Made, actor: str, now: datetime) -> None:
    """That somebody took a copy of everything belongs in the log. The database of another version
    is left as it is: opening it to write would upgrade it under a running service."""
    if made.copied.revision != migrations.HEAD:
        return
    head = made.copied.head
    entry = store.backup_entry(file=str(made.file), head=head, actor=actor)
    with closing(Database.open(config.settings.database.url)) as database, database.write() as s:
        audit.append(s, [entry], now)
