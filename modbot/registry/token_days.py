"""The last day of a page's token, where somebody has written it down.

No answer that modbot asks a platform for tells it: whoever makes the token sees it there.
"""

from __future__ import annotations

from datetime import date, datetime

from modbot import store
from modbot.domain import Actor, Page
from modbot.errors import UnknownPage
from modbot.registry.saving import require_person, save
from modbot.settings import check_reference
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import PageRow

SOON_DAYS = 14  # before the last day, from when on somebody is told


def days_left(token_ends: str, now: datetime) -> int | None:
    """How many days a token has left: 0 on its last one, less than 0 after it; None: nobody wrote
    down when it ends (an empty day)."""
    return (date.fromisoformat(token_ends) - now.date()).days if token_ends else None


def ends_soon(token_ends: str, now: datetime) -> bool:
    """Whether a token has SOON_DAYS left, or fewer."""
    left = days_left(token_ends, now)
    return left is not None and left <= SOON_DAYS


def set_token_ref(
    database: Database,
    page_id: str,
    token_ref: str,
    actor: Actor,
    now: datetime,
    *,
    ends: date | None = None,
) -> Page:
    """Names the variable or file of a page's token, and its last day; None: it is not known, which
    is also what becomes of the old token's. A change that changes nothing leaves no trace. Raises
    UnknownPage or BadConfig."""
    check_reference(token_ref)
    require_person(actor)
    with database.write() as s:
        row = s.get(PageRow, shown(page_id))
        if row is None:
            raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
        day = ends.isoformat() if ends else ""
        old = {"token_ref": row.token_ref, "token_ends": store.page_state(s, row.id).token_ends}
        new = {"token_ref": token_ref, "token_ends": day}
        if old != new:
            changed = [name for name in new if new[name] != old[name]]
            row.token_ref = token_ref
            store.save_page_state(s, row.id, token_ends=day)
            before, after = ({name: each[name] for name in changed} for each in (old, new))
            save(s, row, row.id, "page.token_ref", actor, now, before=before, after=after)
        return store.page(s, row.id)
