"""What the WordPress adapter makes of hosts that misbehave, on a server whose answers we write."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadConfig,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
)
from modbot.ports import Connection
from platforms.wordpress import WordPressAdapter
from tests.fakes import ManualClock
from tests.platforms.loopback import Call, LoopbackServer, Reply
from tests.platforms.scripted_wordpress import (
    JSON,
    Site,
    adapter_on,
    json_reply,
    make_item,
    site_page,
)


@pytest.fixture
def site() -> Site:
    return Site(range(1, 4))


@pytest.fixture
def server(site: Site) -> Iterator[LoopbackServer]:
    with LoopbackServer(site) as running:
        yield running


@pytest.fixture
def adapter(server: LoopbackServer) -> WordPressAdapter:
    return adapter_on(server.url)


def _refusal(code: str, status: int) -> Reply:
    return json_reply({"code": code, "message": "No.", "data": {"status": status}}, status)


def _page_of_html(status: int, **headers: str) -> Reply:
    body = b"<!DOCTYPE html><html><body>Please prove that you are no robot</body></html>"
    return Reply(status=status, headers={"Content-Type": "text/html", **headers}, body=body)


REFUSALS = [
    pytest.param(_refusal("rest_forbidden_context", 401), AuthExpired, id="anonymous"),
    pytest.param(_refusal("incorrect_password", 401), AuthExpired, id="newer WordPress"),
    pytest.param(_page_of_html(401), AuthExpired, id="the host's own password"),
    pytest.param(_refusal("rest_forbidden_context", 403), MissingScope, id="author role"),
    pytest.param(_page_of_html(403), BadAnswer, id="security plug-in"),
    pytest.param(_refusal("rest_comment_invalid_id", 404), CommentGone, id="gone"),
    pytest.param(_refusal("rest_post_invalid_id", 404), CommentGone, id="post gone"),
    pytest.param(_refusal("rest_no_route", 404), BadRequest, id="no such route"),
    pytest.param(_page_of_html(404), BadAnswer, id="no WordPress"),
    pytest.param(_refusal("rest_invalid_param", 400), BadRequest, id="wrong parameter"),
    pytest.param(_page_of_html(429), RateLimited, id="too many"),
    pytest.param(_page_of_html(503, **{"Retry-After": "600"}), RateLimited, id="maintenance"),
    pytest.param(_page_of_html(503), Unreachable, id="overloaded"),
    pytest.param(_refusal("internal_server_error", 500), Unreachable, id="PHP failed"),
    pytest.param(_page_of_html(302, Location="http://192.0.2.1/"), BadAnswer, id="redirect"),
    pytest.param(_page_of_html(200), BadAnswer, id="HTML"),
    pytest.param(Reply(), BadAnswer, id="empty"),
    pytest.param(Reply(headers=JSON, body=b'[{"id":1,'), BadAnswer, id="truncated"),
    pytest.param(Reply(headers=JSON, body=b"[]", length=90), Unreachable, id="cut off"),
    pytest.param(Reply(headers=JSON, body=b"[" * 200_000), BadAnswer, id="bottomless"),
    pytest.param(Reply(headers=JSON, body=b"\xff\xfe[]"), BadAnswer, id="not UTF-8"),
    pytest.param(json_reply("no"), BadAnswer, id="a string"),
    pytest.param(json_reply(None), BadAnswer, id="null"),
    pytest.param(json_reply({"comments": []}), BadAnswer, id="an object for a list"),
    pytest.param(json_reply([[]]), BadAnswer, id="lists in the list"),
    pytest.param(json_reply([None]), BadAnswer, id="null in the list"),
]


@pytest.mark.parametrize(("reply", "kind"), REFUSALS)
def test_a_bad_answer_to_a_poll_is_named_and_gives_no_cursor(
    site: Site, adapter: WordPressAdapter, reply: Reply, kind: type[PlatformError]
) -> None:
    site.before = lambda call: reply
    with pytest.raises(PlatformError) as caught:
        adapter.fetch_since(None)
    assert type(caught.value) is kind
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("reply", "kind"), REFUSALS)
def test_a_bad_answer_to_an_action_is_named(
    site: Site, adapter: WordPressAdapter, reply: Reply, kind: type[PlatformError]
) -> None:
    site.before = lambda call: reply if call.method == "POST" else None
    with pytest.raises(PlatformError) as caught:
        adapter.hide("2")
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "7"),
        ("id", True),
        ("id", None),
        ("post", "4"),
        ("parent", None),
        ("author", {}),
        ("author_name", 5),
        ("date_gmt", "yesterday"),
        ("date_gmt", "0001-01-01T00:00:00+14:00"),
        ("date_gmt", 0),
        ("content", "text"),
        ("content", {"rendered": "x"}),
        ("content", {"raw": None}),
        ("status", None),
        ("link", []),
    ],
)
def test_one_field_of_a_wrong_type_spoils_the_whole_answer(
    site: Site, adapter: WordPressAdapter, name: str, value: object
) -> None:
    site.items[2] = make_item(2, **{name: value})
    with pytest.raises(BadAnswer):
        adapter.fetch_since('{"v": 1, "newest": 1}')
    with pytest.raises(BadAnswer):
        adapter.fetch_one("2")


def test_no_answer_at_all_is_unreachable(server: LoopbackServer) -> None:
    with LoopbackServer(lambda call: Reply()) as closed:
        pass
    with pytest.raises(Unreachable):
        adapter_on(closed.url).fetch_since(None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "-5"}, 60),
        ({"Retry-After": "nan"}, 60),
        ({"Retry-After": "1e300"}, 60),
        ({"Retry-After": "9" * 400}, 31 * 24 * 3600),
    ],
)
def test_a_limited_host_says_how_long_to_wait(
    site: Site, adapter: WordPressAdapter, headers: dict[str, str], seconds: float
) -> None:
    site.before = lambda call: _page_of_html(429, **headers)
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert caught.value.retry_after_seconds == seconds


def test_a_deletion_between_two_windows_loses_nothing(
    site: Site, server: LoopbackServer, adapter: WordPressAdapter
) -> None:
    site.items = {n: make_item(n) for n in range(1, 301)}

    def delete_on_top(call: Call) -> None:
        if call.query.get("offset") == "90":
            for number in [n for n in site.items if n > 230][:30]:
                del site.items[number]

    site.before = delete_on_top
    arrived = {int(c.id) for c in adapter.fetch_since('{"v": 1, "newest": 1}').comments}
    assert arrived >= site.items.keys()


def test_new_comments_between_two_windows_lose_and_repeat_nothing(
    site: Site, adapter: WordPressAdapter
) -> None:
    site.items = {n: make_item(n) for n in range(1, 301)}

    def write_more(call: Call) -> None:
        newest = max(site.items)
        site.items.update({n: make_item(n) for n in range(newest + 1, newest + 21)})

    site.before = write_more
    cursor: str | None = '{"v": 1, "newest": 1}'
    first = adapter.fetch_since(cursor)
    arrived = [int(c.id) for c in first.comments]
    assert arrived == sorted(set(arrived))
    assert set(arrived) >= set(range(1, 301))
    site.before = lambda call: None
    second = [int(c.id) for c in adapter.fetch_since(first.cursor).comments]
    assert {*arrived, *second} == site.items.keys()


def test_a_list_without_an_end_is_refused(
    site: Site, server: LoopbackServer, adapter: WordPressAdapter
) -> None:
    site.total_shift = 1_000_000
    with pytest.raises(BadAnswer):
        adapter.fetch_since('{"v": 1, "newest": 0}')
    assert len(server.calls) <= 500


def test_the_first_poll_goes_back_as_far_as_the_watch_window(
    site: Site, server: LoopbackServer
) -> None:
    site.items = {n: make_item(n) for n in range(1, 1001)}  # one a minute: 1,000 minutes
    adapter = WordPressAdapter(
        site_page(server.url),
        Connection(secrets={"token": "bot:hush"}, now=ManualClock().now, watch_hours=5),
    )
    arrived = {int(c.id) for c in adapter.fetch_since(None).comments}
    assert arrived >= set(range(700, 1001))
    assert len(arrived) < 400
    lists = [call for call in server.calls if call.path.endswith("/comments")]
    assert len(lists) == 4  # 100, and 90 more with each


def test_a_site_back_from_a_backup_is_read_again(site: Site, adapter: WordPressAdapter) -> None:
    site.items = {n: make_item(n) for n in range(1, 301)}
    batch = adapter.fetch_since('{"v": 1, "newest": 900}')
    assert len(batch.comments) == 300
    assert json.loads(batch.cursor)["newest"] == 300


def test_a_site_that_shows_nothing_for_once_does_not_move_the_cursor(
    site: Site, adapter: WordPressAdapter
) -> None:
    site.items = {}
    assert json.loads(adapter.fetch_since('{"v": 1, "newest": 40}').cursor)["newest"] == 40


@pytest.mark.parametrize("cursor", ["", "x", "7", "[]", '{"newest": "7"}', '{"v": 1}', "{" * 9999])
def test_a_cursor_that_cannot_be_read_starts_anew(
    adapter: WordPressAdapter, cursor: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert [c.id for c in adapter.fetch_since(cursor).comments] == ["1", "2", "3"]
    assert "wordpress:blog" in caplog.text


def test_a_status_that_the_site_does_not_take_is_no_success(
    site: Site, adapter: WordPressAdapter
) -> None:
    site.before = lambda call: json_reply(site.items[2]) if call.method == "POST" else None
    with pytest.raises(BadAnswer):
        adapter.hide("2")


def test_an_action_sends_the_writers_own_address_along(
    site: Site, server: LoopbackServer, adapter: WordPressAdapter
) -> None:
    adapter.hide("2")
    assert server.calls[-1].form == {
        "status": "hold",
        "author_ip": "192.0.2.7",
        "author_user_agent": "Elm",
    }


def test_a_site_without_trash_deletes_for_good(
    site: Site, server: LoopbackServer, adapter: WordPressAdapter
) -> None:
    def no_trash(call: Call) -> Reply | None:
        if call.method == "DELETE" and "force" not in call.query:
            return _refusal("rest_trash_not_supported", 501)
        return None

    site.before = no_trash
    adapter.delete("2")
    assert server.calls[-1].query == {"force": "true"}


def test_posts_that_cannot_be_read_cost_their_text_and_no_comment(
    site: Site, server: LoopbackServer, adapter: WordPressAdapter
) -> None:
    site.before = lambda call: _page_of_html(403) if "comments" not in call.path else None
    batch = adapter.fetch_since(None)
    assert len(batch.comments) == 3 and batch.posts == ()
    calls = len(server.calls)
    adapter.fetch_since(batch.cursor)
    assert len(server.calls) == calls + 1


def test_a_page_is_read_where_no_post_has_the_id(site: Site, adapter: WordPressAdapter) -> None:
    found = {
        "id": 4,
        "date_gmt": "2026-09-01T10:00:00",
        "title": {"rendered": "Bus &amp; routes"},
        "content": {"rendered": "<p>Line 4</p><script>track()</script><p>leaves early</p>"},
    }
    site.before = lambda call: json_reply([found]) if call.path.endswith("/pages") else None
    (post,) = adapter.fetch_since(None).posts
    assert post.text == "Bus & routes\nLine 4\nleaves early"


HOSTILE = [
    pytest.param("a\x00b", id="NUL"),
    pytest.param("a\ud800b", id="lone surrogate"),
    pytest.param("\u202egnirts\u2066\u200f", id="bidi"),
    pytest.param("x" * 100_000, id="100 kB"),
    pytest.param("\u00e9 e\u0301 \U0001f600", id="accents"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_through_as_sent(
    site: Site, adapter: WordPressAdapter, text: str
) -> None:
    site.items[2] = make_item(2, content={"raw": text})
    comment = adapter.fetch_one("2")
    assert comment is not None and comment.text == text
    listed = {c.id: c for c in adapter.fetch_since(None).comments}["2"]
    assert listed.text == text
    assert json.loads(listed.raw) == json.loads(comment.raw) == site.items[2]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://blog.example.org",
        "http://192.0.2.1",
        "",
        "blog.example.org",
        "ftp://blog.example.org",
        "https://user:secret@blog.example.org",
    ],
)
def test_an_address_that_would_show_the_password_is_refused(base_url: str) -> None:
    with pytest.raises(BadConfig) as caught:
        adapter_on(base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url", ["https://blog.example.org/", "http://127.0.0.1:1/blog", "http://localhost:1"]
)
def test_https_or_this_machine_is_taken(base_url: str) -> None:
    assert adapter_on(base_url).page.base_url == base_url


@pytest.mark.parametrize("secrets", [{"token": "nocolon"}, {"user": "bot"}, {"token": ":x"}])
def test_without_credentials_nothing_is_sent(
    server: LoopbackServer, secrets: dict[str, str]
) -> None:
    with pytest.raises(AuthExpired):
        adapter_on(server.url, **secrets).fetch_since(None)
    assert server.calls == []


def test_the_password_may_hold_any_letters(server: LoopbackServer) -> None:
    adapter_on(server.url, user="señora", app_password="ñ:✓").fetch_since(None)
    sent = server.calls[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "señora:ñ:✓"
