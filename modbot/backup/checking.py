"""Whether a file is a whole and true copy of a record that this modbot can work with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modbot import audit, migrations
from modbot.audit import Head
from modbot.backup.copying import reading
from modbot.errors import BackupRefused, StoreUnreadable
from modbot.store import Database, sqlite_module

MUST_HAVE = frozenset({"audit", "version", "decision", "action", "alembic_version"})


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What a checked copy holds."""

    head: Head
    audit_rows: int
    rows: Mapping[str, int]  # of each table
    revision: str


def contents(connection: Any) -> Copied:
    """What is in the database as this connection sees it. Raises BackupRefused."""
    names = {
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
            "AND sql NOT LIKE 'CREATE VIRTUAL%'"  # a search index cannot be counted
        )
    }
    if not names >= MUST_HAVE:
        raise BackupRefused("it is not a database of modbot")
    rows = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name in sorted(names)
    }
    newest = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    seq, link = newest or (0, "0" * 64)
    return Copied(
        head=Head(seq=seq, hash=link), audit_rows=rows["audit"], rows=rows, revision=revision
    )


def check(path: Path, kept: Sequence[Head] = ()) -> Copied:
    """What the file holds, once SQLite finds it whole, its revision is known here, and the record
    in it is as it was written. `kept`: heads of checkpoints that it has to agree with.

    Raises BackupRefused, which says what is wrong, or StoreUnreadable.
    """
    try:
        with reading(path) as connection:
            problems = connection.execute("PRAGMA integrity_check(3)").fetchall()
            if problems != [("ok",)]:
                said = "; ".join(str(problem) for (problem,) in problems)
                raise BackupRefused(f"{path}: SQLite finds it damaged ({said[:300]})")
            found = contents(connection)
    except sqlite_module.Error as error:
        raise BackupRefused(f"{path}: SQLite cannot read it ({error})") from None
    except BackupRefused as error:
        raise BackupRefused(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    if found.revision not in migrations.REVISIONS:
        raise BackupRefused(
            f"{path}: made by a newer modbot (revision {found.revision}); install that one first"
        )
    if found.revision == migrations.HEAD:  # the record of an older one was hashed over less
        _check_record(path, kept)
    else:
        _check_heads(path, kept)
    return found


def _check_record(path: Path, kept: Sequence[Head]) -> None:
    with closing(Database.open(f"sqlite:///{path}", read_only=True)) as database:
        report = audit.verify(database, kept)
    if report.ok:
        return
    first = report.problems[0]
    where = f"audit row {first.seq}, " if first.seq is not None else ""
    raise BackupRefused(
        f"{path}: the record in it is not as it was written ({where}{first.table} {first.id}: "
        f"{first.kind}); `modbot verify {path}` lists it all"
    )


def _check_heads(path: Path, kept: Sequence[Head]) -> None:
    """Whether the checkpoints' rows are there; the rest is for the verify after the upgrade."""
    try:
        with reading(path) as connection:
            for one in kept:
                query = "SELECT hash FROM audit WHERE seq = ?"
                found = connection.execute(query, (one.seq,)).fetchone()
                if one.seq and found != (one.hash,):
                    said = "is missing" if found is None else "is another"
                    raise BackupRefused(
                        f"{path}: audit row {one.seq}, which a checkpoint names, {said}"
                    )
    except sqlite_module.Error as error:
        raise StoreUnreadable(f"{path}: {error}") from None
