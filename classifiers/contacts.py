"""Phone numbers and e-mail addresses in a text as people write them.

Numbers may be spaced, dotted, bracketed or spelled ("nine78 five55 01 forty two"); `phonenumbers`
says which of them can exist. Dates, prices, scores, room and order numbers are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import phonenumbers

from classifiers.character_counts import digits_in

_NUMERALS_EN: Final = "zero one two three four five six seven eight nine"
_NUMERALS_ES: Final = "cero uno dos tres cuatro cinco seis siete ocho nueve"
_TENS_EN: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS_ES: Final = "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_UNITS: Final = {
    **dict(zip(_NUMERALS_EN.split(), "0123456789", strict=True)),
    **dict(zip(_NUMERALS_ES.split(), "0123456789", strict=True)),
    "oh": "0",
    "um": "1",
    "dois": "2",
    "quatro": "4",
    "sete": "7",
    "oito": "8",
    "nove": "9",
}
_TENS: Final = {
    **dict(zip(_TENS_EN.split(), "23456789", strict=True)),
    **dict(zip(_TENS_ES.split(), "23456789", strict=True)),
}
_WORD: Final = "|".join((*_TENS, *_UNITS))
_TOKEN: Final = rf"(?:\d|{_WORD}|(?<=\d)[oO](?=\d))"
_GAP: Final = r"(?:[ .()*_~·•–—-]|\ufe0f|\u20e3){0,4}(?:y )?"
_NUMBER: Final = re.compile(
    rf"(?<![\w$#/=.,@-])[+(]?(?:{_TOKEN}{_GAP}){{9,17}}{_TOKEN}(?![\w])", re.I
)
_FEWEST_DIGITS: Final = 7
_SPELLED: Final = re.compile(_WORD)
_SPELLED_HINTS: Final = "nine", "nueve", "nove", "eight", "ocho", "oito", "seven", "siete", "sete"
_PART: Final = re.compile(rf"\d+|{_WORD}|[oO]", re.I)
_LOCAL: Final = re.compile(r"(?<![\w$#/=.,@-])[2-9]\d{2}[-. ]\d{4}(?![\w/-]|[.,]\d)")
_PHONE_WORD: Final = re.compile(
    r"\b(?:call|text|txt|cell|phone|number|whats ?app|llam\w*|cel(?:ular)?|tel(?:[eé]fono)?|"
    r"n[uú]mero|marc[ao]|lig(?:a|ue)|zap)\b",
    re.I,
)
_NO_PHONE: Final = re.compile(
    r"(?:order|orden|pedido|invoice|factura|tracking|confirmation|case|ticket|ref|isbn)\W{0,3}"
    r"(?:number|no|num|n[uú]mero)?\W{0,4}$",
    re.I,
)
_AREA: Final = "978"  # a number without an area code is a local one

_BEFORE: Final = r"\s?[\[({]"
_AFTER: Final = r"[\])}]\s?"
_PROVIDER: Final = "(?:gmail|yahoo|hotmail|outlook|icloud|aol)"
_AT: Final = rf"(?:@|{_BEFORE}(?:at|arroba|@){_AFTER}|\s(?:at|arroba)\s(?={_PROVIDER}\b))"
_DOT: Final = rf"(?:\.|{_BEFORE}(?:dot|punto|ponto|\.){_AFTER}|\s(?:dot|punto|ponto)\s)"
_LABEL: Final = "[a-z0-9-]{1,63}"
_EMAIL: Final = re.compile(
    rf"(?<![\w.+-])\w[\w.+-]{{0,63}}{_AT}"
    rf"(?P<domain>{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}[a-z]{{2,10}})(?![\w-])",
    re.I,
)
_EMAIL_HINT: Final = re.compile(r"[(\[{ ](?:at|arroba)[)\]} ].{0,40}(?:dot|punto|ponto|\.)", re.I)
_SPOKEN_DOT: Final = re.compile(_DOT, re.I)


@dataclass(frozen=True, slots=True)
class Contact:
    """One phone number or e-mail address and where it stands, in code points."""

    kind: Literal["phone", "email"]
    value: str  # digits with the country code, or the address in lower case
    start: int
    end: int

    @property
    def domain(self) -> str:
        return self.value.partition("@")[2]


def contacts_in(text: str) -> Iterator[Contact]:
    """Every phone number, then every e-mail address."""
    if _may_hold_a_number(text):
        yield from _phones(text)
    if "@" in text or _may_spell_an_address(text):
        for found in _EMAIL.finditer(text):
            domain = _SPOKEN_DOT.sub(".", found["domain"]).lower()
            name = re.split(r"[\s@\[({]", found[0], maxsplit=1)[0].lower()
            yield Contact("email", f"{name}@{domain}", found.start(), found.end())


def _may_hold_a_number(text: str) -> bool:
    """A cheap look before the dear one."""
    digits = digits_in(text)
    if digits >= _FEWEST_DIGITS:
        return True
    lower = text.lower()
    for word in _SPELLED_HINTS:  # a third of the time of any()
        if word in lower:
            return digits + len(_SPELLED.findall(lower)) >= _FEWEST_DIGITS
    return False


def _may_spell_an_address(text: str) -> bool:
    """The same for "jane at gmail dot com"."""
    lower = text.lower()
    if "at" not in lower and "arroba" not in lower:
        return False
    if "." not in lower and not any(dot in lower for dot in ("dot", "punto", "ponto")):
        return False
    return _EMAIL_HINT.search(text) is not None


def digits_of(text: str) -> str:
    """The digits of a number, spelled ones included."""
    parts = [(_read(part[0]), part.start(), part.end()) for part in _PART.finditer(text)]
    return "".join(digits for digits, _, _ in _tens(parts))


def _phones(text: str) -> Iterator[Contact]:
    free = 0
    for found in _NUMBER.finditer(text):
        number = _first_number(text, found.start(), found.end())
        if number is not None and not _NO_PHONE.search(text[: found.start()][-30:]):
            free = number.end
            yield number
    for found in _LOCAL.finditer(text, free):
        if _PHONE_WORD.search(text):
            digits = _AREA + re.sub(r"\D", "", found[0])
            if exists("1" + digits):
                yield Contact("phone", "1" + digits, found.start(), found.end())


def _first_number(text: str, start: int, end: int) -> Contact | None:
    """The first run of whole groups that makes a number that can exist."""
    parts = [(_read(p[0]), p.start(), p.end()) for p in _PART.finditer(text, start, end)]
    parts = _tens(parts)
    abroad = text[start] == "+"
    for first in range(len(parts)):
        digits, groups = "", []
        for group, _, stop in parts[first:]:
            digits += group
            groups.append(len(group))
            number = _complete(digits, groups, abroad=abroad and not first)
            if number:
                return Contact("phone", number, start if not first else parts[first][1], stop)
            if len(digits) > 15:
                break
        if len(parts) > 30:
            return None
    return None


def _tens(parts: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Joins "forty" and "two" to 42; "forty" alone is 40."""
    joined: list[tuple[str, int, int]] = []
    for digits, start, end in parts:
        if joined and joined[-1][0].endswith("x") and len(digits) == 1:
            ten, begin, _ = joined.pop()
            joined.append((ten[0] + digits, begin, end))
        else:
            if joined and joined[-1][0].endswith("x"):
                joined[-1] = (joined[-1][0][0] + "0", *joined[-1][1:])
            joined.append((digits, start, end))
    return [(digits.replace("x", "0"), start, end) for digits, start, end in joined]


