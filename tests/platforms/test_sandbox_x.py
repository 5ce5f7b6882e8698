"""The X stand-in answers as X's description says, and refuses what X refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from platforms.sandbox.faults import RateLimit, Request
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi, credits_depleted, usage_capped
from tests.fakes import ManualClock


class Caller:
    """Asks the stand-in without HTTP in between."""

    def __init__(self, clock: ManualClock):
        self.clock = clock
        self.world = World(clock)
        self.api = XApi(self.world)
        self.account = self.world.add_page("x", "Lawrence Public Schools", handle="LPS")
        self.post = self.world.add_post(self.account, "No school on Monday")
        self.token = self.world.issue_token(self.account)
        self.headers: dict[str, str] = {}

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        token: str | None = None,
        body: object = None,
        **query: str,
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON body; the headers stay in `headers`."""
        self.world.advance()
        answer = self.api.answer(
            Request(
                method=method,
                path=path,
                query={name.replace("_fields", ".fields"): [v] for name, v in query.items()},
                headers={"authorization": f"Bearer {self.token if token is None else token}"},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )
        self.headers = dict(answer.headers)
        return answer.status, json.loads(answer.body)

    def mentions(self, **query: str) -> dict[str, Any]:
        status, body = self.ask(f"/2/users/{self.account}/mentions", **query)
        assert status == 200, body
        return body

    def hide(self, reply: str, hidden: object = True, **more: Any) -> tuple[int, dict[str, Any]]:
        path = f"/2/tweets/{reply}/hidden"
        return self.ask(path, method="PUT", body={"hidden": hidden}, **more)

    def reply(self, text: str = "why", **more: Any) -> str:
        self.clock.advance(5)
        return self.world.add_comment(self.post, text, **more)


@pytest.fixture
def x(clock: ManualClock) -> Iterator[Caller]:
    yield Caller(clock)


def test_a_post_shows_only_the_fields_asked_for(x: Caller) -> None:
    reply = x.reply("why", author_id="u1")
    assert x.mentions()["data"] == [{"id": reply, "text": "why", "edit_history_tweet_ids": [reply]}]
    fields = "author_id,conversation_id,created_at,in_reply_to_user_id,referenced_tweets"
    (shown,) = x.mentions(tweet_fields=fields)["data"]
    assert shown["conversation_id"] == x.post
    assert shown["referenced_tweets"] == [{"type": "replied_to", "id": x.post}]
    assert shown["in_reply_to_user_id"] == x.account
    assert shown["created_at"] == "2026-09-09T12:00:05.000Z"


def test_an_empty_listing_has_no_data_at_all(x: Caller) -> None:
    assert x.mentions() == {"meta": {"result_count": 0}}


def test_text_is_escaped_and_long_text_is_cut_unless_its_note_is_asked_for(x: Caller) -> None:
    x.reply("<b>&" + "a" * 300)
    (cut,) = x.mentions()["data"]
    assert cut["text"].startswith("&lt;b&gt;&amp;aaa") and cut["text"].endswith("a…")
    (whole,) = x.mentions(tweet_fields="note_tweet")["data"]
    assert whole["note_tweet"]["text"] == "&lt;b&gt;&amp;" + "a" * 300


def test_pages_go_from_newest_to_oldest_and_a_reply_in_between_moves_nothing(x: Caller) -> None:
    written = [x.reply(str(n)) for n in range(12)]
    first = x.mentions(max_results="5")
    x.reply("in between")
    second = x.mentions(max_results="5", pagination_token=first["meta"]["next_token"])
    third = x.mentions(max_results="5", pagination_token=second["meta"]["next_token"])
    ids = [item["id"] for page in (first, second, third) for item in page["data"]]
    assert ids == written[::-1]
    assert first["meta"]["newest_id"] == written[-1]
    assert first["meta"]["oldest_id"] == written[7]
    assert "next_token" not in third["meta"]


def test_since_and_until_leave_their_own_id_out_and_start_keeps_its_second(x: Caller) -> None:
    a, b, c = (x.reply(text) for text in "abc")
    assert [i["id"] for i in x.mentions(since_id=a)["data"]] == [c, b]
    assert [i["id"] for i in x.mentions(until_id=c)["data"]] == [b, a]
    start = (x.clock.now() - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [i["id"] for i in x.mentions(start_time=start)["data"]] == [c, b]
    assert [i["id"] for i in x.mentions(end_time=start)["data"]] == [a]


def test_only_the_newest_800_mentions_are_listed(x: Caller) -> None:
    written = [x.reply(str(n)) for n in range(805)]
    ids, token = [], ""
    while True:
        body = x.mentions(max_results="100", **({"pagination_token": token} if token else {}))
        ids += [item["id"] for item in body["data"]]
        token = body["meta"].get("next_token", "")
        if not token:
            break
    assert ids == written[5:][::-1]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/2/users/{me}/mentions", {"limit": "5"}),
        ("/2/users/{me}/mentions", {"max_results": "4"}),
        ("/2/users/{me}/mentions", {"max_results": "101"}),
        ("/2/users/{me}/mentions", {"max_results": "many"}),
        ("/2/users/{me}/mentions", {"tweet_fields": "author_id,hidden"}),
        ("/2/users/{me}/mentions", {"expansions": "author_id,geo"}),
        ("/2/users/{me}/mentions", {"since_id": "-1"}),
        ("/2/users/{me}/mentions", {"since_id": "9", "until_id": "9"}),
        ("/2/users/{me}/mentions", {"start_time": "2026-01-01T00:00:00+00:00"}),
        ("/2/users/{me}/mentions", {"start_time": "2009-01-01T00:00:00Z"}),
        (
            "/2/users/{me}/mentions",
            {"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"},
        ),
        ("/2/users/{me}/mentions", {"pagination_token": "zz"}),
        ("/2/users/{me}/mentions", {"exclude": "retweets"}),
        ("/2/users/{me}/mentions", {"since_id": ""}),
        ("/2/users/{me}/tweets", {"exclude": "quotes"}),
        ("/2/users/me", {"max_results": "5"}),
        ("/2/tweets", {}),
        ("/2/tweets", {"ids": "1,x"}),
        ("/2/tweets", {"ids": ",".join(str(n) for n in range(101))}),
    ],
)
def test_parameters_that_x_does_not_know_are_refused(
    x: Caller, path: str, query: dict[str, str]
) -> None:
    status, body = x.ask(path.format(me=x.account), **query)
    assert (status, body["title"]) == (400, "Invalid Request")
    assert x.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2/users/abc/mentions", 404),
        ("GET", "/2/liked", 404),
        ("GET", "/2/tweets/1/hidden", 405),
        ("POST", "/2/tweets", 405),
        ("DELETE", "/2/tweets/1", 404),
    ],
)
def test_paths_and_methods_that_x_does_not_know_are_refused(
    x: Caller, method: str, path: str, status: int
) -> None:
    assert x.ask(path, method=method)[0] == status


