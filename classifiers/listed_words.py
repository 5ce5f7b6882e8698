"""Finds the words of the word lists in a folded text, openly written or disguised."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from classifiers.at_signs import AtSigns
from classifiers.censored import Censored
from classifiers.disguises import Disguises
from classifiers.hits import Hit, is_swear, word_hit
from classifiers.letter_names import HINTS, LetterNames
from classifiers.normalise import Folded, spelled_out_after, spelled_out_before
from classifiers.word_lists import WordRule

_LEAST_NUMBERED: Final = 5  # letters before a number, pendejo69; shorter ones are codes
_INVISIBLE: Final = re.compile(r"[\u200b-\u200d\u2060-\u2064\ufeff](?<=[^\W\d_].)(?=[^\W\d_])")
HITS_A_RULE: Final = 8  # more of one rule tell no more


class ListedWords:
    """All words of the lists, compiled."""

    def __init__(
        self,
        words: Sequence[WordRule],
        innocent: frozenset[str],
        innocent_stems: frozenset[str] = frozenset(),
    ):
        by_text: dict[str, list[WordRule]] = {}
        for word in words:
            by_text.setdefault(word.text, []).append(word)
        self._finder = AhoCorasick([*by_text, *HINTS], implementation=Implementation.DFA)
        self._listed = list(by_text.values())
        swears = [word for word in words if is_swear(word)]
        doubted = [word.meant() for word in words if word.in_doubt]
        self._censored = Censored(swears, innocent, innocent_stems, doubted)
        self._disguises = Disguises(swears, innocent, doubted)
        known = {word.text: word for word in reversed([*swears, *doubted])}
        self._named = LetterNames({word.text: word for word in reversed(swears)})
        self._at_signs = AtSigns(known, innocent)

    def hits(self, folded: Folded, written: str) -> list[Hit]:
        """Every word that stands in the text, with where it stands as written."""
        text = folded.text
        found, hinted = self._standing(folded, written)
        found += chain(self._censored.find(text), self._disguises.find(text))
        if hinted or "\n" in text:
            found += self._named.find(text, hinted=hinted)
        if "@" in written:
            found += self._at_signs.find(folded, written)
        if not found:
            return []
        hits = []
        seen: defaultdict[str, int] = defaultdict(int)
        for word, start, end in found:
            if seen[word.rule] >= HITS_A_RULE:
                continue
            hit = word_hit(word, folded, start, end, written)
            if hit is not None:  # what counts for nothing must not use up the rule's hits
                seen[word.rule] += 1
                hits.append(hit)
        return hits

    def _standing(
        self, folded: Folded, written: str
    ) -> tuple[list[tuple[WordRule, int, int]], bool]:
        """The listed words that stand in the text, and whether the name of a letter does."""
        text = folded.text
        hidden = not written.isascii() and _INVISIBLE.search(written) is not None
        found: list[tuple[WordRule, int, int]] = []
        hinted = False
        for which, start, end in self._finder.find_matches_as_indexes(text, overlapping=True):
            if which >= len(self._listed):
                hinted = True
                continue
            opened = (
                start > 0
                and text[start - 1].isalnum()
                and text[start].isalnum()
                and not spelled_out_before(folded, start, end)
                and not (hidden and _parted(folded, start, end, written))
            )
            runs_on = (
                end < len(text)
                and text[end].isalnum()
                and not (text[end] <= "9" and _numbered(folded, start, end, written))
                and text[end - 1].isalnum()
                and not spelled_out_after(folded, start, end)
                and not (hidden and _parted(folded, start, end, written))
            )
            found += [
                (word, start, end)
                for word in self._listed[which]
                if (word.opens or not opened) and (word.runs_on or not runs_on)
            ]
        return found, hinted


def _numbered(folded: Folded, start: int, end: int, written: str) -> bool:
    """May a number follow what stands there, as in pendejo69? b1TcH7 is a code."""
    if end - start < _LEAST_NUMBERED:
        return False
    first, last = folded.span(start, end)
    return written[first:last].isalpha()


def _parted(folded: Folded, start: int, end: int, written: str) -> bool:
    """Does something invisible stand within a longer word, where nobody but a disguiser puts it?"""
    if end - start < _LEAST_NUMBERED:
        return False
    first, last = folded.span(start, end)
    return last - first > end - start and _INVISIBLE.search(written, first, last) is not None
