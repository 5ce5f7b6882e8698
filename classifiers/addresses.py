"""Street addresses, English and Spanish forms: a number beside the name of a street."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_KIND: Final = (
    "st|street|ave|avenue|av|rd|road|ln|lane|dr|drive|blvd|boulevard|ct|court|pl|place|ter|terr|"
    "terrace|way|cir|circle|row|sq|square|hwy|park|path|alley"
)
_NAME: Final = r"(?:[A-ZÁÉÍÓÚÑ][\w’'.-]+ ){1,3}"
_NO_NAME: Final = r"(?!(?:the|of|and|at|in|for|to|by|from|por|de|hr|hour|min|am|pm)\b)"
_LETTERS: Final = rf"(?:{_NO_NAME}[a-zñáéíóú’'.-]+ ){{1,2}}"
_ROOM: Final = r"(?:[,.]? ?(?:apt\.?|apto\.?|unit|suite|#|piso|floor|rear)? ?#?\w{1,4}\b)?"
_NO: Final = r"(?<![\w$#/:.,-])\d{1,5}[A-Da-d]?"
# Of small numbers only those that stand where an address does: "3 Water St kids" are three kids.
_NO_SMALL: Final = r"(?<![\w$#/:.,-])\d{2,5}[A-Da-d]?|(?i:(?:at|in|on|to|en|,|:) )\d[A-Da-d]?"
_CALLE: Final = r"\bcalle|avenida|\bave?\.?|\brua|urb\.?|urbanizaci[oó]n|residencial"
_NUMERO: Final = r"n[uú]m(?:ero|\.)?|no\.?|#|casa|apt\.?|apto\.?"
_COUNTED: Final = "años|meses|d[ií]as|veces|horas|minutos|niñ|estudiantes|personas|%|:"
_HERE: Final = rf"\d{{1,4}}\b(?! ?(?:{_COUNTED}))"
_PROPER: Final = r"[A-ZÁÉÍÓÚÑ][\w’'-]{3,}"
_FORMS: Final = (
    rf"(?:{_NO_SMALL}) {_NAME}(?i:{_KIND})\b",  # 18 Larkspur Ave
    rf"(?:{_NO_SMALL}) (?i:{_LETTERS}(?:{_KIND}))\b",  # 18 larkspur ave
    rf"(?i:{_CALLE}) (?:#|\w[\w’'-]*,? ){{1,4}}(?i:{_NUMERO})? ?\d{{1,5}}\b",  # calle Oxford 12
    rf"{_NO} (?i:de la|de|on|en la) {_PROPER}",  # el 48 de la Newbury
    rf"(?i:(?:en|de) la) {_PROPER}(?: (?i:st|ave))?,? (?i:el |n[uú]mero |#)?{_HERE}",
    # on Andover st #9
    rf"(?i:\b(?:on|at|de|en)) {_PROPER} (?i:{_KIND})\.?,? (?i:number |no\.? )?#?{_HERE}",
)
_HINTS: Final = f"{_KIND}|calle|avenida|rua|urb|urbanizaci|residencial|de|la|on"
_HINT: Final = re.compile(rf"\b(?:{_HINTS})\b", re.I)
_HINT_WORDS: Final = frozenset(_HINTS.split("|"))
_WORD: Final = re.compile(r"\w+")
_ADDRESS: Final = re.compile("|".join(f"(?:{form}){_ROOM}" for form in _FORMS))


def addresses_in(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand, in code points."""
    if not _may_hold_an_address(text):
        return
    for found in _ADDRESS.finditer(text):
        yield found.start(), found.end()


def _may_hold_an_address(text: str) -> bool:
    """A cheap look before the dear one."""
    if not text.isascii():  # there re.I also takes ſ for s
        return _HINT.search(text) is not None
    return not _HINT_WORDS.isdisjoint(_WORD.findall(text.lower()))
