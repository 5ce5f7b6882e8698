"""Finds swear words whose letters are named: eff you cee kay, efe-de-pe, "B to the U to the L…".

A name that is a word of its own (you, see, de, te) counts only among others that are not. The
first letters of lines are read too, where they spell a swear word and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from classifiers.word_lists import WordRule

_NAMES: Final = {
    "a": "ay",
    "b": "bee",
    "c": "cee",
    "d": "dee",
    "e": "ee",
    "f": "ef eff efe",
    "g": "gee",
    "h": "aitch haitch hache",
    "i": "eye aye",
    "j": "jay jota",
    "k": "kay kaye",
    "l": "ell ele",
    "m": "em eme",
    "n": "ene",
    "ñ": "eñe",
    "p": "pe pee",
    "q": "queue cue",
    "r": "arr erre",
    "s": "ess esse",
    "t": "tee",
    "v": "vee uve",
    "w": "dubya doubleu",
    "z": "zee zeta",
}
_ON_THE_RADIO: Final = """
alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa
quebec romeo sierra tango uniform victor whiskey xray yankee zulu
"""
_OTHER_WORDS: Final = {  # are names of letters too
    "b": "be",
    "c": "see sea ce",
    "d": "de",
    "k": "ka",
    "o": "oh",
    "p": "pea",
    "q": "que cu",
    "r": "are",
    "s": "ese",
    "t": "te tea",
    "u": "you yu yoo",
    "v": "ve",
    "y": "why",
}
_CLEAR: Final = {name: letter for letter, names in _NAMES.items() for name in names.split()}
_RADIO: Final = {name: name[0] for name in _ON_THE_RADIO.split()}
_LETTER_OF: Final = {
    **_RADIO,
    **{name: letter for letter, names in _OTHER_WORDS.items() for name in names.split()},
    **{letter: letter for letter in "abcdefghijklmnñopqrstuvwxyz"},
    **_CLEAR,
    "double u": "w",
    "double-u": "w",
}
# Names that nearly every swear word has, and what stands between letters that are spelled. Most
# texts hold none; whoever calls find() looks for them, along with many other strings, at once.
HINTS: Final = (
    *("eff ", "eff-", " kay", "-kay", " cee ", "eye ", "eye-", "efe ", "efe-", "aitch", "hache "),
    *(" tee ", " pe ", "-pe", "foxtrot", " to the ", " as in "),
)
_NAME: Final = f"(?:{'|'.join(sorted(_LETTER_OF, key=len, reverse=True))})"
_GAP: Final = r"(?: as in [a-zñ]+)?[ ,.\-]{1,3}(?:to the )?"
_RUN: Final = re.compile(rf"(?<![\w']){_NAME}(?:{_GAP}{_NAME}(?![\w'])){{2,40}}")
_EACH: Final = re.compile(rf"(?<![\w']){_NAME}(?![\w'])")
_ONE_BY_ONE: Final = re.compile(r"\b[a-z] (?:to the [a-z] to the |as in [a-z]+,? [a-z] as in )")
_LEAST: Final = 3  # letters
_LONGEST: Final = 12
_LEAST_LINES: Final = 4


class LetterNames:
    """Reads the words of a table where their letters are named one by one."""

    def __init__(self, words: Mapping[str, WordRule]):
        self._words = {
            text: word for text, word in words.items() if text.isalpha() and len(text) >= _LEAST
        }

    def find(self, text: str, *, hinted: bool) -> Iterator[tuple[WordRule, int, int]]:
        """The words that are spelled in a folded text, and where; `hinted`: it holds a hint."""
        if text.count("\n") >= _LEAST_LINES - 1:
            yield from self._by_lines(text)
        if hinted:
            for run in _RUN.finditer(text):
                yield from self._spelled(text, *run.span())

    def _spelled(self, text: str, start: int, end: int) -> Iterator[tuple[WordRule, int, int]]:
        names = [
            (match[0], match.start(), match.end()) for match in _EACH.finditer(text, start, end)
        ]
        at = 0
        while at < len(names):
            longest = min(len(names), at + _LONGEST)
            for behind in range(longest, at + _LEAST - 1, -1):
                some = names[at:behind]
                word = self._words.get("".join(_LETTER_OF[name] for name, _, _ in some))
                first, last = some[0][1], some[-1][2]
                if word and _is_spelling([name for name, _, _ in some], text[first:last]):
                    yield word, first, last
                    at = behind - 1
                    break
            at += 1

    def _by_lines(self, text: str) -> Iterator[tuple[WordRule, int, int]]:
        initials = "".join(line.lstrip()[0] for line in text.split("\n") if line.strip())
        word = self._words.get(initials) if len(initials) >= _LEAST_LINES else None
        if word:
            yield word, 0, len(text.rstrip())


def _is_spelling(names: list[str], run: str) -> bool:
    """Are there enough names that are nothing else?"""
    if not _RADIO.keys().isdisjoint(names):
        return _RADIO.keys() >= set(names)
    clear = sum(name in _CLEAR for name in names)
    doubtful = sum(len(name) > 1 and name not in _CLEAR for name in names)
    return (clear > 0 or _ONE_BY_ONE.search(run) is not None) and doubtful * 2 <= len(names)
