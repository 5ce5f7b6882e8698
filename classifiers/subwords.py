"""Words of a folded comment, and the rows of the embedding table that make up each word."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BUCKETS = 2**17
MAX_WORD_LETTERS = 92
# A longer run of letters counts as several words, so a word is bounded in time and memory.
_WORD = re.compile(r"[^\W_]{1,30}(?:['’][^\W_]{1,30}){0,2}|[!?]{1,8}|[^\w\s]")
_GRAMS = (3, 4, 5)  # letters a piece, with < and > at the ends of a word
_STEP = np.uint32(0x01000193)  # the multiplier of FNV-1a
_POWERS = np.array(
    [pow(int(_STEP), n, 2**32) for n in range(MAX_WORD_LETTERS + 2)], dtype=np.uint32
)
_SALTS = np.arange(1, len(_GRAMS) + 2, dtype=np.uint32) * np.uint32(0x9E3779B9)


def split_words(text: str) -> list[str]:
    """Words, runs of ! and ?, and single other signs, in their order."""
    return _WORD.findall(text)


def table_rows(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of all the words' pieces, one word after the other, and how many each word has.

    No word may be empty or longer than MAX_WORD_LETTERS."""
    marked = [f"<{word}>" for word in words]
    letters = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.fromiter(map(len, marked), dtype=np.int64, count=len(marked))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    position = np.arange(len(letters))
    left = np.repeat(ends, lengths) - position
    hashes = np.empty((len(letters), len(_GRAMS) + 1), dtype=np.uint32)
    wanted = np.empty(hashes.shape, dtype=np.bool_)
    padded = np.concatenate([letters, np.zeros(_GRAMS[-1], dtype=np.uint32)])
    gram = padded[: len(letters)] * _STEP + padded[1 : len(letters) + 1]
    for column, size in enumerate(_GRAMS):
        gram = gram * _STEP + padded[size - 1 : len(letters) + size - 1]
        hashes[:, column] = gram
        wanted[:, column] = left >= size
    powers = _POWERS[position - np.repeat(starts, lengths)]
    hashes[starts, -1] = np.add.reduceat(letters * powers, starts, dtype=np.uint32)
    wanted[:, -1] = False
    wanted[starts, -1] = True
    rows = _mix((hashes ^ _SALTS)[wanted])
    # A word of n marked letters has n-2, n-3 and n-4 pieces of 3, 4 and 5, and itself.
    counts = 1 + sum((np.maximum(lengths - size + 1, 0) for size in _GRAMS), start=0 * lengths)
    return rows, counts


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Spreads each hash over the table (the finisher of MurmurHash3)."""
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return (mixed & np.uint32(BUCKETS - 1)).astype(np.int64)
