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
_BREATHED: Final = "aeiougtdrbknf"
_SYLLABLE: Final = re.compile(r"[^aeiou]{1,2}(?:[aeo]?[iu]?[aeo]|[iu])(?:[nrsl](?![aeiou]))?")
_LEAST: Final = 4  # letters; shorter words turn into too many others
_LEAST_OF_FORMS: Final = 5  # and more so the slips of a form that is no entry: ptos, cags
_LEAST_REVERSED: Final = 6  # of a form: allof is a slip of two other words
_LEAST_OF_LOOSE: Final = 7
_LEAST_LEFT_OF_LOOSE: Final = 6
_LEAST_TURNED: Final = 5  # that say their syllables from behind
_LEAST_CONSONANTS: Final = 4  # of a word without its vowels: "sht" is for the lists
_LONGEST: Final = 13
_MOST_SOUNDS: Final = 2  # changes of spelling in one word

_Sounds = tuple[tuple[str, str], ...]
# What sounds alike, as written by people of that language. "" stands for a letter left out.
_SOUNDS: Final[dict[str, _Sounds]] = {
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
        *(("ñ", "ny"), ("ñ", "ni"), ("ado", "ao"), ("ada", "aa"), ("h", ""), ("ch", "sh")),
        *(("ca", "k"), ("que", "k"), ("cu", "q")),  # the name of a letter for its sound: kgar
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
# The same, but with all their vowels: CNHS is no coñazo.
_FURTHER_SOUNDS: Final[dict[str, _Sounds]] = {
    "es": (
        *(("ñ", "gn"), ("ñ", "nn"), ("ñ", "nh"), ("ñ", "gni"), ("ch", "tx"), ("ce", "se")),
        *(("rd", "dd"), ("rg", "gg"), ("rd", "ld"), ("rg", "lg")),  # as in the Caribbean
    ),
    "en": (("ck", "hk"), ("cks", "x"), ("tch", "sh"), ("ss", "sz")),
    "pt": (("f", "ph"),),
}
# And those that turn a word of less than _LEAST_OF_LOOSE letters into too many others.
_LOOSE_SOUNDS: Final[dict[str, _Sounds]] = {
    "es": (
        *(("ci", "si"), ("z", "c"), ("y", "ll"), ("rr", "r"), ("j", "x"), ("que", "qe")),
        *(("aza", "asa"), ("azo", "aso"), ("vazo", "baso"), ("ido", "io"), ("ida", "ia")),
        *(("ga", "gha"), ("ca", "kha"), ("gui", "gi"), ("per", "pr"), ("ver", "vr")),
    ),
    "en": (
        *(("ck", "ckk"), ("ck", "gh"), ("ss", "s"), ("ss", "zs"), ("tch", "ch")),
        *(("i", "ee"), ("u", "oo"), ("u", "uh"), ("o", "aw"), ("ole", "oal"), ("ole", "owl")),
        *(("er", "uh"), ("er", "r"), ("er", "ur"), ("ers", "az"), ("ing", "ng"), ("ing", "een")),
        *(("ore", "oar"), ("th", "d"), ("wh", "h"), ("wh", "w"), ("ard", "erd")),
        *(("sh", "sch"), ("it", "id"), ("it", "et"), ("itch", "ich"), ("fuck", "fack")),
    ),
    "pt": (
        *(("z", "s"), ("ch", "x"), ("o", "u"), ("lh", "ll"), ("c", "q"), ("que", "ke")),
        *(("x", "ch"), ("ca", "k"), ("s", "z"), ("ei", "e")),
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
    most = _MOST_SOUNDS if form is Form.ITSELF else 1
    made = set(_sounds_like(word, _SOUNDS.get(language, ()), most))
    if form is Form.ITSELF:
        for one in (word, *made):
            made.update(_without_vowels(one))
        made.update(_swapped(word), _doubled(word), (word[::-1],))
        if language == "en":
            made.add(_pig_latin(word))
        else:
            made.update(_turned(word))
    elif form is Form.EVERYDAY:
        slips = [*_without_a_vowel(word), *_swapped(word), *_doubled(word)]
        for one in (word, *made):
            slips += (*_bare(one), _framed(one))
        if len(word) >= _LEAST_REVERSED:
            slips.append(word[::-1])
        made.update(slip for slip in slips if len(slip) >= _LEAST_OF_FORMS)
    made.update(_further_sounds(word, language))
    if form is not Form.RARE:
        made.update(_breathed(word))
    made.update(_imitated(word))
    return frozenset(other for other in made if len(other) >= _LEAST and other != word)


def _singly(word: str, chosen: _Sounds) -> str:
    """Each sound changed where it comes last: hijuepvta."""
    for old, new in chosen:
        word = new.join(word.rsplit(old, 1))
    return word


def _sounds_like(word: str, sounds: _Sounds, most: int, singly: bool = False) -> Iterator[str]:
    fitting = [sound for sound in sounds if sound[0] in word]
    for count in range(1, most + 1):
        for chosen in combinations(fitting, count):
            changed = last = word
            for old, new in chosen:
                changed = changed.replace(old, new)
                last = new.join(last.rsplit(old, 1 if len(old) > 1 else -1))
            yield from (changed, last)  # of a sound that comes twice: cocksukker
            if singly:
                yield _singly(word, chosen)


def _further_sounds(word: str, language: str) -> Iterator[str]:
    sounds = _SOUNDS.get(language, ()) + _FURTHER_SOUNDS.get(language, ())
    yield from _sounds_like(word, sounds, _MOST_SOUNDS, singly=True)
    if len(word) >= _LEAST_OF_LOOSE:
        sounds += _LOOSE_SOUNDS.get(language, ())
        for other in _sounds_like(word, sounds, _MOST_SOUNDS):
            if len(other) >= _LEAST_LEFT_OF_LOOSE:
                yield other


def _without_a_vowel(word: str) -> Iterator[str]:
    for at in range(1, len(word) - 1):
        if word[at] in _VOWELS and len(word) > _LEAST:
            yield word[:at] + word[at + 1 :]


def _without_vowels(word: str) -> Iterator[str]:
    """Without one vowel, all but the last letter's, or all where enough is left to read."""
    yield from _without_a_vowel(word)
    yield _framed(word)
    yield from _bare(word)


def _framed(word: str) -> str:
    """Without any vowel but its first and its last letter: kgndo."""
    return word[0] + "".join(letter for letter in word[1:-1] if letter not in _VOWELS) + word[-1]


def _bare(word: str) -> Iterator[str]:
    """Without any vowel but its first letter, where enough is left to read: mthrfckng."""
    bare = word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)
    if sum(letter not in _VOWELS for letter in bare) >= _LEAST_CONSONANTS:
        yield bare


def _breathed(word: str) -> Iterator[str]:
    """With an h that nobody says put in: vergha, mehrda, fuhcking."""
    for at in range(1, len(word)):
        if word[at - 1] in _BREATHED and word[at] != "h":
            yield word[:at] + "h" + word[at:]
    if word[-1] in _BREATHED:
        yield word + "h"


def _turned(word: str) -> Iterator[str]:
    """With its syllables from behind, or one at its other end: tañepu, jodepen."""
    syllables = _SYLLABLE.findall(word)
    if len(word) >= _LEAST_TURNED and len(syllables) > 1 and "".join(syllables) == word:
        yield "".join(reversed(syllables))
        yield syllables[-1] + "".join(syllables[:-1])
        yield "".join(syllables[1:]) + syllables[0]


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
