"""The X adapter reads, with tweepy over HTTP against the X stand-in."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from platforms.sandbox.faults import RateLimit
from tests.platforms.x_district import District, read_all


def test_a_reply_arrives_with_all_that_x_tells_of_it(district: District) -> None:
    first = district.reply("why not Tuesday")
    second = district.reply("because", parent=first, author_id="u2")
    batch = district.adapter().fetch_since(None)
    top, below = batch.comments
    assert (top.id, top.text, top.post_id, top.parent_id) == (
        first,
        "why not Tuesday",
        district.post,
        None,
    )
    assert (below.id, below.parent_id) == (second, first)
    assert top.created_at == district.clock.now() - timedelta(seconds=5)
    assert top.post_text == "No school on Monday"
    assert (top.hidden, top.author_name, top.by_page) == (None, None, False)
    assert top.author_id and top.author_id != below.author_id
    assert top.permalink == f"https://x.com/i/web/status/{first}"
    assert [(post.id, post.text) for post in batch.posts] == [
        (district.post, "No school on Monday")
    ]
    assert not batch.more


def test_each_reply_is_kept_as_the_vendors_bytes(district: District) -> None:
    reply = district.reply('a "quoted" ñ & <b>')
    (comment,) = district.adapter().fetch_since(None).comments
    sent = json.loads(comment.raw)
    assert sent["id"] == reply
    assert sent["text"] == 'a "quoted" ñ &amp; &lt;b&gt;'
    assert comment.raw.startswith(b'{"id": ')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("fish & chips < tax > 0", id="entities"),
        pytest.param("write &lt; for less", id="entities that the person wrote"),
        pytest.param("nul \x00 and half \ud83d an emoji", id="NUL and lone surrogate"),
        pytest.param("\u202eevil\u202c", id="right-to-left mark"),
        pytest.param("a" * 400 + " the worst comes last", id="over 280 characters"),
        pytest.param("x" * 100_000, id="100 kB"),
        pytest.param("", id="empty"),
    ],
)
def test_the_text_is_what_the_person_wrote(district: District, text: str) -> None:
    district.reply(text)
    assert [c.text for c in district.adapter().fetch_since(None).comments] == [text]


def test_a_quiet_poll_is_one_call_and_costs_nothing(district: District) -> None:
    district.reply()
    adapter = district.adapter()
    _, cursor = read_all(adapter)
    district.clock.advance(300)
    district.paths()
    before = dict(district.api.bill.cents)
    batch = adapter.fetch_since(cursor)
    assert batch.comments == ()
    assert district.paths() == [f"GET /2/users/{district.account}/mentions"]
    assert district.api.bill.cents == before


def test_news_under_a_new_post_are_two_calls_then_one_and_never_bill_a_user(
    district: District,
) -> None:
    adapter = district.adapter()
    cursor = adapter.fetch_since(None).cursor
    district.paths()
    district.clock.advance(5)
    new = district.world.add_post(district.account, "School on Tuesday")
    first = district.world.add_comment(new, "yes!")
    cursor = adapter.fetch_since(cursor).cursor
    listings = [f"GET /2/users/{district.account}/{kind}" for kind in ("mentions", "tweets")]
    assert district.paths() == listings
    district.clock.advance(5)
    district.world.add_comment(new, "really?", parent=first)
    adapter.fetch_since(cursor)
    assert district.paths() == listings[:1], "all that it needs is known"
    assert sum(district.api.bill.cents.values()) == 2.0  # two replies, two posts


def test_a_reply_to_what_the_account_itself_said_brings_those_words_along(
    district: District,
) -> None:
    question, adapter = district.reply("when?"), district.adapter()
    cursor = adapter.fetch_since(None).cursor
    answer = district.reply("at 8", parent=question, author_id=district.account)
    thanks = district.reply("too early", parent=answer)
    assert {answer, thanks} <= {c.id for c in adapter.fetch_since(cursor).comments}


def test_what_was_just_read_may_be_listed_again_but_asks_and_costs_no_more(
    district: District,
) -> None:
    reply, adapter = district.reply(), district.adapter()
    cursor = adapter.fetch_since(None).cursor
    cost = dict(district.api.bill.cents)
    district.paths()
    district.clock.advance(30)
    assert [c.id for c in adapter.fetch_since(cursor).comments] == [reply]
    assert district.paths() == [f"GET /2/users/{district.account}/mentions"]
    assert district.api.bill.cents == cost


def test_what_was_read_long_ago_is_not_read_again_after_quiet_polls(district: District) -> None:
    district.reply("old")
    adapter = district.adapter()
    cursor = adapter.fetch_since(None).cursor
    for _ in range(3):
        district.clock.advance(300)
        batch = adapter.fetch_since(cursor)
        assert batch.comments == ()
        cursor = batch.cursor


def test_own_posts_are_read_and_billed_once_not_once_a_day(district: District) -> None:
    adapter, cursor = district.adapter(), None
    for _ in range(2):
        district.reply()
        cursor = adapter.fetch_since(cursor).cursor
        district.clock.advance(24 * 3600)
    assert sum(district.api.bill.cents.values()) == pytest.approx(2 * 0.5 + 0.5)


def test_polling_for_a_day_reads_every_reply_once_and_bills_it_once(district: District) -> None:
    adapter, cursor, seen = district.adapter(), None, []
    written = []
    for _ in range(40):
        written.append(district.reply())
        batch = adapter.fetch_since(cursor)
        cursor = batch.cursor
        seen += [c.id for c in batch.comments]
        district.clock.advance(20)
    assert set(seen) == set(written)
    assert sum(district.api.bill.cents.values()) == pytest.approx(40 * 0.5 + 0.5)


def test_replies_come_oldest_first_through_all_pages(district: District) -> None:
    written = [district.reply(str(n)) for n in range(250)]
    batch = district.adapter().fetch_since(None)
    assert [c.id for c in batch.comments] == written
    assert not batch.more


def test_a_burst_beyond_one_poll_is_read_to_the_end_across_restarts(district: District) -> None:
    cursor = district.adapter().fetch_since(None).cursor
    written = [district.reply(str(n)) for n in range(750)]
    seen, rounds, more = [], 0, True
    while more:
        batch = district.adapter().fetch_since(cursor)  # a new adapter each time
        cursor, more, rounds = batch.cursor, batch.more, rounds + 1
        seen += [c.id for c in batch.comments]
        written.append(district.reply("meanwhile"))
    rest, _ = read_all(district.adapter(), cursor)
    assert rounds > 1
    assert set(seen + [c.id for c in rest]) == set(written)


def test_the_rest_of_a_burst_costs_one_call_a_page_and_goes_back_no_further_than_needed(
    district: District,
) -> None:
    district.reply("old")
    adapter = district.adapter()
    cursor = adapter.fetch_since(None).cursor
    district.clock.advance(3600)
    written = [district.reply(str(n)) for n in range(450)]
    first = adapter.fetch_since(cursor)
    district.paths()
    rest = adapter.fetch_since(first.cursor)
    assert (first.more, rest.more) == (True, False)
    assert [c.id for c in (*rest.comments, *first.comments)] == written
    assert district.paths() == [f"GET /2/users/{district.account}/mentions"]


def test_a_reply_that_x_lists_late_is_still_read(district: District) -> None:
    adapter = district.adapter()
    early = district.reply("early")
    hidden_by_x = district.world.all_comments("x")[0]
    hidden_by_x.deleted_at = district.clock.now()
    district.reply("later")
    _, cursor = read_all(adapter)
    hidden_by_x.deleted_at = None
    district.clock.advance(30)
    comments, _ = read_all(adapter, cursor)
    assert early in [c.id for c in comments]


def test_the_first_poll_reaches_back_the_watch_time_and_no_further(district: District) -> None:
    district.reply("long ago")
    district.clock.advance(47 * 3600)
    recent = district.reply("recent")
    district.clock.advance(2 * 3600)
    comments, _ = read_all(district.adapter())
    assert [c.id for c in comments] == [recent]


def test_what_came_during_a_long_outage_is_not_lost(district: District) -> None:
    cursor = district.adapter().fetch_since(None).cursor
    during = district.reply("during")
    district.clock.advance(30 * 24 * 3600)
    comments, _ = read_all(district.adapter(), cursor)
    assert [c.id for c in comments] == [during]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "7",
        "[]",
        "null",
        "{}",
        '{"v":2}',
        '{"v":1}',
        '{"v":1,"start":"x"}',
        '{"v":1,"start":"2026-01-01T00:00:00"}',
        '{"v":1,"start":"2026-01-01T00:00:00+00:00","newest":"1; DROP"}',
        '{"v":1,"start":"2026-01-01T00:00:00+00:00","newest":5}',
        '{"v":1,"start":"2026-01-01T00:00:00+00:00","more":"5"}',
        "[" * 100_000,
    ],
)
def test_a_foreign_or_broken_cursor_starts_anew(district: District, cursor: str) -> None:
    reply = district.reply()
    assert [c.id for c in district.adapter().fetch_since(cursor).comments] == [reply]


def test_mentions_in_others_conversations_are_not_comments(district: District) -> None:
    other = district.world.add_page("x", "Some Newspaper", handle="paper")
    theirs = district.world.add_post(other, "what does @LPS say?")
    district.clock.advance(1)
    district.world.add_comment(theirs, "@lps says nothing")
    ours = district.reply()
    batch = district.adapter().fetch_since(None)
    assert [c.id for c in batch.comments] == [ours]
    assert [p.id for p in batch.posts] == [district.post]


def test_a_conversation_of_others_is_looked_up_once(district: District) -> None:
    other = district.world.add_page("x", "Some Newspaper", handle="paper")
    theirs = district.world.add_post(other, "hm")
    adapter, cursor = district.adapter(), None
    for _ in range(3):
        district.clock.advance(300)
        district.world.add_comment(theirs, "@LPS!")
        cursor = adapter.fetch_since(cursor).cursor
    assert district.paths().count("GET /2/tweets") == 1


def test_a_reply_under_an_old_post_is_known_by_its_conversation(district: District) -> None:
    district.clock.advance(100 * 24 * 3600)
    reply = district.reply()
    batch = district.adapter().fetch_since(None)
    assert [(c.id, c.post_text) for c in batch.comments] == [(reply, "No school on Monday")]
    assert [p.id for p in batch.posts] == [district.post]


def test_the_accounts_own_reply_is_marked_as_its_own(district: District) -> None:
    question = district.reply("when?")
    answer = district.reply("at 8", parent=question, author_id=district.account)
    comments, _ = read_all(district.adapter())
    assert [(c.id, c.by_page) for c in comments] == [(question, False), (answer, True)]


def test_the_share_of_the_rate_budget_is_told(district: District) -> None:
    district.world.limits["x:mentions"] = RateLimit(calls=4, window_seconds=900)
    assert district.adapter().fetch_since(None).usage == 0.25
