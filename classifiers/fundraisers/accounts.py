"""Accounts that a comment asks money or messages to: handles, phone numbers, e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from classifiers.contacts import contacts_in, digits_of

_CASHTAG: Final = re.compile(r"(?<![\w$])\$[A-Za-z][\w-]{2,29}")
_HANDLE: Final = re.compile(r"(?<![\w@.])@[A-Za-z][\w.-]{2,29}")
_PAYS: Final = re.compile(
    r"\b(?:venmo|zelle|cash ?app|paypal|pay ?pal|apple pay|pix|ath ?m[oó]vil)\b", re.IGNORECASE
)
_NAMED_AFTER_APP: Final = re.compile(
    r"\b(?:venmo|zelle|cash ?app|paypal|ath ?m[oó]vil)(?: me)?(?: (?:at|to|al|a|is|es|de))?:? +"
    r"(?P<handle>[A-Za-z]\w*[-_.\d]\w*)",
    re.IGNORECASE,
)
_SIGNS: Final = re.compile(r"[\s._-]|^[$@]+")


@dataclass(frozen=True, slots=True)
class Account:
    """One account and where it stands in the text, in code points."""

    name: str  # as written
    start: int
    end: int

    def same_as(self, approved: str) -> bool:
        """Is it the approved account, however it is spelled?"""
        return _plain(self.name) == _plain(approved)


def accounts_in(text: str) -> Iterator[Account]:
    """Cashtags, numbers and addresses; a bare @handle only where a payment service is named."""
    if "$" in text:
        for found in _CASHTAG.finditer(text):
            yield Account(found[0], found.start(), found.end())
    if _PAYS.search(text):
        for found in _HANDLE.finditer(text):
            yield Account(found[0], found.start(), found.end())
        for found in _NAMED_AFTER_APP.finditer(text):
            yield Account(found["handle"], found.start("handle"), found.end("handle"))
    for contact in contacts_in(text):
        yield Account(text[contact.start : contact.end].strip(), contact.start, contact.end)


def _plain(name: str) -> str:
    number = digits_of(name)
    if len(number) >= 10 and not re.search("[a-z]{3}@|@[a-z]", name.lower()):
        return number[-10:]
    return _SIGNS.sub("", name).lower()
