"""Fetches one large file by HTTP: goes on after a broken connection, and gives up when nothing
comes any more."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from modbot.errors import ModelUnusable

CHUNK_BYTES = 256 * 1024
SPARE_BYTES = 50_000_000  # of the disk, left to the database beside

Progress = Callable[[int, int | None], None]  # bytes there, bytes in all where known


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what."""

    timeout_seconds: float = 30.0  # for connecting and for each byte
    minute_seconds: float = 60.0  # in which at least `minute_bytes` must come
    minute_bytes: int = 60_000
    tries: int = 5  # in a row that each gained less than that
    pause_seconds: float = 2.0  # before the second try; doubles


class _Broken(Exception):
    """The transfer ended early; what came so far is kept."""


class _Refused(ModelUnusable):
    """Trying again is of no use."""


def download(
    url: str,
    part: Path,
    *,
    cap_bytes: int,
    progress: Progress,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Brings the file at `url` to `part`; what `part` already holds is not asked for again.

    Raises ModelUnusable; `part` then keeps what came.
    """
    patience = patience or Patience()
    failed = 0
    with requests.Session() as session:
        while True:
            before = _size(part)
            try:
                return _transfer(session, url, part, cap_bytes, progress, patience)
            except (_Broken, requests.RequestException, urllib3.exceptions.HTTPError) as error:
                failed = 1 if _size(part) - before >= patience.minute_bytes else failed + 1
                if failed >= patience.tries:
                    kept = f" {_size(part)} bytes are kept." if _size(part) else ""
                    raise ModelUnusable(
                        f"{url}: cannot be fetched ({_reason(error)}).{kept}"
                        " Run the command again to go on"
                    ) from error
            sleep(patience.pause_seconds * 2 ** (failed - 1))


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _reason(error: Exception) -> str:
    if isinstance(error, _Broken):
        return str(error)
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    return type(error).__name__


def _transfer(
    session: requests.Session,
    url: str,
    part: Path,
    cap_bytes: int,
    progress: Progress,
    patience: Patience,
) -> None:
    held = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if held:
        headers["Range"] = f"bytes={held}-"
    with session.get(
        url,
        headers=headers,
        stream=True,
        timeout=patience.timeout_seconds,
        hooks={"response": _check_redirect},
    ) as response:
        if response.status_code == 416 and held:
            if _range_total(response) == held:
                return
            part.unlink()  # longer than the file is now: not a part of it
            raise _Broken("the server's file has changed")
        start = _start(response, held)
        total = _total(response, start)
        _check_room(url, part, start, total, cap_bytes)
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            _receive(response, file, total, cap_bytes, progress, patience)


def _check_redirect(response: requests.Response, *_: object, **__: object) -> None:
    """Raises before a redirect that leaves https is followed."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["Location"])
        try:
            check_address(target)
        except ModelUnusable as error:
            raise _Refused(f"{response.url}: redirects to {error}") from None


def check_address(url: str) -> None:
    """Raises ModelUnusable unless the address is https, or on this machine."""
    where = urlsplit(url)
    loopback = where.scheme == "http" and _is_loopback(where.hostname or "")
    if not where.hostname or not (where.scheme == "https" or loopback):
        raise ModelUnusable(f"{url}: is not an https address")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _start(response: requests.Response, held: int) -> int:
    """Where the body begins: at what is held, or at 0 when the server knows no ranges."""
    status = response.status_code
    if status == 206:
        found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if found and int(found[1]) == held:
            return held
        raise _Refused(f"{response.url}: sent another range than was asked for")
    if status == 200:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refused(f"{response.url}: was sent compressed, which was not asked for")
        return 0
    if status in (408, 429) or status >= 500:
        raise _Broken(f"HTTP {status}")
    raise _Refused(f"{response.url}: cannot be fetched (HTTP {status})")


def _range_total(response: requests.Response) -> int | None:
    found = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: requests.Response, start: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else _range_total(response)


def _check_room(url: str, part: Path, start: int, total: int | None, cap_bytes: int) -> None:
    if total is None:
        return
    if total > cap_bytes:
        raise _Refused(f"{url}: has {total} bytes, more than the {cap_bytes} expected at most")
    free = shutil.disk_usage(part.parent).free - SPARE_BYTES
    if total - start > free:
        raise _Refused(
            f"{part.parent}: has room for {max(free, 0) // 1_000_000} MB,"
            f" {(total - start) // 1_000_000} MB are to come; make room and run it again"
        )


def _receive(
    response: requests.Response,
    file: BinaryIO,
    total: int | None,
    cap_bytes: int,
    progress: Progress,
    patience: Patience,
) -> None:
    raw: Any = response.raw
    minute_began, minute_bytes = time.monotonic(), 0
    progress(file.tell(), total)
    while chunk := raw.read1(CHUNK_BYTES):
        file.write(chunk)
        minute_bytes += len(chunk)
        progress(file.tell(), total)
        if file.tell() > cap_bytes:
            raise _Refused(f"{response.url}: is longer than the {cap_bytes} bytes expected at most")
        if time.monotonic() - minute_began > patience.minute_seconds:
            if minute_bytes < patience.minute_bytes:
                raise _Broken("hardly anything comes")
            minute_began, minute_bytes = time.monotonic(), 0
    if total is not None and file.tell() != total:
        raise _Broken(f"ended after {file.tell()} of {total} bytes")