def test_unknown_expired_and_foreign_tokens_are_refused(x: Caller) -> None:
    facebook = x.world.add_page("facebook", "LPS")
    tokens = [
        "",
        "nonsense",
        x.world.issue_token(x.account, expired=True),
        x.world.issue_token(facebook),
        x.world.issue_token(x.account, kind="oauth1"),
    ]
    for token in tokens:
        assert x.ask("/2/users/me", token=token)[0] == 401


def test_me_is_the_tokens_account(x: Caller) -> None:
    data = {"id": x.account, "name": "Lawrence Public Schools", "username": "LPS"}
    assert x.ask("/2/users/me") == (200, {"data": data})


def test_an_app_only_token_reads_but_is_nobody_and_hides_nothing(x: Caller) -> None:
    reply, app = x.reply(), x.world.issue_token(x.account, kind="app")
    assert x.ask(f"/2/users/{x.account}/mentions", token=app)[0] == 200
    for status, body in (x.ask("/2/users/me", token=app), x.hide(reply, token=app)):
        assert status == 403
        assert body["type"].endswith("/unsupported-authentication")
    assert x.world.effects == []


@pytest.mark.parametrize(
    ("scopes", "reads", "hides"),
    [
        (["tweet.read", "users.read", "tweet.moderate.write"], 200, 200),
        (["tweet.read", "users.read"], 200, 403),
        (["tweet.read", "tweet.moderate.write"], 403, 403),
        ([], 403, 403),
    ],
)
def test_scopes_are_asked_for(x: Caller, scopes: list[str], reads: int, hides: int) -> None:
    reply, token = x.reply(), x.world.issue_token(x.account, scopes=scopes)
    assert x.ask(f"/2/users/{x.account}/mentions", token=token)[0] == reads
    assert x.hide(reply, token=token)[0] == hides


def test_hiding_sets_a_state(x: Caller) -> None:
    reply = x.reply()
    assert x.hide(reply) == (200, {"data": {"hidden": True}})
    assert x.hide(reply) == (200, {"data": {"hidden": True}})
    assert x.hide(reply, False) == (200, {"data": {"hidden": False}})
    assert [e.hidden for e in x.world.effects] == [True, False]
    assert "hidden" not in str(x.mentions(tweet_fields="text"))


@pytest.mark.parametrize("body", [None, {}, {"hidden": "true"}, {"hidden": 1}, [], {"a": 1}])
def test_the_body_of_a_hide_is_strict(x: Caller, body: object) -> None:
    reply = x.reply()
    assert x.ask(f"/2/tweets/{reply}/hidden", method="PUT", body=body)[0] == 400
    assert (
        x.ask(f"/2/tweets/{reply}/hidden", method="PUT", body={"hidden": True, "why": 1})[0] == 400
    )
    assert x.world.effects == []


