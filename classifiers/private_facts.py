"""Contacts, numbers and addresses that are nobody's business.

Whose they are is read from the words around them, which [context] of the rule files holds: one's
own goes to a person, what is told of somebody else is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from classifiers.addresses import addresses_in
from classifiers.character_counts import digits_in
from classifiers.contacts import Contact, contacts_in
from classifiers.identifiers import identifiers_in

_MAILBOX_NAMES: Final = """
office info contact help support registration enroll enrollment hr transportation communications
language payroll admin pto
"""
_MAILBOXES: Final = frozenset(_MAILBOX_NAMES.split())

Says = Callable[[str], bool]  # does the comment hold a pattern of this [context]?


@dataclass(frozen=True, slots=True)
class PrivateFact:
    """A fact that should not stand in public; offsets in code points."""

    rule: str  # "private:phone"
    certain: bool  # somebody else's: hidden; not certain: a person looks
    start: int
    end: int


def private_facts(
    text: str, post: str, published: Collection[str], says: Says
) -> Iterator[PrivateFact]:
    """Contacts, identifiers and addresses of people, but not what the post or the district itself
    publishes (`published`: numbers, e-mail addresses, domains)."""
    contacts = list(contacts_in(text))
    for contact in contacts:
        if not _is_published(contact, post, published):
            yield from _contact(contact, says, alone=len(contacts) == 1)
    if digits_in(text):
        for found in identifiers_in(text):
            yield PrivateFact(f"private:{found.kind}", True, found.start, found.end)
        yield from _addresses(text, post, says)


def _contact(contact: Contact, says: Says, *, alone: bool) -> Iterator[PrivateFact]:
    """A bare number or one's own is in doubt; that of somebody else is not. Of two contacts one
    may be another's, whatever is said of the first."""
    rule = f"private:{contact.kind}"
    if contact.kind == "email" and contact.value.partition("@")[0] in _MAILBOXES:
        return
    private = says("at_home")
    another = says("of_another")
    own = alone and says("own_contact")
    if contact.kind == "phone" and says("public_line") and not (private and another) and not own:
        return
    certain = not own and another and (private or not says("of_oneself"))
    yield PrivateFact(rule, certain, contact.start, contact.end)


def _addresses(text: str, post: str, says: Says) -> Iterator[PrivateFact]:
    for start, end in addresses_in(text):
        if text[start:end].casefold() in post.casefold():
            continue
        another = says("of_another") or says("at_home")
        if another and not says("lives_oneself"):
            yield PrivateFact("private:address", not says("public_place"), start, end)
        elif says("lives_oneself"):
            yield PrivateFact("private:address", False, start, end)


def _is_published(contact: Contact, post: str, published: Collection[str]) -> bool:
    if contact.value in published or contact.value in _of_post(post):
        return True
    return contact.kind == "email" and any(
        contact.domain == each or contact.domain.endswith("." + each) for each in published
    )


@lru_cache(maxsize=512)
def _of_post(post: str) -> frozenset[str]:
    return frozenset(contact.value for contact in contacts_in(post))
