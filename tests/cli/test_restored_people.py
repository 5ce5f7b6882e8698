"""`modbot restore`: what was taken from people since the backup is not given back unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from modbot.domain import Actor
from modbot.people import Role, changes
from modbot.people.accounts import add_person, by_email
from modbot.people.invitations import Grant
from modbot.people_tables import IdentityRow, PersonRow
from modbot.store import Database
from modbot.tables import AuditRow
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY

DANA = Actor(kind="person", name="Dana #1")
PAGES = ["facebook:1001", "x:1002"]
Change = Callable[[Session, PersonRow], None]


@pytest.fixture
def copy(run: Run, tmp_path: Path, database: Database) -> Path:
    """A backup with an admin, Dana, and a manager, Ana, who may sign in by password and Google."""
    with database.write() as s:
        add(s, "dana", Role.ADMIN)
        ana = add(s, "ana", Role.MANAGER, pages=PAGES, approver=True)
        s.add(
            IdentityRow(
                issuer="https://accounts.google.com",
                subject="7",
                person_id=ana.id or 0,
                added_at=SCHOOL_DAY,
            )
        )
    made = tmp_path / "copy.db"
    assert run("backup", str(made)).code == 0
    return made


def add(s: Session, name: str, role: Role, **more: Any) -> PersonRow:
    email = f"{name}@lps.test"
    return add_person(
        s, name=name.title(), email=email, role=role, now=SCHOOL_DAY, password_hash="then", **more
    )


def disable(s: Session, ana: PersonRow) -> None:
    changes.disable(s, ana, by=DANA, now=SCHOOL_DAY)


def grant(role: Role, pages: list[str] | None = PAGES, *, approver: bool = True) -> Change:
    given = Grant(role=role, pages=None if pages is None else frozenset(pages), approver=approver)

    def change(s: Session, ana: PersonRow) -> None:
        changes.change_grant(s, ana, given, by=DANA, now=SCHOOL_DAY)

    return change


def new_password(s: Session, ana: PersonRow) -> None:
    changes.set_password(s, ana, "now", keep="", now=SCHOOL_DAY)


def forget_provider(s: Session, _ana: PersonRow) -> None:
    s.delete(s.exec(select(IdentityRow)).one())


def add_ben(s: Session, _ana: PersonRow) -> None:
    add(s, "ben", Role.VIEWER)


def since(database: Database, change: Change) -> None:
    with database.write() as s:
        ana = by_email(s, "ana@lps.test")
        assert ana is not None
        change(s, ana)
    database.close()


def stored(tmp_path: Path) -> tuple[PersonRow, int, list[dict[str, Any]]]:
    """Ana as she is after the restore, how many providers know her, and the audit rows of it."""
    opened = Database.open(f"sqlite:///{tmp_path / 'modbot.db'}")
    try:
        with opened.read() as s:
            ana = by_email(s, "ana@lps.test")
            assert ana is not None
            query = select(AuditRow).where(AuditRow.kind == "person.restored")
            rows = [json.loads(row.detail) for row in s.exec(query.order_by(col(AuditRow.seq)))]
            return ana, len(s.exec(select(IdentityRow)).all()), rows
    finally:
        opened.close()


def restore(run: Run, copy: Path, *more: str) -> dict[str, Any]:
    done = run("restore", str(copy), *more, "--json")
    assert done.code == 0, done.err
    people: dict[str, Any] = done.json["people"]
    return people


def test_who_was_disabled_since_stays_disabled_and_is_named(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    since(database, disable)
    told = run("restore", str(copy)).out
    assert "Ana #2" in told and "disabled since the backup: stays disabled" in told
    ana, _, rows = stored(tmp_path)
    assert ana.disabled_at == SCHOOL_DAY
    (row,) = rows
    assert row["differs"] == ["enabled"] and row["person"] == 2
    assert [row[when]["disabled"] for when in ("in_backup", "before", "after")] == [
        *(False, True, True)
    ]


def test_only_when_asked_for_they_are_enabled_again_which_is_said_and_recorded(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    since(database, disable)
    told = run("restore", str(copy), "--people-as-in-backup").out
    assert "ENABLED AGAIN" in told
    ana, _, rows = stored(tmp_path)
    assert ana.disabled_at is None
    assert [(row["before"]["disabled"], row["after"]["disabled"]) for row in rows] == [
        (True, False)
    ]


@pytest.mark.parametrize(
    "change",
    [
        grant(Role.VIEWER),
        grant(Role.AUDITOR, None),  # other rights, of which some are fewer
        grant(Role.MANAGER, PAGES[:1]),
        grant(Role.MANAGER, approver=False),
    ],
)
def test_who_was_given_less_since_has_no_more_than_that(
    run: Run, tmp_path: Path, database: Database, copy: Path, change: Change
) -> None:
    since(database, change)
    (told,) = restore(run, copy)["differ"]
    assert told["how"] == ["raised"]
    ana, _, rows = stored(tmp_path)
    assert rows[0]["before"] == rows[0]["after"] != rows[0]["in_backup"]
    assert (ana.role, ana.pages) != ("manager", PAGES) or not ana.approver


def test_who_was_given_more_since_has_what_the_backup_says(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    """What an intruder gave themselves is not carried over."""
    since(database, grant(Role.ADMIN, None))
    (told,) = restore(run, copy)["differ"]
    assert (told["how"], told["role"]) == (["lowered"], "manager")
    assert stored(tmp_path)[0].pages == PAGES


@pytest.mark.parametrize(
    ("change", "how", "kept", "given_back"),
    [
        (new_password, "password", ("now", 1), ("then", 1)),
        (forget_provider, "provider", ("then", 0), ("then", 1)),
    ],
)
def test_a_way_in_that_was_taken_away_since_does_not_come_back_by_itself(
    run: Run,
    tmp_path: Path,
    database: Database,
    copy: Path,
    change: Change,
    how: str,
    kept: tuple[str, int],
    given_back: tuple[str, int],
) -> None:
    since(database, change)
    (tmp_path / "again.db").write_bytes((tmp_path / "modbot.db").read_bytes())
    (told,) = restore(run, copy)["differ"]
    assert told["how"] == [how]
    ana, providers, _ = stored(tmp_path)
    assert (ana.password_hash, providers) == kept
    for earlier in tmp_path.glob("modbot.db.before-restore-*"):  # named by the second
        earlier.unlink()
    (tmp_path / "again.db").replace(tmp_path / "modbot.db")
    restore(run, copy, "--people-as-in-backup")
    ana, providers, _ = stored(tmp_path)
    assert (ana.password_hash, providers) == given_back


def test_nobody_is_named_where_nothing_differs_and_who_came_later_is_missed(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    since(database, add_ben)
    told = restore(run, copy)
    assert told["differ"] == [] and told["not_in_backup"] == ["ben@lps.test"]
    assert stored(tmp_path)[2] == []


def test_where_there_is_no_database_to_compare_with_it_says_so(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    database.close()
    (tmp_path / "modbot.db").unlink()
    assert "No database was here to compare people with" in run("restore", str(copy)).out


def test_a_restore_that_leaves_nobody_to_administer_says_how_to_go_on(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    with database.write() as s:
        add(s, "cleo", Role.ADMIN)
        dana = by_email(s, "dana@lps.test")
        assert dana is not None
        changes.disable(s, dana, by=DANA, now=SCHOOL_DAY)
    database.close()
    assert "NOBODY is an administrator now" in run("restore", str(copy)).out


def test_the_restored_record_is_sound(
    run: Run, tmp_path: Path, database: Database, copy: Path
) -> None:
    since(database, disable)
    restore(run, copy)
    assert run("verify").code == 0


@pytest.fixture(autouse=True)
def _closed(database: Database) -> Iterator[None]:
    yield
    database.close()
