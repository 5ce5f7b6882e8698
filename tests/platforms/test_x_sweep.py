"""X: replies that name nobody, which only a search finds, and conversations of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from modbot.errors import RateLimited, Unsupported
from modbot.ports import Connection, Spending
from platforms.sandbox.faults import Fault
from platforms.x import XAdapter
from platforms.x_sweep import QUERY_CAP, queries
from tests.platforms.x_district import District

HOURS = 3600.0
SEARCH = "GET /2/tweets/search/recent"


def unnamed(district: District, text: str = "you fools", **more: str) -> str:
    """A reply whose author took the account's @name out."""
    reply = district.reply(text, **more)
    district.api.unnamed.add(reply)
    return reply


def on(district: District, **spending: float) -> XAdapter:
    connection = Connection(
        secrets={"token": district.token},
        now=district.clock.now,
        spending=Spending(**spending),  # type: ignore[arg-type]
    )
    return XAdapter(district.page, connection)


@pytest.fixture
def swept(district: District) -> Iterator[tuple[XAdapter, str]]:
    """An adapter that has swept, and its cursor."""
    adapter = district.adapter()
    cursor = adapter.fetch_since(None).cursor
    district.paths()
    yield adapter, cursor


def test_a_reply_without_the_name_comes_with_the_next_search(
    district: District, swept: tuple[XAdapter, str]
) -> None:
    adapter, cursor = swept
    hidden_from_mentions = unnamed(district)
    assert adapter.fetch_since(cursor).comments == ()
    district.clock.advance(4 * HOURS)
    (found,) = adapter.fetch_since(cursor).comments
    assert (found.id, found.post_text) == (hidden_from_mentions, "No school on Monday")
    adapter.hide(found.id)
    assert district.world.comment(found.id).hidden  # type: ignore[union-attr]


def test_a_search_that_finds_nothing_new_costs_nothing_and_comes_every_four_hours(
    district: District, swept: tuple[XAdapter, str]
) -> None:
    adapter, cursor = swept
    for _ in range(3):
        district.reply()
        cursor = adapter.fetch_since(cursor).cursor
    cost = dict(district.api.bill.cents)
    district.paths()
    for _ in range(17):
        district.clock.advance(HOURS / 4)
        cursor = adapter.fetch_since(cursor).cursor
    assert district.paths().count(SEARCH) == 1
    assert district.api.bill.cents == cost


def test_replies_under_every_post_of_seven_days_are_found_by_few_searches(
    district: District,
) -> None:
    posts = []
    for number in range(30):
        district.clock.advance(4 * HOURS)
        posts.append(district.world.add_post(district.account, f"Post {number}"))
    adapter = on(district)
    adapter = XAdapter(
        district.page,
        replace(adapter._connection, watch_hours=24 * 6),  # the first sight of them
    )
    cursor = adapter.fetch_since(None).cursor
    written = set()
    for post in posts:
        district.clock.advance(5)
        written.add(district.world.add_comment(post, "you fools"))
    district.api.unnamed |= written
    district.paths()
    district.clock.advance(4 * HOURS)
    after_restart = on(district)
    assert {c.id for c in after_restart.fetch_since(cursor).comments} == written
    assert district.paths().count(SEARCH) == 3


def test_a_reply_to_a_reply_under_an_old_post_is_found_when_it_answers_the_account(
    district: District, swept: tuple[XAdapter, str]
) -> None:
    adapter, cursor = swept
    district.clock.advance(9 * 24 * HOURS)
    old = unnamed(district)
    assert old in {c.id for c in adapter.fetch_since(cursor).comments}


def test_the_search_stops_at_its_own_part_of_the_days_money_and_goes_on_tomorrow(
    district: District,
) -> None:
    adapter = on(district, sweep_cents_a_day=10.0)
    cursor = adapter.fetch_since(None).cursor
    written = {unnamed(district, f"you fools {n}") for n in range(45)}
    district.clock.advance(4 * HOURS)
    batch = adapter.fetch_since(cursor)
    first = {c.id for c in batch.comments}
    assert 10 <= len(first) <= 20, "half a cent each"
    seen = set(first)
    for _ in range(12):
        district.clock.advance(6 * HOURS)
        batch = adapter.fetch_since(batch.cursor)
        seen |= {c.id for c in batch.comments}
    assert seen == written
    assert max(district.api.bill.cents.values()) <= 10.0 + 0.5


