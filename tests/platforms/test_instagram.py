from __future__ import annotations

import json

import pytest

from modbot.domain import Capability
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from platforms.instagram import InstagramAdapter
from platforms.sandbox.faults import Fault, RateLimit, Request
from platforms.sandbox.world import World
from tests.fakes import SCHOOL_DAY
from tests.platforms.graph_sandbox import GraphSandbox, ids


@pytest.fixture
def adapter(sandbox: GraphSandbox) -> InstagramAdapter:
    return sandbox.instagram()


@pytest.fixture
def media(world: World) -> str:
    return world.add_post("ig", "Senior night 💙")


def writes(request: Request) -> bool:
    return request.method == "POST"


def test_a_comment_comes_with_all_that_instagram_tells(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter, media: str
):
    top = world.add_comment(media, "vamos 💙", author_id="u1", author_name="ana.ruiz")
    sandbox.clock.advance(60)
    reply = world.add_comment(
        media, "gracias", parent=top, author_id="ig", author_name="lancers.athletics"
    )
    world.set_hidden(top, True)
    batch = adapter.fetch_since(None)

    first, second = batch.comments
    assert (first.id, first.text, first.post_id) == (top, "vamos 💙", media)
    assert (first.author_id, first.author_name) == (world.ever(top).author_id, "ana.ruiz")
    assert (first.created_at, first.parent_id, first.hidden) == (SCHOOL_DAY, None, True)
    assert (first.can_hide, first.by_page) == (True, False)
    assert (second.id, second.parent_id) == (reply, top)
    assert (second.can_hide, second.by_page) == (False, True)
    assert [(p.id, p.text) for p in batch.posts] == [(media, "Senior night 💙")]
    assert json.loads(second.raw)["text"] == "gracias"


def test_a_quiet_poll_is_one_call_for_all_media(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter
):
    for number in range(25):
        world.add_comment(world.add_post("ig", f"medium {number}"), "hi")
    batch = adapter.fetch_since(None)
    assert len(batch.comments) == len(batch.covered) == 25
    assert sandbox.calls_of("instagram", lambda: adapter.fetch_since(batch.cursor)) == 1


def test_edits_show_and_deletions_leave_a_gap_in_what_is_covered(
    world: World, adapter: InstagramAdapter, media: str
):
    edited, gone = world.add_comment(media, "one"), world.add_comment(media, "two")
    cursor = adapter.fetch_since(None).cursor
    world.edit_comment(edited, "one!")
    world.delete_comment(gone)
    batch = adapter.fetch_since(cursor)

    assert [(c.id, c.text) for c in batch.comments] == [(edited, "one!")]
    assert [c.post_id for c in batch.covered] == [media]
    assert adapter.fetch_many([edited, gone])[gone] is None


def test_a_burst_past_the_newest_fifty_arrives_once_each(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter, media: str
):
    cursor = adapter.fetch_since(None).cursor
    made = []
    for number in range(130):
        made.append(world.add_comment(media, f"comment {number}"))
        sandbox.clock.advance(1)
    batch = adapter.fetch_since(cursor)

    assert ids(batch) == made
    assert batch.covered == ()  # a reply to an older one could be missing


def test_a_long_thread_of_replies_is_read_to_its_end(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter, media: str
):
    made = [world.add_comment(media, "top")]
    for number in range(120):
        sandbox.clock.advance(1)
        made.append(world.add_comment(media, f"reply {number}", parent=made[0]))
    assert ids(adapter.fetch_since(None)) == made


def test_replies_to_replies_hang_on_the_top_level_comment(
    world: World, adapter: InstagramAdapter, media: str
):
    top = world.add_comment(media, "top")
    reply = world.add_comment(media, "reply", parent=top)
    deeper = world.add_comment(media, "deeper", parent=reply)
    parents = {c.id: c.parent_id for c in adapter.fetch_since(None).comments}
    assert parents == {top: None, reply: top, deeper: top}


def test_counted_comments_that_are_not_shown_raise_the_alarm(
    world: World, adapter: InstagramAdapter
):
    one = {"id": "17", "timestamp": "2026-09-09T12:00:00+0000", "comments_count": 3}
    body = json.dumps({"data": [one]}).encode()
    for call in (lambda: adapter.fetch_since(None), adapter.check):
        world.faults.push(Fault(kind="wrong_type", body=body, match="/media"))
        with pytest.raises(MissingScope, match="shows none"):
            call()


def test_hiding_is_confirmed_by_reading_back_and_may_be_repeated(
    world: World, adapter: InstagramAdapter, media: str
):
    comment = world.add_comment(media, "hi")
    adapter.hide(comment)
    adapter.hide(comment)
    assert not world.is_public(comment)
    adapter.restore(comment)
    assert world.is_public(comment)
    assert [effect.hidden for effect in world.effects] == [True, False]


