"""A large file over a bad line: resumed, never mixed up, and given up with one clear line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from modbot.download import Patience, check_address, download
from modbot.errors import ModelUnusable
from tests.file_server import breaks_after, says, serving
from tests.platforms.loopback import Reply
from tests.platforms.raw_server import RawServer

WHOLE = bytes(range(256)) * 2_000  # half a megabyte
IMPATIENT = Patience(timeout_seconds=2, tries=2, pause_seconds=0)


def fetched(url: str, part: Path, *, patience: Patience = IMPATIENT, cap: int = 10**6) -> bytes:
    download(url, part, cap_bytes=cap, progress=lambda _done, _total: None, patience=patience)
    return part.read_bytes()


def test_a_file_comes_whole_and_says_how_far_it_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with serving({"/x": WHOLE}) as server:
        download(
            f"{server.url}/x",
            tmp_path / "x",
            cap_bytes=10**6,
            progress=lambda done, total: seen.append((done, total)),
        )
    assert (tmp_path / "x").read_bytes() == WHOLE
    assert seen[0] == (0, len(WHOLE))
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert seen == sorted(seen)


def test_after_a_broken_connection_only_the_rest_is_asked_for(tmp_path: Path) -> None:
    with serving({"/x": WHOLE}, breaks_after(300_000), breaks_after(100_000)) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE
        assert [wanted for _, wanted in server.asked] == ["", "bytes=300000-", "bytes=400000-"]


def test_what_an_earlier_command_left_is_not_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(WHOLE[:1000])
    with serving({"/x": WHOLE}) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE
        assert server.asked == [("/x", "bytes=1000-")]


def test_a_part_that_is_whole_already_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(WHOLE)
    with serving({"/x": WHOLE}) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(WHOLE + b"more")
    with serving({"/x": WHOLE}) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE


def test_a_server_without_ranges_sends_it_all_again(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"?" * 1000)
    with serving({"/x": WHOLE}, ranges=False) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE


def test_a_range_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(WHOLE[:1000])
    wrong = says(206, Content_Range=f"bytes 900-{len(WHOLE) - 1}/{len(WHOLE)}")
    with (
        serving({"/x": WHOLE}, wrong) as server,
        pytest.raises(ModelUnusable, match="another range"),
    ):
        fetched(f"{server.url}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == WHOLE[:1000]


def test_a_redirect_is_followed_and_the_range_with_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(WHOLE[:1000])
    with serving({"/x": WHOLE, "/y": WHOLE}, says(302, Location="/y")) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE
        assert server.asked == [("/x", "bytes=1000-"), ("/y", "bytes=1000-")]


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    with serving({"/x": WHOLE}, says(503)) as server:
        assert fetched(f"{server.url}/x", tmp_path / "x") == WHOLE


def test_waits_grow_and_end(tmp_path: Path) -> None:
    waited: list[float] = []
    with serving({"/x": WHOLE}, *[says(503)] * 9) as server, pytest.raises(ModelUnusable):
        download(
            f"{server.url}/x",
            tmp_path / "x",
            cap_bytes=10**6,
            progress=lambda _done, _total: None,
            patience=Patience(tries=4, pause_seconds=1),
            sleep=waited.append,
        )
    assert waited == [1, 2, 4]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_file_that_is_not_there_is_not_asked_for_twice(tmp_path: Path, status: int) -> None:
    with serving({"/x": WHOLE}, says(status)) as server:
        with pytest.raises(ModelUnusable, match=rf"/x: cannot be fetched \(HTTP {status}\)"):
            fetched(f"{server.url}/x", tmp_path / "x")
        assert len(server.asked) == 1
    assert not (tmp_path / "x").exists()


def test_a_file_that_always_ends_early_is_given_up_and_what_came_is_kept(tmp_path: Path) -> None:
    with (
        serving({"/x": WHOLE}, breaks_after(1000), *[breaks_after(0)] * 9) as server,
        pytest.raises(ModelUnusable, match=r"1000 bytes are kept\. Run the command again"),
    ):
        fetched(f"{server.url}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == WHOLE[:1000]


def test_a_file_larger_than_expected_is_refused_before_it_comes(tmp_path: Path) -> None:
    with serving({"/x": WHOLE}) as server, pytest.raises(ModelUnusable, match="more than the 999"):
        fetched(f"{server.url}/x", tmp_path / "x", cap=999)
    assert not (tmp_path / "x").exists()


def test_a_disk_without_room_is_told_before_it_is_filled(tmp_path: Path) -> None:
    def enormous(_whole: bytes, _start: int) -> Reply:
        return Reply(length=10**16)

    with (
        serving({"/x": WHOLE}, enormous) as server,
        pytest.raises(ModelUnusable, match="make room"),
    ):
        fetched(f"{server.url}/x", tmp_path / "x", cap=10**17)


def test_a_server_that_answers_nothing_is_given_up(tmp_path: Path) -> None:
    with RawServer(lambda connection: connection.settimeout(5) or connection.recv(1)) as server:
        patience = Patience(timeout_seconds=0.2, tries=2, pause_seconds=0)
        with pytest.raises(ModelUnusable, match="no answer in time"):
            fetched(f"{server.url}/x", tmp_path / "x", patience=patience)
        assert len(server.heads) == 2


def test_a_server_that_drips_is_given_up_though_each_try_gains_a_little(tmp_path: Path) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.stopped.wait(0.02):
            connection.sendall(b"x")

    patience = Patience(
        timeout_seconds=2, minute_seconds=0.2, minute_bytes=1_000, tries=3, pause_seconds=0
    )
    with RawServer(drip) as server:
        with pytest.raises(ModelUnusable, match="hardly anything comes"):
            fetched(f"{server.url}/x", tmp_path / "x", patience=patience)
        assert len(server.heads) == 3


@pytest.mark.parametrize(
    ("end", "whole"),
    [pytest.param(b"0\r\n\r\n", True, id="whole"), pytest.param(b"", False, id="cut short")],
)
def test_a_file_sent_in_chunks_of_unknown_number_is_taken_only_when_whole(
    tmp_path: Path, end: bytes, whole: bool
) -> None:
    def chunked(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
        connection.sendall(b"Connection: close\r\n\r\n5\r\nhello\r\n" + end)

    with RawServer(chunked) as server:
        if whole:
            assert fetched(f"{server.url}/x", tmp_path / "x") == b"hello"
        else:
            with pytest.raises(ModelUnusable, match="cannot be fetched"):
                fetched(f"{server.url}/x", tmp_path / "x")


def test_a_host_that_refuses_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ModelUnusable, match=rf"127\.0\.0\.1:{port}/x: cannot be fetched"):
        fetched(f"http://127.0.0.1:{port}/x", tmp_path / "x")


def test_a_redirect_away_from_https_is_not_followed(tmp_path: Path) -> None:
    away = says(302, Location="http://example.org/x")
    with (
        serving({"/x": WHOLE}, away) as server,
        pytest.raises(ModelUnusable, match=r"redirects to http://example\.org/x: is not an https"),
    ):
        fetched(f"{server.url}/x", tmp_path / "x")


@pytest.mark.parametrize(
    "address", ["http://example.org/models", "ftp://example.org", "file:///etc", "https://"]
)
def test_a_mirror_must_be_https_unless_it_is_this_machine(address: str) -> None:
    with pytest.raises(ModelUnusable, match="is not an https address"):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["https://example.org/m", "http://127.0.0.1:8000", "http://localhost"]
)
def test_https_and_this_machine_will_do(address: str) -> None:
    check_address(address)