def test_no_money_for_searches_is_no_search(district: District) -> None:
    adapter = on(district, sweep_cents_a_day=0.0)
    cursor = adapter.fetch_since(None).cursor
    district.clock.advance(5 * HOURS)
    adapter.fetch_since(cursor)
    assert SEARCH not in district.paths()


def test_a_search_that_x_refuses_keeps_no_reply_from_being_read(district: District) -> None:
    district.world.faults.push(
        Fault(kind="status", platform="x", match="/search/", status=403, body=b"{}", times=9)
    )
    reply, adapter = district.reply(), district.adapter()
    batch = adapter.fetch_since(None)
    assert [c.id for c in batch.comments] == [reply]
    district.clock.advance(60)
    district.paths()
    adapter.fetch_since(batch.cursor)
    assert SEARCH not in district.paths(), "not with every poll"


def test_a_search_that_was_cut_off_is_made_again_from_where_it_began(
    district: District, swept: tuple[XAdapter, str]
) -> None:
    adapter, cursor = swept
    reply = unnamed(district)
    district.world.faults.push(Fault(kind="reset", platform="x", match="/search/"))
    district.clock.advance(4 * HOURS)
    batch = adapter.fetch_since(cursor)
    assert batch.comments == ()
    district.clock.advance(4 * HOURS)
    assert [c.id for c in adapter.fetch_since(batch.cursor).comments] == [reply]


@pytest.mark.parametrize("count", [0, 1, 11, 12, 200])
def test_queries_stay_within_what_x_takes_and_leave_nothing_out(count: int) -> None:
    roots = [str(2_000_000_000_000_000_000 + n) for n in range(count)]
    made = list(queries(roots, "LawrenceSchools"))
    assert all(len(query) <= QUERY_CAP for query in made)
    assert sum(query.count("conversation_id:") for query in made) == count
    assert sum(query.count("to:") for query in made) == 1
    assert len(made) <= 1 + count // 10


# Conversations of others


def elsewhere(district: District) -> tuple[str, str]:
    """A conversation that a newspaper began, and what the district said in it."""
    paper = district.world.add_page("x", "Some Newspaper", handle="paper")
    theirs = district.world.add_post(paper, "what does @LPS say?")
    district.clock.advance(5)
    ours = district.world.add_comment(theirs, "school is on", author_id=district.account)
    district.clock.advance(5)
    return theirs, ours


def test_what_answers_the_account_elsewhere_is_read_and_known_not_to_be_hideable(
    district: District,
) -> None:
    theirs, ours = elsewhere(district)
    answer = district.world.add_comment(theirs, "@LPS you fools", parent=ours)
    by_the_way = district.world.add_comment(theirs, "@LPS is mentioned here")
    adapter = district.adapter()
    found = {c.id: c for c in adapter.fetch_since(None).comments}
    assert by_the_way not in found, "said to somebody else, elsewhere"
    assert not found[answer].can_hide and found[ours].by_page
    district.paths()
    for call in (adapter.hide, adapter.restore):
        with pytest.raises(Unsupported):
            call(answer)
    assert district.paths() == [], "known before trying"


def test_in_its_own_conversations_everything_can_be_hidden(district: District) -> None:
    reply, adapter = district.reply(), district.adapter()
    (found,) = adapter.fetch_since(None).comments
    assert found.can_hide and adapter.fetch_one(reply).can_hide  # type: ignore[union-attr]


# Money


def test_reads_stop_at_the_cap_and_hides_have_their_own_share(district: District) -> None:
    adapter = on(district, cents_a_day=20.0, sweep_cents_a_day=0.0)
    replies = [district.reply(f"reply {n}") for n in range(60)]
    cursor, seen = None, set()
    with pytest.raises(RateLimited) as caught:
        for _ in range(20):
            batch = adapter.fetch_since(cursor)
            cursor = batch.cursor
            seen |= {c.id for c in batch.comments}
    assert caught.value.reads_only and "x_" not in str(caught.value)
    assert sum(district.api.bill.cents.values()) <= 20.0
    adapter.hide(next(iter(seen)))
    district.clock.advance(timedelta(days=1).total_seconds())
    for _ in range(20):
        try:
            batch = adapter.fetch_since(cursor)
        except RateLimited:
            district.clock.advance(timedelta(days=1).total_seconds())
            continue
        cursor = batch.cursor
        seen |= {c.id for c in batch.comments}
    assert seen == set(replies)
    assert max(district.api.bill.cents.values()) <= 20.0
