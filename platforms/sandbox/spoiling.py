"""What becomes of a good answer on its way: the kinds of a Fault, but for how it is sent."""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

from platforms.sandbox.faults import Answer, Fault

HTML_PAGE = b"<!DOCTYPE html><html><body><h1>Sorry, something went wrong.</h1></body></html>"
HUGE_BYTES = 12 * 1024 * 1024
BOMB_BYTES = 50 * 1024 * 1024
LISTS = ("data", "items")  # where vendors keep the items of a listing
# These spoil what the vendor really answers; the others do not even ask it.
OF_THE_REAL_ANSWER = ("truncated", "slow", "cut", "wrong_length", "repeated")


def spoilt(answer: Answer, fault: Fault) -> Answer:
    """The answer that is sent in place of the real one."""
    json_headers = {"Content-Type": "application/json; charset=UTF-8", **fault.headers}
    if fault.kind == "html":
        return Answer(
            status=fault.status,
            headers={"Content-Type": "text/html; charset=utf-8", **fault.headers},
            body=fault.body or HTML_PAGE,
        )
    if fault.kind == "empty":
        return Answer(status=fault.status, headers=json_headers)
    if fault.kind == "truncated":
        body = fault.body or answer.body
        return Answer(status=answer.status, headers=answer.headers, body=body[: len(body) // 2])
    if fault.kind == "wrong_type":
        return Answer(status=fault.status, headers=json_headers, body=fault.body or b'{"data":7}')
    if fault.kind == "status":
        return Answer(status=fault.status, headers=json_headers, body=fault.body)
    if fault.kind == "huge":
        return Answer(status=200, headers=json_headers, body=b'{"data":["' + b"a" * HUGE_BYTES)
    if fault.kind == "bomb":
        return Answer(
            status=200, headers={**json_headers, "Content-Encoding": "gzip"}, body=_bomb()
        )
    if fault.kind == "repeated":
        return Answer(status=answer.status, headers=answer.headers, body=_repeated(answer.body))
    # reset, slow, cut and wrong_length spoil the sending
    return Answer(status=answer.status, headers=answer.headers, body=fault.body or answer.body)


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB_BYTES)


def _repeated(body: bytes) -> bytes:
    """A listing whose last item is on it twice, as when something was inserted while paging."""
    try:
        whole: Any = json.loads(body)
    except ValueError:
        return body
    found = whole if isinstance(whole, list) else None
    if isinstance(whole, dict):
        found = next((whole[k] for k in LISTS if isinstance(whole.get(k), list)), None)
    if not found:
        return body
    found.append(found[-1])
    return json.dumps(whole).encode()
