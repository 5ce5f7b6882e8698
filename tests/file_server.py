"""Files behind HTTP on loopback, as a release page serves them: ranges, redirects, accidents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.platforms.loopback import Call, LoopbackServer, Reply


@dataclass
class Files:
    """What is served, by path; `accidents` befall the first calls for a file, in order."""

    files: dict[str, bytes]
    accidents: list[Callable[[bytes, int], Reply]] = field(default_factory=list)
    ranges: bool = True
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range

    def answer(self, call: Call) -> Reply:
        wanted = call.headers.get("Range", "")
        self.asked.append((call.path, wanted))
        if call.path not in self.files:
            return Reply(status=404, body=b"Not Found")
        whole = self.files[call.path]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if self.accidents:
            return self.accidents.pop(0)(whole, start)
        return part(whole, start)


def part(whole: bytes, start: int) -> Reply:
    """The file from `start` on."""
    if start == 0:
        return Reply(body=whole)
    if start >= len(whole):
        return Reply(status=416, headers={"Content-Range": f"bytes */{len(whole)}"})
    span = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
    return Reply(status=206, headers={"Content-Range": span}, body=whole[start:])


def breaks_after(count: int) -> Callable[[bytes, int], Reply]:
    """The connection ends when `count` bytes of the answer are out."""

    def accident(whole: bytes, start: int) -> Reply:
        full = part(whole, start)
        return Reply(
            status=full.status,
            headers=full.headers,
            body=full.body[:count],
            length=len(full.body),
        )

    return accident


def says(status: int, **headers: str) -> Callable[[bytes, int], Reply]:
    """Another answer than the file."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _whole, _start: Reply(status=status, headers=named)


@contextmanager
def serving(
    files: dict[str, bytes],
    *accidents: Callable[[bytes, int], Reply],
    ranges: bool = True,
) -> Iterator[Files]:
    """Serves until the end of the block; what was asked is in `asked`."""
    served = Files(files=files, accidents=list(accidents), ranges=ranges)
    with LoopbackServer(served.answer) as server:
        served.url = server.url
        yield served
