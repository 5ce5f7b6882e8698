from __future__ import annotations

import json
from datetime import timedelta

import pytest

from modbot.domain import Capability
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    CommentGone,
    MissingScope,
    RateLimited,
    Unsupported,
)
from platforms.facebook import FacebookAdapter
from platforms.sandbox.faults import Fault, RateLimit, Request
from platforms.sandbox.world import World
from tests.fakes import SCHOOL_DAY
from tests.platforms.graph_sandbox import GraphSandbox, ids


@pytest.fixture
def adapter(sandbox: GraphSandbox) -> FacebookAdapter:
    return sandbox.facebook()


@pytest.fixture
def post(world: World) -> str:
    return world.add_post("fb", "Doors open at 10:15 today")


def is_read(request: Request) -> bool:
    return request.method == "GET"


def test_a_comment_comes_with_all_that_facebook_tells(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    top = world.add_comment(post, "¿A qué hora?", author_id="u1", author_name="Ana Ruiz")
    sandbox.clock.advance(60)
    reply = world.add_comment(post, "10:15", parent=top, author_id="fb", author_name="School")
    world.set_hidden(top, True)
    batch = adapter.fetch_since(None)

    first, second = batch.comments
    assert (first.id, second.id) == (top, reply)
    assert first.text == "¿A qué hora?"
    assert (first.page_id, first.platform, first.post_id) == (adapter.page.id, "facebook", post)
    assert (first.author_id, first.author_name) == (world.ever(top).author_id, "Ana Ruiz")
    assert (first.created_at, first.parent_id) == (SCHOOL_DAY, None)
    assert (first.hidden, first.can_hide, first.by_page) == (True, True, False)
    assert first.permalink is not None and first.permalink.startswith("https://www.facebook.com/")
    assert (second.parent_id, second.hidden, second.can_hide, second.by_page) == (
        top,
        False,
        False,
        True,
    )
    assert [(p.id, p.text, p.created_at) for p in batch.posts] == [
        (post, "Doors open at 10:15 today", SCHOOL_DAY)
    ]
    assert json.loads(first.raw)["message"] == "¿A qué hora?"
    assert b"\\u00bf" in first.raw  # as the vendor wrote it


def test_a_withheld_author_is_unknown_and_not_the_page(
    world: World, adapter: FacebookAdapter, post: str
):
    world.withholds_authors = True
    world.add_comment(post, "hi")
    (comment,) = adapter.fetch_since(None).comments
    assert (comment.author_id, comment.author_name, comment.by_page) == (None, None, False)


def test_a_quiet_poll_is_one_call_for_all_posts(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter
):
    for number in range(25):
        world.add_comment(world.add_post("fb", f"post {number}"), "hi")
    batch = adapter.fetch_since(None)
    covered = [c for c in batch.covered if c.post_id != adapter.page.external_id]
    assert len(batch.comments) == len(batch.posts) == len(covered) == 25

    assert sandbox.calls_of("facebook", lambda: adapter.fetch_since(batch.cursor)) == 1


def test_edits_and_new_hidden_states_within_the_watched_hours_show(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "kind words")
    cursor = adapter.fetch_since(None).cursor
    sandbox.clock.advance(40 * 3600)
    world.add_comment(post, "newer")
    cursor = adapter.fetch_since(cursor).cursor
    world.edit_comment(comment, "unkind words")
    world.set_hidden(comment, True)

    found = {c.id: c for c in adapter.fetch_since(cursor).comments}
    assert (found[comment].text, found[comment].hidden) == ("unkind words", True)


def test_a_deletion_shows_as_a_gap_in_what_is_covered(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    gone = world.add_comment(post, "oops")
    before = adapter.fetch_since(None)
    world.delete_comment(gone)
    after = adapter.fetch_since(before.cursor)

    assert ids(before) == [gone] and ids(after) == []
    (covered,) = after.covered
    assert covered.post_id == post
    assert covered.since == SCHOOL_DAY - timedelta(hours=48)
    assert adapter.fetch_many([gone]) == {gone: None}


def test_a_burst_arrives_once_each_and_in_order(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    cursor = adapter.fetch_since(None).cursor
    made = []
    for number in range(260):
        made.append(world.add_comment(post, f"comment {number}"))
        sandbox.clock.advance(1)
    batch = adapter.fetch_since(cursor)

    assert ids(batch) == made
    assert not batch.more
    assert batch.covered[0].since <= batch.comments[0].created_at


def test_a_flood_is_read_over_several_polls_without_a_gap(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    quiet = world.add_post("fb", "another")
    made = set()
    for number in range(2200):
        made.add(world.add_comment(post, f"comment {number}"))
        sandbox.clock.advance(0.1)
    seen: set[str] = set()
    cursor, polls, more = None, 0, True
    while more and polls < 5:
        batch = sandbox.facebook().fetch_since(cursor)  # a restart after every poll
        if batch.more:
            assert not [c for c in batch.covered if c.post_id == post and c.since <= SCHOOL_DAY]
        cursor, more = batch.cursor, batch.more
        seen |= set(ids(batch))
        polls += 1
        made.add(world.add_comment(quiet, f"meanwhile {polls}"))
    seen |= set(ids(adapter.fetch_since(cursor)))

    assert polls == 2  # at 20 pages of 100 a poll
    assert seen == made


def test_a_quiet_poll_of_a_long_thread_does_not_read_it_again(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    for number in range(120):
        world.add_comment(post, f"comment {number}")
        sandbox.clock.advance(30)
    cursor = adapter.fetch_since(None).cursor

    sandbox.clock.advance(60)
    assert sandbox.calls_of("facebook", lambda: adapter.fetch_since(cursor)) == 1
    (covered,) = adapter.fetch_since(cursor).covered
    listed = world.comments(post)[-50:]
    assert covered.since == listed[0].created_at + timedelta(seconds=1)


def test_a_lost_place_in_a_thread_is_read_from_the_top(
    world: World, adapter: FacebookAdapter, post: str
):
    made = [world.add_comment(post, f"comment {number}") for number in range(3)]
    page_post = post
    cursor = json.dumps(
        {
            "v": 1,
            "for": "facebook",
            "newest": int(SCHOOL_DAY.timestamp()),
            "swept": int(SCHOOL_DAY.timestamp()),
            "left": [[page_post, page_post, "comments", "gone stale", 0]],
        }
    )
    batch = adapter.fetch_since(cursor)
    assert ids(batch) == made
    assert not batch.more


def test_comments_on_old_posts_are_found_by_the_hourly_sweep(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter
):
    old = world.add_post("fb", "the oldest")
    for number in range(30):
        sandbox.clock.advance(1)
        world.add_post("fb", f"post {number}")
    cursor = adapter.fetch_since(None).cursor
    late = world.add_comment(old, "late to the party")

    sandbox.clock.advance(30 * 60)
    batch = adapter.fetch_since(cursor)
    assert ids(batch) == []
    assert old not in {post.id for post in batch.posts}

    sandbox.clock.advance(31 * 60)
    assert ids(adapter.fetch_since(batch.cursor)) == [late]


def test_what_came_while_the_service_was_down_for_days_is_found(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    world.add_comment(post, "before")
    cursor = adapter.fetch_since(None).cursor
    made = []
    for number in range(120):
        sandbox.clock.advance(3600)
        made.append(world.add_comment(post, f"comment {number}"))
    assert ids(sandbox.facebook().fetch_since(cursor))[-120:] == made


def test_one_comment_is_read_as_the_listing_shows_it(
    world: World, adapter: FacebookAdapter, post: str
):
    world.add_comment(post, "hi")
    (listed,) = adapter.fetch_since(None).comments
    one = adapter.fetch_one(listed.id)
    assert one == listed
    assert adapter.fetch_many([listed.id]) == {listed.id: listed}


def test_many_are_read_in_few_calls_and_the_gone_ones_named(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    made = [world.add_comment(post, f"comment {number}") for number in range(60)]
    assert sandbox.calls_of("facebook", lambda: adapter.fetch_many(made)) == 2

    for gone in made[10:12]:
        world.delete_comment(gone)
    found = adapter.fetch_many(made)
    assert [one for one in made if found[one] is None] == made[10:12]
    assert set(found) == set(made)
    assert adapter.fetch_many([]) == {}


def test_hiding_is_confirmed_by_reading_back_and_may_be_repeated(
    world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "hi")
    adapter.hide(comment)
    adapter.hide(comment)
    assert not world.is_public(comment)
    adapter.restore(comment)
    adapter.restore(comment)
    assert world.is_public(comment)
    assert [effect.hidden for effect in world.effects] == [True, False]


def test_a_hide_without_effect_is_not_taken_for_one(
    world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "hi")
    world.faults.push(
        Fault(kind="status", body=b'{"success":true}', match=lambda request: not is_read(request))
    )
    with pytest.raises(BadAnswer):
        adapter.hide(comment)


def test_a_refused_hide_of_what_is_hidden_already_is_a_success(
    world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "hi")
    adapter.hide(comment)
    body = b'{"error":{"code":100,"message":"already hidden"}}'
    world.faults.push(
        Fault(kind="status", status=400, body=body, match=lambda request: not is_read(request))
    )
    adapter.hide(comment)


def test_a_token_that_may_not_hide_is_told_apart_from_a_comment_that_cannot_be_hidden(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "hi")
    world.tokens[sandbox.tokens["facebook"]].scopes -= {"pages_manage_engagement"}
    with pytest.raises(MissingScope):
        adapter.hide(comment)
    assert world.is_public(comment)


def test_the_pages_own_comment_cannot_be_hidden(world: World, adapter: FacebookAdapter, post: str):
    with pytest.raises(Unsupported):
        adapter.hide(world.add_comment(post, "thanks", author_id="fb"))


def test_a_gone_comment_is_told_apart_from_a_failure(
    world: World, adapter: FacebookAdapter, post: str
):
    comment = world.add_comment(post, "hi")
    world.delete_comment(comment)

    assert adapter.fetch_one(comment) is None
    for act in (adapter.hide, adapter.restore):
        with pytest.raises(CommentGone):
            act(comment)
    adapter.delete(comment)


def test_deleting_removes_for_good(world: World, adapter: FacebookAdapter, post: str):
    comment = world.add_comment(post, "hi")
    adapter.delete(comment)
    assert world.comment(comment) is None

    spared = world.add_comment(post, "hi")
    world.faults.push(Fault(kind="status", body=b"{}"))
    with pytest.raises(BadAnswer):
        adapter.delete(spared)


def test_check_passes_with_the_pages_own_token(adapter: FacebookAdapter, post: str):
    adapter.check()


def test_check_names_what_is_wrong_with_a_token(sandbox: GraphSandbox, world: World):
    other = world.add_page("facebook", "Another school")
    cases = [
        (world.issue_token("fb", expired=True), AuthExpired),
        ("nonsense", AuthExpired),
        (world.issue_token(other), MissingScope),
        (world.issue_token("fb", kind="user"), MissingScope),
        (world.issue_token("fb", scopes=["pages_show_list"]), MissingScope),
        (
            world.issue_token("fb", scopes=["pages_show_list", "pages_read_engagement"]),
            MissingScope,
        ),
    ]
    world.add_post("fb", "hello")
    for token, kind in cases:
        sandbox.tokens["facebook"] = token
        with pytest.raises(kind):
            sandbox.facebook().check()


def test_a_page_that_the_token_cannot_see_is_no_missing_comment(
    sandbox: GraphSandbox, world: World
):
    sandbox.tokens["facebook"] = world.issue_token(world.add_page("facebook", "Another school"))
    with pytest.raises(MissingScope):
        sandbox.facebook().fetch_since(None)


def test_the_rate_budget_shows_and_ends_in_a_wait(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter
):
    world.limits["facebook"] = RateLimit(calls=6, window_seconds=3600)
    # The first asks for visitors' posts and ads too; from a half spent on these wait.
    assert [adapter.fetch_since(None).usage for _ in range(4)] == [0.5, 0.67, 0.83, 1.0]
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert caught.value.reads_only, "no call: what is left is for hides"
    world.clock.advance(caught.value.retry_after_seconds)
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert not caught.value.reads_only and caught.value.retry_after_seconds == 3300


def test_facebook_can_do_everything(adapter: FacebookAdapter):
    assert adapter.capabilities == frozenset(Capability)


def test_old_posts_are_swept_again_after_the_clock_was_ten_years_wrong(
    sandbox: GraphSandbox, world: World, adapter: FacebookAdapter
):
    years = timedelta(days=3650).total_seconds()
    first = adapter.fetch_since(None)
    sandbox.clock.advance(years)
    ahead = adapter.fetch_since(first.cursor)
    sandbox.clock.advance(-years)
    before = len(world.call_log)
    back = adapter.fetch_since(ahead.cursor)
    swept = len(world.call_log) - before
    adapter.fetch_since(back.cursor)
    assert swept > len(world.call_log) - before - swept
