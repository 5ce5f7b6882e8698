"""Many RE2 patterns against one text: a first pass over literals leaves few to be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from classifiers.rule_files import PATTERN_OPTIONS

_NONE: frozenset[int] = frozenset()
_SURROGATES = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with lone surrogates replaced one by one, so that every offset stays."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


class PatternFilter:
    """Patterns are added, compiled once, then matched in linear time."""

    def __init__(self) -> None:
        self._filter = re2.Filter()
        self._indexes: dict[str, int] = {}
        self._patterns: list[re2._Regexp] = []

    def add(self, pattern: str) -> int:
        """The index by which matching() names the pattern; the same for the same pattern."""
        if pattern not in self._indexes:
            self._indexes[pattern] = self._filter.Add(pattern, PATTERN_OPTIONS)
        return self._indexes[pattern]

    def compile(self) -> None:
        """Call once, after the last add()."""
        if self._indexes:
            self._filter.Compile()
            self._patterns = [self._filter.re(index) for index in range(len(self._indexes))]

    def matching(self, text: str) -> frozenset[int]:
        """The indexes of the patterns that occur in an encodable text."""
        if not self._patterns:
            return _NONE
        found = self._filter.Match(text)
        return frozenset(found) if found else _NONE

    def span(self, index: int, text: str) -> tuple[int, int]:
        """Where the pattern first occurs; (0, 0) if nowhere."""
        return next(self.spans(index, text), (0, 0))

    def spans(self, index: int, text: str) -> Iterator[tuple[int, int]]:
        """Wherever the pattern occurs, in order."""
        for match in self._patterns[index].finditer(text):
            yield match.span()
