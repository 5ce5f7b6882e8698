"""RSS and Atom comment feeds over HTTP: what is read, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from modbot.domain import Capability, Page
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadConfig,
    BadRequest,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.feed import FeedAdapter
from platforms.feed_xml import FEED_CAP_BYTES
from tests.fakes import ManualClock
from tests.platforms.blog import Blog
from tests.platforms.contract import HOSTILE_TEXTS
from tests.platforms.loopback import LoopbackServer


@pytest.fixture
def blog(clock: ManualClock) -> Blog:
    return Blog(clock)


@pytest.fixture
def server(blog: Blog) -> Iterator[LoopbackServer]:
    with LoopbackServer(blog.answer) as made:
        yield made


@pytest.fixture
def adapter(server: LoopbackServer, clock: ManualClock) -> FeedAdapter:
    return adapter_at(f"{server.url}/?feed=comments-rss2", clock)


def adapter_at(address: str, clock: ManualClock) -> FeedAdapter:
    page = Page(id="feed:blog", platform="feed", external_id="blog", name="Blog", base_url=address)
    connection = Connection(secrets={}, now=clock.now, timeout_seconds=2, deadline_seconds=3)
    return FeedAdapter(page, connection)


def test_a_comment_arrives_with_its_author_time_and_place(blog: Blog, adapter: FeedAdapter) -> None:
    comment_id = blog.write("Is school open & warm?")
    batch = adapter.fetch_since(None)
    (comment,) = batch.comments
    assert comment.id == comment_id and comment.text.strip() == "Is school open & warm?"
    assert (comment.author_name, comment.created_at) == ("Ana", blog.clock.now())
    assert comment.permalink == "https://blog.example/snow/#c1"
    assert comment.raw.startswith(b"<item>") and comment.raw.endswith(b"</item>")
    assert [(p.id, p.text) for p in batch.posts] == [
        ("https://blog.example/snow/", "Comments on Snow day")
    ]
    assert comment.hidden is None and not comment.can_hide


def test_nothing_is_lost_while_polls_come_before_the_feed_overflows(
    blog: Blog, adapter: FeedAdapter
) -> None:
    sent, found, cursor = set(), set(), None
    for burst in (3, 0, 10, 7):
        sent |= {blog.write(f"comment {n} of {burst}") for n in range(burst)}
        batch = adapter.fetch_since(cursor)
        found |= {c.id for c in batch.comments}
        cursor = batch.cursor
        times = [c.created_at for c in batch.comments]
        assert times == sorted(times)
    assert found == sent


def test_an_unchanged_feed_is_not_sent_again(
    blog: Blog, adapter: FeedAdapter, server: LoopbackServer
) -> None:
    blog.write("hello")
    cursor = adapter.fetch_since(None).cursor
    batch = adapter.fetch_since(cursor)
    assert (batch.comments, batch.cursor) == ((), cursor)
    assert "If-None-Match" in server.calls[-1].headers


def test_a_batch_that_was_not_stored_comes_again(blog: Blog, adapter: FeedAdapter) -> None:
    cursor = adapter.fetch_since(None).cursor
    comment_id = blog.write("hello")
    for _ in range(2):
        assert comment_id in {c.id for c in adapter.fetch_since(cursor).comments}


def test_a_burst_that_the_feed_cannot_hold_is_told(
    blog: Blog, adapter: FeedAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    blog.write("the last one read")
    cursor = adapter.fetch_since(None).cursor
    for number in range(11):
        blog.write(f"comment {number}")
    adapter.fetch_since(cursor)
    assert "may have been missed" in caplog.text


def test_a_comment_that_the_feed_no_longer_shows_is_not_called_gone(
    blog: Blog, adapter: FeedAdapter
) -> None:
    old = blog.write("old")
    newer = [blog.write(f"comment {n}") for n in range(10)]
    assert adapter.fetch_many([old, *newer]).keys() == set(newer)
    with pytest.raises(Unsupported):
        adapter.fetch_one(old)


def test_a_feed_can_hide_nothing_and_says_what_to_do(blog: Blog, adapter: FeedAdapter) -> None:
    comment_id = blog.write("bad")
    assert not {Capability.HIDE, Capability.RESTORE, Capability.DELETE} & adapter.capabilities
    for act in (adapter.hide, adapter.restore, adapter.delete):
        with pytest.raises(Unsupported, match="own administration"):
            act(comment_id)


ATOM = b"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title>Replies</title><id>tag:x</id><updated>2026-09-09T12:00:00Z</updated>
<entry><id>tag:x,1</id><title>Re: Snow</title><author><name>Luis</name></author>
<updated>2026-09-09T12:00:00Z</updated><link href="https://blog.example/snow#1"/>
<thr:in-reply-to ref="tag:x,post-9"/>
<content type="html">&lt;b&gt;Gracias&lt;/b&gt; a todos</content></entry></feed>"""


def test_an_atom_feed_names_what_it_answers(blog: Blog, adapter: FeedAdapter) -> None:
    blog.says(200, ATOM)
    (comment,) = adapter.fetch_since(None).comments
    assert (comment.text, comment.author_name) == ("Gracias a todos", "Luis")
    assert comment.post_id == "tag:x,post-9"


ITEM = "<item><link>https://blog.example/snow/</link>{id}<author>{who}</author>{date}{text}</item>"


