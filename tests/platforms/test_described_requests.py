"""The check of every request finds slips, and what the descriptions say is what the vendors say."""

from __future__ import annotations

import base64
import json
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from googleapiclient import discovery_cache

from modbot.domain import Page
from modbot.errors import PlatformError
from modbot.ports import Connection, PlatformAdapter
from platforms import ADAPTERS
from platforms.sandbox.description import described, read_description
from platforms.sandbox.deviations import deviations
from platforms.sandbox.faults import Request
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock
from tests.platforms.blog import Blog
from tests.platforms.broken import broken_adapter
from tests.platforms.contract import SandboxDriver
from tests.platforms.graph_sandbox import GraphSandbox
from tests.platforms.loopback import LoopbackServer
from tests.platforms.recorder import RECORDER, summary
from tests.platforms.scripted_wordpress import Site, site_page
from tests.platforms.wordpress_site import WordPressSite
from tests.platforms.youtube_driver import YouTubeDriver

API_PLATFORMS = sorted(ADAPTERS.keys() - {"manual"})


def a_page(platform: str, stack: ExitStack) -> tuple[Page, Connection, str]:
    """A page on a stand-in, what an adapter needs to reach it, and the id of a comment there."""
    if platform == "wordpress":
        url = stack.enter_context(LoopbackServer(Site(range(1, 60)))).url
        secrets = {"user": "bot", "app_password": "hush"}
        return site_page(url), Connection(secrets=secrets, now=ManualClock().now), "59"
    if platform == "feed":
        blog = Blog(ManualClock())
        blog.write("hi")
        url = stack.enter_context(LoopbackServer(blog.answer)).url
        page = Page(id="feed:b", platform="feed", external_id="b", name="b", base_url=url)
        return page, Connection(secrets={}, now=blog.clock.now), "1"
    driver = YouTubeDriver(stack) if platform == "youtube" else SandboxDriver(platform, stack)
    return driver.page(), driver.connection(), driver.comment("hi")


def use(adapter: PlatformAdapter, comment_id: str) -> None:
    """Each kind of call once; what comes of it is for other tests."""
    for call in (
        adapter.check,
        lambda: adapter.fetch_since(None),
        lambda: adapter.fetch_one(comment_id),
        lambda: adapter.fetch_many([comment_id]),
        lambda: adapter.hide(comment_id),
        lambda: adapter.restore(comment_id),
    ):
        try:
            call()
        except PlatformError:
            continue


SLIPS = [
    ("facebook", "id,message,created_time", "id,text,created_time", "no field text"),
    ("facebook", "filter(stream).order", "filter(all).order", "filter is 'all'"),
    ("facebook", 'form={"is_hidden":', 'form={"hidden":', "hidden is no parameter"),
    ("facebook", 'limit="1",', 'limit="101",', "limit is 101; from 1 to 100"),
    ("instagram", 'limit="25"', 'limit="250"', "limit is 250; from 1 to 100"),
    ("instagram", "(comment_id, hide=", "(comment_id, is_hidden=", "hide is missing"),
    ("instagram", 'posts_edge = "media"', 'posts_edge = "posts"', "no call has this path"),
    ("instagram", "id,text,timestamp", "id,message,timestamp", "IGComment has no field message"),
    ("x", "max_results=size,\n                    p", "max_results=101, p", "101; from 5 to 100"),
    ("x", '*("author_id", "conv', '*("author", "conv', "is 'author'"),
    ("x", "size,\n            since_id", "9,\n            since_id", "9; from 10 to 100"),
    ("x", "pagination_token=token,", 'expansions=["author_id"],', "user shown is billed"),
    (
        "x",
        "self._client.api.hide_reply, hidden",
        "self._client.api.delete_tweet, hidden",
        "no call has this path",
    ),
    ("youtube", 'part="snippet", id=ids', 'part="statistics", id=ids', "part is"),
    (
        "youtube",
        "[comment_id], PUBLISHED)",
        '[comment_id], "likelySpam")',
        "moderationStatus is 'likelySpam'",
    ),
    ("wordpress", "WINDOW = 100 ", "WINDOW = 101 ", "per_page is 101; from 1 to 100"),
    ("wordpress", '"context": "edit", "orderby"', '"context": "view", "orderby"', "context is"),
    ("wordpress", 'HIDDEN, SHOWN = "hold"', 'HIDDEN, SHOWN = "hidden"', "status is 'hidden'"),
    ("wordpress", '"id,post,parent,author,', '"id,post,parent,author,content.raw,', "content.raw"),
    (
        "wordpress",
        '"POST", f"comments/{comment_id}", {"_',
        '"PUT", f"comments/{comment_id}", {"_',
        "not PUT",
    ),
    ("youtube", "PAGE_SIZE = 100", "PAGE_SIZE = 101", "maxResults is 101; from 1 to 100"),
    (
        "youtube",
        "id=ids, moderationStatus=status",
        "id=ids, moderationStatus=status, banAuthor=True",
        "banAuthor",
    ),
    (
        "youtube",
        'HELD, SPAM = "published", "heldForReview"',
        'HELD, SPAM = "published", "rejected"',
        "moderationStatus=rejected in the query",
    ),
    ("facebook", '"include_hidden": "true"', '"hidden": "true"', "hidden is no parameter"),
    ("feed", 'accept, "User-Agent"', 'accept, "Authorization": "Basic x", "User-Agent"', "token"),
    ("feed", "self._session.get(", "self._session.post(", "not POST"),
    ("feed", "application/rss+xml, ", "", "accept is 'application/atom+xml"),
    ("feed", '"User-Agent": "modbot"}', '"User-Agent": "modbot", "Referer": "x"}', "referer is no"),
]


