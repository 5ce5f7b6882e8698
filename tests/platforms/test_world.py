from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from platforms.sandbox.faults import Fault, Faults, RateLimit, RateMeter, Request
from platforms.sandbox.feed import FeedEvent, load_feed
from platforms.sandbox.world import World
from tests.fakes import SCHOOL_DAY, ManualClock

GET = Request(method="GET", path="/v26.0/1/media", query={}, headers={})


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(clock)


def test_the_shipped_feed_is_one_school_day_in_utc():
    feed = load_feed()

    assert Counter(event.kind for event in feed) == {
        "page": 12,
        "post": 40,
        "comment": 300,
        "edit": 9,
        "delete": 8,
    }
    assert feed[0].at == datetime(2025, 10, 24, 9, 0, tzinfo=UTC)
    assert [event.at for event in feed] == sorted(event.at for event in feed)


def test_the_whole_feed_can_happen():
    clock = ManualClock(load_feed()[-1].at)
    world = World(clock, load_feed())
    world.advance()

    comments = world.all_comments()
    assert world.next_event() is None
    assert len(comments) == 301  # the one edited on X counts twice
    assert sum(c.deleted_at is not None for c in comments) == 9
    assert len(world.edited_as_new) == 1


def test_only_what_is_due_by_the_clock_happens(clock: ManualClock):
    events = [
        FeedEvent(
            kind="page",
            at=SCHOOL_DAY + timedelta(seconds=seconds),
            id=f"pg{seconds}",
            page=f"pg{seconds}",
            platform="facebook",
            author_name="A school",
        )
        for seconds in (60, 0)
    ]
    world = World(clock, events)
    world.advance()
    assert [page.id for page in world.pages()] == [world.vendor_id("pg0")]
    assert world.next_event() is events[0]

    clock.advance(60)
    world.advance()
    assert len(world.pages()) == 2
    assert world.next_event() is None


def test_an_unknown_kind_of_event_is_refused(clock: ManualClock):
    event = FeedEvent(kind="like", at=SCHOOL_DAY, id="l", page="pg", platform="x")
    with pytest.raises(ValueError, match="like"):
        World(clock, [event]).advance()


@pytest.mark.parametrize(
    ("platform", "post_shape", "comment_shape"),
    [
        ("facebook", r"\d{15}_\d{15}", r"\d{15}_\d{15}"),
        ("instagram", r"\d{17}", r"\d{17}"),
        ("x", r"\d{19}", r"\d{19}"),
    ],
)
def test_ids_look_like_the_vendors(
    world: World, platform: str, post_shape: str, comment_shape: str
):
    world.add_page(platform, "A school", feed_id="pg")
    post = world.add_post("pg", "hello", feed_id="p")
    comment = world.add_comment("p", "hi", feed_id="c")

    assert re.fullmatch(post_shape, post)
    assert re.fullmatch(comment_shape, comment)
    assert (world.vendor_id("c"), world.feed_id(comment)) == (comment, "c")


def test_an_account_on_x_has_a_handle_that_x_allows(world: World):
    page = world.page(world.add_page("x", "Escuela Peñón & Friends of Lawrence"))
    assert page and re.fullmatch(r"[0-9A-Za-z_]{1,15}", page.handle)


def test_facebook_comment_ids_name_their_post(world: World):
    page = world.add_page("facebook", "A school")
    post = world.add_post(page, "hello")
    comment = world.add_comment(post, "hi")

    assert post.startswith(f"{page}_")
    assert comment.startswith(post.partition("_")[2] + "_")


def test_x_ids_grow_with_time(world: World, clock: ManualClock):
    post = world.add_post(world.add_page("x", "A school"), "hello")
    ids = [int(post)]
    for _ in range(3):
        ids += [int(world.add_comment(post, "a")), int(world.add_comment(post, "b"))]
        clock.advance(1)
    assert ids == sorted(set(ids))


def test_an_edit_on_x_is_a_deletion_and_a_new_id(world: World):
    post = world.add_post(world.add_page("x", "A school"), "hello")
    old = world.add_comment(post, "hi", feed_id="c", author_id="u1")
    author = world.ever(old).author_id
    new = world.edit_comment("c", "hi!")

    assert world.comment(old) is None
    assert world.edited_as_new == {old: new}
    assert (world.vendor_id("c"), world.ids.vendor_ids("c")) == (new, (old, new))
    edited = world.comment("c")
    assert edited is not None
    assert (edited.text, edited.author_id) == ("hi!", author)


def test_an_edit_elsewhere_keeps_the_id(world: World):
    post = world.add_post(world.add_page("facebook", "A school"), "hello")
    comment = world.add_comment(post, "hi")

    assert world.edit_comment(comment, "hi!") == comment
    assert world.ever(comment).text == "hi!"
    assert world.edited_as_new == {}


def test_hiding_counts_once_and_outlives_deletion(world: World):
    post = world.add_post(world.add_page("facebook", "A school"), "hello")
    comment = world.add_comment(post, "hi")
    world.set_hidden(comment, True)
    world.set_hidden(comment, True)
    assert not world.is_public(comment)
    world.delete_comment(comment)

    assert [(e.comment_id, e.hidden) for e in world.effects] == [(comment, True)]
    assert world.hidden_ids("facebook") == {comment}
    assert world.hidden_ids("x") == set()
    assert world.comment(comment) is None
    assert world.comments(post) == []


def test_a_page_is_known_as_the_author_of_its_own_comments(world: World):
    world.add_page("facebook", "A school", feed_id="pg")
    post = world.add_post("pg", "hello")
    own = world.ever(world.add_comment(post, "thanks", author_id="pg"))
    other = world.ever(world.add_comment(post, "hi", author_id="u1"))
    again = world.ever(world.add_comment(post, "hi", author_id="u1"))

    assert (own.by_page, own.can_hide) == (True, False)
    assert (other.by_page, other.can_hide) == (False, True)
    assert other.author_id == again.author_id


def test_a_fault_is_used_up_by_the_calls_that_fit():
    faults = Faults()
    faults.push(Fault(kind="html", platform="x", match="/media"))
    faults.push(Fault(kind="empty", match=lambda request: request.method == "GET", times=2))
    taken = [faults.take("facebook", GET) for _ in range(3)]

    assert [fault and fault.kind for fault in taken] == ["empty", "empty", None]
    assert faults.take("x", GET) is not None
    assert faults.take("x", GET) is None


def test_a_rate_window_begins_with_its_first_call_and_ends():
    meter, limit = RateMeter(), RateLimit(calls=2, window_seconds=60)
    states = [meter.spend("k", limit, SCHOOL_DAY + timedelta(seconds=s)) for s in (0, 10, 20, 60)]

    assert [state.exceeded for state in states] == [False, False, True, False]
    assert [state.remaining for state in states] == [1, 0, 0, 1]
    assert states[2].reset_at == SCHOOL_DAY + timedelta(seconds=60)
