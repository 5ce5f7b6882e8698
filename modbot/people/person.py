"""A person as the pages know them."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import Actor, recorded_as
from modbot.people.roles import Right, Role, rights_of


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may sign in."""

    id: int
    name: str
    email: str
    role: Role
    pages: frozenset[str] | None  # ids of the pages in their care; None: all pages
    approver: bool = False  # may approve fundraisers, whatever the role
    language: str = ""  # empty: the browser's
    theme: str = "auto"  # auto, light, dark

    def may(self, right: Right | str, page_id: str | None = None) -> bool:
        """Whether they have this right, and have it on this page where one is named."""
        right = Right(right)
        granted = right in rights_of(self.role) or (self.approver and right is Right.APPROVE)
        return granted and (page_id is None or self.sees(page_id))

    def sees(self, page_id: str) -> bool:
        """Whether a page is in their care: those with pages of their own see no others, nor what
        is about no page (an empty id)."""
        return self.pages is None or page_id in self.pages

    @property
    def actor(self) -> Actor:
        """Who they are in the record, as nobody else is."""
        return Actor(kind="person", name=recorded_as(self.name, self.id))