@pytest.mark.parametrize(
    ("platform", "right", "wrong", "said"), SLIPS, ids=[f"{s[0]}: {s[3]}" for s in SLIPS]
)
def test_a_slip_in_an_adapter_is_found_and_named(
    platform: str, right: str, wrong: str, said: str
) -> None:
    with ExitStack() as stack:
        page, connection, comment_id = a_page(platform, stack)
        sound = ADAPTERS[platform](page, connection)
        broken = broken_adapter(platform, right, wrong, type(sound).__name__)(page, connection)
        with RECORDER.expecting() as found:
            use(sound, comment_id)
        assert found == []
        with RECORDER.expecting() as found:
            use(broken, comment_id)
    assert any(said in one.rule for one in found), [str(one) for one in found]


def test_a_token_in_an_address_is_found_though_the_vendor_takes_it() -> None:
    request = Request(method="GET", path="/v26.0/7", query={"access_token": ["s"]}, headers={})
    (missing, shown) = deviations("facebook", request)
    assert "no token in the Authorization header" in missing.rule
    assert shown.house and "access_token in the query" in str(shown)
    assert "GET /v26.0/7" in str(shown)


def test_an_address_of_another_host_and_an_api_without_a_description_deviate() -> None:
    request = Request(
        method="GET", path="/2/users/me", query={}, headers={"authorization": "Bearer s"}
    )
    assert deviations("x", request, "api.x.com") == []
    assert [d.kind for d in deviations("x", request, "api.y.com")] == ["host"]
    assert [d.kind for d in deviations("myspace", request)] == ["path"]


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("If-None-Match", 'W/"33a64df5"', True),
        ("If-None-Match", "x" * 501, False),
        ("If-Modified-Since", "Wed, 09 Sep 2026 12:00:00 GMT", True),
        ("If-Match", '"33a64df5"', False),
        ("Cookie", "session=1", False),
        ("Authorization", "Basic eDp5", False),
    ],
)
def test_of_a_feed_its_own_validators_are_sent_back_and_nothing_else(
    name: str, value: str, taken: bool
) -> None:
    usual = {"accept": "application/atom+xml, application/rss+xml", "user-agent": "modbot"}
    headers = {**usual, name.lower(): value}
    request = Request(method="GET", path="/feed", query={"lang": ["es"]}, headers=headers)
    assert (deviations("feed", request) == []) is taken
    assert deviations("feed", Request(method="GET", path="/feed", query={}, headers={}))


def test_a_slip_in_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="'higher'"):
        read_description("x", '[[call]]\nname="a"\nmethod="GET"\nquery.n = { higher = 1 }')


@pytest.mark.parametrize("platform", API_PLATFORMS)
def test_every_name_that_a_description_refers_to_is_in_it(platform: str) -> None:
    api = described(platform)
    assert api is not None
    for call in api.calls:
        api.matching(call.path)
        for rule in (*call.query.values(), *call.form.values(), *call.json.values()):
            inner = rule.list or rule
            assert not isinstance(inner.enum, str) or inner.enum in api.enum
            assert set(rule.fields) <= api.node.keys()
        assert {*call.under, *filter(None, [call.lists])} <= api.node.keys()
        every = call.query.keys() | call.form.keys()
        assert every >= {*call.at_least_one, *call.exactly_one, *(n for b in call.below for n in b)}


@pytest.mark.parametrize("platform", API_PLATFORMS)
def test_requests_of_every_adapter_are_checked_and_none_deviates(platform: str) -> None:
    before = RECORDER.checked[platform]
    with ExitStack() as stack, RECORDER.expecting() as found:
        page, connection, comment_id = a_page(platform, stack)
        use(ADAPTERS[platform](page, connection), comment_id)
    count = RECORDER.checked[platform] - before
    line = summary(Counter({platform: count}), len(found))
    print(line)  # noqa: T201
    assert count and found == [], line
    assert line.startswith(f"requests checked: {count}, deviations: 0")