def test_only_others_replies_in_ones_own_conversation_can_be_hidden(x: Caller) -> None:
    other = x.world.add_page("x", "Some Newspaper")
    theirs = x.world.add_comment(x.world.add_post(other, "hm"), "@LPS")
    own = x.reply("we answer", author_id=x.account)
    gone = x.reply()
    x.world.delete_comment(gone)
    assert [x.hide(i)[0] for i in (theirs, x.post, own, gone, "77")] == [403, 403, 403, 404, 404]
    assert x.world.effects == []


def test_deleted_posts_are_among_the_errors_of_a_lookup(x: Caller) -> None:
    kept, gone = x.reply("kept"), x.reply("gone")
    x.world.delete_comment(gone)
    status, body = x.ask("/2/tweets", ids=f"{kept},{gone}")
    assert (status, [i["id"] for i in body["data"]]) == (200, [kept])
    (error,) = body["errors"]
    assert (error["resource_id"], error["parameter"]) == (gone, "ids")
    assert error["type"].endswith("/problems/resource-not-found")


def test_an_edit_is_a_deletion_and_a_new_id(x: Caller) -> None:
    old = x.reply("befor")
    x.clock.advance(60)
    new = x.world.edit_comment(old, "before")
    assert x.world.edited_as_new == {old: new}
    assert [(i["id"], i["text"]) for i in x.mentions()["data"]] == [(new, "before")]


def test_an_unknown_account_is_an_error_with_status_200(x: Caller) -> None:
    status, body = x.ask("/2/users/12345/mentions")
    assert status == 200
    assert (body["errors"][0]["resource_type"], "data" in body) == ("user", False)


def test_the_timeline_holds_own_posts_and_replies_which_mentions_leave_out(x: Caller) -> None:
    reply = x.reply()
    own = x.reply("we answer", parent=reply, author_id=x.account)
    path = f"/2/users/{x.account}/tweets"
    assert [i["id"] for i in x.ask(path)[1]["data"]] == [own, x.post]
    assert [i["id"] for i in x.ask(path, exclude="replies")[1]["data"]] == [x.post]
    assert [i["id"] for i in x.mentions()["data"]] == [reply]


def test_mentions_outside_own_conversations_go_by_the_name(x: Caller) -> None:
    other = x.world.add_page("x", "Some Newspaper")
    post = x.world.add_post(other, "what says @lps?")
    x.world.add_comment(post, "nothing")
    named = x.world.add_comment(post, "ask @LPS")
    assert {i["id"] for i in x.mentions()["data"]} == {post, named}


@pytest.mark.parametrize(("what", "calls"), [("mentions", 300), ("hidden", 50)])
def test_rate_limits_hold_by_the_worlds_clock(x: Caller, what: str, calls: int) -> None:
    reply = x.reply()

    def call() -> int:
        if what == "hidden":
            return x.hide(reply)[0]
        return x.ask(f"/2/users/{x.account}/mentions")[0]

    began = x.clock.now()
    assert {call() for _ in range(calls)} == {200}
    assert x.headers["x-rate-limit-limit"] == str(calls)
    assert x.headers["x-rate-limit-remaining"] == "0"
    assert call() == 429
    assert x.headers["x-rate-limit-reset"] == str(int(began.timestamp()) + 900)
    other = x.world.issue_token(x.account)
    assert x.ask("/2/users/me", token=other)[0] == 200
    x.clock.advance(900)
    assert call() == 200


def test_a_test_may_set_its_own_rate_limit(x: Caller) -> None:
    x.world.limits["x:me"] = RateLimit(calls=1, window_seconds=10)
    assert [x.ask("/2/users/me")[0] for _ in range(2)] == [200, 429]


def test_reads_are_charged_once_a_utc_day_and_empty_ones_never(x: Caller) -> None:
    x.mentions()
    assert x.api.bill.cents == {}
    reply = x.reply()
    for _ in range(3):
        x.mentions()
        x.ask("/2/tweets", ids=reply)
    assert list(x.api.bill.cents.values()) == [0.5]
    x.clock.advance(24 * 3600)
    x.mentions()
    assert list(x.api.bill.cents.values()) == [0.5, 0.5]


def test_users_cost_extra_hides_cost_each_time_and_owned_reads_less(x: Caller) -> None:
    reply = x.reply()
    x.mentions(expansions="author_id")
    x.hide(reply)
    x.hide(reply)
    assert list(x.api.bill.cents.values()) == [0.5 + 1.0 + 2 * 0.5]
    x.api.bill.owns_app = True
    x.clock.advance(24 * 3600)
    x.mentions()
    assert list(x.api.bill.cents.values())[1] == 0.1


def test_the_ordered_faults_have_the_published_bodies() -> None:
    spent, capped = credits_depleted(), usage_capped()
    assert (spent.status, json.loads(spent.body)["title"]) == (402, "Payment Required")
    assert capped.status == 429
    assert json.loads(capped.body)["type"].endswith("/problems/usage-capped")
    assert "x-rate-limit-reset" not in capped.headers
