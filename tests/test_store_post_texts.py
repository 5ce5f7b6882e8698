"""Texts of posts are evidence: verify() holds each to the audit row that told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlmodel import Session

from modbot import modbot_verify, store
from modbot.audit import verify
from modbot.code_version import CodeVersion
from modbot.domain import Post
from modbot.export import export
from modbot.store import Database
from modbot.stored_rows import iso_time
from tests.past_guards import past_the_guards
from tests.records import NOON, PAGE, later

TABLES = ("post_text",)
WRITTEN = NOON - timedelta(days=3)
SEEN = (("a", "Buss"), ("b", "Menu"), ("a", "Bus \x00 ñ"), ("c", "Game"), ("b", "Menu of May"))
Problems = set[tuple[str, str, str]]


def post(post_id: str, text: str) -> Post:
    return Post(id=post_id, text=text, created_at=WRITTEN)


@pytest.fixture(params=[True, False], ids=["what judges was noted first", "nothing was noted"])
def told(database: Database, request: pytest.FixtureRequest) -> Database:
    """Five texts of three posts: the first two were seen in one poll."""
    if request.param:
        note(database)
    with database.write() as s:
        store.record_posts(s, PAGE, [post(*said) for said in SEEN[:2]], NOON)
    for minute, said in enumerate(SEEN[2:], 1):
        with database.write() as s:
            store.record_posts(s, PAGE, [post(*said)], later(minute))
    return database


def note(database: Database) -> None:
    with database.write() as s:
        store.note_in_force(s, "a", {}, CodeVersion(version="1", sha256="c"), NOON)


def problems(database: Database) -> Problems:
    return {(found.table, found.id, found.kind) for found in verify(database).problems}


def test_texts_of_posts_are_sound(told: Database) -> None:
    assert problems(told) == set()


def run(statement: str) -> Callable[[Session], object]:
    return lambda s: s.execute(sql(statement))


FORGED: dict[str, tuple[Callable[[Session], object], Problems]] = {
    **{
        f"another {column}": (
            run(f"UPDATE post_text SET {column} = {value} WHERE id = {row}"),
            {("post_text", str(row), "changed")},
        )
        for row in (1, 3, 5)
        for column, value in {
            "text": "text || '!'",
            "post_id": "'d'",
            "seen_at": "replace(seen_at, '2', '1')",
        }.items()
    },
    "the first of a post lost": (
        run("DELETE FROM post_text WHERE id = 1"),
        {("post_text", "1", "removed")},
    ),
    "one in the middle lost": (
        run("DELETE FROM post_text WHERE id = 3"),
        {("post_text", "3", "removed")},
    ),
    "the last one lost": (
        run("DELETE FROM post_text WHERE id = 5"),
        {("post_text", "5", "removed")},
    ),
    "all lost": (
        run("DELETE FROM post_text"),
        {("post_text", str(n), "removed") for n in range(1, 6)},
    ),
    "one more": (
        run(
            "INSERT INTO post_text SELECT 6, page_id, post_id, text, seen_at FROM post_text"
            " WHERE id = 5"
        ),
        {("post_text", "6", "inserted")},
    ),
    "one before all": (
        run(
            "INSERT INTO post_text SELECT 0, page_id, post_id, text, seen_at FROM post_text"
            " WHERE id = 5"
        ),
        {("post_text", "0", "inserted")},
    ),
    "another number": (
        run("UPDATE post_text SET id = 9 WHERE id = 4"),
        {("post_text", "4", "removed"), ("post_text", "9", "inserted")},
    ),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_was_changed_past_the_guards_is_named(
    told: Database, forged: tuple[Callable[[Session], object], Problems]
) -> None:
    change, found = forged
    with past_the_guards(told, TABLES) as s:
        change(s)
    assert problems(told) == found


def test_texts_that_changed_places_are_named(told: Database) -> None:
    with past_the_guards(told, TABLES) as s:
        for row, said in ((1, "Bus \\u0000 ñ"), (3, "Buss")):
            s.execute(
                sql("UPDATE post_text SET text = :said WHERE id = :row"), {"said": said, "row": row}
            )
    assert problems(told) == {("post_text", "1", "changed"), ("post_text", "3", "changed")}


@pytest.fixture
def upgraded(told: Database) -> Iterator[Database]:
    """As revision 0010 found four texts of three posts, before it kept them: one for each post is
    left, with the time of the post, and what judges is noted from then on."""
    with past_the_guards(told, TABLES) as s:
        s.execute(sql("DELETE FROM post_text"))
        left = (("b", "Menu"), ("a", "Bus \\u0000 ñ"), ("c", "Game"))
        for number, (post_id, text) in enumerate(left, 1):
            keep(s, number, post_id, text, iso_time(WRITTEN))
        keep(s, 4, "b", "Menu of May", iso_time(later(3)))
    note(told)
    with told.write() as s:
        store.record_posts(s, PAGE, [post("c", "Game off"), post("d", "New")], later(9))
    yield told


def keep(s: Session, number: int, post_id: str, text: str, seen_at: str) -> None:
    values = {"n": number, "page": PAGE, "post": post_id, "text": text, "at": seen_at}
    s.execute(sql("INSERT INTO post_text VALUES (:n, :page, :post, :text, :at)"), values)


LEFT_OVER: dict[str, tuple[str, Problems]] = {
    "a text": (
        "UPDATE post_text SET text = 'x' WHERE id = 2",
        {("post_text", "2", "changed")},
    ),
    "a text lost": (
        "DELETE FROM post_text WHERE id = 3",
        {("post_text", "3", "removed")},
    ),
    "a later text": (
        "UPDATE post_text SET text = 'x' WHERE id = 5",
        {("post_text", "5", "changed")},
    ),
    "a later text lost": (
        "DELETE FROM post_text WHERE id = 6",
        {("post_text", "6", "removed")},
    ),
    "a number": (
        "UPDATE post_text SET id = 0 WHERE id = 2",
        {("post_text", "0", "changed"), ("post_text", "1", "changed")},
    ),
}


@pytest.mark.parametrize("told", [False], indirect=True)
class TestBefore:
    """Texts of before they were kept."""

    def test_what_the_revision_found_is_sound(self, upgraded: Database) -> None:
        assert problems(upgraded) == set()

    @pytest.mark.parametrize("forged", LEFT_OVER.values(), ids=LEFT_OVER.keys())
    def test_what_was_changed_of_it_is_found(
        self, upgraded: Database, forged: tuple[str, Problems]
    ) -> None:
        with past_the_guards(upgraded, TABLES) as s:
            s.execute(sql(forged[0]))
        assert problems(upgraded) >= forged[1]

    def test_a_third_party_finds_it_sound_too(
        self, upgraded: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with (tmp_path / "record.jsonl").open("w", encoding="ascii") as out:
            export(upgraded, out, what="record")
        assert modbot_verify.run([str(tmp_path / "record.jsonl")]) == 0, capsys.readouterr().out

    @pytest.mark.parametrize("forged", LEFT_OVER.values(), ids=LEFT_OVER.keys())
    def test_a_third_party_finds_what_was_changed_of_it(
        self, upgraded: Database, forged: tuple[str, Problems], tmp_path: Path
    ) -> None:
        with past_the_guards(upgraded, TABLES) as s:
            s.execute(sql(forged[0]))
        with (tmp_path / "record.jsonl").open("w", encoding="ascii") as out:
            export(upgraded, out, what="record")
        harmless = " id = 0" in forged[0]  # numbers are not exported, the order is
        assert modbot_verify.run([str(tmp_path / "record.jsonl")]) == (0 if harmless else 1)

    def test_a_text_that_was_kept_never_passes_for_one_of_before(
        self, upgraded: Database, tmp_path: Path
    ) -> None:
        """The last one of a post stands for the one before it, which was taken out."""
        with past_the_guards(upgraded, TABLES) as s:
            s.execute(sql("DELETE FROM post_text WHERE post_id = 'c' AND text = 'Game'"))
            s.execute(
                sql("UPDATE post_text SET id = 3, seen_at = :t WHERE text = 'Game off'"),
                {"t": iso_time(WRITTEN)},
            )
            s.execute(sql("UPDATE post_text SET id = 5 WHERE text = 'New'"))
        assert problems(upgraded)
        with (tmp_path / "record.jsonl").open("w", encoding="ascii") as out:
            export(upgraded, out, what="record")
        assert modbot_verify.run([str(tmp_path / "record.jsonl")]) == 1


def test_in_a_new_record_no_text_passes_for_one_of_before(database: Database) -> None:
    """The first text of an edited post is taken out and what is left is made to look like what
    revision 0010 would have written."""
    note(database)
    for minute, text in enumerate(("one", "two")):
        with database.write() as s:
            store.record_posts(s, PAGE, [post("a", text)], later(minute))
    with past_the_guards(database, TABLES) as s:
        s.execute(sql("DELETE FROM post_text WHERE id = 1"))
        s.execute(sql("UPDATE post_text SET id = 1, seen_at = :t"), {"t": iso_time(WRITTEN)})
    assert problems(database)
