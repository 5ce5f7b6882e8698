"""Puts a backup in the place of the database; the one before it stays beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from modbot import audit
from modbot.audit import Head
from modbot.backup.checking import Copied, check, contents
from modbot.backup.copying import (
    SIDE_FILES,
    Progress,
    copy_database,
    database_file,
    nothing_told,
    reading,
    remove,
    sync_file,
)
from modbot.backup.models import carry_models
from modbot.backup.people import PeopleRestored, people_now, settle_people
from modbot.errors import AlreadyRunning, BackupFailed, BackupRefused, StoreUnreadable
from modbot.people_tables import InvitationRow, SessionRow, SignInFlowRow
from modbot.settings import Config
from modbot.store import Database, lock_data, sqlite_module


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What is in place now."""

    file: Path
    copied: Copied  # what the backup held
    head: Head  # of the log in place, with the row about the restoring
    before: Path | None  # the database that was there
    rows_not_in_backup: int | None  # of its audit log; None: it was not there or not readable
    compared: int  # checkpoints that the backup agrees with
    people: PeopleRestored
    models_missing: tuple[str, ...]  # whose large files are neither in the backup nor here


def restore(
    config: Config,
    backup: Path,
    *,
    actor: str,
    now: datetime,
    kept: Sequence[Head] = (),
    progress: Progress = nothing_told,
    people_as_in_backup: bool = False,
) -> Restored:
    """Checks the backup, brings a copy up to date, checks that, and puts it where the configuration
    says. `kept`: heads of checkpoints that it has to agree with; people: see settle_people().

    Raises AlreadyRunning while a program has the database open, BackupRefused or StoreUnreadable
    for a backup that is not good, and BackupFailed; the database is then as it was."""
    whose = _Whose(actor=actor, now=now, people_as_in_backup=people_as_in_backup)
    with lock_data(path := _place_of(config, backup)):
        kept = _comparable(backup, copied := check(backup), kept)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        copy_database(backup, partial, progress)
        try:
            head, people = _made_ready(partial, backup, path, kept, whose)
            lacking = carry_models(partial, backup, path)
            missing = _rows_since(path, copied)
            before = _put_in_place(partial, path, now, readable=missing is not None)
        except (OSError, DBAPIError) as error:  # such as a full disk
            why = error.strerror if isinstance(error, OSError) else error.orig
            raise BackupFailed(f"{path} cannot be written ({why})") from None
        finally:
            remove(partial)
    return Restored(
        file=path,
        copied=copied,
        head=head,
        before=before,
        rows_not_in_backup=missing,
        compared=len(kept),
        people=people,
        models_missing=lacking,
    )


def _place_of(config: Config, backup: Path) -> Path:
    """Where the database is. Raises BackupRefused where it can be no other than the backup."""
    path = database_file(config.settings.database)
    if path.exists() and backup.exists() and path.samefile(backup):
        raise BackupRefused(f"{backup} is the database itself")
    return path


def _comparable(backup: Path, copied: Copied, kept: Sequence[Head]) -> list[Head]:
    """The checkpoints that are no newer than the backup: it cannot hold what came after it."""
    older = [one for one in kept if one.seq <= copied.head.seq]
    if kept and not older:
        first = min(one.seq for one in kept)
        raise BackupRefused(
            f"{backup}: ends at audit row {copied.head.seq}, before the first checkpoint given "
            f"(row {first}); compare it with an older checkpoint, or take a newer backup"
        )
    return older


@dataclass(frozen=True, kw_only=True)
class _Whose:
    """Who restores, when, and what they want."""

    actor: str
    now: datetime
    people_as_in_backup: bool


def _made_ready(
    partial: Path, backup: Path, path: Path, kept: Sequence[Head], whose: _Whose
) -> tuple[Head, PeopleRestored]:
    """Checks the copy, as it was and as it will be used; the head of its log."""
    people = _note(partial, backup, path, check(partial, kept), whose)
    head = check(partial, kept).head
    sync_file(partial)
    return head, people


def _note(partial: Path, backup: Path, path: Path, copied: Copied, whose: _Whose) -> PeopleRestored:
    """Writes down who restores what, and settles who may sign in. Opening it to write brings it up
    to date, too. Sessions and one-time links of its time are ended: they may have been withdrawn
    since."""
    present = people_now(path)
    detail = {"file": str(backup), "seq": copied.head.seq, "hash": copied.head.hash}
    entry = audit.Entry(kind="database.restored", actor=whose.actor, detail=detail)
    with closing(Database.open(f"sqlite:///{partial}")) as database, database.write() as s:
        for row in (SessionRow, InvitationRow, SignInFlowRow):
            s.execute(delete(row))
        audit.append(s, [entry], whose.now)
        return settle_people(
            s,
            present,
            as_in_backup=whose.people_as_in_backup,
            actor=whose.actor,
            now=whose.now,
        )


def _rows_since(path: Path, copied: Copied) -> int | None:
    """How many audit rows the present database has that the backup lacks."""
    try:
        with reading(path) as connection:
            return max(0, contents(connection).head.seq - copied.head.seq)
    except (sqlite_module.Error, StoreUnreadable, BackupRefused):
        return None


def _put_in_place(partial: Path, path: Path, now: datetime, *, readable: bool) -> Path | None:
    before = None
    if path.exists():
        before = Path(f"{path}.before-restore-{now:%Y%m%dT%H%M%SZ}")
        _set_aside(path, before, readable=readable)
    partial.replace(path)
    sync_file(path.parent)
    return before


def _set_aside(path: Path, before: Path, *, readable: bool) -> None:
    """Gives the database a second name. Its own is taken over in one step, so that there is
    a database at every moment; a WAL file that stayed would be played into the new one."""
    if before.exists():
        raise BackupFailed(f"{before} exists already; try again in a second")
    if readable:  # SQLite throws the WAL file of a damaged one away
        _fold(path)
    for suffix in SIDE_FILES:
        beside = Path(f"{path}{suffix}")
        if beside.exists():  # the file is damaged: all that there is of it is kept
            beside.rename(f"{before}{suffix}")
    try:
        os.link(path, before)
    except OSError:  # a file system without second names
        path.rename(before)


def _fold(path: Path) -> None:
    """Takes the WAL file into the database, which only the one program that has it open can do."""
    try:
        with closing(
            sqlite_module.connect(str(path), timeout=1.0, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite_module.OperationalError as error:
        if "locked" not in str(error):
            raise BackupFailed(f"{path} cannot be set aside ({error})") from None
        raise AlreadyRunning(
            f"another program has {path} open (`modbot web`, a shell); stop it first"
        ) from None
