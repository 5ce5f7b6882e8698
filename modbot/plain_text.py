"""Text from outside made safe to print: one line stays one line and nothing acts on a terminal."""

from __future__ import annotations

import unicodedata

# Cc control, Cf format (bidi marks, zero width), Cs lone surrogates, Co private, Zl and Zp breaks.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """`text` with control, bidirectional and break characters and lone surrogates escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
