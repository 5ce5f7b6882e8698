from __future__ import annotations

import gzip
import socket
import time
import traceback
import tracemalloc

import pytest
import requests

from modbot.errors import BadAnswer, BadRequest, PlatformError, Unreachable
from modbot.ports import calls_within
from platforms.transport import BODY_CAP_BYTES, NESTING_CAP, VendorTransport
from tests.certificate import make_certificate
from tests.hook_server import hook_server
from tests.platforms.raw_server import Conversation, RawServer, response

VENDOR = "https://graph.vendor.example/v1/things?access_token=CANARY"
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def call(
    base_url: str, *, deadline_seconds: float = 5.0, timeout_seconds: float = 2.0, **kwargs: str
) -> requests.Response:
    transport = VendorTransport(
        platform="",
        timeout_seconds=timeout_seconds,
        deadline_seconds=deadline_seconds,
        base_url=base_url,
    )
    with requests.Session() as session:
        transport.carry(session, "https://")
        return session.get(VENDOR, headers=kwargs)


def says(*parts: bytes, pause_seconds: float = 0.0) -> Conversation:
    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)

    return talk


def test_the_stand_in_gets_the_vendors_path_and_query():
    with RawServer(says(response(b"{}"))) as server:
        answer = call(f"{server.url}/proxy/")

    assert answer.json() == {}
    assert server.heads[0].startswith(b"GET /proxy/v1/things?access_token=CANARY HTTP/1.1\r\n")


def test_each_call_is_told_with_its_status_and_those_without_an_answer_too():
    told: list[tuple[str, int]] = []
    transport = VendorTransport(
        platform="",
        timeout_seconds=2,
        deadline_seconds=2,
        answered=lambda platform, status: told.append((platform, status)),
    )
    with requests.Session() as session:
        transport.carry(session, "https://")
        for answer in (response(b"{}"), response(b"", status="429 Too Many Requests")):
            with RawServer(says(answer)) as server:
                transport.base_url = server.url
                session.get(VENDOR)
        with RawServer(says(b"")) as server, pytest.raises(Unreachable):
            transport.base_url = server.url
            session.get(VENDOR)
    assert told == [("", 200), ("", 429), ("", 0)]


LEVELS = NESTING_CAP
DEEP = {
    "lists": b"[" * (LEVELS + 1),
    "objects": b'{"a":' * (LEVELS + 1),
    "after a byte order mark": b"\xef\xbb\xbf" + b"[" * (LEVELS + 1),
    "after a string with quotation marks": b'["\\"[",' + b"[" * LEVELS,
    "ten million levels": b"[" * 10_000_000,
}
FLAT = {
    "just as deep as allowed": b"[" * LEVELS + b"]" * LEVELS,
    "many beside one another": b"[" + b"{}," * 1000 + b"{}]",
    "brackets in a text": b'{"message": "' + b"[{" * 1000 + b'"}',
    "a text with quotation marks": b'{"message": "' + b'\\"[' * 1000 + b'"}',
    "a feed": b"<rss>" + b"[" * 1000 + b"</rss>",
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_an_answer_that_would_use_up_the_stack_is_refused(body):
    with RawServer(says(response(body))) as server, pytest.raises(BadAnswer, match="nested"):
        call(server.url)


@pytest.mark.parametrize("body", FLAT.values(), ids=FLAT)
def test_brackets_that_are_no_nesting_are_let_through(body):
    with RawServer(says(response(body))) as server:
        assert call(server.url).content == body


def test_a_string_without_an_end_takes_neither_time_nor_memory():
    body = b"[" + b"[]," * 101 + b'"' + b'\\"' * 4_000_000
    started = time.perf_counter()
    tracemalloc.start()
    try:
        with RawServer(says(response(body))) as server:
            assert call(server.url).content == body
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 5
    assert peak < 12 * len(body)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_an_answer_in_an_encoding_that_hides_its_depth_is_refused(encoding):
    body = ('["\u0122",' + "[" * 1000).encode(encoding)
    with RawServer(says(response(body))) as server, pytest.raises(BadAnswer, match="UTF-8"):
        call(server.url)


def test_no_header_makes_brackets_of_other_letters():
    head = "Content-Type: application/json; charset=utf-7\r\n"
    with RawServer(says(response(b"+AFs-" * 1000, headers=head))) as server:
        answer = call(server.url)
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def test_a_feed_in_utf_16_is_let_through():
    body = "<rss>á</rss>".encode("utf-16")
    with RawServer(says(response(body))) as server:
        assert call(server.url).content == body


def test_a_netrc_does_not_take_the_place_of_the_token(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(says(response(b"{}"))) as server:
        call(server.url, Authorization="Bearer CANARY")

    assert b"\r\nAuthorization: Bearer CANARY\r\n" in server.heads[0]


def test_certificates_that_the_environment_names_are_good(tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path)
    with hook_server(certificate=certificate) as server:
        transport = VendorTransport(platform="", timeout_seconds=5, deadline_seconds=5)
        address = f"https://localhost:{server.port}/"
        with requests.Session() as session, pytest.raises(Unreachable):
            transport.carry(session, "https://")
            session.post(address)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with requests.Session() as session:
            transport.carry(session, "https://")
            assert session.post(address, data=b"{}").status_code == 200


def drip(head: bytes, body: bytes) -> Conversation:
    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        for index in range(len(body)):
            connection.sendall(body[index : index + 1])
            time.sleep(0.05)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(drip(b"", OK_HEAD * 20), id="of the headers"),
        pytest.param(drip(OK_HEAD + b"Content-Length: 500\r\n\r\n", b"x" * 500), id="of the body"),
        pytest.param(
            drip(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 90),
            id="of chunks",
        ),
        pytest.param(
            drip(OK_HEAD + b"Connection: close\r\n\r\n", b"x" * 500), id="of a body without length"
        ),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(talk: Conversation):
    with RawServer(talk) as server:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            call(server.url, deadline_seconds=0.4)
        assert time.monotonic() - started < 1.5


def test_silence_ends_at_the_timeout():
    with RawServer(lambda connection: time.sleep(0.6)) as server:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            call(server.url, timeout_seconds=0.2)
        assert time.monotonic() - started < 0.55


def test_a_call_after_a_cut_one_works():
    talks = iter(
        [drip(OK_HEAD + b"Content-Length: 500\r\n\r\n", b"x" * 500), says(response(b"{}"))]
    )
    with RawServer(lambda connection: next(talks)(connection)) as server:
        transport = VendorTransport(
            platform="", timeout_seconds=2, deadline_seconds=0.3, base_url=server.url
        )
        with requests.Session() as session:
            session.mount("https://", transport)
            with pytest.raises(Unreachable):
                session.get(VENDOR)
            assert transport.last_response is None
            assert session.get(VENDOR).json() == {}
            assert transport.last_response is not None


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(
            lambda connection: [connection.sendall(b"x" * 65536) for _ in range(200)], id="garbage"
        ),
        pytest.param(says(response(b"{}")[:-1]), id="body cut short"),
        pytest.param(says(b""), id="hung up"),
        pytest.param(says(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), id="bad chunk"),
        pytest.param(
            says(response(b"not gzip", headers="Content-Encoding: gzip\r\n")), id="not gzip"
        ),
    ],
)
def test_a_broken_answer_is_unreachable(talk: Conversation):
    with RawServer(talk) as server, pytest.raises(Unreachable):
        call(server.url)


