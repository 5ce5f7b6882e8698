from __future__ import annotations

import json

import pytest

from modbot.errors import (
    BadAnswer,
    PlatformError,
    Unreachable,
)
from platforms.facebook import FacebookAdapter
from platforms.sandbox.faults import Fault
from platforms.sandbox.world import World
from tests.platforms.graph_sandbox import GraphSandbox, ids


@pytest.fixture
def adapter(sandbox: GraphSandbox) -> FacebookAdapter:
    return sandbox.facebook()


@pytest.fixture
def post(world: World) -> str:
    return world.add_post("fb", "Doors open at 10:15 today")


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="not json"),
        pytest.param("null", id="null"),
        pytest.param("[1]", id="list"),
        pytest.param('{"v":2,"for":"facebook"}', id="version of tomorrow"),
        pytest.param('{"v":1,"for":"instagram","newest":1,"swept":1}', id="of another platform"),
        pytest.param('{"v":1,"for":"facebook","newest":"x","swept":1}', id="wrong type"),
        pytest.param('{"v":1,"for":"facebook","newest":1e300,"swept":1}', id="absurd time"),
        pytest.param('{"v":1,"for":"facebook","newest":1,"swept":1,"left":[[1]]}', id="bad rest"),
        pytest.param(
            '{"v":1,"for":"facebook","newest":1,"swept":1,"left":[["1","1","likes","a",0]]}',
            id="bad edge",
        ),
        pytest.param("[" * 100_000, id="nested too deep"),
    ],
)
def test_a_broken_cursor_starts_anew(
    world: World, adapter: FacebookAdapter, post: str, cursor: str
):
    comment = world.add_comment(post, "hi")
    assert ids(adapter.fetch_since(cursor)) == [comment]


def heavy(limit: int, edge: str) -> Fault:
    body = {"error": {"code": 1, "message": "Please reduce the amount of data you're asking for"}}
    return Fault(
        kind="status",
        status=500,
        body=json.dumps(body).encode(),
        match=lambda request: (
            request.path.endswith(edge) and int(request.query["limit"][0]) > limit
        ),
        times=1000,
    )


def test_an_answer_too_heavy_for_facebook_is_asked_for_in_smaller_pages(
    world: World, adapter: FacebookAdapter
):
    made = []
    for number in range(25):
        one = world.add_post("fb", f"post {number}")
        made += [
            world.add_comment(one, f"comment {index}") for index in range(12 if number < 15 else 1)
        ]
    world.faults.push(heavy(limit=5, edge="/published_posts"))
    world.faults.push(heavy(limit=25, edge="/comments"))
    batch = adapter.fetch_since(None)

    assert sorted(ids(batch)) == sorted(made)
    assert len([c for c in batch.covered if c.post_id != adapter.page.external_id]) == 25


def test_what_is_too_heavy_even_then_is_an_outage(world: World, adapter: FacebookAdapter):
    world.faults.push(heavy(limit=0, edge=""))
    with pytest.raises(Unreachable):
        adapter.fetch_since(None)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(kind="html"), BadAnswer, id="html"),
        pytest.param(Fault(kind="html", status=502), Unreachable, id="html 502"),
        pytest.param(Fault(kind="empty"), BadAnswer, id="empty"),
        pytest.param(Fault(kind="truncated"), BadAnswer, id="truncated"),
        pytest.param(Fault(kind="wrong_type"), BadAnswer, id="data is a number"),
        pytest.param(Fault(kind="wrong_type", body=b'{"data":[7]}'), BadAnswer, id="post a number"),
        pytest.param(Fault(kind="wrong_type", body=b"{}"), BadAnswer, id="no data"),
        pytest.param(
            Fault(kind="wrong_type", body=b'{"data":[{"id":"1_2"}]}'), BadAnswer, id="no time"
        ),
        pytest.param(Fault(kind="reset"), Unreachable, id="reset"),
        pytest.param(Fault(kind="status", status=503, body=b"{}"), Unreachable, id="503"),
    ],
)
def test_a_spoilt_listing_is_refused_whole(
    world: World, adapter: FacebookAdapter, post: str, fault: Fault, kind: type[PlatformError]
):
    comment = world.add_comment(post, "hi")
    world.faults.push(fault)
    with pytest.raises(PlatformError) as caught:
        adapter.fetch_since(None)
    assert type(caught.value) is kind
    assert ids(adapter.fetch_since(None)) == [comment]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 7),
        ("id", ""),
        ("message", ["hi"]),
        ("created_time", "yesterday"),
        ("created_time", None),
        ("created_time", "2026-09-09T12:00:00"),
        ("created_time", "0001-01-01T00:00:00+14:00"),
        ("from", "Ana"),
        ("parent", 7),
        ("is_hidden", "true"),
        ("can_hide", 1),
        ("permalink_url", {}),
    ],
)
def test_a_comment_with_a_wrong_type_spoils_the_listing(
    world: World, adapter: FacebookAdapter, field: str, value: object
):
    comment = {"id": "2_3", "message": "hi", "created_time": "2026-09-09T12:00:00+0000"}
    one = {"id": "1_2", "created_time": "2026-09-09T12:00:00+0000"}
    body = {"data": [{**one, "comments": {"data": [{**comment, field: value}]}}]}
    world.faults.push(Fault(kind="wrong_type", body=json.dumps(body).encode()))
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)


@pytest.mark.parametrize("comments", [7, [], {"data": {}}, {"data": ["x"]}, {"paging": 7}])
def test_comments_of_a_wrong_shape_spoil_the_listing(
    world: World, adapter: FacebookAdapter, comments: object
):
    one = {"id": "1_2", "created_time": "2026-09-09T12:00:00+0000", "comments": comments}
    world.faults.push(Fault(kind="wrong_type", body=json.dumps({"data": [one]}).encode()))
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nul \0 inside", id="NUL"),
        pytest.param("lone \ud800 surrogate", id="lone surrogate"),
        pytest.param("right \u202eot tfel", id="bidi"),
        pytest.param("x" * 100_000, id="100 kB"),
        pytest.param("", id="empty"),
        pytest.param('"}]},"data":[{"id":"9"}', id="json"),
    ],
)
def test_hostile_texts_come_through_as_sent(
    world: World, adapter: FacebookAdapter, post: str, text: str
):
    comment = world.add_comment(post, text)
    (listed,) = adapter.fetch_since(None).comments
    one = adapter.fetch_one(comment)

    assert listed.text == text
    assert one is not None and one.text == text
    assert json.loads(listed.raw)["message"] == text
