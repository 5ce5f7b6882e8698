"""What changed from one text to the next, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from modbot.web.marking import Piece, pieces

_PARTS = re.compile(r"\s+|\w+|[^\w\s]")
# The comparison grows with the product of the lengths: longer texts are told as a whole.
MOST_PARTS = 1500
SHOWN_CHARACTERS = 4000  # of each run of words


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A run of words: "same", "added" or "removed"."""

    kind: str
    pieces: tuple[Piece, ...]


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """Runs of words in reading order: without what was added they are the old text, without what
    was removed the new one. Very long runs are cut."""
    before, after = _PARTS.findall(old), _PARTS.findall(new)
    return tuple(_run(kind, words) for kind, words in _runs(before, after) if words)


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    shorter = min(len(before), len(after)) - start
    while end < shorter and before[-1 - end] == after[-1 - end]:
        end += 1
    yield "same", before[:start]
    yield from _middle(before[start : len(before) - end], after[start : len(after) - end])
    yield "same", before[len(before) - end :] if end else []


def _middle(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    if len(before) > MOST_PARTS or len(after) > MOST_PARTS:
        yield "removed", before
        yield "added", after
        return
    matcher = SequenceMatcher(a=before, b=after)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield "same", before[i1:i2]
            continue
        yield "removed", before[i1:i2]
        yield "added", after[j1:j2]


def _run(kind: str, words: Sequence[str]) -> Difference:
    text = "".join(words)
    if len(text) > SHOWN_CHARACTERS:
        half = SHOWN_CHARACTERS // 2
        text = f"{text[:half]} … {text[-half:]}"
    return Difference(kind=kind, pieces=tuple(pieces(text, [])))
