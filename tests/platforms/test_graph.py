from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    WritesBlocked,
)
from modbot.ports import Connection
from platforms.graph import GraphClient, TooMuchData
from platforms.sandbox.faults import Fault
from tests.fakes import SCHOOL_DAY
from tests.platforms.graph_sandbox import GraphSandbox, graph_sandbox
from tests.platforms.raw_server import RawServer, response

CANARY = "CANARYtokenThatMustNotShow"


@pytest.fixture
def sandbox() -> Iterator[GraphSandbox]:
    with graph_sandbox() as made:
        yield made


@pytest.fixture
def client(sandbox: GraphSandbox) -> GraphClient:
    return GraphClient(sandbox.connection("facebook"), sandbox.url)


def refuse(sandbox: GraphSandbox, error: object, *, status: int = 400, **headers: str) -> None:
    body = json.dumps({"error": error}).encode()
    sandbox.world.faults.push(Fault(kind="status", status=status, body=body, headers=headers))


def failure(client: GraphClient) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        client.get("me", fields="id")
    return caught.value


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (1, None, Unreachable),
        (2, None, Unreachable),
        (3, None, MissingScope),
        (4, None, RateLimited),
        (10, None, MissingScope),
        (17, None, RateLimited),
        (32, None, RateLimited),
        (100, 33, CommentGone),
        (100, None, BadRequest),
        (102, None, AuthExpired),
        (104, None, AuthExpired),
        (190, 460, AuthExpired),
        (190, 463, AuthExpired),
        (190, 492, AuthExpired),
        (200, None, MissingScope),
        (299, None, MissingScope),
        (341, None, RateLimited),
        (368, None, WritesBlocked),
        (613, None, RateLimited),
        (803, None, CommentGone),
        (1705, None, MissingScope),
        (2500, None, BadRequest),
        (80001, None, RateLimited),
        (80002, None, RateLimited),
        (9007, None, BadAnswer),
    ],
)
def test_each_code_of_the_vendor_has_its_error(
    sandbox: GraphSandbox,
    client: GraphClient,
    code: int,
    subcode: int | None,
    kind: type[PlatformError],
):
    error: dict[str, Any] = {"message": "no", "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    refuse(sandbox, error)

    raised = failure(client)
    assert type(raised) is kind
    assert raised.code == (f"{code}/{subcode}" if subcode is not None else str(code))


def test_a_refusal_counts_whatever_its_status(sandbox: GraphSandbox, client: GraphClient):
    for status in (200, 500):
        refuse(sandbox, {"message": "no", "code": 190}, status=status)
        assert isinstance(failure(client), AuthExpired)


def test_too_much_data_is_told_apart(sandbox: GraphSandbox, client: GraphClient):
    refuse(sandbox, {"code": 1, "message": "Please reduce the amount of data you're asking for"})
    assert isinstance(failure(client), TooMuchData)


def test_a_transient_error_is_retried_whatever_its_code(sandbox: GraphSandbox, client: GraphClient):
    refuse(sandbox, {"code": 9007, "message": "later", "is_transient": True})
    assert isinstance(failure(client), Unreachable)


def of_a_page(minutes: str) -> str:
    return f'{{"1": [{{"type": "pages", "estimated_time_to_regain_access": {minutes}}}]}}'


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, 300, id="nothing said"),
        pytest.param({"Retry-After": "45"}, 45, id="retry-after"),
        pytest.param(
            {
                "X-Business-Use-Case-Usage": json.dumps(
                    {"1": [{"type": "pages", "estimated_time_to_regain_access": 19}]}
                )
            },
            19 * 60,
            id="minutes of the use case",
        ),
        pytest.param({"X-Business-Use-Case-Usage": "{"}, 300, id="header broken"),
        pytest.param({"X-Business-Use-Case-Usage": '{"1":[7],"2":3}'}, 300, id="wrong types"),
        pytest.param({"Retry-After": "9" * 30}, 31 * 86_400, id="absurd wait"),
        pytest.param(
            {"X-Business-Use-Case-Usage": of_a_page("9" * 400)}, 31 * 86_400, id="no float"
        ),
        pytest.param({"X-Business-Use-Case-Usage": of_a_page("NaN")}, 300, id="not a number"),
        pytest.param({"X-Business-Use-Case-Usage": of_a_page("-7")}, 300, id="less than nothing"),
    ],
)
def test_the_wait_is_what_the_vendor_says(
    sandbox: GraphSandbox, client: GraphClient, headers: dict[str, str], seconds: float
):
    refuse(sandbox, {"code": 80001, "message": "slow down"}, status=403, **headers)
    raised = failure(client)
    assert isinstance(raised, RateLimited)
    assert raised.retry_after_seconds == seconds


