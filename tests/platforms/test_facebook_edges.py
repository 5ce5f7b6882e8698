"""Facebook's other lists: visitors' posts, ads, reels, videos and photos, read once an hour."""

from __future__ import annotations

import json
import logging

import pytest

from platforms.sandbox.faults import Fault
from platforms.sandbox.world import World
from tests.platforms.graph_sandbox import GraphSandbox, ids

HOUR = 3600


def post_on(world: World, edge: str) -> str:
    post_id = world.add_post("fb", f"a post of {edge}")
    found = world.post(post_id)
    assert found is not None
    found.edge = edge
    return post_id


@pytest.mark.parametrize("edge", ["visitor_posts", "ads_posts", "video_reels", "videos", "photos"])
def test_comments_there_are_read_within_the_hour_and_cost_a_quiet_poll_nothing(
    sandbox: GraphSandbox, world: World, edge: str
) -> None:
    post = post_on(world, edge)
    adapter = sandbox.facebook()
    cursor = adapter.fetch_since(None).cursor
    comment = world.add_comment(post, "rude")
    sandbox.clock.advance(60)
    assert sandbox.calls_of("facebook", lambda: adapter.fetch_since(cursor)) == 1
    sandbox.clock.advance(HOUR)
    batch = adapter.fetch_since(cursor)
    assert ids(batch) == [comment]
    assert [p.text for p in batch.posts if p.id == post] == [f"a post of {edge}"]
    adapter.hide(comment)
    assert not world.is_public(comment)
    read_back = adapter.fetch_one(comment)
    assert read_back is not None
    assert read_back.hidden


