"""Text search in the log: what a reader types, as a query that FTS5 can never refuse.

Words are found whole, without regard to case and accents; ñ is another letter than n. A star after
two letters or more finds what begins so, quotes hold words together. All of them must be there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 200  # characters of a query that are read
MOST_PHRASES = 12
_SHORTEST_PREFIX = 2  # letters; one alone would begin a word of nearly every comment
_ITEM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_TILDE = "\u0303"
# The letters and digits that FTS5's unicode61 makes words of, so that nothing else reaches it.
_WORD_CLASSES = frozenset("LN")


@dataclass(frozen=True)
class Phrase:
    """Words that stand side by side; with `prefix` the last may go on."""

    words: tuple[str, ...]
    prefix: bool = False


def folded(text: str) -> str:
    """The text as it is indexed: small letters without accents; ñ stays ñ."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    marks = [char for char in set(parts) if unicodedata.combining(char)]
    return _with_tilde(parts) if _TILDE in marks else _without(parts, marks)


def _without(parts: str, marks: list[str]) -> str:
    for mark in marks:
        parts = parts.replace(mark, "")
    return parts


def _with_tilde(parts: str) -> str:
    """The tilde of ñ stays, other marks go."""
    kept = []
    before = ""
    for char in parts:
        if not unicodedata.combining(char):
            kept.append(char)
            before = char
        elif char == _TILDE and before == "n":
            kept[-1] = "ñ"
            before = ""
    return "".join(kept)


def read_query(typed: str) -> tuple[Phrase, ...]:
    """What to look for; empty where nothing that was typed has a letter or a digit."""
    phrases: dict[Phrase, None] = {}
    for quoted, bare in _ITEM.findall(typed[:LONGEST]):
        item = quoted or bare
        words = tuple(words_of(item))
        if words:
            prefix = item.rstrip().endswith("*") and len(words[-1]) >= _SHORTEST_PREFIX
            phrases[Phrase(words, prefix)] = None
    return tuple(phrases)[:MOST_PHRASES]


def match_string(phrases: tuple[Phrase, ...]) -> str:
    """The phrases in FTS5's language: letters, digits, spaces and our own quotes and stars."""
    return " AND ".join(
        f'"{" ".join(phrase.words)}"{"*" if phrase.prefix else ""}' for phrase in phrases
    )


def words_of(text: str) -> list[str]:
    """The words of a text as they are looked for: folded, letters and digits alone."""
    spaced = (c if unicodedata.category(c)[0] in _WORD_CLASSES else " " for c in folded(text))
    return "".join(spaced).split()