def feed_of(*written: tuple[str, str], guid: str = "", dates: bool = True) -> bytes:
    items = "".join(
        ITEM.format(
            id=guid,
            who=who,
            date=f"<pubDate>Wed, 09 Sep 2026 1{n}:00:00 GMT</pubDate>" if dates else "",
            text=f"<description>{text}</description>",
        )
        for n, (who, text) in enumerate(written)
    )
    return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


@pytest.mark.parametrize("guid", ["", "<guid>https://blog.example/snow/</guid>"])
@pytest.mark.parametrize("dates", [True, False])
def test_comments_that_the_feed_gives_one_id_are_all_read_and_stay_the_same(
    blog: Blog, adapter: FeedAdapter, guid: str, dates: bool
) -> None:
    said = [("Ana", "first"), ("Luis", "second"), ("Ana", "third")]
    blog.says(200, feed_of(*said, guid=guid, dates=dates))
    found = {c.id: c.text for c in adapter.fetch_since(None).comments}
    assert sorted(found.values()) == ["first", "second", "third"]
    blog.clock.advance(60)
    blog.says(200, feed_of(*said, ("Eva", "fourth"), guid=guid, dates=dates))
    later = {c.id: c.text for c in adapter.fetch_since(None).comments}
    assert found.items() < later.items(), "each has kept its id"
    assert len(later) == 4


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS.keys() - {"lone surrogate"}))
def test_hostile_texts_come_through_and_spoil_nothing(
    blog: Blog, adapter: FeedAdapter, name: str
) -> None:
    text = HOSTILE_TEXTS[name]
    hostile, other = blog.write(text), blog.write("a bystander")
    found = {c.id: c for c in adapter.fetch_since(None).comments}
    assert found.keys() == {hostile, other}
    assert found[hostile].text.strip() == text.replace("\x00", "").strip()  # XML has no NUL


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        ('\n\n<?xml version="1.0"?>', "utf-8"),
        ("\ufeff", "utf-8"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>', "iso-8859-1"),
        ('<?xml version="1.0" encoding="windows-1252"?>', "windows-1252"),
    ],
)
def test_a_feed_is_read_in_the_encoding_that_it_names_and_after_empty_lines(
    blog: Blog, adapter: FeedAdapter, written: str, encoding: str
) -> None:
    feed = feed_of(("Ana", "el niño")).decode()
    blog.says(200, f"{written}{feed}".encode(encoding))
    (comment,) = adapter.fetch_since(None).comments
    assert comment.text == "el niño"


def entities(declared: str) -> bytes:
    item = "<item><guid>1</guid><description>&z;</description></item>"
    return f"<!DOCTYPE r [{declared}]><rss version='2.0'><channel>{item}</channel></rss>".encode()


BOMB = "<!ENTITY a 'lol'>" + "".join(
    f"<!ENTITY {new} '{f'&{old};' * 10}'>" for old, new in zip("abcdefgh", "bcdefghz", strict=True)
)
HOSTILE = {
    "a billion laughs": entities(BOMB),
    "a file of ours": entities("<!ENTITY z SYSTEM 'file:///etc/passwd'>"),
    "an address inside": entities("<!ENTITY z SYSTEM 'http://127.0.0.1:9/'>"),
    "a parameter entity": entities("<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'> %p;"),
    "a bomb in UTF-16": entities(BOMB).decode().encode("utf-16"),
    "a deep nest": b"<rss version='2.0'>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</rss>",
    "no end": b"<rss version='2.0'><channel>" + b"<item>" * 100_000,
    "half a feed": b"<rss version='2.0'><channel><item><guid>1</guid><descr",
    "a page": b"<!DOCTYPE html><html><body>Sorry</body></html>",
    "another XML": b"<html><item/></html>",
    "too large": b"<rss version='2.0'><channel>" + b" " * FEED_CAP_BYTES + b"</channel></rss>",
    "an unknown encoding": b"<?xml version='1.0' encoding='klingon'?><rss version='2.0'/>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_at_once(blog: Blog, adapter: FeedAdapter, name: str) -> None:
    blog.says(200, HOSTILE[name])
    began = time.monotonic()
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (304, {}, BadAnswer),  # nothing was named that it could be unchanged since
        (301, {"Location": "https://elsewhere.example/"}, BadAnswer),
        (401, {}, AuthExpired),
        (404, {}, BadRequest),
        (410, {}, BadRequest),
        (429, {"Retry_After": "120"}, RateLimited),
        (503, {}, Unreachable),
        (503, {"Retry_After": "60"}, RateLimited),
    ],
)
def test_each_status_has_its_meaning(
    blog: Blog,
    adapter: FeedAdapter,
    status: int,
    headers: dict[str, str],
    kind: type[PlatformError],
) -> None:
    blog.says(status, **headers)
    with pytest.raises(kind) as caught:
        adapter.fetch_since(None)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "cursor", ["", "7", "null", "[]", '{"v":99}', "{" * 5000, '{"v":1,"etag":7}']
)
def test_a_cursor_that_makes_no_sense_starts_anew(
    blog: Blog, adapter: FeedAdapter, cursor: str
) -> None:
    comment_id = blog.write("still found")
    assert comment_id in {c.id for c in adapter.fetch_since(cursor).comments}


@pytest.mark.parametrize(
    "address", ["http://blog.example/feed", "ftp://x/", "feed", "file:///etc/passwd"]
)
def test_only_https_addresses_are_read(address: str, clock: ManualClock) -> None:
    with pytest.raises(BadConfig, match="https://"):
        adapter_at(address, clock)
