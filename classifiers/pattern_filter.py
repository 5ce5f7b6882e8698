"""Many RE2 patterns against one text: a first pass over literals leaves few to be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import re2

from classifiers.rule_files import compiled

_NONE: frozenset[int] = frozenset()
_SURROGATES = re.compile("[\ud800-\udfff]")


class Encoded:
    """A text and its UTF-8 bytes, which RE2 reads; lone surrogates are replaced one by one."""

    __slots__ = ("_ascii", "raw", "text")

    def __init__(self, text: str):
        self._ascii = text.isascii()
        self.text = text if self._ascii else _SURROGATES.sub("\ufffd", text)
        self.raw = self.text.encode()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Byte offsets as offsets in code points."""
        if self._ascii:
            return start, end
        first = len(self.raw[:start].decode())
        return first, first + len(self.raw[start:end].decode())


class PatternFilter:
    """Patterns are added, compiled once, then matched in linear time."""

    def __init__(self) -> None:
        self._filter = re2.Filter()
        self._indexes: dict[str, int] = {}

    @property
    def patterns(self) -> Sequence[str]:
        """All patterns, in the order of their indexes."""
        return tuple(self._indexes)

    def add(self, pattern: str) -> int:
        """The index by which matching() names the pattern; the same for the same pattern."""
        if pattern not in self._indexes:
            self._indexes[pattern] = self._filter.Add(pattern)
        return self._indexes[pattern]

    def compile(self) -> None:
        """Call once, after the last add()."""
        if self._indexes:
            self._filter.Compile()

    def matching(self, text: Encoded) -> frozenset[int]:
        """The indexes of the patterns that occur in a text."""
        found = self._filter.Match(text.raw) if self._indexes else None
        return frozenset(found) if found else _NONE


def occurs(pattern: str, text: Encoded) -> bool:
    """Does the pattern occur in the text?"""
    return compiled(pattern).search(text.raw) is not None


def spans(pattern: str, text: Encoded) -> Iterator[tuple[int, int]]:
    """Wherever the pattern occurs, in order, in code points."""
    for match in compiled(pattern).finditer(text.raw):
        yield text.span(*match.span())
