"""What is kept of what judged is evidence: verify() holds it to the audit rows that told of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlmodel import Session

from modbot import store
from modbot.audit import Entry, append, verify
from modbot.audit.judgement import IN_FORCE, KEPT
from modbot.code_version import CodeVersion
from modbot.store import Database
from tests.past_guards import past_the_guards
from tests.records import NOON

TABLES = ("kept", "in_force")
MODELS = {"rules": "1", "embedded": "2"}


@pytest.fixture
def kept(database: Database) -> Database:
    """Two configurations, of which the first came back, and an upgrade."""
    with database.write() as s:
        for name in ("a", "b"):
            store.keep(s, store.config_name(name), f"files of {name}".encode(), NOON)
    for number, (config, code) in enumerate((("a", "1"), ("b", "1"), ("a", "1"), ("a", "2"))):
        with database.write() as s:
            version, now = CodeVersion(version=code, sha256="c" * 64), NOON + timedelta(days=number)
            assert store.note_in_force(s, config, MODELS, version, now)
    return database


def problems(database: Database) -> set[tuple[str, str, str]]:
    return {(found.table, found.id, found.kind) for found in verify(database).problems}


def test_what_was_kept_and_in_force_is_sound(kept: Database) -> None:
    assert problems(kept) == set()


def exchange(s: Session) -> None:
    """Other files, with the hash that belongs to them."""
    other = b"other files"
    values = {"files": other, "sha256": hashlib.sha256(other).hexdigest()}
    s.execute(
        sql("UPDATE kept SET files = :files, sha256 = :sha256 WHERE name = 'config b'"), values
    )


def run(statement: str) -> Callable[[Session], object]:
    return lambda s: s.execute(sql(statement))


FORGED: dict[str, tuple[Callable[[Session], object], set[tuple[str, str, str]]]] = {
    "files with their hash": (exchange, {("kept", "config b", "changed")}),
    "files alone": (
        lambda s: s.execute(sql("UPDATE kept SET files = :x WHERE name = 'config a'"), {"x": b"x"}),
        {("kept", "config a", "changed")},
    ),
    "a time": (
        run("UPDATE kept SET kept_at = replace(kept_at, '2', '1') WHERE name = 'config a'"),
        {("kept", "config a", "changed")},
    ),
    "a name": (
        run("UPDATE kept SET name = 'config x' WHERE name = 'config a'"),
        {("kept", "config a", "removed"), ("kept", "config x", "inserted")},
    ),
    "kept files lost": (
        run("DELETE FROM kept WHERE name = 'config a'"),
        {("kept", "config a", "removed")},
    ),
    "a note lost": (run("DELETE FROM in_force WHERE id = 2"), {("in_force", "2", "removed")}),
    "a note more": (
        run(
            "INSERT INTO in_force SELECT 5, since, config_sha256, models, '3', code_sha256"
            " FROM in_force WHERE id = 4"
        ),
        {("in_force", "5", "inserted")},
    ),
    **{
        f"in force: {column}": (
            run(f"UPDATE in_force SET {column} = {value} WHERE id = 3"),
            {("in_force", "3", "changed")},
        )
        for column, value in {
            "since": "replace(since, '2', '1')",
            "config_sha256": "'b'",
            "models": """'{"embedded":"3","rules":"1"}'""",
            "code_version": "'9.9'",
            "code_sha256": "'forged'",
        }.items()
    },
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_was_changed_past_the_guards_is_named(
    kept: Database, forged: tuple[Callable[[Session], object], set[tuple[str, str, str]]]
) -> None:
    change, found = forged
    with past_the_guards(kept, TABLES) as s:
        change(s)
    assert problems(kept) == found


def test_a_name_is_vouched_for_once(kept: Database) -> None:
    """Whoever can append to the log cannot vouch for other files there."""
    with past_the_guards(kept, TABLES) as s:
        exchange(s)
        detail = {"name": "config b", "sha256": hashlib.sha256(b"other files").hexdigest()}
        head = append(s, [Entry(kind=KEPT, actor="Eve", detail=detail)], NOON)
    assert problems(kept) == {
        ("kept", "config b", "changed"),
        ("audit", str(head.seq), "inserted"),
    }


def test_details_of_any_form_are_no_error(kept: Database) -> None:
    with kept.write() as s:
        for kind in (KEPT, IN_FORCE):
            append(s, [Entry(kind=kind, actor="Eve", detail={"name": ["x"], "models": 1})], NOON)
    assert problems(kept) == {("kept", "['x']", "removed"), ("in_force", "5", "removed")}