def test_the_stand_ins_answer_only_what_is_described(sandbox: GraphSandbox) -> None:
    """Facebook's stand-in knows more fields of a Page than it was told to show."""
    comment = sandbox.world.add_comment(sandbox.world.add_post("ig", "hi"), "hi")
    for platform, path, code in (("facebook", "me/feed", 2500), ("instagram", comment, 100)):
        answer = requests.post(
            f"{sandbox.url}/v26.0/{path}",
            data={"is_hidden": "true"},
            headers={"Authorization": f"Bearer {sandbox.tokens[platform]}"},
            timeout=5,
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert sandbox.world.requests_checked == 2
    assert [d.platform for d in sandbox.world.deviations] == ["facebook", "instagram", "instagram"]
    assert sandbox.world.is_public(comment)


# A hide that each stand-in would carry out by itself, but for one thing that its vendor's
# description does not allow: no JSON by its header, a parameter and a field that nobody knows.
HIDES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "x": ("PUT", "/2/tweets/{}/hidden", {"data": '{"hidden": true}'}),
    "youtube": (
        "POST",
        "/youtube/v3/comments/setModerationStatus?id={}&moderationStatus=heldForReview",
        {"params": {"fields": "id"}},
    ),
    "wordpress": ("POST", "/wp-json/wp/v2/comments/{}", {"data": {"status": "hold", "note": "1"}}),
}
DESCRIBED: dict[str, dict[str, Any]] = {
    "x": {"json": {"hidden": True}},
    "youtube": {},
    "wordpress": {"data": {"status": "hold"}},
}


def _shown(platform: str, token: str, url: str) -> str:
    """The Authorization header of a token of the world."""
    if platform == "wordpress":
        return "Basic " + base64.b64encode(token.encode()).decode()
    if platform == "x":
        return f"Bearer {token}"
    form = {"client_id": "7-a.apps.googleusercontent.com", "client_secret": "s"}
    form |= {"refresh_token": token, "grant_type": "refresh_token"}
    answer = requests.post(f"{url}/token", data=form, timeout=5)
    return f"Bearer {answer.json()['access_token']}"


@pytest.mark.parametrize("platform", HIDES)
def test_no_stand_in_hides_what_it_was_not_asked_for_as_described(platform: str) -> None:
    world = World(ManualClock())
    account = world.add_page(platform, "A school")
    comment = world.add_comment(world.add_post(account, "hi"), "hi")
    method, path, odd = HIDES[platform]
    token = world.issue_token(account, token="bot:hush" if platform == "wordpress" else "")
    with SandboxServer(world) as server:
        url = server.url + (f"/{account}" if platform == "wordpress" else "") + path.format(comment)
        headers = {"Authorization": _shown(platform, token, server.url)}
        refused = requests.request(method, url, headers=headers, timeout=5, **odd)
        assert refused.status_code == 400 and world.is_public(comment)
        assert [d.platform for d in world.deviations] == [platform]
        taken = requests.request(method, url, headers=headers, timeout=5, **DESCRIBED[platform])
    assert taken.ok and not world.is_public(comment) and len(world.deviations) == 1


def test_youtubes_own_description_says_the_same() -> None:
    """Of what we describe; YouTube knows more methods and parameters."""
    document = json.loads(discovery_cache.get_static_doc("youtube", "v3"))
    methods = {
        (m["httpMethod"], "/" + m["path"]): {**document["parameters"], **m["parameters"]}
        for resource in document["resources"].values()
        for m in resource.get("methods", {}).values()
    }
    api = described("youtube")
    assert api is not None
    for call in api.calls:
        if call.path == "/token":
            continue
        theirs = methods[call.method, call.path]
        for name, rule in {**api.any, **call.query}.items():
            known = theirs[name]
            assert rule.repeated <= bool(known.get("repeated")), name
            assert set(rule.enum) <= set(known.get("enum", rule.enum)), name
            if rule.high is not None:
                assert (str(rule.low), str(rule.high)) == (known["minimum"], known["maximum"])
        needed = {n for n, k in theirs.items() if k.get("required")}
        assert needed == {n for n, rule in call.query.items() if rule.required}


@pytest.mark.servers
def test_a_real_wordpress_describes_the_same_routes(wordpress: WordPressSite) -> None:
    api = described("wordpress")
    assert api is not None
    routes = requests.get(f"{wordpress.url}/wp-json/wp/v2", timeout=30).json()["routes"]
    for call in api.calls:
        route = routes["/wp/v2" + call.path.replace("{id}", r"(?P<id>[\d]+)")]
        (theirs,) = [e["args"] for e in route["endpoints"] if call.method in e["methods"]][:1]
        for name, rule in {**call.query, **call.form}.items():
            if name == "_fields":  # for every route, so core lists it nowhere
                continue
            known = theirs[name]
            if rule.high is not None:
                assert (rule.low, rule.high) == (known["minimum"], known["maximum"]), name
            words = known.get("enum") or known.get("items", {}).get("enum") or rule.enum
            assert set(rule.enum) <= set(words), (call.name, name)
