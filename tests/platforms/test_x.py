"""The X adapter, with tweepy over HTTP against the X stand-in."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from modbot.domain import Capability, Comment, Page
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    QuotaSpent,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.sandbox.faults import Fault, RateLimit
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi, credits_depleted, usage_capped
from platforms.x import XAdapter
from tests.fakes import ManualClock

CANARY = "CANARYtoken0123456789"


class District:
    """One X account in a sandbox, and an adapter on it."""

    def __init__(self, clock: ManualClock, server: SandboxServer, api: XApi):
        self.clock, self.server, self.api = clock, server, api
        self.world = server.world
        self.account = self.world.add_page("x", "Lawrence Public Schools", handle="LPS")
        self.post = self.world.add_post(self.account, "No school on Monday")
        self.page = Page(
            id=f"x:{self.account}",
            platform="x",
            external_id=self.account,
            name="LPS",
            base_url=server.url,
        )
        self.token = self.world.issue_token(self.account, token=CANARY)

    def adapter(self, **secrets: str) -> XAdapter:
        connection = Connection(
            secrets=secrets or {"token": self.token},
            now=self.clock.now,
            timeout_seconds=2,
            deadline_seconds=3,
        )
        return XAdapter(self.page, connection)

    def reply(self, text: str = "why not Tuesday", **more: str) -> str:
        self.clock.advance(5)
        return self.world.add_comment(self.post, text, **more)  # type: ignore[arg-type]

    def answers(self, body: object, *, status: int = 200, times: int = 1) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.world.faults.push(
            Fault(kind="status", platform="x", status=status, body=text, times=times)
        )

    def paths(self) -> list[str]:
        """What was asked since the last time."""
        asked = [f"{call.method} {call.path}" for call in self.world.call_log]
        self.world.call_log.clear()
        return asked


@pytest.fixture
def district(clock: ManualClock) -> Iterator[District]:
    world = World(clock)
    api = XApi(world)
    with SandboxServer(world, apis=[api]) as server:
        yield District(clock, server, api)


def read_all(adapter: XAdapter, cursor: str | None = None) -> tuple[list[Comment], str]:
    comments, more = [], True
    while more:
        batch = adapter.fetch_since(cursor)
        comments += batch.comments
        cursor, more = batch.cursor, batch.more
    assert cursor is not None
    return comments, cursor


# Reading


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


def test_a_poll_with_news_is_two_calls_and_never_bills_a_user(district: District) -> None:
    adapter = district.adapter()
    cursor = adapter.fetch_since(None).cursor
    district.paths()
    district.reply()
    adapter.fetch_since(cursor)
    assert district.paths() == [
        f"GET /2/users/{district.account}/mentions",
        f"GET /2/users/{district.account}/tweets",
    ]
    assert sum(district.api.bill.cents.values()) == 1.0  # one reply, one post


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


# Looking again


def test_deleted_replies_are_none_and_edited_ones_have_a_new_id(district: District) -> None:
    kept, gone, edited = district.reply("a"), district.reply("b"), district.reply("c")
    district.world.delete_comment(gone)
    new = district.world.edit_comment(edited, "d")
    found = district.adapter().fetch_many([kept, gone, edited, new])
    assert {i: c.text if c else None for i, c in found.items()} == {
        kept: "a",
        gone: None,
        edited: None,
        new: "d",
    }
    assert district.adapter().fetch_one(gone) is None


def test_many_are_looked_up_a_hundred_at_a_time(district: District) -> None:
    ids = [district.reply(str(n)) for n in range(101)]
    found = district.adapter().fetch_many([*ids, *ids])
    assert district.paths() == ["GET /2/tweets", "GET /2/tweets"]
    assert [c.text for c in found.values() if c] == [str(n) for n in range(101)]


def test_nothing_is_looked_up_for_nothing(district: District) -> None:
    assert district.adapter().fetch_many([]) == {}
    assert district.paths() == []


def test_a_reply_that_x_could_not_load_is_not_taken_for_deleted(district: District) -> None:
    problem = {
        "resource_id": "5",
        "resource_type": "tweet",
        "title": "Unavailable",
        "detail": "later",
        "type": "https://api.x.com/2/problems/resource-unavailable",
    }
    district.answers({"errors": [problem]})
    with pytest.raises(BadAnswer):
        district.adapter().fetch_one("5")
    district.answers({})
    with pytest.raises(BadAnswer):
        district.adapter().fetch_one("5")


# Acting


def test_hide_and_restore_reach_the_platform_and_may_be_repeated(district: District) -> None:
    reply, adapter = district.reply(), district.adapter()
    adapter.hide(reply)
    adapter.hide(reply)
    assert district.world.hidden_ids() == {reply}
    adapter.restore(reply)
    adapter.restore(reply)
    assert [e.hidden for e in district.world.effects] == [True, False]


def test_a_deleted_reply_cannot_be_hidden(district: District) -> None:
    reply = district.reply()
    district.world.delete_comment(reply)
    with pytest.raises(CommentGone):
        district.adapter().hide(reply)


def test_a_refused_hide_of_a_reply_that_is_gone_is_no_missing_scope(district: District) -> None:
    reply = district.reply()
    district.world.delete_comment(reply)
    district.answers({"title": "Forbidden", "type": "about:blank"}, status=403)
    with pytest.raises(CommentGone):
        district.adapter().hide(reply)


def test_a_reply_in_anothers_conversation_is_unsupported_not_a_missing_scope(
    district: District,
) -> None:
    other = district.world.add_page("x", "Some Newspaper")
    theirs = district.world.add_comment(district.world.add_post(other, "hm"), "@LPS")
    with pytest.raises(Unsupported):
        district.adapter().hide(theirs)


def test_a_token_without_the_moderate_scope_is_named_so(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, scopes=["tweet.read", "users.read"])
    with pytest.raises(MissingScope):
        district.adapter(token=token).hide(reply)
    assert district.world.effects == []


def test_an_app_only_token_may_not_hide(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, kind="app")
    with pytest.raises(MissingScope):
        district.adapter(token=token).hide(reply)


def test_an_unconfirmed_hide_is_no_success(district: District) -> None:
    reply = district.reply()
    for body in ({"data": {"hidden": False}}, {"data": {}}, {"data": {"hidden": "true"}}, {}):
        district.answers(body)
        with pytest.raises(BadAnswer):
            district.adapter().hide(reply)


def test_deleting_is_unsupported(district: District) -> None:
    with pytest.raises(Unsupported):
        district.adapter().delete(district.reply())
    assert XAdapter.capabilities == {Capability.HIDE, Capability.RESTORE}


@pytest.mark.parametrize("comment_id", ["../users/me", "1/hidden", "", "１２３", "1" * 20])
def test_an_id_that_is_none_of_xs_never_becomes_an_address(
    district: District, comment_id: str
) -> None:
    adapter = district.adapter()
    for call in (adapter.hide, adapter.restore, adapter.fetch_one):
        with pytest.raises(BadRequest):
            call(comment_id)
    assert district.paths() == []


# Access


def test_oauth1_keys_read_and_hide(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, kind="oauth1")
    adapter = district.adapter(
        consumer_key="ck", consumer_secret="cs", access_token=token, access_token_secret="ts"
    )
    adapter.check()
    assert [c.id for c in adapter.fetch_since(None).comments] == [reply]
    adapter.hide(reply)
    assert district.world.hidden_ids() == {reply}


def test_check_finds_read_only_keys_before_the_first_hide(district: District) -> None:
    token = district.world.issue_token(
        district.account, scopes=["tweet.read", "users.read"], kind="oauth1"
    )
    adapter = district.adapter(
        consumer_key="ck", consumer_secret="cs", access_token=token, access_token_secret="ts"
    )
    with pytest.raises(MissingScope, match="write"):
        adapter.check()


def test_check_passes_on_a_good_token_and_refuses_another_accounts(district: District) -> None:
    district.adapter().check()
    other = district.world.add_page("x", "Some Newspaper")
    with pytest.raises(MissingScope, match=other):
        district.adapter(token=district.world.issue_token(other)).check()


def test_missing_secrets_are_named(district: District) -> None:
    with pytest.raises(AuthExpired, match="consumer_key"):
        district.adapter(consumer_key="only one of four")


def test_an_account_that_x_does_not_know_is_no_quiet_page(district: District) -> None:
    district.page = replace(district.page, external_id="12345")
    with pytest.raises(BadRequest):
        district.adapter().fetch_since(None)


# Failures


def problem(kind: str, title: str = "Forbidden") -> dict[str, str]:
    return {"title": title, "type": f"https://api.x.com/2/problems/{kind}"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(400, {"title": "Invalid Request"}, BadRequest, id="400"),
        pytest.param(401, {"title": "Unauthorized"}, AuthExpired, id="401"),
        pytest.param(402, problem("credits-depleted"), QuotaSpent, id="402"),
        pytest.param(402, b"", QuotaSpent, id="402 empty"),
        pytest.param(403, {"type": "about:blank"}, MissingScope, id="403"),
        pytest.param(403, problem("client-forbidden"), MissingScope, id="403 client"),
        pytest.param(403, problem("not-authorized-for-resource"), Unsupported, id="403 resource"),
        pytest.param(429, problem("usage-capped"), QuotaSpent, id="429 capped"),
        pytest.param(429, {"errors": [{"code": 88}]}, RateLimited, id="429"),
        pytest.param(429, b"<html>", RateLimited, id="429 HTML"),
        pytest.param(500, {"title": "Internal"}, Unreachable, id="500"),
        pytest.param(503, b"<html>over capacity</html>", Unreachable, id="503 HTML"),
        pytest.param(503, [], BadAnswer, id="503 list"),
        pytest.param(500, {"errors": None}, BadAnswer, id="500 null errors"),
        pytest.param(404, {"title": "Not Found"}, BadRequest, id="404"),
        pytest.param(418, {}, BadRequest, id="418"),
    ],
)
def test_error_statuses_become_the_services_errors(
    district: District, status: int, body: object, error: type[PlatformError]
) -> None:
    district.answers(body, status=status)
    with pytest.raises(error):
        district.adapter().fetch_since(None)


def test_the_published_402_and_usage_cap_stop_reads_and_writes(district: District) -> None:
    reply, adapter = district.reply(), district.adapter()
    for fault in (credits_depleted(times=2), usage_capped(times=2)):
        district.world.faults.push(fault)
        with pytest.raises(QuotaSpent):
            adapter.fetch_since(None)
        with pytest.raises(QuotaSpent):
            adapter.hide(reply)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda a, reply: a.fetch_since(None), id="read"),
        pytest.param(lambda a, reply: a.hide(reply), id="hide"),
    ],
)
def test_a_spent_rate_budget_says_how_long_to_wait(
    district: District, call: Callable[[XAdapter, str], object]
) -> None:
    reply, adapter = district.reply(), district.adapter()
    for what in ("mentions", "hidden"):
        district.world.limits[f"x:{what}"] = RateLimit(calls=1, window_seconds=900)
    call(adapter, reply)
    district.clock.advance(600)
    with pytest.raises(RateLimited) as caught:
        call(adapter, reply)
    assert caught.value.retry_after_seconds == 300
    district.clock.advance(301)
    call(adapter, reply)


def test_a_rate_limit_without_a_reset_time_waits_a_window(district: District) -> None:
    district.answers({}, status=429)
    with pytest.raises(RateLimited) as caught:
        district.adapter().fetch_since(None)
    assert caught.value.retry_after_seconds == 900


GOOD = {
    "id": "5",
    "text": "x",
    "author_id": "7",
    "conversation_id": "5",
    "created_at": "2026-09-09T12:00:00.000Z",
}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!DOCTYPE html><p>hello", id="HTML"),
        pytest.param(b'{"data": [{"id": "1", "te', id="truncated"),
        pytest.param(b'{"data": [{"id": "1"}]} trailing', id="trailing"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param([], id="a list"),
        pytest.param(7, id="a number"),
        pytest.param(None, id="null"),
        pytest.param({"data": [7]}, id="item a number"),
        pytest.param({"data": [GOOD, None]}, id="item null"),
        pytest.param({"data": [{**GOOD, "text": None}]}, id="text null"),
        pytest.param({"data": [{**GOOD, "id": 5}]}, id="id a number"),
        pytest.param({"data": [{**GOOD, "id": "../x"}]}, id="id a path"),
        pytest.param({"data": [{**GOOD, "created_at": "2026-09-09"}]}, id="time without zone"),
        pytest.param({"data": [{**GOOD, "created_at": 5}]}, id="time a number"),
        pytest.param({"data": [{**GOOD, "author_id": None}]}, id="no author"),
        pytest.param({"data": [{**GOOD, "note_tweet": "x"}]}, id="note a text"),
        pytest.param({"data": [{**GOOD, "referenced_tweets": [{}]}]}, id="empty reference"),
        pytest.param({"errors": 5}, id="errors a number"),
        pytest.param({"meta": 5}, id="meta a number"),
        pytest.param({"errors": [problem("internal-error")]}, id="partial"),
        pytest.param({"errors": [problem("news-to-us")]}, id="an error alone"),
        pytest.param({}, id="nothing"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused_whole(district: District, body: object) -> None:
    adapter = district.adapter()
    reply = district.reply()
    district.answers(body)
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)
    assert [c.id for c in adapter.fetch_since(None).comments] == [reply]


def test_a_failure_on_a_later_page_gives_nothing_and_the_next_poll_gives_all(
    district: District,
) -> None:
    written = [district.reply(str(n)) for n in range(150)]
    adapter = district.adapter()
    district.world.faults.push(
        Fault(kind="truncated", match=lambda request: "pagination_token" in request.query)
    )
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)
    assert [c.id for c in adapter.fetch_since(None).comments] == written


def test_a_cut_connection_is_unreachable(district: District) -> None:
    district.world.faults.push(Fault(kind="reset"))
    with pytest.raises(Unreachable):
        district.adapter().fetch_since(None)


def test_data_null_is_an_empty_listing(district: District) -> None:
    district.answers({"data": None, "meta": {"result_count": 0}})
    assert district.adapter().fetch_since(None).comments == ()


# Secrets


def test_no_secret_and_no_comment_reaches_a_log_even_at_debug(district: District) -> None:
    lines: list[str] = []

    class Ears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    ears, root = Ears(logging.DEBUG), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(ears)
    try:
        reply = district.reply("a very private remark")
        keys = {"consumer_secret": "CANARYcs", "access_token_secret": "CANARYts"}
        token = district.world.issue_token(district.account, kind="oauth1", token="CANARYat")
        for adapter in (
            district.adapter(),
            district.adapter(consumer_key="CANARYck", access_token=token, **keys),
        ):
            adapter.fetch_since(None)
            adapter.hide(reply)
            for title in ("Unauthorized", f"no {CANARY}", "CANARYts CANARYck CANARYcs CANARYat"):
                kind = f"https://api.twitter.com/2/problems/{title}"
                district.answers({"title": title, "type": kind}, status=401)
                with pytest.raises(AuthExpired) as caught:
                    adapter.check()
                assert caught.value.__cause__ is None
                known = adapter._connection.secrets.values()
                said = f"{caught.value!r} {caught.value.code}"
                assert not [secret for secret in known if secret in said]
        assert "CANARY" not in repr(district.adapter()._connection)
    finally:
        root.removeHandler(ears)
        for logger, level in levels:
            logger.setLevel(level)
    assert any("urllib3" in line or "HTTP/1.1" in line for line in lines)
    assert [line for line in lines if "CANARY" in line or "private remark" in line] == []
