"""Finds swear words with an @ for any vowel: motherf@cker, ph@der, p@ndejo.

fold() reads an @ among letters as an a, so this looks at the text as written.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from classifiers.normalise import Folded
from classifiers.word_lists import WordRule

_WORD: Final = re.compile(r"(?<![\w@.'])[^\W\d_]+@[^\W\d_]+(?!\w|@|[.'-]\w)")
_OTHER_VOWELS: Final = "eiou"
_LEAST: Final = 5  # letters; in a shorter word an a makes another one: p@ta
_LONGEST: Final = 24
_SOUNDS: Final = (("ph", "f"), ("k", "c"), ("z", "s"))


class AtSigns:
    """Knows which word an @ was put into."""

    def __init__(self, words: Mapping[str, WordRule], innocent: Collection[str]):
        self._words = words
        self._innocent = frozenset(innocent)

    def find(self, folded: Folded, written: str) -> Iterator[tuple[WordRule, int, int]]:
        """The words and where they stand in the folded text."""
        for match in _WORD.finditer(written):
            first, last = match.span()
            start, end = bisect_left(folded.starts, first), bisect_right(folded.ends, last)
            read = folded.text[start:end]
            at = match[0].index("@")
            if len(read) != last - first or not _LEAST <= len(read) <= _LONGEST:
                continue
            word = self._meant(read[:at], read[at + 1 :])
            if word is not None:
                yield word, start, end

    def _meant(self, before: str, after: str) -> WordRule | None:
        if f"{before}a{after}" in self._innocent:  # as most people write it: c@liente
            return None
        for vowel in _OTHER_VOWELS:
            read = before + vowel + after
            for sound, letters in (("", ""), *_SOUNDS):
                word = self._words.get(read.replace(sound, letters) if sound else read)
                if word is not None:
                    return word
        return None