def test_nobody_listening_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(Unreachable):
        call(f"http://127.0.0.1:{port}")


def test_a_thread_keeps_the_answers_of_a_few_transports_alone():
    with RawServer(says(response(b"{}"))) as server, requests.Session() as session:
        used = [
            VendorTransport(platform="", timeout_seconds=2, deadline_seconds=2, base_url=server.url)
            for _ in range(20)
        ]
        for transport in used:
            session.mount("https://", transport)
            session.get(VENDOR)
    kept = [transport.last_response is not None for transport in used]
    assert kept[-1] and sum(kept) < 10


def test_a_body_over_the_cap_is_refused():
    body = b"x" * (BODY_CAP_BYTES + 1)
    with RawServer(says(response(body))) as server, pytest.raises(BadAnswer, match="10 MB"):
        call(server.url)


def test_a_gzip_bomb_is_refused_before_it_unfolds():
    bomb = gzip.compress(bytes(8 * BODY_CAP_BYTES))
    answer = response(bomb, headers="Content-Encoding: gzip\r\n")
    with RawServer(says(answer)) as server:
        tracemalloc.start()
        with pytest.raises(BadAnswer):
            call(server.url, deadline_seconds=30)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak_bytes < 3 * BODY_CAP_BYTES


def test_a_redirect_is_not_followed():
    answer = response(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n")
    with RawServer(says(answer)) as server:
        with pytest.raises(BadAnswer, match="redirects"):
            call(server.url)
        assert len(server.heads) == 1


def test_a_proxy_in_the_environment_is_not_used():
    transport = VendorTransport(platform="", timeout_seconds=2, deadline_seconds=2)
    with RawServer(says(response(b"{}"))) as server, requests.Session() as session:
        transport.base_url = server.url
        session.mount("https://", transport)
        session.proxies = {"http": "http://127.0.0.1:1", "https": "http://127.0.0.1:1"}
        assert session.get(VENDOR).json() == {}


def test_no_error_shows_the_address_or_a_header():
    def error_text(**headers: str) -> str:
        with RawServer(says(b"")) as server, pytest.raises(PlatformError) as caught:
            call(server.url, **headers)
        return "".join(traceback.format_exception(caught.value))

    assert "CANARY" not in error_text()
    assert "127.0.0.1" not in error_text()


def test_a_header_that_cannot_be_sent_is_our_bug_and_not_shown():
    def break_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = "Bearer CANARY\n"
        return request

    transport = VendorTransport(platform="", timeout_seconds=2, deadline_seconds=2)
    with RawServer(says(response(b"{}"))) as server, requests.Session() as session:
        transport.base_url = server.url
        session.mount("https://", transport)
        with pytest.raises(BadRequest) as caught:
            session.get(VENDOR.partition("?")[0], auth=break_header)
    assert "CANARY" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("host", ["graph.example", "10.0.0.7", "127.0.0.1.example"])
def test_nothing_is_sent_in_clear_to_another_machine(host: str):
    with pytest.raises(BadRequest, match="https"):
        call(f"http://{host}/")


def test_a_round_that_has_had_its_time_makes_no_further_call():
    with RawServer(says(response(b"{}"))) as server:
        with calls_within(0), pytest.raises(Unreachable, match="the time for this round is over"):
            call(server.url)
        assert server.heads == []
        assert call(server.url).json() == {}, "the next round has its own"


def test_a_call_at_the_end_of_a_round_is_cut_there():
    body = b"x" * 200
    with RawServer(drip(OK_HEAD + b"Content-Length: 200\r\n\r\n", body)) as server:
        began = time.monotonic()
        with calls_within(60), calls_within(0.4), calls_within(60), pytest.raises(Unreachable):
            call(server.url, deadline_seconds=8.0, timeout_seconds=2.0)
    assert time.monotonic() - began < 4
