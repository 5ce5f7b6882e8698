"""Which parts of a comment are somebody else's words: between quotation marks, or of its post."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_QUOTED: Final = re.compile(
    '["“„«][^"“”„«»\n]{1,400}["”“»]'
    "|‘[^‘’\n]{1,400}’(?!\\w)"
    # An apostrophe is no quotation mark: both ends must stand at a word, outside of it.
    r"|(?<![\w'])'(?=\w)[^'\n]{1,100}(?<=[\w.,!?])'(?![\w'])"
)
_WORD: Final = re.compile(r"\w+")
_LEAST_REPEATED: Final = 5  # words in a row; fewer may be said without quoting

Spans = tuple[tuple[int, int], ...]
Run = tuple[str, ...]


def is_quoted(text: str, post: str, start: int, end: int, *, by_marks: bool = False) -> bool:
    """Does the stretch of the text lie inside quotation marks or, unless asked for these alone, in
    words of the post? A threat that is said again without marks may be meant."""
    if _inside(start, end, _marked(text)):
        return True
    return not by_marks and _inside(start, end, repeated(text, post))


def _inside(start: int, end: int, spans: Spans) -> bool:
    return any(first <= start and end <= last for first, last in spans)


@lru_cache(maxsize=64)
def _marked(text: str) -> Spans:
    return tuple(match.span() for match in _QUOTED.finditer(text))


@lru_cache(maxsize=64)  # it is asked for one hit of a text after the other
def repeated(text: str, post: str) -> Spans:
    """Where a text says again at least five words in a row of the post that it stands under."""
    posted = _posted(post) if post else frozenset()
    runs = _runs(text) if posted else []
    if posted.isdisjoint(runs):  # as mostly: where the words stand is not asked then
        return ()
    places = [match.span() for match in _WORD.finditer(text)]
    spans: list[tuple[int, int]] = []
    for at, run in enumerate(runs):
        if run in posted:
            start, end = places[at][0], places[at + _LEAST_REPEATED - 1][1]
            if spans and start <= spans[-1][1]:
                start = spans.pop()[0]
            spans.append((start, end))
    # A sign before or after belongs to the words: "$50", "sick!"
    return tuple((max(start - 1, 0), end + 1) for start, end in spans)


@lru_cache(maxsize=512)
def _posted(post: str) -> frozenset[Run]:
    return frozenset(_runs(post))


def _runs(text: str) -> list[Run]:
    """As many words in a row as must be said again, by the word where they begin."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return list(zip(*(words[at:] for at in range(_LEAST_REPEATED)), strict=False))
