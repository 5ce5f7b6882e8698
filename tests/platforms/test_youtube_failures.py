"""What YouTube's refusals mean, and that no secret gets out with them."""

from __future__ import annotations

import logging
import traceback

import pytest

from modbot.domain import Page
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.youtube import YouTubeAdapter
from tests.fakes import SCHOOL_DAY
from tests.platforms.nonsense import NONSENSE
from tests.platforms.youtube_channel import Channel, on_another_page, read


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (403, "quotaExceeded", RateLimited),
        (403, "dailyLimitExceeded", RateLimited),
        (403, "rateLimitExceeded", RateLimited),
        (403, "commentsDisabled", Unsupported),
        (403, "forbidden", MissingScope),
        (403, "insufficientPermissions", MissingScope),
        (403, "accessNotConfigured", MissingScope),
        (400, "processingFailure", Unreachable),
        (400, "operationNotSupported", Unsupported),
        (400, "invalidCommentMetadata", BadRequest),
        (404, "commentNotFound", CommentGone),
        (404, "channelNotFound", BadRequest),
        (500, "backendError", Unreachable),
        (503, "", Unreachable),
        (429, "", RateLimited),
    ],
)
def test_each_reason_has_its_meaning(
    channel: Channel, status: int, reason: str, kind: type[PlatformError]
) -> None:
    channel.refuses(status, reason)
    with pytest.raises(kind) as caught:
        channel.adapter().fetch_since(None)
    assert type(caught.value) is kind
    assert reason in caught.value.code


def test_a_used_up_quota_waits_for_midnight_and_asks_no_more(channel: Channel) -> None:
    comment_id = channel.write()
    adapter = channel.adapter()
    channel.refuses(403, "quotaExceeded")
    for call in (lambda: adapter.fetch_since(None), lambda: adapter.hide(comment_id)):
        with pytest.raises(RateLimited) as caught:
            call()
        assert caught.value.every_call and caught.value.retry_after_seconds > 3600
    assert channel.asked() == {}


def test_a_token_that_ends_early_is_renewed_and_the_call_made_again(channel: Channel) -> None:
    comment_id = channel.write()
    adapter = channel.adapter()
    adapter.check()
    channel.refuses(401, "authError")
    assert comment_id in read(adapter)[0]


def test_an_access_token_is_renewed_before_it_ends(channel: Channel) -> None:
    adapter = channel.adapter()
    adapter.fetch_since(None)
    channel.clock.advance(3500)
    adapter.fetch_since(None)
    paths = [call.path for call in channel.world.call_log]
    assert paths.count("/token") == 2
    assert all(call.status == 200 for call in channel.world.call_log)


def test_a_refused_refresh_token_says_what_to_do(channel: Channel) -> None:
    channel.world.expire_token(channel.token)
    with pytest.raises(AuthExpired, match="make a new refresh token"):
        channel.adapter().check()


def test_a_token_file_that_lacks_a_key_names_it() -> None:
    page = Page(id="youtube:UC1", platform="youtube", external_id="UC1", name="A school")
    connection = Connection(secrets={"client_id": "x", "token": "y"}, now=lambda: SCHOOL_DAY)
    with pytest.raises(AuthExpired, match="client_secret, refresh_token"):
        YouTubeAdapter(page, connection)


def test_the_token_of_another_channel_is_named_by_the_check(channel: Channel) -> None:
    other = channel.world.add_page("youtube", "A teacher")
    adapter = channel.adapter(refresh_token=channel.world.issue_token(other))
    with pytest.raises(MissingScope, match=other):
        adapter.check()


def test_a_scope_withheld_at_the_consent_screen_is_told(channel: Channel) -> None:
    token = channel.world.issue_token(channel.id, ["openid"])
    with pytest.raises(MissingScope, match=r"youtube\.force-ssl"):
        channel.adapter(refresh_token=token).fetch_since(None)


def test_an_unknown_channel_is_a_wrong_registration(channel: Channel) -> None:
    page = on_another_page(channel.page, "UCnobody")
    with pytest.raises(BadRequest, match="register"):
        channel.adapter(page=page).fetch_since(None)


@pytest.mark.parametrize("comment_id", ["", "a b", "../x", "a&id=b", "ü", "x" * 300])
def test_what_cannot_be_an_id_is_never_sent(channel: Channel, comment_id: str) -> None:
    adapter = channel.adapter()
    for call in (adapter.fetch_one, adapter.hide, adapter.restore):
        with pytest.raises(BadRequest):
            call(comment_id)
    assert channel.world.call_log == []


@pytest.mark.parametrize(
    ("status", "body"), [pytest.param(s, b, id=f"{s} {b[:40]!r}") for s, b in NONSENSE]
)
def test_nonsense_behind_a_good_token_is_an_error(
    channel: Channel, status: int, body: bytes
) -> None:
    comment_id = channel.write()
    adapter = channel.adapter()
    _, cursor = read(adapter)
    later = channel.write("written meanwhile")
    channel.answers(status, body, times=1000)
    calls = {
        "check": adapter.check,
        "fetch_since": lambda: adapter.fetch_since(cursor),
        "fetch_many": lambda: adapter.fetch_many([comment_id]),
        "hide": lambda: adapter.hide(comment_id),
        "hide_many": lambda: adapter.hide_many([comment_id, later]),
    }
    for name, call in calls.items():
        try:
            taken = call()
        except PlatformError:
            continue
        assert name == "hide_many" and all(taken.values()), f"{name} takes it for an answer"
    channel.world.faults.clear()
    channel.clock.advance(24 * 3600)  # a new day, whatever was said of the quota
    assert later in read(adapter, cursor)[0]


BROKEN_THREADS = [
    {"kind": "l", "items": [{"id": "Ugx1"}]},
    {"kind": "l", "items": [{"id": "Ugx1", "snippet": {}}]},
    {"kind": "l", "items": [{"id": "Ugx1", "snippet": {"topLevelComment": {"id": 7}}}]},
    {"kind": "l", "items": [{"snippet": {"topLevelComment": {"id": "x", "snippet": {}}}}]},
    {"kind": "l", "items": {"id": "Ugx1"}},
    {"kind": "l", "items": [7]},
    {"items": []},
]


@pytest.mark.parametrize("body", BROKEN_THREADS)
def test_a_list_with_a_broken_thread_is_not_used(channel: Channel, body: object) -> None:
    channel.answers(200, body)
    with pytest.raises(BadAnswer):
        channel.adapter().fetch_since(None)


def test_no_secret_is_in_any_error_or_log(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    comment_id = channel.write()
    said = []
    for status, reason in ((401, "x"), (403, "forbidden"), (500, "y")):
        channel.refuses(status, reason, match="", times=3)
        try:
            channel.adapter().hide(comment_id)
        except PlatformError:
            said.append(traceback.format_exc())
        channel.world.faults.clear()
    channel.adapter().hide(comment_id)
    texts = "\n".join([*said, *(r.getMessage() for r in caplog.records)])
    assert len(said) == 3 and "CANARY" not in texts and "ya29." not in texts