JSON = "application/json"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "kind"),
    [
        pytest.param(200, "text/html", b"<html>", BadAnswer, id="html"),
        pytest.param(502, "text/html", b"<html>", Unreachable, id="html 502"),
        pytest.param(200, JSON, b"", BadAnswer, id="empty"),
        pytest.param(200, JSON, b'{"id": "1', BadAnswer, id="truncated"),
        pytest.param(200, JSON, b"[]", BadAnswer, id="list"),
        pytest.param(200, JSON, b"true", BadAnswer, id="true"),
        pytest.param(200, JSON, b'{"id": "\xff"}', BadAnswer, id="not utf-8"),
        pytest.param(200, JSON, b"[" * 100_000, BadAnswer, id="nested too deep"),
        pytest.param(200, JSON, b"9" * 10_000, BadAnswer, id="number too long"),
        pytest.param(500, JSON, b"{}", Unreachable, id="500 that looks like success"),
        pytest.param(404, JSON, b"{}", BadAnswer, id="404 without an error"),
        pytest.param(429, JSON, b"{}", RateLimited, id="429 without an error"),
        pytest.param(400, JSON, b'{"error": "no"}', BadAnswer, id="error of a wrong type"),
        pytest.param(400, JSON, b'{"error": {"code": "x"}}', BadAnswer, id="code of a wrong type"),
        pytest.param(
            400, JSON, b'{"error": {"code": 100, "message": 7}}', BadRequest, id="no text"
        ),
        pytest.param(200, "image/png", b"PNG", BadAnswer, id="picture"),
        pytest.param(200, "text/plain", b"access_token=x", BadAnswer, id="form"),
        pytest.param(200, f"{JSON}; charset=nonsense", b'{"id":"1"}', None, id="odd charset"),
    ],
)
def test_an_answer_that_cannot_be_read_has_its_error(
    sandbox: GraphSandbox,
    client: GraphClient,
    status: int,
    content_type: str,
    body: bytes,
    kind: type[PlatformError] | None,
):
    headers = {"Content-Type": content_type}
    sandbox.world.faults.push(Fault(kind="status", status=status, headers=headers, body=body))
    if kind is None:
        assert client.get("me").body == {"id": "1"}
    else:
        assert type(failure(client)) is kind


def test_a_missing_content_type_is_an_unreadable_answer():
    with RawServer(lambda connection: connection.sendall(response(b"{}"))) as server:
        connection = Connection(secrets={"token": "t"}, now=lambda: SCHOOL_DAY)
        assert type(failure(GraphClient(connection, server.url))) is BadAnswer


def test_a_reset_connection_is_unreachable(sandbox: GraphSandbox, client: GraphClient):
    sandbox.world.faults.push(Fault(kind="reset"))
    assert type(failure(client)) is Unreachable


def test_a_slow_drip_is_unreachable_by_the_deadline(sandbox: GraphSandbox):
    hurried = replace(sandbox.connection("facebook"), deadline_seconds=0.2)
    sandbox.world.faults.push(Fault(kind="slow", delay_seconds=0.02, body=b"x" * 60))
    assert type(failure(GraphClient(hurried, sandbox.url))) is Unreachable


