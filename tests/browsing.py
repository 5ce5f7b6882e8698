"""A look at the pages of a running service: by an administrator who comes in through the district's
sign-in provider, and by a stranger."""

from __future__ import annotations

import html
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import requests

from modbot.people.tokens import form_token

SESSION = "modbot"  # the cookie, where nothing is served by https
PATIENCE_SECONDS = 60.0


def come_in(address: str) -> requests.Session:
    """A browser that went to the provider, came back, and is signed in."""
    browser = requests.Session()
    browser.headers["accept-language"] = "en"
    answer = browser.get(f"{address}/oidc/district", timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200 and "/sign-in" not in answer.url, answer.url
    return browser


def look_around(browser: requests.Session, address: str, database: Path) -> Iterator[Seen]:
    """The screens that show what was read, told and refused, and error pages, by their names."""
    for path in ("/", "/queue", "/log", "/log/days", "/decisions/1", "/alerts", "/people", "/me"):
        yield _seen(f"screen {path}", browser.get(address + path, timeout=PATIENCE_SECONDS), 200)
    for page, trouble in _troubles(database):
        path = f"/pages/{quote(page)}"
        answer = browser.get(address + path, timeout=PATIENCE_SECONDS)
        assert f"<code><bdi>{html.escape(trouble.partition(':')[0])}" in answer.text or not trouble
        yield _seen(f"screen {path}", answer, 200)
    for path, status in (
        ("/no/such/page", 404),
        ("/log?page=%00", 400),
        ("/decisions/999999", 404),
    ):
        answer = browser.get(address + path, timeout=PATIENCE_SECONDS)
        yield _seen(f"error page {path}", answer, status)
    form = {"csrf": form_token(browser.cookies[SESSION])}
    answer = browser.post(f"{address}/log.csv", data=form, timeout=PATIENCE_SECONDS)
    yield _seen("screen log.csv", answer, 200)
    yield _while_locked(browser, address, database)


def _troubles(database: Path) -> list[tuple[str, str]]:
    """Each page with the error of its last poll, if that failed."""
    query = "SELECT page_id, CASE WHEN failures > 0 THEN last_error ELSE '' END FROM page_state"
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(query).fetchall()
    assert sum(1 for _, trouble in found if trouble) >= 3, found
    return found


def _while_locked(browser: requests.Session, address: str, database: Path) -> Seen:
    """What a change meets while another program holds the database: an error with a number."""
    form = {"csrf": form_token(browser.cookies[SESSION]), "theme": "dark"}
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        answer = browser.post(f"{address}/me", data=form, timeout=PATIENCE_SECONDS)
        connection.execute("ROLLBACK")
    return _seen("error page while the database is locked", answer, 503)


def as_a_stranger(address: str, token: str) -> Iterator[Seen]:
    """Probes, metrics with and without their token, and what somebody tries who is nobody."""
    bearer = {"authorization": f"Bearer {token}"}
    for name, path, headers, status in (
        ("/livez", "/livez", {}, 200),
        ("/readyz", "/readyz", {}, 200),
        ("/metrics", "/metrics", {}, 401),
        ("metrics with token", "/metrics", bearer, 200),
        ("token where it does not belong", "/log", bearer, 303),
        ("decision of a stranger", "/decisions/1", {}, 303),
        ("foreign host", "/", {"host": "evil.example"}, 400),
        ("sign-in", "/sign-in", {}, 200),
    ):
        answer = requests.get(
            address + path, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False
        )
        yield _seen(f"page {name}", answer, status)


Seen = tuple[str, bytes]  # its name; head and body


def _seen(name: str, answer: requests.Response, status: int) -> Seen:
    assert answer.status_code == status, (name, answer.status_code, answer.text[-600:])
    return name, repr(answer.headers).encode() + answer.content
