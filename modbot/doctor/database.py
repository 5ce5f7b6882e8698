"""The database and the service that works on it."""

from __future__ import annotations

import fcntl
import os
from datetime import datetime, timedelta
from pathlib import Path

from modbot import migrations, store
from modbot.backup.copying import reading
from modbot.doctor.findings import Finding, Findings, ago, broken, doubtful, megabytes, well
from modbot.errors import StoreUnreadable
from modbot.store import Database, sqlite_module, wal_is_safe
from modbot.tables import ServiceRow

SILENT = timedelta(seconds=30)  # the scheduler gives a sign of life every 5 s
MEND = "stop the service, keep the file as it is, and restore a backup (modbot restore)"


def library() -> Finding:
    """The SQLite that this program uses."""
    version = sqlite_module.sqlite_version
    if wal_is_safe(version):
        return well("SQLite", f"{version}, safe with WAL")
    advice = "install pysqlite3, or leave it: modbot uses DELETE journalling here"
    return doubtful("SQLite", f"{version} can corrupt a WAL database", advice)


def file(path: Path) -> Findings:
    """The database file: there, private, whole, of this version."""
    if not path.exists():
        advice = "the first `modbot run` makes it; is the address in modbot.toml the one you mean?"
        yield doubtful("database", f"{path} is not there", advice)
        return
    status = path.stat()
    if status.st_mode & 0o077:
        yield broken("database file", "others can read it", f"chmod 600 {path}")
    if status.st_uid != os.geteuid():
        advice = "run modbot's commands as its own user (sudo -u modbot modbot doctor)"
        yield doubtful("database file", "it belongs to another user than you", advice)
    yield _content(path)
    if _statistics(path):
        advice = "stop the service and drop them; docs/operate.md says how"
        yield doubtful("database", "it holds statistics of an ANALYZE, which slow storing", advice)


def _statistics(path: Path) -> bool:
    """Did somebody run ANALYZE or PRAGMA optimize? False where it cannot be read."""
    asked = "SELECT 1 FROM sqlite_master WHERE name LIKE 'sqlite_stat_'"
    try:
        with reading(path) as connection:
            return connection.execute(asked).fetchone() is not None
    except (sqlite_module.Error, StoreUnreadable):
        return False


def _content(path: Path) -> Finding:
    try:
        with reading(path) as connection:
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            (problem,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    except (sqlite_module.Error, StoreUnreadable, TypeError) as error:
        return broken("database", f"{path} cannot be read ({error})", MEND)
    if problem != "ok":
        return broken("database", f"{path} is damaged ({str(problem)[:200]})", MEND)
    if revision not in migrations.REVISIONS:
        advice = "install the modbot that made it"
        return broken("database", f"made by a newer modbot (revision {revision})", advice)
    size = megabytes(path.stat().st_size)
    later = "" if revision == migrations.HEAD else ", to be upgraded at the next start"
    return well("database", f"{path}: whole, {size}, {mode}, revision {revision}{later}")


def revision(path: Path) -> str:
    """The revision of its tables; empty where it cannot be read."""
    try:
        with reading(path) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite_module.Error, StoreUnreadable):
        return ""
    return str(row[0]) if row else ""


def newest_record(path: Path) -> datetime | None:
    """The time of the newest row of the log; None where there is none to be read."""
    try:
        with reading(path) as connection:
            row = connection.execute("SELECT at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    except (sqlite_module.Error, StoreUnreadable):
        return None
    return datetime.fromisoformat(row[0]) if row else None


def service(database: Database, now: datetime) -> Findings:
    """Whether a service runs, and what it says of itself."""
    with database.read() as session:
        row = store.service_row(session)
    holder = lock_holder(database.path)
    yield _running(row, holder, now)
    if row.config_error:
        advice = "mend it: the configuration before it is in force"
        yield broken(
            "configuration in force", f"a newer one was refused: {row.config_error}", advice
        )


def _running(row: ServiceRow, holder: str, now: datetime) -> Finding:
    if not holder:
        return doubtful(
            "service", "none runs on this data", "modbot run, or systemctl start modbot"
        )
    if row.ticked_at is None:
        return doubtful(
            "service", f"process {holder} holds the data and has not polled yet", "wait"
        )
    age = now - row.ticked_at
    if age > SILENT:
        said = f"process {holder} gave no sign of life for {ago(age)}"
        return broken("service", said, "read its log and start it again")
    return well("service", f"process {holder} runs")


def lock_holder(path: Path) -> str:
    """The number of the process that works on the data; empty: none does."""
    try:
        with open(f"{os.path.realpath(path)}.lock", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return lock.read(20).strip() or "unknown"
    except OSError:
        pass
    return ""
