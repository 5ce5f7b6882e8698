"""Which parts of a comment are somebody else's words: between quotation marks, or of its post."""

from __future__ import annotations

import re
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quoted stretches of one text."""

    marked: tuple[tuple[int, int], ...]
    said_again: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, text: str, post: str = "") -> Quotes:
        return cls(tuple(match.span() for match in _QUOTED.finditer(text)), repeated(text, post))

    def hold(self, start: int, end: int, *, by_marks: bool = False) -> bool:
        """Does the stretch lie inside quotation marks or, unless asked for these alone, in words
        of the post? A threat that is said again without marks may be meant."""
        spans = self.marked if by_marks else (*self.marked, *self.said_again)
        return any(first <= start and end <= last for first, last in spans)


def repeated(text: str, post: str) -> tuple[tuple[int, int], ...]:
    """Where a text says again at least five words in a row of the post that it stands under."""
    runs = _runs(post) if post else frozenset()
    if not runs:
        return ()
    words = [(match[0].casefold(), *match.span()) for match in _WORD.finditer(text)]
    spans: list[tuple[int, int]] = []
    for at in range(len(words) - _LEAST_REPEATED + 1):
        run = words[at : at + _LEAST_REPEATED]
        if tuple(word for word, _, _ in run) in runs:
            start, end = run[0][1], run[-1][2]
            if spans and start <= spans[-1][1]:
                start = spans.pop()[0]
            spans.append((start, end))
    # A sign before or after belongs to the words: "$50", "sick!"
    return tuple((max(start - 1, 0), end + 1) for start, end in spans)


@lru_cache(maxsize=512)
def _runs(post: str) -> frozenset[tuple[str, ...]]:
    words = [match[0].casefold() for match in _WORD.finditer(post)]
    most = len(words) - _LEAST_REPEATED + 1
    return frozenset(tuple(words[at : at + _LEAST_REPEATED]) for at in range(most))
