"""Many RE2 patterns against one text: those whose words are not in it are never tried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import ahocorasick_rs

from classifiers.pattern_atoms import needs, scanned
from classifiers.rule_files import compiled

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
        self._indexes: dict[str, int] = {}
        self._patterns: tuple[str, ...] = ()
        self._always: frozenset[int] = frozenset()
        self._rarest: list[tuple[int, ...]] = []  # by atom: patterns whose rarest need it meets
        self._other_needs: list[tuple[frozenset[int], ...]] = []  # by pattern: atoms
        self._finder: ahocorasick_rs.BytesAhoCorasick | None = None

    @property
    def patterns(self) -> Sequence[str]:
        """All patterns, in the order of their indexes."""
        return tuple(self._indexes)

    def add(self, pattern: str) -> int:
        """The index that stands for the pattern; the same for the same pattern."""
        return self._indexes.setdefault(pattern, len(self._indexes))

    def compile(self, *, located: Iterable[int] = ()) -> None:
        """Call once, after the last add(), with those whose spans will be asked for."""
        self._patterns = tuple(self._indexes)
        needed = needs(self._patterns)
        atoms = sorted({atom for each in needed for need in each for atom in need})
        numbers = {atom: number for number, atom in enumerate(atoms)}
        rarest: list[list[int]] = [[] for _ in atoms]
        for index, each in enumerate(needed):
            for atom in each[0] if each else ():
                rarest[numbers[atom]].append(index)
        self._rarest = [tuple(each) for each in rarest]
        self._other_needs = [
            tuple(frozenset(numbers[atom] for atom in need) for need in each[1:]) for each in needed
        ]
        self._always = frozenset(index for index, each in enumerate(needed) if not each)
        self._finder = ahocorasick_rs.BytesAhoCorasick(atoms) if atoms else None
        for index in located:
            _ = compiled(self._patterns[index]).reverseprogramsize  # by it RE2 finds starts

    def read(self, text: Encoded) -> Reading:
        """What the patterns find in a text."""
        form = scanned(text.raw)
        if not form:
            return Reading(text, self._patterns, frozenset(range(len(self._patterns))))
        if self._finder is None:
            return Reading(text, self._patterns, self._always)
        found = self._finder.find_matches_as_indexes(form, overlapping=True)
        atoms = {atom for atom, _, _ in found}
        possible = self._always.union(*[self._rarest[atom] for atom in atoms])
        other, missing = self._other_needs, atoms.isdisjoint
        met = []
        for index in possible:
            for need in other[index]:
                if missing(need):
                    break
            else:
                met.append(index)
        return Reading(text, self._patterns, frozenset(met))


class Reading:
    """The patterns that may occur in one text; each is tried when it is asked for."""

    __slots__ = ("_patterns", "_tried", "possible", "text")

    def __init__(self, text: Encoded, patterns: Sequence[str], possible: frozenset[int]):
        self.text = text
        self.possible = possible
        self._patterns = patterns
        self._tried: dict[int, bool] = {}

    def holds(self, index: int) -> bool:
        """Does the pattern occur?"""
        if index not in self.possible:
            return False
        found = self._tried.get(index)
        if found is None:
            found = compiled(self._patterns[index]).search(self.text.raw) is not None
            self._tried[index] = found
        return found

    def holds_any(self, indexes: Iterable[int]) -> bool:
        return any(map(self.holds, indexes))

    def spans(self, index: int) -> Iterator[tuple[int, int]]:
        """Wherever the pattern occurs, in order, in code points."""
        if index in self.possible:
            for match in compiled(self._patterns[index]).finditer(self.text.raw):
                yield self.text.span(*match.span())
