"""The Graph stand-in is only worth something if it refuses what the vendor refuses."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from platforms.sandbox.faults import Fault, RateLimit
from tests.platforms.graph_sandbox import GraphSandbox, graph_sandbox


@pytest.fixture
def sandbox() -> Iterator[GraphSandbox]:
    with graph_sandbox() as made:
        yield made


def ask(
    sandbox: GraphSandbox,
    path: str,
    *,
    method: str = "GET",
    platform: str = "facebook",
    token: str | None = None,
    form: dict[str, str] | None = None,
    **params: str,
) -> tuple[int, Any]:
    shown = sandbox.tokens[platform] if token is None else token
    answer = requests.request(
        method,
        f"{sandbox.url}/v26.0/{path}",
        params=params,
        data=form,
        headers={"Authorization": f"Bearer {shown}"} if shown else {},
        timeout=5,
    )
    return answer.status_code, answer.json()


def code_of(answer: tuple[int, Any]) -> tuple[int, int, int | None]:
    """HTTP status, code, subcode."""
    status, body = answer
    assert set(body["error"]) >= {"message", "type", "code", "fbtrace_id"}
    return status, body["error"]["code"], body["error"].get("error_subcode")


def page_of(sandbox: GraphSandbox, platform: str = "facebook") -> str:
    return sandbox.pages[platform]


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        pytest.param("{page}/likes", {}, (400, 2500, None), id="unknown edge"),
        pytest.param("{page}/published_posts/x", {}, (400, 2500, None), id="path too long"),
        pytest.param("12345", {}, (400, 100, 33), id="unknown object"),
        pytest.param("{page}", {"fields": "id,nickname"}, (400, 100, None), id="unknown field"),
        pytest.param("{page}", {"fields": "id,"}, (400, 2500, None), id="field missing"),
        pytest.param("{page}", {"fields": "id{name"}, (400, 2500, None), id="brace missing"),
        pytest.param("{page}", {"felds": "id"}, (400, 100, None), id="unknown parameter"),
        pytest.param("{page}", {"fields": "name.limit(3)"}, (400, 100, None), id="no such option"),
        pytest.param("{page}/published_posts", {"limit": "101"}, (400, 100, None), id="limit high"),
        pytest.param("{page}/published_posts", {"limit": "0"}, (400, 100, None), id="limit zero"),
        pytest.param("{page}/published_posts", {"after": "?"}, (400, 100, None), id="bad cursor"),
        pytest.param("{post}/comments", {"filter": "all"}, (400, 100, None), id="unknown filter"),
        pytest.param("{post}/comments", {"order": "up"}, (400, 100, None), id="unknown order"),
        pytest.param("{post}/comments", {"since": "dawn"}, (400, 100, None), id="bad since"),
        pytest.param("{post}/comments", {"sinse": "1"}, (400, 100, None), id="misspelt since"),
        pytest.param("", {"ids": ""}, (400, 100, None), id="no ids"),
        pytest.param("", {"ids": ",".join(["1"] * 51)}, (400, 100, None), id="too many ids"),
        pytest.param("", {"ids": "{post},12345"}, (400, 100, 33), id="one id unknown"),
    ],
)
def test_what_is_not_in_the_api_is_refused(
    sandbox: GraphSandbox, path: str, params: dict[str, str], expected: tuple[int, int, int | None]
):
    names = {"{page}": page_of(sandbox), "{post}": sandbox.world.add_post("fb", "hello")}
    for name, vendor_id in names.items():
        path = path.replace(name, vendor_id)
        params = {key: value.replace(name, vendor_id) for key, value in params.items()}
    answer = ask(sandbox, path, **params)
    assert code_of(answer) == expected


def test_another_version_is_refused(sandbox: GraphSandbox):
    answer = requests.get(
        f"{sandbox.url}/v3.1/me",
        headers={"Authorization": f"Bearer {sandbox.tokens['facebook']}"},
        timeout=5,
    )
    assert answer.json()["error"]["code"] == 2500


def test_tokens_are_checked(sandbox: GraphSandbox):
    world = sandbox.world
    expired = world.issue_token("fb", expired=True)
    killed = world.issue_token("fb")
    world.expire_token(killed, subcode=460)

    assert code_of(ask(sandbox, "me", token=""))[1:] == (104, None)
    assert code_of(ask(sandbox, "me", token="nonsense"))[1:] == (190, None)
    assert code_of(ask(sandbox, "me", token=expired))[1:] == (190, 463)
    assert code_of(ask(sandbox, "me", token=killed))[1:] == (190, 460)


def test_a_token_may_come_in_the_query_too(sandbox: GraphSandbox):
    status, body = ask(sandbox, "me", token="", access_token=sandbox.tokens["facebook"])
    assert (status, body["id"]) == (200, page_of(sandbox))


def test_the_app_secret_proof_is_checked(sandbox: GraphSandbox):
    sandbox.world.requires_proof = True
    token = sandbox.tokens["facebook"]
    secret = sandbox.world.app_secret.encode()
    proof = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()

    assert code_of(ask(sandbox, "me")) == (400, 100, None)
    assert code_of(ask(sandbox, "me", appsecret_proof="0" * 64)) == (400, 100, None)
    assert ask(sandbox, "me", appsecret_proof=proof)[0] == 200


@pytest.mark.parametrize(
    ("platform", "missing", "method", "path", "params", "code"),
    [
        ("facebook", "pages_read_engagement", "GET", "{page}/published_posts", {}, 10),
        ("facebook", "pages_read_user_content", "GET", "{post}/comments", {}, 10),
        ("facebook", "pages_manage_engagement", "POST", "{comment}", {"is_hidden": "true"}, 200),
        ("facebook", "pages_manage_engagement", "DELETE", "{comment}", {}, 200),
        ("instagram", "instagram_basic", "GET", "{page}/media", {}, 10),
        ("instagram", "instagram_manage_comments", "GET", "{post}/comments", {}, 10),
        ("instagram", "instagram_manage_comments", "POST", "{comment}", {"hide": "true"}, 10),
    ],
)
def test_every_scope_is_needed_for_something(
    sandbox: GraphSandbox,
    platform: str,
    missing: str,
    method: str,
    path: str,
    params: dict[str, str],
    code: int,
):
    world = sandbox.world
    token = sandbox.tokens[platform]
    post = world.add_post(page_of(sandbox, platform), "hello")
    comment = world.add_comment(post, "hi")
    filled = path.format(page=page_of(sandbox, platform), post=post, comment=comment)
    world.tokens[token].scopes -= {missing}

    answer = ask(sandbox, filled, method=method, platform=platform, **params)
    assert code_of(answer) == (403, code, None)
    assert world.is_public(comment)

    world.tokens[token].scopes |= {missing}
    assert ask(sandbox, filled, method=method, platform=platform, **params)[0] == 200


def test_a_user_token_sees_no_comments(sandbox: GraphSandbox):
    post = sandbox.world.add_post("fb", "hello")
    sandbox.world.add_comment(post, "hi")
    token = sandbox.world.issue_token("fb", kind="user")

    assert ask(sandbox, f"{post}/comments", token=token) == (200, {"data": []})


def test_another_pages_comments_are_not_there(sandbox: GraphSandbox):
    world = sandbox.world
    other = world.add_comment(world.add_post(world.add_page("facebook", "Other"), "hello"), "hi")
    assert code_of(ask(sandbox, other)) == (400, 100, 33)
    assert code_of(ask(sandbox, other, method="POST", is_hidden="true")) == (400, 100, 33)


def test_a_deleted_comment_is_forgotten(sandbox: GraphSandbox):
    post = sandbox.world.add_post("fb", "hello")
    comment = sandbox.world.add_comment(post, "hi")
    sandbox.world.delete_comment(comment)

    assert code_of(ask(sandbox, comment)) == (400, 100, 33)
    assert ask(sandbox, f"{post}/comments")[1]["data"] == []


def test_the_stream_flattens_replies_to_replies(sandbox: GraphSandbox):
    world = sandbox.world
    post = world.add_post("fb", "hello")
    top = world.add_comment(post, "top")
    reply = world.add_comment(post, "reply", parent=top)
    deeper = world.add_comment(post, "deeper", parent=reply)

    toplevel = ask(sandbox, f"{post}/comments")[1]["data"]
    stream = ask(sandbox, f"{post}/comments", filter="stream", fields="id,parent{id}")[1]["data"]
    below = ask(sandbox, f"{top}/comments")[1]["data"]

    assert [c["id"] for c in toplevel] == [top]
    assert stream == [
        {"id": top},
        {"id": reply, "parent": {"id": top}},
        {"id": deeper, "parent": {"id": top}},
    ]
    assert [c["id"] for c in below] == [reply, deeper]


def test_pages_of_a_listing_fit_together_while_comments_come_and_go(sandbox: GraphSandbox):
    world = sandbox.world
    post = world.add_post("fb", "hello")
    made = []
    for number in range(5):
        made.append(world.add_comment(post, f"comment {number}"))
        sandbox.clock.advance(1)
    params = {"order": "reverse_chronological", "limit": "2", "fields": "id", "summary": "true"}

    _, first = ask(sandbox, f"{post}/comments", **params)
    world.delete_comment(made[3])  # the one that the cursor names
    world.add_comment(post, "new")
    after = first["paging"]["cursors"]["after"]
    _, second = ask(sandbox, f"{post}/comments", **params, after=after)
    _, third = ask(
        sandbox, f"{post}/comments", **params, after=second["paging"]["cursors"]["after"]
    )

    seen = [c["id"] for page in (first, second, third) for c in page["data"]]
    assert seen == made[::-1]
    assert first["summary"]["total_count"] == 5
    assert "next" not in third["paging"]


def test_the_next_link_holds_the_token_as_the_vendors_does(sandbox: GraphSandbox):
    post = sandbox.world.add_post("fb", "hello")
    for _ in range(2):
        sandbox.world.add_comment(post, "hi")
    _, body = ask(sandbox, f"{post}/comments", limit="1")

    query = parse_qs(urlsplit(body["paging"]["next"]).query)
    assert query["access_token"] == [sandbox.tokens["facebook"]]
    assert query["after"] == [body["paging"]["cursors"]["after"]]


def test_since_and_expansion_reach_the_comments_of_posts(sandbox: GraphSandbox):
    world = sandbox.world
    quiet = world.add_post("fb", "quiet")
    post = world.add_post("fb", "hello")
    world.add_comment(post, "old")
    since = int(sandbox.clock.advance(60).timestamp())
    new = world.add_comment(post, "new")

    fields = f"id,comments.filter(stream).since({since}){{id,from{{id}},message}}"
    _, body = ask(sandbox, f"{page_of(sandbox)}/published_posts", fields=fields)

    by_id = {one["id"]: one for one in body["data"]}
    assert by_id[quiet] == {"id": quiet}
    (only,) = by_id[post]["comments"]["data"]
    assert (only["id"], only["message"], set(only["from"])) == (new, "new", {"id"})


def test_authors_can_be_withheld(sandbox: GraphSandbox):
    sandbox.world.withholds_authors = True
    comment = sandbox.world.add_comment(sandbox.world.add_post("fb", "hello"), "hi")
    assert ask(sandbox, comment, fields="id,from") == (200, {"id": comment})


def test_hiding_on_facebook(sandbox: GraphSandbox):
    world = sandbox.world
    post = world.add_post("fb", "hello")
    comment = world.add_comment(post, "hi")
    own = world.add_comment(post, "thanks", author_id="fb")

    hide = {"method": "POST", "form": {"is_hidden": "true"}}
    assert ask(sandbox, comment, **hide) == (200, {"success": True})
    assert ask(sandbox, comment, fields="is_hidden")[1]["is_hidden"] is True
    assert code_of(ask(sandbox, own, **hide))[1] == 200
    assert code_of(ask(sandbox, comment, method="POST", is_hidden="yes"))[1] == 100
    assert code_of(ask(sandbox, comment, method="POST", hide="true"))[1] == 100
    assert code_of(ask(sandbox, post, **hide)) == (400, 100, 33)
    assert world.hidden_ids() == {comment}


def test_deleting_on_facebook_takes_the_replies_along(sandbox: GraphSandbox):
    world = sandbox.world
    post = world.add_post("fb", "hello")
    top = world.add_comment(post, "top")
    world.add_comment(post, "reply", parent=top)

    assert ask(sandbox, top, method="DELETE") == (200, {"success": True})
    assert world.comments(post) == []


def test_instagram_says_success_without_hiding_its_own_comments(sandbox: GraphSandbox):
    world = sandbox.world
    media = world.add_post("ig", "hello")
    comment = world.add_comment(media, "hi")
    own = world.add_comment(media, "thanks", author_id="ig")

    for one in (comment, own):
        answer = ask(sandbox, one, method="POST", platform="instagram", hide="true")
        assert answer == (200, {"success": True})
    assert world.hidden_ids() == {comment}
    assert code_of(ask(sandbox, comment, method="POST", platform="instagram"))[1] == 100


def test_instagram_lists_top_level_comments_newest_first_and_fifty_at_most(sandbox: GraphSandbox):
    world = sandbox.world
    media = world.add_post("ig", "hello")
    top = [world.add_comment(media, "one"), world.add_comment(media, "two")]
    reply = world.add_comment(media, "reply", parent=top[0])

    fields = "id,comments_count,comments{id,replies{id,parent_id}}"
    _, body = ask(
        sandbox, f"{page_of(sandbox, 'instagram')}/media", platform="instagram", fields=fields
    )
    assert body["data"] == [
        {
            "id": media,
            "comments_count": 3,
            "comments": {
                "data": [
                    {"id": top[1]},
                    {
                        "id": top[0],
                        "replies": {
                            "data": [{"id": reply, "parent_id": top[0]}],
                            "paging": body["data"][0]["comments"]["data"][1]["replies"]["paging"],
                        },
                    },
                ],
                "paging": body["data"][0]["comments"]["paging"],
            },
        }
    ]
    assert code_of(ask(sandbox, f"{media}/comments", platform="instagram", limit="51"))[1] == 100


@pytest.mark.parametrize(("platform", "code"), [("facebook", 80001), ("instagram", 80002)])
def test_a_spent_rate_budget_is_refused_until_the_window_ends(
    sandbox: GraphSandbox, platform: str, code: int
):
    sandbox.world.limits[platform] = RateLimit(calls=2, window_seconds=600)
    token = {"Authorization": f"Bearer {sandbox.tokens[platform]}"}
    answers = [requests.get(f"{sandbox.url}/v26.0/me", headers=token, timeout=5) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].json()["error"]["code"] == code
    assert '"call_count": 50' in answers[0].headers["X-App-Usage"]
    use_case = answers[2].headers["X-Business-Use-Case-Usage"]
    assert '"estimated_time_to_regain_access": 10' in use_case

    sandbox.clock.advance(600)
    assert ask(sandbox, "me", platform=platform)[0] == 200


def test_calls_are_counted_by_platform_without_their_query(sandbox: GraphSandbox):
    ask(sandbox, "me", platform="instagram")
    ask(sandbox, "me", token="", access_token="nonsense")

    assert sandbox.world.calls == {"instagram": 1, "facebook": 1}
    assert [(call.path, call.status) for call in sandbox.world.call_log] == [
        ("/v26.0/me", 200),
        ("/v26.0/me", 400),
    ]


@pytest.mark.parametrize(
    ("fault", "hidden"),
    [(Fault(kind="empty"), False), (Fault(kind="empty", applied=True), True)],
    ids=["before the call takes effect", "after it"],
)
def test_a_fault_spoils_the_answer(sandbox: GraphSandbox, fault: Fault, hidden: bool):
    comment = sandbox.world.add_comment(sandbox.world.add_post("fb", "hello"), "hi")
    sandbox.world.faults.push(fault)
    answer = requests.post(
        f"{sandbox.url}/v26.0/{comment}",
        data={"is_hidden": "true", "access_token": sandbox.tokens["facebook"]},
        timeout=5,
    )
    assert answer.content == b""
    assert sandbox.world.is_public(comment) is not hidden


def test_a_path_of_no_vendor_is_not_found(sandbox: GraphSandbox):
    assert requests.get(f"{sandbox.url}/elsewhere", timeout=5).status_code == 404


def test_an_answer_leaves_in_one_piece(sandbox: GraphSandbox):
    """Headers and body sent apart cost a delayed acknowledgement of some 40 ms in every call."""
    token = {"Authorization": f"Bearer {sandbox.tokens['facebook']}"}
    seconds = []
    with requests.Session() as session:
        for _ in range(15):
            answer = session.get(f"{sandbox.url}/v26.0/me", headers=token, timeout=5)
            seconds.append(answer.elapsed.total_seconds())
    assert min(seconds) < 0.02
