"""`modbot restore`: who was signed in when the backup was made is not let in again by it."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import select

from modbot.people import Role, sessions
from modbot.people.accounts import add_person
from modbot.people_tables import SessionRow
from modbot.store import Database
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY


def live_sessions(path: Path) -> int:
    opened = Database.open(f"sqlite:///{path}")
    try:
        with opened.read() as s:
            return len(s.exec(select(SessionRow)).all())
    finally:
        opened.close()


def test_sessions_of_the_backups_time_do_not_come_back(
    run: Run, tmp_path: Path, database: Database
) -> None:
    with database.write() as s:
        ada = add_person(
            s, name="Ada", email="ada@lps.test", role=Role.ADMIN, now=SCHOOL_DAY, by="Ada"
        )
        sessions.begin(s, ada, SCHOOL_DAY, how="password")
    copy = tmp_path / "copy.db"
    assert run("backup", str(copy)).code == 0
    database.close()
    assert live_sessions(tmp_path / "modbot.db") == 1
    assert run("restore", str(copy)).code == 0
    assert live_sessions(tmp_path / "modbot.db") == 0