def _read(word: str) -> str:
    """A group of digits; a ten is its digit and x."""
    lower = word.lower()
    if lower in _TENS:
        return _TENS[lower] + "x"
    if lower == "o":
        return "0"
    return _UNITS.get(lower) or "".join(str(int(digit)) for digit in lower)


def _complete(digits: str, groups: list[int], *, abroad: bool) -> str:
    """The number in full when these groups are one as it is written here, else ""."""
    if len(digits) == 10 and _shaped(groups) and exists("1" + digits):
        return "1" + digits
    if len(digits) == 11 and digits[0] == "1" and exists(digits):
        inner = groups[1:] if groups[0] == 1 else [groups[0] - 1, *groups[1:]]
        return digits if _shaped(inner) else ""
    return digits if abroad and 10 <= len(digits) <= 15 and exists(digits) else ""


def _shaped(groups: list[int]) -> bool:
    """Area code, exchange and line, each in one piece or in small ones; not 26 1 2026 1030."""
    sums, total = set(), 0
    for group in groups:
        total += group
        sums.add(total)
    return len(groups) == 1 or (3 in sums and (6 in sums or len(groups) == 2)) or max(groups) <= 2


@lru_cache(maxsize=4096)
def exists(number: str) -> bool:
    """Can there be such a number (digits with the country code)?"""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + number))
    except phonenumbers.NumberParseException:
        return False
