"""Host names, headers, hostile addresses and hostile text."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from modbot.domain import Page
from modbot.store import Database
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, open_school, record, register, swearing
from tests.web.serving import served

HOSTILE = [
    pytest.param("<script>alert(1)</script>", "&lt;script&gt;alert(1)", id="script"),
    pytest.param('"><img src=x onerror=alert(1)>', "&#34;&gt;&lt;img", id="attribute"),
    pytest.param("{{ 7*7 }}{% include 'x' %}", "{{ 7*7 }}{% include", id="template"),
    pytest.param("%(id)s %s", "%(id)s %s", id="format"),
    pytest.param("a\u202egnp.exe", "U+202E", id="right-to-left override"),
    pytest.param("\x1b[2J\x1b[31m", "U+001B", id="terminal escape"),
    pytest.param("nul\x00nul", "nul\\u0000nul", id="NUL"),
    pytest.param("lone \ud800", "lone \\ud800", id="lone surrogate"),
    pytest.param("</blockquote></table>", "&lt;/blockquote&gt;", id="closing tags"),
    pytest.param("&lt;b&gt;", "&amp;lt;b&amp;gt;", id="entities"),
    pytest.param("javascript:alert(1)", "javascript:alert(1)", id="address"),
    pytest.param("=cmd|' /C calc'!A0", "=cmd|&#39; /C calc", id="formula"),
]


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A log that holds every hostile text, as comment and as author."""
    service = open_school(tmp_path_factory.mktemp("hostile"))
    for number, param in enumerate(HOSTILE):
        hostile = str(param.values[0])
        told = f"frick {hostile}"
        record(service, [(told, swearing(told, "frick"))], author=hostile, prefix=f"h{number}-")
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


@pytest.mark.parametrize(("hostile", "shown"), HOSTILE)
def test_hostile_text_is_shown_as_text(hostile: str, shown: str, hostile_site: Site) -> None:
    number = [param.values[0] for param in HOSTILE].index(hostile) + 1
    for path in ("/log", f"/decisions/{number}"):
        answer = hostile_site.get(path)
        assert answer.status_code == 200
        assert shown in answer.text
        assert "<script>alert" not in answer.text and "<img" not in answer.text
        assert "\x1b" not in answer.text and "\u202e" not in answer.text


@pytest.mark.parametrize("name", ["page", "category", "verdict", "before", "after", "unknown"])
@pytest.mark.parametrize(
    "value",
    [
        "abc",
        "-1",
        "0",
        "9" * 30,
        "1e9",
        "%00",
        "%ff%fe",
        "%0d%0aX-Injected:1",
        "'; drop table",
        "1%20",
        "٣",
    ],
)
@pytest.mark.parametrize("path", ["/log", "/newest"])
def test_a_hostile_query_is_refused_or_ignored(
    path: str, name: str, value: str, shared_site: Site
) -> None:
    answer = shared_site.get(f"{path}?{name}={value}")
    assert answer.status_code == (200 if name == "unknown" else 400)
    assert "x-injected" not in answer.headers
    assert "Traceback" not in answer.text and "sqlite" not in answer.text.lower()


def test_before_and_after_together_are_refused(site: Site) -> None:
    assert site.get("/log?before=3&after=1").status_code == 400


