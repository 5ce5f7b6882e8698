"""Logs: one event a line, with no secret and no comment text in it."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from modbot import logs
from modbot.errors import BadConfig

CANARY = "EAABsbCS1iHgBAKZCZBexampletoken"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = ("urllib3", "tweepy", "uvicorn.error", "facebook", "uvicorn")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:], root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level="debug", format="json", stream=stream)
    return stream


def events(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_time_level_and_name(out: io.StringIO) -> None:
    structlog.get_logger("modbot.pipeline").info("polled", page="facebook:1", new=3, late=None)
    (event,) = events(out)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "polled",
        "page": "facebook:1",
        "new": 3,
        "late": None,
        "level": "info",
        "logger": "modbot.pipeline",
    }


@pytest.mark.parametrize(
    "key", ["token", "Authorization", "access_token", "app_secret", "password", "text", "post_text"]
)
def test_the_values_of_telling_keys_are_withheld_at_any_depth(out: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "canary"}, deep=[{"a": {key: "canary"}}])
    assert "canary" not in out.getvalue()
    (event,) = events(out)
    assert event[key] == logs.WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("GET /v26.0/1?fields=a&access_token=canary&limit=5", id="in an address"),
        pytest.param("appsecret_proof=canary", id="proof"),
        pytest.param('{"access_token": "canary"}', id="JSON"),
        pytest.param("{'token': 'canary'}", id="a dict's repr"),
        pytest.param("Authorization: Bearer canarycanary", id="bearer"),
        pytest.param("Basic Y2FuYXJ5canary==", id="basic"),
        pytest.param('OAuth oauth_token="canary", oauth_signature="canary"', id="OAuth 1"),
        pytest.param("https://ada:canary@example.org/", id="user in an address"),
        pytest.param("client_secret=canary fb_exchange_token=canary", id="exchange"),
        pytest.param("EAABcanary0123456789canary", id="a bare vendor token"),
        pytest.param("password: canary", id="password"),
    ],
)
def test_secrets_inside_texts_are_withheld(out: io.StringIO, text: str) -> None:
    structlog.get_logger().info(text, detail=text, several=[text], error=ValueError(text))
    logging.getLogger("some.library").error("failed: %s", text)
    assert "canary" not in out.getvalue()
    assert len(events(out)) == 2


def test_ordinary_words_are_not_withheld(out: io.StringIO) -> None:
    said = "token refused for facebook:1; basic rules; see env:FB_TOKEN and 3 secrets"
    structlog.get_logger().info("x", detail=said)
    assert events(out)[0]["detail"] == said


HOSTILE = "a\nb\r\x1b[31m\x00\x85\x9b\u202e\u2028\ud800\u200f\x7f"


@pytest.mark.parametrize("format", ["json", "console"])
def test_one_event_stays_one_line_whatever_is_in_it(format: Any) -> None:
    out = io.StringIO()
    logs.configure(level="info", format=format, stream=out)
    structlog.get_logger().info(HOSTILE, page=HOSTILE, keyed={HOSTILE: HOSTILE})
    logging.getLogger("library").warning("%s", HOSTILE)
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        pytest.param(ValueError("a comment"), "ValueError", id="unknown: its class alone"),
        pytest.param(BadConfig("is wrong", file="f"), "BadConfig: f: is wrong", id="ours"),
        pytest.param(OSError(28, "No space left"), "OSError: No space left", id="system"),
        pytest.param(
            IntegrityError("INSERT", {"text": "a comment"}, sqlite3.IntegrityError("UNIQUE")),
            "IntegrityError: UNIQUE",
            id="database: without the parameters",
        ),
    ],
)
def test_an_exception_shows_where_it_happened_and_no_comment(
    out: io.StringIO, error: Exception, shown: str
) -> None:
    for log in (structlog.get_logger("a"), logging.getLogger("b")):
        try:
            raise error
        except Exception:
            log.exception("job_failed")
    assert "a comment" not in out.getvalue()
    for event in events(out):
        assert event["error"] == shown
        assert event["error_at"][0].startswith("test_logs.py:")


@pytest.mark.parametrize("library", ["urllib3", "urllib3.connectionpool", "tweepy.client"])
def test_debug_records_of_the_vendors_clients_are_silenced(out: io.StringIO, library: str) -> None:
    logging.getLogger(library).debug("GET /me?x=%s", CANARY)
    logging.getLogger(library).warning("retrying")
    assert [e["event"] for e in events(out)] == ["retrying"]


def test_the_level_is_the_least_that_is_shown() -> None:
    out = io.StringIO()
    logs.configure(level="warning", stream=out)
    structlog.get_logger().info("small")
    logging.getLogger("library").info("small")
    structlog.get_logger().warning("large")
    assert [e["event"] for e in events(out)] == ["large"]


def test_a_crash_leaves_its_place_and_not_its_text(out: io.StringIO) -> None:
    try:
        raise KeyError("a comment")
    except KeyError as error:
        logs.log_crash(error)
    (event,) = events(out)
    assert (event["event"], event["error"]) == ("crashed", "KeyError")
    assert event["error_at"]