EDGES = ["visitor_posts", "ads_posts", "video_reels", "videos", "photos"]
REFUSALS = {
    "permission": (403, 10, "needs a permission"),
    "unknown edge": (400, 2500, "Unknown path components"),
    "field that is not there": (400, 100, "Tried accessing nonexisting field (description)"),
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_list_that_the_token_may_not_see_is_said_once_and_stops_nothing(
    sandbox: GraphSandbox,
    world: World,
    caplog: pytest.LogCaptureFixture,
    edge: str,
    refusal: str,
) -> None:
    comment = world.add_comment(world.add_post("fb", "hello"), "hi")
    others = {world.add_comment(post_on(world, one), "hi") for one in EDGES if one != edge}
    status, code, message = REFUSALS[refusal]
    error = {"error": {"code": code, "message": message, "type": "OAuthException"}}
    body = json.dumps(error).encode()
    world.faults.push(Fault(kind="status", match=f"/{edge}", status=status, body=body, times=9))
    adapter = sandbox.facebook()
    with caplog.at_level(logging.WARNING):
        first = adapter.fetch_since(None)
        assert set(ids(first)) == {comment, *others}
        sandbox.clock.advance(2 * HOUR)
        assert set(ids(adapter.fetch_since(first.cursor))) == {comment, *others}
    assert caplog.text.count(f"{edge} cannot be read") == 1


def test_a_list_that_the_token_may_see_by_now_is_read_again_within_a_day(
    sandbox: GraphSandbox, world: World
) -> None:
    comment = world.add_comment(post_on(world, "ads_posts"), "hi")
    body = json.dumps({"error": {"code": 10, "message": "needs a permission"}}).encode()
    world.faults.push(Fault(kind="status", match="/ads_posts", status=403, body=body))
    adapter = sandbox.facebook()
    cursor = adapter.fetch_since(None).cursor
    for _ in range(23):
        sandbox.clock.advance(HOUR)
        batch = adapter.fetch_since(cursor)
        assert ids(batch) == []
        cursor = batch.cursor
    sandbox.clock.advance(HOUR)
    assert ids(adapter.fetch_since(cursor)) == [comment]


@pytest.mark.parametrize("edge", ["video_reels", "photos"])
def test_a_comment_on_both_a_post_and_its_video_or_photo_is_given_once_under_the_post(
    sandbox: GraphSandbox, world: World, edge: str
) -> None:
    post = world.add_post("fb", "hello")
    shown_twice = world.post(post_on(world, edge))
    assert shown_twice is not None
    shown_twice.story = post
    comment = world.add_comment(post, "rude")
    batch = sandbox.facebook().fetch_since(None)
    assert [(c.id, c.post_id) for c in batch.comments] == [(comment, post)]


@pytest.mark.parametrize("edge", ["video_reels", "videos", "photos"])
def test_more_comments_than_fit_one_answer_are_all_read_there(
    sandbox: GraphSandbox, world: World, edge: str
) -> None:
    post = post_on(world, edge)
    written = {world.add_comment(post, f"comment {n}") for n in range(120)}
    assert set(ids(sandbox.facebook().fetch_since(None))) == written


def visitors_post(world: World, text: str) -> str:
    post_id = post_on(world, "visitor_posts")
    found = world.post(post_id)
    assert found is not None
    found.text, found.author_id, found.author_name = text, "v7", "A Visitor"
    return post_id


def test_what_a_visitor_posts_is_read_and_hidden_like_a_comment(
    sandbox: GraphSandbox, world: World
) -> None:
    adapter = sandbox.facebook()
    cursor = adapter.fetch_since(None).cursor
    sandbox.clock.advance(HOUR)
    post = visitors_post(world, "you are all idiots")
    under = world.add_comment(post, "so true")
    batch = adapter.fetch_since(cursor)
    said = {c.id: c for c in batch.comments}
    assert set(said) == {post, under}
    assert (said[post].text, said[post].author_name) == ("you are all idiots", "A Visitor")
    assert (said[post].hidden, said[post].by_page, said[post].parent_id) == (False, False, None)
    assert said[under].post_id == post and said[post].post_id == adapter.page.external_id
    assert json.loads(said[post].raw)["message"] == "you are all idiots"
    adapter.hide(post)
    hidden = world.post(post)
    assert hidden is not None and hidden.hidden
    assert [one and one.hidden for one in adapter.fetch_many([post, under]).values()].count(
        True
    ) == 1
    adapter.restore(post)
    read_back = adapter.fetch_one(post)
    assert not hidden.hidden and read_back is not None and read_back.hidden is False


def test_a_hidden_visitors_post_stays_in_the_list_and_a_deleted_one_leaves_a_gap(
    sandbox: GraphSandbox, world: World
) -> None:
    adapter = sandbox.facebook()
    hidden, deleted = visitors_post(world, "rude"), visitors_post(world, "ruder")
    first = adapter.fetch_since(None)
    assert {hidden, deleted} <= set(ids(first))
    adapter.hide(hidden)
    world.remove_post(deleted)
    sandbox.clock.advance(2 * HOUR)
    batch = adapter.fetch_since(first.cursor)
    assert [(c.id, c.hidden) for c in batch.comments] == [(hidden, True)]
    assert [c for c in batch.covered if c.post_id == adapter.page.external_id]
    assert adapter.fetch_many([deleted, hidden])[deleted] is None


def test_of_visitors_posts_only_what_is_within_the_watched_hours_is_judged(
    sandbox: GraphSandbox, world: World
) -> None:
    old = visitors_post(world, "old")
    post_on(world, "visitor_posts")  # written by the Page itself
    sandbox.clock.advance(60 * HOUR)
    new = visitors_post(world, "new")
    assert ids(sandbox.facebook().fetch_since(None)) == [new] != [old]


@pytest.mark.parametrize("edge", ["video_reels", "videos", "photos"])
def test_where_the_field_of_the_text_has_another_name_the_comments_are_read_without_it(
    sandbox: GraphSandbox, world: World, caplog: pytest.LogCaptureFixture, edge: str
) -> None:
    comment = world.add_comment(post_on(world, edge), "rude")
    error = {"code": 100, "message": "Tried accessing nonexisting field", "type": "OAuthException"}
    world.faults.push(
        Fault(
            kind="status",
            match=lambda request: (
                request.path.endswith(f"/{edge}")
                and any(name in request.query["fields"][0] for name in ("description", "time,name"))
            ),
            status=400,
            body=json.dumps({"error": error}).encode(),
            times=99,
        )
    )
    adapter = sandbox.facebook()
    with caplog.at_level(logging.WARNING):
        batch = adapter.fetch_since(None)
        sandbox.clock.advance(2 * HOUR)
        assert ids(adapter.fetch_since(batch.cursor)) == [comment]
    assert ids(batch) == [comment]
    assert caplog.text.count(f"{edge} is read without its texts") == 1
