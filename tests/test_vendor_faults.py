"""A vendor whose answers are broken costs no comment, moves no cursor and rings once."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlmodel import col, select

import platforms
from modbot import store
from modbot.alerts import Alert, Alerter
from modbot.domain import Mode, Page
from modbot.service import Service
from modbot.tables import CommentRow, DecisionRow, PageRow
from tests.certificate import make_certificate
from tests.databases import new_database
from tests.line import register
from tests.platforms.graph_sandbox import GraphSandbox, graph_sandbox
from tests.platforms.raw_server import Conversation, RawServer, response
from tests.running import config_on, shipped_judge

JSON = "Content-Type: application/json\r\n"
HEAD = f"HTTP/1.1 200 OK\r\n{JSON}".encode()
LATE_AFTER = 5  # failures in a row


def _says(data: bytes) -> Conversation:
    return lambda connection: connection.sendall(data)


def _drips(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 5000\r\n\r\n")
    while True:  # until the other side hangs up
        connection.sendall(b" ")
        time.sleep(0.05)


def _never_ends(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n[")
    while True:
        connection.sendall(b" " * 65536)


def _resets(connection: socket.socket) -> None:
    connection.sendall(HEAD + b'Content-Length: 5000\r\n\r\n{"data": [')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


BROKEN = {
    "reset amid the body": _resets,
    "a slow drip": _drips,
    "garbage": _says(b"\0\xff\xfe garbage" * 5000),
    "half of the headers": _says(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "an endless body": _never_ends,
    "more than its length": _says(
        response(b"{}", headers=JSON).replace(b"Length: 2", b"Length: 1")
    ),
    "less than its length": _says(
        response(b"{}", headers=JSON).replace(b"Length: 2", b"Length: 9")
    ),
    "HTML with status 200": _says(response(b"<html>Sorry</html>", headers=JSON)),
    "nothing": _says(response(b"", headers=JSON)),
    "JSON cut short": _says(response(b'{"data": [{"id": "1", "comm', headers=JSON)),
    "a list for an object": _says(response(b"[]", headers=JSON)),
    "wrong types": _says(response(b'{"data": {"id": 7, "comments": "none"}}', headers=JSON)),
    "null for everything": _says(response(b'{"data": [null, {"id": null}]}', headers=JSON)),
    "very deep": _says(response(b'{"data": ' + b"[" * 200_000, headers=JSON)),
    "status 503": _says(response(b"", status="503 Service Unavailable")),
}


class Line:
    """A page whose vendor is asked through a server that breaks its answers while told to."""

    def __init__(self, sandbox: GraphSandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.broken: Conversation | None = None
        self.server = RawServer(self._talk)
        self.alerts: list[Alert] = []
        config = config_on(folder)
        http = config.settings.http.model_copy(
            update={"timeout_seconds": 3.0, "deadline_seconds": 3.0}
        )
        settings = config.settings.model_copy(update={"http": http})
        self.service = Service(
            replace(config, settings=settings),
            new_database(folder / "modbot.db"),
            shipped_judge(),
            clock=sandbox.clock,
            environ={"TOKEN": sandbox.tokens["facebook"]},
            alerter=Alerter((self.alerts.append,)),
            adapters=platforms.ADAPTERS,
        )
        self.page = self.register()
        self.lead_to(self.server.url)
        self.post = sandbox.world.add_post("fb", "Doors open at 10:15 today")

    def register(self) -> Page:
        page = replace(self.sandbox.page("facebook"), token_ref="env:TOKEN", mode=Mode.ENFORCE)
        with self.service.database.write() as s:
            register(s, page, self.sandbox.clock)
        return page

    def lead_to(self, base_url: str) -> None:
        """From now on the page's vendor is asked there."""
        with self.service.database.write() as s:
            s.get_one(PageRow, self.page.id).base_url = base_url

    def _talk(self, connection: socket.socket) -> None:
        if self.broken is not None:
            self.broken(connection)
            return
        address = urlsplit(self.sandbox.url)
        head = self.server.heads[-1].replace(b"keep-alive", b"close")
        with socket.create_connection((address.hostname, address.port)) as vendor:
            vendor.sendall(head)
            answer = b"".join(iter(lambda: vendor.recv(65536), b""))
        # Told, or the next call may go to a connection that is just being closed.
        connection.sendall(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    def poll(self) -> str:
        """The error of a poll, made when the page is due again."""
        self.sandbox.clock.advance(3600)
        return self.service.poll_page(self.page.id).error

    def cursor(self) -> str | None:
        with self.service.database.read() as s:
            return store.page_state(s, self.page.id).cursor

    def decided(self) -> list[str]:
        """The comments that have a decision, once for each."""
        with self.service.database.read() as s:
            query = select(CommentRow.comment_id).join(
                DecisionRow, col(DecisionRow.comment_row) == col(CommentRow.id)
            )
            return sorted(s.exec(query))


@contextmanager
def line_to(folder: Path) -> Iterator[Line]:
    with graph_sandbox() as sandbox:
        line = Line(sandbox, folder)
        with line.server, closing(line.service):
            yield line


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with line_to(tmp_path) as line:
        yield line


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_nothing_is_lost_to_a_broken_answer(line: Line, broken: Conversation) -> None:
    first = line.sandbox.world.add_comment(line.post, "Thank you")
    assert line.poll() == ""
    stood = line.cursor()
    second = line.sandbox.world.add_comment(line.post, "Which door?")

    line.broken = broken
    assert line.poll() != ""
    assert (line.cursor(), line.decided()) == (stood, [first])

    line.broken = None
    assert line.poll() == ""
    assert line.decided() == sorted([first, second])


def test_a_vendor_that_stays_broken_rings_once(line: Line) -> None:
    line.broken = BROKEN["garbage"]
    for _ in range(LATE_AFTER + 3):
        assert line.poll() != ""
    assert [alert.kind for alert in line.alerts] == ["poll_late"]


def test_a_certificate_that_nobody_vouches_for_is_a_failed_poll_and_sends_no_token(
    line: Line, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line.lead_to(f"https://127.0.0.1:{listener.getsockname()[1]}")
        listener.settimeout(5)
        secure = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
        with secure:

            def serve() -> None:
                try:
                    connection, _ = secure.accept()
                    with connection:
                        heard.append(connection.recv(4096))
                except OSError:
                    heard.append(b"")

            thread = threading.Thread(target=serve)
            thread.start()
            assert line.poll().startswith("Unreachable")
            thread.join(6)
    assert heard == [b""]


def test_clear_text_where_tls_is_expected_is_a_failed_poll(line: Line) -> None:
    line.lead_to(line.server.url.replace("http://", "https://"))
    assert line.poll().startswith("Unreachable")


def test_a_name_that_the_resolver_does_not_find_costs_no_comment(line: Line) -> None:
    first = line.sandbox.world.add_comment(line.post, "Thank you")
    assert line.poll() == ""
    stood = line.cursor()
    second = line.sandbox.world.add_comment(line.post, "Which door?")

    line.lead_to("https://graph.vendor.invalid")
    assert line.poll().startswith("Unreachable")
    assert (line.cursor(), line.decided()) == (stood, [first])

    line.lead_to(line.server.url)
    assert line.poll() == ""
    assert line.decided() == sorted([first, second])
