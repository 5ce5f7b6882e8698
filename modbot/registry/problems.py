"""What is wrong with one field of what a person filled in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modbot.errors import RegistrationRefused

NAME_CAP = 200  # characters
TEXT_CAP = 2_000
_TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One fault: the field, the kind of fault, and a sentence for the command line."""

    field: str
    why: str  # "missing", "too_long", ...; a page says it in the reader's language
    says: str
    what: str = ""  # the number or name that the sentence needs: "200", "lhs-band.org"


def refuse(problems: Iterable[Problem]) -> None:
    """Raises RegistrationRefused with the first problem, if there is one."""
    for problem in problems:
        raise RegistrationRefused(problem.says)


def text_problems(
    field: str, what: str, value: str, cap: int = NAME_CAP, *, needed: bool = True
) -> Iterator[Problem]:
    """An empty value where one is needed, or one of more than `cap` characters."""
    if needed and not value.strip():
        yield Problem(field=field, why="missing", says=f"{what} is missing")
    if len(value) > cap:
        says = f"{what} is longer than {cap} characters"
        yield Problem(field=field, why="too_long", says=says, what=str(cap))


def plain_problems(field: str, what: str, value: str, *, lines: bool = False) -> Iterator[Problem]:
    """Characters that cannot be seen and that act: control signs, and those that turn the direction
    of what follows. Breaks are allowed where the text may have `lines`."""
    allowed = "\n\r\t" if lines else ""
    if any(sign not in allowed and _acts(sign) for sign in value):
        says = f"{what} holds characters that cannot be seen"
        yield Problem(field=field, why="unseen", says=says)


def _acts(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in _TURNING
