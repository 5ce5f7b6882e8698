"""Numbers and dates that identify a person: SSN, ITIN, student id, licence plate, date of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ALONE: Final = r"\d(?<![\w-].)"  # begins with the digit, which is rare
_TAX_NUMBER: Final = re.compile(
    rf"(?P<area>{_ALONE}\d{{2}})(?P<gap>[- .]?)(?P<group>\d{{2}})(?P=gap)(?P<serial>\d{{4}})"
    r"(?![\w-])"
)
_TAX_WORD: Final = re.compile(r"\b(?:ssn|itin|ss ?#|social(?: security)?|seguro social)\b", re.I)
_ITIN_GROUPS: Final = frozenset((*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)))

_OF: Final = r"(?:\s|:|#|\.|is|es|number|no|num|n[uú]mero|de|-){0,6}"
_STUDENT_ID: Final = re.compile(
    rf"\b(?:student|estudiante|alumn[oa]|sasid|lasid|lunch|almuerzo|school|matr[ií]cula)\b{_OF}"
    rf"(?:(?:id|pin|code|c[oó]digo|n[uú]mero|number)\b{_OF})?(?P<id>\d{{4,10}})\b"
    rf"|\b(?:id|pin)\b{_OF}(?P<bare>\d{{5,10}})\b"
    r"|\b[A-ZÁÉÍÓÚÑ][\w’'-]+ #(?P<tag>\d{6,9})\b",
    re.I,
)
_PLATE: Final = re.compile(
    r"\b(?:plates?|placas?|tablilla)\b(?:\s|:|#|number|is|es|n[uú]mero|de|la|ma|nh|that says){0,6}"
    r"(?P<plate>[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})\b"
    r"|\b(?:MA|NH) (?:plate )?(?P<state>[A-Z0-9]{5,7})\b",
    re.I,
)
_DATE: Final = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{1,2} de \w+ (?:de|del) \d{4}|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2},? \d{4})"
)
_BORN: Final = re.compile(
    r"\b(?:born (?:on )?|dob:? ?|d\.o\.b\.?:? ?|date of birth:? ?|birth ?date:? ?|"
    r"naci[oó] el |nacid[oa] el |fecha de nacimiento:? ?(?:es )?|nasceu (?:em|no dia) )"
    rf"(?P<date>{_DATE})",
    re.I,
)


_LONG: Final = re.compile(r"\d{4}")  # in every tax number and student's id
# What a text in lower case must hold for a pattern to be worth a try.
_PATTERNS: Final = (
    (
        "student_id",
        _STUDENT_ID,
        ("id", "pin", "#", "student", "estudiante", "alumn", "lunch", "almuerzo", "school", "matr"),
    ),
    ("plate", _PLATE, ("plate", "placa", "tablilla", "ma ", "nh ")),
    ("date_of_birth", _BORN, ("born", "dob", "d.o.b", "birth", "naci", "nasceu")),
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """What identifies a person and where it stands, in code points."""

    kind: str  # "ssn", "student_id", "plate", "date_of_birth"
    start: int
    end: int


def identifiers_in(text: str) -> Iterator[Identifier]:
    """Every identifier of a text that holds a digit."""
    long = _LONG.search(text) is not None
    for found in _TAX_NUMBER.finditer(text) if long else ():
        written = found["gap"] == "-" or _TAX_WORD.search(text)
        if written and is_tax_number(found["area"], found["group"], found["serial"]):
            yield Identifier("ssn", found.start(), found.end())
    lower = text.lower()
    for kind, pattern, hints in _PATTERNS:
        if (kind == "student_id" and not long) or not any(map(lower.__contains__, hints)):
            continue
        for found in pattern.finditer(text):
            group = found.lastgroup or 0
            if kind == "plate" and not _is_plate(found[group]):
                continue
            if not _is_year(found[group]):
                yield Identifier(kind, found.start(), found.end())


def is_tax_number(area: str, group: str, serial: str) -> bool:
    """Can it be an SSN or an ITIN? Area 000, 666 and 9xx, group 00 and serial 0000 are no SSN;
    an ITIN begins with 9 and has a group of its own range."""
    if group == "00" or serial == "0000" or area in ("000", "666"):
        return False
    return area[0] != "9" or int(group) in _ITIN_GROUPS


def _is_plate(text: str) -> bool:
    """Capitals and digits, or digits alone."""
    bare = re.sub("[ -]", "", text)
    mixed = bare.upper() == bare and bare.isalnum() and not bare.isalpha()
    return len(bare) >= 5 and mixed


def _is_year(text: str) -> bool:
    return len(text) == 4 and text[:2] in ("19", "20")