def test_the_accounts_own_comment_cannot_be_hidden_although_instagram_says_success(
    world: World, adapter: InstagramAdapter, media: str
):
    with pytest.raises(Unsupported):
        adapter.hide(world.add_comment(media, "thanks", author_id="ig"))


def test_a_hide_without_effect_is_not_taken_for_one(
    world: World, adapter: InstagramAdapter, media: str
):
    comment = world.add_comment(media, "hi")
    world.faults.push(Fault(kind="status", body=b'{"success":true}', match=writes))
    with pytest.raises(BadAnswer):
        adapter.hide(comment)


def test_a_gone_comment_is_told_apart_from_a_failure(
    world: World, adapter: InstagramAdapter, media: str
):
    comment = world.add_comment(media, "hi")
    adapter.delete(comment)
    assert world.comment(comment) is None

    adapter.delete(comment)
    assert adapter.fetch_one(comment) is None
    with pytest.raises(CommentGone):
        adapter.hide(comment)


def test_one_comment_is_read_as_the_listing_shows_it(
    world: World, adapter: InstagramAdapter, media: str
):
    top = world.add_comment(media, "top")
    reply = world.add_comment(media, "reply", parent=top)
    for comment in adapter.fetch_since(None).comments:
        one = adapter.fetch_one(comment.id)
        assert one is not None
        assert (one.text, one.post_id, one.parent_id) == (comment.text, media, comment.parent_id)
    assert set(adapter.fetch_many([top, reply])) == {top, reply}


@pytest.mark.parametrize("text", ["nul \0", "lone \ud800", "\u202e", "x" * 100_000, ""])
def test_hostile_texts_come_through_as_sent(
    world: World, adapter: InstagramAdapter, media: str, text: str
):
    world.add_comment(media, text)
    (comment,) = adapter.fetch_since(None).comments
    assert comment.text == json.loads(comment.raw)["text"] == text


def test_the_token_in_paging_links_is_not_kept(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter, media: str
):
    top = world.add_comment(media, "top")
    for number in range(60):
        world.add_comment(media, f"reply {number}", parent=top)
    raw = b"".join(comment.raw for comment in adapter.fetch_since(None).comments)

    assert b"access_token=[token]" in raw
    assert sandbox.tokens["instagram"].encode() not in raw


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(kind="html"), BadAnswer, id="html"),
        pytest.param(Fault(kind="empty"), BadAnswer, id="empty"),
        pytest.param(Fault(kind="truncated"), BadAnswer, id="truncated"),
        pytest.param(Fault(kind="wrong_type"), BadAnswer, id="data is a number"),
        pytest.param(Fault(kind="reset"), Unreachable, id="reset"),
    ],
)
def test_a_spoilt_listing_is_refused_whole(
    world: World, adapter: InstagramAdapter, media: str, fault: Fault, kind: type[PlatformError]
):
    world.add_comment(media, "hi")
    world.faults.push(fault)
    with pytest.raises(PlatformError) as caught:
        adapter.fetch_since(None)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("field", "value"),
    [("text", 7), ("timestamp", "now"), ("hidden", 0), ("from", []), ("replies", {"data": [1]})],
)
def test_a_comment_with_a_wrong_type_spoils_the_listing(
    world: World, adapter: InstagramAdapter, field: str, value: object
):
    comment = {"id": "1", "text": "hi", "timestamp": "2026-09-09T12:00:00+0000", field: value}
    one = {"id": "17", "timestamp": "2026-09-09T12:00:00+0000", "comments": {"data": [comment]}}
    world.faults.push(Fault(kind="wrong_type", body=json.dumps({"data": [one]}).encode()))
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)


def test_check_names_what_is_wrong_with_a_token(
    sandbox: GraphSandbox, world: World, adapter: InstagramAdapter, media: str
):
    world.add_comment(media, "hi")
    adapter.check()
    other = world.add_page("instagram", "another.school")
    cases = [
        (world.issue_token("ig", expired=True), AuthExpired),
        (world.issue_token(other), MissingScope),
        (world.issue_token("ig", scopes=["instagram_basic"]), MissingScope),
        (world.issue_token("ig", scopes=["instagram_manage_comments"]), MissingScope),
    ]
    for token, kind in cases:
        sandbox.tokens["instagram"] = token
        with pytest.raises(kind):
            sandbox.instagram().check()


def test_a_spent_rate_budget_ends_in_a_wait(world: World, adapter: InstagramAdapter):
    world.limits["instagram"] = RateLimit(calls=1, window_seconds=600)
    assert adapter.fetch_since(None).usage == 1.0
    with pytest.raises(RateLimited, match="the rest is for hides"):
        adapter.fetch_since(None)
    world.clock.advance(300)
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert caught.value.retry_after_seconds == 300


def test_instagram_can_do_everything(adapter: InstagramAdapter):
    assert adapter.capabilities == frozenset(Capability)
