"""Who may do what with pages and fundraisers, beyond what a role says."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException
from starlette.requests import Request

from modbot.domain import Page
from modbot.people import Person, Right
from modbot.people.accounts import person_of
from modbot.people_tables import PersonRow
from modbot.registry import Approver, Asker
from modbot.web.access import refuse


def sees_page(who: Person, page: Page) -> Page:
    """The page; raises 404 for those who do not see it."""
    if not who.sees(page.id):
        raise HTTPException(404)
    return page


def may_pause(who: Person, page_id: str) -> bool:
    """Whoever sets a page's mode, and whoever decides there: pausing is how one stops a mistake."""
    return who.may(Right.PAGES, page_id) or who.may(Right.DECIDE, page_id)


def may_read_past(who: Person, page: Page) -> bool:
    """Asks for older comments; a page whose comments are brought by hand has no listing."""
    return who.may(Right.PAGES, page.id) and page.platform != "manual"


def may_register(who: Person) -> bool:
    """Approves pages: that names tokens, so an approver of fundraisers alone may not."""
    return who.pages is None and who.may(Right.APPROVE) and who.may(Right.PAGES)


def require(request: Request, right: Right, *, granted: bool, page_id: str = "") -> None:
    """Raises 403, written down, unless it is granted."""
    if not granted:
        refuse(request, right, page_id)


def asker(who: Person) -> Asker:
    """Somebody who asks or refuses."""
    return Asker(actor=who.actor, id=who.id)


def approver(s: Session, who: Person, may_answer: Callable[[Person], bool]) -> Approver:
    """Somebody who answers requests, and whether nobody else could."""
    rows = s.scalars(select(PersonRow).where(col(PersonRow.disabled_at).is_(None)))
    others = (person_of(row) for row in rows if row.id != who.id)
    return Approver(actor=who.actor, id=who.id, alone=not any(map(may_answer, others)))


def page_address(page_id: str) -> str:
    """Where a page's screen is."""
    return f"/pages/{quote(page_id, safe=':')}"
