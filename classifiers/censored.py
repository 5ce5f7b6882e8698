"""Swear words with letters starred out: f*ck, s**t, p*ta, bulls**t, f**kin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from classifiers.rule_files import WordRule

_CENSORED: Final = re.compile(r"(?<![\w*])[a-zñ]{1,8}[*#%]{1,6}[a-zñ]{0,8}(?![\w*])")
_ENDINGS: Final = ("", "s", "ed", "er", "ers", "in", "ing", "y", "ty", "ts", "es", "a", "as")
_FIRST_LETTER_ONLY: Final = re.compile(r"f[*#%]{3}|s[*#%]{3}|b[*#%]{4}|d[*#%]{3}")
_KEPT_LETTERS: Final = 2  # other words need more than their first letter


def censored_words(text: str, swears: Sequence[WordRule]) -> Iterator[tuple[WordRule, int, int]]:
    """The swear word that each starred word of a folded text stands for, and where."""
    if "*" not in text and "#" not in text and "%" not in text:
        return
    for match in _CENSORED.finditer(text):
        shown = sum(letter.isalpha() for letter in match[0])
        if shown < _KEPT_LETTERS and not _FIRST_LETTER_ONLY.fullmatch(match[0]):
            continue
        word = _meant(match[0], swears)
        if word is not None:
            yield word, match.start(), match.end()


def _meant(starred: str, swears: Sequence[WordRule]) -> WordRule | None:
    """A run of stars stands for as many letters, give or take."""
    meant = re.compile(re.sub(r"[*#%]+", lambda run: f"[a-zñ]{{1,{len(run[0]) + 1}}}", starred))
    for word in swears:
        near = word.text[0] == starred[0] and len(word.text) <= len(starred) + 1
        if near and any(meant.fullmatch(word.text + ending) for ending in _ENDINGS):
            return word
    return None
