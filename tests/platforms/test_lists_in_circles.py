"""A vendor whose lists lead back to where they were read: read once, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from modbot.domain import Page
from modbot.ports import AdapterFactory, Connection, PlatformAdapter
from platforms.facebook import FacebookAdapter
from platforms.x import XAdapter
from platforms.x_cursor import snowflake
from platforms.youtube import YouTubeAdapter
from tests.fakes import ManualClock
from tests.platforms.loopback import Call, LoopbackServer, Reply

Answer = Callable[[str], object]  # by path
SECRETS = {
    "token": "a-page-token",
    "client_id": "1-a.apps.googleusercontent.com",
    "client_secret": "b",
    "refresh_token": "c",
}
ROUND = {"cursors": {"after": "AGAIN"}, "next": "https://graph.example/again"}
FEW_CALLS = 30


@contextmanager
def vendor(
    clock: ManualClock, factory: AdapterFactory, answer: Answer
) -> Iterator[tuple[PlatformAdapter, LoopbackServer]]:
    def reply(call: Call) -> Reply:
        body = json.dumps(answer(call.path)).encode()
        return Reply(headers={"Content-Type": "application/json"}, body=body)

    account = "UC1" if factory is YouTubeAdapter else "1"
    with LoopbackServer(reply) as server:
        page = Page(
            id="p", platform="p", external_id=account, name="p", handle="h", base_url=server.url
        )
        yield factory(page, Connection(secrets=SECRETS, now=clock.now)), server


def posts_in_circles(now: str) -> Answer:
    comment = {"id": "2_3", "created_time": now, "message": "hi"}
    post = {"id": "1_2", "created_time": now, "comments": {"data": [comment]}}
    return lambda path: (
        {"data": [post], "paging": ROUND} if path.endswith("posts") else {"data": []}
    )


def comments_in_circles(now: str) -> Answer:
    listed = {"data": [{"id": "2_3", "created_time": now, "message": "hi"}], "paging": ROUND}
    post = {"id": "1_2", "created_time": now, "comments": listed}
    return lambda path: (
        listed
        if path.endswith("/comments")
        else {"data": [post] if path.endswith("published_posts") else []}
    )


def threads_in_circles(now: str) -> Answer:
    said = {"id": "c", "snippet": {"textDisplay": "hi", "publishedAt": now}}
    item = {"id": "c", "snippet": {"topLevelComment": said, "totalReplyCount": 0}}
    listed = {"kind": "list", "items": [item], "nextPageToken": "AGAIN"}
    token = {"access_token": "t", "expires_in": 3600}
    return lambda path: token if path.endswith("/token") else listed


def mentions_in_circles(now: str, clock: ManualClock, *, only: str = "") -> Answer:
    one = str(snowflake(clock.now() - timedelta(minutes=1)))
    post = {"id": one, "conversation_id": one, "author_id": "7", "text": "hi", "created_at": now}
    listed = {"data": [post], "meta": {"result_count": 1, "next_token": "AGAIN"}}
    nothing = {"meta": {"result_count": 0}}
    return lambda path: listed if path.endswith(only) else nothing


CIRCLES: dict[str, tuple[AdapterFactory, Callable[[str, ManualClock], Answer], bool]] = {
    "facebook's posts": (FacebookAdapter, lambda now, _: posts_in_circles(now), True),
    "facebook's comments": (FacebookAdapter, lambda now, _: comments_in_circles(now), True),
    "youtube's threads": (YouTubeAdapter, lambda now, _: threads_in_circles(now), True),
    "x's mentions": (XAdapter, lambda now, c: mentions_in_circles(now, c), False),
    "x's search": (
        XAdapter,
        lambda now, c: mentions_in_circles(now, c, only="/search/recent"),
        False,
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_list_that_leads_back_to_where_it_was_read_ends_there(
    clock: ManualClock, name: str
) -> None:
    factory, made, comes = CIRCLES[name]
    now = (clock.now() - timedelta(minutes=1)).isoformat()
    with vendor(clock, factory, made(now, clock)) as (adapter, server):
        cursor = None
        for _ in range(3):
            before = len(server.calls)
            batch = adapter.fetch_since(cursor)
            assert len(server.calls) - before <= FEW_CALLS
            cursor = batch.cursor
            if not batch.more:
                break
        assert not batch.more, "nor is it polled again at once for ever"
        assert bool(batch.comments) is comes
