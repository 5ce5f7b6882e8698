"""Strangers' text cut into pieces for the page: what matched, and what cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

# Control characters but line feed and tab, soft hyphen, zero-width and bidi characters, the
# invisible tag block, private use and lone surrogates: each is shown by its number.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\ue000-\uf8ff\U000e0000-\U000e0fff\ud800-\udfff]"
)
_JOINER = "\u200d"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where a signal found something: offsets in the text as sent, in code points."""

    start: int | None
    end: int | None
    rule: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of text that is shown in one way."""

    text: str
    marked: bool = False
    unseen: str = ""  # what stands here for a character that has no shape: "U+202E"
    rules: tuple[str, ...] = ()  # ids of the rules that matched here


def pieces(text: str, spans: Iterable[Span]) -> list[Piece]:
    """The text, as sent, in pieces in reading order; joined, they give the text again."""
    found: list[Piece] = []
    position = 0
    for start, end, rules in _merged(text, spans):
        found += _split(text, position, start)
        found += _split(text, start, end, rules=rules)
        position = end
    found += _split(text, position, len(text))
    return found


def excerpt(text: str, spans: Iterable[Span], *, length: int) -> tuple[list[Piece], bool]:
    """pieces() of some `length` characters of the text, the first match among them, and whether
    anything was left out."""
    if len(text) <= length:
        return pieces(text, spans), False
    known = list(spans)
    first = min((place[0] for place in _merged(text, known)), default=0)
    start = 0 if first < length // 2 else first - length // 4
    end = min(len(text), start + length)
    inside = [
        replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
        for span in known
        if span.start is not None and span.end is not None and span.start < end
    ]
    before = [Piece(text="… ")] if start else []
    after = [Piece(text=" …")] if end < len(text) else []
    return [*before, *pieces(text[start:end], inside), *after], True


def visible(text: str) -> str:
    """The text with every unseen character written as ⟨U+202E⟩: for titles and plain places."""
    return _UNSEEN.sub(
        lambda match: match[0] if _joins_emoji(match) else f"⟨{_number(match[0])}⟩", text
    )


def _merged(text: str, spans: Iterable[Span]) -> list[tuple[int, int, tuple[str, ...]]]:
    """Where the spans lie, overlapping ones as one with the rules of each; impossible ones not."""
    places = sorted(
        (span.start, span.end, span.rule)
        for span in spans
        if span.start is not None
        and span.end is not None
        and 0 <= span.start < span.end <= len(text)
    )
    merged: list[tuple[int, int, tuple[str, ...]]] = []
    for start, end, rule in places:
        if merged and start < merged[-1][1]:
            first, last, rules = merged[-1]
            known = rules if rule in rules else (*rules, rule)
            merged[-1] = (first, max(last, end), known)
        else:
            merged.append((start, end, (rule,)))
    return merged


def _split(text: str, start: int, end: int, *, rules: tuple[str, ...] = ()) -> Iterator[Piece]:
    marked = bool(rules)
    position = start
    for match in _UNSEEN.finditer(text, start, end):
        if _joins_emoji(match):
            continue
        if position < match.start():
            yield Piece(text=text[position : match.start()], marked=marked, rules=rules)
        yield Piece(text=match[0], marked=marked, unseen=_number(match[0]), rules=rules)
        position = match.end()
    if position < end:
        yield Piece(text=text[position:end], marked=marked, rules=rules)


def _joins_emoji(match: re.Match[str]) -> bool:
    """A zero-width joiner inside an emoji (a family, a flag) belongs to its shape."""
    text, at = match.string, match.start()
    if match[0] != _JOINER or not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    pictures = ("So", "Sk")
    return (
        before == "\ufe0f" or unicodedata.category(before) in pictures
    ) and unicodedata.category(after) in pictures


def _number(char: str) -> str:
    return f"U+{ord(char):04X}"
