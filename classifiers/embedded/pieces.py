"""Words of a folded comment, and the table rows of a word's pieces and of word pairs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import eq
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

MAX_WORDS = 160  # read at once; a longer comment scores as its worst stretch
MAX_WORD_LETTERS = 92
_MOST_TIMES = 3  # that one word counts
_LONGEST_PHRASE = 8  # words, of those that are said over and over
# A longer run of letters counts as several words, so a word is bounded in time and memory.
# A bare smile is read as nothing: people end thanks with it, and writers of threats too.
_WORD = re.compile(r"[^\W_]{1,30}(?:['’][^\W_]{1,30}){0,2}|[!?]{1,8}|[^\w\s🙂😊]")
# The same of ASCII alone, which most texts are: sets of ASCII are looked up faster. Without \x1c to
# \x1f, which are white space to Unicode alone.
_PLAIN_WORD = re.compile(
    r"[a-zA-Z0-9]{1,30}(?:'[a-zA-Z0-9]{1,30}){0,2}|[!?]{1,8}|[^\w\s\x1c-\x1f]", re.A
)
_STEP = np.uint32(0x01000193)  # the multiplier of FNV-1a
_POWERS = np.array(
    [pow(int(_STEP), n, 2**32) for n in range(MAX_WORD_LETTERS + 2)], dtype=np.uint32
)
_LONGEST_PIECE = 5  # letters
_SALT = np.uint32(0x9E3779B9)
_FIRST = np.uint32(0x85EBCA77)
_SECOND = np.uint32(0xC2B2AE3D)

T = TypeVar("T")

Rows = NDArray[np.int64]
Hashes = NDArray[np.uint32]


def split_words(text: str) -> list[str]:
    """Words, runs of ! and ?, and single other signs, in their order."""
    return (_PLAIN_WORD if text.isascii() else _WORD).findall(text)


def kept_places(words: Sequence[str]) -> Sequence[int]:
    """The places of the words that count: a phrase that follows itself counts once, and then of
    each word the first three. What is said ten times over is no worse than what is said once, and
    a text is bounded by the words it knows."""
    # How many words come again, cheap to count, is mostly answer enough.
    again = len(words) - len(set(words))
    if again < _MOST_TIMES - 1 or not _comes_again(words, _MOST_TIMES - 1):
        return range(len(words))
    places = _said_once(words, again)
    if not _comes_again(words, _MOST_TIMES):
        return places
    seen: Counter[str] = Counter()
    kept = []
    for place in places:
        seen[words[place]] += 1
        if seen[words[place]] <= _MOST_TIMES:
            kept.append(place)
    return kept


def _comes_again(words: Sequence[str], times: int) -> bool:
    """Does a word come again so many times? In half the time of counting each."""
    ordered = sorted(words)
    return any(map(eq, ordered, ordered[times:]))


def unrepeated(words: list[str]) -> list[str]:
    """The words at kept_places()."""
    return at_places(words, kept_places(words))


def at_places(words: list[T], places: Sequence[int]) -> list[T]:
    """The words at these places, which are in order; or whatever else is known of each word."""
    return words if len(places) == len(words) else [words[place] for place in places]


def _said_once(words: Sequence[str], again: int) -> list[int]:
    """The places of all words but those of phrases that repeat the phrase just before them.
    `again`: how many words come again; a phrase that is repeated has no more."""
    kept = list(range(len(words)))
    said = list(words)
    for length in range(1, min(_LONGEST_PHRASE, len(words) // 2, again) + 1):
        if sum(map(eq, said, said[length:])) >= length:
            kept = _without_repeats(kept, said, length)
            said = [words[place] for place in kept]
    return kept


def _without_repeats(places: list[int], said: list[str], length: int) -> list[int]:
    kept: list[int] = []
    alike = 0  # so many words up to this one are as those a phrase earlier
    for number, place in enumerate(places):
        kept.append(place)
        alike = alike + 1 if number >= length and said[number] == said[number - length] else 0
        if alike and alike % length == 0:
            del kept[-length:]
    return kept


def word_spans(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where each of split_words(text) stands in the text: nothing that lies between two of them
    could begin a word, so each is found where it first occurs after the one before it."""
    spans = []
    end = 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans


