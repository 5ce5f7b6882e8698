"""Many RE2 patterns against one text: those whose words are not in it are never tried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import ahocorasick_rs

from classifiers.pattern_atoms import MOST_NEEDS, needs, scanned
from classifiers.rule_files import compiled

_SURROGATES = re.compile("[\ud800-\udfff]")

# A set of patterns: bit n stands for the one with index n. The dozen that one text may hold of
# hundreds are put together in half the time of a set.
Bits = int


def bits_of(indexes: Iterable[int]) -> Bits:
    """The set of the patterns with these indexes."""
    return sum(1 << index for index in frozenset(indexes))


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
        # Three sets in one, so that an atom is added in one step: from bit 0 the patterns whose
        # rarest need it meets, above them those whose second, above these those whose third.
        self._undemanding: Bits = 0  # who has no such need
        self._met: list[Bits] = []  # by atom
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
        self._met = [0] * len(atoms)
        for index, each in enumerate(needed):
            for which in range(MOST_NEEDS):
                bit = 1 << (which * len(needed) + index)
                if which >= len(each):
                    self._undemanding |= bit
                    continue
                for atom in each[which]:
                    self._met[numbers[atom]] |= bit
        self._finder = ahocorasick_rs.BytesAhoCorasick(atoms) if atoms else None
        for index in located:
            _ = compiled(self._patterns[index]).reverseprogramsize  # by it RE2 finds starts

    def read(self, text: Encoded, beside: Reading | None = None) -> Reading:
        """What the patterns find in a text. `beside` may be what they find in the same text
        folded: the same may occur in both where they differ by capitals alone, as mostly."""
        if beside is not None and text.raw.isascii() and beside.text.raw == text.raw.lower():
            return beside.of(text)
        form = scanned(text.raw)
        if not form:
            return Reading(text, self._patterns, (1 << len(self._patterns)) - 1)
        met = self._undemanding
        if self._finder is not None:
            by_atom = self._met
            for atom, _, _ in self._finder.find_matches_as_indexes(form, overlapping=True):
                met |= by_atom[atom]
        count = len(self._patterns)
        return Reading(text, self._patterns, met & met >> count & met >> 2 * count)


class Reading:
    """The patterns that may occur in one text; each is tried when it is asked for."""

    __slots__ = ("_patterns", "_possible", "_tried", "text")

    def __init__(self, text: Encoded, patterns: Sequence[str], possible: Bits):
        self.text = text
        self._possible = possible
        self._patterns = patterns
        self._tried: dict[int, bool] = {}

    def of(self, text: Encoded) -> Reading:
        """The same patterns, in another text that is scanned() alike."""
        return Reading(text, self._patterns, self._possible)

    def possible(self, among: Bits) -> Iterator[int]:
        """Those of these patterns that may occur, in the order of their indexes."""
        left = self._possible & among
        while left:
            lowest = left & -left
            yield lowest.bit_length() - 1
            left ^= lowest

    def may_hold(self, index: int) -> bool:
        """May the pattern occur? Known without trying it."""
        return bool(self._possible >> index & 1)

    def holds(self, index: int) -> bool:
        """Does the pattern occur?"""
        if not self.may_hold(index):
            return False
        found = self._tried.get(index)
        if found is None:
            found = compiled(self._patterns[index]).search(self.text.raw) is not None
            self._tried[index] = found
        return found

    def holds_any(self, patterns: Bits) -> bool:
        """Does one of them occur? Mostly none may, and none is tried."""
        may = self._possible & patterns
        return may != 0 and any(map(self.holds, self.possible(may)))

    def holds_all(self, patterns: Bits) -> bool:
        """Do they all occur? None is tried unless they all may."""
        if self._possible & patterns != patterns:
            return False
        return patterns == 0 or all(map(self.holds, self.possible(patterns)))

    def spans(self, index: int) -> Iterator[tuple[int, int]]:
        """Wherever the pattern occurs, in order, in code points."""
        if self.may_hold(index):
            for match in compiled(self._patterns[index]).finditer(self.text.raw):
                yield self.text.span(*match.span())
