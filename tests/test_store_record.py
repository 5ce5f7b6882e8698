from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError

from modbot import store
from modbot.audit import verify
from modbot.domain import ActionKind, ActionState, Verdict
from modbot.store import Database
from modbot.stored_text import original, shown_offset, storable
from modbot.tables import VersionRow
from tests.records import HIDE, PAGE, add_page, comment, judged, kinds, later, record


def test_a_comment_is_stored_with_its_decision_action_and_links(database: Database) -> None:
    (made,) = record(database, judged("c1", decision=HIDE))

    with database.read() as session:
        entry = store.decision(session, made.decision_id or 0)
        links = store.audit_of(session, entry.id)
    assert (entry.verdict, entry.action_kind, entry.action_state) == (
        Verdict.HIDE,
        ActionKind.HIDE,
        ActionState.REQUESTED,
    )
    assert (entry.signals, entry.categories) == (HIDE.signals, HIDE.categories)
    assert [link.kind for link in links] == ["comment.seen", "decision.made", "action.requested"]


def test_a_text_that_is_known_is_not_stored_again(database: Database) -> None:
    (first,) = record(database, judged("c1", decision=HIDE))
    (again,) = record(database, judged("c1", decision=HIDE), now=later(1))

    assert not again.new and again.decision_id is None
    assert (again.comment_row, again.version_id) == (first.comment_row, first.version_id)
    assert kinds(database) == ["page.added", "comment.seen", "decision.made", "action.requested"]


def test_every_change_of_text_is_a_version_also_back_to_an_old_text(database: Database) -> None:
    for minute, text in enumerate(["one", "two", "one", "one"]):
        record(database, judged("c1", text), now=later(minute))

    with database.read() as session:
        found = store.versions_of(session, 1)
        assert [(v.number, v.text) for v in found] == [(1, "one"), (2, "two"), (3, "one")]
        assert [e.version_number for e in store.history(session, 1)] == [3, 2, 1]
        assert store.comment_texts(session, PAGE, ["c1", "c2"]) == {"c1": "one"}


def test_two_texts_of_one_comment_in_one_batch_are_two_versions(database: Database) -> None:
    found = record(database, judged("c1", "one"), judged("c1", "two"), judged("c1", "two"))

    assert [r.new for r in found] == [True, True, False]
    assert len({r.comment_row for r in found}) == 1
    assert verify(database).ok


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="zone"):
        record(database, judged("c1", created_at=datetime(2026, 3, 2, 12)))  # noqa: DTZ001


def test_the_same_id_on_two_pages_is_two_comments(database: Database) -> None:
    add_page(database, "x:2")
    record(database, judged("c1"))
    (other,) = record(database, judged("c1"), page_id="x:2")
    assert other.new and other.comment_row == 2


def test_what_was_known_when_judging_may_be_handed_in(database: Database) -> None:
    record(database, judged("c1", "one"))
    with database.read() as session:
        known = store.known(session, PAGE, ["c1"])["c1"]
    edited = replace(judged("c1", "two"), known=known)
    assert record(database, edited)[0].new

    with pytest.raises(IntegrityError):  # it is out of date now
        record(database, replace(judged("c1", "three"), known=known))


TEXTS = [
    *("a\x00b", "\ud800", "x \udfff y", "\\u0000 typed \x00", "\\ud800 typed", "C:\\dir"),
    *("‮rtl", "", "x" * 100_000, "😀 \ud83d"),
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_is_stored_and_can_be_had_back(database: Database, text: str) -> None:
    raw = b'\xff\x00 {"message": "..."}'
    (made,) = record(database, judged("c1", text, raw=raw, author_name=text))

    with database.read() as session:
        entry = store.decision(session, made.decision_id or 0)
        entry.text.encode("utf-8")
        (entry.author_name or "").encode("utf-8")
        assert "\x00" not in entry.text
        assert original(entry.text, escaped=entry.escaped) == text
        assert entry.text_sha256 == comment("c1", text).text_sha256
        assert store.comment_texts(session, PAGE, ["c1"]) == {"c1": text}
        row = session.get_one(VersionRow, made.version_id)
        assert zlib.decompress(row.raw) == raw
    assert not record(database, judged("c1", text))[0].new
    assert verify(database).ok


def test_spans_lie_in_the_text_as_it_is_shown(database: Database) -> None:
    text = "\x00\\ damn"
    start = text.index("damn")
    signal = HIDE.signals[0]
    placed = replace(signal, evidence=replace(signal.evidence, start=start, end=start + 4))
    (made,) = record(database, judged("c1", text, decision=replace(HIDE, signals=(placed,))))

    with database.read() as session:
        entry = store.decision(session, made.decision_id or 0)
    evidence = entry.signals[0].evidence
    assert entry.text[evidence.start : evidence.end] == "damn"
    assert shown_offset(text, start) == storable(text)[0].index("damn")


def test_strange_ids_find_their_comment_again(database: Database) -> None:
    record(database, judged("\ud800'\x00"))
    with database.read() as session:
        assert set(store.known(session, PAGE, ["\ud800'\x00", "other"])) == {"\ud800'\x00"}


def test_more_ids_than_sqlite_takes_parameters_can_be_looked_up(database: Database) -> None:
    record(database, judged("c39999"))
    with database.read() as session:
        assert set(store.known(session, PAGE, (f"c{n}" for n in range(40_000)))) == {"c39999"}
