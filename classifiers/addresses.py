"""Street addresses, English and Spanish forms: a number beside the name of a street."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
_CALLE: Final = r"\b(?:calle|avenida|ave?\.?|rua|urb\.?|urbanizaci[oó]n|residencial)"
_NUMERO: Final = r"n[uú]m(?:ero|\.)?|no\.?|#|casa|apt\.?|apto\.?"
_COUNTED: Final = "años|meses|d[ií]as|veces|horas|minutos|niñ|estudiantes|personas|%|:"
_HERE: Final = rf"\d{{1,4}}\b(?! ?(?:{_COUNTED}))"
_PROPER: Final = (  # no day and no month
    r"(?!(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|March|April|June|July|Aug|Sept|Octo|Nov"
    r"|Dec|Lunes|Martes|Jueves|Viernes|Enero|Abril|Mayo|Junio|Julio))[A-ZÁÉÍÓÚÑ][\w’'-]{3,}"
)
_STREETS: Final = (  # each with a word of _STREET_WORDS or a part of one of _STREET_PARTS
    rf"(?:{_NO_SMALL}) {_NAME}(?i:{_KIND})\b",  # 18 Larkspur Ave
    rf"(?:{_NO_SMALL}) (?i:{_LETTERS}(?:{_KIND}))\b",  # 18 larkspur ave
    # calle Oxford 12
    rf"(?i:{_CALLE}) (?:#|\w[\w’'-]*,? ){{1,4}}(?i:{_NUMERO})? ?(?:\d{{5}}\b|{_HERE})",
    # on Andover st #9
    rf"(?i:\b(?:on|at|de|en)) {_PROPER} (?i:{_KIND})\.?,? (?i:number |no\.? )?#?{_HERE}",
)
_PLACES: Final = (
    rf"(?<!las )(?<!at ){_NO} (?i:de la|de|on|en la) {_PROPER}",  # el 48 de la Newbury
    rf"(?i:(?:en|de) la) {_PROPER}(?: (?i:st|ave))?,? (?i:el |n[uú]mero |#)?{_HERE}",
)
_STREET_WORDS: Final = frozenset((*_KIND.split("|"), "calle", "rua"))
_STREET_PARTS: Final = "avenida", "urb", "residencial"
_HINTS: Final = f"{_KIND}|calle|avenida|rua|urb|urbanizaci|residencial|de|la|on"
_HINT: Final = re.compile(rf"\b(?:{_HINTS})\b", re.I)
_HINT_WORDS: Final = frozenset(_HINTS.split("|"))
_ODD_CASE: Final = re.compile("[ſıİ]")  # letters that re.I takes for others than lower() does
_WORD: Final = re.compile(r"\w+")


def _any_of(forms: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form}){_ROOM}" for form in forms))


_ADDRESS: Final = _any_of((*_STREETS, *_PLACES))
_PLACE: Final = _any_of(_PLACES)


def addresses_in(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand, in code points."""
    pattern = _worth_a_try(text)
    if pattern is not None:
        for found in pattern.finditer(text):
            yield found.start(), found.end()


def _worth_a_try(text: str) -> re.Pattern[str] | None:
    """A cheap look before the dear one: most texts name no kind of street."""
    if _ODD_CASE.search(text):
        return _ADDRESS if _HINT.search(text) else None
    lower = text.lower()
    words = _WORD.findall(lower)
    if _HINT_WORDS.isdisjoint(words):
        return None
    if _STREET_WORDS.isdisjoint(words) and not any(part in lower for part in _STREET_PARTS):
        return _PLACE
    return _ADDRESS
