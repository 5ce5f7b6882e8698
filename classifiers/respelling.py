"""How people respell a swear word so that no list holds it: fcuk, shti, bstrd, pndj, kabron, phuck.

Only listed words are respelled, never a comment: what comes out is a table to look words up in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from itertools import combinations
from typing import Final

_STRETCHED: Final = re.compile(r"(.)\1\1+")
_OPENING: Final = re.compile("[^aeiou]*")
_VOWELS: Final = "aeiou"
_LEAST: Final = 4  # letters; shorter words turn into too many others
_LEAST_OF_FORMS: Final = 5  # and more so the slips of a form that is no entry: ptos, cags
_LEAST_REVERSED: Final = 6  # of a form: allof is a slip of two other words
_LEAST_CONSONANTS: Final = 4  # of a word without its vowels: "sht" is for the lists
_LONGEST: Final = 13
_MOST_SOUNDS: Final = 2  # changes of spelling in one word

# What sounds alike, as written by people of that language. "" stands for a letter left out.
_SOUNDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "es": (
        *(
            ("ca", "ka"),
            ("co", "ko"),
            ("cu", "ku"),
            ("cr", "kr"),
            ("c", "q"),
            ("que", "ke"),
            ("qui", "ki"),
        ),
        *(
            ("v", "b"),
            ("b", "v"),
            ("z", "s"),
            ("s", "z"),
            ("ll", "y"),
            ("j", "h"),
            ("u", "v"),
            ("u", "w"),
        ),
        *(("ie", "ye"), ("ch", "x")),
        *(("gue", "we"), ("hue", "we"), ("gue", "hue"), ("hue", "gue"), ("gue", "ge")),
        *(("ñ", "ny"), ("ñ", "ni"), ("ado", "ao"), ("ada", "aa"), ("h", "")),
        ("ch", "sh"),
    ),
    "en": (
        *(("ck", "k"), ("ck", "cc"), ("ck", "q"), ("ck", "kk"), ("ck", "xk"), ("ck", "x")),
        *(("f", "ph"), ("c", "k"), ("i", "y"), ("u", "v"), ("u", "w"), ("s", "z"), ("tch", "tsh")),
        *(("er", "a"), ("er", "ah"), ("ing", "in"), ("ing", "n"), ("ing", "en"), ("ss", "zz")),
        *(("ass", "arse"), ("dumb", "dum"), ("uck", "uk"), ("cock", "cawk")),
    ),
    "pt": (
        *(("ca", "ka"), ("co", "ko"), ("cu", "ku"), ("lh", "li"), ("lh", "i"), ("rr", "r")),
        *(("ss", "ç"), ("ao", "aum"), ("u", "w")),
    ),
}


class Form(Enum):
    """How often people write a form of a word, and so in how many ways they disguise it."""

    ITSELF = "itself"
    EVERYDAY = "everyday"  # pendeja, jodido, fucking
    RARE = "rare"


def respellings(word: str, language: str, form: Form = Form.ITSELF) -> frozenset[str]:
    """Other spellings that still say the word; none for words too short to be told from others."""
    if not (_LEAST <= len(word) <= _LONGEST and word.isalpha()):
        return frozenset()
    made = set(_sounds_like(word, language, _MOST_SOUNDS if form is Form.ITSELF else 1))
    if form is Form.ITSELF:
        for one in (word, *made):
            made.update(_without_vowels(one))
        made.update(_swapped(word), _doubled(word), (word[::-1],))
        if language == "en":
            made.add(_pig_latin(word))
    elif form is Form.EVERYDAY:
        slips = [*_without_a_vowel(word), *_swapped(word), *_doubled(word)]
        if len(word) >= _LEAST_REVERSED:
            slips.append(word[::-1])
        made.update(slip for slip in slips if len(slip) >= _LEAST_OF_FORMS)
    made.update(_imitated(word))
    return frozenset(other for other in made if len(other) >= _LEAST and other != word)


def _sounds_like(word: str, language: str, most: int) -> Iterator[str]:
    fitting = [sound for sound in _SOUNDS.get(language, ()) if sound[0] in word]
    for count in range(1, most + 1):
        for sounds in combinations(fitting, count):
            changed = last = word
            for old, new in sounds:
                changed = changed.replace(old, new)
                last = new.join(last.rsplit(old, 1 if len(old) > 1 else -1))
            yield from (changed, last)  # of a sound that comes twice: cocksukker


def _without_a_vowel(word: str) -> Iterator[str]:
    for at in range(1, len(word) - 1):
        if word[at] in _VOWELS and len(word) > _LEAST:
            yield word[:at] + word[at + 1 :]


def _without_vowels(word: str) -> Iterator[str]:
    """Without one vowel, all but the last letter's, or all where enough is left to read."""
    yield from _without_a_vowel(word)
    yield word[0] + "".join(letter for letter in word[1:-1] if letter not in _VOWELS) + word[-1]
    bare = word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)
    if sum(letter not in _VOWELS for letter in bare) >= _LEAST_CONSONANTS:
        yield bare


def crossed(word: str) -> Iterator[str]:
    """With x for one vowel or for all: carajx, pxtx."""
    vowels = [at for at, letter in enumerate(word) if at and letter in _VOWELS]
    for at in vowels:
        yield word[:at] + "x" + word[at + 1 :]
    if len(vowels) > 1:
        yield word[0] + "".join("x" if letter in _VOWELS else letter for letter in word[1:])


def _imitated(word: str) -> Iterator[str]:
    """With i for l, as fold() reads the 1 of cu1o and as a capital I looks, with l for i, and with
    ss for b, as fold() reads the ß of ßitch."""
    yield from (word.replace("l", "i"), word.replace("i", "l"), word.replace("b", "ss"))


def _pig_latin(word: str) -> str:
    """With what stands before its first vowel at its end: itshay."""
    opening = _OPENING.match(word)
    at = opening.end() if opening else 0
    return f"{word[at:]}{word[:at]}ay"


def _swapped(word: str) -> Iterator[str]:
    """Two neighbours swapped."""
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _doubled(word: str) -> Iterator[str]:
    """A letter written twice, or once where it is spelled twice; and every letter twice."""
    twice = "".join(letter * 2 for letter in word)
    yield from (twice, _STRETCHED.sub(r"\1", twice))  # as fold() reads the four letters of a double
    for at, letter in enumerate(word):
        yield word[: at + 1] + letter + word[at + 1 :]
        if word[at : at + 2] == letter * 2:
            yield word[:at] + word[at + 1 :]
