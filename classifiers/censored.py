"""Swear words with letters starred out: f*ck, s**t, p*ta, bulls**t, f**kin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from classifiers.word_lists import WordRule

_CENSORED: Final = re.compile(r"(?<![\w*])[a-zñ]{1,8}[*#%]{1,6}[a-zñ]{0,8}(?![\w*])")
_STARS: Final = re.compile("[*#%]+")
_ENDINGS: Final = ("", "s", "ed", "er", "ers", "in", "ing", "y", "ty", "ts", "es", "a", "as")
_FIRST_LETTER_ONLY: Final = re.compile(r"f[*#%]{3}|s[*#%]{3}|b[*#%]{4}|d[*#%]{3}")
_KEPT_LETTERS: Final = 2  # other words need more than their first letter


def censored_words(text: str, swears: Sequence[WordRule]) -> Iterator[tuple[WordRule, int, int]]:
    """The swear word that each starred word of a folded text stands for, and where."""
    if "*" not in text and "#" not in text and "%" not in text:
        return
    by_initial: dict[str, list[WordRule]] = {}
    for word in swears:
        by_initial.setdefault(word.text[0], []).append(word)
    meant: dict[str, WordRule | None] = {}
    for match in _CENSORED.finditer(text):
        starred = match[0]
        if starred not in meant:
            meant[starred] = _meant(starred, by_initial.get(starred[0], ()))
        found = meant[starred]
        if found is not None:
            yield found, match.start(), match.end()


def _meant(starred: str, swears: Sequence[WordRule]) -> WordRule | None:
    """A run of stars stands for as many letters, give or take."""
    shown = sum(letter.isalpha() for letter in starred)
    if shown < _KEPT_LETTERS and not _FIRST_LETTER_ONLY.fullmatch(starred):
        return None
    opening = _STARS.split(starred, maxsplit=1)[0]  # may reach into a word's ending
    near = [
        word
        for word in swears
        if len(word.text) <= len(starred) + 1
        and (word.text.startswith(opening) or opening.startswith(word.text))
    ]
    if not near:
        return None
    pattern = re.compile(_STARS.sub(lambda run: f"[a-zñ]{{1,{len(run[0]) + 1}}}", starred))
    for word in near:
        if any(pattern.fullmatch(word.text + ending) for ending in _ENDINGS):
            return word
    return None
