"""What the X adapter makes of failures, and that none of them shows a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from modbot.budget import Budgets
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    MissingScope,
    PlatformError,
    QuotaSpent,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.sandbox.faults import Fault, RateLimit
from platforms.sandbox.x import credits_depleted, usage_capped
from platforms.x import XAdapter
from tests.platforms.x_district import CANARY, District


def problem(kind: str, title: str = "Forbidden") -> dict[str, str]:
    return {"title": title, "type": f"https://api.x.com/2/problems/{kind}"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(400, {"title": "Invalid Request"}, BadRequest, id="400"),
        pytest.param(401, {"title": "Unauthorized"}, AuthExpired, id="401"),
        pytest.param(402, problem("credits-depleted"), QuotaSpent, id="402"),
        pytest.param(402, b"", QuotaSpent, id="402 empty"),
        pytest.param(403, {"type": "about:blank"}, MissingScope, id="403"),
        pytest.param(403, problem("client-forbidden"), MissingScope, id="403 client"),
        pytest.param(403, problem("not-authorized-for-resource"), Unsupported, id="403 resource"),
        pytest.param(429, problem("usage-capped"), QuotaSpent, id="429 capped"),
        pytest.param(429, {"errors": [{"code": 88}]}, RateLimited, id="429"),
        pytest.param(429, b"<html>", RateLimited, id="429 HTML"),
        pytest.param(500, {"title": "Internal"}, Unreachable, id="500"),
        pytest.param(503, b"<html>over capacity</html>", Unreachable, id="503 HTML"),
        pytest.param(503, [], BadAnswer, id="503 list"),
        pytest.param(500, {"errors": None}, BadAnswer, id="500 null errors"),
        pytest.param(404, {"title": "Not Found"}, BadRequest, id="404"),
        pytest.param(418, {}, BadRequest, id="418"),
    ],
)
def test_error_statuses_become_the_services_errors(
    district: District, status: int, body: object, error: type[PlatformError]
) -> None:
    district.answers(body, status=status)
    with pytest.raises(error):
        district.adapter().fetch_since(None)


def test_the_published_402_and_usage_cap_stop_reads_and_writes(district: District) -> None:
    reply, adapter = district.reply(), district.adapter()
    for fault in (credits_depleted(times=2), usage_capped(times=2)):
        district.world.faults.push(fault)
        with pytest.raises(QuotaSpent):
            adapter.fetch_since(None)
        with pytest.raises(QuotaSpent):
            adapter.hide(reply)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda a, reply: a.fetch_since(None), id="read"),
        pytest.param(lambda a, reply: a.hide(reply), id="hide"),
    ],
)
def test_a_spent_rate_budget_says_how_long_to_wait(
    district: District, call: Callable[[XAdapter, str], object]
) -> None:
    reply, adapter = district.reply(), district.adapter()
    for what in ("mentions", "hidden"):
        district.world.limits[f"x:{what}"] = RateLimit(calls=1, window_seconds=900)
    call(adapter, reply)
    district.clock.advance(600)
    with pytest.raises(RateLimited) as caught:
        call(adapter, reply)
    assert caught.value.retry_after_seconds == 300
    district.clock.advance(301)
    call(adapter, reply)


@pytest.mark.parametrize("written", ["9" * 400, "-5"])
def test_rate_headers_that_make_no_sense_stop_nothing(district: District, written: str) -> None:
    reply, adapter = district.reply(), district.adapter()
    headers = {f"x-rate-limit-{n}": written for n in ("limit", "remaining", "reset")}
    body = json.dumps({"meta": {"result_count": 0}}).encode()
    district.world.faults.push(Fault(kind="status", headers=headers, body=body))
    assert not adapter.fetch_since(None).usage
    district.world.faults.push(Fault(kind="status", status=429, headers=headers, body=b"{}"))
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert 1 <= caught.value.retry_after_seconds <= 900
    adapter.hide(reply)


def test_a_rate_limit_without_a_reset_time_waits_a_window(district: District) -> None:
    district.answers({}, status=429)
    with pytest.raises(RateLimited) as caught:
        district.adapter().fetch_since(None)
    assert caught.value.retry_after_seconds == 900


GOOD = {
    "id": "5",
    "text": "x",
    "author_id": "7",
    "conversation_id": "5",
    "created_at": "2026-09-09T12:00:00.000Z",
}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!DOCTYPE html><p>hello", id="HTML"),
        pytest.param(b'{"data": [{"id": "1", "te', id="truncated"),
        pytest.param(b'{"data": [{"id": "1"}]} trailing', id="trailing"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param([], id="a list"),
        pytest.param(7, id="a number"),
        pytest.param(None, id="null"),
        pytest.param({"data": [7]}, id="item a number"),
        pytest.param({"data": [GOOD, None]}, id="item null"),
        pytest.param({"data": [{**GOOD, "text": None}]}, id="text null"),
        pytest.param({"data": [{**GOOD, "id": 5}]}, id="id a number"),
        pytest.param({"data": [{**GOOD, "id": "../x"}]}, id="id a path"),
        pytest.param({"data": [{**GOOD, "created_at": "2026-09-09"}]}, id="time without zone"),
        pytest.param({"data": [{**GOOD, "created_at": 5}]}, id="time a number"),
        pytest.param({"data": [{**GOOD, "author_id": None}]}, id="no author"),
        pytest.param({"data": [{**GOOD, "note_tweet": "x"}]}, id="note a text"),
        pytest.param({"data": [{**GOOD, "referenced_tweets": [{}]}]}, id="empty reference"),
        pytest.param({"errors": 5}, id="errors a number"),
        pytest.param({"meta": 5}, id="meta a number"),
        pytest.param({"errors": [problem("internal-error")]}, id="partial"),
        pytest.param({"errors": [problem("news-to-us")]}, id="an error alone"),
        pytest.param({}, id="nothing"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused_whole(district: District, body: object) -> None:
    adapter = district.adapter()
    reply = district.reply()
    district.answers(body)
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)
    assert [c.id for c in adapter.fetch_since(None).comments] == [reply]


def test_a_failure_on_a_later_page_gives_nothing_and_the_next_poll_gives_all(
    district: District,
) -> None:
    written = [district.reply(str(n)) for n in range(150)]
    adapter = district.adapter()
    district.world.faults.push(
        Fault(kind="truncated", match=lambda request: "pagination_token" in request.query)
    )
    with pytest.raises(BadAnswer):
        adapter.fetch_since(None)
    assert [c.id for c in adapter.fetch_since(None).comments] == written


def test_a_cut_connection_is_unreachable(district: District) -> None:
    district.world.faults.push(Fault(kind="reset"))
    with pytest.raises(Unreachable):
        district.adapter().fetch_since(None)


class _Unusable:
    """A ledger whose database takes no counts."""

    def take(self, key: str, counter: str, amount: int) -> int:
        if amount == 0:  # only asks
            return 0
        raise TypeError("no such statement")

    def standing(self, key: str) -> dict[str, object]:
        return {}

    def keep(self, key: str, standing: object) -> None: ...


def test_a_fault_of_the_budget_is_not_taken_for_an_answer_of_x(district: District) -> None:
    connection = Connection(
        secrets={"token": district.token},
        now=district.clock.now,
        budgets=Budgets(district.clock.now, _Unusable()),
    )
    district.reply()
    with pytest.raises(TypeError, match="no such statement"):
        XAdapter(district.page, connection).fetch_since(None)


def test_data_null_is_an_empty_listing(district: District) -> None:
    district.answers({"data": None, "meta": {"result_count": 0}})
    assert district.adapter().fetch_since(None).comments == ()


# Secrets


def test_no_secret_and_no_comment_reaches_a_log_even_at_debug(district: District) -> None:
    lines: list[str] = []

    class Ears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    ears, root = Ears(logging.DEBUG), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(ears)
    try:
        reply = district.reply("a very private remark")
        keys = {"consumer_secret": "CANARYcs", "access_token_secret": "CANARYts"}
        token = district.world.issue_token(district.account, kind="oauth1", token="CANARYat")
        for adapter in (
            district.adapter(),
            district.adapter(consumer_key="CANARYck", access_token=token, **keys),
        ):
            adapter.fetch_since(None)
            adapter.hide(reply)
            for title in ("Unauthorized", f"no {CANARY}", "CANARYts CANARYck CANARYcs CANARYat"):
                kind = f"https://api.twitter.com/2/problems/{title}"
                district.answers({"title": title, "type": kind}, status=401)
                with pytest.raises(AuthExpired) as caught:
                    adapter.check()
                assert caught.value.__cause__ is None
                known = adapter._connection.secrets.values()
                said = f"{caught.value!r} {caught.value.code}"
                assert not [secret for secret in known if secret in said]
        assert "CANARY" not in repr(district.adapter()._connection)
    finally:
        root.removeHandler(ears)
        for logger, level in levels:
            logger.setLevel(level)
    assert any("urllib3" in line or "HTTP/1.1" in line for line in lines)
    assert [line for line in lines if "CANARY" in line or "private remark" in line] == []
