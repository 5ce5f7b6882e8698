"""Strangers' text as the database can hold it, and back.

SQLite text can hold neither a lone surrogate nor, safely, a NUL. Both are written out as `\\u0000`
and `\\ud800`; in such a text a backslash becomes `\\u005c`, so that the original can be had back.
"""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WRITTEN_OUT = re.compile("[\x00\ud800-\udfff\\\\]")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_ESCAPE_LENGTH = 6


def storable(text: str) -> tuple[str, bool]:
    """The text to store, and whether anything in it had to be written out."""
    plain = text.isascii() and "\0" not in text  # most are: told in less time than by the pattern
    if plain or _UNSTORABLE.search(text) is None:
        return text, False
    return _WRITTEN_OUT.sub(lambda m: f"\\u{ord(m[0]):04x}", text), True


def shown(text: str) -> str:
    """storable() where the original is not needed again: names, ids, addresses."""
    return storable(text)[0]


def original(stored: str, *, escaped: bool) -> str:
    """What storable() was given."""
    if not escaped:
        return stored
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)), stored)


def shown_offset(text: str, offset: int) -> int:
    """Where an offset in the original `text` lies in its stored form."""
    return offset + (_ESCAPE_LENGTH - 1) * len(_WRITTEN_OUT.findall(text[:offset]))