def test_the_usage_is_the_largest_share_that_the_headers_tell(
    sandbox: GraphSandbox, client: GraphClient
):
    headers = {
        "X-App-Usage": json.dumps({"call_count": 28, "total_time": 25, "total_cputime": 25}),
        "X-Business-Use-Case-Usage": json.dumps(
            {"1": [{"type": "pages", "call_count": 81, "estimated_time_to_regain_access": 99}]}
        ),
    }
    sandbox.world.faults.push(Fault(kind="status", headers=headers, body=b"{}"))
    assert client.get("me").usage == 0.81


@pytest.mark.parametrize(
    ("written", "usage"),
    [("9" * 400, 1.0), ("NaN", None), ("Infinity", 1.0), ("-5", 0.0), ('"81"', None), ("[]", None)],
)
def test_a_usage_that_makes_no_sense_stops_nothing(
    sandbox: GraphSandbox, client: GraphClient, written: str, usage: float | None
):
    headers = {"X-App-Usage": f'{{"call_count": {written}}}'}
    sandbox.world.faults.push(Fault(kind="status", headers=headers, body=b"{}"))
    assert client.get("me").usage == usage
    client.budget.of.keep()


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve"])
def test_a_token_that_cannot_be_one_is_refused_before_any_call(sandbox: GraphSandbox, token: str):
    sandbox.tokens["facebook"] = token
    client = GraphClient(sandbox.connection("facebook"), sandbox.url)
    assert type(failure(client)) is AuthExpired
    assert sandbox.world.calls == {}


@pytest.mark.parametrize("node", ["", "..", "1/comments", "1?x=1", "1_", "mé"])
def test_only_ids_get_into_the_path(sandbox: GraphSandbox, client: GraphClient, node: str):
    with pytest.raises(BadRequest):
        client.get(node)
    with pytest.raises(BadRequest):
        client.get_many(["1", node], "id")
    assert sandbox.world.calls == {}


def test_the_proof_of_the_app_secret_is_sent(sandbox: GraphSandbox):
    sandbox.world.requires_proof = True
    without = GraphClient(sandbox.connection("facebook"), sandbox.url)
    proving = GraphClient(
        sandbox.connection("facebook", app_secret=sandbox.world.app_secret), sandbox.url
    )
    comment = sandbox.world.add_comment(sandbox.world.add_post("fb", "hello"), "hi")

    assert type(failure(without)) is BadRequest
    assert proving.get("me").body["id"] == sandbox.pages["facebook"]
    assert proving.post(comment, form={"is_hidden": "true"})
    assert proving.delete(comment)


def test_the_token_shows_nowhere(sandbox: GraphSandbox):
    """Neither in the logs of all libraries at DEBUG, nor in errors, nor in what is kept."""
    sandbox.world.issue_token("fb", token=CANARY)
    sandbox.tokens["facebook"] = CANARY
    post = sandbox.world.add_post("fb", "hello")
    for _ in range(2):
        sandbox.world.add_comment(post, "hi")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        shown = _use_everything(sandbox, post)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

    assert "/v26.0/me" in log.getvalue()  # the libraries did log
    assert CANARY not in log.getvalue()
    assert CANARY not in "".join(shown)


def _use_everything(sandbox: GraphSandbox, post: str) -> list[str]:
    adapter = sandbox.facebook(app_secret=sandbox.world.app_secret)
    adapter.check()
    batch = adapter.fetch_since(None)
    adapter.hide(batch.comments[0].id)
    shown = [repr(adapter), repr(batch), repr(sandbox.connection("facebook"))]
    client = GraphClient(sandbox.connection("facebook"), sandbox.url)
    answer = client.get(post, fields="comments.limit(1){id}")
    assert CANARY in answer.text  # the vendor puts it into the paging link
    shown += [raw.decode() for _, raw in client.items(answer.text, ())]
    refuse(sandbox, {"code": 190, "message": f"Malformed access token {CANARY}"})
    sandbox.world.faults.push(Fault(kind="html"))
    sandbox.world.faults.push(Fault(kind="reset"))
    for _ in range(3):
        shown += traceback.format_exception(failure(client))
    return shown