def test_a_page_whose_id_needs_quoting_can_be_chosen(tmp_path: Path) -> None:
    service = open_school(tmp_path)
    odd = Page(
        id="wordpress:https://lps.test/?a=1&b=é",
        platform="wordpress",
        external_id="o",
        name="Ünïcode & <b>",
    )
    with service.database.write() as session:
        register(session, odd)
    record(service, [("there", ALLOWED)], page=odd)
    with served(service) as address:
        html = (
            Site(address=address, service=service).get(f"/log?page={quote(odd.id, safe='')}").text
        )
    service.database.close()
    assert "there" in html and "Ünïcode &amp; &lt;b&gt;" in html


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for the many small requests that change nothing."""
    service = open_school(tmp_path_factory.mktemp("school"))
    record(service, [("hello", ALLOWED)])
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


@pytest.mark.parametrize(
    "path", ["/log", "/decisions/1", "/nowhere", "/livez", "/static/app.css", "/log?before=x"]
)
def test_every_answer_carries_the_security_headers(path: str, shared_site: Site) -> None:
    headers = shared_site.get(path).headers
    # ASVS 3.4.3: nothing but our own files, and no word of what runs or is framed is left open.
    assert headers["content-security-policy"].split("; ") == [
        *("default-src 'none'", "object-src 'none'", "script-src 'self'", "style-src 'self'"),
        *("img-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'"),
        "frame-ancestors 'none'",
    ]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_are_not_kept_by_browsers_and_static_files_are(shared_site: Site) -> None:
    assert shared_site.get("/log").headers["cache-control"] == "no-store"
    assert "immutable" in shared_site.get("/static/app.css").headers["cache-control"]
    assert shared_site.get("/static/nothing.css").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"]
)
def test_static_files_are_only_those(path: str, shared_site: Site) -> None:
    assert shared_site.get(path).status_code in (404, 405)


def raw_status(address: str, *headers: tuple[str, str], method: str = "GET") -> int:
    """The status for exactly these headers; http.client adds none."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.putrequest(method, "/livez", skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:80", 400),
        ("evil.example#localhost", 400),
        ("", 400),
        ("[::1", 400),
    ],
)
def test_only_known_host_names_are_answered(host: str, status: int, shared_site: Site) -> None:
    assert raw_status(shared_site.address, ("Host", host)) == status


def test_two_host_headers_are_refused(shared_site: Site) -> None:
    assert raw_status(shared_site.address, ("Host", "localhost"), ("Host", "evil.example")) == 400


def test_the_configured_names_are_answered(tmp_path: Path) -> None:
    service = open_school(tmp_path, web={"host": "10.1.2.3", "allowed_hosts": ["modbot.lps.test"]})
    with served(service) as address:
        assert raw_status(address, ("Host", "modbot.lps.test")) == 200
        assert raw_status(address, ("Host", "10.1.2.3:8080")) == 200
        assert raw_status(address, ("Host", "other.lps.test")) == 400
    service.database.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(method: str, shared_site: Site) -> None:
    host = ("Host", "localhost")
    assert raw_status(shared_site.address, host, ("Content-Length", "0"), method=method) == 405


def test_head_is_answered_as_get(shared_site: Site) -> None:
    assert raw_status(shared_site.address, ("Host", "localhost"), method="HEAD") == 200


def break_schema(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(text("ALTER TABLE page RENAME TO lost"))


def test_a_broken_database_is_a_plain_page_and_a_log_line_without_its_text(
    service: FakeService, site: Site
) -> None:
    record(service, [("secret words", ALLOWED)])
    break_schema(service.database)
    with capture_logs() as logs:
        answer = site.get("/log")
    assert answer.status_code == 503
    assert "The database does not answer right now" in answer.text
    assert "no such table" not in answer.text and "SELECT" not in answer.text
    assert logs[0]["incident"] in answer.text
    assert "secret" not in str(logs) and "SELECT" not in str(logs)


def test_a_fault_of_ours_is_a_plain_page_with_a_number(service: FakeService, site: Site) -> None:
    record(service, [("hello", ALLOWED)])
    with service.database.write() as session:
        session.connection().execute(text("DROP TRIGGER IF EXISTS decision_no_update"))
    service.clock.now = lambda: None  # type: ignore[assignment,method-assign,return-value]
    with capture_logs() as logs:
        answer = site.get("/log")
    assert answer.status_code == 500
    assert "TypeError" not in answer.text
    assert logs[0]["error"] == "TypeError" and logs[0]["incident"] in answer.text