@dataclass(frozen=True, slots=True)
class Grams:
    """Words letter by letter, with < and > at their ends, and the hash of what begins at each."""

    begun: Mapping[int, Hashes]  # by how many letters are hashed
    left: Rows  # letters from each to the end of its word, itself included
    starts: Rows  # where each word begins
    lengths: Rows  # of the words
    whole: Hashes  # of each word

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Grams:
        """No word may be empty or longer than MAX_WORD_LETTERS."""
        marked = [f"<{word}>" for word in words]
        letters = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        lengths = np.fromiter(map(len, marked), dtype=np.int64, count=len(marked))
        ends = np.cumsum(lengths)
        starts = ends - lengths
        position = np.arange(len(letters))
        padded = np.concatenate([letters, np.zeros(_LONGEST_PIECE, dtype=np.uint32)])
        begun = {1: letters}
        for size in range(2, _LONGEST_PIECE + 1):
            begun[size] = begun[size - 1] * _STEP + padded[size - 1 : len(letters) + size - 1]
        powers = _POWERS[position - np.repeat(starts, lengths)]
        whole = np.add.reduceat(letters * powers, starts, dtype=np.uint32)
        return cls(begun, np.repeat(ends, lengths) - position, starts, lengths, whole)


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Which pieces of a word count, and how many table rows they are spread over."""

    sizes: tuple[int, ...]  # letters a piece, up to _LONGEST_PIECE, with < and > at a word's ends
    buckets: int  # rows of the table, a power of two

    def of_words(self, words: Sequence[str]) -> tuple[Rows, Rows, Hashes]:
        """Rows of all the words' pieces, one word after the other, how many each word has, and
        each word's own hash. No word may be empty or longer than MAX_WORD_LETTERS."""
        grams = Grams.of_words(words)
        return *self.of_grams(grams), grams.whole

    def of_grams(self, grams: Grams) -> tuple[Rows, Rows]:
        """The same of words that were hashed already, without their own hashes."""
        hashes = np.empty((len(grams.left), len(self.sizes) + 1), dtype=np.uint32)
        wanted = np.empty(hashes.shape, dtype=np.bool_)
        for column, size in enumerate(self.sizes):
            hashes[:, column] = grams.begun[size]
            wanted[:, column] = grams.left >= size
        hashes[grams.starts, -1] = grams.whole
        wanted[:, -1] = False
        wanted[grams.starts, -1] = True
        salts = np.arange(1, len(self.sizes) + 2, dtype=np.uint32) * _SALT
        rows = _mix((hashes ^ salts)[wanted], self.buckets)
        return rows, self._counts.take(grams.lengths)

    @cached_property
    def _counts(self) -> Rows:
        """By the number of a word's marked letters: of n it has n-k+1 pieces of k, and itself."""
        lengths = np.arange(MAX_WORD_LETTERS + 3)
        counts: Rows = 1 + np.maximum(lengths[:, None] - np.array(self.sizes) + 1, 0).sum(axis=1)
        return counts

    def of_pairs(self, first: Hashes, second: Hashes, *, apart: int) -> Rows:
        """One row for each pair of words, by their hashes and how many words apart they stand."""
        with np.errstate(over="ignore"):
            joined = first * _FIRST + second * _SECOND + np.uint32(apart) * _SALT
        return _mix(joined, self.buckets)


VECTOR_PIECES = Pieces(sizes=(3, 4, 5), buckets=2**16)
NGRAM_PIECES = Pieces(sizes=(2, 3, 4, 5), buckets=2**17)

_DIGITS = str.maketrans("123456789", "000000000")


def ngram_words(words: Sequence[str]) -> list[str]:
    """The words as n-grams see them: of a number only how long it is."""
    return [word if word.isalpha() else word.translate(_DIGITS) for word in words]


def _mix(hashes: Hashes, buckets: int) -> Rows:
    """Spreads each hash over the table (the finisher of MurmurHash3)."""
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return (mixed & np.uint32(buckets - 1)).astype(np.int64)
