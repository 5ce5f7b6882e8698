"""Finds items in a JSON answer as the exact characters that the vendor sent.

The record keeps each comment as the vendor's own bytes, which a parsed and re-written object no
longer is. The walk goes down one path; whatever is off it is skipped by json's C decoder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def raw_items(text: str, path: tuple[str, ...]) -> Iterator[tuple[dict[str, object], bytes]]:
    """Each object at `path` ("data", "*", "comments", "data", "*"; "*" is every element of an
    array), decoded and as sent (UTF-8). Parts of the path that are absent give nothing.

    Raises ValueError when the text is not JSON.
    """
    yield from _walk(text, _SPACE.match(text, 0).end(), path)  # type: ignore[union-attr]


def _walk(text: str, at: int, path: tuple[str, ...]) -> Iterator[tuple[dict[str, object], bytes]]:
    if not path:
        value, end = _DECODER.raw_decode(text, at)
        if isinstance(value, dict):
            yield value, text[at:end].encode("utf-8", "surrogatepass")
    elif path == ("*",) and text[at : at + 1] == "[":
        yield from _last_elements(text, at)
    elif path[0] == "*" and text[at : at + 1] == "[":
        for start in _elements(text, at):
            yield from _walk(text, start, path[1:])
    elif text[at : at + 1] == "{":
        for key, start in _members(text, at):
            if key == path[0]:
                yield from _walk(text, start, path[1:])


def _last_elements(text: str, at: int) -> Iterator[tuple[dict[str, object], bytes]]:
    """The elements themselves: each is decoded only once."""
    at = _skip(text, at + 1)
    while text[at : at + 1] not in ("]", ""):
        value, end = _DECODER.raw_decode(text, at)
        if isinstance(value, dict):
            yield value, text[at:end].encode("utf-8", "surrogatepass")
        at = _after_comma(text, end)


def _elements(text: str, at: int) -> Iterator[int]:
    at = _skip(text, at + 1)
    while text[at : at + 1] not in ("]", ""):
        yield at
        _, end = _DECODER.raw_decode(text, at)
        at = _after_comma(text, end)


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = scanstring(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        yield key, at
        _, end = _DECODER.raw_decode(text, at)
        at = _after_comma(text, end)


def _after_comma(text: str, end: int) -> int:
    at = _skip(text, end)
    return _skip(text, at + 1) if text[at : at + 1] == "," else at


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
